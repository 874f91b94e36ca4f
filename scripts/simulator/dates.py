"""Days and longer spells of the calendar in English words, as ``AMAZON.DATE`` sends them.

A day is ``2026-11-18``, a week ``2026-W46``, a weekend ``2026-W46-WE``, a month ``2026-10``, a
year ``2025`` and a season ``2026-SU``, as in "Slot Type Reference". Alexa may take "Monday" for
the one to come; a pain began in the past, so here it is always the last one. A winter goes by
the year in which it begins.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scripts.simulator.quantities import ONES, TENS, Words, number

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEMBERED: Final = 4096
_DAYS_A_WEEK: Final = 7
_SATURDAY: Final = 5
_THURSDAY: Final = 3
_NOVEMBER: Final = 11
_DECEMBER: Final = 12
_FIRST_YEAR: Final = 1900
_CENTURY: Final = 100

_WEEKDAYS: Final = {
    word: day
    for day, word in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
}
_MONTHS: Final = {
    word: month
    for month, word in enumerate((
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ), start=1)
}  # fmt: skip
# Season to its code and to the month it begins in; each lasts three.
_SEASONS: Final = {
    "spring": ("SP", 3),
    "summer": ("SU", 6),
    "fall": ("FA", 9),
    "autumn": ("FA", 9),
    "winter": ("WI", 12),
}
_MONTHS_A_SEASON: Final = 3
_HOLIDAYS: Final[Mapping[Words, tuple[int, int]]] = {
    tuple(name.split()): day
    for name, day in {
        "christmas": (12, 25),
        "christmas day": (12, 25),
        "christmas eve": (12, 24),
        "boxing day": (12, 26),
        "new year": (1, 1),
        "new years": (1, 1),
        "the new year": (1, 1),
        "new year is day": (1, 1),
        "new years day": (1, 1),
        "new year is eve": (12, 31),
        "new years eve": (12, 31),
        "valentine is day": (2, 14),
        "valentines day": (2, 14),
        "the fourth of july": (7, 4),
        "fourth of july": (7, 4),
        "halloween": (10, 31),
    }.items()
}
_THANKSGIVING: Final = ("thanksgiving",)
_EASTER: Final = frozenset({("easter",), ("the", "easter"), ("easter", "sunday")})
_DAYS_BACK: Final[Mapping[Words, int]] = {
    ("today",): 0,
    ("tonight",): 0,
    ("yesterday",): 1,
    ("the", "day", "before", "yesterday"): 2,
}
# Said of a part of a spell, which Alexa does not tell from the whole.
_EARLY: Final[tuple[Words, ...]] = tuple(
    tuple(phrase.split())
    for phrase in (
        "the beginning of", "the start of", "the middle of", "the end of", "sometime", "early",
        "late", "mid", "earlier", "about", "around", "maybe", "probably", "roughly",
    )
)  # fmt: skip
_PARTS_OF_A_DAY: Final = frozenset({"morning", "afternoon", "evening", "night"})
_LAST: Final = frozenset({"last", "this", "past"})
_ORDINALS: Final = {
    word: day
    for day, word in enumerate((
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
        "seventeenth", "eighteenth", "nineteenth", "twentieth",
    ), start=1)
} | {"thirtieth": 30}  # fmt: skip
_MOST_DAYS_A_MONTH: Final = 31


@dataclass(frozen=True, slots=True)
class Spell:
    """A day, or a longer spell of the calendar, that has begun.

    Attributes:
        iso: As ``AMAZON.DATE`` sends it.
        first: Its first day.
        last: Its last day, which may be yet to come.
    """

    iso: str
    first: date
    last: date

    def days_before(self, today: date) -> int:
        """Return how many days ago its middle was, 0 if it is not over yet."""
        middle = self.first + (self.last - self.first) / 2
        return (today - middle).days if self.last < today else 0


@lru_cache(maxsize=_REMEMBERED)
def spell(words: Words, today: date) -> Spell | None:
    """Return the spell that the words name as a whole, ``None`` if they name none."""
    for phrase in _EARLY:
        if words[: len(phrase)] == phrase and len(words) > len(phrase):
            return spell(words[len(phrase) :], today)
    return (
        _day(words, today)
        or _week(words, today)
        or _month(words, today)
        or _season(words, today)
        or _year(words, today)
    )


def _on(day: date) -> Spell:
    return Spell(day.isoformat(), day, day)


# --- days -------------------------------------------------------------------------------------


def _day(words: Words, today: date) -> Spell | None:
    if words[-1:] and words[-1] in _PARTS_OF_A_DAY:
        return _part_of_a_day(words, today)
    if words in _DAYS_BACK:
        return _on(today - timedelta(days=_DAYS_BACK[words]))
    match words:
        case (weekday,) | ("last" | "this" | "past", weekday) if weekday in _WEEKDAYS:
            back = (today.weekday() - _WEEKDAYS[weekday] - 1) % _DAYS_A_WEEK + 1
            return _on(today - timedelta(days=back))
    feast = words[1:] if words[:1] == ("last",) else words
    if feast in _EASTER:
        return _on(max(d for d in map(_easter, (today.year - 1, today.year)) if d <= today))
    if feast == _THANKSGIVING:
        return _on(max(d for d in _thanksgivings(today.year) if d <= today))
    return _on(_latest(*_HOLIDAYS[feast], today)) if feast in _HOLIDAYS else _dated(words, today)


def _part_of_a_day(words: Words, today: date) -> Spell | None:
    """Read "this morning", "last night" and "Monday evening"."""
    if words == ("last", "night"):
        return _on(today - timedelta(days=1))
    if words[:-1] in {("this",), ("earlier", "this")}:
        return _on(today)
    return _day(words[:-1], today) if words[:-1] else None


def _thanksgivings(year: int) -> tuple[date, ...]:
    """Return the fourth Thursday of November of a year and of the year before."""
    firsts = (date(year - 1, _NOVEMBER, 1), date(year, _NOVEMBER, 1))
    return tuple(
        first + timedelta(days=(_THURSDAY - first.weekday()) % _DAYS_A_WEEK + 3 * _DAYS_A_WEEK)
        for first in firsts
    )


def _easter(year: int) -> date:
    """Return Easter Sunday: the first after the full moon that falls on or after March 21."""
    century = year // _CENTURY
    # How far the calendar's moon has been moved: by leap years left out, and by its own drift.
    drift = century - century // 4 - (8 * century + 13) // 25
    days = (19 * (year % 19) + drift + 15) % 30
    if days > 28 or (days == 28 and year % 19 > 10):  # noqa: PLR2004  # the moon's last two days
        days -= 1
    full_moon = date(year, 3, 21) + timedelta(days=days)
    return full_moon + timedelta(days=_DAYS_A_WEEK - (full_moon.weekday() + 1) % _DAYS_A_WEEK)


def _dated(words: Words, today: date) -> Spell | None:
    """Read "the third of March", "March third", "March the third" and "the tenth"."""
    bare = tuple(word for word in words if word not in {"the", "of"})
    if words[:1] == ("the",) and (day := _day_of_month(bare)):
        month = today.month if day <= today.day else today.month - 1
        year = today.year if month else today.year - 1
        month = month or _DECEMBER
        return _on(date(year, month, day)) if day <= monthrange(year, month)[1] else None
    for name, rest in ((bare[:1], bare[1:]), (bare[-1:], bare[:-1])):
        if name and name[0] in _MONTHS and (day := _day_of_month(rest)):
            month = _MONTHS[name[0]]
            known = day <= monthrange(today.year, month)[1]
            return _on(_latest(month, day, today)) if known else None
    return None


def _day_of_month(words: Words) -> int | None:
    """Return 23 for "twenty third", "twenty three" or "23"."""
    match words:
        case (one,) if one in _ORDINALS:
            return _ORDINALS[one]
        case (tens, one) if tens in TENS and _ORDINALS.get(one, 10) < 10:  # noqa: PLR2004
            day = TENS[tens] + _ORDINALS[one]
        case _:
            digits = number(words) or ""
            day = int(digits) if digits.isdecimal() else 0
    return day if 0 < day <= _MOST_DAYS_A_MONTH else None


def _latest(month: int, day: int, today: date) -> date:
    """Return the last day of that name, today or before."""
    year = today.year if (month, day) <= (today.month, today.day) else today.year - 1
    return date(year, month, min(day, monthrange(year, month)[1]))


# --- weeks, months, seasons, years --------------------------------------------------------------


def _week(words: Words, today: date) -> Spell | None:
    match words:
        case ("this", "week"):
            return _week_of(today)
        case ("last" | "past", "week"):
            return _week_of(today - timedelta(weeks=1))
        case ("the", "week", "before", "last"):
            return _week_of(today - timedelta(weeks=2))
        case ("last" | "this" | "the" | "past", "weekend"):
            back = (today.weekday() - _SATURDAY - 1) % _DAYS_A_WEEK + 1
            week = _week_of(today - timedelta(days=back))
            return Spell(f"{week.iso}-WE", week.last - timedelta(days=1), week.last)
    return None


def _week_of(day: date) -> Spell:
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return Spell(f"{year}-W{week:02}", monday, monday + timedelta(days=_DAYS_A_WEEK - 1))


def _month(words: Words, today: date) -> Spell | None:
    match words:
        case ("this", "month"):
            return _month_of(today.year, today.month)
        case ("last" | "past", "month"):
            before = today.replace(day=1) - timedelta(days=1)
            return _month_of(before.year, before.month)
        case (name,) | ("last" | "this", name) if name in _MONTHS:
            month = _MONTHS[name]
            is_past = month < today.month or (month == today.month and "last" not in words)
            return _month_of(today.year if is_past else today.year - 1, month)
        case (name, *rest) if name in _MONTHS:
            year = _year(tuple(word for word in rest if word != "of"), today)
            return _month_of(int(year.iso), _MONTHS[name]) if year else None
    return None


def _month_of(year: int, month: int) -> Spell:
    last = date(year, month, monthrange(year, month)[1])
    return Spell(f"{year}-{month:02}", last.replace(day=1), last)


def _season(words: Words, today: date) -> Spell | None:
    # "The fall" is what the person fell from.
    if len(words) != 2 or words[0] not in {*_LAST, "the"} or words[1] not in _SEASONS:  # noqa: PLR2004
        return None
    if words == ("the", "fall"):
        return None
    code, month = _SEASONS[words[1]]
    begins = date(today.year, month, 1)
    if begins > today:
        begins = date(today.year - 1, month, 1)
    ends = _season_end(begins)
    if words[0] == "last" and ends >= today:
        begins = date(begins.year - 1, month, 1)
        ends = _season_end(begins)
    return Spell(f"{begins.year}-{code}", begins, ends)


def _season_end(begins: date) -> date:
    after = begins.month + _MONTHS_A_SEASON
    first = (
        date(begins.year + 1, after - _DECEMBER, 1)
        if after > _DECEMBER
        else date(begins.year, after, 1)
    )
    return first - timedelta(days=1)


def _year(words: Words, today: date) -> Spell | None:
    match words:
        case ("this", "year"):
            year = today.year
        case ("last" | "past", "year"):
            year = today.year - 1
        case ("the", "year", "before", "last"):
            year = today.year - 2
        case _:
            year = _spoken_year(words)
    is_year = _FIRST_YEAR <= year <= today.year
    return Spell(str(year), date(year, 1, 1), date(year, _DECEMBER, 31)) if is_year else None


def _spoken_year(words: Words) -> int:
    """Return "2019", "two thousand nineteen" or "twenty nineteen"; 0 for no year."""
    digits = number(words) or ""
    if digits.isdecimal() and words[:1] and words[0] not in {"about", "nearly", "almost"}:
        return int(digits)
    century, rest = number(words[:1]) or "", words[1:]
    within = number(rest[1:] if rest[:1] == ("oh",) else rest) or ""
    if rest and (words[0] in {*ONES, *TENS}) and within.isdecimal() and int(within) < _CENTURY:
        return int(century) * _CENTURY + int(within)
    return 0
