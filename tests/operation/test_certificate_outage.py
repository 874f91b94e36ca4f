from __future__ import annotations

import os
import signal
import subprocess
from time import monotonic, sleep
from typing import TYPE_CHECKING

from tests.operation.certificate_host import Behaviour
from tests.operation.load import Direct, sent, steady_load
from tests.operation.processes import FULL_LENGTH, measured

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operation.conftest import NewInstance, Site

OUTAGES = [Behaviour.HANGS, Behaviour.RESETS, Behaviour.FAILS]


def test_a_red_flag_is_answered_within_a_second_while_the_certificate_host_is_down(
    site: Site,
) -> None:
    site.warm_up()  # a worker that another test has renewed has no key yet
    try:
        with steady_load(site.caller, site.door) as load:
            for outage in OUTAGES:
                site.host.behaviour = outage
                sleep(7 if FULL_LENGTH else 0.7)
    finally:
        site.host.behaviour = Behaviour.SENDS
    measured(load)
    assert load.failed == []
    assert load.percentile_seconds(100) <= 1


def test_without_a_key_it_says_so_within_four_seconds_and_recovers(
    new_instance: NewInstance,
) -> None:
    instance, host, caller = new_instance(subprocess.DEVNULL, {})
    host.behaviour = Behaviour.HANGS
    instance.stop()
    instance.start()
    door = Direct(instance.port)
    refused = sent(door, caller.red_flag())
    measured(f"{refused.status} after {refused.seconds:.1f} s")
    assert refused.status == 503
    assert refused.seconds <= 4
    if not FULL_LENGTH:
        return

    host.behaviour = Behaviour.SENDS
    repaired = monotonic()
    # The other worker may take the first good one.
    while not all(sent(door, caller.red_flag()).sends_to_emergency for _ in range(10)):
        assert monotonic() - repaired <= 35
        sleep(0.5)
    measured(f"answered {monotonic() - repaired:.1f} s after the repair")


def test_a_start_during_an_outage_uses_the_chain_kept_on_disk(
    new_instance: NewInstance, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    instance, host, caller = new_instance(subprocess.DEVNULL, {"CHAIN_FOLDER": str(kept)})
    host.behaviour = Behaviour.RESETS
    instance.stop()
    instance.start()
    assert sent(Direct(instance.port), caller.red_flag()).sends_to_emergency


def test_a_worker_that_begins_during_an_outage_has_the_key_of_the_others(
    new_instance: NewInstance,
) -> None:
    instance, host, caller = new_instance(subprocess.DEVNULL, {})
    host.behaviour = Behaviour.RESETS
    old = instance.workers()
    for worker in old:
        os.kill(worker, signal.SIGKILL)
    instance.wait_for_workers(other_than=old)
    assert sent(Direct(instance.port), caller.red_flag()).sends_to_emergency
