"""Lets a program of this folder be started as a file, with whatever Python is at hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def go_on_as_module(file: str) -> None:
    """Start the program again as a module, in the project's own prepared environment."""
    path = Path(file).resolve()
    prepared = path.parent / "prepared_python"
    command = ["requirements-dev.lock", "-m", f"scripts.{path.stem}", *sys.argv[1:]]
    os.execv(prepared, [str(prepared), *command])  # noqa: S606 - ours, and no shell is wanted
