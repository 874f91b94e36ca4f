"""A log line: one JSON object, of codes that are fixed by whoever calls.

`skill.web.log_lines` writes the line of each request and is made for that: it needs libraries
that AWS Lambda does without. All else that is told is rare, and told by this.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime


def write_line(
    logger: logging.Logger,
    level: int,
    event: str,
    error: BaseException | None = None,
    **codes: str,
) -> None:
    """Write a line with the time, what happened, and the class of the error behind it.

    Never the error's message: it may quote what a caller said, or a database what it was given.

    Args:
        logger: Whose line it is.
        level: One of `logging`'s.
        event: A fixed code for what happened.
        error: The error behind it, if there is one.
        codes: What else is told, in fixed words; never anything that a caller said.
    """
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": logging.getLevelName(level),
        "event": event,
        **codes,
    }
    if error is not None:
        line["error"] = type(error).__name__
    with suppress(Exception):  # whoever set up the log, it costs nobody an answer
        logger.log(level, json.dumps(line))
