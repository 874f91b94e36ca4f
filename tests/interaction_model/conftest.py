"""What the skill makes of an utterance: the intent Alexa would send, and the event it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from ask_sdk_core.attributes_manager import AttributesManager
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model import RequestEnvelope, Response

from scripts.simulator.envelopes import Session, envelope, intent_request
from scripts.simulator.interaction_model import (
    Intent,
    InteractionModel,
    load_interaction_model,
)
from scripts.simulator.phrases import load_phrases
from scripts.simulator.understanding import Understanding
from skill.alexa.envelopes import readable_part
from skill.alexa.handlers import EVENT_BY_INTENT, IntentHandler
from skill.alexa.serializer import EnvelopeSerializer
from skill.alexa.turns import Turns
from skill.dialogue.events import AboutOther, ChangedMind, Denied, NotUnderstood, Reported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scripts.simulator.understanding import Understood
    from skill.dialogue.events import Event
    from skill.triage.model import RuleSet

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)  # a Wednesday
SOMEBODY_ELSE = "for_someone_else"


class KeptEvents(Turns):
    """Keeps the event of a request instead of taking a turn with it."""

    def __init__(self, rule_set: RuleSet) -> None:
        super().__init__(rule_set, {})
        self.last: Event = NotUnderstood()

    def take(self, handler_input: HandlerInput, event: Event) -> Response:  # noqa: ARG002
        """Keep the event."""
        self.last = event
        return Response()


@dataclass(frozen=True)
class Heard:
    """An utterance, understood, and what the skill's handlers make of it.

    Attributes:
        intent: The intent that Alexa would send.
        findings: The findings in its slots, in the order of the slots.
        values: The values of the slots of Amazon's own types, by slot.
        event: What the handler of the intent makes of the request.
    """

    intent: str
    findings: list[str]
    values: dict[str, str]
    event: Event

    @property
    def named(self) -> list[str]:
        """The findings that the event names, whatever it says of them."""
        return named_in(self.event)

    @property
    def raised(self) -> list[str]:
        """The findings that the event reports of the speaker or of somebody else."""
        event = self.event.event if isinstance(self.event, AboutOther) else self.event
        return list(event.findings) if isinstance(event, Reported) else []


def named_in(event: Event) -> list[str]:
    """Return the findings that an event names, with ``SOMEBODY_ELSE`` for another person."""
    if isinstance(event, AboutOther):
        return [SOMEBODY_ELSE, *named_in(event.event)]
    if isinstance(event, Reported | Denied | ChangedMind):
        return list(event.findings)
    return []


@pytest.fixture(scope="session")
def interaction_model() -> InteractionModel:
    """Load the interaction model that is deployed."""
    return load_interaction_model("en-US")


@pytest.fixture(scope="session")
def reader(interaction_model: InteractionModel) -> Understanding:
    """Give what reads utterances by the model, on the day of ``NOW``."""
    return Understanding(interaction_model, load_phrases("en"), NOW.date)


@pytest.fixture(scope="session")
def hear(
    interaction_model: InteractionModel, reader: Understanding, rule_set: RuleSet
) -> Callable[[str], Heard]:
    """Give the function from an utterance to what the skill hears."""

    def heard(utterance: str) -> Heard:
        understood = reader.understand(utterance)
        findings = [
            entity.id or ""
            for filling in understood.slots.values()
            for entity in filling.entities or ()
        ]
        values = {
            name: filling.value
            for name, filling in understood.slots.items()
            if filling.entities is None
        }
        request = request_for(interaction_model, understood)
        event = event_of(understood.intent, request, KeptEvents(rule_set))
        return Heard(understood.intent, findings, values, event)

    return heard


def request_for(model: InteractionModel, understood: Understood) -> Mapping[str, object]:
    """Return the request envelope that the simulator sends for an intent."""
    intent = model.intents.get(understood.intent, Intent(understood.intent, {}, ()))
    return envelope(
        intent_request(intent, understood),
        Session("amzn1.echo-api.session.1"),
        request_id="amzn1.echo-api.request.1",
        locale=model.locale,
        timestamp=NOW,
    )


def event_of(intent: str, request: Mapping[str, object], kept: KeptEvents) -> Event:
    """Return what the handler of an intent makes of a request envelope."""
    assert intent in EVENT_BY_INTENT
    read = EnvelopeSerializer().deserialize(readable_part(request), RequestEnvelope)
    IntentHandler(kept).handle(HandlerInput(read, AttributesManager(read)))
    return kept.last
