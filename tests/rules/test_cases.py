"""The cases of every rule: where it fires, and the nearest answers on which it does not.

What each case expects was reasoned from the clinical basis and not read off the engine, so a
change of the rule set that these tests refuse is a change of the advice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skill.triage.assessment import assess
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skill.triage.model import Answer, Finding, RuleSet

FOLDER = Path(__file__).parent / "cases"
FINDINGS_FILE = FOLDER / "findings.json"
VIGNETTES_FILE = FOLDER.parent / "vignettes.json"


@dataclass(frozen=True)
class Case:
    """Answers, and what they must amount to."""

    rule: str
    fires: bool
    answers: Mapping[str, Answer]
    disposition: Disposition

    @property
    def name(self) -> str:
        given = ",".join(f"{key}={answer}" for key, answer in self.answers.items())
        return f"{self.rule}-{'fires' if self.fires else 'silent'}-{given}"


def cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.json")):
        if path == FINDINGS_FILE:
            continue
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document.keys() == {"rule", "why", "fires", "does_not_fire"}, path.name
        assert document["rule"] == path.stem
        assert document["why"].endswith("."), path.name
        for key in ("fires", "does_not_fire"):
            for case in document[key]:
                assert case.keys() == {"answers", "disposition"}, path.name
                level = Disposition[case["disposition"].upper()]
                yield Case(document["rule"], key == "fires", case["answers"], level)


CASES = tuple(cases())
REPORTS = json.loads(FINDINGS_FILE.read_text(encoding="utf-8"))


def cases_of(rule_id: str, *, fires: bool) -> list[Case]:
    return [case for case in CASES if case.rule == rule_id and case.fires is fires]


def apart(one: Case, other: Case) -> int:
    keys = one.answers.keys() | other.answers.keys()
    return sum(one.answers.get(key) != other.answers.get(key) for key in keys)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_case_fires_its_rule_or_not_and_gives_its_advice(case: Case, rule_set: RuleSet) -> None:
    assessment = assess(rule_set, case.answers)
    assert (case.rule in {rule.id for rule in assessment.fired}) is case.fires
    assert assessment.disposition is case.disposition


def test_every_rule_has_a_file_and_every_file_a_rule(rule_set: RuleSet) -> None:
    files = {path.stem for path in FOLDER.glob("*.json") if path != FINDINGS_FILE}
    assert files == {rule.id for rule in rule_set.rules}


def test_every_rule_has_cases_that_fire_it_and_cases_that_do_not(rule_set: RuleSet) -> None:
    for rule in rule_set.rules:
        assert cases_of(rule.id, fires=True), rule.id
        assert cases_of(rule.id, fires=False), rule.id


def test_a_case_that_fires_a_rule_gives_at_least_its_advice(rule_set: RuleSet) -> None:
    for rule in rule_set.rules:
        for case in cases_of(rule.id, fires=True):
            assert case.disposition >= rule.disposition, case.name


def test_every_alternative_of_a_rule_has_a_case_that_fires_it(rule_set: RuleSet) -> None:
    for rule in rule_set.rules:
        fired_on = [rule_set.findings_in(case.answers) for case in cases_of(rule.id, fires=True)]
        for alternative in rule.alternatives:
            assert any(alternative <= present for present in fired_on), (rule.id, alternative)


def test_a_rule_fires_only_beside_the_rule_that_backs_it_up(rule_set: RuleSet) -> None:
    backing = {rule.id: rule.backed_up_by for rule in rule_set.rules if rule.backed_up_by}
    for case in CASES:
        fired = {rule.id: rule for rule in assess(rule_set, case.answers).fired}
        for backed in fired.keys() & backing.keys():
            assert fired[backing[backed]].disposition >= fired[backed].disposition, case.name


def test_a_case_that_does_not_fire_is_one_answer_away_from_one_that_does() -> None:
    for case in CASES:
        if not case.fires:
            nearest = min(apart(case, other) for other in cases_of(case.rule, fires=True))
            assert nearest == 1, case.name


def test_no_case_stands_twice_in_a_file() -> None:
    seen: set[tuple[str, str]] = set()
    for case in CASES:
        key = (case.rule, json.dumps(dict(case.answers), sort_keys=True))
        assert key not in seen, case.name
        seen.add(key)


def test_cases_give_only_answers_that_a_caller_can_give(rule_set: RuleSet) -> None:
    for case in CASES:
        for key, answer in case.answers.items():
            question = rule_set.question(key)
            if question is not None:
                assert question.answer.accepts(answer), (case.name, key)
            else:
                finding = rule_set.finding(key)
                assert finding is not None, (case.name, key)
                assert finding.reported, (case.name, key)
                assert answer in {"yes", "no"}, (case.name, key)


def edge_of(finding: Finding) -> tuple[int, int] | None:
    """Return the last number inside a finding's band and the first outside."""
    band = finding.present_when
    if band is None or not band.takes_numbers:
        return None
    if band.minimum is not None:
        return band.minimum, band.minimum - 1
    assert band.maximum is not None
    return band.maximum, band.maximum + 1


def test_every_rule_that_reads_a_number_is_tried_on_both_sides_of_its_threshold(
    rule_set: RuleSet,
) -> None:
    tried = 0
    for rule in rule_set.rules:
        for finding_id in sorted(rule.mentions):
            finding = rule_set.finding(finding_id)
            edge = edge_of(finding) if finding else None
            if finding is None or finding.question is None or edge is None:
                continue
            inside, outside = edge
            numbers = [
                {case.answers.get(finding.question) for case in cases_of(rule.id, fires=fires)}
                for fires in (True, False)
            ]
            assert inside in numbers[0], (rule.id, finding_id, inside)
            assert outside in numbers[1], (rule.id, finding_id, outside)
            tried += 1
    assert tried


def test_every_threshold_is_read_by_a_rule(rule_set: RuleSet) -> None:
    """So that the test above misses none."""
    read = frozenset[str]().union(*(rule.mentions for rule in rule_set.rules))
    for finding in rule_set.findings:
        if edge_of(finding) is not None:
            assert finding.id in read


def test_every_question_is_answered_not_sure_in_a_case(rule_set: RuleSet) -> None:
    unsure = {key for case in CASES for key, answer in case.answers.items() if answer == "unsure"}
    assert {question.id for question in rule_set.questions} <= unsure


@pytest.mark.parametrize("report", REPORTS, ids=[report["finding"] for report in REPORTS])
def test_a_reported_finding_gets_its_advice(
    report: Mapping[str, object], rule_set: RuleSet
) -> None:
    assert report.keys() == {"finding", "with", "disposition", "why"}
    finding = rule_set.finding(str(report["finding"]))
    others = report["with"]
    assert finding is not None
    assert finding.reported
    assert isinstance(others, dict)
    assert finding.answer_key not in others
    advice = assess(rule_set, {**others, finding.answer_key: "yes"}).disposition
    assert advice is Disposition[str(report["disposition"]).upper()]


def test_every_reported_finding_is_yes_in_a_vignette_or_has_its_own_case(
    rule_set: RuleSet,
) -> None:
    vignettes = json.loads(VIGNETTES_FILE.read_text(encoding="utf-8"))["vignettes"]
    shown = {
        finding
        for vignette in vignettes
        for finding, value in vignette["findings"].items()
        if value == "yes"
    }
    own = {report["finding"] for report in REPORTS}
    assert {finding.id for finding in rule_set.findings if finding.reported} <= shown | own
