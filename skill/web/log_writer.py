"""Writes log lines so that no request ever waits for whoever reads them."""

import logging
import os
from collections import deque
from threading import Event, Thread
from time import monotonic, sleep
from typing import Final

from skill.web.measures import count_dropped_lines

_MOST_LINES_WAITING: Final = 10_000
_GATHERING_SECONDS: Final = 0.05  # one wake-up for many requests
_LONGEST_FLUSH_SECONDS: Final = 1.0
_FLUSH_STEP_SECONDS: Final = 0.005
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
        self._start_anew()
        # A forked worker has the lines but not the thread; the lines are its parent's to write.
        os.register_at_fork(after_in_child=self._start_anew)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; it is written a moment later."""
        if len(self._waiting) >= _MOST_LINES_WAITING:
            count_dropped_lines(1)
            return
        plain = self.formatter is None  # then the message is the line, as with all of the skill's
        self._waiting.append(record.getMessage() if plain else self.format(record))
        if self._thread is None:  # under the handler's lock
            self._start_thread()
        if not self._woken.is_set():
            self._woken.set()

    def flush(self) -> None:
        """Wait until all is written, for at most a second."""
        until = monotonic() + _LONGEST_FLUSH_SECONDS
        while (self._waiting or self._is_writing) and monotonic() < until:
            sleep(_FLUSH_STEP_SECONDS)

    def _start_anew(self) -> None:
        self._waiting: deque[str] = deque()
        self._woken = Event()
        self._is_writing = False
        self._thread: Thread | None = None

    def _start_thread(self) -> None:
        thread = Thread(target=self._write_all, name="log writer", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no more threads: the next line tries again
            return
        self._thread = thread

    def _write_all(self) -> None:
        while True:
            self._woken.wait()
            sleep(_GATHERING_SECONDS)
            self._woken.clear()
            self._is_writing = True
            while self._waiting:
                self._write(self._next_lines())
            self._is_writing = False

    def _next_lines(self) -> list[bytes]:
        lines: list[bytes] = []
        room = _MOST_BYTES_AT_ONCE
        while self._waiting:
            line = f"{self._waiting[0]}\n".encode(errors="backslashreplace")
            room -= len(line)
            if lines and room < 0:
                break
            self._waiting.popleft()
            lines.append(line)
        return lines

    def _write(self, lines: list[bytes]) -> None:
        left = b"".join(lines)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            count_dropped_lines(len(lines))
