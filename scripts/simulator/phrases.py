"""What Alexa knows of a language without being told by a skill, read from a data file.

Amazon publishes no list of what its built-in intents are understood by; this one is ours,
for the words that an answer, a refusal or a wish to stop is most often put in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.simulator.errors import SimulatorError
from scripts.simulator.words import PAUSE, spelt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PHRASES_PATH: Final = Path(__file__).with_name("builtin_phrases.json")


@dataclass(frozen=True, slots=True)
class Phrases:
    """What Alexa knows of a language without being told by a skill.

    Attributes:
        intents: Built-in intent to what people say for it.
        endings: What ends a session without reaching the skill as an intent.
        opening: What stands before a skill's name to open it.
        asking: What stands before its name to ask something of it at once.
        joining: What may stand between its name and what is asked.
        courtesies: Words around all that, of no meaning.
        fillers: Words that may be dropped without a change of meaning.
        now: What says of a complaint that it is there, or was a moment ago.
        lasting: What says for how long, or since when, with no number or date in it.
        long_ago: What says that it was long ago, with no number or date in it.
        dated: What may stand before a date on which something was.
        starting: What stands before a date or duration for which something has lasted.
        stuttered: Words that are said twice without a change of meaning.
        emphases: Three words each, of which the middle one only lends weight.
        articles: Words that may stand before a value or not.
        determiners: Words that may be missing within a value.
        joints: "and", "but" or "or" to the words that join clauses in that way.
        plain_refusals: Every way to say no that another clause may follow without a pause.
        denial_words: Words that turn a meaning around.
        degrees: Words that behind "not" leave something: "not just", "not very".
        hedges: Fillers that take half of a refusal back: "only just" okay.
        leaving_open: Fillers that leave a refusal open when they end it: more is to come, or
            there was some before.
    """

    intents: Mapping[str, tuple[str, ...]]
    endings: frozenset[str]
    opening: tuple[tuple[str, ...], ...]
    asking: tuple[tuple[str, ...], ...]
    joining: tuple[tuple[str, ...], ...]
    courtesies: frozenset[str]
    fillers: tuple[tuple[str, ...], ...]
    now: tuple[tuple[str, ...], ...]
    lasting: tuple[tuple[str, ...], ...]
    long_ago: tuple[tuple[str, ...], ...]
    dated: tuple[tuple[str, ...], ...]
    starting: tuple[tuple[str, ...], ...]
    stuttered: frozenset[str]
    emphases: frozenset[tuple[str, ...]]
    articles: tuple[str, ...]
    determiners: frozenset[str]
    joints: Mapping[str, tuple[tuple[str, ...], ...]]
    plain_refusals: frozenset[str]
    denial_words: frozenset[str]
    degrees: tuple[tuple[str, ...], ...]
    hedges: tuple[tuple[str, ...], ...]
    leaving_open: tuple[tuple[str, ...], ...]


def load_phrases(language: str, path: Path = _PHRASES_PATH) -> Phrases:
    """Read what Alexa knows of a language.

    Raises:
        SimulatorError: The language has no entry.
    """
    languages = json.loads(path.read_text(encoding="utf-8"))
    if language not in languages:
        raise SimulatorError(f"the simulator knows no {language!r}; add it to {path.name}")
    entry = languages[language]
    return Phrases(
        intents={name: tuple(map(spelt, said)) for name, said in entry["intents"].items()},
        endings=frozenset(map(spelt, entry["endings"])),
        opening=longest_first(entry["opening"]),
        asking=longest_first(entry["asking"]),
        joining=longest_first(entry["joining"]),
        courtesies=frozenset(entry["courtesies"]),
        fillers=longest_first(entry["fillers"]),
        now=longest_first(entry["now"]),
        lasting=longest_first(entry["lasting"]),
        long_ago=longest_first(entry["long_ago"]),
        dated=longest_first(entry["dated"]),
        starting=longest_first(entry["starting"]),
        stuttered=frozenset(entry["stuttered"]),
        emphases=frozenset(tuple(phrase.split()) for phrase in entry["emphases"]),
        articles=tuple(entry["articles"]),
        determiners=frozenset(entry["determiners"]),
        joints={kind: longest_first(joints) for kind, joints in entry["joints"].items()},
        plain_refusals=frozenset(entry["plain_refusals"]),
        denial_words=frozenset(entry["denial_words"]),
        degrees=longest_first(entry["degrees"]),
        hedges=longest_first(entry["hedges"]),
        leaving_open=longest_first(entry["leaving_open"]),
    )


def longest_first(phrases: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return phrases as their words, so ordered that none hides a longer one."""
    split = (tuple(spelt(phrase).split()) or (PAUSE,) for phrase in phrases)
    return tuple(sorted(split, key=len, reverse=True))


def length_at(heard: tuple[str, ...], at: int, phrases: Iterable[tuple[str, ...]]) -> int:
    """Return how many words the first phrase has that stands at a place, 0 if none does."""
    return next((len(phrase) for phrase in phrases if heard[at : at + len(phrase)] == phrase), 0)
