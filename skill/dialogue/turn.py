"""One turn of the conversation: what happened in, what to say out; pure."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.conversation import MISSES_ALLOWED, Conversation
from skill.dialogue.events import (
    Aged,
    Answered,
    AskedForHelp,
    AskedToRepeat,
    Counted,
    Denied,
    Event,
    Lasted,
    NotUnderstood,
    Opened,
    Reported,
    StartedOver,
    Stopped,
    Treated,
)
from skill.dialogue.script import Line, Reply
from skill.triage.assessment import Assessment, assess
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from skill.triage.model import Answer, Question, QuestionKind, Rule, RuleSet

MOST_REASONS = 2
"""A listener keeps about three things; the advice itself is one of them."""

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
    if was_lost and not reply.closes:
        reply = replace(reply, say=(script.RESTARTED, *reply.say))
    return replace(conversation, said=() if reply.closes else reply.say), reply


def _answer(  # noqa: C901, PLR0911, PLR0912 - one flat table of events reads best whole
    conversation: Conversation, event: Event, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    question = conversation.pending_question(rule_set)
    match event:
        case Opened():
            return _go_on(begin(rule_set), rule_set, script.GREETING)
        case StartedOver():
            return _go_on(begin(rule_set), rule_set, script.STARTED_OVER)
        case Stopped():
            return begin(rule_set), Reply(say=(script.STOPPED,))
        case Reported(findings):
            return _reported(conversation, findings, rule_set)
        case Denied(findings):
            return _denied(conversation, findings, rule_set)
        case Aged(years):
            return _volunteered(conversation, "age", years, rule_set)
        case Treated(days):
            return _treated(conversation, days, rule_set)
        case Lasted(days):
            return _lasted(conversation, question, days, rule_set)
        case _ if question is None:
            # Nothing was asked, so nothing can be answered, repeated or explained.
            return _go_on(begin(rule_set), rule_set, script.GREETING)
        case Answered(answer):
            return _answered(conversation, question, answer, rule_set)
        case Counted(number):
            return _counted(conversation, question, number, rule_set)
        case AskedToRepeat():
            return conversation, _open(conversation.said or (script.asking(question),), question)
        case AskedForHelp():
            lines = (script.HELP, script.how_to_answer(question), script.asking(question))
            return conversation, _open(lines, question)
        case NotUnderstood():
            return _missed(conversation, question)


# --- taking what was said -------------------------------------------------------------------


def _answered(
    conversation: Conversation, question: Question, answer: Answer, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if not question.answer.accepts(answer):
        # A yes or a no to a question for a number.
        return _missed(conversation, question, script.asking_for_value(question))
    if answer == "unsure" and not conversation.rephrased:
        lines = (script.ASKED_SIMPLER, script.asking_simpler(question))
        return replace(conversation, rephrased=True, misses=0), _open(lines, question)
    return _go_on(_with(conversation, question.id, answer, rule_set), rule_set)


def _counted(
    conversation: Conversation, question: Question, number: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if question.kind == "yes_no":
        return _missed(conversation, question)
    # Seven what? A length of time needs its unit.
    if number is None or question.kind == "duration" or not question.answer.accepts(number):
        return _missed(conversation, question, script.asking_for_value(question))
    return _go_on(_with(conversation, question.id, number, rule_set), rule_set)


def _lasted(
    conversation: Conversation, question: Question | None, days: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Take a length of time for what the pending question measures, else for the pain's."""
    if days is not None and question is not None:
        if question.kind == "count":
            # "A week" is seven nights in a row.
            return _counted(conversation, question, days, rule_set)
        if question.kind == "age":
            return _counted(conversation, question, days // _DAYS_A_YEAR, rule_set)
    return _volunteered(conversation, "duration", days, rule_set)


def _treated(
    conversation: Conversation, days: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    taken = next((question for question in rule_set.questions if question.volunteered), None)
    if days is None or taken is None or not taken.answer.accepts(days):
        return _not_taken(conversation, rule_set)
    return _go_on(_with(conversation, taken.id, days, rule_set), rule_set, script.NOTED)


def _volunteered(
    conversation: Conversation, kind: QuestionKind, number: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Take a number for the question of that kind, pending or not."""
    pending = conversation.pending_question(rule_set)
    question = next((q for q in rule_set.questions if q.kind == kind and not q.volunteered), None)
    if question is None or number is None or not question.answer.accepts(number):
        if pending is not None and pending is question:
            return _missed(conversation, pending, script.asking_for_value(pending))
        return _not_taken(conversation, rule_set)
    acknowledgement = () if pending is question else (script.NOTED,)
    return _go_on(_with(conversation, question.id, number, rule_set), rule_set, *acknowledgement)


def _reported(
    conversation: Conversation, findings: tuple[str, ...], rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    keys = _answer_keys(findings, rule_set)
    if not keys:
        return _not_taken(conversation, rule_set)
    for key in keys:
        conversation = _with(conversation, key, "yes", rule_set)
    return _go_on(conversation, rule_set, script.NOTED)


def _denied(
    conversation: Conversation, findings: tuple[str, ...], rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    keys = _answer_keys(findings, rule_set)
    if not keys:
        return _not_taken(conversation, rule_set)
    denied = conversation
    for key in keys:
        denied = _with(denied, key, "no", rule_set)
    contradicted = any(denied.answers[key] == "yes" for key in keys)
    return _go_on(denied, rule_set, script.KEPT if contradicted else script.DENIED)


def _answer_keys(findings: tuple[str, ...], rule_set: RuleSet) -> tuple[str, ...]:
    known = (rule_set.finding(finding) for finding in findings)
    return tuple(finding.answer_key for finding in known if finding and finding.reported)


def _with(conversation: Conversation, key: str, answer: Answer, rule_set: RuleSet) -> Conversation:
    """Keep an answer; where it contradicts an earlier one, keep the more urgent of the two."""
    earlier = conversation.answers.get(key)
    if earlier is not None and _is_graver(earlier, answer, rule_set.question(key)):
        answer = earlier
    answers = {**conversation.answers, key: answer}
    return replace(conversation, answers=MappingProxyType(answers))


def _is_graver(earlier: Answer, answer: Answer, question: Question | None) -> bool:
    alarming = question.alarming if question else "yes"
    if isinstance(earlier, int) and isinstance(answer, int):
        # An age has no alarming side: the later one is the corrected one.
        return earlier > answer and question is not None and question.kind != "age"
    if isinstance(earlier, int) or isinstance(answer, int):
        # A number is worth more than "not sure", whichever came first.
        return isinstance(earlier, int)
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
        return begin(rule_set), _advice(assessment)
    if conversation.pending is None and acknowledgement == (script.NOTED,):
        # The call began with a finding, so it has not heard yet what this is.
        acknowledgement = (script.GREETING, script.NOTED)
    still_asked = question.id == conversation.pending
    conversation = replace(
        conversation,
        pending=question.id,
        misses=0,
        rephrased=conversation.rephrased and still_asked,
    )
    return conversation, _open((*acknowledgement, script.asking(question)), question)


def _not_taken(conversation: Conversation, rule_set: RuleSet) -> tuple[Conversation, Reply]:
    question = conversation.pending_question(rule_set)
    if question is None:
        return _go_on(begin(rule_set), rule_set, script.GREETING)
    return _missed(conversation, question)


def _missed(
    conversation: Conversation, question: Question, specific: Line | None = None
) -> tuple[Conversation, Reply]:
    """Ask again, then in simpler words, then send the caller to a person."""
    if conversation.misses == MISSES_ALLOWED:
        return replace(conversation, misses=0, pending=None), Reply(say=(script.GIVEN_UP,))
    lines: tuple[Line, ...]
    if specific is not None:
        lines = (specific,)
    elif conversation.misses == 0:
        lines = (script.MISSED_ONCE, script.asking(question))
    else:
        lines = (script.how_to_answer(question), script.asking_simpler(question))
    return replace(conversation, misses=conversation.misses + 1), _open(lines, question)


def _open(say: tuple[Line, ...], question: Question) -> Reply:
    return Reply(say=say, reprompt=(script.asking_again(question),))


def _advice(assessment: Assessment) -> Reply:
    level = assessment.disposition
    reasons = tuple(script.because(rule) for rule in _reasons(assessment))
    lines: tuple[Line, ...]
    match level:
        case Disposition.EMERGENCY:
            # The first rule's holding advice: rules stand in order of weight.
            holding = Line(f"holding.{assessment.decisive[0].holding}")
            lines = (script.EMERGENCY_FIRST, holding, reasons[0], script.EMERGENCY_LAST)
        case Disposition.URGENT_SAME_DAY:
            lines = (*script.SAME_DAY, *reasons, *script.SAFETY_NET[:1])
        case Disposition.SEE_DOCTOR:
            soon = any(rule.within == "few_days" for rule in assessment.decisive)
            first = Line(f"see_doctor.{'few_days' if soon else 'two_weeks'}")
            lines = (first, *reasons, *script.SAFETY_NET[:1])
        case Disposition.SELF_CARE:
            lines = (*script.HOME_CARE, *script.SAFETY_NET)
    return Reply(say=lines, advice=level)


def _reasons(assessment: Assessment) -> tuple[Rule, ...]:
    """Return the rules worth giving as reasons, at most two, none that says another's again."""
    given: list[Rule] = []
    told: frozenset[str] = frozenset()
    for rule in assessment.decisive:
        met = [a for a in rule.alternatives if a <= assessment.present]
        if any(alternative <= told for alternative in met):
            continue
        given.append(rule)
        told = told.union(*met)
        if len(given) == MOST_REASONS:
            break
    return tuple(given)
