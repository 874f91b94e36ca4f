"""One turn of the conversation: what happened in, what to say out; pure."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.advice import advice, out_of_scope, tips
from skill.dialogue.conversation import MISSES_ALLOWED, Conversation
from skill.dialogue.events import (
    AboutOther,
    Aged,
    Answered,
    AskedAbout,
    AskedForHelp,
    AskedToRepeat,
    Counted,
    Denied,
    Event,
    Lasted,
    NotUnderstood,
    Opened,
    Reassured,
    Reported,
    StartedOver,
    Stopped,
    Treated,
)
from skill.dialogue.prompts import (
    OFFER_CHECK,
    OFFER_TIPS,
    Prompt,
    confirming_prompt,
    offer_prompt,
    prompt_for,
    question_prompt,
)
from skill.dialogue.script import Line, Reply
from skill.triage.assessment import Assessment, assess
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from skill.triage.model import Answer, Finding, Question, QuestionKind, RuleSet, YesNo

FOR_SOMEONE_ELSE = "for_someone_else"
"""The finding that the person in pain is somebody other than the caller."""

_CHILD = "under_16"
_DAYS_A_YEAR = 365


def begin(rule_set: RuleSet) -> Conversation:
    """Return a conversation in which nothing was said yet."""
    return Conversation(rule_set=rule_set.name)


def take_turn(
    conversation: Conversation | None, event: Event, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Take one turn.

    Args:
        conversation: The state after the last turn, on this rule set; ``None`` if it was lost.
        event: What the caller did.
        rule_set: The rule set.

    Returns:
        The state to keep, and what to say. The same arguments always give the same result.
    """
    was_lost = conversation is None
    conversation, reply = _answer(conversation or begin(rule_set), event, rule_set)
    if was_lost and not reply.closes and not isinstance(event, Opened | StartedOver):
        reply = replace(reply, say=(script.RESTARTED, *reply.say))
    reply = replace(reply, about_other=_is_for_other(conversation))
    if reply.closes:
        return begin(rule_set), reply
    return replace(conversation, said=reply.say), reply


