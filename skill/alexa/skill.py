"""The skill, put together from its handlers, and the function that answers an envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_model import RequestEnvelope

from skill.alexa.envelopes import (
    EMPTY_RESPONSE,
    asks_for_fulfilment,
    fulfilment,
    readable_part,
)
from skill.alexa.failures import speaking_on_failure
from skill.alexa.handlers import (
    EVENT_BY_INTENT,
    IntentHandler,
    LaunchHandler,
)
from skill.alexa.serializer import EnvelopeSerializer
from skill.alexa.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ask_sdk_core.skill import CustomSkill

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet


def build_skill(rule_set: RuleSet, catalogues: Mapping[str, Catalogue]) -> CustomSkill:
    """Return the skill.

    Args:
        rule_set: What it triages by.
        catalogues: Locale to words; the words of ``en-US`` serve every other locale.
    """
    turns = Turns(rule_set, catalogues)
    builder = SkillBuilder()
    builder.add_request_handler(IntentHandler(turns))  # the SDK asks them in this order
    builder.add_request_handler(LaunchHandler(turns))
    skill = builder.create()
    skill.serializer = EnvelopeSerializer()
    return skill


def answering(
    skill: CustomSkill, catalogues: Mapping[str, Catalogue]
) -> Callable[[Mapping[str, object]], dict[str, object]]:
    """Return the function from a request envelope to a response envelope, both as JSON objects.

    It expects an envelope that was shown to be genuine, and never raises.
    """
    serializer: Any = skill.serializer  # ours; the SDK's signature says it takes text alone

    def answer(envelope: Mapping[str, object]) -> dict[str, object]:
        if asks_for_fulfilment(envelope):
            return fulfilment(envelope, EVENT_BY_INTENT)
        readable = readable_part(envelope)
        if readable is None:
            return dict(EMPTY_RESPONSE)
        request = serializer.deserialize(readable, RequestEnvelope)
        response = skill.invoke(request_envelope=request, context=None)
        written: dict[str, object] = serializer.serialize(response)
        return written

    return speaking_on_failure(answer, catalogues)
