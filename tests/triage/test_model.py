"""The rule set's indexes give what reading the whole rule set gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill.triage.assessment import Assessment, assess
from skill.triage.loading import load_rule_set
from skill.triage.model import AcceptedAnswers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.triage.model import Answer, Question, RuleSet

RULE_SET = load_rule_set()
NUMBERS = st.integers(min_value=0, max_value=120)
BOUNDS = st.none() | st.integers(min_value=-1, max_value=12)
REPORTED = [f.id for f in RULE_SET.findings if f.reported and f.question is None]


@st.composite
def answers_given(draw: st.DrawFn) -> dict[str, Answer]:
    """Draw the answers of some call: mostly calm ones, or nothing is left to ask."""
    given: dict[str, Answer] = {}
    asked = draw(st.lists(st.sampled_from(RULE_SET.questions), unique_by=lambda q: q.id))
    for question in asked:
        alarming = draw(st.integers(min_value=0, max_value=9)) == 0
        answer: Answer = draw(st.sampled_from(["yes", "unsure"])) if alarming else "no"
        given[question.id] = answer if question.kind == "yes_no" else draw(NUMBERS)
    for finding in draw(st.lists(st.sampled_from(REPORTED), max_size=3, unique=True)):
        given[finding] = draw(st.sampled_from(["yes", "no"]))
    return given


def assessed_by_reading_all(rule_set: RuleSet, answers: Mapping[str, Answer]) -> Assessment:
    """Weigh answers without any index: every rule, and all that could still emerge."""
    present = rule_set.findings_in(answers)
    fired = tuple(rule for rule in rule_set.rules if rule.fires_on(present))
    disposition = max((rule.disposition for rule in fired), default=rule_set.otherwise)
    unasked = [
        question
        for question in rule_set.questions
        if not question.volunteered
        and question.id not in answers
        and not any(f.id in present for f in rule_set.findings if f.answer_key == question.id)
    ]
    possible = present.union(*(rule_set.findings_from(question) for question in unasked))
    wanted = {
        finding
        for rule in rule_set.rules
        if rule.disposition > disposition
        for alternative in rule.alternatives
        if alternative <= possible
        for finding in alternative - present
    }
    questions = (
        question
        for question in unasked
        if wanted & rule_set.findings_from(question)
        and (not question.follows or question.follows & present)
    )
    return Assessment(disposition, present, fired, next(questions, None))


@given(answers_given())
def test_the_indexes_change_nothing_in_an_assessment(answers: dict[str, Answer]) -> None:
    assert assess(RULE_SET, answers) == assessed_by_reading_all(RULE_SET, answers)


@pytest.mark.parametrize("question", RULE_SET.questions, ids=lambda question: str(question.id))
def test_what_an_answer_makes_present_is_what_the_findings_say_and_imply(
    question: Question,
) -> None:
    answers: list[Answer] = ["yes", "no", "unsure", True, False, *range(-2, 1300)]
    for answer in answers:
        expected: set[str] = set()
        for finding in RULE_SET.findings:
            when = finding.present_when
            if finding.question == question.id and when is not None and when.accepts(answer):
                expected |= {finding.id} | finding.implies
        assert RULE_SET.findings_on(question.id, answer) == expected, answer


@given(st.lists(st.tuples(BOUNDS, BOUNDS), min_size=1, max_size=4), st.integers(-3, 15))
def test_whatever_bounds_numbers_have_the_findings_present_are_those_that_accept_them(
    bounds: list[tuple[int | None, int | None]], number: int
) -> None:
    template = next(one for one in RULE_SET.findings if one.question == "age_years")
    findings = tuple(
        replace(
            template,
            id=f"band_{index}",
            present_when=AcceptedAnswers(frozenset(), True, low, high),  # noqa: FBT003
            implies=frozenset(),
        )
        for index, (low, high) in enumerate(bounds)
    )
    small = replace(RULE_SET, findings=findings, rules=())
    expected = {one.id for one in findings if one.present_when and one.present_when.accepts(number)}
    assert small.findings_on("age_years", number) == expected
    assert small.findings_in({"age_years": number}) == expected
