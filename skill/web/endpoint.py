"""The Flask application: verified requests in, JSON out, one log line each."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property, lru_cache
from http import HTTPStatus
from time import perf_counter, time
from typing import IO, TYPE_CHECKING, cast

import orjson
from flask import Flask, Request, Response
from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wsgi import get_content_length, get_path_info

from skill.errors import RequestRefusedError
from skill.web import measures
from skill.web.addressee import text_at
from skill.web.handled import ANSWERED, Ending, Handled, tell
from skill.web.measures import KNOWN_REQUEST_TYPES, OTHER_TYPE
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask.typing import RouteCallable

_LONGEST_PATH_CHARACTERS = 64
_PLACES_REMEMBERED = 16  # there are three, and nothing is remembered of what is not found

BODY_LIMIT_BYTES = 256 * 1024  # Alexa sends a few kB, session attributes included


def create_app(
    answer: Callable[[Mapping[str, object]], dict[str, object]],
    verifier: RequestVerifier,
    *,
    metrics_port: int | None = None,
    tell: Callable[[Handled], None] = tell,
) -> Flask:
    """Return the application that answers Alexa at ``POST /``.

    Everything that is refused gets an empty JSON object: the reason is for the log alone.
    ``GET /readyz`` tells a load balancer that turns can be taken, and ``GET /healthz`` tells an
    alarm whether somebody must look: a clock that drifts is red there, though turns are still
    taken.

    Args:
        answer: Turns a verified request envelope into a response envelope.
        verifier: Says which requests are Alexa's.
        metrics_port: The port of the server at which ``GET /metrics`` is answered, and nothing
            else; without one it is answered nowhere.
        tell: Told of every request when it is over, to count and to log it.
    """

    def refuse(error: Exception) -> _JsonAnswer:
        given, ending = _refusal(error, is_genuine=False)
        now = perf_counter()
        tell(Handled(ending, given.status, None, time(), now, None, None, now))
        return given

    app = _Endpoint(__name__, refuse)

    @app.post("/", provide_automatic_options=False)
    def alexa_request(environ: "WSGIEnvironment") -> _JsonAnswer:
        began = perf_counter()
        received = verified = request_type = None
        try:
            body = _body_of(environ)
            received = perf_counter()
            envelope = verifier.verify(EnvironHeaders(environ), body)
            verified = perf_counter()
            named = text_at(envelope, "request", "type")
            request_type = named if named in KNOWN_REQUEST_TYPES else OTHER_TYPE
            given, ending = _JsonAnswer(answer(envelope)), ANSWERED
        except Exception as error:  # noqa: BLE001  # never a 500, whatever a sender sends
            given, ending = _refusal(error, is_genuine=request_type is not None)
        times = (time(), began, received, verified, perf_counter())
        tell(Handled(ending, given.status, request_type, *times))
        return given

    @app.get("/readyz", provide_automatic_options=False)
    def readiness(_: "WSGIEnvironment") -> _JsonAnswer:
        return _JsonAnswer({"status": "ok"})

    @app.get("/healthz", provide_automatic_options=False)
    def health(_: "WSGIEnvironment") -> _JsonAnswer:
        if verifier.clock_drift.is_alarming:
            return _JsonAnswer({"status": "clock_drift"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _JsonAnswer({"status": "ok"})

    if metrics_port is not None:
        app.wsgi_app = _with_metrics(app.wsgi_app, str(metrics_port))  # type: ignore[assignment,method-assign]  # as Flask has it for what goes around an application
    return app


class _Request(Request):
    """A request whose limit is fixed, and need not be looked up."""

    max_content_length = BODY_LIMIT_BYTES


class _Endpoint(Flask):
    """An application whose views are given the WSGI environment.

    No view looks for a request, or for anything else, in Flask's contexts. So none are put up and
    taken down around it, which would take as long as to verify the request, its signature aside.

    Args:
        import_name: As Flask's.
        refuse: Makes the answer when there is no view, or it fails.
    """

    def __init__(self, import_name: str, refuse: Callable[[Exception], "_JsonAnswer"]) -> None:
        super().__init__(import_name, static_folder=None)
        self.url_map.strict_slashes = False  # it would redirect, and Alexa does not follow
        self.url_map.merge_slashes = False  # as would this, and it looks for everything twice
        self._refuse = refuse

    @cached_property
    def _view_at(self) -> Callable[[str, str], "RouteCallable"]:
        """What finds a view by path, after its slash, and method, and remembers the last ones."""
        places = self.url_map.bind("")

        @lru_cache(_PLACES_REMEMBERED)
        def view_at(path: str, method: str) -> "RouteCallable":
            if len(path) > _LONGEST_PATH_CHARACTERS:  # a refusal costs no more than an answer
                raise NotFound
            name, _ = places.match(f"/{get_path_info({'PATH_INFO': path})}", method)
            return self.view_functions[name]

        return view_at

    def wsgi_app(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request by its view."""
        try:
            path = environ.get("PATH_INFO", "").lstrip("/")  # one slash or many, as of a `Request`
            view = self._view_at(path, environ["REQUEST_METHOD"])
            given = view(environ)
        except Exception as error:  # noqa: BLE001  # never a 500
            given = self._refuse(error)
        return cast("_JsonAnswer", given)(environ, start_response)


