"""The part of a request that this skill reads, in shapes that the SDK's models accept.

The SDK refuses a whole request for one enum value that it does not know, and Alexa adds
such values at any time. So nothing reaches it but what is read here, checked for its type.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

EMPTY_RESPONSE: Mapping[str, object] = {"version": "1.0", "response": {}}
"""The answer to whatever is no turn of a conversation: nothing is said."""

_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_MOST_VALUE_CHARACTERS = 500  # no breath is longer, and reading words takes time
_SPOKEN_TO = frozenset({"LaunchRequest", "IntentRequest"})

# The status codes of entity resolution that the SDK's model knows.
_STATUS_CODES = frozenset(
    {"ER_SUCCESS_MATCH", "ER_SUCCESS_NO_MATCH", "ER_ERROR_TIMEOUT", "ER_ERROR_EXCEPTION"}
)


def readable_part(
    envelope: Mapping[str, object], *, with_caller: bool = False
) -> dict[str, object] | None:
    """Return what the skill reads of a request, or ``None`` for one that it stays silent to.

    Silent are the end of a session, skill events, screen events and every type that is not
    known: Alexa speaks no answer to the first ones and may add others.

    Args:
        envelope: A request envelope.
        with_caller: Whether to read whose request it is, which only a memory needs.
    """
    request = _object(envelope.get("request"))
    if _text(request.get("type")) not in _SPOKEN_TO:
        return None
    session = _object(envelope.get("session"))
    readable: dict[str, object] = {
        "type": request["type"],
        "requestId": _text(request.get("requestId")),
        "locale": _text(request.get("locale")),
    }
    timestamp = _text(request.get("timestamp"))
    if _is_timestamp(timestamp):
        readable["timestamp"] = timestamp
    if request["type"] == "IntentRequest":
        readable["intent"] = _intent(_object(request.get("intent")))
    part: dict[str, object] = {
        "new": session.get("new") is True,
        "attributes": _object(session.get("attributes")),
    }
    if with_caller and (caller := caller_of(envelope)):
        part["user"] = {"userId": caller}
    return {"version": "1.0", "session": part, "request": readable}


def caller_of(envelope: Mapping[str, object]) -> str:
    """Return the user id of a request, or an empty text. A skill event has no session."""
    system = _object(_object(envelope.get("context")).get("System"))
    in_context = _text(_object(system.get("user")).get("userId"))
    session = _object(envelope.get("session"))
    return in_context or _text(_object(session.get("user")).get("userId"))


def tells_of_disabling(envelope: Mapping[str, object]) -> bool:
    """Say whether a request is the event that a caller disabled the skill."""
    kind = _text(_object(envelope.get("request")).get("type"))
    return kind == "AlexaSkillEvent.SkillDisabled"


def fulfilment(envelope: Mapping[str, object], intents: Container[str]) -> dict[str, object]:
    """Return the answer to "can this skill take that?", with no speech and no effect.

    A cautious one: "maybe" for what the skill knows, because only the whole conversation
    tells whether it helps, and "no" for everything else. No slot is looked at.

    Args:
        envelope: A ``CanFulfillIntentRequest``.
        intents: The names of the intents that the skill has.
    """
    intent = _object(_object(envelope.get("request")).get("intent"))
    answer = "MAYBE" if _text(intent.get("name")) in intents else "NO"
    slots = {
        name: {"canUnderstand": answer, "canFulfill": answer}
        for name in _object(intent.get("slots"))
    }
    fulfilled = {"canFulfill": answer, "slots": slots}
    return {"version": "1.0", "response": {"canFulfillIntent": fulfilled}}


def asks_for_fulfilment(envelope: Mapping[str, object]) -> bool:
    """Say whether a request only asks what the skill could do with an intent."""
    return _text(_object(envelope.get("request")).get("type")) == "CanFulfillIntentRequest"


def locale_of(envelope: Mapping[str, object]) -> str:
    """Return the locale that a request names, or an empty text."""
    return _text(_object(envelope.get("request")).get("locale"))


def _is_timestamp(text: str) -> bool:
    if _TIMESTAMP.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _intent(intent: Mapping[str, object]) -> dict[str, object]:
    return {
        "name": _text(intent.get("name")),
        "slots": {
            name: _slot(name, _object(slot)) for name, slot in _object(intent.get("slots")).items()
        },
    }


def _slot(name: str, slot: Mapping[str, object]) -> dict[str, object]:
    authorities = _list(_object(slot.get("resolutions")).get("resolutionsPerAuthority"))
    return {
        "name": name,
        "value": _text(slot.get("value"))[:_MOST_VALUE_CHARACTERS],
        "resolutions": {
            "resolutionsPerAuthority": [
                authority for entry in authorities if (authority := _authority(_object(entry)))
            ]
        },
    }


def _authority(authority: Mapping[str, object]) -> dict[str, object] | None:
    code = _text(_object(authority.get("status")).get("code"))
    if code not in _STATUS_CODES:
        return None
    values = [_object(_object(entry).get("value")) for entry in _list(authority.get("values"))]
    return {
        "status": {"code": code},
        "values": [
            {"value": {"id": _text(value.get("id")), "name": _text(value.get("name"))}}
            for value in values
        ],
    }


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
