"""The host that Alexa's certificate chain lies on, with the faults that it may have."""

from __future__ import annotations

import socket
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STRANGERS_NAME = "stranger"  # nothing lies at a URL with it
_RESET = struct.pack("ii", 1, 0)  # to linger for no time at all


class Behaviour(Enum):
    """What the host does when it is asked."""

    SENDS = auto()
    HANGS = auto()
    RESETS = auto()
    FAILS = auto()


@dataclass
class CertificateHost:
    """Serves one chain, and does what a test sets it to do.

    Attributes:
        port: Where it is on this machine.
        behaviour: What it does.
        delay_seconds: How long it takes to send.
    """

    port: int
    chain: bytes
    behaviour: Behaviour = Behaviour.SENDS
    delay_seconds: float = 0.0
    closing: Event = field(default_factory=Event)


@contextmanager
def certificate_host(chain: bytes) -> Iterator[CertificateHost]:
    """Run the host while the block runs."""
    host = CertificateHost(0, chain)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.closing.wait(host.delay_seconds)
            match host.behaviour:
                case Behaviour.HANGS:
                    host.closing.wait()
                case Behaviour.RESETS:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                case Behaviour.FAILS:
                    self.send_error(503)
                case Behaviour.SENDS if STRANGERS_NAME in self.path:
                    self.send_error(404)
                case Behaviour.SENDS:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(host.chain)))
                    self.end_headers()
                    self.wfile.write(host.chain)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # the fetch was given up

    with Server(("127.0.0.1", 0), Handler) as server:
        host.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host.closing.set()
            server.shutdown()
            thread.join()
