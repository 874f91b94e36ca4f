"""Which lines the dialogue can say, for a rule set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skill.dialogue import script
from skill.dialogue.script import Line, Reply, can_be_repeated, line_ids
from skill.triage.model import Disposition
from tests.dialogue.small import (
    ONE_QUESTION,
    SMALL,
    at_least,
    number,
    on_yes,
    rule,
    rule_set_of,
    yes_no,
)

if TYPE_CHECKING:
    from skill.triage.model import RuleSet

ONLY_VOLUNTEERED = rule_set_of(
    [yes_no("fever"), number("treatment_days", "duration", 99, volunteered=True)],
    [on_yes("fever"), at_least("treated_3_days", "treatment_days", 3)],
    [rule("hot", "urgent_same_day", "fever", "treated_3_days")],
)


def ids_of(kind: str, rules: RuleSet = SMALL) -> set[str]:
    return {
        line_id.partition(".")[2] for line_id in line_ids(rules) if line_id.startswith(f"{kind}.")
    }


def test_no_line_is_listed_twice() -> None:
    listed = list(line_ids(SMALL))
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("kind", ["question", "reprompt", "simpler"])
def test_every_question_that_is_asked_has_its_lines(kind: str) -> None:
    assert ids_of(kind) == {
        "chest_signs",
        "fever",
        "aches",
        "age_years",
        "duration_days",
        "nights_woken",
    }


def test_only_a_question_for_a_number_has_a_line_that_asks_for_it() -> None:
    assert ids_of("value") == {"age_years", "duration_days", "nights_woken"}


def test_every_kind_of_question_has_a_line_on_how_to_answer() -> None:
    assert ids_of("how_to_answer") == {"yes_no", "age", "count", "duration"}


def test_a_kind_that_is_never_asked_has_no_line_on_how_to_answer() -> None:
    assert ids_of("how_to_answer", ONLY_VOLUNTEERED) == {"yes_no"}


def test_every_rule_has_a_reason() -> None:
    assert ids_of("because") == {rule.id for rule in SMALL.rules}


def test_every_holding_advice_in_use_has_a_line() -> None:
    assert ids_of("holding") == {"sit"}


def test_every_time_frame_in_use_has_a_line() -> None:
    assert ids_of("see_doctor") == {"few_days", "two_weeks"}


def test_a_rule_set_without_emergencies_needs_no_holding_advice() -> None:
    assert ids_of("holding", ONE_QUESTION) == set()


def test_every_level_of_advice_has_a_card() -> None:
    levels = {level.name.lower() for level in Disposition}
    assert ids_of("card") == {"title", *levels}


# --- what a session may bring back to be repeated -------------------------------------------


@pytest.mark.parametrize(
    "line_id",
    [
        "greeting",
        "noted",
        "help",
        "missed.once",
        "question.fever",
        "reprompt.fever",
        "simpler.fever",
        "value.age_years",
        "how_to_answer.yes_no",
    ],
)
def test_a_line_of_an_open_reply_can_be_repeated(line_id: str) -> None:
    assert can_be_repeated(line_id, SMALL)


@pytest.mark.parametrize(
    "line_id",
    [
        "",
        "question",
        "question.",
        "question.housemaids_knee",
        "question.treatment_days",
        "value.fever",
        "value.treatment_days",
        "how_to_answer.dance",
        "because.hot",
        "holding.sit",
        "see_doctor.few_days",
        "Greeting",
        "greeting.more",
    ],
)
def test_a_line_that_no_open_reply_says_cannot_be_repeated(line_id: str) -> None:
    assert not can_be_repeated(line_id, SMALL)


@pytest.mark.xfail(strict=True, reason="lines that close the call count as lines to repeat")
@pytest.mark.parametrize(
    "line_id",
    [
        "emergency.first",
        "same_day.first",
        "self_care.first",
        "safety_net.emergency",
        "stopped",
        "missed.given_up",
        "failed",
        "card.title",
    ],
)
def test_a_line_that_closes_the_call_cannot_be_repeated(line_id: str) -> None:
    assert not can_be_repeated(line_id, SMALL)


@pytest.mark.xfail(strict=True, reason="the kinds of volunteered questions count too")
def test_only_lines_of_the_script_can_be_repeated() -> None:
    assert not can_be_repeated("how_to_answer.duration", ONLY_VOLUNTEERED)


# --- replies --------------------------------------------------------------------------------


def test_a_reply_without_a_reprompt_closes() -> None:
    assert Reply(say=(script.STOPPED,)).closes


def test_a_reply_with_a_reprompt_goes_on() -> None:
    assert not Reply(say=(script.GREETING,), reprompt=(Line("reprompt.fever"),)).closes
