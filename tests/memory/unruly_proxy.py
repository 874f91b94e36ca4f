"""A TCP proxy that does to connections what networks do to them."""

from __future__ import annotations

import socket
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Manner: TypeAlias = Literal["pass", "reset", "drop", "delay", "silence"]

_MOST_BYTES: Final = 65536
# Closing with this sends a reset in place of an orderly end.
_RESETTING: Final = struct.pack("ii", 1, 0)


@dataclass
class UnrulyProxy:
    """Stands before a server at 127.0.0.1 and is as reliable as it is told to be.

    Attributes:
        port: Where it listens.
        server_port: What is behind it.
        manner: "reset" and "drop" end new connections at once and old ones at the next byte;
            "delay" holds every answer back for a while; "silence" holds all back for good, but
            ends nothing, as if a machine had gone.
        delay_seconds: How long.
        heard_bytes: How much clients have sent.
        answers_to_swallow: A word. Once the server has answered something that holds it, the
            connection is reset before the client hears; then it is empty again.
    """

    port: int
    server_port: int
    manner: Manner = "pass"
    delay_seconds: float = 5.0
    heard_bytes: int = 0
    answers_to_swallow: bytes = b""
    _swallows: bool = False
    _lock: Lock = field(default_factory=Lock)
    _ended: Event = field(default_factory=Event)
    _sockets: list[socket.socket] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is shut down."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.manner in {"reset", "drop"}:
                self._end(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                self._end(client)
                continue
            self._sockets += [client, server]
            for source, target, is_answer in ((client, server, False), (server, client, True)):
                Thread(target=self._carry, args=(source, target, is_answer), daemon=True).start()

    def close(self) -> None:
        """End every connection."""
        self._ended.set()
        for one in self._sockets:
            self._end(one)

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:  # noqa: FBT001
        with suppress(OSError):
            while data := source.recv(_MOST_BYTES):
                if not is_answer:
                    self.heard_bytes += len(data)
                if self._is_to_be_swallowed(data, is_answer=is_answer):
                    break
                if self.manner == "delay" and is_answer:
                    self._ended.wait(self.delay_seconds)
                if self.manner == "silence":
                    continue
                if self.manner in {"reset", "drop"}:
                    break
                target.sendall(data)
        self._end(source)
        self._end(target)

    def _is_to_be_swallowed(self, data: bytes, *, is_answer: bool) -> bool:
        with self._lock:
            if is_answer:
                swallowed, self._swallows = self._swallows, False
                return swallowed
            if self.answers_to_swallow and self.answers_to_swallow in data:
                self.answers_to_swallow, self._swallows = b"", True
            return False

    def _end(self, one: socket.socket) -> None:
        with suppress(OSError):
            if self.manner != "drop":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETTING)
            # Whoever waits for it in another thread has to be told before it is closed.
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def unruly_proxy(server_port: int) -> Iterator[UnrulyProxy]:
    """Run a proxy before a server while the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = UnrulyProxy(listener.getsockname()[1], server_port)
    serving = Thread(target=proxy.serve, args=(listener,), daemon=True)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.close()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        serving.join()
