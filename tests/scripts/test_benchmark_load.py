"""The load is what it says: whole answers counted, and no other than a 200 taken for one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.benchmark_errors import BenchmarkError
from scripts.benchmark_job import http_request
from scripts.benchmark_load import Load, ask, is_whole, load
from scripts.simulator.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANSWER = b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 5\r\n\r\nhello"
REQUESTS = [http_request(b"%d" % number, {"X-Number": str(number)}) for number in range(3)]


class Counting:
    """A WSGI application that counts what it answers."""

    def __init__(self, status: str = "200 OK", body: bytes = b"hello") -> None:
        self.bodies: list[bytes] = []
        self._status = status
        self._body = body

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.bodies.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start(self._status, [("Content-Length", str(len(self._body)))])
        return [self._body]


@given(st.integers(0, len(ANSWER)))
def test_an_answer_is_whole_with_its_last_byte_and_not_before(length: int) -> None:
    assert is_whole(ANSWER[:length]) == (length == len(ANSWER))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "503"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "without a Content-Length"),
        (b"SSH-2.0\r\n\r\n", "SSH"),
    ],
)
def test_what_is_no_answer_to_count_ends_the_load(answer: bytes, told: str) -> None:
    with pytest.raises(BenchmarkError, match=told):
        is_whole(answer)


def test_a_request_is_written_as_http() -> None:
    head, _, body = http_request(b"{}", {"Signature-256": "abc="}).partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    assert first == "POST / HTTP/1.1"
    assert {"Content-Length: 2", "Signature-256: abc="} <= set(fields)
    assert body == b"{}"


def test_every_answer_is_counted_and_the_requests_take_turns() -> None:
    app = Counting()
    ticks = count()
    with served(app) as url:
        done = load(
            int(url.rstrip("/").rpartition(":")[2]),
            REQUESTS,
            connections=3,
            warm_up_seconds=0,
            seconds=0.2,
            cpu_seconds=lambda: float(next(ticks)),
        )
    # Those that were on their way when the time was up were waited for, but not counted.
    assert 0 < len(done.latencies) == len(app.bodies) - 3
    assert set(app.bodies) == {b"0", b"1", b"2"}
    assert done.cpu_seconds == 1  # read once before and once after
    assert done.seconds >= 0.2
    assert 0 < max(done.latencies) < done.seconds


def test_stretches_of_load_add_up() -> None:
    one, other = Load(1.0, 0.5, (0.1, 0.2)), Load(2.0, 0.25, (0.3,))
    assert Load.of([one, other]) == Load(3.0, 0.75, (0.1, 0.2, 0.3))


def test_a_server_that_fails_ends_the_load() -> None:
    with (
        served(Counting("500 INTERNAL SERVER ERROR")) as url,
        pytest.raises(BenchmarkError, match="500"),
    ):
        load(
            int(url.rstrip("/").rpartition(":")[2]),
            REQUESTS,
            connections=1,
            warm_up_seconds=0,
            seconds=5,
            cpu_seconds=float,
        )


def test_asking_returns_an_answer_of_any_status() -> None:
    with served(Counting("404 NOT FOUND", b"no")) as url:
        answer = ask(int(url.rstrip("/").rpartition(":")[2]), REQUESTS[0])
    assert b" 404 " in answer.partition(b"\r\n")[0]
    assert answer.endswith(b"\r\n\r\nno")
