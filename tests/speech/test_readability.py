"""How the lines read: short sentences and easy words, easiest where it matters most.

School grade by Flesch-Kincaid over the syllables that ``pyphen`` finds, digits spelled out as
they are spoken.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pyphen
import pytest

from skill.dialogue.script import Line, values_of
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skill.dialogue.script import Value

RULE_SET = load_rule_set()
CATALOGUES = {name: c for name, c in load_catalogues(RULE_SET).items() if name}
HYPHENS = pyphen.Pyphen(lang="en_US")
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

MOST_WORDS = 20
HIGHEST_GRADE = 6.0
HIGHEST_EMERGENCY_GRADE = 4.0
# What the measure gets wrong, and why it stays.
EXCEPTIONS = {
    "greeting": "a title and a disclaimer of two long words that everybody knows",
    "emergency.last": "the word emergency, four syllables and known to every child",
    "question.long_term_risks": "a weak immune system has no shorter name that patients know",
    "question.infection_risk": "as above",
    "tip.medicine_with_caution": "names of medicines, which nothing shorter replaces",
}
# Cards are read, not heard, and carry the whole disclaimer and the source.
READ_NOT_HEARD = "card."
# Labels and quantities are only ever heard within another sentence.
WITHIN_A_SENTENCE = ("finding.", "about.", "quantity.")


def emergency_lines() -> set[str]:
    told = {f"because.{r.id}" for r in RULE_SET.rules if r.disposition is Disposition.EMERGENCY}
    held = {f"holding.{r.holding}" for r in RULE_SET.rules if r.holding}
    return told | held | {"emergency.first", "emergency.last"}


def spoken(locale: str, line_id: str) -> str:
    values: dict[str, Value] = {
        "count": 2,
        "finding": "about.fever",
        "quantity": "quantity.weeks",
        "labels": ("about.fever",),
    }
    catalogue = CATALOGUES[locale]
    phrase = catalogue.phrase(Line(line_id, tuple((n, values[n]) for n in values_of(line_id))))
    text = "".join(part.spoken or part.text for part in phrase)
    return re.sub(r"\d", lambda digit: f" {NAMES[int(digit[0])]} ", text)


def sentences(text: str) -> list[list[str]]:
    pieces = re.split(r"[.?!;:]+(?:\s|$)", text)
    return [words for piece in pieces if (words := re.findall(r"[A-Za-z']+", piece))]


@cache
def syllables(word: str) -> int:
    return len(HYPHENS.positions(word.lower())) + 1


def grade(text: str) -> float:
    split = sentences(text)
    words = [word for sentence in split for word in sentence]
    per_word = sum(map(syllables, words)) / len(words)
    return 0.39 * len(words) / len(split) + 11.8 * per_word - 15.59


def heard_lines() -> Iterator[tuple[str, str]]:
    for locale, catalogue in CATALOGUES.items():
        for line_id in catalogue.templates:
            own = locale == "en-US" or spoken(locale, line_id) != spoken("en-US", line_id)
            if own and not line_id.startswith((READ_NOT_HEARD, *WITHIN_A_SENTENCE)):
                yield locale, line_id


HEARD = [pytest.param(*line, id="-".join(line)) for line in heard_lines()]


@pytest.mark.parametrize(("locale", "line_id"), HEARD)
def test_no_sentence_is_longer_than_a_breath(locale: str, line_id: str) -> None:
    longest = max(map(len, sentences(spoken(locale, line_id))))
    assert longest <= MOST_WORDS


@pytest.mark.parametrize(("locale", "line_id"), HEARD)
def test_a_line_reads_at_an_easy_grade(locale: str, line_id: str) -> None:
    text = spoken(locale, line_id)
    most = HIGHEST_EMERGENCY_GRADE if line_id in emergency_lines() else HIGHEST_GRADE
    if line_id not in EXCEPTIONS:
        assert grade(text) <= most, f"{grade(text):.1f} {text}"


@pytest.mark.parametrize("line_id", EXCEPTIONS)
def test_an_exception_is_still_needed(line_id: str) -> None:
    most = HIGHEST_EMERGENCY_GRADE if line_id in emergency_lines() else HIGHEST_GRADE
    assert grade(spoken("en-US", line_id)) > most
