"""The Flask application: verified requests in, JSON out, one log line each."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache, partial
from http import HTTPStatus
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, cast

import orjson
from flask import Flask, Request, Response, request
from flask.ctx import RequestContext
from flask.sessions import NullSession, SessionInterface
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from skill.errors import RequestRefusedError
from skill.web import measures
from skill.web.handled import ANSWERED, Ending, Handled, tell
from skill.web.measures import KNOWN_REQUEST_TYPES, OTHER_TYPE
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from werkzeug.routing import MapAdapter, Rule

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
    app = _Endpoint(__name__, static_folder=None)
    app.url_map.strict_slashes = False  # it would redirect, and Alexa does not follow

    @app.post("/", provide_automatic_options=False)
    def alexa_request() -> _JsonAnswer:
        began = perf_counter()
        received = verified = request_type = None
        try:
            # Each look at `request` itself asks whose it is.
            sent = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # Flask's documentation names it
            body = _body_of(sent)
            received = perf_counter()
            envelope = verifier.verify(sent.headers, body)
            verified = perf_counter()
            request_type = _known_type(envelope)
            given, ending = _JsonAnswer(answer(envelope)), ANSWERED
        except Exception as error:  # noqa: BLE001  # never a 500, whatever a sender sends
            given, ending = _refusal(error, is_genuine=request_type is not None)
        times = (time(), began, received, verified, perf_counter())
        tell(Handled(ending, given.status, request_type, *times))
        return given

    @app.get("/readyz", provide_automatic_options=False)
    def readiness() -> _JsonAnswer:
        return _JsonAnswer({"status": "ok"})

    @app.get("/healthz", provide_automatic_options=False)
    def health() -> _JsonAnswer:
        if verifier.clock_drift.is_alarming:
            return _JsonAnswer({"status": "clock_drift"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _JsonAnswer({"status": "ok"})

    @app.errorhandler(Exception)
    def refuse(error: Exception) -> _JsonAnswer:
        given, ending = _refusal(error, is_genuine=False)
        now = perf_counter()
        tell(Handled(ending, given.status, None, time(), now, None, None, now))
        return given

    if metrics_port is not None:
        app.wsgi_app = _with_metrics(app.wsgi_app, str(metrics_port))  # type: ignore[assignment,method-assign]  # as Flask has it for what goes around an application
    return app


class _NoSession(SessionInterface):
    """The sessions of an application that has none: Alexa's travels in the request itself."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002  # Flask's
        """Return the same nothing for every request."""
        return self._none


class _Request(Request):
    """A request whose limit is fixed, and need not be looked up."""

    max_content_length = BODY_LIMIT_BYTES


class _Context(RequestContext):
    """A request's context in an `_Endpoint`."""

    app: "_Endpoint"

    def match_request(self) -> None:
        """Find the view."""
        sent = self.request
        try:
            sent.url_rule, arguments = self.app.find(sent.path, sent.method)
            sent.view_args = dict(arguments)
        except HTTPException as error:
            sent.routing_exception = error


class _Endpoint(Flask):
    """An application without sessions, blueprints, and functions around its views.

    So nothing is looked for where Flask would look for them on every request.
    """

    request_class = _Request
    session_interface = _NoSession()

    def create_url_adapter(self, request: Request | None) -> "MapAdapter":  # noqa: ARG002  # Flask's
        """Return what finds a view by path and method: nobody needs a host, or an address."""
        return self._adapter

    @cached_property
    def _adapter(self) -> "MapAdapter":
        return self.url_map.bind("")

    def request_context(self, environ: "WSGIEnvironment") -> RequestContext:
        """Return a context that looks for no view twice."""
        return _Context(self, environ)

    @cached_property
    def find(self) -> Callable[[str, str], tuple["Rule", Mapping[str, object]]]:
        """Return what finds the rule of a view, and remembers the last ones."""
        return lru_cache(_PLACES_REMEMBERED)(partial(self._adapter.match, return_rule=True))

    def full_dispatch_request(self) -> Response:
        """Return what the view made, or what was made of its failure, which are both complete."""
        try:
            made = self.dispatch_request()
        except Exception as error:  # noqa: BLE001  # as Flask does
            made = self.handle_user_exception(error)
        return cast("Response", made)  # of which nothing but the call is needed

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is asynchronous."""
        return func

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Leave nothing to be taken down."""

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """Leave nothing to be taken down."""


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
        phrase = HTTP_STATUS_CODES.get(self.status, "")
        start_response(f"{self.status} {phrase}", self.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)


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
    if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return _JsonAnswer({}, HTTPStatus.NOT_FOUND)
    return Response(measures.exposition(), content_type=measures.CONTENT_TYPE)


_HEADERS = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


def _body_of(sent: Request) -> bytes:
    try:
        # The raw bytes are what is signed, whatever content type the sender claims.
        return sent.get_data(cache=False, parse_form_data=False)
    except HTTPException:
        raise
    except Exception as error:  # each server has its own for chunks that are none
        raise RequestRefusedError("body_unreadable") from error


def _known_type(envelope: Mapping[str, object]) -> str:
    match envelope:
        case {"request": {"type": str(name)}} if name in KNOWN_REQUEST_TYPES:
            return name
        case _:
            return OTHER_TYPE


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
