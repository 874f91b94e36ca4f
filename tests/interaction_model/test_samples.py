"""The interaction model itself: Amazon's rules, and that no two of its samples are at odds."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulator.interaction_model import MODELS_FOLDER
from scripts.simulator.words import spelt
from skill.alexa.handlers import ASKS_FOR_AMBULANCE, EVENT_BY_INTENT

if TYPE_CHECKING:
    from scripts.simulator.interaction_model import InteractionModel
    from scripts.simulator.understanding import Understanding
    from skill.triage.model import RuleSet

MOST_CHARACTERS = 140
CHARACTERS = re.compile(r"(?:[a-z' -]|\{[a-zA-Z]+\})+")
# A sample may spell a lone "I" or an initialism as people do; speech has no case.
SPOKEN = re.compile(r"[a-zA-Z0-9.'\u2019 -]+")
SLOT = re.compile(r"\{([a-zA-Z]+)\}")
FILLINGS = {
    "AMAZON.NUMBER": "seven",
    "AMAZON.DURATION": "three weeks",
    "AMAZON.DATE": "last June",
}


@pytest.fixture(scope="module")
def language_model() -> Any:  # noqa: ANN401  # JSON
    text = (MODELS_FOLDER / "en-US.json").read_text(encoding="utf-8")
    return json.loads(text)["interactionModel"]["languageModel"]


@pytest.fixture(scope="module")
def samples(interaction_model: InteractionModel) -> list[tuple[str, str]]:
    """Return each intent's name with each of its samples."""
    return [
        (intent.name, sample)
        for intent in interaction_model.intents.values()
        for sample in intent.samples
    ]


def test_every_intent_has_its_event_and_no_other_has_one(
    interaction_model: InteractionModel,
) -> None:
    assert set(interaction_model.intents) == set(EVENT_BY_INTENT)


def test_every_finding_that_is_reported_can_be_said(
    language_model: Any,  # noqa: ANN401  # JSON
    rule_set: RuleSet,
) -> None:
    ids = [value["id"] for one in language_model["types"] for value in one["values"]]
    reported = {finding.id for finding in rule_set.findings if finding.reported}
    # Who calls for an ambulance says so by an intent of its own, without a slot.
    assert sorted(ids) == sorted(reported - {ASKS_FOR_AMBULANCE})


def test_no_sample_stands_twice_in_an_intent(samples: list[tuple[str, str]]) -> None:
    counts = Counter((name, sample.casefold()) for name, sample in samples)
    assert [sample for sample, count in counts.items() if count > 1] == []


def test_no_sample_stands_in_two_intents(
    interaction_model: InteractionModel, samples: list[tuple[str, str]]
) -> None:
    # A slot's name tells nobody apart who hears it: "{number}" and "{age}" sound the same.
    wanted: dict[str, set[str]] = {}
    for name, sample in samples:
        slots = interaction_model.intents[name].slots
        sound = " ".join(slots.get(word.strip("{}"), word) for word in spelt(sample).split())
        wanted.setdefault(sound, set()).add(name)
    assert {sound: names for sound, names in wanted.items() if len(names) > 1} == {}


def test_every_sample_is_read_as_its_own_intent(
    interaction_model: InteractionModel, reader: Understanding, samples: list[tuple[str, str]]
) -> None:
    misread = []
    for name, sample in samples:
        slots = interaction_model.intents[name].slots
        utterance = sample
        for slot, slot_type in slots.items():
            utterance = utterance.replace(f"{{{slot}}}", _filling(interaction_model, slot_type))
        if (heard := reader.understand(utterance).intent) != name:
            misread.append(f"{name}: {utterance!r} is read as {heard}")
    assert misread == []


def _filling(model: InteractionModel, slot_type: str) -> str:
    return FILLINGS.get(slot_type) or next(iter(model.types[slot_type]))


def test_samples_are_spelt_as_amazon_wants_them(samples: list[tuple[str, str]]) -> None:
    assert [one for one in samples if not CHARACTERS.fullmatch(one[1])] == []


def test_values_are_spelt_as_amazon_wants_them(interaction_model: InteractionModel) -> None:
    sayings = [one for sayings in interaction_model.types.values() for one in sayings]
    assert [one for one in sayings if not SPOKEN.fullmatch(one)] == []


def test_nothing_is_longer_than_amazon_takes(
    interaction_model: InteractionModel, samples: list[tuple[str, str]]
) -> None:
    sayings = [one for sayings in interaction_model.types.values() for one in sayings]
    everything = [*sayings, *(sample for _, sample in samples)]
    assert [one for one in everything if len(one) > MOST_CHARACTERS] == []


def test_samples_use_slots_that_their_intent_declares(
    interaction_model: InteractionModel, samples: list[tuple[str, str]]
) -> None:
    undeclared = [
        (name, sample)
        for name, sample in samples
        if not set(SLOT.findall(sample)) <= set(interaction_model.intents[name].slots)
    ]
    assert undeclared == []


def test_no_slot_is_declared_and_never_said(
    interaction_model: InteractionModel, samples: list[tuple[str, str]]
) -> None:
    said = {(name, slot) for name, sample in samples for slot in SLOT.findall(sample)}
    declared = {(i.name, slot) for i in interaction_model.intents.values() for slot in i.slots}
    assert declared <= said


def test_a_slot_name_has_one_type(interaction_model: InteractionModel) -> None:
    types: dict[str, set[str]] = {}
    for intent in interaction_model.intents.values():
        for slot, slot_type in intent.slots.items():
            types.setdefault(slot, set()).add(slot_type)
    assert {slot: names for slot, names in types.items() if len(names) > 1} == {}


def test_every_slot_type_is_amazons_or_declared(interaction_model: InteractionModel) -> None:
    used = {one for intent in interaction_model.intents.values() for one in intent.slots.values()}
    own = {one for one in used if not one.startswith("AMAZON.")}
    assert own == set(interaction_model.types)


def test_no_saying_means_two_things(language_model: Any) -> None:  # noqa: ANN401  # JSON
    sayings = Counter(
        spelling
        for one in language_model["types"]
        for value in one["values"]
        for spelling in {
            spelt(saying) for saying in (value["name"]["value"], *value["name"]["synonyms"])
        }
    )
    assert [saying for saying, count in sayings.items() if count > 1] == []


def test_no_value_has_a_synonym_twice(language_model: Any) -> None:  # noqa: ANN401  # JSON
    twice = [
        saying
        for one in language_model["types"]
        for value in one["values"]
        for saying, count in Counter(
            (value["name"]["value"].lower(), *map(str.lower, value["name"]["synonyms"]))
        ).items()
        if count > 1
    ]
    assert twice == []


def test_no_sample_of_a_custom_slot_alone(
    interaction_model: InteractionModel, samples: list[tuple[str, str]]
) -> None:
    # Amazon's console refuses it.
    bare = [
        (name, sample)
        for name, sample in samples
        if (only := SLOT.fullmatch(sample))
        and interaction_model.intents[name].slots[only[1]] in interaction_model.types
    ]
    assert bare == []
