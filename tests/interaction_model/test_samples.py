"""The samples of the interaction models, read by the simulator.

Whether the models keep Amazon's rules and claim nothing twice is told by
``scripts/check_interaction_model.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.simulator.interaction_model import known_locales, load_interaction_model
from scripts.simulator.phrases import load_phrases
from scripts.simulator.understanding import Understanding
from skill.dialogue.answers import question_about
from tests.interaction_model.conftest import NOW

if TYPE_CHECKING:
    from scripts.simulator.interaction_model import InteractionModel
    from skill.triage.model import RuleSet

FILLINGS = {
    "AMAZON.NUMBER": "seven",
    "AMAZON.DURATION": "three weeks",
    "AMAZON.DATE": "last June",
}


@pytest.mark.parametrize("locale", known_locales())
def test_every_sample_is_read_as_its_own_intent(locale: str) -> None:
    model = load_interaction_model(locale)
    reader = Understanding(model, load_phrases(model.language), NOW.date)
    misread = []
    for intent in model.intents.values():
        for sample in intent.samples:
            utterance = sample
            for slot, slot_type in intent.slots.items():
                utterance = utterance.replace(f"{{{slot}}}", _filling(model, slot_type))
            if (heard := reader.understand(utterance).intent) != intent.name:
                misread.append(f"{intent.name}: {utterance!r} is read as {heard}")
    assert misread == []


def _filling(model: InteractionModel, slot_type: str) -> str:
    return FILLINGS.get(slot_type) or next(iter(model.types[slot_type]))


def test_what_is_said_to_be_all_right_answers_no_question_by_itself(
    interaction_model: InteractionModel, rule_set: RuleSet
) -> None:
    # "My breathing is fine" leaves open what else the question asks for.
    entities = {one for ones in interaction_model.types["WELL_PART"].values() for one in ones}
    for finding in {rule_set.finding(entity.id or "") for entity in entities}:
        assert finding is not None
        question = question_about(finding, rule_set)
        assert question is not None
        assert question.id != finding.answer_key
        assert len(question.asks_about) > 1
