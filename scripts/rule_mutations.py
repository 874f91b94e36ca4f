"""Defects seeded into a rule set one at a time, to see which of them would be noticed.

The list is systematic: every threshold, rule, level, required finding, "not sure", implication,
trigger, place in the order and alarming side is changed wherever it stands. Each mutant is shown
to the loader, then to the vignettes and the rules' cases in "tests/rules", then to the prover,
and is counted for the first that notices it. One that z3 proves to give the same advice and to
ask the same next question on every set of answers is no defect, and is counted apart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import z3

from scripts.rule_properties import OF_ANY_RULE_SET, Subject, violations
from scripts.rule_space import Advice, CaseFinder, SymbolicRules, answer_cells, choice_of_answers
from scripts.vignette_patients import interviewed, volunteered
from skill.errors import RuleSetError
from skill.triage.assessment import assess
from skill.triage.loading import parse_rule_set
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from skill.triage.model import Answer, RuleSet

Json = Any
"""What a parsed JSON file is made of."""

Place: TypeAlias = "tuple[str | int, ...]"
"""The keys and indexes that lead to a value in it."""

LOADER: Final = "the loader"
VIGNETTES: Final = "the vignettes"
CASES: Final = "the rules' cases"
PROVER: Final = "the prover"
EQUIVALENT: Final = "equivalent"
ONLY_THE_ORDER: Final = "the advice is never another, only the next question"
NOBODY: Final = "some advice is another"

_LEVELS: Final = ("see_doctor", "urgent_same_day", "emergency")
_WHAT_A_LEVEL_NEEDS: Final[Mapping[str, Mapping[str, str]]] = {
    "see_doctor": {"within": "few_days"},
    "urgent_same_day": {},
    "emergency": {"holding": "sit"},
}
_OTHER_SIDE: Final = {"yes": "no", "no": "yes"}
_MOST_CALM_SENT_FURTHER: Final = 3


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule set with one defect.

    Attributes:
        kind: What kind of defect it is.
        place: Where it is.
        document: The rule-set file with it.
    """

    kind: str
    place: str
    document: Json


# --- the defects ----------------------------------------------------------------------------


def mutants(document: Json) -> Iterator[Mutant]:
    """Give a parsed rule-set file with each defect of the list."""
    yield from _thresholds_moved(document)
    yield from _rules_dropped(document)
    yield from _levels_swapped(document)
    yield from _required_findings_dropped(document)
    yield from _required_findings_added(document)
    yield from _unsure_toggled(document)
    yield from _list_entries_dropped(document, "findings", "implies")
    yield from _list_entries_dropped(document, "questions", "follows")
    yield from _negations(document)
    yield from _questions_swapped(document)
    yield from _alarming_sides_swapped(document)


def _thresholds_moved(document: Json) -> Iterator[Mutant]:
    for index, finding in enumerate(document["findings"]):
        place: Place = ("findings", index, "present_when")
        when = finding.get("present_when", {})
        if "anyOf" in when:
            place, when = (*place, "anyOf", 0), when["anyOf"][0]
        for bound in ("minimum", "maximum"):
            if bound in when:
                for step in (-1, 1):
                    moved = _replaced(document, (*place, bound), when[bound] + step)
                    yield Mutant("threshold moved", f"{finding['id']} by {step:+}", moved)


def _rules_dropped(document: Json) -> Iterator[Mutant]:
    for index, rule in enumerate(document["rules"]):
        yield Mutant("rule dropped", rule["id"], _removed(document, ("rules", index)))


def _levels_swapped(document: Json) -> Iterator[Mutant]:
    for index, rule in enumerate(document["rules"]):
        rank = _LEVELS.index(rule["disposition"])
        for other in _LEVELS[max(rank - 1, 0) : rank + 2]:
            if other != rule["disposition"]:
                plain = {k: v for k, v in rule.items() if k not in ("within", "holding")}
                changed = {**plain, "disposition": other, **_WHAT_A_LEVEL_NEEDS[other]}
                document_changed = _replaced(document, ("rules", index), changed)
                yield Mutant("level swapped", f"{rule['id']} to {other}", document_changed)


def _required_findings_dropped(document: Json) -> Iterator[Mutant]:
    for index, rule in enumerate(document["rules"]):
        for place in _required_lists(rule["when"]):
            names = _at(rule["when"], place)
            for name in names:
                rest = [other for other in names if other != name]
                when = _replaced(rule["when"], place, rest)
                changed = _replaced(document, ("rules", index, "when"), _without_gaps(when))
                where = "/".join(map(str, (rule["id"], *place[:-1], name)))
                yield Mutant("required finding dropped", where, changed)


