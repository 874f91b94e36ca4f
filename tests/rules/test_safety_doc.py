"""The safety document names only tests, sources and places that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from skill.triage.loading import RULES_FOLDER, source_ids

if TYPE_CHECKING:
    from skill.triage.model import RuleSet

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "safety.md"
TEXT = PAGE.read_text(encoding="utf-8")
SOURCES = json.loads((RULES_FOLDER / "sources.json").read_text(encoding="utf-8"))


def defined_tests() -> set[str]:
    return {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(
            r"^ *def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }


def test_every_test_named_in_the_safety_document_exists() -> None:
    named = set(re.findall(r"\btest_\w+", TEXT))
    assert named
    assert sorted(named - defined_tests()) == []


def test_every_hazard_is_held_by_a_test_or_says_that_it_is_not() -> None:
    hazards = re.findall(r"^\| (H\d\d) .*$", TEXT, re.MULTILINE)
    assert hazards == [f"H{number:02}" for number in range(1, len(hazards) + 1)]
    for row in re.findall(r"^\| H\d\d .*$", TEXT, re.MULTILINE):
        assert ("`test_" in row) is not ("*no test*" in row), row


def test_every_source_named_in_the_safety_document_exists() -> None:
    named = re.findall(r"\b[SGP]\d\d\b|\bC\d{1,2}\b|`([a-z]+_\d{4})`", TEXT)
    cited = set(re.findall(r"\b(?:[SGP]\d\d|C\d{1,2})\b", TEXT)) | {one for one in named if one}
    assert cited
    assert sorted(cited - source_ids(SOURCES)) == []


def test_every_link_inside_the_project_leads_somewhere() -> None:
    for target, _ in re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", TEXT):
        assert (PAGE.parent / target).exists(), target


def test_an_unreviewed_rule_set_has_an_empty_sign_off(rule_set: RuleSet) -> None:
    table = TEXT.partition("## Sign-off")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    is_empty = all(not row.strip("| ") for row in rows)
    assert rows
    assert is_empty is (rule_set.reviewed_on is None)
    assert ("No clinician has reviewed this rule set" in TEXT) is is_empty
