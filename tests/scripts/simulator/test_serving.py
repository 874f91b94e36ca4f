from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from scripts.simulator.errors import SimulatorError
from scripts.simulator.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


def hello(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_an_application_is_served_while_the_block_runs() -> None:
    with served(hello) as url, urlopen(url, timeout=10) as answer:  # noqa: S310  # our own
        assert answer.read() == b"hello"
    with pytest.raises(OSError, match="refused"):
        urlopen(url, timeout=10)  # noqa: S310  # our own


def test_a_taken_port_is_told(taken: int) -> None:
    with (
        pytest.raises(SimulatorError, match=f"port {taken} .* cannot be used"),
        served(hello, taken),
    ):
        pass


def test_any_other_port_may_do_instead(taken: int) -> None:
    with served(hello, taken, or_any=True) as url:
        assert f":{taken}/" not in url
