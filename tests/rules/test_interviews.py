"""The sixty test patients as whole conversations: typed, understood, signed, sent, answered.

Each says "open upper back check" and answers what is asked, as it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripts.vignette_patients import patient_says
from skill.triage.model import Disposition
from tests.rules.test_vignettes import VIGNETTES, level

if TYPE_CHECKING:
    from scripts.simulator.device import Device
    from skill.triage.model import RuleSet

MOST_TURNS = 40
BEGINNINGS = {
    "Call 911 now.": Disposition.EMERGENCY,
    "You should be seen today.": Disposition.URGENT_SAME_DAY,
    "You should see a doctor": Disposition.SEE_DOCTOR,
    "From what you told me, home care": Disposition.SELF_CARE,
}


def interview(vignette: dict[str, Any], device: Device, rule_set: RuleSet) -> Disposition:
    turn = device.hear("open upper back check")
    for _ in range(MOST_TURNS):
        for beginning, advice in BEGINNINGS.items():
            if turn.says.startswith(beginning):
                return advice
        assert turn.response is not None
        attributes: Any = turn.response["sessionAttributes"]
        question = rule_set.question(attributes["pending"])
        assert question is not None
        answer = patient_says(vignette, question)
        unit = " days" if question.kind == "duration" else ""
        turn = device.hear("I'm not sure" if answer == "unsure" else f"{answer}{unit}")
    raise AssertionError(f"no advice after {MOST_TURNS} turns")


@pytest.mark.parametrize("vignette", VIGNETTES, ids=[v["id"] for v in VIGNETTES])
def test_a_patient_who_answers_as_asked_gets_advice_in_range(
    vignette: dict[str, Any], device: Device, rule_set: RuleSet
) -> None:
    advice = interview(vignette, device, rule_set)
    assert level(vignette["min_level"]) <= advice <= level(vignette["max_level"])
    if "exact_level" in vignette:
        assert advice is level(vignette["exact_level"])
