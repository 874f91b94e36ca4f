"""What is read of a request, whatever Alexa sends."""

from __future__ import annotations

import copy
import json
from typing import Any, TypeAlias

import pytest
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import RequestEnvelope
from hypothesis import example, given
from hypothesis import strategies as st

from skill.alexa.envelopes import caller_of, locale_of, readable_part, tells_of_disabling

Json = Any

ENVELOPE: Json = {
    "version": "1.0",
    "session": {
        "new": False,
        "sessionId": "amzn1.echo-api.session.1",
        "application": {"applicationId": "amzn1.ask.skill.1"},
        "attributes": {"misses": 1},
        "user": {"userId": "amzn1.ask.account.1"},
    },
    "context": {"System": {"device": {"deviceId": "d", "supportedInterfaces": {}}}},
    "request": {
        "type": "IntentRequest",
        "requestId": "amzn1.echo-api.request.1",
        "timestamp": "2025-11-20T12:00:00Z",
        "locale": "en-US",
        "dialogState": "STARTED",
        "intent": {
            "name": "ReportFindingIntent",
            "confirmationStatus": "NONE",
            "slots": {
                "finding": {
                    "name": "finding",
                    "value": "my chest hurts",
                    "confirmationStatus": "NONE",
                    "source": "USER",
                    "resolutions": {
                        "resolutionsPerAuthority": [
                            {
                                "authority": "amzn1.er-authority.1",
                                "status": {"code": "ER_SUCCESS_MATCH"},
                                "values": [{"value": {"name": "chest pain", "id": "chest_pain"}}],
                            }
                        ]
                    },
                }
            },
        },
    },
}

Path: TypeAlias = tuple[str | int, ...]
SLOT: Path = ("request", "intent", "slots", "finding")
AUTHORITY: Path = (*SLOT, "resolutions", "resolutionsPerAuthority", 0)
PATHS: list[Path] = [
    ("version",),
    ("session",),
    ("session", "new"),
    ("session", "attributes"),
    ("session", "user"),
    ("context",),
    ("request",),
    ("request", "type"),
    ("request", "requestId"),
    ("request", "timestamp"),
    ("request", "locale"),
    ("request", "dialogState"),
    ("request", "intent"),
    ("request", "intent", "name"),
    ("request", "intent", "confirmationStatus"),
    ("request", "intent", "slots"),
    SLOT,
    (*SLOT, "name"),
    (*SLOT, "value"),
    (*SLOT, "source"),
    (*SLOT, "resolutions"),
    (*SLOT, "resolutions", "resolutionsPerAuthority"),
    AUTHORITY,
    (*AUTHORITY, "status"),
    (*AUTHORITY, "status", "code"),
    (*AUTHORITY, "values"),
    (*AUTHORITY, "values", 0),
    (*AUTHORITY, "values", 0, "value"),
    (*AUTHORITY, "values", 0, "value", "id"),
    (*AUTHORITY, "values", 0, "value", "name"),
]
ODD: dict[str, Json] = {
    "null": None,
    "true": True,
    "number": 7,
    "fraction": 0.5,
    "text": "odd",
    "empty text": "",
    "list": [None, {"id": 1}],
    "empty list": [],
    "object": {"odd": [{}]},
    "empty object": {},
}

JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def with_odd(path: Path, odd: Json) -> Json:
    envelope = copy.deepcopy(ENVELOPE)
    place = envelope
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = odd
    return envelope


def without(path: Path) -> Json:
    envelope = copy.deepcopy(ENVELOPE)
    place = envelope
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return envelope


@st.composite
def odd_envelopes(draw: st.DrawFn) -> Json:
    return with_odd(draw(st.sampled_from(PATHS)), draw(JSON))


def read_by_the_sdk(envelope: Json) -> RequestEnvelope | None:
    readable = readable_part(envelope)
    if readable is None:
        return None
    read = DefaultSerializer().deserialize(json.dumps(readable), RequestEnvelope)
    assert isinstance(read, RequestEnvelope)
    return read


