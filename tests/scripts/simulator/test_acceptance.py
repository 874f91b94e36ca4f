from __future__ import annotations

import pytest

from scripts.simulator.acceptance import why_refused
from scripts.simulator.endpoint import HttpAnswer


def spoken(ssml: str) -> dict[str, object]:
    return {"outputSpeech": {"type": "SSML", "ssml": ssml}}


@pytest.mark.parametrize(
    "response",
    [
        {},
        spoken("<speak>One.</speak>"),
        spoken('<speak><amazon:effect name="whispered">One.</amazon:effect></speak>'),
        spoken(f"<speak>{'x' * 7985}</speak>"),
        {"outputSpeech": {"type": "PlainText", "text": "a < b & c"}},
        {"shouldEndSession": None, "reprompt": {}},
        {"reprompt": spoken("<speak>Well?</speak>")},
    ],
)
def test_a_response_as_alexa_wants_it_is_taken(response: dict[str, object]) -> None:
    assert why_refused(HttpAnswer(200, {"version": "1.0", "response": response})) is None


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (spoken("<speak>heat & ice</speak>"), "is no SSML (not well-formed"),
        (spoken("<speak>One.<break></speak>"), "is no SSML (mismatched tag"),
        (spoken("One."), "expected one <speak>"),
        (spoken("<speak>One.</speak><speak>Two.</speak>"), "expected one <speak>"),
        (spoken(f"<speak>{'x' * 7986}</speak>"), "8,001 characters of 8,000"),
        ({"outputSpeech": {"type": "SSML"}}, "neither SSML nor PlainText"),
        ({"reprompt": spoken("<speak>")}, 'the skill\'s "reprompt" is no SSML'),
        ({"shouldEndSession": "no"}, "neither true, false nor null"),
        ({"card": "x" * 123_000}, "is too long"),
        ([], 'no object "response"'),
    ],
)
def test_why_a_response_is_refused_is_told(response: object, reason: str) -> None:
    told = why_refused(HttpAnswer(200, {"version": "1.0", "response": response}))
    assert told is not None
    assert reason in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HttpAnswer(500, {"response": {}}), "HTTP 500"),
        (HttpAnswer(200, None), "no JSON object"),
        (HttpAnswer(200, {}), 'no object "response"'),
    ],
)
def test_an_answer_without_a_response_is_refused(answer: HttpAnswer, reason: str) -> None:
    assert reason in (why_refused(answer) or "")
