from __future__ import annotations

import fcntl
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from time import sleep
from typing import TYPE_CHECKING

from tests.operation.load import Direct, steady_load
from tests.operation.processes import FULL_LENGTH, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.operation.conftest import NewInstance
    from tests.operation.processes import Instance


@contextmanager
def _unread_pipe() -> Iterator[int]:
    read_end, write_end = os.pipe()
    # Full to the last byte, so that no line is short enough to fit.
    os.write(write_end, b" " * fcntl.fcntl(write_end, fcntl.F_GETPIPE_SZ))
    try:
        yield write_end
    finally:
        os.close(write_end)
        os.close(read_end)


@contextmanager
def _full_disk() -> Iterator[int]:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _dropped_lines(instance: Instance) -> float:
    (count,) = re.findall(r"(?m)^skill_log_lines_dropped_total (.*)$", instance.metrics())
    return float(count)


def _fill_the_log(instance: Instance) -> None:
    """Send more bad requests than lines may wait to be written."""

    def send(count: int) -> None:
        connection = HTTPConnection("127.0.0.1", instance.port)
        for _ in range(count):
            connection.request("POST", "/", b"{}")
            assert connection.getresponse().read() == b"{}"
        connection.close()

    with ThreadPoolExecutor(4) as senders:
        list(senders.map(send, [10_000] * 4))


def test_a_full_log_disk_costs_nobody_an_answer(new_instance: NewInstance) -> None:
    with _full_disk() as sink:
        instance, _, caller = new_instance(sink, {})
        with steady_load(caller, Direct(instance.port)) as load:
            sleep(60 if FULL_LENGTH else 3)
        dropped = _dropped_lines(instance)
        measured(load, f"{dropped:.0f} lines dropped")
        assert load.failed == []
        assert load.percentile_seconds(99) < 0.5
        assert dropped >= len(load.outcomes) - 5
        assert instance.stop() <= 8


def test_a_log_that_nobody_reads_costs_nobody_an_answer(new_instance: NewInstance) -> None:
    with _unread_pipe() as sink:
        instance, _, caller = new_instance(sink, {})
        with steady_load(caller, Direct(instance.port)) as load:
            sleep(1)
            if FULL_LENGTH:
                _fill_the_log(instance)
            sleep(1.5)
        measured(load)
        assert load.failed == []
        if FULL_LENGTH:
            dropped = _dropped_lines(instance)
            measured(f"{dropped:.0f} lines dropped")
            assert dropped > 0
        assert load.percentile_seconds(99) < 0.5
        # The master has something to log too, and has to go on all the same.
        killed = instance.workers()[0]
        os.kill(killed, signal.SIGKILL)
        instance.wait_for_workers(other_than=[killed], seconds=5)
        assert instance.stop() <= 8
