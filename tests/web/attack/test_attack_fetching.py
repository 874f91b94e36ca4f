"""The host of the certificates fails in every way, is asked by thousands, or moves on.

Load and floods are small with every test run. At full length, in some minutes::

    OPERATION_TESTS=long .venv/bin/pytest tests/web/attack/test_attack_fetching.py
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from skill.errors import RequestRefusedError
from skill.web.chain_fetch import fetch_certificate_chain
from skill.web.chain_trust import CHAIN_LIMIT_BYTES
from tests.operation.processes import FULL_LENGTH
from tests.web.attack.forgery import Paper, between, issuer
from tests.web.attack.sending import application, post, refusal_of, said, verifier_of
from tests.web.chains import (
    CHAIN_URL,
    NOW,
    Clock,
    Store,
    as_body,
    envelope,
    good_chain,
    pem,
    rsa_key,
    signature_over,
    signed_headers,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Answering

HOST: Final = "https://s3.amazonaws.com/echo.api"

Connect: TypeAlias = Callable[[str, float], HTTPConnection]


# --- a host with faults ---------------------------------------------------------------------------

Serve: TypeAlias = Callable[[socket.socket, threading.Event], None]


def sends(*pieces: bytes | float) -> Serve:
    """Return what sends bytes, and waits for the numbers between them, in seconds."""

    def serve(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        for piece in pieces:
            if isinstance(piece, bytes):
                connection.sendall(piece)
            elif over.wait(piece):
                return

    return serve


def answers(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> Serve:
    announced = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {announced}", *headers, "", ""]
    return sends("\r\n".join(head).encode() + body)


def resets(connection: socket.socket, _: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def endless(start: bytes, more: bytes) -> Serve:
    def serve(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(start)
        while not over.is_set():
            connection.sendall(more)

    return serve


def drips(start: bytes, drop: bytes) -> Serve:
    return sends(start, *(0.05, drop) * 2_000)


@contextmanager
def host_that(serve: Serve) -> Iterator[Connect]:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(8) as pool:
        port: int = listener.getsockname()[1]

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    serve(connection, over)
                except OSError:
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                pool.submit(one, connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield lambda _, seconds: HTTPConnection("127.0.0.1", port, timeout=seconds)
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@contextmanager
def no_host() -> Iterator[Connect]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    yield lambda _, seconds: HTTPConnection("127.0.0.1", port, timeout=seconds)


@contextmanager
def name_lookup_that(raises: OSError | None) -> Iterator[Connect]:
    over = threading.Event()

    class Unknown(HTTPConnection):
        def connect(self) -> None:
            if raises is None:
                over.wait(30)
            raise raises or OSError

    yield lambda host, seconds: Unknown(host, timeout=seconds)
    over.set()


@contextmanager
def tls_over(serve: Serve) -> Iterator[Connect]:
    """Speak TLS, with the checks of production, to a host that may not."""
    with host_that(serve) as plain:
        port = int(plain("", 1).port)

        def connect(_: str, seconds: float) -> HTTPConnection:
            context = ssl.create_default_context()
            return HTTPSConnection("127.0.0.1", port, timeout=seconds, context=context)

        yield connect


@cache
def certificate_files(folder: Path) -> Path:
    key = rsa_key("alexa").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "host.pem"
    path.write_bytes(good_chain() + key)
    return path


def tls_of_nobody(folder: Path) -> Serve:
    """Return a host whose certificate no public authority issued."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_files(folder))

    def serve(connection: socket.socket, over: threading.Event) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                answers(good_chain())(wrapped, over)
        except OSError:
            return

    return serve


EMPTY: Final = b"HTTP/1.1 200 OK\r\n\r\n"
PAGE: Final = b"<html>Sign in to the hotel's network</html>"

