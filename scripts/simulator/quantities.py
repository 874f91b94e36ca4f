"""Numbers and durations in English words, as Alexa's own slot types would send them.

``AMAZON.NUMBER`` sends digits, ``AMAZON.DURATION`` sends ISO 8601, and both send ``"?"`` for
an amount that was heard but not understood ("several weeks"). Every function takes the
words of one whole stretch of an utterance, lower case and without punctuation or hyphens,
and gives ``None`` where the stretch as a whole is no quantity.

Amazon publishes no grammar for these types. Where a caller is vague the longer is taken:
"two or three weeks" is three.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Words: TypeAlias = tuple[str, ...]

NOT_UNDERSTOOD: Final = "?"
# The stretches of some utterances; a device asks for each of them several times a turn.
_REMEMBERED: Final = 4096

_HUNDRED: Final = 100
_THOUSAND: Final = 1000
_HALF: Final = Fraction(1, 2)
_DIGITS: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")

ONES: Final = {
    word: value
    for value, word in enumerate((
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
        "nineteen",
    ))
}  # fmt: skip
TENS: Final = {
    word: 10 * value
    for value, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2
    )
}


def _phrases(*phrases: str) -> tuple[Words, ...]:
    """Return each phrase as its words, the longest first, so that none hides a longer one."""
    return tuple(sorted((tuple(phrase.split()) for phrase in phrases), key=len, reverse=True))


_SET_AMOUNTS: Final[Mapping[Words, int]] = {
    ("a", "couple"): 2,
    ("a", "couple", "of"): 2,
    ("couple", "of"): 2,
    ("a", "few"): 3,
    ("a", "dozen"): 12,
    ("half", "a", "dozen"): 6,
}
_VAGUE_AMOUNTS: Final = _phrases(
    "several", "many", "some", "lots", "lots of", "loads", "loads of", "a lot", "a lot of",
    "quite a few", "a number of", "plenty", "plenty of", "countless", "umpteen",
)  # fmt: skip
_VAGUE_DURATIONS: Final = _phrases(
    "ages", "a while", "a good while", "a fair while", "quite a while", "a long while",
    "a long time", "a very long time", "forever",
)  # fmt: skip
# Said around an amount and without weight for it.
_ROUGHLY: Final = _phrases(
    "a bit more than", "a little more than", "a bit over", "a little over", "slightly over",
    "just over", "more than", "longer than", "at least", "no less than", "up to", "about",
    "around", "roughly", "approximately", "maybe", "perhaps", "probably", "possibly", "only",
    "over", "well over", "easily", "must be", "just",
)  # fmt: skip
_OR_SO: Final = _phrases("or so", "or more", "or longer", "give or take", "or thereabouts")
_SO_FAR: Final = _phrases("the last", "the past")
_NOT_QUITE: Final = _phrases(
    "a bit less than", "a little less than", "just under", "slightly under", "less than",
    "not quite", "close to", "coming up to", "getting on for", "nearly", "almost", "under",
)  # fmt: skip
# Those that may stand before a number; "less than five" is not one number.
_NEARLY: Final = _phrases("not quite", "close to", "nearly", "almost")
_ONE_OF: Final = _phrases("a", "an", "a whole", "a full", "a good")
_HALF_OF: Final = _phrases("half a", "half an", "a half", "half of a", "half of an")
_AND_A_HALF: Final = (("and", "a", "half"), ("and", "half"))


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit of time.

    Attributes:
        iso: The ISO 8601 duration of so many of it.
        seconds: Its length, a month being 30 days and a year 365.
    """

    iso: str
    seconds: int

    def render(self, amount: Fraction) -> str:
        return self.iso.format(amount.numerator)


_SECOND: Final = _Unit("PT{}S", 1)
_MINUTE: Final = _Unit("PT{}M", 60)
_HOUR: Final = _Unit("PT{}H", 3600)
_DAY: Final = _Unit("P{}D", 86_400)
_WEEK: Final = _Unit("P{}W", 7 * _DAY.seconds)
_MONTH: Final = _Unit("P{}M", 30 * _DAY.seconds)
_YEAR: Final = _Unit("P{}Y", 365 * _DAY.seconds)
# How many of which unit the word means; every word takes a plural s.
_TIME_WORDS: Final[Mapping[str, tuple[int, _Unit]]] = {
    "second": (1, _SECOND),
    "minute": (1, _MINUTE),
    "hour": (1, _HOUR),
    "day": (1, _DAY),
    "week": (1, _WEEK),
    "fortnight": (2, _WEEK),
    "month": (1, _MONTH),
    "year": (1, _YEAR),
    "decade": (10, _YEAR),
}
_TIME_PLURALS: Final = {f"{word}s": meaning for word, meaning in _TIME_WORDS.items()}
_ANY_TIME_WORD: Final[Mapping[str, tuple[int, _Unit]]] = {**_TIME_WORDS, **_TIME_PLURALS}
_MONTHS_A_YEAR: Final = 12
# What a broken amount is counted in; from days up it is days, or hours where it is less than one.
_HALVED: Final[Mapping[_Unit, _Unit]] = {_HOUR: _MINUTE, _MINUTE: _SECOND, _SECOND: _SECOND}
# "A month and a half" is six weeks to whoever says it, though 45 days are a little more.
_HALF_MONTHS: Final = {_HALF: "P2W", 3 * _HALF: "P6W"}


