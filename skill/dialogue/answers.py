"""Keeping what the caller said: what adds, what contradicts, and what takes back."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from skill.triage.assessment import assess

if TYPE_CHECKING:
    from skill.dialogue.conversation import Conversation
    from skill.triage.assessment import Assessment
    from skill.triage.model import Answer, Finding, Question, RuleSet

FOR_SOMEONE_ELSE = "for_someone_else"
"""The finding that the person in pain is somebody other than the caller."""

# An answer that makes nothing more urgent; for numbers one that no rule is about.
_CALM_NUMBERS = {"age": 40, "duration": 0, "count": 0}


def is_for_other(conversation: Conversation) -> bool:
    """Say whether the person in pain is somebody other than the caller."""
    return conversation.answers.get(FOR_SOMEONE_ELSE) == "yes"


def weighed(conversation: Conversation, rule_set: RuleSet) -> tuple[Assessment, RuleSet]:
    """Return what the answers amount to, and the rule set in force.

    That is the rule set, or for a pain that it is not about one with fewer questions.
    """
    assessment = assess(rule_set, conversation.answers)
    present = assessment.present
    if rule_set.out_of_scope.isdisjoint(present) or not rule_set.in_scope.isdisjoint(present):
        return assessment, rule_set
    elsewhere = _asked_anywhere(rule_set)
    return assess(elsewhere, conversation.answers), elsewhere


@lru_cache(maxsize=8)
def _asked_anywhere(rule_set: RuleSet) -> RuleSet:
    asked = (q for q in rule_set.questions if q.even_out_of_scope or q.follows or q.volunteered)
    return replace(rule_set, questions=tuple(asked))


def about_somebody(conversation: Conversation, rule_set: RuleSet, *, other: bool) -> Conversation:
    """Return the conversation turned to another person, or back to the caller.

    What one person does not have, or how old they are, says nothing of the other; only the
    warning signs named so far are kept, because they may be about either.
    """
    kept: dict[str, Answer] = {}
    for key, answer in conversation.answers.items():
        question = rule_set.question(key)
        is_alarming = question is None or question.alarming == "yes"
        if answer == "yes" and is_alarming and key != FOR_SOMEONE_ELSE:
            kept[key] = answer
    if other:
        kept[FOR_SOMEONE_ELSE] = "yes"
    return conversation.answered(kept)


def reportable(finding_ids: tuple[str, ...], rule_set: RuleSet) -> tuple[Finding, ...]:
    """Return the findings of these ids that a caller can report, in order."""
    named = (rule_set.finding(finding_id) for finding_id in finding_ids)
    return tuple(finding for finding in named if finding and finding.reported)


def with_answer(
    conversation: Conversation, key: str, answer: Answer, rule_set: RuleSet
) -> Conversation:
    """Keep an answer; where it contradicts an earlier one, keep the more urgent of the two."""
    earlier = conversation.answers.get(key)
    if earlier is not None and _is_graver(earlier, answer, rule_set.question(key)):
        answer = earlier
    return conversation.answered({**_without(conversation, {key}), key: answer})


def corrected(conversation: Conversation, key: str, answer: Answer) -> Conversation:
    """Put an answer in the place of the earlier one, more urgent or not: the caller says so."""
    return conversation.answered({**_without(conversation, {key}), key: answer})


def taken_back(conversation: Conversation, keys: set[str]) -> Conversation:
    """Forget what was said about these, so that it can be asked again."""
    return conversation.answered(_without(conversation, keys))


def last_question(conversation: Conversation, rule_set: RuleSet) -> Question | None:
    """Return the question that was answered last, or ``None``. Answers stand in their order."""
    asked = (rule_set.question(key) for key in reversed(tuple(conversation.answers)))
    return next((q for q in asked if q is not None and not q.volunteered), None)


def question_about(finding: Finding, rule_set: RuleSet) -> Question | None:
    """Return the question that asks about a finding, the one of its own before a grouped one."""
    own = rule_set.question(finding.answer_key)
    if own is not None and not own.volunteered:
        return own
    return next((q for q in rule_set.questions if finding.id in q.asks_about), None)


def questions_left(conversation: Conversation, rule_set: RuleSet) -> int:
    """Return how many questions are left if every answer to come is calm."""
    answers = dict(conversation.answers)
    assessment, rules = weighed(conversation, rule_set)
    count = 0
    while (question := assessment.next_question) is not None:
        answers[question.id] = _calm_answer(question)
        assessment = assess(rules, answers)
        count += 1
    return count


def _calm_answer(question: Question) -> Answer:
    if question.kind != "yes_no":
        return _CALM_NUMBERS[question.kind]
    return "yes" if question.alarming == "no" else "no"


def _without(conversation: Conversation, keys: set[str]) -> dict[str, Answer]:
    return {key: kept for key, kept in conversation.answers.items() if key not in keys}


def _is_graver(earlier: Answer, answer: Answer, question: Question | None) -> bool:
    if isinstance(earlier, int) and isinstance(answer, int):
        return earlier > answer
    if isinstance(earlier, int) or isinstance(answer, int):
        # A number is worth more than "not sure", whichever came first.
        return isinstance(earlier, int)
    alarming = question.alarming if question else "yes"
    if alarming is None or earlier == answer:
        return False
    return earlier == alarming or (earlier == "unsure" and answer != alarming)
