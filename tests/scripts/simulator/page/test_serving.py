from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulator.errors import EndpointError, SimulatorError
from scripts.simulator.interaction_model import known_locales
from scripts.simulator.page.serving import page_app
from tests.scripts.simulator.page.conftest import (
    LOCALES,
    SmallDevice,
    SmallRecogniser,
    SmallSpeaker,
    small_app_of,
    wav,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask.testing import FlaskClient

    from scripts.simulator.device import Device, Turn
    from skill.speech.catalogue import Catalogue


def post(client: FlaskClient, path: str, expected: int = 200, **body: str) -> Any:  # noqa: ANN401  # JSON
    answer = client.post(path, json=body)
    assert answer.status_code == expected
    return answer.get_json()


def test_a_tab_is_told_all_that_it_needs(client: FlaskClient) -> None:
    told = post(client, "/api/tabs", locale="en-GB")
    assert len(told.pop("id")) > 16
    assert told == {
        "locale": "en-GB",
        "locales": list(LOCALES),
        "opening": "open en-GB",
        "voice": "a small voice",
    }


def test_without_voice_and_ear_the_page_is_told_so() -> None:
    client = small_app_of().test_client()
    told = post(client, "/api/tabs", locale="")
    assert (told["locale"], told["voice"]) == ("en-US", None)
    assert "no voice" in post(client, "/api/speech", 404, ssml="<speak>a</speak>")["error"]
    asked: Any = client.get("/api/words/en-US").get_json()
    assert asked["problem"].startswith("no recogniser is installed")
    heard: Any = client.post("/api/words/en-US", data=wav(), content_type="audio/wav")
    assert (heard.status_code, heard.get_json()) == (502, {"error": asked["problem"]})


def test_an_unknown_locale_is_refused(client: FlaskClient) -> None:
    told = post(client, "/api/tabs", 400, locale="de-DE")
    assert told == {"error": "locale: expected one of en-GB, en-US"}
    asked = client.get("/api/words/de-DE")
    assert (asked.status_code, asked.get_json()) == (400, told)


def test_two_tabs_do_not_mix(client: FlaskClient) -> None:
    one, other = (post(client, "/api/tabs", locale=locale)["id"] for locale in LOCALES)
    post(client, f"/api/tabs/{one}/turns", say="one")
    post(client, f"/api/tabs/{other}/turns", say="two")
    assert post(client, f"/api/tabs/{one}/turns", say="three")["says"] == "en-GB / one / three"
    assert post(client, f"/api/tabs/{other}/turns", say="four")["says"] == "en-US / two / four"


def test_a_tab_that_nobody_knows_is_gone(client: FlaskClient) -> None:
    assert "this tab's device is gone" in post(client, "/api/tabs/x/turns", 410, say="a")["error"]


def test_a_speech_is_made_once(client: FlaskClient, speaker: SmallSpeaker) -> None:
    answers = [client.post("/api/speech", json={"ssml": "<speak>a</speak>"}) for _ in range(3)]
    assert {answer.content_type for answer in answers} == {"audio/wav"}
    assert {answer.data for answer in answers} == {wav()}
    assert speaker.spoken == ["<speak>a</speak>"]


def test_a_recording_becomes_words(client: FlaskClient, recogniser: SmallRecogniser) -> None:
    assert client.get("/api/words/en-US").get_json() == {"problem": None}
    heard: Any = client.post("/api/words/en-US", data=wav(), content_type="audio/wav")
    assert heard.get_json() == {"words": "yes"}
    assert recogniser.recordings == [wav()]


def test_what_cannot_be_spoken_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    class Mute(SmallSpeaker):
        def wav(self, ssml: str) -> bytes:
            raise SimulatorError(f"no voice for {ssml}")

    client = small_app_of(speaker=Mute()).test_client()
    assert post(client, "/api/speech", 502, ssml="x") == {"error": "no voice for x"}
    assert caplog.records == []


def test_a_skill_that_is_down_is_told_in_one_line() -> None:
    class Alone(SmallDevice):
        def hear(self, utterance: str) -> Turn:
            raise EndpointError(f"nobody answers {utterance}")

    client = small_app_of(Alone).test_client()
    tab = post(client, "/api/tabs", locale="")["id"]
    assert post(client, f"/api/tabs/{tab}/turns", 502, say="a") == {"error": "nobody answers a"}


def test_a_defect_is_told_without_what_was_said_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(SmallDevice):
        def hear(self, utterance: str) -> Turn:
            raise ZeroDivisionError(utterance)

    client = small_app_of(Broken).test_client()
    tab = post(client, "/api/tabs", locale="")["id"]
    with caplog.at_level(logging.ERROR):
        told = post(client, f"/api/tabs/{tab}/turns", 500, say="secret")
    assert told == {"error": "the simulator itself failed (ZeroDivisionError); please report it"}
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("path", ["/static/../serving.py", "/static/%2e%2e/serving.py", "/x"])
def test_no_other_file_is_served(client: FlaskClient, path: str) -> None:
    answer: Any = client.get(path)
    assert answer.status_code == 404
    assert set(answer.get_json()) == {"error"}


def test_the_real_skill_answers_in_every_locale(
    new_device: Callable[[str], Device], catalogues: Mapping[str, Catalogue]
) -> None:
    client = page_app(new_device, known_locales()).test_client()
    for locale in known_locales():
        told = post(client, "/api/tabs", locale=locale)
        turns = f"/api/tabs/{told['id']}/turns"
        opened = post(client, turns, say=told["opening"])
        assert opened["is_open"]
        assert opened["ssml"].startswith("<speak>")
        advised = post(client, turns, say="my chest feels tight")
        assert (advised["is_open"], advised["session_ends"]) == (False, True)
        assert advised["engine"]["disposition"] == "emergency"
        assert advised["engine"]["advised"]
        number = catalogues[locale].emergency_number
        assert number is not None
        assert advised["says"].startswith(f"Call {number.text}")
