"""What the engine made of a turn: findings, fired rules with their sources, and what is next.

All of it is read from the envelopes that passed between the device and the skill, so it can be
shown for a recorded turn as well as for a live one. The skill itself is not asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import RequestEnvelope, Response

from skill.alexa.handlers import IntentHandler, LaunchHandler
from skill.alexa.turns import Turns
from skill.dialogue.answers import is_for_other, weighed
from skill.dialogue.asking import begin
from skill.dialogue.script import asking
from skill.dialogue.talk import Talk

# The state as a turn leaves it; `take_turn` forgets it as soon as the reply ends the session.
from skill.dialogue.turn import react
from skill.errors import ConversationError
from skill.speech.catalogue import catalogue_for
from skill.speech.ssml import to_text
from skill.triage.loading import RULES_FOLDER, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skill.dialogue.conversation import Conversation
    from skill.dialogue.events import Event
    from skill.speech.catalogue import Catalogue
    from skill.triage.assessment import Assessment
    from skill.triage.model import Answer, Question, Rule, RuleSet

_SAID: Final = {"yes": "yes", "no": "no", "unsure": "not sure"}
_UNITS: Final = {"age": " years", "duration": " days", "count": ""}


@dataclass(frozen=True, slots=True)
class Work:
    """A publication.

    Attributes:
        title: Its title.
        publisher: Who published it, where that is known.
        edition: Which edition was read, where it has any.
        address: Its URL; ``None`` where none was recorded.
    """

    title: str
    publisher: str | None
    edition: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """What a rule rests on.

    Attributes:
        id: Its id in ``sources.json``.
        says: What it says.
        works: The publications behind it; none for a choice of the project's own.
    """

    id: str
    says: str
    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """A finding that the answers make present.

    Attributes:
        id: Its id.
        answers: The answers that do, such as ``"fever: yes"``.
    """

    id: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fires.

    Attributes:
        id: Its id.
        disposition: The advice it asks for, in lower case.
        decides: Whether no other fired rule asks for more urgent advice.
        rationale: Why, for a clinician.
        sources: What it rests on.
    """

    id: str
    disposition: str
    decides: bool
    rationale: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class CouldFire:
    """A rule that the next question could help to fire.

    Attributes:
        id: Its id.
        disposition: The advice it would ask for, in lower case.
        missing: Ids of the findings that it still needs, at best.
    """

    id: str
    disposition: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Next:
    """The question that the engine would ask next.

    Attributes:
        id: Its id.
        words: How it is asked.
        could_fire: The more urgent rules that make it worth asking.
    """

    id: str
    words: str
    could_fire: tuple[CouldFire, ...]


@dataclass(frozen=True, slots=True)
class EngineView:
    """What the engine made of the answers after a turn.

    Attributes:
        rule_set: Name and version of the rule set.
        disposition: What the answers so far amount to, in lower case.
        advised: Whether this turn gave that as advice.
        in_scope: Whether the rule set is about this pain. If not, it never advises self care.
        waiting_for: What the dialogue waits for; ``None`` for nothing.
        present: The findings present.
        fired: The rules that fire, in rule-set order.
        next: What would be asked next; ``None`` when no answer could raise the advice.
    """

    rule_set: str
    disposition: str
    advised: bool
    in_scope: bool
    waiting_for: str | None
    present: tuple[Present, ...]
    fired: tuple[Fired, ...]
    next: Next | None


class EngineViewer:
    """Tells what the engine made of a turn.

    Args:
        rule_set: The rule set of the skill.
        catalogues: Locale to words.
        sources: ``sources.json``, parsed.
    """

    def __init__(
        self,
        rule_set: RuleSet,
        catalogues: Mapping[str, Catalogue],
        sources: Mapping[str, Any],
    ) -> None:
        self._rule_set = rule_set
        self._catalogues = catalogues
        self._sources = dict(_sources(sources))

    def view(
        self, request: Mapping[str, object], response: Mapping[str, object] | None
    ) -> EngineView | None:
        """Return what the engine made of a turn, ``None`` where its state cannot be read.

        Args:
            request: The request envelope.
            response: The response envelope; ``None`` where there is none to read.
        """
        try:
            conversation = self._after(request, response)
        except ConversationError:
            return None
        match request:
            case {"request": {"locale": str(locale)}}:
                catalogue = catalogue_for(locale, self._catalogues)
            case _:
                catalogue = catalogue_for("", self._catalogues)
        match response:
            case {"response": {"card": {}}}:
                advised = True
            case _:
                advised = False
        return self._viewed(conversation, catalogue, advised=advised)

    def _after(
        self, request: Mapping[str, object], response: Mapping[str, object] | None
    ) -> Conversation:
        """Return the conversation as the turn left it.

        Raises:
            ConversationError: The session attributes are not of this version.
        """
        kept = _attributes(response)
        if kept:
            return Talk.from_attributes(kept, self._rule_set).conversation
        sent = _attributes(request.get("session"), "attributes")
        before = (
            Talk.from_attributes(sent, self._rule_set).conversation
            if sent
            else begin(self._rule_set)
        )
        event = _event_of(request, self._rule_set)
        # The session is over and took its state along: the turn is taken once more.
        return react(before, event, self._rule_set)[0] if event is not None else before

    def _viewed(
        self, conversation: Conversation, catalogue: Catalogue, *, advised: bool
    ) -> EngineView:
        assessment, rules = weighed(conversation, self._rule_set)
        return EngineView(
            rule_set=rules.name,
            disposition=assessment.disposition.name.lower(),
            advised=advised,
            in_scope=rules is self._rule_set,
            waiting_for=conversation.pending,
            present=tuple(_present(conversation, rules, assessment)),
            fired=tuple(self._fired(rule, assessment) for rule in assessment.fired),
            next=_next(conversation, rules, assessment, catalogue),
        )

    def _fired(self, rule: Rule, assessment: Assessment) -> Fired:
        return Fired(
            id=rule.id,
            disposition=rule.disposition.name.lower(),
            decides=rule in assessment.decisive,
            rationale=rule.rationale,
            sources=tuple(self._sources[source_id] for source_id in rule.sources),
        )


