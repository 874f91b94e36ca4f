"""What a store holds: one row for each caller, and the few things to be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

TOMBSTONE_SECONDS: Final = 2 * 3600
"""How long a row without a document stays, so that a save that comes late finds it changed.

Alexa's skill events may be an hour late, and any other request 150 s; then it has the seconds
of a turn.
"""

MOST_VERSION: Final = 2**63 - 1
"""The highest version that every store can hold."""


@dataclass(frozen=True, slots=True)
class Row:
    """All that is stored of one caller.

    Once it has expired, or has no document, it is a tombstone: it only tells that there was
    a change, and goes after `TOMBSTONE_SECONDS`.

    Attributes:
        caller: The caller's key, 32 bytes.
        version: Grows with every change.
        request: A digest of the request that wrote the document.
        key_id: Which key the document is sealed with.
        document: The sealed document.
        expires_at: Unix seconds; for a forgotten row, when that was.
    """

    caller: bytes
    version: int
    request: bytes | None
    key_id: str | None
    document: bytes | None
    expires_at: int

    def holds_at(self, now: int) -> bool:
        """Whether it has a document that has not expired."""
        return self.document is not None and self.expires_at > now

    def version_at(self, now: int) -> int:
        """Return the version, in which the expiry counts as a change, swept or not."""
        has_expired = self.document is not None and self.expires_at <= now
        return self.version + has_expired


class Rows(Protocol):
    """A store. Every method may raise whatever its engine does; what it did is then not known."""

    def prepare(self) -> None:
        """Make what is missing in the store, and see whether it can be used.

        Raises:
            ConfigurationError: It never will, as it is set up.
        """

    def read(self, caller: bytes) -> Row | None:
        """Return the row of a caller's key."""

    def write(self, row: Row, now: int) -> bool:
        """Write a row if `version_at(now)` of the one there is one less than its own.

        No row counts as version 0. A row without a document is written as a tombstone. It is one
        step, so of two that build upon the same version only one writes.
        """

    def forget(self, caller: bytes, now: int) -> int:
        """Turn a row into a tombstone, make one if there is none, and return its version.

        The version grows by two: the expiry that a reader has counted already is one.
        """

    def sweep(self, now: int) -> None:
        """Take away documents that have expired, and tombstones that have had their time."""

    def close(self) -> None:
        """Let go of every connection; whatever is asked next makes a new one.

        A server forks its workers after the start, and no two may share a connection.
        """
