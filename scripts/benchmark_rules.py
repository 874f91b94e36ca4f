"""What a turn costs as the rule set grows, for ``scripts/benchmark.py``.

The rule set grows in two ways, by copies that the loader accepts:

* *rules alone*: each copy asks for what its original asks for and one finding more, another one
  for each copy, so that hardly two conditions are alike. Questions and findings stay as they are.
  That is how a rule set grows in depth.
* *questions, findings and rules*: each copy is a whole second complaint under new ids, whose
  questions come after all others. That is how it would grow in breadth.

The turn is the one that the servers are asked to take, from request envelope to response
envelope, in this process, without HTTP and signature.
"""

from __future__ import annotations

import copy
from time import process_time_ns
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from skill.alexa.skill import answering, build_skill
from skill.triage.loading import (
    RULES_FOLDER,
    alternatives_of,
    parse_rule_set,
    read_json,
    source_ids,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet

Document: TypeAlias = dict[str, Any]

TIMES: Final = (1, 2, 5, 10)
"""How many times as large the rule set is."""

_NS_A_US: Final = 1000


def with_more_rules(document: Document, times: int) -> Document:
    """Return a rule set with as many times the rules, over the same findings."""
    additions = _free_findings(document)
    grown = copy.deepcopy(document)
    for number in range(1, times):
        for index, rule in enumerate(document["rules"]):
            named = frozenset[str]().union(*alternatives_of(rule["when"]))
            others = [finding for finding in additions if finding not in named]
            addition = others[(index + number) % len(others)]  # there are more of them than copies
            when = {"allOf": [rule["when"], {"required": [addition]}]}
            grown["rules"].append(rule | {"id": f"{rule['id']}_{number}", "when": when})
    return grown


def with_more_of_all(document: Document, times: int) -> Document:
    """Return a rule set with as many times the questions, findings and rules."""
    grown = copy.deepcopy(document)
    parts = ("questions", "findings", "rules")
    ids = {entry["id"] for part in parts for entry in document[part]}
    for number in range(1, times):
        for part in parts:
            grown[part].extend(_renamed(document[part], ids, f"_{number}"))
    return grown


GROWTHS: Final[Mapping[str, Callable[[Document, int], Document]]] = {
    "rules alone": with_more_rules,
    "questions, findings and rules": with_more_of_all,
}
"""How the rule set grows: a name, and what makes it as many times as large."""


def grown_rule_sets(grow: Callable[[Document, int], Document]) -> dict[int, RuleSet]:
    """Return the skill's rule set, grown to each of ``TIMES``, as the loader took it.

    Raises:
        RuleSetError: It did not.
    """
    document = read_json(RULES_FOLDER / "upper_back_pain.json")
    known = source_ids(read_json(RULES_FOLDER / "sources.json"))
    return {times: parse_rule_set(grow(document, times), source_ids=known) for times in TIMES}


def turn_costs(
    rule_sets: Mapping[int, RuleSet],
    catalogues: Mapping[str, Catalogue],
    envelope: Mapping[str, object],
    *,
    rounds: int,
    turns: int,
) -> dict[int, list[float]]:
    """Return the microseconds of processor time that a turn takes, in alternating rounds.

    Args:
        rule_sets: The rule sets, by how many times as large they are.
        catalogues: The words of each locale.
        envelope: The request.
        rounds: How often each is measured.
        turns: Over how many turns.
    """
    answers = {
        times: answering(build_skill(rule_set, catalogues), catalogues)
        for times, rule_set in rule_sets.items()
    }
    costs: dict[int, list[float]] = {times: [] for times in answers}
    for answer in answers.values():
        _cost(answer, envelope, turns)
    for _ in range(rounds):
        for times, answer in answers.items():
            costs[times].append(_cost(answer, envelope, turns))
    return costs


def _cost(
    answer: Callable[[Mapping[str, object]], object], envelope: Mapping[str, object], turns: int
) -> float:
    started = process_time_ns()
    for _ in range(turns):
        answer(envelope)
    return (process_time_ns() - started) / turns / _NS_A_US


def _free_findings(document: Document) -> list[str]:
    """Return the findings that rules ask for and that any further rule may ask for as well.

    Not those of follow-ups, since the loader wants the trigger beside them.
    """
    follow_ups = {question["id"] for question in document["questions"] if "follows" in question}
    read = frozenset[str]().union(
        *(one for rule in document["rules"] for one in alternatives_of(rule["when"]))
    )
    return [
        finding["id"]
        for finding in document["findings"]
        if finding["id"] in read and finding.get("question") not in follow_ups
    ]


def _renamed(entries: Sequence[Document], ids: set[str], ending: str) -> list[Document]:
    """Return copies in which every id has an ending, wherever it stands."""

    def renamed(value: Any) -> Any:  # noqa: ANN401  # any JSON
        match value:
            case str() if value in ids:
                return value + ending
            case list():
                return [renamed(member) for member in value]
            case dict():
                return {name: renamed(member) for name, member in value.items()}
            case _:
                return value

    return [renamed(entry) for entry in entries]
