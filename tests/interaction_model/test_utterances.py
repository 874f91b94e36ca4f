"""What people say, and what the skill makes of it: every line of ``utterances.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest

from skill.alexa.handlers import ASKS_FOR_AMBULANCE
from skill.dialogue.events import Reassured
from tests.interaction_model.conftest import SOMEBODY_ELSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interaction_model.conftest import Heard


class _Line(TypedDict):
    utterance: str
    intent: str
    findings: list[str]


class Line(_Line, total=False):
    """An utterance, and what it means."""

    slots: dict[str, str]


LINES: list[Line] = json.loads(
    Path(__file__).with_name("utterances.json").read_text(encoding="utf-8")
)

RAISING = {"ReportFindingIntent", "CallAmbulanceIntent"}
# What an intent says by itself: "it's not for me" fills no slot.
WITHOUT_SLOT = {
    "CallForOtherIntent": {SOMEBODY_ELSE},
    "CallAmbulanceIntent": {ASKS_FOR_AMBULANCE},
}


def test_there_are_lines_enough() -> None:
    assert len({line["utterance"].casefold() for line in LINES}) == len(LINES)
    assert len(LINES) >= 600
    assert sum(not line["findings"] for line in LINES) >= 150


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["utterance"])
def test_an_utterance_means_what_its_line_says(hear: Callable[[str], Heard], line: Line) -> None:
    one = hear(line["utterance"])
    expected = set(line["findings"])
    assert one.intent == line["intent"]
    # Lines that leave out their slots say nothing of them.
    assert one.values == line.get("slots", one.values)
    # Who says that it is nothing is not who has the pain.
    bystander = {SOMEBODY_ELSE} if isinstance(one.event, Reassured) else set()
    without_slot = WITHOUT_SLOT.get(line["intent"], set())
    assert set(one.findings) - bystander - without_slot == expected - without_slot
    assert sorted(one.named) == sorted(expected | without_slot)
    raises = line["intent"] in RAISING
    assert set(one.raised) == (set(one.named) - {SOMEBODY_ELSE} if raises else set())
