import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

import pytest

from skill.web.chain_fetch import fetch_certificate_chain
from skill.web.chain_trust import CHAIN_LIMIT_BYTES
from tests.web.chains import CHAIN_URL, refused

# The fetch, from a server on this machine that says what it is told to


@contextmanager
def server(pieces: Iterable[bytes | float]) -> Iterator[Callable[[str, float], HTTPConnection]]:
    """Serve one connection: bytes are sent, numbers are waited for in seconds."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for piece in pieces:
                if isinstance(piece, float):
                    over.wait(piece)
                    continue
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    port: int = listener.getsockname()[1]
    try:
        yield lambda _, timeout: HTTPConnection("127.0.0.1", port, timeout=timeout)
    finally:
        over.set()
        thread.join(10)
        listener.close()


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def fetched_from(*pieces: bytes | float) -> bytes:
    with server(pieces) as connect:
        return fetch_certificate_chain(CHAIN_URL, connect=connect, timeout_seconds=10)


def test_a_file_is_fetched_as_it_is() -> None:
    assert fetched_from(response(b"the file")) == b"the file"


def test_a_file_of_unknown_length_is_fetched_to_its_end() -> None:
    assert fetched_from(b"HTTP/1.0 200 OK\r\n\r\nthe file") == b"the file"


def test_a_file_at_the_limit_is_fetched() -> None:
    body = b"x" * CHAIN_LIMIT_BYTES
    assert fetched_from(response(body)) == body


def test_the_request_asks_for_the_path_uncompressed() -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(response(b"the file"))

        with ThreadPoolExecutor(1) as pool:
            pool.submit(serve)
            fetch_certificate_chain(
                CHAIN_URL, connect=lambda _, t: HTTPConnection("127.0.0.1", port, timeout=t)
            )
    lines = asked[0].decode().split("\r\n")
    assert lines[0] == "GET /echo.api/echo-api-cert.pem HTTP/1.1"
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize(
    ("answer", "reason", "status"),
    [
        (response(b"no", "404 Not Found"), "chain_missing", 400),
        (response(b"no", "403 Forbidden"), "chain_missing", 400),
        (response(b"", "302 Found", "Location: http://127.0.0.1/"), "chain_missing", 400),
        (response(b"", "301 Moved", f"Location: {CHAIN_URL}"), "chain_missing", 400),
        (response(b"part", "206 Partial Content"), "chain_missing", 400),
        (response(b""), "chain_size", 400),
        (response(b"x" * (CHAIN_LIMIT_BYTES + 1)), "chain_size", 400),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1_000_000, "chain_size", 400),
        (response(b"no", "500 Internal Server Error"), "chain_unavailable", 503),
        (response(b"no", "503 Slow Down"), "chain_unavailable", 503),
    ],
)
def test_an_answer_without_a_chain_is_refused(answer: bytes, reason: str, status: int) -> None:
    with refused(reason, status):
        fetched_from(answer)


def test_an_endless_answer_is_not_read_to_the_end() -> None:
    sent: list[bytes] = []

    def answer() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _ in range(100):
            sent.append(b"x" * 1_000_000)
            yield sent[-1]

    with server(answer()) as connect, refused("chain_size"):
        fetch_certificate_chain(CHAIN_URL, connect=connect, timeout_seconds=10)
    assert len(sent) < 50  # what the machine buffers on the way, and no more


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"\x16\x03\x01 not HTTP at all\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this",),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",),
    ],
    ids=["closed", "not HTTP", "nothing of it", "cut short", "chunk cut short", "too many headers"],
)
def test_a_broken_answer_is_a_network_failure(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises((OSError, HTTPException)):
        fetched_from(*pieces)


@pytest.mark.parametrize(
    "pieces",
    [
        (5.0,),
        (b"HTTP/1.1 200 OK\r\n", 5.0),
        (b"HTTP/1.1 200 OK\r\n", *(0.1, b"X: y\r\n") * 90),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", *(0.1, b"x") * 90),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *(0.1, b"x") * 90),
    ],
    ids=["silent", "silent after the status", "dripping headers", "dripping body", "endless body"],
)
def test_a_slow_answer_ends_at_the_one_deadline(pieces: tuple[bytes | float, ...]) -> None:
    threads_before = set(threading.enumerate())
    with server(pieces) as connect:
        with pytest.raises(TimeoutError):
            fetch_certificate_chain(CHAIN_URL, connect=connect, timeout_seconds=0.4)
        working = [t for t in set(threading.enumerate()) - threads_before if "Pool" in t.name]
        for thread in working:
            thread.join(2)
        assert not any(thread.is_alive() for thread in working)


def test_a_name_lookup_that_hangs_ends_at_the_one_deadline() -> None:
    over = threading.Event()

    class Lost(HTTPConnection):
        def connect(self) -> None:
            over.wait(10)
            raise OSError

    with pytest.raises(TimeoutError):
        fetch_certificate_chain(
            CHAIN_URL, connect=lambda host, t: Lost(host, timeout=t), timeout_seconds=0.1
        )
    over.set()


def test_production_speaks_tls_and_passes_by_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.1)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("HTTPS_PROXY", address)
        # Port 443 of this machine: nobody listens, or nobody with a certificate for the address.
        with pytest.raises(OSError, match=r"."):
            fetch_certificate_chain("https://127.0.0.1/echo.api/a.pem")
        with pytest.raises(TimeoutError):
            proxy.accept()
