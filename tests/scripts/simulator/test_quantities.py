from __future__ import annotations

import pytest

from scripts.simulator.quantities import duration, number

NUMBERS = {
    "seven": "7",
    "zero": "0",
    "twenty": "20",
    "twenty one": "21",
    "ninety nine": "99",
    "45": "45",
    "007": "7",
    "7.5": "7.5",
    "seven point five": "7.5",
    "two and a half": "2.5",
    "a hundred": "100",
    "one hundred and five": "105",
    "two thousand": "2000",
    "two thousand and twenty five": "2025",
    "a couple": "2",
    "a couple of": "2",
    "a few": "3",
    "half a dozen": "6",
    "about seven": "7",
    "maybe about seven": "7",
    "seven or so": "7",
    "nearly seventy": "70",
    "two or three": "3",
    "between four and six": "6",
    "several": "?",
    "umpteen": "?",
    "a lot of": "?",
}
NOT_NUMBERS = [
    "", "a", "about", "no", "hundred", "four five", "one twenty", "twenty eleven",
    "twenty ten", "one hundred zero", "ten out of ten", "seven weeks", "two or", "or three",
    "less than five", "seventh", "2 3", "1234567", "two or fever",
]  # fmt: skip

DURATIONS = {
    "three weeks": "P3W",
    "3 weeks": "P3W",
    "a week": "P1W",
    "one week": "P1W",
    "a fortnight": "P2W",
    "half a fortnight": "P1W",
    "ten days": "P10D",
    "twenty one days": "P21D",
    "a couple of days": "P2D",
    "a couple days": "P2D",
    "a few days": "P3D",
    "half a day": "PT12H",
    "a day and a half": "P2D",
    "half an hour": "PT30M",
    "an hour and a half": "PT90M",
    "a month": "P1M",
    "a month and a half": "P6W",
    "a month and half": "P6W",
    "three weeks maybe four": "P4W",
    "must be three weeks": "P3W",
    "coming up to three weeks": "P20D",
    "two months give or take": "P2M",
    "a good while": "?",
    "one and a half months": "P6W",
    "half a month": "P2W",
    "two and a half months": "P75D",
    "half a year": "P6M",
    "a year and a half": "P18M",
    "a decade": "P10Y",
    "two and a half weeks": "P18D",
    "two weeks and a half": "P18D",
    "2.5 weeks": "P18D",
    "a year and two months": "P1Y2M",
    "two weeks and three days": "P17D",
    "one month and two weeks": "P1M14D",
    "a day and six hours": "P1DT6H",
    "about four weeks": "P4W",
    "around four weeks": "P4W",
    "over four weeks": "P4W",
    "more than four weeks": "P4W",
    "maybe about three weeks": "P3W",
    "four weeks or so": "P4W",
    "the last three weeks": "P3W",
    "the past week": "P1W",
    "the last few weeks": "P3W",
    "nearly four weeks": "P27D",
    "almost four weeks": "P27D",
    "just under four weeks": "P27D",
    "nearly a year": "P364D",
    "almost a day": "PT23H",
    "less than an hour": "PT59M",
    "two or three weeks": "P3W",
    "a week or two": "P2W",
    "two to three months": "P3M",
    "between two and three weeks": "P3W",
    "three weeks or a month": "P1M",
    "a month or three weeks": "P1M",
    "several weeks": "?",
    "weeks": "?",
    "quite a few months": "?",
    "ages": "?",
    "a long time": "?",
}
NOT_DURATIONS = [
    "", "week", "three", "a", "since this morning", "today", "no weeks", "zero days",
    "four five weeks", "three days and two weeks", "three weeks and", "and a half", "last",
    "three weak", "three weeks fever", "three nights",
]  # fmt: skip


@pytest.mark.parametrize(("words", "digits"), NUMBERS.items(), ids=NUMBERS)
def test_words_for_a_number_become_its_digits(words: str, digits: str) -> None:
    assert number(tuple(words.split())) == digits


@pytest.mark.parametrize("words", NOT_NUMBERS)
def test_words_that_are_no_number_as_a_whole_become_none(words: str) -> None:
    assert number(tuple(words.split())) is None


@pytest.mark.parametrize(("words", "iso"), DURATIONS.items(), ids=DURATIONS)
def test_words_for_a_duration_become_iso_8601(words: str, iso: str) -> None:
    assert duration(tuple(words.split())) == iso


@pytest.mark.parametrize("words", NOT_DURATIONS)
def test_words_that_are_no_duration_as_a_whole_become_none(words: str) -> None:
    assert duration(tuple(words.split())) is None


@pytest.mark.parametrize("below_a_hundred", range(100))
def test_every_number_in_digits_is_itself(below_a_hundred: int) -> None:
    assert number((str(below_a_hundred),)) == str(below_a_hundred)
