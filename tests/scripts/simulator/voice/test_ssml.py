from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.simulator.errors import SimulatorError
from scripts.simulator.speech import spoken_words
from scripts.simulator.voice.ssml import (
    LONGEST_BREAK_SECONDS,
    LONGEST_SSML,
    Manner,
    Pause,
    Say,
    segments,
)
from skill.speech.catalogue import Part
from skill.speech.ssml import to_ssml

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
)
MARKUP = st.recursive(
    WORDS.map(escape),
    lambda inner: st.one_of(
        st.lists(inner).map(" ".join),
        inner.map("<p>{}</p>".format),
        inner.map("<s>{}</s>".format),
        inner.map('<prosody rate="80%" volume="loud">{}</prosody>'.format),
        inner.map('<emphasis level="strong">{}</emphasis>'.format),
        inner.map('<amazon:effect name="whispered">{}</amazon:effect>'.format),
        st.floats(0, 10).map('<break time="{:.3f}s"/>'.format),
    ),
    max_leaves=12,
)


def spoken(markup: str) -> tuple[Say | Pause, ...]:
    return segments(f"<speak>{markup}</speak>")


def said(markup: str) -> str:
    return " ".join(part.text for part in spoken(markup) if isinstance(part, Say))


@given(MARKUP)
def test_the_words_are_those_of_the_transcript(markup: str) -> None:
    ssml = f"<speak>{markup}</speak>"
    transcript = spoken_words({"type": "SSML", "ssml": ssml})
    # A voice may part words where the transcript does not; it drops and adds none.
    assert said(markup).replace(" ", "") == "".join(transcript.split())


@given(MARKUP)
def test_nothing_said_is_blank_and_no_pause_is_too_long(markup: str) -> None:
    parts = spoken(markup)
    assert all(part.text.strip() for part in parts if isinstance(part, Say))
    pauses = [part.seconds for part in parts if isinstance(part, Pause)]
    assert all(0 < pause <= LONGEST_BREAK_SECONDS for pause in pauses)
    assert (Pause, Pause) not in pairwise(map(type, parts))


def complaint_about(ssml: str) -> str:
    """Return why SSML is refused, "" where it is not."""
    try:
        segments(ssml)
    except SimulatorError as error:
        return str(error)
    return ""


@given(st.text())
def test_any_text_is_spoken_or_refused_in_one_line(text: str) -> None:
    complaint = complaint_about(text)
    assert len(complaint.splitlines()) == 1
    assert len(complaint) < 200


@pytest.mark.parametrize(
    "attribute",
    [
        "break time",
        "break strength",
        "prosody rate",
        "prosody volume",
        "emphasis level",
        "sub alias",
        "say-as interpret-as",
    ],
)
@given(WORDS)
def test_any_attribute_is_taken_or_refused_in_one_line(attribute: str, value: str) -> None:
    complaint = complaint_about(f"<speak><{attribute}={quoteattr(value)}/></speak>")
    assert len(complaint.splitlines()) <= 1
    assert len(complaint) < 200


@pytest.mark.parametrize("way", ["digits", "telephone", "characters", "spell-out"])
def test_digits_are_spoken_singly(way: str) -> None:
    words = said(f'Call <say-as interpret-as="{way}">911</say-as>!')
    assert words.replace(",", "").split()[:4] == ["Call", "nine", "one", "one"]


def test_a_word_is_spelt_out() -> None:
    assert said('<say-as interpret-as="spell-out">GP</say-as>').replace(",", "") == "G P"


def test_a_substitute_is_spoken_in_place_of_what_is_written() -> None:
    assert said('See <sub alias="Doctor">Dr.</sub> Who') == "See Doctor Who"


def test_what_the_skill_renders_can_be_spoken() -> None:
    phrase = (
        Part("Heat & ice <now>."),
        Part("911", is_number=True),
        Part("GP", spoken="G P"),
        Part("", pause_seconds=2),
    )
    assert segments(to_ssml([phrase], slowly=True)) == (
        Say("Heat & ice <now>. nine one one G P", Manner(rate=0.8)),
        Pause(2),
    )


