from __future__ import annotations

from array import array
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.errors import SimulatorError
from scripts.simulator.voice.speaking import Speaker, find_speaker
from scripts.simulator.voice.wav import SAMPLE_RATE, samples_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.simulator.voice.ssml import Say


class Beeper:
    """Speaks every piece as as many samples of 7 as it has letters."""

    description = "a beeper"
    voices = ("beep",)

    def __init__(self) -> None:
        self.spoken: list[str] = []

    def speak(self, say: Say) -> array[int]:
        self.spoken.append(say.text)
        return array("h", [7] * len(say.text))


def test_pieces_and_pauses_follow_one_another() -> None:
    wav = Speaker(Beeper()).wav('<speak>abc<break time="1s"/>de</speak>')
    assert samples_of(wav) == array("h", [7] * 3 + [0] * SAMPLE_RATE + [7] * 2)


def test_nothing_is_spoken_as_no_sound_at_all() -> None:
    assert len(samples_of(Speaker(Beeper()).wav("<speak/>"))) == 0


def test_a_sentence_is_spoken_once_and_then_remembered() -> None:
    beeper = Beeper()
    speaker = Speaker(beeper)
    first = speaker.wav("<speak>One. Two.</speak>")
    assert speaker.wav("<speak>One. Two.</speak>") == first
    speaker.wav("<speak>Two. Three.</speak>")
    assert sorted(beeper.spoken) == ["One.", "Three.", "Two."]


def test_what_is_remembered_is_bounded() -> None:
    beeper = Beeper()
    speaker = Speaker(beeper)
    for turn in (*range(200), 0):
        speaker.wav(f"<speak>{turn}</speak>")
    assert beeper.spoken.count("0") == 2


def test_sentences_are_spoken_at_the_same_time_and_come_in_order() -> None:
    met = Barrier(2, timeout=5)

    class Patient(Beeper):
        def speak(self, say: Say) -> array[int]:
            met.wait()
            return array("h", [int(say.text[0])])

    wav = Speaker(Patient()).wav("<speak>1 first. 2 second.</speak>")
    assert samples_of(wav) == array("h", [1, 2])


def test_markup_that_alexa_would_refuse_is_not_spoken() -> None:
    with pytest.raises(SimulatorError, match="not well formed"):
        Speaker(Beeper()).wav("<speak>heat & ice</speak>")


def test_a_speaker_is_found_and_tells_of_itself(flite: str) -> None:
    assert flite
    speaker = find_speaker("slt")
    assert (speaker.description, speaker.voices[0]) == ("flite, voice slt", "slt")


def test_911_is_spoken_digit_by_digit(speakers: Mapping[str, Speaker]) -> None:
    marked = speakers["rms"].wav('<speak><say-as interpret-as="digits">911</say-as></speak>')
    assert marked == speakers["rms"].wav("<speak>nine one one</speak>")


def test_every_recorded_prompt_can_be_spoken_before_it_is_missed(
    speakers: Mapping[str, Speaker],
) -> None:
    # Every fifth of them, since all are spoken in the round trip; the bound is generous, since
    # machines that run tests are shared. Alone on two processors the slowest took 0.25 s.
    folder = Path(__file__).parents[3] / "conversations"
    lines = (line for path in folder.glob("*.txt") for line in path.read_text("utf-8").splitlines())
    prompts = sorted({line for line in lines if line and line[0] not in ">#("})[::5]
    took = [perf_counter()]
    for prompt in prompts:
        text = prompt.replace("&", "&amp;")
        assert len(samples_of(speakers["slt"].wav(f"<speak>{text}</speak>"))) > SAMPLE_RATE // 4
        took.append(perf_counter())
    assert len(prompts) > 10
    assert max(after - before for before, after in pairwise(took)) < 3
