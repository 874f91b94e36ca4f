"""Grown rule sets are as large as they say, are taken by the loader, and ask the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.benchmark_job import interview_job
from scripts.benchmark_rules import GROWTHS, TIMES, grown_rule_sets, turn_costs
from skill.alexa.skill import answering, build_skill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import Finding, Question, Rule, RuleSet
    from tests.conftest import Answering

LARGEST = TIMES[-1]


def ids(parts: Iterable[Question] | Iterable[Finding] | Iterable[Rule]) -> list[str]:
    return [part.id for part in parts]


@pytest.fixture(scope="module", params=GROWTHS)
def rule_sets(request: pytest.FixtureRequest) -> dict[int, RuleSet]:
    # The loader takes them, or this raises.
    return grown_rule_sets(GROWTHS[request.param])


def test_there_are_as_many_times_the_rules(
    rule_sets: dict[int, RuleSet], rule_set: RuleSet
) -> None:
    assert list(rule_sets) == list(TIMES)
    for times, grown in rule_sets.items():
        assert len(grown.rules) == times * len(rule_set.rules)
        assert ids(grown.rules)[: len(rule_set.rules)] == ids(rule_set.rules)
        assert len(set(ids(grown.rules))) == len(grown.rules)


def test_rules_alone_are_new_conditions_over_the_same_findings(rule_set: RuleSet) -> None:
    grown = grown_rule_sets(GROWTHS["rules alone"])[LARGEST]
    assert ids(grown.questions) == ids(rule_set.questions)
    assert ids(grown.findings) == ids(rule_set.findings)
    conditions = {rule.alternatives for rule in grown.rules}
    # A few of one finding more come to the same, as "a and b" and "b and a" do.
    assert len(conditions) > 0.9 * len(grown.rules)


def test_all_grows_with_questions_and_findings_of_its_own(rule_set: RuleSet) -> None:
    grown = grown_rule_sets(GROWTHS["questions, findings and rules"])[LARGEST]
    assert len(grown.questions) == LARGEST * len(rule_set.questions)
    assert len(grown.findings) == LARGEST * len(rule_set.findings)
    own = set(ids(rule_set.findings))
    copies = grown.rules[len(rule_set.rules) :]
    assert all(own.isdisjoint(rule.mentions) for rule in copies)


def test_the_skill_answers_the_same_by_a_grown_rule_set(
    rule_sets: dict[int, RuleSet],
    rule_set: RuleSet,
    catalogues: dict[str, Catalogue],
    answer: Answering,
) -> None:
    envelope = interview_job(answer, rule_set).envelope()
    expected = answer(envelope)
    for grown in rule_sets.values():
        assert answering(build_skill(grown, catalogues), catalogues)(envelope) == expected


def test_each_size_is_measured_in_each_round(
    rule_sets: dict[int, RuleSet],
    rule_set: RuleSet,
    catalogues: dict[str, Catalogue],
    answer: Answering,
) -> None:
    envelope = interview_job(answer, rule_set).envelope()
    costs = turn_costs(rule_sets, catalogues, envelope, rounds=3, turns=5)
    assert {times: len(rounds) for times, rounds in costs.items()} == dict.fromkeys(TIMES, 3)
    assert all(cost > 0 for rounds in costs.values() for cost in rounds)
