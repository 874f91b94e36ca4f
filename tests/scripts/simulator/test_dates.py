"""Days and longer spells of the calendar, as they are said and as Alexa sends them."""

from __future__ import annotations

from datetime import date

import pytest

from scripts.simulator.dates import spell
from scripts.simulator.words import spelt

TODAY = date(2026, 11, 18)  # a Wednesday

SPELLS = {
    "today": "2026-11-18",
    "tonight": "2026-11-18",
    "this morning": "2026-11-18",
    "earlier this evening": "2026-11-18",
    "yesterday": "2026-11-17",
    "yesterday afternoon": "2026-11-17",
    "last night": "2026-11-17",
    "the day before yesterday": "2026-11-16",
    "Monday": "2026-11-16",
    "Monday evening": "2026-11-16",
    "last Monday": "2026-11-16",
    # A pain that began on a Wednesday, said on one, began a week ago.
    "Wednesday": "2026-11-11",
    "Thursday": "2026-11-12",
    "this week": "2026-W47",
    "last week": "2026-W46",
    "the week before last": "2026-W45",
    "the weekend": "2026-W46-WE",
    "last weekend": "2026-W46-WE",
    "this month": "2026-11",
    "last month": "2026-10",
    "November": "2026-11",
    "last November": "2025-11",
    "December": "2025-12",
    "March": "2026-03",
    "early March": "2026-03",
    "the end of March": "2026-03",
    "March 2019": "2019-03",
    "March of 2019": "2019-03",
    "March third": "2026-03-03",
    "March the third": "2026-03-03",
    "the third of March": "2026-03-03",
    "the twenty-third of December": "2025-12-23",
    "the tenth": "2026-11-10",
    "the nineteenth": "2026-10-19",
    "the thirty-first": "2026-10-31",
    "last summer": "2026-SU",
    "the summer": "2026-SU",
    "last autumn": "2025-FA",
    "this fall": "2026-FA",
    "last winter": "2025-WI",
    "last spring": "2026-SP",
    "Christmas": "2025-12-25",
    "last Christmas": "2025-12-25",
    "Halloween": "2026-10-31",
    "New Year's Eve": "2025-12-31",
    "the fourth of July": "2026-07-04",
    "Thanksgiving": "2025-11-27",
    "Easter": "2026-04-05",
    "the Easter": "2026-04-05",
    "this year": "2026",
    "last year": "2025",
    "the year before last": "2024",
    "2019": "2019",
    "twenty nineteen": "2019",
    "two thousand nineteen": "2019",
    "nineteen ninety nine": "1999",
}
NONE = [
    "", "the fall", "fall", "tomorrow", "next week", "the thirty first of June",
    "2031", "three weeks", "seven", "Monday week", "the thirtieth of February", "morning", "about",
]  # fmt: skip

DAYS_BEFORE = {
    "today": 0,
    "yesterday": 1,
    "last Monday": 2,
    "this week": 0,
    "last week": 6,
    "last weekend": 4,
    "last month": 33,
    "this year": 0,
    "last year": 504,
}


@pytest.mark.parametrize(("said", "iso"), SPELLS.items(), ids=SPELLS)
def test_a_spell_is_sent_as_alexa_sends_it(said: str, iso: str) -> None:
    found = spell(tuple(spelt(said).split()), TODAY)
    assert found is not None
    assert found.iso == iso


@pytest.mark.parametrize("said", SPELLS)
def test_a_spell_has_begun_and_ends_after_it_began(said: str) -> None:
    found = spell(tuple(spelt(said).split()), TODAY)
    assert found is not None
    assert found.first <= min(found.last, TODAY)


@pytest.mark.parametrize("said", NONE)
def test_what_names_no_spell_of_the_past_is_none(said: str) -> None:
    assert spell(tuple(spelt(said).split()), TODAY) is None


@pytest.mark.parametrize(("said", "days"), DAYS_BEFORE.items(), ids=DAYS_BEFORE)
def test_a_spell_that_is_over_is_as_long_ago_as_its_middle(said: str, days: int) -> None:
    found = spell(tuple(spelt(said).split()), TODAY)
    assert found is not None
    assert found.days_before(TODAY) == days


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31)])
@pytest.mark.parametrize("said", SPELLS)
def test_a_spell_is_found_on_the_edges_of_the_calendar(said: str, today: date) -> None:
    found = spell(tuple(spelt(said).split()), today)
    assert found is None or found.first <= today


@pytest.mark.parametrize(
    "sunday",
    # The earliest, the latest, both kinds of year with an exception to the rule, and a plain one.
    [date(1818, 3, 22), date(1943, 4, 25), date(1954, 4, 18), date(1981, 4, 19), date(2024, 3, 31)],
)
def test_easter_is_where_the_calendar_has_it(sunday: date) -> None:
    found = spell(("easter",), sunday)
    assert found is not None
    assert found.first == sunday
