"""Between JSON objects and the SDK's models, for exactly what this skill reads and writes.

The SDK's own serializer finds its way by names and types at run time, and takes five times
as long for the same result, which `tests/alexa/test_serializer.py` shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import (
    Intent,
    IntentRequest,
    LaunchRequest,
    RequestEnvelope,
    ResponseEnvelope,
    Session,
    Slot,
    User,
)
from ask_sdk_model.slu.entityresolution import (
    Resolution,
    Resolutions,
    Status,
    StatusCode,
    Value,
    ValueWrapper,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Readable: TypeAlias = "Mapping[str, Any]"
"""What `readable_part` checked."""


class Attributes(dict[str, object]):
    """Session attributes, which the SDK copies all the way down for each request.

    This skill writes new ones and changes none, so they are their own copy.
    """

    def __deepcopy__(self, memo: object) -> Attributes:
        """Return the attributes themselves."""
        return self


class EnvelopeSerializer(DefaultSerializer):
    """Reads what `readable_part` made and writes response envelopes; the rest is the SDK's."""

    def deserialize(self, payload: Any, obj_type: Any) -> Any:  # noqa: ANN401  # as the SDK's
        """Return the readable part of a request envelope, or any other JSON, as a model."""
        if obj_type is not RequestEnvelope or not isinstance(payload, dict):
            return super().deserialize(payload, obj_type)
        session = payload["session"]
        return RequestEnvelope(
            version=payload["version"],
            session=Session(
                new=session["new"],
                attributes=Attributes(session["attributes"]),
                user=User(session["user"]["userId"]) if "user" in session else None,
            ),
            request=_request(payload["request"]),
        )

    def serialize(self, obj: Any) -> Any:  # noqa: ANN401  # as the SDK's
        """Return a model as a JSON object.

        A response is without the user agent: what program and Python answered is nobody's
        business.
        """
        if not isinstance(obj, ResponseEnvelope):
            return super().serialize(obj)
        return {
            "version": obj.version,
            "sessionAttributes": obj.session_attributes,
            "response": _written(obj.response),
        }


def _request(request: Readable) -> LaunchRequest | IntentRequest:
    sent = datetime.fromisoformat(request["timestamp"]) if "timestamp" in request else None
    if request["type"] == "LaunchRequest":
        return LaunchRequest(request["requestId"], sent, request["locale"])
    intent = request["intent"]
    return IntentRequest(
        request_id=request["requestId"],
        timestamp=sent,
        locale=request["locale"],
        intent=Intent(
            name=intent["name"],
            slots={name: _slot(slot) for name, slot in intent["slots"].items()},
        ),
    )


def _slot(slot: Readable) -> Slot:
    authorities = slot["resolutions"]["resolutionsPerAuthority"]
    return Slot(
        name=slot["name"],
        value=slot["value"],
        resolutions=Resolutions(
            resolutions_per_authority=[
                Resolution(
                    status=Status(code=StatusCode[authority["status"]["code"]]),
                    values=[
                        ValueWrapper(Value(name=entry["value"]["name"], id=entry["value"]["id"]))
                        for entry in authority["values"]
                    ],
                )
                for authority in authorities
            ]
        ),
    )


def _written(response: Any) -> dict[str, object]:  # noqa: ANN401  # the SDK's may hold `None`
    """Return a response as a JSON object, with all that this skill ever says in one."""
    written: dict[str, object] = {}
    if response.output_speech is not None:
        written["outputSpeech"] = _spoken(response.output_speech)
    card = response.card
    if card is not None:
        written["card"] = {"type": card.object_type, "title": card.title, "content": card.content}
    if response.reprompt is not None:
        written["reprompt"] = {"outputSpeech": _spoken(response.reprompt.output_speech)}
    if response.should_end_session is not None:
        written["shouldEndSession"] = response.should_end_session
    return written


def _spoken(speech: Any) -> dict[str, object]:  # noqa: ANN401  # as above
    return {"type": speech.object_type, "ssml": speech.ssml}
