"""The state of a talk with a memory, as it travels in the session attributes."""

from __future__ import annotations

from typing import Any

import pytest

from skill.dialogue.asking import begin
from skill.dialogue.conversation import Conversation
from skill.dialogue.kept_check import KeptCheck
from skill.dialogue.talk import MEMORY, Recall, Talk
from skill.errors import ConversationError
from tests.dialogue.small import SMALL

Json = Any


def test_nothing_more_is_kept_or_offered_of_a_talk_that_is_off() -> None:
    found = Recall("found", 3, since=2, begun=1, found=KeptCheck({}, 1, 1))
    talk = Talk(begin(SMALL), found).off()
    assert talk.recall == Recall("off", 3, since=2, begun=1)
    assert talk.at("empty", 5).recall == Recall("empty", 5, since=2, begun=1)


def test_a_call_that_began_without_a_memory_goes_on_with_one() -> None:
    attributes = begin(SMALL).to_attributes()
    assert Talk.from_attributes(attributes, SMALL) == Talk(begin(SMALL))


RECALL: Json = Talk(begin(SMALL)).to_attributes(SMALL)[MEMORY]
KEPT: Json = {"rule_set": SMALL.name, "answers": {}, "since": 1, "begun": 1}


@pytest.mark.parametrize(
    "recall",
    [
        None,
        [],
        {},
        {**RECALL, "odd": 1},
        {**RECALL, "stage": "odd"},
        {**RECALL, "stage": []},
        {**RECALL, "version": -1},
        {**RECALL, "version": True},
        {**RECALL, "version": None},
        {**RECALL, "since": "noon"},
        {**RECALL, "since": -1},
        {**RECALL, "begun": "noon"},
        {**RECALL, "found": KEPT},
        {**RECALL, "stage": "found"},
        {**RECALL, "stage": "found", "found": {}},
        {**RECALL, "stage": "found", "found": {**KEPT, "answers": {"odd": "yes"}}},
    ],
    ids=str,
)
def test_a_foreign_recall_is_refused(recall: Json) -> None:
    with pytest.raises(ConversationError):
        Talk.from_attributes({**begin(SMALL).to_attributes(), MEMORY: recall}, SMALL)


def test_without_a_memory_attributes_with_one_are_refused() -> None:
    with pytest.raises(ConversationError):
        Conversation.from_attributes(Talk(begin(SMALL)).to_attributes(SMALL), SMALL)
