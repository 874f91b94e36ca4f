"""How a certificate chain is fetched from Amazon's store: whole, in time, and from nowhere else."""

import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from socket import SHUT_RDWR, socket
from typing import Final
from urllib.parse import urlsplit

from skill.errors import RequestRefusedError
from skill.web.chain_trust import CHAIN_LIMIT_BYTES

FETCH_TIMEOUT_SECONDS: Final = 2.0  # of the 8 s that Alexa waits for an answer


def _connect(host: str, timeout_seconds: float) -> HTTPConnection:
    # http.client follows no redirect and reads no proxy from the environment.
    return HTTPSConnection(host, timeout=timeout_seconds, context=ssl.create_default_context())


def fetch_certificate_chain(
    url: str,
    *,
    connect: Callable[[str, float], HTTPConnection] = _connect,
    timeout_seconds: float = FETCH_TIMEOUT_SECONDS,
) -> bytes:
    """Return the file at a URL that `canonical_chain_url` returned.

    Args:
        url: The URL; only its host and path are used.
        connect: Makes a connection from a host and the seconds that one step on it may take.
        timeout_seconds: The most that the whole fetch may take, name lookup included.

    Raises:
        RequestRefusedError: With status 400 the file is missing, empty, moved or
            too large; with 503 the server failed.
        OSError: The network failed, or the time was up.
        HTTPException: The server's answer was cut short or is not HTTP.
    """
    parts = urlsplit(url)
    connection = connect(str(parts.hostname), timeout_seconds)
    opened: list[socket] = []
    # A socket's timeout bounds one step, and the name lookup not at all; a thread bounds the sum.
    worker = ThreadPoolExecutor(max_workers=1)
    try:
        return worker.submit(_download, connection, parts.path, opened).result(timeout_seconds)
    finally:
        for connected in opened:
            with suppress(OSError):  # it is closed already unless the time was up
                connected.shutdown(SHUT_RDWR)
        worker.shutdown(wait=False)


def _download(connection: HTTPConnection, path: str, opened: list[socket]) -> bytes:
    with closing(connection):
        connection.connect()
        opened.append(connection.sock)
        connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        with connection.getresponse() as response:
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise RequestRefusedError("chain_unavailable", 503)
            if response.status != HTTPStatus.OK:
                raise RequestRefusedError("chain_missing")
            chain = response.read(CHAIN_LIMIT_BYTES + 1)
            if len(chain) > CHAIN_LIMIT_BYTES:
                raise RequestRefusedError("chain_size")
            if response.length:  # bytes that were promised and did not come
                raise ConnectionError("The certificate chain was cut short.")
            if not chain:
                raise RequestRefusedError("chain_size")
            return chain
