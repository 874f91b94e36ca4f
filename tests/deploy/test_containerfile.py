"""The container file has no finding of hadolint's, and nothing in it says to ignore one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

HADOLINT: Final = Path(sys.executable).with_name("hadolint")
CONTAINERFILE: Final = Path(__file__).resolve().parents[2] / "deploy" / "Containerfile"


def findings(text: str) -> list[str]:
    done = subprocess.run(
        [HADOLINT, "--no-color", "--format", "json", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return [one["code"] for one in json.loads(done.stdout)]


def test_hadolint_finds_nothing() -> None:
    text = CONTAINERFILE.read_text(encoding="utf-8")
    assert "hadolint" not in text
    assert findings(text) == []


def test_hadolint_finds_what_is_wrong() -> None:
    text = CONTAINERFILE.read_text(encoding="utf-8")
    assert findings(f"{text}\nRUN cd /app && sudo ls\n")
