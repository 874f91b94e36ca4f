"""Sound out of this machine's loudspeaker, by the player that its system has."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Final

from scripts.simulator.errors import SimulatorError
from scripts.simulator.voice.wav import SAMPLE_RATE, samples_of

# PulseAudio and PipeWire, ALSA, macOS; each takes the file as its last argument.
_PLAYERS: Final = (("paplay",), ("pw-play",), ("aplay", "-q"), ("afplay",))
# How much longer than the sound a player may take before it counts as stuck.
_PATIENCE_SECONDS: Final = 5


class Player:
    """A loudspeaker.

    Args:
        command: The program that plays a WAV file, without the file.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    def play(self, wav: bytes) -> None:
        """Play a WAV file to its end.

        Raises:
            SimulatorError: It cannot be played, as where there is no audio device.
        """
        seconds = len(samples_of(wav)) / SAMPLE_RATE
        name = Path(self._command[0]).name
        with TemporaryDirectory() as folder:
            path = Path(folder, "speech.wav")
            path.write_bytes(wav)
            try:
                subprocess.run(  # noqa: S603  # no shell reads it
                    (*self._command, str(path)),
                    capture_output=True,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    timeout=seconds + _PATIENCE_SECONDS,
                )
            except subprocess.TimeoutExpired as error:
                raise SimulatorError(f"{name} did not come to the end of the sound") from error
            except subprocess.CalledProcessError as error:
                said = error.stderr.decode(errors="replace").strip().splitlines()
                reason = said[0][:200] if said else f"exit status {error.returncode}"
                raise SimulatorError(f"{name} cannot play sound ({reason})") from error
            except OSError as error:
                raise SimulatorError(f"{name} cannot be run ({error.strerror})") from error


def find_player() -> Player:
    """Return what plays sound on this machine.

    Raises:
        SimulatorError: There is nothing.
    """
    for name, *options in _PLAYERS:
        if program := which(name):
            return Player((program, *options))
    names = ", ".join(name for name, *_ in _PLAYERS)
    raise SimulatorError(f"no program here plays sound; one of these would do: {names}")
