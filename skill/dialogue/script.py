"""What the dialogue hands to speech: ids of scripted lines, never words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skill.triage.model import Question, Rule, RuleSet


@dataclass(frozen=True, slots=True)
class Line:
    """One scripted line.

    Attributes:
        id: Its id in the catalogue.
        values: The numbers that its placeholders stand for, by name.
    """

    id: str
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and whether to go on listening.

    Attributes:
        say: The lines, in order.
        reprompt: What to say after a silence; empty exactly when the session is to end.
        advice: The advice given, for the neutral card; ``None`` if none was.
    """

    say: tuple[Line, ...]
    reprompt: tuple[Line, ...] = ()
    advice: Disposition | None = None

    @property
    def closes(self) -> bool:
        """Whether the session ends with this reply."""
        return not self.reprompt


GREETING = Line("greeting")
NOTED = Line("noted")
DENIED = Line("denied")
KEPT = Line("kept")
HELP = Line("help")
STARTED_OVER = Line("started_over")
RESTARTED = Line("restarted")
STOPPED = Line("stopped")
MISSED_ONCE = Line("missed.once")
GIVEN_UP = Line("missed.given_up")
ASKED_SIMPLER = Line("asked_simpler")
FAILED = Line("failed")

EMERGENCY_FIRST = Line("emergency.first")
EMERGENCY_LAST = Line("emergency.last")
SAME_DAY = (Line("same_day.first"), Line("same_day.action"))
HOME_CARE = (Line("self_care.first"), Line("self_care.action"))
SAFETY_NET = (Line("safety_net.emergency"), Line("safety_net.doctor"))


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


def because(rule: Rule) -> Line:
    """Return the line that gives the rule as a reason."""
    return Line(f"because.{rule.id}")


def how_to_answer(question: Question) -> Line:
    """Return the line that says how to answer."""
    return Line(f"how_to_answer.{question.kind}")


_FIXED = frozenset(
    line.id
    for line in (
        *(GREETING, NOTED, DENIED, KEPT, HELP, STARTED_OVER, RESTARTED, STOPPED),
        *(MISSED_ONCE, GIVEN_UP, ASKED_SIMPLER, FAILED, EMERGENCY_FIRST, EMERGENCY_LAST),
        *(*SAME_DAY, *HOME_CARE, *SAFETY_NET),
    )
) | {"card.title", *(f"card.{level.name.lower()}" for level in Disposition)}


def line_ids(rule_set: RuleSet) -> Iterator[str]:
    """Give every id that the dialogue may say for a rule set, once each.

    A catalogue holds exactly these: none missing, none left over.
    """
    yield from sorted(_FIXED)
    asked = [question for question in rule_set.questions if not question.volunteered]
    for kind in sorted({question.kind for question in asked}):
        yield f"how_to_answer.{kind}"
    for question in asked:
        yield asking(question).id
        yield asking_again(question).id
        yield asking_simpler(question).id
        if question.kind != "yes_no":
            yield asking_for_value(question).id
    for rule in rule_set.rules:
        yield because(rule).id
    for holding in sorted({rule.holding for rule in rule_set.rules if rule.holding}):
        yield f"holding.{holding}"
    for within in sorted({rule.within for rule in rule_set.rules if rule.within}):
        yield f"see_doctor.{within}"


def can_be_repeated(line_id: str, rule_set: RuleSet) -> bool:
    """Say whether a reply that keeps the session open can have said the line."""
    kind, _, name = line_id.partition(".")
    if kind in {"question", "reprompt", "simpler", "value"}:
        question = rule_set.question(name)
        return (
            question is not None
            and not question.volunteered
            and (kind != "value" or question.kind != "yes_no")
        )
    if kind == "how_to_answer":
        return any(name == question.kind for question in rule_set.questions)
    return line_id in _FIXED
