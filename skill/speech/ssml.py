"""The one place where words become SSML, and where they are escaped."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skill.speech.catalogue import Part, Phrase

_QUOTES = {'"': "&quot;", "'": "&apos;"}


def to_ssml(phrases: Sequence[Phrase], *, slowly: bool = False) -> str:
    """Return the phrases as one SSML document, ``<speak>`` included."""
    spoken = " ".join("".join(_spoken(part) for part in phrase) for phrase in phrases)
    if slowly:
        spoken = f'<prosody rate="80%">{spoken}</prosody>'
    return f"<speak>{spoken}</speak>"


def to_text(phrases: Sequence[Phrase]) -> str:
    """Return the phrases as plain text, for a card."""
    return " ".join("".join(part.text for part in phrase) for phrase in phrases)


def _spoken(part: Part) -> str:
    if part.pause_seconds:
        return f'<break time="{part.pause_seconds}s"/>'
    if part.spoken:
        return f'<sub alias="{_escaped(part.spoken)}">{_escaped(part.text)}</sub>'
    if part.is_number:
        return f'<say-as interpret-as="digits">{_escaped(part.text)}</say-as>'
    return _escaped(part.text)


@lru_cache(maxsize=4096)  # of the catalogues' words: nothing that a caller said gets here
def _escaped(text: str) -> str:
    return escape(text, _QUOTES)
