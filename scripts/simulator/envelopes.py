"""Request envelopes as Alexa sends them to a skill.

Shapes after "Request and Response JSON Reference" and "Request Types Reference"; the device
has no screen, so it supports no interface.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scripts.simulator.signing import SKILL_ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scripts.simulator.clauses import Filling
    from scripts.simulator.interaction_model import Entity, Intent
    from scripts.simulator.understanding import Understood

USER_ID: Final = "amzn1.ask.account.UPPERBACKCHECKSIMULATOR"
DEVICE_ID: Final = "amzn1.ask.device.UPPERBACKCHECKSIMULATOR"


@dataclass(frozen=True, slots=True)
class Session:
    """A session as Alexa knows it.

    Attributes:
        id: Its id, new for each session.
        new: Whether the request to come is its first.
        attributes: What the skill asked to have sent back, as it was received.
    """

    id: str
    new: bool = True
    attributes: Mapping[str, object] = field(default_factory=dict)


def launch_request() -> dict[str, object]:
    """Return what is particular to opening the skill."""
    return {"type": "LaunchRequest", "shouldLinkResultBeReturned": False}


def session_ended_request(reason: str) -> dict[str, object]:
    """Return what is particular to the end of a session.

    Args:
        reason: ``USER_INITIATED`` or ``EXCEEDED_MAX_REPROMPTS``.
    """
    return {"type": "SessionEndedRequest", "reason": reason}


def intent_request(intent: Intent, understood: Understood) -> dict[str, object]:
    """Return what is particular to an intent; slots that nothing fills come without a value."""
    content: dict[str, object] = {"name": intent.name, "confirmationStatus": "NONE"}
    if intent.slots:
        content["slots"] = {
            name: _slot(name, slot_type, understood.slots.get(name))
            for name, slot_type in intent.slots.items()
        }
    return {"type": "IntentRequest", "intent": content}


def envelope(
    request: Mapping[str, object],
    session: Session,
    *,
    request_id: str,
    locale: str,
    timestamp: datetime,
) -> dict[str, object]:
    """Return a whole request envelope."""
    application = {"applicationId": SKILL_ID}
    user = {"userId": USER_ID}
    return {
        "version": "1.0",
        "session": {
            "new": session.new,
            "sessionId": session.id,
            "application": application,
            "attributes": session.attributes,
            "user": user,
        },
        "context": {
            "System": {
                "application": application,
                "user": user,
                "device": {"deviceId": DEVICE_ID, "supportedInterfaces": {}},
                "apiEndpoint": "https://api.amazonalexa.com",
            }
        },
        "request": {
            **request,
            "requestId": request_id,
            "locale": locale,
            "timestamp": timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }


def _slot(name: str, slot_type: str, filling: Filling | None) -> dict[str, object]:
    slot: dict[str, object] = {"name": name, "confirmationStatus": "NONE"}
    if filling is None:
        return slot
    slot |= {"value": filling.value, "source": "USER"}
    slot_value: dict[str, object] = {"type": "Simple", "value": filling.value}
    # Amazon's own types carry what was understood in the value itself.
    if filling.entities is not None:
        resolutions = _resolutions(slot_type, filling.entities)
        slot["resolutions"] = slot_value["resolutions"] = resolutions
    return {**slot, "slotValue": slot_value}


def _resolutions(slot_type: str, entities: tuple[Entity, ...]) -> dict[str, object]:
    authority: dict[str, object] = {
        "authority": f"amzn1.er-authority.echo-sdk.{SKILL_ID}.{slot_type}",
        "status": {"code": "ER_SUCCESS_MATCH" if entities else "ER_SUCCESS_NO_MATCH"},
    }
    if entities:
        authority["values"] = [
            {"value": {"name": entity.name, "id": entity.id}} for entity in entities
        ]
    return {"resolutionsPerAuthority": [authority]}
