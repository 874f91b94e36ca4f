"""The steps of `deploy/Containerfile`, done by hand: that needs no container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from scripts.simulator.signing import SKILL_ID
from skill.speech.catalogue import LOCALES_FOLDER
from tests.operation.processes import (
    FULL_LENGTH,
    ROOT,
    environment,
    free_ports,
    got,
    measured,
    resident_bytes,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# What one line holds that goes on in the next.
_TEXT: Final = (ROOT / "deploy" / "Containerfile").read_text().replace("\\\n", "")
_INSTRUCTIONS: Final = [
    (line.split(" ", 1)[0], line.split(" ", 1)[1].strip())
    for line in _TEXT.splitlines()
    if line and not line.startswith("#")
]
# root's own Python may lie where nobody else can look.
_PYTHON: Final = sys.executable if os.geteuid() else "/usr/bin/python3"


def _arguments(instruction: str) -> list[str]:
    return [text for name, text in _INSTRUCTIONS if name == instruction]


def _copy(folder: Path) -> None:
    """Copy what the build stage copies, to where it does below a folder."""
    for text in _arguments("COPY"):
        *sources, target = text.split()
        if sources[0].startswith("--from"):
            continue
        for source in sources:
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, folder / target[1:], ignore=ignored)
            else:
                (folder / target[1:]).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, folder / target[1:])


@contextmanager
def _served(folder: Path, python: Path | str, user: int | None) -> Iterator[tuple[int, int]]:
    """Run what the image runs, as a user of that number, and give its port and process id."""
    port, metrics_port = free_ports(2)
    settings = {
        "ALEXA_SKILL_ID": SKILL_ID,
        "BIND": f"127.0.0.1:{port}",
        "METRICS_PORT": str(metrics_port),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = json.loads(_arguments("CMD")[0])
    process = subprocess.Popen(
        [python, "-m", *command],
        cwd=folder / "app",
        env=environment(**settings),
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    try:
        wait_until(lambda: got(port, "/readyz")[0] == 200, "it is ready")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def _health_check(port: int) -> int:
    (text,) = _arguments("HEALTHCHECK")
    _, _, command = text.partition("CMD ")
    program, *arguments = json.loads(command)
    assert program == "python"
    script = [argument.replace("8080", str(port)) for argument in arguments]
    return subprocess.run([sys.executable, *script], check=False, capture_output=True).returncode


def test_what_is_copied_is_all_that_it_needs_and_it_writes_nothing_there(tmp_path: Path) -> None:
    _copy(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with _served(tmp_path, sys.executable, None) as (port, _):
        assert _health_check(port) == 0
    assert _health_check(port) != 0
    assert sorted(tmp_path.rglob("*")) == before


def test_it_is_not_root_and_only_locked_wheels_are_installed() -> None:
    (user,) = _arguments("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    (install, _) = _arguments("RUN")
    assert {"--require-hashes", "--only-binary", ":all:"} <= set(install.split())


def test_the_steps_lead_to_a_server_that_runs_as_nobody() -> None:
    if not FULL_LENGTH:
        pytest.skip("it installs packages")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the other user
        _copy(folder)
        # The image's own settings come in its second stage.
        plain = {k: value for k, value in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        for step in _arguments("RUN"):
            # The paths of the image, below the folder.
            ours = re.sub(r"(?<=\s)/(?=venv|app|requirements)", f"{shlex.quote(name)}/", step)
            ours = re.sub(r"^python ", f"{shlex.quote(_PYTHON)} ", ours)
            ours = re.sub(r"^/venv|(?<=&& )pip ", lambda found: _replaced(found[0], name), ours)
            subprocess.run(
                ["/bin/sh", "-euc", ours], check=True, timeout=300, cwd=folder / "app", env=plain
            )
        sources = [path for path in folder.rglob("*.py") if "bad" not in path.name]
        assert not [path for path in sources if not _is_compiled(path)]
        checked = {path.name.partition(".")[0] for path in folder.rglob("*.shape")}
        assert checked == {
            "upper_back_pain",
            *(path.stem for path in LOCALES_FOLDER.glob("*.json")),
        }

        user = None if os.geteuid() else int(_arguments("USER")[0].split(":")[0])
        with _served(folder, folder / "venv" / "bin" / "python", user) as (port, process):
            assert _health_check(port) == 0
            if user is not None:
                assert Path(f"/proc/{process}").stat().st_uid == user
            measured(f"master holds {resident_bytes(process) / 1e6:.0f} MB")


def _replaced(found: str, name: str) -> str:
    return f"{name}/venv" if found == "/venv" else f"{shlex.quote(sys.executable)} -m pip "


def _is_compiled(path: Path) -> bool:
    return any((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))