@dataclass(frozen=True, slots=True)
class _Part:
    """So many of one unit, as in "two and a half weeks"."""

    amount: Fraction
    unit: _Unit

    @property
    def seconds(self) -> Fraction:
        return self.amount * self.unit.seconds


@lru_cache(maxsize=_REMEMBERED)
def number(words: Words) -> str | None:
    """Return what ``AMAZON.NUMBER`` sends for the words: digits, or ``"?"`` for "several"."""
    words = _without_start(_without_end(words, _OR_SO), (*_NEARLY, *_ROUGHLY))
    if words in _VAGUE_AMOUNTS:
        return NOT_UNDERSTOOD
    amount = _amount(words) or _larger_of_two(words)
    if not amount:
        return "0" if words in {("zero",), ("0",)} else None
    return str(amount.numerator) if amount.denominator == 1 else f"{float(amount):g}"


@lru_cache(maxsize=_REMEMBERED)
def duration(words: Words) -> str | None:
    """Return what ``AMAZON.DURATION`` sends for the words: ISO 8601, or ``"?"``.

    "a month and a half" is ``P6W``, "nearly four weeks" is ``P27D``, "weeks" is ``"?"``.
    """
    words = _without_start(_without_end(words, _OR_SO), _ROUGHLY)
    exact = _without_start(words, _NOT_QUITE)
    parts = _longer_of_two(exact) or _parts(exact)
    if not parts:
        return NOT_UNDERSTOOD if _is_vague(exact) else None
    return _iso(parts) if exact == words else _just_short_of(parts)


@lru_cache(maxsize=_REMEMBERED)
def length_in_days(words: Words) -> int | None:
    """Return how many days a duration in words lasts, rounded up; ``None`` for "several weeks"."""
    words = _without_start(_without_end(words, _OR_SO), (*_ROUGHLY, *_NOT_QUITE))
    parts = _longer_of_two(words) or _parts(words)
    return math.ceil(_seconds(parts) / _DAY.seconds) if parts else None


def _without_start(words: Words, phrases: Iterable[Words]) -> Words:
    """Take off every one of the phrases that the words begin with ("maybe about")."""
    for phrase in phrases:
        if words[: len(phrase)] == phrase and len(words) > len(phrase):
            return _without_start(words[len(phrase) :], phrases)
    return words


def _without_end(words: Words, phrases: Iterable[Words]) -> Words:
    for phrase in phrases:
        if words[-len(phrase) :] == phrase:
            return words[: -len(phrase)]
    return words


# --- amounts ----------------------------------------------------------------------------------


def _amount(words: Words) -> Fraction | None:
    """Return "twenty one", "45", "a couple of", "seven point five" or "two and a half"."""
    if words in _SET_AMOUNTS:
        return Fraction(_SET_AMOUNTS[words])
    if len(words) == 1 and _DIGITS.fullmatch(words[0]):
        return Fraction(words[0])
    if (without := _without_end(words, _AND_A_HALF)) != words:
        whole = _cardinal(without)
        return None if whole is None else whole + _HALF
    if words[-2:-1] == ("point",) and words[-1] in ONES:
        whole = _cardinal(words[:-2])
        return None if whole is None else whole + Fraction(ONES[words[-1]], 10)
    cardinal = _cardinal(words)
    return None if cardinal is None else Fraction(cardinal)


def _cardinal(words: Words) -> int | None:
    """Return a whole number below a million; "four five" and "one twenty" are none."""
    if "thousand" in words:
        return _scaled(words, "thousand", _THOUSAND)
    if "hundred" in words:
        return _scaled(words, "hundred", _HUNDRED)
    match words:
        case (one,) if one.isdecimal() and _DIGITS.fullmatch(one):
            return int(one)
        case (one,):
            return ONES.get(one, TENS.get(one))
        case (tens, one) if tens in TENS and 0 < ONES.get(one, 0) < 10:  # noqa: PLR2004
            return TENS[tens] + ONES[one]
    return None


def _scaled(words: Words, scale_word: str, scale: int) -> int | None:
    """Return "three hundred and two": so many of the scale, and a rest smaller than it."""
    at = words.index(scale_word)
    many = 1 if words[:at] in {("a",), ("one",)} else _cardinal(words[:at])
    rest = words[at + 1 :]
    few = _cardinal(rest[1:] if rest[:1] == ("and",) else rest) if rest else 0
    if not many or few is None or few >= scale or (rest and not few):
        return None
    return many * scale + few


