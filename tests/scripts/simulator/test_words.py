from __future__ import annotations

import pytest

from scripts.simulator.words import said, spelt, words_of

SPELLINGS = {
    "I'm 45.": "i am 45",
    "I\u2019m 45": "i am 45",
    "im forty-five": "i am forty five",
    "I can't": "i can not",
    "I cannot": "i can not",
    "I cant": "i can not",
    "don't": "do not",
    "I've got": "i have got",
    "it's sore": "it is sore",
    "it's been": "it has been",
    "its been": "it is been",
    "1,000 days": "1000 days",
    "seven, eight": "seven eight",
    "7.5 weeks": "7.5 weeks",
    "YES!!!": "yes",
    "o'clock": "o'clock",
    "my {secondFinding}": "my {secondFinding}",
    "  \t ": "",
    "???": "",
}


@pytest.mark.parametrize(("text", "spelling"), SPELLINGS.items(), ids=SPELLINGS)
def test_one_utterance_has_one_spelling(text: str, spelling: str) -> None:
    assert spelt(text) == spelling


def test_the_words_said_are_given_back_as_they_were_typed() -> None:
    assert said(words_of("I can't breathe")) == "i can't breathe"


def test_half_a_contraction_is_given_back_whole() -> None:
    assert said(words_of("can't breathe")[1:]) == "can't breathe"


def test_punctuation_is_a_pause() -> None:
    assert [word.heard for word in words_of("No. Well, yes")] == ["no", ",", "well", ",", "yes"]
