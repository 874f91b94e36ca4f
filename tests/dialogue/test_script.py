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


@pytest.mark.parametrize("kind", ["question", "reprompt", "simpler", "why", "about"])
def test_every_question_that_is_asked_has_its_lines(kind: str) -> None:
    others = {"confirm", "offer", "which_unit"}
    others |= {f"offer.{offered}" for offered in ("check", "tips", "keep", "resume")}
    assert ids_of(kind) - others == {
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
    assert ids_of("because") == {"not_sure", *(rule.id for rule in SMALL.rules)}


def test_every_holding_advice_in_use_has_a_line() -> None:
    assert ids_of("holding") == {"sit", "stay_with_them"}


def test_every_time_frame_in_use_has_a_line() -> None:
    assert ids_of("see_doctor") == {"few_days", "two_weeks"}


def test_a_rule_set_without_emergencies_needs_no_other_holding_advice() -> None:
    assert ids_of("holding", ONE_QUESTION) == {"stay_with_them"}


def test_every_finding_that_only_reports_bring_has_a_name_to_confirm_it_by() -> None:
    reported = [finding for finding in SMALL.findings if finding.reported]
    assert ids_of("finding") == {finding.id for finding in reported if finding.question is None}


@pytest.mark.parametrize(
    ("finding_id", "label"), [("rash", "finding.rash"), ("body_aches", "about.aches")]
)
def test_a_finding_is_called_by_its_own_name_or_by_what_its_question_asks(
    finding_id: str, label: str
) -> None:
    finding = SMALL.finding(finding_id)
    assert finding is not None
    assert script.label_of_finding(finding) == label


def test_every_quantity_is_said_of_one_and_of_more() -> None:
    units = {"hour", "day", "week", "month", "year", "night"}
    assert ids_of("quantity") == {"today", *units, *(f"{unit}s" for unit in units)}


@pytest.mark.parametrize(
    ("hours", "count", "quantity"),
    [
        (1, 1, "quantity.hour"),
        (24, 24, "quantity.hours"),
        (36, 36, "quantity.hours"),
        (48, 2, "quantity.days"),
        (720, 30, "quantity.days"),
    ],
)
def test_how_long_answers_are_kept_is_said_in_hours_up_to_a_day(
    hours: int, count: int, quantity: str
) -> None:
    values = (("count", count), ("quantity", quantity))
    assert script.keeping_for("offer.keep", hours) == Line("offer.keep", values)


def test_a_rule_set_of_which_nothing_holds_on_another_day_has_no_line_about_a_memory() -> None:
    assert ids_of("memory")
    of_a_memory = {f"memory.{one}" for one in ids_of("memory")} | {
        f"{kind}offer.{offered}"
        for kind in ("", "reprompt.", "simpler.", "why.")
        for offered in ("keep", "resume")
    }
    assert of_a_memory <= set(line_ids(SMALL))
    assert of_a_memory.isdisjoint(line_ids(ONE_QUESTION))


def test_every_topic_has_a_short_answer_and_the_rest_of_it() -> None:
    assert ids_of("topic") == {"causes", "causes.more", "medicines", "medicines.more"}


def test_every_tip_has_its_words() -> None:
    assert ids_of("tip") == {"keep_moving", "posture", "caution"}


def test_every_level_of_advice_has_a_card() -> None:
    levels = {level.name.lower() for level in Disposition}
    assert ids_of("card") == {"title", *levels}


# --- what a session may bring back to be repeated -------------------------------------------


def measured(line_id: str, count: object, quantity: object) -> Line:
    return Line(line_id, (("count", count), ("quantity", quantity)))  # type: ignore[arg-type]  # some are wrong on purpose


def listing(*labels: str) -> Line:
    return Line("summary.yes", (("labels", labels),))


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
        "why.fever",
        "why.offer",
        "going_back",
        "number_again",
        "take_your_time",
        "slower",
        "shorter",
        "louder",
        "summary.start",
        "summary.nothing",
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
        "heard.weeks",
        "quantity.fortnight",
        "summary",
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
    [
        measured("heard", 3, "quantity.weeks"),
        measured("heard", 0, "quantity.today"),
        measured("summary.lasting", 1, "quantity.year"),
        Line("which_unit", (("count", 7),)),
        Line("questions_left", (("count", 7),)),
        Line("summary.age", (("count", 7),)),
        Line("confirm", (("finding", "about.fever"),)),
        Line("confirm", (("finding", "finding.rash"),)),
        listing("finding.rash"),
        listing("about.fever", "finding.rash"),
    ],
    ids=str,
)
def test_a_line_can_be_repeated_with_its_values(line: Line) -> None:
    assert is_line(line, SMALL)


