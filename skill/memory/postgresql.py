"""Rows in a PostgreSQL database, for any number of machines."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from skill.errors import ConfigurationError
from skill.log_lines import write_line
from skill.memory.limits import ENGINE_SECONDS, LOCK_SECONDS, MOST_OPERATIONS
from skill.memory.sql import SqlRows

if TYPE_CHECKING:
    from typing import TypeVar

    from psycopg.abc import PQGen

    _Result = TypeVar("_Result")

_LOGGER: Final = logging.getLogger(__name__)

_WAKING_SECONDS: Final = 0.1
_OPTIONS: Final = {
    "application_name": "upper-back-check",
    "client_encoding": "utf8",
    "connect_timeout": "2",  # libpq takes no less
    # For how long what was sent may stay without an answer of the other machine.
    "tcp_user_timeout": "2000",
    # Health answers go over the network: only to the server that was meant, unless told otherwise.
    "sslmode": "verify-full",
    "options": f"-c statement_timeout={round(ENGINE_SECONDS * 1000)}"
    f" -c lock_timeout={round(LOCK_SECONDS * 1000)}"
    " -c idle_in_transaction_session_timeout=2000"
    # What is acknowledged outlives a loss of power, whatever the server's own setting.
    " -c synchronous_commit=on",
}
# What is in the table goes into a new file, and the old one goes. No vacuum does that for sure: a
# plain one may leave the bytes of a row where they are, and VACUUM FULL takes dead rows along while
# any transaction lasts that might still look at them.
_WRITE_ANEW: Final = """
DO $$ BEGIN
  LOCK TABLE unfinished_checks;
  CREATE TEMPORARY TABLE still_kept ON COMMIT DROP AS SELECT * FROM unfinished_checks;
  TRUNCATE unfinished_checks;
  INSERT INTO unfinished_checks SELECT * FROM still_kept;
END $$
"""
# While that lasts nobody gets at the table, and already while it waits for its turn. An operation
# that comes just then has to get its own within `LOCK_SECONDS`.
_ERASING_LIMITS: Final = "SET lock_timeout = 100; SET statement_timeout = 500"
_MOST_TRIES: Final = 2
# What a server says to a role, a password or a database that is wrong. At a connection that it
# refuses, libpq passes on words alone; others may be of an outage.
_SET_UP_WRONGLY: Final = (
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "no password supplied",
    "permission denied",
    "invalid sslmode",
    "root certificate file",
    "certificate verify failed",
    "does not match host name",
    "SSL was required",
)


class _OverdueError(psycopg.OperationalError, TimeoutError):
    """The server did not answer in time."""


class _PunctualConnection(psycopg.Connection[TupleRow]):
    """A connection that waits for no answer longer than an operation may take.

    `statement_timeout` is the server's, and helps nobody while the server hangs or is cut off.
    """

    def wait(
        self,
        gen: PQGen[_Result],
        interval: float = _WAKING_SECONDS,
        timeout: float | None = ENGINE_SECONDS,
    ) -> _Result:
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError as error:
            if self.closed or error.sqlstate is not None:  # by the server, or it did answer
                raise
            # It would be given out again with an answer under way to a question of before.
            self.close()
            raise _OverdueError("The database did not answer in time.") from error


class PostgresqlRows(SqlRows):
    """Rows in a PostgreSQL database.

    A deletion leaves the bytes of the document in the table's file. So the next sweep has the
    server write the table anew.

    Args:
        url: Its address, with what libpq is to be told in the query.
    """

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url)
            address = make_conninfo(
                url, **{name: value for name, value in _OPTIONS.items() if name not in given}
            )
        except psycopg.ProgrammingError as error:
            # Not what it says: it quotes the address, which may hold a password.
            raise ConfigurationError("MEMORY_URL: it is no address of PostgreSQL.") from error
        self._address = address
        self._tries = 0
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: _PunctualConnection.connect(address),
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,  # in what its errors say
            pool_size=MOST_OPERATIONS + 1,  # and the sweep
            max_overflow=0,
            pool_timeout=ENGINE_SECONDS,
            pool_reset_on_return=None,  # there is no transaction to end
        )
        super().__init__(engine)

    def prepare(self) -> None:
        """Make the table, if it is not there."""
        try:
            super().prepare()
        except DBAPIError as error:
            said = str(error.orig)
            if any(words in said for words in _SET_UP_WRONGLY):
                first, *_ = said.splitlines()
                raise ConfigurationError(f"MEMORY_URL: {first}") from error
            raise

    def sweep(self, now: int) -> None:
        """Take away what has had its time, and what is left in the table of what was deleted."""
        super().sweep(now)
        if not self.has_remains:
            return
        self.has_remains = False
        try:
            self._erase()
        except psycopg.Error as error:
            self.has_remains = True
            self._tries += 1
            # Somebody reads just now: the next sweep does it.
            if self._tries >= _MOST_TRIES:
                write_line(_LOGGER, logging.WARNING, "memory_not_erased", error)
        else:
            self._tries = 0

    def _erase(self) -> None:
        """Write the table anew, without what was taken away."""
        with _PunctualConnection.connect(self._address, autocommit=True) as connection:
            connection.execute(_ERASING_LIMITS)
            connection.execute(_WRITE_ANEW)
