import io
import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Request
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    InvalidChunkSize,
    NoMoreData,
)
from werkzeug.test import create_environ

from skill.errors import RequestRefusedError
from skill.web.endpoint import BODY_LIMIT_BYTES, create_app
from skill.web.measures import KNOWN_REQUEST_TYPES
from skill.web.verification import RequestVerifier
from tests.web import chains
from tests.web.chains import (
    CHAIN_URL,
    NOW,
    OTHER_SKILL_ID,
    SKILL_ID,
    Clock,
    Store,
    as_body,
    envelope,
    signed_headers,
)

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

ANSWER: dict[str, object] = {"version": "1.0", "response": {"shouldEndSession": True}}
Answer = Callable[[Mapping[str, object]], dict[str, object]]


def make_app(
    answer: Answer = lambda _: ANSWER, store: Store | None = None, clock: Clock | None = None
) -> Flask:
    anchors = [chains.root().certificate]
    store = store or Store()
    return create_app(answer, RequestVerifier(SKILL_ID, anchors, store.fetch, clock or Clock()))


def post(app: Flask, content: Mapping[str, object]) -> "TestResponse":
    body = as_body(content)
    return app.test_client().post("/", data=body, headers=signed_headers(body))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, object]]]:
    caplog.set_level(logging.DEBUG)
    return lambda: [json.loads(record.getMessage()) for record in caplog.records]


Lines = Callable[[], list[dict[str, object]]]


def assert_says_nothing(response: "TestResponse") -> None:
    assert response.get_json() == {}
    assert response.data == b"{}"


# What is answered


def test_a_request_of_alexa_is_answered_in_json() -> None:
    heard: list[Mapping[str, object]] = []

    def answer(content: Mapping[str, object]) -> dict[str, object]:
        heard.append(content)
        return ANSWER

    response = post(make_app(answer), envelope())
    assert response.status_code == 200
    assert response.get_json() == ANSWER
    assert heard == [envelope()]


def test_every_response_is_json_that_nobody_keeps_or_sniffs() -> None:
    app = make_app()
    client = app.test_client()
    for response in (
        post(app, envelope()),
        client.post("/", data=b""),
        client.get("/"),
        client.get("/healthz"),
        client.get("/nowhere"),
    ):
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"


def test_an_answered_request_is_held_by_nothing() -> None:
    # In its own environment it would hold itself, and the collector would come for each.
    answered = make_app()
    environ = create_environ(method="POST", data=b"{}")
    list(answered(environ, lambda *_: lambda _: None))
    assert not [name for name, value in environ.items() if isinstance(value, Request)]


def test_half_a_surrogate_pair_does_not_break_the_answer() -> None:
    response = post(make_app(lambda _: {"said": "\ud800\u00e9"}), envelope())
    assert response.status_code == 200
    assert response.data == b'{"said":"\\ud800\\u00e9"}'


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_the_content_type_that_is_claimed_does_not_matter(content_type: str) -> None:
    body = as_body(envelope())
    headers = signed_headers(body) | {"Content-Type": content_type}
    assert make_app().test_client().post("/", data=body, headers=headers).status_code == 200


def test_the_process_says_that_it_is_up() -> None:
    response = make_app().test_client().get("/healthz")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


# What is refused


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_only_a_post_is_for_the_skill(method: str) -> None:
    response = make_app().test_client().open("/", method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/healthz/x", "/static/x", "/../x", "/%00", "/" + "a/" * 99]
)
def test_there_is_nothing_elsewhere(path: str) -> None:
    for method in ("GET", "POST"):
        response = make_app().test_client().open(path, method=method)
        assert response.status_code == 404
        assert_says_nothing(response)


@pytest.mark.parametrize("path", ["", "//", "///", "/healthz/", "/readyz//", "//healthz", "/./"])
def test_no_path_is_redirected(path: str) -> None:
    client = make_app().test_client()
    for method in ("GET", "POST"):
        # As the path arrives, because the client would read a second slash as a host.
        response = client.open("/", method=method, environ_overrides={"PATH_INFO": path})
        assert response.status_code in {200, 400, 404, 405}
        assert "Location" not in response.headers


def test_the_health_report_is_only_read() -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = make_app().test_client().open("/healthz", method=method)
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD"


