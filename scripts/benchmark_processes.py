"""What Linux tells in ``/proc`` about a server: its processes, their time and their memory."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC: Final = Path("/proc")
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_BYTES_A_KB: Final = 1024
_BYTES_A_MB: Final = 1_000_000


class Stat(NamedTuple):
    """What is used of ``/proc/<pid>/stat``.

    Attributes:
        parent: The process that started this one.
        ticks: Processor time used, by itself and by its children that are gone.
    """

    parent: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a process, in MB.

    Attributes:
        rss: All that it sees in memory, however many others share it.
        pss: The same, with what is shared divided among those that share it.
        uss: What it alone has, and what would be free without it.
    """

    rss: float
    pss: float
    uss: float


def parsed_stat(text: str) -> Stat:
    """Return what is used of the content of ``/proc/<pid>/stat``."""
    # The name comes second, in brackets, and may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    # Without the first two, as proc(5) counts: 4 ppid, 14 to 17 utime, stime, cutime, cstime.
    return Stat(int(fields[1]), sum(map(int, fields[11:15])))


def parsed_memory(text: str) -> Memory:
    """Return what is used of the content of ``/proc/<pid>/smaps_rollup``."""
    kilobytes = {
        name.rstrip(":"): int(words[0])
        for name, *words in map(str.split, text.splitlines())
        if words[-1] == "kB"
    }

    def megabytes(*names: str) -> float:
        return sum(kilobytes[name] for name in names) * _BYTES_A_KB / _BYTES_A_MB

    return Memory(
        rss=megabytes("Rss"),
        pss=megabytes("Pss"),
        uss=megabytes("Private_Clean", "Private_Dirty"),
    )


def cpu_seconds(root: int) -> float:
    """Return the processor time that a process and all below it have used, the ended included."""
    stats = _stats()
    return sum(stats[pid].ticks for pid in _tree(root, stats)) / _TICKS_A_SECOND


def memory_of_largest_worker(root: int) -> Memory:
    """Return the memory of the largest process that has none below it: a worker.

    Raises:
        OSError: The processes are gone.
    """
    stats = _stats()
    parents = {stat.parent for stat in stats.values()}
    workers = [pid for pid in _tree(root, stats) if pid not in parents]
    memories = [
        parsed_memory((_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii"))
        for pid in workers
    ]
    if not memories:
        raise ProcessLookupError(f"process {root} is gone")
    return max(memories, key=lambda memory: memory.pss)


def number_of_workers(root: int) -> int:
    """Return how many processes do the work: those that have none below them."""
    stats = _stats()
    parents = {stat.parent for stat in stats.values()}
    return sum(pid not in parents for pid in _tree(root, stats))


def _stats() -> dict[int, Stat]:
    found = {}
    for path in _PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # a process may end meanwhile
            found[int(path.parent.name)] = parsed_stat(path.read_text(encoding="utf-8"))
    return found


def _tree(root: int, stats: dict[int, Stat]) -> Iterator[int]:
    if root in stats:
        yield root
    for pid, stat in stats.items():
        if stat.parent == root:
            yield from _tree(pid, stats)
