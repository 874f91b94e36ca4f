"""Calls to the real skill: the states a call can be in, and what Alexa wants of every answer.

For the tests that follow callers through whole conversations. A state is reached as a caller
reaches it, by request envelopes, never by writing session attributes.
"""

from __future__ import annotations

import heapq
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args
from xml.etree import ElementTree as ET

import skill.dialogue
from skill.dialogue.prompts import OFFER_CHECK, OFFER_RESUME, OFFER_TIPS
from skill.dialogue.script import EMERGENCY_FIRST, Line, line_ids
from skill.dialogue.talk import MEMORY, Stage
from skill.speech.catalogue import catalogue_for, load_catalogues
from skill.speech.ssml import to_text
from skill.triage.assessment import assess
from skill.triage.loading import load_rule_set
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from skill.triage.model import Answer, Question
    from tests.conftest import Alexa

RULE_SET: Final = load_rule_set()
CATALOGUES: Final = load_catalogues(RULE_SET)
UNKNOWN_LOCALE: Final = "de-DE"
LOCALES: Final = (*sorted(locale for locale in CATALOGUES if locale), UNKNOWN_LOCALE)

ASKED: Final = tuple(question for question in RULE_SET.questions if not question.volunteered)
REPORTABLE: Final = tuple(finding.id for finding in RULE_SET.findings if finding.reported)
RED_FLAGS: Final = tuple(
    finding.id
    for finding in RULE_SET.findings
    if finding.reported
    and assess(RULE_SET, {finding.answer_key: "yes"}).disposition is Disposition.EMERGENCY
)
"""Each of these alone is an emergency."""

_MOST_TURNS = 80
_MOST_RESPONSE_BYTES = 24 * 1024
_MOST_SSML_CHARACTERS = 8_000


# --- what the caller says -------------------------------------------------------------------


def calm(question: Question) -> Answer:
    """Return an answer that makes nothing more urgent."""
    match question.kind:
        case "yes_no":
            return "yes" if question.alarming == "no" else "no"
        case "age":
            return 30
        case "duration":
            return 3
        case "count":
            return 0


def reply(alexa: Alexa, answer: Answer) -> Alexa:
    """Say the answer to the question that is pending, whatever its kind."""
    if not isinstance(answer, int):
        return {"yes": alexa.yes, "no": alexa.no, "unsure": alexa.not_sure}[answer]()
    question = RULE_SET.question(str(alexa.pending))
    match question and question.kind:
        case "age":
            return alexa.intent("GiveAgeIntent", age=str(answer))
        case "duration":
            return alexa.intent("GiveDurationIntent", duration=f"P{answer}D")
        case _:
            return alexa.intent("GiveNumberIntent", number=str(answer))


def go_on(alexa: Alexa, truths: Mapping[str, Answer]) -> Alexa:
    """Take one turn as a caller of whom this is true, by question id; calm where it is silent.

    Such a caller accepts what is offered and stays with what was said before.
    """
    question = RULE_SET.question(str(alexa.pending))
    return reply(alexa, truths.get(question.id, calm(question)) if question else "yes")


def finish(alexa: Alexa, truths: Mapping[str, Answer]) -> Alexa:
    """Go on until there is advice or the session ends."""
    for _ in range(_MOST_TURNS):
        if is_settled(alexa):
            return alexa
        go_on(alexa, truths)
    raise AssertionError(f"no advice after {_MOST_TURNS} turns, waiting for {alexa.pending}")


def is_settled(alexa: Alexa) -> bool:
    """Say whether the last answer gave advice or ended the session."""
    return bool(alexa.card) or alexa.ended


def for_other(alexa: Alexa) -> Alexa:
    """Say that the call is about somebody else."""
    return alexa.intent("CallForOtherIntent")


# --- the states -----------------------------------------------------------------------------


