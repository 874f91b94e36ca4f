#!/usr/bin/env python3
"""Prove what must hold of a rule set for every caller, and print its figures.

How it is shown, and why that leaves nobody out:

* The advice (nothing lowers it, nobody goes without, no rule is dead): with z3, over all sets
  of answers at once. "scripts/rule_space.py" tells why finitely many choices are all of them,
  numbers included.
* That z3 is told the truth: the engine and the formulas are compared on every single answer,
  every pair of answers and thousands of sets drawn at random, always the same ones.
* The interview (what is asked, and after how many questions): by walking every interview, those
  that go on alike as one. "scripts/rule_interview.py" tells why that is exact. It is the interview
  of a caller who answers what is asked and volunteers nothing. The longest ways are then gone
  once more with the engine itself.
* The lines: by holding a call in which each is said ("scripts/rule_calls.py").

Words are those of the greeting and of each question, asked once, in US English. A median takes
every reply to a question as equally likely, where one band of numbers is one reply.

The exit status is 0 if everything holds, 1 if something is violated (concrete answers that show it
are printed), and 2 if there is no rule set to prove it of.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.rule_interview import middle_of
from scripts.rule_mutations import (
    CASES,
    EQUIVALENT,
    LOADER,
    NOBODY,
    ONLY_THE_ORDER,
    PROVER,
    VIGNETTES,
    Judges,
    mutants,
)
from scripts.rule_properties import (
    OF_ANY_RULE_SET,
    OF_THE_PROOF,
    Subject,
    heard_when_calm,
    lone_emergencies,
    why_refused,
    written,
)
from scripts.rule_space import number_of_answer_sets
from skill.dialogue.script import GREETING, Line, asking
from skill.errors import CatalogueError, RuleSetError
from skill.speech.catalogue import DEFAULT_LOCALE, Catalogue, load_catalogues
from skill.speech.ssml import to_text
from skill.triage.loading import RULES_FOLDER, load_rule_set, read_json, source_ids
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from skill.triage.model import RuleSet

DEFAULT_PATH: Final = RULES_FOLDER / "upper_back_pain.json"

_PROGRAM: Final = "prove_rules"
_RULE_TESTS: Final = Path(__file__).parents[1] / "tests" / "rules"
_GOAL: Final = 0.95
_VIOLATED: Final = 1
_BAD_INPUT: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove a rule set, or seed defects into it, and return the exit status."""
    options = _options(arguments)
    try:
        rule_set = load_rule_set(options.rule_set)
    except RuleSetError as error:
        print(f"{_PROGRAM}: {why_refused(options.rule_set, error)}", file=sys.stderr)
        return _BAD_INPUT
    subject = Subject(rule_set, _words_by_question(rule_set))
    if options.mutate:
        return _mutate(subject, options.rule_set, options.tests)
    return _prove(subject, shows_ways=options.ways)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "rule_set", type=Path, nargs="?", default=DEFAULT_PATH, metavar="RULE_SET.json",
        help="the rule set; the skill's if none is given",
    )  # fmt: skip
    parser.add_argument(
        "--mutate",
        action="store_true",
        help="seed defects instead, and count who notices them (takes minutes)",
    )
    parser.add_argument(
        "--tests",
        type=Path,
        default=_RULE_TESTS,
        metavar="FOLDER",
        help="where --mutate finds vignettes.json and cases; tests/rules if not given",
    )
    parser.add_argument(
        "--ways", action="store_true", help="print the answers on the longest ways, too"
    )
    return parser.parse_args(arguments)


def _prove(subject: Subject, *, shows_ways: bool) -> int:
    violated = 0
    for line in _size(subject):
        print(line)
    for one in (*OF_THE_PROOF, *OF_ANY_RULE_SET):
        found = list(one.violations(subject))
        out_of = f" of {one.out_of(subject):,}" if one.out_of else ""
        print(f"{one.name}: {len(found)}{out_of}", flush=True)
        for violation in found:
            print(f"  violated: {violation}")
        violated += bool(found)
    for line in _figures(subject, shows_ways=shows_ways):
        print(line)
    print(f"properties violated: {violated} of {len(OF_THE_PROOF) + len(OF_ANY_RULE_SET)}")
    return _VIOLATED if violated else 0


# --- the figures ----------------------------------------------------------------------------


def _size(subject: Subject) -> Iterator[str]:
    rule_set = subject.rule_set
    volunteered = sum(question.volunteered for question in rule_set.questions)
    reports = sum(rule_set.question(key) is None for key in subject.cells)
    yield f"rule set: {rule_set.name}"
    yield f"questions: {len(rule_set.questions)}, of which {volunteered} only taken, never asked"
    yield f"findings: {len(rule_set.findings)}, of which {reports} only reported"
    yield f"rules: {len(rule_set.rules)}"
    yield f"sets of answers: {number_of_answer_sets(subject.cells):,}"


