"""The sixty test patients, straight through the engine.

Once as they would answer when asked, with nothing volunteered, and once with everything they
have volunteered before the first question.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from skill.triage.assessment import Assessment, assess
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.triage.model import Answer, Question, RuleSet, YesNo

Vignette = dict[str, Any]

VIGNETTES: list[Vignette] = json.loads(
    (Path(__file__).parent / "vignettes.json").read_text(encoding="utf-8")
)["vignettes"]

# A number that a vignette omits.
OMITTED = {"duration_days": 1, "nights_woken": 0, "treatment_days": 0}
WORDS: Mapping[str, YesNo] = {"yes": "yes", "no": "no", "unknown": "unsure"}
MOST_OVER_TRIAGED = 3


def level(name: str) -> Disposition:
    return Disposition[name.upper()]


def patient_says(vignette: Vignette, question: Question) -> Answer:
    """Return what the patient answers when asked: yes if any of what is asked about is there."""
    findings = vignette["findings"]
    if question.kind != "yes_no":
        number: int = findings.get(question.id, OMITTED.get(question.id))
        return number
    has = [
        "yes"
        if about == "wakes_at_night" and findings.get("nights_woken", 0) > 0
        else findings.get(about, "no")
        for about in question.asks_about
    ]
    return next((WORDS[word] for word in ("yes", "unknown") if word in has), "no")


def volunteered(vignette: Vignette, rule_set: RuleSet) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for name, value in vignette["findings"].items():
        finding = rule_set.finding(name)
        if finding is not None and finding.reported and value == "yes":
            answers[finding.answer_key] = "yes"
        elif rule_set.question(name) is not None and isinstance(value, int):
            answers[name] = value
    return answers


def interviewed(
    vignette: Vignette, rule_set: RuleSet, answers: dict[str, Answer]
) -> tuple[Assessment, int]:
    questions = 0
    while True:
        assessment = assess(rule_set, answers)
        question = assessment.next_question
        if question is None or assessment.disposition is Disposition.EMERGENCY:
            return assessment, questions
        answers[question.id] = patient_says(vignette, question)
        questions += 1


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