# --- what is read ---------------------------------------------------------------------------


def test_a_slot_is_read_with_its_match() -> None:
    assert readable_part(ENVELOPE) == {
        "version": "1.0",
        "session": {"new": False, "attributes": {"misses": 1}},
        "request": {
            "type": "IntentRequest",
            "requestId": "amzn1.echo-api.request.1",
            "locale": "en-US",
            "timestamp": "2025-11-20T12:00:00Z",
            "intent": {
                "name": "ReportFindingIntent",
                "slots": {
                    "finding": {
                        "name": "finding",
                        "value": "my chest hurts",
                        "resolutions": {
                            "resolutionsPerAuthority": [
                                {
                                    "status": {"code": "ER_SUCCESS_MATCH"},
                                    "values": [
                                        {"value": {"id": "chest_pain", "name": "chest pain"}}
                                    ],
                                }
                            ]
                        },
                    }
                },
            },
        },
    }


def test_a_launch_is_read_without_an_intent() -> None:
    readable = readable_part(with_odd(("request", "type"), "LaunchRequest"))
    assert readable is not None
    assert "intent" not in str(readable)


@pytest.mark.parametrize("part", ["userId", "deviceId", "sessionId", "applicationId"])
def test_nothing_that_tells_who_is_calling_is_read(part: str) -> None:
    assert part in str(ENVELOPE)
    assert part not in str(readable_part(ENVELOPE))


@pytest.mark.parametrize(
    "odd",
    ["", "?", "yesterday", "2025-11-20", "2025-11-20T12:00:00", "2025-13-20T12:00:00Z", 1763640000],
    ids=str,
)
def test_a_timestamp_that_names_no_moment_is_not_read(odd: Json) -> None:
    read = readable_part(with_odd(("request", "timestamp"), odd))
    assert read is not None
    assert "timestamp" not in str(read)


@pytest.mark.parametrize("moment", ["2025-11-20T12:00:00Z", "2025-11-20T12:00:00.5+01:00"])
def test_a_timestamp_that_is_read_is_one_that_the_sdk_accepts(moment: str) -> None:
    read = readable_part(with_odd(("request", "timestamp"), moment))
    assert DefaultSerializer().deserialize(json.dumps(read), RequestEnvelope).request.timestamp


@pytest.mark.parametrize("moment", ["2025-W47-4T12:00:00Z", "2025-11-20T12:00:00+01:00:30"])
def test_no_odd_form_of_a_timestamp_stops_the_sdk(moment: str) -> None:
    read = readable_part(with_odd(("request", "timestamp"), moment))
    DefaultSerializer().deserialize(json.dumps(read), RequestEnvelope)


def test_of_several_authorities_those_with_an_unknown_status_are_left_out() -> None:
    known = ENVELOPE["request"]["intent"]["slots"]["finding"]["resolutions"]
    [authority] = known["resolutionsPerAuthority"]
    unknown = {**authority, "status": {"code": "ER_SUCCESS_MAYBE"}}
    path = (*SLOT, "resolutions", "resolutionsPerAuthority")
    assert readable_part(with_odd(path, [unknown, authority])) == readable_part(ENVELOPE)


@pytest.mark.parametrize(
    "request_type",
    [
        "SessionEndedRequest",
        "CanFulfillIntentRequest",
        "Alexa.Presentation.APL.UserEvent",
        "AlexaSkillEvent.SkillDisabled",
        "AlexaSkillEvent.SkillAccountUnlinked",
        "System.ExceptionEncountered",
        "Connections.Response",
        "intentrequest",
        "",
        "Tomorrow.Request",
    ],
)
def test_a_request_that_is_no_turn_is_not_read(request_type: str) -> None:
    assert readable_part(with_odd(("request", "type"), request_type)) is None


@pytest.mark.parametrize("envelope", [{}, {"request": None}, {"request": []}, {"request": {}}])
def test_an_envelope_without_a_request_is_not_read(envelope: Json) -> None:
    assert readable_part(envelope) is None


