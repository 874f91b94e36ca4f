from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Final

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from skill.errors import ConfigurationError
from skill.memory.limits import ENGINE_SECONDS, LOCK_SECONDS
from skill.memory.postgresql import PostgresqlRows
from tests.log_lines import told
from tests.memory.stores import LIFETIME, Clock, memory_over
from tests.operation.processes import FULL_LENGTH, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skill.memory.sealed import SealedMemory
    from tests.memory.stores import Postgresql

_TABLE_ROWS: Final = 20_000 if FULL_LENGTH else 2_000


def test_it_speaks_to_no_server_without_tls_unless_it_is_told_to(
    postgresql_server: Postgresql,
) -> None:
    url, _, _ = postgresql_server.url().partition("?")
    with pytest.raises(ConfigurationError, match="SSL was required"):
        PostgresqlRows(url).prepare()


def test_a_role_that_owns_no_table_uses_one_that_is_there_and_tells_that_remains_stay(
    empty_postgresql: Postgresql, caplog: pytest.LogCaptureFixture
) -> None:
    rows = PostgresqlRows(empty_postgresql.url())
    rows.prepare()
    rows.close()
    with psycopg.connect(empty_postgresql.url(), autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS modest")
        owner.execute("CREATE ROLE modest LOGIN")
        owner.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        owner.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON unfinished_checks TO modest")
    modest = PostgresqlRows(empty_postgresql.url().replace("checks@", "modest@"))
    modest.prepare()
    memory = memory_over(modest, Clock())
    assert memory.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first") == 1
    assert memory.forget("caller") > 1
    memory.sweep()
    assert told(caplog) == []
    memory.sweep()
    assert told(caplog) == [
        {"level": "WARNING", "event": "memory_not_erased", "error": "InsufficientPrivilege"}
    ]
    memory.close()
    with psycopg.connect(empty_postgresql.url(), autocommit=True) as owner:
        owner.execute("DROP TABLE unfinished_checks")
        owner.execute("DROP ROLE modest")


def test_it_asks_the_server_to_keep_what_it_acknowledges_and_to_give_up_in_time(
    empty_postgresql: Postgresql,
) -> None:
    rows = PostgresqlRows(empty_postgresql.url())
    with rows._engine.connect() as connection:  # noqa: SLF001  # what it gives out
        told = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("synchronous_commit", "statement_timeout", "lock_timeout")
        }
    rows.close()
    assert told == {
        "synchronous_commit": "on",
        "statement_timeout": "800ms",
        "lock_timeout": "600ms",
    }


# --- what is left of what was deleted -------------------------------------------------------


@pytest.fixture
def rows(empty_postgresql: Postgresql) -> Iterator[PostgresqlRows]:
    """Give an empty store, in which nothing is left of any."""
    store = PostgresqlRows(empty_postgresql.url())
    store.prepare()
    store.sweep(0)
    assert not store.has_remains
    yield store
    store.close()


def sealed_documents(server: Postgresql) -> list[bytes]:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        found = connection.execute("SELECT document FROM unfinished_checks").fetchall()
    return [bytes(document) for (document,) in found if document]


