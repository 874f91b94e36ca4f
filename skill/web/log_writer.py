"""Writes log lines so that no request ever waits for whoever reads them."""

import logging
import os
from collections import deque
from typing import Final

from skill.web.batches import Batches
from skill.web.log_lines import MOST_BYTES_AT_ONCE
from skill.web.measures import count_dropped_lines

_MOST_RECORDS_WAITING: Final = 2_000  # of one line, or of as many as go out at once


class LogWriter(logging.Handler):
    """Hands each record to a thread that writes its lines.

    When nobody reads, the disk is full or the descriptor is closed, lines are dropped and
    counted, and requests go on as if nothing were. At the end of the process `logging` flushes
    it, as it does every handler.

    Args:
        descriptor: Where to write, such as that of stderr. It stays open.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._records = Batches("log writer", self._write_some, _MOST_RECORDS_WAITING)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; it is written a moment later."""
        plain = self.formatter is None  # then the message is the lines, as with all of the skill's
        text = record.getMessage() if plain else self.format(record)
        if not self._records.put(text):
            count_dropped_lines(1 + text.count("\n"))

    def flush(self) -> None:
        """Wait until all is written, for at most a second."""
        self._records.flush()

    def _write_some(self, waiting: deque[str]) -> None:
        records: list[bytes] = []
        room = MOST_BYTES_AT_ONCE
        while waiting:
            record = f"{waiting[0]}\n".encode(errors="backslashreplace")
            room -= len(record)
            if records and room < 0:
                break
            waiting.popleft()
            records.append(record)
        self._write(b"".join(records))

    def _write(self, lines: bytes) -> None:
        left = lines
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            count_dropped_lines(lines.count(b"\n"))