# --- whatever Alexa sends -------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_the_sdk_accepts_what_is_read_of_an_odd_value(path: Path) -> None:
    for name, odd in ODD.items():
        readable = read_by_the_sdk(with_odd(path, odd))
        assert (readable is None) is (path in {("request",), ("request", "type")}), name


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_the_sdk_accepts_what_is_read_when_a_part_is_missing(path: Path) -> None:
    readable = read_by_the_sdk(without(path))
    assert (readable is None) is (path in {("request",), ("request", "type")})


@example(with_odd(("request", "type"), []))
@given(odd_envelopes() | st.dictionaries(st.sampled_from(["session", "request"]), JSON))
def test_any_json_is_read_or_left_alone(envelope: Json) -> None:
    readable = read_by_the_sdk(envelope)
    assert readable is None or readable.request is not None


@pytest.mark.parametrize(
    ("path", "added"),
    [
        (("request", "dialogState"), "PAUSED"),
        (("request", "intent", "confirmationStatus"), "PERHAPS"),
        ((*SLOT, "confirmationStatus"), "PERHAPS"),
        ((*SLOT, "source"), "DREAM"),
        ((*SLOT, "slotValue"), {"type": "Tree", "values": []}),
        (("session", "weather"), {"sun": True}),
        (("context", "Viewports"), [{"type": "HOLOGRAM"}]),
        (("request", "intent", "mood"), {"of": "caller"}),
    ],
    ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else None,
)
def test_what_alexa_may_add_one_day_changes_nothing(path: Path, added: Json) -> None:
    assert readable_part(with_odd(path, added)) == readable_part(ENVELOPE)


# --- who is calling, for a memory ---------------------------------------------------------------


def test_for_a_memory_the_user_is_read_and_nothing_else_of_who_is_calling() -> None:
    plain, readable = readable_part(ENVELOPE), readable_part(ENVELOPE, with_caller=True)
    assert plain is not None
    assert readable is not None
    session = {"new": False, "attributes": {"misses": 1}, "user": {"userId": "amzn1.ask.account.1"}}
    assert readable == {**plain, "session": session}


def test_a_request_without_a_user_is_read_without_one() -> None:
    anonymous = with_odd(("session", "user"), {})
    assert readable_part(anonymous, with_caller=True) == readable_part(anonymous)


def test_the_user_of_the_context_goes_before_that_of_the_session() -> None:
    system = {"user": {"userId": "amzn1.ask.account.2"}}
    assert caller_of({**ENVELOPE, "context": {"System": system}}) == "amzn1.ask.account.2"


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_user_that_is_no_text_is_empty_or_that_of_the_session(odd: Json) -> None:
    known = odd if isinstance(odd, str) and odd else "amzn1.ask.account.1"
    assert caller_of({**ENVELOPE, "context": {"System": {"user": {"userId": odd}}}}) == known
    assert caller_of({**ENVELOPE, "context": odd}) == "amzn1.ask.account.1"
    assert caller_of({"context": {"System": {"user": odd}}, "session": odd}) == ""


def test_only_a_disabled_skill_tells_of_disabling() -> None:
    disabled = with_odd(("request", "type"), "AlexaSkillEvent.SkillDisabled")
    assert tells_of_disabling(disabled)
    assert not tells_of_disabling(ENVELOPE)
    assert not tells_of_disabling(with_odd(("request", "type"), "AlexaSkillEvent.SkillEnabled"))
    assert not tells_of_disabling({"request": []})


# --- the locale -----------------------------------------------------------------------------


def test_the_locale_is_that_of_the_request() -> None:
    assert locale_of(ENVELOPE) == "en-US"


@pytest.mark.parametrize("odd", [None, 7, [], {}], ids=str)
@pytest.mark.parametrize("path", [("request",), ("request", "locale")], ids=str)
def test_a_locale_that_is_no_text_is_empty(path: Path, odd: Json) -> None:
    assert locale_of(with_odd(path, odd)) == ""
