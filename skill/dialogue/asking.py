"""What to say next: the next question, the same one again, or the advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.advice import advice, out_of_scope
from skill.dialogue.answers import is_for_other, weighed
from skill.dialogue.conversation import MISSES_ALLOWED, Conversation
from skill.dialogue.prompts import OFFER_TIPS, question_prompt
from skill.dialogue.script import Line, Reply
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from skill.dialogue.prompts import Prompt
    from skill.triage.assessment import Assessment
    from skill.triage.model import RuleSet


def begin(rule_set: RuleSet) -> Conversation:
    """Return a conversation in which nothing was said yet."""
    return Conversation(rule_set=rule_set.name)


def go_on(
    conversation: Conversation, rule_set: RuleSet, *acknowledgement: Line
) -> tuple[Conversation, Reply]:
    """Give the advice if it is settled, else ask the next question."""
    assessment, rules = weighed(conversation, rule_set)
    question = assessment.next_question
    elsewhere = rules is not rule_set
    if elsewhere and question is None and assessment.disposition is Disposition.SELF_CARE:
        return conversation, out_of_scope()
    if question is None or assessment.disposition is Disposition.EMERGENCY:
        return _advised(conversation, assessment, rule_set)
    return ask(conversation, question_prompt(question), *acknowledgement)


def ask(
    conversation: Conversation, prompt: Prompt, *acknowledgement: Line
) -> tuple[Conversation, Reply]:
    """Ask for something, and wait for it."""
    still_asked = prompt.pending == conversation.pending
    waiting = conversation._replace(
        pending=prompt.pending,
        misses=0,
        rephrased=conversation.rephrased and still_asked,
        number=conversation.number if still_asked else None,
    )
    return waiting, listening((*acknowledgement, prompt.ask), prompt)


def ask_again(
    conversation: Conversation, prompt: Prompt, *acknowledgement: Line
) -> tuple[Conversation, Reply]:
    """Say something on the side and ask the same again. Nothing was missed."""
    return conversation._replace(misses=0), listening((*acknowledgement, prompt.ask), prompt)


def missed(
    conversation: Conversation, prompt: Prompt, specific: Line | None = None
) -> tuple[Conversation, Reply]:
    """Ask again, then in simpler words, then send the caller to a person.

    Args:
        conversation: The state.
        prompt: What waits for an answer.
        specific: What was wrong with the answer, where that is known.
    """
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
    return conversation._replace(misses=conversation.misses + 1), listening(lines, prompt)


def not_taken(
    conversation: Conversation, prompt: Prompt | None, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    """Answer something that means nothing here, whether or not anything was asked."""
    if prompt is None:
        return go_on(conversation, rule_set, script.GREETING)
    return missed(conversation, prompt)


def listening(say: tuple[Line, ...], prompt: Prompt) -> Reply:
    """Return a reply that ends in the prompt's question and waits for its answer."""
    return Reply(say=say, reprompt=(prompt.again,))


def _advised(
    conversation: Conversation, assessment: Assessment, rule_set: RuleSet
) -> tuple[Conversation, Reply]:
    surely = rule_set.findings_in(
        {key: given for key, given in conversation.answers.items() if given != "unsure"}
    )
    reply = advice(assessment, surely, about_other=is_for_other(conversation))
    pending = None if reply.closes else OFFER_TIPS
    return conversation._replace(pending=pending, misses=0, number=None), reply
