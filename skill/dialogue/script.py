"""What the dialogue hands to speech: ids of scripted lines, never words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skill.triage.model import Finding, Holding, Question, Rule, RuleSet, Tip, Topic, Within


@dataclass(frozen=True, slots=True)
class Line:
    """One scripted line.

    Attributes:
        id: Its id in the catalogue.
        values: What its placeholders stand for, by name: a number, or the id of the line
            whose words go there.
    """

    id: str
    values: tuple[tuple[str, int | str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and whether to go on listening.

    Attributes:
        say: The lines, in order.
        reprompt: What to say after a silence; empty exactly when the session is to end.
        advice: The advice given, for the neutral card; ``None`` if none was.
        about_other: Whether the person in pain is somebody other than the caller.
    """

    say: tuple[Line, ...]
    reprompt: tuple[Line, ...] = ()
    advice: Disposition | None = None
    about_other: bool = False

    @property
    def closes(self) -> bool:
        """Whether the session ends with this reply."""
        return not self.reprompt


GREETING = Line("greeting")
NOTED = Line("noted")
DENIED = Line("denied")
KEPT = Line("kept")
CORRECTED = Line("corrected")
HELP = Line("help")
STARTED_OVER = Line("started_over")
RESTARTED = Line("restarted")
STOPPED = Line("stopped")
STILL_CHECKING = Line("still_checking")
ASK_ADULT = Line("ask_adult")
FOR_OTHER = Line("for_other")
MISSED_ONCE = Line("missed.once")
GIVEN_UP = Line("missed.given_up")
ASKED_SIMPLER = Line("asked_simpler")
FAILED = Line("failed")
TAKE_CARE = Line("take_care")

OFFER_CHECK = Line("offer.check")
OFFER_TIPS = Line("offer.tips")

EMERGENCY_FIRST = Line("emergency.first")
EMERGENCY_LAST = Line("emergency.last")
STAY_WITH_THEM = Line("holding.stay_with_them")
SAME_DAY = (Line("same_day.first"), Line("same_day.action"))
SELF_CARE = Line("self_care.first")
OUT_OF_SCOPE = Line("out_of_scope")
NET_EMERGENCY = Line("safety_net.emergency")
NET_SAME_DAY = Line("safety_net.same_day")
NET_DOCTOR = Line("safety_net.doctor")

_FIXED = frozenset(
    line.id
    for line in (
        *(GREETING, NOTED, DENIED, KEPT, CORRECTED, HELP, STARTED_OVER, RESTARTED, STOPPED),
        *(STILL_CHECKING, ASK_ADULT, FOR_OTHER, MISSED_ONCE, GIVEN_UP, ASKED_SIMPLER, FAILED),
        *(TAKE_CARE, OFFER_CHECK, OFFER_TIPS, EMERGENCY_FIRST, EMERGENCY_LAST, STAY_WITH_THEM),
        *(*SAME_DAY, SELF_CARE, OUT_OF_SCOPE, NET_EMERGENCY, NET_SAME_DAY, NET_DOCTOR),
    )
) | {
    "confirm",
    "reprompt.confirm",
    "reprompt.offer.check",
    "reprompt.offer.tips",
    "how_to_answer.offer",
}
# Said only in a reply that ends the session, so they cannot come up for repetition.
_LAST_WORDS = frozenset(
    line.id
    for line in (
        *(STOPPED, GIVEN_UP, TAKE_CARE, FAILED, EMERGENCY_FIRST, EMERGENCY_LAST, STAY_WITH_THEM),
        *(*SAME_DAY, OUT_OF_SCOPE),
    )
)
_CLOSING_KINDS = ("card.", "because.", "holding.", "see_doctor.", "tip.")
_CARDS = {"card.title", *(f"card.{level.name.lower()}" for level in Disposition)}
_UNITS = ("day", "week", "month", "year", "night")
_HEARD = {"heard.today", *(f"heard.{unit}{plural}" for unit in _UNITS for plural in ("", "s"))}

_DAYS_A_WEEK = 7
_DAYS_A_MONTH = 30
_WEEKS_SAID_BEFORE_MONTHS = 12


def asking(question: Question) -> Line:
    """Return the line that asks the question."""
    return Line(f"question.{question.id}")


def asking_again(question: Question) -> Line:
    """Return the shorter line that asks it after a silence."""
    return Line(f"reprompt.{question.id}")


def asking_simpler(question: Question) -> Line:
    """Return the line that asks it in simpler words."""
    return Line(f"simpler.{question.id}")


