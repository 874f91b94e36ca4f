from __future__ import annotations

from scripts.simulator.terminal import utterances_in


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
