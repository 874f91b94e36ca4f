"""The advice: what is said at each level, why, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skill.dialogue.advice import out_of_scope, tips
from skill.dialogue.asking import begin
from skill.dialogue.events import AboutOther, Answered, AskedToRepeat, Counted, Reported
from skill.triage.assessment import assess
from skill.triage.model import Disposition
from tests.dialogue.small import SMALL, on_yes, rule, rule_set_of, yes_no
from tests.dialogue.talk import at, ids, said, take

if TYPE_CHECKING:
    from skill.dialogue.conversation import Conversation
    from skill.triage.model import Answer, RuleSet, YesNo

# Calm answers to all that SMALL asks, but for the last question.
CALM: dict[str, Answer] = {
    "chest_signs": "no",
    "fever": "no",
    "age_years": 40,
    "duration_days": 2,
}
HOLDING = ("sit", "keep_still", "nothing_to_eat", "with_someone")


def test_emergency_advice_begins_and_ends_with_the_number() -> None:
    reply = take(at("chest_signs"), Answered("yes"))[1]
    assert ids(reply.say) == [
        "emergency.first",
        "holding.sit",
        "because.suspected_heart_attack",
        "emergency.last",
    ]


def test_advice_for_the_same_day_gives_its_reason_and_a_safety_net() -> None:
    reply = take(at("aches", chest_signs="no", fever="yes"), Answered("no"))[1]
    assert ids(reply.say) == [
        "same_day.first",
        "same_day.action",
        "because.suspected_infection",
        "safety_net.emergency",
    ]


@pytest.mark.parametrize(
    ("answers", "when"),
    [
        pytest.param({"age_years": 71}, "two_weeks", id="one rule can wait"),
        pytest.param({"fever": "yes", "aches": "yes"}, "few_days", id="one rule cannot wait"),
        pytest.param(
            {"age_years": 71, "fever": "yes", "aches": "yes"}, "few_days", id="one of two can wait"
        ),
    ],
)
def test_a_doctor_is_to_be_seen_as_soon_as_the_most_pressing_rule_says(
    answers: dict[str, Answer], when: str
) -> None:
    conversation = at("chest_signs", {"fever": "no", **answers})
    assert said(conversation, Answered("no"))[0] == f"see_doctor.{when}"


def test_advice_to_see_a_doctor_ends_with_what_is_more_urgent() -> None:
    conversation = at("chest_signs", fever="no", age_years=71)
    net = ["safety_net.emergency", "safety_net.same_day"]
    assert said(conversation, Answered("no"))[-2:] == net


@pytest.mark.parametrize(
    ("conversation", "level"),
    [
        (at("aches", chest_signs="no", fever="yes"), Disposition.URGENT_SAME_DAY),
        (at("chest_signs", fever="no", age_years=71), Disposition.SEE_DOCTOR),
        (at("awake", for_someone_else="yes"), Disposition.EMERGENCY),
    ],
    ids=["same day", "doctor", "emergency"],
)
def test_every_advice_above_home_care_ends_the_call(
    conversation: Conversation, level: Disposition
) -> None:
    reply = take(conversation, Answered("no"))[1]
    assert (reply.advice, reply.closes) == (level, True)


def test_home_care_gives_every_safety_net_and_ends_in_the_offer_of_tips() -> None:
    assert said(at("nights_woken", CALM), Counted(0)) == [
        "self_care.first",
        "safety_net.emergency",
        "safety_net.same_day",
        "safety_net.doctor",
        "offer.tips",
    ]


def test_after_home_care_the_tips_are_pending() -> None:
    assert take(at("nights_woken", CALM), Counted(0))[0].pending == "offer.tips"


def test_home_care_comes_with_its_level() -> None:
    assert take(at("nights_woken", CALM), Counted(0))[1].advice is Disposition.SELF_CARE


def test_repeating_home_care_is_no_new_advice() -> None:
    assert take(at("nights_woken", CALM), Counted(0), AskedToRepeat())[1].advice is None


def test_a_reply_with_advice_names_its_level() -> None:
    assert take(at("chest_signs"), Answered("yes"))[1].advice is Disposition.EMERGENCY


def test_nothing_is_kept_once_advice_was_given() -> None:
    assert take(at("chest_signs", fever="no"), Answered("yes"))[0] == begin(SMALL)


REASONS = rule_set_of(
    [yes_no("a"), yes_no("b"), yes_no("c"), yes_no("d")],
    [on_yes("a"), on_yes("b"), on_yes("c"), on_yes("d")],
    [
        rule("both", "urgent_same_day", "a", "b"),
        rule("first", "urgent_same_day", "a"),
        rule("third", "urgent_same_day", "c"),
        rule("fourth", "urgent_same_day", "d"),
    ],
)


def reasons(**answers: YesNo) -> list[str]:
    """Return the reasons given once the last open question of ``REASONS`` is answered."""
    *_, (last, answer) = answers.items()
    known: dict[str, Answer] = {"a": "no", "b": "no", "c": "no", "d": "no", **answers}
    del known[last]
    conversation = at(last, known, rules=REASONS)
    lines = said(conversation, Answered(answer), rules=REASONS)
    return [line.removeprefix("because.") for line in lines if line.startswith("because.")]


def test_reasons_are_given_in_the_order_of_the_rules() -> None:
    assert reasons(c="yes", a="yes") == ["first", "third"]


def test_at_most_two_reasons_are_given() -> None:
    assert reasons(a="yes", c="yes", d="yes") == ["first", "third"]


def test_a_reason_that_another_already_gave_is_left_out() -> None:
    assert reasons(a="yes", b="yes", c="yes") == ["both", "third"]


def test_the_holding_advice_of_an_emergency_is_that_of_the_first_rule() -> None:
    rules = rule_set_of(
        [yes_no("a"), yes_no("b")],
        [on_yes("a", reported=True), on_yes("b", reported=True)],
        [
            rule("weightier", "emergency", "a", holding="keep_still"),
            rule("lighter", "emergency", "b", holding="nothing_to_eat"),
        ],
    )
    event = Reported(("b", "a"))
    assert said(begin(rules), event, rules=rules)[1] == "holding.keep_still"


@pytest.mark.parametrize(
    ("first", "held"),
    [("sit", "keep_still"), ("nothing_to_eat", "keep_still"), ("with_someone", "with_someone")],
)
def test_who_may_have_a_broken_spine_keeps_still(first: str, held: str) -> None:
    rules = rule_set_of(
        [yes_no("a"), yes_no("b")],
        [on_yes("a", reported=True), on_yes("b", reported=True)],
        [
            rule("weightier", "emergency", "a", holding=first),
            rule("broken_spine", "emergency", "b", holding="keep_still"),
        ],
    )
    lines = said(begin(rules), Reported(("a", "b")), rules=rules)
    assert lines[1:3] == [f"holding.{held}", "because.weightier"]


NOT_SURE = rule_set_of(
    [yes_no("a"), yes_no("b"), yes_no("c")],
    [
        {"id": name, "question": name, "present_when": {"enum": ["yes", "unsure"]}}
        for name in ("a", "b", "c")
    ],
    [
        rule("first", "urgent_same_day", "a"),
        rule("second", "urgent_same_day", "b"),
        rule("about_not_being_sure", "urgent_same_day", "c", unsure=True),
    ],
)


@pytest.mark.parametrize(
    ("answers", "reasons"),
    [
        pytest.param({"a": "yes", "b": "no", "c": "no"}, ["because.first"], id="sure"),
        pytest.param({"a": "unsure", "b": "no", "c": "no"}, ["because.not_sure"], id="not sure"),
        pytest.param(
            {"a": "unsure", "b": "yes", "c": "no"},
            ["because.second", "because.not_sure"],
            id="what was sure comes first",
        ),
        pytest.param(
            {"a": "unsure", "b": "unsure", "c": "no"}, ["because.not_sure"], id="said once"
        ),
        pytest.param(
            {"a": "no", "b": "no", "c": "unsure"},
            ["because.about_not_being_sure"],
            id="rule about not being sure",
        ),
    ],
)
def test_what_rests_on_not_sure_is_not_put_as_if_it_had_been_said(
    answers: dict[str, Answer], reasons: list[str]
) -> None:
    last = {"c": answers["c"]}
    conversation = at("c", {k: v for k, v in answers.items() if k != "c"}, rules=NOT_SURE)
    answered = Answered("unsure" if last["c"] == "unsure" else "no")
    heard = said(conversation._replace(rephrased=True), answered, rules=NOT_SURE)
    assert [line for line in heard if line.startswith("because.")] == reasons


# --- somebody else --------------------------------------------------------------------------

EMERGENCIES = rule_set_of(
    [yes_no("awake", alarming="no", follows=["for_someone_else"]), yes_no("a")],
    [
        {"id": "for_someone_else", "reported": True},
        {"id": "not_awake", "question": "awake", "present_when": {"const": "no"}},
        on_yes("a"),
        *({"id": held, "reported": True} for held in HOLDING),
    ],
    [
        rule("not_awake", "emergency", "for_someone_else", "not_awake", holding="stay_with_them"),
        rule("a", "see_doctor", "a"),
        *(rule(held, "emergency", held, holding=held) for held in HOLDING),
    ],
)


@pytest.mark.parametrize("held", HOLDING)
def test_in_every_emergency_of_somebody_else_the_caller_is_told_to_stay(held: str) -> None:
    lines = said(begin(EMERGENCIES), AboutOther(Reported((held,))), rules=EMERGENCIES)
    assert lines[1:3] == [f"holding_for_other.{held}", "holding.stay_with_them"]


@pytest.mark.parametrize("held", HOLDING)
def test_in_an_emergency_of_their_own_a_caller_is_not_told_to_stay_with_anybody(held: str) -> None:
    lines = said(begin(EMERGENCIES), Reported((held,)), rules=EMERGENCIES)
    assert "holding.stay_with_them" not in lines


def test_a_caller_is_told_once_to_stay_with_somebody_who_is_not_awake() -> None:
    conversation = at("awake", rules=EMERGENCIES, for_someone_else="yes")
    lines = said(conversation, Answered("no"), rules=EMERGENCIES)
    assert lines.count("holding.stay_with_them") == 1


def test_an_emergency_of_somebody_else_begins_and_ends_with_the_number() -> None:
    lines = said(begin(SMALL), AboutOther(Reported(("chest_pain",))))
    assert (lines[0], lines[-1]) == ("emergency.first", "emergency.last")


# --- pain elsewhere, and tips ---------------------------------------------------------------


def test_a_caller_with_a_pain_elsewhere_hears_when_to_call_for_help() -> None:
    assert out_of_scope().say[-1].id == "safety_net.emergency"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, ["keep_moving"]),
        ({"posture": "yes"}, ["keep_moving", "posture"]),
        ({"posture": "no"}, ["keep_moving"]),
        ({"blood_thinner": "yes"}, ["keep_moving", "caution"]),
        ({"age_years": 65}, ["keep_moving", "caution"]),
        ({"posture": "yes", "blood_thinner": "yes"}, ["keep_moving", "posture", "caution"]),
    ],
    ids=["for everybody", "posture", "no posture", "one caution", "other caution", "two"],
)
def test_tips_fit_the_findings(answers: dict[str, Answer], expected: list[str]) -> None:
    lines = ids(tips(assess(SMALL, answers), SMALL).say)
    assert lines == [*(f"tip.{tip}" for tip in expected), "take_care"]


@pytest.mark.parametrize(
    ("finding", "tip"),
    [
        ("strain_or_lifting", "after_strain"),
        ("posture_or_overuse", "posture"),
        ("nsaid_caution", "medicine_with_caution"),
        ("blood_thinner", "medicine_with_caution"),
        ("pregnant", "medicine_with_caution"),
    ],
)
def test_a_tip_of_the_skill_is_for_those_it_fits_only(
    rule_set: RuleSet, finding: str, tip: str
) -> None:
    without = ids(tips(assess(rule_set, {}), rule_set).say)
    having = ids(tips(assess(rule_set, {finding: "yes"}), rule_set).say)
    assert (f"tip.{tip}" in without, f"tip.{tip}" in having) == (False, True)


@pytest.mark.parametrize("years", [65, 69])
def test_older_callers_hear_the_caution_about_medicines(rule_set: RuleSet, years: int) -> None:
    lines = ids(tips(assess(rule_set, {"age_years": years}), rule_set).say)
    assert "tip.medicine_with_caution" in lines


def test_a_strain_told_when_asked_brings_its_tip(rule_set: RuleSet) -> None:
    conversation = at("offer.tips", rules=rule_set, strain_or_lifting="yes")
    assert "tip.after_strain" in said(conversation, Answered("yes"), rules=rule_set)
