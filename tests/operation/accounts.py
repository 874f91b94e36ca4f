"""Accounts of callers who talk to instances with a memory, turn by turn, and how that is sent."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from scripts.simulator.envelopes import Session, envelope
from skill.dialogue.script import UNAVAILABLE
from tests.calls import RULE_SET, text_of
from tests.conftest import Alexa
from tests.operation.load import Caller, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scripts.simulator.signing import SigningAuthority
    from tests.operation.load import Door, Outcome, SignedRequest

    Sending = Callable[[SignedRequest], Outcome]

CANNOT_KEEP: Final = text_of("en-US", UNAVAILABLE)


def by_turns(*doors: Door) -> Sending:
    """Send one request to the first, the next one to the second, and so on."""
    at = cycle(doors)
    return lambda request: sent(next(at), request)


def to_whoever_answers(*doors: Door) -> Sending:
    """Send by turns, and once more to the other if one does not answer, as the proxy does."""
    orders = cycle((doors, doors[::-1]))

    def send(request: SignedRequest) -> Outcome:
        # In one order for each request, for others are under way at the same time.
        first, *others = next(orders)
        outcome = sent(first, request)
        for other in others:
            if outcome.status != 200:
                outcome = sent(other, request)
        return outcome

    return send


def twice_to_all_at_once(*doors: Door) -> Sending:
    """Send each request twice to every door at once; they have to answer alike."""

    def send(request: SignedRequest) -> Outcome:
        with ThreadPoolExecutor(2 * len(doors)) as senders:
            outcomes = list(senders.map(lambda door: sent(door, request), 2 * doors))
        assert {outcome.body for outcome in outcomes} == {outcomes[0].body}
        return max(outcomes, key=lambda outcome: outcome.seconds)

    return send


@dataclass
class Account:
    """Somebody's account with Alexa.

    Attributes:
        authority: What signs for Alexa.
        send: The way to the endpoint.
        user_id: The account's id in the skill.
        seconds: How long each turn took.
        requests: Each request.
        request_ids: Their ids.
    """

    authority: SigningAuthority
    send: Sending
    user_id: str = field(default_factory=lambda: f"amzn1.ask.account.{uuid4()}")
    seconds: list[float] = field(default_factory=list)
    requests: list[SignedRequest] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)

    def device(self) -> Alexa:
        """Return a device of the account, on which no session is open."""
        return Alexa(self._answer, RULE_SET)

    def at_the_offer(self) -> Alexa:
        """Open the skill and answer the emergency questions calmly."""
        return self.device().launch().no().no().no().no()

    def disables_the_skill(self) -> dict[str, Any]:
        """Send the event, which has no session."""
        content = self._envelope({"type": "AlexaSkillEvent.SkillDisabled"}, {})
        del content["session"]
        return self._answered(content)

    def at_once(
        self, alexa: Alexa, ways: Sequence[Callable[[Alexa], object]], times: int
    ) -> list[Outcome]:
        """Send a request of one id many times at once, with what is said in these ways by turns."""
        asked: list[Mapping[str, Any]] = []

        def hear(envelope: Mapping[str, Any]) -> dict[str, object]:
            asked.append(envelope)
            return {"response": {}}

        for say in ways:
            say(Alexa(hear, RULE_SET, attributes=alexa.attributes))
        bodies = []
        request_id = f"amzn1.echo-api.request.{uuid4()}"
        for one in asked:
            content = self._envelope(one["request"], alexa.attributes)
            content["request"]["requestId"] = request_id
            bodies.append(Caller(self.authority).signed(json.dumps(content).encode()))
        with ThreadPoolExecutor(times) as senders:
            outcomes = list(senders.map(self.send, islice(cycle(bodies), times)))
        self.seconds += [outcome.seconds for outcome in outcomes]
        return outcomes

    def _answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self._answered(self._envelope(asked["request"], asked["session"]["attributes"]))

    def _envelope(
        self, request: Mapping[str, object], attributes: Mapping[str, object]
    ) -> dict[str, Any]:
        self.request_ids.append(f"amzn1.echo-api.request.{uuid4()}")
        session = Session("amzn1.echo-api.session.1", new=not attributes, attributes=attributes)
        content: dict[str, Any] = envelope(
            request,
            session,
            request_id=self.request_ids[-1],
            locale="en-US",
            timestamp=datetime.now(UTC),
        )
        for place in (content["session"], content["context"]["System"]):
            place["user"] = {"userId": self.user_id}
        return content

    def _answered(self, content: Mapping[str, object]) -> dict[str, Any]:
        body = json.dumps(content).encode()
        self.requests.append(Caller(self.authority).signed(body))
        outcome = self.send(self.requests[-1])
        self.seconds.append(outcome.seconds)
        assert outcome.status == 200, outcome
        answer: dict[str, Any] = json.loads(outcome.body)
        return answer
