"""That a request is counted, timed and logged as it ended, now or a moment later."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skill.web import handled, measures
from skill.web.handled import ANSWERED, Ending, Handled, TellingLater, tell

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
REFUSED = Ending(logging.WARNING, "refused", "signature_mismatch")
AT = 1_790_000_000.25


def request(ending: Ending = ANSWERED, verified: float | None = 10.003) -> Handled:
    kind = None if verified is None else "IntentRequest"
    return Handled(ending, 200, kind, AT, 10.0, 10.001, verified, 10.0045)


def figure(name: str) -> float:
    lines = measures.exposition().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


ANSWERS = 'skill_requests_total{outcome="answered",type="IntentRequest"}'
REFUSALS = 'skill_refusals_total{reason="signature_mismatch"}'
VERIFIED = 'skill_stage_seconds_sum{stage="verification"}'
GIVEN = 'skill_stage_seconds_sum{stage="answer"}'


def change(requests: list[Handled], *names: str) -> list[float]:
    before = [figure(name) for name in names]
    for one in requests:
        tell(one)
    return [round(figure(name) - was, 6) for name, was in zip(names, before, strict=True)]


def test_an_answer_is_counted_and_its_stages_are_timed() -> None:
    assert change([request()] * 3, ANSWERS, VERIFIED, GIVEN) == [3, 0.006, 0.0045]


def test_a_refusal_before_the_answer_has_no_time_of_an_answer() -> None:
    one = request(REFUSED, verified=None)
    assert change([one], REFUSALS, VERIFIED, GIVEN) == [1, 0.0035, 0]


def test_a_request_that_got_no_further_than_its_address_has_no_times() -> None:
    one = request(REFUSED, verified=None)._replace(received=None)
    assert change([one], VERIFIED, GIVEN) == [0, 0]


def test_its_line_tells_when_it_was_over(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, handled.__name__):
        tell(request())
    (line,) = (json.loads(record.getMessage()) for record in caplog.records)
    assert line == {
        "time": "2026-09-21T14:13:20.250000+00:00",
        "level": "INFO",
        "event": "answered",
        "request_type": "IntentRequest",
        "status": 200,
        "milliseconds": 4.5,
        "reason": None,
        "error": None,
    }


def test_of_many_each_has_its_line_in_their_order(caplog: pytest.LogCaptureFixture) -> None:
    told = [request(), request(REFUSED, None), request(REFUSED, None), request()]
    with caplog.at_level(logging.INFO, handled.__name__):
        tell(*told)
    lines = [
        json.loads(line) for record in caplog.records for line in record.getMessage().split("\n")
    ]
    assert [line["level"] for line in lines] == ["INFO", "WARNING", "WARNING", "INFO"]
    assert [line["event"] for line in lines] == ["answered", "refused", "refused", "answered"]


def test_told_later_it_is_told_all_the_same() -> None:
    later = TellingLater()
    before = figure(ANSWERS)
    for _ in range(100):
        later(request())
    later.flush()
    assert figure(ANSWERS) - before == 100


ENDED = """
import logging
from tests.web.test_handled import TellingLater, request
logging.basicConfig(level="INFO", format="%(message)s")
later = TellingLater()
for _ in range(3):
    later(request())
"""


def test_at_the_end_of_the_process_what_waits_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDED], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["answered"] * 3
