"""How far this machine's clock is from Alexa's."""

from collections import deque
from threading import Lock
from typing import Final

from skill.web.measures import note_drift

ALARMING_SECONDS: Final = 30.0  # Alexa's requests are refused from 150 on

_SAMPLES: Final = 15
_SAMPLES_A_NOTE: Final = 5
_SAMPLES_NEEDED: Final = 3  # one request may have been on its way for long


class ClockDrift:
    """The drift, estimated from the timestamps of requests that Alexa provably sent.

    A request is a moment on its way and its timestamp is in whole seconds, so an estimate is
    right to a second or two; it is the median of the last fifteen.
    """

    def __init__(self) -> None:
        self._lock = Lock()  # guards what follows
        self._seconds: deque[float] = deque(maxlen=_SAMPLES)
        self._uncounted = 0  # how many samples there are to come before the next note

    def note(self, seconds: float) -> None:
        """Take one more sample.

        Args:
            seconds: This machine's time less the request's.
        """
        with self._lock:
            self._seconds.append(seconds)
            self._uncounted -= 1
            if self._uncounted <= 0:
                self._uncounted = min(len(self._seconds), _SAMPLES_A_NOTE)
                note_drift(round(self._median()))

    @property
    def is_alarming(self) -> bool:
        """Whether the clock is so far off that somebody must look after it."""
        with self._lock:
            enough = len(self._seconds) >= _SAMPLES_NEEDED
            return enough and abs(self._median()) > ALARMING_SECONDS

    def _median(self) -> float:
        return sorted(self._seconds)[len(self._seconds) // 2]
