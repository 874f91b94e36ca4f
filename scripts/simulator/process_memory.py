"""A memory that lasts as long as the process: to try what a caller hears who agrees to one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from skill.dialogue.keeping import NOTHING_KEPT, Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Row:
    """What there is of one caller.

    Attributes:
        version: The version, which a deletion raises too.
        text: The document as JSON; ``None`` if it was deleted.
        until: When it expires, in Unix seconds.
        saved_by: The version that it was built upon, and the request; ``None`` of a deletion.
    """

    version: int = NOTHING_KEPT
    text: str | None = None
    until: int = 0
    saved_by: tuple[int, str] | None = None


class ProcessMemory:
    """Keeps documents in this process. It is a whole `skill.dialogue.keeping.Memory`.

    Args:
        clock: Returns the time in Unix seconds.
        hours: For how long a document is kept.
    """

    def __init__(self, clock: Callable[[], int], hours: int = 24) -> None:
        self.hours = hours
        self.rows: dict[str, Row] = {}
        self._clock = clock
        self._lock = Lock()

    def load(self, caller: str) -> Kept:
        """Return what is kept of a caller and has not expired."""
        with self._lock:
            row = self.rows.get(caller, Row())
        is_there = row.text is not None and row.until > self._clock()
        return Kept(row.version, json.loads(row.text or "") if is_there else None)

    def save_if_unchanged(
        self, caller: str, document: Mapping[str, object], *, seen: int, request_id: str
    ) -> int | None:
        """Keep a document in the place of the one before, if there was no change in between."""
        until = self._clock() + self.hours * _HOUR_SECONDS
        saved = Row(seen + 1, json.dumps(document), until, (seen, request_id))
        with self._lock:
            row = self.rows.get(caller, Row())
            if row.version == seen:
                self.rows[caller] = row = saved
        return row.version if row.saved_by == saved.saved_by else None

    def forget(self, caller: str) -> int:
        """Delete what is kept of a caller, and let no earlier save bring it back."""
        with self._lock:
            version = self.rows.get(caller, Row()).version + 1
            self.rows[caller] = Row(version)
        return version
