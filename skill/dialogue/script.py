"""What the dialogue hands to speech: ids of scripted lines, never words."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from skill.triage.model import (
        Finding,
        Holding,
        Question,
        QuestionKind,
        Rule,
        RuleSet,
        Tip,
        Topic,
        Within,
    )


Value: TypeAlias = int | str | tuple[str, ...]
"""A number, the id of the line whose words go there, or the ids of several, listed."""


class Line(NamedTuple):
    """One scripted line.

    Attributes:
        id: Its id in the catalogue.
        values: What its placeholders stand for, by name.
    """

    id: str
    values: tuple[tuple[str, Value], ...] = ()


class Reply(NamedTuple):
    """What to say, and whether to go on listening.

    Attributes:
        say: The lines, in order.
        reprompt: What to say after a silence; empty exactly when the session is to end.
        advice: The advice given, for the neutral card; ``None`` if none was.
        about_other: Whether the person in pain is somebody other than the caller.
        slowly: Whether the caller asked for slower speech.
    """

    say: tuple[Line, ...]
    reprompt: tuple[Line, ...] = ()
    advice: Disposition | None = None
    about_other: bool = False
    slowly: bool = False

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
GOING_BACK = Line("going_back")
NUMBER_AGAIN = Line("number_again")
TAKE_YOUR_TIME = Line("take_your_time")
SLOWER = Line("slower")
SHORTER = Line("shorter")
LOUDER = Line("louder")
SUMMARY = Line("summary.start")
NOTHING_YET = Line("summary.nothing")

OFFER_CHECK = Line("offer.check")
OFFER_TIPS = Line("offer.tips")

KEEPING = Line("memory.keeping")
NOT_KEEPING = Line("memory.not_keeping")
RESUMED = Line("memory.resumed")
OUTDATED = Line("memory.outdated")
UNAVAILABLE = Line("memory.unavailable")
FORGOTTEN = Line("memory.forgotten")
NOT_FORGOTTEN = Line("memory.not_forgotten")
NOTHING_KEPT = Line("memory.nothing_kept")

EMERGENCY_FIRST = Line("emergency.first")
EMERGENCY_LAST = Line("emergency.last")
STAY_WITH_THEM = Line("holding.stay_with_them")
NOT_SURE = Line("because.not_sure")
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
        *(GOING_BACK, NUMBER_AGAIN, TAKE_YOUR_TIME, SLOWER, SHORTER, LOUDER, SUMMARY, NOTHING_YET),
        *(TAKE_CARE, OFFER_CHECK, OFFER_TIPS, EMERGENCY_FIRST, EMERGENCY_LAST, STAY_WITH_THEM),
        *(NOT_SURE, *SAME_DAY, SELF_CARE, OUT_OF_SCOPE, NET_EMERGENCY, NET_SAME_DAY, NET_DOCTOR),
    )
) | {
    "confirm",
    "reprompt.confirm",
    "reprompt.offer.check",
    "reprompt.offer.tips",
    "how_to_answer.offer",
    "why.offer",
}
LABELS = ("finding.", "about.")
"""How the ids of those lines begin that are only said within another line."""

# Said only in a reply that ends the session, so they cannot come up for repetition.
_LAST_WORDS = frozenset(
    line.id
    for line in (
        *(STOPPED, GIVEN_UP, TAKE_CARE, FAILED, EMERGENCY_FIRST, EMERGENCY_LAST, STAY_WITH_THEM),
        *(*SAME_DAY, OUT_OF_SCOPE),
    )
)
_NEVER_REPEATED = ("card.", "because.", "holding", "see_doctor.", "tip.", "quantity.", *LABELS)
_MOST_LABELS = 100
_CARDS = {"card.title", *(f"card.{level.name.lower()}" for level in Disposition)}
_UNITS = ("hour", "day", "week", "month", "year", "night")
_QUANTITIES = {
    "quantity.today",
    *(f"quantity.{unit}{plural}" for unit in _UNITS for plural in ("", "s")),
}
_WITH_VALUES: Mapping[str, frozenset[str]] = {
    "confirm": frozenset({"finding"}),
    "heard": frozenset({"count", "quantity"}),
    "which_unit": frozenset({"count"}),
    "questions_left": frozenset({"count"}),
    "summary.age": frozenset({"count"}),
    "summary.lasting": frozenset({"count", "quantity"}),
    "summary.yes": frozenset({"labels"}),
    "summary.no": frozenset({"labels"}),
    "summary.unsure": frozenset({"labels"}),
    "offer.keep": frozenset({"count", "quantity"}),
    "simpler.offer.keep": frozenset({"count", "quantity"}),
}
"""Which values each line needs that has placeholders for some."""

OF_A_MEMORY = frozenset(
    line.id
    for line in (
        *(KEEPING, NOT_KEEPING, RESUMED, OUTDATED, UNAVAILABLE),
        *(FORGOTTEN, NOT_FORGOTTEN, NOTHING_KEPT),
    )
) | {
    *(f"{kind}offer.keep" for kind in ("", "reprompt.", "simpler.", "why.")),
    *(f"{kind}offer.resume" for kind in ("", "reprompt.", "simpler.", "why.")),
    *("quantity.hour", "quantity.hours"),
}
"""Said of a check that is kept, which needs a rule set that tells what still holds later."""

_DAYS_A_WEEK = 7
_DAYS_A_MONTH = 30
_WEEKS_SAID_BEFORE_MONTHS = 12
_HOURS_A_DAY = 24


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


def confirming(label: str) -> Line:
    """Return the line that asks whether what was said earlier is still so.

    Args:
        label: As :func:`label_of_finding` and :func:`label_of_question` give it.
    """
    return Line("confirm", (("finding", label),))


def because(rule: Rule) -> Line:
    """Return the line that gives the rule as a reason, or hands it over in an emergency."""
    return Line(f"because.{rule.id}")


def holding(kind: Holding, *, about_other: bool = False) -> Line:
    """Return the line that says what to do until help comes."""
    if about_other and kind != "stay_with_them":
        return Line(f"holding_for_other.{kind}")
    return Line(f"holding.{kind}")


def noting(finding: Finding) -> Line:
    """Return what is said to a report of the finding."""
    return Line(f"noted.{finding.id}") if finding.own_words else NOTED


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
    """Return the line that reads a number back with its unit."""
    return _measured("heard", question.kind, number)


def lasting(days: int) -> Line:
    """Return the line of the summary that says how long the pain has lasted."""
    return _measured("summary.lasting", "duration", days)


def counted(line_id: str, count: int) -> Line:
    """Return a line with a number in it."""
    return Line(line_id, (("count", count),))


def listed(line_id: str, labels: Sequence[str]) -> Line:
    """Return a line that lists the words of some labels."""
    return Line(line_id, (("labels", tuple(labels)),))


def label_of_finding(finding: Finding) -> str:
    """Return the id of the words for a finding, within a sentence."""
    return f"about.{finding.question}" if finding.question else f"finding.{finding.id}"


def label_of_question(question: Question) -> str:
    """Return the id of the words for what a question asks about, within a sentence."""
    return f"about.{question.id}"


def keeping_for(line_id: str, hours: int) -> Line:
    """Return a line that says for how long answers would be kept: in hours up to a day."""
    days, odd_hours = divmod(hours, _HOURS_A_DAY)
    count, unit = (days, "day") if odd_hours == 0 and days > 1 else (hours, "hour")
    plural = "" if count == 1 else "s"
    return Line(line_id, (("count", count), ("quantity", f"quantity.{unit}{plural}")))


def why(question: Question) -> Line:
    """Return the line that says why the question is asked."""
    return Line(f"why.{question.id}")


def _measured(line_id: str, kind: QuestionKind, number: int) -> Line:
    """Return a line with a quantity: years for an age, days for a duration, else nights."""
    unit, count = {
        "age": ("year", number),
        "duration": _in_its_unit(number),
    }.get(kind, ("night", number))
    plural = "" if count == 1 or unit == "today" else "s"
    return Line(line_id, (("count", count), ("quantity", f"quantity.{unit}{plural}")))


def _in_its_unit(days: int) -> tuple[str, int]:
    weeks, odd_days = divmod(days, _DAYS_A_WEEK)
    if days == 0:
        return ("today", 0)
    if odd_days == 0 and weeks <= _WEEKS_SAID_BEFORE_MONTHS:
        return ("week", weeks)
    if days >= 2 * _DAYS_A_MONTH or days == _DAYS_A_MONTH:
        return ("month", round(days / _DAYS_A_MONTH))
    return ("day", days)


def line_ids(rule_set: RuleSet) -> Iterator[str]:
    """Give every id that the dialogue may say for a rule set, once each.

    A catalogue holds exactly these: none missing, none left over.
    """
    fixed = _FIXED | _CARDS | _QUANTITIES | _WITH_VALUES.keys() | OF_A_MEMORY
    yield from sorted(fixed if rule_set.has_history else fixed - OF_A_MEMORY)
    asked = [question for question in rule_set.questions if not question.volunteered]
    yield from sorted({how_to_answer(question).id for question in asked})
    for question in asked:
        yield asking(question).id
        yield asking_again(question).id
        yield asking_simpler(question).id
        yield why(question).id
        yield label_of_question(question)
        if question.kind != "yes_no":
            yield asking_for_value(question).id
    yield from _lines_about_findings(rule_set)
    yield from _lines_of_advice(rule_set)
    for topic in rule_set.topics:
        yield answer_to(topic).id
        yield more_about(topic).id
    for tip in rule_set.tips:
        yield tip_line(tip).id


def _lines_about_findings(rule_set: RuleSet) -> Iterator[str]:
    for finding in rule_set.findings:
        if finding.reported and finding.question is None:
            yield label_of_finding(finding)
        if finding.own_words:
            yield noting(finding).id


def _lines_of_advice(rule_set: RuleSet) -> Iterator[str]:
    for rule in rule_set.rules:
        yield because(rule).id
    kinds = {rule.holding for rule in rule_set.rules if rule.holding}
    for about_other in (False, True):
        lines = {holding(kind, about_other=about_other).id for kind in kinds}
        yield from sorted(lines - _FIXED)
    yield from sorted({seeing_a_doctor(rule.within).id for rule in rule_set.rules if rule.within})


def is_line(line: Line, rule_set: RuleSet) -> bool:
    """Say whether a reply that keeps listening may have said the line, with these values."""
    if line.id not in _repeatable_lines(rule_set):
        return False
    values = dict(line.values)
    return values.keys() == _WITH_VALUES.get(line.id, frozenset()) and all(
        _fits(name, value, rule_set) for name, value in values.items()
    )


@lru_cache(maxsize=8)
def _all_lines(rule_set: RuleSet) -> frozenset[str]:
    return frozenset(line_ids(rule_set))


@lru_cache(maxsize=8)
def _repeatable_lines(rule_set: RuleSet) -> frozenset[str]:
    lines = _all_lines(rule_set) - _LAST_WORDS
    return frozenset(line for line in lines if not line.startswith(_NEVER_REPEATED))


@lru_cache(maxsize=8)
def usual_lines(rule_set: RuleSet) -> Mapping[str, Line]:
    """Return those lines, by id, that `is_line` allows without any values: nearly all."""
    lines = map(Line, sorted(_repeatable_lines(rule_set)))
    return {line.id: line for line in lines if is_line(line, rule_set)}


def values_of(line_id: str) -> frozenset[str]:
    """Return the names of the values that a line needs."""
    if line_id in _QUANTITIES:
        return frozenset({"count"})
    return _WITH_VALUES.get(line_id, frozenset())


def _fits(name: str, value: Value, rule_set: RuleSet) -> bool:
    known = _all_lines(rule_set)
    match name, value:
        case "count", int():
            return True
        case "quantity", str():
            return value in _QUANTITIES
        case "finding", str():
            return value.startswith(LABELS) and value in known
        case "labels", tuple():
            return 0 < len(value) <= _MOST_LABELS and all(
                label.startswith(LABELS) and label in known for label in value
            )
        case _:
            return False
