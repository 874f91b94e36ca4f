from __future__ import annotations

import pytest

from scripts.simulator.speech import keeps_listening, reprompt, says, says_ssml


def ssml(markup: str) -> dict[str, object]:
    return {"response": {"outputSpeech": {"type": "SSML", "ssml": f"<speak>{markup}</speak>"}}}


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ('Call <say-as interpret-as="digits">911</say-as> now.', "Call 911 now."),
        ('One.<break time="300ms"/>Two.', "One. Two."),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("heat &amp; ice &lt;now&gt;", "heat & ice <now>"),
        ("  much \n space ", "much space"),
        ('<prosody rate="95%">Slowly.</prosody>', "Slowly."),
        ("", ""),
    ],
)
def test_the_words_are_heard_without_their_tags(markup: str, words: str) -> None:
    assert says(ssml(markup)) == words


def test_plain_text_is_heard_as_it_is() -> None:
    envelope = {"response": {"outputSpeech": {"type": "PlainText", "text": "a < b"}}}
    assert says(envelope) == "a < b"
    assert says_ssml(envelope) == "<speak>a &lt; b</speak>"


@pytest.mark.parametrize(
    "envelope",
    [{}, {"response": {}}, {"response": None}, {"response": {"outputSpeech": {"type": "SSML"}}}],
)
def test_nothing_is_heard_where_nothing_is_said(envelope: dict[str, object]) -> None:
    assert (says(envelope), says_ssml(envelope), reprompt(envelope)) == ("", "", "")


@pytest.mark.parametrize(
    "response", [{"shouldEndSession": False}, {"shouldEndSession": None}], ids=["false", "null"]
)
def test_the_session_goes_on_where_the_skill_says_so(response: dict[str, object]) -> None:
    assert keeps_listening({"response": response})


@pytest.mark.parametrize("response", [{"shouldEndSession": True}, {}], ids=["true", "absent"])
def test_the_session_is_over_where_the_skill_says_so_or_nothing(
    response: dict[str, object],
) -> None:
    assert not keeps_listening({"response": response})
