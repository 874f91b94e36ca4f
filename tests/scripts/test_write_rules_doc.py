"""The page for clinicians says what the data says, and is never out of date."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from scripts.write_rules_doc import PAGE, ROOT, RULE_SET, in_words, main, page_of, read_material

if TYPE_CHECKING:
    from pathlib import Path

    from skill.triage.model import RuleSet


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(read_material())


@pytest.fixture
def document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(RULE_SET.read_text(encoding="utf-8"))
    return document


def saved(document: object, folder: Path) -> Path:
    path = folder / "rules.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_page_of_the_project_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--check"])
    assert status == 0, capsys.readouterr().err
    assert PAGE.is_relative_to(ROOT)


def test_a_page_just_written_is_current(tmp_path: Path) -> None:
    page = tmp_path / "rules.md"
    assert main(["--page", str(page)]) == 0
    assert main(["--check", "--page", str(page)]) == 0


def test_a_stale_page_is_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "rules.md"
    main(["--page", str(page)])
    page.write_text(page.read_text(encoding="utf-8") + "x", encoding="utf-8")
    assert main(["--check", "--page", str(page)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{page} is stale; write it anew with: scripts/write_rules_doc.py"
    ]


def test_a_missing_page_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "rules.md"
    assert main(["--check", "--page", str(page)]) == 1
    assert "is stale" in capsys.readouterr().err
    assert not page.exists()


def test_a_page_that_cannot_be_written_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--page", str(tmp_path / "none" / "rules.md")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_missing_rule_set_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", "--rule-set", str(tmp_path / "none.json")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "none.json: cannot be read" in line


def test_broken_json_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "rules.json"
    broken.write_text('{"id": ', encoding="utf-8")
    assert main(["--check", "--rule-set", str(broken)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "rules.json: is not JSON" in line


def test_a_refused_rule_set_is_one_line_and_status_2(
    tmp_path: Path, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    document["rules"][0]["when"] = {"required": ["no_such_finding"]}
    document["rules"][1]["when"] = {"required": ["nor_this"]}
    assert main(["--check", "--rule-set", str(saved(document, tmp_path))]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "unknown finding 'no_such_finding' (and 1 more)" in line


def test_a_rule_without_words_is_one_line_and_status_2(
    tmp_path: Path, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    document["rules"][0]["id"] = "suspected_of_nothing"
    assert main(["--check", "--rule-set", str(saved(document, tmp_path))]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "'because.suspected_of_nothing' is missing" in line


def test_help_tells_what_the_program_does() -> None:
    command = [sys.executable, "-m", "scripts.write_rules_doc", "--help"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "docs/rules.md" in told
    assert "--check" in told


def test_the_same_data_gives_the_same_page(page: str) -> None:
    assert page_of(read_material()) == page


def test_the_page_opens_with_the_review_status(page: str) -> None:
    assert page.splitlines()[2] == "**Not reviewed by a clinician.**"


def test_a_review_is_told_with_its_day_and_its_reviewer(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    document |= {"reviewed_on": "2026-01-31", "reviewed_by": "A. Reviewer, physician"}
    page = page_of(read_material(saved(document, tmp_path)))
    assert page.splitlines()[2] == "**Reviewed on 2026-01-31 by A. Reviewer, physician.**"


def test_the_page_names_everything_a_reviewer_has_to_judge(page: str, rule_set: RuleSet) -> None:
    assert f"version {rule_set.version}:" in page
    for question in rule_set.questions:
        assert re.search(rf"\n\| [0-9a-z-]+ `{question.id}` \|", page), question.id
        marked = re.search(rf"\n\| [0-9a-z-]+ \| `{question.id}`([^|]*) \|", page)
        assert marked, question.id
        assert ("(history)" in marked[1]) is question.history, question.id
    for rule in rule_set.rules:
        assert f"\n#### `{rule.id}`\n" in page
        assert f"- Why: {rule.rationale}\n" in page
    for finding in rule_set.findings:
        mark = " *(history)*" if finding.history else ""
        assert f"\n| {finding.id.replace('_', ' ')}{mark} |" in page
    for topic in rule_set.topics:
        assert f"\n| `{topic.id}` |" in page
    for tip in rule_set.tips:
        assert f"\n| `{tip.id}` |" in page
    for source in read_material().sources["references"]:
        assert f"`{source['id']}`" in page


def test_every_row_of_a_table_has_as_many_cells_as_its_head(page: str) -> None:
    width = 0
    for line in page.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = line.replace("\\|", "").count("|")
        assert not width or cells == width, line
        width = cells


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"required": ["fever"]}, "fever"),
        ({"required": ["fever", "weak_bones"]}, "fever AND weak bones"),
        (
            {"anyOf": [{"required": ["a_b"]}, {"required": ["c", "d"]}]},
            "any of: a b; c AND d",
        ),
        (
            {"required": ["fever"], "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            "fever AND (any of: a; b)",
        ),
        (
            {
                "allOf": [
                    {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
                    {"anyOf": [{"required": ["c"]}, {"required": ["d"]}]},
                ]
            },
            "(any of: a; b) AND (any of: c; d)",
        ),
        (
            {"anyOf": [{"required": ["a"]}, {"anyOf": [{"required": ["b"]}, {"required": ["c"]}]}]},
            "any of: a; (any of: b; c)",
        ),
    ],
    ids=["one", "two", "choice", "one_and_choice", "two_choices", "choice_in_choice"],
)
def test_a_condition_reads_as_plain_words(condition: dict[str, Any], words: str) -> None:
    assert in_words(condition) == words
