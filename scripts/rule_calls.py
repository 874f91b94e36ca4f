"""Calls that make the dialogue say its lines, each really held with ``take_turn``.

A line is shown to occur by a call in which it is said. What can be said at any question or
about any finding, topic or number is tried at each of them. For the lines of questions,
reasons and tips z3 names the smallest sets of answers that call for them; a caller then gives
these answers, asked or unasked, and calm ones to all else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

import z3

from scripts.rule_space import Advice, calm_cell
from skill.dialogue import script
from skill.dialogue.answers import FOR_SOMEONE_ELSE
from skill.dialogue.asking import begin
from skill.dialogue.events import (
    AboutOther,
    Aged,
    Answered,
    AskedAbout,
    AskedForSummary,
    ChangedMind,
    Corrected,
    Counted,
    Denied,
    Event,
    GaveUnit,
    Lasted,
    NotUnderstood,
    Opened,
    Reported,
    Treated,
)
from skill.dialogue.prompts import prompt_for
from skill.dialogue.turn import take_turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scripts.rule_space import Answers, CaseFinder, Cells, SymbolicRules
    from skill.dialogue.conversation import Conversation
    from skill.dialogue.prompts import Prompt
    from skill.dialogue.script import Reply
    from skill.triage.model import Answer, Question, RuleSet

SAID_ELSEWHERE: Final = frozenset({script.FAILED.id}) | script.OF_A_MEMORY
"""Lines that are said when taking a turn failed, or of a check that is kept, and so in no call
that is held here."""

# Whatever can happen that has nothing more to it, such as asking why.
_PLAIN_EVENTS: Final[tuple[Event, ...]] = tuple(
    kind() for kind in get_args(Event) if not fields(kind)
)
# One of each way to say a length of time, and of each grammatical number.
_NUMBERS = (0, 1, 2, 7, 14, 30, 60)
_MOST_YEARS = 100
_MOST_CASES = 20
_MOST_TURNS = 200


class Caller(NamedTuple):
    """Somebody who calls.

    Attributes:
        answers: What there is to say; all else is answered calmly.
        says_first: Whether all that can be said unasked is said before the first question.
        leads_there: Whether yes is said to what opens a follow-up that there is an answer to.
    """

    answers: Answers
    says_first: bool
    leads_there: bool = False


@dataclass(slots=True)
class Calls:
    """Calls held so far, and what was said in them.

    Attributes:
        rule_set: What the calls run on.
        cells: The answers that there are.
        said: Ids of the lines said.
        callers: The callers in whose calls a line was said for the first time.
    """

    rule_set: RuleSet
    cells: Cells
    said: set[str] = field(default_factory=set)
    callers: list[Caller] = field(default_factory=list)
    _interrupted: set[str] = field(default_factory=set)

    def hold(self, caller: Caller) -> None:
        """Hold a call to its end, each offer taken, and note what is said."""
        before = len(self.said)
        conversation, reply = self._turn(begin(self.rule_set), Opened())
        if caller.says_first:
            for event in _unasked(caller.answers, self.rule_set):
                if reply.closes:
                    break
                conversation, reply = self._turn(conversation, event)
        for _ in range(_MOST_TURNS):
            prompt = prompt_for(conversation.pending, self.rule_set)
            if reply.closes or prompt is None:
                break
            self._interrupt(conversation, prompt)
            self._turn(conversation, AskedForSummary())
            conversation, reply = self._turn(conversation, self._answer(caller, prompt))
        if len(self.said) > before:
            self.callers.append(caller)

    def _answer(self, caller: Caller, prompt: Prompt) -> Event:
        question = prompt.question
        if question is None:
            return Answered("yes")
        given = caller.answers.get(question.id)
        if given is None and caller.leads_there and self._opens_one(question, caller.answers):
            given = "yes"
        calm = calm_cell(self.rule_set, question, self.cells).answer
        return _saying(question, calm if given is None else given)

    def _opens_one(self, question: Question, answers: Answers) -> bool:
        """Say whether a yes opens a follow-up that the caller has an answer to."""
        opened = self.rule_set.findings_on(question.id, "yes")
        asked = (self.rule_set.question(key) for key in answers)
        return any(one is not None and not one.follows.isdisjoint(opened) for one in asked)

    def hold_those_about_anything(self) -> None:
        """Name each finding, topic and age, and lose a call."""
        opened, _ = self._turn(begin(self.rule_set), Opened())
        for finding in self.rule_set.findings:
            if finding.reported:
                self._hear_about(opened, (finding.id,))
        for topic in self.rule_set.topics:
            self._branch(opened, AskedAbout(topic.id))
            self._branch(begin(self.rule_set), AskedAbout(topic.id), *_PLAIN_EVENTS)
            self._branch(begin(self.rule_set), AskedAbout(topic.id), Answered("no"))
        for years in range(_MOST_YEARS):
            self._branch(opened, Aged(years), AskedForSummary())
        for finding_id in sorted(self.rule_set.out_of_scope):
            self.hold(Caller({finding_id: "yes"}, says_first=True))
        self._branch(opened, AboutOther(NotUnderstood()), *[Answered("yes")] * _MOST_TURNS)
        self._note(take_turn(None, NotUnderstood(), self.rule_set)[1])

    def _hear_about(self, opened: Conversation, named: tuple[str, ...]) -> None:
        """Report, deny and doubt findings."""
        self._branch(opened, Denied(named), AskedForSummary())
        self._branch(opened, AboutOther(Reported(named)))
        self._branch(opened, Reported(named), AskedForSummary(), ChangedMind(named))
        self._branch(opened, Reported(named), Denied(named), *_PLAIN_EVENTS)
        for settled in (Answered("yes"), Answered("no")):
            self._branch(opened, Reported(named), Denied(named), settled)

    def _interrupt(self, conversation: Conversation, prompt: Prompt) -> None:
        """Hear all that is said at a question before it is answered, once for each."""
        if prompt.pending in self._interrupted:
            return
        self._interrupted.add(prompt.pending)
        for event in _PLAIN_EVENTS:
            self._branch(conversation, event)
        self._branch(conversation, *[NotUnderstood()] * _MOST_TURNS)
        for answer in (Answered("yes"), Answered("no"), Answered("unsure")):
            self._branch(conversation, answer, answer, AskedForSummary(), Corrected("yes"))
        if prompt.question is not None and prompt.question.kind != "yes_no":
            for number in _NUMBERS:
                told = _saying(prompt.question, number)
                self._branch(conversation, told, AskedForSummary())
                self._branch(conversation, Counted(number), GaveUnit(1))

    def _branch(self, conversation: Conversation, *events: Event) -> None:
        """Go on in this way for once, until the call ends."""
        for event in events:
            conversation, reply = self._turn(conversation, event)
            if reply.closes:
                return

    def _turn(self, conversation: Conversation, event: Event) -> tuple[Conversation, Reply]:
        conversation, reply = take_turn(conversation, event, self.rule_set)
        self._note(reply)
        return conversation, reply

    def _note(self, reply: Reply) -> None:
        for line in (*reply.say, *reply.reprompt):
            self.said.add(line.id)
            for _, value in line.values:
                if not isinstance(value, int):
                    self.said.update([value] if isinstance(value, str) else value)
        if reply.advice is not None:
            self.said |= {"card.title", f"card.{reply.advice.name.lower()}"}


def silent_lines(
    rules: SymbolicRules, cells: Cells, finder: CaseFinder, callers: Iterable[Caller] = ()
) -> tuple[Calls, list[str]]:
    """Hold calls until every line was said that can be.

    Args:
        rules: The formulas of the rule set.
        cells: The answers that there are.
        finder: Finds answers on them.
        callers: Callers to begin with, such as those of a rule set that is much the same.

    Returns:
        The calls held, and the ids of the lines that were said in none.
    """
    calls = Calls(rules.rule_set, cells)
    calls.hold(Caller({}, says_first=False))
    calls.hold_those_about_anything()
    for caller in callers:
        calls.hold(caller)
    for line, formula in _what_calls_for(rules):
        for answers in islice(finder.smallest_cases(formula), _MOST_CASES):
            if line in calls.said:
                break
            calls.hold(Caller(answers, says_first=False))
            calls.hold(Caller(answers, says_first=True))
            calls.hold(Caller(answers, says_first=False, leads_there=True))
            about_other = {FOR_SOMEONE_ELSE: "yes", **answers}
            calls.hold(Caller(about_other, says_first=True, leads_there=True))
    expected = frozenset(script.line_ids(rules.rule_set)) - SAID_ELSEWHERE
    return calls, sorted(expected - calls.said)


def _what_calls_for(rules: SymbolicRules) -> Iterator[tuple[str, z3.BoolRef]]:
    for question in rules.rule_set.questions:
        if question.id in rules.worth_asking:
            yield script.asking(question).id, rules.worth_asking[question.id]
    unsure = [said for cell, said in rules.chosen.items() if cell.answer == "unsure"]
    sure = z3.Not(z3.Or(unsure))
    for rule in rules.rule_set.rules:
        # What rests on "not sure" is never put as if the caller had said it.
        spoken = rules.spoken[rule.id]
        yield script.because(rule).id, spoken if rule.unsure else z3.And(spoken, sure)
        if rule.holding:
            yield script.holding(rule.holding, about_other=True).id, spoken
    for tip in rules.rule_set.tips:
        suits = z3.Or([rules.all_present(alternative) for alternative in tip.alternatives])
        yield script.tip_line(tip).id, z3.And(suits, rules.is_advice(Advice.SELF_CARE))


def _unasked(answers: Answers, rule_set: RuleSet) -> Iterator[Event]:
    """Give what a caller can say of these answers without being asked."""
    for finding in rule_set.findings:
        if finding.reported and answers.get(finding.answer_key) == "yes":
            yield Reported((finding.id,))
    for question in rule_set.questions:
        answer = answers.get(question.id)
        if isinstance(answer, int) and question.kind in ("age", "duration"):
            yield Treated(answer) if question.volunteered else _saying(question, answer)


def _saying(question: Question, answer: Answer) -> Event:
    if not isinstance(answer, int):
        return Answered(answer)
    match question.kind:
        case "age":
            return Aged(answer)
        case "duration":
            return Lasted(answer)
        case _:
            return Counted(answer)
