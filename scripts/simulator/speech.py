"""What of a response is heard: the words of its speech, without the tags."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

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


def says(response: Mapping[str, object]) -> str:
    """Return what is heard at a response envelope."""
    return spoken_words(_part(response, "outputSpeech"))


def reprompt(response: Mapping[str, object]) -> str:
    """Return what is heard when the answer to it stays out."""
    match _part(response, "reprompt"):
        case {"outputSpeech": output_speech}:
            return spoken_words(output_speech)
        case _:
            return ""


def keeps_listening(response: Mapping[str, object]) -> bool:
    """Whether the session goes on.

    "Request and Response JSON Reference": ``false`` and ``null`` keep it open; where the
    field is absent, a device without a screen, such as this, takes the session for over.
    """
    return _part(response, "shouldEndSession", default=True) in {False, None}


def _part(envelope: Mapping[str, object], name: str, *, default: object = None) -> object:
    match envelope:
        case {"response": {**members}}:
            return members.get(name, default)
        case _:
            return default
