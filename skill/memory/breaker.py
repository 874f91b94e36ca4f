"""A circuit breaker: what has failed several times is left alone for some seconds.

Our own, since those on PyPI hold a lock for as long as the call takes, or let every caller try at
once when the pause is over; each of them would wait out the deadline.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_FAILURES: Final = 3
_PAUSE_SECONDS: Final = 5.0


class Breaker:
    """Opens after some failures in a row; then it lets one caller try after each pause.

    Args:
        clock: Tells seconds, never backwards.
        is_open: Whether it begins open, and lets somebody try at once.
    """

    def __init__(self, clock: Callable[[], float], *, is_open: bool = False) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = _FAILURES if is_open else 0
        self._tries_from = clock()

    @property
    def is_open(self) -> bool:
        """Whether it leaves alone what has failed."""
        return self._failures >= _FAILURES

    def lets_pass(self) -> bool:
        """Whether to try. Who is let pass has to tell how it went, or whom else it concerns waits.

        While it is open, that is one caller for each pause.
        """
        with self._lock:
            if not self.is_open:
                return True
            now = self._clock()
            if now < self._tries_from:
                return False
            self._tries_from = now + _PAUSE_SECONDS
            return True

    def failed(self) -> bool:
        """Take down a failure, and return whether it opened the breaker."""
        with self._lock:
            self._failures += 1
            self._tries_from = self._clock() + _PAUSE_SECONDS
            return self._failures == _FAILURES

    def succeeded(self) -> bool:
        """Take down a success, and return whether it closed the breaker."""
        with self._lock:
            was_open = self.is_open
            self._failures = 0
            return was_open
