"""What is kept of a check that was broken off, and how it joins a later one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import skill.dialogue
from skill.dialogue.asking import begin
from skill.dialogue.kept_check import RIGHT_NOW_SECONDS, KeptCheck, is_outdated, joined
from skill.errors import ConversationError
from skill.triage.assessment import assess
from tests.calls import RULE_SET
from tests.dialogue.small import SMALL
from tests.dialogue.talk import at
from tests.test_safety import ANSWERS, FEW_ANSWERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.triage.model import Answer

Json = Any

FOLDER = Path(skill.dialogue.__path__[0])
NOON = int(datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp())
MINUTE, HOUR, DAY = 60, 3600, 86_400


def schema(name: str) -> Draft202012Validator:
    """Return the validator of a schema that refers to the one beside it."""
    documents = {
        one: json.loads((FOLDER / one).read_text(encoding="utf-8"))
        for one in ("session.schema.json", "kept_check.schema.json")
    }
    registry: Registry[Json] = Registry().with_resources(
        (one, Resource.from_contents(content)) for one, content in documents.items()
    )
    return Draft202012Validator({"$ref": name}, registry=registry)


def after(seconds: int, **answers: Answer) -> Mapping[str, Answer]:
    """Return what still holds of answers that were given some time ago."""
    return KeptCheck(MappingProxyType(answers), NOON, NOON).holding_at(NOON + seconds, SMALL)


# --- the document ---------------------------------------------------------------------------


@settings(max_examples=50)
@given(ANSWERS, st.integers(0, 2_000_000_000))
def test_a_check_survives_its_journey_through_a_memory(
    answers: dict[str, Answer], since: int
) -> None:
    kept = KeptCheck(MappingProxyType(answers), since, begun=since - since % 7)
    document = json.loads(json.dumps(kept.to_document(RULE_SET)))
    assert KeptCheck.from_document(document, RULE_SET) == kept
    assert list(KeptCheck.from_document(document, RULE_SET).answers) == list(answers)
    schema("kept_check.schema.json").validate(document)


GOOD: Json = {"rule_set": SMALL.name, "answers": {"fever": "yes"}, "since": NOON, "begun": NOON}
ODD: dict[str, Json] = {
    "nothing": {},
    "more than there is": {**GOOD, "said": []},
    "no time": {**GOOD, "since": None},
    "a time in words": {**GOOD, "since": "noon"},
    "a truth for a time": {**GOOD, "since": True},
    "no beginning": {**GOOD, "begun": None},
    "before all time": {**GOOD, "since": -1},
    "after all dates": {**GOOD, "since": 10**15},
    "an answer to nothing": {**GOOD, "answers": {"housemaids_knee": "yes"}},
    "no answer": {**GOOD, "answers": {"fever": "perhaps"}},
    "a list of answers": {**GOOD, "answers": ["fever"]},
    "other rules": {**GOOD, "rule_set": "small@0.9.0"},
    "rules without a name": {**GOOD, "rule_set": None},
}


@pytest.mark.parametrize("document", ODD.values(), ids=ODD)
def test_what_this_version_did_not_write_is_no_check(document: Json) -> None:
    with pytest.raises(ConversationError):
        KeptCheck.from_document(document, SMALL)


@pytest.mark.parametrize(
    ("name", "outdated"),
    [("small@1.0.0", False), ("small@0.9.0", True), ("lower_back_pain@1.0.0", True), (7, False)],
)
def test_a_check_on_other_rules_is_outdated(name: object, outdated: bool) -> None:  # noqa: FBT001
    assert is_outdated({**GOOD, "rule_set": name}, SMALL) is outdated


# --- what still holds -----------------------------------------------------------------------

ALL: Mapping[str, Answer] = {
    "chest_signs": "no",
    "fever": "yes",
    "aches": "yes",
    "age_years": 70,
    "duration_days": 3,
    "treatment_days": 2,
    "blood_thinner": "no",
    "rash": "yes",
}


@pytest.mark.parametrize("seconds", [0, 5 * MINUTE, RIGHT_NOW_SECONDS])
def test_within_half_an_hour_everything_still_holds(seconds: int) -> None:
    assert after(seconds, **ALL) == ALL


def test_after_half_an_hour_nothing_that_is_asked_of_all_right_now_holds() -> None:
    assert after(RIGHT_NOW_SECONDS + 1, **ALL).keys().isdisjoint({"chest_signs", "fever"})


def test_history_holds_on_another_day() -> None:
    held = after(25 * HOUR, **ALL)
    assert held["age_years"] == 70
    assert held["blood_thinner"] == "no"


def test_nothing_holds_thirty_days_after_a_check_began_however_often_it_went_on() -> None:
    answers: Mapping[str, Answer] = {"age_years": 70}
    went_on = KeptCheck(answers, since=NOON + 29 * DAY, begun=NOON)
    assert went_on.holding_at(NOON + 30 * DAY, SMALL) == answers
    assert went_on.holding_at(NOON + 30 * DAY + 1, SMALL) == {}


def test_a_clock_that_went_back_makes_answers_old() -> None:
    assert "fever" not in after(-1, **ALL)


@pytest.mark.parametrize(
    ("seconds", "days"),
    [(5 * MINUTE, 3), (45 * MINUTE, 3), (13 * HOUR, 4), (25 * HOUR, 4), (30 * DAY, 33)],
)
def test_how_long_the_pain_has_lasted_moves_on_with_the_date(seconds: int, days: int) -> None:
    assert after(seconds, **ALL)["duration_days"] == days


def test_how_long_the_pain_has_lasted_stays_what_a_question_takes() -> None:
    assert after(30 * DAY, duration_days=36_490)["duration_days"] == 36_500


def test_not_sure_how_long_stays_not_sure() -> None:
    assert after(30 * DAY, duration_days="unsure") == {"duration_days": "unsure"}


def test_a_reported_sign_that_nobody_asks_about_is_not_lost() -> None:
    assert after(25 * HOUR, rash="yes", posture="no") == {"rash": "yes"}


def test_pain_that_was_elsewhere_may_be_here_by_now() -> None:
    assert after(25 * HOUR, lower_back_only="yes", rash="yes") == {"rash": "yes"}


def test_a_reported_sign_that_all_are_asked_about_is_asked_about_again() -> None:
    assert after(25 * HOUR, cold_sweat="yes") == {}


@pytest.mark.parametrize(("answer", "held"), [("no", True), ("yes", False), ("unsure", False)])
def test_of_follow_ups_only_what_alarms_holds(answer: Answer, held: bool) -> None:  # noqa: FBT001
    assert ("aches" in after(25 * HOUR, aches=answer)) is held


@given(ANSWERS, st.integers(RIGHT_NOW_SECONDS + 1, 30 * DAY))
@settings(max_examples=50)
def test_nothing_calm_about_right_now_outlives_half_an_hour(
    answers: dict[str, Answer], seconds: int
) -> None:
    held = KeptCheck(answers, NOON, NOON).holding_at(NOON + seconds, RULE_SET)
    for key in held:
        question, finding = RULE_SET.question(key), RULE_SET.finding(key)
        if question is not None and not question.history and not question.volunteered:
            assert question.follows
            assert RULE_SET.findings_on(key, held[key])
        if question is None and finding is not None and not finding.history:
            assert held[key] == "yes"
            assert key not in RULE_SET.out_of_scope


def test_no_emergency_question_is_history() -> None:
    main = [q for q in RULE_SET.questions if not q.follows and not q.volunteered]
    assert [q.even_out_of_scope for q in main] == [True] * 4 + [False] * (len(main) - 4)
    assert not any(q.history for q in RULE_SET.questions if q.even_out_of_scope)


# --- joining --------------------------------------------------------------------------------


def test_the_answers_of_both_checks_are_there() -> None:
    both = joined(at("fever", chest_signs="no"), {"age_years": 70}, SMALL)
    assert dict(both.answers) == {"age_years": 70, "chest_signs": "no"}
    assert both.pending == "fever"


@pytest.mark.parametrize(
    ("earlier", "fresh", "kept"),
    [("yes", "no", "yes"), ("no", "yes", "yes"), ("unsure", "no", "unsure"), ("no", "no", "no")],
)
def test_of_two_answers_the_more_urgent_is_taken(
    earlier: Answer, fresh: Answer, kept: Answer
) -> None:
    both = joined(at("fever", chest_signs=fresh), {"chest_signs": earlier}, SMALL)
    assert both.answers["chest_signs"] == kept


@pytest.mark.parametrize(
    ("question", "earlier", "fresh", "kept"),
    [
        ("age_years", 70, 30, 30),
        ("age_years", 30, "unsure", "unsure"),
        ("duration_days", 28, 3, 28),
        ("duration_days", 3, 28, 28),
        ("duration_days", 3, "unsure", "unsure"),
    ],
)
def test_of_two_numbers_the_longer_time_and_the_fresh_age_are_taken(
    question: str, earlier: Answer, fresh: Answer, kept: Answer
) -> None:
    both = joined(at("fever", {question: fresh}), {question: earlier}, SMALL)
    assert both.answers[question] == kept


def test_what_was_denied_of_somebody_else_is_not_taken_for_the_caller() -> None:
    earlier: Mapping[str, Answer] = {"age_years": 70, "blood_thinner": "no", "rash": "yes"}
    both = joined(at("fever", for_someone_else="yes", fever="yes"), earlier, SMALL)
    assert dict(both.answers) == {"rash": "yes", "for_someone_else": "yes", "fever": "yes"}


def test_of_somebody_of_another_age_only_warning_signs_are_taken() -> None:
    earlier: Mapping[str, Answer] = {"age_years": 70, "blood_thinner": "no", "rash": "yes"}
    both = joined(at("fever", age_years=30), earlier, SMALL)
    assert dict(both.answers) == {"rash": "yes", "age_years": 30}


def test_what_the_caller_denied_is_not_taken_for_somebody_else() -> None:
    earlier: Mapping[str, Answer] = {"for_someone_else": "yes", "age_years": 70}
    both = joined(at("fever", chest_signs="no", fever="yes"), earlier, SMALL)
    assert dict(both.answers) == {"for_someone_else": "yes", "age_years": 70, "fever": "yes"}


@settings(max_examples=100)
@given(ANSWERS, FEW_ANSWERS, st.integers(0, 30 * DAY))
def test_an_earlier_check_never_lowers_what_the_fresh_answers_amount_to(
    earlier: dict[str, Answer], fresh: dict[str, Answer], seconds: int
) -> None:
    held = KeptCheck(earlier, NOON, NOON).holding_at(NOON + seconds, RULE_SET)
    conversation = at(None, fresh, rules=RULE_SET)
    if conversation.answers.get("for_someone_else") != held.get("for_someone_else"):
        return  # of the wrong person only warning signs are taken, which is tried above
    both = joined(conversation, held, RULE_SET)
    alone = assess(RULE_SET, conversation.answers).disposition
    assert assess(RULE_SET, both.answers).disposition >= alone


def test_nothing_of_an_earlier_check_changes_nothing() -> None:
    conversation = at("fever", chest_signs="no")
    assert joined(conversation, {}, SMALL) == conversation
    assert joined(begin(SMALL), {}, SMALL).answers == {}
