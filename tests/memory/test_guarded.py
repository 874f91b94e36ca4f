from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Final

import pytest

from skill.dialogue.keeping import Kept
from skill.errors import MemoryUnavailableError
from skill.memory.guarded import GuardedMemory
from skill.memory.limits import MOST_OPERATIONS
from skill.memory.sqlite import SqliteRows
from skill.memory.sweeping import PAUSE_SECONDS
from tests.log_lines import told
from tests.memory.stores import Clock, memory_over
from tests.operation.processes import ROOT, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skill.memory.rows import Row

CALLER: Final = "amzn1.ask.account.CALLER"
DOCUMENT: Final = {"pending": "fever"}


class Disk(SqliteRows):
    """An SQLite file on a disk that hangs or fails when it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.goes_on = Event()
        self.goes_on.set()
        self.error: BaseException | None = None
        self.is_full = False
        self.asked = 0

    def read(self, caller: bytes) -> Row | None:
        self.asked += 1
        self.goes_on.wait()
        if self.error is not None:
            raise self.error
        return super().read(caller)

    def write(self, row: Row, now: int) -> bool:
        if self.is_full:
            raise OSError("full")
        return super().write(row, now)

    def forget(self, caller: bytes, now: int) -> int:
        if self.error is not None:
            raise self.error
        return super().forget(caller, now)


@dataclass
class Taken:
    """What was taken down, in order, without the seconds."""

    operations: list[tuple[str, str]] = field(default_factory=list)
    left_alone: list[tuple[str, bool]] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def time_memory(self, operation: str, outcome: str, seconds: float) -> None:
        self.operations.append((operation, outcome))
        self.seconds.append(seconds)

    def note_memory_left_alone(self, operation: str, left_alone: bool) -> None:  # noqa: FBT001  # as it is told
        self.left_alone.append((operation, left_alone))

    def note_owed_deletions(self, callers: int) -> None:
        self.owed.append(callers)


def warned(event: str, **codes: str) -> dict[str, str]:
    return {"level": "WARNING", "event": event, **codes}


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    store = Disk(tmp_path / "checks.db")
    store.prepare()
    return store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def measures() -> Taken:
    return Taken()


@pytest.fixture
def memory(disk: Disk, clock: Clock, measures: Taken) -> Iterator[GuardedMemory]:
    guarded = GuardedMemory(memory_over(disk, clock), clock, measures=measures)
    yield guarded
    disk.goes_on.set()
    guarded.close()


def test_it_keeps_loads_and_forgets(memory: GuardedMemory) -> None:
    version = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert version is not None
    assert memory.load(CALLER) == Kept(version, DOCUMENT)
    assert memory.load(CALLER) == Kept(version, DOCUMENT)
    assert memory.forget(CALLER) > version
    assert memory.load(CALLER).document is None


@pytest.mark.parametrize(
    "error", [OSError("full"), ValueError("odd"), RuntimeError("bad")], ids=repr
)
def test_whatever_goes_wrong_is_told_as_one_error(
    memory: GuardedMemory, disk: Disk, error: Exception
) -> None:
    disk.error = error
    with pytest.raises(MemoryUnavailableError):
        memory.load(CALLER)


def test_a_store_that_hangs_is_waited_for_a_second(memory: GuardedMemory, disk: Disk) -> None:
    disk.goes_on.clear()
    started = monotonic()
    with pytest.raises(MemoryUnavailableError):
        memory.load(CALLER)
    assert 0.8 < monotonic() - started < 1.4


def test_what_hangs_takes_up_a_few_threads_and_nobody_else_waits(
    memory: GuardedMemory, disk: Disk
) -> None:
    disk.goes_on.clear()

    def seconds_of_a_load(_: int) -> float:
        started = monotonic()
        with pytest.raises(MemoryUnavailableError):
            memory.load(CALLER)
        return monotonic() - started

    with ThreadPoolExecutor(40) as callers:
        seconds = list(callers.map(seconds_of_a_load, range(40)))
    assert disk.asked == MOST_OPERATIONS
    assert sum(one > 0.5 for one in seconds) == MOST_OPERATIONS


def test_some_threads_of_a_worker_are_left_for_who_needs_no_memory() -> None:
    (threads,) = re.findall(r"(?m)^threads = (\d+)", (ROOT / "gunicorn.conf.py").read_text())
    assert int(threads) > MOST_OPERATIONS


def test_after_three_failures_the_store_is_left_alone_for_five_seconds(
    memory: GuardedMemory, disk: Disk, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    disk.error = OSError("secret words")
    for _ in range(10):
        with pytest.raises(MemoryUnavailableError):
            memory.load(CALLER)
    assert disk.asked == 3
    disk.error = None
    clock.seconds += 5
    assert memory.load(CALLER) == Kept()
    assert told(caplog) == [
        warned("memory_unavailable", operation="load", error="OSError"),
        warned("memory_back", operation="load"),
    ]


def test_what_still_works_goes_on_and_does_not_hide_what_fails(
    memory: GuardedMemory, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    version = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert version is not None
    disk.is_full = True
    for _ in range(4):
        assert memory.load(CALLER) == Kept(version, DOCUMENT)
        with pytest.raises(MemoryUnavailableError):
            memory.save_if_unchanged(CALLER, {}, seen=version, request_id="second")
    assert memory.forget(CALLER) > version
    assert told(caplog) == [warned("memory_unavailable", operation="save", error="OSError")]


def test_a_conflict_is_no_failure(memory: GuardedMemory) -> None:
    for number in range(10):
        assert memory.save_if_unchanged(CALLER, DOCUMENT, seen=7, request_id=f"{number}") is None


def test_though_nobody_calls_it_is_told_that_the_store_is_back(
    memory: GuardedMemory, disk: Disk, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    disk.is_full = True
    for _ in range(3):
        with pytest.raises(MemoryUnavailableError):
            memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    clock.seconds += PAUSE_SECONDS
    memory._sweep()  # noqa: SLF001  # which the sweeper does twice a minute
    disk.is_full = False
    clock.seconds += PAUSE_SECONDS
    memory._sweep()  # noqa: SLF001
    assert told(caplog) == [
        warned("memory_unavailable", operation="save", error="OSError"),
        warned("memory_back", operation="save"),
    ]


def test_a_sweep_of_what_works_asks_for_nobody(memory: GuardedMemory, disk: Disk) -> None:
    memory._sweep()  # noqa: SLF001
    assert disk.asked == 0


def test_a_store_that_was_down_at_the_start_is_told_to_be_back(
    disk: Disk, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    memory = GuardedMemory(memory_over(disk, clock), clock, was_down=True)
    assert memory.load(CALLER) == Kept()
    memory._sweep()  # noqa: SLF001
    memory.close()
    assert told(caplog) == [
        warned("memory_back", operation=operation) for operation in ("load", "save", "forget")
    ]


def test_a_deletion_that_failed_is_made_up_for_by_a_sweep(
    memory: GuardedMemory, disk: Disk
) -> None:
    version = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    disk.error = OSError("gone")
    with pytest.raises(MemoryUnavailableError):
        memory.forget(CALLER)
    with pytest.raises(OSError, match="gone"):
        memory._sweep()  # noqa: SLF001  # which the sweeper does twice a minute
    disk.error = None
    assert memory.load(CALLER) == Kept(version or -1, DOCUMENT)
    memory._sweep()  # noqa: SLF001
    kept = memory.load(CALLER)
    assert kept.document is None
    # Once, and not again: this is kept.
    saved = memory.save_if_unchanged(CALLER, DOCUMENT, seen=kept.version, request_id="second")
    memory._sweep()  # noqa: SLF001
    assert memory.load(CALLER) == Kept(saved or -1, DOCUMENT)


def test_a_deletion_that_is_made_up_for_spares_what_was_agreed_to_since(
    disk: Disk, clock: Clock
) -> None:
    memory = GuardedMemory(memory_over(disk, clock), clock)
    seen = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert seen is not None
    disk.error = OSError("gone")
    with pytest.raises(MemoryUnavailableError):
        memory.forget(CALLER)
    disk.error = None
    clock.seconds += 10
    saved = memory.save_if_unchanged(CALLER, DOCUMENT, seen=seen, request_id="second")
    memory._sweep()  # noqa: SLF001
    assert memory.load(CALLER) == Kept(saved or -1, DOCUMENT)
    memory.close()


def test_it_is_taken_down_how_each_operation_went(
    memory: GuardedMemory, disk: Disk, measures: Taken
) -> None:
    memory.load(CALLER)
    memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    memory.save_if_unchanged(CALLER, DOCUMENT, seen=7, request_id="second")
    memory.forget(CALLER)
    memory._sweep()  # noqa: SLF001
    assert measures.operations == [
        ("load", "done"),
        ("save", "done"),
        ("save", "conflict"),
        ("forget", "done"),
        ("sweep", "done"),
    ]
    assert all(0 < seconds < 1 for seconds in measures.seconds)
    disk.goes_on.clear()
    with pytest.raises(MemoryUnavailableError):
        memory.load(CALLER)
    assert measures.operations[-1] == ("load", "failed")
    assert measures.seconds[-1] > 0.8


def test_it_is_taken_down_what_is_left_alone_and_owed(
    memory: GuardedMemory, disk: Disk, clock: Clock, measures: Taken
) -> None:
    disk.error = OSError("gone")
    for _ in range(4):
        with pytest.raises(MemoryUnavailableError):
            memory.forget(CALLER)
    assert measures.operations == 3 * [("forget", "failed")] + [("forget", "left_alone")]
    assert measures.left_alone == [("forget", True)]
    with pytest.raises(OSError, match="gone"):
        memory._sweep()  # noqa: SLF001
    assert measures.operations[-1] == ("sweep", "failed")
    assert measures.owed == [1]
    disk.error = None
    clock.seconds += PAUSE_SECONDS
    memory._sweep()  # noqa: SLF001
    assert measures.operations[-1] == ("sweep", "done")
    assert measures.owed == [1, 0]
    assert measures.left_alone[-3:] == [("load", False), ("save", False), ("forget", False)]


def test_a_deletion_that_is_asked_for_again_while_it_is_made_up_for_stays_owed(
    memory: GuardedMemory, disk: Disk, clock: Clock, measures: Taken
) -> None:
    memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    disk.error = OSError("gone")
    with pytest.raises(MemoryUnavailableError):
        memory.forget(CALLER)
    disk.error = None
    disk.goes_on.clear()
    with ThreadPoolExecutor(1) as threads:
        sweeping = threads.submit(memory._sweep)  # noqa: SLF001
        wait_until(lambda: disk.asked == 1, "it is made up for", 10)
        clock.seconds += 10
        disk.error = OSError("gone")
        with pytest.raises(MemoryUnavailableError):
            memory.forget(CALLER)
        disk.error = None
        disk.goes_on.set()
        sweeping.result()
    memory._sweep()  # noqa: SLF001
    assert measures.owed == [1, 0]
    assert memory.load(CALLER).document is None
