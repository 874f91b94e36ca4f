"""The rule set as the engine sees it: frozen, checked, and ready to be asked."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

YesNo: TypeAlias = Literal["yes", "no", "unsure"]
Answer: TypeAlias = int | YesNo
"""What was said to a question: a whole number in the question's unit, or a word."""

QuestionKind: TypeAlias = Literal["yes_no", "count", "duration", "age"]
Within: TypeAlias = Literal["few_days", "two_weeks"]
Holding: TypeAlias = Literal[
    "sit", "keep_still", "nothing_to_eat", "with_someone", "stay_with_them"
]


class Disposition(IntEnum):
    """Where to turn and how soon; a higher value is more urgent."""

    SELF_CARE = 0
    SEE_DOCTOR = 1
    URGENT_SAME_DAY = 2
    EMERGENCY = 3


@dataclass(frozen=True, slots=True)
class AcceptedAnswers:
    """The compiled form of a JSON Schema fragment over one answer.

    Attributes:
        words: The words it accepts.
        takes_numbers: Whether it accepts whole numbers at all.
        minimum: The smallest number accepted, in the question's unit; ``None`` is no bound.
        maximum: The largest number accepted; ``None`` is no bound.
    """

    words: frozenset[str]
    takes_numbers: bool = False
    minimum: int | None = None
    maximum: int | None = None

    def accepts(self, answer: object) -> bool:
        """Say whether the answer is one of those meant. Never raises."""
        if isinstance(answer, str):
            return answer in self.words
        # To Python, True is a number; to JSON Schema and to a caller it is not.
        if not self.takes_numbers or not isinstance(answer, int) or isinstance(answer, bool):
            return False
        return (self.minimum is None or answer >= self.minimum) and (
            self.maximum is None or answer <= self.maximum
        )


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One thing that can be asked, or that is taken when volunteered. Equal to itself only.

    Attributes:
        id: The question's id.
        kind: What kind of answer it wants; a duration is in days, an age in years.
        answer: Which answers it takes.
        alarming: The answer that can make advice more urgent; ``None`` for numbers.
        asks_about: Ids of the findings that a yes may mean.
        follows: Ids of the findings that open this follow-up; empty for a main question.
        volunteered: Whether it is only ever taken, never asked.
        even_out_of_scope: Whether it is asked even when the pain is elsewhere.
        history: Whether an answer to it still holds on another day.
        sources: Ids of the sources behind it.
    """

    id: str
    kind: QuestionKind
    answer: AcceptedAnswers
    alarming: YesNo | None
    asks_about: tuple[str, ...]
    follows: frozenset[str]
    volunteered: bool
    even_out_of_scope: bool
    history: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A clinical fact that is present or not.

    Attributes:
        id: The finding's id.
        question: Id of the question whose answer decides it; ``None`` if none does.
        present_when: The answers that make it present; ``None`` without a question.
        reported: Whether a caller can report or deny it by name.
        own_words: Whether a report of it is answered in words of its own.
        several: Whether its question asks about more than its name, so that a denial by name
            does not answer the question.
        history: Whether a report of it still holds on another day.
        implies: Ids of the findings that are present whenever this one is, all the way down.
    """

    id: str
    question: str | None
    present_when: AcceptedAnswers | None
    reported: bool
    own_words: bool
    several: bool
    history: bool
    implies: frozenset[str]

    @property
    def answer_key(self) -> str:
        """The id under which a report or denial of this finding is kept among the answers."""
        return self.question or self.id


