"""From an intent to the event that it means."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from ask_sdk_model import Slot
from ask_sdk_model.slu.entityresolution import (
    Resolution,
    Resolutions,
    Status,
    StatusCode,
    Value,
    ValueWrapper,
)

from skill.alexa.handlers import ASKS_FOR_AMBULANCE, EVENT_BY_INTENT, Said
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
    Reassured,
    Reported,
    StartedOver,
    Stopped,
    Treated,
    WentBack,
)
from tests.conftest import matched_slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skill.triage.model import RuleSet
    from tests.conftest import Alexa

    Slots = Mapping[str, Slot]


def plain(name: str, value: str) -> Slots:
    return {name: Slot(name=name, value=value)}


def matched(
    *findings: str,
    value: str = "as it was said",
    names: Sequence[str] = ("finding", "secondFinding", "thirdFinding"),
) -> Slots:
    return {
        name: Slot(
            name=name,
            value=value,
            resolutions=Resolutions(
                resolutions_per_authority=[
                    Resolution(
                        status=Status(code=StatusCode.ER_SUCCESS_MATCH),
                        values=[ValueWrapper(value=Value(name="any name", id=finding))],
                    )
                ]
            ),
        )
        for name, finding in zip(names, findings, strict=False)
    }


FIRST = "heart_or_lung_signs"
TODAY = date(2025, 11, 20)
MEANINGS: list[tuple[str, Slots, Event]] = [
    ("AMAZON.YesIntent", {}, Answered("yes")),
    ("AMAZON.NoIntent", {}, Answered("no")),
    ("NotSureIntent", {}, Answered("unsure")),
    ("ReportFindingIntent", matched("fever"), Reported(("fever",))),
    (
        "ReportFindingIntent",
        matched("fever", "chest_pain", "fainting"),
        Reported(("fever", "chest_pain", "fainting")),
    ),
    ("ReportFindingIntent", plain("finding", "my knee"), NotUnderstood()),
    ("ReportFindingIntent", {}, NotUnderstood()),
    ("DenyFindingIntent", matched("fever", "chest_pain"), Denied(("fever", "chest_pain"))),
    (
        "DenyFindingIntent",
        matched("leg_weakness_or_numbness", value="can't feel my legs"),
        Reported(("leg_weakness_or_numbness",)),
    ),
    ("DenyFindingIntent", plain("finding", "can't dance"), NotUnderstood()),
    (
        "DenyFindingIntent",
        matched("chest_pain", value="chest is fine", names=["well"]),
        Denied(("chest_pain",)),
    ),
    (
        "DenyFindingIntent",
        matched("chest_pain", value="chest is not fine", names=["well"]),
        NotUnderstood(),
    ),
    ("DenyFindingIntent", plain("finding", "my knee"), NotUnderstood()),
    ("DenyFindingIntent", {}, NotUnderstood()),
    ("GiveNumberIntent", plain("number", "4"), Counted(4)),
    ("GiveNumberIntent", plain("number", "?"), Counted(None)),
    ("GiveNumberIntent", {}, Counted(None)),
    ("GiveDurationIntent", plain("duration", "P6W"), Lasted(42)),
    ("GiveDurationIntent", plain("duration", "?"), Lasted(None)),
    ("GiveDurationIntent", {}, Lasted(None)),
    ("GiveAgeIntent", plain("age", "71"), Aged(71)),
    ("GiveAgeIntent", plain("age", "?"), Aged(None)),
    ("GiveAgeInMonthsIntent", plain("age", "6"), Aged(0)),
    ("GiveAgeInMonthsIntent", plain("age", "30"), Aged(2)),
    ("GiveAgeInMonthsIntent", plain("age", "?"), Aged(None)),
    ("GiveAgeInWeeksIntent", plain("age", "60"), Aged(1)),
    ("GiveAgeIntent", {}, Aged(None)),
    ("GiveTreatmentIntent", plain("duration", "P3D"), Treated(3)),
    ("GiveTreatmentIntent", plain("duration", "?"), Treated(None)),
    ("GiveTreatmentIntent", {}, Treated(None)),
    (
        "DenyFindingIntent",
        matched("chest_pain", value="my chest hurts"),
        Reported(("chest_pain",)),
    ),
    ("GiveOnsetIntent", plain("date", "2025-11-17"), Lasted(3)),
    ("GiveOnsetIntent", plain("date", "?"), Lasted(None)),
    ("GiveOnsetIntent", {}, Lasted(None)),
    ("CallAmbulanceIntent", {}, Reported((ASKS_FOR_AMBULANCE,))),
    (
        "CallAmbulanceIntent",
        matched("chest_pain"),
        Reported((ASKS_FOR_AMBULANCE, "chest_pain")),
    ),
    ("GiveDaysIntent", {}, GaveUnit(1)),
    ("GiveWeeksIntent", {}, GaveUnit(7)),
    ("GiveMonthsIntent", {}, GaveUnit(30)),
    ("GiveYearsIntent", {}, GaveUnit(365)),
    ("MeantYesIntent", {}, Corrected("yes")),
    ("MeantNoIntent", {}, Corrected("no")),
    ("AMAZON.PreviousIntent", {}, WentBack()),
    ("ChangeAnswerIntent", matched("fever"), ChangedMind(("fever",))),
    ("ChangeAnswerIntent", {}, ChangedMind(())),
    ("AskWhyIntent", {}, AskedWhy()),
    ("AskMeaningIntent", {}, AskedMeaning()),
    ("AskHowManyIntent", {}, AskedHowMany()),
    ("SummaryIntent", {}, AskedForSummary()),
    ("ForgetIntent", {}, AskedToForget()),
    ("SayNumberIntent", {}, AskedForNumber()),
    ("WaitIntent", {}, AskedToWait()),
    ("SlowerIntent", {}, AskedForSlower()),
    ("ShorterIntent", {}, AskedForShorter()),
    ("LouderIntent", {}, AskedForLouder()),
    ("CallForOtherIntent", {}, AboutOther(NotUnderstood())),
    ("ReassureIntent", {}, Reassured()),
    ("CallForSelfIntent", {}, AboutSelf()),
    ("AskSymptomsIntent", {}, AskedAbout("symptoms")),
    ("AskCausesIntent", {}, AskedAbout("causes")),
    ("AskRiskFactorsIntent", {}, AskedAbout("risk_factors")),
    ("AskWhenSeriousIntent", {}, AskedAbout("when_serious")),
    ("AskBetweenShoulderBladesIntent", {}, AskedAbout("between_shoulder_blades")),
    ("AskOrgansIntent", {}, AskedAbout("organs")),
    ("AskHomeCareIntent", {}, AskedAbout("home_care")),
    ("AskMedicinesIntent", {}, AskedAbout("medicines")),
    ("AskHowLongIntent", {}, AskedAbout("how_long")),
    ("AMAZON.RepeatIntent", {}, AskedToRepeat()),
    ("AMAZON.HelpIntent", {}, AskedForHelp()),
    ("AMAZON.StartOverIntent", {}, StartedOver()),
    ("AMAZON.StopIntent", {}, Stopped()),
    ("AMAZON.CancelIntent", {}, Stopped()),
    ("AMAZON.NavigateHomeIntent", {}, Stopped()),
    ("AMAZON.FallbackIntent", {}, NotUnderstood()),
]


def test_these_tests_know_the_meaning_of_every_intent() -> None:
    assert {name for name, _, _ in MEANINGS} == set(EVENT_BY_INTENT)


@pytest.mark.parametrize(
    ("intent", "slots", "event"),
    [pytest.param(*meaning, id=f"{meaning[0]} as {meaning[2]}") for meaning in MEANINGS],
)
def test_an_intent_means_its_event(intent: str, slots: Slots, event: Event) -> None:
    assert EVENT_BY_INTENT[intent](Said(slots, TODAY)) == event


@pytest.mark.parametrize(
    ("intent", "values", "kept"),
    [
        ("AMAZON.YesIntent", {}, {"recent_injury": "yes"}),
        ("AMAZON.NoIntent", {}, {"recent_injury": "no"}),
        ("GiveAgeIntent", {"age": "40"}, {"age_years": 40}),
        ("GiveDurationIntent", {"duration": "P6W"}, {"duration_days": 42}),
        ("GiveTreatmentIntent", {"duration": "P3D"}, {"treatment_days": 3}),
    ],
)
def test_a_request_reaches_the_handler_of_its_intent(
    alexa: Alexa, intent: str, values: dict[str, str], kept: dict[str, object]
) -> None:
    alexa.launch().no().no().no()
    before = dict(alexa.answers)
    assert alexa.pending == "recent_injury"
    assert alexa.intent(intent, **values).answers == {**before, **kept}


def onset(alexa: Alexa, **parts: object) -> Mapping[str, object]:
    """Say "since Monday" at the first question and return the answers."""
    slots = {"date": {"name": "date", "value": "2025-11-17"}}
    intent = {"name": "GiveOnsetIntent", "slots": slots}
    return alexa.launch().send({"type": "IntentRequest", "intent": intent, **parts}).answers


def test_days_are_counted_up_to_the_day_of_the_request(alexa: Alexa) -> None:
    assert onset(alexa, timestamp="2025-11-20T23:59:59Z") == {"duration_days": 3}


@pytest.mark.parametrize("parts", [{}, {"timestamp": "?"}, {"timestamp": None}], ids=str)
def test_without_the_day_of_the_request_no_days_are_counted(
    alexa: Alexa, parts: dict[str, object]
) -> None:
    assert onset(alexa, **parts) == {}
    assert alexa.attributes["misses"] == 1


def test_every_topic_of_the_rule_set_can_be_asked_about(rule_set: RuleSet) -> None:
    asked = {event.topic for _, _, event in MEANINGS if isinstance(event, AskedAbout)}
    assert asked == {topic.id for topic in rule_set.topics}


def test_who_asks_for_an_ambulance_is_told_to_call_one_in_any_state(alexa: Alexa) -> None:
    assert alexa.intent("CallAmbulanceIntent").speech.startswith("Call 911 now.")


def test_who_does_not_breathe_is_not_told_to_sit_when_an_ambulance_is_called(alexa: Alexa) -> None:
    slot = matched_slot("finding", "unconscious_or_not_breathing", "isn't breathing")
    alexa.launch().send(intent_with(PERSON, "CallAmbulanceIntent", finding=slot))
    assert "Stay with them until help comes." in alexa.speech
    assert "sit" not in alexa.speech.split()


def test_a_launch_asks_the_first_question(alexa: Alexa) -> None:
    assert alexa.launch().pending == FIRST


def test_a_launch_in_mid_call_begins_anew(alexa: Alexa) -> None:
    assert alexa.launch().no().no().launch().answers == {}


@pytest.mark.parametrize("name", ["AMAZON.NextIntent", "DanceIntent", "", "amazon.yesintent"])
def test_an_unknown_intent_is_not_understood(alexa: Alexa, name: str) -> None:
    alexa.launch().intent(name)
    assert alexa.attributes["misses"] == 1
    assert alexa.pending == FIRST


def test_an_intent_without_slots_where_some_are_expected_is_not_understood(alexa: Alexa) -> None:
    alexa.launch().send({"type": "IntentRequest", "intent": {"name": "ReportFindingIntent"}})
    assert alexa.attributes["misses"] == 1


# --- somebody else --------------------------------------------------------------------------

PERSON = matched_slot("person", "for_someone_else", "my mother")


@pytest.mark.parametrize(
    ("intent", "slots", "kept"),
    [
        ("CallForOtherIntent", {}, {}),
        ("GiveAgeIntent", {"age": {"name": "age", "value": "8"}}, {"age_years": 8}),
        (
            "GiveDurationIntent",
            {"duration": {"name": "duration", "value": "P6W"}},
            {"duration_days": 42},
        ),
        (
            "ReportFindingIntent",
            {"finding": matched_slot("finding", "weight_loss", "losing weight")},
            {"weight_loss": "yes"},
        ),
        ("ReportFindingIntent", {"finding": {"name": "finding", "value": "a bad knee"}}, {}),
        (
            "DenyFindingIntent",
            {"finding": matched_slot("finding", "weight_loss", "losing weight")},
            {"weight_loss": "no"},
        ),
        ("AMAZON.YesIntent", {}, {"recent_injury": "yes"}),
    ],
)
def test_whoever_names_a_person_calls_for_somebody_else(
    alexa: Alexa, intent: str, slots: dict[str, object], kept: dict[str, object]
) -> None:
    alexa.launch().no().no().no()
    named = {"name": intent, "slots": {**slots, "person": PERSON}}
    alexa.send({"type": "IntentRequest", "intent": named})
    # What the caller denied of themselves says nothing of somebody else.
    assert alexa.answers == {"for_someone_else": "yes", **kept}


@pytest.mark.parametrize("value", [None, ""], ids=["no value", "empty"])
def test_an_empty_person_slot_names_nobody(alexa: Alexa, value: str | None) -> None:
    slots = {
        "age": {"name": "age", "value": "40"},
        "person": {"name": "person", **({} if value is None else {"value": value})},
    }
    alexa.launch().send(
        {"type": "IntentRequest", "intent": {"name": "GiveAgeIntent", "slots": slots}}
    )
    assert alexa.answers == {"age_years": 40}


def intent_with(person: object, name: str, **slots: object) -> dict[str, object]:
    """Return a request with a person slot and others."""
    return {"type": "IntentRequest", "intent": {"name": name, "slots": {**slots, "person": person}}}


@pytest.mark.parametrize("value", ["my mother", "my back", "the pain"])
def test_words_that_match_no_person_do_not_make_the_call_about_somebody_else(
    alexa: Alexa, value: str
) -> None:
    unmatched = {"name": "person", "value": value}
    age = {"name": "age", "value": "40"}
    alexa.launch().send(intent_with(unmatched, "GiveAgeIntent", age=age))
    assert alexa.answers == {"age_years": 40}


@pytest.mark.parametrize(
    ("words", "about_other"),
    [
        ("wakes me up", False),
        ("hurts my back", False),
        ("i did it to myself", False),
        ("does not recognise me", True),
        ("took all my pills", True),
        ("losing weight", True),
    ],
)
def test_a_finding_about_the_caller_does_not_make_the_call_about_somebody_else(
    alexa: Alexa, words: str, *, about_other: bool
) -> None:
    slot = matched_slot("finding", "weight_loss", words)
    alexa.launch().send(intent_with(PERSON, "ReportFindingIntent", finding=slot))
    other = {"for_someone_else": "yes"} if about_other else {}
    assert alexa.answers == {**other, "weight_loss": "yes"}


def test_one_finding_about_the_caller_is_enough(alexa: Alexa) -> None:
    slots = {
        "finding": matched_slot("finding", "weight_loss", "losing weight"),
        "secondFinding": matched_slot("secondFinding", "rash_one_side", "a rash on my side"),
    }
    alexa.launch().send(intent_with(PERSON, "ReportFindingIntent", **slots))
    assert "for_someone_else" not in alexa.answers


def test_who_reassures_for_a_person_is_not_taken_to_call_for_them(alexa: Alexa) -> None:
    alexa.launch().intent("ReassureIntent", person="my wife")
    assert alexa.answers == {}


def test_who_the_person_is_goes_no_further(alexa: Alexa) -> None:
    alexa.launch().intent("CallForOtherIntent", person="Great-Aunt Agatha")
    assert "Agatha" not in str(alexa.envelope)
