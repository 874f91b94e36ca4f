from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.interaction_model import load_interaction_model
from scripts.simulator.voice.sentences import sentences

if TYPE_CHECKING:
    from scripts.simulator.interaction_model import InteractionModel
    from scripts.simulator.phrases import Phrases


def no_opinion(words: list[str]) -> float:
    """Find every word as likely as any."""
    return -float(len(words))


def likes_fevers(words: list[str]) -> float:
    """Find "some fever" unlikely, as an English speaker does."""
    return -90_000 if words[:2] == ["fever", "some"] else -10_000


@pytest.fixture(scope="session")
def said(model: InteractionModel, phrases: Phrases) -> tuple[str, ...]:
    """Give the sentences for the small model."""
    return sentences(model, phrases, no_opinion)


def test_they_are_plain_words(said: tuple[str, ...]) -> None:
    assert all(re.fullmatch(r"[a-z']+( [a-z']+)*", one) for one in said)


def test_they_are_the_same_every_time(
    said: tuple[str, ...], model: InteractionModel, phrases: Phrases
) -> None:
    assert sentences(model, phrases, no_opinion) == said


def test_every_value_is_reported_and_denied(said: tuple[str, ...], model: InteractionModel) -> None:
    denials = [one for one in said if one.startswith(("no ", "i don't have ", "i have no "))]
    for value in model.types["FINDING"]:
        assert value.lower() in said
        assert any(value.lower() in one for one in denials)


@pytest.mark.parametrize(
    "sentence",
    [
        "yes",
        "no",
        "i don't",
        "i do not",
        "i'm not sure",
        "help",
        "open upper back check",
        "i used to have a fever",
    ],
)
def test_what_people_say_is_among_them(said: tuple[str, ...], sentence: str) -> None:
    assert sentence in said


def test_short_answers_are_the_likeliest(said: tuple[str, ...]) -> None:
    assert said.count("yes") > 5 * said.count("yes it is")
    assert said.count("no") > 5 * said.count("no i don't think so")


def test_a_clause_is_denied_by_its_verb(said: tuple[str, ...]) -> None:
    assert "my chest doesn't hurt" in said
    assert "my chest hurts" in said


def test_a_sample_that_goes_badly_with_a_value_is_not_chosen(
    model: InteractionModel, phrases: Phrases
) -> None:
    chosen = sentences(model, phrases, likes_fevers)
    assert not any(one.endswith("some fever") for one in chosen)


def test_every_slotless_sample_of_the_deployed_model_is_said(phrases: Phrases) -> None:
    deployed = load_interaction_model("en-US")
    said = set(sentences(deployed, phrases, no_opinion))
    samples = {s for intent in deployed.intents.values() for s in intent.samples if "{" not in s}
    assert {" ".join(re.sub(r"[^\w']+", " ", s.lower()).split()) for s in samples} <= said


def test_all_that_can_be_well_is_said_to_be(
    phrases: Phrases,
) -> None:
    deployed = load_interaction_model("en-US")
    said = set(sentences(deployed, phrases, no_opinion))
    well = {value.lower() for value in deployed.types["WELL_PART"]}
    assert "chest is okay" in well
    unsaid = {value for value in well if not any(value in one for one in said)}
    assert unsaid == set()
