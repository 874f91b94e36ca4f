"""What a turn with a memory came to, and what can still be done to what it says."""

from __future__ import annotations

from skill.dialogue import script
from skill.dialogue.asking import begin
from skill.dialogue.events import NotUnderstood, Opened
from skill.dialogue.prompts import keeping_prompt
from skill.dialogue.taken import Taken
from skill.dialogue.talk import Talk
from skill.dialogue.turn import take_turn
from tests.dialogue.small import SMALL
from tests.dialogue.talk import ids


def opened() -> Taken:
    conversation, reply = take_turn(begin(SMALL), Opened(), SMALL)
    return Taken(Talk(conversation), reply)


def test_what_is_said_first_comes_behind_the_greeting_and_is_said_again() -> None:
    told = opened().saying(script.FORGOTTEN)
    assert ids(told.reply.say) == ["greeting", "memory.forgotten", "question.chest_signs"]
    assert script.FORGOTTEN in told.talk.conversation.said


def test_word_that_nothing_can_be_kept_is_not_said_again() -> None:
    told = opened().unavailable()
    assert ids(told.reply.say) == ["greeting", "memory.unavailable", "question.chest_signs"]
    assert script.UNAVAILABLE not in told.talk.conversation.said


def test_what_was_said_can_be_left_out() -> None:
    told = opened().saying(script.KEEPING).without(script.KEEPING)
    assert told == opened().saying()


def test_another_question_takes_the_place_of_the_one_that_was_to_be_asked() -> None:
    told = opened().asking(keeping_prompt(24), script.OUTDATED)
    assert ids(told.reply.say) == ["greeting", "memory.outdated", "offer.keep"]
    assert told.talk.conversation.pending == "offer.keep.24"
    assert ids(told.reply.reprompt) != ids(opened().reply.reprompt)


def test_who_is_sent_to_a_person_is_not_at_the_end_of_a_check() -> None:
    conversation, reply = opened().talk.conversation, opened().reply
    for _ in range(3):
        conversation, reply = take_turn(conversation, NotUnderstood(), SMALL)
    assert reply.closes
    assert not Taken(Talk(conversation), reply).is_over
