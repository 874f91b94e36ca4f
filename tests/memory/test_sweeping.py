from __future__ import annotations

import json
from threading import Event
from typing import TYPE_CHECKING

from skill.memory.sqlite import SqliteRows
from skill.memory.sweeping import PAUSE_SECONDS, Sweeper
from tests.memory.stores import LIFETIME, Clock, memory_over
from tests.operation.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_has_expired_is_gone_within_a_minute() -> None:
    assert PAUSE_SECONDS < 60


def test_it_takes_away_what_has_expired_though_nobody_calls(tmp_path: Path) -> None:
    rows = SqliteRows(tmp_path / "checks.db")
    rows.prepare()
    clock = Clock()
    memory = memory_over(rows, clock)
    memory.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first")
    written = (tmp_path / "checks.db-wal").stat().st_size
    clock.seconds += LIFETIME
    sweeper = Sweeper(memory.sweep, 0.01)
    sweeper.start()
    wait_until(lambda: (tmp_path / "checks.db-wal").stat().st_size == 0, "the log is empty", 10)
    assert written > 0
    sweeper.stop()
    rows.close()


def test_one_that_fails_is_followed_by_the_next(caplog: pytest.LogCaptureFixture) -> None:
    swept = Event()
    failures = iter([OSError("gone"), ValueError("odd")])

    def sweep() -> None:
        error = next(failures, None)
        if error is not None:
            raise error
        swept.set()

    sweeper = Sweeper(sweep, 0.01)
    sweeper.start()
    sweeper.start()  # no second thread
    assert swept.wait(10)
    sweeper.stop()
    assert [json.loads(line) for line in caplog.messages] == [
        {"level": "WARNING", "event": "memory_not_swept", "error": "OSError"},
        {"level": "WARNING", "event": "memory_not_swept", "error": "ValueError"},
    ]
