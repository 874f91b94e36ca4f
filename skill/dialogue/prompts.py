"""What the conversation waits for: the answer to a question, or to an offer or a doubt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.script import Line

if TYPE_CHECKING:
    from skill.triage.model import Finding, Question, RuleSet

OFFER_CHECK = "offer.check"
"""Pending: whether to start the check."""

OFFER_TIPS = "offer.tips"
"""Pending: whether to hear home-care tips."""

_CONFIRM = "confirm."


@dataclass(frozen=True, slots=True)
class Prompt:
    """The lines that ask for something.

    Attributes:
        pending: What the conversation notes as pending meanwhile.
        ask: Asks.
        again: Asks more briefly, after a silence.
        simpler: Asks in simpler words.
        how: Says how to answer.
        question: The question of the rule set behind it, or ``None``.
        doubted: The finding that is to be confirmed, or ``None``.
    """

    pending: str
    ask: Line
    again: Line
    simpler: Line
    how: Line
    question: Question | None = None
    doubted: Finding | None = None


def question_prompt(question: Question) -> Prompt:
    """Return the prompt that asks a question of the rule set."""
    return Prompt(
        pending=question.id,
        ask=script.asking(question),
        again=script.asking_again(question),
        simpler=script.asking_simpler(question),
        how=script.how_to_answer(question),
        question=question,
    )


def offer_prompt(pending: str) -> Prompt:
    """Return the prompt of an offer: ``OFFER_CHECK`` or ``OFFER_TIPS``."""
    return Prompt(
        pending=pending,
        ask=Line(pending),
        again=Line(f"reprompt.{pending}"),
        simpler=Line(pending),
        how=Line("how_to_answer.offer"),
    )


def confirming_prompt(finding: Finding) -> Prompt:
    """Return the prompt that asks whether an earlier yes still holds."""
    return Prompt(
        pending=f"{_CONFIRM}{finding.id}",
        ask=script.confirming(finding),
        again=Line("reprompt.confirm"),
        simpler=script.confirming(finding),
        how=Line("how_to_answer.offer"),
        doubted=finding,
    )


def prompt_for(pending: str | None, rule_set: RuleSet) -> Prompt | None:
    """Return the prompt that waits for an answer, or ``None`` if there is no such thing."""
    if pending is None:
        return None
    if pending in {OFFER_CHECK, OFFER_TIPS}:
        return offer_prompt(pending)
    if pending.startswith(_CONFIRM):
        finding = rule_set.finding(pending.removeprefix(_CONFIRM))
        return confirming_prompt(finding) if finding and finding.reported else None
    question = rule_set.question(pending)
    return question_prompt(question) if question and not question.volunteered else None
