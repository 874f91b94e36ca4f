"""Small rule sets: just enough questions to show what a conversation does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skill.triage.loading import parse_rule_set

if TYPE_CHECKING:
    from skill.triage.model import RuleSet

Json = Any

YES_NO = {
    "kind": "yes_no",
    "answer": {"enum": ["yes", "no", "unsure"]},
    "alarming": "yes",
    "sources": ["S1"],
}


def rule_set_of(questions: Json, findings: Json, rules: Json, **more: Json) -> RuleSet:
    """Return a rule set of these parts, with what they leave out filled in."""
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
            "questions": questions,
            "findings": findings,
            "rules": [
                {"rationale": "Made up to show one thing.", "sources": ["S1"], **rule}
                for rule in rules
            ],
            "topics": [],
            "tips": [],
            **more,
        },
        source_ids=frozenset({"S1"}),
    )


def yes_no(question: str, **more: object) -> Json:
    return {"id": question, **YES_NO, **more}


def number(question: str, kind: str, maximum: int, **more: object) -> Json:
    whole = {"type": "integer", "minimum": 0, "maximum": maximum}
    return {
        "id": question,
        "kind": kind,
        "answer": {"anyOf": [whole, {"const": "unsure"}]},
        "sources": ["S1"],
        **more,
    }


def on_yes(finding: str, question: str | None = None, **more: object) -> Json:
    return {
        "id": finding,
        "question": question or finding,
        "present_when": {"const": "yes"},
        **more,
    }


def at_least(finding: str, question: str, minimum: int) -> Json:
    present_when = {"type": "integer", "minimum": minimum}
    return {"id": finding, "question": question, "present_when": present_when}


def rule(name: str, disposition: str, *required: str, **more: object) -> Json:
    needed = {
        "emergency": {"holding": "sit"},
        "see_doctor": {"within": "few_days"},
    }.get(disposition, {})
    when = {"required": list(required)}
    return {"id": name, "disposition": disposition, **needed, "when": when, **more}


def tip(name: str, when: Json = None) -> Json:
    return {"id": name, "sources": ["S1"], **({"when": when} if when else {})}


CAUTIOUS = ("blood_thinner", "age_65_or_over")

SMALL = rule_set_of(
    [
        yes_no("awake", alarming="no", follows=["for_someone_else"], even_out_of_scope=True),
        yes_no("chest_signs", asks_about=["chest_pain", "cold_sweat"], even_out_of_scope=True),
        yes_no("fever"),
        yes_no("aches", alarming="no", follows=["fever"]),
        number("age_years", "age", 120, history=True),
        number("duration_days", "duration", 36_500, history=True),
        number("nights_woken", "count", 366),
        number("treatment_days", "duration", 36_500, volunteered=True),
    ],
    [
        {"id": "for_someone_else", "reported": True, "history": True},
        {"id": "not_awake", "question": "awake", "present_when": {"enum": ["no", "unsure"]}},
        on_yes("any_chest_sign", "chest_signs"),
        {"id": "chest_pain", "reported": True, "implies": ["any_chest_sign"]},
        {"id": "cold_sweat", "reported": True, "implies": ["any_chest_sign"]},
        on_yes("fever", reported=True),
        on_yes("body_aches", "aches", reported=True),
        {"id": "no_aches", "question": "aches", "present_when": {"enum": ["no", "unsure"]}},
        {
            "id": "under_16",
            "question": "age_years",
            "present_when": {"type": "integer", "maximum": 15},
        },
        at_least("age_65_or_over", "age_years", 65),
        at_least("age_70_or_over", "age_years", 70),
        at_least("lasting_28_days", "duration_days", 28),
        at_least("woken_over_3_nights", "nights_woken", 4),
        at_least("treated_3_days", "treatment_days", 3),
        {"id": "rash", "reported": True},
        {"id": "lower_back_only", "reported": True},
        {"id": "posture", "reported": True},
        {"id": "blood_thinner", "reported": True, "history": True},
    ],
    [
        rule("not_awake", "emergency", "for_someone_else", "not_awake", holding="stay_with_them"),
        rule("suspected_heart_attack", "emergency", "any_chest_sign"),
        rule("suspected_infection", "urgent_same_day", "fever", "no_aches"),
        rule("suspected_shingles", "urgent_same_day", "rash"),
        rule("hot", "see_doctor", "fever"),
        rule("hot_for_days", "see_doctor", "fever", "treated_3_days"),
        rule("old_age", "see_doctor", "age_70_or_over", within="two_weeks"),
        rule("lasting", "see_doctor", "lasting_28_days", within="two_weeks"),
        rule("broken_nights", "see_doctor", "woken_over_3_nights", within="two_weeks"),
    ],
    out_of_scope=["lower_back_only"],
    topics=[{"id": "causes", "sources": ["S1"]}, {"id": "medicines", "sources": ["S1"]}],
    tips=[
        tip("keep_moving"),
        tip("posture", {"required": ["posture"]}),
        tip("caution", {"anyOf": [{"required": [one]} for one in CAUTIOUS]}),
    ],
)
"""A question of every kind, a group, follow-ups, a value that is only volunteered, a pain that is
elsewhere, what still holds on another day, topics, and tips for everybody and for some."""

SEVERAL = rule_set_of(
    [
        yes_no("fever", asks_about=["fever", "rash"]),
        yes_no("strain", alarming="no", asks_about=["strain", "rash"]),
        yes_no("rash"),
    ],
    [
        on_yes("fever", reported=True, several=True),
        on_yes("strain", reported=True, several=True),
        {"id": "no_strain", "question": "strain", "present_when": {"enum": ["no", "unsure"]}},
        on_yes("rash", reported=True),
    ],
    [
        rule("hot", "see_doctor", "fever"),
        rule("no_clear_cause", "urgent_same_day", "no_strain"),
        rule("suspected_shingles", "urgent_same_day", "rash"),
    ],
)
"""Names that stand for more than one thing that their question asks about."""

ONE_QUESTION = rule_set_of(
    [yes_no("fever")], [on_yes("fever", reported=True)], [rule("hot", "urgent_same_day", "fever")]
)
"""Nothing but a fever."""
