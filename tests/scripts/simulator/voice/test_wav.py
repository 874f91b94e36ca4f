from __future__ import annotations

import io
import math
import wave
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.simulator.errors import SimulatorError
from scripts.simulator.voice.wav import (
    SAMPLE_RATE,
    has_speech,
    is_noisy,
    louder,
    read_wav,
    resampled,
    samples_of,
    silence,
    wav_of,
)

SAMPLES = st.lists(st.integers(-32_768, 32_767)).map(lambda ones: array("h", ones))


def wav(rate: int = SAMPLE_RATE, width: int = 2, channels: int = 1, content: bytes = b"") -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setframerate(rate)
        writer.setsampwidth(width)
        writer.setnchannels(channels)
        writer.writeframes(content)
    return file.getvalue()


def tone(rate: int, hertz: float = 440, seconds: float = 0.5) -> array[int]:
    turn = 2 * math.pi * hertz / rate
    return array("h", (round(20_000 * math.sin(turn * at)) for at in range(round(rate * seconds))))


@given(SAMPLES)
def test_samples_come_back_out_of_a_file(samples: array[int]) -> None:
    assert samples_of(wav_of(samples)) == samples


def test_a_file_is_of_16_khz_16_bit_and_one_channel() -> None:
    with wave.open(io.BytesIO(wav_of(silence(0.5)))) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (16_000, 2, 1)
        assert file.getnframes() == 8000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no WAV file"),
        (b"RIFF", "no WAV file"),
        (b"OggS" * 20, "no WAV file"),
        (wav_of(silence(0.1))[:30], "no WAV file"),
        (wav(rate=44_100), "44100 samples a second"),
        (wav(channels=2), "one channel"),
        (wav(width=1), "16 bit"),
    ],
)
def test_other_sound_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(SimulatorError, match=complaint):
        samples_of(content)


@given(st.binary(max_size=200))
def test_whatever_a_stranger_sends_is_read_or_refused(content: bytes) -> None:
    whole = wav_of(array("h", range(50)))
    for sent in (content, whole[:44] + content, whole[:20] + content + whole[20:]):
        try:
            samples_of(sent)
        except SimulatorError as error:
            complaint = str(error)
        else:
            complaint = ""
        assert len(complaint.splitlines()) <= 1


def test_a_recording_that_breaks_off_is_heard_as_far_as_it_goes() -> None:
    whole = wav_of(array("h", range(1, 51)))
    assert samples_of(whole[:-3]) == array("h", range(1, 49))


@given(SAMPLES, st.floats(0, 2))
def test_nothing_becomes_louder_than_can_be(samples: array[int], factor: float) -> None:
    changed = louder(samples, factor)
    assert len(changed) == len(samples)
    assert all(
        abs(one) <= abs(before) * max(factor, 1) + 1
        for one, before in zip(changed, samples, strict=True)
    )


def test_twice_as_loud_is_twice_as_high() -> None:
    assert louder(array("h", [100, -7, 20_000]), 2) == array("h", [200, -14, 32_767])


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100])
def test_another_rate_keeps_length_and_pitch(rate: int) -> None:
    changed, expected = resampled(tone(rate), rate), tone(SAMPLE_RATE)
    assert abs(len(changed) - len(expected)) <= 1
    assert max(abs(a - b) for a, b in zip(changed[:-2], expected, strict=False)) < 2000


@given(SAMPLES, st.sampled_from([8000, 22_050]))
def test_any_sound_can_be_had_at_our_rate(samples: array[int], rate: int) -> None:
    assert len(resampled(samples, rate)) == -(-len(samples) * SAMPLE_RATE // rate)


def test_our_own_rate_is_left_alone() -> None:
    assert resampled(tone(SAMPLE_RATE), SAMPLE_RATE) == tone(SAMPLE_RATE)
    assert read_wav(wav(rate=8000, content=b"\1\0"))[0] == 8000


@pytest.mark.parametrize("seconds", [0, 0.01, 0.05, 0.1, 3])
def test_silence_has_no_speech(seconds: float) -> None:
    assert not has_speech(silence(seconds))


def test_a_hum_has_no_speech_and_a_word_before_it_is_some() -> None:
    hum = tone(SAMPLE_RATE, hertz=50, seconds=2)
    quiet_hum = louder(hum, 0.01)
    assert not has_speech(hum)
    assert not has_speech(quiet_hum)
    assert has_speech(tone(SAMPLE_RATE, seconds=0.2) + quiet_hum)


def test_what_nobody_could_hear_is_no_speech() -> None:
    assert not has_speech(louder(tone(SAMPLE_RATE), 0.003) + silence(1))


@pytest.mark.parametrize("decibels", [10, 20, 35])
def test_a_recording_is_noisy_whose_pauses_are_not_much_quieter_than_its_words(
    decibels: float,
) -> None:
    word = tone(SAMPLE_RATE)
    pause = louder(tone(SAMPLE_RATE, hertz=50, seconds=0.2), 10 ** (-decibels / 20))
    assert is_noisy(word + pause) == (decibels < 30)
    # Where there is nothing at all, it tells nothing of the room.
    nothing = silence(1)
    assert is_noisy(nothing + word + pause + nothing) == (decibels < 30)


@pytest.mark.parametrize("seconds", [0, 0.01, 0.02, 0.1, 1])
def test_silence_is_not_noisy(seconds: float) -> None:
    assert not is_noisy(silence(seconds))
