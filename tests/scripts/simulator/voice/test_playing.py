from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.simulator.errors import SimulatorError
from scripts.simulator.voice import playing
from scripts.simulator.voice.playing import Player, find_player
from scripts.simulator.voice.wav import silence, wav_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAV = wav_of(silence(0.1))


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], str]:
    """Give a way to make a program of a name."""

    def made(name: str, script: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return made


def test_the_sound_is_given_to_the_player_as_a_file(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    Player((program("player", f'cat "$2" > {tmp_path}/heard'), "-q")).play(WAV)
    assert (tmp_path / "heard").read_bytes() == WAV


def test_no_audio_device_is_told_in_one_line(program: Callable[[str, str], str]) -> None:
    script = 'echo "aplay: main: audio open error: No such device" >&2; echo more >&2; exit 1'
    with pytest.raises(SimulatorError) as failed:
        Player((program("aplay", script),)).play(WAV)
    assert str(failed.value) == (
        "aplay cannot play sound (aplay: main: audio open error: No such device)"
    )


@pytest.mark.parametrize(
    ("script", "complaint"),
    [("exit 4", "exit status 4"), ("exec sleep 60", "did not come to the end")],
)
def test_a_player_that_fails_is_told(
    script: str,
    complaint: str,
    program: Callable[[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(playing, "_PATIENCE_SECONDS", 0.3)
    with pytest.raises(SimulatorError, match=complaint):
        Player((program("player", script),)).play(WAV)


def test_what_is_no_sound_is_not_played() -> None:
    with pytest.raises(SimulatorError, match="no WAV file"):
        Player(("/nonexistent/player",)).play(b"")


def test_a_player_that_went_away_is_told() -> None:
    with pytest.raises(SimulatorError, match="cannot be run"):
        Player(("/nonexistent/player",)).play(WAV)


def test_the_player_of_the_system_is_found(
    program: Callable[[str, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("aplay", f'echo "$1" > {tmp_path}/option')
    monkeypatch.setenv("PATH", str(tmp_path))
    find_player().play(WAV)
    assert (tmp_path / "option").read_text(encoding="utf-8") == "-q\n"


def test_where_there_is_no_player_it_is_said_which_would_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SimulatorError, match="one of these would do: paplay, pw-play, aplay"):
        find_player()
