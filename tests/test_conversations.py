"""Every recorded conversation still goes as it was recorded.

A transcript is what ``scripts/run`` prints: "> " before what was said to the device, the
answer below it. Lines that start with "#" tell a reader what to look at. To record one::

    grep '^> ' tests/conversations/NAME.txt | cut -c3- | scripts/run
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.device import SILENCE
from scripts.simulator.terminal import converse

if TYPE_CHECKING:
    from scripts.simulator.device import Device

TRANSCRIPTS = sorted((Path(__file__).parent / "conversations").glob("*.txt"))


def test_there_are_transcripts() -> None:
    assert TRANSCRIPTS


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_a_recorded_conversation_goes_as_recorded(
    path: Path, device: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    said = [line.removeprefix("> ") for line in recorded if line.startswith("> ")]
    converse(device, [SILENCE if one == "(silence)" else one for one in said], as_json=False)
    assert capsys.readouterr().out.splitlines() == recorded