def load_engine_viewer(rule_set: RuleSet, catalogues: Mapping[str, Catalogue]) -> EngineViewer:
    """Return the viewer for a rule set, with the project's own sources.

    Raises:
        RuleSetError: The sources cannot be read.
    """
    return EngineViewer(rule_set, catalogues, read_json(RULES_FOLDER / "sources.json"))


class _EventReader(Turns):
    """Stands where the skill takes its turns, and keeps the event that a handler understood."""

    read: Event | None = None

    def take(self, handler_input: HandlerInput, event: Event) -> Response:  # noqa: ARG002  # its name
        """Keep the event and answer nothing."""
        self.read = event
        return Response()


def _event_of(envelope: Mapping[str, object], rule_set: RuleSet) -> Event | None:
    """Return the event that a request means, ``None`` for one that means none."""
    read = DefaultSerializer().deserialize(json.dumps(envelope), RequestEnvelope)
    reader = _EventReader(rule_set, {})
    for handler in (LaunchHandler(reader), IntentHandler(reader)):
        handler_input = HandlerInput(read)
        if handler.can_handle(handler_input):
            handler.handle(handler_input)
            break
    return reader.read


def _present(
    conversation: Conversation, rule_set: RuleSet, assessment: Assessment
) -> Iterator[Present]:
    for finding in rule_set.findings:
        if finding.id in assessment.present:
            yield Present(
                finding.id,
                tuple(
                    f"{key}: {_said(answer, rule_set.question(key))}"
                    for key, answer in conversation.answers.items()
                    if finding.id in rule_set.findings_on(key, answer)
                ),
            )


def _said(answer: Answer, question: Question | None) -> str:
    if isinstance(answer, int):
        return f"{answer}{_UNITS.get(question.kind, '') if question else ''}"
    return _SAID[answer]


def _next(
    conversation: Conversation, rule_set: RuleSet, assessment: Assessment, catalogue: Catalogue
) -> Next | None:
    question = assessment.next_question
    if question is None:
        return None
    about_other = is_for_other(conversation)
    return Next(
        id=question.id,
        words=to_text([catalogue.phrase(asking(question), about_other=about_other)]),
        could_fire=tuple(_could_fire(question, conversation, rule_set, assessment)),
    )


def _could_fire(
    question: Question, conversation: Conversation, rule_set: RuleSet, assessment: Assessment
) -> Iterator[CouldFire]:
    """Give the rules that make the question worth asking, as :func:`assess` judges it."""
    present = assessment.present
    unasked = rule_set.unanswered(conversation.answers, present)
    possible = present.union(*map(rule_set.findings_from, unasked))
    asked_for = rule_set.findings_from(question)
    for rule in rule_set.rules:
        if rule.disposition <= assessment.disposition:
            continue
        missing = [
            alternative - present
            for alternative in rule.alternatives
            if alternative <= possible and not asked_for.isdisjoint(alternative - present)
        ]
        if missing:
            nearest = min(missing, key=lambda one: (len(one), sorted(one)))
            yield CouldFire(rule.id, rule.disposition.name.lower(), tuple(sorted(nearest)))


def _attributes(owner: object, name: str = "sessionAttributes") -> Mapping[str, object]:
    attributes = owner.get(name) if isinstance(owner, Mapping) else None
    return attributes if isinstance(attributes, Mapping) else {}


def _sources(document: Mapping[str, Any]) -> Iterator[tuple[str, Source]]:
    """Give each entry of ``sources.json`` under its id, with the publications behind it."""
    works = {entry["id"]: _work(entry) for entry in document["references"]}
    article = _work(document["article"])
    for entry in document["statements"]:
        yield entry["id"], Source(entry["id"], entry["text"], (article,))
    for entry in document["guideline_flags"]:
        behind = tuple(works[reference] for reference in entry["references"])
        yield entry["id"], Source(entry["id"], entry["statement"], behind)
    for entry in document["choices"]:
        says = entry["choice"] if "choice" in entry else entry["resolution"]
        yield entry["id"], Source(entry["id"], says, ())
    for entry in document["references"]:
        yield entry["id"], Source(entry["id"], entry["supports"], (works[entry["id"]],))


def _work(entry: Mapping[str, Any]) -> Work:
    # Brackets around a title say that it was not read off the work itself.
    title = entry["title"].strip("[]")
    return Work(title, entry["publisher"], entry.get("edition"), entry["address"])
