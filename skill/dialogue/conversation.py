"""The state of one conversation, which travels in the session attributes and nowhere else."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from skill.dialogue.prompts import prompt_for
from skill.dialogue.script import Line, is_line, usual_lines
from skill.errors import ConversationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.dialogue.script import Value
    from skill.triage.model import Answer, RuleSet

MISSES_ALLOWED = 2
"""After this many misses in a row at one question, the next one sends the caller to a person."""

_MOST_LINES_SAID = 12
_LARGEST_NUMBER = 1_000_000
_KEYS = frozenset(
    {"rule_set", "answers", "pending", "misses", "rephrased", "number", "slowly", "said"}
)


class Conversation(NamedTuple):
    """Where a conversation stands.

    Attributes:
        rule_set: Name and version of the rule set it runs on.
        answers: Answer by the id of the question, or of the finding reported or denied, in
            the order in which they were given.
        pending: What waits for an answer, as in :class:`Prompt`, or ``None``.
        misses: How often in a row the caller was not understood at it.
        rephrased: Whether it was already asked in simpler words.
        number: A number that waits for its unit, or ``None``.
        slowly: Whether the caller asked for slower speech.
        said: The last lines said, to repeat them.
    """

    rule_set: str
    answers: Mapping[str, Answer] = MappingProxyType({})
    pending: str | None = None
    misses: int = 0
    rephrased: bool = False
    number: int | None = None
    slowly: bool = False
    said: tuple[Line, ...] = ()

    def answered(self, answers: dict[str, Answer]) -> Conversation:
        """Return the conversation with other answers, which nobody may change afterwards."""
        return self._replace(answers=MappingProxyType(answers))

    def to_attributes(self) -> dict[str, object]:
        """Return the state as session attributes, which ``session.schema.json`` describes."""
        return {
            "rule_set": self.rule_set,
            "answers": dict(self.answers),
            "pending": self.pending,
            "misses": self.misses,
            "rephrased": self.rephrased,
            "number": self.number,
            "slowly": self.slowly,
            "said": [[line.id, _jsonable(line.values)] for line in self.said],
        }

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, object], rule_set: RuleSet) -> Conversation:
        """Return the state that session attributes hold.

        The checks are those of ``session.schema.json``, written out because they run in every
        turn, and those that need the rule set.

        Raises:
            ConversationError: They were not written by this version on this rule set.
        """
        if attributes.keys() != _KEYS or attributes["rule_set"] != rule_set.name:
            raise ConversationError("session attributes of another version or rule set")
        misses = attributes["misses"]
        if type(misses) is not int or not 0 <= misses <= MISSES_ALLOWED:
            raise ConversationError("misses: expected 0, 1 or 2")
        return cls(
            rule_set=rule_set.name,
            answers=_answers(attributes["answers"], rule_set),
            pending=_pending(attributes["pending"], rule_set),
            misses=misses,
            rephrased=_flag(attributes, "rephrased"),
            number=_number(attributes["number"]),
            slowly=_flag(attributes, "slowly"),
            said=_said(attributes["said"], rule_set),
        )


def _flag(attributes: Mapping[str, object], name: str) -> bool:
    value = attributes[name]
    if not isinstance(value, bool):
        raise ConversationError(f"{name}: expected true or false")
    return value


def _number(value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _LARGEST_NUMBER:
        raise ConversationError("number: expected a small whole number")
    return value


@lru_cache(maxsize=8)
def _usual_answers(rule_set: RuleSet) -> frozenset[tuple[str, str]]:
    """Return the yes and no to each question: nearly all answers that there ever are."""
    words = ("yes", "no")
    return frozenset((q.id, w) for q in rule_set.questions for w in words if q.answer.accepts(w))


def _answers(value: object, rule_set: RuleSet) -> Mapping[str, Answer]:
    if not isinstance(value, dict):
        raise ConversationError("answers: expected an object")
    usual = _usual_answers(rule_set)
    for key, answer in value.items():
        if isinstance(answer, str) and (key, answer) in usual:
            continue
        question = rule_set.question(key)
        finding = rule_set.finding(key)
        known = (
            question.answer.accepts(answer) and not (question.volunteered and answer == "unsure")
            if question is not None
            else finding is not None
            and finding.reported
            and finding.question is None
            and answer in ("yes", "no")
        )
        if not known:
            raise ConversationError("answers: an answer that was never asked for")
    return MappingProxyType(dict(value))


def _pending(value: object, rule_set: RuleSet) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or prompt_for(value, rule_set) is None:
        raise ConversationError("pending: nothing that this version asks")
    return value


def _said(value: object, rule_set: RuleSet) -> tuple[Line, ...]:
    if not isinstance(value, list) or len(value) > _MOST_LINES_SAID:
        raise ConversationError("said: expected a short list")
    usual = usual_lines(rule_set)
    lines = []
    for entry in value:
        match entry:
            case [str(line_id), {**values}] if not values and line_id in usual:
                lines.append(usual[line_id])
                continue
            case [str(line_id), dict(values)]:
                said = tuple((str(n), _value(v)) for n, v in values.items()) if values else ()
                line = Line(line_id, said)
            case _:
                raise ConversationError("said: expected [id, values]")
        if not is_line(line, rule_set):
            raise ConversationError("said: a line that this version does not say")
        lines.append(line)
    return tuple(lines)


def _value(value: object) -> Value:
    match value:
        case int() | str() if not isinstance(value, bool):
            return value
        case [*ids]:
            labels = tuple(one for one in ids if isinstance(one, str))
            if len(labels) == len(ids):
                return labels
    raise ConversationError("said: expected numbers and ids of lines")


def _jsonable(values: tuple[tuple[str, Value], ...]) -> dict[str, object]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values}
