"""The engine on the smallest rule sets that show a thing."""

from __future__ import annotations

from typing import Any

from skill.triage.assessment import assess
from skill.triage.loading import parse_rule_set
from skill.triage.model import Disposition, RuleSet, YesNo

Json = Any
YES_NO = {"enum": ["yes", "no", "unsure"]}


def rule_set(questions: Json, findings: Json, rules: Json) -> RuleSet:
    return parse_rule_set(
        {
            "$schema": "rule_set.schema.json",
            "id": "small",
            "version": "1.0.0",
            "reviewed_on": None,
            "reviewed_by": None,
            "otherwise": "self_care",
            "in_scope": [],
            "out_of_scope": [],
            "questions": [
                {"kind": "yes_no", "answer": YES_NO, "alarming": "yes", "sources": ["S1"], **q}
                for q in questions
            ],
            "findings": findings,
            "rules": [
                {"rationale": "Made up to show one thing.", "sources": ["S1"], **r} for r in rules
            ],
            "topics": [],
            "tips": [],
        },
        source_ids=frozenset({"S1"}),
    )


def asked(finding: str, question: str | None = None, **more: object) -> Json:
    return {
        "id": finding,
        "question": question or finding,
        "present_when": {"const": "yes"},
        **more,
    }


CHEST_THEN_FEVER = rule_set(
    [{"id": "chest_signs"}, {"id": "fever"}, {"id": "aches", "follows": ["fever"]}],
    [
        asked("any_chest_sign", "chest_signs"),
        {"id": "chest_pain", "reported": True, "implies": ["any_chest_sign"]},
        {"id": "cold_sweat", "reported": True, "implies": ["any_chest_sign"]},
        asked("fever", reported=True),
        asked("aches"),
    ],
    [
        {
            "id": "heart",
            "disposition": "emergency",
            "holding": "sit",
            "when": {"required": ["any_chest_sign"]},
        },
        {
            "id": "infection",
            "disposition": "urgent_same_day",
            "when": {"required": ["fever", "aches"]},
        },
        {
            "id": "hot",
            "disposition": "see_doctor",
            "within": "few_days",
            "when": {"required": ["fever"]},
        },
    ],
)


def next_id(rules: RuleSet, **answers: YesNo) -> str | None:
    question = assess(rules, answers).next_question
    return question.id if question else None


def test_without_answers_the_first_question_is_asked() -> None:
    assert next_id(CHEST_THEN_FEVER) == "chest_signs"


def test_without_a_fired_rule_the_advice_is_the_calmest() -> None:
    assert assess(CHEST_THEN_FEVER, {}).disposition is Disposition.SELF_CARE


def test_the_most_urgent_fired_rule_decides() -> None:
    assessment = assess(CHEST_THEN_FEVER, {"fever": "yes", "aches": "yes"})
    assert assessment.disposition is Disposition.URGENT_SAME_DAY
    assert [rule.id for rule in assessment.fired] == ["infection", "hot"]
    assert [rule.id for rule in assessment.decisive] == ["infection"]


def test_nothing_is_asked_once_nothing_could_raise_the_advice() -> None:
    assert next_id(CHEST_THEN_FEVER, chest_signs="yes") is None


def test_a_reported_member_makes_the_finding_of_its_group_present() -> None:
    assert assess(CHEST_THEN_FEVER, {"chest_pain": "yes"}).disposition is Disposition.EMERGENCY


def test_a_denied_member_does_not_answer_its_group() -> None:
    assert next_id(CHEST_THEN_FEVER, chest_pain="no", cold_sweat="no") == "chest_signs"


def test_a_follow_up_waits_for_its_trigger() -> None:
    assert next_id(CHEST_THEN_FEVER, chest_signs="no") == "fever"


def test_a_follow_up_is_asked_right_after_its_trigger() -> None:
    assert next_id(CHEST_THEN_FEVER, chest_signs="no", fever="yes") == "aches"


def test_a_follow_up_is_not_asked_without_its_trigger() -> None:
    assert next_id(CHEST_THEN_FEVER, chest_signs="no", fever="no") is None


def test_a_trigger_is_asked_for_even_if_only_its_follow_up_could_raise_the_advice() -> None:
    rules = rule_set(
        [{"id": "belly_signs"}, {"id": "jaundice", "follows": ["any_belly_sign"]}],
        [
            asked("any_belly_sign", "belly_signs"),
            asked("jaundice", reported=True, implies=["any_belly_sign"]),
        ],
        [{"id": "liver", "disposition": "urgent_same_day", "when": {"required": ["jaundice"]}}],
    )
    assert next_id(rules) == "belly_signs"
    assert next_id(rules, belly_signs="yes") == "jaundice"
    assert next_id(rules, belly_signs="no") is None


def test_a_reported_follow_up_brings_its_trigger_along() -> None:
    assert next_id(CHEST_THEN_FEVER, chest_signs="no", fever="yes", aches="yes") is None


def test_what_nobody_asks_for_cannot_keep_the_interview_open() -> None:
    rules = rule_set(
        [{"id": "fever"}],
        [asked("fever"), {"id": "band", "reported": True}],
        [
            {"id": "nerve", "disposition": "emergency", "holding": "sit",
             "when": {"required": ["band"]}},
            {"id": "hot", "disposition": "see_doctor", "within": "few_days",
             "when": {"required": ["fever"]}},
        ],
    )  # fmt: skip
    assert next_id(rules, fever="no") is None


def test_two_of_three_is_written_as_pairs() -> None:
    rules = rule_set(
        [{"id": "a"}, {"id": "b"}, {"id": "c"}],
        [asked("a"), asked("b"), asked("c")],
        [
            {
                "id": "two",
                "disposition": "urgent_same_day",
                "when": {
                    "anyOf": [
                        {"required": ["a", "b"]},
                        {"required": ["a", "c"]},
                        {"required": ["b", "c"]},
                    ]
                },
            }
        ],
    )
    assert assess(rules, {"a": "yes"}).disposition is Disposition.SELF_CARE
    assert assess(rules, {"a": "yes", "c": "yes"}).disposition is Disposition.URGENT_SAME_DAY
    assert next_id(rules, a="no", b="no") is None
