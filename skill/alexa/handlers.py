"""From an intent to the event that it means. Handlers translate; they decide nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ask_sdk_core.dispatch_components import AbstractRequestHandler
from ask_sdk_core.utils import get_intent_name, is_intent_name, is_request_type
from ask_sdk_model import IntentRequest

from skill.alexa.slots import days, names_a_loss, resolved_ids, whole_number
from skill.dialogue.events import (
    AboutOther,
    Aged,
    Answered,
    AskedAbout,
    AskedForHelp,
    AskedToRepeat,
    Counted,
    Denied,
    Event,
    Lasted,
    NotUnderstood,
    Opened,
    Reassured,
    Reported,
    StartedOver,
    Stopped,
    Treated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ask_sdk_core.handler_input import HandlerInput
    from ask_sdk_model import Response, Slot

    from skill.alexa.turns import Turns

    Slots: TypeAlias = Mapping[str, Slot]


PERSON_SLOT = "person"
"""Filled when the caller speaks of somebody else; who it is goes no further than here."""


def _reported(slots: Slots) -> Event:
    findings = resolved_ids(slots)
    return Reported(findings) if findings else NotUnderstood()


def _denied(slots: Slots) -> Event:
    # "No, can't feel my legs" arrives as a denial of "can't feel my legs". Who denies in such
    # words may mean the opposite, and the opposite is the safer reading.
    lost = {name: slot for name, slot in slots.items() if names_a_loss(slot.value or "")}
    if lost:
        return _reported(lost)
    findings = resolved_ids(slots)
    return Denied(findings) if findings else NotUnderstood()


def _asked_about(topic: str, _: Slots) -> Event:
    return AskedAbout(topic)


EVENT_BY_INTENT: Mapping[str, Callable[[Slots], Event]] = {
    "AMAZON.YesIntent": lambda _: Answered("yes"),
    "AMAZON.NoIntent": lambda _: Answered("no"),
    "NotSureIntent": lambda _: Answered("unsure"),
    "ReportFindingIntent": _reported,
    "DenyFindingIntent": _denied,
    "GiveNumberIntent": lambda slots: Counted(whole_number(slots, "number")),
    "GiveDurationIntent": lambda slots: Lasted(days(slots, "duration")),
    "GiveAgeIntent": lambda slots: Aged(whole_number(slots, "age")),
    "GiveTreatmentIntent": lambda slots: Treated(days(slots, "duration")),
    "CallForOtherIntent": lambda _: AboutOther(NotUnderstood()),
    "ReassureIntent": lambda _: Reassured(),
    **{
        name: partial(_asked_about, topic)
        for name, topic in {
            "AskSymptomsIntent": "symptoms",
            "AskCausesIntent": "causes",
            "AskRiskFactorsIntent": "risk_factors",
            "AskWhenSeriousIntent": "when_serious",
            "AskBetweenShoulderBladesIntent": "between_shoulder_blades",
            "AskOrgansIntent": "organs",
            "AskHomeCareIntent": "home_care",
            "AskMedicinesIntent": "medicines",
            "AskHowLongIntent": "how_long",
        }.items()
    },
    "AMAZON.RepeatIntent": lambda _: AskedToRepeat(),
    "AMAZON.HelpIntent": lambda _: AskedForHelp(),
    "AMAZON.StartOverIntent": lambda _: StartedOver(),
    "AMAZON.StopIntent": lambda _: Stopped(),
    "AMAZON.CancelIntent": lambda _: Stopped(),
    "AMAZON.NavigateHomeIntent": lambda _: Stopped(),
    "AMAZON.FallbackIntent": lambda _: NotUnderstood(),
}
"""Every intent of the interaction model, and the event that it means."""


class LaunchHandler(AbstractRequestHandler):
    """``LaunchRequest``: the caller opened the skill and said nothing more."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def can_handle(self, handler_input: HandlerInput) -> bool:
        """Take every launch."""
        return is_request_type("LaunchRequest")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        """Open the conversation."""
        return self._turns.take(handler_input, Opened())


class IntentHandler(AbstractRequestHandler):
    """One intent of the interaction model."""

    def __init__(self, name: str, turns: Turns) -> None:
        self._name = name
        self._turns = turns

    def can_handle(self, handler_input: HandlerInput) -> bool:
        """Take requests for this intent."""
        return is_intent_name(self._name)(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        """Take the turn of the event that the intent means."""
        request = handler_input.request_envelope.request
        intent = request.intent if isinstance(request, IntentRequest) else None
        slots = dict((intent and intent.slots) or {})
        person = slots.pop(PERSON_SLOT, None)
        event = EVENT_BY_INTENT[self._name](slots)
        if person is not None and person.value and not isinstance(event, AboutOther | Reassured):
            event = AboutOther(event)
        return self._turns.take(handler_input, event)


class UnknownIntentHandler(AbstractRequestHandler):
    """An intent that the interaction model never declared; Alexa does send such."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def can_handle(self, handler_input: HandlerInput) -> bool:
        """Take every intent that nobody else took."""
        return (
            is_request_type("IntentRequest")(handler_input)
            and get_intent_name(handler_input) not in EVENT_BY_INTENT
        )

    def handle(self, handler_input: HandlerInput) -> Response:
        """Treat it as something that was not understood."""
        return self._turns.take(handler_input, NotUnderstood())
