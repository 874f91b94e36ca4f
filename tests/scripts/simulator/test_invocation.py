from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.simulator.invocation import invocation

if TYPE_CHECKING:
    from scripts.simulator.phrases import Phrases

NAME = "upper back check"


@pytest.mark.parametrize(
    "utterance",
    [
        "open upper back check",
        "Open Upper Back Check.",
        "Alexa, open upper back check",
        "alexa please open upper back check please",
        "start upper back check",
        "launch upper back check",
        "begin upper back check",
        "talk to upper back check",
        "ask upper back check",
    ],
)
def test_the_skill_is_opened_by_name(utterance: str, phrases: Phrases) -> None:
    called = invocation(utterance, NAME, phrases)
    assert called is not None
    assert called.requests == ()


@pytest.mark.parametrize(
    ("utterance", "request_said"),
    [
        ("ask upper back check if I should worry", "i should worry"),
        ("tell upper back check that I have a fever", "i have a fever"),
        ("tell upper back check I have a fever", "i have a fever"),
        ("Alexa, tell upper back check about three weeks", "three weeks"),
        ("open upper back check and tell it I can't breathe", "i can't breathe"),
        ("ask upper back check whether it's serious", "it's serious"),
    ],
)
def test_what_follows_the_name_is_asked_at_once(
    utterance: str, request_said: str, phrases: Phrases
) -> None:
    called = invocation(utterance, NAME, phrases)
    assert called is not None
    assert called.requests[0] == request_said


def test_the_joining_word_may_belong_to_the_request(phrases: Phrases) -> None:
    called = invocation("tell upper back check about three weeks", NAME, phrases)
    assert called is not None
    assert called.requests == ("three weeks", "about three weeks")


@pytest.mark.parametrize(
    "utterance",
    ["", "open", "upper back check", "open upper back", "my upper back", "why do you ask", "alexa"],
)
def test_other_words_do_not_call_the_skill(utterance: str, phrases: Phrases) -> None:
    assert invocation(utterance, NAME, phrases) is None
