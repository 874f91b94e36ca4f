from __future__ import annotations

import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import get_ident
from time import time

import pytest

from skill.web.log_lines import write_line

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
