from __future__ import annotations

import json
import re
import subprocess
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from scripts.prepare import PreparationError, is_prepared, prepare

ROOT = Path(__file__).parents[2]
LOCK = "requirements.lock"


def pretended(root: Path) -> Path:
    """Make what looks like a prepared environment, and return its stamp."""
    (root / LOCK).write_text("# nothing to install\n", encoding="utf-8")
    (root / ".venv" / "bin").mkdir(parents=True)
    python = root / ".venv" / "bin" / "python"
    python.touch()
    python.chmod(0o755)
    stamp = root / ".venv" / "prepared.json"
    stamp.write_text(json.dumps({LOCK: sha256((root / LOCK).read_bytes()).hexdigest()}))
    return stamp


def test_an_environment_with_the_lock_files_hash_is_prepared(tmp_path: Path) -> None:
    pretended(tmp_path)
    assert is_prepared(tmp_path, LOCK)


def test_a_changed_lock_file_asks_for_preparation(tmp_path: Path) -> None:
    pretended(tmp_path)
    (tmp_path / LOCK).write_text("# something to install\n", encoding="utf-8")
    assert not is_prepared(tmp_path, LOCK)


@pytest.mark.parametrize("content", ["", "[]", "{}", "\x00"])
def test_a_broken_stamp_asks_for_preparation(tmp_path: Path, content: str) -> None:
    pretended(tmp_path).write_text(content, encoding="utf-8")
    assert not is_prepared(tmp_path, LOCK)


def test_a_python_that_is_gone_asks_for_preparation(tmp_path: Path) -> None:
    pretended(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "no longer there")
    assert not is_prepared(tmp_path, LOCK)


def test_a_missing_lock_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="cannot be read"):
        prepare(tmp_path, LOCK)


def test_an_environment_that_does_not_work_is_made_anew(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "with a space"
    root.mkdir()
    pretended(root).unlink()  # its Python is an empty file
    for name in ("requirements-sim.lock", "requirements-dev.lock"):
        (root / name).write_text("# nothing either\n", encoding="utf-8")

    prepare(root, "requirements-dev.lock")

    python = root / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import pip"], check=True)
    told = capfd.readouterr()
    assert "making it anew" in told.err
    assert told.out == ""
    # What the checks need holds what the others need, so neither undoes the other.
    assert is_prepared(root, "requirements-dev.lock")
    assert is_prepared(root, "requirements-sim.lock")
    assert is_prepared(root, LOCK)

    # A package without a hash is no package of ours.
    (root / LOCK).write_text("flask==3.1.3\n", encoding="utf-8")
    with pytest.raises(PreparationError, match=r"could not install requirements\.lock"):
        prepare(root, LOCK)
    assert not is_prepared(root, LOCK)


def test_each_lock_holds_all_that_the_smaller_one_holds() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[A-Za-z0-9._-]+==\S+", text, re.MULTILINE))

    names = ("requirements-lambda.lock", LOCK, "requirements-sim.lock", "requirements-dev.lock")
    for smaller, larger in pairwise(names):
        assert pins(smaller) <= pins(larger)
    assert pins(LOCK) <= pins("requirements-memory.lock") <= pins("requirements-dev.lock")
