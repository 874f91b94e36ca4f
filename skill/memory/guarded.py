"""Any memory, but one that nobody waits for: a deadline, a breaker, and a bound on threads."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import BoundedSemaphore
from time import monotonic
from typing import TYPE_CHECKING, Final, get_args

from skill.errors import MemoryUnavailableError
from skill.log_lines import write_line
from skill.memory.breaker import Breaker
from skill.memory.limits import DEADLINE_SECONDS, MOST_OPERATIONS, WAIT_FOR_ANOTHER_SECONDS
from skill.memory.measuring import Operation, Unmeasured
from skill.memory.sweeping import Sweeper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from typing import TypeVar

    from skill.dialogue.keeping import Kept
    from skill.memory.measuring import Measures, Outcome
    from skill.memory.sealed import SealedMemory

    _Result = TypeVar("_Result")

_LOGGER: Final = logging.getLogger(__name__)
_NOBODY: Final = ""  # no user id
_MOST_OWED: Final = 10_000


class _LeftAloneError(MemoryUnavailableError):
    """The memory was not asked."""


class GuardedMemory:
    """Answers or raises `MemoryUnavailableError` in time, whatever the memory within does.

    An operation that takes too long goes on in its thread, and what it saves may come to be kept;
    the same request again finds it. There are `MOST_OPERATIONS` threads, and what finds none free
    for a moment is refused.

    Loading, saving and deleting have a breaker each: on a full disk nothing can be saved, but all
    can be read and deleted.

    A deletion that failed is made up for by a sweep, for as long as this process lives; what was
    saved since then, with a new consent, stays.

    Args:
        memory: The memory within.
        clock: Tells seconds, never backwards.
        measures: Where it is taken down how operations go.
        was_down: Whether it was told already that the memory within is not available.
    """

    def __init__(
        self,
        memory: SealedMemory,
        clock: Callable[[], float] = monotonic,
        *,
        measures: Measures | None = None,
        was_down: bool = False,
    ) -> None:
        self._memory = memory
        self._measures = measures or Unmeasured()
        self._sweeper = Sweeper(self._sweep)
        self._owed: dict[str, int] = {}  # who is to be forgotten, and since when
        self._breakers: Mapping[Operation, Breaker] = {
            operation: Breaker(clock, is_open=was_down) for operation in get_args(Operation)
        }
        self._free = BoundedSemaphore(MOST_OPERATIONS)
        # It starts no thread before it is used, so a server may fork after the start.
        self._threads = ThreadPoolExecutor(MOST_OPERATIONS, thread_name_prefix="memory")

    @property
    def hours(self) -> int:
        """For how many hours a document is kept after it was saved."""
        return self._memory.hours

    def load(self, caller: str) -> Kept:
        """Return what is kept of a caller."""
        return self._in_time("load", partial(self._memory.load, caller))

    def save_if_unchanged(
        self, caller: str, document: Mapping[str, object], *, seen: int, request_id: str
    ) -> int | None:
        """Keep a document in the place of the one before, if there was no change in between."""
        save = self._memory.save_if_unchanged
        return self._in_time(
            "save", partial(save, caller, document, seen=seen, request_id=request_id)
        )

    def forget(self, caller: str) -> int:
        """Delete what is kept of a caller."""
        try:
            return self._in_time("forget", partial(self._memory.forget, caller))
        except MemoryUnavailableError:
            if caller != _NOBODY and len(self._owed) < _MOST_OWED:
                self._owed[caller] = self._memory.now()
            raise

    def start_sweeping(self) -> None:
        """Take away what expires from now on; the first operation starts that too."""
        self._sweeper.start()

    def close(self) -> None:
        """End the threads, once what they do has ended, and let go of every connection."""
        self._sweeper.stop()
        self._threads.shutdown()
        self._memory.close()

    def _sweep(self) -> None:
        if any(breaker.is_open for breaker in self._breakers.values()):
            self._try_on_nobody()
        started = monotonic()
        outcome: Outcome = "failed"
        try:
            self._make_up()
            self._memory.sweep()
            outcome = "done"
        finally:
            self._measures.time_memory("sweep", outcome, monotonic() - started)
            # Here too, for what was told last may be of a worker that is no more.
            for operation, breaker in self._breakers.items():
                self._measures.note_memory_left_alone(operation, breaker.is_open)
            self._measures.note_owed_deletions(len(self._owed))

    def _make_up(self) -> None:
        """Forget whoever could not be forgotten when that was asked for."""
        for caller, asked_at in list(self._owed.items()):
            self._memory.forget_saved_by(caller, asked_at)
            if self._owed[caller] == asked_at:  # it was not asked for again, and failed, meanwhile
                del self._owed[caller]

    def _try_on_nobody(self) -> None:
        """Find out whether it is back, so that an operator is told though nobody calls."""
        with suppress(MemoryUnavailableError):
            seen = self.load(_NOBODY).version
            self.save_if_unchanged(_NOBODY, {}, seen=seen, request_id=_NOBODY)
        with suppress(MemoryUnavailableError):
            self.forget(_NOBODY)

    def _in_time(self, operation: Operation, work: Callable[[], _Result]) -> _Result:
        started = monotonic()
        outcome: Outcome = "failed"
        try:
            running = self._begun(operation, work)
            result = running.result(started + DEADLINE_SECONDS - monotonic())
            outcome = "conflict" if result is None else "done"
        except _LeftAloneError:
            outcome = "left_alone"
            raise
        except Exception as error:
            raise self._failure(operation, error) from error
        finally:
            self._measures.time_memory(operation, outcome, monotonic() - started)
        if self._breakers[operation].succeeded():
            self._measures.note_memory_left_alone(operation, False)  # noqa: FBT003
            write_line(_LOGGER, logging.WARNING, "memory_back", operation=operation)
        return result

    def _begun(self, operation: Operation, work: Callable[[], _Result]) -> Future[_Result]:
        if not self._free.acquire(timeout=WAIT_FOR_ANOTHER_SECONDS):
            raise _LeftAloneError("Every operation under way waits for the memory.")
        if not self._breakers[operation].lets_pass():
            self._free.release()
            raise _LeftAloneError("The memory failed a moment ago.")
        try:
            return self._threads.submit(self._run, work)
        except RuntimeError:  # the machine has no more threads
            self._free.release()
            raise

    def _run(self, work: Callable[[], _Result]) -> _Result:
        try:
            self.start_sweeping()
            return work()
        finally:
            self._free.release()

    def _failure(self, operation: Operation, error: Exception) -> MemoryUnavailableError:
        if self._breakers[operation].failed():
            self._measures.note_memory_left_alone(operation, True)  # noqa: FBT003
            write_line(_LOGGER, logging.WARNING, "memory_unavailable", error, operation=operation)
        return MemoryUnavailableError("The memory failed, or did not answer in time.")
