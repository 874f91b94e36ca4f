"""The skill as the web knows it: a request envelope in, a response envelope out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skill.alexa.envelopes import EMPTY_RESPONSE
from skill.dialogue.script import FAILED
from skill.speech.ssml import to_text
from tests.conftest import matched_slot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.speech.catalogue import Catalogue
    from tests.conftest import Alexa

Json = Any

JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
TYPES = st.sampled_from(
    ["IntentRequest", "LaunchRequest", "SessionEndedRequest", "CanFulfillIntentRequest"]
)


def or_odd(usual: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return usual | usual | usual | JSON


SLOTS = st.fixed_dictionaries(
    {},
    optional={
        "value": or_odd(st.sampled_from(["7", "P6W", "no chest pain"])),
        "resolutions": or_odd(
            st.fixed_dictionaries(
                {
                    "resolutionsPerAuthority": or_odd(
                        st.lists(
                            st.fixed_dictionaries(
                                {
                                    "status": or_odd(
                                        st.fixed_dictionaries(
                                            {"code": or_odd(st.just("ER_SUCCESS_MATCH"))}
                                        )
                                    ),
                                    "values": or_odd(
                                        st.just([{"value": {"id": "fever", "name": "fever"}}])
                                    ),
                                }
                            ),
                            max_size=2,
                        )
                    )
                }
            )
        ),
    },
)
ENVELOPES = st.fixed_dictionaries(
    {
        "request": or_odd(
            st.fixed_dictionaries(
                {"type": or_odd(TYPES)},
                optional={
                    "requestId": JSON,
                    "locale": or_odd(st.just("en-US")),
                    "intent": or_odd(
                        st.fixed_dictionaries(
                            {
                                "name": or_odd(
                                    st.sampled_from(["ReportFindingIntent", "GiveAgeIntent"])
                                ),
                                "slots": or_odd(
                                    st.dictionaries(
                                        st.sampled_from(["finding", "age"]), or_odd(SLOTS)
                                    )
                                ),
                            }
                        )
                    ),
                },
            )
        )
    },
    optional={
        "version": JSON,
        "context": JSON,
        "session": or_odd(
            st.fixed_dictionaries({}, optional={"new": JSON, "attributes": or_odd(JSON)})
        ),
    },
)


def test_every_spoken_answer_is_of_version_one(alexa: Alexa) -> None:
    assert alexa.launch().envelope["version"] == "1.0"


def test_a_spoken_answer_is_json(alexa: Alexa) -> None:
    envelope = alexa.launch().envelope
    assert json.loads(json.dumps(envelope)) == envelope


@pytest.mark.parametrize(
    "request_type",
    [
        "SessionEndedRequest",
        "Alexa.Presentation.APL.UserEvent",
        "AlexaSkillEvent.SkillEnabled",
        "AlexaSkillEvent.SkillAccountUnlinked",
        "System.ExceptionEncountered",
        "Tomorrow.Request",
    ],
)
def test_a_request_that_is_no_turn_gets_an_empty_response(alexa: Alexa, request_type: str) -> None:
    assert alexa.send({"type": request_type}).envelope == {"version": "1.0", "response": {}}


def asked_for_fulfilment(alexa: Alexa, intent: Json) -> Json:
    """Ask what the skill could do with an intent and return the response."""
    return alexa.send({"type": "CanFulfillIntentRequest", "intent": intent}).envelope["response"]


@pytest.mark.parametrize(
    ("name", "can"),
    [("ReportFindingIntent", "MAYBE"), ("AMAZON.YesIntent", "MAYBE"), ("BookTaxiIntent", "NO")],
)
def test_who_asks_what_the_skill_can_do_hears_maybe_or_no(
    alexa: Alexa, name: str, can: str
) -> None:
    response = asked_for_fulfilment(alexa, {"name": name, "slots": {"finding": {}}})
    slots = {"finding": {"canUnderstand": can, "canFulfill": can}}
    assert response == {"canFulfillIntent": {"canFulfill": can, "slots": slots}}


@pytest.mark.parametrize("intent", [None, {}, [], {"name": 3}, {"slots": []}], ids=str)
def test_of_an_odd_intent_the_skill_can_do_nothing(alexa: Alexa, intent: Json) -> None:
    expected = {"canFulfillIntent": {"canFulfill": "NO", "slots": {}}}
    assert asked_for_fulfilment(alexa, intent) == expected


def test_what_the_skill_could_do_is_answered_without_speech(alexa: Alexa) -> None:
    asked_for_fulfilment(alexa, {"name": "ReportFindingIntent"})
    assert alexa.speech == ""


def test_an_empty_envelope_gets_an_empty_response(alexa: Alexa) -> None:
    assert alexa.answer({}) == EMPTY_RESPONSE


def test_what_is_done_to_an_empty_response_does_not_reach_the_next(alexa: Alexa) -> None:
    alexa.answer({})["version"] = "2.0"
    assert alexa.answer({}) == {"version": "1.0", "response": {}}


@pytest.mark.parametrize(
    "added",
    [
        {"dialogState": "PAUSED"},
        {"confirmationStatus": "PERHAPS"},
        {"mood": {"of": ["caller"]}},
    ],
    ids=["dialog state", "confirmation", "new field"],
)
def test_an_enum_value_that_nobody_knows_does_not_stop_an_intent(
    alexa: Alexa, added: dict[str, Json]
) -> None:
    slot = {**matched_slot("finding", "chest_pain", "chest pain"), "source": "DREAM"}
    slot["slotValue"] = {"type": "Tree", "value": 3}
    intent = {"name": "ReportFindingIntent", "slots": {"finding": slot}, **added}
    alexa.send({"type": "IntentRequest", "intent": intent, **added})
    assert alexa.speech.startswith("Call 911 now.")


def test_an_unknown_status_of_one_slot_leaves_the_others_their_findings(alexa: Alexa) -> None:
    odd = matched_slot("finding", "fever", "fever")
    odd["resolutions"] = {
        "resolutionsPerAuthority": [{"status": {"code": "ER_MAYBE"}, "values": []}]
    }
    slots = {"finding": odd, "secondFinding": matched_slot("secondFinding", "chest_pain", "x")}
    alexa.send({"type": "IntentRequest", "intent": {"name": "ReportFindingIntent", "slots": slots}})
    assert alexa.speech.startswith("Call 911 now.")


def test_a_request_without_a_session_is_a_fresh_call(alexa: Alexa) -> None:
    response = alexa.answer({"request": {"type": "LaunchRequest", "locale": "en-US"}})
    assert response == alexa.launch().envelope


@example({"request": {"type": []}})
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENVELOPES)
def test_no_shape_of_a_request_makes_the_skill_fail(
    alexa: Alexa, catalogues: Mapping[str, Catalogue], envelope: Json
) -> None:
    answered = json.dumps(alexa.answer(envelope))
    assert to_text([catalogues["en-US"].phrase(FAILED)])[:20] not in answered
