"""The talk about the talk: why, how many, again, slower, and what was said so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.answers import last_question, question_about, questions_left, taken_back
from skill.dialogue.asking import ask, ask_again, listening
from skill.dialogue.events import (
    AboutSelf,
    AskedForHelp,
    AskedForLouder,
    AskedForShorter,
    AskedForSlower,
    AskedForSummary,
    AskedHowMany,
    AskedMeaning,
    AskedToRepeat,
    AskedToWait,
    AskedWhy,
    Reassured,
)
from skill.dialogue.prompts import question_prompt

if TYPE_CHECKING:
    from skill.dialogue.conversation import Conversation
    from skill.dialogue.events import Event
    from skill.dialogue.prompts import Prompt
    from skill.dialogue.script import Line, Reply
    from skill.triage.model import Answer, Finding, RuleSet


def controlled(  # noqa: C901 - one flat table of events reads best whole
    conversation: Conversation, prompt: Prompt, event: Event, rule_set: RuleSet
) -> tuple[Conversation, Reply] | None:
    """Answer an event that leaves the check where it is, or return ``None`` for another one."""
    aside: tuple[Line, ...] | None = None
    match event:
        case AskedToRepeat():
            return conversation, listening(conversation.said or (prompt.ask,), prompt)
        case AskedMeaning():
            lines = (script.ASKED_SIMPLER, prompt.simpler)
            return conversation._replace(misses=0), listening(lines, prompt)
        case AskedForShorter():
            return conversation._replace(misses=0), listening(
                (script.SHORTER, prompt.again), prompt
            )
        case AskedForSlower():
            conversation, aside = conversation._replace(slowly=True), (script.SLOWER,)
        case AskedForHelp():
            aside = (script.HELP, prompt.how)
        case AskedWhy():
            aside = (prompt.why,)
        case AskedHowMany():
            left = max(1, questions_left(conversation, rule_set))
            aside = (script.counted("questions_left", left),)
        case AskedForSummary():
            aside = summary(conversation, rule_set)
        case AskedToWait():
            aside = (script.TAKE_YOUR_TIME,)
        case AskedForLouder():
            aside = (script.LOUDER,)
        case Reassured():
            aside = (script.STILL_CHECKING,)
        case AboutSelf():
            aside = (script.NOTED,)
    return None if aside is None else ask_again(conversation, prompt, *aside)


def gone_back(
    conversation: Conversation, prompt: Prompt, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Ask the question before this one again; before the first one there is none."""
    question = last_question(conversation, rule_set)
    if question is None:
        return ask_again(conversation, prompt)
    earlier = taken_back(conversation, {question.id})
    return ask(earlier, question_prompt(question), script.GOING_BACK)


def changed_mind(
    conversation: Conversation, findings: tuple[Finding, ...], rule_set: RuleSet
) -> tuple[Conversation, Reply] | None:
    """Ask again what was asked about a finding, or return ``None`` if nothing asks about it."""
    for finding in findings:
        question = question_about(finding, rule_set)
        if question is not None:
            reopened = taken_back(conversation, {question.id, finding.answer_key})
            return ask(reopened, question_prompt(question), script.GOING_BACK)
    return None


def summary(conversation: Conversation, rule_set: RuleSet) -> tuple[Line, ...]:
    """Return what was said so far, as a handover for a doctor."""
    answers = conversation.answers
    told: list[Line] = []
    for question in rule_set.questions:
        number = answers.get(question.id)
        if isinstance(number, int) and question.kind == "age":
            told.append(script.counted("summary.age", number))
        elif isinstance(number, int) and question.kind == "duration" and not question.volunteered:
            told.append(script.lasting(number))
    for line_id, answer in (("yes", "yes"), ("no", "no"), ("unsure", "unsure")):
        labels = [
            label
            for key, given in answers.items()
            if given == answer and (label := _label(key, given, rule_set)) is not None
        ]
        if labels:
            told.append(script.listed(f"summary.{line_id}", labels))
    return (script.SUMMARY, *told) if told else (script.NOTHING_YET,)


def _label(key: str, answer: Answer, rule_set: RuleSet) -> str | None:
    question = rule_set.question(key)
    if question is not None:
        return script.label_of_question(question) if not isinstance(answer, int) else None
    finding = rule_set.finding(key)
    return script.label_of_finding(finding) if finding else None
