"""Keeps a conversation in a file while it is held."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scripts.simulator.transcripts import (
    Exchange,
    Transcript,
    TranscriptError,
    heard_lines,
    save_transcript,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from scripts.simulator.device import Turn

_IS_THERE: Final = "is there already; name another file, or remove it"


class Recording:
    """A conversation being written down; the file is whole after every turn.

    Args:
        path: The file.
        locale: The device's locale.
        day: The day of the conversation.

    Raises:
        TranscriptError: The file cannot be written, or is there already.
    """

    def __init__(self, path: Path, locale: str, day: date) -> None:
        _check_writable(path)
        if path.exists():
            raise TranscriptError(f"{path}: {_IS_THERE}")
        self._path = path
        self._transcript = Transcript((), locale, day)

    def take(self, turn: Turn) -> None:
        """Write a turn down.

        Raises:
            TranscriptError: The file can no longer be written.
        """
        exchange = Exchange(turn.utterance, heard_lines(turn))
        exchanges = (*self._transcript.exchanges, exchange)
        self._transcript = replace(self._transcript, exchanges=exchanges)
        save_transcript(self._path, self._transcript)


class Renewal:
    """A known conversation being held anew, to be written once it is over.

    So a transcript can be brought up to date: its comments stay, and until the end the file
    is as it was.

    Args:
        path: The file to write.
        transcript: The conversation as it is known.
        known_path: The file that it was read from.

    Raises:
        TranscriptError: The file cannot be written, or is a third one and there already.
    """

    def __init__(self, path: Path, transcript: Transcript, known_path: Path) -> None:
        _check_writable(path)
        if path.exists() and not path.samefile(known_path):
            raise TranscriptError(f"{path}: {_IS_THERE}")
        self._path = path
        self._known = transcript
        self._heard: list[tuple[str, ...]] = []

    def take(self, turn: Turn) -> None:
        """Remember what was heard at a turn."""
        self._heard.append(heard_lines(turn))

    def save(self) -> None:
        """Write the conversation as it was held this time.

        Raises:
            TranscriptError: The file can no longer be written.
        """
        exchanges = tuple(
            replace(exchange, heard=heard)
            for exchange, heard in zip(self._known.exchanges, self._heard, strict=True)
        )
        save_transcript(self._path, replace(self._known, exchanges=exchanges))


def _check_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before anything is said that would be lost."""
    try:
        target = path.resolve()
        probe = target.with_name(f".{target.name}.{os.getpid()}.part")
        if target.exists():
            if not target.is_file():
                raise TranscriptError(f"{path}: cannot be written (it is no file)")
            with target.open("ab"):  # only to see whether that is allowed
                pass
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise TranscriptError(f"{path}: cannot be written ({error.strerror})") from error
