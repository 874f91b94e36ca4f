"""How gunicorn serves `app.py`: run `gunicorn` in this folder and it finds this file by its name.

``docs/operating.md`` says what can be set and how to run it. Every time limit below has to leave
room within the 8 s that Alexa waits for an answer.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from errno import EADDRINUSE
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import partial
from pathlib import Path
from socket import (
    AF_INET,
    AF_INET6,
    SO_REUSEADDR,
    SOCK_STREAM,
    SOL_SOCKET,
    getaddrinfo,
    socket,
)
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from gunicorn.config import Config  # type: ignore[import-untyped]
    from gunicorn.http.message import Request  # type: ignore[import-untyped]
    from gunicorn.workers.gthread import TConn

_PORTS: Final = range(1, 65536)


class _Worker(Protocol):
    seat: int


class _Server(Protocol):
    WORKERS: dict[int, _Worker]


class _Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _number(name: str, otherwise: str, allowed: range) -> int:
    """Return what a setting holds, or end with one line that says what it should."""
    text = os.environ.get(name, otherwise)
    if not (text.isascii() and text.isdigit() and int(text) in allowed):
        sys.exit(f"{name} is {text!r}: give a whole number from {allowed[0]} to {allowed[-1]}.")
    return int(text)


def _address(setting: str, host: str, port: int) -> _Address:
    """Return where to listen, or end with one line if that is not on this machine.

    Through no UNIX socket: there gunicorn takes the caller's word for which port was called, and
    the port is what keeps the metrics inside. Nor through an empty name, which would be all.
    """
    if not host:
        sys.exit(f"{setting} is empty: give an address of this machine, such as 127.0.0.1.")
    host = host.removeprefix("[").removesuffix("]")
    family = AF_INET6 if ":" in host else AF_INET
    try:
        (*_, place), *_ = getaddrinfo(host, port, family, SOCK_STREAM)
        with socket(family, SOCK_STREAM) as trial:
            trial.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            trial.bind(place)
    except (OSError, UnicodeError) as error:
        # Whoever had the port may be about to end, so gunicorn tries for some seconds.
        if not (isinstance(error, OSError) and error.errno == EADDRINUSE):
            sys.exit(f"{setting}: port {port} of {host!r} cannot be listened at: {error}.")
    return _Address(host, port)


def _served_at() -> _Address:
    text = os.environ.get("BIND", "127.0.0.1:8080")
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) in _PORTS):
        sys.exit(f"BIND is {text!r}: give an address and a port, such as 127.0.0.1:8080.")
    return _address("BIND", host, int(port))


def _metrics_at(served_at: _Address) -> _Address:
    # The application reads it too, to tell a request for the metrics by its port.
    os.environ.setdefault("METRICS_PORT", "9464")
    port = _number("METRICS_PORT", "9464", _PORTS)
    if port == served_at.port:
        sys.exit(f"METRICS_PORT is {port}, as in BIND: give the metrics a port of their own.")
    return _address("METRICS_HOST", os.environ.get("METRICS_HOST", "127.0.0.1"), port)


# A folder whose instance has ended can be told by the lock on this file, which the system opens
# with the instance's last process, even after `kill -9`, and whatever container it was in.
_LOCK: Final = "instance.lock"
_PREFIX: Final = "upper-back-check-"
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # names are made there


def _new_folder() -> Path:
    """Return a folder of this instance alone."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY))
    # Locked before it has its name, so that no other instance takes the folder for left behind.
    nameless = folder / f"{_LOCK}.new"
    flock(os.open(nameless, os.O_CREAT | os.O_RDWR, 0o600), LOCK_EX)  # never closed
    nameless.rename(folder / _LOCK)
    return folder


def _remove_what_was_left_behind(beside: Path) -> None:
    """Remove the folders of instances of this user that were killed before they could."""
    for lock in beside.parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # it is somebody else's, or another instance is removing it
            descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
            try:
                flock(descriptor, LOCK_EX | LOCK_NB)
                if lock.parent.lstat().st_uid == os.geteuid():
                    shutil.rmtree(lock.parent)
            finally:
                os.close(descriptor)


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a worker that ends must leave it to the others
        shutil.rmtree(folder, ignore_errors=True)


# The processes add up their counts in files, which prometheus_client wants to know of before it is
# imported. If it is imported already, this is a reload, and the folder is in use.
if "prometheus_client" not in sys.modules:
    try:
        _folder = _new_folder()
        (_folder / "chains").mkdir()
    except OSError as error:
        sys.exit(f"No folder for the metrics can be made: {error}. Make /dev/shm writable.")
    atexit.register(partial(_remove, _folder, os.getpid()))
    _remove_what_was_left_behind(_folder)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_folder)
    # At least for as long as it runs, workers share the last good chains. So one that begins
    # while strangers use up the fetches has the chain that the others have.
    os.environ["CHAIN_FOLDER"] = os.environ.get("CHAIN_FOLDER") or str(_folder / "chains")

