"""Comparing rule sets finds whoever gets other advice, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from scripts import compare_rules
from scripts.compare_rules import Comparison
from scripts.rule_space import Advice, advice_in
from skill.triage.assessment import assess
from skill.triage.loading import RULES_FOLDER, parse_rule_set, read_json, source_ids

if TYPE_CHECKING:
    from pathlib import Path

    from skill.triage.model import Answer, RuleSet

Json: TypeAlias = Any
Change: TypeAlias = Callable[[Json], object]

SOURCE = "S01"
SKILL_RULES = RULES_FOLDER / "upper_back_pain.json"


def asked(question: str) -> Json:
    return {
        "id": question,
        "kind": "yes_no",
        "answer": {"enum": ["yes", "no", "unsure"]},
        "alarming": "yes",
        "sources": [SOURCE],
    }


def on_yes(finding: str, question: str) -> Json:
    return {"id": finding, "question": question, "present_when": {"const": "yes"}}


def rule(name: str, level: str, *required: str, **more: object) -> Json:
    return {
        "id": name,
        "disposition": level,
        **({"within": "two_weeks"} if level == "see_doctor" else {}),
        **({"holding": "sit"} if level == "emergency" else {}),
        **more,
        "when": {"required": list(required)},
        "rationale": "Made up to show one thing.",
        "sources": [SOURCE],
    }


SMALL: Json = {
    "$schema": "rule_set.schema.json",
    "id": "small",
    "version": "1.0.0",
    "reviewed_on": None,
    "reviewed_by": None,
    "otherwise": "self_care",
    "in_scope": [],
    "out_of_scope": [],
    "questions": [
        asked("chest"),
        {
            "id": "age_years",
            "kind": "age",
            "answer": {
                "anyOf": [{"type": "integer", "minimum": 0, "maximum": 120}, {"const": "unsure"}]
            },
            "sources": [SOURCE],
        },
        asked("leg"),
    ],
    "findings": [
        on_yes("chest_sign", "chest"),
        {
            "id": "age_70_or_over",
            "question": "age_years",
            "present_when": {"type": "integer", "minimum": 70},
        },
        on_yes("leg_weak", "leg"),
        {"id": "stiff", "reported": True},
    ],
    "rules": [
        rule("heart", "emergency", "chest_sign"),
        rule("frail", "urgent_same_day", "leg_weak", "age_70_or_over"),
        rule("nerve", "see_doctor", "leg_weak"),
        rule("old", "see_doctor", "age_70_or_over"),
    ],
    "topics": [],
    "tips": [],
}


def part(parsed: Json, kind: str, name: str) -> Json:
    return next(entry for entry in parsed[kind] if entry["id"] == name)


def loaded(parsed: Json) -> RuleSet:
    return parse_rule_set(parsed, source_ids=frozenset({SOURCE}))


def comparison(*changes: Change) -> Comparison:
    """Compare the small rule set with what it becomes by some changes."""
    new = deepcopy(SMALL)
    for change in changes:
        change(new)
    return Comparison(loaded(SMALL), loaded(new))


def found_by(*changes: Change) -> dict[tuple[Advice, Advice], list[str]]:
    compared = comparison(*changes)
    return {
        (change.old, change.new): [compared.written(case) for case in change.cases]
        for change in compared.changes()
    }


def raise_the_age(parsed: Json) -> None:
    part(parsed, "findings", "age_70_or_over")["present_when"]["minimum"] = 75


# --- who is concerned -----------------------------------------------------------------------


def test_nobody_is_concerned_by_the_same_rules() -> None:
    assert found_by() == {}


def test_a_moved_threshold_concerns_exactly_the_numbers_between() -> None:
    found = found_by(raise_the_age)
    assert found[Advice.SEE_DOCTOR_IN_TWO_WEEKS, Advice.SELF_CARE] == ["age_years = 70 to 74"]
    assert found[Advice.URGENT_SAME_DAY, Advice.SEE_DOCTOR_IN_TWO_WEEKS] == [
        "age_years = 70 to 74, leg = yes"
    ]
    assert len(found) == 2


def test_a_threshold_moved_by_one_concerns_one_number() -> None:
    def lower_by_one(parsed: Json) -> None:
        part(parsed, "findings", "age_70_or_over")["present_when"]["minimum"] = 69

    found = found_by(lower_by_one)
    assert found[Advice.SELF_CARE, Advice.SEE_DOCTOR_IN_TWO_WEEKS] == ["age_years = 69"]


def test_a_threshold_of_the_skill_concerns_exactly_the_numbers_between(
    rule_set: RuleSet,
) -> None:
    parsed = read_json(SKILL_RULES)
    part(parsed, "findings", "age_70_or_over")["present_when"]["minimum"] = 75
    sources = source_ids(read_json(RULES_FOLDER / "sources.json"))
    compared = Comparison(rule_set, parse_rule_set(parsed, source_ids=sources))
    [change] = compared.changes()
    assert (change.old, change.new) == (Advice.SEE_DOCTOR_IN_TWO_WEEKS, Advice.SELF_CARE)
    assert [compared.written(case) for case in change.cases] == ["age_years = 70 to 74"]


def test_another_time_frame_is_other_advice() -> None:
    found = found_by(lambda d: part(d, "rules", "nerve").update(within="few_days"))
    assert found == {
        (Advice.SEE_DOCTOR_IN_TWO_WEEKS, Advice.SEE_DOCTOR_IN_A_FEW_DAYS): ["leg = yes"]
    }


def test_a_removed_question_concerns_those_who_answered_it() -> None:
    def drop_the_leg(parsed: Json) -> None:
        parsed["questions"].pop()
        parsed["findings"].remove(on_yes("leg_weak", "leg"))
        parsed["rules"] = [r for r in parsed["rules"] if r["id"] not in ("nerve", "frail")]

    found = found_by(drop_the_leg)
    assert found[Advice.SEE_DOCTOR_IN_TWO_WEEKS, Advice.SELF_CARE] == ["leg = yes"]


def test_an_added_report_concerns_those_who_report_it() -> None:
    found = found_by(lambda d: d["rules"].append(rule("rigid", "see_doctor", "stiff")))
    assert found == {(Advice.SELF_CARE, Advice.SEE_DOCTOR_IN_TWO_WEEKS): ["stiff = yes"]}


def test_a_rule_that_repeats_another_concerns_nobody() -> None:
    assert found_by(lambda d: d["rules"].append(rule("again", "see_doctor", "leg_weak"))) == {}


def test_exactly_those_are_found_whose_advice_differs() -> None:
    """Against trying every set of answers."""

    def change_much(parsed: Json) -> None:
        raise_the_age(parsed)
        part(parsed, "rules", "heart")["when"] = {"required": ["chest_sign", "leg_weak"]}
        parsed["rules"].append(rule("rigid", "urgent_same_day", "stiff", "age_70_or_over"))

    compared = comparison(change_much)
    found = {(change.old, change.new): change.cases for change in compared.changes()}
    differing: dict[tuple[Advice, Advice], list[dict[str, Answer]]] = {}
    for answers in every_set_of_answers(compared):
        old, new = (advice_in(assess(rules, answers)) for rules in (compared.old, compared.new))
        if old != new:
            differing.setdefault((old, new), []).append(answers)
    assert found.keys() == differing.keys()
    for kind, all_of_them in differing.items():
        smallest = [
            one for one in all_of_them if not any(o.items() < one.items() for o in all_of_them)
        ]
        assert sorted(map(str, map(sorted_items, found[kind]))) == sorted(
            map(str, map(sorted_items, smallest))
        )


def sorted_items(answers: dict[str, Answer]) -> list[tuple[str, Answer]]:
    return sorted(answers.items())


def every_set_of_answers(compared: Comparison) -> list[dict[str, Answer]]:
    choices = [(None, *cells) for cells in compared.cells.values()]
    return [
        {cell.key: cell.answer for cell in chosen if cell is not None}
        for chosen in product(*choices)
    ]


# --- what is printed ------------------------------------------------------------------------


def put(folder: Path, name: str, *changes: Change) -> str:
    parsed = deepcopy(SMALL)
    for change in changes:
        change(parsed)
    path = folder / name
    path.write_text(json.dumps(parsed), encoding="utf-8")
    return str(path)


def test_a_change_is_told_with_an_example_and_what_decides_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = compare_rules.main([put(tmp_path, "a.json"), put(tmp_path, "b.json", raise_the_age)])
    told = capsys.readouterr().out
    assert status == 3
    assert "From see doctor in two weeks to self care, for example on\n" in told
    assert "  age_years = 70 to 74\n" in told
    assert "  old, because of: old\n" in told
    assert "  new, because of: no rule\n" in told
    assert "calmer in 2 of 2 lines" in told
    assert "findings changed: age_70_or_over (present_when)" in told
    assert "a major step is due" in told
    assert "Signature:" in told


def test_no_change_of_advice_is_told_and_is_a_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def reorder_and_reword(parsed: Json) -> None:
        parsed["questions"].reverse()
        part(parsed, "rules", "old")["rationale"] = "Another sentence, and as long."

    old, new = put(tmp_path, "a.json"), put(tmp_path, "b.json", reorder_and_reword)
    assert compare_rules.main([old, new]) == 0
    told = capsys.readouterr().out
    assert "Nobody gets other advice" in told
    assert "questions: in another order" in told
    assert "rules changed: old (rationale)" in told
    assert "a patch step will do" in told


def test_what_is_added_and_removed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def rename(parsed: Json) -> None:
        parsed["rules"].append(rule("rigid", "see_doctor", "stiff"))
        parsed["findings"].append({"id": "smoker", "reported": True})
        parsed["tips"].append({"id": "rest", "sources": [SOURCE]})
        parsed["out_of_scope"] = ["stiff"]

    old, new = put(tmp_path, "a.json"), put(tmp_path, "b.json", rename)
    compare_rules.main([old, new])
    told = capsys.readouterr().out
    assert "rules added: rigid" in told
    assert "findings added: smoker" in told
    assert "tips added: rest" in told
    assert "out of scope: changed" in told
    assert "a minor step is due" in told
    compare_rules.main([new, old])
    told = capsys.readouterr().out
    assert "rules removed: rigid" in told
    assert "a major step is due" in told


def test_the_same_file_has_nothing_different(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(tmp_path, "a.json")
    assert compare_rules.main([path, path]) == 0
    assert "What is different in the files\n  nothing\n" in capsys.readouterr().out


def test_an_example_rather_says_yes_than_not_sure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def take_doubt_for_a_sign(parsed: Json) -> None:
        part(parsed, "findings", "leg_weak")["present_when"] = {"enum": ["yes", "unsure"]}

    old = put(tmp_path, "a.json", take_doubt_for_a_sign)
    new = put(
        tmp_path,
        "b.json",
        take_doubt_for_a_sign,
        lambda d: part(d, "rules", "nerve").update(within="few_days"),
    )
    compare_rules.main([old, new])
    told = capsys.readouterr().out
    assert "  leg = yes\n" in told
    assert "unsure" not in told


# --- what it is given -----------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1], ids=["old", "new"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        (json.dumps({**SMALL, "rules": []}), "$.rules: [] should be non-empty"),
    ],
    ids=["missing", "broken", "refused"],
)
def test_what_is_no_rule_set_is_refused_in_one_line(
    content: str | None,
    told: str,
    which: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content, encoding="utf-8")
    paths = [put(tmp_path, "good.json"), put(tmp_path, "good.json")]
    paths[which] = str(bad)
    assert compare_rules.main(paths) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"compare_rules: {bad}: ")
    assert told in error
    assert error.count("\n") == 1


def test_help_tells_what_the_exit_status_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        compare_rules.main(["--help"])
    assert stopped.value.code == 0
    assert "exit status" in capsys.readouterr().out
