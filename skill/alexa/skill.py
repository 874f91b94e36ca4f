"""The skill, put together from its handlers, and the function that answers an envelope."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

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
    UnknownIntentHandler,
)
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
    builder.add_request_handler(LaunchHandler(turns))
    for intent_name in EVENT_BY_INTENT:
        builder.add_request_handler(IntentHandler(intent_name, turns))
    builder.add_request_handler(UnknownIntentHandler(turns))
    return builder.create()


def answering(
    skill: CustomSkill, catalogues: Mapping[str, Catalogue]
) -> Callable[[Mapping[str, object]], dict[str, object]]:
    """Return the function from a request envelope to a response envelope, both as JSON objects.

    It expects an envelope that was shown to be genuine, and never raises.
    """

    def answer(envelope: Mapping[str, object]) -> dict[str, object]:
        if asks_for_fulfilment(envelope):
            return fulfilment(envelope, EVENT_BY_INTENT)
        readable = readable_part(envelope)
        if readable is None:
            return dict(EMPTY_RESPONSE)
        request = skill.serializer.deserialize(json.dumps(readable), RequestEnvelope)
        response = skill.invoke(request_envelope=request, context=None)
        serialized = skill.serializer.serialize(response)
        if not isinstance(serialized, dict):
            raise TypeError("expected the serializer to give an object")
        # What program and Python answered is nobody's business.
        serialized.pop("userAgent", None)
        return serialized

    return speaking_on_failure(answer, catalogues)
