from __future__ import annotations

import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import get_ident
from time import time

import pytest

from skill.web.log_lines import MOST_BYTES_AT_ONCE, Line, write_line, write_lines

_LOGGER = logging.getLogger("skill.web.something")


def test_a_line_is_one_json_object(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    write_line(_LOGGER, logging.INFO, "happened", reason="a\n\u00fc", number=1.5, nothing=None)
    (record,) = caplog.records
    assert (record.name, record.levelno) == (_LOGGER.name, logging.INFO)
    text = record.getMessage()
    assert text.isascii()
    assert text.isprintable()
    line = json.loads(text)
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    expected = {"level": "INFO", "event": "happened"}
    assert line == expected | {"reason": "a\n\u00fc", "number": 1.5, "nothing": None}


def test_many_lines_go_out_in_records_that_a_pipe_takes_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    lines: list[Line] = [
        (float(second), {"event": "happened", "number": second}) for second in range(500)
    ]
    write_lines(_LOGGER, logging.INFO, lines)
    texts = [record.getMessage() for record in caplog.records]
    assert max(map(len, texts)) < MOST_BYTES_AT_ONCE  # one more for the end of the last line
    assert len(texts) < len(lines) / 10
    told = [json.loads(line) for text in texts for line in text.split("\n")]
    assert [line["number"] for line in told] == list(range(500))
    assert [datetime.fromisoformat(line["time"]).timestamp() for line in told] == [
        at for at, _ in lines
    ]


def test_no_lines_are_no_record(caplog: pytest.LogCaptureFixture) -> None:
    write_lines(_LOGGER, logging.ERROR, [])
    assert caplog.records == []


def test_a_line_longer_than_that_has_a_record_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reasons = ["short", "long" * 2_000, "short"]
    write_lines(_LOGGER, logging.ERROR, [(0.0, {"reason": reason}) for reason in reasons])
    assert [json.loads(one.getMessage())["reason"] for one in caplog.records] == reasons


def test_a_formatter_of_somebody_else_tells_the_truth(caplog: pytest.LogCaptureFixture) -> None:
    formatter = logging.Formatter("%(asctime)s %(process)d %(thread)d", "%H:%M:%S")
    before = time()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(write_line, _LOGGER, logging.ERROR, "happened").result()
        ours = pool.submit(get_ident).result()
    (record,) = caplog.records
    assert before <= record.created <= time()
    assert record.msecs == pytest.approx(record.created % 1 * 1000, abs=1)
    assert formatter.format(record).endswith(f" {os.getpid()} {ours}")
    assert record.threadName is None


def test_a_percent_sign_means_nothing(caplog: pytest.LogCaptureFixture) -> None:
    write_line(_LOGGER, logging.ERROR, "happened", reason="100 %s")
    assert json.loads(caplog.records[0].getMessage())["reason"] == "100 %s"


def test_a_level_that_is_not_wanted_costs_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    write_line(_LOGGER, logging.WARNING, "happened")
    assert caplog.records == []
