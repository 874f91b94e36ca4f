"""Hands things over to a thread that takes many at once, so that no request waits for it."""

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Final, Generic, TypeVar

_Thing = TypeVar("_Thing")

_GATHERING_SECONDS: Final = 0.05  # one wake-up for many requests
_LONGEST_FLUSH_SECONDS: Final = 1.0
_FLUSH_STEP_SECONDS: Final = 0.005


class Batches(Generic[_Thing]):
    """What waits to be taken, in order, and the thread that takes it.

    Args:
        name: The thread's name.
        take: Takes things off the left of what waits, at least one. It may block. If it raises,
            the next thing that is put tries again.
        most_waiting: How many may wait.
    """

    def __init__(self, name: str, take: Callable[[deque[_Thing]], None], most_waiting: int) -> None:
        self._name = name
        self._take = take
        self._most_waiting = most_waiting
        self._start_anew()
        # A forked worker has what waits but not the thread; that is its parent's to take.
        os.register_at_fork(after_in_child=self._start_anew)

    def put(self, thing: _Thing) -> bool:
        """Hand a thing over, and return whether there was room for it."""
        if len(self._waiting) >= self._most_waiting:
            return False
        self._waiting.append(thing)
        if self._thread is None:
            self._start_thread()
        if not self._woken.is_set():
            self._woken.set()
        return True

    def flush(self) -> None:
        """Wait until all is taken, for at most a second."""
        until = monotonic() + _LONGEST_FLUSH_SECONDS
        while (self._waiting or self._is_taking) and monotonic() < until:
            sleep(_FLUSH_STEP_SECONDS)

    def _start_anew(self) -> None:
        self._waiting: deque[_Thing] = deque()
        self._woken = Event()
        self._is_taking = False
        self._starting = Lock()
        self._thread: Thread | None = None

    def _start_thread(self) -> None:
        with self._starting:
            if self._thread is not None:
                return
            thread = Thread(target=self._take_all, name=self._name, daemon=True)
            with suppress(RuntimeError):  # the machine has no more threads: the next put tries
                thread.start()
                self._thread = thread

    def _take_all(self) -> None:
        try:
            while True:
                self._woken.wait()
                sleep(_GATHERING_SECONDS)
                self._woken.clear()
                self._is_taking = True
                while self._waiting:
                    self._take(self._waiting)
                self._is_taking = False
        finally:
            self._is_taking = False
            self._thread = None
