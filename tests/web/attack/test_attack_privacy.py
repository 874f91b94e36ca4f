"""A mark in every field of a request: it comes out nowhere."""

from __future__ import annotations

import copy
import io
import json
import logging
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from skill.alexa.failures import speaking_on_failure
from skill.alexa.handlers import EVENT_BY_INTENT
from skill.alexa.skill import answering, build_skill
from skill.errors import RequestRefusedError
from skill.web import measures
from skill.web.endpoint import create_app
from skill.web.kept_chains import KeptChains
from skill.web.log_writer import LogWriter
from skill.web.verification import RequestVerifier
from tests.calls import CATALOGUES
from tests.dialogue.memories import OwnMemory
from tests.operation.processes import FULL_LENGTH
from tests.web import chains
from tests.web.attack.sending import SIGNATURE_KEY, URL_KEY, Sent, matched, said
from tests.web.chains import CHAIN_URL, NOW, SKILL_ID, Clock, Store, as_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from flask import Flask

    from skill.triage.model import RuleSet
    from tests.conftest import Answering

MARK: Final = "kvzq"
"""In every mark, in whatever case it is written; found in no word that the skill writes."""

FIELDS: Final = {
    *("time", "level", "event", "request_type", "status", "milliseconds", "reason", "error")
}

_places: list[str] = []
_is_watching = False


def _note_writes(event: str, arguments: tuple[object, ...]) -> None:
    if _is_watching and event == "open":
        path, _, flags = arguments
        if isinstance(path, str | bytes) and isinstance(flags, int):
            is_written = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if is_written:
                _places.append(os.fsdecode(path))


sys.addaudithook(_note_writes)  # it stays to the end of the process, and mostly does nothing


@contextmanager
def files_written_noted() -> Iterator[list[str]]:
    """Note every file that is opened to be written to."""
    global _is_watching  # noqa: PLW0603  # a hook cannot be taken away again
    _places.clear()
    _is_watching = True
    try:
        yield _places
    finally:
        _is_watching = False


