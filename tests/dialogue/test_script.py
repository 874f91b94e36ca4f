"""Which lines the dialogue can say, for a rule set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skill.dialogue import script
from skill.dialogue.script import Line, Reply, is_line, line_ids
from skill.triage.model import Disposition
from tests.dialogue.small import (
    ONE_QUESTION,
    SMALL,
    at_least,
    number,
    on_yes,
    rule,
    rule_set_of,
    yes_no,
)

if TYPE_CHECKING:
    from skill.triage.model import RuleSet

ONLY_VOLUNTEERED = rule_set_of(
    [yes_no("fever"), number("treatment_days", "duration", 99, volunteered=True)],
    [on_yes("fever"), at_least("treated_3_days", "treatment_days", 3)],
    [rule("hot", "urgent_same_day", "fever", "treated_3_days")],
)


def ids_of(kind: str, rules: RuleSet = SMALL) -> set[str]:
    return {
        line_id.partition(".")[2] for line_id in line_ids(rules) if line_id.startswith(f"{kind}.")
    }


def test_no_line_is_listed_twice() -> None:
    listed = list(line_ids(SMALL))
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("kind", ["question", "reprompt", "simpler"])
def test_every_question_that_is_asked_has_its_lines(kind: str) -> None:
    offers = {"confirm", "offer.check", "offer.tips"} if kind == "reprompt" else set()
    assert ids_of(kind) - offers == {
        "awake",
        "chest_signs",
        "fever",
        "aches",
        "age_years",
        "duration_days",
        "nights_woken",
    }


def test_only_a_question_for_a_number_has_a_line_that_asks_for_it() -> None:
    assert ids_of("value") == {"age_years", "duration_days", "nights_woken"}


def test_every_kind_of_question_has_a_line_on_how_to_answer() -> None:
    assert ids_of("how_to_answer") == {"yes_no", "age", "count", "duration", "offer"}


def test_a_kind_that_is_never_asked_has_no_line_on_how_to_answer() -> None:
    assert ids_of("how_to_answer", ONLY_VOLUNTEERED) == {"yes_no", "offer"}


def test_every_rule_has_a_reason() -> None:
    assert ids_of("because") == {rule.id for rule in SMALL.rules}


def test_every_holding_advice_in_use_has_a_line() -> None:
    assert ids_of("holding") == {"sit", "stay_with_them"}


def test_every_time_frame_in_use_has_a_line() -> None:
    assert ids_of("see_doctor") == {"few_days", "two_weeks"}


def test_a_rule_set_without_emergencies_needs_no_other_holding_advice() -> None:
    assert ids_of("holding", ONE_QUESTION) == {"stay_with_them"}


def test_every_finding_that_can_be_reported_has_a_name_to_confirm_it_by() -> None:
    assert ids_of("finding") == {finding.id for finding in SMALL.findings if finding.reported}


def test_every_topic_has_a_short_answer_and_the_rest_of_it() -> None:
    assert ids_of("topic") == {"causes", "causes.more", "medicines", "medicines.more"}


def test_every_tip_has_its_words() -> None:
    assert ids_of("tip") == {"keep_moving", "posture", "caution"}


def test_every_level_of_advice_has_a_card() -> None:
    levels = {level.name.lower() for level in Disposition}
    assert ids_of("card") == {"title", *levels}


# --- what a session may bring back to be repeated -------------------------------------------


FEVER = Line("confirm", (("finding", "finding.fever"),))


@pytest.mark.parametrize(
    "line",
    [
        "greeting",
        "noted",
        "help",
        "kept",
        "corrected",
        "ask_adult",
        "for_other",
        "still_checking",
        "missed.once",
        "question.fever",
        "reprompt.fever",
        "simpler.fever",
        "value.age_years",
        "how_to_answer.yes_no",
        "how_to_answer.offer",
        "offer.check",
        "offer.tips",
        "topic.causes",
        "topic.causes.more",
        "heard.today",
        # Home care ends in an offer, after which it may be asked for again.
        "self_care.first",
        "safety_net.emergency",
    ],
)
def test_a_line_of_an_open_reply_can_be_repeated(line: str) -> None:
    assert is_line(Line(line), SMALL)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "question",
        "question.",
        "question.housemaids_knee",
        "question.treatment_days",
        "value.fever",
        "value.treatment_days",
        "how_to_answer.dance",
        "because.hot",
        "holding.sit",
        "see_doctor.few_days",
        "tip.keep_moving",
        "topic.astrology",
        "topic.causes.most",
        "heard.fortnight",
        "finding.housemaids_knee",
        "offer.tea",
        "Greeting",
        "greeting.more",
    ],
)
def test_a_line_that_no_open_reply_says_cannot_be_repeated(line: str) -> None:
    assert not is_line(Line(line), SMALL)


@pytest.mark.parametrize(
    "line",
    [
        "emergency.first",
        "emergency.last",
        "holding.stay_with_them",
        "same_day.first",
        "same_day.action",
        "out_of_scope",
        "stopped",
        "take_care",
        "missed.given_up",
        "failed",
        "card.title",
    ],
)
def test_a_line_that_closes_the_call_cannot_be_repeated(line: str) -> None:
    assert not is_line(Line(line), SMALL)


def test_only_lines_of_the_script_can_be_repeated() -> None:
    assert not is_line(Line("how_to_answer.duration"), ONLY_VOLUNTEERED)


@pytest.mark.parametrize(
    "line",
    [Line("heard.weeks", (("count", 3),)), Line("heard.year", (("count", 1),)), FEVER],
    ids=str,
)
def test_a_line_can_be_repeated_with_its_values(line: Line) -> None:
    assert is_line(line, SMALL)


@pytest.mark.parametrize(
    "line",
    [
        Line("heard.weeks"),
        Line("heard.weeks", (("weeks", 3),)),
        Line("heard.weeks", (("count", "finding.fever"),)),
        Line("heard.weeks", (("count", True),)),
        Line("heard.weeks", (("count", 3), ("more", 1))),
        Line("heard.today", (("count", 0),)),
        Line("greeting", (("count", 3),)),
        Line("confirm"),
        Line("confirm", (("finding", 3),)),
        Line("confirm", (("finding", "fever"),)),
        Line("confirm", (("finding", "greeting"),)),
        Line("confirm", (("finding", "finding.housemaids_knee"),)),
        Line("confirm", (("finding", "finding.any_chest_sign"),)),
        Line("confirm", (("finding", "finding.fever"), ("more", 1))),
    ],
    ids=str,
)
def test_a_line_with_other_values_cannot_be_repeated(line: Line) -> None:
    assert not is_line(line, SMALL)


# --- numbers read back ----------------------------------------------------------------------


def heard(question_id: str, count: int) -> Line:
    question = SMALL.question(question_id)
    assert question is not None
    return script.heard(question, count)


@pytest.mark.parametrize(
    ("days", "unit", "count"),
    [
        (1, "day", 1),
        (2, "days", 2),
        (6, "days", 6),
        (7, "week", 1),
        (10, "days", 10),
        (14, "weeks", 2),
        (28, "weeks", 4),
        (30, "month", 1),
        (31, "days", 31),
        (45, "days", 45),
        (59, "days", 59),
        (60, "months", 2),
        (84, "weeks", 12),
        (90, "months", 3),
        (91, "months", 3),
        (365, "months", 12),
    ],
)
def test_a_length_of_time_is_read_back_as_people_say_it(days: int, unit: str, count: int) -> None:
    assert heard("duration_days", days) == Line(f"heard.{unit}", (("count", count),))


def test_no_days_are_read_back_as_today() -> None:
    assert heard("duration_days", 0) == Line("heard.today")


def test_a_treatment_is_read_back_as_a_length_of_time() -> None:
    assert heard("treatment_days", 21) == Line("heard.weeks", (("count", 3),))


@pytest.mark.parametrize(("count", "unit"), [(0, "nights"), (1, "night"), (3, "nights")])
def test_a_count_is_read_back_in_nights(count: int, unit: str) -> None:
    assert heard("nights_woken", count) == Line(f"heard.{unit}", (("count", count),))


@pytest.mark.parametrize(("count", "unit"), [(0, "years"), (1, "year"), (71, "years")])
def test_an_age_is_read_back_in_years(count: int, unit: str) -> None:
    assert heard("age_years", count) == Line(f"heard.{unit}", (("count", count),))


@pytest.mark.parametrize("question", ["age_years", "duration_days", "nights_woken"])
def test_every_number_is_read_back_in_a_line_of_the_script(question: str) -> None:
    heard_ids = {heard(question, count).id for count in range(400)}
    assert heard_ids <= set(line_ids(SMALL))


# --- replies --------------------------------------------------------------------------------


def test_a_reply_without_a_reprompt_closes() -> None:
    assert Reply(say=(script.STOPPED,)).closes


def test_a_reply_with_a_reprompt_goes_on() -> None:
    assert not Reply(say=(script.GREETING,), reprompt=(Line("reprompt.fever"),)).closes
