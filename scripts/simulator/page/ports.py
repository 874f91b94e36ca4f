"""What the page needs of others, as it needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.simulator.device import Turn
    from scripts.simulator.engine_view import EngineView


class Hearing(Protocol):
    """A pretend Echo."""

    @property
    def is_listening(self) -> bool:
        """Whether a session is open."""
        ...

    def hear(self, utterance: str) -> Turn:
        """Take an utterance, "" for silence, and return what came of it.

        Raises:
            SimulatorError: The skill could not be reached.
        """
        ...


class Speaker(Protocol):
    """A voice."""

    @property
    def description(self) -> str:
        """What speaks, such as "flite, voice rms"."""
        ...

    def wav(self, ssml: str) -> bytes:
        """Return the speech as a WAV file.

        Raises:
            SimulatorError: It cannot be spoken.
        """
        ...


class Recogniser(Protocol):
    """An ear. It is only ever asked for one recording at a time."""

    def words(self, wav: bytes) -> str:
        """Return the words in a WAV file (16 kHz, 16 bit, mono), "" where there are none.

        Raises:
            SimulatorError: It cannot listen.
        """
        ...


class Viewing(Protocol):
    """Tells what the engine made of a turn."""

    def view(
        self, request: Mapping[str, object], response: Mapping[str, object] | None
    ) -> EngineView | None:
        """Return it, ``None`` where the state cannot be read."""
        ...
