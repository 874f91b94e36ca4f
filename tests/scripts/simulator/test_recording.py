from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.device import Turn
from scripts.simulator.recording import Recording, Renewal
from scripts.simulator.transcripts import TranscriptError, load_transcript

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 11, 24)


def test_the_file_is_whole_after_every_turn(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    recording = Recording(path, "en-US", DAY)
    assert list(tmp_path.iterdir()) == []
    recording.take(Turn("open upper back check", says="Hello."))
    first = "# recorded in en-US on 2026-11-24\n> open upper back check\nHello.\n"
    assert path.read_text(encoding="utf-8") == first
    recording.take(Turn("", says="Well?"))
    recording.take(Turn("", session_ends=True))
    assert path.read_text(encoding="utf-8") == (
        f"{first}> (silence)\nWell?\n> (silence)\n(session ends)\n"
    )
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("> mine\n", encoding="utf-8")
    with pytest.raises(TranscriptError, match="is there already"):
        Recording(path, "en-US", DAY)
    assert path.read_text(encoding="utf-8") == "> mine\n"


def test_a_file_without_a_folder_is_refused_before_anything_is_said(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="No such file or directory"):
        Recording(tmp_path / "missing" / "talk.txt", "en-US", DAY)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(TranscriptError, match="Permission denied"):
        Recording(tmp_path / "talk.txt", "en-US", DAY)


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="too long"):
        Recording(tmp_path / ("x" * 300), "en-US", DAY)


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="it is no file"):
        Recording(tmp_path, "en-US", DAY)


def test_a_transcript_is_brought_up_to_date_at_the_end_and_keeps_its_comments(
    tmp_path: Path,
) -> None:
    path = tmp_path / "talk.txt"
    before = "# Look here.\n> hi\nHello.\n# And here.\n> bye\nBye.\n"
    path.write_text(before, encoding="utf-8")
    renewal = Renewal(path, load_transcript(path, ["en-US"]), path)
    renewal.take(Turn("hi", says="Good day."))
    renewal.take(Turn("bye", says="Bye.", session_ends=True))
    assert path.read_text(encoding="utf-8") == before
    renewal.save()
    assert path.read_text(encoding="utf-8") == (
        "# Look here.\n> hi\nGood day.\n# And here.\n> bye\nBye.\n(session ends)\n"
    )


def test_a_third_file_is_not_written_over(tmp_path: Path) -> None:
    known, other = tmp_path / "known.txt", tmp_path / "other.txt"
    for path in (known, other):
        path.write_text("> hi\n", encoding="utf-8")
    with pytest.raises(TranscriptError, match="is there already"):
        Renewal(other, load_transcript(known, ["en-US"]), known)


def test_a_link_goes_on_leading_where_it_led(tmp_path: Path) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    Recording(link, "en-US", DAY).take(Turn("hi", says="Hello."))
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").endswith("> hi\nHello.\n")
