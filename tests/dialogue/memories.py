"""A memory within the process, with a clock that a test sets: it keeps the port's promises."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from skill.dialogue.keeping import NOTHING_KEPT, Kept
from skill.errors import MemoryUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HOUR_SECONDS = 3600


@dataclass
class Row:
    """What is kept of one caller."""

    version: int = NOTHING_KEPT
    text: str | None = None
    until: int = 0
    saved_by: tuple[int, str] | None = None


@dataclass
class OwnMemory:
    """Keeps documents as JSON text.

    Attributes:
        now: The time, in Unix seconds.
        hours: For how long it keeps a document.
        rows: By caller.
        asked: The name of every operation, in order.
        fails: Says of an operation, by its name, whether it fails.
    """

    now: int = 1_800_000_000
    hours: int = 24
    rows: dict[str, Row] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: Callable[[str], bool] = lambda _: False
    _lock: Lock = field(default_factory=Lock)

    def load(self, caller: str) -> Kept:
        """Return what is kept of a caller and has not expired."""
        with self._operation("load"):
            row = self.rows.get(caller, Row())
            return Kept(
                row.version, None if self._text(row) is None else json.loads(row.text or "")
            )

    def save_if_unchanged(
        self, caller: str, document: Mapping[str, object], *, seen: int, request_id: str
    ) -> int | None:
        """Keep a document in the place of the one before, if there was no change in between."""
        with self._operation("save"):
            row = self.rows.setdefault(caller, Row())
            if row.saved_by == (seen, request_id) and row.version == seen + 1:
                return row.version
            if row.version != seen:
                return None
            text = json.dumps(copy.deepcopy(dict(document)))
            until = self.now + self.hours * _HOUR_SECONDS
            self.rows[caller] = Row(seen + 1, text, until, (seen, request_id))
            return seen + 1

    def forget(self, caller: str) -> int:
        """Delete what is kept of a caller, and let no earlier save bring it back."""
        with self._operation("forget"):
            row = self.rows.get(caller, Row())
            self.rows[caller] = Row(row.version + 1)
            return row.version + 1

    def document(self, caller: str) -> Mapping[str, object] | None:
        """Return what is kept, without asking for it as the skill does."""
        text = self._text(self.rows.get(caller, Row()))
        return None if text is None else dict(json.loads(text))

    def _text(self, row: Row) -> str | None:
        return row.text if row.until > self.now else None

    def _operation(self, name: str) -> Lock:
        self.asked.append(name)
        if self.fails(name):
            raise MemoryUnavailableError("The memory is away.")
        return self._lock
