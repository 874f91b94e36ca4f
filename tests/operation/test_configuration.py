from __future__ import annotations

import json
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.signing import SKILL_ID
from tests.operation.processes import ROOT, environment, free_ports, gunicorn_command

if TYPE_CHECKING:
    from pathlib import Path

_A_MEMORY = {
    "MEMORY_URL": "sqlite:////dev/null/checks.db",
    "MEMORY_SECRET": "A" * 43 + "=",
    "MEMORY_KEYS": "B" * 42 + "A=",
}


def _with(name: str, value: str) -> dict[str, str]:
    return {name: value, **{other: set_ for other, set_ in _A_MEMORY.items() if other != name}}


# The setting that is wrong comes first in each.
WRONG = {
    "no skill id": {"ALEXA_SKILL_ID": ""},
    "a skill id that is none": {"ALEXA_SKILL_ID": "upper back check"},
    "debug on": {"FLASK_DEBUG": "1"},
    "an address without a port": {"BIND": "127.0.0.1"},
    "a port that is none": {"BIND": "127.0.0.1:99999"},
    "a socket in the file system": {"BIND": "unix:skill.sock"},
    "a port without an address": {"BIND": ":8080"},
    "another machine's address": {"BIND": "192.0.2.1:8080"},
    "a name of nothing": {"BIND": "nothing.invalid:8080"},
    "no name at all": {"BIND": "nothing..invalid:8080"},
    "a metrics port that is none": {"METRICS_PORT": "many"},
    "a metrics port in other digits": {"METRICS_PORT": "\u0661\u0662\u0663\u0664"},
    "an empty metrics port": {"METRICS_PORT": ""},
    "another machine's address for the metrics": {"METRICS_HOST": "192.0.2.1"},
    "the metrics for everybody, by an empty address": {"METRICS_HOST": ""},
    "the metrics in the file system": {"METRICS_HOST": "unix:metrics.sock"},
    "no workers": {"WORKERS": "0"},
    "too many workers": {"WORKERS": "65"},
    "a word for the workers": {"WORKERS": "many"},
    "an empty number of workers": {"WORKERS": ""},
    "a memory of no known kind": {"MEMORY_URL": "redis://127.0.0.1"},
    "a memory where no file can be": _A_MEMORY,
    "a memory without a secret": _with("MEMORY_SECRET", ""),
    "a memory with a short secret": _with("MEMORY_SECRET", "c2hvcnQ="),
    "a memory with a key that is none": _with("MEMORY_KEYS", "none"),
    "a memory for longer than is allowed": _with("MEMORY_HOURS", "721"),
    "a memory for a word": _with("MEMORY_HOURS", "long"),
    "a folder for chains that is not there": {"CHAIN_FOLDER": "nowhere"},
    "a file for a folder for chains": {"CHAIN_FOLDER": "app.py"},
}


def _ended(folder: Path, settings: dict[str, str]) -> tuple[int, list[str]]:
    port, metrics_port = free_ports(2)
    usual = {
        "ALEXA_SKILL_ID": SKILL_ID,
        "BIND": f"127.0.0.1:{port}",
        "METRICS_PORT": str(metrics_port),
    }
    done = subprocess.run(
        gunicorn_command(),
        capture_output=True,
        check=False,
        cwd=folder,
        env=environment(**{**usual, **settings}),
        text=True,
        timeout=60,  # a hang is meant, not a machine that others use, too
    )
    return done.returncode, f"{done.stdout}{done.stderr}".splitlines()


@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG)
def test_a_wrong_setting_ends_it_with_one_line_that_names_it(settings: dict[str, str]) -> None:
    name = next(iter(settings))
    status, lines = _ended(ROOT, settings)
    assert status != 0
    assert len(lines) == 1, lines
    assert name in lines[0]


def test_the_metrics_want_a_port_of_their_own() -> None:
    status, lines = _ended(ROOT, {"BIND": "127.0.0.1:9464", "METRICS_PORT": "9464"})
    assert status != 0
    assert len(lines) == 1
    assert "METRICS_PORT" in lines[0]


def test_an_unreadable_rule_set_ends_it_with_one_line(tmp_path: Path) -> None:
    for name in ("app.py", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "skill", tmp_path / "skill")
    (tmp_path / "skill" / "rules" / "upper_back_pain.json").write_text("{")
    status, lines = _ended(tmp_path, {})
    assert status != 0
    assert len(lines) == 1, lines
    assert "upper_back_pain.json" in lines[0]


def test_a_port_in_use_ends_it_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, lines = _ended(ROOT, {"BIND": f"127.0.0.1:{taken.getsockname()[1]}"})
    assert status != 0
    assert {json.loads(line)["level"] for line in lines} == {"ERROR"}
