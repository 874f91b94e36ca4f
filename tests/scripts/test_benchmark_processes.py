"""What Linux writes in /proc is read as proc(5) describes it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scripts.benchmark_processes import (
    Memory,
    Stat,
    cpu_seconds,
    memory_of_largest_worker,
    number_of_workers,
    parsed_memory,
    parsed_stat,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# The fields of proc(5), numbered from 1: each is its own number, so that a wrong one shows.
FIELDS = " ".join(map(str, range(4, 53)))
SMAPS_ROLLUP = """\
55bc81ca5000-7ffe4180f000 ---p 00000000 00:00 0                          [rollup]
Rss:               50000 kB
Pss:               25000 kB
Pss_Anon:            112 kB
Shared_Clean:       1528 kB
Private_Clean:      1000 kB
Private_Dirty:      9000 kB
Swap:                  0 kB
"""
# Starts two children, of which one ends after using a little processor time.
PARENT = """
import os, sys, time
if os.fork() == 0:
    started = time.process_time()
    while time.process_time() - started < 0.1:
        pass
    os._exit(0)
os.wait()
if os.fork() == 0:
    time.sleep(60)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("name", ["python", "a (b) c", ") 1 2 3", "x y"])
def test_a_stat_is_read_whatever_the_process_is_called(name: str) -> None:
    assert parsed_stat(f"123 ({name}) S {FIELDS}\n") == Stat(parent=4, ticks=14 + 15 + 16 + 17)


def test_memory_is_read_in_mb() -> None:
    assert parsed_memory(SMAPS_ROLLUP) == Memory(rss=51.2, pss=25.6, uss=10.24)


@pytest.fixture
def parent() -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        os.killpg(process.pid, 9)


def test_the_time_of_a_child_that_ended_is_counted(parent: int) -> None:
    assert cpu_seconds(parent) >= 0.09


def test_only_processes_with_none_below_them_are_workers(parent: int) -> None:
    assert number_of_workers(parent) == 1


def test_this_process_has_memory() -> None:
    memory = memory_of_largest_worker(os.getpid())
    assert memory.rss >= memory.pss >= memory.uss > 1


def test_a_process_that_is_gone_has_none(parent: int) -> None:
    with pytest.raises(ProcessLookupError):
        memory_of_largest_worker(2**22 + parent)  # beyond the highest id that Linux gives
