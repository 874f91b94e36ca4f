from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def project(folder: Path, pythons: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Start the script in a project of its own, where only the given Pythons can be found.

    Args:
        folder: Where to make the project.
        pythons: Name to shell commands.
    """
    scripts, programs = folder / "a project" / "scripts", folder / "programs"
    scripts.mkdir(parents=True)
    programs.mkdir()
    for name in ("prepared_python", "prepare.py"):
        shutil.copy(SCRIPTS / name, scripts / name)
    for name in ("dirname", "sh"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    for name, commands in pythons.items():
        (programs / name).write_text(f"#!/bin/sh\n{commands}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return subprocess.run(
        [scripts / "prepared_python", "requirements.lock", "-c", "pass"],
        capture_output=True,
        check=False,
        text=True,
        cwd="/",
        env={**os.environ, "PATH": str(programs)},
    )


@pytest.mark.parametrize("pythons", [{}, {"python3": "exit 1"}], ids=["none", "too old"])
def test_a_missing_python_is_told_in_one_line(tmp_path: Path, pythons: dict[str, str]) -> None:
    done = project(tmp_path, pythons)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Python 3.11 or newer is needed")
    assert done.stderr.count("\n") == 1


def test_a_python_without_venv_is_told_in_one_line(tmp_path: Path) -> None:
    done = project(tmp_path, {"python3.12": 'case "$*" in *ensurepip*) exit 1;; esac'})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("python3.12 lacks its venv module")
    assert done.stderr.count("\n") == 1


def test_the_first_python_that_will_do_is_taken(tmp_path: Path) -> None:
    done = project(
        tmp_path,
        {
            "python3.13": "exit 1",
            "python3.11": 'case "$2" in -c) exit 0;; esac; echo "$2" >&2; exit 7',
        },
    )
    assert done.returncode == 7
    assert done.stderr.endswith("/a project/scripts/prepare.py\n")


@pytest.mark.parametrize("program", ["run", "test", "check", "prepared_python"])
def test_programs_can_be_started(program: str) -> None:
    assert os.access(SCRIPTS / program, os.X_OK)
