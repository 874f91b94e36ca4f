"""Good requests at a steady rate, and what became of them."""

from __future__ import annotations

import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

from scripts.simulator.envelopes import Session, envelope, launch_request
from tests.operation.processes import HOST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scripts.simulator.signing import SigningAuthority

RATE_PER_SECOND: Final = 50
ALEXA_WAITS_SECONDS: Final = 8.0
# The open loop: a request is due when it is due, however many are still under way.
_SENDERS: Final = 64
_UNANSWERED: Final = 0

YES: Final = {
    "type": "IntentRequest",
    "intent": {"name": "AMAZON.YesIntent", "confirmationStatus": "NONE"},
}


@dataclass(frozen=True)
class SignedRequest:
    """A request that the endpoint has to take."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of a request.

    Attributes:
        status: The HTTP status; 0 if there was no answer within the time that Alexa waits.
        body: The answer.
        seconds: From when it was due to when it was answered.
    """

    status: int
    body: bytes
    seconds: float

    @property
    def sends_to_emergency(self) -> bool:
        """Whether the answer is right, for a request made by `Caller.red_flag`."""
        return self.status == 200 and b"This could be an emergency" in self.body


class Door(Protocol):
    """A way to the endpoint."""

    def connection(self) -> HTTPConnection:
        """Return a connection to it."""


@dataclass(frozen=True)
class Direct:
    """Straight to an instance."""

    port: int

    def connection(self) -> HTTPConnection:
        """Return a connection to it."""
        return HTTPConnection("127.0.0.1", self.port, timeout=ALEXA_WAITS_SECONDS)


@dataclass(frozen=True)
class Connected:
    """Through the proxy, by a connection that is open already."""

    ready: HTTPConnection

    def connection(self) -> HTTPConnection:
        """Return the connection."""
        return self.ready


@dataclass
class ThroughProxy:
    """Over TLS, as Alexa does."""

    port: int
    certificate: Path
    name: str = HOST_NAME
    context: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        self.context = ssl.create_default_context(cafile=str(self.certificate))

    def connection(self) -> HTTPConnection:
        """Return a connection to it."""
        connection = HTTPConnection(self.name, timeout=ALEXA_WAITS_SECONDS)
        connection.sock = self.socket()
        return connection

    def socket(self, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """Return the socket of a connection from an address of this machine."""
        address = ("127.0.0.1", self.port)
        plain = socket.create_connection(address, ALEXA_WAITS_SECONDS, (source, 0))
        # Headers and body go out in two pieces, and the second must not wait for the first.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            return self.context.wrap_socket(plain, server_hostname=self.name)
        except OSError:
            plain.close()
            raise


@dataclass
class Caller:
    """Alexa, with the key that signs."""

    authority: SigningAuthority
    attributes: Mapping[str, object] = field(default_factory=dict)

    def launch(self) -> SignedRequest:
        """Return a request that opens the skill."""
        return self._signed(launch_request(), Session("amzn1.echo-api.session.1"))

    def red_flag(self) -> SignedRequest:
        """Return a yes to the first question, which is one that sends to emergency care."""
        session = Session("amzn1.echo-api.session.1", new=False, attributes=self.attributes)
        return self._signed(YES, session)

    def opens(self, door: Door) -> None:
        """Open the skill, which leaves the first question asked."""
        answer = sent(door, self.launch())
        assert answer.status == 200, answer
        self.attributes = json.loads(answer.body)["sessionAttributes"]

    def signed(self, body: bytes) -> SignedRequest:
        """Return a request with any body, rightly signed."""
        headers = {"Content-Type": "application/json", **self.authority.signed_headers(body)}
        return SignedRequest(body, headers)

    def _signed(self, request: Mapping[str, object], session: Session) -> SignedRequest:
        content = envelope(
            request,
            session,
            request_id=f"amzn1.echo-api.request.{uuid4()}",
            locale="en-US",
            timestamp=datetime.now(UTC),
        )
        return self.signed(json.dumps(content).encode())


def sent(door: Door, request: SignedRequest, due: float | None = None) -> Outcome:
    """Send a request and return what became of it."""
    due = monotonic() if due is None else due
    try:
        connection = door.connection()
    except OSError:
        return Outcome(_UNANSWERED, b"", monotonic() - due)
    try:
        connection.request("POST", "/", request.body, dict(request.headers))
        response = connection.getresponse()
        return Outcome(response.status, response.read(), monotonic() - due)
    except (OSError, HTTPException):
        return Outcome(_UNANSWERED, b"", monotonic() - due)
    finally:
        connection.close()


@dataclass
class Load:
    """The good requests of a test.

    Attributes:
        outcomes: What became of each, in no order; complete after the block.
    """

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def failed(self) -> list[tuple[int, float]]:
        """Status and seconds of each request that was not answered rightly."""
        return [(one.status, one.seconds) for one in self.outcomes if not one.sends_to_emergency]

    def percentile_seconds(self, percent: int) -> float:
        """Return how long that share of the requests took at most."""
        times = sorted(one.seconds for one in self.outcomes)
        return times[max(0, -(-len(times) * percent // 100) - 1)]

    def __str__(self) -> str:
        p50, p99, most = (self.percentile_seconds(percent) * 1000 for percent in (50, 99, 100))
        return (
            f"{len(self.outcomes)} good requests, {len(self.failed)} failed, "
            f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {most:.0f} ms"
        )


@contextmanager
def steady_load(caller: Caller, door: Door) -> Iterator[Load]:
    """Send red-flag answers at a steady rate while the block runs."""
    load, ended = Load(), Event()

    def send(due: float) -> None:
        load.outcomes.append(sent(door, caller.red_flag(), due))

    def send_all() -> None:
        with ThreadPoolExecutor(_SENDERS) as senders:
            due = monotonic()
            while not ended.wait(max(0.0, due - monotonic())):
                senders.submit(send, due)
                due += 1 / RATE_PER_SECOND

    thread = Thread(target=send_all)
    thread.start()
    try:
        yield load
    finally:
        ended.set()
        thread.join()