@pytest.mark.parametrize(
    "line",
    [
        Line("heard"),
        Line("heard", (("count", 3),)),
        Line("heard", (("quantity", "quantity.weeks"),)),
        measured("heard", "finding.rash", "quantity.weeks"),
        measured("heard", 3, 3),
        measured("heard", 3, "greeting"),
        measured("heard", 3, "finding.rash"),
        measured("heard", 3, "quantity.fortnights"),
        measured("heard", 3, ("quantity.weeks",)),
        measured("greeting", 3, "quantity.weeks"),
        Line("which_unit"),
        Line("which_unit", (("weeks", 3),)),
        Line("which_unit", (("count", 3), ("more", 1))),
        Line("greeting", (("count", 3),)),
        Line("summary.yes"),
        Line("summary.yes", (("labels", "finding.rash"),)),
        Line("summary.yes", (("labels", 3),)),
        listing("greeting"),
        listing("finding.rash", "finding.housemaids_knee"),
        Line("confirm"),
        Line("confirm", (("finding", 3),)),
        Line("confirm", (("finding", "fever"),)),
        Line("confirm", (("finding", "greeting"),)),
        Line("confirm", (("finding", "finding.fever"),)),
        Line("confirm", (("finding", "finding.housemaids_knee"),)),
        Line("confirm", (("finding", "finding.any_chest_sign"),)),
        Line("confirm", (("finding", ("finding.rash",)),)),
        Line("confirm", (("finding", "finding.rash"), ("more", 1))),
    ],
    ids=str,
)
def test_a_line_with_other_values_cannot_be_repeated(line: Line) -> None:
    assert not is_line(line, SMALL)


@pytest.mark.parametrize("line", [Line("quantity.weeks"), listing()], ids=str)
def test_a_line_that_cannot_be_said_by_itself_cannot_be_repeated(line: Line) -> None:
    assert not is_line(line, SMALL)


def test_a_label_by_itself_cannot_be_repeated() -> None:
    assert not is_line(Line("finding.rash"), SMALL)


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
    assert heard("duration_days", days) == measured("heard", count, f"quantity.{unit}")


def test_no_days_are_read_back_as_today() -> None:
    assert heard("duration_days", 0) == measured("heard", 0, "quantity.today")


def test_a_treatment_is_read_back_as_a_length_of_time() -> None:
    assert heard("treatment_days", 21) == measured("heard", 3, "quantity.weeks")


@pytest.mark.parametrize(("count", "unit"), [(0, "nights"), (1, "night"), (3, "nights")])
def test_a_count_is_read_back_in_nights(count: int, unit: str) -> None:
    assert heard("nights_woken", count) == measured("heard", count, f"quantity.{unit}")


@pytest.mark.parametrize(("count", "unit"), [(0, "years"), (1, "year"), (71, "years")])
def test_an_age_is_read_back_in_years(count: int, unit: str) -> None:
    assert heard("age_years", count) == measured("heard", count, f"quantity.{unit}")


@pytest.mark.parametrize("question", ["age_years", "duration_days", "nights_woken"])
def test_every_number_is_read_back_in_a_line_of_the_script(question: str) -> None:
    for count in range(400):
        assert is_line(heard(question, count), SMALL), count


def test_the_summary_says_how_long_it_lasts_as_people_say_it() -> None:
    assert script.lasting(42) == measured("summary.lasting", 6, "quantity.weeks")


# --- replies --------------------------------------------------------------------------------


def test_a_reply_without_a_reprompt_closes() -> None:
    assert Reply(say=(script.STOPPED,)).closes


def test_a_reply_with_a_reprompt_goes_on() -> None:
    assert not Reply(say=(script.GREETING,), reprompt=(Line("reprompt.fever"),)).closes
