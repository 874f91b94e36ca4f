"""Every recorded conversation still goes as it was recorded.

To record one, or to bring one up to date when other words are wanted::

    scripts/run --record tests/conversations/NAME.txt
    scripts/run --replay tests/conversations/NAME.txt --record tests/conversations/NAME.txt
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.assembly import clock_of, load_language, new_device, running_skill
from scripts.simulator.interaction_model import known_locales
from scripts.simulator.options import DEFAULT_LOCALE
from scripts.simulator.replay import Comparison
from scripts.simulator.terminal import converse
from scripts.simulator.transcripts import load_transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from scripts.simulator.assembly import Language, RunningSkill
    from scripts.simulator.device import Device
    from scripts.simulator.transcripts import Transcript

TRANSCRIPTS = sorted((Path(__file__).parent / "conversations").glob("*.txt"))


@pytest.fixture(scope="module")
def device_for() -> Iterator[Callable[[Transcript], Device]]:
    """Give the function from a transcript to a device of its locale, on its day."""
    with ExitStack() as stack:

        @cache
        def skill(day: date | None) -> RunningSkill:
            return stack.enter_context(running_skill(clock_of(day)))

        @cache
        def language(locale: str, day: date | None) -> Language:
            return load_language(locale, skill(day).clock)

        yield lambda transcript: new_device(
            language(transcript.locale or DEFAULT_LOCALE, transcript.day), skill(transcript.day)
        )


def test_there_are_transcripts() -> None:
    assert TRANSCRIPTS


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_a_recorded_conversation_goes_as_recorded(
    path: Path, device_for: Callable[[Transcript], Device]
) -> None:
    transcript = load_transcript(path, known_locales())
    comparison = Comparison(transcript)
    converse(device_for(transcript), transcript.utterances, followers=[comparison.take])
    told = [line for one in comparison.differences for line in one.lines(path.name)]
    assert told == []
