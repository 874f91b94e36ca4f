"""What is counted and timed, for Prometheus. No label is made of anything that a sender wrote.

Under several workers the counts lie in files that `PROMETHEUS_MULTIPROC_DIR` names, which must
be set before this module is imported; `gunicorn.conf.py` sees to it.
"""

import os
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Final, Literal, ParamSpec, TypeAlias, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

Outcome: TypeAlias = Literal["answered", "refused", "failed"]
Stage: TypeAlias = Literal["verification", "answer"]
Fetch: TypeAlias = Literal["good", "refused", "outage"]
MemoryOperation: TypeAlias = Literal["load", "save", "forget", "sweep"]
MemoryOutcome: TypeAlias = Literal["done", "conflict", "failed", "left_alone"]

_Arguments = ParamSpec("_Arguments")

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

# What a log line and a label may call a request by its type; any other is "other".
KNOWN_REQUEST_TYPES: Final = frozenset(
    {
        "LaunchRequest",
        "IntentRequest",
        "SessionEndedRequest",
        "SessionResumedRequest",
        "CanFulfillIntentRequest",
        "Connections.Response",
        "System.ExceptionEncountered",
        "Alexa.Presentation.APL.UserEvent",
        "Alexa.Presentation.APL.RuntimeError",
        "AlexaSkillEvent.SkillEnabled",
        "AlexaSkillEvent.SkillDisabled",
        "AlexaSkillEvent.SkillPermissionAccepted",
        "AlexaSkillEvent.SkillPermissionChanged",
        "AlexaSkillEvent.SkillAccountLinked",
        "AlexaSkillEvent.SkillAccountUnlinked",
        "AlexaSkillEvent.ProactiveSubscriptionChanged",
    }
)
OTHER_TYPE: Final = "other"
NO_TYPE: Final = "none"  # refused before it was known

# Why a request is refused. A reason that is not here is counted as "other".
REASONS: Final = frozenset(
    {
        *("chain_url_missing", "chain_url_refused", "chain_urls_too_many"),
        *("chain_unavailable", "chain_fetches_too_many", "chain_missing", "chain_size"),
        *("chain_unreadable", "chain_untrusted", "chain_key_unsuitable"),
        *("signature_missing", "signature_malformed", "signature_mismatch"),
        *("body_unreadable", "body_too_large", "body_malformed"),
        *("envelope_malformed", "skill_id_mismatch"),
        *("timestamp_malformed", "timestamp_outside_window"),
        *("http_400", "http_404", "http_405", "http_408", "unverifiable", "unanswerable"),
    }
)

_seat: str | None = None


def take_seat(number: int) -> None:
    """Count in the files of this number, where the worker that had it before left off.

    Files by process, as is usual, would become more with each worker that is renewed.

    Args:
        number: Which no other process has that runs at the same time.
    """
    global _seat  # noqa: PLW0603  # one for the process, like the files
    _seat = f"seat{number}"


def _process() -> str | int:
    return _seat or os.getpid()


if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    values.ValueClass = values.MultiProcessValue(_process)  # type: ignore[no-untyped-call]  # it has no types

_REGISTRY: Final = CollectorRegistry()
_SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1.0, 4.0, 8.0)

_requests = Counter(
    "skill_requests", "Requests by type and outcome.", ["type", "outcome"], registry=_REGISTRY
)
_refusals = Counter("skill_refusals", "Refusals by reason.", ["reason"], registry=_REGISTRY)


class _Distribution(Histogram):
    """A histogram that takes many values for little more than one."""

    def observe_all(self, amounts: Sequence[float]) -> None:
        """Take down many values, as `observe` does each."""
        self._sum.inc(sum(amounts))
        for bucket, count in Counts(
            bisect_left(self._upper_bounds, one) for one in amounts
        ).items():
            self._buckets[bucket].inc(count)


_stages = _Distribution(
    "skill_stage_seconds",
    "Seconds that a stage of answering took.",
    ["stage"],
    buckets=_SECONDS,
    registry=_REGISTRY,
)
_fetches = Counter(
    "skill_chain_fetches", "Fetches of certificate chains.", ["outcome"], registry=_REGISTRY
)
_expiry = Gauge(
    "skill_signing_certificate_expiry_timestamp_seconds",
    "When the certificate last used to verify a request expires, in Unix seconds.",
    registry=_REGISTRY,
    multiprocess_mode="mostrecent",
)
_drift = Gauge(
    "skill_clock_drift_seconds",
    "How far this machine's clock is ahead of Alexa's, judged by signed requests.",
    registry=_REGISTRY,
    multiprocess_mode="mostrecent",
)
_memory = Counter(
    "skill_memory_operations",
    "Operations of the memory by how they went.",
    ["operation", "outcome"],
    registry=_REGISTRY,
)
_memory_seconds = Histogram(
    "skill_memory_seconds",
    "Seconds that an operation of the memory took, if it was tried.",
    ["operation"],
    buckets=_SECONDS,
    registry=_REGISTRY,
)
_memory_left_alone = Gauge(
    "skill_memory_left_alone",
    "Whether any worker tries an operation of the memory only now and then, as it has failed.",
    ["operation"],
    registry=_REGISTRY,
    multiprocess_mode="max",
)
_owed = Gauge(
    "skill_memory_owed_deletions",
    "Callers of whom a deletion failed and is still to be made up for.",
    registry=_REGISTRY,
    multiprocess_mode="sum",
)
_dropped = Counter("skill_log_lines_dropped", "Log lines that went nowhere.", registry=_REGISTRY)

