"""A log line: one JSON object, of fields that are fixed by whoever calls."""

import logging
from datetime import UTC, datetime
from json import JSONEncoder

from skill.web.measures import count_dropped_lines

_ENCODER = JSONEncoder(separators=(",", ":"))


def write_line(
    logger: logging.Logger, level: int, event: str, **fields: str | float | None
) -> None:
    """Write a line with the time, the level and what is given.

    Args:
        logger: Whose line it is.
        level: One of `logging`'s.
        event: A fixed code for what happened.
        fields: Codes and numbers; never anything that a sender wrote.
    """
    if not logger.isEnabledFor(level):
        return
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": logging.getLevelName(level),
        "event": event,
        **fields,
    }
    # Not `logger.log`, which looks for the line of code it was called from; no line tells that.
    record = logger.makeRecord(logger.name, level, "", 0, _ENCODER.encode(line), (), exc_info=None)
    try:
        logger.handle(record)
    except Exception:  # noqa: BLE001  # whoever set up the log, it costs nobody an answer
        count_dropped_lines(1)
