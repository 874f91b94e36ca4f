"""The engine: one pure function from answers to advice and the next useful question."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.triage.model import Answer, Disposition, Question, Rule, RuleSet


class Assessment(NamedTuple):
    """What the answers so far amount to.

    Attributes:
        disposition: The most urgent advice that any fired rule asks for.
        present: Ids of the findings that the answers make present.
        fired: The rules that fire on them, in rule-set order.
        next_question: What to ask next, or ``None`` when no answer still missing could
            make the advice more urgent.
    """

    disposition: Disposition
    present: frozenset[str]
    fired: tuple[Rule, ...]
    next_question: Question | None

    @property
    def decisive(self) -> tuple[Rule, ...]:
        """The fired rules that ask for the disposition itself: the reasons for the advice."""
        return tuple(rule for rule in self.fired if rule.disposition == self.disposition)


def assess(rule_set: RuleSet, answers: Mapping[str, Answer]) -> Assessment:
    """Weigh the answers given so far.

    Conditions only ever ask for findings to be present, so one more finding can add fired
    rules but never take one away: urgency never goes down.

    Args:
        rule_set: The rule set to weigh them by.
        answers: As in :meth:`RuleSet.findings_in`.
    """
    present = rule_set.findings_in(answers)
    fired = rule_set.rules_fired_on(present)
    disposition = max((rule.disposition for rule in fired), default=rule_set.otherwise)

    for question in rule_set.open_questions(answers, present):
        if rule_set.could_raise(question, disposition, answers, present):
            return Assessment(disposition, present, fired, question)
    return Assessment(disposition, present, fired, None)
