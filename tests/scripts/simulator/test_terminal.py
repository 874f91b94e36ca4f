from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from scripts.simulator.device import SILENCE, Turn
from scripts.simulator.errors import EndpointError
from scripts.simulator.terminal import converse, converse_with_person, utterances_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.simulator.device import Device

CONTROL_C = "\x03"
CONTROL_D = "\x04"
TAB = "\t"
UP = "\x1b[A"
SOON = 0.3


class Parrot:
    """A device that repeats what it hears; a session is open until a silence."""

    def __init__(self, failure: str | None = None) -> None:
        self.heard: list[str] = []
        self.is_listening = False
        self._failure = failure

    def hear(self, utterance: str) -> Turn:
        self.heard.append(utterance)
        self.is_listening = utterance != SILENCE
        return Turn(
            utterance, says=utterance, session_ends=utterance == SILENCE, failure=self._failure
        )


@pytest.fixture
def parrot() -> Parrot:
    return Parrot()


@contextmanager
def typing(*keys: str | float) -> Iterator[Callable[..., None]]:
    """Let somebody type; a number is a pause in seconds."""
    with create_pipe_input() as keyboard:

        def type_keys() -> None:
            for one in keys:
                if isinstance(one, str):
                    keyboard.send_text(one)
                else:
                    time.sleep(one)

        def talk(device: Device, **options: object) -> None:
            person = threading.Thread(target=type_keys)
            person.start()
            try:
                converse_with_person(
                    device,
                    ["numb legs"],
                    keyboard=keyboard,
                    screen=DummyOutput(),
                    **options,  # type: ignore[arg-type]
                )
            finally:
                person.join()

        yield talk


def test_what_a_person_types_is_said(parrot: Parrot, capsys: pytest.CaptureFixture[str]) -> None:
    with typing("hello\r", " no \r", CONTROL_D) as talk:
        talk(parrot)
    assert parrot.heard == ["hello", "no"]
    assert capsys.readouterr().out == "hello\nno\n"


def test_control_c_leaves(parrot: Parrot) -> None:
    with typing("hello\r", "not said", CONTROL_C) as talk:
        talk(parrot)
    assert parrot.heard == ["hello"]


def test_tab_completes_and_up_goes_back(parrot: Parrot) -> None:
    with typing(f"num{TAB}", SOON, "\r", SOON, UP, SOON, "\r", CONTROL_D) as talk:
        talk(parrot)
    assert parrot.heard == ["numb legs", "numb legs"]


def test_a_pasted_escape_does_no_harm(parrot: Parrot) -> None:
    with typing("\x1b[200~a\tb\nc\x1b[201~\r", CONTROL_D) as talk:
        talk(parrot)
    assert parrot.heard == ["a b c"]


def test_nothing_typed_is_silence_once_the_time_is_over(parrot: Parrot) -> None:
    with typing("hello\r", 3 * SOON, CONTROL_D) as talk:
        talk(parrot, listens_for=SOON)
    assert parrot.heard == ["hello", SILENCE]


def test_a_line_begun_in_time_may_take_its_time(parrot: Parrot) -> None:
    with typing("hello\r", "no", 3 * SOON, "pe\r", CONTROL_D) as talk:
        talk(parrot, listens_for=SOON)
    assert parrot.heard == ["hello", "nope"]


def test_each_key_gives_more_time(parrot: Parrot) -> None:
    erased = ("n", 0.7 * SOON, "\x7f", 0.7 * SOON)
    with typing("hello\r", *erased, *erased, "no\r", CONTROL_D) as talk:
        talk(parrot, listens_for=SOON)
    assert parrot.heard == ["hello", "no"]


def test_an_idle_device_waits_for_ever(parrot: Parrot) -> None:
    with typing(3 * SOON, "hello\r", CONTROL_D) as talk:
        talk(parrot, listens_for=SOON)
    assert parrot.heard == ["hello"]


def test_without_the_rule_a_person_has_all_the_time_there_is(parrot: Parrot) -> None:
    with typing("hello\r", 3 * SOON, "no\r", CONTROL_D) as talk:
        talk(parrot)
    assert parrot.heard == ["hello", "no"]


def test_a_conversation_is_printed_turn_by_turn(
    parrot: Parrot, capsys: pytest.CaptureFixture[str]
) -> None:
    printed: list[str] = []
    converse(
        parrot,  # type: ignore[arg-type]  # all that is needed of a device
        ["hello", SILENCE],
        followers=[lambda _: printed.append(capsys.readouterr().out)],
    )
    assert printed == ["> hello\nhello\n", "> (silence)\n(session ends)\n"]


def test_followers_are_told_of_a_turn_that_fails() -> None:
    told: list[Turn] = []
    with pytest.raises(EndpointError, match="HTTP 500"):
        converse(Parrot("HTTP 500"), ["hello", "no"], followers=[told.append])  # type: ignore[arg-type]  # as above
    assert [turn.utterance for turn in told] == ["hello"]


def test_silence_may_be_written_out() -> None:
    assert list(utterances_in([b"(silence)\n"])) == [SILENCE]


def test_each_line_is_an_utterance() -> None:
    assert list(utterances_in([b"one\n", b"  two \n", b"three"])) == ["one", "two", "three"]


def test_an_empty_line_is_silence() -> None:
    assert list(utterances_in([b"one\n", b"\n", b"  \r\n"])) == ["one", "", ""]


def test_comments_are_left_out() -> None:
    assert list(utterances_in([b"# a story\n", b"one\n", b"  # more\n"])) == ["one"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    assert list(utterances_in([b"\xef\xbb\xbfone\r\n", b"two\r\n"])) == ["one", "two"]


def test_bytes_that_are_no_text_become_something_that_can_be_shown() -> None:
    assert list(utterances_in([b"fe\xffver \x1b[2J\x00\n"])) == [
        "fe\N{REPLACEMENT CHARACTER}ver  [2J"
    ]


def test_no_lines_are_no_utterances() -> None:
    assert list(utterances_in([])) == []
