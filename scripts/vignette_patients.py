"""How the patient of a vignette answers: the test patients of tests/rules/vignettes.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from skill.triage.assessment import Assessment, assess
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.triage.model import Answer, Question, RuleSet, YesNo

Vignette: TypeAlias = "dict[str, Any]"
"""One entry of the file."""

_WORDS: Final[Mapping[str, YesNo]] = {"yes": "yes", "no": "no", "unknown": "unsure"}
# A number that a vignette leaves out.
_OMITTED: Final[Mapping[str, int]] = {"duration_days": 1, "nights_woken": 0, "treatment_days": 0}


def patient_says(vignette: Vignette, question: Question) -> Answer:
    """Return what the patient answers when asked: yes if any of what is asked about is there."""
    findings = vignette["findings"]
    if question.kind != "yes_no":
        number: int = findings.get(question.id, _OMITTED.get(question.id))
        return number
    has = {
        "yes"
        if about == "wakes_at_night" and findings.get("nights_woken", 0) > 0
        else findings.get(about, "no")
        for about in question.asks_about
    }
    return next((_WORDS[word] for word in ("yes", "unknown") if word in has), "no")


def volunteered(vignette: Vignette, rule_set: RuleSet) -> dict[str, Answer]:
    """Return the answers of a patient who says all there is to say before the first question."""
    answers: dict[str, Answer] = {}
    for name, value in vignette["findings"].items():
        finding = rule_set.finding(name)
        if finding is not None and finding.reported and value == "yes":
            answers[finding.answer_key] = "yes"
        elif rule_set.question(name) is not None and isinstance(value, int):
            answers[name] = value
    return answers


def interviewed(
    vignette: Vignette, rule_set: RuleSet, volunteered: Mapping[str, Answer]
) -> tuple[Assessment, int]:
    """Return where asking the patient ends, and after how many questions."""
    answers = dict(volunteered)
    questions = 0
    while True:
        assessment = assess(rule_set, answers)
        question = assessment.next_question
        if question is None or assessment.disposition is Disposition.EMERGENCY:
            return assessment, questions
        answers[question.id] = patient_says(vignette, question)
        questions += 1
