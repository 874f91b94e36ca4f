"""One turn of the conversation: what happened in, what to say out; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.advice import tips
from skill.dialogue.answers import (
    FOR_SOMEONE_ELSE,
    about_somebody,
    corrected,
    is_for_other,
    last_question,
    reportable,
    taken_back,
    with_answer,
)
from skill.dialogue.asking import ask, ask_again, begin, go_on, listening, missed, not_taken
from skill.dialogue.control import changed_mind, controlled, gone_back
from skill.dialogue.events import (
    AboutOther,
    AboutSelf,
    Aged,
    Answered,
    AskedAbout,
    AskedForHelp,
    AskedForNumber,
    AskedForSlower,
    AskedToForget,
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
    StartedOver,
    Stopped,
    Treated,
    WentBack,
)
from skill.dialogue.prompts import (
    OFFER_CHECK,
    OFFER_TIPS,
    Prompt,
    confirming_prompt,
    is_about_memory,
    offer_prompt,
    prompt_for,
    question_prompt,
)
from skill.dialogue.script import Reply
from skill.triage.assessment import assess

if TYPE_CHECKING:
    from skill.dialogue.conversation import Conversation
    from skill.triage.model import Question, QuestionKind, RuleSet, YesNo

_CHILD = "under_16"
_DAYS_A_YEAR = 365


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
    before = conversation or begin(rule_set)
    conversation, reply = react(before, event, rule_set)
    begins = before.pending is None and not before.said
    if begins and not reply.closes and script.GREETING not in reply.say:
        # The call began with something else, so it has not heard yet what this is.
        reply = reply._replace(say=(script.GREETING, *reply.say))
    if was_lost and not reply.closes and not isinstance(event, Opened | StartedOver):
        reply = reply._replace(say=(script.RESTARTED, *reply.say))
    about_other, slowly = is_for_other(conversation), conversation.slowly
    if about_other or slowly:
        reply = reply._replace(about_other=about_other, slowly=slowly)
    if reply.closes:
        return begin(rule_set), reply
    return conversation._replace(said=reply.say), reply


def calls_as_child(conversation: Conversation, rule_set: RuleSet) -> bool:
    """Say whether the caller is a child, who calls about a pain of their own."""
    present = rule_set.findings_in(conversation.answers)
    return _CHILD in present and not is_for_other(conversation)


def react(  # noqa: C901, PLR0911, PLR0912 - one flat table of events reads best whole
    conversation: Conversation, event: Event, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Return the state after an event, kept even where the reply ends the session, and the reply.

    The reply is without what depends on the call as a whole, which `take_turn` adds.
    """
    prompt = prompt_for(conversation.pending, rule_set)
    match event:
        case Opened():
            return go_on(begin(rule_set), rule_set, script.GREETING)
        case StartedOver():
            anew = begin(rule_set)._replace(said=conversation.said, slowly=conversation.slowly)
            return go_on(anew, rule_set, script.STARTED_OVER)
        case Stopped():
            return conversation, Reply(say=(script.STOPPED,))
        case AboutOther(inner):
            return _about_other(conversation, inner, rule_set)
        case AboutSelf() if is_for_other(conversation):
            own = about_somebody(conversation, rule_set, other=False)
            return go_on(own, rule_set, script.NOTED)
        case Reported(findings):
            return _reported(conversation, prompt, findings, rule_set)
        case Denied(findings):
            return _denied(conversation, prompt, findings, rule_set)
        case AskedAbout(topic):
            return _asked_about(conversation, prompt, topic, rule_set)
        case AskedForNumber():
            waiting = prompt or offer_prompt(OFFER_CHECK)
            return ask(conversation, waiting, script.NUMBER_AGAIN)
        case AskedToForget():
            waiting = prompt or offer_prompt(OFFER_CHECK)
            return ask(conversation, waiting, script.NOTHING_KEPT)
        case Aged(years):
            return _volunteered(conversation, prompt, "age", years, rule_set)
        case Treated(days):
            return _treated(conversation, prompt, days, rule_set)
        case Lasted(days):
            return _lasted(conversation, prompt, days, rule_set)
        case ChangedMind(findings):
            known = reportable(findings, rule_set)
            reopened = changed_mind(conversation, known, rule_set)
            return reopened or not_taken(conversation, prompt, rule_set)
        case _ if prompt is None:
            # Nothing was asked, so nothing can be answered, repeated or explained.
            slowly = conversation.slowly or isinstance(event, AskedForSlower)
            first = script.HELP if isinstance(event, AskedForHelp) else script.GREETING
            return go_on(conversation._replace(slowly=slowly), rule_set, first)
        case Answered(answer):
            return _answered(conversation, prompt, answer, rule_set)
        case Corrected(answer):
            return _corrected(conversation, prompt, answer, rule_set)
        case WentBack():
            return gone_back(conversation, prompt, rule_set)
        case Counted(number):
            return _counted(conversation, prompt, number, rule_set)
        case GaveUnit(days):
            return _gave_unit(conversation, prompt, days, rule_set)
        case _:
            told = controlled(conversation, prompt, event, rule_set)
            return told or missed(conversation, prompt)


