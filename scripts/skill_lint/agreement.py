"""Whether interaction models, handlers, rule set and words fit together."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ask_sdk_model import Slot
from ask_sdk_model.slu.entityresolution import (
    Resolution,
    Resolutions,
    Status,
    StatusCode,
    Value,
    ValueWrapper,
)

from scripts.skill_lint.problems import Problem, shown
from skill.alexa.handlers import ASKS_FOR_AMBULANCE, EVENT_BY_INTENT, PERSON_SLOT, Said
from skill.alexa.slots import denies
from skill.dialogue.events import Aged, Answered, AskedAbout, Counted, Lasted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scripts.skill_lint.clashes import Phrases
    from scripts.skill_lint.language import ModelFile
    from scripts.skill_lint.problems import Json
    from skill.dialogue.events import Event
    from skill.triage.model import RuleSet

BASE: Final = "en-US"
"""The model that the others are compared with."""

SKILL: Final = "skill"
"""Where problems lie that are of no model alone."""

_ACCEPTED: Final = Path(__file__).with_name("accepted_clashes.json")
# What Alexa sends for a slot of its own types.
_VALUES: Final = {
    "AMAZON.DATE": "2026-06-01",
    "AMAZON.DURATION": "P3W",
    "AMAZON.NUMBER": "7",
}
_TODAY: Final = date(2026, 11, 18)
# Nobody may hear a yes for a no, or another word for a way out.
_KEPT: Final = frozenset(f"AMAZON.{name}Intent" for name in ("Yes", "No", "Stop", "Cancel", "Help"))
# Not sure is never no, so it may take over what might be meant as no.
_AS_CAREFUL: Final = {"AMAZON.NoIntent": ("NotSureIntent",)}
_NUMBER_EVENTS: Final = {"age": Aged, "count": Counted, "duration": Lasted}


def accepted_clashes() -> dict[frozenset[str], str]:
    """Return the samples that may claim a phrase together, with the reason why."""
    entries = json.loads(_ACCEPTED.read_text(encoding="utf-8"))
    return {frozenset(samples): entry["why"] for entry in entries for samples in entry["samples"]}


def clash_problems(
    model: ModelFile, phrases: Phrases, accepted: Mapping[frozenset[str], str]
) -> Iterator[Problem]:
    """Find phrases that a model claims twice, and accepted clashes that are none any more."""
    unseen = dict(accepted)
    for clash in phrases.clashes():
        samples = frozenset(clash.samples)
        if samples in accepted:
            unseen.pop(samples, None)
            continue
        meanings = f" as {' or '.join(map(str, clash.meanings))}" if clash.meanings else ""
        yield model.problem(
            ".intents",
            clash.phrase,
            f"one meaning, but {' and '.join(clash.intents)} claim it{meanings} "
            f"by {' and '.join(map(shown, clash.samples))}",
        )
    for samples, reason in unseen.items():
        yield Problem(
            f"scripts/skill_lint/{_ACCEPTED.name}",
            "$",
            " and ".join(map(shown, sorted(samples))),
            f"samples that clash in {model.locale}, where this was accepted: {reason}",
        )


def own_phrase_problems(
    model: ModelFile, phrases: Phrases, own: Mapping[str, str]
) -> Iterator[Problem]:
    """Find what Alexa knows by itself as an answer or a way out, and a model takes for more."""
    for phrase, meant in own.items():
        if meant not in _KEPT:
            continue
        for reading in sorted(phrases.readings(phrase), key=str):
            if reading.intent not in {meant, *_AS_CAREFUL.get(meant, ())}:
                yield model.problem(
                    ".intents", phrase, f"{meant} by it, but {reading.intent} claims it"
                )


def handler_problems(model: ModelFile, rule_set: RuleSet) -> Iterator[Problem]:
    """Find intents, slots and values that the skill makes nothing of, and the reverse."""
    intents = model.language_model["intents"]
    declared = {intent["name"] for intent in intents}
    for name in sorted(EVENT_BY_INTENT.keys() - declared):
        yield model.problem(".intents", sorted(declared), f"{name}, which has a handler")
    own = {slot_type["name"]: slot_type for slot_type in model.language_model["types"]}
    for place, intent in enumerate(intents):
        path = f".intents[{place}]"
        if intent["name"] not in EVENT_BY_INTENT:
            yield model.problem(f"{path}.name", intent["name"], "an intent that has a handler")
            continue
        for number, slot in enumerate(intent.get("slots", ())):
            if slot["name"] != PERSON_SLOT and not _is_read(intent["name"], slot, own):
                at = f"{path}.slots[{number}]"
                yield model.problem(at, slot["name"], "a slot that its handler reads")
    yield from _value_problems(model, rule_set)


def rule_problems(rule_set: RuleSet) -> Iterator[Problem]:
    """Find questions that no intent can answer, and topics without an intent or a text."""
    events = [_event(intent) for intent in EVENT_BY_INTENT]
    answers = {event.answer for event in events if isinstance(event, Answered)}
    kinds = {type(event) for event in events}
    for question in rule_set.questions:
        wanted = set(question.answer.words) - answers
        if wanted:
            yield _of_skill(question.id, f"an intent that answers {', '.join(sorted(wanted))}")
        if question.answer.takes_numbers and _NUMBER_EVENTS.get(question.kind) not in kinds:
            yield _of_skill(question.id, f"an intent that gives a {question.kind}")
    asked = {event.topic for event in events if isinstance(event, AskedAbout)}
    known = {topic.id for topic in rule_set.topics}
    for topic in sorted(asked - known):
        yield _of_skill(topic, "a topic of the rule set, since an intent asks about it")
    for topic in sorted(known - asked):
        yield _of_skill(topic, "a topic that an intent asks about")


def locale_problems(
    models: Sequence[ModelFile], spoken: Sequence[str], spoken_in: str
) -> Iterator[Problem]:
    """Find where the models of the locales are not of one skill.

    Args:
        models: All the models.
        spoken: The locales that have words.
        spoken_in: Where those words stand, for messages.
    """
    locales = [model.locale for model in models]
    for locale in sorted(set(spoken) - set(locales)):
        yield Problem("interaction_model", locale, "no model", f"one, as {spoken_in} has words")
    for locale in sorted(set(locales) - set(spoken)):
        yield Problem(spoken_in, locale, "no words", "some, as there is an interaction model")
    base = next((model for model in models if model.locale == BASE), None)
    if base is None:
        yield Problem("interaction_model", BASE, "no model", "the one the others are made from")
        return
    expected = dict(_outline(base))
    for model in models:
        outline = dict(_outline(model))
        for key in sorted(expected.keys() | outline.keys()):
            if outline.get(key) != expected.get(key):
                found = shown(outline.get(key))
                yield Problem(
                    model.file, f"$..{key}", found, f"{shown(expected.get(key))}, as in {BASE}"
                )


def _outline(model: ModelFile) -> Iterator[tuple[str, Json]]:
    """Give what has to be the same in every locale, by what it is."""
    language_model = model.language_model
    yield "invocationName", language_model["invocationName"]
    for intent in language_model["intents"]:
        yield intent["name"], [[s["name"], s["type"]] for s in intent.get("slots", ())]
    for slot_type in language_model["types"]:
        yield slot_type["name"], [value["id"] for value in slot_type["values"]]


def _value_problems(model: ModelFile, rule_set: RuleSet) -> Iterator[Problem]:
    # Who calls for an ambulance says so by an intent of its own, and not by a value.
    reported = {finding.id for finding in rule_set.findings if finding.reported}
    missing = reported - {ASKS_FOR_AMBULANCE}
    for place, slot_type in enumerate(model.language_model["types"]):
        for number, value in enumerate(slot_type["values"]):
            path = f".types[{place}].values[{number}]"
            missing.discard(value["id"])
            if value["id"] not in reported:
                yield model.problem(f"{path}.id", value["id"], "a finding that may be reported")
            for saying in (value["name"]["value"], *value["name"]["synonyms"]):
                if denies(saying):
                    yield model.problem(
                        f"{path}.name", saying, "words the skill takes for no denial"
                    )
    for finding in sorted(missing):
        yield model.problem(".types", finding, "a value of a type for this finding")


def _is_read(intent: str, slot: Json, own: Mapping[str, Json]) -> bool:
    """Whether it makes a difference to the handler that a slot is filled."""
    filled = Slot(name=slot["name"], value=_VALUES.get(slot["type"]))
    if slot["type"] in own:
        first = own[slot["type"]]["values"][0]
        filled.value = first["name"]["value"]
        filled.resolutions = Resolutions(
            [
                Resolution(
                    slot["type"],
                    Status(StatusCode.ER_SUCCESS_MATCH),
                    [ValueWrapper(Value(filled.value, first["id"]))],
                )
            ]
        )
    return _event(intent, {slot["name"]: filled}) != _event(intent)


def _event(intent: str, slots: Mapping[str, Slot] | None = None) -> Event:
    return EVENT_BY_INTENT[intent](Said(slots or {}, _TODAY))


def _of_skill(found: str, expected: str) -> Problem:
    return Problem(SKILL, "$", found, expected)
