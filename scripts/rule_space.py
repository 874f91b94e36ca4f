"""Every set of answers that a rule set can meet, as formulas for z3.

Why a finite number of cases is all of them: the engine reads an answer only through
``present_when``. A word is one of three. A number is compared with nothing but the bounds of
the findings' bands, so all numbers between two neighbouring bounds have the same effect, and
one *cell* stands for them. A finding without a question is reported or it is not; denying it
has no effect on the advice. A set of answers therefore is, for each question, no answer or
one of its cells, and, for each such finding, no report or a report. Whatever z3 shows about
these choices holds for every set of answers, in whatever order they were given.

The formulas follow ``skill.triage.assessment.assess``. That they say the same is not taken on
trust: :func:`columns` evaluates the very formulas that z3 is given on many sets of answers at
once, to be compared with the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce
from itertools import combinations, pairwise
from operator import and_, or_
from typing import TYPE_CHECKING, Final

import z3

from skill.dialogue.advice import MOST_REASONS
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from skill.triage.assessment import Assessment
    from skill.triage.model import Answer, Question, Rule, RuleSet, Within

Answers = dict[str, "Answer"]
Cells = dict[str, tuple["Cell", ...]]
Choice = dict["Cell", z3.BoolRef]

_WORDS: Final = ("no", "unsure", "yes")


class Advice(IntEnum):
    """A disposition with its time frame; a higher value is more urgent."""

    SELF_CARE = 0
    SEE_DOCTOR_IN_TWO_WEEKS = 1
    SEE_DOCTOR_IN_A_FEW_DAYS = 2
    URGENT_SAME_DAY = 3
    EMERGENCY = 4

    def __str__(self) -> str:
        """Return it in words."""
        return self.name.lower().replace("_", " ")


def advice_for(disposition: Disposition, within: Within | None = None) -> Advice:
    """Return the advice that a disposition and a time frame come to."""
    match disposition:
        case Disposition.SELF_CARE:
            return Advice.SELF_CARE
        case Disposition.SEE_DOCTOR:
            soon = within == "few_days"
            return Advice.SEE_DOCTOR_IN_A_FEW_DAYS if soon else Advice.SEE_DOCTOR_IN_TWO_WEEKS
        case Disposition.URGENT_SAME_DAY:
            return Advice.URGENT_SAME_DAY
        case Disposition.EMERGENCY:
            return Advice.EMERGENCY


def advice_of(rule: Rule) -> Advice:
    """Return what a rule asks for."""
    return advice_for(rule.disposition, rule.within)


def advice_in(assessment: Assessment) -> Advice:
    """Return what a caller is told, the time frame included."""
    return max((advice_of(rule) for rule in assessment.decisive), default=Advice.SELF_CARE)


# --- the answers ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """Answers under one key that nothing tells apart.

    Attributes:
        key: Id of the question, or of the finding reported.
        answer: The word, or the smallest number.
        last: The largest number; ``None`` for a word.
    """

    key: str
    answer: Answer
    last: int | None = None

    def __str__(self) -> str:
        """Return it as a person would write it."""
        numbers = "" if self.last in (None, self.answer) else f" to {self.last}"
        return f"{self.key} = {self.answer}{numbers}"


def answer_cells(*rule_sets: RuleSet) -> Cells:
    """Return the cells under every key, fine enough for each of the rule sets."""
    keys: dict[str, None] = {}
    for rule_set in rule_sets:
        keys.update(dict.fromkeys(question.id for question in rule_set.questions))
    for rule_set in rule_sets:
        keys.update(dict.fromkeys(f.id for f in rule_set.findings if not f.question and f.reported))
    return {key: (*_numbers(key, rule_sets), *_words(key, rule_sets)) for key in keys}


def _words(key: str, rule_sets: Sequence[RuleSet]) -> Iterator[Cell]:
    accepted: set[str] = set()
    for rule_set in rule_sets:
        question = rule_set.question(key)
        if question is not None:
            accepted |= question.answer.words
        elif rule_set.finding(key) is not None:
            accepted.add("yes")
    for word in _WORDS:
        if word in accepted:
            yield Cell(key, word)


def _numbers(key: str, rule_sets: Sequence[RuleSet]) -> Iterator[Cell]:
    starts: set[int] = set()
    lowest, highest = [], []
    for rule_set in rule_sets:
        question = rule_set.question(key)
        if question is None or not question.answer.takes_numbers:
            continue
        lowest.append(question.answer.minimum or 0)
        highest.append(question.answer.maximum or 0)
        for band in (f.present_when for f in rule_set.findings if f.question == key):
            if band is not None and band.takes_numbers:
                starts |= {band.minimum} if band.minimum is not None else set()
                starts |= {band.maximum + 1} if band.maximum is not None else set()
    if not lowest:
        return
    first, last = min(lowest), max(highest)
    inside = sorted({first, *(start for start in starts if first <= start <= last), last + 1})
    for start, behind in pairwise(inside):
        yield Cell(key, start, behind - 1)


def graver_cells(rule_set: RuleSet, cells: Cells) -> dict[Cell, tuple[Cell, ...]]:
    """Return, for each cell, the cells that may not get calmer advice than it.

    Calm, not sure, alarming for a yes or no; a longer time or more nights for a number, where
    "not sure" counts as more than the smallest number. An age has no alarming side.
    """
    graver: dict[Cell, tuple[Cell, ...]] = {
        cell: () for choices in cells.values() for cell in choices
    }
    for key, choices in cells.items():
        question = rule_set.question(key)
        rising = _from_calm_to_grave(question, choices) if question else choices
        for index, cell in enumerate(rising):
            graver[cell] = tuple(rising[index + 1 :])
        if question is not None and question.kind in ("count", "duration"):
            smallest, unsure = rising[0], Cell(key, "unsure")
            graver[smallest] += tuple(cell for cell in choices if cell == unsure)
    return graver


def _from_calm_to_grave(question: Question, choices: Sequence[Cell]) -> list[Cell]:
    if question.kind == "age":
        return []
    if question.alarming is None:
        return [cell for cell in choices if cell.last is not None]
    return list(choices) if question.alarming == "yes" else list(reversed(choices))


def calm_cell(rule_set: RuleSet, question: Question, cells: Cells) -> Cell:
    """Return the answer to a question that raises least."""
    if question.alarming is not None:
        return Cell(question.id, "no" if question.alarming == "yes" else "yes")
    read = frozenset[str]().union(*(rule.mentions for rule in rule_set.rules))
    numbers = [cell for cell in cells[question.id] if cell.last is not None]
    return min(numbers, key=lambda c: len(rule_set.findings_on(c.key, c.answer) & read))


def number_of_answer_sets(cells: Cells) -> int:
    """Return how many sets of answers there are, one number standing for its cell."""
    product = 1
    for choices in cells.values():
        product *= len(choices) + 1
    return product


# --- the formulas ---------------------------------------------------------------------------


def choice_of_answers(cells: Cells, name: str) -> Choice:
    """Return a variable for each cell: whether its answer was given."""
    return {
        cell: z3.Bool(f"{name} {cell.key}={cell.answer}")
        for choices in cells.values()
        for cell in choices
    }


def at_most_one_answer_each(cells: Cells, chosen: Choice) -> list[z3.BoolRef]:
    """Return that no question has two answers."""
    return [
        z3.Not(z3.And(chosen[one], chosen[other]))
        for choices in cells.values()
        for one, other in combinations(choices, 2)
    ]


@dataclass(slots=True)
class SymbolicRules:
    """What a rule set makes of a choice of answers, as formulas.

    Attributes:
        rule_set: The rule set.
        chosen: The variables it is a function of.
        name: What its own variables begin with.
        definitions: Each variable with the formula it stands for, in an order in which each
            formula needs earlier ones only.
        present: Finding id to whether it is present.
        met: Rule id to whether each of its alternatives is met.
        fires: Rule id to whether it fires.
        at_least: Advice to whether the advice is that or a more urgent one.
        unasked: Question id to whether it needs asking at all.
        worth_asking: Question id to whether its answer could raise the level now.
        asks_next: Question id to whether it is asked next.
        spoken: Rule id to whether it is given as a reason if the advice is given now.
    """

    rule_set: RuleSet
    chosen: Choice
    name: str
    definitions: list[tuple[z3.BoolRef, z3.BoolRef]] = field(default_factory=list)
    present: dict[str, z3.BoolRef] = field(default_factory=dict)
    met: dict[str, list[z3.BoolRef]] = field(default_factory=dict)
    fires: dict[str, z3.BoolRef] = field(default_factory=dict)
    at_least: dict[Advice, z3.BoolRef] = field(default_factory=dict)
    unasked: dict[str, z3.BoolRef] = field(default_factory=dict)
    worth_asking: dict[str, z3.BoolRef] = field(default_factory=dict)
    asks_next: dict[str, z3.BoolRef] = field(default_factory=dict)
    spoken: dict[str, z3.BoolRef] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write the formulas."""
        self._define_findings()
        for rule in self.rule_set.rules:
            self.met[rule.id] = [
                self.define(f"met {rule.id} {number}", self.all_present(alternative))
                for number, alternative in enumerate(rule.alternatives)
            ]
            self.fires[rule.id] = self.define(f"fires {rule.id}", *self.met[rule.id])
        for advice in Advice:
            self.at_least[advice] = self.define(
                f"at least {advice}",
                z3.BoolVal(advice <= advice_for(self.rule_set.otherwise)),
                *(self.fires[r.id] for r in self.rule_set.rules if advice_of(r) >= advice),
            )

    def define(self, name: str, *formulas: z3.BoolRef) -> z3.BoolRef:
        """Return a variable that stands for one of the formulas being true."""
        variable = z3.Bool(f"{self.name} {name}")
        self.definitions.append((variable, _any(formulas)))
        return variable

    def constraints(self) -> list[z3.BoolRef]:
        """Return the definitions as z3 wants them."""
        return [variable == formula for variable, formula in self.definitions]

    def all_present(self, findings: Iterable[str]) -> z3.BoolRef:
        """Return that all of the findings are present."""
        return z3.And([self.present[finding] for finding in sorted(findings)])

    def is_advice(self, advice: Advice) -> z3.BoolRef:
        """Return that the advice is this one exactly."""
        above = [self.at_least[more] for more in Advice if more > advice]
        return z3.And(self.at_least[advice], *map(z3.Not, above))

    def at_least_disposition(self, disposition: Disposition) -> z3.BoolRef:
        """Return that the advice is of this level or of a more urgent one."""
        return self.at_least[advice_for(disposition)]

    # "Not sure" to a follow-up counts only while a trigger of it is present, which another
    # such "not sure" may have made so. Rounds over each knot of follow-ups that open each
    # other come to the same least result as the engine's loop.

    def _define_findings(self) -> None:
        sources: dict[str, list[z3.BoolRef]] = {f.id: [] for f in self.rule_set.findings}
        for cell, variable in self.chosen.items():
            if not _waits(cell, self.rule_set):
                for finding in self.rule_set.findings_on(cell.key, cell.answer):
                    sources[finding].append(variable)
        for knot in _knots(self._waiting()):
            self._define_counted(knot, sources)
        for finding_id, variables in sources.items():
            self.present[finding_id] = self.define(f"present {finding_id}", *variables)

    def _waiting(self) -> list[_Waiting]:
        questions = {question.id: question for question in self.rule_set.questions}
        return [
            _Waiting(
                cell=cell,
                triggers=questions[cell.key].follows,
                reveals=self.rule_set.findings_on(cell.key, cell.answer),
            )
            for cell in self.chosen
            if _waits(cell, self.rule_set)
        ]

    def _define_counted(
        self, knot: Sequence[_Waiting], sources: Mapping[str, list[z3.BoolRef]]
    ) -> None:
        counted: dict[Cell, z3.BoolRef] = {}
        for turn in range(len(knot)):
            before = dict(counted)
            for one in knot:
                opened = [variable for trigger in one.triggers for variable in sources[trigger]]
                opened += [
                    before[other.cell]
                    for other in knot
                    if other.cell in before and other != one and other.reveals & one.triggers
                ]
                counted[one.cell] = self.define(
                    f"counted {one.cell.key} {turn}",
                    z3.And(self.chosen[one.cell], _any(opened)),
                )
        for one in knot:
            for finding in one.reveals:
                sources[finding].append(counted[one.cell])

    # --- what is asked and said on top of the advice ---

    def define_next_question(self) -> None:
        """Write which questions are worth asking, and which of them is asked next."""
        rule_set = self.rule_set
        asked = [question for question in rule_set.questions if not question.volunteered]
        for question in asked:
            unasked = self.define(f"unasked {question.id}", self._is_unasked(question))
            self.unasked[question.id] = unasked
        possible = {
            finding.id: self.define(
                f"possible {finding.id}",
                self.present[finding.id],
                *(self.unasked[q.id] for q in asked if finding.id in rule_set.findings_from(q)),
            )
            for finding in rule_set.findings
        }
        wanted = self._define_wanted(possible)
        earlier: z3.BoolRef = z3.BoolVal(val=False)
        for question in asked:
            revealed = sorted(rule_set.findings_from(question) & wanted.keys())
            needs = [self.unasked[question.id], _any(wanted[finding] for finding in revealed)]
            if question.follows:
                needs.append(_any(self.present[trigger] for trigger in sorted(question.follows)))
            asks = self.define(f"worth asking {question.id}", z3.And(needs))
            self.worth_asking[question.id] = asks
            self.asks_next[question.id] = self.define(
                f"next {question.id}", z3.And(asks, z3.Not(earlier))
            )
            earlier = self.define(f"asked up to {question.id}", earlier, asks)

    def _is_unasked(self, question: Question) -> z3.BoolRef:
        answered = [variable for cell, variable in self.chosen.items() if cell.key == question.id]
        own = [
            self.present[finding.id]
            for finding in self.rule_set.findings
            if finding.question == question.id
        ]
        return z3.Not(_any([*answered, *own]))

    def _define_wanted(self, possible: Mapping[str, z3.BoolRef]) -> dict[str, z3.BoolRef]:
        reasons: dict[str, list[z3.BoolRef]] = {}
        for rule in self.rule_set.rules:
            calmer = z3.Not(self.at_least_disposition(rule.disposition))
            for number, alternative in enumerate(rule.alternatives):
                could = self.define(
                    f"could {rule.id} {number}",
                    z3.And(calmer, *(possible[finding] for finding in sorted(alternative))),
                )
                for finding in sorted(alternative):
                    reasons.setdefault(finding, []).append(could)
        return {
            finding: self.define(
                f"wanted {finding}", z3.And(z3.Not(self.present[finding]), _any(could))
            )
            for finding, could in reasons.items()
        }

    def define_spoken(self) -> None:
        """Write which rules are given as reasons if the advice is given now."""
        for level in Disposition:
            rules = [rule for rule in self.rule_set.rules if rule.disposition == level]
            self._define_spoken_among(rules, level)

    def _define_spoken_among(self, rules: Sequence[Rule], level: Disposition) -> None:
        settled = self.define(
            f"settled {level.name}",
            z3.And(
                self.at_least_disposition(level),
                *(z3.Not(self.at_least_disposition(more)) for more in Disposition if more > level),
            ),
        )
        most = 1 if level is Disposition.EMERGENCY else MOST_REASONS
        told: dict[str, list[z3.BoolRef]] = {}
        # In place n: whether more than n reasons were given so far.
        given: list[z3.BoolRef] = [z3.BoolVal(val=False)] * most
        for rule in rules:
            met = list(zip(self.met[rule.id], rule.alternatives, strict=True))
            again = [
                z3.And(one, *(_any(told.get(finding, ())) for finding in sorted(alternative)))
                for one, alternative in met
            ]
            says = self.define(
                f"says {rule.id}",
                z3.And(settled, self.fires[rule.id], z3.Not(_any([*again, given[-1]]))),
            )
            for one, alternative in met:
                now = self.define(f"tells {one}", z3.And(says, one))
                for finding in alternative:
                    told.setdefault(finding, []).append(now)
            given = [
                self.define(f"given {rule.id} {n}", given[n], z3.And(says, *given[n - 1 : n]))
                for n in range(most)
            ]
            self.spoken[rule.id] = says


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A "not sure" that counts only while a trigger is present."""

    cell: Cell
    triggers: frozenset[str]
    reveals: frozenset[str]


def _waits(cell: Cell, rule_set: RuleSet) -> bool:
    question = rule_set.question(cell.key)
    return cell.answer == "unsure" and question is not None and bool(question.follows)


def _knots(waiting: Sequence[_Waiting]) -> list[list[_Waiting]]:
    """Return those that open each other together, and each knot behind what opens it."""
    openers = {
        one.cell: {other.cell for other in waiting if other.reveals & one.triggers}
        for one in waiting
    }
    chains = {cell: _chain_to(cell, openers) for cell in openers}
    knots: dict[frozenset[Cell], list[_Waiting]] = {}
    for one in sorted(waiting, key=lambda one: len(chains[one.cell])):
        # All in a knot have the same chain, and nothing outside it has.
        knots.setdefault(chains[one.cell], []).append(one)
    return list(knots.values())


def _chain_to(cell: Cell, openers: Mapping[Cell, set[Cell]]) -> frozenset[Cell]:
    """Return all that can take part in opening it, itself included."""
    reached = {cell}
    ahead = [cell]
    while ahead:
        found = openers[ahead.pop()] - reached
        reached |= found
        ahead.extend(found)
    return frozenset(reached)


def _any(formulas: Iterable[z3.BoolRef]) -> z3.BoolRef:
    given = list(formulas)
    return given[0] if len(given) == 1 else z3.Or(given)


# --- from a formula to answers, and from answers to the value of a formula ------------------


class CaseFinder:
    """Finds sets of answers for which formulas hold, or shows that there are none."""

    def __init__(self, cells: Cells, chosen: Choice, *rules: SymbolicRules) -> None:
        """Give z3 all that is defined so far over one choice of answers."""
        self._chosen = chosen
        self._solver = z3.Solver()
        self._solver.add(*at_most_one_answer_each(cells, chosen))
        for one in rules:
            self._solver.add(*one.constraints())

    def holds_somewhere(self, *formulas: z3.BoolRef) -> bool:
        """Say whether some set of answers fulfils all formulas.

        Raises:
            ArithmeticError: z3 does not know.
        """
        verdict = self._solver.check(*formulas)
        if verdict == z3.unknown:
            raise ArithmeticError(f"z3 gave up: {self._solver.reason_unknown()}")
        return bool(verdict == z3.sat)

    def case(self, *formulas: z3.BoolRef) -> Answers | None:
        """Return a set of answers that fulfils all formulas, ``None`` if there is none."""
        if not self.holds_somewhere(*formulas):
            return None
        return answers_in(self._solver.model(), self._chosen)

    def smallest_case(self, *formulas: z3.BoolRef) -> Answers | None:
        """Return one with the fewest answers."""
        return next(self.smallest_cases(*formulas), None)

    def smallest_cases(self, *formulas: z3.BoolRef) -> Iterator[Answers]:
        """Give those from which no answer can be left out, by their number of answers.

        Each set of answers that fulfils the formulas has one of these within it.
        """
        self._solver.push()
        try:
            self._solver.add(*formulas)
            for most in range(len(self._chosen) + 1):
                if not self.holds_somewhere():
                    break
                few = z3.AtMost(*self._chosen.values(), most)
                while (found := self.case(few)) is not None:
                    yield found
                    self._solver.add(z3.Not(z3.And(self._given(found))))
        finally:
            self._solver.pop()

    def _given(self, answers: Answers) -> list[z3.BoolRef]:
        return [
            variable
            for cell, variable in self._chosen.items()
            if answers.get(cell.key) == cell.answer
        ]


def answers_in(model: z3.ModelRef, chosen: Choice) -> Answers:
    """Return the answers that a model of the formulas chooses; a number is a cell's smallest."""
    return {
        cell.key: cell.answer for cell, variable in chosen.items() if z3.is_true(model[variable])
    }


