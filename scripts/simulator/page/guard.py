"""Who may talk to the page's server: this machine's browser, from the page itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scripts.simulator.page.errors import RefusedError

if TYPE_CHECKING:
    from flask import Request, Response

_OWN_NAMES: Final = frozenset({"127.0.0.1", "localhost"})
_READING: Final = frozenset({"GET", "HEAD"})

# Everything from this server and nothing inline, so that typed text can never run.
_CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def refuse_strangers(request: Request) -> None:
    """Refuse what another site makes a browser send.

    A foreign name in ``Host`` is a site whose name was pointed at this machine; a foreign
    ``Origin``, a page elsewhere.

    Raises:
        RefusedError: The request is none of the page's own.
    """
    if _host_name(request.host) not in _OWN_NAMES:
        names = " or ".join(sorted(_OWN_NAMES))
        raise RefusedError(HTTPStatus.FORBIDDEN, f"Host: expected {names}, found another name")
    if request.method in _READING:
        return
    origin = request.headers.get("Origin")
    # No browser leaves it out of a POST; a program on this machine may.
    if origin is not None and origin != f"http://{request.host}":
        raise RefusedError(HTTPStatus.FORBIDDEN, "Origin: only the page itself may send this")


def protected(response: Response) -> Response:
    """Add what tells the browser to be strict."""
    response.headers.update(HEADERS)
    return response


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
