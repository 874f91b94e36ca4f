"""What a memory adds to a turn, for ``scripts/benchmark.py``.

Calm callers, a new one each time, are asked one question after the other, in turn with each
memory and with none. Those with a memory agree to it, so that each of their answers is saved
before the next question is asked. Only these turns are timed, and the same ones without a
memory: from request envelope to response envelope, in this process, without HTTP and signature.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from contextlib import ExitStack
from itertools import cycle, islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit
from uuid import uuid4

from scripts.benchmark_errors import BenchmarkError
from scripts.benchmark_job import calm_answer, full_size
from scripts.simulator.envelopes import Session, launch_request
from scripts.simulator.signing import SKILL_ID
from skill.alexa.skill import answering, build_skill
from skill.dialogue.prompts import is_about_memory
from skill.dialogue.talk import MEMORY
from skill.memory.opening import memory_from
from skill.web import measures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet

    Answering: TypeAlias = Callable[[Mapping[str, object]], Mapping[str, Any]]

OFF: Final = "no memory"
"""What the turns without a memory are called."""

_US_A_SECOND: Final = 1e6
_MOST_TURNS: Final = 40
_YES: Final[Mapping[str, object]] = {
    "type": "IntentRequest",
    "intent": {"name": "AMAZON.YesIntent", "confirmationStatus": "NONE", "slots": {}},
}


def memory_turns(
    rule_set: RuleSet,
    catalogues: Mapping[str, Catalogue],
    urls: Sequence[str],
    folder: Path,
    *,
    callers: int,
) -> dict[str, list[float]]:
    """Return how many microseconds each turn took that a memory is used in.

    Args:
        rule_set: What the skill triages by.
        catalogues: The words of each locale.
        urls: Addresses of stores, as for ``MEMORY_URL``, beside SQLite.
        folder: Where SQLite's file goes.
        callers: How many callers there are with each memory, and without.

    Returns:
        ``OFF``, or the kind of store, to the times of its turns.

    Raises:
        SkillError: An address is wrong, or a store could not keep what it should.
    """
    skills: dict[str, Answering] = {OFF: answering(build_skill(rule_set, catalogues), catalogues)}
    with ExitStack() as stack:
        for url in (f"sqlite://{(folder / 'checks.db').resolve()}", *urls):
            memory = memory_from(_settings(url), SKILL_ID, measures)
            if memory is not None:
                stack.callback(memory.close)  # else it would go on sweeping
            skill = build_skill(rule_set, catalogues, memory)
            skills[urlsplit(url).scheme] = answering(skill, catalogues, memory)
        turns: dict[str, list[_Turn]] = {name: [] for name in skills}
        for name, answer in islice(cycle(skills.items()), callers * len(skills)):
            turns[name] += _calm_talk(answer, rule_set)
    saved = {turn.question for taken in turns.values() for turn in taken if turn.is_kept}
    for name, taken in turns.items():
        if name != OFF and not saved <= {turn.question for turn in taken if turn.is_kept}:
            raise BenchmarkError(f"{name}: not every answer could be kept there")
    return {
        name: [turn.microseconds for turn in taken if turn.question in saved]
        for name, taken in turns.items()
    }


class _Turn(NamedTuple):
    """A question that was answered, how long that took, and whether the answer was kept."""

    question: str
    microseconds: float
    is_kept: bool


def _calm_talk(answer: Answering, rule_set: RuleSet) -> Iterator[_Turn]:
    """Hold a whole talk as a new caller, and give each turn that the check goes on after."""
    session = Session(f"amzn1.echo-api.session.{uuid4()}")
    user_id = f"amzn1.ask.account.{secrets.token_hex(100).upper()}"
    request: Mapping[str, object] = launch_request()
    pending = ""
    for _ in range(_MOST_TURNS):
        envelope = full_size(request, session, user_id)
        started = perf_counter()
        attributes = answer(envelope).get("sessionAttributes") or {}
        took = perf_counter() - started
        if not attributes:
            return
        if rule_set.question(pending) is not None:
            kept = attributes.get(MEMORY, {}).get("stage") == "keeping"
            yield _Turn(pending, took * _US_A_SECOND, kept)
        pending = str(attributes["pending"])
        question = rule_set.question(pending)
        if question is None and not is_about_memory(pending):
            return
        request = calm_answer(question) if question else _YES
        session = Session(session.id, new=False, attributes=attributes)


def _settings(url: str) -> dict[str, str]:
    secret, key = (b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    return {"MEMORY_URL": url, "MEMORY_SECRET": secret, "MEMORY_KEYS": key}