def files_with(documents: list[bytes], server: Postgresql) -> list[str]:
    """Return the server's files that hold a part of a document, but its write-ahead log."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    # A document that is long lies in pieces.
    pieces = [part for one in documents for part in (one[12:76], one[-64:])]
    # What was not written since the server started holds nothing of what it was told.
    (started,) = (path.stat().st_mtime for path in server.folder.rglob("postmaster.pid"))
    return [
        path.name
        for path in server.folder.rglob("*")
        if path.is_file() and "pg_wal" not in path.parts and path.stat().st_mtime >= started
        for content in [path.read_bytes()]
        if any(piece in content for piece in pieces)
    ]


def forgets(memory: SealedMemory, clock: Clock) -> None:  # noqa: ARG001  # as the others have it
    memory.forget("caller 1")


def is_forgotten_later(memory: SealedMemory, clock: Clock) -> None:
    memory.forget_saved_by("caller 1", clock.seconds - 1)


def expires(memory: SealedMemory, clock: Clock) -> None:  # noqa: ARG001
    clock.seconds += LIFETIME


def is_replaced_once_it_has_expired(memory: SealedMemory, clock: Clock) -> None:
    clock.seconds += LIFETIME
    seen = memory.load("caller 1").version
    assert memory.save_if_unchanged("caller 1", {"a": 1}, seen=seen, request_id="later")


@pytest.mark.parametrize(
    "goes", [forgets, is_forgotten_later, expires, is_replaced_once_it_has_expired]
)
@pytest.mark.parametrize("characters", [300, 20_000])
@pytest.mark.parametrize("others", [0, 40])
def test_the_next_sweep_leaves_no_byte_of_a_document_that_went_in_any_file_but_the_log(
    goes: Callable[[SealedMemory, Clock], None],
    characters: int,
    others: int,
    rows: PostgresqlRows,
    postgresql_server: Postgresql,
) -> None:
    clock = Clock()
    memory = memory_over(rows, clock)
    gone = []
    for version in range(3):  # all that was replaced goes too
        document = {"answers": "x" * characters, "at": version}
        memory.save_if_unchanged("caller 1", document, seen=version, request_id=f"{version}")
        gone += sealed_documents(postgresql_server)
    assert len(gone) == 3
    clock.seconds += 1
    for number in range(others):
        memory.save_if_unchanged(f"other {number}", document, seen=0, request_id="first")
    assert files_with(gone, postgresql_server)
    goes(memory, clock)
    memory.sweep()
    assert files_with(gone, postgresql_server) == []
    # The others', which were not to go yet, are found.
    left = sealed_documents(postgresql_server)
    assert bool(files_with(left, postgresql_server)) is bool(left)


def test_a_sweep_after_which_nothing_was_deleted_writes_nothing_anew(
    rows: PostgresqlRows, postgresql_server: Postgresql
) -> None:
    memory = memory_over(rows, Clock())

    def file() -> object:
        with psycopg.connect(postgresql_server.url(), autocommit=True) as server:
            return server.execute("SELECT pg_relation_filenode('unfinished_checks')").fetchone()

    before = file()
    memory.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first")
    memory.save_if_unchanged("caller", {"a": 2}, seen=1, request_id="second")
    memory.sweep()
    assert file() == before
    memory.forget("caller")
    memory.sweep()
    assert file() != before


def test_what_is_left_while_somebody_reads_goes_with_the_sweep_after_they_have(
    rows: PostgresqlRows, postgresql_server: Postgresql, caplog: pytest.LogCaptureFixture
) -> None:
    memory = memory_over(rows, Clock())
    memory.save_if_unchanged("caller", {"a": "x" * 200}, seen=0, request_id="first")
    gone = sealed_documents(postgresql_server)
    with psycopg.connect(postgresql_server.url()) as backup:
        backup.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        memory.forget("caller")
        backup.execute("SELECT count(*) FROM unfinished_checks")
        started = monotonic()
        memory.sweep()
        assert monotonic() - started < ENGINE_SECONDS
        assert files_with(gone, postgresql_server)
        assert told(caplog) == []
        memory.sweep()
        assert memory.save_if_unchanged("other", {"a": 1}, seen=0, request_id="first") == 1
    assert told(caplog) == [
        {"level": "WARNING", "event": "memory_not_erased", "error": "LockNotAvailable"}
    ]
    memory.sweep()
    assert files_with(gone, postgresql_server) == []


def test_a_transaction_that_might_still_look_at_it_keeps_nothing_of_what_was_deleted(
    rows: PostgresqlRows, postgresql_server: Postgresql
) -> None:
    memory = memory_over(rows, Clock())
    memory.save_if_unchanged("caller", {"a": "x" * 200}, seen=0, request_id="first")
    gone = sealed_documents(postgresql_server)
    with psycopg.connect(postgresql_server.url()) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT count(*) FROM pg_class")
        memory.forget("caller")
        memory.sweep()
        assert files_with(gone, postgresql_server) == []


def test_nothing_that_is_saved_while_the_table_is_written_anew_is_lost(
    rows: PostgresqlRows, postgresql_server: Postgresql
) -> None:
    with psycopg.connect(postgresql_server.url(), autocommit=True) as server:
        server.execute(
            "INSERT INTO unfinished_checks (caller, version, document, expires_at)"
            " SELECT sha256(at::text::bytea), 1, repeat('x', 600)::bytea, 4000000000"
            " FROM generate_series(1, %s::integer) AS at",
            [_TABLE_ROWS],
        )
    memory = memory_over(rows, Clock())
    ended = False
    seconds: list[float] = []

    late = 0

    def calls(number: int) -> None:
        nonlocal late
        version = 0
        while not ended:
            started = monotonic()
            try:
                saved = memory.save_if_unchanged(
                    f"{number}", {"a": version}, seen=version, request_id=f"{version}"
                )
            except DBAPIError:  # a disk that others keep busy takes longer than a caller may wait
                late += 1
                continue
            seconds.append(monotonic() - started)
            assert saved == version + 1
            version = saved
        assert memory.load(f"{number}").document == {"a": version - 1}

    anew = []
    with ThreadPoolExecutor(4) as callers:
        calling = [callers.submit(calls, number) for number in range(4)]
        try:
            for number in range(10):
                memory.forget(f"nobody {number}")
                started = monotonic()
                memory.sweep()
                anew.append(monotonic() - started)
        finally:
            ended = True
        for one in calling:
            one.result()
    measured(
        f"{_TABLE_ROWS} rows written anew {len(anew)} times, longest {max(anew):.2f} s;"
        f" beside it {len(seconds)} saves, longest {max(seconds):.2f} s, and {late} too late"
    )
    assert len(seconds) > late
    assert median(seconds) < LOCK_SECONDS
    with psycopg.connect(postgresql_server.url(), autocommit=True) as server:
        (count,) = server.execute("SELECT count(*) FROM unfinished_checks").fetchone() or (0,)
    assert count == _TABLE_ROWS + 4 + 10
