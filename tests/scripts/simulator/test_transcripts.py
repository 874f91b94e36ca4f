from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.simulator.device import Turn
from scripts.simulator.transcripts import (
    Exchange,
    Transcript,
    TranscriptError,
    heard_lines,
    load_transcript,
    save_transcript,
    utterance_in,
)

if TYPE_CHECKING:
    from pathlib import Path

LOCALES = ("en-GB", "en-US")
DAY = date(2026, 11, 24)
TEXT = """\
# recorded in en-GB on 2026-11-24
# Silence is told apart.
> open upper back check
Hello.
How are you?
> (silence)
# Nothing more.
> exit
(session ends)
# The end.
"""


def written(folder: Path, text: str, name: str = "talk.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def shape(transcript: Transcript) -> list[tuple[str, tuple[str, ...] | None]]:
    return [(exchange.said, exchange.heard) for exchange in transcript.exchanges]


def test_a_transcript_tells_what_was_said_and_heard(tmp_path: Path) -> None:
    transcript = load_transcript(written(tmp_path, TEXT), LOCALES)
    assert shape(transcript) == [
        ("open upper back check", ("Hello.", "How are you?")),
        ("", ()),
        ("exit", ("(session ends)",)),
    ]
    assert (transcript.locale, transcript.day) == ("en-GB", DAY)
    assert [exchange.place for exchange in transcript.exchanges] == ["3", "6", "8"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\n\n"])
def test_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "talk.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", ends).encode())
    plain = load_transcript(written(tmp_path, TEXT, "plain.txt"), LOCALES)
    assert shape(load_transcript(path, LOCALES)) == shape(plain)


def test_a_transcript_is_written_as_it_was_read(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    save_transcript(path, load_transcript(path, LOCALES))
    assert path.read_text(encoding="utf-8") == TEXT
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("talk.txt", "> a\x1b[2J\nb\x1b[2J\n"),
        ("talk.json", r'{"userInput": ["a\u001b[2J"], "expect": ["b\u001b[2J"]}'),
    ],
)
def test_no_terminal_is_given_orders(tmp_path: Path, name: str, text: str) -> None:
    assert shape(load_transcript(written(tmp_path, text, name), LOCALES)) == [("a [2J", ("b [2J",))]


def test_without_answers_a_transcript_is_a_script(tmp_path: Path) -> None:
    transcript = load_transcript(written(tmp_path, "> one\n> two\n"), LOCALES)
    assert shape(transcript) == [("one", None), ("two", None)]
    assert (transcript.locale, transcript.day) == (None, None)


sayings = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=9).filter(
    lambda text: not text.startswith(("#", "> "))
)
exchanges = st.builds(
    Exchange,
    st.sampled_from(["", "no", "# x", "> y"]) | sayings.filter(lambda text: text != "(silence)"),
    st.lists(sayings, max_size=2).map(tuple),
)
conversations = st.builds(
    Transcript,
    st.lists(exchanges, min_size=1, max_size=4)
    .map(tuple)
    .filter(lambda es: any(e.heard for e in es)),
    st.just("en-US"),
    st.just(DAY),
)


@pytest.mark.parametrize("name", ["talk.txt", "talk.json"])
@given(transcript=conversations)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, transcript: Transcript
) -> None:
    path = tmp_path_factory.mktemp("talk") / name
    written_down = [(one.said, one.heard) for one in transcript.exchanges]
    # In a replay file "." begins a command.
    if name.endswith(".json") and any(said.startswith(".") for said, _ in written_down):
        return
    save_transcript(path, transcript)
    again = load_transcript(path, LOCALES)
    assert (shape(again), again.locale, again.day) == (written_down, "en-US", DAY)


def test_a_replay_file_of_ask_cli_is_read(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "skillId": "amzn1.ask.skill.1",
            "locale": "en-US",
            "type": "text",
            "userInput": ["open upper back check", "no", ".quit"],
        }
    )
    transcript = load_transcript(written(tmp_path, text, "talk.json"), LOCALES)
    assert shape(transcript) == [("open upper back check", None), ("no", None)]
    assert transcript.locale == "en-US"


