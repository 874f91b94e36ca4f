"""What is handed over is taken in order, by one thread, and whoever hands it over never waits."""

from __future__ import annotations

import time
from threading import Event, Thread, current_thread
from threading import enumerate as running_threads
from typing import TYPE_CHECKING

import pytest

from skill.web.batches import Batches

if TYPE_CHECKING:
    from collections import deque


class Taker:
    """Takes all that waits."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.sizes: list[int] = []
        self.threads: set[str] = set()

    def __call__(self, waiting: deque[int]) -> None:
        self.threads.add(current_thread().name)
        self.sizes.append(len(waiting))
        while waiting:
            self.taken.append(waiting.popleft())


def test_all_is_taken_in_order_by_one_thread_and_many_at_once() -> None:
    taker = Taker()
    batches = Batches("taker", taker, 10_000)
    assert all(batches.put(number) for number in range(5000))
    batches.flush()
    assert taker.taken == list(range(5000))
    assert taker.threads == {"taker"}
    assert max(taker.sizes) > 100


def test_what_several_threads_hand_over_is_all_taken_once() -> None:
    taker = Taker()
    batches = Batches("taker", taker, 10_000)

    def put(first: int) -> None:
        for number in range(first, first + 500):
            batches.put(number)

    threads = [Thread(target=put, args=(first,)) for first in range(0, 4000, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batches.flush()
    assert sorted(taker.taken) == list(range(4000))
    assert taker.threads == {"taker"}


def test_while_nobody_takes_it_refuses_more_than_may_wait_and_does_not_block() -> None:
    goes_on = Event()
    begun = Event()

    def take(waiting: deque[int]) -> None:
        begun.set()
        goes_on.wait(10)
        waiting.clear()

    batches = Batches("taker", take, 3)
    batches.put(0)
    begun.wait(10)
    started = time.monotonic()
    assert [batches.put(number) for number in range(4)] == [True, True, False, False]
    assert time.monotonic() - started < 0.5
    goes_on.set()
    batches.flush()
    assert batches.put(5)
    batches.flush()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_failure_the_next_thing_is_taken() -> None:
    taken: list[int] = []

    def take(waiting: deque[int]) -> None:
        number = waiting.popleft()
        if number == 1:
            raise ValueError("one is too much")
        taken.append(number)

    batches = Batches("taker that fails", take, 10)
    batches.put(1)
    batches.flush()
    # Until its thread is over: what it raised would else be held against a later test.
    for thread in running_threads():
        if thread.name == "taker that fails":
            thread.join(10)
    batches.put(2)
    batches.flush()
    assert taken == [2]


def test_flushing_what_nobody_takes_waits_for_a_second_and_no_longer() -> None:
    never = Event()

    def take(waiting: deque[int]) -> None:
        never.wait(3)
        waiting.clear()  # else its thread would ask again and again, through all later tests

    batches = Batches("taker", take, 10)
    batches.put(1)
    started = time.monotonic()
    batches.flush()
    assert 0.9 < time.monotonic() - started < 1.9
    never.set()