# Looking a label up takes as long as counting, so each is looked up once.
_request_counts: Final[Mapping[tuple[str, Outcome], Counter]] = {
    (request_type, outcome): _requests.labels(request_type, outcome)
    for request_type in (*sorted(KNOWN_REQUEST_TYPES), OTHER_TYPE, NO_TYPE)
    for outcome in ("answered", "refused", "failed")
}
_refusal_counts: Final = {
    reason: _refusals.labels(reason) for reason in (*sorted(REASONS), "other")
}
_stage_times: Final[Mapping[Stage, _Distribution]] = {
    stage: _stages.labels(stage) for stage in ("verification", "answer")
}
_memory_counts: Final[Mapping[tuple[MemoryOperation, MemoryOutcome], Counter]] = {
    (operation, outcome): _memory.labels(operation, outcome)
    for operation in get_args(MemoryOperation)
    for outcome in get_args(MemoryOutcome)
}
_memory_times: Final[Mapping[MemoryOperation, Histogram]] = {
    operation: _memory_seconds.labels(operation) for operation in get_args(MemoryOperation)
}
_fetch_counts: Final[Mapping[Fetch, Counter]] = {
    outcome: _fetches.labels(outcome) for outcome in ("good", "refused", "outage")
}


def _harmless(measure: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """Make a measure that fails cost nobody an answer.

    The files of several workers are opened at the first count after a fork, and the disk may
    be full or the folder gone by then.
    """

    @wraps(measure)
    def tried(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:  # noqa: SIM105  # `suppress` takes longer than what it would guard
            measure(*args, **kwargs)
        except Exception:  # noqa: BLE001, S110
            pass

    return tried


@_harmless
def count_requests(
    number: int, request_type: str | None, outcome: Outcome, reason: str | None = None
) -> None:
    """Count requests that ended alike, and why they were refused where they were."""
    known = request_type if request_type in KNOWN_REQUEST_TYPES else OTHER_TYPE
    _request_counts[known if request_type else NO_TYPE, outcome].inc(number)
    if reason is not None:
        _refusal_counts.get(reason, _refusal_counts["other"]).inc(number)


@_harmless
def time_stage(stage: Stage, seconds: Sequence[float]) -> None:
    """Take down how long a stage took each time."""
    _stage_times[stage].observe_all(seconds)


@_harmless
def count_fetch(outcome: Fetch) -> None:
    """Count a fetch of a certificate chain."""
    _fetch_counts[outcome].inc()


@_harmless
def note_expiry(unix_seconds: float) -> None:
    """Take down when the certificate in use expires."""
    _expiry.set(unix_seconds)


@_harmless
def note_drift(seconds: int) -> None:
    """Take down by how many whole seconds this machine's clock is ahead of Alexa's."""
    _drift.set(seconds)


@_harmless
def time_memory(operation: MemoryOperation, outcome: MemoryOutcome, seconds: float) -> None:
    """Take down how an operation or a sweep of the memory went, and how long it took."""
    _memory_counts[operation, outcome].inc()
    if outcome != "left_alone":
        _memory_times[operation].observe(seconds)


@_harmless
def note_memory_left_alone(
    operation: Literal["load", "save", "forget"],
    left_alone: bool,  # noqa: FBT001  # the one thing told
) -> None:
    """Take down whether an operation of the memory is not tried for now, as it has failed."""
    _memory_left_alone.labels(operation).set(left_alone)


@_harmless
def note_owed_deletions(callers: int) -> None:
    """Take down of how many callers a deletion is still to be made up for."""
    _owed.set(callers)


@_harmless
def count_dropped_lines(lines: int) -> None:
    """Count log lines that could not be written."""
    _dropped.inc(lines)


def exposition() -> bytes:
    """Return all of it in Prometheus' text format, of all workers where there are several."""
    registry = _REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
    return generate_latest(registry)
