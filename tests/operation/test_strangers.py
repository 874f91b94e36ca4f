from __future__ import annotations

import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from tests.operation.certificate_host import Behaviour
from tests.operation.load import Direct, sent, steady_load
from tests.operation.processes import FULL_LENGTH, measured

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operation.conftest import NewInstance
    from tests.operation.load import Caller

_STRANGERS: Final = 24  # more than the instance has threads


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


def _insist(door: Direct, caller: Caller, ended: Event) -> Counter[int]:
    """Ask again and again with one unknown URL, a new one every half second."""
    told: Counter[int] = Counter()
    while not ended.wait(0.05):
        request = caller.red_flag()
        url = f"https://s3.amazonaws.com/echo.api/{int(monotonic() * 2)}.pem"
        forged = replace(request, headers={**request.headers, "SignatureCertChainUrl": url})
        told[sent(door, forged).status] += 1
    return told
