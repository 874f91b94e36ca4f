from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from threading import Event
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

import pytest

from scripts.simulator.signing import SKILL_ID
from tests.operation.certificate_host import STRANGERS_NAME, Behaviour
from tests.operation.load import Direct, sent, steady_load
from tests.operation.processes import FULL_LENGTH, measured, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.operation.conftest import NewInstance
    from tests.operation.load import Caller

_STRANGERS: Final = 24  # more than the instance has threads
_FLOODING: Final = 8


def test_strangers_with_unknown_urls_hold_up_nobody_whose_key_is_known(
    new_instance: NewInstance, tmp_path: Path
) -> None:
    instance, host, caller = new_instance(subprocess.DEVNULL, {})
    door, ended = Direct(instance.port), Event()
    instance.wait_for_workers()  # one that boots later would have no key
    workers = set(map(str, instance.workers()))
    with ThreadPoolExecutor(_STRANGERS) as senders:
        while not workers <= set((tmp_path / "fetches").read_text().split()):
            list(senders.map(lambda _: sent(door, caller.red_flag()), range(_STRANGERS)))
        host.behaviour = Behaviour.HANGS
        strangers = [senders.submit(_insist, door, caller, ended) for _ in range(_STRANGERS)]
        try:
            with steady_load(caller, door) as load:
                sleep(20 if FULL_LENGTH else 3)
        finally:
            ended.set()
    told = sum((stranger.result() for stranger in strangers), Counter[int]())
    measured(load, "strangers were told", dict(told))
    assert load.failed == []
    assert load.percentile_seconds(99) < 1
    assert told.keys() == {503}


@pytest.mark.parametrize("names_the_skill", [True, False])
def test_a_worker_that_begins_in_a_flood_of_unknown_urls_has_the_key_of_the_others(
    new_instance: NewInstance,
    tmp_path: Path,
    names_the_skill: bool,  # noqa: FBT001
) -> None:
    instance, _, caller = new_instance(subprocess.DEVNULL, {})
    door = Direct(instance.port)
    with _flood(door, caller, names_the_skill=names_the_skill) as flood:
        _wait_for_refusals(flood)
        old = instance.workers()
        for worker in old:
            os.kill(worker, signal.SIGKILL)
        instance.wait_for_workers(other_than=old)
        with steady_load(caller, door) as load:
            sleep(20 if FULL_LENGTH else 2)
        new = set(instance.workers())
    fetched_by = (tmp_path / "fetches").read_text().split()
    measured(load, f"beside {len(flood)} unknown URLs; {len(fetched_by)} fetches")
    assert load.failed == []
    assert new <= {int(process) for process in fetched_by}
    assert Counter(flood).keys() <= ({400, 503, 0} if names_the_skill else {400, 0})


def test_an_instance_that_begins_in_a_flood_from_who_does_not_know_the_skill_takes_its_turns(
    new_instance: NewInstance, tmp_path: Path
) -> None:
    instance, _, caller = new_instance(subprocess.DEVNULL, {})
    door = Direct(instance.port)
    instance.stop()
    (tmp_path / "fetches").unlink()
    with _flood(door, caller, names_the_skill=False) as flood:
        instance.start()
        _wait_for_refusals(flood)
        with steady_load(caller, door) as load:
            sleep(20 if FULL_LENGTH else 2)
    fetches = (tmp_path / "fetches").read_text().split()
    measured(load, f"beside {len(flood)} unknown URLs; {len(fetches)} fetches")
    assert load.failed == []
    assert set(Counter(fetches).values()) == {1}


@contextmanager
def _flood(door: Direct, caller: Caller, *, names_the_skill: bool) -> Iterator[list[int]]:
    """Send requests, each with a new URL, and give the status of each; 0 for no answer."""
    statuses: list[int] = []
    ended, numbers = Event(), count()
    request = caller.red_flag()
    body = request.body if names_the_skill else request.body.replace(SKILL_ID.encode(), b"nobody")

    def send() -> None:
        while not ended.wait(0.01):
            url = f"https://s3.amazonaws.com/echo.api/{STRANGERS_NAME}-{next(numbers)}.pem"
            headers = {**request.headers, "SignatureCertChainUrl": url}
            statuses.append(sent(door, replace(request, body=body, headers=headers)).status)

    with ThreadPoolExecutor(_FLOODING) as senders:
        for _ in range(_FLOODING):
            senders.submit(send)
        try:
            yield statuses
        finally:
            ended.set()


def _wait_for_refusals(flood: list[int]) -> None:
    # More than the unknown URLs that all workers together are allowed at once.
    wait_until(lambda: len([status for status in flood if status]) > 100, "the flood is there")


def _insist(door: Direct, caller: Caller, ended: Event) -> Counter[int]:
    """Ask again and again with one unknown URL, a new one every half second."""
    told: Counter[int] = Counter()
    while not ended.wait(0.05):
        request = caller.red_flag()
        url = f"https://s3.amazonaws.com/echo.api/{int(monotonic() * 2)}.pem"
        forged = replace(request, headers={**request.headers, "SignatureCertChainUrl": url})
        told[sent(door, forged).status] += 1
    return told
