"""SQLite on disks that fail, are full or are locked: nothing acknowledged is lost, nothing torn.

Numbers 18, 19 and 20 of the list of faults that the endpoint has to withstand.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

import pytest

from skill.dialogue.keeping import Kept
from skill.errors import MemoryUnavailableError
from skill.memory.guarded import GuardedMemory
from skill.memory.sqlite import SqliteRows
from tests.memory.failing_disk import FailingDisk
from tests.memory.stores import Clock, memory_over, mounted_disk
from tests.operation.processes import FULL_LENGTH, measured, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skill.memory.sealed import SealedMemory
    from tests.memory.failing_disk import Failure

CALLER: Final = "amzn1.ask.account.CALLER"
DOCUMENT: Final = {"pending": "fever"}
OTHER: Final = {"pending": "recent_fall"}

_MOST_STEPS: Final = 500
_LOCK_SECONDS: Final = 10.0 if FULL_LENGTH else 3.0


def integrity(path: Path) -> str:
    connection = sqlite3.connect(path)
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return str(verdict)


def loaded(path: Path) -> Kept:
    rows = SqliteRows(path)
    kept = memory_over(rows, Clock()).load(CALLER)
    rows.close()
    return kept


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("failure", ["full", "short write", "write", "sync", "truncate", "read"])
def test_whichever_step_fails_the_state_is_the_one_before_or_after(
    tmp_path: Path, failure: Failure, *, lasts: bool
) -> None:
    rows = SqliteRows(tmp_path / "before.db")
    rows.prepare()
    seen = memory_over(rows, Clock()).save_if_unchanged(
        CALLER, DOCUMENT, seen=0, request_id="first"
    )
    rows.close()
    assert seen is not None
    before = loaded(tmp_path / "before.db")

    failed = 0
    for step in range(1, _MOST_STEPS):
        path = tmp_path / f"{step}.db"
        shutil.copy(tmp_path / "before.db", path)
        disk = FailingDisk(failure, step, lasts)
        with disk.mounted() as connect:
            rows = SqliteRows(path, connect)
            memory = memory_over(rows, Clock())
            saved = deleted = None
            with suppress(Exception):
                saved = memory.save_if_unchanged(CALLER, OTHER, seen=seen, request_id="second")
            with suppress(Exception):
                deleted = memory.forget(CALLER)
            rows.close()
        kept = loaded(path)
        assert integrity(path) == "ok"
        if deleted is not None:
            assert kept == Kept(deleted, None)
        elif saved is not None:
            assert kept.document in (OTHER, None)
        else:
            assert kept == before or kept.document in (OTHER, None)
        if disk.steps < step:  # there is no such step any more
            break
        failed += 1
    assert failed
    measured(f"{failed} steps failed")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Mount a disk of 3 MB."""
    with mounted_disk() as folder:
        if folder is None:
            pytest.skip("no disk can be mounted here")
        yield folder


def fill(memory: SealedMemory) -> dict[str, int]:
    """Save more and more callers until the disk is full; return them and their versions."""
    acknowledged = {}
    for at in range(10_000):
        caller = f"caller {at}"
        try:
            version = memory.save_if_unchanged(caller, DOCUMENT, seen=0, request_id=f"{at}")
        except Exception:  # noqa: BLE001  # whatever the engine says
            break
        assert version is not None
        acknowledged[caller] = version
    return acknowledged


def test_on_a_full_disk_all_is_readable_and_can_be_deleted(small_disk: Path) -> None:
    path = small_disk / "checks.db"
    rows = SqliteRows(path)
    rows.prepare()
    memory = memory_over(rows, Clock())
    acknowledged = fill(memory)
    # Whatever is left over, somebody else writes.
    with (small_disk / "other").open("wb", buffering=0) as other, suppress(OSError):
        while True:
            other.write(bytes(512))
    assert len(acknowledged) > 100
    assert {caller: memory.load(caller) for caller in acknowledged} == {
        caller: Kept(version, DOCUMENT) for caller, version in acknowledged.items()
    }
    with pytest.raises(Exception, match="full"):
        memory.save_if_unchanged("one more", DOCUMENT, seen=0, request_id="one more")

    for caller in acknowledged:
        memory.forget(caller)
        assert memory.load(caller).document is None
    rows.close()
    assert integrity(path) == "ok"
    measured(f"{len(acknowledged)} rows kept and deleted on a disk of 3 MB")


def test_a_store_on_a_full_disk_is_opened(small_disk: Path) -> None:
    rows = SqliteRows(small_disk / "checks.db")
    rows.prepare()
    acknowledged = fill(memory_over(rows, Clock()))
    rows.close()

    again = SqliteRows(small_disk / "checks.db")
    again.prepare()
    caller, version = acknowledged.popitem()
    assert memory_over(again, Clock()).load(caller) == Kept(version, DOCUMENT)
    assert memory_over(again, Clock()).forget(caller) > version
    again.close()


_HOLDER: Final = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


def test_a_lock_that_another_process_holds_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "checks.db"
    rows = SqliteRows(path)
    rows.prepare()
    memory = GuardedMemory(memory_over(rows, Clock()))
    seen = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert seen is not None
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, path, str(_LOCK_SECONDS)], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"

    longest, refused = 0.0, 0
    until = monotonic() + _LOCK_SECONDS - 1
    while monotonic() < until:
        started = monotonic()
        with suppress(MemoryUnavailableError):
            assert memory.load(CALLER) == Kept(seen, DOCUMENT)
        try:
            memory.save_if_unchanged(CALLER, OTHER, seen=seen, request_id="second")
        except MemoryUnavailableError:
            refused += 1
        longest = max(longest, monotonic() - started)
    assert refused
    assert longest < 2

    assert holder.wait() == 0
    holder.stdout.close()

    def is_saved() -> bool:
        try:
            return memory.save_if_unchanged(CALLER, OTHER, seen=seen, request_id="second") == 2
        except MemoryUnavailableError:
            return False

    seconds = wait_until(is_saved, "it is there again", 10)
    measured(f"longest turn {longest:.2f} s, there again {seconds:.1f} s after the lock")
    memory.close()
