from __future__ import annotations

from dataclasses import dataclass, field

from scripts.simulator.aloud import Aloud
from scripts.simulator.device import Turn
from scripts.simulator.errors import SimulatorError

TURN = Turn("hi", says="Hello.", ssml="<speak>Hello.</speak>")


@dataclass
class Voice:
    """Keeps what it is asked for, or fails."""

    failure: BaseException | None = None
    asked: list[object] = field(default_factory=list)

    def wav(self, ssml: str) -> bytes:
        self.asked.append(ssml)
        return ssml.encode()

    def play(self, wav: bytes) -> None:
        self.asked.append(wav)
        if self.failure is not None:
            raise self.failure


def test_what_is_said_is_spoken() -> None:
    voice = Voice()
    Aloud(voice, voice, print).take(TURN)
    assert voice.asked == [TURN.ssml, TURN.ssml.encode()]


def test_nothing_is_spoken_where_nothing_is_said() -> None:
    voice = Voice()
    Aloud(voice, voice, print).take(Turn(""))
    assert voice.asked == []


def test_a_missing_loudspeaker_is_told_once_and_the_text_goes_on() -> None:
    voice, told = Voice(SimulatorError("no audio device")), list[str]()
    aloud = Aloud(voice, voice, told.append)
    aloud.take(TURN)
    aloud.take(TURN)
    assert told == ["no speech: no audio device"]
    assert len(voice.asked) == 2


def test_control_c_cuts_speech_short_and_ends_nothing() -> None:
    voice, told = Voice(KeyboardInterrupt()), list[str]()
    aloud = Aloud(voice, voice, told.append)
    aloud.take(TURN)
    aloud.take(TURN)
    assert (told, len(voice.asked)) == ([], 4)
