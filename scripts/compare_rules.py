#!/usr/bin/env python3
"""Tell which callers get other advice under another rule set, for a clinician to sign.

With z3, over every set of answers that either rule set knows ("scripts/rule_space.py" tells why
finitely many choices are all of them), each change from one advice to another is listed with:

* the number of *smallest cases*: sets of answers that get the other advice, and no longer do
  (as this change) when any answer is left out. Whoever is concerned has one of them among the
  answers given. Not counted are the callers, nor all the answers that can stand beside.
* one example with the fewest answers, and the rules that decide it, old and new.

"Advice" is the level and, for a doctor's visit, how soon. It is compared on the same answers: a
question that is new, or asked earlier or later, is listed, and concerns only what is asked.

The exit status is 0 if nobody gets other advice, 3 if somebody does, and 2 if there are no two
rule sets to compare.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import sys
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import z3

from scripts.rule_properties import why_refused
from scripts.rule_space import (
    Advice,
    Answers,
    CaseFinder,
    Cells,
    SymbolicRules,
    answer_cells,
    choice_of_answers,
)
from skill.errors import RuleSetError
from skill.triage.assessment import assess
from skill.triage.loading import load_rule_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skill.triage.model import Finding, Question, Rule, RuleSet, Tip, Topic

_PROGRAM: Final = "compare_rules"
_BAD_INPUT: Final = 2
_OTHER_ADVICE: Final = 3
_MOST_CASES: Final = 200


@dataclass(frozen=True, slots=True)
class Change:
    """Callers who get one advice under the old rules and another under the new.

    Attributes:
        old: The advice under the old rules.
        new: The advice under the new ones.
        cases: The smallest cases, fewest answers first, at most ``_MOST_CASES``.
    """

    old: Advice
    new: Advice
    cases: tuple[Answers, ...]


class Comparison:
    """Two rule sets over the answers that either knows."""

    def __init__(self, old: RuleSet, new: RuleSet) -> None:
        """Write both rule sets as formulas over one choice of answers."""
        self.old = old
        self.new = new
        self.cells: Cells = answer_cells(old, new)
        chosen = choice_of_answers(self.cells, "given")
        self._before = SymbolicRules(old, chosen, "old")
        self._after = SymbolicRules(new, chosen, "new")
        self._finder = CaseFinder(self.cells, chosen, self._before, self._after)

    def changes(self) -> Iterator[Change]:
        """Give each change of advice that concerns anybody, the most urgent advice first."""
        for old, new in product(reversed(Advice), reversed(Advice)):
            both = z3.And(self._before.is_advice(old), self._after.is_advice(new))
            if old != new:
                cases = tuple(islice(self._finder.smallest_cases(both), _MOST_CASES))
                if cases:
                    yield Change(old, new, cases)

    def written(self, answers: Answers) -> str:
        """Return answers as a person would write them, a number with all that it stands for."""
        given = [
            str(cell)
            for key, answer in answers.items()
            for cell in self.cells[key]
            if cell.answer == answer
        ]
        return ", ".join(given) or "no answer at all"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare two rule sets and return the exit status."""
    options = _options(arguments)
    loaded = []
    for name, path in (("old", options.old), ("new", options.new)):
        try:
            loaded.append(load_rule_set(path))
        except RuleSetError as error:
            print(f"{_PROGRAM}: {why_refused(path, error)}", file=sys.stderr)
            return _BAD_INPUT
        print(f"{name}: {loaded[-1].name}, sha256 {sha256(path.read_bytes()).hexdigest()}")
    old, new = loaded
    comparison = Comparison(old, new)
    changes = list(comparison.changes())
    print()
    for line in (*_table(changes), *_examples(comparison, changes), *_parts(old, new)):
        print(line)
    print()
    for line in _sign_off(changes, old, new):
        print(line)
    return _OTHER_ADVICE if changes else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, metavar="OLD.json", help="the rule set in force")
    parser.add_argument("new", type=Path, metavar="NEW.json", help="the one proposed")
    return parser.parse_args(arguments)


# --- who is concerned -----------------------------------------------------------------------


