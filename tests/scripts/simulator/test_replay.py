from __future__ import annotations

from scripts.simulator.device import Turn
from scripts.simulator.replay import Comparison, records_answers
from scripts.simulator.transcripts import Exchange, Transcript

HELLO = Exchange("hi", ("Hello.",), place="3")


def test_the_same_words_are_no_difference() -> None:
    comparison = Comparison(Transcript((HELLO,)))
    assert comparison.take(Turn("hi", says="Hello.")) is None
    assert comparison.summary() == "none of 1 turns went otherwise than recorded"


def test_other_words_are_shown_beside_those_recorded() -> None:
    comparison = Comparison(Transcript((HELLO,)))
    difference = comparison.take(Turn("hi", says="Bye.", session_ends=True))
    assert difference is not None
    assert list(difference.lines("talk.txt")) == [
        "talk.txt:3: > hi",
        "  - Hello.",
        "  + Bye.",
        "  + (session ends)",
    ]
    assert comparison.differences == [difference]
    assert comparison.summary() == "1 of 1 turns went otherwise than recorded"


def test_words_where_none_were_recorded_are_a_difference() -> None:
    comparison = Comparison(Transcript((Exchange("", (), place="5"),)))
    difference = comparison.take(Turn("", says="Well?"))
    assert difference is not None
    assert list(difference.lines("talk.txt")) == [
        "talk.txt:5: > (silence)",
        "  - (nothing)",
        "  + Well?",
    ]


def test_what_was_not_recorded_is_not_compared() -> None:
    transcript = Transcript((Exchange("hi", None),))
    assert Comparison(transcript).take(Turn("hi", says="Whatever.")) is None
    assert not records_answers(transcript)
    assert records_answers(Transcript((HELLO,)))