class Sinks:
    """All that the application writes to, while the test lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._file = self.log.open("wb")
        self._writer = LogWriter(self._file.fileno())
        self._logger = logging.getLogger("skill")

        self._logger.addHandler(self._writer)

    def close(self) -> None:
        self._logger.removeHandler(self._writer)
        self._writer.flush()
        self._file.close()

    def lines(self) -> list[dict[str, object]]:
        self._writer.flush()
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def contents(self) -> str:
        """Return what is in every file, names included."""
        self._writer.flush()
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        texts = [f"{path.name}\n{path.read_text('utf-8', 'replace')}" for path in files]
        return "\n".join(texts)


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Sinks]:
    made = Sinks(tmp_path)
    yield made
    made.close()


def application(answer: Answering, folder: Path, store: Store | None = None) -> Flask:
    kept = folder / "kept"
    kept.mkdir(exist_ok=True)
    anchors = [chains.root().certificate]
    verifier = RequestVerifier(
        SKILL_ID, anchors, (store or Store()).fetch, Clock(), KeptChains(kept)
    )
    return create_app(answer, verifier, metrics_port=9)


# --- the marks --------------------------------------------------------------------------------


def leaves_of(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    match value:
        case dict():
            for name, one in value.items():
                yield from leaves_of(one, (*path, name))
        case list():
            for number, one in enumerate(value):
                yield from leaves_of(one, (*path, number))
        case _:
            yield path


WHOLE: Final = said("ReportFindingIntent", matched("finding", "fever"), {"answers": {"a": "b"}})
NEEDED: Final = {"applicationId", "timestamp"}
"""Without these it would be refused; marks in them are tried apart."""


def marked(*, at: tuple[str | int, ...] | None = None) -> dict[str, Any]:
    """Return the envelope with a mark at one place, or at all places that are not needed."""
    envelope: dict[str, Any] = copy.deepcopy(WHOLE)
    for path in [at] if at else leaves_of(WHOLE):
        if at or path[-1] not in NEEDED:
            parent: Any = envelope
            for name in path[:-1]:
                parent = parent[name]
            parent[path[-1]] = f"{MARK}-{'.'.join(map(str, path))}"
    return envelope


HEADERS: Final[Mapping[str, object]] = {
    "HTTP_USER_AGENT": f"{MARK}-agent",
    "HTTP_COOKIE": f"{MARK}=cookie",
    "HTTP_REFERER": f"https://{MARK}.example/",
    "HTTP_HOST": f"{MARK}.example",
    "HTTP_AUTHORIZATION": f"Bearer {MARK}",
    "HTTP_SIGNATURE": f"{MARK}-legacy",
    "HTTP_X_FORWARDED_FOR": f"{MARK}-address",
    "HTTP_X_FORWARDED_HOST": f"{MARK}-host",
    "HTTP_X_REQUEST_ID": f"{MARK}-request",
    "HTTP_TRACEPARENT": f"00-{MARK}-01",
    "CONTENT_TYPE": f"text/{MARK}",
    "QUERY_STRING": f"{MARK}=query",
    "REMOTE_ADDR": f"{MARK}-remote",
    "REMOTE_USER": f"{MARK}-user",
}

MARKED_URL: Final = f"https://s3.amazonaws.com/echo.api/{MARK}.pem"


def good_and_bad() -> Iterator[tuple[str, Sent]]:
    everywhere = marked()
    yield "everywhere", Sent(as_body(everywhere), environ=HEADERS)
    for path in leaves_of(WHOLE):
        yield f"at {path}", Sent(as_body(marked(at=path)), environ=HEADERS)
    for intent in EVENT_BY_INTENT:
        envelope = marked()
        envelope["request"] |= {"type": "IntentRequest", "locale": "en-US"}
        envelope["request"]["intent"]["name"] = intent
        yield intent, Sent(as_body(envelope), environ=HEADERS)
    for request_type in ("LaunchRequest", "SessionEndedRequest", "CanFulfillIntentRequest"):
        envelope = marked()
        envelope["request"]["type"] = request_type
        envelope["request"]["intent"]["slots"] = {}  # by their names Alexa gets its answer
        yield request_type, Sent(as_body(envelope), environ=HEADERS)

    body = as_body(everywhere)
    yield "changed", Sent(body + b" ", signed=body, environ=HEADERS)
    yield "cut short", Sent(body[:-1], environ=HEADERS)
    yield "not JSON", Sent(MARK.encode(), environ=HEADERS)
    yield "not UTF-8", Sent(MARK.encode() + b"\xff", environ=HEADERS)
    yield "deep", Sent(b'["' + MARK.encode() + b'",' + b"[" * 5_000, environ=HEADERS)
    yield "key twice", Sent(b'{"%s": 1, "%s": 2}' % ((MARK.encode(),) * 2), environ=HEADERS)
    yield "number", Sent(b'{"%s": NaN}' % MARK.encode(), environ=HEADERS)
    yield "too large", Sent(body.ljust(300_000), environ=HEADERS)
    yield "unsigned", Sent(body, environ={**HEADERS, SIGNATURE_KEY: None})
    yield "signature", Sent(body, environ={**HEADERS, SIGNATURE_KEY: MARK})
    yield "URL refused", Sent(body, environ={**HEADERS, URL_KEY: f"https://{MARK}.example/"})
    yield "URL allowed", Sent(body, environ={**HEADERS, URL_KEY: MARKED_URL})
    yield "length", Sent(body, environ={**HEADERS, "CONTENT_LENGTH": MARK})
    for method in ("GET", "PUT", "OPTIONS", MARK.upper()):
        yield f"method {method}", Sent(body, environ=HEADERS, method=method)
    for url in (f"/{MARK}", f"/healthz/{MARK}", f"/{MARK}\r\n{MARK}", f"/\xff{MARK}", f"//{MARK}"):
        yield f"path {url!r}", Sent(body, environ=HEADERS, path=url)


CASES: Final = dict(good_and_bad())


def assert_nowhere(sinks: Sinks, capture: pytest.CaptureFixture[str], *more: str) -> None:
    everything = "\n".join(
        (*capture.readouterr(), sinks.contents(), measures.exposition().decode(), *more)
    )
    found = re.search(f"(?i).{{0,60}}{MARK}.{{0,60}}", everything)
    assert found is None, found


def test_a_mark_in_any_field_comes_out_nowhere(
    answer: Answering,
    sinks: Sinks,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(0)
    app = application(answer, tmp_path)
    with files_written_noted() as written:
        for number, (name, sent) in enumerate(CASES.items(), start=1):
            response = sent.to(app)
            assert response.status_code in {200, 400, 404, 405}, name
            told = f"{response.status} {response.headers} {response.get_data(as_text=True)}"
            assert MARK not in told.lower(), name
            assert len(caplog.records) == number, name
    assert written
    assert_nowhere(sinks, capfd, caplog.text)
    assert [place for place in written if not place.startswith(str(tmp_path))] == []

    lines = sinks.lines()
    assert len(lines) == len(CASES)
    for line in lines:
        assert line.keys() == FIELDS
        assert line["request_type"] in {None, "other", *measures.KNOWN_REQUEST_TYPES}
        assert line["reason"] in {None, *measures.REASONS}


def hold_marked_conversations(app: Flask, conversations: int) -> None:
    """Call, be asked for consent where there is a memory, agree, and be cut off."""
    slots = matched("finding", "posture_or_overuse", f"{MARK} words")
    said_in_order = [
        *(("AMAZON.NoIntent", None),) * 5,  # the first of them opens the call
        ("AMAZON.YesIntent", None),
        ("ReportFindingIntent", slots),
        ("ReportFindingIntent", {"finding": {"name": "finding", "value": MARK}}),
        ("GiveNumberIntent", {"number": {"name": "number", "value": MARK}}),
    ]
    for number in range(conversations):
        attributes: object = {}
        for turn, (intent, filled) in enumerate(said_in_order):
            envelope: dict[str, Any] = said(intent, filled, None)
            envelope["request"]["requestId"] = f"{MARK}.{number}.{turn}"
            envelope["session"] |= {"attributes": attributes, "sessionId": f"{MARK}.{number}"}
            caller = {"userId": f"{MARK}.{number}"}
            envelope["session"]["user"] = envelope["context"]["System"]["user"] = caller
            response = Sent(as_body(envelope), environ=HEADERS).to(app)
            assert response.status_code == 200
            told = response.get_data(as_text=True)
            assert MARK not in told.lower()
            attributes = json.loads(told)["sessionAttributes"]
            assert attributes


CONVERSATIONS: Final = 1_000 if FULL_LENGTH else 20


@pytest.mark.parametrize("memory", [None, OwnMemory()], ids=["without a memory", "with a memory"])
def test_conversations_full_of_marks_leave_none_in_a_file_a_log_or_a_metric(  # noqa: PLR0913, PLR0917
    memory: OwnMemory | None,
    rule_set: RuleSet,
    sinks: Sinks,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(0)
    answer = answering(build_skill(rule_set, CATALOGUES, memory), CATALOGUES, memory)
    with files_written_noted() as written:
        hold_marked_conversations(application(answer, tmp_path), CONVERSATIONS)
    assert_nowhere(sinks, capfd, caplog.text)
    assert [place for place in written if not place.startswith(str(tmp_path))] == []
    if memory is not None:
        assert len(memory.rows) == CONVERSATIONS
        assert all(MARK not in str(row.text) for row in memory.rows.values())


def raising(_: Mapping[str, object]) -> dict[str, object]:
    raise LookupError(f"{MARK} was said")


def spoilt(_: Mapping[str, object]) -> dict[str, object]:
    return {MARK: object()}


@pytest.mark.parametrize("broken", [raising, spoilt, speaking_on_failure(raising, CATALOGUES)])
def test_a_mark_in_what_goes_wrong_comes_out_nowhere(
    broken: Callable[[Mapping[str, object]], dict[str, object]],
    sinks: Sinks,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(0)
    response = Sent(as_body(marked()), environ=HEADERS).to(application(broken, tmp_path))
    assert response.status_code in {200, 503}
    assert all(record.exc_info is None for record in caplog.records)
    assert_nowhere(sinks, capfd, caplog.text, response.get_data(as_text=True))


@pytest.mark.parametrize(
    "fault",
    [
        f"{MARK}".encode(),
        f"-----BEGIN CERTIFICATE-----\n{MARK}\n-----END CERTIFICATE-----".encode(),
        TimeoutError(MARK),
        ConnectionRefusedError(111, MARK, MARK),
        RequestRefusedError("chain_missing"),
        LookupError(MARK),
    ],
)
def test_a_mark_in_what_the_certificate_host_says_comes_out_nowhere(  # noqa: PLR0913, PLR0917
    fault: bytes | Exception,
    answer: Answering,
    sinks: Sinks,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(0)
    app = application(answer, tmp_path, Store({MARKED_URL: fault}))
    response = Sent(as_body(WHOLE), environ={URL_KEY: MARKED_URL}).to(app)
    assert response.status_code in {400, 503}
    assert_nowhere(sinks, capfd, caplog.text, response.get_data(as_text=True))


def test_nothing_is_printed_when_the_client_goes_away(
    answer: Answering, sinks: Sinks, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    class Gone(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise ConnectionResetError(MARK)

    app = application(answer, tmp_path)
    response = app.test_client().open(
        "/",
        method="POST",
        environ_overrides={**HEADERS, "wsgi.input": Gone(), "CONTENT_LENGTH": "100"},
    )
    assert response.status_code == 400
    assert_nowhere(sinks, capfd, response.get_data(as_text=True))
    assert len(sinks.lines()) == 1


def test_the_metrics_know_nothing_of_what_was_sent(answer: Answering, tmp_path: Path) -> None:
    app = application(answer, tmp_path)
    before = set(names_in(measures.exposition().decode()))
    for sent in CASES.values():
        sent.to(app)
    assert set(names_in(measures.exposition().decode())) == before


def names_in(exposition: str) -> list[str]:
    return [line.rpartition(" ")[0] for line in exposition.splitlines() if line[0] != "#"]


def test_the_file_that_is_kept_is_named_by_no_part_of_its_url(
    answer: Answering, tmp_path: Path
) -> None:
    app = application(answer, tmp_path)
    assert Sent(as_body(WHOLE), environ={URL_KEY: MARKED_URL}).to(app).status_code == 200
    (file,) = (tmp_path / "kept").iterdir()
    assert MARK not in file.name
    assert file.read_bytes() == chains.good_chain()


def test_there_is_a_mark_in_every_field() -> None:
    leaves = [path for path in leaves_of(marked()) if path[-1] not in NEEDED]
    assert len(leaves) > 35
    text = json.dumps(marked())
    assert text.count(MARK) >= len(leaves)
    assert NOW.strftime("%Y-%m-%d") in text
    assert CHAIN_URL not in text