def _either(words: Words) -> tuple[Words, ...]:
    """Return both sides of "two or three", "two to three" or "between two and three"."""
    joints = ("and",) if words[:1] == ("between",) else ("or", "to", "maybe", "perhaps", "possibly")
    words = words[1:] if words[:1] == ("between",) else words
    for joint in joints:
        if joint in words[1:-1]:
            at = words.index(joint)
            return words[:at], words[at + 1 :]
    return ()


def _larger_of_two(words: Words) -> Fraction | None:
    amounts = [_amount(side) for side in _either(words)]
    known = [amount for amount in amounts if amount is not None]
    return max(known) if known and len(known) == len(amounts) else None


# --- durations --------------------------------------------------------------------------------


def _parts(words: Words) -> tuple[_Part, ...]:
    """Return "a year and two months" as its parts, each of a smaller unit than the last."""
    words = _with_article(words)
    part = _part(words)
    if part is not None:
        return (part,)
    for cut in range(1, len(words)):
        first = _part(words[:cut])
        if first is None:
            continue
        rest = _parts(words[cut + 1 :] if words[cut] == "and" else words[cut:])
        if rest and rest[0].unit.seconds < first.unit.seconds:
            return (first, *rest)
    return ()


def _with_article(words: Words) -> Words:
    """Read "the last three weeks" as "three weeks", and "the past week" as "a week"."""
    span = _without_start(words, _SO_FAR)
    needs_article = span[0] in {*_TIME_WORDS, "few", "couple"} if span else False
    return ("a", *span) if span != words and needs_article else span


def _part(words: Words) -> _Part | None:
    extra = Fraction()
    if (without := _without_end(words, _AND_A_HALF)) != words:
        words, extra = without, _HALF
    if not words or words[-1] not in _ANY_TIME_WORD:
        return None
    count, unit = _ANY_TIME_WORD[words[-1]]
    amount = _amount_of_time(words[:-1])
    return _Part((amount + extra) * count, unit) if amount else None


def _amount_of_time(words: Words) -> Fraction | None:
    if words in _ONE_OF:
        return Fraction(1)
    if words in _HALF_OF:
        return _HALF
    return _amount(words)


def _longer_of_two(words: Words) -> tuple[_Part, ...]:
    """Return the longer of "two or three weeks", "a week or two", "ten days or two weeks"."""
    sides = _either(words)
    if not sides:
        return ()
    left, right = _parts(sides[0]), _parts(sides[1])
    if right and not left:
        left = _borrowing_unit(sides[0], right)
    elif left and not right:
        right = _borrowing_unit(sides[1], left)
    return max(left, right, key=_seconds) if left and right else ()


def _borrowing_unit(words: Words, other: tuple[_Part, ...]) -> tuple[_Part, ...]:
    amount = _amount(words)
    return (_Part(amount, other[0].unit),) if amount else ()


def _is_vague(words: Words) -> bool:
    """Whether the words are "ages", "weeks", "several months" or "the last few years"."""
    words = _without_start(words, _SO_FAR)
    if words in _VAGUE_DURATIONS:
        return True
    is_time = bool(words) and words[-1] in _TIME_PLURALS
    return is_time and (not words[:-1] or words[:-1] in _VAGUE_AMOUNTS)


def _seconds(parts: Iterable[_Part]) -> Fraction:
    return sum((part.seconds for part in parts), start=Fraction())


def _iso(parts: tuple[_Part, ...]) -> str:
    if len(parts) == 1:
        return _one_part_iso(parts[0])
    # ISO 8601 lets weeks stand only alone, so beside another unit they become days.
    date, time = "", ""
    days = _seconds(part for part in parts if part.unit in {_WEEK, _DAY}) / _DAY.seconds
    for part in parts:
        if part.unit in {_YEAR, _MONTH}:
            date += part.unit.iso[1:].format(math.ceil(part.amount))
        elif part.unit not in {_WEEK, _DAY}:
            time += part.unit.iso[2:].format(math.ceil(part.amount))
    date += f"{math.ceil(days)}D" if days else ""
    return f"P{date}" + (f"T{time}" if time else "")


def _one_part_iso(part: _Part) -> str:
    """Render one part; broken amounts go down to a smaller unit, rounded up."""
    if part.amount.denominator == 1:
        return part.unit.render(part.amount)
    months = part.amount * _MONTHS_A_YEAR
    if part.unit is _YEAR and months.denominator == 1:
        return _MONTH.render(months)
    if part.unit is _MONTH and part.amount in _HALF_MONTHS:
        return _HALF_MONTHS[part.amount]
    smaller = _HALVED.get(part.unit) or (_DAY if part.seconds > _DAY.seconds else _HOUR)
    return _down_to(smaller, part.seconds)


def _down_to(unit: _Unit, seconds: Fraction) -> str:
    return unit.render(Fraction(math.ceil(seconds / unit.seconds)))


def _just_short_of(parts: tuple[_Part, ...]) -> str:
    """Render a duration less one day, or less one hour or minute if it is that short."""
    seconds = _seconds(parts)
    for unit in (_DAY, _HOUR, _MINUTE):
        if seconds > unit.seconds:
            return _down_to(unit, seconds - unit.seconds)
    return _iso(parts)
