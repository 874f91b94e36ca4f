"""A log line: one JSON object, of fields that are fixed by whoever calls."""

import json
import logging
from datetime import UTC, datetime
from os import getpid
from threading import get_ident
from time import time

import orjson

from skill.web.measures import count_dropped_lines

# To make a record anew looks up the file and the names of thread and process, which no line tells
# and which takes as long as all the rest.
_BLANK = vars(logging.LogRecord("", logging.NOTSET, "", 0, "", (), None)) | {"threadName": None}


def write_line(
    logger: logging.Logger,
    level: int,
    event: str,
    *,
    at: float | None = None,
    **fields: str | float | None,
) -> None:
    """Write a line with the time, the level and what is given.

    Args:
        logger: Whose line it is.
        level: One of `logging`'s.
        event: A fixed code for what happened.
        at: When it happened, in Unix seconds; now, if it is not given.
        fields: Codes and numbers; never anything that a sender wrote.
    """
    if not logger.isEnabledFor(level):
        return
    now = time() if at is None else at
    line = {
        "time": datetime.fromtimestamp(now, UTC),
        "level": logging.getLevelName(level),
        "event": event,
        **fields,
    }
    text = orjson.dumps(line).decode()
    if not text.isascii():  # a terminal may read more into it than there is
        text = json.dumps(json.loads(text), separators=(",", ":"))
    record = logging.LogRecord.__new__(logging.LogRecord)
    vars(record).update(
        _BLANK,
        name=logger.name,
        levelno=level,
        levelname=line["level"],
        msg=text,
        created=now,
        msecs=now % 1 * 1000,
        process=getpid(),
        thread=get_ident(),
    )
    try:
        logger.handle(record)
    except Exception:  # noqa: BLE001  # whoever set up the log, it costs nobody an answer
        count_dropped_lines(1)
