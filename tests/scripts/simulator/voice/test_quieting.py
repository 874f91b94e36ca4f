from __future__ import annotations

import random
import sys
from array import array
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.voice.quieting import find_quieting, what_is_missing
from scripts.simulator.voice.wav import SAMPLE_RATE, samples_of, silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scripts.simulator.voice.conftest import Voices


@pytest.fixture
def quieter() -> Callable[[array[int]], array[int]]:
    found = find_quieting()
    if found is None:
        pytest.skip("webrtc-noise-gain is not installed (the extra 'voice', on Linux alone)")
    return found


def hiss(length: int) -> array[int]:
    draw = random.Random(length)  # noqa: S311  # the same every time
    return array("h", (round(draw.gauss(0, 500)) for _ in range(length)))


def power(samples: array[int]) -> float:
    return sum(sample * sample for sample in samples) / len(samples)


def test_noise_is_made_quieter_from_the_beginning(
    quieter: Callable[[array[int]], array[int]],
) -> None:
    noise = hiss(SAMPLE_RATE)
    quiet = quieter(noise)
    assert power(quiet) < power(noise) / 20
    assert power(quiet[: SAMPLE_RATE // 10]) < power(noise) / 20


def test_words_stay_as_loud_as_they_are(
    quieter: Callable[[array[int]], array[int]], voices: Voices
) -> None:
    said = samples_of(voices["rms"]("I have a fever"))
    noisy = array("h", (one + other // 5 for one, other in zip(said, hiss(len(said)), strict=True)))
    assert power(said) / 2 < power(quieter(noisy)) < power(said) * 1.1


@pytest.mark.parametrize("length", [0, 1, 159, 160, 161, 4000])
def test_it_takes_as_long_as_before(
    length: int, quieter: Callable[[array[int]], array[int]]
) -> None:
    assert len(quieter(hiss(length))) == length


def test_silence_stays_silent(quieter: Callable[[array[int]], array[int]]) -> None:
    assert quieter(silence(0.5)) == silence(0.5)


def test_what_it_learned_of_one_recording_is_not_kept(
    quieter: Callable[[array[int]], array[int]],
) -> None:
    noise = hiss(8000)
    before = quieter(noise)
    quieter(silence(1))
    assert quieter(noise) == before


def test_where_it_is_not_installed_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtc_noise_gain", None)
    assert find_quieting() is None
    assert "without webrtc-noise-gain" in (what_is_missing() or "")


@pytest.mark.usefixtures("quieter")
def test_where_it_is_installed_nothing_is_missing() -> None:
    assert what_is_missing() is None
