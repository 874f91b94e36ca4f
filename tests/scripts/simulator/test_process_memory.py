"""The simulator's memory keeps what the port promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.process_memory import ProcessMemory
from skill.dialogue.keeping import Kept

if TYPE_CHECKING:
    from skill.dialogue.keeping import Memory

CALLER = "amzn1.ask.account.1"
HOUR = 3600


class Clock:
    """A clock that a test sets."""

    seconds = 1_800_000_000

    def __call__(self) -> int:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> Memory:
    """Give a memory in which nothing is kept."""
    return ProcessMemory(clock, hours=24)


def save(memory: Memory, number: int, *, seen: int, request: str = "1") -> int | None:
    return memory.save_if_unchanged(CALLER, {"number": number}, seen=seen, request_id=request)


def test_of_who_never_called_nothing_is_kept(memory: Memory) -> None:
    assert memory.load(CALLER) == Kept()


def test_what_was_saved_is_kept_under_the_next_version(memory: Memory) -> None:
    assert save(memory, 7, seen=0) == 1
    assert memory.load(CALLER) == Kept(1, {"number": 7})
    assert memory.load("amzn1.ask.account.2") == Kept()


def test_a_save_that_builds_upon_another_version_keeps_nothing(memory: Memory) -> None:
    save(memory, 7, seen=0)
    assert save(memory, 8, seen=0, request="2") is None
    assert memory.load(CALLER) == Kept(1, {"number": 7})


def test_the_same_request_again_was_saved_already(memory: Memory) -> None:
    assert save(memory, 7, seen=0) == save(memory, 8, seen=0) == 1
    assert memory.load(CALLER) == Kept(1, {"number": 7})


def test_no_save_from_before_a_deletion_brings_anything_back(memory: Memory) -> None:
    save(memory, 7, seen=0)
    assert memory.forget(CALLER) == 2
    assert save(memory, 7, seen=0) is None
    assert save(memory, 8, seen=1, request="2") is None
    assert memory.load(CALLER) == Kept(2)
    assert save(memory, 9, seen=2, request="3") == 3


def test_what_is_kept_expires(memory: Memory, clock: Clock) -> None:
    save(memory, 7, seen=0)
    clock.seconds += 24 * HOUR - 1
    assert memory.load(CALLER).document == {"number": 7}
    clock.seconds += 1
    assert memory.load(CALLER) == Kept(1)


def test_of_many_saves_at_once_one_is_kept(memory: Memory) -> None:
    with ThreadPoolExecutor(8) as threads:
        saves = [threads.submit(save, memory, n, seen=0, request=str(n)) for n in range(50)]
    assert sorted(str(one.result()) for one in saves) == ["1", *["None"] * 49]
