"""A database that hangs, is gone or is cut off costs a turn little, and comes back by itself.

Numbers 21 and 22 of the list of faults that the endpoint has to withstand.
"""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import enumerate as all_threads
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from skill.dialogue.keeping import Kept
from skill.errors import MemoryUnavailableError
from skill.memory.dynamodb import DynamodbRows
from skill.memory.guarded import GuardedMemory
from skill.memory.limits import MOST_OPERATIONS
from skill.memory.postgresql import PostgresqlRows
from tests.memory.stores import Clock, make_table, memory_over
from tests.memory.unruly_proxy import UnrulyProxy, unruly_proxy
from tests.operation.processes import FULL_LENGTH, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skill.dialogue.keeping import Memory
    from tests.memory.stores import Postgresql
    from tests.memory.unruly_proxy import Manner

CALLER: Final = "amzn1.ask.account.CALLER"
DOCUMENT: Final = {"pending": "fever"}
OTHER: Final = {"pending": "recent_fall"}

_MOST_FAILURES: Final = 5
_TURN_SECONDS: Final = 2.5
_REPAIR_SECONDS: Final = 10.0
_CALLERS: Final = 40
_OUTAGE_SECONDS: Final = 20.0 if FULL_LENGTH else 1.0


@pytest.fixture
def proxy(empty_postgresql: Postgresql) -> Iterator[UnrulyProxy]:
    """Run a proxy before PostgreSQL."""
    with unruly_proxy(empty_postgresql.port) as running:
        yield running


@pytest.fixture
def rows(empty_postgresql: Postgresql, proxy: UnrulyProxy) -> PostgresqlRows:
    """Give the store, behind the proxy."""
    store = PostgresqlRows(empty_postgresql.url(proxy.port))
    store.prepare()
    return store


@pytest.fixture
def memory(rows: PostgresqlRows) -> Iterator[GuardedMemory]:
    """Give a memory as an instance has it."""
    guarded = GuardedMemory(memory_over(rows, Clock()))
    yield guarded
    guarded.close()


def seconds_of_a_turn(memory: Memory) -> tuple[float, bool]:
    """Return how long a turn waits for the memory, and whether that was there."""
    started = monotonic()
    try:
        kept = memory.load(CALLER)
        memory.save_if_unchanged(CALLER, OTHER, seen=kept.version, request_id=f"{started}")
    except MemoryUnavailableError:
        return monotonic() - started, False
    return monotonic() - started, True


def survives(memory: Memory, breaks: Callable[[], None], mends: Callable[[], None]) -> None:
    """Hold turns before, while and after something is broken.

    It is mended in any case, for it is there for other tests too.
    """
    try:
        holds_out(memory, breaks)
    finally:
        mends()
    mended = monotonic()
    while not seconds_of_a_turn(memory)[1]:
        assert monotonic() - mended < _REPAIR_SECONDS
        sleep(0.1)
    measured(f"there again after {monotonic() - mended:.1f} s")


def holds_out(memory: Memory, breaks: Callable[[], None]) -> None:
    """Hold turns before and while something is broken."""
    of_others = set(all_threads())
    # So that every connection that there may be is open, and broken too.
    with ThreadPoolExecutor(MOST_OPERATIONS) as callers:
        list(callers.map(lambda _: memory.load(CALLER), range(_CALLERS)))
    assert seconds_of_a_turn(memory)[1]
    breaks()

    slow, longest = 0, 0.0
    for _ in range(_MOST_FAILURES):
        seconds, is_there = seconds_of_a_turn(memory)
        assert not is_there
        assert seconds < _TURN_SECONDS
        longest = max(longest, seconds)
        slow += seconds > 0.05
    # Now it is open, so nobody waits.
    assert seconds_of_a_turn(memory)[0] < 0.05

    with ThreadPoolExecutor(_CALLERS) as callers:
        until = monotonic() + _OUTAGE_SECONDS
        while monotonic() < until:
            turns = list(callers.map(lambda _: seconds_of_a_turn(memory), range(_CALLERS)))
            longest = max(longest, *(seconds for seconds, _ in turns))
            assert not any(is_there for _, is_there in turns)
            sleep(0.05)
    assert longest < _TURN_SECONDS
    threads = [one for one in set(all_threads()) - of_others if one.name.startswith("memory")]
    assert len(threads) <= MOST_OPERATIONS + 1  # and the sweeper
    measured(f"{slow} turns waited, the longest of all {longest:.2f} s")


