"""The words of an utterance or a sample, spelt one way.

Speech has no spelling, so "I'm", "I am" and a typed "im" are one and the same to Alexa.
Samples, slot values and utterances all pass through here before they are compared.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# Where a speaker would pause. It may part two clauses, and weighs nothing within one.
PAUSE: Final = ","

_THOUSANDS: Final = re.compile(r"(?<=[0-9]),(?=[0-9]{3}\b)")
_PAUSES: Final = re.compile(r"(?<![0-9])[.]|[.](?![0-9])|[,!?;:…\u2013\u2014]")
_PIECES: Final = re.compile(r"\{[^{}]*\}(?:'s)?|[^\W_]+(?:[.'][^\W_]+)*|,")

_APOSTROPHES: Final = str.maketrans("\u2018\u2019\u02bc`\u00b4", "'''''")
_SPELT_OUT: Final = {
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
    "won't": "will not",
    "wont": "will not",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "isnt": "is not",
    "arent": "are not",
    "wasnt": "was not",
    "hasnt": "has not",
    "havent": "have not",
    "hadnt": "had not",
    "couldnt": "could not",
    "im": "i am",
    "ive": "i have",
    "its": "it is",
    "thats": "that is",
    "theres": "there is",
    "ok": "okay",
    "ain't": "is not",
    "gonna": "going to",
    "gotta": "got to",
}
_ENDINGS: Final = {"n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will"}
# "It's been", "he's had": has, not is.
_AFTER_HAS: Final = frozenset({"been", "got", "gone", "had", "started", "lasted"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it is compared.

    Attributes:
        heard: Its one spelling; ``PAUSE`` for punctuation.
        said: The word that was typed, which may be more ("don't" for "not").
        position: The place of that word in the utterance.
    """

    heard: str
    said: str
    position: int


def words_of(text: str) -> tuple[Word, ...]:
    """Return the words of an utterance, in order."""
    pieces = _pieces(text)
    return tuple(
        Word(heard, said, position)
        for position, said in enumerate(pieces)
        for heard in _heard(said, pieces[position + 1 : position + 2])
    )


def spelt(text: str) -> str:
    """Return a sample or slot value in the one spelling; ``{slots}`` stay as they are."""
    return " ".join(word.heard for word in words_of(text) if word.heard != PAUSE)


def said(words: Iterable[Word]) -> str:
    """Return the words as they were typed."""
    return " ".join({word.position: word.said for word in words}.values())


def _pieces(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    plain = _PAUSES.sub(" , ", _THOUSANDS.sub("", plain))
    # Slot names are case-sensitive; everything else is speech.
    return [
        piece if piece.startswith("{") else piece.lower()
        for piece in _PIECES.findall(plain.replace("-", " "))
    ]


def _heard(piece: str, following: list[str]) -> tuple[str, ...]:
    if piece in _SPELT_OUT:
        return tuple(_SPELT_OUT[piece].split())
    for ending, full in _ENDINGS.items():
        if piece.endswith(ending) and piece != ending:
            return (piece.removesuffix(ending), full)
    if piece.endswith("'s"):
        verb = "has" if _AFTER_HAS.intersection(following) else "is"
        return (piece.removesuffix("'s"), verb)
    return (piece,)
