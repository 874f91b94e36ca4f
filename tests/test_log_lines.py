from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from skill.log_lines import write_line
from tests.log_lines import told

if TYPE_CHECKING:
    import pytest

_LOGGER = logging.getLogger("skill.something")


def test_a_line_tells_when_what_and_the_class_of_the_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_line(_LOGGER, logging.WARNING, "happened", ValueError("said 100 %s"), place="here")
    write_line(_LOGGER, logging.ERROR, "happened_too")
    assert told(caplog) == [
        {"level": "WARNING", "event": "happened", "place": "here", "error": "ValueError"},
        {"level": "ERROR", "event": "happened_too"},
    ]


def test_a_log_that_fails_raises_nothing() -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError(record)

    handler = Failing()
    _LOGGER.addHandler(handler)
    try:
        write_line(_LOGGER, logging.ERROR, "happened")
    finally:
        _LOGGER.removeHandler(handler)
