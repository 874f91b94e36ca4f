"""The replay files for `ask dialog` are what it reads, and come to what their names say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from scripts.simulator.assembly import clock_of, load_language, new_device, running_skill
from scripts.simulator.options import DEFAULT_LOCALE
from scripts.simulator.transcripts import load_transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.simulator.device import Device

FILES: Final = sorted((Path(__file__).resolve().parents[2] / "deploy" / "ask_dialog").iterdir())
# How the last thing said begins.
ENDINGS: Final = {
    "calm": "Keep moving gently.",
    "emergency": "Call 911 now.",
    "for_somebody_else": "Call 911 now.",
    "same_day": "You should be seen today.",
    "stop": "OK. If you feel very unwell, call 911.",
}


@pytest.fixture(scope="module")
def a_device() -> Iterator[Callable[[], Device]]:
    with running_skill(clock_of(None)) as skill:
        language = load_language(DEFAULT_LOCALE, skill.clock)
        yield lambda: new_device(language, skill)


def test_every_file_has_an_ending() -> None:
    assert [path.name for path in FILES] == [f"{name}.json" for name in sorted(ENDINGS)]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_file_holds_what_the_ask_cli_reads_and_no_more(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    said = document.pop("userInput")
    assert said[-1] == ".quit"
    assert document == {
        "skillId": "amzn1.ask.skill.CHANGE-ME",
        "locale": DEFAULT_LOCALE,
        "type": "text",
    }


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_conversation_comes_to_what_its_name_says(
    path: Path, a_device: Callable[[], Device]
) -> None:
    device = a_device()
    turns = [device.hear(said) for said in load_transcript(path, [DEFAULT_LOCALE]).utterances]
    assert turns[-1].says.startswith(ENDINGS[path.stem])
    assert [turn.session_ends for turn in turns[:-1]] == [False] * (len(turns) - 1)
