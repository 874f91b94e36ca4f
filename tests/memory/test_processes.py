"""Processes that are killed while they save, and processes that save for one caller at once.

Numbers 16 and 23 of the list of faults that the endpoint has to withstand.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.memory.stores import SETTINGS
from tests.operation.processes import FULL_LENGTH, ROOT, environment, measured

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS: Final = 500 if FULL_LENGTH else 8
_WRITES: Final = 2400 if FULL_LENGTH else 240


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/checks.db"
    return str(request.getfixturevalue("empty_postgresql").url())


def outcome(url: str, *arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.memory.savers", *arguments],
        cwd=ROOT,
        env=environment(MEMORY_URL=url, **SETTINGS),
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, float] = json.loads(done.stdout)
    measured(url.partition(":")[0], told)
    return told


def test_no_save_that_was_acknowledged_is_lost_or_torn_by_a_kill(url: str, tmp_path: Path) -> None:
    told = outcome(url, "killed", str(_ROUNDS))
    assert (told["lost"], told["ahead"]) == (0, 0)
    assert told["saved"] > told["rounds"]
    if url.startswith("sqlite"):
        connection = sqlite3.connect(tmp_path / "checks.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


def test_of_saves_for_one_caller_at_once_none_is_lost(url: str) -> None:
    told = outcome(url, "racing", str(_WRITES))
    assert told["failed"] == 0
    assert told["steps"] == told["version"] == _WRITES