@pytest.mark.parametrize(
    ("markup", "seconds"),
    [
        ('<break time="2s"/>', 2),
        ('<break time="250ms"/>', 0.25),
        ('<break time="10s"/>', 10),
        ('<break strength="x-strong"/>', 0.6),
        ("<break/>", 0.3),
        ('<break time="1s"/><break time="3s"/><break time="2s"/>', 3),
    ],
)
def test_a_break_is_silence(markup: str, seconds: float) -> None:
    assert spoken(f"a{markup}b") == (Say("a"), Pause(seconds), Say("b"))


@pytest.mark.parametrize("markup", ['<break time="0s"/>', '<break strength="none"/>'])
def test_a_break_of_nothing_is_none(markup: str) -> None:
    assert spoken(markup) == ()


@pytest.mark.parametrize(
    ("attributes", "manner"),
    [
        ('rate="80%"', Manner(rate=0.8)),
        ('rate="+50%"', Manner(rate=1.5)),
        ('rate="-50%"', Manner(rate=0.5)),
        ('rate="slow"', Manner(rate=0.8)),
        ('rate="1%"', Manner(rate=0.2)),
        ('rate="900%"', Manner(rate=2.0)),
        ('volume="silent"', Manner(volume=0.0)),
        ('volume="+0dB"', Manner()),
        ('volume="-20dB"', Manner(volume=0.1)),
        ('volume="+90dB"', Manner(volume=2.0)),
        ('pitch="+10%"', Manner()),
    ],
)
def test_prosody_is_honoured_within_bounds(attributes: str, manner: Manner) -> None:
    assert spoken(f"a <prosody {attributes}>b</prosody> c") == (
        Say("a"),
        Say("b", manner),
        Say("c"),
    )


def test_manners_within_one_another_add_up() -> None:
    nested = '<prosody rate="50%">a<prosody rate="80%">b</prosody></prosody>'
    assert spoken(nested) == (Say("a", Manner(rate=0.5)), Say("b", Manner(rate=0.4)))


@pytest.mark.parametrize(
    ("ssml", "complaint"),
    [
        ("", "not well formed"),
        ("words", "not well formed"),
        ("<speak>a", "not well formed"),
        ("<speak>a & b</speak>", "not well formed"),
        ("<speak>a < b</speak>", "not well formed"),
        ("<speak>\x00</speak>", "not well formed"),
        ("<speak>&b;</speak>", "undefined entity"),
        ("<speak/><speak/>", "not well formed"),
        ("<p>a</p>", "not one <speak>"),
        ("<speak><speak>a</speak></speak>", "not one <speak>"),
        ("<speak><marquee>a</marquee></speak>", "<marquee>, which Alexa does not know"),
        ('<speak><break time="11s"/></speak>', "up to 10 s"),
        ('<speak><break time="10001ms"/></speak>', "up to 10 s"),
        ('<speak><break time="-1s"/></speak>', "no time"),
        ('<speak><break time="1e1s"/></speak>', "no time"),
        ('<speak><break time="99999999999999999999s"/></speak>', "no time"),
        ('<speak><break strength="huge"/></speak>', "the strength 'huge'"),
        ('<speak><prosody rate="soon">a</prosody></speak>', "the rate 'soon'"),
        ("<speak><break><p>a</p></break></speak>", "<p> within <break>"),
    ],
)
def test_what_alexa_would_not_speak_is_refused(ssml: str, complaint: str) -> None:
    with pytest.raises(SimulatorError) as refused:
        segments(ssml)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "ssml",
    [
        '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><speak>&b;</speak>',
        '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><speak>&a;</speak>',
        '<!DOCTYPE s SYSTEM "http://127.0.0.1/s.dtd"><speak>a</speak>',
    ],
)
def test_a_document_type_is_refused_before_it_can_grow_or_fetch(ssml: str) -> None:
    with pytest.raises(SimulatorError, match="document type"):
        segments(ssml)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(SimulatorError, match="tags more than 50 deep"):
        segments("<speak>" + "<p>" * 60 + "</p>" * 60 + "</speak>")


def test_what_no_response_can_hold_is_refused_unread() -> None:
    with pytest.raises(SimulatorError, match="longer than 8000"):
        segments(f'<speak><sub alias="{"a" * LONGEST_SSML}"/></speak>')