@cache
def ways_to_questions() -> Mapping[str, Mapping[str, Answer]]:
    """Return the calmest call after which each question is asked, by question id.

    A call is the answers in their order, by question id; or "yes" by the id of a finding that
    is brought up first, where no answer opens the question.
    """
    wanted = {question.id for question in ASKED}
    found: dict[str, Mapping[str, Answer]] = {}
    opening = frozenset().union(*(question.follows for question in ASKED))
    calls: list[dict[str, Answer]] = [{}]
    calls += [
        {finding.id: "yes"}
        for finding in RULE_SET.findings
        if finding.reported
        and finding.question is None
        and not opening.isdisjoint({finding.id, *finding.implies})
    ]
    # Alarm, then age in the queue: what alarms less is tried first.
    queue = [(2 * len(call), number, call) for number, call in enumerate(calls)]
    pushed = len(queue)
    while wanted - found.keys():
        assert queue, f"nobody is ever asked {sorted(wanted - found.keys())}"
        alarm, _, answers = heapq.heappop(queue)
        question = assess(RULE_SET, answers).next_question
        if question is None:
            continue
        found.setdefault(question.id, answers)
        for more, answer in enumerate(_ways_on(question)):
            heapq.heappush(queue, (alarm + more, pushed, {**answers, question.id: answer}))
            pushed += 1
    return found


def _ways_on(question: Question) -> tuple[Answer, ...]:
    numbers: dict[str, Answer] = {"age": 80, "duration": 20, "count": 7}
    return (calm(question), question.alarming or numbers[question.kind])


def _asked(question_id: str) -> Callable[[Alexa], Alexa]:
    def reached(alexa: Alexa) -> Alexa:
        alexa.launch()
        for key, answer in ways_to_questions()[question_id].items():
            if RULE_SET.question(key) is None:
                alexa.report(key)
            else:
                reply(alexa, answer)
        return alexa

    return reached


def _at_a_locale_without_words(alexa: Alexa) -> Alexa:
    alexa.locale = UNKNOWN_LOCALE
    return alexa.launch()


STATES: Final[Mapping[str, Callable[[Alexa], Alexa]]] = {
    "fresh": lambda alexa: alexa,
    **{f"asked {question.id}": _asked(question.id) for question in ASKED},
    "rephrased": lambda alexa: alexa.launch().not_sure(),
    "missed once": lambda alexa: alexa.launch().intent("AMAZON.FallbackIntent"),
    "missed twice": lambda alexa: (
        alexa.launch().intent("AMAZON.FallbackIntent").intent("AMAZON.FallbackIntent")
    ),
    "waiting for a unit": lambda alexa: _asked("duration_days")(alexa).intent(
        "GiveNumberIntent", number="7"
    ),
    "offering the check": lambda alexa: alexa.intent("AskSymptomsIntent"),
    "offering tips": lambda alexa: finish(alexa.launch(), {}),
    "confirming": lambda alexa: alexa.launch().report("fever").deny("fever"),
    "about somebody else": lambda alexa: for_other(alexa).yes(),
    "speaking slowly": lambda alexa: alexa.launch().intent("SlowerIntent"),
    "after help": lambda alexa: alexa.launch().intent("AMAZON.HelpIntent"),
    "after a summary": lambda alexa: alexa.launch().no().intent("SummaryIntent"),
    "unknown locale": _at_a_locale_without_words,
    "over": lambda alexa: alexa.launch().intent("AMAZON.StopIntent"),
}
"""What a call may have come to, by name: a device not opened yet in, one in that state out."""

UNOPENED: Final = frozenset({"fresh", "over"})
"""The states in which no session is open."""

OFFERING: Final = frozenset({"offering the check", "offering tips"})
"""The states in which something is offered, and no question of the check waits."""


# --- what holds of every answer -------------------------------------------------------------


def level_of(response: Mapping[str, object], locale: str) -> Disposition | None:
    """Return the advice that a response gives, read from its card; ``None`` without one."""
    return next(
        (level for level in Disposition if response.get("card") == neutral_card(level, locale)),
        None,
    )


@cache
def neutral_card(level: Disposition, locale: str) -> Mapping[str, object]:
    """Return the card that every caller at that level gets."""
    return {
        "type": "Simple",
        "title": text_of(locale, Line("card.title")),
        "content": text_of(locale, Line(f"card.{level.name.lower()}")),
    }


def text_of(locale: str, *lines: Line) -> str:
    """Return the words of some lines, as they are spoken in a locale."""
    return to_text(catalogue_for(locale, CATALOGUES).say(lines))


def calls_for_help(alexa: Alexa) -> bool:
    """Say whether the last answer is the emergency advice, whole: number first, card, the end."""
    return (
        alexa.speech.startswith(text_of(alexa.locale, EMERGENCY_FIRST))
        and level_of(alexa.response, alexa.locale) is Disposition.EMERGENCY
        and alexa.ended
    )


