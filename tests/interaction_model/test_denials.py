"""Ways to mention a finding without having it, and ways to have it that must not be missed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    assert len(set(UNREPORTED)) >= 300
    assert len(set(REPORTED)) >= 100


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