_at = _served_at()

wsgi_app = "app:app"
bind = [str(_at), str(_metrics_at(_at))]

# Not WEB_CONCURRENCY: gunicorn reads that itself, before this file, and has a traceback for a word.
workers = _number("WORKERS", "2", range(1, 65))
threads = 8
preload_app = True  # what is wrong with the configuration is said once, and ends it
worker_tmp_dir = _MEMORY  # a heartbeat must not wait for a disk
max_requests = 20_000
max_requests_jitter = 2_000  # so that the workers are not renewed all at once

timeout = 10
graceful_timeout = 6  # the longest turn takes 4 s, and a stop may take 8 s
keepalive = 5  # longer than the proxy keeps a connection, so that it is the proxy that closes

limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 8190

# Nobody's word is taken for where a request came from or how.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# The application logs each request, from an allow-list. What gunicorn tells below an error quotes
# the caller.
accesslog = None
loglevel = "error"


class _Line(logging.Formatter):
    """One line of JSON for each record, like the application's own."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[0] if record.exc_info else None
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": "server",
            # Beside an error gunicorn quotes the request, so only what the sentence is then.
            "message": record.getMessage() if error is None else record.msg,
            "error": error and error.__name__,
        }
        return json.dumps(line)


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801  # it has no types; gunicorn's name
    """Gunicorn's own log, which must not make a process wait for whoever reads it either."""

    def setup(self, cfg: Config) -> None:
        """Write to a log writer of ours in place of gunicorn's handler."""
        super().setup(cfg)
        # Only now, since it counts what it drops, in the folder that is made above.
        from skill.web.log_writer import LogWriter  # noqa: PLC0415

        writer = LogWriter(sys.stderr.fileno())
        writer.setFormatter(_Line())
        self.error_log.handlers = [writer]


class _Around:
    """Something around a socket, which has whatever else that has."""

    def __init__(self, plain: socket) -> None:
        self.plain = plain

    def __getattr__(self, name: str) -> object:
        """Return what the socket has by that name."""
        return getattr(self.plain, name)


class _InOnePiece(_Around):
    """A socket that keeps the head of an answer until there is a body to send with it.

    gunicorn sends one after the other. Were the worker killed in between, the proxy would have
    begun to pass the answer on, and could no longer ask the other instance.
    """

    def __init__(self, plain: socket) -> None:
        super().__init__(plain)
        self._head = b""

    def sendall(self, data: bytes) -> None:
        """Keep a head, or send it together with what follows."""
        if not self._head and data.startswith(b"HTTP/1"):
            self._head = data
        else:
            self.flush(data)

    def flush(self, data: bytes = b"") -> None:
        """Send what was kept, and what is given."""
        whole, self._head = self._head + data, b""
        if whole:
            self.plain.sendall(whole)


class _Wordless(_Around):
    """A socket that sends the status of an answer, and none of gunicorn's words about a request."""

    def sendall(self, data: bytes) -> None:
        """Send an empty JSON object with the status in the data, as every refusal of ours is."""
        status, _, _ = data.partition(b"\r\n")
        self.plain.sendall(
            status + b"\r\nConnection: close\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\n\r\n{}"
        )


class worker_class(ThreadWorker):  # type: ignore[misc]  # noqa: N801  # as above
    """gunicorn's worker with threads, which sends each answer in one piece and quotes nobody."""

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """Answer a request, and tell whether the connection stays open."""
        conn.sock = socket = _InOnePiece(conn.sock)
        try:
            stays_open: bool = super().handle_request(req, conn)
            socket.flush()  # a head that no body followed
        finally:
            conn.sock = socket.plain
        return stays_open

    def handle_error(
        self, req: Request | None, client: socket, addr: object, exc: Exception
    ) -> None:
        """Refuse what is no HTTP without quoting it."""
        super().handle_error(req, _Wordless(client), addr, exc)


control_socket_disable = True  # signals are enough


def pre_fork(server: _Server, worker: _Worker) -> None:
    """Give a new worker the lowest seat that none of the others has."""
    taken = {other.seat for other in server.WORKERS.values()}
    worker.seat = min(set(range(len(taken) + 1)) - taken)


def post_fork(server: _Server, worker: _Worker) -> None:  # noqa: ARG001  # gunicorn passes both
    """Let a new worker count where the one before it left off."""
    from skill.web.measures import take_seat  # noqa: PLC0415  # see above: not before its folder

    take_seat(worker.seat)
