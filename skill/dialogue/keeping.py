"""The port to a memory: what the talk asks of whatever keeps an unfinished check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING_KEPT = 0
"""The version of what was never kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a memory holds of one caller.

    Attributes:
        version: Which state of the memory this is. It grows with every change, a deletion
            included, so that who saves tells what they have seen.
        document: What was saved, a JSON object; ``None`` if there is nothing, or no more.
    """

    version: int = NOTHING_KEPT
    document: Mapping[str, object] | None = None


class Memory(Protocol):
    """Keeps one document for each caller, for a limited time.

    Every method may raise `MemoryUnavailableError`, and returns or raises within a second.
    Callers are told apart by the user id that Alexa sends; no implementation keeps it as it is.
    """

    @property
    def hours(self) -> int:
        """For how many hours a document is kept after it was saved, which callers are told.

        From 1 to 720, 30 days.
        """

    def load(self, caller: str) -> Kept:
        """Return what is kept of a caller and has not expired."""

    def save_if_unchanged(
        self, caller: str, document: Mapping[str, object], *, seen: int, request_id: str
    ) -> int | None:
        """Keep a document in the place of the one before, if there was no change in between.

        Args:
            caller: The user id.
            document: A JSON object.
            seen: The version that the document builds upon.
            request_id: Which request this is. The same one again, building upon the same
                version, is taken for the save that was made already.

        Returns:
            The new version, or ``None`` if the memory has changed since `seen`; then nothing
            was kept.
        """

    def forget(self, caller: str) -> int:
        """Delete what is kept of a caller, and let no save that has not seen this bring it back.

        Returns:
            The version after the deletion, to build upon.
        """
