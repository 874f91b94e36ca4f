"""The production composition root starts whole, or not at all and says why in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKILL_ID = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"
MEMORY_KEYS = {
    "MEMORY_SECRET": b64encode(bytes(range(32))).decode(),
    "MEMORY_KEYS": b64encode(bytes(range(32, 64))).decode(),
}


def started(
    folder: Path = ROOT, *command: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Import the application as a server does, with these settings and no others."""
    inherited = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command or (sys.executable, "-c", "import app; print(app.app.name)"),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=inherited | settings,
        timeout=60,
    )


def test_it_starts_with_a_skill_id_alone() -> None:
    done = started(ALEXA_SKILL_ID=SKILL_ID)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_starts_with_a_memory(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/checks.db"
    done = started(ROOT, ALEXA_SKILL_ID=SKILL_ID, MEMORY_URL=url, **MEMORY_KEYS)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "checks.db").exists()


def test_without_a_memory_no_library_of_a_store_is_imported() -> None:
    script = "import app, sys; print({'sqlalchemy', 'psycopg', 'boto3'} & set(sys.modules))"
    done = started(ROOT, sys.executable, "-c", script, ALEXA_SKILL_ID=SKILL_ID)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_it_starts_without_a_stderr() -> None:
    command = f"exec {sys.executable} -c 'import app; app._log.error(1)' 2>&-"
    assert started(ROOT, "sh", "-c", command, ALEXA_SKILL_ID=SKILL_ID).returncode == 0


def test_it_takes_every_setting(tmp_path: Path) -> None:
    done = started(
        ALEXA_SKILL_ID=SKILL_ID, METRICS_PORT="9464", CHAIN_FOLDER=str(tmp_path), FLASK_DEBUG="0"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "ALEXA_SKILL_ID is not set"),
        ({"ALEXA_SKILL_ID": "  "}, "ALEXA_SKILL_ID is not set"),
        ({"ALEXA_SKILL_ID": "upper back"}, "ALEXA_SKILL_ID is 'upper back', which is no skill id"),
        ({"METRICS_PORT": "metrics"}, "METRICS_PORT: 'metrics' is no port"),
        ({"METRICS_PORT": "70000"}, "METRICS_PORT: '70000' is no port"),
        ({"CHAIN_FOLDER": "/nowhere/at/all"}, "CHAIN_FOLDER: /nowhere/at/all is no folder"),
        ({"MEMORY_URL": "redis://127.0.0.1"}, "MEMORY_URL begins with 'redis'"),
        ({"MEMORY_URL": "sqlite:///nowhere/checks.db", **MEMORY_KEYS}, "MEMORY_URL: /nowhere"),
        ({"MEMORY_URL": "sqlite:///nowhere/checks.db"}, "MEMORY_SECRET is not set"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG is on"),
    ],
    ids=str,
)
@pytest.mark.parametrize("server", ["python", "gunicorn", "waitress"])
def test_a_wrong_setting_ends_it_with_one_line(
    settings: dict[str, str], told: str, server: str
) -> None:
    commands = {
        "python": (sys.executable, "-c", "import app"),
        "gunicorn": (sys.executable, "-m", "gunicorn", "--preload", "-b", "127.0.0.1:0", "app:app"),
        "waitress": (sys.executable, "-m", "waitress", "--port=0", "app:app"),
    }
    known = {"ALEXA_SKILL_ID": SKILL_ID} if settings else {}
    done = started(ROOT, *commands[server], **(known | settings))
    assert done.returncode != 0
    # gunicorn.conf.py reads the ports before the application is there to ask.
    setting, _, _ = told.partition(":") if server == "gunicorn" else (told, "", "")
    assert setting in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("content", ["", "{", '{"id": 1}'], ids=["empty", "cut", "foreign"])
@pytest.mark.parametrize(
    "name", ["rules/upper_back_pain.json", "speech/locales/en-US.json"], ids=["rules", "words"]
)
def test_a_file_that_cannot_be_used_ends_it_with_one_line(
    tmp_path: Path, name: str, content: str
) -> None:
    shutil.copy(ROOT / "app.py", tmp_path)
    shutil.copytree(ROOT / "skill", tmp_path / "skill")
    (tmp_path / "skill" / name).write_text(content, encoding="utf-8")
    done = started(tmp_path, ALEXA_SKILL_ID=SKILL_ID)
    assert done.returncode != 0
    assert done.stderr.startswith("upper-back-check: ")
    assert Path(name).stem in done.stderr
    assert done.stderr.count("\n") == 1
