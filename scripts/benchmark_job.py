"""The request that ``scripts/benchmark.py`` sends: a calm yes or no amid an interview.

The session attributes in it are real: the skill is talked to, in this process, until half of
a calm caller's questions are answered. Around them stand ids and tokens as long as Alexa's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from scripts.benchmark_errors import BenchmarkError
from scripts.simulator.envelopes import Session, envelope, launch_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scripts.simulator.signing import SigningAuthority
    from skill.triage.model import Question, RuleSet

ANSWERED: Final = 7
"""How many questions are answered before the request: half of what a calm caller is asked."""

_MOST_TURNS: Final = 40
# As long as in requests that Alexa sends: 2.5 kB in all.
_USER_ID: Final = f"amzn1.ask.account.{'A7' * 100}"
_DEVICE_ID: Final = f"amzn1.ask.device.{'A7' * 65}"
_ACCESS_TOKEN: Final = f"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{'A7' * 410}"


@dataclass(frozen=True, slots=True)
class Job:
    """One request, to be signed as often as it is needed.

    Attributes:
        request: What is particular to it.
        session: The session that it is in.
    """

    request: Mapping[str, object]
    session: Session

    def envelope(self) -> dict[str, object]:
        """Return the request envelope as Alexa would send it now."""
        return full_size(self.request, self.session)

    def signed(self, authority: SigningAuthority) -> bytes:
        """Return the whole HTTP request, as it goes over the line."""
        body = json.dumps(self.envelope(), separators=(",", ":")).encode()
        return http_request(body, authority.signed_headers(body))


def interview_job(
    answer: Callable[[Mapping[str, object]], Mapping[str, Any]], rule_set: RuleSet
) -> Job:
    """Return the answer to the question that comes up amid an interview.

    Args:
        answer: The skill.
        rule_set: What it triages by.

    Raises:
        BenchmarkError: The skill did not go on asking.
    """
    session = Session(f"amzn1.echo-api.session.{uuid4()}")
    request: Mapping[str, object] = launch_request()
    for _ in range(_MOST_TURNS):
        attributes = answer(full_size(request, session)).get("sessionAttributes") or {}
        question = rule_set.question(str(attributes.get("pending")))
        if question is None:
            break
        session = Session(session.id, new=False, attributes=attributes)
        request = calm_answer(question)
        if question.kind == "yes_no" and len(attributes["answers"]) >= ANSWERED:
            return Job(request, session)
    raise BenchmarkError(f"the skill asked no yes-or-no question after {ANSWERED} calm answers")


def http_request(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a POST of a body, as Alexa's client writes it."""
    fields = {
        "Host": "127.0.0.1",
        "User-Agent": "Apache-HttpClient/4.5.13 (Java/11)",
        "Accept": "application/json",
        "Accept-Charset": "utf-8",
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body


def calm_answer(question: Question) -> dict[str, object]:
    """Return the request of a caller who has nothing alarming to say to a question."""
    match question.kind:
        case "yes_no":
            name, slots = f"AMAZON.{'Yes' if question.alarming == 'no' else 'No'}Intent", {}
        case "count":
            name, slots = "GiveNumberIntent", {"number": "0"}
        case "duration":
            name, slots = "GiveDurationIntent", {"duration": "P2D"}
        case "age":
            name, slots = "GiveAgeIntent", {"age": "30"}
    intent = {
        "name": name,
        "confirmationStatus": "NONE",
        "slots": {slot: {"name": slot, "value": value} for slot, value in slots.items()},
    }
    return {"type": "IntentRequest", "intent": intent}


def full_size(
    request: Mapping[str, object], session: Session, user_id: str = _USER_ID
) -> dict[str, object]:
    """Return a request envelope with all that stands around a request of Alexa's."""
    full: dict[str, Any] = envelope(
        request,
        session,
        request_id=f"amzn1.echo-api.request.{uuid4()}",
        locale="en-US",
        timestamp=datetime.now(UTC),
    )
    user = {"userId": user_id}
    full["session"]["user"] = user
    full["context"]["System"] |= {
        "user": user,
        "device": {"deviceId": _DEVICE_ID, "supportedInterfaces": {}},
        "apiAccessToken": _ACCESS_TOKEN,
    }
    return full