def _answered(
    conversation: Conversation, prompt: Prompt, answer: YesNo, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if prompt.doubted is not None:
        return _confirmed(conversation, prompt.doubted, answer, rule_set)
    question = prompt.question
    if question is None:
        return _offer_answered(conversation, prompt, answer, rule_set)
    if question.kind == "count" and answer == "no":
        return _number_taken(conversation, question, 0, rule_set)
    if question.kind in {"age", "duration"} and answer == "no":
        # Who will not say is one more who cannot say.
        answer = "unsure"
    if not question.answer.accepts(answer):
        # A yes to a question for a number.
        return missed(conversation, prompt, script.asking_for_value(question))
    if answer == "unsure" and not conversation.rephrased:
        again = conversation._replace(rephrased=True, misses=0)
        return again, listening((script.ASKED_SIMPLER, prompt.simpler), prompt)
    return go_on(with_answer(conversation, question.id, answer, rule_set), rule_set)


def _offer_answered(
    conversation: Conversation, prompt: Prompt, answer: YesNo, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if is_about_memory(prompt.pending):
        # What comes of the answer is the business of `remembering`; the check goes on.
        return go_on(conversation, rule_set)
    if answer != "yes":
        closing = script.TAKE_CARE if prompt.pending == OFFER_TIPS else script.STOPPED
        return conversation, Reply(say=(closing,))
    if prompt.pending == OFFER_TIPS:
        return conversation, tips(assess(rule_set, conversation.answers), rule_set)
    return go_on(conversation, rule_set)


def _confirmed(
    conversation: Conversation, doubted: str, answer: YesNo, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Settle a contradiction: only a plain no takes the earlier yes back."""
    if answer != "no":
        if rule_set.question(doubted) is not None:
            conversation = with_answer(conversation, doubted, answer, rule_set)
        return go_on(conversation, rule_set, script.KEPT)
    return go_on(corrected(conversation, doubted, answer), rule_set, script.CORRECTED)


def _corrected(
    conversation: Conversation, prompt: Prompt, answer: YesNo, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Put the answer in the place of the last one; a warning sign only once that is confirmed."""
    question = last_question(conversation, rule_set)
    if prompt.doubted:
        return _answered(conversation, prompt, answer, rule_set)
    if question is None or not question.answer.accepts(answer):
        if prompt.question is not None and answer == "no" == prompt.question.alarming:
            # "I meant no" to whether somebody is awake may be about the call for them.
            return missed(conversation, prompt)
        return _answered(conversation, prompt, answer, rule_set)
    if conversation.answers[question.id] == answer:
        # Nothing to take back: "actually no" is the answer to what is asked.
        return _answered(conversation, prompt, answer, rule_set)
    if answer == "no" and conversation.answers[question.id] == "yes" == question.alarming:
        return ask(conversation, confirming_prompt(question.id, script.label_of_question(question)))
    return go_on(corrected(conversation, question.id, answer), rule_set, script.CORRECTED)


def _counted(
    conversation: Conversation, prompt: Prompt, number: int | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    question = prompt.question
    if question is None or question.kind == "yes_no":
        return missed(conversation, prompt)
    if number is not None and question.kind == "duration" and question.answer.accepts(number):
        # Seven what? A length of time needs its unit. Asking for it once is no miss.
        which_unit = script.counted("which_unit", number)
        waiting = conversation._replace(number=number)
        if conversation.number is None:
            return waiting, listening((which_unit,), prompt)
        return missed(waiting, prompt, which_unit)
    if number is None or not question.answer.accepts(number):
        return missed(conversation, prompt, script.asking_for_value(question))
    return _number_taken(conversation, question, number, rule_set)


def _gave_unit(
    conversation: Conversation, prompt: Prompt, days: int, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    if conversation.number is None:
        question = prompt.question
        measured = question is not None and question.kind == "duration"
        specific = script.asking_for_value(question) if question and measured else None
        return missed(conversation, prompt, specific)
    return _lasted(conversation, prompt, conversation.number * days, rule_set)


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
        return not_taken(conversation, prompt, rule_set)
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
            return missed(conversation, prompt, script.asking_for_value(question))
        return not_taken(conversation, prompt, rule_set)
    return _number_taken(conversation, question, number, rule_set)


def _number_taken(
    conversation: Conversation, question: Question, number: int, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Keep a number and read it back with its unit, so that a wrong one is caught."""
    earlier = conversation.answers.get(question.id)
    if question.kind == "age" and isinstance(earlier, int) and earlier != number:
        # Two ages: neither is taken before it is said once more.
        prompt = question_prompt(question)
        asked, _ = ask(taken_back(conversation, {question.id}), prompt)
        return asked, listening((script.asking_for_value(question),), prompt)
    conversation = with_answer(conversation, question.id, number, rule_set)
    kept = conversation.answers[question.id]
    acknowledgement = [script.heard(question, kept if isinstance(kept, int) else number)]
    if question.kind == "age" and calls_as_child(conversation, rule_set):
        acknowledgement.append(script.ASK_ADULT)
    return go_on(conversation, rule_set, *acknowledgement)


def _reported(
    conversation: Conversation,
    prompt: Prompt | None,
    findings: tuple[str, ...],
    rule_set: RuleSet,
) -> tuple[Conversation, Reply]:
    known = reportable(findings, rule_set)
    if not known:
        return not_taken(conversation, prompt, rule_set)
    was_for_other = is_for_other(conversation)
    if not was_for_other and FOR_SOMEONE_ELSE in (finding.id for finding in known):
        conversation = about_somebody(conversation, rule_set, other=True)
    for finding in known:
        conversation = with_answer(conversation, finding.answer_key, "yes", rule_set)
    began_for_other = is_for_other(conversation) and not was_for_other
    own = [script.noting(finding) for finding in known if finding.own_words]
    acknowledgement = own[:1] or [script.FOR_OTHER if began_for_other else script.NOTED]
    return go_on(conversation, rule_set, *acknowledgement)


def _denied(
    conversation: Conversation,
    prompt: Prompt | None,
    findings: tuple[str, ...],
    rule_set: RuleSet,
) -> tuple[Conversation, Reply]:
    known = reportable(findings, rule_set)
    if not known:
        return not_taken(conversation, prompt, rule_set)
    denied = conversation
    for finding in known:
        if not finding.several:
            denied = with_answer(denied, finding.answer_key, "no", rule_set)
    doubted = next((f for f in known if denied.answers.get(f.answer_key) == "yes"), None)
    if doubted is not None:
        label = script.label_of_finding(doubted)
        return ask(denied, confirming_prompt(doubted.answer_key, label))
    if prompt is None or not any(f.several and f.question == prompt.pending for f in known):
        return go_on(denied, rule_set, script.DENIED)
    # "No fever" when asked for a fever or shivers: asked once more, then it means no.
    if script.DENIED in conversation.said:
        return go_on(with_answer(denied, prompt.pending, "no", rule_set), rule_set)
    return denied, listening((script.DENIED, prompt.ask), prompt)


def _about_other(
    conversation: Conversation, inner: Event, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Take what was said about somebody else, and from now on ask about them."""
    known = reportable((FOR_SOMEONE_ELSE,), rule_set)
    prompt = prompt_for(conversation.pending, rule_set)
    if is_for_other(conversation) and prompt is not None and isinstance(inner, NotUnderstood):
        return ask_again(conversation, prompt, script.FOR_OTHER)
    if not known or is_for_other(conversation):
        return react(conversation, inner, rule_set)
    if isinstance(inner, Reported):
        together = Reported((FOR_SOMEONE_ELSE, *inner.findings))
        return react(conversation, together, rule_set)
    told = about_somebody(conversation, rule_set, other=True)
    if isinstance(inner, NotUnderstood):
        return go_on(told, rule_set, script.FOR_OTHER)
    return react(told, inner, rule_set)


def _asked_about(
    conversation: Conversation, prompt: Prompt | None, topic_id: str, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Answer in at most two sentences amid the check, at more length outside of it."""
    topic = next((topic for topic in rule_set.topics if topic.id == topic_id), None)
    if topic is None:
        return not_taken(conversation, prompt, rule_set)
    if prompt is not None and prompt.pending not in {OFFER_CHECK, OFFER_TIPS}:
        return ask(conversation, prompt, script.answer_to(topic))
    lines = (script.answer_to(topic), script.more_about(topic))
    return ask(conversation, prompt or offer_prompt(OFFER_CHECK), *lines)
