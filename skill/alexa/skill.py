"""The skill, put together from its handlers, and the function that answers an envelope."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_model import RequestEnvelope

from skill.alexa.envelopes import (
    EMPTY_RESPONSE,
    asks_for_fulfilment,
    caller_of,
    fulfilment,
    readable_part,
    tells_of_disabling,
)
from skill.alexa.failures import speaking_on_failure
from skill.alexa.handlers import (
    EVENT_BY_INTENT,
    IntentHandler,
    LaunchHandler,
)
from skill.alexa.serializer import EnvelopeSerializer
from skill.alexa.turns import Turns
from skill.errors import MemoryUnavailableError
from skill.log_lines import write_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ask_sdk_core.skill import CustomSkill

    from skill.dialogue.keeping import Memory
    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet

_LOGGER = logging.getLogger(__name__)


def build_skill(
    rule_set: RuleSet, catalogues: Mapping[str, Catalogue], memory: Memory | None = None
) -> CustomSkill:
    """Return the skill.

    Args:
        rule_set: What it triages by.
        catalogues: Locale to words; the words of ``en-US`` serve every other locale.
        memory: What keeps checks that were broken off, of callers who agree; ``None`` keeps
            nothing of anybody.
    """
    turns = Turns(rule_set, catalogues, memory)
    builder = SkillBuilder()
    builder.add_request_handler(IntentHandler(turns))  # the SDK asks them in this order
    builder.add_request_handler(LaunchHandler(turns))
    skill = builder.create()
    skill.serializer = EnvelopeSerializer()
    return skill


def answering(
    skill: CustomSkill, catalogues: Mapping[str, Catalogue], memory: Memory | None = None
) -> Callable[[Mapping[str, object]], dict[str, object]]:
    """Return the function from a request envelope to a response envelope, both as JSON objects.

    It expects an envelope that was shown to be genuine, and never raises.

    Args:
        skill: What `build_skill` returned.
        catalogues: Locale to words.
        memory: The memory that the skill was built with.
    """
    serializer: Any = skill.serializer  # ours; the SDK's signature says it takes text alone

    def unspoken(envelope: Mapping[str, object]) -> dict[str, object]:
        if asks_for_fulfilment(envelope):
            return fulfilment(envelope, EVENT_BY_INTENT)
        if memory is not None and tells_of_disabling(envelope):
            _forget(memory, caller_of(envelope))
        return dict(EMPTY_RESPONSE)

    def answer(envelope: Mapping[str, object]) -> dict[str, object]:
        readable = readable_part(envelope, with_caller=memory is not None)
        if readable is None:
            return unspoken(envelope)
        request = serializer.deserialize(readable, RequestEnvelope)
        response = skill.invoke(request_envelope=request, context=None)
        written: dict[str, object] = serializer.serialize(response)
        return written

    return speaking_on_failure(answer, catalogues)


def _forget(memory: Memory, caller: str) -> None:
    """Delete what is kept of somebody who disabled the skill. If it fails, it expires."""
    try:
        if caller:
            memory.forget(caller)
    except MemoryUnavailableError:
        write_line(_LOGGER, logging.ERROR, "not_forgotten")
