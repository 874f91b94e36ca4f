"""A log line: one JSON object, of fields that are fixed by whoever calls."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from os import getpid
from threading import get_ident
from time import time
from typing import Final, TypeAlias

import orjson

from skill.web.measures import count_dropped_lines

# A pipe takes this much at once or not at all, so the lines of two workers never mix.
MOST_BYTES_AT_ONCE: Final = 4096

Line: TypeAlias = tuple[float, Mapping[str, str | float | None]]
"""When something happened, in Unix seconds, and what is told of it: "event" first."""

# To make a record anew looks up the file and the names of thread and process, which no line tells
# and which takes as long as all the rest.
_BLANK = vars(logging.LogRecord("", logging.NOTSET, "", 0, "", (), None)) | {"threadName": None}


def write_line(
    logger: logging.Logger,
    level: int,
    event: str,
    **fields: str | float | None,
) -> None:
    """Write a line with the time, the level and what is given.

    Args:
        logger: Whose line it is.
        level: One of `logging`'s.
        event: A fixed code for what happened.
        fields: Codes and numbers; never anything that a sender wrote.
    """
    write_lines(logger, level, [(time(), {"event": event, **fields})])


def write_lines(logger: logging.Logger, level: int, lines: Iterable[Line]) -> None:
    """Write lines of one level, in few records of many lines each.

    Args:
        logger: Whose lines they are.
        level: One of `logging`'s.
        lines: Each with its time and fields, as `write_line` takes them.
    """
    if not logger.isEnabledFor(level):
        return
    name = logging.getLevelName(level)
    record: list[str] = []
    room = MOST_BYTES_AT_ONCE
    for at, fields in lines:
        text = _text_of({"time": datetime.fromtimestamp(at, UTC), "level": name, **fields})
        room -= len(text) + 1
        if record and room < 0:
            _hand_over(logger, level, record)
            record, room = [], MOST_BYTES_AT_ONCE - len(text) - 1
        record.append(text)
    if record:
        _hand_over(logger, level, record)


def _text_of(line: Mapping[str, object]) -> str:
    text = orjson.dumps(line).decode()
    if not text.isascii():  # a terminal may read more into it than there is
        text = json.dumps(json.loads(text), separators=(",", ":"))
    return text


def _hand_over(logger: logging.Logger, level: int, lines: Sequence[str]) -> None:
    now = time()
    record = logging.LogRecord.__new__(logging.LogRecord)
    vars(record).update(
        _BLANK,
        name=logger.name,
        levelno=level,
        levelname=logging.getLevelName(level),
        msg="\n".join(lines),
        created=now,
        msecs=now % 1 * 1000,
        process=getpid(),
        thread=get_ident(),
    )
    try:
        logger.handle(record)
    except Exception:  # noqa: BLE001  # whoever set up the log, it costs nobody an answer
        count_dropped_lines(len(lines))
