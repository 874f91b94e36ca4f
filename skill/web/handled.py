"""What is told of a request when it is over: how it ended, and how long that took."""

import atexit
import logging
from collections import Counter, deque
from itertools import groupby
from typing import Final, NamedTuple

from skill.web.batches import Batches
from skill.web.log_lines import Line, write_lines
from skill.web.measures import Outcome, count_requests, time_stage

_LOGGER = logging.getLogger(__name__)

_MOST_WAITING: Final = 10_000


class Ending(NamedTuple):
    """How a request ended.

    Attributes:
        level: Of its log line, one of `logging`'s.
        outcome: What became of it.
        reason: Why it was refused, as a fixed code.
        error: The class of an error that nobody expected.
    """

    level: int
    outcome: Outcome
    reason: str | None = None
    error: str | None = None


ANSWERED: Final = Ending(logging.INFO, "answered")


class Handled(NamedTuple):
    """A request that is over.

    This is all that is ever told of one: nothing that was said, no id, no header.

    Attributes:
        ending: How it ended.
        status: The HTTP status of the answer.
        request_type: One of `KNOWN_REQUEST_TYPES` or "other", once it was found genuine.
        at: When it was over, in Unix seconds. What follows is in seconds by `perf_counter`.
        began: When it began.
        received: When its body was there, if it ever was.
        verified: When it was found genuine, if it was.
        ended: When it was over.
    """

    ending: Ending
    status: int
    request_type: str | None
    at: float
    began: float
    received: float | None
    verified: float | None
    ended: float


def tell(*requests: Handled) -> None:
    """Count and time requests, and write the line of each."""
    for kind, number in Counter(map(_kind_of, requests)).items():
        count_requests(number, *kind)
    if taken := [_verification_seconds(one) for one in requests if one.received is not None]:
        time_stage("verification", taken)
    if taken := [one.ended - one.verified for one in requests if one.verified is not None]:
        time_stage("answer", taken)
    for level, alike in groupby(requests, _level_of):
        write_lines(_LOGGER, level, (_line_of(one) for one in alike))


def _kind_of(handled: Handled) -> tuple[str | None, Outcome, str | None]:
    return handled.request_type, handled.ending.outcome, handled.ending.reason


def _level_of(handled: Handled) -> int:
    return handled.ending.level


def _verification_seconds(handled: Handled) -> float:
    return (handled.verified or handled.ended) - (handled.received or handled.began)


def _line_of(handled: Handled) -> Line:
    ending = handled.ending
    return handled.at, {
        "event": "answered" if ending.reason is None else "refused",
        "request_type": handled.request_type,
        "status": int(handled.status),
        "milliseconds": round((handled.ended - handled.began) * 1000, 1),
        "reason": ending.reason,
        "error": ending.error,
    }


class TellingLater:
    """Tells of requests a moment later, of many in a row.

    That takes less than half of what it takes within each, and no request waits for it. At the
    end of the process what waits is told.
    """

    def __init__(self) -> None:
        self._waiting = Batches("teller", _tell_all, _MOST_WAITING)
        atexit.register(self._waiting.flush)

    def __call__(self, handled: Handled) -> None:
        """Take a request; where too many wait, it is told of at once."""
        if not self._waiting.put(handled):
            tell(handled)

    def flush(self) -> None:
        """Wait until all is told, for at most a second."""
        self._waiting.flush()


def _tell_all(waiting: deque[Handled]) -> None:
    # What is put meanwhile is the next batch's.
    tell(*[waiting.popleft() for _ in range(len(waiting))])