def test_refusals_are_400_without_a_word_why(lines: Lines) -> None:
    app = make_app()
    client = app.test_client()
    body = as_body(envelope())
    for response in (
        client.post("/", data=body),
        client.post("/", data=body + b" ", headers=signed_headers(body)),
        client.post("/", data=body, headers=signed_headers(body, "https://evil.com/a.pem")),
        post(app, envelope(skill_id=OTHER_SKILL_ID)),
        post(app, envelope(sent=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))),
        post(app, {}),
    ):
        assert response.status_code == 400
        assert_says_nothing(response)
    assert [line["reason"] for line in lines()] == [
        "chain_url_missing",
        "signature_mismatch",
        "chain_url_refused",
        "skill_id_mismatch",
        "timestamp_outside_window",
        "envelope_malformed",
    ]


def test_a_header_sent_twice_is_refused(lines: Lines) -> None:
    body = as_body(envelope())
    headers = [*signed_headers(body).items(), ("SignatureCertChainUrl", CHAIN_URL)]
    response = make_app().test_client().post("/", data=body, headers=headers)
    assert response.status_code == 400
    # A WSGI server joins repeated headers with a comma, which no URL may hold.
    assert lines()[0]["reason"] == "chain_url_refused"


def test_a_key_that_cannot_be_fetched_is_503(lines: Lines) -> None:
    app = make_app(store=Store({CHAIN_URL: TimeoutError()}))
    response = post(app, envelope())
    assert response.status_code == 503
    assert_says_nothing(response)
    assert lines()[0]["reason"] == "chain_unavailable"


def test_a_body_over_the_limit_is_refused_as_a_bad_request() -> None:
    body = b" " * (BODY_LIMIT_BYTES + 1)
    response = make_app().test_client().post("/", data=body, headers=signed_headers(body))
    assert response.status_code == 400
    assert_says_nothing(response)


def test_a_body_at_the_limit_is_answered() -> None:
    body = as_body(envelope()).ljust(BODY_LIMIT_BYTES)
    response = make_app().test_client().post("/", data=body, headers=signed_headers(body))
    assert response.status_code == 200


