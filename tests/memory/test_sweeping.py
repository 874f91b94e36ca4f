from __future__ import annotations

from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

import psycopg

from skill.memory.postgresql import PostgresqlRows
from skill.memory.rows import TOMBSTONE_SECONDS
from skill.memory.sqlite import SqliteRows
from skill.memory.sweeping import PAUSE_SECONDS, Sweeper
from tests.log_lines import told
from tests.memory.stores import LIFETIME, Clock, memory_over
from tests.operation.processes import FULL_LENGTH, measured, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.memory.stores import Postgresql

_PILE: Final = 1_000_000 if FULL_LENGTH else 150_000


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
    assert told(caplog) == [
        {"level": "WARNING", "event": "memory_not_swept", "error": "OSError"},
        {"level": "WARNING", "event": "memory_not_swept", "error": "ValueError"},
    ]


def test_where_no_thread_can_be_started_the_next_call_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    swept = Event()
    sweeper = Sweeper(swept.set, 0.01)

    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", refuse)
        sweeper.start()
    sweeper.start()
    assert swept.wait(10)
    sweeper.stop()


def test_it_gets_through_whatever_has_piled_up(empty_postgresql: Postgresql) -> None:
    rows = PostgresqlRows(empty_postgresql.url())
    rows.prepare()
    with psycopg.connect(empty_postgresql.url(), autocommit=True) as server:
        server.execute(
            "INSERT INTO unfinished_checks (caller, version, key_id, document, expires_at)"
            " SELECT sha256(at::text::bytea), 1, 'key', repeat('x', 300)::bytea, at %% 20000"
            " FROM generate_series(1, %s::integer) AS at",
            [_PILE],
        )
        started = monotonic()
        rows.sweep(20_000)  # what expired hours ago, and what a moment ago
        measured(f"{_PILE} rows swept in {monotonic() - started:.1f} s")
        left = server.execute(
            "SELECT count(*) FILTER (WHERE document IS NOT NULL), min(expires_at)"
            " FROM unfinished_checks"
        ).fetchone()
        assert left == (0, 20_000 - TOMBSTONE_SECONDS + 1)
        server.execute("TRUNCATE unfinished_checks")
    rows.close()
