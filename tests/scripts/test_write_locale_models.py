"""The models that are made from en-US and differences: complete, current and never less."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.write_locale_models import FOLDER, main, model_with

if TYPE_CHECKING:
    from collections.abc import Callable

BASE: dict[str, Any] = {
    "interactionModel": {
        "languageModel": {
            "invocationName": "upper back check",
            "intents": [
                {"name": "AMAZON.StopIntent", "samples": []},
                {
                    "name": "ReportFindingIntent",
                    "slots": [{"name": "gray", "type": "FINDING"}],
                    "samples": ["my mom has {gray}", "i'm {gray}"],
                },
            ],
            "types": [
                {
                    "name": "FINDING",
                    "values": [
                        {"id": "pale", "name": {"value": "gone gray", "synonyms": ["gray face"]}}
                    ],
                }
            ],
        }
    }
}
DIFFERENCES: dict[str, Any] = {
    "$schema": "differences.schema.json",
    "locale": "en-GB",
    "also_spelt": {"gray": "grey", "mom": "mum"},
    "samples": {"ReportFindingIntent": ["i've come over {gray}"]},
    "synonyms": {"FINDING": {"pale": ["ashen"]}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a small model and small differences."""
    (tmp_path / "differences").mkdir()
    schema = "differences/differences.schema.json"
    shutil.copy(FOLDER / schema, tmp_path / schema)
    (tmp_path / "en-US.json").write_text(json.dumps(BASE), encoding="utf-8")
    write(tmp_path, DIFFERENCES)
    return tmp_path


def write(folder: Path, differences: object) -> None:
    path = folder / "differences" / "en-GB.json"
    path.write_text(json.dumps(differences), encoding="utf-8")


def test_the_models_of_the_project_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_locale_says_all_that_the_base_says_in_both_spellings_and_more() -> None:
    language_model = model_with(BASE, DIFFERENCES)["interactionModel"]["languageModel"]
    assert language_model["intents"][1]["samples"] == [
        "my mom has {gray}",
        "my mum has {gray}",
        "i'm {gray}",
        "i've come over {gray}",
    ]
    name = language_model["types"][0]["values"][0]["name"]
    assert name == {
        "value": "gone gray",
        "synonyms": ["gone grey", "gray face", "grey face", "ashen"],
    }
    assert language_model["intents"][0] == {"name": "AMAZON.StopIntent", "samples": []}


def test_the_base_stays_as_it_is() -> None:
    before = json.dumps(BASE)
    model_with(BASE, DIFFERENCES)
    assert json.dumps(BASE) == before


def test_a_model_just_written_is_current(folder: Path) -> None:
    assert main(["--folder", str(folder)]) == 0
    assert main(["--folder", str(folder), "--check"]) == 0


@pytest.mark.parametrize("content", [None, "{}\n"])
def test_a_stale_or_missing_model_is_one_line_and_status_1(
    folder: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (folder / "en-GB.json").write_text(content, encoding="utf-8")
    assert main(["--folder", str(folder), "--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "en-GB.json is stale; write it anew with: scripts/write_locale_models.py"
    ]
    assert content is not None or not (folder / "en-GB.json").exists()


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    differences: dict[str, Any] = json.loads(json.dumps(DIFFERENCES))
    change(differences)
    return differences


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(locale="en-AU"), "$.locale: found 'en-AU', expected 'en-GB'"),
        (lambda d: d.update(removed=["my {gray}"]), "'removed' was unexpected"),
        (lambda d: d["samples"].update(NoIntent=["no"]), "['NoIntent']: en-US has no such entry"),
        (
            lambda d: d["samples"]["ReportFindingIntent"].append("i'm {gray}"),
            """[1]: "i'm {gray}" is there in en-US already""",
        ),
        (lambda d: d["synonyms"].update(PERSON={"x": ["y"]}), ".PERSON: en-US has no such type"),
        (
            lambda d: d["synonyms"]["FINDING"].update(blue=["blue"]),
            "['blue']: en-US has no such entry",
        ),
        (lambda d: d["also_spelt"].update(color="colour"), ".color: en-US has no such word"),
    ],
    ids=["locale", "removal", "intent", "sample", "type", "value", "word"],
)
def test_differences_that_do_not_fit_are_told_with_their_place(
    folder: Path,
    change: Callable[[dict[str, Any]], object],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(folder, changed(change))
    assert main(["--folder", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("write_locale_models: differences/en-GB.json: $")
    assert told in line
    assert not (folder / "en-GB.json").exists()


def test_all_that_does_not_fit_is_told_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, changed(lambda d: d["samples"].update(NoIntent=["no"], HelpIntent=["help"])))
    assert main(["--folder", str(folder)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_folder_without_models_or_differences_is_told(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(tmp_path / "none")]) == 2
    (folder / "differences" / "en-GB.json").unlink()
    assert main(["--folder", str(folder)]) == 2
    assert "holds no differences" in capsys.readouterr().err


def test_a_model_that_cannot_be_written_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "en-GB.json").mkdir()
    assert main(["--folder", str(folder)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_tells_what_the_program_does() -> None:
    command = [sys.executable, "-m", "scripts.write_locale_models", "--help"]
    root = Path(__file__).parents[2]
    told = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    assert "interaction_model/differences" in told
    assert "--check" in told
