"""A memory whose clock a test sets, that tells what it was asked, and fails when told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.simulator.process_memory import ProcessMemory
from skill.errors import MemoryUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scripts.simulator.process_memory import Row
    from skill.dialogue.keeping import Kept


@dataclass
class OwnMemory:
    """Keeps documents within the process, as the simulator's memory does.

    Attributes:
        now: The time, in Unix seconds.
        hours: For how long it keeps a document.
        asked: The name of every operation, in order.
        fails: Says of an operation, by its name, whether it fails.
    """

    now: int = 1_800_000_000
    hours: int = 24
    asked: list[str] = field(default_factory=list)
    fails: Callable[[str], bool] = lambda _: False

    def __post_init__(self) -> None:
        self._kept = ProcessMemory(lambda: self.now, self.hours)

    @property
    def rows(self) -> dict[str, Row]:
        """What there is, by caller."""
        return self._kept.rows

    def load(self, caller: str) -> Kept:
        """Return what is kept of a caller and has not expired."""
        return self._when_asked("load").load(caller)

    def save_if_unchanged(
        self, caller: str, document: Mapping[str, object], *, seen: int, request_id: str
    ) -> int | None:
        """Keep a document in the place of the one before, if there was no change in between."""
        kept = self._when_asked("save")
        return kept.save_if_unchanged(caller, document, seen=seen, request_id=request_id)

    def forget(self, caller: str) -> int:
        """Delete what is kept of a caller, and let no earlier save bring it back."""
        return self._when_asked("forget").forget(caller)

    def document(self, caller: str) -> Mapping[str, object] | None:
        """Return what is kept, without asking for it as the skill does."""
        return self._kept.load(caller).document

    def _when_asked(self, operation: str) -> ProcessMemory:
        self.asked.append(operation)
        if self.fails(operation):
            raise MemoryUnavailableError("The memory is away.")
        return self._kept
