"""What the loader refuses, and that what it compiles means what jsonschema says."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from skill.errors import RuleSetError
from skill.triage.loading import (
    RULES_FOLDER,
    accepted_answers,
    alternatives_of,
    load_rule_set,
    parse_rule_set,
    read_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Json = Any

YES_NO = {"enum": ["yes", "no", "unsure"]}
SMALL: Json = {
    "$schema": "rule_set.schema.json",
    "id": "small",
    "version": "1.0.0",
    "reviewed_on": None,
    "reviewed_by": None,
    "otherwise": "self_care",
    "in_scope": [],
    "out_of_scope": ["hip_only"],
    "questions": [
        {"id": "fever", "kind": "yes_no", "answer": YES_NO, "alarming": "yes", "sources": ["S1"]},
        {
            "id": "aches",
            "kind": "yes_no",
            "answer": YES_NO,
            "alarming": "no",
            "follows": ["fever"],
            "sources": ["S1"],
        },
        {
            "id": "age_years",
            "kind": "age",
            "answer": {
                "anyOf": [{"type": "integer", "minimum": 0, "maximum": 120}, {"const": "unsure"}]
            },
            "sources": ["S1"],
        },
    ],
    "findings": [
        {
            "id": "fever",
            "question": "fever",
            "present_when": {"enum": ["yes", "unsure"]},
            "reported": True,
        },
        {"id": "no_aches", "question": "aches", "present_when": {"enum": ["no", "unsure"]}},
        {
            "id": "age_70_or_over",
            "question": "age_years",
            "present_when": {"type": "integer", "minimum": 70},
        },
        {"id": "sweats", "reported": True, "implies": ["fever"]},
        {"id": "hip_only", "reported": True},
    ],
    "rules": [
        {
            "id": "suspected_infection",
            "disposition": "urgent_same_day",
            "when": {"required": ["fever", "no_aches"]},
            "rationale": "A fever that flu does not explain.",
            "sources": ["S1"],
        },
        {
            "id": "old_age",
            "disposition": "see_doctor",
            "within": "two_weeks",
            "when": {"required": ["age_70_or_over"]},
            "rationale": "Bones break more easily with age.",
            "sources": ["S1"],
        },
    ],
    "topics": [{"id": "causes", "sources": ["S1"]}],
    "tips": [
        {"id": "rest", "sources": ["S1"]},
        {"id": "drink", "when": {"required": ["fever"]}, "sources": ["S1"]},
    ],
}
SOURCES = frozenset({"S1"})


def problems_of(document: Json) -> tuple[str, ...]:
    with pytest.raises(RuleSetError) as refused:
        parse_rule_set(document, source_ids=SOURCES)
    return refused.value.problems


def test_a_small_rule_set_loads() -> None:
    assert parse_rule_set(SMALL, source_ids=SOURCES).name == "small@1.0.0"


def test_the_rule_set_of_the_skill_loads() -> None:
    assert load_rule_set().id == "upper_back_pain"


def test_the_rule_set_says_that_no_clinician_reviewed_it() -> None:
    rule_set = load_rule_set()
    assert (rule_set.reviewed_on, rule_set.reviewed_by) == (None, None)


def _unknown_key(d: Json) -> None:
    d["rules"][0]["priority"] = 1


def _smuggled_not(d: Json) -> None:
    d["rules"][0]["when"] = {"not": {"required": ["fever"]}}


def _empty_condition(d: Json) -> None:
    d["rules"][0]["when"] = {}


def _unknown_finding(d: Json) -> None:
    d["rules"][0]["when"]["required"].append("fevr")


def _no_source(d: Json) -> None:
    d["rules"][0]["sources"] = []


def _unknown_source(d: Json) -> None:
    d["rules"][0]["sources"] = ["S99"]


def _follow_up_alone(d: Json) -> None:
    d["rules"][0]["when"] = {"required": ["no_aches"]}


def _repeated_rule(d: Json) -> None:
    d["rules"].append(d["rules"][0])


def _repeated_finding(d: Json) -> None:
    d["findings"].append({"id": "sweats"})


def _repeated_question(d: Json) -> None:
    d["questions"].append(d["questions"][0])


def _text_in_band(d: Json) -> None:
    d["findings"][2]["present_when"] = {"minimum": 70}


def _word_for_number(d: Json) -> None:
    d["findings"][2]["present_when"] = {"const": "yes"}


def _number_for_word(d: Json) -> None:
    d["findings"][0]["present_when"] = {"type": "integer", "minimum": 1}


def _calm_side_counts(d: Json) -> None:
    d["findings"][0]["present_when"] = {"enum": ["no", "unsure"]}
    d["findings"][0].pop("reported")
    d["rules"][0]["when"] = {"required": ["fever"]}


def _unsure_counts_more_than_yes(d: Json) -> None:
    d["findings"][0]["present_when"] = {"const": "unsure"}
    d["findings"][0].pop("reported")


def _deaf_question(d: Json) -> None:
    d["findings"] = [f for f in d["findings"] if f["id"] != "age_70_or_over"]
    d["rules"] = d["rules"][:1]


def _circle(d: Json) -> None:
    d["findings"][0]["implies"] = ["sweats"]


def _reported_but_never_present(d: Json) -> None:
    d["findings"][1]["reported"] = True


def _id_shared_by_question_and_report(d: Json) -> None:
    d["findings"].append({"id": "aches", "reported": True})


def _no_time_frame(d: Json) -> None:
    d["rules"][1].pop("within")


def _emergency_without_holding_advice(d: Json) -> None:
    d["rules"][0]["disposition"] = "emergency"


def _named_for_one_of_several(d: Json) -> None:
    d["questions"][0]["asks_about"] = ["fever", "sweats"]


def _several_without_saying_true(d: Json) -> None:
    d["findings"][0]["several"] = False


def _unknown_pain_elsewhere(d: Json) -> None:
    d["out_of_scope"].append("hip_onli")


def _pain_elsewhere_twice(d: Json) -> None:
    d["out_of_scope"].append("hip_only")


def _no_pain_elsewhere(d: Json) -> None:
    d.pop("out_of_scope")


def _asked_elsewhere_not(d: Json) -> None:
    d["questions"][0]["even_out_of_scope"] = False


def _emergency_question_of_another_day(d: Json) -> None:
    d["questions"][0] |= {"even_out_of_scope": True, "history": True}


def _history_told_at_the_finding_of_a_question(d: Json) -> None:
    d["findings"][0]["history"] = True


def _history_that_nobody_reports(d: Json) -> None:
    d["findings"].append({"id": "cancer", "history": True})


def _unknown_source_of_topic(d: Json) -> None:
    d["topics"][0]["sources"] = ["S99"]


def _topic_with_words(d: Json) -> None:
    d["topics"][0]["text"] = "Often a strained muscle."


def _repeated_topic(d: Json) -> None:
    d["topics"].append(d["topics"][0])


def _unknown_finding_of_tip(d: Json) -> None:
    d["tips"][1]["when"] = {"anyOf": [{"required": ["fever"]}, {"required": ["fevr"]}]}


def _unknown_source_of_tip(d: Json) -> None:
    d["tips"][0]["sources"] = ["S99"]


def _tip_for_who_has_not(d: Json) -> None:
    d["tips"][1]["when"] = {"not": {"required": ["fever"]}}


def _repeated_tip(d: Json) -> None:
    d["tips"].append(d["tips"][0])


def _backed_by_itself(d: Json) -> None:
    d["rules"][1]["backed_up_by"] = "old_age"


@pytest.mark.parametrize(
    ("defect", "place"),
    [
        (_unknown_key, "$.rules[0]: Additional properties"),
        (_smuggled_not, "$.rules[0].when: Additional properties"),
        (_empty_condition, "$.rules[0].when"),
        (_unknown_finding, "$.rules[0].when: unknown finding 'fevr'"),
        (_no_source, "$.rules[0].sources"),
        (_unknown_source, "$.rules[0].sources: unknown source 'S99'"),
        (_follow_up_alone, "$.rules[0].when: 'suspected_infection' needs 'no_aches'"),
        (_repeated_rule, "$.rules: the id 'suspected_infection' stands 2 times"),
        (_repeated_finding, "$.findings: the id 'sweats' stands 2 times"),
        (_repeated_question, "$.questions: the id 'fever' stands 2 times"),
        (_text_in_band, "$.findings[2].present_when"),
        (_word_for_number, "$.findings[2].present_when: does not fit"),
        (_number_for_word, "$.findings[0].present_when: does not fit"),
        (_calm_side_counts, "$.questions[0]: 'fever' is present on 'unsure' but not on"),
        (_unsure_counts_more_than_yes, "$.questions[0]: 'fever' is present on 'unsure'"),
        (_deaf_question, "$.questions[2]: no finding depends on its answer"),
        (_circle, "$.findings[0].implies: leads back to 'fever'"),
        (_reported_but_never_present, "$.findings[1].reported"),
        (_id_shared_by_question_and_report, "$.findings[5]: 'aches' is a question's id too"),
        (_no_time_frame, "$.rules[1]: 'within' is a required property"),
        (_emergency_without_holding_advice, "$.rules[0]: 'holding' is a required property"),
        (_named_for_one_of_several, "$.findings[0]: its question asks about more"),
        (_several_without_saying_true, "$.findings[0].several: True was expected"),
        (_unknown_pain_elsewhere, "$.out_of_scope: unknown finding 'hip_onli'"),
        (_pain_elsewhere_twice, "$.out_of_scope: "),
        (_no_pain_elsewhere, "$: 'out_of_scope' is a required property"),
        (_asked_elsewhere_not, "$.questions[0].even_out_of_scope: True was expected"),
        (_emergency_question_of_another_day, "$.questions[0]: False schema"),
        (_history_told_at_the_finding_of_a_question, "$.findings[0]: False schema"),
        (_history_that_nobody_reports, "$.findings[5]: 'reported' is a dependency of 'history'"),
        (_unknown_source_of_topic, "$.topics[0].sources: unknown source 'S99'"),
        (_topic_with_words, "$.topics[0]: Additional properties"),
        (_repeated_topic, "$.topics: the id 'causes' stands 2 times"),
        (_unknown_finding_of_tip, "$.tips[1].when: unknown finding 'fevr'"),
        (_unknown_source_of_tip, "$.tips[0].sources: unknown source 'S99'"),
        (_tip_for_who_has_not, "$.tips[1].when: Additional properties"),
        (_repeated_tip, "$.tips: the id 'rest' stands 2 times"),
        (_backed_by_itself, "$.rules[1].backed_up_by: unknown rule 'old_age'"),
    ],
)
def test_a_defect_is_refused_by_its_place(defect: Callable[[Json], None], place: str) -> None:
    document = copy.deepcopy(SMALL)
    defect(document)
    assert any(problem.startswith(place) for problem in problems_of(document))


def test_a_name_for_several_things_loads_once_it_says_so() -> None:
    document = copy.deepcopy(SMALL)
    _named_for_one_of_several(document)
    document["findings"][0]["several"] = True
    fever = parse_rule_set(document, source_ids=SOURCES).finding("fever")
    assert fever is not None
    assert fever.several


def test_a_name_for_the_only_thing_asked_about_need_not_say_anything() -> None:
    document = copy.deepcopy(SMALL)
    document["questions"][0]["asks_about"] = ["fever"]
    assert parse_rule_set(document, source_ids=SOURCES).name == "small@1.0.0"


def test_history_is_what_the_data_says() -> None:
    document = copy.deepcopy(SMALL)
    assert not parse_rule_set(document, source_ids=SOURCES).has_history
    document["questions"][2]["history"] = True
    document["findings"].append({"id": "cancer", "reported": True, "history": True})
    rule_set = parse_rule_set(document, source_ids=SOURCES)
    assert [q.id for q in rule_set.questions if q.history] == ["age_years"]
    assert [f.id for f in rule_set.findings if f.history] == ["cancer"]
    assert rule_set.has_history


def test_the_pains_elsewhere_are_known_by_their_findings() -> None:
    assert parse_rule_set(SMALL, source_ids=SOURCES).out_of_scope == {"hip_only"}


@pytest.mark.parametrize(
    ("present", "suited"), [(set(), ["rest"]), ({"fever"}, ["rest", "drink"])], ids=str
)
def test_a_tip_suits_those_whom_it_is_for(present: set[str], suited: list[str]) -> None:
    tips = parse_rule_set(SMALL, source_ids=SOURCES).tips
    assert [tip.id for tip in tips if tip.suits(frozenset(present))] == suited


def test_every_defect_of_a_pass_is_reported_at_once() -> None:
    document = copy.deepcopy(SMALL)
    for defect in (_unknown_finding, _unknown_source, _repeated_finding):
        defect(document)
    assert len(problems_of(document)) == 3


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text('{"id": "a", "id": "b"}', encoding="utf-8")
    with pytest.raises(RuleSetError, match="'id' stands twice"):
        read_json(path)


@pytest.mark.parametrize("content", ["{", "\udc80", "nul"], ids=["cut off", "no text", "no word"])
def test_a_file_that_is_no_json_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RuleSetError, match=r"broken\.json: is not JSON"):
        read_json(path)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(RuleSetError, match=r"gone\.json: cannot be read"):
        load_rule_set(tmp_path / "gone.json")


# --- the compiled forms mean what JSON Schema says ------------------------------------------

_IDS = ["a", "b", "c", "d", "e"]
_SETS = st.lists(st.sampled_from(_IDS), min_size=1, max_size=3, unique=True)
_CONDITIONS = st.recursive(
    _SETS.map(lambda ids: {"required": ids}),
    lambda inner: st.one_of(
        st.builds(
            lambda ids, parts: {"required": ids, "anyOf": parts},
            _SETS,
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"allOf": parts}),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"anyOf": parts}),
    ),
    max_leaves=6,
)


@given(_CONDITIONS, st.frozensets(st.sampled_from(_IDS)))
def test_a_compiled_condition_agrees_with_jsonschema(
    condition: Json, present: frozenset[str]
) -> None:
    compiled = any(alternative <= present for alternative in alternatives_of(condition))
    by_schema = Draft202012Validator(condition).is_valid(dict.fromkeys(present, True))
    assert compiled is by_schema


def _fragments() -> list[Json]:
    document = json.loads((RULES_FOLDER / "upper_back_pain.json").read_text(encoding="utf-8"))
    fragments = [question["answer"] for question in document["questions"]]
    return fragments + [
        finding["present_when"] for finding in document["findings"] if "present_when" in finding
    ]


# Both sides of every bound in the rule set.
NUMBERS = [
    -1,
    0,
    3,
    4,
    5,
    6,
    13,
    14,
    15,
    16,
    20,
    21,
    27,
    28,
    34,
    35,
    42,
    43,
    49,
    50,
    64,
    65,
    69,
    70,
]


@pytest.mark.parametrize(
    "answer",
    ["yes", "no", "unsure", "maybe", True, None, *NUMBERS, 120, 121, 366, 367, 40_000, 3.5, [], {}],
)
def test_every_compiled_answer_fragment_agrees_with_jsonschema(answer: object) -> None:
    for fragment in _fragments():
        by_schema = Draft202012Validator(fragment).is_valid(answer)
        assert accepted_answers(fragment).accepts(answer) is by_schema, fragment
