"""Rows in a table of SQLite or PostgreSQL; both take the very same statements."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.exc import DBAPIError

from skill.memory.rows import TOMBSTONE_SECONDS, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from sqlalchemy import Connection, Engine, TextClause

    _Result = TypeVar("_Result")

# It tells by exceptions what matters. What it logs is no line of ours, and may quote a statement.
logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)

TABLE: Final = Table(
    "unfinished_checks",
    MetaData(),
    Column("caller", LargeBinary, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("request", LargeBinary),
    Column("key_id", String),
    Column("document", LargeBinary),
    Column("expires_at", BigInteger, nullable=False),
    Index("unfinished_checks_by_expiry", "expires_at"),
)

# Each is a transaction of its own, so that the check and the change are one step.
_READ: Final = text(
    "SELECT caller, version, request, key_id, document, expires_at"
    " FROM unfinished_checks WHERE caller = :caller"
)
_INSERT: Final = text(
    "INSERT INTO unfinished_checks (caller, version, request, key_id, document, expires_at)"
    " VALUES (:caller, :version, :request, :key_id, :document, :expires_at)"
    " ON CONFLICT (caller) DO NOTHING"
)
_REPLACE: Final = text(
    "UPDATE unfinished_checks SET version = :version, request = :request, key_id = :key_id,"
    " document = :document, expires_at = :expires_at"
    " WHERE caller = :caller AND version = :version - 1"
    " AND (document IS NULL OR expires_at > :now)"
)
# The same where the document there has expired, which counts as a change of its own.
_REPLACE_EXPIRED: Final = text(
    "UPDATE unfinished_checks SET version = :version, request = :request, key_id = :key_id,"
    " document = :document, expires_at = :expires_at"
    " WHERE caller = :caller AND version = :version - 2"
    " AND document IS NOT NULL AND expires_at <= :now"
)
_FORGET: Final = text(
    "INSERT INTO unfinished_checks (caller, version, expires_at) VALUES (:caller, 2, :now)"
    " ON CONFLICT (caller) DO UPDATE SET version = unfinished_checks.version + 2,"
    " request = NULL, key_id = NULL, document = NULL, expires_at = :now"
    " RETURNING version"
)
_SWEEP_DOCUMENTS: Final = text(
    "UPDATE unfinished_checks SET version = version + 1,"
    " request = NULL, key_id = NULL, document = NULL"
    " WHERE document IS NOT NULL AND expires_at <= :until AND caller IN"
    " (SELECT caller FROM unfinished_checks WHERE document IS NOT NULL AND expires_at <= :until"
    " ORDER BY expires_at LIMIT :most)"
)
_SWEEP_TOMBSTONES: Final = text(
    "DELETE FROM unfinished_checks WHERE expires_at <= :until AND caller IN"
    " (SELECT caller FROM unfinished_checks WHERE expires_at <= :until"
    " ORDER BY expires_at LIMIT :most)"
)
# So few that no sweep, after however long a time without one, comes to the limit of a statement
# or lets a caller wait for it.
_SWEPT_AT_ONCE: Final = 1000


class SqlRows:
    """Rows in a SQL database.

    Args:
        engine: The database. Its connections must commit by themselves.

    Attributes:
        has_remains: Whether a document was taken away since this was set to ``False``, so that
            the database may still hold its bytes. At first it may be so of another process, that
            did not live to see to it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_prepared = False
        self.has_remains = True

    def prepare(self) -> None:
        """Make the table, if it is not there."""
        try:
            self._make_table()
        except DBAPIError:  # another instance that starts just now may have made it first
            self._make_table()
        self._is_prepared = True

    def read(self, caller: bytes) -> Row | None:
        """Return the row of a caller's key."""
        found = self._run(lambda at: at.execute(_READ, {"caller": caller}).one_or_none())
        return None if found is None else Row(*found)

    def write(self, row: Row, now: int) -> bool:
        """Write a row if it builds upon the one there."""
        values: dict[str, object] = {
            "caller": row.caller,
            "version": row.version,
            "request": row.request,
            "key_id": row.key_id,
            "document": row.document,
            "expires_at": row.expires_at,
        }
        if row.version == 1:
            return self._changed(_INSERT, values) == 1
        values["now"] = now
        if self._changed(_REPLACE, values) == 1:
            self.has_remains |= row.document is None
            return True
        self.has_remains |= (replaced := self._changed(_REPLACE_EXPIRED, values) == 1)
        return replaced

    def forget(self, caller: bytes, now: int) -> int:
        """Turn a row into a tombstone."""
        values = {"caller": caller, "now": now}
        try:
            return int(self._run(lambda at: at.execute(_FORGET, values).scalar_one()))
        finally:  # also after an error: what it did is not known then
            self.has_remains = True

    def sweep(self, now: int) -> None:
        """Take away what has had its time."""
        self._sweep(_SWEEP_TOMBSTONES, now - TOMBSTONE_SECONDS)
        self._sweep(_SWEEP_DOCUMENTS, now)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _sweep(self, statement: TextClause, until: int) -> None:
        values = {"until": until, "most": _SWEPT_AT_ONCE}
        swept = _SWEPT_AT_ONCE
        while swept == _SWEPT_AT_ONCE:
            swept = self._changed(statement, values)
            self.has_remains |= swept > 0

    def _changed(self, statement: TextClause, values: Mapping[str, object]) -> int:
        """Carry out a statement, and return how many rows it changed."""
        return self._run(lambda at: at.execute(statement, values).rowcount)

    def _run(self, statement: Callable[[Connection], _Result]) -> _Result:
        if not self._is_prepared:  # the database was not there at the start
            self.prepare()
        try:
            with self._engine.connect() as connection:
                return statement(connection)
        except DBAPIError as error:
            # A database that was started anew has closed the connections that were open. Whether
            # the statement was carried out is not known; it does no harm a second time. After a
            # time that ran out there is none left for that.
            if not error.connection_invalidated or isinstance(error.orig, TimeoutError):
                raise
        with self._engine.connect() as connection:
            return statement(connection)

    def _make_table(self) -> None:
        with self._engine.connect() as connection:
            # It looks first: a role that may not create tables can use one.
            TABLE.metadata.create_all(connection)
            # One of another version is there, but has not the same columns.
            connection.execute(_READ, {"caller": b""})
