"""Any memory, but one that nobody waits for: a deadline, a breaker, and a bound on threads."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore
from time import monotonic
from typing import TYPE_CHECKING, Final

from skill.errors import MemoryUnavailableError
from skill.memory.breaker import Breaker
from skill.memory.limits import DEADLINE_SECONDS, MOST_OPERATIONS
from skill.memory.log_lines import write_warning
from skill.memory.sweeping import Sweeper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from skill.dialogue.keeping import Kept
    from skill.memory.sealed import SealedMemory

    _Result = TypeVar("_Result")

_LOGGER: Final = logging.getLogger(__name__)


class GuardedMemory:
    """Answers or raises `MemoryUnavailableError` in time, whatever the memory within does.

    An operation that takes too long goes on in its thread, and what it saves may come to be kept;
    the same request again finds it. There are `MOST_OPERATIONS` threads, and what finds none free
    is refused at once.

    Args:
        memory: The memory within.
        clock: Tells seconds, never backwards.
    """

    def __init__(self, memory: SealedMemory, clock: Callable[[], float] = monotonic) -> None:
        self._memory = memory
        self._sweeper = Sweeper(memory.sweep)
        self._breaker = Breaker(clock)
        self._free = BoundedSemaphore(MOST_OPERATIONS)
        # It starts no thread before it is used, so a server may fork after the start.
        self._threads = ThreadPoolExecutor(MOST_OPERATIONS, thread_name_prefix="memory")

    @property
    def hours(self) -> int:
        """For how many hours a document is kept after it was saved."""
        return self._memory.hours

    def load(self, caller: str) -> Kept:
        """Return what is kept of a caller."""
        return self._in_time(partial(self._memory.load, caller))

    def save_if_unchanged(
        self, caller: str, document: Mapping[str, object], *, seen: int, request_id: str
    ) -> int | None:
        """Keep a document in the place of the one before, if there was no change in between."""
        save = self._memory.save_if_unchanged
        return self._in_time(partial(save, caller, document, seen=seen, request_id=request_id))

    def forget(self, caller: str) -> int:
        """Delete what is kept of a caller."""
        return self._in_time(partial(self._memory.forget, caller))

    def start_sweeping(self) -> None:
        """Take away what expires from now on; the first operation starts that too."""
        self._sweeper.start()

    def close(self) -> None:
        """End the threads, once what they do has ended, and let go of every connection."""
        self._sweeper.stop()
        self._threads.shutdown()
        self._memory.close()

    def _in_time(self, operation: Callable[[], _Result]) -> _Result:
        if not self._free.acquire(blocking=False):
            raise MemoryUnavailableError("Every operation under way waits for the memory.")
        if not self._breaker.lets_pass():
            self._free.release()
            raise MemoryUnavailableError("The memory failed a moment ago.")
        try:
            running = self._threads.submit(self._run, operation)
        except RuntimeError as error:  # the machine has no more threads
            self._free.release()
            raise self._failure(error) from error
        try:
            result = running.result(DEADLINE_SECONDS)
        except Exception as error:
            raise self._failure(error) from error
        if self._breaker.succeeded():
            write_warning(_LOGGER, "memory_back")
        return result

    def _run(self, operation: Callable[[], _Result]) -> _Result:
        try:
            self.start_sweeping()
            return operation()
        finally:
            self._free.release()

    def _failure(self, error: Exception) -> MemoryUnavailableError:
        if self._breaker.failed():
            write_warning(_LOGGER, "memory_unavailable", error)
        return MemoryUnavailableError("The memory failed, or did not answer in time.")