def _table(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield "Nobody gets other advice: on every set of answers the level and the time frame"
        yield "are the same."
        return
    yield "Who gets other advice"
    yield f"  {'old advice':<26}    {'new advice':<26} {'smallest cases':>14}"
    for change in changes:
        yield f"  {change.old!s:<26} -> {change.new!s:<26} {_number(change):>14}"
    lowered = sum(change.new < change.old for change in changes)
    yield f"  calmer in {lowered} of {len(changes)} lines, more urgent in {len(changes) - lowered}"
    yield "  A smallest case is a set of answers from which none can be left out: whoever is"
    yield "  concerned by a line has given the answers of one of its cases."


def _number(change: Change) -> str:
    more = " or more" if len(change.cases) == _MOST_CASES else ""
    return f"{len(change.cases)}{more}"


def _examples(comparison: Comparison, changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        example = min(change.cases, key=_unlikeliness)
        yield ""
        yield f"From {change.old} to {change.new}, for example on"
        yield f"  {comparison.written(example)}"
        yield f"  old, because of: {_deciding(comparison.old, example)}"
        yield f"  new, because of: {_deciding(comparison.new, example)}"


def _unlikeliness(answers: Answers) -> tuple[int, int]:
    return len(answers), sum(answer == "unsure" for answer in answers.values())


def _deciding(rule_set: RuleSet, answers: Answers) -> str:
    return ", ".join(rule.id for rule in assess(rule_set, answers).decisive) or "no rule"


# --- what the rule sets consist of ----------------------------------------------------------

_Part: TypeAlias = "Rule | Question | Finding | Topic | Tip"

# What a part's attribute is called in the file; those not named here are called the same.
_NAMES_IN_FILE: Final = {"alternatives": "when, or what that implies"}
_DERIVED: Final = frozenset({"mentions"})


def _parts(old: RuleSet, new: RuleSet) -> Iterator[str]:
    kinds: tuple[tuple[str, Sequence[_Part], Sequence[_Part]], ...] = (
        ("rules", old.rules, new.rules),
        ("questions", old.questions, new.questions),
        ("findings", old.findings, new.findings),
        ("topics", old.topics, new.topics),
        ("tips", old.tips, new.tips),
    )
    yield ""
    yield "What is different in the files"
    lines = [line for kind in kinds for line in _differences(*kind)]
    if old.out_of_scope != new.out_of_scope:
        lines.append("out of scope: changed")
    yield from (f"  {line}" for line in lines or ["nothing"])


def _differences(kind: str, old: Sequence[_Part], new: Sequence[_Part]) -> Iterator[str]:
    before = {part.id: part for part in old}
    after = {part.id: part for part in new}
    kept = [name for name in before if name in after]
    for verb, names in (
        ("added", [name for name in after if name not in before]),
        ("removed", [name for name in before if name not in after]),
    ):
        if names:
            yield f"{kind} {verb}: {', '.join(names)}"
    for name in kept:
        changed = _changed_attributes(before[name], after[name])
        if changed:
            yield f"{kind} changed: {name} ({', '.join(changed)})"
    if kept != [name for name in after if name in before]:
        yield f"{kind}: in another order"


def _changed_attributes(before: _Part, after: _Part) -> list[str]:
    return [
        _NAMES_IN_FILE.get(field.name, field.name)
        for field in fields(before)
        if field.name not in _DERIVED and getattr(before, field.name) != getattr(after, field.name)
    ]


# --- for the signature ----------------------------------------------------------------------


def _sign_off(changes: Sequence[Change], old: RuleSet, new: RuleSet) -> Iterator[str]:
    yield f"Version: {old.version} -> {new.version}; {_step_due(changes, old, new)}"
    yield "[ ] I agree with every change of advice above.   [ ] I do not agree, because:"
    yield ""
    yield "Name and profession: ______________________________   Date: ____________"
    yield "Signature: ________________________________________"


def _step_due(changes: Sequence[Change], old: RuleSet, new: RuleSet) -> str:
    """Return the step of the version that the project's rules ask for."""
    ids_before, ids_after = _ids(old), _ids(new)
    if ids_before - ids_after or any(change.new < change.old for change in changes):
        return "something is removed or calmer, so a major step is due"
    if ids_after - ids_before or changes:
        return "something is added or more urgent, so a minor step is due"
    return "nobody gets other advice, so a patch step will do"


def _ids(rule_set: RuleSet) -> set[tuple[str, str]]:
    return {
        *(("rule", rule.id) for rule in rule_set.rules),
        *(("question", question.id) for question in rule_set.questions),
        *(("finding", finding.id) for finding in rule_set.findings),
    }


if __name__ == "__main__":
    sys.exit(main())
