"""What the conversation waits for: the answer to a question, or to an offer or a doubt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.script import Line

if TYPE_CHECKING:
    from skill.triage.model import Question, RuleSet

OFFER_CHECK = "offer.check"
"""Pending: whether to start the check."""

OFFER_TIPS = "offer.tips"
"""Pending: whether to hear home-care tips."""

OFFER_RESUME = "offer.resume"
"""Pending: whether to go on from a check that was broken off."""

_OFFER_KEEP = "offer.keep"
_CONFIRM = "confirm."
_MOST_HOUR_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Prompt:
    """The lines that ask for something.

    Attributes:
        pending: What the conversation notes as pending meanwhile.
        ask: Asks.
        again: Asks more briefly, after a silence.
        simpler: Asks in simpler words.
        how: Says how to answer.
        why: Says why this is asked.
        question: The question of the rule set behind it, or ``None``.
        doubted: The key of the answer that is to be confirmed, or ``None``.
    """

    pending: str
    ask: Line
    again: Line
    simpler: Line
    how: Line
    why: Line
    question: Question | None = None
    doubted: str | None = None


@lru_cache(maxsize=256)
def question_prompt(question: Question) -> Prompt:
    """Return the prompt that asks a question of the rule set."""
    return Prompt(
        pending=question.id,
        ask=script.asking(question),
        again=script.asking_again(question),
        simpler=script.asking_simpler(question),
        how=script.how_to_answer(question),
        why=script.why(question),
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
        why=Line("why.offer"),
    )


def resuming_prompt() -> Prompt:
    """Return the prompt that offers to go on from a check that was broken off."""
    return replace(
        offer_prompt(OFFER_RESUME),
        simpler=Line(f"simpler.{OFFER_RESUME}"),
        why=Line(f"why.{OFFER_RESUME}"),
    )


def keeping_prompt(hours: int) -> Prompt:
    """Return the prompt that asks for consent to keep the answers, for so many hours."""
    return Prompt(
        # With the hours, so that nothing but what was asked can be agreed to.
        pending=f"{_OFFER_KEEP}.{hours}",
        ask=script.keeping_for(_OFFER_KEEP, hours),
        again=Line(f"reprompt.{_OFFER_KEEP}"),
        simpler=script.keeping_for(f"simpler.{_OFFER_KEEP}", hours),
        how=Line("how_to_answer.offer"),
        why=Line(f"why.{_OFFER_KEEP}"),
    )


def is_about_memory(pending: str | None) -> bool:
    """Say whether what waits for an answer is about keeping answers, and not of the check."""
    return pending is not None and pending.startswith((OFFER_RESUME, _OFFER_KEEP))


def confirming_prompt(key: str, label: str) -> Prompt:
    """Return the prompt that asks whether an earlier yes still holds.

    Args:
        key: The id under which the answer is kept.
        label: The id of the words for it.
    """
    return Prompt(
        pending=f"{_CONFIRM}{key}",
        ask=script.confirming(label),
        again=Line("reprompt.confirm"),
        simpler=script.confirming(label),
        how=Line("how_to_answer.offer"),
        why=Line("why.offer"),
        doubted=key,
    )


def prompt_for(pending: str | None, rule_set: RuleSet) -> Prompt | None:
    """Return the prompt that waits for an answer, or ``None`` if there is no such thing."""
    if pending is None:
        return None
    if pending in {OFFER_CHECK, OFFER_TIPS}:
        return offer_prompt(pending)
    if is_about_memory(pending):
        return _about_memory(pending)
    if pending.startswith(_CONFIRM):
        return _confirming(pending.removeprefix(_CONFIRM), rule_set)
    question = rule_set.question(pending)
    return question_prompt(question) if question and not question.volunteered else None


def _about_memory(pending: str) -> Prompt | None:
    if pending == OFFER_RESUME:
        return resuming_prompt()
    hours = pending.removeprefix(f"{_OFFER_KEEP}.")
    is_sayable = hours.isascii() and hours.isdigit() and len(hours) <= _MOST_HOUR_DIGITS
    return keeping_prompt(int(hours)) if is_sayable and hours[0] != "0" else None


def _confirming(key: str, rule_set: RuleSet) -> Prompt | None:
    question = rule_set.question(key)
    if question is not None:
        asked = question.kind == "yes_no" and not question.volunteered
        return confirming_prompt(key, script.label_of_question(question)) if asked else None
    finding = rule_set.finding(key)
    if finding is None or not finding.reported or finding.question is not None:
        return None
    return confirming_prompt(key, script.label_of_finding(finding))