def _required_lists(condition: Json) -> Iterator[Place]:
    if "required" in condition:
        yield ("required",)
    for keyword in ("allOf", "anyOf"):
        for index, part in enumerate(condition.get(keyword, ())):
            for place in _required_lists(part):
                yield (keyword, index, *place)


def _without_gaps(condition: Json) -> Json:
    """Return a condition without empty lists and without parts that have become empty."""
    kept: Json = {"required": condition["required"]} if condition.get("required") else {}
    parts = {
        keyword: [part for part in map(_without_gaps, condition.get(keyword, ())) if part]
        for keyword in ("allOf", "anyOf")
    }
    if len(parts["anyOf"]) == 1:
        parts["allOf"] += parts.pop("anyOf")
    return {**kept, **{keyword: some for keyword, some in parts.items() if some}}


def _required_findings_added(document: Json) -> Iterator[Mutant]:
    """Require of each rule what the next one names first."""
    rules = document["rules"]
    for index, rule in enumerate(rules):
        own = set(_names_in(rule["when"]))
        others = (name for r in rules[index + 1 :] + rules for name in _names_in(r["when"]))
        added = next((name for name in others if name not in own), None)
        if added is not None:
            when = {**rule["when"], "required": [*rule["when"].get("required", ()), added]}
            changed = _replaced(document, ("rules", index, "when"), when)
            yield Mutant("required finding added", f"{rule['id']}: {added}", changed)


def _names_in(condition: Json) -> list[str]:
    return [name for place in _required_lists(condition) for name in _at(condition, place)]


def _unsure_toggled(document: Json) -> Iterator[Mutant]:
    for index, finding in enumerate(document["findings"]):
        place: Place = ("findings", index, "present_when")
        match finding.get("present_when"):
            case {"const": "yes" | "no" as word}:
                added, when = True, {"enum": [word, "unsure"]}
            case {"enum": [*words]} if "unsure" in words:
                added, when = False, {"const": next(word for word in words if word != "unsure")}
            case {"anyOf": [band, _]}:
                added, when = False, band
            case {"type": _, **bounds}:
                added, when = True, {"anyOf": [{"type": "integer", **bounds}, {"const": "unsure"}]}
            case _:
                continue
        kind = f"not sure {'added' if added else 'removed'}"
        yield Mutant(kind, finding["id"], _replaced(document, place, when))


def _list_entries_dropped(document: Json, part: str, key: str) -> Iterator[Mutant]:
    for index, entry in enumerate(document[part]):
        for name in entry.get(key, ()):
            rest = [other for other in entry[key] if other != name]
            changed = (
                _replaced(document, (part, index, key), rest)
                if rest
                else _removed(document, (part, index, key))
            )
            yield Mutant(f"{key} dropped", f"{entry['id']}: {name}", changed)


def _negations(document: Json) -> Iterator[Mutant]:
    for index, rule in enumerate(document["rules"]):
        when = {**rule["when"], "not": {"required": _names_in(rule["when"])[:1]}}
        changed = _replaced(document, ("rules", index, "when"), when)
        yield Mutant("not smuggled in", rule["id"], changed)


def _questions_swapped(document: Json) -> Iterator[Mutant]:
    questions = document["questions"]
    for index in range(len(questions) - 1):
        swapped = [*questions]
        swapped[index : index + 2] = reversed(swapped[index : index + 2])
        where = f"{questions[index]['id']} and {questions[index + 1]['id']}"
        yield Mutant("questions swapped", where, {**document, "questions": swapped})


def _alarming_sides_swapped(document: Json) -> Iterator[Mutant]:
    for index, question in enumerate(document["questions"]):
        if "alarming" in question:
            place: Place = ("questions", index, "alarming")
            changed = _replaced(document, place, _OTHER_SIDE[question["alarming"]])
            yield Mutant("alarming side swapped", question["id"], changed)


def _at(document: Json, place: Place) -> Json:
    for key in place:
        document = document[key]
    return document


def _replaced(document: Json, place: Place, value: Json) -> Json:
    """Return the document with another value in a place; the rest of it is shared."""
    if not place:
        return value
    copy = document.copy()
    copy[place[0]] = _replaced(document[place[0]], place[1:], value)
    return copy


def _removed(document: Json, place: Place) -> Json:
    holder = _at(document, place[:-1]).copy()
    del holder[place[-1]]
    return _replaced(document, place[:-1], holder)


# --- who notices ----------------------------------------------------------------------------


