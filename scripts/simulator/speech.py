"""What of a response is heard: its speech, and the words of that without the tags."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

# Tags at which a voice pauses part words; all others stand inside of them.
_PAUSING_TAG: Final = re.compile(r"</?(?:speak|p|s|break|audio)\b[^>]*>")
_TAG: Final = re.compile(r"<[^>]*>")


def spoken_words(output_speech: object) -> str:
    """Return the words of an ``outputSpeech`` object, "" where nothing is said."""
    match output_speech:
        case {"type": "SSML", "ssml": str(ssml)}:
            words = html.unescape(_TAG.sub("", _PAUSING_TAG.sub(" ", ssml)))
        case {"type": "PlainText", "text": str(text)}:
            words = text
        case _:
            return ""
    return " ".join(words.split())


def as_ssml(output_speech: object) -> str:
    """Return an ``outputSpeech`` object as SSML, "" where nothing is said."""
    match output_speech:
        case {"type": "SSML", "ssml": str(ssml)} if spoken_words(output_speech):
            return ssml
        case _:
            words = spoken_words(output_speech)
            return f"<speak>{escape(words)}</speak>" if words else ""


def says(response: Mapping[str, object]) -> str:
    """Return what is heard at a response envelope."""
    return spoken_words(_part(response, "outputSpeech"))


def says_ssml(response: Mapping[str, object]) -> str:
    """Return what is heard at a response envelope, for a voice to speak."""
    return as_ssml(_part(response, "outputSpeech"))


def reprompt(response: Mapping[str, object]) -> str:
    """Return what is heard when the answer to it stays out."""
    return spoken_words(_reprompt_speech(response))


def reprompt_ssml(response: Mapping[str, object]) -> str:
    """Return what is heard when the answer to it stays out, for a voice to speak."""
    return as_ssml(_reprompt_speech(response))


def keeps_listening(response: Mapping[str, object]) -> bool:
    """Whether the session goes on.

    "Request and Response JSON Reference": ``false`` and ``null`` keep it open; where the
    field is absent, a device without a screen, such as this, takes the session for over.
    """
    return _part(response, "shouldEndSession", default=True) in {False, None}


def _reprompt_speech(response: Mapping[str, object]) -> object:
    match _part(response, "reprompt"):
        case {"outputSpeech": output_speech}:
            return output_speech
        case _:
            return None


def _part(envelope: Mapping[str, object], name: str, *, default: object = None) -> object:
    match envelope:
        case {"response": {**members}}:
            return members.get(name, default)
        case _:
            return default