def _figures(subject: Subject, *, shows_ways: bool) -> Iterator[str]:
    interviews = subject.interviews
    below = interviews.chances[False]
    calm = heard_when_calm(subject)
    yield f"states of an interview: {len(interviews.ways):,}"
    yield f"questions heard: {_spread(interviews.all_chances)}"
    if below:
        yield f"questions heard below an emergency: {_spread(below)}"
    yield f"questions heard with nothing alarming: {min(calm)} at best, {max(calm)} at worst"
    if not subject.words:
        yield f"words of the questions: unknown, {DEFAULT_LOCALE} has no lines for them"
    yield from _ways(subject, shows_ways=shows_ways)
    yield from _lone(subject.rule_set)


def _spread(chances: Mapping[int, float]) -> str:
    return f"{min(chances)} at best, {middle_of(chances)} median, {max(chances)} at worst"


def _ways(subject: Subject, *, shows_ways: bool) -> Iterator[str]:
    """Give the longest way to each emergency, from launch to the last question's end."""
    for rule in subject.rule_set.rules:
        if rule.disposition is not Disposition.EMERGENCY:
            continue
        ways = subject.interviews.emergencies.get(rule.id)
        if ways is None:
            yield f"longest way to {rule.id}: none unless something is reported"
            continue
        words = f", {_words_in(GREETING) + ways.wordiest.length} words" if subject.words else ""
        length = ways.longest.length
        yield f"longest way to {rule.id}: {length} question{'s' * (length > 1)}{words}"
        if shows_ways:
            yield f"  {written(subject.interviews.answers_on_longest(ways))}"


def _lone(rule_set: RuleSet) -> Iterator[str]:
    """Give the emergencies by themselves that need more than a yes to a main question."""
    lone = list(lone_emergencies(rule_set))
    behind = [name for name, _ in lone if _is_of_follow_up(name, rule_set)]
    never = [name for name, asked_in in lone if not asked_in]
    yield f"lone emergencies asked about behind their triggers: {', '.join(behind) or 'none'}"
    yield f"lone emergencies taken only when reported: {', '.join(never) or 'none'}"


def _is_of_follow_up(finding_id: str, rule_set: RuleSet) -> bool:
    finding = rule_set.finding(finding_id)
    question = rule_set.question(finding.question) if finding and finding.question else None
    return question is not None and bool(question.follows)


def _words_by_question(rule_set: RuleSet) -> dict[str, int]:
    """Return how many words each question takes to ask; empty where they are not known."""
    try:
        return {q.id: _words_in(asking(q)) for q in rule_set.questions if not q.volunteered}
    except (KeyError, CatalogueError):
        return {}


def _words_in(line: Line) -> int:
    """Return how many words a line has.

    Raises:
        KeyError: It has none in this locale.
        CatalogueError: The locale cannot be read.
    """
    return len(to_text([_american_english().phrase(line)]).split())


@cache
def _american_english() -> Catalogue:
    return load_catalogues(load_rule_set())[DEFAULT_LOCALE]


# --- the defects ----------------------------------------------------------------------------


def _mutate(subject: Subject, path: Path, tests: Path) -> int:
    sources = source_ids(read_json(RULES_FOLDER / "sources.json"))
    judges = Judges(subject, sources, tests)
    if not judges.accept(subject.rule_set):
        print(f"{_PROGRAM}: {tests}: they refuse {path} as it is", file=sys.stderr)
        return _BAD_INPUT
    counts: Counter[str] = Counter()
    for mutant in mutants(read_json(path)):
        verdict = judges.verdict(mutant)
        counts[verdict] += 1
        if verdict in (NOBODY, ONLY_THE_ORDER):
            print(f"not caught: {mutant.kind}: {mutant.place} ({verdict})", flush=True)
    defects = counts.total() - counts[EQUIVALENT]
    caught = defects - counts[NOBODY] - counts[ONLY_THE_ORDER]
    print(f"seeded: {counts.total()}")
    print(f"equivalent, as z3 proves: {counts[EQUIVALENT]}")
    for judge in (LOADER, VIGNETTES, CASES, PROVER):
        print(f"caught first by {judge}: {counts[judge]}")
    score = caught / defects if defects else 1.0
    print(f"caught: {caught} of {defects} ({score:.1%}; the goal is {_GOAL:.0%})")
    return 0 if score >= _GOAL else _VIOLATED


if __name__ == "__main__":
    sys.exit(main())
