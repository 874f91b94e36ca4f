from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from socket import create_connection
from time import sleep
from typing import TYPE_CHECKING, Final

import pytest

from tests.operation.load import Direct, sent, steady_load
from tests.operation.processes import FULL_LENGTH, measured

if TYPE_CHECKING:
    from tests.operation.conftest import Site

_LONGEST_STOP_SECONDS: Final = 8
_AVOIDED_SECONDS: Final = 5  # `fail_timeout` in deploy/nginx.conf


def test_a_worker_killed_at_work_costs_nobody_an_answer(site: Site) -> None:
    rounds = 20 if FULL_LENGTH else 1
    with steady_load(site.caller, site.door) as load:
        for _ in range(rounds):
            for instance in site.instances:
                for worker in instance.workers():
                    # Held for a moment first, so that there is something in its hands.
                    os.kill(worker, signal.SIGSTOP)
                    sleep(0.3)
                    os.kill(worker, signal.SIGKILL)
                    instance.wait_for_workers(other_than=[worker])
        sleep(1)
    measured(load)
    assert load.failed == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_sent_in_one_piece_so_that_no_kill_can_cut_it(site: Site, method: str) -> None:
    request = f"{method} /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    ending = b"}" if method == "GET" else b"\r\n\r\n"
    with create_connection(("127.0.0.1", site.instances[0].port), 8) as connection:
        for _ in range(200):
            connection.sendall(request)
            assert connection.recv(65536).endswith(ending)


def test_a_rolling_restart_costs_nobody_an_answer(site: Site) -> None:
    stops = []
    with steady_load(site.caller, site.door) as load:
        for _ in range(10 if FULL_LENGTH else 1):
            for instance in site.instances:
                sleep(0.5)
                stops.append(instance.stop())
                instance.start()
        sleep(0.5)
    measured(load, "stopped in", [f"{seconds:.1f} s" for seconds in stops])
    assert load.failed == []
    assert max(stops) <= _LONGEST_STOP_SECONDS


def test_an_instance_that_hangs_costs_nobody_an_answer(site: Site) -> None:
    # As after a restart: the proxy may still avoid the instance that another test stopped.
    sleep(_AVOIDED_SECONDS)
    hanging = site.instances[0].workers()
    with steady_load(site.caller, site.door) as load:
        sleep(0.5)
        for worker in hanging:
            os.kill(worker, signal.SIGSTOP)
        try:
            sleep(9 if FULL_LENGTH else 5)
        finally:
            for worker in hanging:
                os.kill(worker, signal.SIGCONT)
        sleep(0.5)
    measured(load)
    assert load.failed == []
    # Two tries fit in the time that Alexa waits, and once a few were in vain it is left alone.
    assert load.percentile_seconds(100) < 5
    # The first tries in vain weigh more in a short run.
    assert load.percentile_seconds(60 if FULL_LENGTH else 40) < 0.5


def test_an_instance_answers_what_it_has_begun_before_it_stops(site: Site) -> None:
    instance = site.instances[0]
    site.host.delay_seconds = 1.0
    try:
        instance.stop()
        instance.start()
        with ThreadPoolExecutor(1) as caller:
            answer = caller.submit(sent, Direct(instance.port), site.caller.red_flag())
            sleep(0.3)
            seconds = instance.stop()
            assert answer.result().sends_to_emergency
        assert seconds <= _LONGEST_STOP_SECONDS
    finally:
        site.host.delay_seconds = 0.0
        instance.start()
