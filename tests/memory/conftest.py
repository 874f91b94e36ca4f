"""The three engines, started once for all tests of the memory."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import psycopg
import pytest

from skill.memory.dynamodb import DynamodbRows
from skill.memory.postgresql import PostgresqlRows
from skill.memory.sqlite import SqliteRows
from tests.memory.stores import (
    Clock,
    dynamodb,
    make_table,
    memory_over,
    postgresql,
    why_no_postgresql,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skill.memory.rows import Rows
    from skill.memory.sealed import SealedMemory
    from tests.memory.stores import Postgresql

_tables = count()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    """Run PostgreSQL."""
    reason = why_no_postgresql()
    if reason is not None:
        pytest.skip(reason)
    with postgresql() as running:
        yield running


@pytest.fixture
def empty_postgresql(postgresql_server: Postgresql) -> Postgresql:
    """Give the server without any table."""
    with psycopg.connect(postgresql_server.url(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS unfinished_checks")
    return postgresql_server


@pytest.fixture(scope="session")
def dynamodb_server() -> Iterator[str]:
    """Run moto's DynamoDB and give its address."""
    with pytest.MonkeyPatch.context() as patch, dynamodb() as endpoint:
        patch.setenv("AWS_ACCESS_KEY_ID", "none")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield endpoint


@pytest.fixture(params=["sqlite", "postgresql", "dynamodb"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rows]:
    """Give an empty store of each engine."""
    store: Rows
    match request.param:
        case "sqlite":
            store = SqliteRows(tmp_path / "checks.db")
        case "postgresql":
            store = PostgresqlRows(request.getfixturevalue("empty_postgresql").url())
        case _:
            endpoint = request.getfixturevalue("dynamodb_server")
            table = f"checks-{next(_tables)}"
            make_table(endpoint, table)
            store = DynamodbRows(table, "us-east-1", endpoint)
    store.prepare()
    yield store
    store.close()


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def memory(rows: Rows, clock: Clock) -> SealedMemory:
    """Give a memory over each engine."""
    return memory_over(rows, clock)
