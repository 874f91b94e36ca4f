"""Numbers, durations and dates as English speakers put them, for a recogniser to learn.

What each of them means, ``quantities`` and ``dates`` know; every one of these is read there.
"""

from __future__ import annotations

from typing import Final

from scripts.simulator.quantities import ONES, TENS

_OLDEST: Final = 110
_HUNDRED: Final = 100
_ROUND: Final = 10
_VAGUE_NUMBERS: Final = (
    "a couple", "a few", "several", "a dozen", "two or three", "three or four", "five or six",
    "about two", "about ten", "almost three", "more than five", "at least four",
)  # fmt: skip

_UNITS: Final = ("minute", "hour", "day", "week", "month", "year")
_MOST_COUNTED: Final = 31
_DURATIONS: Final = (
    "half an hour", "half a day", "half a year", "an hour", "an hour and a half", "a fortnight",
    "two fortnights", "a decade", "ages", "a while", "quite a while", "a long time",
    "a very long time", "a year and two months", "a year and three months", "a month and two weeks",
    "a week and two days", "ten days or two weeks",
)  # fmt: skip
_OF_A_UNIT: Final = (
    "a {}", "a {} and a half", "a {} or two", "a good {}", "a whole {}", "about a {}", "over a {}",
    "nearly a {}", "more than a {}", "less than a {}", "{}s", "a couple of {}s", "a few {}s",
    "several {}s", "many {}s", "some {}s", "two or three {}s", "three or four {}s",
    "four or five {}s", "five or six {}s", "two to three {}s", "two and a half {}s",
    "three and a half {}s", "the last few {}s", "the past few {}s", "the last two {}s",
    "the past two {}s", "more than two {}s", "at least three {}s", "almost two {}s",
    "nearly three {}s", "nearly four {}s",
)  # fmt: skip

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth", "twenty first", "twenty second", "twenty third",
    "twenty fourth", "twenty fifth", "twenty sixth", "twenty seventh", "twenty eighth",
)  # fmt: skip
_DATES: Final = (
    "today", "yesterday", "the day before yesterday", "last night", "this morning",
    "this afternoon", "this evening", "yesterday morning", "yesterday afternoon",
    "yesterday evening", "this week", "last week", "the week before last", "last weekend",
    "the weekend", "this month", "last month", "this year", "last year", "the year before last",
    "last spring", "last summer", "last autumn", "last fall", "last winter", "this spring",
    "this summer", "this winter", "christmas", "christmas day", "christmas eve", "the new year",
    "thanksgiving", "halloween", "the beginning of march", "the end of june", "early may",
    "late august",
)  # fmt: skip


def numbers() -> tuple[str, ...]:
    """Return amounts and ages in words."""
    return (*(_counted(n) for n in range(1, _OLDEST + 1)), *_VAGUE_NUMBERS)


def durations() -> tuple[str, ...]:
    """Return lengths of time in words."""
    counted = (f"{_counted(n)} {unit}s" for n in range(2, _MOST_COUNTED) for unit in _UNITS)
    # "An hour" stands among the rest.
    framed = (
        frame.format(unit)
        for frame in _OF_A_UNIT
        for unit in _UNITS
        if not (unit == "hour" and "a {}" in frame)
    )
    return (*counted, *framed, *_DURATIONS)


def dates() -> tuple[str, ...]:
    """Return days and longer spells of the calendar in words, all of them past."""
    return (
        *_DATES,
        *(f"{start}{day}" for start in ("", "last ") for day in _WEEKDAYS),
        *(f"{day} {part}" for day in _WEEKDAYS for part in ("morning", "evening", "night")),
        *(f"{start}{month}" for start in ("", "last ") for month in _MONTHS),
        *(f"{month} {day}" for month in _MONTHS for day in _ORDINALS),
        *(f"the {day} of {month}" for month in _MONTHS for day in _ORDINALS),
        *(f"twenty {_counted(year)}" for year in range(10, 26)),
        *(f"two thousand {_counted(year)}" for year in range(1, 26)),
    )


def _counted(number: int) -> str:
    if number >= _HUNDRED:
        rest = number % _HUNDRED
        return f"a hundred and {_counted(rest)}" if rest else "a hundred"
    word = {value: word for word, value in {**ONES, **TENS}.items()}.get(number)
    return word or f"{_counted(number - number % _ROUND)} {_counted(number % _ROUND)}"