@pytest.mark.parametrize("manner", ["reset", "drop", "delay", "silence"])
def test_a_network_that_fails_costs_a_few_turns_little(
    memory: GuardedMemory, proxy: UnrulyProxy, manner: Manner
) -> None:
    def turn_to(other: Manner) -> None:
        proxy.manner = other

    survives(memory, partial(turn_to, manner), partial(turn_to, "pass"))


@pytest.mark.parametrize("manner", ["reset", "silence"])
def test_it_costs_no_more_before_dynamodb(dynamodb_server: str, manner: Manner) -> None:
    make_table(dynamodb_server, manner)
    with unruly_proxy(int(dynamodb_server.rpartition(":")[2])) as proxy:
        rows = DynamodbRows(manner, "us-east-1", f"http://127.0.0.1:{proxy.port}")
        memory = GuardedMemory(memory_over(rows, Clock()))

        def turn_to(other: Manner) -> None:
            proxy.manner = other

        survives(memory, partial(turn_to, manner), partial(turn_to, "pass"))
        memory.close()


def test_a_server_that_hangs_costs_a_few_turns_little(
    memory: GuardedMemory, empty_postgresql: Postgresql
) -> None:
    survives(
        memory,
        lambda: empty_postgresql.send(signal.SIGSTOP),
        lambda: empty_postgresql.send(signal.SIGCONT),
    )


def test_a_server_that_is_down_costs_a_few_turns_little(
    memory: GuardedMemory, empty_postgresql: Postgresql
) -> None:
    survives(memory, empty_postgresql.stop, empty_postgresql.start)


def test_a_server_that_was_started_anew_costs_no_turn(
    memory: GuardedMemory, empty_postgresql: Postgresql
) -> None:
    version = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    empty_postgresql.stop()
    empty_postgresql.start()
    assert memory.load(CALLER) == Kept(version or -1, DOCUMENT)


def test_a_lock_that_somebody_holds_is_given_up_in_time(
    memory: GuardedMemory, empty_postgresql: Postgresql
) -> None:
    first = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert first is not None
    with psycopg.connect(empty_postgresql.url()) as other:
        other.execute("SELECT * FROM unfinished_checks FOR UPDATE")
        started = monotonic()
        with pytest.raises(MemoryUnavailableError):
            memory.save_if_unchanged(CALLER, OTHER, seen=first, request_id="second")
        assert monotonic() - started < 1.1
    assert memory.save_if_unchanged(CALLER, OTHER, seen=first, request_id="second") is not None


def test_a_save_whose_answer_is_lost_is_applied_once(
    memory: GuardedMemory, proxy: UnrulyProxy
) -> None:
    first = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert first is not None
    proxy.answers_to_swallow = b"UPDATE unfinished_checks"
    second = memory.save_if_unchanged(CALLER, OTHER, seen=first, request_id="second")
    assert not proxy.answers_to_swallow  # the server had it, and we did not hear
    assert second is not None
    assert memory.load(CALLER) == Kept(second, OTHER)


def test_a_save_nobody_heard_the_end_of_is_found_by_the_same_request(
    memory: GuardedMemory, proxy: UnrulyProxy
) -> None:
    first = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert first is not None
    proxy.answers_to_swallow = b"UPDATE unfinished_checks"
    server_port, proxy.server_port = proxy.server_port, 1  # where nobody listens
    with pytest.raises(MemoryUnavailableError):
        memory.save_if_unchanged(CALLER, OTHER, seen=first, request_id="second")
    proxy.server_port = server_port

    second = memory.save_if_unchanged(CALLER, OTHER, seen=first, request_id="second")
    assert second is not None
    assert memory.load(CALLER) == Kept(second, OTHER)


def test_a_deletion_whose_answer_is_lost_holds(memory: GuardedMemory, proxy: UnrulyProxy) -> None:
    first = memory.save_if_unchanged(CALLER, DOCUMENT, seen=0, request_id="first")
    assert first is not None
    proxy.answers_to_swallow = b"RETURNING version"
    version = memory.forget(CALLER)
    assert not proxy.answers_to_swallow
    assert memory.load(CALLER) == Kept(version, None)
    assert memory.save_if_unchanged(CALLER, OTHER, seen=first, request_id="late") is None
