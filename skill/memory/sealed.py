"""The port to a memory, over a store that sees sealed documents only."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from skill.dialogue.keeping import Kept
from skill.log_lines import write_line
from skill.memory.rows import MOST_VERSION, Row
from skill.memory.sealing import UnreadableDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skill.memory.rows import Rows
    from skill.memory.sealing import Sealer

_LOGGER: Final = logging.getLogger(__name__)
_HOUR_SECONDS: Final = 3600


class SealedMemory:
    """Keeps sealed documents in rows. Raises whatever the store does; `GuardedMemory` minds that.

    Args:
        rows: The store.
        sealer: What seals for the skill.
        hours: For how many hours a document is kept after it was saved.
        clock: Tells the time in Unix seconds. The machines of one store have to agree on it.
    """

    def __init__(self, rows: Rows, sealer: Sealer, hours: int, clock: Callable[[], float]) -> None:
        self._rows = rows
        self._sealer = sealer
        self.hours = hours
        self._clock = clock

    def load(self, caller: str) -> Kept:
        """Return what is kept of a caller; without a document if that cannot be unsealed."""
        row = self._rows.read(self._sealer.caller_key(caller))
        if row is None:
            return Kept()
        now = self.now()
        return Kept(row.version_at(now), self._document(row) if row.holds_at(now) else None)

    def save_if_unchanged(
        self, caller: str, document: Mapping[str, object], *, seen: int, request_id: str
    ) -> int | None:
        """Keep a document in the place of the one before, if there was no change in between."""
        if seen >= MOST_VERSION:  # nobody has; a store would take it for an error
            return None
        key = self._sealer.caller_key(caller)
        request = self._sealer.request_digest(request_id)
        version = seen + 1
        key_id, sealed = self._sealer.seal(document, key, version)
        now = self.now()
        row = Row(key, version, request, key_id, sealed, now + self.hours * _HOUR_SECONDS)
        if self._rows.write(row, now):
            return version
        there = self._rows.read(key)
        # The same request, come again since nobody heard how it ended.
        was_saved = (
            there is not None
            and there.holds_at(now)
            and (there.version, there.request) == (version, request)
        )
        return version if was_saved else None

    def forget(self, caller: str) -> int:
        """Delete what is kept of a caller."""
        return self._rows.forget(self._sealer.caller_key(caller), self.now())

    def forget_saved_by(self, caller: str, then: float) -> None:
        """Delete what is kept of a caller, unless it was saved after a point in time.

        Args:
            caller: The user id.
            then: When it was to be deleted, in Unix seconds.
        """
        row = self._rows.read(self._sealer.caller_key(caller))
        now = self.now()
        if row is None or not row.holds_at(now):
            return
        if row.expires_at - self.hours * _HOUR_SECONDS <= then:
            # If it is changed just now, that was a save which came after.
            self._rows.write(Row(row.caller, row.version + 1, None, None, None, now), now)

    def sweep(self) -> None:
        """Take away what has expired."""
        self._rows.sweep(self.now())

    def close(self) -> None:
        """Let go of every connection."""
        self._rows.close()

    def now(self) -> int:
        """Tell the time in Unix seconds."""
        return int(self._clock())

    def _document(self, row: Row) -> Mapping[str, object] | None:
        try:
            return self._sealer.unseal(row.key_id, row.document or b"", row.caller, row.version)
        except UnreadableDocumentError:
            # Its key was taken away too early, or somebody wrote to the store.
            write_line(_LOGGER, logging.WARNING, "memory_unreadable")
            return None
