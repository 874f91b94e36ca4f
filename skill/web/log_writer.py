"""Writes log lines so that no request ever waits for whoever reads them."""

import logging
import os
from collections import deque
from typing import Final

from skill.web.batches import Batches
from skill.web.measures import count_dropped_lines

_MOST_LINES_WAITING: Final = 10_000
# A pipe takes this much at once or not at all, so the lines of two workers never mix.
_MOST_BYTES_AT_ONCE: Final = 4096


class LogWriter(logging.Handler):
    """Hands each line to a thread that writes it.

    When nobody reads, the disk is full or the descriptor is closed, lines are dropped and
    counted, and requests go on as if nothing were. At the end of the process `logging` flushes
    it, as it does every handler.

    Args:
        descriptor: Where to write, such as that of stderr. It stays open.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines = Batches("log writer", self._write_some, _MOST_LINES_WAITING)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; it is written a moment later."""
        plain = self.formatter is None  # then the message is the line, as with all of the skill's
        if not self._lines.put(record.getMessage() if plain else self.format(record)):
            count_dropped_lines(1)

    def flush(self) -> None:
        """Wait until all is written, for at most a second."""
        self._lines.flush()

    def _write_some(self, waiting: deque[str]) -> None:
        lines: list[bytes] = []
        room = _MOST_BYTES_AT_ONCE
        while waiting:
            line = f"{waiting[0]}\n".encode(errors="backslashreplace")
            room -= len(line)
            if lines and room < 0:
                break
            waiting.popleft()
            lines.append(line)
        self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        left = b"".join(lines)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            count_dropped_lines(len(lines))
