from __future__ import annotations

import pytest

from skill.memory.breaker import Breaker
from tests.memory.stores import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def opened(breaker: Breaker) -> Breaker:
    while not breaker.failed():
        assert breaker.lets_pass()
    return breaker


def test_it_opens_after_three_failures_in_a_row_and_tells_so_once(breaker: Breaker) -> None:
    assert [breaker.failed() for _ in range(5)] == [False, False, True, False, False]
    assert not breaker.lets_pass()


def test_a_success_in_between_starts_the_count_anew(breaker: Breaker) -> None:
    for _ in range(5):
        assert not breaker.failed()
        assert not breaker.failed()
        assert not breaker.succeeded()
    assert breaker.lets_pass()


def test_after_each_pause_it_lets_one_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    for _ in range(3):
        clock.seconds += 4.9
        assert not breaker.lets_pass()
        clock.seconds += 0.1
        assert [breaker.lets_pass() for _ in range(3)] == [True, False, False]
        assert not breaker.failed()


def test_a_success_closes_it_and_tells_so_once(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.seconds += 5
    assert breaker.lets_pass()
    assert breaker.succeeded()
    assert not breaker.succeeded()
    assert breaker.lets_pass()


def test_who_never_tells_how_it_went_keeps_it_closed_to_the_others_for_a_pause_only(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.seconds += 5
    assert breaker.lets_pass()
    clock.seconds += 5
    assert breaker.lets_pass()


def test_it_may_begin_open_and_lets_one_try_at_once(clock: Clock) -> None:
    breaker = Breaker(clock, is_open=True)
    assert [breaker.lets_pass() for _ in range(2)] == [True, False]
    assert breaker.succeeded()
    assert breaker.lets_pass()
