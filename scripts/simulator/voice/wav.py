"""Sound as this package passes it around: 16 kHz, 16 bit, one channel."""

from __future__ import annotations

import io
import sys
import wave
from array import array
from operator import mul
from typing import Final

from scripts.simulator.errors import SimulatorError

SAMPLE_RATE: Final = 16_000
_SAMPLE_BYTES: Final = 2
_LOUDEST: Final = 32_767
_FRAME: Final = SAMPLE_RATE // 50
# A tenth of a second, less than the shortest word.
_WORD_FRAMES: Final = 5
_FAINTEST: Final = 100
# Of powers: 10 decibels. Noise that does not change stays well below.
_CLEARLY_LOUDER: Final = 10
# Of powers: 28 decibels. Measured with noise 15 dB below the speech, 25 at most; 25 dB below it, 27
# at least; 30 dB below it, 30; without any, 35.
_LITTLE_LOUDER: Final = 630
_NOTHING: Final = 1


def samples_of(wav: bytes) -> array[int]:
    """Return the samples of a WAV file of ours.

    Raises:
        SimulatorError: It is none, or of another rate, width or number of channels.
    """
    rate, samples = read_wav(wav)
    if rate != SAMPLE_RATE:
        raise SimulatorError(f"the sound has {rate} samples a second, not {SAMPLE_RATE}")
    return samples


def read_wav(wav: bytes) -> tuple[int, array[int]]:
    """Return the rate and the samples of a WAV file of 16 bit and one channel.

    Raises:
        SimulatorError: It is none.
    """
    try:
        with wave.open(io.BytesIO(wav)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, _SAMPLE_BYTES):
                raise SimulatorError("the sound is not of 16 bit and one channel")
            rate, content = file.getframerate(), file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError) as error:
        raise SimulatorError(
            f"the sound is no WAV file ({str(error) or 'it ends too soon'})"
        ) from error
    # A recording cut off within a sample is heard without it.
    samples = array("h", content[: len(content) // _SAMPLE_BYTES * _SAMPLE_BYTES])
    if sys.byteorder == "big":
        samples.byteswap()
    return rate, samples


def wav_of(samples: array[int]) -> bytes:
    """Return samples as a WAV file."""
    ordered = array("h", samples)
    if sys.byteorder == "big":
        ordered.byteswap()
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(_SAMPLE_BYTES)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(ordered.tobytes())
    return content.getvalue()


def silence(seconds: float) -> array[int]:
    """Return so much of nothing."""
    return array("h", bytes(_SAMPLE_BYTES * round(seconds * SAMPLE_RATE)))


def has_speech(samples: array[int]) -> bool:
    """Whether something in it is clearly louder than the rest, as words are and a hum is not."""
    powers = _powers(samples)
    if len(powers) < _WORD_FRAMES:
        return False
    return _loudest(powers) > max(_FAINTEST**2, _CLEARLY_LOUDER * powers[len(powers) // 5])


def is_noisy(samples: array[int]) -> bool:
    """Whether its pauses are not much quieter than its words, if there are any in it.

    No room is without a sound: where there is none, a microphone was not on yet, or a browser let
    nothing through.
    """
    powers = [power for power in _powers(samples) if power > _NOTHING]
    return bool(powers) and _loudest(powers) < _LITTLE_LOUDER * powers[len(powers) // 10]


def _powers(samples: array[int]) -> list[float]:
    """Return the power of each fiftieth of a second, the least first."""
    frames = (samples[at : at + _FRAME] for at in range(0, len(samples) - _FRAME + 1, _FRAME))
    return sorted(sum(map(mul, frame, frame)) / _FRAME for frame in frames)


def _loudest(powers: list[float]) -> float:
    """Return the power of what is as long as a short word."""
    return sum(powers[-_WORD_FRAMES:]) / _WORD_FRAMES


def louder(samples: array[int], factor: float) -> array[int]:
    """Return the samples louder, or softer where the factor is less than 1; none beyond loudest."""
    if factor == 1:
        return samples
    scaled = (round(factor * sample) for sample in samples)
    return array("h", [max(-_LOUDEST, min(_LOUDEST, sample)) for sample in scaled])


def resampled(samples: array[int], rate: int) -> array[int]:
    """Return samples of another rate in ours, each taken from the two that it lies between."""
    if rate == SAMPLE_RATE or not samples:
        return samples
    after = [*samples[1:], samples[-1]]
    places = (divmod(place, SAMPLE_RATE) for place in range(0, len(samples) * SAMPLE_RATE, rate))
    return array(
        "h", [samples[at] + (after[at] - samples[at]) * part // SAMPLE_RATE for at, part in places]
    )
