from __future__ import annotations

import gzip
import selectors
import socket
from contextlib import suppress
from dataclasses import dataclass
from ssl import SSLWantReadError, SSLWantWriteError
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

import pytest

from tests.operation.load import Direct, sent
from tests.operation.processes import HOST_NAME, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.operation.conftest import Site

_TEN_MEGABYTES: Final = 10_000_000
_LONGEST_SECONDS: Final = 1.0
_MOST_MEMORY_BYTES: Final = 20_000_000
_CHUNK: Final = b"1000\r\n" + b" " * 4096 + b"\r\n"

Way = Literal["proxy", "bare"]


@dataclass(frozen=True)
class _Answer:
    status: int
    seconds: float


def _memory_bytes(site: Site) -> int:
    # Of both, because the proxy may ask either.
    return sum(instance.memory_bytes() for instance in site.instances)


def _connected(site: Site, way: Way) -> socket.socket:
    if way == "proxy":
        return site.door.socket()
    return socket.create_connection(("127.0.0.1", site.instances[0].port))


def _answer_to(connection: socket.socket, message: Iterator[bytes]) -> _Answer:
    """Send until there is an answer, as a client would that does not expect one before the end."""
    started = monotonic()
    connection.settimeout(0)
    pending = b""
    with connection, selectors.DefaultSelector() as ready:
        ready.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while monotonic() - started < 10:
            ready.select(1)
            with suppress(BlockingIOError, SSLWantReadError):
                if received := connection.recv(4096):
                    return _Answer(int(received.split()[1]), monotonic() - started)
                break
            # What it is still sent, the other side may have closed the door to already.
            with suppress(
                BlockingIOError, SSLWantWriteError, BrokenPipeError, ConnectionResetError
            ):
                pending = pending or next(message, b"")
                pending = pending[connection.send(pending) :] if pending else b""
    return _Answer(0, monotonic() - started)


def _with_length(total: int) -> Iterator[bytes]:
    yield f"POST / HTTP/1.1\r\nHost: {HOST_NAME}\r\nContent-Length: {total}\r\n\r\n".encode()
    for _ in range(total // 4096):
        yield b" " * 4096


def _chunked(total: int) -> Iterator[bytes]:
    yield f"POST / HTTP/1.1\r\nHost: {HOST_NAME}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    for _ in range(total // 4096):
        yield _CHUNK
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("way", ["proxy", "bare"])
@pytest.mark.parametrize("message", [_with_length, _chunked], ids=["with length", "chunked"])
def test_ten_megabytes_are_refused_at_once_and_kept_nowhere(
    site: Site, way: Way, message: Callable[[int], Iterator[bytes]]
) -> None:
    before = _memory_bytes(site)
    answers = [_answer_to(_connected(site, way), message(_TEN_MEGABYTES)) for _ in range(8)]
    grown = _memory_bytes(site) - before
    longest = max(answer.seconds for answer in answers)
    statuses = {answer.status for answer in answers}
    measured(way, statuses, f"{longest:.3f} s, {grown / 1e6:.1f} MB more")
    assert statuses <= {413, 400}
    assert longest <= _LONGEST_SECONDS
    assert grown <= _MOST_MEMORY_BYTES


@pytest.mark.parametrize("way", ["proxy", "bare"])
def test_a_signed_gzip_bomb_stays_packed(site: Site, way: Way) -> None:
    door = site.door if way == "proxy" else Direct(site.instances[0].port)
    bomb = site.caller.signed(gzip.compress(b" " * _TEN_MEGABYTES))
    packed = type(bomb)(bomb.body, {**bomb.headers, "Content-Encoding": "gzip"})
    before = _memory_bytes(site)
    outcomes = [sent(door, packed) for _ in range(8)]
    grown = _memory_bytes(site) - before
    measured(way, {outcome.status for outcome in outcomes}, f"{grown / 1e6:.1f} MB more")
    assert {outcome.status for outcome in outcomes} <= {400, 415}
    assert max(outcome.seconds for outcome in outcomes) <= _LONGEST_SECONDS
    assert grown <= _MOST_MEMORY_BYTES
