"""A thread that takes away, twice a minute, what has expired."""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final

from skill.log_lines import write_line

if TYPE_CHECKING:
    from collections.abc import Callable

_LOGGER: Final = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 30.0


class Sweeper:
    """Sweeps for as long as its process lives.

    Args:
        sweep: One sweep.
        pause_seconds: From one to the next.
    """

    def __init__(self, sweep: Callable[[], None], pause_seconds: float = PAUSE_SECONDS) -> None:
        self._sweep = sweep
        self._pause_seconds = pause_seconds
        self._lock = Lock()
        self._thread: Thread | None = None
        self._stopped = Event()

    def start(self) -> None:
        """Start the thread, if it does not run."""
        with self._lock:
            if self._thread is not None:
                return
            thread = Thread(target=self._run, name="memory sweeper", daemon=True)
            with suppress(RuntimeError):  # the machine has no more threads: the next call may
                thread.start()
                self._thread = thread

    def stop(self) -> None:
        """End the thread and wait until it has."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._pause_seconds):
            try:
                self._sweep()
            except Exception as error:  # noqa: BLE001  # the next one may do it
                write_line(_LOGGER, logging.WARNING, "memory_not_swept", error)
