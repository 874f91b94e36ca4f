"""From an intent to the event that it means."""

from __future__ import annotations

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

from skill.alexa.handlers import EVENT_BY_INTENT
from skill.dialogue.events import (
    Aged,
    Answered,
    AskedForHelp,
    AskedToRepeat,
    Counted,
    Denied,
    Event,
    Lasted,
    NotUnderstood,
    Reported,
    StartedOver,
    Stopped,
    Treated,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Alexa

    Slots = Mapping[str, Slot]


def plain(name: str, value: str) -> Slots:
    return {name: Slot(name=name, value=value)}


def matched(*findings: str, value: str = "as it was said") -> Slots:
    names = ("finding", "secondFinding", "thirdFinding")
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
    ("GiveAgeIntent", {}, Aged(None)),
    ("GiveTreatmentIntent", plain("duration", "P3D"), Treated(3)),
    ("GiveTreatmentIntent", plain("duration", "?"), Treated(None)),
    ("GiveTreatmentIntent", {}, Treated(None)),
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
    assert EVENT_BY_INTENT[intent](slots) == event


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


def test_a_launch_asks_the_first_question(alexa: Alexa) -> None:
    assert alexa.launch().pending == alexa.rule_set.questions[0].id


def test_a_launch_in_mid_call_begins_anew(alexa: Alexa) -> None:
    assert alexa.launch().no().no().launch().answers == {}


@pytest.mark.parametrize("name", ["AMAZON.NextIntent", "DanceIntent", "", "amazon.yesintent"])
def test_an_unknown_intent_is_not_understood(alexa: Alexa, name: str) -> None:
    alexa.launch().intent(name)
    assert alexa.attributes["misses"] == 1
    assert alexa.pending == alexa.rule_set.questions[0].id


def test_an_intent_without_slots_where_some_are_expected_is_not_understood(alexa: Alexa) -> None:
    alexa.launch().send({"type": "IntentRequest", "intent": {"name": "ReportFindingIntent"}})
    assert alexa.attributes["misses"] == 1