class Judges:
    """All that a mutant is shown to."""

    def __init__(self, original: Subject, sources: frozenset[str], tests: Path) -> None:
        """Hear what there is to say of the rule set as it is.

        Args:
            original: The rule set without a defect.
            sources: Ids of the sources that a rule set may name.
            tests: The folder with ``vignettes.json`` and ``cases``; what is missing is left out.
        """
        self._original = original
        self._sources = sources
        self._vignettes = _vignettes_in(tests)
        self._cases, self._reports = _cases_in(tests)
        self._known = violations(original, OF_ANY_RULE_SET)

    def accept(self, rule_set: RuleSet) -> bool:
        """Say whether vignettes and cases hold."""
        return self._vignettes_hold(rule_set) and self._cases_hold(rule_set)

    def verdict(self, mutant: Mutant) -> str:
        """Return who notices the defect first, or what it changes unnoticed."""
        try:
            rule_set = parse_rule_set(mutant.document, source_ids=self._sources)
        except RuleSetError:
            return LOADER
        if not self._vignettes_hold(rule_set):
            return VIGNETTES
        if not self._cases_hold(rule_set):
            return CASES
        changes = what_changes(self._original.rule_set, rule_set)
        return PROVER if changes != EQUIVALENT and self._violates(rule_set) else changes

    def _violates(self, rule_set: RuleSet) -> bool:
        """Say whether a property is violated that was not, or in another way."""
        subject = Subject(rule_set, callers=self._original.calls[0].callers)
        return any(
            set(one.violations(subject)) - set(self._known[one.name]) for one in OF_ANY_RULE_SET
        )

    def _cases_hold(self, rule_set: RuleSet) -> bool:
        for case in self._cases:
            assessment = assess(rule_set, case.answers)
            fired = case.rule in {rule.id for rule in assessment.fired}
            if fired is not case.fires or assessment.disposition.name.lower() != case.disposition:
                return False
        for report in self._reports:
            finding = rule_set.finding(report["finding"])
            if finding is None:
                return False
            advice = assess(rule_set, {**report["with"], finding.answer_key: "yes"}).disposition
            if advice.name.lower() != report["disposition"]:
                return False
        return True

    def _vignettes_hold(self, rule_set: RuleSet) -> bool:
        sent_further = 0
        for vignette in self._vignettes:
            lowest, highest = (
                Disposition[vignette[key].upper()] for key in ("min_level", "max_level")
            )
            asked = interviewed(vignette, rule_set, {})[0].disposition
            told = interviewed(vignette, rule_set, volunteered(vignette, rule_set))[0].disposition
            exact = vignette.get("exact_level")
            for advice in (asked, told):
                if not lowest <= advice <= highest or exact not in (None, advice.name.lower()):
                    return False
            sent_further += lowest is Disposition.SELF_CARE and asked is not lowest
        return sent_further <= _MOST_CALM_SENT_FURTHER


def what_changes(one: RuleSet, other: RuleSet) -> str:
    """Return ``EQUIVALENT``, ``ONLY_THE_ORDER`` or ``NOBODY``, over all sets of answers."""
    cells = answer_cells(one, other)
    chosen = choice_of_answers(cells, "given")
    first, second = (
        SymbolicRules(rule_set, chosen, name) for rule_set, name in ((one, "a"), (other, "b"))
    )
    first.define_next_question()
    second.define_next_question()
    finder = CaseFinder(cells, chosen, first, second)
    advice = [first.at_least[advice] != second.at_least[advice] for advice in Advice]
    if finder.holds_somewhere(z3.Or(advice)):
        return NOBODY
    never = z3.BoolVal(val=False)
    questions = [
        first.asks_next.get(question, never) != second.asks_next.get(question, never)
        for question in first.asks_next.keys() | second.asks_next.keys()
    ]
    return ONLY_THE_ORDER if finder.holds_somewhere(z3.Or(questions)) else EQUIVALENT


@dataclass(frozen=True, slots=True)
class _Case:
    rule: str
    fires: bool
    answers: Mapping[str, Answer]
    disposition: str


def _cases_in(tests: Path) -> tuple[list[_Case], list[Json]]:
    """Read the cases of the rules, and those of the findings reported."""
    cases, reports = [], []
    for path in sorted((tests / "cases").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document, list):
            reports += document
            continue
        cases += [
            _Case(document["rule"], key == "fires", case["answers"], case["disposition"])
            for key in ("fires", "does_not_fire")
            for case in document[key]
        ]
    return cases, reports


def _vignettes_in(tests: Path) -> list[Json]:
    path = tests / "vignettes.json"
    if not path.exists():
        return []
    vignettes: list[Json] = json.loads(path.read_text(encoding="utf-8"))["vignettes"]
    return vignettes