def asking_for_value(question: Question) -> Line:
    """Return the line that says what kind of number is wanted, and asks for it."""
    return Line(f"value.{question.id}")


def how_to_answer(question: Question) -> Line:
    """Return the line that says how to answer."""
    return Line(f"how_to_answer.{question.kind}")


def confirming(finding: Finding) -> Line:
    """Return the line that asks whether a finding reported earlier is still so."""
    return Line("confirm", (("finding", f"finding.{finding.id}"),))


def because(rule: Rule) -> Line:
    """Return the line that gives the rule as a reason, or hands it over in an emergency."""
    return Line(f"because.{rule.id}")


def holding(kind: Holding) -> Line:
    """Return the line that says what to do until help comes."""
    return Line(f"holding.{kind}")


def seeing_a_doctor(within: Within) -> Line:
    """Return the advice to see a doctor that soon."""
    return Line(f"see_doctor.{within}")


def answer_to(topic: Topic) -> Line:
    """Return the short answer about a topic, at most two sentences."""
    return Line(f"topic.{topic.id}")


def more_about(topic: Topic) -> Line:
    """Return the rest of the answer, for a caller who is not in the middle of the check."""
    return Line(f"topic.{topic.id}.more")


def tip_line(tip: Tip) -> Line:
    """Return the words of a home-care tip."""
    return Line(f"tip.{tip.id}")


def heard(question: Question, number: int) -> Line:
    """Return the line that reads a number back with its unit.

    Args:
        question: The question that it answers.
        number: Years for an age, days for a duration, else nights.
    """
    match question.kind:
        case "age":
            return _heard("year", number)
        case "duration":
            return _heard_days(number)
        case _:
            return _heard("night", number)


def _heard_days(days: int) -> Line:
    weeks, odd_days = divmod(days, _DAYS_A_WEEK)
    if days == 0:
        return Line("heard.today")
    if odd_days == 0 and weeks <= _WEEKS_SAID_BEFORE_MONTHS:
        return _heard("week", weeks)
    if days >= 2 * _DAYS_A_MONTH or days == _DAYS_A_MONTH:
        return _heard("month", round(days / _DAYS_A_MONTH))
    return _heard("day", days)


def _heard(unit: str, count: int) -> Line:
    return Line(f"heard.{unit}" if count == 1 else f"heard.{unit}s", (("count", count),))


def line_ids(rule_set: RuleSet) -> Iterator[str]:
    """Give every id that the dialogue may say for a rule set, once each.

    A catalogue holds exactly these: none missing, none left over.
    """
    yield from sorted(_FIXED | _CARDS | _HEARD)
    asked = [question for question in rule_set.questions if not question.volunteered]
    for kind in sorted({question.kind for question in asked}):
        yield f"how_to_answer.{kind}"
    for question in asked:
        yield asking(question).id
        yield asking_again(question).id
        yield asking_simpler(question).id
        if question.kind != "yes_no":
            yield asking_for_value(question).id
    for finding in rule_set.findings:
        if finding.reported:
            yield f"finding.{finding.id}"
    for rule in rule_set.rules:
        yield because(rule).id
    kinds = {rule.holding for rule in rule_set.rules if rule.holding}
    yield from sorted({holding(kind).id for kind in kinds} - _FIXED)
    yield from sorted({seeing_a_doctor(rule.within).id for rule in rule_set.rules if rule.within})
    for topic in rule_set.topics:
        yield answer_to(topic).id
        yield more_about(topic).id
    for tip in rule_set.tips:
        yield tip_line(tip).id


def is_line(line: Line, rule_set: RuleSet) -> bool:
    """Say whether a reply that keeps listening may have said the line, with these values."""
    values = dict(line.values)
    if line.id == "confirm":
        return values.keys() == {"finding"} and _is_label(values["finding"], rule_set)
    if line.id in _HEARD - {"heard.today"}:
        return values.keys() == {"count"} and type(values["count"]) is int
    closing = line.id in _LAST_WORDS or line.id.startswith(_CLOSING_KINDS)
    return not values and not closing and line.id in _all_lines(rule_set)


@lru_cache(maxsize=8)
def _all_lines(rule_set: RuleSet) -> frozenset[str]:
    return frozenset(line_ids(rule_set))


def _is_label(value: int | str, rule_set: RuleSet) -> bool:
    if not isinstance(value, str) or not value.startswith("finding."):
        return False
    finding = rule_set.finding(value.removeprefix("finding."))
    return finding is not None and finding.reported
