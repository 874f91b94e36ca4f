from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulator.page.bodies import MOST_JSON_BYTES, MOST_WAV_BYTES
from tests.scripts.simulator.page.conftest import wav

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

EXPECTED = 'body: expected a JSON object with the text "say"'


def error_of(answer: TestResponse) -> str:
    content: Any = answer.get_json()
    message = content["error"]
    assert "\n" not in message
    return str(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", f"{EXPECTED}, found no JSON"),
        (b"{", f"{EXPECTED}, found no JSON"),
        (b"\xff\xfe\xfd", f"{EXPECTED}, found no JSON"),
        (b"[" * 5_000, f"{EXPECTED}, found no JSON"),
        (b"[]", f"{EXPECTED} and nothing else"),
        (b"{}", f"{EXPECTED} and nothing else"),
        (b'{"say": 7}', f"{EXPECTED} and nothing else"),
        (b'{"say": null}', f"{EXPECTED} and nothing else"),
        (b'{"say": "yes", "more": 1}', f"{EXPECTED} and nothing else"),
        (
            b'{"say": "' + b"a" * 2_001 + b'"}',
            "say: expected at most 2,000 characters, found 2,001",
        ),
    ],
)
def test_a_strange_body_is_refused_in_one_line_and_nothing_is_lost(
    client: FlaskClient, tab: str, body: bytes, message: str
) -> None:
    turns = f"/api/tabs/{tab}/turns"
    client.post(turns, json={"say": "before"})
    answer = client.post(turns, data=body, content_type="application/json")
    assert (answer.status_code, error_of(answer)) == (400, message)
    after: Any = client.post(turns, json={"say": "after"}).get_json()
    assert after["says"] == "en-US / before / after"


def test_another_content_type_is_refused(client: FlaskClient, tab: str) -> None:
    answer = client.post(f"/api/tabs/{tab}/turns", data=b'{"say": "a"}', content_type="text/plain")
    assert answer.status_code == 415
    assert error_of(answer).endswith("(application/json)")


def test_a_body_that_is_too_large_is_not_read(client: FlaskClient, tab: str) -> None:
    body = b'{"say": "' + b"a" * MOST_JSON_BYTES + b'"}'
    answer = client.post(f"/api/tabs/{tab}/turns", data=body, content_type="application/json")
    assert (answer.status_code, error_of(answer)) == (413, "body: too large")


def test_what_nobody_can_say_becomes_a_space(client: FlaskClient, tab: str) -> None:
    said: Any = client.post(
        f"/api/tabs/{tab}/turns", json={"say": " a\n\x1b\ud800b\x00 "}
    ).get_json()
    assert said["lines"][0] == "> a   b"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"RIFF",
        b"\x00" * 100,
        wav()[:40],
        wav()[:44],
        wav(rate=8_000),
        wav(width=1),
        wav(channels=2),
        wav(0),
    ],
)
def test_a_recording_of_another_kind_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/words/en-US", data=body, content_type="audio/wav")
    assert answer.status_code == 400
    assert error_of(answer).startswith("body: expected a WAV file")


def test_a_recording_under_another_name_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/words/en-US", data=wav(), content_type="audio/ogg")
    assert answer.status_code == 415


def test_a_recording_that_is_too_long_is_refused(client: FlaskClient) -> None:
    seconds = MOST_WAV_BYTES / 32_000 + 1
    answer = client.post("/api/words/en-US", data=wav(seconds), content_type="audio/wav")
    assert answer.status_code == 413
