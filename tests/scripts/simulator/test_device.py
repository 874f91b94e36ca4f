from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.device import SILENCE, Device
from scripts.simulator.endpoint import Endpoint
from scripts.simulator.errors import EndpointError

if TYPE_CHECKING:
    from scripts.simulator.interaction_model import InteractionModel
    from scripts.simulator.phrases import Phrases
    from scripts.simulator.understanding import Understanding
    from tests.scripts.simulator.conftest import SmallSkill

NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
OPEN = "open upper back check"


def signed(body: bytes) -> dict[str, str]:
    return {"Signature-256": f"{len(body)} bytes", "SignatureCertChainUrl": "somewhere"}


@pytest.fixture
def device(
    model: InteractionModel,
    understanding: Understanding,
    phrases: Phrases,
    small_skill: SmallSkill,
) -> Device:
    ids = count(1)
    return Device(
        model=model,
        understanding=understanding,
        phrases=phrases,
        endpoint=Endpoint(small_skill.url, signed),
        clock=lambda: NOW,
        new_id=lambda: str(next(ids)),
    )


def test_opening_the_skill_launches_it(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("Hello.")
    turn = device.hear(OPEN)
    assert (turn.says, turn.status, turn.session_ends) == ("Hello.", 200, False)
    assert turn.request == small_skill.requests()[0]
    request = small_skill.requests()[0]
    assert request["session"]["new"] is True
    assert request["request"] == {
        "type": "LaunchRequest",
        "shouldLinkResultBeReturned": False,
        "requestId": "amzn1.echo-api.request.2",
        "locale": "en-US",
        "timestamp": "2026-03-01T12:00:05Z",
    }


def test_the_very_bytes_sent_are_signed(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("Hello.")
    device.hear(OPEN)
    headers, body = small_skill.received[0]
    assert headers["Signature-256"] == f"{len(body)} bytes"
    assert headers["SignatureCertChainUrl"] == "somewhere"


def test_a_session_keeps_its_id_and_its_attributes(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("One?")
    small_skill.will_say("Two?")
    first = device.hear(OPEN)
    device.hear("no")
    opened, answered = small_skill.requests()
    assert answered["session"]["sessionId"] == opened["session"]["sessionId"]
    assert answered["session"]["new"] is False
    assert first.response is not None
    assert answered["session"]["attributes"] == first.response["sessionAttributes"]
    assert answered["request"]["requestId"] != opened["request"]["requestId"]


def test_an_intent_without_slots_is_sent_without_them(
    device: Device, small_skill: SmallSkill
) -> None:
    small_skill.will_say("One?")
    small_skill.will_say("Two?")
    device.hear(OPEN)
    device.hear("no")
    assert small_skill.requests()[1]["request"]["intent"] == {
        "name": "AMAZON.NoIntent",
        "confirmationStatus": "NONE",
    }


def test_a_finding_is_sent_resolved_and_empty_slots_without_a_value(
    device: Device, small_skill: SmallSkill
) -> None:
    small_skill.will_say("One?")
    small_skill.will_say("Two?")
    device.hear(OPEN)
    device.hear("My chest feels tight")
    slots = small_skill.requests()[1]["request"]["intent"]["slots"]
    assert slots["secondFinding"] == {"name": "secondFinding", "confirmationStatus": "NONE"}
    finding = slots["finding"]
    assert (finding["value"], finding["source"]) == ("chest feels tight", "USER")
    authority = finding["resolutions"]["resolutionsPerAuthority"][0]
    assert authority["status"] == {"code": "ER_SUCCESS_MATCH"}
    assert authority["values"] == [
        {"value": {"name": "a tight chest", "id": "chest_tightness"}},
    ]
    assert finding["slotValue"] == {
        "type": "Simple",
        "value": "chest feels tight",
        "resolutions": finding["resolutions"],
    }


def test_a_number_is_sent_without_resolutions(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("Hm.")
    device.hear("tell upper back check seven nights")
    slot = small_skill.requests()[0]["request"]["intent"]["slots"]["number"]
    assert (slot["value"], "resolutions" in slot) == ("7", False)


def test_a_one_shot_request_begins_a_session(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("Noted.")
    turn = device.hear("tell upper back check that I have a fever")
    request = small_skill.requests()[0]
    assert request["session"]["new"] is True
    assert request["request"]["intent"]["name"] == "ReportFindingIntent"
    assert turn.note is None


def test_words_to_an_idle_device_are_a_one_shot_request_and_said_to_be(
    device: Device, small_skill: SmallSkill
) -> None:
    small_skill.will_say("Noted.")
    turn = device.hear("I have a fever")
    assert small_skill.requests()[0]["session"]["new"] is True
    assert turn.note == 'no session is open; taken as "ask upper back check I have a fever"'


def test_what_is_not_understood_is_the_fallback_intent(
    device: Device, small_skill: SmallSkill
) -> None:
    small_skill.will_say("Sorry?")
    device.hear("tell upper back check bananas")
    assert small_skill.requests()[0]["request"]["intent"]["name"] == "AMAZON.FallbackIntent"


def test_the_skill_ends_the_session(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("Bye.", shouldEndSession=True)
    small_skill.will_say("Hello.")
    assert device.hear(OPEN).session_ends
    device.hear(OPEN)
    first, second = small_skill.requests()
    assert first["session"]["sessionId"] != second["session"]["sessionId"]
    assert second["session"]["attributes"] == {}


def test_the_first_silence_brings_the_reprompt(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("One?")
    device.hear(OPEN)
    turn = device.hear(SILENCE)
    assert (turn.says, turn.request, turn.session_ends) == ("Well?", None, False)


def test_the_second_silence_ends_the_session(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("One?")
    small_skill.will_say("Nobody hears this.")
    device.hear(OPEN)
    device.hear(SILENCE)
    turn = device.hear(SILENCE)
    request = small_skill.requests()[1]["request"]
    assert (request["type"], request["reason"]) == ("SessionEndedRequest", "EXCEEDED_MAX_REPROMPTS")
    assert (turn.says, turn.session_ends) == ("", True)


def test_silence_is_forgiven_by_an_answer(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("One?")
    small_skill.will_say("Two?")
    device.hear(OPEN)
    device.hear(SILENCE)
    device.hear("no")
    assert device.hear(SILENCE).says == "Well?"


def test_without_a_reprompt_the_first_silence_ends_the_session(
    device: Device, small_skill: SmallSkill
) -> None:
    small_skill.will_say("One?", reprompt=None)
    small_skill.will_say("")
    device.hear(OPEN)
    assert device.hear(SILENCE).session_ends


def test_exit_ends_the_session_by_the_callers_wish(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("One?")
    small_skill.will_say("")
    device.hear(OPEN)
    assert device.hear("exit").session_ends
    request = small_skill.requests()[1]["request"]
    assert (request["type"], request["reason"]) == ("SessionEndedRequest", "USER_INITIATED")


@pytest.mark.parametrize("utterance", ["exit", SILENCE, "   "])
def test_an_idle_device_ignores_silence_and_exit(
    device: Device, small_skill: SmallSkill, utterance: str
) -> None:
    turn = device.hear(utterance)
    assert (turn.says, turn.session_ends, small_skill.received) == ("", False, [])


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, b"{}", "HTTP 400"),
        (200, b"<html>", "no JSON object"),
        (200, b"[]", "no JSON object"),
        (200, b"{}", 'no object "response"'),
        (200, b"\xff", "no JSON object"),
    ],
)
def test_an_answer_that_alexa_would_not_take_is_a_failure(
    device: Device, small_skill: SmallSkill, status: int, body: bytes, failure: str
) -> None:
    small_skill.answers.append((status, body))
    small_skill.will_say("")
    turn = device.hear(OPEN)
    assert turn.status == status
    assert turn.failure is not None
    assert failure in turn.failure
    _, told = small_skill.requests()
    assert (told["request"]["type"], told["request"]["reason"]) == ("SessionEndedRequest", "ERROR")
    assert told["request"]["error"] == {"type": "INVALID_RESPONSE", "message": turn.failure}
    assert not device.is_listening


def test_a_skill_that_fails_at_its_own_end_is_told_no_more(
    device: Device, small_skill: SmallSkill
) -> None:
    small_skill.will_say("One?")
    small_skill.answers.append((500, b"{}"))
    device.hear(OPEN)
    assert device.hear("exit").failure == "the skill answered HTTP 500"
    assert len(small_skill.received) == 2


def test_the_microphone_is_open_while_a_session_is(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("One?")
    small_skill.will_say("Bye.", shouldEndSession=True)
    listening = [device.is_listening]
    for utterance in (OPEN, "no"):
        device.hear(utterance)
        listening.append(device.is_listening)
    assert listening == [False, True, False]


def test_a_voice_is_given_the_speech_and_the_reprompt_with_their_tags(
    device: Device, small_skill: SmallSkill
) -> None:
    small_skill.will_say("<p>One?</p>")
    assert device.hear(OPEN).ssml == "<speak><p>One?</p></speak>"
    assert device.hear(SILENCE).ssml == "<speak>Well?</speak>"


def test_an_endpoint_that_is_not_there_is_told() -> None:
    # Nothing listens on port 9 of this machine, and nobody may listen there unprivileged.
    with pytest.raises(EndpointError, match="cannot be reached"):
        Endpoint("http://127.0.0.1:9/", signed).post({})


def test_requests_are_json(device: Device, small_skill: SmallSkill) -> None:
    small_skill.will_say("One?")
    device.hear(OPEN)
    headers, body = small_skill.received[0]
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(body)["version"] == "1.0"
