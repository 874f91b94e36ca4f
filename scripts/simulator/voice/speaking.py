"""From SSML to sound: one WAV file for one prompt."""

from __future__ import annotations

import re
from array import array
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scripts.simulator.voice.engines import find_engine
from scripts.simulator.voice.ssml import Pause, Say, segments
from scripts.simulator.voice.wav import silence, wav_of

if TYPE_CHECKING:
    from scripts.simulator.voice.engines import Engine

# A sentence is about 150 kB. The same ones come back at a repeat and in every conversation.
_SENTENCES_KEPT: Final = 128
_AT_A_TIME: Final = 4
_SENTENCE_END: Final = re.compile(r"(?<=[.!?]) ")


class Speaker:
    """Speaks SSML, its sentences at the same time where there are processors for it.

    Args:
        engine: What speaks the words.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._speak = lru_cache(_SENTENCES_KEPT)(engine.speak)

    @property
    def description(self) -> str:
        """What speaks, and what would be better."""
        return self._engine.description

    @property
    def voices(self) -> tuple[str, ...]:
        """The voices there are, the one that speaks first."""
        return self._engine.voices

    def wav(self, ssml: str) -> bytes:
        """Return the speech as a WAV file: 16 kHz, 16 bit, one channel.

        Raises:
            SimulatorError: It is no SSML that Alexa would speak, or the voice failed.
        """
        parts = [
            part
            for segment in segments(ssml)
            for part in (_sentences(segment) if isinstance(segment, Say) else (segment,))
        ]
        samples = array("h")
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            for spoken in pool.map(self._samples, parts):
                samples.extend(spoken)
        return wav_of(samples)

    def _samples(self, part: Say | Pause) -> array[int]:
        return silence(part.seconds) if isinstance(part, Pause) else self._speak(part)


def find_speaker(voice: str | None = None) -> Speaker:
    """Return the best voice of this machine, or the one that is named.

    Raises:
        SimulatorError: Nothing can speak here, or not with that voice.
    """
    return Speaker(find_engine(voice))


def _sentences(say: Say) -> tuple[Say, ...]:
    return tuple(Say(text, say.manner) for text in _SENTENCE_END.split(say.text))
