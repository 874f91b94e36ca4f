"""What must hold of every rule set, and how it is looked for.

Each property is a function that gives its violations, with concrete answers that show them.
How each is shown, and why that leaves nobody out, is told in ``scripts/prove_rules.py``.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final, TypeAlias

import z3

from scripts.rule_calls import Caller, Calls, silent_lines
from scripts.rule_interview import Interviews, walk
from scripts.rule_space import (
    Advice,
    Answers,
    CaseFinder,
    Cell,
    Cells,
    Choice,
    SymbolicRules,
    advice_in,
    advice_of,
    answer_cells,
    answers_in,
    at_most_one_answer_each,
    calm_cell,
    choice_of_answers,
    columns,
    graver_cells,
)
from skill.dialogue.script import asking, line_ids
from skill.triage.assessment import Assessment, assess
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from skill.errors import RuleSetError
    from skill.triage.model import Answer, Question, Rule, RuleSet

MOST_QUESTIONS_TO_CALM: Final = 14
EARLY_QUESTIONS: Final = 4

_SEED: Final = 20_240_229
_DRAWN: Final = 6_000
_INTERVIEWED: Final = 400
_LEANING: Final = 0.6


class Subject:
    """A rule set with all that is worked out about it, each when it is first needed.

    Attributes:
        rule_set: The rule set.
        words: Question id to the number of words that it takes to ask it; empty if unknown.
    """

    def __init__(
        self,
        rule_set: RuleSet,
        words: Mapping[str, int] | None = None,
        callers: Sequence[Caller] = (),
    ) -> None:
        """Take a rule set.

        Args:
            rule_set: The rule set.
            words: Question id to the number of words that it takes to ask it.
            callers: Callers whose calls are known to say many of its lines; none to let the
                walk through all interviews find some.
        """
        self.rule_set = rule_set
        self.words = words or {}
        self._callers = callers

    @cached_property
    def cells(self) -> Cells:
        """The answers that there are."""
        return answer_cells(self.rule_set)

    @cached_property
    def chosen(self) -> Choice:
        """The choice of answers that the formulas are about."""
        return choice_of_answers(self.cells, "given")

    @cached_property
    def rules(self) -> SymbolicRules:
        """The formulas."""
        rules = SymbolicRules(self.rule_set, self.chosen, "given")
        rules.define_next_question()
        rules.define_spoken()
        return rules

    @cached_property
    def finder(self) -> CaseFinder:
        """What finds answers for which formulas hold."""
        return CaseFinder(self.cells, self.chosen, self.rules)

    @cached_property
    def interviews(self) -> Interviews:
        """All interviews."""
        return walk(self.rule_set, self.cells, self.words)

    @cached_property
    def calls(self) -> tuple[Calls, list[str]]:
        """The calls held, and the lines said in none."""
        callers = self._callers or [
            Caller(
                self.interviews.answers_on_longest(self.interviews.ways[state]), says_first=False
            )
            for state in self.interviews.asked.values()
        ]
        return silent_lines(self.rules, self.cells, self.finder, callers)

    @cached_property
    def samples(self) -> list[Answers]:
        """Every single answer, every pair of answers, and thousands drawn at random."""
        every = [cell for cells in self.cells.values() for cell in cells]
        samples: list[Answers] = [{}]
        samples += [{cell.key: cell.answer} for cell in every]
        samples += [
            {one.key: one.answer, other.key: other.answer}
            for one, other in combinations(every, 2)
            if one.key != other.key
        ]
        draw = random.Random(_SEED)  # noqa: S311  # the same ones every time, and no secret
        samples += _drawn(self.cells, draw)
        samples += _interviewed(self.rule_set, self.cells, draw)
        return samples

    def assess(self, answers: Answers) -> Assessment:
        """Ask the engine."""
        return assess(self.rule_set, answers)

    def described(self, answers: Answers) -> str:
        """Return answers with what the engine makes of them."""
        assessment = self.assess(answers)
        deciding = ", ".join(rule.id for rule in assessment.decisive) or "no rule"
        return f"{written(answers)} -> {advice_in(assessment)} ({deciding})"


def why_refused(path: Path, error: RuleSetError) -> str:
    """Return, in one line, why a rule set was not loaded."""
    first, *others = error.problems
    place = "" if first.startswith(str(path)) else f"{path}: "
    more = f" (and {len(others)} more)" if others else ""
    return f"{place}{first}{more}"


def written(answers: Answers) -> str:
    """Return answers as a person would write them."""
    return json.dumps(answers)


def _drawn(cells: Cells, draw: random.Random) -> Iterator[Answers]:
    """Draw sets of answers: few and many, evenly or with a leaning to "not sure"."""
    keys = list(cells)
    fewest = min(3, len(keys))
    for number in range(_DRAWN):
        most = draw.randint(fewest, len(keys))
        some = draw.sample(keys, draw.randint(fewest, most))
        leaning = {key: Cell(key, "unsure") for key in some} if number % 2 else {}
        yield {key: _reply(cells[key], leaning.get(key), draw) for key in some}


def _interviewed(rule_set: RuleSet, cells: Cells, draw: random.Random) -> Iterator[Answers]:
    """Draw interviews with a leaning to calm answers, and give each as far as it has come."""
    for _ in range(_INTERVIEWED):
        answers: Answers = {}
        while (question := assess(rule_set, answers).next_question) is not None:
            calm = calm_cell(rule_set, question, cells)
            answers = {**answers, question.id: _reply(cells[question.id], calm, draw)}
            yield answers


def _reply(cells: Sequence[Cell], leaning: Cell | None, draw: random.Random) -> Answer:
    leans = leaning in cells and draw.random() < _LEANING
    return leaning.answer if leaning and leans else draw.choice(cells).answer


@dataclass(frozen=True, slots=True)
class Property:
    """Something that must hold.

    Attributes:
        name: Names what there must be none of.
        out_of: How many there could be; ``None`` where that is no number worth telling.
        violations: Gives each that there is, with answers that show it.
    """

    name: str
    violations: Callable[[Subject], Iterator[str]]
    out_of: Callable[[Subject], int] | None = None


# --- the advice -----------------------------------------------------------------------------


def without_one_advice(subject: Subject) -> Iterator[str]:
    """Find answers that get no advice, or more than one."""
    each = [subject.rules.is_advice(advice) for advice in Advice]
    none = z3.Not(z3.Or(each))
    two = z3.Or([z3.And(one, other) for one, other in combinations(each, 2)])
    found = subject.finder.smallest_case(z3.Or(none, two))
    if found is not None:
        yield written(found)


def disagreements(subject: Subject) -> Iterator[str]:
    """Find answers of which the formulas say something else than the engine does."""
    samples = subject.samples
    values = columns(subject.rules, samples)
    true_on: dict[_Result, list[int]] = {}
    for index, sample in enumerate(samples):
        for result in _told_by_engine(subject.assess(sample)):
            true_on.setdefault(result, []).append(index)
    for result, formula in _told_by_formulas(subject.rules).items():
        engine = bytearray(b"0") * len(samples)
        for index in true_on.get(result, ()):
            engine[-1 - index] = ord("1")
        differing = int(engine, 2) ^ values[formula.decl().name()]
        if differing:
            sample = samples[(differing & -differing).bit_length() - 1]
            yield f"{' '.join(map(str, result))} on {subject.described(sample)}"


_Result: TypeAlias = tuple[str, str | Advice]


def _told_by_formulas(rules: SymbolicRules) -> dict[_Result, z3.BoolRef]:
    return {
        **{("present", finding): formula for finding, formula in rules.present.items()},
        **{("fires", rule): formula for rule, formula in rules.fires.items()},
        **{("asked next", question): formula for question, formula in rules.asks_next.items()},
        **{("at least", advice): formula for advice, formula in rules.at_least.items()},
    }


def _told_by_engine(assessment: Assessment) -> Iterator[_Result]:
    yield from (("present", finding) for finding in assessment.present)
    yield from (("fires", rule.id) for rule in assessment.fired)
    yield from (("at least", advice) for advice in Advice if advice <= advice_in(assessment))
    if assessment.next_question is not None:
        yield "asked next", assessment.next_question.id


def lowered_advice(subject: Subject) -> Iterator[str]:
    """Find a graver answer, a report or a longer time that makes the advice calmer.

    z3 compares two callers, each answer of the one as grave as the other's or graver. That
    covers any number of changes at once; the single change that does it is then picked out.
    """
    cells, graver = subject.cells, graver_cells(subject.rule_set, subject.cells)
    after = SymbolicRules(subject.rule_set, choice_of_answers(cells, "graver"), "graver")
    solver = z3.Solver()
    solver.add(*subject.rules.constraints(), *after.constraints())
    for chosen in (subject.chosen, after.chosen):
        solver.add(*at_most_one_answer_each(cells, chosen))
    for cell, variable in subject.chosen.items():
        no_calmer = [after.chosen[other] for other in (cell, *graver[cell])]
        solver.add(z3.Implies(variable, z3.Or(no_calmer)))
    solver.add(
        z3.Or(
            [
                z3.And(subject.rules.at_least[advice], z3.Not(after.at_least[advice]))
                for advice in Advice
            ]
        )
    )
    if solver.check() != z3.unsat:
        model = solver.model()
        calmer, worse = answers_in(model, subject.chosen), answers_in(model, after.chosen)
        yield _single_step(subject, calmer, worse)


def _single_step(subject: Subject, start: Answers, end: Answers) -> str:
    """Return the one change on the way that lowers the advice, with as few answers as can be."""
    key, before, after = next(
        (key, before, after)
        for key, before, after in _steps(start, end)
        if _lowers(subject, before, after)
    )
    for other in [name for name in before if name != key]:
        fewer, fewer_after = (
            {name: answer for name, answer in answers.items() if name != other}
            for answers in (before, after)
        )
        if _lowers(subject, fewer, fewer_after):
            before, after = fewer, fewer_after
    before, after = _first_lowering(subject, before, after, key)
    return f"before: {subject.described(before)}; after: {subject.described(after)}"


def _steps(start: Answers, end: Answers) -> Iterator[tuple[str, Answers, Answers]]:
    """Give the ways from one set of answers to another, an answer at a time."""
    for key, answer in end.items():
        changed = {**start, key: answer}
        yield key, start, changed
        start = changed


def _first_lowering(
    subject: Subject, before: Answers, after: Answers, key: str
) -> tuple[Answers, Answers]:
    """Return the first two answers to the same question that do it, numbers before "not sure"."""
    graver = graver_cells(subject.rule_set, subject.cells)
    for calm in subject.cells[key]:
        for grave in graver[calm]:
            one, other = {**before, key: calm.answer}, {**after, key: grave.answer}
            if _lowers(subject, one, other):
                return one, other
    return before, after


def _lowers(subject: Subject, before: Answers, after: Answers) -> bool:
    return advice_in(subject.assess(after)) < advice_in(subject.assess(before))


def unsure_emergencies(subject: Subject) -> Iterator[str]:
    """Find an emergency out of nothing but calm answers, "not sure" and numbers."""
    allowed = {
        cell
        for question in subject.rule_set.questions
        for cell in subject.cells[question.id]
        if cell.last is not None
        or cell.answer == "unsure"
        or cell == calm_cell(subject.rule_set, question, subject.cells)
    }
    barred = [z3.Not(v) for cell, v in subject.chosen.items() if cell not in allowed]
    found = subject.finder.smallest_case(subject.rules.at_least[Advice.EMERGENCY], *barred)
    if found is not None:
        yield subject.described(found)


def questions_left_out(subject: Subject) -> Iterator[str]:
    """Find advice that is given although the answer to an open question could raise its level.

    One caller has heard the advice; the other was asked one or more of the questions that were
    open to the first, and got more urgent advice.
    """
    rule_set, before = subject.rule_set, subject.rules
    after = SymbolicRules(rule_set, choice_of_answers(subject.cells, "asked on"), "asked on")
    solver = z3.Solver()
    solver.add(*before.constraints(), *after.constraints())
    for chosen in (before.chosen, after.chosen):
        solver.add(*at_most_one_answer_each(subject.cells, chosen))
    solver.add(*map(z3.Not, before.worth_asking.values()))
    for question in rule_set.questions:
        opened = z3.Or([before.present[f] for f in question.follows] or [z3.BoolVal(val=True)])
        for cell in subject.cells[question.id]:
            was, becomes = before.chosen[cell], after.chosen[cell]
            asked = z3.And(before.unasked.get(question.id, z3.BoolVal(val=False)), opened)
            solver.add(z3.Implies(was, becomes), z3.Implies(becomes, z3.Or(was, asked)))
            if cell.answer == "unsure":
                # "Not sure" is only ever said to an open question.
                solver.add(z3.Implies(was, opened))
    for cell, variable in before.chosen.items():
        if rule_set.question(cell.key) is None:
            solver.add(variable == after.chosen[cell])
    solver.add(
        z3.Or(
            [
                z3.And(
                    after.at_least_disposition(level), z3.Not(before.at_least_disposition(level))
                )
                for level in Disposition
            ]
        )
    )
    if solver.check() != z3.unsat:
        model = solver.model()
        told, asked_on = answers_in(model, before.chosen), answers_in(model, after.chosen)
        yield f"{subject.described(told)}; asked on: {subject.described(asked_on)}"


# --- what is dead or says nothing new -------------------------------------------------------


def absent_findings(subject: Subject) -> Iterator[str]:
    """Find findings that no answers make present."""
    for finding, present in subject.rules.present.items():
        if not subject.finder.holds_somewhere(present):
            yield finding


def dead_rules(subject: Subject) -> Iterator[str]:
    """Find rules that fire on no answers."""
    for rule, fires in subject.rules.fires.items():
        if not subject.finder.holds_somewhere(fires):
            yield rule


def dead_questions(subject: Subject) -> Iterator[str]:
    """Find questions that are asked in no call."""
    said = subject.calls[0].said
    for question in asked_questions(subject.rule_set):
        if asking(question).id not in said:
            yield question.id


def dead_lines(subject: Subject) -> Iterator[str]:
    """Find lines that are said in no call."""
    yield from subject.calls[1]


def idle_rules(subject: Subject) -> Iterator[str]:
    """Find rules without which every caller would hear the same level and time frame.

    A rule that names another in ``backed_up_by`` may be idle. The rules that it backs up do
    not count against a rule: of two that say the same, one has to stand on its own.
    """
    for rule in subject.rule_set.rules:
        if rule.backed_up_by is None and not _matters(subject, rule):
            standing_in = _standing_in(subject, rule)
            yield f"{rule.id} (whenever it fires, so does {standing_in or 'another as urgent'})"


def _matters(subject: Subject, rule: Rule) -> bool:
    fires, backed_up = subject.rules.fires, _backed_up_by(subject.rule_set, rule)
    others = [
        fires[other.id]
        for other in subject.rule_set.rules
        if advice_of(other) >= advice_of(rule) and other.id not in backed_up
    ]
    return subject.finder.holds_somewhere(fires[rule.id], *map(z3.Not, others))


def _backed_up_by(rule_set: RuleSet, rule: Rule) -> set[str]:
    """Return the ids of a rule and of all that it backs up, directly or not."""
    reached = {rule.id}
    while more := {r.id for r in rule_set.rules if r.backed_up_by in reached} - reached:
        reached |= more
    return reached


def _standing_in(subject: Subject, rule: Rule) -> str | None:
    fires = subject.rules.fires
    for other in subject.rule_set.rules:
        as_urgent = advice_of(other) >= advice_of(rule) and other is not rule
        if as_urgent and not subject.finder.holds_somewhere(
            fires[rule.id], z3.Not(fires[other.id])
        ):
            return other.id
    return None


def false_back_ups(subject: Subject) -> Iterator[str]:
    """Find rules whose ``backed_up_by`` does not always fire with at least the same level.

    A back-up that gives the same level later is one only for a rule that changes the time
    frame by itself.
    """
    by_id = {rule.id: rule for rule in subject.rule_set.rules}
    for rule in subject.rule_set.rules:
        if rule.backed_up_by is None:
            continue
        backing = by_id[rule.backed_up_by]
        fires = subject.rules.fires
        alone = subject.finder.smallest_case(fires[rule.id], z3.Not(fires[backing.id]))
        if alone is not None:
            yield f"{rule.id} fires without {backing.id}: {subject.described(alone)}"
        elif backing.disposition < rule.disposition:
            yield f"{rule.id} is backed up by {backing.id}, which is less urgent"
        elif advice_of(backing) < advice_of(rule) and not _matters(subject, rule):
            yield f"{rule.id} is backed up by {backing.id}, which is later"
        elif backing.id in _backed_up_by(subject.rule_set, rule):
            yield f"{rule.id} and {backing.id} back up each other"


# --- the order of the questions -------------------------------------------------------------


def late_emergencies(subject: Subject) -> Iterator[str]:
    """Find emergencies by themselves that the first main questions do not ask about."""
    early = list(main_questions(subject.rule_set))[:EARLY_QUESTIONS]
    named = {finding for question in early for finding in question.asks_about}
    for finding_id, asked_in in lone_emergencies(subject.rule_set):
        finding = subject.rule_set.finding(finding_id)
        decides = finding.question if finding else None
        question = subject.rule_set.question(decides or "")
        is_follow_up = question is not None and bool(question.follows)
        if asked_in and finding_id not in named and question not in early and not is_follow_up:
            yield f"{finding_id} is first asked about in {asked_in[0]}"


def lone_emergencies(rule_set: RuleSet) -> Iterator[tuple[str, list[str]]]:
    """Give findings that are an emergency with no more than they imply, and who asks of them."""
    urgent = [rule for rule in rule_set.rules if rule.disposition is Disposition.EMERGENCY]
    for finding in rule_set.findings:
        if any(rule.fires_on(finding.implies | {finding.id}) for rule in urgent):
            yield (
                finding.id,
                [
                    question.id
                    for question in asked_questions(rule_set)
                    if finding.id in question.asks_about or finding.question == question.id
                ],
            )


def waiting_follow_ups(subject: Subject) -> Iterator[str]:
    """Find follow-ups that wait, once opened, until a main question was asked.

    A follow-up may stand before what opens it: it is then the next to be asked.
    """
    asked = list(asked_questions(subject.rule_set))
    openers = {
        question.id: [
            other
            for other in asked
            if other is not question and subject.rule_set.findings_from(other) & question.follows
        ]
        for question in asked
    }
    place = {question.id: index for index, question in enumerate(asked)}
    heard_at = dict(place)
    for _ in asked:
        for question in asked:
            earliest = min((heard_at[other.id] for other in openers[question.id]), default=0)
            heard_at[question.id] = max(place[question.id], earliest)
    for question in asked:
        last = max((heard_at[other.id] for other in openers[question.id]), default=len(asked))
        between = [other.id for other in asked[last + 1 : place[question.id]] if not other.follows]
        if question.follows and between:
            yield f"{question.id} waits until {', '.join(between)} were asked"


def too_many_for_calm(subject: Subject) -> Iterator[str]:
    """Find that a caller hears too much who says nothing alarming, whatever the numbers."""
    heard = max(heard_when_calm(subject))
    if heard > MOST_QUESTIONS_TO_CALM:
        yield f"{heard} questions"


def heard_when_calm(subject: Subject) -> dict[int, float]:
    """Return how many questions a caller with nothing alarming hears, and how likely each is."""
    calm: Cells = {
        question.id: tuple(
            cell
            for cell in subject.cells[question.id]
            if cell.last is not None or cell == calm_cell(subject.rule_set, question, subject.cells)
        )
        for question in subject.rule_set.questions
    }
    return walk(subject.rule_set, calm).all_chances


def wrong_longest_ways(subject: Subject) -> Iterator[str]:
    """Find longest ways that the engine does not go."""
    for rule, ways in subject.interviews.emergencies.items():
        for answers in (
            subject.interviews.answers_on_longest(ways),
            subject.interviews.answers_on_wordiest(ways),
        ):
            given: dict[str, Answer] = {}
            for key, answer in answers.items():
                question = subject.assess(given).next_question
                if question is None or question.id != key:
                    yield f"{rule}: after {written(given)} the engine does not ask {key}"
                    break
                given[key] = answer
            if rule not in {fired.id for fired in subject.assess(answers).fired}:
                yield f"{rule} does not fire on {written(answers)}"


def asked_questions(rule_set: RuleSet) -> Iterator[Question]:
    """Give the questions that can be asked."""
    return (question for question in rule_set.questions if not question.volunteered)


def main_questions(rule_set: RuleSet) -> Iterator[Question]:
    """Give those that can be asked of everybody."""
    return (question for question in asked_questions(rule_set) if not question.follows)


# --- all of them ----------------------------------------------------------------------------

OF_ANY_RULE_SET: Final = (
    Property("sets of answers without exactly one advice", without_one_advice),
    Property("graver answers, reports or longer times that lower the advice", lowered_advice),
    Property("emergencies out of nothing but calm, unsure and numbers", unsure_emergencies),
    Property("advice given while an open question could raise it", questions_left_out),
    Property(
        "findings that are never present", absent_findings, lambda s: len(s.rule_set.findings)
    ),
    Property("rules that never fire", dead_rules, lambda s: len(s.rule_set.rules)),
    Property(
        "rules that change nothing and name no back-up", idle_rules, lambda s: len(s.rule_set.rules)
    ),
    Property(
        "back-ups that do not hold",
        false_back_ups,
        lambda s: sum(rule.backed_up_by is not None for rule in s.rule_set.rules),
    ),
    Property(
        f"lone emergencies not asked about in the first {EARLY_QUESTIONS} main questions",
        late_emergencies,
        lambda s: len(list(lone_emergencies(s.rule_set))),
    ),
    Property(
        "follow-ups that wait past the next main question",
        waiting_follow_ups,
        lambda s: sum(bool(question.follows) for question in s.rule_set.questions),
    ),
    Property(
        f"more than {MOST_QUESTIONS_TO_CALM} questions to a caller with nothing alarming",
        too_many_for_calm,
    ),
    Property(
        "questions that are never asked",
        dead_questions,
        lambda s: len(list(asked_questions(s.rule_set))),
    ),
    Property("lines that are never said", dead_lines, lambda s: len(list(line_ids(s.rule_set)))),
)
"""What is asked of every rule set, and of every one with a defect seeded."""

OF_THE_PROOF: Final = (
    Property("disagreements between engine and formulas", disagreements, lambda s: len(s.samples)),
    Property(
        "longest ways that the engine does not go",
        wrong_longest_ways,
        lambda s: 2 * len(s.interviews.emergencies),
    ),
)
"""What shows that the proof itself is about the engine."""


def violations(subject: Subject, properties: Sequence[Property]) -> dict[str, list[str]]:
    """Return each property's violations by its name."""
    return {one.name: list(one.violations(subject)) for one in properties}
