"""Whether Alexa would take an answer, by the limits of "Request and Response JSON Reference"."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.simulator.endpoint import HttpAnswer

MOST_SPEECH_CHARACTERS: Final = 8_000
MOST_RESPONSE_BYTES: Final = 120 * 1024


def why_refused(answer: HttpAnswer) -> str | None:
    """Return why Alexa would not take an answer, ``None`` if it would."""
    if answer.status != HTTPStatus.OK:
        return f"the skill answered HTTP {answer.status}"
    if answer.envelope is None:
        return "the skill's answer is no JSON object"
    response = answer.envelope.get("response")
    if not isinstance(response, dict):
        return 'the skill\'s answer has no object "response"'
    if (size := len(json.dumps(answer.envelope).encode())) > MOST_RESPONSE_BYTES:
        return f"the skill's answer is too long ({size:,} bytes of {MOST_RESPONSE_BYTES:,})"
    if not isinstance(response.get("shouldEndSession"), bool | None):
        return 'the skill\'s "shouldEndSession" is neither true, false nor null'
    reasons = (_why_unspeakable(name, speech) for name, speech in _speeches(response))
    return next(filter(None, reasons), None)


def _speeches(response: dict[str, object]) -> Iterator[tuple[str, object]]:
    yield "outputSpeech", response.get("outputSpeech")
    match response.get("reprompt"):
        case {"outputSpeech": speech}:
            yield "reprompt", speech


def _why_unspeakable(name: str, speech: object) -> str | None:
    match speech:
        case None:
            return None
        case {"type": "SSML", "ssml": str(text)}:
            return _why_too_long(name, text) or _why_no_ssml(name, text)
        case {"type": "PlainText", "text": str(text)}:
            return _why_too_long(name, text)
        case _:
            return f'the skill\'s "{name}" is neither SSML nor PlainText'


def _why_too_long(name: str, text: str) -> str | None:
    if len(text) <= MOST_SPEECH_CHARACTERS:
        return None
    length = f"{len(text):,} characters of {MOST_SPEECH_CHARACTERS:,}"
    return f'the skill\'s "{name}" is too long ({length})'


def _why_no_ssml(name: str, ssml: str) -> str | None:
    # Prefixes such as "amazon:" stand undeclared in SSML; a declaration around it does no harm.
    declared = f'<all xmlns:amazon="amazon" xmlns:alexa="alexa">{ssml}</all>'
    try:
        roots = list(ET.fromstring(declared))  # noqa: S314  # our own skill's
    except ET.ParseError as error:
        return f'the skill\'s "{name}" is no SSML ({error.msg})'
    if [root.tag for root in roots] != ["speak"]:
        return f'the skill\'s "{name}" is no SSML (expected one <speak>)'
    return None
