"""What a memory tells about itself to whoever counts; it knows nobody who does."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

Operation: TypeAlias = Literal["load", "save", "forget"]
Outcome: TypeAlias = Literal["done", "conflict", "failed", "left_alone"]
"""How an operation went.

``conflict``: nothing was saved, since there was a change in between. ``left_alone``: it was not
tried, as the memory had failed a moment ago, or too many were under way.
"""


class Measures(Protocol):
    """Takes down what it is told, and never raises. Nothing of a caller is told."""

    def time_memory(
        self, operation: Operation | Literal["sweep"], outcome: Outcome, seconds: float
    ) -> None:
        """Take down how an operation or a sweep went, and how long it took."""

    def note_memory_left_alone(self, operation: Operation, left_alone: bool) -> None:  # noqa: FBT001  # the one thing told
        """Take down whether an operation is not tried for now, as it has failed."""

    def note_owed_deletions(self, callers: int) -> None:
        """Take down of how many callers a deletion is still to be made up for."""


class Unmeasured:
    """Takes nothing down."""

    def time_memory(
        self, operation: Operation | Literal["sweep"], outcome: Outcome, seconds: float
    ) -> None:
        """Do nothing."""

    def note_memory_left_alone(self, operation: Operation, left_alone: bool) -> None:  # noqa: FBT001  # as above
        """Do nothing."""

    def note_owed_deletions(self, callers: int) -> None:
        """Do nothing."""
