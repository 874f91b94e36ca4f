from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.operation.processes import got, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.operation.conftest import NewInstance
    from tests.operation.processes import Instance

_SHARED: Final = Path("/dev/shm")  # noqa: S108  # where the instances make theirs

pytestmark = pytest.mark.skipif(not _SHARED.is_dir(), reason="the folders are elsewhere")


@dataclass(frozen=True)
class Orphaned:
    """What is left of an instance whose master was killed.

    Attributes:
        folder: Where it counted.
        workers: Its workers. They are held, or they would end, now that the master has.
    """

    folder: Path
    workers: Sequence[int]

    def end(self) -> None:
        """Kill the workers, too."""
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not any(map(_runs, self.workers)), "the workers have ended")


@pytest.fixture
def orphaned(new_instance: NewInstance) -> Iterator[Orphaned]:
    """Return what is left of an instance; another process may take it away once it has ended."""
    instance, _, _ = new_instance(subprocess.DEVNULL, {})
    left = Orphaned(_folder_of(instance), instance.workers())
    for worker in left.workers:
        os.kill(worker, signal.SIGSTOP)
    assert instance.process is not None
    instance.process.kill()
    instance.process.wait()
    yield left
    left.end()
    shutil.rmtree(left.folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _folder_of(instance: Instance) -> Path:
    """Return where the workers of an instance count."""
    maps = "".join(Path(f"/proc/{worker}/maps").read_text() for worker in instance.workers())
    (folder,) = {
        Path(line.split()[-1]).parent
        for line in maps.splitlines()
        if line.endswith(".db") and str(_SHARED) in line
    }
    return folder


def test_the_next_start_removes_what_a_kill_of_all_processes_left_behind(
    orphaned: Orphaned, new_instance: NewInstance
) -> None:
    assert orphaned.folder.is_dir()
    orphaned.end()
    new_instance(subprocess.DEVNULL, {})
    assert not orphaned.folder.exists()


def test_a_start_leaves_the_folder_of_an_instance_that_runs(new_instance: NewInstance) -> None:
    first, _, _ = new_instance(subprocess.DEVNULL, {})
    wait_until(lambda: first.answered() == 1, "the request that opened the skill is counted")
    folder = _folder_of(first)
    new_instance(subprocess.DEVNULL, {})
    assert folder.is_dir()
    assert first.answered() == 1


def test_a_start_leaves_the_folder_of_an_instance_whose_workers_still_run(
    orphaned: Orphaned, new_instance: NewInstance
) -> None:
    new_instance(subprocess.DEVNULL, {})
    assert orphaned.folder.is_dir()


def test_a_start_leaves_what_is_another_users(
    orphaned: Orphaned, new_instance: NewInstance
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(orphaned.folder, 12345, 12345)
    orphaned.end()
    new_instance(subprocess.DEVNULL, {})
    assert orphaned.folder.is_dir()


def test_a_start_leaves_what_is_no_folder_of_an_instance(new_instance: NewInstance) -> None:
    theirs = _SHARED / "upper-back-check-notes"
    theirs.mkdir()
    (theirs / "notes").touch()
    try:
        new_instance(subprocess.DEVNULL, {})
        assert (theirs / "notes").exists()
    finally:
        shutil.rmtree(theirs)


def test_a_stop_leaves_nothing(new_instance: NewInstance) -> None:
    instance, _, _ = new_instance(subprocess.DEVNULL, {})
    folder = _folder_of(instance)
    instance.stop()
    assert got(instance.port, "/readyz")[0] == 0
    assert not folder.exists()
