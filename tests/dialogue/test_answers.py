"""What takes an answer back, and that nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skill.dialogue.answers import questions_left
from skill.dialogue.asking import begin
from skill.dialogue.events import (
    Aged,
    Answered,
    AskedForSummary,
    Corrected,
    Denied,
    Event,
    Lasted,
    Opened,
    Reassured,
    Reported,
)
from skill.dialogue.script import Line
from skill.triage.assessment import assess
from skill.triage.model import Disposition
from tests.dialogue.small import ONE_QUESTION, SMALL
from tests.dialogue.talk import at, ids, take

if TYPE_CHECKING:
    from skill.triage.model import RuleSet, YesNo

# --- "no, I meant ..." ----------------------------------------------------------------------


def test_what_was_meant_replaces_the_last_answer() -> None:
    conversation, reply = take(at("fever", chest_signs="no"), Answered("no"), Corrected("yes"))
    assert conversation.answers == {"chest_signs": "no", "fever": "yes"}
    assert ids(reply.say) == ["corrected", "question.aches"]


WARNING_SIGN = at("aches", chest_signs="no", fever="yes")


def test_a_warning_sign_that_was_not_meant_is_to_be_confirmed() -> None:
    conversation, reply = take(WARNING_SIGN, Corrected("no"))
    assert reply.say == (Line("confirm", (("finding", "about.fever"),)),)
    assert conversation.answers == WARNING_SIGN.answers


def test_a_plain_no_to_that_takes_the_warning_sign_back() -> None:
    conversation = take(WARNING_SIGN, Corrected("no"), Answered("no"))[0]
    assert conversation.answers == {"chest_signs": "no", "fever": "no"}


@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_anything_but_a_plain_no_to_that_leaves_the_warning_sign(answer: YesNo) -> None:
    conversation = take(WARNING_SIGN, Corrected("no"), Answered(answer))[0]
    assert conversation.answers == WARNING_SIGN.answers


def test_a_yes_that_was_meant_needs_no_confirming() -> None:
    assert "confirm" not in [line.id for line in take(WARNING_SIGN, Corrected("yes"))[1].say]


def test_a_yes_that_was_meant_raises_the_advice_at_once() -> None:
    reply = take(at("chest_signs"), Answered("no"), Corrected("yes"))[1]
    assert reply.advice is Disposition.EMERGENCY


def test_a_no_that_was_meant_may_lower_the_advice() -> None:
    conversation = take(WARNING_SIGN, Corrected("no"), Answered("no"))[0]
    assert assess(SMALL, conversation.answers).disposition is Disposition.SELF_CARE


def test_what_was_meant_opens_the_follow_up() -> None:
    conversation = take(at("age_years", chest_signs="no", fever="no"), Corrected("yes"))[0]
    assert conversation.pending == "aches"


def test_what_was_meant_replaces_a_not_sure() -> None:
    conversation = take(at("age_years", chest_signs="no", fever="unsure"), Corrected("no"))[0]
    assert conversation.answers["fever"] == "no"


def test_what_was_meant_may_be_corrected_again() -> None:
    events = (Corrected("yes"), Corrected("no"), Answered("no"))
    conversation = take(at("age_years", chest_signs="no", fever="no"), *events)[0]
    assert conversation.answers["fever"] == "no"


def test_at_the_offer_of_tips_the_last_answer_may_still_be_corrected() -> None:
    conversation = at("offer.tips", age_years=40, duration_days=2, nights_woken=0, chest_signs="no")
    assert take(conversation, Corrected("yes"))[1].advice is Disposition.EMERGENCY


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_before_the_first_answer_what_was_meant_answers_the_question(answer: YesNo) -> None:
    assert take(at("fever"), Corrected(answer)) == take(at("fever"), Answered(answer))


def test_after_a_number_what_was_meant_answers_the_question() -> None:
    conversation = take(at("fever", age_years=40), Corrected("no"))[0]
    assert conversation.answers == {"age_years": 40, "fever": "no"}


def test_what_was_meant_after_a_report_does_not_touch_the_answer_before_it() -> None:
    conversation = take(at("chest_signs", fever="yes"), Reported(("rash",)), Corrected("no"))[0]
    assert conversation.answers["fever"] == "yes"


def test_what_was_meant_at_a_doubt_settles_the_doubt() -> None:
    conversation = at("confirm.fever", fever="yes", aches="yes")
    assert take(conversation, Corrected("no"))[0].answers == {"aches": "yes", "fever": "no"}


# --- what does not take back ----------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        Answered("no"),
        Answered("unsure"),
        Denied(("fever", "posture")),
        Reassured(),
        Lasted(1),
        Aged(40),
        AskedForSummary(),
        Reported(("blood_thinner",)),
    ],
    ids=str,
)
@pytest.mark.parametrize("pending", ["chest_signs", "fever", "duration_days"])
def test_nothing_but_a_correction_takes_back_what_was_said(pending: str, event: Event) -> None:
    conversation = at(pending, fever="yes", posture="yes", duration_days=30)
    kept = take(conversation, event)[0].answers
    assert {**kept, "fever": "yes", "posture": "yes", "duration_days": 30} == kept


# --- how many questions are left ------------------------------------------------------------


def test_of_one_question_one_is_left() -> None:
    assert questions_left(begin(ONE_QUESTION), ONE_QUESTION) == 1


def test_once_all_is_answered_no_question_is_left() -> None:
    conversation = at("fever", rules=ONE_QUESTION, fever="no")
    assert questions_left(conversation, ONE_QUESTION) == 0


def test_as_many_questions_are_left_as_a_calm_caller_of_the_real_rule_set_hears(
    rule_set: RuleSet,
) -> None:
    conversation, reply = take(begin(rule_set), Opened(), rules=rule_set)
    told = questions_left(conversation, rule_set)
    asked = 0
    while reply.advice is None:
        asked += 1
        question = rule_set.question(str(conversation.pending))
        assert question is not None
        calm: dict[str, Event] = {"age": Aged(40), "duration": Lasted(0), "count": Lasted(0)}
        word = Answered("yes" if question.alarming == "no" else "no")
        event = calm.get(question.kind, word)
        conversation, reply = take(conversation, event, rules=rule_set)
    assert asked == told
