from __future__ import annotations

import json
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.signing import SKILL_ID
from tests.operation.processes import FULL_LENGTH, ROOT, environment, free_ports, gunicorn_command

if TYPE_CHECKING:
    from pathlib import Path

WRONG = {
    "no skill id": {"ALEXA_SKILL_ID": ""},
    "a skill id that is none": {"ALEXA_SKILL_ID": "upper back check"},
    "debug on": {"FLASK_DEBUG": "1"},
    "an address without a port": {"BIND": "127.0.0.1"},
    "a port that is none": {"BIND": "127.0.0.1:99999"},
    "a socket in the file system": {"BIND": "unix:skill.sock"},
    "a metrics port that is none": {"METRICS_PORT": "many"},
    "no workers": {"WEB_CONCURRENCY": "0"},
    "a memory of no known kind": {"MEMORY_URL": "redis://127.0.0.1"},
    "a folder for chains that is not there": {"CHAIN_FOLDER": "nowhere"},
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
        timeout=10,
    )
    return done.returncode, f"{done.stdout}{done.stderr}".splitlines()


@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG)
def test_a_wrong_setting_ends_it_with_one_line_that_names_it(settings: dict[str, str]) -> None:
    (name,) = settings
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
    if not FULL_LENGTH:
        pytest.skip("gunicorn tries for five seconds")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, lines = _ended(ROOT, {"BIND": f"127.0.0.1:{taken.getsockname()[1]}"})
    assert status != 0
    assert {json.loads(line)["level"] for line in lines} == {"ERROR"}
