"""The pretend Echo, with Alexa's cloud behind it: one skill, no screen, no voice.

It knows when a session begins and ends, keeps the session attributes between turns, and
sends the skill what Alexa would send. What a person types into it and reads from it is the
business of a face, such as ``terminal``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from scripts.simulator import speech
from scripts.simulator.acceptance import why_refused
from scripts.simulator.envelopes import (
    Session,
    envelope,
    intent_request,
    launch_request,
    session_ended_request,
)
from scripts.simulator.errors import EndpointError
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

LISTENS_FOR_SECONDS: Final = 8.0
"""How long the microphone stays open after a question, and once more after its reprompt."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange with the device.

    Attributes:
        utterance: What was said to it; "" for silence.
        request: The request envelope sent, ``None`` where the device answered by itself.
        status: The HTTP status of the skill's answer.
        response: The response envelope as received.
        says: What the device says.
        ssml: The same for a voice to speak.
        session_ends: Whether a session was open, or opened, and is now over.
        note: What the device did that a person may not expect.
        failure: Why Alexa would not have taken the skill's answer.
    """

    utterance: str
    request: Mapping[str, object] | None = None
    status: int | None = None
    response: Mapping[str, object] | None = None
    says: str = ""
    ssml: str = ""
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
        self._reprompt = self._reprompt_ssml = ""

    @property
    def is_listening(self) -> bool:
        """Whether a session is open, and with it the microphone once the device has spoken."""
        return self._session is not None

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
        turn = Turn(SILENCE, says=self._reprompt, ssml=self._reprompt_ssml)
        self._reprompt = self._reprompt_ssml = ""
        return turn

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
        sent = self._envelope(request, session)
        answer = self._endpoint.post(sent)
        turn = Turn(utterance, sent, answer.status, answer.envelope, session_ends=True)
        self._session, self._reprompt, self._reprompt_ssml = None, "", ""
        refusal = why_refused(answer)
        if refusal is not None:
            if request["type"] != "SessionEndedRequest":
                self._send_error(refusal, session)
            return replace(turn, failure=refusal)
        response = answer.envelope or {}
        if request["type"] == "SessionEndedRequest":  # what is said to this, nobody hears
            return turn
        if speech.keeps_listening(response):
            attributes = response.get("sessionAttributes")
            kept = attributes if isinstance(attributes, dict) else {}
            self._session = Session(session.id, new=False, attributes=kept)
            self._reprompt = speech.reprompt(response)
            self._reprompt_ssml = speech.reprompt_ssml(response)
        return replace(
            turn,
            says=speech.says(response),
            ssml=speech.says_ssml(response),
            session_ends=self._session is None,
        )

    def _send_error(self, refusal: str, session: Session) -> None:
        """Tell the skill, as Alexa does, that its answer was not taken; whatever it answers."""
        error = {"type": "INVALID_RESPONSE", "message": refusal}
        with suppress(EndpointError):
            self._endpoint.post(
                self._envelope(
                    {**session_ended_request("ERROR"), "error": error}, replace(session, new=False)
                )
            )

    def _envelope(self, request: Mapping[str, object], session: Session) -> dict[str, object]:
        return envelope(
            request,
            session,
            request_id=f"amzn1.echo-api.request.{self._new_id()}",
            locale=self._model.locale,
            timestamp=self._clock(),
        )
