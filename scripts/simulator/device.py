"""The pretend Echo, with Alexa's cloud behind it: one skill, no screen, no voice.

It knows when a session begins and ends, keeps the session attributes between turns, and
sends the skill what Alexa would send. What a person types into it and reads from it is the
business of a face, such as ``terminal``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from scripts.simulator import speech
from scripts.simulator.envelopes import (
    Session,
    envelope,
    intent_request,
    launch_request,
    session_ended_request,
)
from scripts.simulator.interaction_model import Intent
from scripts.simulator.invocation import invocation
from scripts.simulator.understanding import FALLBACK, Understood

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from scripts.simulator.endpoint import Endpoint
    from scripts.simulator.interaction_model import InteractionModel
    from scripts.simulator.phrases import Phrases
    from scripts.simulator.understanding import Understanding

SILENCE: Final = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange with the device.

    Attributes:
        utterance: What was said to it; "" for silence.
        request: The request envelope sent, ``None`` where the device answered by itself.
        status: The HTTP status of the skill's answer.
        response: The response envelope as received.
        says: What the device says.
        session_ends: Whether a session was open, or opened, and is now over.
        note: What the device did that a person may not expect.
        failure: Why Alexa would not have taken the skill's answer.
    """

    utterance: str
    request: Mapping[str, object] | None = None
    status: int | None = None
    response: Mapping[str, object] | None = None
    says: str = ""
    session_ends: bool = False
    note: str | None = None
    failure: str | None = None


class Device:
    """A pretend Echo.

    Args:
        model: The interaction model of the device's locale.
        understanding: Reads utterances by that model.
        phrases: What Alexa knows of the language by itself.
        endpoint: Where the skill is.
        clock: Returns the time in UTC.
        new_id: Returns an id that was never returned before.
    """

    def __init__(  # noqa: PLR0913  # the composition root names each
        self,
        *,
        model: InteractionModel,
        understanding: Understanding,
        phrases: Phrases,
        endpoint: Endpoint,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._model = model
        self._understanding = understanding
        self._phrases = phrases
        self._endpoint = endpoint
        self._clock = clock
        self._new_id = new_id
        self._session: Session | None = None
        self._reprompt = ""

    def hear(self, utterance: str) -> Turn:
        """Take an utterance, or ``SILENCE``, and return what came of it.

        Raises:
            EndpointError: The skill could not be reached.
        """
        if not utterance.strip():
            return self._wait()
        called = invocation(utterance, self._model.invocation_name, self._phrases)
        if called is not None:
            self._session = None
            return self._open(utterance, called.requests)
        if self._understanding.ends_session(utterance):
            return self._end(utterance, "USER_INITIATED")
        if self._session is None:
            name = self._model.invocation_name
            note = f'no session is open; taken as "ask {name} {utterance.strip()}"'
            return replace(self._open(utterance, (utterance,)), note=note)
        return self._send(utterance, self._intent_request(utterance), self._session)

    def _open(self, utterance: str, requests: tuple[str, ...]) -> Turn:
        request = self._intent_request(*requests) if requests else launch_request()
        return self._send(utterance, request, Session(f"amzn1.echo-api.session.{self._new_id()}"))

    def _wait(self) -> Turn:
        """Let 8 s pass: the reprompt is said once, and after 8 s more the session is over."""
        if self._session is None or not self._reprompt:
            return self._end(SILENCE, "EXCEEDED_MAX_REPROMPTS")
        says, self._reprompt = self._reprompt, ""
        return Turn(SILENCE, says=says)

    def _end(self, utterance: str, reason: str) -> Turn:
        if self._session is None:
            return Turn(utterance, note="no session is open")
        return self._send(utterance, session_ended_request(reason), self._session)

    def _intent_request(self, *utterances: str) -> dict[str, object]:
        """Return the request for the first of the utterances that is understood."""
        readings = (self._understanding.understand(utterance) for utterance in utterances)
        understood = next((one for one in readings if one.intent != FALLBACK), Understood(FALLBACK))
        unnamed = Intent(understood.intent, {}, ())
        return intent_request(self._model.intents.get(understood.intent, unnamed), understood)

    def _send(self, utterance: str, request: Mapping[str, object], session: Session) -> Turn:
        sent = envelope(
            request,
            session,
            request_id=f"amzn1.echo-api.request.{self._new_id()}",
            locale=self._model.locale,
            timestamp=self._clock(),
        )
        answer = self._endpoint.post(sent)
        turn = Turn(utterance, sent, answer.status, answer.envelope, session_ends=True)
        self._session, self._reprompt = None, ""
        if answer.status != HTTPStatus.OK:
            return replace(turn, failure=f"the skill answered HTTP {answer.status}")
        if answer.envelope is None:
            return replace(turn, failure="the skill's answer is no JSON object")
        if request["type"] == "SessionEndedRequest":  # what is said to this, nobody hears
            return turn
        if speech.keeps_listening(answer.envelope):
            attributes = answer.envelope.get("sessionAttributes")
            kept = attributes if isinstance(attributes, dict) else {}
            self._session = Session(session.id, new=False, attributes=kept)
            self._reprompt = speech.reprompt(answer.envelope)
        return replace(turn, says=speech.says(answer.envelope), session_ends=self._session is None)
