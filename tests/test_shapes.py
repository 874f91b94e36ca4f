"""What a schema refuses, and that a note about a file stands for that content alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from skill.shapes import ShapeProblem, shape_problems, shape_problems_of_file

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
RIGHT: dict[str, Any] = {"id": "back"}
WRONG: dict[str, Any] = {"id": 7}
PROBLEM = ShapeProblem("$.id", "7 is not of type 'string'")


@pytest.fixture(autouse=True)
def _notes_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def written(folder: Path, document: object) -> Path:
    path = folder / "rules.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def notes(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.shape"))


def test_every_place_that_is_wrong_is_told_once_in_order() -> None:
    schema = {"items": {"type": "integer"}, "allOf": [{"items": {"type": "integer"}}]}
    assert shape_problems(["b", 1, "a"], schema) == (
        ShapeProblem("$[0]", "'b' is not of type 'integer'"),
        ShapeProblem("$[2]", "'a' is not of type 'integer'"),
    )


def test_a_file_of_the_right_shape_is_noted_beside_it(tmp_path: Path) -> None:
    assert not shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, SCHEMA)
    assert [note.parent.name for note in notes(tmp_path)] == ["__pycache__"]


def test_a_file_of_another_shape_is_not(tmp_path: Path) -> None:
    assert shape_problems_of_file(written(tmp_path, WRONG), WRONG, SCHEMA) == (PROBLEM,)
    assert not notes(tmp_path)


def test_a_file_that_changed_is_checked_again(tmp_path: Path) -> None:
    shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, SCHEMA)
    assert shape_problems_of_file(written(tmp_path, WRONG), WRONG, SCHEMA) == (PROBLEM,)


def test_a_file_is_checked_again_when_the_schema_changed(tmp_path: Path) -> None:
    shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, SCHEMA)
    stricter = SCHEMA | {"required": ["id", "version"]}
    found = shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, stricter)
    assert [problem.message for problem in found] == ["'version' is a required property"]


@pytest.mark.parametrize("noted", [b"", b"0" * 64, b"\xff\xfe", b"x" * 100_000])
def test_a_note_that_says_something_else_is_no_note(tmp_path: Path, noted: bytes) -> None:
    shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, SCHEMA)
    notes(tmp_path)[0].write_bytes(noted)
    assert shape_problems_of_file(written(tmp_path, WRONG), WRONG, SCHEMA) == (PROBLEM,)
    assert not shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, SCHEMA)


def test_where_no_note_can_be_written_the_file_is_checked_each_time(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("in the way", encoding="utf-8")
    for _ in range(2):
        assert not shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, SCHEMA)
        assert shape_problems_of_file(written(tmp_path, WRONG), WRONG, SCHEMA) == (PROBLEM,)


def test_no_note_is_written_where_python_writes_no_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert not shape_problems_of_file(written(tmp_path, RIGHT), RIGHT, SCHEMA)
    assert not notes(tmp_path)


def test_a_start_with_notes_does_without_jsonschema() -> None:
    load = (
        "import sys; sys.dont_write_bytecode = False;"
        "from skill.speech.catalogue import load_catalogues;"
        "from skill.triage.loading import load_rule_set;"
        "load_catalogues(load_rule_set());"
        "print('jsonschema' in sys.modules)"
    )
    command = [sys.executable, "-c", load]
    subprocess.run(command, check=True)  # ours
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert again.stdout == "False\n"
