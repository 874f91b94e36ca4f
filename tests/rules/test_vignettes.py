"""The sixty test patients, straight through the engine.

Once as they would answer when asked, with nothing volunteered, and once with everything they
have volunteered before the first question.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.vignette_patients import interviewed, volunteered
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from scripts.vignette_patients import Vignette
    from skill.triage.model import RuleSet

VIGNETTES: list[Vignette] = json.loads(
    (Path(__file__).parent / "vignettes.json").read_text(encoding="utf-8")
)["vignettes"]

MOST_OVER_TRIAGED = 3


def level(name: str) -> Disposition:
    return Disposition[name.upper()]


@pytest.mark.parametrize("says_first", [False, True], ids=["asked", "volunteered"])
@pytest.mark.parametrize("vignette", VIGNETTES, ids=[v["id"] for v in VIGNETTES])
def test_a_vignette_gets_advice_in_its_range(
    vignette: Vignette, rule_set: RuleSet, *, says_first: bool
) -> None:
    answers = volunteered(vignette, rule_set) if says_first else {}
    advice = interviewed(vignette, rule_set, answers)[0].disposition
    assert level(vignette["min_level"]) <= advice <= level(vignette["max_level"])
    if "exact_level" in vignette:
        assert advice is level(vignette["exact_level"])


def test_at_most_three_who_may_care_for_themselves_are_sent_further(rule_set: RuleSet) -> None:
    calm = [v for v in VIGNETTES if v["min_level"] == "self_care"]
    sent = [v["id"] for v in calm if interviewed(v, rule_set, {})[0].disposition > 0]
    assert len(sent) <= MOST_OVER_TRIAGED, sent


def test_no_interview_asks_more_than_twenty_questions(rule_set: RuleSet) -> None:
    assert max(interviewed(v, rule_set, {})[1] for v in VIGNETTES) <= 20
