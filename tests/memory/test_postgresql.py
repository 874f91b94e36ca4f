from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from skill.errors import ConfigurationError
from skill.memory.postgresql import PostgresqlRows
from tests.memory.stores import Clock, memory_over

if TYPE_CHECKING:
    from tests.memory.stores import Postgresql


def test_it_speaks_to_no_server_without_tls_unless_it_is_told_to(
    postgresql_server: Postgresql,
) -> None:
    url, _, _ = postgresql_server.url().partition("?")
    with pytest.raises(ConfigurationError, match="SSL was required"):
        PostgresqlRows(url).prepare()


def test_a_role_that_may_make_no_table_uses_one_that_is_there(
    empty_postgresql: Postgresql,
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
