"""Reads log lines in tests."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the lines that were logged, without their times, which they all have to have."""
    lines = [json.loads(text) for text in caplog.messages]
    for line in lines:
        assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    return lines


def lines_in(log: Path) -> list[dict[str, Any]]:
    """Return what the lines of a file say, but for one of which only a part is written yet."""
    *whole, _ = log.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in whole]
