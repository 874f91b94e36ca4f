"""SQLite on a disk whose every step can be made to fail, by a VFS of our own.

The VFS is apsw's, which has an SQLite of its own; here it speaks DB-API as far as SQLAlchemy
asks it to.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import apsw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.engine.interfaces import DBAPIConnection

_Name: TypeAlias = "str | apsw.URIFilename | None"
Failure: TypeAlias = Literal["full", "short write", "write", "sync", "truncate", "read"]

_NAME: Final = "failing disk"
_CODES: Final[dict[Failure, int]] = {
    "full": apsw.SQLITE_FULL,
    "short write": apsw.SQLITE_FULL,
    "write": apsw.SQLITE_IOERR_WRITE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
    "read": apsw.SQLITE_IOERR_READ,
}


@dataclass
class FailingDisk:
    """Counts the steps of one kind, and fails one of them, or that one and all after it.

    Attributes:
        failure: What fails.
        fails_at: Which step of its kind, from 1; 0 for none.
        lasts: Whether all after it fail too.
        steps: How many there were.
    """

    failure: Failure = "full"
    fails_at: int = 0
    lasts: bool = False
    steps: int = 0

    def fail(self, kind: Sequence[Failure]) -> bool:
        """Take a step, and return whether it fails."""
        if self.failure not in kind or not self.fails_at:
            return False
        self.steps += 1
        return self.steps == self.fails_at or (self.lasts and self.steps > self.fails_at)

    def error(self) -> Exception:
        """Return what the failing step raises."""
        return apsw.exception_for(_CODES[self.failure])

    @contextmanager
    def mounted(self) -> Iterator[Callable[[Path], DBAPIConnection]]:
        """Give what connects to a file on this disk, while the block runs."""
        vfs = _Vfs(self)
        yield lambda path: cast("DBAPIConnection", _Connection(str(path)))  # as far as it goes
        vfs.unregister()


class _File(apsw.VFSFile):
    def __init__(self, name: _Name, flags: list[int], disk: FailingDisk) -> None:
        super().__init__("", name, flags)
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        if self._disk.fail(("full", "short write", "write")):
            if self._disk.failure == "short write":
                super().xWrite(bytes(data)[: len(data) // 2], offset)
            raise self._disk.error()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._disk.fail(("sync",)):
            raise self._disk.error()
        super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        if self._disk.fail(("truncate",)):
            raise self._disk.error()
        super().xTruncate(newsize)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self._disk.fail(("read",)):
            raise self._disk.error()
        return super().xRead(amount, offset)


class _Vfs(apsw.VFS):
    def __init__(self, disk: FailingDisk) -> None:
        super().__init__(_NAME, "")
        self._disk = disk

    def xOpen(self, name: _Name, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(name, flags, self._disk)


class _Cursor:
    """As much of DB-API's cursor as SQLAlchemy uses."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        # Asked before the first row: afterwards apsw no longer tells, if there is none.
        self._cursor.exec_trace = self._describe
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid = None
        self.arraysize = 1

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        self.description = None
        before = self._connection.total_changes()
        with _translated():
            self._cursor.execute(statement, tuple(parameters))
        self.rowcount = self._connection.total_changes() - before

    def fetchone(self) -> tuple[Any, ...] | None:
        with _translated():
            return self._cursor.fetchone()

    def fetchall(self) -> list[tuple[Any, ...]]:
        with _translated():
            return self._cursor.fetchall()

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows = [self.fetchone() for _ in range(size)]
        return [row for row in rows if row is not None]

    def close(self) -> None:
        self._cursor.close(True)  # noqa: FBT003  # positional only

    def _describe(self, cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        columns = cursor.get_description()
        self.description = [(name, *(None,) * 6) for name, _ in columns] or None
        return True


class _Connection:
    """As much of DB-API's connection as SQLAlchemy uses."""

    isolation_level: str | None = None

    def __init__(self, path: str) -> None:
        with _translated():
            self._connection = apsw.Connection(path, vfs=_NAME)

    def cursor(self) -> _Cursor:
        return _Cursor(self._connection)

    def create_function(self, *_: object, **__: object) -> None:
        """Take SQLAlchemy's functions for regular expressions, which nothing here calls."""

    def commit(self) -> None:
        """Do nothing: every statement commits itself."""

    def rollback(self) -> None:
        """Do nothing, as above."""

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        translated = sqlite3.OperationalError(str(error))
        translated.sqlite_errorcode = getattr(error, "extendedresult", 0)
        raise translated from error
