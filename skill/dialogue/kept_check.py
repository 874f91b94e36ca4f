"""A check that was broken off: what a memory keeps of it, and how it joins a later one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from skill.dialogue.answers import about_somebody, corrected, is_for_other, with_answer
from skill.dialogue.asking import begin
from skill.dialogue.conversation import Conversation
from skill.errors import ConversationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.triage.model import Answer, Finding, Question, RuleSet

RIGHT_NOW_SECONDS = 30 * 60
"""For so long an answer about right now still holds (choice P54 of ``sources.json``)."""

LONGEST_SECONDS = 30 * 24 * 3600
"""For so long history still holds, however often a check goes on (P54)."""

_KEYS = frozenset({"rule_set", "answers", "since", "begun"})
_LAST_SECOND = 253_402_300_799  # of the year 9999, with which Python's dates end


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """The answers of a check, and their age.

    Attributes:
        answers: As in :class:`Conversation`.
        since: When the oldest of them was given, in Unix seconds. What was brought up to a day
            when a check went on counts as given then.
        begun: When the first call began that they come from, in Unix seconds.
    """

    answers: Mapping[str, Answer]
    since: int
    begun: int

    def to_document(self, rule_set: RuleSet) -> dict[str, object]:
        """Return it as a memory keeps it, which ``kept_check.schema.json`` describes."""
        return {
            "rule_set": rule_set.name,
            "answers": dict(self.answers),
            "since": self.since,
            "begun": self.begun,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object], rule_set: RuleSet) -> KeptCheck:
        """Return the check that a document holds.

        Raises:
            ConversationError: It was not written by this version on this rule set.
        """
        if document.keys() != _KEYS:
            raise ConversationError("a kept check of another version")
        attributes = begin(rule_set).to_attributes()
        attributes |= {"rule_set": document["rule_set"], "answers": document["answers"]}
        answers = Conversation.from_attributes(attributes, rule_set).answers
        return cls(answers, unix_seconds(document["since"]), unix_seconds(document["begun"]))

    def holding_at(self, now: int, rule_set: RuleSet) -> Mapping[str, Answer]:
        """Return the answers that still hold.

        Half an hour after the oldest of them nothing calm about right now is left of them. What
        alarms stays where no question is sure to bring it up again: the caller believes it known.
        """
        if now - self.begun > LONGEST_SECONDS:
            return {}
        if 0 <= now - self.since <= RIGHT_NOW_SECONDS:
            return self.answers
        days = max(0, (_day(now) - _day(self.since)).days)
        return {
            key: _after(days, answer, rule_set.question(key))
            for key, answer in self.answers.items()
            if _outlasts(key, answer, rule_set)
        }


def unix_seconds(value: object) -> int:
    """Return a point in time that was kept.

    Raises:
        ConversationError: It is none.
    """
    if type(value) is not int or not 0 <= value <= _LAST_SECOND:
        raise ConversationError("since: expected Unix seconds")
    return value


def is_outdated(document: Mapping[str, object], rule_set: RuleSet) -> bool:
    """Say whether a document is a check on another rule set, or another version of this one."""
    name = document.get("rule_set")
    return isinstance(name, str) and name != rule_set.name


def joined(
    conversation: Conversation, earlier: Mapping[str, Answer], rule_set: RuleSet
) -> Conversation:
    """Return a conversation with the answers of an earlier check in it.

    Of two answers to one thing the more urgent is kept; of two ages, or where a number is not
    known any more, the fresh one. Where one of the two is about somebody else and the other is
    not, or the ages differ, it is not the same person: only warning signs are taken from what is
    about the wrong one, as when a call turns.

    Args:
        conversation: What was said in this call.
        earlier: What still holds of the earlier check.
        rule_set: The rule set of both.
    """
    before = conversation._replace(answers=earlier)
    other = is_for_other(before) or is_for_other(conversation)
    aged, now_aged = age_told(before, rule_set), age_told(conversation, rule_set)
    is_of_another_age = aged is not None and now_aged not in {None, aged}
    if is_for_other(before) != other or is_of_another_age:
        before = about_somebody(before, rule_set, other=other)
    if is_for_other(conversation) != other:
        conversation = about_somebody(conversation, rule_set, other=other)
    for key, answer in conversation.answers.items():
        question = rule_set.question(key)
        fresh_wins = question is not None and (
            question.kind == "age" or (question.kind != "yes_no" and answer == "unsure")
        )
        before = (
            corrected(before, key, answer)
            if fresh_wins
            else with_answer(before, key, answer, rule_set)
        )
    return before


def age_told(conversation: Conversation, rule_set: RuleSet) -> int | None:
    """Return the age that was told, in years; ``None`` if none was."""
    told = (conversation.answers.get(q.id) for q in rule_set.questions if q.kind == "age")
    return next((age for age in told if isinstance(age, int)), None)


def _outlasts(key: str, answer: Answer, rule_set: RuleSet) -> bool:
    question = rule_set.question(key)
    if question is None:
        finding = rule_set.finding(key)
        if finding is None or key in rule_set.out_of_scope:
            # Pain that was elsewhere may be here by now, and "elsewhere" ends a check early.
            return False
        return finding.history or (answer == "yes" and not _is_asked_of_all(finding, rule_set))
    if question.history or question.volunteered:
        return True
    is_sign = isinstance(answer, int) and bool(rule_set.findings_on(key, answer))
    return bool(question.follows) and (is_sign or answer == question.alarming)


def _is_asked_of_all(finding: Finding, rule_set: RuleSet) -> bool:
    """Say whether a main question, which waits for nothing, asks for it among other things."""
    implied = (rule_set.finding(one) for one in finding.implies)
    questions = (rule_set.question(one.question) for one in implied if one and one.question)
    return any(question and not question.follows for question in questions)


def _after(days: int, answer: Answer, question: Question | None) -> Answer:
    if question is None or question.kind != "duration" or not isinstance(answer, int):
        return answer
    return min(answer + days, question.answer.maximum or answer)


def _day(seconds: int) -> datetime:
    """Return the start of the day, in UTC. Days are counted as people count them, by the date."""
    return datetime.fromtimestamp(seconds, UTC).replace(hour=0, minute=0, second=0)
