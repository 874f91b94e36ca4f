"""Speaks what the device says, where this machine has a voice and something to play it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from scripts.simulator.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulator.device import Turn


class Speaker(Protocol):
    """A voice."""

    def wav(self, ssml: str) -> bytes:
        """Return the speech as a WAV file.

        Raises:
            SimulatorError: It cannot be spoken.
        """
        ...


class Player(Protocol):
    """A loudspeaker."""

    def play(self, wav: bytes) -> None:
        """Play a WAV file to its end.

        Raises:
            SimulatorError: It cannot be played.
        """
        ...


class Aloud:
    """Speaks every turn, until that fails for the first time.

    Args:
        speaker: The voice.
        player: The loudspeaker.
        tell: Is told once why there is silence from now on.
    """

    def __init__(self, speaker: Speaker, player: Player, tell: Callable[[str], None]) -> None:
        self._speaker = speaker
        self._player = player
        self._tell = tell
        self._is_silenced = False

    def take(self, turn: Turn) -> None:
        """Speak what is heard at a turn; Ctrl-C cuts it short."""
        if self._is_silenced or not turn.ssml:
            return
        try:
            self._player.play(self._speaker.wav(turn.ssml))
        except SimulatorError as error:
            self._is_silenced = True
            self._tell(f"no speech: {error}")
        except KeyboardInterrupt:
            # Whoever has heard enough may answer; a second Ctrl-C leaves.
            return
