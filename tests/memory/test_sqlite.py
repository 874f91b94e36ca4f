from __future__ import annotations

import shutil
import sqlite3
import stat
from typing import TYPE_CHECKING, Final

import pytest

from skill.errors import ConfigurationError
from skill.memory.rows import TOMBSTONE_SECONDS, Row
from skill.memory.sqlite import SqliteRows
from tests.memory.stores import LIFETIME, Clock, memory_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLER: Final = bytes(range(32))
DOCUMENT: Final = b"what nobody may find any more" * 200
NOW: Final = 1_800_000_000


def row(version: int, document: bytes = DOCUMENT, expires_at: int = NOW + LIFETIME) -> Row:
    return Row(CALLER, version, b"request", "key", document, expires_at)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checks.db"


@pytest.fixture
def rows(path: Path) -> Iterator[SqliteRows]:
    store = SqliteRows(path)
    store.prepare()
    yield store
    store.close()


def found(path: Path, words: bytes) -> list[str]:
    return [file.name for file in path.parent.iterdir() if words in file.read_bytes()]


def test_nobody_else_can_read_any_of_its_files(rows: SqliteRows, path: Path) -> None:
    rows.write(row(1), NOW)
    names = {file.name for file in path.parent.iterdir()}
    assert {"checks.db", "checks.db-wal", "checks.db-shm"} <= names
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {mode & 0o077 for mode in modes.values()} == {0}


def test_a_file_that_others_could_read_they_no_longer_can(path: Path) -> None:
    path.touch(0o644)
    rows = SqliteRows(path)
    rows.prepare()
    rows.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_connection_is_set_up_to_keep_and_to_forget(rows: SqliteRows) -> None:
    with rows._engine.connect() as connection:  # noqa: SLF001  # what it gives out
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete", "trusted_schema")
        }
        busy = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert told == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "trusted_schema": 0,
    }
    assert 0 < busy < 1000


def test_a_deletion_leaves_nothing_in_any_file(rows: SqliteRows, path: Path) -> None:
    rows.write(row(1), NOW)
    assert found(path, DOCUMENT[:100])
    rows.forget(CALLER, NOW)
    assert not found(path, DOCUMENT[:100])


def test_a_deletion_beside_a_reader_leaves_nothing_after_the_next_sweep(
    rows: SqliteRows, path: Path
) -> None:
    rows.write(row(1), NOW)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM unfinished_checks").fetchone() == (1,)
    rows.forget(CALLER, NOW)
    reader.close()
    rows.sweep(NOW)
    assert not found(path, DOCUMENT[:100])


def test_what_has_expired_leaves_nothing_after_the_next_sweep(rows: SqliteRows, path: Path) -> None:
    rows.write(row(1), NOW)
    rows.sweep(NOW + LIFETIME)
    assert not found(path, DOCUMENT[:100])
    assert rows.read(CALLER) == Row(CALLER, 2, None, None, None, NOW + LIFETIME)


def test_a_document_that_was_replaced_leaves_nothing_after_the_next_sweep(
    rows: SqliteRows, path: Path
) -> None:
    rows.write(row(1), NOW)
    rows.write(row(2, b"another"), NOW)
    rows.sweep(NOW)
    assert not found(path, DOCUMENT[:100])


def test_a_tombstone_that_has_had_its_time_is_swept_away(rows: SqliteRows) -> None:
    rows.forget(CALLER, NOW)
    rows.sweep(NOW + TOMBSTONE_SECONDS)
    assert rows.read(CALLER) is None


def test_it_takes_up_some_room_for_a_deletion_on_a_full_disk(rows: SqliteRows, path: Path) -> None:
    ballast = path.with_name("checks.db-ballast")
    assert ballast.stat().st_blocks * 512 >= 256 * 1024
    ballast.unlink()
    rows.sweep(NOW)
    assert ballast.exists()


def test_a_backup_by_copying_into_a_new_file_can_be_used(path: Path, tmp_path: Path) -> None:
    rows = SqliteRows(path)
    rows.prepare()
    memory_over(rows, Clock()).save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first")
    connection = sqlite3.connect(path)
    connection.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    connection.close()
    rows.close()
    again = SqliteRows(tmp_path / "backup.db")
    again.prepare()
    assert memory_over(again, Clock()).load("caller").document == {"a": 1}
    again.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written") as told:
        SqliteRows(tmp_path / "nowhere" / "checks.db").prepare()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" * 300])
def test_a_file_that_is_no_database_is_told(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    rows = SqliteRows(path)
    with pytest.raises(ConfigurationError, match="cannot be used") as told:
        rows.prepare()
    assert "\n" not in str(told.value)
    rows.close()


def test_a_damaged_database_is_told(path: Path, tmp_path: Path) -> None:
    rows = SqliteRows(path)
    rows.prepare()
    for at in range(50):
        rows.write(Row(bytes([at]) * 32, 1, b"request", "key", DOCUMENT, NOW), 0)
    rows.sweep(0)
    rows.close()
    damaged = tmp_path / "damaged.db"
    shutil.copy(path, damaged)
    with damaged.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 8 * 4096)
    rows = SqliteRows(damaged)
    with pytest.raises(ConfigurationError, match=r"damaged|cannot be used") as told:
        rows.prepare()
    assert "\n" not in str(told.value)
    rows.close()
