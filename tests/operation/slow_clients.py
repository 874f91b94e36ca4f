"""Clients that hold on to a connection for as long as they are let."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from ssl import SSLWantReadError
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from tests.operation.processes import HOST_NAME

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from tests.operation.load import ThroughProxy

# Another address than Alexa's, as any other client would have.
ADDRESS: Final = "127.0.0.2"
_BYTE_SECONDS: Final = 0.5
_REQUEST: Final = (
    f"POST / HTTP/1.1\r\nHost: {HOST_NAME}\r\nContent-Type: application/json\r\n"
    "Content-Length: 2500\r\n"
).encode()


class Manner(Enum):
    """How a client is slow."""

    HEADERS = auto()
    """Sends its headers byte by byte."""
    STALLED_BODY = auto()
    """Sends half of its body and no more."""
    TRICKLED_BODY = auto()
    """Sends its body byte by byte."""


@dataclass
class SlowClient:
    """One of them.

    Attributes:
        closed_after_seconds: How long it was let; `None` while it still is.
    """

    manner: Manner
    connection: ssl.SSLSocket
    opened: float
    closed_after_seconds: float | None = None
    _sent: int = field(default=0)

    def begin(self) -> None:
        """Send all that is sent at once."""
        match self.manner:
            case Manner.HEADERS:
                pass
            case Manner.STALLED_BODY:
                self.connection.sendall(_REQUEST + b"\r\n" + b" " * 1250)
            case Manner.TRICKLED_BODY:
                self.connection.sendall(_REQUEST + b"\r\n")
        self.connection.settimeout(0)

    def go_on(self) -> None:
        """Send the next byte, and notice whether the other side has had enough."""
        try:
            if self.manner is Manner.HEADERS:
                # One header that does not end.
                self.connection.send(_REQUEST[self._sent : self._sent + 1] or b"x")
            elif self.manner is Manner.TRICKLED_BODY:
                self.connection.send(b" ")
            self._sent += 1
            if self.connection.recv(4096):
                return  # an answer: what closes the connection comes after it
        except (BlockingIOError, SSLWantReadError):
            return
        except OSError:
            pass
        self.closed_after_seconds = monotonic() - self.opened
        self.connection.close()


@contextmanager
def slow_clients(door: ThroughProxy, manners: dict[Manner, int]) -> Iterator[list[SlowClient]]:
    """Keep clients going while the block runs."""
    clients = [_opened(door, manner) for manner, count in manners.items() for _ in range(count)]
    ended = Event()

    def keep_going() -> None:
        while not ended.wait(_BYTE_SECONDS):
            for client in clients:
                if client.closed_after_seconds is None:
                    client.go_on()

    thread = Thread(target=keep_going)
    thread.start()
    try:
        yield clients
    finally:
        ended.set()
        thread.join()
        for client in clients:
            client.connection.close()


def _opened(door: ThroughProxy, manner: Manner) -> SlowClient:
    client = SlowClient(manner, door.socket(ADDRESS), monotonic())
    client.begin()
    return client
