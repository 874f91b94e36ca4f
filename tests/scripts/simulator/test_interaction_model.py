from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulator.clauses import ClauseReader
from scripts.simulator.errors import SimulatorError
from scripts.simulator.interaction_model import (
    Entity,
    known_locales,
    load_interaction_model,
    parse_interaction_model,
)
from scripts.simulator.phrases import Phrases, load_phrases

if TYPE_CHECKING:
    from pathlib import Path


def test_the_locales_known_are_those_with_a_model(tmp_path: Path) -> None:
    for name in ("en-US.json", "de-DE.json", "skill.json", "en-US.md"):
        (tmp_path / name).touch()
    assert known_locales(tmp_path) == ("de-DE", "en-US")


def test_no_model_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="no interaction model"):
        known_locales(tmp_path)


def test_a_model_is_loaded_from_its_file(tmp_path: Path, document: dict[str, Any]) -> None:
    (tmp_path / "en-US.json").write_text(json.dumps(document), encoding="utf-8")
    model = load_interaction_model("en-US", tmp_path)
    assert (model.invocation_name, model.language) == ("upper back check", "en")
    assert model.types["FINDING"]["temperature"] == (Entity("fever", "a fever"),)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"interactionModel": 1}', "\x00"])
def test_a_file_that_is_no_model_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "en-US.json").write_text(content, encoding="utf-8")
    with pytest.raises(SimulatorError, match=r"en-US\.json: is no interaction model"):
        load_interaction_model("en-US", tmp_path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="cannot be read"):
        load_interaction_model("en-US", tmp_path)


def test_a_slot_of_a_type_that_cannot_be_read_is_told(phrases: Phrases) -> None:
    intents = [
        {
            "name": "WhenIntent",
            "slots": [{"name": "hour", "type": "AMAZON.TIME"}],
            "samples": ["at {hour}"],
        }
    ]
    languages = {"invocationName": "upper back check", "intents": intents, "types": []}
    model = parse_interaction_model({"interactionModel": {"languageModel": languages}}, "en-US")
    with pytest.raises(SimulatorError, match=r"'hour' of type 'AMAZON\.TIME'"):
        ClauseReader(model, phrases, lambda: date(2026, 11, 18))


def test_a_language_without_phrases_is_told() -> None:
    with pytest.raises(SimulatorError, match="'tlh'"):
        load_phrases("tlh")