def is_silent(envelope: Mapping[str, object], request_type: str) -> bool:
    """Say whether nothing is said, shown or kept.

    To the question whether the skill could fulfil an intent, it may say so besides.
    """
    response = _object(envelope.get("response"))
    told = {"canFulfillIntent"} if request_type == "CanFulfillIntentRequest" else set()
    return (
        envelope.keys() == {"version", "response"}
        and envelope["version"] == "1.0"
        and response.keys() <= told
    )


def defects_of(envelope: Mapping[str, object], locale: str) -> list[str]:
    """Return what Alexa, or this skill's own rules, would find wrong with a spoken answer."""
    return list(_defects(json.loads(json.dumps(envelope)), locale))


def _defects(envelope: Mapping[str, object], locale: str) -> Iterator[str]:
    if envelope.get("version") != "1.0":
        yield "version is not 1.0"
    if len(json.dumps(envelope).encode()) >= _MOST_RESPONSE_BYTES:
        yield "24 KB or more"
    response = _object(envelope.get("response"))
    if extra := response.keys() - {"outputSpeech", "reprompt", "card", "shouldEndSession"}:
        yield f"unexpected {sorted(extra)}"
    if "card" in response and level_of(response, locale) is None:
        yield "a card that is not the neutral one of a level"
    yield from _listening_defects(response)
    yield from _attribute_defects(envelope.get("sessionAttributes"))


def _listening_defects(response: Mapping[str, object]) -> Iterator[str]:
    speech = _object(response.get("outputSpeech"))
    again = _object(_object(response.get("reprompt")).get("outputSpeech"))
    yield from _speech_defects(speech)
    asks = words_in(speech).endswith("?")
    match response.get("shouldEndSession"):
        case True:
            if asks:
                yield "asks something and closes"
            if "reprompt" in response:
                yield "a reprompt, and closes"
        case False:
            yield from _speech_defects(again)
            if not asks:
                yield "listens without having asked"
            if not words_in(again).endswith("?"):
                yield "the reprompt does not ask"
            if words_in(again) == words_in(speech):
                yield "the reprompt is the speech again"
        case other:
            yield f"shouldEndSession is {other!r}"


def _speech_defects(speech: Mapping[str, object]) -> Iterator[str]:
    ssml = str(speech.get("ssml", ""))
    if speech.get("type") != "SSML" or not words_in(speech):
        yield "says nothing"
        return
    if len(ssml) >= _MOST_SSML_CHARACTERS:
        yield "8,000 characters or more"
    try:
        tags = {element.tag for element in ET.fromstring(ssml).iter()}  # noqa: S314 - ours
    except ET.ParseError as error:
        yield f"SSML that does not parse: {error}"
        return
    if not ssml.startswith("<speak>") or tags - {"speak", "say-as", "sub", "break", "prosody"}:
        yield f"tags {sorted(tags)}"
    untagged = re.sub(r"<[^<>]*>", "", ssml)
    if re.search(r"""[<>"']|&(?!(?:amp|lt|gt|quot|apos);)""", untagged):
        yield "words that are not escaped"
    if re.search(r"[{}]", untagged):
        yield "a placeholder that nothing filled"


def _attribute_defects(attributes: object) -> Iterator[str]:
    for text in _texts_in(attributes):
        if text not in _coded():
            yield f"session attributes with {text!r} in them"


def _texts_in(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts_in(one)
        case dict():
            for key, one in value.items():
                yield from _texts_in(key)
                yield from _texts_in(one)


@cache
def _coded() -> frozenset[str]:
    """Return every text that session attributes may hold: ids, and nothing a caller said."""
    schema = Path(skill.dialogue.__path__[0]) / "session.schema.json"
    schema_properties = json.loads(schema.read_text(encoding="utf-8"))["properties"]
    return frozenset(
        {
            *schema_properties,
            *(RULE_SET.name, OFFER_CHECK, OFFER_TIPS, "yes", "no", "unsure"),
            *("count", "quantity", "labels", "finding"),
            *line_ids(RULE_SET),
            *(question.id for question in RULE_SET.questions),
            *(finding.id for finding in RULE_SET.findings),
            *(MEMORY, *get_args(Stage), OFFER_RESUME, "offer.keep.24"),
            *schema_properties["memory"]["properties"],
            *(f"confirm.{key}" for key in (*REPORTABLE, *(question.id for question in ASKED))),
        }
    )


def words_in(speech: Mapping[str, object]) -> str:
    """Return the words of an ``outputSpeech``, without tags and still escaped."""
    return re.sub(r"<[^>]*>", "", str(speech.get("ssml", ""))).strip()


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
