"""What the conversation can wait for, and the lines that ask for it."""

from __future__ import annotations

import pytest

from skill.dialogue.prompts import (
    OFFER_CHECK,
    OFFER_RESUME,
    OFFER_TIPS,
    confirming_prompt,
    offer_prompt,
    prompt_for,
    question_prompt,
)
from skill.dialogue.script import Line, line_ids
from tests.dialogue.small import SMALL

PENDING = [
    *("chest_signs", "awake", "age_years", OFFER_CHECK, OFFER_TIPS, "confirm.fever"),
    *(OFFER_RESUME, "offer.keep.1", "offer.keep.24", "offer.keep.720"),
]
SAYABLE = frozenset(line_ids(SMALL))


@pytest.mark.parametrize("pending", PENDING)
def test_a_prompt_notes_what_it_asks_for(pending: str) -> None:
    prompt = prompt_for(pending, SMALL)
    assert prompt is not None
    assert prompt.pending == pending


@pytest.mark.parametrize("pending", PENDING)
def test_every_line_of_a_prompt_is_in_the_script(pending: str) -> None:
    prompt = prompt_for(pending, SMALL)
    assert prompt is not None
    lines = (prompt.ask, prompt.again, prompt.simpler, prompt.how, prompt.why)
    assert {line.id for line in lines} <= SAYABLE


@pytest.mark.parametrize(
    "pending",
    [
        None,
        "",
        "housemaids_knee",
        "treatment_days",
        "rash",
        "offer",
        "offer.tea",
        "offer.keep",
        "offer.keep.",
        "offer.keep.0",
        "offer.keep.024",
        "offer.keep.1000",
        "offer.keep.-1",
        "offer.keep.two",
        "offer.keep.\N{SUPERSCRIPT TWO}",
        "offer.resume.1",
        "confirm",
        "confirm.",
        "confirm.housemaids_knee",
        "confirm.any_chest_sign",
        "confirm.age_years",
        "confirm.treatment_days",
        "confirm.body_aches",
    ],
)
def test_nothing_else_can_be_waited_for(pending: str | None) -> None:
    assert prompt_for(pending, SMALL) is None


def test_a_question_is_asked_with_its_own_lines() -> None:
    question = SMALL.question("fever")
    assert question is not None
    prompt = question_prompt(question)
    assert [prompt.ask, prompt.again, prompt.simpler, prompt.how, prompt.why] == [
        Line("question.fever"),
        Line("reprompt.fever"),
        Line("simpler.fever"),
        Line("how_to_answer.yes_no"),
        Line("why.fever"),
    ]


def test_only_a_question_has_a_question_behind_it() -> None:
    asked = {pending: prompt_for(pending, SMALL) for pending in PENDING}
    behind = {pending: prompt.question for pending, prompt in asked.items() if prompt}
    assert [pending for pending, question in behind.items() if question] == PENDING[:3]


def test_an_offer_is_asked_again_more_briefly() -> None:
    assert offer_prompt(OFFER_TIPS).again == Line("reprompt.offer.tips")


def test_a_doubt_names_what_is_doubted() -> None:
    prompt = confirming_prompt("fever", "about.fever")
    assert prompt.doubted == "fever"
    assert prompt.ask == Line("confirm", (("finding", "about.fever"),))


@pytest.mark.parametrize(
    ("pending", "label"), [("confirm.aches", "about.aches"), ("confirm.rash", "finding.rash")]
)
def test_a_doubt_is_about_an_answer_or_a_report(pending: str, label: str) -> None:
    prompt = prompt_for(pending, SMALL)
    assert prompt is not None
    assert prompt.ask == Line("confirm", (("finding", label),))
