"""The locales beside en-US: they hear what is said there, and lose nothing that en-US hears."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulator.interaction_model import known_locales, load_interaction_model
from scripts.simulator.phrases import load_phrases
from scripts.simulator.understanding import FALLBACK, Understanding
from scripts.simulator.words import spelt
from skill.speech.catalogue import load_catalogues
from tests.interaction_model.conftest import NOW
from tests.interaction_model.test_denials import REPORTED, UNREPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.simulator.interaction_model import InteractionModel
    from skill.triage.model import RuleSet

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE = "en-US"
OTHERS = [locale for locale in known_locales() if locale != BASE]
SAID: dict[str, list[dict[str, Any]]] = json.loads(
    (HERE / "locale_utterances.json").read_text(encoding="utf-8")
)
HEARD_EVERYWHERE = [
    *(line["utterance"] for line in json.loads((HERE / "utterances.json").read_text("utf-8"))),
    *REPORTED,
    *UNREPORTED[::3],  # each kind is said in several ways
]


@pytest.fixture(scope="module")
def readers() -> Mapping[str, Understanding]:
    phrases = load_phrases("en")
    return {
        locale: Understanding(load_interaction_model(locale), phrases, NOW.date)
        for locale in known_locales()
    }


def heard(reader: Understanding, utterance: str) -> tuple[str, list[object]]:
    understood = reader.understand(utterance)
    return understood.intent, [
        [entity.id for entity in filling.entities] if filling.entities else filling.value
        for filling in understood.slots.values()
    ]


@pytest.fixture(scope="module")
def heard_in_base(readers: Mapping[str, Understanding]) -> Mapping[str, tuple[str, list[object]]]:
    return {utterance: heard(readers[BASE], utterance) for utterance in HEARD_EVERYWHERE}


def sounds(model: InteractionModel) -> dict[str, set[str]]:
    """Return everything in a model, in the one spelling, with what it stands for."""
    everything: dict[str, set[str]] = {}
    for intent in model.intents.values():
        for sample in intent.samples:
            everything.setdefault(spelt(sample), set()).add(intent.name)
    for name, values in model.types.items():
        for saying, entities in values.items():
            ids = {f"{name} {entity.id}" for entity in entities}
            everything.setdefault(spelt(saying), set()).update(ids)
    return everything


def test_there_are_at_least_the_five_english_locales() -> None:
    assert set(known_locales()) >= {"en-AU", "en-CA", "en-GB", "en-IN", "en-US"}
    assert sorted(SAID) == OTHERS
    assert all(len(lines) >= 20 for lines in SAID.values())


@pytest.mark.parametrize("locale", OTHERS)
def test_nothing_that_can_be_said_in_the_base_is_lost(locale: str) -> None:
    base = sounds(load_interaction_model(BASE))
    there = sounds(load_interaction_model(locale))
    assert {
        said: means for said, means in base.items() if not means <= there.get(said, set())
    } == {}


@pytest.mark.parametrize(
    ("locale", "line"),
    [(locale, line) for locale, lines in SAID.items() for line in lines],
    ids=lambda value: value if isinstance(value, str) else value["utterance"],
)
def test_what_is_said_there_is_heard_there(
    readers: Mapping[str, Understanding], locale: str, line: dict[str, Any]
) -> None:
    understood = readers[locale].understand(line["utterance"])
    findings = [entity.id for one in understood.slots.values() for entity in one.entities or ()]
    assert (understood.intent, findings) == (line["intent"], line["findings"])
    assert heard(readers[BASE], line["utterance"]) != heard(readers[locale], line["utterance"])


@pytest.mark.parametrize("locale", OTHERS)
def test_what_the_base_hears_is_heard_alike(
    readers: Mapping[str, Understanding],
    heard_in_base: Mapping[str, tuple[str, list[object]]],
    locale: str,
) -> None:
    otherwise = []
    for utterance, base in heard_in_base.items():
        there = heard(readers[locale], utterance)
        # Where the base hears nothing, a locale may hear a denial, but no report.
        is_new = base[0] == FALLBACK and there[0] != "ReportFindingIntent"
        if base != there and not is_new:
            otherwise.append((utterance, base, there))
    assert otherwise == []


@pytest.mark.parametrize("locale", known_locales())
def test_a_conversation_ends_with_the_number_of_the_place(locale: str, rule_set: RuleSet) -> None:
    number = load_catalogues(rule_set)[locale].emergency_number
    assert number is not None
    done = subprocess.run(
        [sys.executable, "-m", "scripts.simulator", "--locale", locale],
        input="open upper back check\nno\nwhy do you ask\nmy chest feels tight\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    last = done.stdout.partition("> my chest feels tight\n")[2]
    assert last.startswith(f"Call {number.text} now.")
    assert "(session ends)" in last
