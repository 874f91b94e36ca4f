"""From an intent to the event that it means. Handlers translate; they decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ask_sdk_core.dispatch_components import AbstractRequestHandler
from ask_sdk_model import IntentRequest, LaunchRequest

from skill.alexa.slots import (
    DAYS_A_MONTH,
    DAYS_A_WEEK,
    DAYS_A_YEAR,
    cannot_be_denied,
    days,
    days_since,
    is_about_me,
    negates,
    resolved_ids,
    whole_number,
)
from skill.dialogue.events import (
    AboutOther,
    AboutSelf,
    Aged,
    Answered,
    AskedAbout,
    AskedForHelp,
    AskedForLouder,
    AskedForNumber,
    AskedForShorter,
    AskedForSlower,
    AskedForSummary,
    AskedHowMany,
    AskedMeaning,
    AskedToForget,
    AskedToRepeat,
    AskedToWait,
    AskedWhy,
    ChangedMind,
    Corrected,
    Counted,
    Denied,
    Event,
    GaveUnit,
    Lasted,
    NotUnderstood,
    Opened,
    Reassured,
    Reported,
    StartedOver,
    Stopped,
    Treated,
    WentBack,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from ask_sdk_core.handler_input import HandlerInput
    from ask_sdk_model import Request, Response, Slot

    from skill.alexa.turns import Turns


ASKS_FOR_AMBULANCE = "asks_for_ambulance"
"""The finding that somebody asks for an ambulance in so many words."""

PERSON_SLOT = "person"
"""Filled when the caller speaks of somebody else; who it is goes no further than here."""


WELL_SLOTS = frozenset({"well", "secondWell"})
"""Filled by what is said to be all right: "breathing is fine". The ids are what that denies."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came with an intent.

    Attributes:
        slots: The slots by name, without the person.
        today: The date of the request, in UTC; ``None`` if it names none.
    """

    slots: Mapping[str, Slot]
    today: date | None = None


def _reported(said: Said) -> Event:
    findings = resolved_ids(said.slots)
    return Reported(findings) if findings else NotUnderstood()


def _denied(said: Said) -> Event:
    # "No, can't feel my legs" arrives as a denial of "can't feel my legs". Who denies in such
    # words may mean the opposite, and the opposite is the safer reading.
    lost = {
        name: slot
        for name, slot in said.slots.items()
        if name not in WELL_SLOTS and cannot_be_denied(slot.value or "")
    }
    if lost:
        return _reported(Said(lost))
    # Alexa may match "breathing is not fine" to "breathing is fine".
    denied = {
        name: slot
        for name, slot in said.slots.items()
        if name not in WELL_SLOTS or not negates(slot.value or "")
    }
    findings = resolved_ids(denied)
    return Denied(findings) if findings else NotUnderstood()


def _asked_for_ambulance(said: Said) -> Event:
    # What is wrong comes along: who does not breathe must not be told to sit.
    return Reported((ASKS_FOR_AMBULANCE, *resolved_ids(said.slots)))


def _aged(parts_a_year: int, said: Said) -> Event:
    age = whole_number(said.slots, "age")
    return Aged(None if age is None else age // parts_a_year)


def _asked_about(topic: str, _: Said) -> Event:
    return AskedAbout(topic)


EVENT_BY_INTENT: Mapping[str, Callable[[Said], Event]] = {
    "AMAZON.YesIntent": lambda _: Answered("yes"),
    "AMAZON.NoIntent": lambda _: Answered("no"),
    "NotSureIntent": lambda _: Answered("unsure"),
    "ReportFindingIntent": _reported,
    "DenyFindingIntent": _denied,
    "GiveNumberIntent": lambda said: Counted(whole_number(said.slots, "number")),
    "GiveDurationIntent": lambda said: Lasted(days(said.slots, "duration")),
    "GiveAgeIntent": partial(_aged, 1),
    "GiveAgeInMonthsIntent": partial(_aged, 12),
    "GiveAgeInWeeksIntent": partial(_aged, 52),
    "CallAmbulanceIntent": _asked_for_ambulance,
    "GiveTreatmentIntent": lambda said: Treated(days(said.slots, "duration")),
    "GiveOnsetIntent": lambda said: Lasted(days_since(said.slots, "date", said.today)),
    "GiveDaysIntent": lambda _: GaveUnit(1),
    "GiveWeeksIntent": lambda _: GaveUnit(DAYS_A_WEEK),
    "GiveMonthsIntent": lambda _: GaveUnit(DAYS_A_MONTH),
    "GiveYearsIntent": lambda _: GaveUnit(DAYS_A_YEAR),
    "MeantYesIntent": lambda _: Corrected("yes"),
    "MeantNoIntent": lambda _: Corrected("no"),
    "AMAZON.PreviousIntent": lambda _: WentBack(),
    "ChangeAnswerIntent": lambda said: ChangedMind(resolved_ids(said.slots)),
    "AskWhyIntent": lambda _: AskedWhy(),
    "AskMeaningIntent": lambda _: AskedMeaning(),
    "AskHowManyIntent": lambda _: AskedHowMany(),
    "ForgetIntent": lambda _: AskedToForget(),
    "SummaryIntent": lambda _: AskedForSummary(),
    "SayNumberIntent": lambda _: AskedForNumber(),
    "WaitIntent": lambda _: AskedToWait(),
    "SlowerIntent": lambda _: AskedForSlower(),
    "ShorterIntent": lambda _: AskedForShorter(),
    "LouderIntent": lambda _: AskedForLouder(),
    "CallForOtherIntent": lambda _: AboutOther(NotUnderstood()),
    "CallForSelfIntent": lambda _: AboutSelf(),
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
        return isinstance(handler_input.request_envelope.request, LaunchRequest)

    def handle(self, handler_input: HandlerInput) -> Response:
        """Open the conversation."""
        return self._turns.take(handler_input, Opened())


class IntentHandler(AbstractRequestHandler):
    """``IntentRequest``: the caller said something.

    One handler for all intents, because the SDK asks each handler in turn and what an intent
    means is data. An intent that the interaction model never declared, and Alexa does send
    such, is something that was not understood.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def can_handle(self, handler_input: HandlerInput) -> bool:
        """Take every intent."""
        return isinstance(handler_input.request_envelope.request, IntentRequest)

    def handle(self, handler_input: HandlerInput) -> Response:
        """Take the turn of the event that the intent means."""
        return self._turns.take(handler_input, _event(handler_input.request_envelope.request))


def _event(request: Request | None) -> Event:
    intent = request.intent if isinstance(request, IntentRequest) else None
    event_of = EVENT_BY_INTENT.get(str(intent.name)) if intent else None
    if intent is None or event_of is None:
        return NotUnderstood()
    slots = dict(intent.slots or {})
    person = slots.pop(PERSON_SLOT, None)
    sent = request.timestamp if request else None
    event = event_of(Said(slots, sent.date() if sent else None))
    if person is not None and not isinstance(event, AboutOther | AboutSelf | Reassured):
        # Alexa may squeeze other words into the slot; only a match names a person.
        named = resolved_ids({PERSON_SLOT: person})
        if named and not any(map(is_about_me, slots.values())):
            return AboutOther(event)
    return event