def test_a_replay_file_may_tell_what_to_expect(tmp_path: Path) -> None:
    text = '{"userInput": ["hi", "no", ""], "expect": ["Hello.\\nYes?", null, ""]}'
    transcript = load_transcript(written(tmp_path, text, "talk.json"), LOCALES)
    assert shape(transcript) == [("hi", ("Hello.", "Yes?")), ("no", None), ("", ())]


def test_a_replay_file_is_written_as_ask_cli_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    save_transcript(path, Transcript((Exchange("no", ("Why?",)),), "en-US"))
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document.pop("skillId").startswith("amzn1.ask.skill.")
    assert document == {
        "locale": "en-US",
        "type": "text",
        "userInput": ["no", ".quit"],
        "expect": ["Why?"],
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no conversation"),
        ("# only a comment\n", "holds no conversation"),
        ("\n# x\nHello.\n> no\n", 'talk.txt:3: expected "> " and what is said'),
        (
            "# recorded in tlh-QO on 2026-11-24\n> no\n",
            "talk.txt:1: no locale 'tlh-QO'; known: en-GB",
        ),
        ("# recorded in en-US on Monday\n> no\n", "talk.txt:1: expected a day such as"),
        ("# recorded in en-US on 0001-01-01\n> no\n", "talk.txt:1: expected a day such as"),
        ("# recorded in en-US on 9999-12-31\n> no\n", "talk.txt:1: expected a day such as"),
        ("# x\n> caf\udcff\n", "talk.txt:2: expected UTF-8"),
    ],
)
def test_a_broken_transcript_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "talk.txt"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(TranscriptError) as caught:
        load_transcript(path, LOCALES)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "talk.json:1: expected JSON"),
        ('{"userInput": [\n"no",\n}', "talk.json:3: expected JSON"),
        ("[" * 100_000, "expected"),
        ('{"userInput": ' + "9" * 5000 + "}", "talk.json:1: expected JSON"),
        ("[]", "expected a JSON object"),
        ('{"locale": "en-US"}', "userInput: expected a list"),
        ('{"userInput": []}', "userInput: expected a list"),
        ('{"userInput": ["no", 7]}', "userInput[1]: expected a text, found 7"),
        ('{"userInput": [".quit", "no"]}', "userInput[0]: nothing can follow .quit"),
        ('{"userInput": [".record x"]}', "userInput[0]: expected something said"),
        ('{"userInput": ["no"], "type": "audio"}', "type: expected \"text\", found 'audio'"),
        ('{"userInput": ["no"], "locale": "de-DE"}', "locale: no locale 'de-DE'"),
        ('{"userInput": ["no"], "locale": 1}', "locale: no locale 1"),
        ('{"userInput": ["no"], "day": "soon"}', "day: expected a day"),
        ('{"userInput": ["no"], "expect": []}', "expect: expected a list of 1"),
        ('{"userInput": ["no"], "expect": [1]}', "expect[0]: expected a text or null"),
        ('{"userInput": [".quit"]}', "userInput: holds nothing but .quit"),
    ],
)
def test_a_broken_replay_file_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        load_transcript(written(tmp_path, text, "talk.json"), LOCALES)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(tmp_path)) + 160


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=r"talk\.txt: cannot be read \(No such file"):
        load_transcript(tmp_path / "talk.txt", LOCALES)


def test_a_file_that_cannot_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.mkdir()
    with pytest.raises(TranscriptError, match="cannot be written"):
        save_transcript(path, Transcript((Exchange("no", ()),)))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("typed", "said"),
    [(" no ", "no"), ("(silence)", ""), ("   ", ""), ("a\x1b[2J\tb", "a [2J b"), ("# no", "# no")],
)
def test_a_line_stands_for_an_utterance(typed: str, said: str) -> None:
    assert utterance_in(typed) == said


def test_a_failure_ends_no_session() -> None:
    assert heard_lines(Turn("no", session_ends=True, failure="HTTP 500")) == ()
    assert heard_lines(Turn("no", says="Bye.", session_ends=True)) == ("Bye.", "(session ends)")
