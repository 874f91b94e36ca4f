"""Our serializer gives what the SDK's own gives, for what this skill reads and writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import RequestEnvelope, Response, ResponseEnvelope, Slot
from ask_sdk_model.ui import Reprompt, SimpleCard, SsmlOutputSpeech

from skill.alexa.envelopes import readable_part
from skill.alexa.serializer import EnvelopeSerializer
from skill.alexa.skill import answering, build_skill
from tests.conftest import Alexa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet

OURS = EnvelopeSerializer()
THE_SDKS = DefaultSerializer()


def matched(code: str, *ids: str) -> dict[str, object]:
    values = [{"value": {"id": one, "name": f"name of {one}"}} for one in ids]
    return {"authority": "amzn1.er-authority.1", "status": {"code": code}, "values": values}


def request(kind: str, **members: object) -> dict[str, object]:
    return {"type": kind, "requestId": "amzn1.echo-api.request.1", "locale": "en-GB", **members}


SLOTS = {
    "finding": {
        "name": "finding",
        "value": "my chest hurts",
        "resolutions": {
            "resolutionsPerAuthority": [
                matched("ER_SUCCESS_MATCH", "chest_pain", "rib_pain"),
                matched("ER_SUCCESS_NO_MATCH"),
            ]
        },
    },
    "number": {"name": "number", "value": "?"},
    "empty": {"name": "empty"},
}
REQUESTS: Mapping[str, dict[str, object]] = {
    "launch": request("LaunchRequest", timestamp="2026-11-24T12:00:00Z"),
    "launch at no time": request("LaunchRequest"),
    "yes": request(
        "IntentRequest", timestamp="2026-11-24T12:00:00.125Z", intent={"name": "AMAZON.YesIntent"}
    ),
    "slots": request(
        "IntentRequest",
        timestamp="2026-11-24T13:00:00+01:00",
        intent={"name": "ReportFindingIntent", "slots": SLOTS},
    ),
}


@pytest.mark.parametrize("with_caller", [False, True])
@pytest.mark.parametrize("attributes", [{}, {"misses": 1, "answers": {"fever": "no"}}], ids=str)
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_read_as_the_sdk_reads_it(
    name: str, attributes: Mapping[str, Any], *, with_caller: bool
) -> None:
    user = {"userId": "amzn1.ask.account.1"}
    session = {"new": not attributes, "attributes": attributes, "user": user}
    readable = readable_part(
        {"session": session, "request": REQUESTS[name]}, with_caller=with_caller
    )
    assert readable is not None
    read = OURS.deserialize(readable, RequestEnvelope)
    assert isinstance(read, RequestEnvelope)
    assert read == THE_SDKS.deserialize(json.dumps(readable), RequestEnvelope)


def test_a_slot_keeps_each_value_that_matched() -> None:
    readable = readable_part({"request": REQUESTS["slots"]})
    read: Any = OURS.deserialize(readable, RequestEnvelope)
    authority = read.request.intent.slots["finding"].resolutions.resolutions_per_authority[0]
    assert [entry.value.id for entry in authority.values] == ["chest_pain", "rib_pain"]


SPEECH = SsmlOutputSpeech(ssml="<speak>Any fever?</speak>")


@pytest.mark.parametrize(
    "response",
    [
        Response(),
        Response(output_speech=SPEECH, should_end_session=True),
        Response(SPEECH, SimpleCard("A title", "Words"), Reprompt(SPEECH), None, None, False),  # noqa: FBT003  # the SDK's order
    ],
    ids=["silence", "speech", "all that is ever said"],
)
@pytest.mark.parametrize("attributes", [{}, {"answers": {"fever": "no"}, "said": [["a", {}]]}])
def test_a_response_is_written_as_the_sdk_writes_it_but_for_the_user_agent(
    response: Response, attributes: dict[str, object]
) -> None:
    envelope = ResponseEnvelope("1.0", attributes, "ask-python/1.19.0 Python/3.11.7", response)
    expected = THE_SDKS.serialize(envelope)
    assert isinstance(expected, dict)
    assert expected.pop("userAgent")
    assert OURS.serialize(envelope) == expected


def test_all_that_the_skill_sets_in_a_response_is_written(
    rule_set: RuleSet, catalogues: Mapping[str, Catalogue]
) -> None:
    pairs: list[tuple[object, object]] = []

    class Compared(EnvelopeSerializer):
        def serialize(self, obj: Any) -> Any:  # noqa: ANN401  # as the SDK's
            ours, expected = super().serialize(obj), THE_SDKS.serialize(obj)
            assert isinstance(expected, dict)
            expected.pop("userAgent")
            pairs.append((ours, expected))
            return ours

    skill = build_skill(rule_set, catalogues)
    skill.serializer = Compared()
    alexa = Alexa(answering(skill, catalogues), rule_set)
    alexa.launch().answer_calmly().yes()  # an interview, home care and its tips
    assert alexa.launch().yes().card  # an emergency
    alexa.launch().intent("AMAZON.StopIntent")
    assert [pair for pair in pairs if pair[0] != pair[1]] == []
    assert len(pairs) > 10


def test_whatever_else_there_is_goes_the_sdks_way() -> None:
    slot = Slot(name="finding", value="words")
    assert OURS.serialize(slot) == THE_SDKS.serialize(slot)
    assert OURS.deserialize('{"name": "finding"}', Slot) == Slot(name="finding")
