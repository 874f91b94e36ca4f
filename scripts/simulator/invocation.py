"""How a skill is called by name: "open upper back check", "tell upper back check that ..."."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.simulator.words import PAUSE, said, spelt, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.simulator.phrases import Phrases
    from scripts.simulator.words import Word


@dataclass(frozen=True, slots=True)
class Invocation:
    """An utterance that calls the skill by its name.

    Attributes:
        requests: What is asked of it in the same breath, first without and then with the
            word that joins it to the name ("about three weeks"); empty to open it only.
    """

    requests: tuple[str, ...]


def invocation(utterance: str, name: str, phrases: Phrases) -> Invocation | None:
    """Return how the utterance calls the skill, ``None`` if it does not."""
    words = tuple(word for word in words_of(utterance) if word.heard != PAUSE)
    heard = _heard(words)
    courtesy = next((n for n in range(len(heard)) if heard[n] not in phrases.courtesies), 0)
    words, heard = words[courtesy:], heard[courtesy:]
    named = tuple(spelt(name).split())
    for start in (*phrases.asking, *phrases.opening):
        called = (*start, *named)
        if heard[: len(called)] == called:
            return _with_request(words[len(called) :], phrases)
    return None


def _with_request(rest: Sequence[Word], phrases: Phrases) -> Invocation:
    heard = _heard(rest)
    if phrases.courtesies.issuperset(heard):
        return Invocation(())
    joined = next((len(j) for j in phrases.joining if heard[: len(j)] == j), 0)
    ways = (rest[joined:], rest) if joined else (rest,)
    return Invocation(tuple(said(way) for way in ways if way))


def _heard(words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(word.heard for word in words)
