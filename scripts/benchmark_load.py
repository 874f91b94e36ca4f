"""Load on an HTTP server of this machine: a fixed number of callers, each never idle.

Plain sockets that are kept open, one thread, and no more work for an answer than to see that
it is whole and a 200: what the load costs must not slow down what is measured.
"""

from __future__ import annotations

import gc
import re
import select
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, cycle
from time import perf_counter
from typing import TYPE_CHECKING, Final, Self

from scripts.benchmark_errors import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HOST: Final = "127.0.0.1"

_PATIENCE_SECONDS: Final = 10.0
_CHUNK_BYTES: Final = 64 * 1024
_OK: Final = re.compile(rb"HTTP/1\.[01] 200 ")
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)\r\n")
_CLOSING: Final = re.compile(rb"(?i)\r\nconnection: *close\r\n")


@dataclass(frozen=True, slots=True)
class Load:
    """What a stretch of load came to.

    Attributes:
        seconds: How long it was.
        cpu_seconds: How much processor time the server took for it.
        latencies: Seconds from a request to its whole answer, for each that was answered.
    """

    seconds: float
    cpu_seconds: float
    latencies: tuple[float, ...]

    @classmethod
    def of(cls, stretches: Sequence[Load]) -> Load:
        """Return several stretches as one."""
        return cls(
            sum(one.seconds for one in stretches),
            sum(one.cpu_seconds for one in stretches),
            tuple(chain.from_iterable(one.latencies for one in stretches)),
        )


class Connection:
    """One caller: sends a request, waits for the whole answer, and so on.

    Args:
        port: The server's port.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._received = b""
        self.sent_at = 0.0
        self.socket = self._connected()

    def send(self, request: bytes) -> None:
        """Send the next request."""
        self._received = b""
        self.sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come, and say whether the answer is whole.

        Raises:
            BenchmarkError: It is no answer to go on with.
        """
        try:
            chunk = self.socket.recv(_CHUNK_BYTES)
        except OSError as error:
            raise BenchmarkError(
                f"the server broke a connection ({error.strerror or error})"
            ) from error
        if not chunk:
            raise BenchmarkError("the server closed a connection without a whole answer")
        self._received += chunk
        return is_whole(self._received)

    @property
    def is_closing(self) -> bool:
        """Whether the server said that it will close after this answer."""
        return _CLOSING.search(self._received) is not None

    def reconnect(self) -> None:
        """Open the line anew."""
        self.socket.close()
        self.socket = self._connected()

    def _connected(self) -> socket.socket:
        connected = socket.create_connection((HOST, self._port), timeout=_PATIENCE_SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected


def is_whole(received: bytes) -> bool:
    """Say whether that is a whole HTTP answer.

    Raises:
        BenchmarkError: It is one, but not a 200, or its end cannot be told.
    """
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return False
    if _OK.match(head) is None:
        status_line = head.partition(b"\r\n")[0].decode(errors="replace")
        raise BenchmarkError(f"the server answered {status_line!r}, expected 200")
    length = _LENGTH.search(head + b"\r\n")
    if length is None:
        raise BenchmarkError("the server answered without a Content-Length")
    return len(body) >= int(length[1])


def ask(port: int, request: bytes) -> bytes:
    """Return the answer to one request over a line of its own, whatever its status.

    Raises:
        OSError: There was none.
    """
    received = b""
    with socket.create_connection((HOST, port), timeout=_PATIENCE_SECONDS) as line:
        line.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        while chunk := line.recv(_CHUNK_BYTES):
            received += chunk
    return received


def load(  # noqa: PLR0913  # each is a figure of its own
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    warm_up_seconds: float,
    seconds: float,
    cpu_seconds: Callable[[], float],
) -> Load:
    """Keep a server busy, first unmeasured and then measured.

    Args:
        port: The server's port.
        requests: Whole HTTP requests, sent in turn over and over.
        connections: How many callers there are at once.
        warm_up_seconds: How long it is not measured.
        seconds: How long it is.
        cpu_seconds: Tells how much processor time the server has used so far.

    Raises:
        BenchmarkError: An answer was missing or not a 200.
    """
    with _uncollected(), _Callers(port, connections, requests) as callers:
        callers.go_on_until(perf_counter() + warm_up_seconds)
        cpu_before, started = cpu_seconds(), perf_counter()
        latencies = callers.go_on_until(started + seconds)
        took, cpu = perf_counter() - started, cpu_seconds() - cpu_before
        callers.finish()
    if not latencies:
        raise BenchmarkError(f"no answer came within {seconds:g} s")
    return Load(took, cpu, tuple(latencies))


class _Callers:
    """All callers together, each with a request under way."""

    def __init__(self, port: int, connections: int, requests: Sequence[bytes]) -> None:
        self._upcoming = cycle(requests)
        self._ready = select.epoll()
        self._by_file: dict[int, Connection] = {}
        try:
            for _ in range(connections):
                self._add(Connection(port))
        except OSError as error:
            self.__exit__()
            raise BenchmarkError(f"the server took no connection ({_reason(error)})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ready.close()
        for connection in self._by_file.values():
            connection.socket.close()

    def go_on_until(self, end: float) -> list[float]:
        """Send a next request for each answer, and return how many seconds each took."""
        latencies = []
        while perf_counter() < end:
            events = self._ready.poll(_PATIENCE_SECONDS)
            if not events:
                raise BenchmarkError(f"no answer came within {_PATIENCE_SECONDS:.0f} s")
            for file, _ in events:
                connection = self._by_file[file]
                if connection.receive():
                    latencies.append(perf_counter() - connection.sent_at)
                    self._go_on(file, connection)
        return latencies

    def finish(self) -> None:
        """Wait for the last answers, so that the server has nothing left to do."""
        for connection in self._by_file.values():
            while not connection.receive():
                pass

    def _add(self, connection: Connection) -> None:
        file = connection.socket.fileno()
        self._by_file[file] = connection
        self._ready.register(file, select.EPOLLIN)
        connection.send(next(self._upcoming))

    def _go_on(self, file: int, connection: Connection) -> None:
        if not connection.is_closing:
            connection.send(next(self._upcoming))
            return
        self._ready.unregister(file)
        del self._by_file[file]
        connection.reconnect()
        self._add(connection)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage meanwhile, which would show as a late answer."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
