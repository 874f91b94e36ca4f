"""The endpoints that are compared do the same job, and only the bare one takes anything."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

from scripts.benchmark_errors import BenchmarkError
from scripts.benchmark_job import ANSWERED, Job, http_request, interview_job
from scripts.benchmark_load import ask
from scripts.benchmark_servers import Running, Server, running
from scripts.simulator.signing import throwaway_authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from skill.triage.model import RuleSet
    from tests.conftest import Answering

SERVER = Server("waitress")
AUTHORITY = throwaway_authority(datetime.now(UTC))
CONSTANT = {"constant": True}


@pytest.fixture(scope="module")
def job(answer: Answering, rule_set: RuleSet) -> Job:
    return interview_job(answer, rule_set)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    AUTHORITY.write(folder)
    (folder / "answer.json").write_text(json.dumps(CONSTANT), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def this(folder: Path, job: Job) -> Iterator[Running]:
    with running(SERVER, "this_endpoint", folder, job.signed(AUTHORITY)) as run:
        yield run


@pytest.fixture(scope="module")
def official(folder: Path, job: Job) -> Iterator[Running]:
    with running(SERVER, "official_path", folder, job.signed(AUTHORITY)) as run:
        yield run


@pytest.fixture(scope="module")
def bare(folder: Path, job: Job) -> Iterator[Running]:
    with running(SERVER, "bare_flask", folder, job.signed(AUTHORITY)) as run:
        yield run


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def content(answer: bytes) -> dict[str, object]:
    found: object = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert isinstance(found, dict)
    return found


# --- the request ----------------------------------------------------------------------------


def test_the_request_is_a_calm_answer_amid_an_interview(job: Job, rule_set: RuleSet) -> None:
    sent: Any = job.envelope()
    attributes = sent["session"]["attributes"]
    question = rule_set.question(attributes["pending"])
    assert question is not None
    assert question.kind == "yes_no"
    assert sent["request"]["intent"]["name"] == (
        "AMAZON.YesIntent" if question.alarming == "no" else "AMAZON.NoIntent"
    )
    assert len(attributes["answers"]) >= ANSWERED
    assert question.id not in attributes["answers"]


def test_the_request_is_as_long_as_one_of_alexas(job: Job) -> None:
    body = job.signed(AUTHORITY).partition(b"\r\n\r\n")[2]
    assert 2300 <= len(body) <= 2700


def test_every_request_has_an_id_of_its_own(job: Job) -> None:
    one, other = job.signed(AUTHORITY), job.signed(AUTHORITY)
    assert one != other


def test_a_skill_that_does_not_go_on_asking_cannot_be_measured(rule_set: RuleSet) -> None:
    with pytest.raises(BenchmarkError, match="asked no yes-or-no question"):
        interview_job(lambda _: {"response": {}}, rule_set)


# --- the endpoints --------------------------------------------------------------------------


def test_this_endpoint_answers_as_the_skill_does(
    this: Running, job: Job, answer: Answering
) -> None:
    assert content(ask(this.port, job.signed(AUTHORITY))) == answer(job.envelope())


def test_the_stand_in_answers_the_same_but_for_the_sdks_user_agent(
    this: Running, official: Running, job: Job
) -> None:
    request = job.signed(AUTHORITY)
    ours, theirs = content(ask(this.port, request)), content(ask(official.port, request))
    assert str(theirs.pop("userAgent")).startswith("ask-python/")
    assert theirs == ours


def test_bare_flask_answers_the_constant(bare: Running, job: Job) -> None:
    assert content(ask(bare.port, job.signed(AUTHORITY))) == CONSTANT


def test_the_first_answer_is_one_to_the_request(this: Running, job: Job, answer: Answering) -> None:
    assert content(this.first_answer) == answer(job.envelope())
    assert this.start_seconds > 0


def test_this_endpoint_has_its_log_and_its_kept_chain_on(
    this: Running, folder: Path, job: Job
) -> None:
    log = folder / "waitress-this_endpoint.log"
    before = log.read_text().count("\n")
    ask(this.port, job.signed(AUTHORITY))
    events: list[str] = []
    deadline = monotonic() + 10
    while "answered" not in events and monotonic() < deadline:
        sleep(0.02)  # a line is written after its answer, and others may still be due
        *whole, _ = log.read_text().split("\n")  # of the last, a part may be written
        events = [json.loads(line)["event"] for line in whole[before:]]
    assert "answered" in events
    assert [path.read_bytes() for path in (folder / "chains").iterdir()] == [AUTHORITY.chain_pem]


def changed(job: Job) -> bytes:
    return job.signed(AUTHORITY).replace(b'"version":"1.0"', b'"version":"1.1"')


def signed_by_a_stranger(job: Job) -> bytes:
    return job.signed(throwaway_authority(datetime.now(UTC)))


def too_old(job: Job) -> bytes:
    body = re.sub(rb'"timestamp":"20..-', b'"timestamp":"2019-', body_of(job))
    return http_request(body, AUTHORITY.signed_headers(body))


def unsigned(job: Job) -> bytes:
    return http_request(body_of(job), {})


def with_a_chain_from_elsewhere(job: Job) -> bytes:
    body = body_of(job)
    elsewhere = {"SignatureCertChainUrl": "https://s3.amazonaws.com.example.org/echo.api/a.pem"}
    return http_request(body, AUTHORITY.signed_headers(body) | elsewhere)


def body_of(job: Job) -> bytes:
    return job.signed(AUTHORITY).partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    "tampered", [changed, signed_by_a_stranger, too_old, unsigned, with_a_chain_from_elsewhere]
)
def test_a_tampered_request_is_refused_by_all_but_the_bare_one(
    tampered: Callable[[Job], bytes], this: Running, official: Running, bare: Running, job: Job
) -> None:
    request = tampered(job)
    assert status(ask(this.port, request)) == 400
    assert status(ask(official.port, request)) == 400
    assert status(ask(bare.port, request)) == 200


# --- starting -------------------------------------------------------------------------------


def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path, job: Job) -> None:
    # The folder lacks what the endpoints read.
    with (
        pytest.raises(BenchmarkError, match=r"ended at once; .*root\.pem"),
        running(SERVER, "official_path", tmp_path, job.signed(AUTHORITY)),
    ):
        pass
