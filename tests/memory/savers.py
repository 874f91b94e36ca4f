"""Processes that save, for tests that kill them or let them race.

    python -m tests.memory.savers killed ROUNDS
    python -m tests.memory.savers racing WRITES

The store is what the environment says; what came of it is told as JSON. A program of its own, so
that it may fork: every process has the libraries at once, and no thread of pytest's is left behind.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections import Counter
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from skill.errors import MemoryUnavailableError
from skill.memory.opening import memory_from
from tests.memory.stores import SKILL_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from skill.dialogue.keeping import Memory
    from skill.memory.guarded import GuardedMemory

_CALLERS: Final = [f"amzn1.ask.account.{number}" for number in range(50)]
_ONE_CALLER: Final = _CALLERS[0]
_PROCESSES: Final = 8
_VICTIMS: Final = 2
_LONGEST_LIFE_SECONDS: Final = 0.06
# So that a document takes several pages, and can be torn.
_FILLING: Final = "x" * 6000


def opened() -> GuardedMemory:
    """Return the memory that the environment asks for."""
    memory = memory_from(os.environ, SKILL_ID)
    assert memory is not None
    return memory


def steps_of(memory: Memory, caller: str) -> int:
    """Return how many steps are kept of a caller; a document that is torn has none."""
    document = memory.load(caller).document
    if document is None:
        return 0
    steps = document["steps"]
    assert isinstance(steps, int)
    assert document["filling"] == f"{steps}{_FILLING}"
    return steps


def save_steps(memory: Memory, caller: str, steps: int, seen: int, request_id: str) -> int | None:
    """Save a caller's next step."""
    document = {"steps": steps, "filling": f"{steps}{_FILLING}"}
    return memory.save_if_unchanged(caller, document, seen=seen, request_id=request_id)


def killed(rounds: int) -> dict[str, float]:
    """Kill processes while they save, and compare what they acknowledged with what is kept."""
    chance = random.Random(16)  # noqa: S311  # when to kill somebody is no secret
    acknowledged: Counter[str] = Counter()
    lost = ahead = 0
    for number in range(rounds):
        read_end, write_end = os.pipe()
        victims = [
            _forked(partial(_save_for_ever, write_end, number, at)) for at in range(_VICTIMS)
        ]
        os.close(write_end)
        with os.fdopen(read_end, "rb") as told:
            first = told.readline()  # from now on, whenever it hits
            sleep(chance.uniform(0, _LONGEST_LIFE_SECONDS))
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
                os.waitpid(victim, 0)
            for line in (first, *told.read().splitlines()):
                at, steps = map(int, line.split())
                caller = _CALLERS[at]
                acknowledged[caller] = max(acknowledged[caller], steps)
        memory = opened()
        for caller in _CALLERS:
            steps = steps_of(memory, caller)
            lost += max(0, acknowledged[caller] - steps)
            # What nobody heard of any more: one save at most, and the talk goes on from there.
            ahead += steps > acknowledged[caller] + 1
            acknowledged[caller] = steps
        memory.close()  # before the next fork
    return {"rounds": rounds, "saved": acknowledged.total(), "lost": lost, "ahead": ahead}


def _save_for_ever(write_end: int, number: int, at: int) -> None:
    memory = opened()
    mine = range(at, len(_CALLERS), _VICTIMS)
    chance = random.Random(f"{number} {at}")  # noqa: S311
    for request in range(1_000_000):
        who = chance.choice(mine)
        kept = memory.load(_CALLERS[who])
        steps = 0 if kept.document is None else kept.document["steps"]
        assert isinstance(steps, int)
        request_id = f"{number} {at} {request}"
        if save_steps(memory, _CALLERS[who], steps + 1, kept.version, request_id) is not None:
            os.write(write_end, f"{who} {steps + 1}\n".encode())


def racing(writes: int) -> dict[str, float]:
    """Let processes add to the steps of one caller, and count what is kept."""
    started = monotonic()
    racers = [_forked(partial(_race, at, writes // _PROCESSES)) for at in range(_PROCESSES)]
    failed = sum(os.waitpid(racer, 0)[1] != 0 for racer in racers)
    memory = opened()
    return {
        "writes": writes,
        "steps": steps_of(memory, _ONE_CALLER),
        "version": memory.load(_ONE_CALLER).version,
        "failed": failed,
        "seconds": round(monotonic() - started, 1),
    }


def _race(at: int, writes: int) -> None:
    memory = opened()
    for number in range(writes):
        while not _has_added_one(memory, f"{at} {number}"):
            pass


def _has_added_one(memory: Memory, request_id: str) -> bool:
    try:
        kept = memory.load(_ONE_CALLER)
    except MemoryUnavailableError:
        return False
    steps = 0 if kept.document is None else kept.document["steps"]
    assert isinstance(steps, int)
    while True:
        try:
            saved = save_steps(memory, _ONE_CALLER, steps + 1, kept.version, request_id)
        except MemoryUnavailableError:
            sleep(0.05)  # whether it was saved is not known: the same again
        else:
            return saved is not None


def _forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


if __name__ == "__main__":
    opened().close()  # so that what is forked need not import it
    print(json.dumps({"killed": killed, "racing": racing}[sys.argv[1]](int(sys.argv[2]))))  # noqa: T201