def _answer(  # noqa: C901, PLR0911, PLR0912 - one flat table of events reads best whole
    conversation: Conversation, event: Event, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    prompt = prompt_for(conversation.pending, rule_set)
    match event:
        case Opened():
            return _go_on(begin(rule_set), rule_set, script.GREETING)
        case StartedOver():
            return _go_on(begin(rule_set), rule_set, script.STARTED_OVER)
        case Stopped():
            return conversation, Reply(say=(script.STOPPED,))
        case AboutOther(inner):
            return _about_other(conversation, inner, rule_set)
        case Reported(findings):
            return _reported(conversation, findings, rule_set)
        case Denied(findings):
            return _denied(conversation, findings, rule_set)
        case AskedAbout(topic):
            return _asked_about(conversation, prompt, topic, rule_set)
        case Aged(years):
            return _volunteered(conversation, prompt, "age", years, rule_set)
        case Treated(days):
            return _treated(conversation, prompt, days, rule_set)
        case Lasted(days):
            return _lasted(conversation, prompt, days, rule_set)
        case _ if prompt is None:
            # Nothing was asked, so nothing can be answered, repeated or explained.
            return _go_on(begin(rule_set), rule_set, script.GREETING)
        case Answered(answer):
            return _answered(conversation, prompt, answer, rule_set)
        case Counted(number):
            return _counted(conversation, prompt, number, rule_set)
        case Reassured():
            return conversation, _open((script.STILL_CHECKING, prompt.ask), prompt)
        case AskedToRepeat():
            return conversation, _open(conversation.said or (prompt.ask,), prompt)
        case AskedForHelp():
            return conversation, _open((script.HELP, prompt.how, prompt.ask), prompt)
        case NotUnderstood():
            return _missed(conversation, prompt)


# --- taking what was said -------------------------------------------------------------------


def _answered(
    conversation: Conversation, prompt: Prompt, answer: YesNo, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if prompt.doubted is not None:
        return _confirmed(conversation, prompt.doubted, answer, rule_set)
    question = prompt.question
    if question is None:
        return _offer_answered(conversation, prompt, answer, rule_set)
    if not question.answer.accepts(answer):
        # A yes or a no to a question for a number.
        return _missed(conversation, prompt, script.asking_for_value(question))
    if answer == "unsure" and not conversation.rephrased:
        again = replace(conversation, rephrased=True, misses=0)
        return again, _open((script.ASKED_SIMPLER, prompt.simpler), prompt)
    return _go_on(_with(conversation, question.id, answer, rule_set), rule_set)


def _offer_answered(
    conversation: Conversation, prompt: Prompt, answer: YesNo, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if answer != "yes":
        closing = script.TAKE_CARE if prompt.pending == OFFER_TIPS else script.STOPPED
        return conversation, Reply(say=(closing,))
    if prompt.pending == OFFER_TIPS:
        return conversation, tips(assess(rule_set, conversation.answers), rule_set)
    return _go_on(conversation, rule_set)


def _confirmed(
    conversation: Conversation, doubted: Finding, answer: YesNo, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Settle a contradiction: only a plain no takes the earlier yes back."""
    if answer != "no":
        return _go_on(conversation, rule_set, script.KEPT)
    answers = {**conversation.answers, doubted.answer_key: answer}
    corrected = replace(conversation, answers=MappingProxyType(answers))
    return _go_on(corrected, rule_set, script.CORRECTED)


def _counted(
    conversation: Conversation, prompt: Prompt, number: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    question = prompt.question
    if question is None or question.kind == "yes_no":
        return _missed(conversation, prompt)
    # Seven what? A length of time needs its unit.
    if number is None or question.kind == "duration" or not question.answer.accepts(number):
        return _missed(conversation, prompt, script.asking_for_value(question))
    return _number_taken(conversation, question, number, rule_set)


def _lasted(
    conversation: Conversation, prompt: Prompt | None, days: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Take a length of time for what the pending question measures, else for the pain's."""
    if days is not None and prompt is not None and prompt.question is not None:
        if prompt.question.kind == "count":
            # "A week" is seven nights in a row.
            return _counted(conversation, prompt, days, rule_set)
        if prompt.question.kind == "age":
            return _counted(conversation, prompt, days // _DAYS_A_YEAR, rule_set)
    return _volunteered(conversation, prompt, "duration", days, rule_set)


def _treated(
    conversation: Conversation, prompt: Prompt | None, days: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    taken = next((question for question in rule_set.questions if question.volunteered), None)
    if days is None or taken is None or not taken.answer.accepts(days):
        return _not_taken(conversation, prompt, rule_set)
    return _number_taken(conversation, taken, days, rule_set)


def _volunteered(
    conversation: Conversation,
    prompt: Prompt | None,
    kind: QuestionKind,
    number: int | None,
    rule_set: RuleSet,
) -> tuple[Conversation, Reply]:
    """Take a number for the question of that kind, pending or not."""
    question = next((q for q in rule_set.questions if q.kind == kind and not q.volunteered), None)
    if question is None or number is None or not question.answer.accepts(number):
        if prompt is not None and question is not None and prompt.question is question:
            return _missed(conversation, prompt, script.asking_for_value(question))
        return _not_taken(conversation, prompt, rule_set)
    return _number_taken(conversation, question, number, rule_set)


def _number_taken(
    conversation: Conversation, question: Question, number: int, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Keep a number and read it back with its unit, so that a wrong one is caught."""
    conversation = _with(conversation, question.id, number, rule_set)
    acknowledgement = [script.heard(question, number)]
    present = rule_set.findings_in(conversation.answers)
    if question.kind == "age" and _CHILD in present and not _is_for_other(conversation):
        acknowledgement.append(script.ASK_ADULT)
    return _go_on(conversation, rule_set, *acknowledgement)


def _reported(
    conversation: Conversation, findings: tuple[str, ...], rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    known = _reportable(findings, rule_set)
    if not known:
        return _not_taken(conversation, prompt_for(conversation.pending, rule_set), rule_set)
    was_for_other = _is_for_other(conversation)
    for finding in known:
        conversation = _with(conversation, finding.answer_key, "yes", rule_set)
    began_for_other = _is_for_other(conversation) and not was_for_other
    return _go_on(conversation, rule_set, script.FOR_OTHER if began_for_other else script.NOTED)


def _denied(
    conversation: Conversation, findings: tuple[str, ...], rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    known = _reportable(findings, rule_set)
    if not known:
        return _not_taken(conversation, prompt_for(conversation.pending, rule_set), rule_set)
    denied = conversation
    for finding in known:
        if not finding.several:
            denied = _with(denied, finding.answer_key, "no", rule_set)
    doubted = next((f for f in known if denied.answers.get(f.answer_key) == "yes"), None)
    if doubted is not None:
        prompt = confirming_prompt(doubted)
        return replace(denied, pending=prompt.pending, misses=0), _open((prompt.ask,), prompt)
    return _go_on(denied, rule_set, script.DENIED)


def _about_other(
    conversation: Conversation, inner: Event, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Take what was said about somebody else, and from now on ask about them."""
    for_other = _reportable((FOR_SOMEONE_ELSE,), rule_set)
    if not for_other or _is_for_other(conversation):
        return _answer(conversation, inner, rule_set)
    if isinstance(inner, Reported):
        return _reported(conversation, (FOR_SOMEONE_ELSE, *inner.findings), rule_set)
    told = _with(conversation, FOR_SOMEONE_ELSE, "yes", rule_set)
    if isinstance(inner, NotUnderstood):
        return _go_on(told, rule_set, script.FOR_OTHER)
    return _answer(told, inner, rule_set)


def _asked_about(
    conversation: Conversation, prompt: Prompt | None, topic_id: str, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Answer in at most two sentences amid the check, at more length outside of it."""
    topic = next((topic for topic in rule_set.topics if topic.id == topic_id), None)
    if topic is None:
        return _not_taken(conversation, prompt, rule_set)
    if prompt is not None and prompt.question is not None:
        return conversation, _open((script.answer_to(topic), prompt.ask), prompt)
    offer = offer_prompt(OFFER_CHECK)
    lines = (script.answer_to(topic), script.more_about(topic), offer.ask)
    begun = () if conversation.answers or conversation.pending else (script.GREETING,)
    waiting = replace(conversation, pending=offer.pending, misses=0)
    return waiting, _open((*begun, *lines), offer)


def _reportable(findings: tuple[str, ...], rule_set: RuleSet) -> tuple[Finding, ...]:
    named = (rule_set.finding(finding) for finding in findings)
    return tuple(finding for finding in named if finding and finding.reported)


def _is_for_other(conversation: Conversation) -> bool:
    return conversation.answers.get(FOR_SOMEONE_ELSE) == "yes"


def _with(conversation: Conversation, key: str, answer: Answer, rule_set: RuleSet) -> Conversation:
    """Keep an answer; where it contradicts an earlier one, keep the more urgent of the two."""
    earlier = conversation.answers.get(key)
    if earlier is not None and _is_graver(earlier, answer, rule_set.question(key)):
        answer = earlier
    answers = {**conversation.answers, key: answer}
    return replace(conversation, answers=MappingProxyType(answers))


def _is_graver(earlier: Answer, answer: Answer, question: Question | None) -> bool:
    if isinstance(earlier, int) and isinstance(answer, int):
        # An age has no alarming side: the later one is the corrected one.
        return earlier > answer and question is not None and question.kind != "age"
    if isinstance(earlier, int) or isinstance(answer, int):
        # A number is worth more than "not sure", whichever came first.
        return isinstance(earlier, int)
    alarming = question.alarming if question else "yes"
    if alarming is None or earlier == answer:
        return False
    return earlier == alarming or (earlier == "unsure" and answer != alarming)


# --- what to say next -----------------------------------------------------------------------


def _go_on(
    conversation: Conversation, rule_set: RuleSet, *acknowledgement: Line
) -> tuple[Conversation, Reply]:
    """Give the advice if it is settled, else ask the next question."""
    assessment = assess(rule_set, conversation.answers)
    question = assessment.next_question
    if assessment.disposition is Disposition.EMERGENCY or question is None:
        return _advised(conversation, assessment)
    if not question.even_out_of_scope and rule_set.out_of_scope & assessment.present:
        if assessment.disposition is Disposition.SELF_CARE:
            return conversation, out_of_scope()
        return _advised(conversation, assessment)
    if not conversation.said and script.GREETING not in acknowledgement:
        # The call began with a finding, so it has not heard yet what this is.
        acknowledgement = (script.GREETING, *acknowledgement)
    prompt = question_prompt(question)
    still_asked = prompt.pending == conversation.pending
    conversation = replace(
        conversation,
        pending=prompt.pending,
        misses=0,
        rephrased=conversation.rephrased and still_asked,
    )
    return conversation, _open((*acknowledgement, prompt.ask), prompt)


def _advised(conversation: Conversation, assessment: Assessment) -> tuple[Conversation, Reply]:
    reply = advice(assessment, about_other=_is_for_other(conversation))
    pending = None if reply.closes else OFFER_TIPS
    return replace(conversation, pending=pending, misses=0), reply


def _not_taken(
    conversation: Conversation, prompt: Prompt | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if prompt is None:
        return _go_on(begin(rule_set), rule_set, script.GREETING)
    return _missed(conversation, prompt)


def _missed(
    conversation: Conversation, prompt: Prompt, specific: Line | None = None
) -> tuple[Conversation, Reply]:
    """Ask again, then in simpler words, then send the caller to a person."""
    if conversation.misses == MISSES_ALLOWED:
        # After home-care advice there is nothing left to check, only tips not to be heard.
        closing = script.TAKE_CARE if prompt.pending == OFFER_TIPS else script.GIVEN_UP
        return conversation, Reply(say=(closing,))
    lines: tuple[Line, ...]
    if specific is not None:
        lines = (specific,)
    elif conversation.misses == 0:
        lines = (script.MISSED_ONCE, prompt.ask)
    else:
        lines = (prompt.how, prompt.simpler)
    return replace(conversation, misses=conversation.misses + 1), _open(lines, prompt)


def _open(say: tuple[Line, ...], prompt: Prompt) -> Reply:
    return Reply(say=say, reprompt=(prompt.again,))
