from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.gates import Gate, gates, main, run

ROOT = Path(__file__).parents[2]


def test_all_gates_run_though_one_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = Gate("first", ("-c", "print('one'); raise SystemExit(3)"))
    second = Gate("second", ("-c", "print('2 passed')"))
    assert run([first, second], tmp_path) == 1
    told = capfd.readouterr()
    assert told.out.splitlines() == ["== first", "one", "== second", "2 passed"]
    assert told.err.splitlines()[-1] == "Failed: first"


def test_gates_that_pass_are_a_success(tmp_path: Path) -> None:
    assert run([Gate("only", ("-c", ""))], tmp_path) == 0


def test_a_gate_runs_in_the_projects_folder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run([Gate("where", ("-c", "import os; print(os.getcwd())"))], tmp_path)
    assert str(tmp_path) in capfd.readouterr().out


def test_the_tests_come_last_and_take_the_arguments() -> None:
    assert gates(["tests/web", "-x"])[-1].command[-2:] == ("tests/web", "-x")


def test_a_whole_run_leaves_no_test_out_and_runs_none_twice() -> None:
    by_the_clock, all_else = (gate.command for gate in gates([])[-2:])
    folders = by_the_clock[2:]
    assert [one for one in all_else if one.startswith("--ignore")] == [
        f"--ignore={folder}" for folder in folders
    ]
    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_help_runs_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "==" not in capfd.readouterr().out


def test_the_program_finds_the_gates_from_anywhere() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "check", "--help"],
        capture_output=True,
        check=False,
        cwd="/",
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "scripts/check" in done.stdout