def columns(rules: SymbolicRules, samples: Sequence[Mapping[str, Answer]]) -> dict[str, int]:
    """Evaluate all formulas on many sets of answers at once.

    Args:
        rules: The formulas.
        samples: The sets of answers; a number is the smallest of its cell.

    Returns:
        Name of a variable to an integer, whose bit ``i`` is its value on sample ``i``.
    """
    values: dict[str, int] = {}
    every = (1 << len(samples)) - 1
    given: dict[tuple[str, Answer], int] = {}
    for index, sample in enumerate(samples):
        for answered in sample.items():
            given[answered] = given.get(answered, 0) | (1 << index)
    for cell, variable in rules.chosen.items():
        values[str(variable)] = given.get((cell.key, cell.answer), 0)
    for variable, formula in rules.definitions:
        values[str(variable)] = _value(formula, values, every)
    return values


def _value(formula: z3.BoolRef, values: Mapping[str, int], every: int) -> int:
    """Return a formula's value on all samples; ``every`` is true on all."""
    kind = formula.decl().kind()
    if kind == z3.Z3_OP_UNINTERPRETED:
        return values[formula.decl().name()]
    parts = [_value(part, values, every) for part in formula.children()]
    match kind:
        case z3.Z3_OP_AND | z3.Z3_OP_TRUE:
            return reduce(and_, parts, every)
        case z3.Z3_OP_OR | z3.Z3_OP_FALSE:
            return reduce(or_, parts, 0)
        case _:
            return every ^ parts[0]
