"""Every interview that a rule set can lead to, walked without leaving one out.

An interview asks what ``assess`` names next until nothing is left to ask; nothing is
volunteered in it. Two interviews go on alike when they agree on three things: the level
reached, what each more urgent rule still misses, and which questions could still supply it.
So all that agree on them are walked on as one. Nothing is lost by that: findings only ever
come to be present, so what a rule misses only shrinks, and a question that can supply nothing
that is missed now never will.

Each answer leaves fewer questions that could supply something, so interviews are walked in
the order of how many are left, each state once, when all ways into it are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from scripts.rule_space import Answers, Cell, Cells
    from skill.triage.model import RuleSet

Findings: TypeAlias = int
"""A set of findings, one bit for each."""

Missing: TypeAlias = tuple[int, Disposition, Findings]
"""What an alternative of a rule still misses: the rule's index, its level, the findings.

Rules below an emergency are told apart by their level only.
"""

Place = TypeVar("Place", bound="Hashable")

_BELOW_EMERGENCY = -1


class State(NamedTuple):
    """All that the rest of an interview depends on.

    Attributes:
        level: The level reached.
        missing: What the more urgent rules that can still fire miss.
        ahead: Indexes of the questions that could supply some of it, in the order in which
            they are asked, each with whether it is open.
    """

    level: Disposition
    missing: frozenset[Missing]
    ahead: tuple[tuple[int, bool], ...]


class Interviewer:
    """Asks and listens as the engine does, on sets of bits instead of names."""

    def __init__(self, rule_set: RuleSet, cells: Cells) -> None:
        """Number the findings and translate all that is asked and answered.

        Args:
            rule_set: The rule set.
            cells: The answers that callers give, by question.
        """
        self._bits = {finding.id: 1 << n for n, finding in enumerate(rule_set.findings)}
        self._rules = rule_set.rules
        self.questions = rule_set.questions
        self._from = [self._set(rule_set.findings_from(q)) for q in self.questions]
        self._triggers = [self._set(q.follows) for q in self.questions]
        self._own = [
            self._set(f.id for f in rule_set.findings if f.question == q.id) for q in self.questions
        ]
        self.replies = [
            [(cell, self._set(rule_set.findings_on(q.id, cell.answer))) for cell in cells[q.id]]
            for q in self.questions
        ]
        self.start = self._without_what_cannot_matter(
            rule_set.otherwise,
            [
                (_told_apart(index, rule.disposition), rule.disposition, self._set(one))
                for index, rule in enumerate(rule_set.rules)
                for one in rule.alternatives
            ],
            [(n, not q.follows) for n, q in enumerate(self.questions) if not q.volunteered],
        )

    def next_question(self, state: State) -> int | None:
        """Return the index of the question that is asked now, ``None`` at the end."""
        if state.level is Disposition.EMERGENCY:
            return None
        return next((index for index, is_open in state.ahead if is_open), None)

    def hear(self, state: State, question: int, revealed: Findings) -> tuple[State, set[str]]:
        """Take an answer.

        Args:
            state: The state before it.
            question: Index of the question that was asked.
            revealed: What the answer makes present.

        Returns:
            The state behind it, and the ids of the emergency rules that fire.
        """
        missing = [(rule, level, findings & ~revealed) for rule, level, findings in state.missing]
        fired = [(rule, level) for rule, level, findings in missing if not findings]
        ahead = [
            (index, is_open or self._triggers[index] & revealed != 0)
            for index, is_open in state.ahead
            if index != question and not self._own[index] & revealed
        ]
        level = max((state.level, *(level for _, level in fired)))
        emergencies = {self._rules[rule].id for rule, _ in fired if rule != _BELOW_EMERGENCY}
        return self._without_what_cannot_matter(level, missing, ahead), emergencies

    def _without_what_cannot_matter(
        self, level: Disposition, missing: Sequence[Missing], ahead: Sequence[tuple[int, bool]]
    ) -> State:
        possible = 0
        for index, _ in ahead:
            possible |= self._from[index]
        impossible = ~possible
        matters = frozenset(
            [one for one in missing if one[1] > level and one[2] and not one[2] & impossible]
        )
        wanted = 0
        for _, _, findings in matters:
            wanted |= findings
        return State(level, matters, tuple([q for q in ahead if self._from[q[0]] & wanted]))

    def _set(self, findings: Iterable[str]) -> Findings:
        return sum(self._bits[finding] for finding in frozenset(findings))


def _told_apart(index: int, level: Disposition) -> int:
    return index if level is Disposition.EMERGENCY else _BELOW_EMERGENCY


# --- all of them ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """A way through an interview.

    Attributes:
        length: How long it is, in questions or in words.
        before: The state one answer earlier; ``None`` at the start.
        reply: The last answer; ``None`` at the start.
    """

    length: int
    before: State | None = None
    reply: Cell | None = None


@dataclass(slots=True)
class Ways:
    """All ways that lead to one place, summed up.

    Attributes:
        longest: The one with the most questions.
        wordiest: The one with the most words.
        chances: A number of questions to how likely it is to have come here with it.
    """

    longest: Way
    wordiest: Way
    chances: dict[int, float]

    def add(self, other: Ways) -> None:
        """Count in more ways to the same place."""
        self.longest = max(self.longest, other.longest, key=lambda way: way.length)
        self.wordiest = max(self.wordiest, other.wordiest, key=lambda way: way.length)
        add_chances(self.chances, other.chances)


def add_chances(chances: dict[int, float], more: Mapping[int, float]) -> None:
    """Add to how likely each number is."""
    for number, chance in more.items():
        chances[number] = chances.get(number, 0.0) + chance


def middle_of(chances: Mapping[int, float]) -> int:
    """Return the median of numbers of which each is so likely."""
    rest = sum(chances.values()) / 2
    for number, chance in sorted(chances.items()):
        rest -= chance
        if rest <= 0:
            return number
    return max(chances)


@dataclass(slots=True)
class Interviews:
    """All interviews, summed up.

    Attributes:
        ways: State to the ways into it.
        asked: Id of each question that is asked, to a state in which it is.
        emergencies: Id of each emergency rule that fires, to the ways to it.
        chances: Number of questions heard to how likely it is, where the cells of a question
            are equally likely: an interview that ends below an emergency, and one in one.
    """

    ways: dict[State, Ways] = field(default_factory=dict)
    asked: dict[str, State] = field(default_factory=dict)
    emergencies: dict[str, Ways] = field(default_factory=dict)
    chances: dict[bool, dict[int, float]] = field(default_factory=lambda: {False: {}, True: {}})

    @property
    def all_chances(self) -> dict[int, float]:
        """Return how likely each number of questions is, whatever the interview ends in."""
        together = dict(self.chances[False])
        add_chances(together, self.chances[True])
        return together

    def answers_on_longest(self, ways: Ways) -> Answers:
        """Return the answers on the way with the most questions, in the order given."""
        return self._answers(ways, lambda all_ways: all_ways.longest)

    def answers_on_wordiest(self, ways: Ways) -> Answers:
        """Return the answers on the way with the most words, in the order given."""
        return self._answers(ways, lambda all_ways: all_ways.wordiest)

    def _answers(self, ways: Ways, choose: Callable[[Ways], Way]) -> Answers:
        backwards: list[Cell] = []
        way = choose(ways)
        while way.before is not None and way.reply is not None:
            backwards.append(way.reply)
            way = choose(self.ways[way.before])
        return {cell.key: cell.answer for cell in reversed(backwards)}


def walk(rule_set: RuleSet, cells: Cells, words: Mapping[str, int] | None = None) -> Interviews:
    """Walk every interview.

    Args:
        rule_set: The rule set.
        cells: The answers that callers give, by question.
        words: Question id to the number of words that it takes to ask it.
    """
    interviewer = Interviewer(rule_set, cells)
    cost = [(words or {}).get(question.id, 0) for question in rule_set.questions]
    found = Interviews()
    found.ways[interviewer.start] = Ways(Way(0), Way(0), {0: 1.0})
    layers: list[list[State]] = [[] for _ in range(len(rule_set.questions) + 1)]
    layers[len(interviewer.start.ahead)].append(interviewer.start)
    while layers:
        for state in layers.pop():
            question = interviewer.next_question(state)
            if question is None:
                is_emergency = state.level is Disposition.EMERGENCY
                add_chances(found.chances[is_emergency], found.ways[state].chances)
                continue
            found.asked.setdefault(rule_set.questions[question].id, state)
            for after in _ask(found, interviewer, state, question, cost[question]):
                layers[len(after.ahead)].append(after)
    return found


def _ask(
    found: Interviews, interviewer: Interviewer, state: State, question: int, cost: int
) -> Iterator[State]:
    """Hear each answer to a question, and give the states that were not known before."""
    here = found.ways[state]
    replies = interviewer.replies[question]
    chances = {number + 1: chance / len(replies) for number, chance in here.chances.items()}
    for cell, revealed in replies:
        after, fired = interviewer.hear(state, question, revealed)
        ways = Ways(
            longest=Way(here.longest.length + 1, state, cell),
            wordiest=Way(here.wordiest.length + cost, state, cell),
            chances=dict(chances),
        )
        for rule in fired:
            _count_in(found.emergencies, rule, ways)
        if after not in found.ways:
            yield after
        _count_in(found.ways, after, ways)


def _count_in(known: dict[Place, Ways], place: Place, ways: Ways) -> None:
    if place in known:
        known[place].add(ways)
    else:
        known[place] = Ways(ways.longest, ways.wordiest, dict(ways.chances))
