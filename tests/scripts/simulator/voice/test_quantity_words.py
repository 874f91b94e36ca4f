from __future__ import annotations

from datetime import date

import pytest

from scripts.simulator import dates, quantities
from scripts.simulator.voice import quantity_words

TODAY = date(2026, 11, 18)


def test_every_number_can_be_read() -> None:
    unread = [one for one in quantity_words.numbers() if not quantities.number(tuple(one.split()))]
    assert unread == []


def test_every_duration_can_be_read() -> None:
    said = quantity_words.durations()
    assert [one for one in said if not quantities.duration(tuple(one.split()))] == []


def test_every_date_can_be_read() -> None:
    assert [
        one for one in quantity_words.dates() if not dates.spell(tuple(one.split()), TODAY)
    ] == []


@pytest.mark.parametrize("age", ["one", "nineteen", "forty five", "a hundred", "a hundred and two"])
def test_ages_are_in_words(age: str) -> None:
    assert age in quantity_words.numbers()


def test_common_answers_are_among_them() -> None:
    assert {"three days", "a month and a half", "two or three weeks"} <= {
        *quantity_words.durations()
    }
    assert {"yesterday", "last monday", "march third", "twenty nineteen"} <= {
        *quantity_words.dates()
    }
