"""The Flask application: verified requests in, JSON out, one log line each."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

import orjson
from flask import Flask, Request, Response, request
from flask.sessions import NullSession, SessionInterface
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from skill.errors import RequestRefusedError
from skill.web import measures
from skill.web.log_lines import write_line
from skill.web.measures import KNOWN_REQUEST_TYPES, OTHER_TYPE
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from werkzeug.routing import MapAdapter

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")

BODY_LIMIT_BYTES = 256 * 1024  # Alexa sends a few kB, session attributes included

_LOGGER = logging.getLogger(__name__)


def create_app(
    answer: Callable[[Mapping[str, object]], dict[str, object]],
    verifier: RequestVerifier,
    *,
    metrics_port: int | None = None,
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
    """
    app = _Endpoint(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_BYTES
    app.url_map.strict_slashes = False  # it would redirect, and Alexa does not follow

    @app.post("/", provide_automatic_options=False)
    def alexa_request() -> Response:
        started = perf_counter()
        request_type = None
        try:
            envelope = _timed("verification", verifier.verify, request.headers, _sent_body())
            request_type = _known_type(envelope)
            response = _json_response(_timed("answer", answer, envelope))
        except Exception as error:  # noqa: BLE001  # never a 500, whatever a sender sends
            return _refusal(error, started, request_type)
        measures.count_request(request_type, "answered")
        _finish(logging.INFO, started, response.status_code, request_type)
        return response

    @app.get("/readyz", provide_automatic_options=False)
    def readiness() -> Response:
        return _json_response({"status": "ok"})

    @app.get("/healthz", provide_automatic_options=False)
    def health() -> Response:
        if verifier.clock_drift.is_alarming:
            return _json_response({"status": "clock_drift"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json_response({"status": "ok"})

    @app.errorhandler(Exception)
    def refuse(error: Exception) -> Response:
        return _refusal(error, perf_counter(), None)

    if metrics_port is not None:
        app.wsgi_app = _with_metrics(app.wsgi_app, str(metrics_port))  # type: ignore[assignment,method-assign]  # as Flask has it for what goes around an application
    return app


class _NoSession(SessionInterface):
    """The sessions of an application that has none: Alexa's travels in the request itself."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002  # Flask's
        """Return the same nothing for every request."""
        return self._none


class _Endpoint(Flask):
    """An application without sessions, blueprints, and functions around its views.

    So nothing is looked for where Flask would look for them on every request.
    """

    session_interface = _NoSession()

    def create_url_adapter(self, request: Request | None) -> "MapAdapter | None":
        """Return what finds a view by path and method.

        Nobody needs a host here, because no address is ever built.
        """
        if request is None:
            return None
        return self.url_map.bind("", path_info=request.path, default_method=request.method)

    def preprocess_request(self) -> None:
        """Go on to the view."""

    def process_response(self, response: Response) -> Response:
        """Return what the view made."""
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Leave nothing to be taken down."""

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """Leave nothing to be taken down."""


class _JsonResponse(Response):
    """A response whose headers are complete, so that nothing is to be worked out or copied."""

    def get_wsgi_response(
        self, environ: "WSGIEnvironment"
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return the body, the status and the headers."""
        body: Iterable[bytes] = self.iter_encoded() if environ["REQUEST_METHOD"] != "HEAD" else ()
        return body, self.status, self.headers.to_wsgi_list()


def _with_metrics(wsgi_app: "WSGIApplication", port: str) -> "WSGIApplication":
    """Return an application that answers one port with the metrics, and every other as before."""

    def by_port(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # By what the server listens on, not by what the sender wrote into a header. A Unix socket
        # has neither port nor peer, and there gunicorn believes the header.
        if environ.get("SERVER_PORT") != port or not environ.get("REMOTE_ADDR"):
            return wsgi_app(environ, start_response)
        return _metrics(environ)(environ, start_response)

    return by_port


def _metrics(environ: "WSGIEnvironment") -> Response:
    if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return _json_response({}, HTTPStatus.NOT_FOUND)
    return Response(measures.exposition(), content_type=measures.CONTENT_TYPE)


_HEADERS = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


def _json_response(content: Mapping[str, object], status: int = HTTPStatus.OK) -> Response:
    try:
        body = orjson.dumps(content)
    except TypeError:  # half a surrogate pair, out of the request, has no UTF-8
        body = json.dumps(content, separators=(",", ":")).encode()
    return _JsonResponse([body], status, [*_HEADERS, ("Content-Length", str(len(body)))])


def _sent_body() -> bytes:
    try:
        # The raw bytes are what is signed, whatever content type the sender claims.
        return request.get_data(cache=False, parse_form_data=False)
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


def _refusal(error: Exception, started: float, request_type: str | None) -> Response:
    """Turn whatever was raised into a status, a reason for the log, and no detail.

    Args:
        error: What was raised.
        started: When the request began, by `perf_counter`.
        request_type: Its type, once it was found genuine.
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
            if request_type is None:
                reason, status = "unverifiable", HTTPStatus.BAD_REQUEST
            else:
                reason, status = "unanswerable", HTTPStatus.SERVICE_UNAVAILABLE

    response = _json_response({}, status)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    measures.count_request(request_type, "refused" if name is None else "failed", reason)
    _finish(level, started, status, request_type, reason, name)
    return response


def _finish(  # noqa: PLR0913, PLR0917  # each is one field of the line
    level: int,
    started: float,
    status: int,
    request_type: str | None,
    reason: str | None = None,
    error: str | None = None,
) -> None:
    """Take down how long a request took, and write its line.

    These fields are all that it may ever hold: nothing that was said, no id, no header.
    """
    write_line(
        _LOGGER,
        level,
        "answered" if reason is None else "refused",
        request_type=request_type,
        status=int(status),
        milliseconds=round((perf_counter() - started) * 1000, 1),
        reason=reason,
        error=error,
    )


def _timed(
    stage: measures.Stage, step: Callable[[*_Arguments], _Result], *args: *_Arguments
) -> _Result:
    """Take a step, and take down how long it took whether or not it succeeds."""
    started = perf_counter()
    try:
        return step(*args)
    finally:
        measures.time_stage(stage, perf_counter() - started)
