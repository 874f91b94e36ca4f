"""Bytes that are nearly a request, to the proxy and to an instance without it.

What is signed is rightly signed, so only the message around it keeps a request out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from socket import create_connection
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

from tests.operation.load import sent
from tests.operation.processes import HOST_NAME

if TYPE_CHECKING:
    from socket import socket

    from tests.operation.conftest import Site

CANARY: Final = "canary7f3a"
ANSWERED: Final = b"This could be an emergency"


@dataclass(frozen=True)
class Message:
    """A signed request, to be written wrongly."""

    body: bytes
    url: str
    signature: str

    def written(  # each is a part of the message
        self,
        *lines: str,
        body: bytes | None = None,
        start: str = "POST / HTTP/1.1",
        host: str = f"Host: {HOST_NAME}",
        is_signed: bool = True,
        closes: bool = True,
    ) -> bytes:
        """Return the bytes to send; the headers given come after the usual ones."""
        signed = (self.url_line, self.signature_line) if is_signed else ()
        end = ("Connection: close",) if closes else ()
        head = "\r\n".join((start, host, *signed, *lines, *end, "", ""))
        return head.encode("latin-1") + (self.body if body is None else body)

    @property
    def url_line(self) -> str:
        return f"SignatureCertChainUrl: {self.url}"

    @property
    def signature_line(self) -> str:
        return f"Signature-256: {self.signature}"

    @property
    def length(self) -> str:
        return f"Content-Length: {len(self.body)}"

    def chunk(self, size: str = "", end: bytes = b"\r\n0\r\n\r\n") -> bytes:
        """Return the body as one chunk, with anything for its size."""
        return (size or f"{len(self.body):x}").encode() + b"\r\n" + self.body + end


Case: TypeAlias = Callable[[Message], bytes]
CHUNKED: Final = "Transfer-Encoding: chunked"


def with_lengths(*lines: str) -> Case:
    return lambda message: message.written(*lines)


def with_size(size: Callable[[int], str]) -> Case:
    return lambda m: m.written(CHUNKED, body=m.chunk(size(len(m.body))))


def by_length(text: Callable[[int], str]) -> Case:
    return lambda m: m.written(f"Content-Length: {text(len(m.body))}")


def coded(coding: str) -> Case:
    return lambda m: m.written(f"Transfer-Encoding: {coding}", m.length)


def with_header(*lines: str) -> Case:
    return lambda m: m.written(m.length, *lines)


def with_start(start: str) -> Case:
    return lambda m: m.written(m.length, start=start)


TAKEN: Final[dict[str, Case]] = {
    "as Alexa writes it": lambda m: m.written(m.length),
    "in a chunk": lambda m: m.written(CHUNKED, body=m.chunk()),
    "in many chunks": lambda m: m.written(
        CHUNKED,
        body=b"".join(b"1\r\n%c\r\n" % byte for byte in m.body) + b"0\r\n\r\n",
    ),
    "after an interim answer": with_header("Expect: 100-continue"),
    "with a header beyond ASCII": with_header("X-Name: \xe9\xff"),
    "with a header that nginx and gunicorn drop": with_header("Transfer_Encoding: chunked"),
    "with whom it came from": with_header("X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https"),
}

# None may be answered, nor leave anything behind that is taken for the next request.
REFUSED: Final[dict[str, Case]] = {
    "length and chunks": lambda m: m.written(m.length, CHUNKED, body=m.chunk()),
    "chunks and length": lambda m: m.written(CHUNKED, m.length, body=m.chunk()),
    "length and chunks, written by length": lambda m: m.written(m.length, CHUNKED),
    "no length and chunks": lambda m: m.written("Content-Length: 0", CHUNKED, body=m.chunk()),
    "a request behind the last chunk": lambda m: m.written(
        CHUNKED, m.length, body=b"0\r\n\r\n" + m.written(m.length), closes=False
    ),
    "chunks twice": lambda m: m.written(CHUNKED, CHUNKED, body=m.chunk()),
    **{
        f"coding {coding!r}": coded(coding)
        for coding in (
            "identity",
            "xchunked",
            "chunked, identity",
            "\x0bchunked",
            "chunked;a=b",
            "",
        )
    },
    "a blank before a colon": lambda m: m.written("Transfer-Encoding : chunked", body=m.chunk()),
    "a header in two lines": with_header("X-Name: a\r\n b"),
    "no length": lambda m: m.written(),
    "the length twice": lambda m: m.written(m.length, m.length),
    "two lengths": lambda m: m.written(m.length, "Content-Length: 1"),
    "two lengths, the other first": lambda m: m.written("Content-Length: 1", m.length),
    "two lengths in one": by_length("{0}, {0}".format),
    "length with a sign": by_length("+{}".format),
    "negative length": by_length("-{}".format),
    "length in hex": by_length(hex),
    "length in other digits": by_length("{}\xb2".format),
    "length with an underscore": by_length("0_{}".format),
    "length with a fraction": by_length("{}.0".format),
    "length beyond": by_length(lambda _: "9" * 4000),
    "empty length": by_length(lambda _: ""),
    "less than there is": by_length(lambda length: str(length - 1)),
    "size in hex with its sign": with_size(hex),
    "size with a sign": with_size("+{:x}".format),
    "negative size": with_size("-{:x}".format),
    "blank before the size": with_size(" {:x}".format),
    "size with an underscore": with_size("0_{:x}".format),
    "no size": with_size(lambda _: "\r\n"),
    "size too small": with_size(lambda length: f"{length - 1:x}"),
    "no end of a chunk": lambda m: m.written(CHUNKED, body=m.chunk(end=b"0\r\n\r\n")),
    "another end of a chunk": lambda m: m.written(CHUNKED, body=m.chunk(end=b"XX0\r\n\r\n")),
    "signature behind the body": lambda m: m.written(
        m.url_line,
        CHUNKED,
        body=m.chunk(end=f"\r\n0\r\n{m.signature_line}\r\n\r\n".encode()),
        is_signed=False,
    ),
    "signature with an underscore": lambda m: m.written(
        m.url_line, m.length, f"Signature_256: {m.signature}", is_signed=False
    ),
    "signature with a blank before the colon": lambda m: m.written(
        m.url_line, m.length, f"Signature-256 : {m.signature}", is_signed=False
    ),
    "signature in two lines": lambda m: m.written(
        m.url_line,
        m.length,
        f"Signature-256: {m.signature[:9]}\r\n {m.signature[9:]}",
        is_signed=False,
    ),
    "signature behind a carriage return": lambda m: m.written(
        m.url_line, m.length, f"X-Name: a\r{m.signature_line}", is_signed=False
    ),
    "signature beyond ASCII": lambda m: m.written(
        m.url_line, m.length, f"Signature-256: \xe9{m.signature}", is_signed=False
    ),
    "signature twice": lambda m: m.written(m.length, m.signature_line),
    "a bad signature and the good one": lambda m: m.written(
        m.url_line, m.length, "Signature-256: AAAA", m.signature_line, is_signed=False
    ),
    "URL twice": lambda m: m.written(m.length, m.url_line),
    "NUL in a header": with_header(f"X-{CANARY}: a\0"),
    "carriage return in a header": with_header("X-Name: a\rb"),
    "header without a name": with_header(f": {CANARY}"),
    "name with a blank": with_header(f"{CANARY} a: b"),
    "two hosts": with_header("Host: evil.example"),
    "too many headers": with_header(*(f"X-{number}: a" for number in range(60))),
    "a long header": with_header(f"X-Name: {CANARY}{'a' * 9000}"),
    "a long path": with_start(f"POST /{CANARY}{'a' * 9000} HTTP/1.1"),
    "NUL in the path": with_start(f"POST /{CANARY}\0 HTTP/1.1"),
    "another path": with_start(f"POST /{CANARY} HTTP/1.1"),
    "a path that leads back": with_start("POST /x/%2e%2e HTTP/1.1"),
    "no path": with_start(f"POST {CANARY}:443 HTTP/1.1"),
    "an asterisk": with_start("POST * HTTP/1.1"),
    "method in lower case": with_start("post / HTTP/1.1"),
    "unknown method": with_start(f"{CANARY.upper()} / HTTP/1.1"),
    "HTTP/2": with_start("POST / HTTP/2.0"),
    "HTTP/9": with_start("POST / HTTP/9.9"),
    "no version": with_start(f"POST /{CANARY}"),
    "HTTP/2's first words": lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a proxy's word": lambda m: b"PROXY TCP4 1.2.3.4 5.6.7.8 1 80\r\n" + m.written(m.length),
    "a blank in front": lambda m: b" " + m.written(m.length),
    "noise": lambda _: bytes(range(256)) * 9 + b"\r\n\r\n",
}


def exchanged(site: Site, way: str, data: bytes) -> bytes:
    """Send bytes and return all that comes back before the other side closes."""
    with _opened(site, way) as connection:
        connection.settimeout(9)
        back = bytearray()
        try:
            connection.sendall(data)
            while more := connection.recv(65536):
                back += more
        except ConnectionError:  # closed before all was read
            pass
        return bytes(back)


def _opened(site: Site, way: str) -> socket:
    if way == "proxy":
        return site.door.socket()
    return create_connection(("127.0.0.1", site.instances[0].port), 9)


def statuses(back: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", back)]


@pytest.fixture
def message(site: Site) -> Message:
    request = site.caller.red_flag()
    headers = request.headers
    return Message(request.body, headers["SignatureCertChainUrl"], headers["Signature-256"])


@pytest.mark.parametrize("way", ["proxy", "bare"])
@pytest.mark.parametrize("name", TAKEN)
def test_what_is_written_as_http_allows_is_answered(
    name: str, way: str, site: Site, message: Message
) -> None:
    back = exchanged(site, way, TAKEN[name](message))
    assert statuses(back)[-1] == 200
    assert ANSWERED in back


@pytest.mark.parametrize("way", ["proxy", "bare"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_written_otherwise_is_refused_and_not_quoted(
    name: str, way: str, site: Site, message: Message
) -> None:
    back = exchanged(site, way, REFUSED[name](message))
    assert ANSWERED not in back
    # 501 and 505 say that a coding or a version is not known; no other is the server's fault.
    assert set(statuses(back)) <= {*range(400, 500), 501, 505}
    assert len(statuses(back)) <= 1
    if way == "bare":
        assert back.endswith(b"{}")
    assert CANARY not in (back.decode("latin-1") + site.proxy.logged()).lower()


@pytest.mark.parametrize("way", ["proxy", "bare"])
def test_a_request_on_the_same_connection_needs_a_signature_of_its_own(
    way: str, site: Site, message: Message
) -> None:
    first = message.written(message.length, closes=False)
    back = exchanged(site, way, first + message.written(message.length, is_signed=False))
    assert statuses(back) == [200, 400]


def test_all_is_well_after_what_was_no_http_and_no_log_quotes_it(
    site: Site, message: Message
) -> None:
    workers, before = site.workers(), len(site.logged())
    for case in REFUSED.values():
        exchanged(site, "bare", case(message))
    assert site.workers() == workers
    logged = site.logged()[before:]
    assert len(logged) > 15  # gunicorn refuses the others without a line
    assert CANARY not in str(logged).lower()
    assert {line["level"] for line in logged} <= {"INFO", "WARNING"}
    assert sent(site.door, site.caller.red_flag()).sends_to_emergency
