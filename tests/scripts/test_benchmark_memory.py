"""The turns that are compared are the same ones, with a memory and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.benchmark_memory import OFF, memory_turns
from skill.errors import SkillError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet


def test_the_same_turns_are_timed_with_a_memory_and_without(
    rule_set: RuleSet, catalogues: Mapping[str, Catalogue], tmp_path: Path
) -> None:
    turns = memory_turns(rule_set, catalogues, [], tmp_path, callers=3)
    assert list(turns) == [OFF, "sqlite"]
    assert len(turns[OFF]) == len(turns["sqlite"])
    assert len(turns[OFF]) >= 3 * 5
    assert (tmp_path / "checks.db").exists()


def test_a_store_that_keeps_nothing_is_not_measured(
    rule_set: RuleSet, catalogues: Mapping[str, Catalogue], tmp_path: Path
) -> None:
    # Nobody listens there, and a talk goes on without its memory.
    nobody = "postgresql://checks@127.0.0.1:1/checks?sslmode=disable"
    with pytest.raises(SkillError, match=r"^postgresql: not every answer could be kept"):
        memory_turns(rule_set, catalogues, [nobody], tmp_path, callers=1)
