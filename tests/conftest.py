"""What the tests of every floor share: the real rule set, the words, and a device."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import settings

from scripts.simulator.device import Device
from scripts.simulator.endpoint import Endpoint
from scripts.simulator.interaction_model import load_interaction_model
from scripts.simulator.phrases import load_phrases
from scripts.simulator.serving import served
from scripts.simulator.signing import SKILL_ID, throwaway_authority
from scripts.simulator.understanding import Understanding
from skill.alexa.skill import answering, build_skill
from skill.speech.catalogue import Catalogue, load_catalogues
from skill.triage.loading import load_rule_set
from skill.web.endpoint import create_app
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from skill.triage.model import RuleSet

    Answering: TypeAlias = Callable[[Mapping[str, object]], dict[str, object]]

# The machines that run the tests are shared: how long one example takes says nothing.
settings.register_profile("shared_machine", deadline=None)
settings.load_profile("shared_machine")

_MOST_TURNS = 80


@dataclass
class Alexa:
    """A device that talks to the skill and keeps the session attributes between two turns.

    Attributes:
        answer: From a request envelope to a response envelope.
        rule_set: The rule set of the skill.
        locale: What the device is set to.
        attributes: The session attributes to send with the next request.
        envelope: The last response envelope.
    """

    answer: Answering
    rule_set: RuleSet
    locale: str = "en-US"
    attributes: dict[str, object] = field(default_factory=dict)
    envelope: dict[str, object] = field(default_factory=dict)

    def send(self, request: Mapping[str, object]) -> Alexa:
        """Send any request."""
        self.envelope = self.answer(
            {
                "version": "1.0",
                "session": {"new": not self.attributes, "attributes": self.attributes},
                "request": {
                    "requestId": "amzn1.echo-api.request.1",
                    "locale": self.locale,
                    **request,
                },
            }
        )
        kept = self.envelope.get("sessionAttributes")
        self.attributes = dict(kept) if isinstance(kept, dict) and not self.ended else {}
        return self

    def launch(self) -> Alexa:
        """Open the skill."""
        return self.send({"type": "LaunchRequest"})

    def intent(self, name: str, **values: str) -> Alexa:
        """Send an intent with plain slot values, by slot name."""
        slots = {slot: {"name": slot, "value": value} for slot, value in values.items()}
        return self.send({"type": "IntentRequest", "intent": {"name": name, "slots": slots}})

    def yes(self) -> Alexa:
        """Say yes."""
        return self.intent("AMAZON.YesIntent")

    def no(self) -> Alexa:
        """Say no."""
        return self.intent("AMAZON.NoIntent")

    def not_sure(self) -> Alexa:
        """Say "I'm not sure"."""
        return self.intent("NotSureIntent")

    def report(self, *findings: str) -> Alexa:
        """Name up to three findings, by id."""
        return self._name_findings("ReportFindingIntent", findings)

    def deny(self, *findings: str) -> Alexa:
        """Deny up to three findings, by id."""
        return self._name_findings("DenyFindingIntent", findings)

    def answer_calmly(self) -> Alexa:
        """Give the calm answer to every question until the session ends."""
        for _ in range(_MOST_TURNS):
            question = self.rule_set.question(str(self.pending))
            if self.ended or question is None:
                break
            match question.kind:
                case "yes_no" if question.alarming == "no":
                    self.yes()
                case "yes_no":
                    self.no()
                case "count":
                    self.intent("GiveNumberIntent", number="0")
                case "duration":
                    self.intent("GiveDurationIntent", duration="P2D")
                case "age":
                    self.intent("GiveAgeIntent", age="30")
        return self

    @property
    def response(self) -> Mapping[str, object]:
        """What the skill answered, without the envelope."""
        return _object(self.envelope.get("response"))

    @property
    def ssml(self) -> str:
        """The last speech, tags included; empty if there was none."""
        return str(_object(self.response.get("outputSpeech")).get("ssml", ""))

    @property
    def speech(self) -> str:
        """The last words spoken, without tags."""
        return _words(self.ssml)

    @property
    def reprompt(self) -> str:
        """The words kept for a silence, without tags; empty if there are none."""
        speech = _object(_object(self.response.get("reprompt")).get("outputSpeech"))
        return _words(str(speech.get("ssml", "")))

    @property
    def card(self) -> Mapping[str, object]:
        """The last card; empty if there was none."""
        return _object(self.response.get("card"))

    @property
    def ended(self) -> bool:
        """Whether the last response ended the session."""
        return self.response.get("shouldEndSession") is True

    @property
    def pending(self) -> object:
        """Id of the question that waits for an answer."""
        return self.attributes.get("pending")

    @property
    def answers(self) -> Mapping[str, object]:
        """The answers kept so far, by id."""
        return _object(self.attributes.get("answers"))

    def _name_findings(self, intent: str, findings: tuple[str, ...]) -> Alexa:
        names = ("finding", "secondFinding", "thirdFinding")
        slots = {
            name: matched_slot(name, finding, finding.replace("_", " "))
            for name, finding in zip(names, findings, strict=False)
        }
        return self.send({"type": "IntentRequest", "intent": {"name": intent, "slots": slots}})


def matched_slot(name: str, finding: str, value: str) -> dict[str, object]:
    """Return a slot as Alexa sends it when the words matched a finding."""
    return {
        "name": name,
        "value": value,
        "resolutions": {
            "resolutionsPerAuthority": [
                {
                    "authority": "amzn1.er-authority.echo-sdk.skill.FINDING",
                    "status": {"code": "ER_SUCCESS_MATCH"},
                    "values": [{"value": {"name": value, "id": finding}}],
                }
            ]
        },
    }


def _words(ssml: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", ssml))


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


@pytest.fixture(scope="session")
def rule_set() -> RuleSet:
    """Give the rule set of the skill."""
    return load_rule_set()


@pytest.fixture(scope="session")
def catalogues(rule_set: RuleSet) -> dict[str, Catalogue]:
    """Give the words of every locale."""
    return load_catalogues(rule_set)


@pytest.fixture(scope="session")
def answer(rule_set: RuleSet, catalogues: dict[str, Catalogue]) -> Answering:
    """Give the skill, as a function from request envelope to response envelope."""
    return answering(build_skill(rule_set, catalogues), catalogues)


@pytest.fixture
def alexa(answer: Answering, rule_set: RuleSet) -> Alexa:
    """Give a device with the skill, not opened yet."""
    return Alexa(answer, rule_set)


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def endpoint(answer: Answering) -> Iterator[Endpoint]:
    """Serve the skill over HTTP, to requests signed by a throwaway authority."""
    authority = throwaway_authority(now())
    verifier = RequestVerifier(SKILL_ID, [authority.root], authority.fetch, now)
    with served(create_app(answer, verifier)) as url:
        yield Endpoint(url, authority.signed_headers)


@pytest.fixture(scope="session")
def understanding() -> Understanding:
    """Give what reads utterances by the interaction model."""
    model = load_interaction_model("en-US")
    return Understanding(model, load_phrases(model.language))


@pytest.fixture
def device(endpoint: Endpoint, understanding: Understanding) -> Device:
    """Give a pretend Echo that nobody has spoken to yet."""
    model = load_interaction_model("en-US")
    ids = itertools.count()
    return Device(
        model=model,
        understanding=understanding,
        phrases=load_phrases(model.language),
        endpoint=endpoint,
        clock=now,
        new_id=lambda: str(next(ids)),
    )
