from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from base64 import b64encode
from contextlib import contextmanager
from time import sleep
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from skill.dialogue.keeping import Kept
from skill.errors import ConfigurationError, MemoryUnavailableError
from skill.memory.opening import memory_from
from tests.memory.stores import SETTINGS, SKILL_ID, make_table
from tests.operation.processes import ROOT, environment, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from skill.memory.guarded import GuardedMemory
    from tests.memory.stores import Postgresql

SHORT: Final = b64encode(bytes(31)).decode()


@contextmanager
def opened(url: str, skill_id: str = SKILL_ID) -> Iterator[GuardedMemory]:
    memory = memory_from({"MEMORY_URL": url, **SETTINGS}, skill_id)
    assert memory is not None
    yield memory
    memory.close()


def refused(settings: Mapping[str, str]) -> str:
    with pytest.raises(ConfigurationError) as told:
        memory_from(settings, SKILL_ID)
    message = str(told.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("settings", [{}, {"MEMORY_URL": ""}, SETTINGS], ids=str)
def test_without_an_address_there_is_no_memory(settings: dict[str, str]) -> None:
    assert memory_from(settings, SKILL_ID) is None


def test_with_an_address_there_is_one(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/checks.db"
    with opened(url) as memory:
        assert memory.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first") == 1
    with opened(url) as again:
        assert again.load("caller") == Kept(1, {"a": 1})


@pytest.mark.parametrize(("given", "hours"), [({}, 24), ({"MEMORY_HOURS": "720"}, 720)], ids=str)
def test_it_is_kept_for_as_long_as_was_said(
    given: dict[str, str], hours: int, tmp_path: Path
) -> None:
    url = f"sqlite://{tmp_path}/checks.db"
    memory = memory_from({"MEMORY_URL": url, **SETTINGS, **given}, SKILL_ID)
    assert memory is not None
    assert memory.hours == hours


def test_another_skill_finds_nothing_in_the_same_store(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/checks.db"
    with opened(url) as one, opened(url, "amzn1.ask.skill.other") as other:
        one.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first")
        assert other.load("caller") == Kept()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"MEMORY_SECRET": ""}, "MEMORY_SECRET is not set"),
        ({"MEMORY_SECRET": SHORT}, "MEMORY_SECRET holds 31 bytes"),
        ({"MEMORY_SECRET": "no base64!"}, "MEMORY_SECRET holds 0 bytes"),
        ({"MEMORY_KEYS": " "}, "MEMORY_KEYS is not set"),
        ({"MEMORY_KEYS": SHORT}, "MEMORY_KEYS holds 31 bytes"),
        ({"MEMORY_KEYS": f"{SETTINGS['MEMORY_KEYS']} {SHORT}"}, "MEMORY_KEYS holds 31 bytes"),
        ({"MEMORY_KEYS": SETTINGS["MEMORY_SECRET"]}, "MEMORY_SECRET is one of MEMORY_KEYS"),
        ({"MEMORY_HOURS": "721"}, "MEMORY_HOURS is '721'"),
        ({"MEMORY_HOURS": "0"}, "MEMORY_HOURS is '0'"),
        ({"MEMORY_HOURS": "a day"}, "MEMORY_HOURS is 'a day'"),
        ({"MEMORY_HOURS": "٢٤"}, "MEMORY_HOURS is"),
        ({"MEMORY_URL": "redis://localhost"}, "MEMORY_URL begins with 'redis'"),
        ({"MEMORY_URL": "checks.db"}, "MEMORY_URL begins with ''"),
        ({"MEMORY_URL": "sqlite://checks.db"}, "MEMORY_URL: give the whole path"),
        ({"MEMORY_URL": "sqlite://"}, "MEMORY_URL: give the whole path"),
        ({"MEMORY_URL": "sqlite:///nowhere/at/all/checks.db"}, "cannot be written"),
        ({"MEMORY_URL": "sqlite:///proc/checks.db"}, "cannot be written"),
        ({"MEMORY_URL": "postgresql://u:geheim@h/d?colour=red"}, "no address of PostgreSQL"),
        ({"MEMORY_URL": "postgresql://[::1"}, "MEMORY_URL: it is no address"),
        ({"MEMORY_URL": "dynamodb://"}, "MEMORY_URL: give the name of a table"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_wrong_is_told_in_one_line(
    wrong: dict[str, str], told: str, tmp_path: Path
) -> None:
    settings = {"MEMORY_URL": f"sqlite://{tmp_path}/checks.db", **SETTINGS, **wrong}
    message = refused(settings)
    assert told in message
    assert "geheim" not in message


def test_a_password_is_never_told(postgresql_server: Postgresql) -> None:
    url = postgresql_server.url().replace("checks@", "nobody:geheim@")
    message = refused({"MEMORY_URL": url, **SETTINGS})
    assert 'role "nobody" does not exist' in message
    assert "geheim" not in message


def test_a_database_that_is_not_there_is_told(postgresql_server: Postgresql) -> None:
    url = postgresql_server.url().replace("/postgres", "/elsewhere")
    assert 'database "elsewhere" does not exist' in refused({"MEMORY_URL": url, **SETTINGS})


@pytest.fixture(scope="module")
def odd_tables(dynamodb_server: str) -> str:
    make_table(dynamodb_server, "keeps", forgets=False)
    make_table(dynamodb_server, "keyed", key="other")
    return dynamodb_server


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("dynamodb://nowhere?region=us-east-1&endpoint={}", "not found"),
        ("dynamodb://keeps?region=us-east-1&endpoint={}", "switch on the time to live"),
        ("dynamodb://keyed?region=us-east-1&endpoint={}", "is not 'caller' alone"),
        ("dynamodb://keeps?region=us-east-1&endpoint=somewhere", "Invalid endpoint"),
        ("dynamodb://keeps", "region"),
    ],
)
def test_a_table_that_is_not_as_it_should_be_is_told(
    odd_tables: str, address: str, told: str
) -> None:
    assert told in refused({"MEMORY_URL": address.format(odd_tables), **SETTINGS})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://checks@127.0.0.1:{}/postgres?sslmode=disable",
        "dynamodb://checks?region=us-east-1&endpoint=http://127.0.0.1:{}",
    ],
)
@pytest.mark.usefixtures("dynamodb_server")  # its credentials
def test_a_store_that_is_down_keeps_nobody_from_starting(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    (port,) = free_ports(1)
    with opened(url.format(port)) as memory:
        assert json.loads(caplog.messages[0])["event"] == "memory_unavailable"
        with pytest.raises(MemoryUnavailableError):
            memory.load("caller")


def test_a_store_that_was_down_at_the_start_is_used_once_it_is_there(
    empty_postgresql: Postgresql,
) -> None:
    empty_postgresql.stop()
    with opened(empty_postgresql.url()) as memory:
        empty_postgresql.start()
        assert memory.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first") == 1


def test_to_open_it_starts_no_thread_and_leaves_no_file_open(tmp_path: Path) -> None:
    before = threading.active_count()
    memory_from({"MEMORY_URL": f"sqlite://{tmp_path}/checks.db", **SETTINGS}, SKILL_ID)
    assert threading.active_count() == before
    assert {file.name for file in tmp_path.iterdir()} == {"checks.db", "checks.db-ballast"}


_FORKED: Final = """
import os, sys, threading
from skill.memory.opening import memory_from
from tests.memory.stores import SKILL_ID
memory = memory_from(os.environ, SKILL_ID)
if os.fork() == 0:
    names = {thread.name for thread in threading.enumerate()}
    assert "memory sweeper" in names, names
    assert memory.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first") == 1
    os._exit(0)
assert os.wait()[1] == 0
assert memory.load("caller").document == {"a": 1}
"""


def test_a_worker_that_is_forked_after_the_start_has_it_and_sweeps(tmp_path: Path) -> None:
    settings = {"MEMORY_URL": f"sqlite://{tmp_path}/checks.db", **SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", _FORKED],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("url", "module"),
    [
        ("sqlite:///nowhere/checks.db", "sqlalchemy"),
        ("postgresql://checks@localhost/checks", "psycopg"),
        ("dynamodb://checks?region=us-east-1", "boto3"),
    ],
)
def test_a_library_that_is_not_installed_is_told(
    monkeypatch: pytest.MonkeyPatch, url: str, module: str
) -> None:
    for name in [name for name in sys.modules if name.startswith(("skill.memory.", module))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    assert "install requirements-memory.lock" in refused({"MEMORY_URL": url, **SETTINGS})


def test_without_a_memory_none_of_its_libraries_is_imported() -> None:
    script = (
        "import sys; from skill.memory.opening import memory_from; memory_from({}, 'x');"
        "assert not {'sqlalchemy', 'psycopg', 'boto3', 'cryptography'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_table_of_another_version_is_told(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    table = "CREATE TABLE unfinished_checks (caller BYTEA PRIMARY KEY, other TEXT)"
    if engine == "sqlite":
        url = f"sqlite://{tmp_path}/checks.db"
        file = sqlite3.connect(tmp_path / "checks.db")
        file.execute(table)
        file.close()
    else:
        server: Postgresql = request.getfixturevalue("empty_postgresql")
        url = server.url()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(table)
    assert "version" in refused({"MEMORY_URL": url, **SETTINGS})


_OPENING: Final = """
import os, sys
from skill.memory.opening import memory_from
from tests.memory.stores import SKILL_ID
sys.stdin.readline()
memory_from(os.environ, SKILL_ID)
"""


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_instances_may_start_all_at_once_on_an_empty_store(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite://{tmp_path}/checks.db"
    if engine == "postgresql":
        url = request.getfixturevalue("empty_postgresql").url()
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", _OPENING],
            cwd=ROOT,
            env=environment(MEMORY_URL=url, **SETTINGS),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    sleep(2)  # until all have their libraries
    for one in starting:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    assert [one.communicate()[1] for one in starting] == [""] * 6
    with opened(url) as memory:
        assert memory.save_if_unchanged("caller", {"a": 1}, seen=0, request_id="first") == 1