class _JsonAnswer:
    """A JSON object with its status and headers, as WSGI wants them.

    A `Response` can be changed until it is sent, and pays for that with every header.
    """

    def __init__(
        self, content: Mapping[str, object], status: int = HTTPStatus.OK, *headers: tuple[str, str]
    ) -> None:
        try:
            self.body = orjson.dumps(content)
        except TypeError:  # half a surrogate pair, out of the request, has no UTF-8
            self.body = json.dumps(content, separators=(",", ":")).encode()
        self.status = status
        self.headers = [*_HEADERS, ("Content-Length", str(len(self.body))), *headers]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Send it, without the body where only the headers are asked for."""
        start_response(_status_line(self.status), self.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)


@cache
def _status_line(status: int) -> str:
    return f"{status} {HTTP_STATUS_CODES.get(status, '')}"


def _with_metrics(wsgi_app: "WSGIApplication", port: str) -> "WSGIApplication":
    """Return an application that answers one port with the metrics, and every other as before."""

    def by_port(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # By what the server listens on, not by what the sender wrote into a header. A Unix socket
        # has neither port nor peer, and there gunicorn believes the header.
        if environ.get("SERVER_PORT") != port or not environ.get("REMOTE_ADDR"):
            return wsgi_app(environ, start_response)
        return _metrics(environ)(environ, start_response)

    return by_port


def _metrics(environ: "WSGIEnvironment") -> "WSGIApplication":
    if environ.get("PATH_INFO") != "/metrics" or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return _JsonAnswer({}, HTTPStatus.NOT_FOUND)
    return Response(measures.exposition(), content_type=measures.CONTENT_TYPE)


_HEADERS = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


def _body_of(environ: "WSGIEnvironment") -> bytes:
    """Return the raw bytes: they are what is signed, whatever content type the sender claims."""
    length = get_content_length(environ)
    try:
        if length is None or length > BODY_LIMIT_BYTES:
            # In the environment it would be a cycle, and stay until the collector comes by.
            sent = _Request(environ, populate_request=False)
            return sent.get_data(cache=False, parse_form_data=False)
        return _read(environ["wsgi.input"], length)
    except HTTPException:
        raise
    except Exception as error:  # each server has its own for chunks that are none
        raise RequestRefusedError("body_unreadable") from error


def _read(stream: IO[bytes], length: int) -> bytes:
    """Return so many bytes, and fail as what Werkzeug puts around a stream does.

    That is there to hold a sender to the limit, and the length is within it.
    """
    try:
        body = stream.read(length)
    except (OSError, ValueError) as error:
        raise ClientDisconnected from error
    if len(body) != length:
        raise ClientDisconnected
    return body


def _refusal(error: Exception, *, is_genuine: bool) -> tuple[_JsonAnswer, Ending]:
    """Turn whatever was raised into a status, a reason for the log, and no detail.

    Args:
        error: What was raised.
        is_genuine: Whether the request was found to be Alexa's before.
    """
    level, name = logging.WARNING, None
    match error:
        case RequestRefusedError():
            reason, status = error.reason, error.status
        case RequestEntityTooLarge():
            # To Alexa's checks a body that is too large is one more bad request.
            reason, status = "body_too_large", HTTPStatus.BAD_REQUEST
        case HTTPException():
            status = error.code or HTTPStatus.BAD_REQUEST
            reason = f"http_{status}"
        case _:
            # A defect of ours, never a 500. Its message may quote the request, so only its name.
            level, name = logging.ERROR, type(error).__name__
            if is_genuine:
                reason, status = "unanswerable", HTTPStatus.SERVICE_UNAVAILABLE
            else:
                reason, status = "unverifiable", HTTPStatus.BAD_REQUEST

    allowed = sorted(error.valid_methods or ()) if isinstance(error, MethodNotAllowed) else ()
    answer = _JsonAnswer({}, status, *([("Allow", ", ".join(allowed))] if allowed else []))
    return answer, Ending(level, "refused" if name is None else "failed", reason, name)
