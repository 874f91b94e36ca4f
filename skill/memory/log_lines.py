"""A log line about the memory: one JSON object, of codes that are fixed here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def write_warning(logger: logging.Logger, event: str, error: BaseException | None = None) -> None:
    """Write a line with what happened, and the class of the error behind it.

    Never its message: a database quotes there what it was given.
    """
    line = {"level": "WARNING", "event": event}
    if error is not None:
        line["error"] = type(error).__name__
    logger.warning(json.dumps(line))
