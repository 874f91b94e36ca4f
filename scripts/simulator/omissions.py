"""The words that a sample need not have and a speaker adds: "um", "this morning", "for two days".

Fillers weigh nothing. Words for a time do: "I fainted this morning" reports a faint, "I fainted
ten years ago" does not, and "I didn't faint this morning" leaves the afternoon open.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from scripts.simulator import dates, quantities
from scripts.simulator.phrases import length_at, longest_first
from scripts.simulator.words import PAUSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from scripts.simulator.phrases import Phrases
    from scripts.simulator.words import Word

LONG_AGO_DAYS: Final = 1_000_000
_NO: Final = "AMAZON.NoIntent"
_LONGEST_TIME_WORDS: Final = 8
_MOST_STUTTERED_WORDS: Final = 3
_MOST_WEIGHED: Final = 6


@dataclass(frozen=True, slots=True)
class Omission:
    """Words that may be left out.

    Attributes:
        span: Where they stand.
        days_ago: Of words for a time: how many days ago that was.
        lasts: Whether they say for how long, or since when.
    """

    span: range
    days_ago: int | None = None
    lasts: bool = False

    @property
    def is_filler(self) -> bool:
        """Whether the words weigh nothing."""
        return self.days_ago is None


class Omissions:
    """Finds what may be left out of an utterance.

    Args:
        phrases: What Alexa knows of the language by itself.
        today: Returns the day on which something is said.
    """

    def __init__(self, phrases: Phrases, today: Callable[[], date]) -> None:
        self._phrases = phrases
        self._today = today
        self._refusals = longest_first(phrases.intents.get(_NO, ()))

    def shortened(
        self, words: Sequence[Word]
    ) -> Iterator[tuple[tuple[Word, ...], tuple[Omission, ...]]]:
        """Give the words without pauses and with ever more left out, and what that was."""
        words = tuple(word for word in words if word.heard != PAUSE)
        possible = tuple(self._in(words))
        counts: Iterable[int] = range(len(possible) + 1)
        if len(possible) > _MOST_WEIGHED:
            counts = (0, len(possible))
        for count in counts:
            for omitted in combinations(possible, count):
                gone = {index for omission in omitted for index in omission.span}
                kept = tuple(word for index, word in enumerate(words) if index not in gone)
                if kept:
                    yield kept, omitted

    def _in(self, words: Sequence[Word]) -> Iterator[Omission]:
        heard = tuple(word.heard for word in words)
        today, at = self._today(), 0
        while at < len(heard):
            # "Uh uh" is a no, and not "uh" twice.
            length = length_at(heard, at, self._refusals)
            if not length and (weightless := self._weightless(heard, at)):
                yield Omission(range(at, at + weightless))
                length = weightless
            elif not length and (omission := self._at(heard, at, today)):
                yield omission
                length = len(omission.span)
            at += length or 1

    def _weightless(self, heard: tuple[str, ...], at: int) -> int:
        """Return how many words from a place on weigh nothing there, though they may elsewhere.

        They are said twice, as in "I have I have", or lend weight, as in "I do have".
        """
        for length in range(_MOST_STUTTERED_WORDS, 0, -1):
            once, twice = heard[at : at + length], heard[at + length : at + 2 * length]
            if once == twice and self._phrases.stuttered.issuperset(once):
                return length
        emphasis = at and heard[at - 1 : at + 2] in self._phrases.emphases
        return 1 if emphasis else 0

    def _at(self, heard: tuple[str, ...], at: int, today: date) -> Omission | None:
        """Return the longest stretch from a place on that may be left out."""
        for end in range(min(len(heard), at + _LONGEST_TIME_WORDS), at, -1):
            span, stretch = range(at, end), heard[at:end]
            if (days_ago := self._days_ago(stretch, today)) is not None:
                return Omission(span, days_ago)
            if self._lasts(stretch, today):
                return Omission(span, 0, lasts=True)
        length = length_at(heard, at, self._phrases.fillers)
        return Omission(range(at, at + length)) if length else None

    def _days_ago(self, heard: tuple[str, ...], today: date) -> int | None:
        """Return how many days ago "yesterday", "in March" or "two weeks ago" is."""
        match heard:
            case (*rest, "ago" | "back") if length := quantities.length_in_days(tuple(rest)):
                return length
            case ("when", "i", "was", *rest) if quantities.number(tuple(rest)):
                return LONG_AGO_DAYS
        if heard in self._phrases.long_ago:
            return LONG_AGO_DAYS
        if heard in self._phrases.now:
            return 0
        found = dates.spell(heard[length_at(heard, 0, self._phrases.dated) :], today)
        return found.days_before(today) if found else None

    def _lasts(self, heard: tuple[str, ...], today: date) -> bool:
        """Whether the words are "all day", "for two days" or "since Monday"."""
        start = length_at(heard, 0, self._phrases.starting)
        rest = heard[start:]
        is_spell = bool(quantities.duration(rest) or dates.spell(rest, today))
        return heard in self._phrases.lasting or bool(start and is_spell)
