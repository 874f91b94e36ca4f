"""Ways to mention a finding without having it, and ways to have it that must not be missed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.clauses import DENIAL, NO
from scripts.simulator.words import spelt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.simulator.interaction_model import InteractionModel
    from tests.interaction_model.conftest import Heard

PHRASES: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("denials.json").read_text(encoding="utf-8")
)
UNREPORTING = ("denying", "past", "others", "asking", "fearing")

NOUNS_A_FRAME = 4
REPORTS_A_FRAME = 6


def framed(frames: list[str], nouns: list[str], each: int) -> Iterator[str]:
    """Put into each frame some of the nouns, into the next frame the next ones."""
    for turn, frame in enumerate(frames):
        for offset in range(each):
            yield frame.format(nouns[(turn * each + offset) % len(nouns)])


UNREPORTED = [
    *PHRASES["whole"],
    *(
        said
        for part in UNREPORTING
        for said in framed(PHRASES[part], PHRASES["nouns"], NOUNS_A_FRAME)
    ),
]
REPORTED = [
    *PHRASES["reports"],
    *framed(PHRASES["reporting"], PHRASES["reported"], REPORTS_A_FRAME),
]


def test_there_are_ways_enough() -> None:
    assert len(set(UNREPORTED)) >= 800
    assert len(set(REPORTED)) >= 180


def test_most_ways_are_not_the_words_of_the_samples(
    interaction_model: InteractionModel, hear: Callable[[str], Heard]
) -> None:
    samples = {
        re.sub(r"\{\w+\}", "{}", spelt(sample))
        for intent in interaction_model.intents.values()
        for sample in intent.samples
    }
    frames = [frame for part in UNREPORTING for frame in PHRASES[part]]
    of_samples = [frame for frame in frames if spelt(frame).replace(" , ", " ") in samples]
    free = set(UNREPORTED) - set(framed(of_samples, PHRASES["nouns"], len(PHRASES["nouns"])))
    # Nor are they read as what a sample says with something left out.
    strange = [said for said in free if hear(said).intent not in {DENIAL, NO}]
    assert len(strange) >= 300


@pytest.mark.parametrize("noun", PHRASES["nouns"])
def test_what_is_denied_would_be_a_finding_if_it_were_not(
    hear: Callable[[str], Heard], noun: str
) -> None:
    assert hear(f"I have {noun}").raised != []


@pytest.mark.parametrize("utterance", UNREPORTED)
def test_a_mention_raises_no_finding(hear: Callable[[str], Heard], utterance: str) -> None:
    assert hear(utterance).raised == []


@pytest.mark.parametrize("utterance", REPORTED)
def test_a_report_is_not_missed(hear: Callable[[str], Heard], utterance: str) -> None:
    assert hear(utterance).raised != []


def test_two_findings_are_both_reported(hear: Callable[[str], Heard]) -> None:
    heard = hear("my chest hurts and I can't breathe")
    assert heard.raised == ["chest_pain", "shortness_of_breath"]
