"""The only lines that touch Alexa's session: load, take the turn, save, speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ask_sdk_core.utils import get_locale
from ask_sdk_model import Response
from ask_sdk_model.ui import Reprompt, SimpleCard, SsmlOutputSpeech

from skill.dialogue.asking import begin
from skill.dialogue.conversation import Conversation
from skill.dialogue.remembering import Call, Remembering
from skill.dialogue.script import Line
from skill.dialogue.talk import Talk
from skill.dialogue.turn import take_turn
from skill.errors import ConversationError
from skill.speech.catalogue import catalogue_for
from skill.speech.ssml import to_ssml, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ask_sdk_core.handler_input import HandlerInput

    from skill.dialogue.events import Event
    from skill.dialogue.keeping import Memory
    from skill.dialogue.script import Reply
    from skill.speech.catalogue import Catalogue
    from skill.triage.model import Disposition, RuleSet


class Turns:
    """Takes one turn for a request and says the reply.

    Args:
        rule_set: What it triages by.
        catalogues: Locale to words.
        memory: What keeps checks that were broken off; ``None`` keeps nothing.
    """

    def __init__(
        self,
        rule_set: RuleSet,
        catalogues: Mapping[str, Catalogue],
        memory: Memory | None = None,
    ) -> None:
        self._rule_set = rule_set
        self._catalogues = catalogues
        self._remembering = None if memory is None else Remembering(memory, rule_set)

    def take(self, handler_input: HandlerInput, event: Event) -> Response:
        """Answer an event on the conversation that the request carries."""
        attributes = handler_input.attributes_manager.session_attributes or {}
        if self._remembering is None:
            conversation, reply = take_turn(self._conversation(attributes), event, self._rule_set)
            kept = conversation.to_attributes()
        else:
            talk = self._talk(attributes, self._remembering)
            talk, reply = self._remembering.take_turn(talk, event, _call(handler_input))
            kept = talk.to_attributes(self._rule_set)
        handler_input.attributes_manager.session_attributes = {} if reply.closes else kept
        return self._spoken(handler_input, reply)

    def _talk(self, attributes: Mapping[str, object], remembering: Remembering) -> Talk | None:
        if not attributes:
            return remembering.begin()
        try:
            return Talk.from_attributes(attributes, self._rule_set)
        except ConversationError:
            return None

    def _conversation(self, attributes: Mapping[str, object]) -> Conversation | None:
        if not attributes:
            return begin(self._rule_set)
        try:
            return Conversation.from_attributes(attributes, self._rule_set)
        except ConversationError:
            return None

    def _spoken(self, handler_input: HandlerInput, reply: Reply) -> Response:
        catalogue = catalogue_for(str(get_locale(handler_input)), self._catalogues)

        def speech(lines: Sequence[Line]) -> SsmlOutputSpeech:
            said = catalogue.say(lines, about_other=reply.about_other)
            return SsmlOutputSpeech(ssml=to_ssml(said, slowly=reply.slowly))

        return Response(
            output_speech=speech(reply.say),
            card=None if reply.advice is None else _card(reply.advice, catalogue),
            reprompt=Reprompt(speech(reply.reprompt)) if reply.reprompt else None,
            should_end_session=reply.closes,
        )


def _call(handler_input: HandlerInput) -> Call:
    envelope = handler_input.request_envelope
    request, session = envelope.request, envelope.session
    if request is None or request.timestamp is None or session is None or session.user is None:
        # Whose it is, or how old, cannot be told; Alexa always tells both.
        return Call("", "", 0)
    sent = int(request.timestamp.timestamp())
    return Call(str(session.user.user_id), str(request.request_id), sent)


def _card(advice: Disposition, catalogue: Catalogue) -> SimpleCard:
    title, content = catalogue.say((Line("card.title"), Line(f"card.{advice.name.lower()}")))
    return SimpleCard(title=to_text([title]), content=to_text([content]))
