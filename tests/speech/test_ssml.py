"""Words on their way into SSML: nothing in them can become a tag."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skill.speech.catalogue import Part
from skill.speech.ssml import to_ssml, to_text

# What XML 1.0 can hold; a control character in a catalogue would be the author's slip.
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
PHRASES = st.lists(st.lists(st.builds(Part, WORDS, st.booleans()), max_size=4).map(tuple))


@settings(max_examples=40)
@given(PHRASES)
def test_any_words_survive_ssml(phrases: list[tuple[Part, ...]]) -> None:
    spoken = ET.fromstring(to_ssml(phrases))  # noqa: S314 - what we have just written ourselves
    assert "".join(spoken.itertext()) == to_text(phrases)


@settings(max_examples=40)
@given(PHRASES)
def test_nothing_but_a_number_becomes_a_tag(phrases: list[tuple[Part, ...]]) -> None:
    spoken = ET.fromstring(to_ssml(phrases))  # noqa: S314 - what we have just written ourselves
    numbers = [part.text for phrase in phrases for part in phrase if part.is_number]
    assert [(tag.tag, tag.text or "") for tag in spoken] == [("say-as", n) for n in numbers]


@pytest.mark.parametrize(
    ("character", "escaped"),
    [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;")],
)
def test_every_character_that_alexa_wants_escaped_is(character: str, escaped: str) -> None:
    assert to_ssml([(Part(character),)]) == f"<speak>{escaped}</speak>"


def test_a_number_to_call_is_spoken_digit_by_digit() -> None:
    phrase = (Part("Call "), Part("911", is_number=True), Part(" now."))
    expected = '<speak>Call <say-as interpret-as="digits">911</say-as> now.</speak>'
    assert to_ssml([phrase]) == expected


def test_a_number_that_people_say_otherwise_is_spoken_so_and_written_in_digits() -> None:
    phrase = (Part("Call "), Part("000", is_number=True, spoken="triple zero"), Part("."))
    expected = '<speak>Call <sub alias="triple zero">000</sub>.</speak>'
    assert to_ssml([phrase]) == expected
    assert to_text([phrase]) == "Call 000."


def test_how_a_number_is_spoken_is_escaped() -> None:
    phrase = (Part("0", is_number=True, spoken='"<&'),)
    assert to_ssml([phrase]) == '<speak><sub alias="&quot;&lt;&amp;">0</sub></speak>'


def test_phrases_are_set_apart_by_a_space() -> None:
    assert to_ssml([(Part("One."),), (Part("Two?"),)]) == "<speak>One. Two?</speak>"


def test_nothing_to_say_is_an_empty_document() -> None:
    assert to_ssml([]) == "<speak></speak>"


def test_plain_text_is_not_escaped() -> None:
    assert to_text([(Part("heat & ice, "), Part("911", is_number=True))]) == "heat & ice, 911"


def test_a_pause_is_silence_of_that_length() -> None:
    phrase = (Part("Take your time. "), Part("", pause_seconds=8))
    assert to_ssml([phrase]) == '<speak>Take your time. <break time="8s"/></speak>'


def test_a_pause_is_not_written() -> None:
    assert to_text([(Part("Now."), Part("", pause_seconds=8))]) == "Now."


def test_slow_speech_is_slow_from_the_first_word_to_the_last() -> None:
    expected = '<speak><prosody rate="80%">One. Two?</prosody></speak>'
    assert to_ssml([(Part("One."),), (Part("Two?"),)], slowly=True) == expected


@settings(max_examples=40)
@given(PHRASES)
def test_slow_speech_says_the_same_words(phrases: list[tuple[Part, ...]]) -> None:
    spoken = ET.fromstring(to_ssml(phrases, slowly=True))  # noqa: S314 - our own
    assert "".join(spoken.itertext()) == to_text(phrases)
