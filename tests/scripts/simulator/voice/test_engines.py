from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.errors import SimulatorError
from scripts.simulator.voice import engines
from scripts.simulator.voice.engines import Espeak, Flite, find_engine
from scripts.simulator.voice.ssml import Manner, Say
from scripts.simulator.voice.wav import SAMPLE_RATE

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable
    from pathlib import Path

HELLO = "Hello there, this is a test."


@pytest.fixture(scope="session")
def espeak() -> Espeak:
    if find_spec("espeakng_loader") is None:
        pytest.skip("espeakng-loader is not installed (the extra 'voice')")
    return Espeak()


@pytest.fixture(params=["flite", "espeak"])
def speak(request: pytest.FixtureRequest) -> Callable[[Say], array[int]]:
    """Give the way to speak of each engine that is here."""
    found = request.getfixturevalue(request.param)
    engine = Flite(found) if isinstance(found, str) else found
    return engine.speak


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Give a way to make a program that is none of ours."""

    def made(script: str) -> str:
        path = tmp_path / "flite"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return made


def seconds(samples: array[int]) -> float:
    return len(samples) / SAMPLE_RATE


def test_words_are_spoken(speak: Callable[[Say], array[int]]) -> None:
    samples = speak(Say(HELLO))
    assert 1 < seconds(samples) < 4
    assert max(samples) > 3000


def test_slow_takes_longer_and_soft_is_lower(speak: Callable[[Say], array[int]]) -> None:
    plain = speak(Say(HELLO))
    slow, soft = speak(Say(HELLO, Manner(rate=0.5))), speak(Say(HELLO, Manner(volume=0.5)))
    assert seconds(slow) > 1.5 * seconds(plain)
    assert max(soft) == pytest.approx(max(plain) / 2, rel=0.1)


@pytest.mark.parametrize(
    "words",
    [
        "-o nowhere.wav",
        "--help",
        "-",
        "...",
        "<break/> $(reboot) `reboot` %s %n",
        "a'b\"c\\d",
        "café, 漢字",
        "911",
    ],
)
def test_any_words_are_words_and_no_option(
    speak: Callable[[Say], array[int]], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert seconds(speak(Say(words))) < 15
    assert list(tmp_path.iterdir()) == []


def test_flite_names_its_voice_and_the_others(flite: str) -> None:
    engine = Flite(flite, "slt")
    assert engine.description == "flite, voice slt"
    assert engine.voices[0] == "slt"
    assert "rms" in engine.voices
    assert Flite(flite).voices[0] == "rms"


def test_espeak_says_what_would_be_better(espeak: Espeak) -> None:
    assert "espeak-ng" in espeak.description
    assert "install flite" in espeak.description


def test_a_voice_that_flite_lacks_is_refused_with_those_it_has(flite: str) -> None:
    with pytest.raises(SimulatorError, match=r"no voice 'bob'; it has .*rms"):
        Flite(flite, "bob")


def test_a_voice_that_espeak_lacks_is_refused(espeak: Espeak) -> None:
    assert espeak.voices
    with pytest.raises(SimulatorError, match="no voice 'bob'"):
        Espeak("bob")


def test_without_flite_espeak_speaks(espeak: Espeak, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    engine = find_engine(None)
    assert engine.description == espeak.description
    assert seconds(engine.speak(Say(HELLO))) > 1


def test_where_nothing_speaks_it_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    engines._espeak.cache_clear()  # noqa: SLF001  # as at a start
    with pytest.raises(SimulatorError) as missing:
        find_engine(None)
    assert str(missing.value).splitlines() == [str(missing.value)]
    assert "install flite" in str(missing.value)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("exit 3", "exit status 3"),
        ("echo Voices available: kal; [ $1 = -lv ] || exec sleep 60", "did not end within"),
        ("echo Voices available: kal", "written no sound"),
        ("echo Voices available:", "no voice"),
    ],
)
def test_a_flite_that_fails_is_told_in_one_line(
    script: str,
    complaint: str,
    program: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines, "_FLITE_SECONDS", 0.5)
    with pytest.raises(SimulatorError, match=complaint):
        Flite(program(script)).speak(Say(HELLO))


def test_a_flite_that_cannot_be_run_is_told() -> None:
    with pytest.raises(SimulatorError, match="cannot be run"):
        Flite("/nonexistent/flite")
