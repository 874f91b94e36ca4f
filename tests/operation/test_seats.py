from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from tests.operation.load import Direct, steady_load
from tests.operation.processes import FULL_LENGTH, measured

if TYPE_CHECKING:
    from tests.operation.conftest import NewInstance
    from tests.operation.processes import Instance

_FEWEST, _MOST = 2, 6
_WORKER_SIGNALS: Final = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)
# A request is counted 50 ms after it, with those around it; at 50 a second, and with some to spare
# for a machine that others use. Who is killed does not come to that any more.
_MOST_UNCOUNTED: Final = 10
_SERVER_SIGNALS: Final = (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU)


def test_no_two_workers_count_in_the_same_files_and_only_a_kill_loses_a_count(
    new_instance: NewInstance,
) -> None:
    instance, _, caller = new_instance(subprocess.DEVNULL, {"WORKERS": "3"})
    random, looks, disturbances, kills = Random(5), 0, 0, 0  # noqa: S311  # no secret
    ends = monotonic() + (50 if FULL_LENGTH else 4)
    with steady_load(caller, Direct(instance.port)) as load:
        while monotonic() < ends:
            kills += _disturb(instance, random) is signal.SIGKILL
            disturbances += 1
            looked_until = monotonic() + random.uniform(0, 0.8)
            while monotonic() < looked_until:
                assert _seats_taken_twice(instance.workers()) == []
                looks += 1
                sleep(0.01)
        sleep(1)
    answered = 1 + sum(one.status == 200 for one in load.outcomes)  # one opened the skill
    counted = instance.answered()
    measured(
        f"{disturbances} disturbances, {kills} of them kills, {looks} looks,",
        f"{answered} answered, {counted} counted",
    )
    assert looks > disturbances
    # Who is killed may have counted what it never sent, too.
    assert answered - kills * _MOST_UNCOUNTED <= counted <= len(load.outcomes) + 1


def _disturb(instance: Instance, random: Random) -> signal.Signals:
    """Send a signal to a worker or to the server, and return which."""
    assert instance.process is not None
    workers = instance.workers()
    chosen = random.choice([*_WORKER_SIGNALS, *_SERVER_SIGNALS])
    if chosen in _WORKER_SIGNALS and workers:
        os.kill(random.choice(workers), chosen)
        return chosen
    if len(workers) <= _FEWEST:
        chosen = signal.SIGTTIN
    elif len(workers) >= _MOST:
        chosen = signal.SIGTTOU
    instance.process.send_signal(chosen)
    return chosen


def _seats_taken_twice(workers: list[int]) -> list[str]:
    taken: Counter[str] = Counter()
    for worker in workers:
        try:
            maps = Path(f"/proc/{worker}/maps").read_text()
        except OSError:  # it has ended
            continue
        taken.update(set(re.findall(r"_(seat\d+)\.db", maps)))
    return [seat for seat, owners in taken.items() if owners > 1]
