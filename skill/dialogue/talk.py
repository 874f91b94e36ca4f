"""The state of a talk with a memory: the conversation, and what it knows of the memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from skill.dialogue.conversation import Conversation
from skill.dialogue.keeping import NOTHING_KEPT
from skill.dialogue.kept_check import KeptCheck, unix_seconds
from skill.errors import ConversationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.triage.model import RuleSet

Stage: TypeAlias = Literal["unknown", "found", "empty", "keeping", "lost", "off"]
"""How far the talk about keeping answers has come.

``unknown``: the memory was not asked yet. ``found``: it holds a check, and the caller has not
decided whether to go on from it. ``empty``: it holds none, and the caller has not decided whether
this one is kept. ``keeping``: they agreed. ``lost``: they agreed, but the memory failed, and may
still hold what was saved before. ``off``: nothing more is kept in this call.
"""

MEMORY = "memory"
"""The key of the session attributes that is there only with a memory."""

_KEYS = frozenset({"stage", "version", "since", "begun", "found"})


@dataclass(frozen=True, slots=True)
class Recall:
    """What a call knows of the memory.

    Attributes:
        stage: See :data:`Stage`.
        version: The version that was seen last, to build upon.
        since: When the oldest answer of the call was given, in Unix seconds; ``None`` if there
            is no answer.
        begun: When the first call began that the answers come from, in Unix seconds; ``None`` if
            there is no answer.
        found: The check that was found, until it is decided upon.
    """

    stage: Stage = "unknown"
    version: int = NOTHING_KEPT
    since: int | None = None
    begun: int | None = None
    found: KeptCheck | None = None

    def to_attributes(self, rule_set: RuleSet) -> dict[str, object]:
        """Return it as it travels in the session attributes."""
        return {
            "stage": self.stage,
            "version": self.version,
            "since": self.since,
            "begun": self.begun,
            "found": None if self.found is None else self.found.to_document(rule_set),
        }

    @classmethod
    def from_attributes(cls, value: object, rule_set: RuleSet) -> Recall:
        """Return what travelled.

        Raises:
            ConversationError: It was not written by this version on this rule set.
        """
        if not isinstance(value, dict) or value.keys() != _KEYS:
            raise ConversationError("memory: expected what this version writes")
        stage, version, found = value["stage"], value["version"], value["found"]
        since, begun = (
            None if value[key] is None else unix_seconds(value[key]) for key in ("since", "begun")
        )
        if type(version) is not int or version < 0:
            raise ConversationError("version: expected a whole number")
        if stage not in get_args(Stage) or (stage == "found") is not isinstance(found, dict):
            raise ConversationError("stage: expected a known one, and what was found with 'found'")
        return cls(
            stage=stage,
            version=version,
            since=since,
            begun=begun,
            found=KeptCheck.from_document(found, rule_set) if isinstance(found, dict) else None,
        )


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, and what it knows of the memory.

    Attributes:
        conversation: Its state.
        recall: What it knows of the memory.
    """

    conversation: Conversation
    recall: Recall = Recall()

    def to_attributes(self, rule_set: RuleSet) -> dict[str, object]:
        """Return the state as session attributes, which ``session.schema.json`` describes."""
        return {
            **self.conversation.to_attributes(),
            MEMORY: self.recall.to_attributes(rule_set),
        }

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, object], rule_set: RuleSet) -> Talk:
        """Return the state that session attributes hold.

        A call that began before the memory was switched on goes on with it.

        Raises:
            ConversationError: They were not written by this version on this rule set.
        """
        rest = {key: value for key, value in attributes.items() if key != MEMORY}
        conversation = Conversation.from_attributes(rest, rule_set)
        if MEMORY not in attributes:
            return cls(conversation)
        return cls(conversation, Recall.from_attributes(attributes[MEMORY], rule_set))

    def at(self, stage: Stage, version: int) -> Talk:
        """Return it at a stage, building upon a version."""
        return replace(self, recall=replace(self.recall, stage=stage, version=version))

    def off(self) -> Talk:
        """Return it with nothing more to be kept."""
        return replace(self, recall=replace(self.recall, stage="off", found=None))
