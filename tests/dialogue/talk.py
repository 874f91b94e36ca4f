"""A talk on a small rule set: take turns, and see what was said."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from skill.dialogue.conversation import Conversation
from skill.dialogue.prompts import prompt_for
from skill.dialogue.script import GREETING
from skill.dialogue.turn import take_turn
from tests.dialogue.small import SMALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.dialogue.events import Event
    from skill.dialogue.script import Line, Reply
    from skill.triage.model import Answer, RuleSet


def at(
    pending: str | None,
    known: Mapping[str, Answer] = MappingProxyType({}),
    *,
    misses: int = 0,
    rephrased: bool = False,
    rules: RuleSet = SMALL,
    **answers: Answer,
) -> Conversation:
    """Return a conversation, greeted already, that waits for the answer to something."""
    prompt = prompt_for(pending, rules)
    return Conversation(
        rules.name,
        MappingProxyType({**known, **answers}),
        pending,
        misses=misses,
        rephrased=rephrased,
        said=(GREETING, *([prompt.ask] if prompt else [])),
    )


def take(
    conversation: Conversation | None, *events: Event, rules: RuleSet = SMALL
) -> tuple[Conversation, Reply]:
    """Take one turn per event and return what came of the last."""
    reply = None
    for event in events:
        conversation, reply = take_turn(conversation, event, rules)
    assert conversation is not None
    assert reply is not None
    return conversation, reply


def ids(lines: tuple[Line, ...]) -> list[str]:
    """Return the ids of lines."""
    return [line.id for line in lines]


def said(conversation: Conversation | None, *events: Event, rules: RuleSet = SMALL) -> list[str]:
    """Return the ids of the lines that the last of some events was answered with."""
    return ids(take(conversation, *events, rules=rules)[1].say)
