"""The Flask application: verified requests in, JSON out, one log line each."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from time import perf_counter

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from skill.errors import RequestRefusedError
from skill.web.verification import RequestVerifier

BODY_LIMIT_BYTES = 256 * 1024  # Alexa sends a few kB, session attributes included

# What a log line may call a request by its type; any other is "other".
KNOWN_REQUEST_TYPES = frozenset(
    {
        "LaunchRequest",
        "IntentRequest",
        "SessionEndedRequest",
        "SessionResumedRequest",
        "CanFulfillIntentRequest",
        "Connections.Response",
        "System.ExceptionEncountered",
        "Alexa.Presentation.APL.UserEvent",
        "Alexa.Presentation.APL.RuntimeError",
        "AlexaSkillEvent.SkillEnabled",
        "AlexaSkillEvent.SkillDisabled",
        "AlexaSkillEvent.SkillPermissionAccepted",
        "AlexaSkillEvent.SkillPermissionChanged",
        "AlexaSkillEvent.SkillAccountLinked",
        "AlexaSkillEvent.SkillAccountUnlinked",
        "AlexaSkillEvent.ProactiveSubscriptionChanged",
    }
)

_LOGGER = logging.getLogger(__name__)


def create_app(
    answer: Callable[[Mapping[str, object]], dict[str, object]], verifier: RequestVerifier
) -> Flask:
    """Return the application that answers Alexa at ``POST /``.

    ``GET /healthz`` tells a load balancer that the process is up. Everything
    that is refused gets an empty JSON object: the reason is for the log alone.

    Args:
        answer: Turns a verified request envelope into a response envelope.
        verifier: Says which requests are Alexa's.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_BYTES
    app.url_map.strict_slashes = False  # it would redirect, and Alexa does not follow

    @app.post("/", provide_automatic_options=False)
    def alexa_request() -> Response:
        # The raw bytes are what is signed, whatever content type the sender claims.
        body = request.get_data(cache=False, parse_form_data=False)
        envelope = verifier.verify(request.headers, body)
        g.request_type = _known_type(envelope)
        return _json_response(answer(envelope))

    @app.get("/healthz", provide_automatic_options=False)
    def health() -> Response:
        return _json_response({"status": "ok"})

    app.before_request(_start_record)
    app.register_error_handler(Exception, _refuse)
    app.after_request(_finish)
    return app


def _json_response(content: Mapping[str, object], status: int = HTTPStatus.OK) -> Response:
    # ASCII, so that half a surrogate pair from the request cannot break the encoding.
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Response(text, status=status, content_type="application/json; charset=utf-8")


def _known_type(envelope: Mapping[str, object]) -> str:
    match envelope:
        case {"request": {"type": str(name)}} if name in KNOWN_REQUEST_TYPES:
            return name
        case _:
            return "other"


def _start_record() -> None:
    g.started_seconds = perf_counter()
    g.level = logging.INFO
    g.request_type = g.reason = g.error = None


def _refuse(error: Exception) -> Response:
    """Turn whatever was raised into a status, a reason for the log, and no detail."""
    g.level = logging.WARNING
    match error:
        case RequestRefusedError():
            g.reason, status = error.reason, error.status
        case RequestEntityTooLarge():
            # To Alexa's checks a body that is too large is one more bad request.
            g.reason, status = "body_too_large", HTTPStatus.BAD_REQUEST
        case HTTPException():
            status = error.code or HTTPStatus.BAD_REQUEST
            g.reason = f"http_{status}"
        case _:
            # A defect of ours, never a 500. Its message may quote the request, so only its name.
            g.level = logging.ERROR
            g.error = type(error).__name__
            if g.request_type is None:
                g.reason, status = "unverifiable", HTTPStatus.BAD_REQUEST
            else:
                g.reason, status = "unanswerable", HTTPStatus.SERVICE_UNAVAILABLE

    response = _json_response({}, status)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def _finish(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    # These fields are all that a log line may ever hold: nothing that was said, no id, no header.
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": logging.getLevelName(g.level),
        "event": "answered" if g.reason is None else "refused",
        "request_type": g.request_type,
        "status": response.status_code,
        "milliseconds": round((perf_counter() - g.started_seconds) * 1000, 1),
        "reason": g.reason,
        "error": g.error,
    }
    _LOGGER.log(g.level, json.dumps(line))
    return response