# What the host does, and whether it is the host's fault (503) or the sender's (400).
FAULTS: Final[Mapping[str, tuple[Serve, int]]] = {
    "closes at once": (sends(), 503),
    "resets": (resets, 503),
    "is silent": (sends(30.0), 503),
    "is silent after the status": (sends(b"HTTP/1.1 200 OK\r\n", 30.0), 503),
    "is silent in the body": (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", 30.0), 503),
    "drips the headers": (drips(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"), 503),
    "drips the body": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", b"-"), 503),
    "drips a body without a length": (drips(EMPTY, b"-"), 503),
    "goes on forever with interim answers": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), 503),
    "goes on forever with headers": (endless(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"), 503),
    "goes on forever with the status": (endless(b"HTTP/1.1 200 ", b"O"), 503),
    "goes on forever with chunks": (
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\n----\r\n"),
        400,
    ),
    "goes on forever": (endless(EMPTY, b"-" * 4096), 400),
    "sends nothing": (answers(b""), 400),
    "has no content": (sends(b"HTTP/1.1 204 No Content\r\n\r\n"), 400),
    "sends elsewhere, 301": (answers(b"", "301 Moved", "Location: http://127.0.0.1/"), 400),
    "sends elsewhere, 302": (answers(b"", "302 Found", f"Location: {CHAIN_URL}"), 400),
    "sends elsewhere, 307": (answers(b"", "307 Temporary", "Location: file:///etc/passwd"), 400),
    "sends elsewhere, 308": (answers(b"", "308 Permanent", "Location: //evil.example/"), 400),
    "says not modified": (answers(b"", "304 Not Modified"), 400),
    "says forbidden": (answers(b"<Error/>", "403 Forbidden"), 400),
    "says not found": (answers(b"<Error/>", "404 Not Found"), 400),
    "says too many": (answers(b"", "429 Too Many Requests"), 400),
    "fails, 500": (answers(b"", "500 Internal Server Error"), 503),
    "fails, 502": (answers(b"", "502 Bad Gateway"), 503),
    "fails, 503": (answers(b"", "503 Slow Down"), 503),
    "sends less than it announced": (answers(good_chain(), length=9_000), 503),
    "sends more than it announced": (answers(good_chain(), length=500), 400),
    "announces too much": (answers(good_chain(), length=10**12), 503),
    "announces nonsense": (answers(b"", length=-5), 400),
    "sends too much": (answers(b"-" * (CHAIN_LIMIT_BYTES + 1)), 400),
    "sends 20 MB": (answers(b"-" * 20_000_000), 400),
    "sends a page": (answers(PAGE), 400),
    "sends another's chain": (answers(pem(issuer("Other").certificate)), 400),
    "sends a chain that is over": (
        answers(pem(Paper(end=NOW - timedelta(days=1)).by(), between().certificate)),
        400,
    ),
    "sends words before it": (answers(b"certificates:\n" + good_chain()), 200),
    "speaks another protocol": (sends(b"SSH-2.0-OpenSSH_9.2\r\n"), 503),
    "speaks an old protocol": (sends(good_chain()), 503),
    "speaks a broken protocol": (sends(b"HTTP/9.9 abc\r\n\r\n"), 503),
    "sends too many headers": (sends(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n"), 503),
    "sends a header too long": (sends(b"HTTP/1.1 200 OK\r\na: " + b"b" * 99_999 + b"\r\n"), 503),
    "sends a broken chunk": (
        sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        503,
    ),
}


class Line:
    """What is between the verifier and the host; a test may put another host at its end."""

    def __init__(self, connect: Connect, seconds: float) -> None:
        self.connect = connect
        self._seconds = seconds

    def fetch(self, url: str) -> bytes:
        return fetch_certificate_chain(url, connect=self.connect, timeout_seconds=self._seconds)


def assert_fails_and_recovers(connect: Connect, status: int, seconds: float = 0.4) -> None:
    """Assert how a request is answered now, and half a minute after all is well again."""
    clock = Clock()
    line = Line(connect, seconds)
    verifier = verifier_of(line.fetch, clock)
    body = as_body(envelope())

    started = monotonic()
    refusal = refusal_of(verifier, signed_headers(body), body)
    assert monotonic() - started < seconds + 2
    assert (refusal.status if refusal else 200) == status

    with host_that(answers(good_chain())) as well:
        line.connect = well
        clock.move(seconds=30)
        later = as_body(envelope(sent=clock.now))
        assert verifier.verify(signed_headers(later), later)


def test_a_chain_cut_off_before_its_first_byte_leaves_a_valid_key_in_use() -> None:
    clock = Clock()
    line = Line(lambda *_: HTTPConnection(""), 0.4)
    verifier = verifier_of(line.fetch, clock)
    body = as_body(envelope())
    with host_that(answers(good_chain())) as line.connect:
        verifier.verify(signed_headers(body), body)
    clock.move(hours=1)
    later = as_body(envelope(sent=clock.now))
    with host_that(answers(b"", length=len(good_chain()))) as line.connect:
        assert verifier.verify(signed_headers(later), later)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_host_is_over_half_a_minute_after_it(name: str) -> None:
    serve, status = FAULTS[name]
    with host_that(serve) as connect:
        assert_fails_and_recovers(connect, status)


def test_nobody_at_the_host_is_an_outage() -> None:
    with no_host() as connect:
        assert_fails_and_recovers(connect, 503)


@pytest.mark.parametrize("raises", [socket.gaierror(-2, "Name not known"), None])
def test_a_name_that_is_not_found_is_an_outage(raises: OSError | None) -> None:
    with name_lookup_that(raises) as connect:
        assert_fails_and_recovers(connect, 503)


@pytest.mark.parametrize("serve", [sends(b"HTTP/1.1 200 OK\r\n\r\n"), sends(30.0), resets, sends()])
def test_a_host_without_tls_is_an_outage(serve: Serve) -> None:
    with tls_over(serve) as connect:
        assert_fails_and_recovers(connect, 503)


def test_a_host_with_a_certificate_of_nobody_is_an_outage(tmp_path: Path) -> None:
    with tls_over(tls_of_nobody(tmp_path)) as connect:
        assert_fails_and_recovers(connect, 503)


def test_with_the_deadline_of_production_the_slowest_host_costs_less_than_four_seconds(
    answer: Answering,
) -> None:
    app_clock = Clock()
    with host_that(drips(EMPTY, b"-")) as connect:
        store = Store()
        store.fetch = lambda url: fetch_certificate_chain(url, connect=connect)  # type: ignore[method-assign]  # the host stands in for all files
        app = application(answer, store, app_clock)
        started = monotonic()
        assert post(app, said()).status_code == 503
        assert monotonic() - started < 4


class Replayed(HTTPConnection):
    """A connection at the end of which all that will ever come has come already."""

    answer = b""

    def connect(self) -> None:
        self.sock, other = socket.socketpair()
        with other:
            other.sendall(self.answer)


PIECES: Final = st.sampled_from(
    [
        *(b"HTTP/1.1 ", b"HTTP/1.0 ", b"200", b"200 OK\r\n", b"503 x\r\n", b"\r\n", b"\r\n\r\n"),
        *(
            b"Content-Length: ",
            b"5",
            b"-1",
            b"9" * 5_000,
            b"Transfer-Encoding: chunked\r\n",
            b"5\r\n",
        ),
        *(
            b"hello",
            b"0\r\n",
            b"\0",
            b"\xff",
            b": ",
            b"100 Continue\r\n\r\n",
            b"\xef\xbb\xbf",
            b"\n",
        ),
        *(b"Content-Encoding: gzip\r\n", b"Connection: close\r\n", b";x=y\r\n", b"\r", b" "),
    ]
)


@settings(max_examples=20_000 if FULL_LENGTH else 200, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=6), max_size=14))
def test_no_answer_of_the_host_raises_anything_unforeseen(pieces: list[bytes]) -> None:
    class Here(Replayed):
        answer = b"".join(pieces)

    with suppress(RequestRefusedError, OSError, HTTPException):
        fetch_certificate_chain(
            CHAIN_URL, connect=lambda host, seconds: Here(host, timeout=seconds)
        )


# --- many at once --------------------------------------------------------------------------------


def test_two_hundred_first_requests_cost_one_fetch() -> None:
    fetched: list[str] = []
    delay = threading.Event()

    def fetch(url: str) -> bytes:
        fetched.append(url)
        delay.wait(0.3)
        return good_chain()

    verifier = verifier_of(fetch, Clock())
    body = as_body(envelope())
    headers = signed_headers(body)
    together = threading.Barrier(200)

    def first(_: int) -> float:
        together.wait(30)
        started = monotonic()
        assert verifier.verify(headers, body) == envelope()
        return monotonic() - started

    with ThreadPoolExecutor(200) as pool:
        waits = list(pool.map(first, range(200)))
    assert fetched == [CHAIN_URL]
    assert max(waits) < 1 + 1  # a second, and another for a machine that others use


@pytest.mark.parametrize("is_good", [False, True])
def test_a_flood_of_new_urls_costs_a_fetch_a_second_and_no_memory(
    is_good: bool,  # noqa: FBT001
) -> None:
    """A thousand a second, by a clock that is moved; among them a caller whose key is known."""
    seconds = 60 if FULL_LENGTH else 10
    clock = Clock()
    fetches = 0

    def fetch(url: str) -> bytes:
        nonlocal fetches
        fetches += 1
        return good_chain() if is_good or url == CHAIN_URL else b"not a chain"

    verifier = verifier_of(fetch, clock)
    body = as_body(envelope())
    headers = signed_headers(body)
    verifier.verify(headers, body)
    numbers = count()

    def flood(requests: int) -> None:
        for _ in range(requests):
            number = next(numbers)
            bad = {**headers, "SignatureCertChainUrl": f"{HOST}/{number}.pem"}
            refusal = refusal_of(verifier, bad, body)
            assert refusal is None or refusal.status in {400, 503}
            if number % 20 == 0:
                assert verifier.verify(headers, body) == envelope()
            clock.move(milliseconds=1)

    flood(1_000)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    flood(1_000 * (seconds - 1))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fetches <= 1 + 10 + seconds + 1
    assert after - before < 500_000


def test_a_flood_from_many_threads_costs_no_more() -> None:
    store = Store()
    verifier = verifier_of(store.fetch, Clock())
    body = as_body(envelope())
    headers = signed_headers(body)
    verifier.verify(headers, body)

    def flood(start: int) -> None:
        for number in range(start, start + 500):
            bad = {**headers, "SignatureCertChainUrl": f"{HOST}/{number}.pem"}
            refusal = refusal_of(verifier, bad, body)
            assert refusal is None or refusal.status == 503
            assert verifier.verify(headers, body) == envelope()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(flood, range(0, 4_000, 500)))
    assert len(store.fetched) == 10  # the clock stands still: no more than are allowed at once


# --- moving on -----------------------------------------------------------------------------------


def test_a_new_url_with_a_new_key_in_the_middle_of_load_refuses_nobody(answer: Answering) -> None:
    new_url = f"{HOST}/echo-api-cert-13.pem"
    new_key = rsa_key("alexa's next")
    new_chain = pem(Paper(public_key=new_key.public_key()).by(), between().certificate)
    store = Store({new_url: new_chain})
    app = application(answer, store)
    body = as_body(said())
    old = signed_headers(body)
    new = {"SignatureCertChainUrl": new_url, "Signature-256": signature_over(body, new_key)}
    requests = 1_000 if FULL_LENGTH else 60

    def load(_: int) -> list[int]:
        client = app.test_client()
        sent = [old] * requests + [old, new] * requests + [new] * requests
        return [client.post("/", data=body, headers=headers).status_code for headers in sent]

    with ThreadPoolExecutor(8) as pool:
        statuses = [status for one in pool.map(load, range(8)) for status in one]
    assert set(statuses) == {200}
    assert sorted(store.fetched) == sorted([CHAIN_URL, new_url])


def test_a_chain_that_runs_out_in_the_middle_of_load_is_refused_from_the_next_request_on(
    answer: Answering,
) -> None:
    ends = NOW + timedelta(seconds=100)
    store = Store({CHAIN_URL: pem(Paper(end=ends).by(), between().certificate)})
    clock = Clock()
    app = application(answer, store, clock)
    body = as_body(said())
    headers = signed_headers(body)
    client = app.test_client()
    for seconds in range(98, 104):
        clock.now = NOW + timedelta(seconds=seconds)
        status = client.post("/", data=body, headers=headers).status_code
        assert status == (200 if clock.now <= ends else 400)


def test_a_renewed_chain_under_the_same_url_and_key_refuses_nobody(answer: Answering) -> None:
    ends = NOW + timedelta(minutes=5)
    store = Store({CHAIN_URL: pem(Paper(end=ends).by(), between().certificate)})
    clock = Clock()
    app = application(answer, store, clock)
    assert post(app, said()).status_code == 200
    store.files[CHAIN_URL] = good_chain()
    for minutes in range(1, 20):
        clock.now = NOW + timedelta(minutes=minutes)
        timestamp = clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert post(app, said(timestamp=timestamp)).status_code == 200
    assert len(store.fetched) == 2


# --- the clock -----------------------------------------------------------------------------------


def sent_at(seconds: float, request_type: str = "LaunchRequest") -> dict[str, object]:
    moment = NOW + timedelta(seconds=seconds)
    return said(type=request_type, timestamp=moment.isoformat().replace("+00:00", "Z"))


@pytest.mark.parametrize("hours", [1, -1, 24, -24])
def test_after_a_step_of_the_clock_and_back_all_is_as_before(hours: int, answer: Answering) -> None:
    store, clock = Store(), Clock()
    app = application(answer, store, clock)
    client = app.test_client()
    for _ in range(3):
        assert post(app, sent_at(0)).status_code == 200
    assert client.get("/healthz").status_code == 200

    clock.move(hours=hours)
    for _ in range(15):
        assert post(app, sent_at(0)).status_code == 400
    assert client.get("/healthz").status_code == 503
    # A key that was fetched in the clock's future is fetched again, or used; never refused.
    assert post(app, sent_at(hours * 3600)).status_code == 200

    clock.move(hours=-hours)
    for _ in range(15):
        assert post(app, sent_at(0)).status_code == 200
    assert client.get("/healthz").status_code == 200
    assert len(store.fetched) <= 3


@pytest.mark.parametrize(
    ("drift", "status"), [(0, 200), (29, 200), (31, 503), (-29, 200), (-31, 503)]
)
def test_health_turns_red_when_the_clock_is_half_a_minute_off(
    drift: int, status: int, answer: Answering
) -> None:
    app = application(answer)
    for _ in range(15):
        assert post(app, sent_at(-drift)).status_code == 200
    assert app.test_client().get("/healthz").status_code == status


def test_what_was_not_signed_moves_no_estimate_of_the_clock(answer: Answering) -> None:
    app = application(answer)
    body = as_body(sent_at(100))
    for _ in range(50):
        headers = signed_headers(body) | {"Signature-256": signature_over(b"else")}
        assert app.test_client().post("/", data=body, headers=headers).status_code == 400
    assert app.test_client().get("/healthz").status_code == 200


def test_a_clock_that_stands_still_ends_no_deadline() -> None:
    with host_that(sends(30.0)) as connect:
        assert_fails_and_recovers(connect, 503, seconds=0.3)


def test_a_clock_that_stands_still_lets_known_keys_work(answer: Answering) -> None:
    store = Store()
    app = application(answer, store)
    for _ in range(50):
        assert post(app, said()).status_code == 200
    assert store.fetched == [CHAIN_URL]
