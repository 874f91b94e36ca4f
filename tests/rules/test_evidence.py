"""Where the medicine comes from: every citation leads somewhere, nothing is left out unseen."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from skill.dialogue.script import GREETING
from skill.speech.ssml import to_text
from skill.triage.loading import RULES_FOLDER, source_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet

SOURCES: dict[str, Any] = json.loads((RULES_FOLDER / "sources.json").read_text(encoding="utf-8"))
SCHEMA: dict[str, Any] = json.loads(
    (RULES_FOLDER / "sources.schema.json").read_text(encoding="utf-8")
)

STATEMENTS: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in SOURCES["statements"]}
ALL_STATEMENTS = {f"S{number:02}" for number in range(1, 59)}
# That it informs and replaces no professional: the greeting says it, which cites nothing.
DISCLAIMER = {"S51"}
WARNING_SIGNS = {f"S{number}" for number in range(29, 47)}


def citations(rule_set: RuleSet) -> Iterator[tuple[str, str]]:
    """Give every pair of a place that cites and the id of what it cites."""
    for kind, entries in (
        ("question", rule_set.questions),
        ("rule", rule_set.rules),
        ("topic", rule_set.topics),
        ("tip", rule_set.tips),
    ):
        for entry in entries:
            yield from ((f"{kind} {entry.id}", source) for source in entry.sources)


def test_the_sources_fit_their_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(SOURCES)] == []


def test_every_source_id_is_unique_over_the_whole_file() -> None:
    ids = Counter(
        entry["id"]
        for entries in SOURCES.values()
        if isinstance(entries, list)
        for entry in entries
    )
    assert [source for source, count in ids.items() if count > 1] == []


def test_every_reference_of_a_flag_exists() -> None:
    known = {reference["id"] for reference in SOURCES["references"]}
    for flag in SOURCES["guideline_flags"]:
        assert set(flag["references"]) <= known, flag["id"]


def test_every_citation_leads_to_a_source(rule_set: RuleSet) -> None:
    known = source_ids(SOURCES)
    assert [(place, source) for place, source in citations(rule_set) if source not in known] == []


def test_all_58_statements_of_the_article_are_on_file() -> None:
    assert STATEMENTS.keys() == ALL_STATEMENTS


def test_every_statement_of_the_article_is_cited_or_declined_with_a_reason(
    rule_set: RuleSet,
) -> None:
    cited = {source for _, source in citations(rule_set)} | DISCLAIMER
    declined = {source for source, entry in STATEMENTS.items() if entry.get("declined")}
    assert sorted(ALL_STATEMENTS - cited - declined) == []


def test_the_disclaimer_of_the_article_is_spoken_in_every_locale(
    catalogues: Mapping[str, Catalogue],
) -> None:
    for catalogue in catalogues.values():
        assert "not a diagnosis" in to_text([catalogue.phrase(GREETING)])


def test_no_statement_is_both_declined_and_cited(rule_set: RuleSet) -> None:
    for place, source in citations(rule_set):
        assert "declined" not in STATEMENTS.get(source, {}), (place, source)


@pytest.mark.parametrize("sign", sorted(WARNING_SIGNS))
def test_every_warning_sign_of_the_article_is_used_by_a_rule(sign: str, rule_set: RuleSet) -> None:
    assert any(sign in rule.sources for rule in rule_set.rules)


def test_every_guideline_flag_is_cited_or_says_that_it_changes_nothing(rule_set: RuleSet) -> None:
    """G28, pain on coughing, is listed to show that it was weighed and raises nothing (P19)."""
    cited = {source for _, source in citations(rule_set)}
    flags = {flag["id"] for flag in SOURCES["guideline_flags"]}
    assert flags - cited == {"G28"}
