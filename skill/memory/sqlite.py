"""Rows in an SQLite file, from which a deletion leaves nothing, and works on a full disk."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import DBAPIError

from skill.errors import ConfigurationError
from skill.memory.limits import ENGINE_SECONDS, LOCK_SECONDS, MOST_OPERATIONS
from skill.memory.sql import SqlRows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from skill.memory.rows import Row

_FILE_MODE: Final = 0o600
_PRAGMAS: Final = (
    f"busy_timeout={round(LOCK_SECONDS * 1000)}",
    "journal_mode=WAL",
    "synchronous=FULL",  # what is acknowledged outlives a loss of power
    "secure_delete=ON",  # what is deleted is overwritten
    "trusted_schema=OFF",
)
# A deletion writes some pages of 4 KiB to the log before it can take any away.
_BALLAST_BYTES: Final = 256 * 1024
# The disk is full, or an error of it, or a file beside the database cannot be made.
_DISK_FAILURES: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)
# No time mends these; of a lock, a full disk or an error in reading it, it may.
_SET_UP_WRONGLY: Final = frozenset(
    {
        sqlite3.SQLITE_ERROR,  # a table of another version
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CORRUPT,
    }
)


class SqliteRows:
    """Rows in an SQLite file on a local disk, for the processes of one machine.

    Args:
        path: The file; it is made if its folder is there.
        connect: How to connect to a file, if not by the standard library.
    """

    def __init__(
        self, path: Path, connect: Callable[[Path], DBAPIConnection] | None = None
    ) -> None:
        self._path = path
        self._ballast = path.with_name(f"{path.name}-ballast")
        self._engine = _engine(path, connect)
        self._rows = SqlRows(self._engine)

    def prepare(self) -> None:
        """Make the file, or see whether the one there is whole."""
        try:
            # Before SQLite does, whose files anybody may read; those beside it follow its mode.
            # Only a new one: to close a file takes from this process all locks that it has on it.
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _FILE_MODE))
            self._path.chmod(_FILE_MODE)
        except OSError as error:
            raise ConfigurationError(
                f"MEMORY_URL: {self._path} cannot be written ({error.strerror})."
            ) from error
        try:
            self._rows.prepare()
            self._check()
        except DBAPIError as error:
            if _code(error) not in _SET_UP_WRONGLY:
                raise
            raise ConfigurationError(
                f"MEMORY_URL: {self._path} cannot be used ({error.orig})."
            ) from error
        self._take_ballast()

    def read(self, caller: bytes) -> Row | None:
        """Return the row of a caller's key."""
        return self._rows.read(caller)

    def write(self, row: Row, now: int) -> bool:
        """Write a row if it builds upon the one there."""
        return self._rows.write(row, now)

    def forget(self, caller: bytes, now: int) -> int:
        """Turn a row into a tombstone, and leave nothing of the document in any file."""
        try:
            version = self._rows.forget(caller, now)
        except DBAPIError as error:
            if _code(error) not in _DISK_FAILURES:
                raise
            self._ballast.unlink(missing_ok=True)
            version = self._rows.forget(caller, now)
        with suppress(DBAPIError):  # somebody reads just now: the next sweep does it
            self._empty_log()
        self._take_ballast()
        return version

    def sweep(self, now: int) -> None:
        """Take away what has had its time, from the file and from the log beside it."""
        self._rows.sweep(now)
        self._empty_log()
        self._take_ballast()

    def close(self) -> None:
        """Let go of every connection."""
        self._rows.close()

    def _check(self) -> None:
        with self._engine.connect() as connection:
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            verdict = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if mode != "wal":
            raise ConfigurationError(
                f"MEMORY_URL: {self._path} lies where SQLite can keep no write-ahead log;"
                " give a file on a local disk."
            )
        if verdict != "ok":
            raise ConfigurationError(
                f"MEMORY_URL: {self._path} is damaged; move it away, and a new one is made."
            )

    def _empty_log(self) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _take_ballast(self) -> None:
        """Take up some room on the disk, to be given back when a deletion has none."""
        if self._ballast.exists():
            return
        try:
            self._ballast.touch(_FILE_MODE, exist_ok=False)
            self._ballast.write_bytes(bytes(_BALLAST_BYTES))
        except FileExistsError:  # another process was quicker
            return
        except OSError:  # the disk is full: the next sweep tries again
            self._ballast.unlink(missing_ok=True)


def _engine(path: Path, connect: Callable[[Path], DBAPIConnection] | None) -> Engine:
    arguments = {} if connect is None else {"creator": lambda: connect(path)}
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # in what its errors say
        pool_size=MOST_OPERATIONS + 1,  # and the sweep
        max_overflow=0,
        pool_timeout=ENGINE_SECONDS,
        pool_reset_on_return=None,  # there is no transaction to end
        **arguments,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _code(error: DBAPIError) -> int:
    """Return SQLite's primary code, without what kind of it."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
