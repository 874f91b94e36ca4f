from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulator.page.errors import RefusedError
from scripts.simulator.page.tabs import Tab, Tabs, notes
from scripts.simulator.terminal import converse
from tests.scripts.simulator.page.conftest import NoViewer, SmallDevice

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulator.device import Device

SAID = (
    "open upper back check",
    "",
    "blah fnord",
    "no",
    "<img src=x>",
    "stop",
    "stop",
    "I have a fever",
    "",
    "",
)


def small_tab(locale: str = "en-US") -> Tab:
    return Tab(SmallDevice(locale), NoViewer())


def test_the_tab_unused_for_longest_is_dropped() -> None:
    tabs = Tabs(small_tab, most=3)
    first, second, third = (tabs.open("en-US") for _ in range(3))
    tabs.get(first)
    tabs.open("en-US")
    assert tabs.get(first) is not tabs.get(third)
    with pytest.raises(RefusedError, match="gone"):
        tabs.get(second)


def test_ids_cannot_be_guessed() -> None:
    tabs = Tabs(small_tab)
    ids = {tabs.open("en-US") for _ in range(50)}
    assert len(ids) == 50
    assert min(map(len, ids)) >= 20


def test_the_transcript_is_what_the_terminal_prints(
    new_device: Callable[[str], Device], capsys: pytest.CaptureFixture[str]
) -> None:
    tab = Tab(new_device("en-US"), NoViewer())
    turns: list[Any] = [tab.hear(utterance) for utterance in SAID]
    converse(new_device("en-US"), SAID, as_json=False)
    assert [
        line for turn in turns for line in turn["lines"]
    ] == capsys.readouterr().out.splitlines()


def test_the_tab_knows_whether_a_session_is_open(new_device: Callable[[str], Device]) -> None:
    tab = Tab(new_device("en-US"), NoViewer())
    assert [tab.hear(said)["is_open"] for said in SAID] == [
        *(True, True, True, True, True),
        *(False, False, True, True, False),
    ]


def test_a_silence_is_answered_with_the_speech_of_the_reprompt(
    new_device: Callable[[str], Device],
) -> None:
    tab = Tab(new_device("en-US"), NoViewer())
    opened: Any = tab.hear("open upper back check")
    again: Any = tab.hear("")
    reprompt = opened["response"]["response"]["reprompt"]["outputSpeech"]["ssml"]
    assert (again["ssml"], again["request"]) == (reprompt, None)
    assert tab.hear("")["ssml"] == ""


def test_what_was_not_understood_is_said_to_be_so(new_device: Callable[[str], Device]) -> None:
    device = new_device("en-US")
    device.hear("open upper back check")
    assert notes(device.hear("blah fnord")) == ["not understood; sent as AMAZON.FallbackIntent"]
    assert notes(device.hear("no")) == []