@pytest.mark.parametrize(("extra_bytes", "status"), [(0, 200), (1, 400), (10_000_000, 400)])
def test_a_body_without_a_length_has_the_same_limit(extra_bytes: int, status: int) -> None:
    body = as_body(envelope()).ljust(BODY_LIMIT_BYTES + extra_bytes)
    client = make_app().test_client()
    response = client.post(
        "/",
        input_stream=io.BytesIO(body),
        headers=signed_headers(body),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == status


class Cut(io.RawIOBase):
    """What is read from a sender who breaks off, or whose chunks are none."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise self.error


@pytest.mark.parametrize("claimed", [{}, {"CONTENT_LENGTH": "10"}], ids=["chunks", "length"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InvalidChunkSize(b"zz"), "body_unreadable"),
        (NoMoreData(b""), "http_400"),
        (ConnectionResetError(), "http_400"),
    ],
    ids=repr,
)
def test_a_body_that_cannot_be_read_is_the_senders_fault(
    error: Exception, reason: str, claimed: dict[str, str], lines: Lines
) -> None:
    overrides = {"wsgi.input": Cut(error), "wsgi.input_terminated": True, **claimed}
    response = make_app().test_client().post("/", environ_overrides=overrides)
    assert response.status_code == 400
    assert_says_nothing(response)
    (line,) = lines()
    assert (line["reason"], line["level"]) == (reason, "WARNING")


def test_a_body_that_ends_too_soon_is_the_senders_fault(lines: Lines) -> None:
    overrides = {"wsgi.input": io.BytesIO(b"{}"), "CONTENT_LENGTH": "10"}
    response = make_app().test_client().post("/", environ_overrides=overrides)
    assert response.status_code == 400
    (line,) = lines()
    assert line["reason"] == "http_400"


def test_a_compressed_body_is_not_unpacked() -> None:
    body = as_body(envelope())
    headers = signed_headers(body) | {"Content-Encoding": "gzip"}
    client = make_app().test_client()
    assert client.post("/", data=b"\x1f\x8b" + body, headers=headers).status_code == 400


# Defects of ours


def test_a_defect_in_the_verification_is_a_refusal(lines: Lines) -> None:
    def broken_fetch(_: str) -> bytes:
        raise LookupError("secret detail")

    verifier = RequestVerifier(SKILL_ID, [chains.root().certificate], broken_fetch, Clock())
    response = post(create_app(lambda _: ANSWER, verifier), envelope())
    assert response.status_code == 400
    assert_says_nothing(response)
    (line,) = lines()
    assert (line["reason"], line["error"], line["level"]) == (
        "unverifiable",
        "LookupError",
        "ERROR",
    )
    assert "secret" not in json.dumps(line)


def raise_defect(_: Mapping[str, object]) -> dict[str, object]:
    raise ZeroDivisionError("secret detail")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (raise_defect, "ZeroDivisionError"),
        (lambda _: {"no JSON": object()}, "TypeError"),
    ],
    ids=["raised", "not JSON"],
)
@pytest.mark.parametrize("testing", [False, True])
def test_a_defect_in_the_answer_is_503_without_a_trace(
    answer: Answer,
    error: str,
    testing: bool,  # noqa: FBT001
    lines: Lines,
) -> None:
    app = make_app(answer)
    app.testing = app.debug = testing
    response = post(app, envelope())
    assert response.status_code == 503
    assert_says_nothing(response)
    (line,) = lines()
    assert (line["reason"], line["error"]) == ("unanswerable", error)


# The log


def test_a_request_leaves_one_line_of_fixed_fields(lines: Lines) -> None:
    post(make_app(), envelope("IntentRequest"))
    (line,) = lines()
    assert datetime.fromisoformat(str(line.pop("time"))).tzinfo is not None
    milliseconds = line.pop("milliseconds")
    assert isinstance(milliseconds, float)
    assert 0 <= milliseconds < 10_000
    assert line == {
        "level": "INFO",
        "event": "answered",
        "request_type": "IntentRequest",
        "status": 200,
        "reason": None,
        "error": None,
    }


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 405), ("GET", "/x", 404), ("POST", "/", 400)]
)
def test_a_refusal_leaves_one_line(method: str, path: str, status: int, lines: Lines) -> None:
    make_app().test_client().open(path, method=method)
    (line,) = lines()
    assert (line["event"], line["level"], line["status"]) == ("refused", "WARNING", status)
    assert line["reason"] in {"chain_url_missing", f"http_{status}"}


@pytest.mark.parametrize("request_type", sorted(KNOWN_REQUEST_TYPES))
def test_a_known_request_type_is_logged(request_type: str, lines: Lines) -> None:
    post(make_app(), envelope(request_type))
    assert lines()[0]["request_type"] == request_type


@pytest.mark.parametrize("request_type", ["Canary", "", "LaunchRequest\n{}", "launchrequest"])
def test_any_other_request_type_is_logged_as_other(request_type: str, lines: Lines) -> None:
    post(make_app(), envelope(request_type))
    assert lines()[0]["request_type"] == "other"


def test_nothing_from_a_request_reaches_the_log(
    lines: Lines, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-7f3a"
    request = {
        "type": "IntentRequest",
        "timestamp": "2026-11-22T12:00:00Z",
        "requestId": canary,
        "intent": {"name": canary, "slots": {canary: {"name": canary, "value": canary}}},
    }
    content = envelope() | {"request": request, canary: canary}
    headers = {"User-Agent": canary, "Signature": canary, "X-Other": canary, "Cookie": canary}
    for extra in (b"", b" "):
        body = as_body(content)
        answered = make_app(lambda _: {"said": canary}).test_client()
        answered.post(f"/?{canary}", data=body + extra, headers=signed_headers(body) | headers)
        broken = make_app(raise_defect).test_client()
        broken.post("/", data=body + extra, headers=signed_headers(body) | headers)
    answered.post("/", data=canary, headers={"SignatureCertChainUrl": canary})
    answered.get(f"/{canary}", headers=headers)
    assert len(lines()) == 6
    assert canary not in caplog.text + "".join(capfd.readouterr())


def test_the_status_is_that_of_the_refusal() -> None:
    def refuse(_: Mapping[str, object]) -> dict[str, object]:
        raise RequestRefusedError("too_busy", 503)

    assert post(make_app(refuse), envelope()).status_code == 503


# Health, readiness and metrics


@pytest.mark.parametrize(
    ("seconds", "status", "said"), [(0, 200, "ok"), (29, 200, "ok"), (31, 503, "clock_drift")]
)
@pytest.mark.parametrize("ahead", [1, -1])
def test_health_turns_red_when_the_clock_drifts_and_turns_are_still_taken(
    seconds: int, status: int, said: str, ahead: int
) -> None:
    clock = Clock()
    app = make_app(clock=clock)
    clock.now = NOW + timedelta(seconds=ahead * seconds)
    for _ in range(3):
        assert post(app, envelope()).status_code == 200
    health = app.test_client().get("/healthz")
    assert (health.status_code, health.get_json()) == (status, {"status": said})
    assert app.test_client().get("/readyz").status_code == 200


def test_health_turns_red_though_every_request_is_refused_as_stale() -> None:
    clock = Clock()
    app = make_app(clock=clock)
    clock.now = NOW + timedelta(hours=1)
    assert [post(app, envelope()).status_code for _ in range(3)] == [400] * 3
    assert app.test_client().get("/healthz").status_code == 503


def test_late_events_and_requests_of_other_skills_say_nothing_about_the_clock() -> None:
    app = make_app()
    event = envelope("AlexaSkillEvent.SkillDisabled", NOW - timedelta(seconds=3000))
    foreign = envelope(sent=NOW - timedelta(seconds=90), skill_id=OTHER_SKILL_ID)
    assert [post(app, event).status_code for _ in range(3)] == [200] * 3
    assert [post(app, foreign).status_code for _ in range(3)] == [400] * 3
    assert app.test_client().get("/healthz").status_code == 200


def at_port(app: Flask, port: int, path: str, method: str = "GET") -> "TestResponse":
    overrides = {"SERVER_PORT": str(port)}
    # The sender's Host says otherwise, and is not asked.
    headers = {"Host": "skill.example:9464"}
    return app.test_client().open(path, method=method, headers=headers, environ_overrides=overrides)


def app_with_metrics() -> Flask:
    anchors = [chains.root().certificate]
    verifier = RequestVerifier(SKILL_ID, anchors, Store().fetch, Clock())
    return create_app(lambda _: ANSWER, verifier, metrics_port=9464)


def test_metrics_are_served_at_their_own_port_and_nothing_else_is() -> None:
    app = app_with_metrics()
    shown = at_port(app, 9464, "/metrics")
    assert shown.status_code == 200
    assert shown.content_type.startswith("text/plain")
    assert b"skill_requests_total" in shown.data
    for path, method in (("/", "POST"), ("/healthz", "GET"), ("/readyz", "GET"), ("/x", "GET")):
        assert at_port(app, 9464, path, method).status_code == 404
    assert at_port(app, 8080, "/metrics").status_code == 404
    assert at_port(app, 8080, "/healthz").status_code == 200


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("POST", 404), ("PUT", 404), ("OPTIONS", 404)]
)
def test_metrics_are_only_read(method: str, status: int) -> None:
    assert at_port(app_with_metrics(), 9464, "/metrics", method).status_code == status


def test_a_unix_socket_has_no_port_for_metrics() -> None:
    """There gunicorn takes the port from the Host that the sender wrote, and there is no peer."""
    environ = {"SERVER_PORT": "9464", "REMOTE_ADDR": ""}
    client = app_with_metrics().test_client()
    assert client.get("/metrics", environ_overrides=environ).status_code == 404
    assert client.get("/readyz", environ_overrides=environ).status_code == 200


def test_every_stage_is_timed_also_of_a_request_that_is_refused() -> None:
    app = app_with_metrics()

    def times() -> dict[str, float]:
        shown = at_port(app, 9464, "/metrics").get_data(as_text=True)
        found = re.findall(r'skill_stage_seconds_count\{stage="(\w+)"\} ([\d.]+)', shown)
        return {stage: float(count) for stage, count in found}

    before = times()
    assert post(app, envelope()).status_code == 200
    assert post(app, {}).status_code == 400
    grown = {stage: count - before[stage] for stage, count in times().items()}
    assert grown == {"verification": 2, "answer": 1}


def test_without_a_port_for_them_metrics_are_served_nowhere() -> None:
    for port in (80, 9464):
        assert at_port(make_app(), port, "/metrics").status_code == 404
