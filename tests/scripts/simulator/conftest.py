"""A small interaction model and a small skill, so that the tests state their own facts."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulator.interaction_model import InteractionModel, parse_interaction_model
from scripts.simulator.phrases import Phrases, load_phrases
from scripts.simulator.understanding import Understanding

if TYPE_CHECKING:
    from collections.abc import Iterator

FINDINGS = [
    {"name": name, "type": "FINDING"} for name in ("finding", "secondFinding", "thirdFinding")
]
INTENTS: dict[str, tuple[list[dict[str, str]], list[str]]] = {
    "AMAZON.YesIntent": ([], ["I do", "yes I do"]),
    "AMAZON.NoIntent": ([], ["I don't", "not really"]),
    "AMAZON.HelpIntent": ([], []),
    "AMAZON.StopIntent": ([], []),
    "AMAZON.CancelIntent": ([], []),
    "AMAZON.RepeatIntent": ([], []),
    "AMAZON.StartOverIntent": ([], []),
    "AMAZON.NavigateHomeIntent": ([], []),
    "AMAZON.FallbackIntent": ([], []),
    "NotSureIntent": ([], ["I'm not sure", "I don't know", "not that I know of"]),
    "ReportFindingIntent": (
        FINDINGS,
        [
            "I have {finding}",
            "my {finding}",
            "I {finding}",
            "and {finding}",
            "I have {finding} and {secondFinding}",
        ],
    ),
    "DenyFindingIntent": (
        FINDINGS,
        ["no {finding}", "I don't have {finding}", "I have no {finding}"],
    ),
    "GiveNumberIntent": (
        [{"name": "number", "type": "AMAZON.NUMBER"}],
        ["{number}", "{number} nights"],
    ),
    "GiveDurationIntent": (
        [{"name": "duration", "type": "AMAZON.DURATION"}],
        ["{duration}", "for {duration}", "nearly {duration}"],
    ),
    "GiveAgeIntent": (
        [{"name": "age", "type": "AMAZON.NUMBER"}],
        ["I am {age}", "{age} years old"],
    ),
}
VALUES = {
    "fever": ["a fever", "temperature"],
    "chest_tightness": ["a tight chest", "chest feels tight"],
    "chest_pain": ["chest pain", "chest hurts"],
    "shoulder_blade_pain": ["pain between my shoulder blades"],
    "breathlessness": ["short of breath", "can't breathe"],
    "leg_numbness": ["numb legs", "pins and needles", "no feeling in my legs"],
    "cancer": ["cancer"],
}


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """Return the small model in Amazon's format."""
    return {
        "interactionModel": {
            "languageModel": {
                "invocationName": "upper back check",
                "intents": [
                    {"name": name, "slots": slots, "samples": samples}
                    for name, (slots, samples) in INTENTS.items()
                ],
                "types": [
                    {
                        "name": "FINDING",
                        "values": [
                            {"id": value_id, "name": {"value": name, "synonyms": synonyms}}
                            for value_id, (name, *synonyms) in VALUES.items()
                        ],
                    }
                ],
            }
        }
    }


@pytest.fixture(scope="session")
def model(document: dict[str, Any]) -> InteractionModel:
    return parse_interaction_model(document, "en-US")


@pytest.fixture(scope="session")
def phrases() -> Phrases:
    return load_phrases("en")


@pytest.fixture(scope="session")
def understanding(model: InteractionModel, phrases: Phrases) -> Understanding:
    return Understanding(model, phrases)


@dataclass
class SmallSkill:
    """A web server that keeps what it gets and answers what it was told to.

    Attributes:
        url: Its address.
        answers: Status and body of the answers to come, the first first.
        received: Headers and body of each request.
    """

    url: str
    answers: deque[tuple[int, bytes]] = field(default_factory=deque)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def will_say(self, words: str, **members: object) -> None:
        """Answer a request with words, and leave the session open."""
        response = {
            "outputSpeech": {"type": "SSML", "ssml": f"<speak>{words}</speak>"},
            "reprompt": {"outputSpeech": {"type": "SSML", "ssml": "<speak>Well?</speak>"}},
            "shouldEndSession": False,
        } | members
        attributes = {"turn": len(self.answers) + len(self.received) + 1}
        envelope = {"version": "1.0", "response": response, "sessionAttributes": attributes}
        self.answers.append((200, json.dumps(envelope).encode()))

    def requests(self) -> list[dict[str, Any]]:
        """Return the request envelopes received so far."""
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def small_skill() -> Iterator[SmallSkill]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            skill.received.append((dict(self.headers.items()), body))
            status, answer = skill.answers.popleft()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        skill = SmallSkill(f"http://127.0.0.1:{server.server_address[1]}/")
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield skill
        server.shutdown()
        thread.join()