@dataclass(frozen=True, slots=True)
class Rule:
    """Findings that together ask for a disposition.

    Attributes:
        id: The rule's id, named for what is suspected.
        disposition: The advice it asks for.
        within: How soon, for ``see_doctor``; ``None`` otherwise.
        holding: What to do until help comes, for ``emergency``; ``None`` otherwise.
        alternatives: The smallest sets of findings that make it fire, each with all that its
            members imply; any one is enough.
        unsure: Whether it is about answers that were not sure.
        backed_up_by: Id of a rule that always fires with at least the same advice, or ``None``.
        rationale: Why, for a clinician.
        sources: Ids of the sources behind it.
        mentions: Every finding that its condition names.
    """

    id: str
    disposition: Disposition
    within: Within | None
    holding: Holding | None
    alternatives: tuple[frozenset[str], ...]
    unsure: bool
    backed_up_by: str | None
    rationale: str
    sources: tuple[str, ...]
    mentions: frozenset[str]

    def fires_on(self, present: frozenset[str]) -> bool:
        """Say whether the findings present satisfy the condition.

        Conditions only ask for findings to be present, so a rule that fires on a set of
        findings fires on every larger one.
        """
        return any(alternative <= present for alternative in self.alternatives)


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that the caller can ask about.

    Attributes:
        id: The topic's id.
        sources: Ids of the sources behind the answer.
    """

    id: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tip:
    """Something to do at home.

    Attributes:
        id: The tip's id.
        alternatives: As in :class:`Rule`; an empty set among them is for everybody.
        sources: Ids of the sources behind it.
    """

    id: str
    alternatives: tuple[frozenset[str], ...]
    sources: tuple[str, ...]

    def suits(self, present: frozenset[str]) -> bool:
        """Say whether the tip is for a caller with these findings."""
        return any(alternative <= present for alternative in self.alternatives)


@dataclass(frozen=True, slots=True)
class Raise:
    """A way in which a question's answer could help to make the advice more urgent.

    Attributes:
        disposition: The advice that it would be.
        from_question: Those findings of a rule's alternative that the answer can make present.
        from_elsewhere: The rest of them, which the rule needs beside those.
    """

    disposition: Disposition
    from_question: frozenset[str]
    from_elsewhere: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """All that is known about one presenting complaint. Loaded once; equal to itself only.

    Attributes:
        id: The rule set's id.
        version: Its version, ``major.minor.patch``.
        reviewed_on: The day of the last review by a clinician, or ``None`` without one.
        reviewed_by: Who reviewed it, or ``None``.
        otherwise: The advice when no rule fires.
        questions: In the order in which they are asked.
        findings: In the order of the file.
        rules: In the order of the file, which is the order in which reasons are given.
        in_scope: Ids of the findings that say the pain is here after all.
        out_of_scope: Ids of the findings that say the pain is elsewhere.
        topics: What the caller can ask about.
        tips: What to do at home, in the order in which it is said.
    """

    id: str
    version: str
    reviewed_on: str | None
    reviewed_by: str | None
    otherwise: Disposition
    questions: tuple[Question, ...]
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    in_scope: frozenset[str]
    out_of_scope: frozenset[str]
    topics: tuple[Topic, ...]
    tips: tuple[Tip, ...]
    _question_by_id: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    _finding_by_id: Mapping[str, Finding] = field(init=False, repr=False, compare=False)
    _findings_by_answer_key: Mapping[str, tuple[Finding, ...]] = field(
        init=False, repr=False, compare=False
    )
    _present_on: Mapping[tuple[str, Answer], frozenset[str]] = field(
        init=False, repr=False, compare=False
    )
    _present_from: Mapping[str, tuple[tuple[int, ...], tuple[frozenset[str], ...]]] = field(
        init=False, repr=False, compare=False
    )
    _unsure_of_follow_ups: frozenset[tuple[str, Answer]] = field(
        init=False, repr=False, compare=False
    )
    _revealed_by: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    _asked: tuple[tuple[Question, frozenset[str]], ...] = field(
        init=False, repr=False, compare=False
    )
    _revealing: Mapping[str, tuple[tuple[Question, frozenset[str]], ...]] = field(
        init=False, repr=False, compare=False
    )
    _alternatives_at: Mapping[str, tuple[tuple[int, frozenset[str]], ...]] = field(
        init=False, repr=False, compare=False
    )
    _raised_by: Mapping[str, tuple[Raise, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the parts, once, so that a turn costs the same however many rules there are."""
        by_key: dict[str, list[Finding]] = {}
        for finding in self.findings:
            by_key.setdefault(finding.answer_key, []).append(finding)
        indexes = {
            "_question_by_id": {q.id: q for q in self.questions},
            "_finding_by_id": {f.id: f for f in self.findings},
            "_findings_by_answer_key": {key: tuple(value) for key, value in by_key.items()},
        }
        for name, index in indexes.items():
            object.__setattr__(self, name, index)
        own = {q.id: frozenset(f.id for f in by_key.get(q.id, ())) for q in self.questions}
        asked = tuple((q, own[q.id]) for q in self.questions if not q.volunteered)
        object.__setattr__(self, "_asked", asked)
        object.__setattr__(self, "_present_on", self._present_on_words())
        object.__setattr__(self, "_present_from", self._present_from_numbers())
        unsure = frozenset((q.id, "unsure") for q in self.questions if q.follows)
        object.__setattr__(self, "_unsure_of_follow_ups", unsure)
        revealed = {question: self._with_implied(findings) for question, findings in own.items()}
        object.__setattr__(self, "_revealed_by", revealed)
        revealing = {
            finding.id: tuple(pair for pair in asked if finding.id in revealed[pair[0].id])
            for finding in self.findings
        }
        object.__setattr__(self, "_revealing", revealing)
        object.__setattr__(self, "_alternatives_at", self._alternatives_by_finding())
        raised = {question: self._raises(findings) for question, findings in revealed.items()}
        object.__setattr__(self, "_raised_by", raised)

    @property
    def name(self) -> str:
        """The rule set and its version, as a session carries it."""
        return f"{self.id}@{self.version}"

    @property
    def has_history(self) -> bool:
        """Whether anything in it still holds on another day, so that a check can be kept."""
        return any(q.history for q in self.questions) or any(f.history for f in self.findings)

    def question(self, question_id: str) -> Question | None:
        """Return the question of that id, or ``None``."""
        return self._question_by_id.get(question_id)

    def finding(self, finding_id: str) -> Finding | None:
        """Return the finding of that id, or ``None``."""
        return self._finding_by_id.get(finding_id)

    def findings_in(self, answers: Mapping[str, Answer]) -> frozenset[str]:
        """Return the ids of the findings that the answers make present.

        "Not sure" in reply to a follow-up counts only while something else makes one of its
        triggers present: being unsure about a detail is no sign that there is the thing
        itself, and a caller unsure of everything must not drift into an emergency.

        Args:
            answers: Answer by the id of a question, or ``"yes"`` or ``"no"`` by the id of a
                finding that has no question and was reported or denied.
        """
        present: set[str] = set()
        waiting: dict[str, frozenset[str]] = {}
        for given in answers.items():
            on_word = self._present_on.get(given)
            if on_word is None:
                present |= self.findings_on(*given)
            elif given in self._unsure_of_follow_ups:
                waiting[given[0]] = self._question_by_id[given[0]].follows
            elif on_word:
                present |= on_word
        while opened := [key for key, follows in waiting.items() if follows & present]:
            for key in opened:
                present |= self.findings_on(key, "unsure")
                del waiting[key]
        return frozenset(present)

    def findings_on(self, key: str, answer: Answer) -> frozenset[str]:
        """Return the ids of the findings that one answer makes present by itself.

        Args:
            key: Id of the question, or of the finding reported or denied.
            answer: The answer to it.
        """
        on_word = self._present_on.get((key, answer))
        if on_word is not None:
            return on_word
        if type(answer) is not int or key not in self._present_from:
            return frozenset()  # nothing depends on it; and True is no number, see above
        starts, findings = self._present_from[key]
        return findings[bisect_right(starts, answer)]

    def findings_from(self, question: Question) -> frozenset[str]:
        """Return the ids of all findings that some answer to the question makes present."""
        return self._revealed_by[question.id]

    def rules_fired_on(self, present: frozenset[str]) -> tuple[Rule, ...]:
        """Return the rules that fire on the findings present, in the order of the file."""
        fired = {
            position
            for finding in present
            for position, alternative in self._alternatives_at.get(finding, ())
            if alternative <= present
        }
        return tuple(self.rules[position] for position in sorted(fired))

    def could_raise(
        self,
        question: Question,
        disposition: Disposition,
        answers: Mapping[str, Answer],
        present: frozenset[str],
    ) -> bool:
        """Say whether an answer to the question could help to make the advice more urgent.

        The worst that could still emerge is every unasked finding at once; a rule that stays
        silent even then cannot change the advice. What nobody asks for, volunteered or
        reported only, cannot emerge from a question.

        Args:
            question: One that is not answered.
            disposition: The advice so far.
            answers: As in :meth:`findings_in`.
            present: Ids of the findings that they make present.
        """
        for higher in self._raised_by[question.id]:
            if higher.disposition <= disposition:
                return False  # and so are all that follow
            if not higher.from_question <= present and all(
                finding in present or self._could_emerge(finding, answers, present)
                for finding in higher.from_elsewhere
            ):
                return True
        return False

    def _could_emerge(
        self, finding: str, answers: Mapping[str, Answer], present: frozenset[str]
    ) -> bool:
        return any(
            question.id not in answers and own.isdisjoint(present)
            for question, own in self._revealing.get(finding, ())
        )

    def unanswered(
        self, answers: Mapping[str, Answer], present: frozenset[str]
    ) -> Iterator[Question]:
        """Give the questions that could still be asked, in order.

        A reported finding answers the question whose own finding it implies: who has said
        "my chest hurts" is not asked for chest pain.
        """
        for question, own in self._asked:
            if question.id not in answers and own.isdisjoint(present):
                yield question

    def open_questions(
        self, answers: Mapping[str, Answer], present: frozenset[str]
    ) -> Iterator[Question]:
        """Give those of the unanswered questions that could be asked next, in order.

        A follow-up waits for its trigger; the trigger's own question is wanted too, because
        every rule that needs the one also requires the other.
        """
        # Not by way of `unanswered`: with a calm caller nearly all of these are waiting.
        for question, own in self._asked:
            if question.follows and question.follows.isdisjoint(present):
                continue
            if question.id not in answers and own.isdisjoint(present):
                yield question

    def _present_on_words(self) -> Mapping[tuple[str, Answer], frozenset[str]]:
        return {
            (key, word): self._evaluated(key, word)
            for key in self._findings_by_answer_key
            for word in get_args(YesNo)
        }

    def _present_from_numbers(
        self,
    ) -> Mapping[str, tuple[tuple[int, ...], tuple[frozenset[str], ...]]]:
        """Return the numbers from which on something else is present, and what is present then.

        Before the first of them there is one more set of findings.
        """
        steps = {}
        for key, findings in self._findings_by_answer_key.items():
            when = [one.present_when for one in findings if one.present_when is not None]
            numbers = [one for one in when if one.takes_numbers]
            first = {one.minimum for one in numbers if one.minimum is not None}
            behind = {one.maximum + 1 for one in numbers if one.maximum is not None}
            if numbers:
                starts = sorted(first | behind)
                each = (*(start - 1 for start in starts[:1] or [0]), *starts)
                steps[key] = (tuple(starts), tuple(self._evaluated(key, one) for one in each))
        return steps

    def _evaluated(self, key: str, answer: Answer) -> frozenset[str]:
        return self._with_implied(
            finding.id
            for finding in self._findings_by_answer_key.get(key, ())
            if (
                answer == "yes"
                if finding.present_when is None
                else finding.present_when.accepts(answer)
            )
        )

    def _alternatives_by_finding(self) -> Mapping[str, tuple[tuple[int, frozenset[str]], ...]]:
        """File each alternative, with its rule's position, under its rarest finding."""
        named = Counter(f for rule in self.rules for one in rule.alternatives for f in one)
        filed: dict[str, list[tuple[int, frozenset[str]]]] = {}
        for position, rule in enumerate(self.rules):
            for alternative in rule.alternatives:
                rarest = min(sorted(alternative), key=named.__getitem__)
                filed.setdefault(rarest, []).append((position, alternative))
        return {finding: tuple(alternatives) for finding, alternatives in filed.items()}

    def _raises(self, revealed: frozenset[str]) -> tuple[Raise, ...]:
        raises = {
            Raise(rule.disposition, alternative & revealed, alternative - revealed)
            for rule in self.rules
            for alternative in rule.alternatives
            if not alternative.isdisjoint(revealed)
        }
        return tuple(sorted(raises, key=lambda one: (-one.disposition, len(one.from_elsewhere))))

    def _with_implied(self, finding_ids: Iterable[str]) -> frozenset[str]:
        by_id = self._finding_by_id
        return frozenset().union(*({f} | by_id[f].implies for f in finding_ids))
