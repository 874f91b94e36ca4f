"""From an utterance to an intent and its slots, by the interaction model alone.

A real Alexa guesses by statistics; this reads strictly, because a guess that turns a denial
into a report would hide the very mistakes a simulator is there to show. An utterance is

1. a sample, its slots filled by values of their types; or
2. the same once whitelisted fillers ("um", "I think") are dropped, and from a report words for
   when it was ("this morning", "for two days"), if that was not too long ago; or
3. a bare finding, which Alexa's statistics take for a report; or
4. several such clauses, one after the other, of which the gravest counts: "no, but I have a
   fever" reports the fever.

Anything else, by a single word, is ``AMAZON.FallbackIntent``. A denial is stricter still:
only a sample of `DENIAL` denies, and no filler may be dropped from inside it, as in
"no... um... fever".
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from scripts.simulator.clauses import (
    DENIAL,
    MEANING,
    NO,
    OPEN_ENDED,
    PRESENT,
    REPORT,
    YES,
    ClauseReader,
)
from scripts.simulator.quantities import ONES
from scripts.simulator.words import PAUSE, spelt, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date
    from re import Match

    from scripts.simulator.clauses import Filling, Reading
    from scripts.simulator.interaction_model import InteractionModel
    from scripts.simulator.phrases import Phrases
    from scripts.simulator.words import Word

FALLBACK: Final = "AMAZON.FallbackIntent"
_AMBULANCE: Final = "CallAmbulanceIntent"
_HELP: Final = "AMAZON.HelpIntent"
# What may stand before a clause with no joint between: "help I can't breathe".
_LEADS: Final = frozenset({YES, NO, _HELP})
# What may stand behind one in that way: "I can't breathe call an ambulance".
_CRIES: Final = frozenset({_HELP, _AMBULANCE})

# Long enough for any answer, short enough that no utterance can keep the device thinking.
_LONGEST_UTTERANCE_WORDS: Final = 40
_LONGEST_LEAD_WORDS: Final = 5
_LONGEST_CRY_WORDS: Final = 6
# These are answers or wishes by themselves, and say how one is behind "I am".
_COURTESIES: Final = frozenset({"okay", "right", "sure", "sorry"})
# As many as an emergency number has, wherever the skill speaks English.
_THREE_DIGITS: Final = re.compile(r"\b[0-9]{3}\b")
_DIGIT_WORDS: Final = {str(value): word for word, value in ONES.items()}


@dataclass(frozen=True, slots=True)
class Understood:
    """An intent, with the slots that are filled, by name."""

    intent: str
    slots: Mapping[str, Filling] = field(default_factory=dict)


class Understanding:
    """Understands utterances of one locale.

    Args:
        model: The locale's interaction model.
        phrases: What Alexa knows of its language by itself.
        today: Returns the day on which something is said, by the device's clock.

    Raises:
        SimulatorError: The model uses a slot type that cannot be read here.
    """

    def __init__(
        self,
        model: InteractionModel,
        phrases: Phrases,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._model = model
        self._phrases = phrases
        self._reader = ClauseReader(model, phrases, today)
        self._joint_words = frozenset(
            word for joints in phrases.joints.values() for joint in joints for word in joint
        )
        # Kept to spare the reader a try at everything that cannot be a lead.
        leads = (
            *(phrase for name in _LEADS for phrase in phrases.intents.get(name, ())),
            *(spelt(s) for i in model.intents.values() if i.name in _LEADS for s in i.samples),
            *(" ".join(filler) for filler in phrases.fillers),
        )
        self._lead_words = frozenset((PAUSE, *(word for lead in leads for word in lead.split())))

    def understand(self, utterance: str) -> Understood:
        """Return the intent that the utterance names, ``AMAZON.FallbackIntent`` for none."""
        words = words_of(utterance)
        if len(words) > _LONGEST_UTTERANCE_WORDS:
            return Understood(FALLBACK)
        # A number to call is said digit by digit: "call 911".
        singly = words_of(_THREE_DIGITS.sub(_digit_by_digit, utterance))
        if len(singly) > len(words):
            called = self._combined(self._clauses(singly))
            if called is not None and called.intent == _AMBULANCE:
                return called
        return self._combined(self._clauses(words)) or Understood(FALLBACK)

    def ends_session(self, utterance: str) -> bool:
        """Whether the device ends the session at these words, without asking the skill."""
        words = words_of(utterance)
        return any(
            " ".join(word.heard for word in kept) in self._phrases.endings
            for kept in self._reader.without_fillers(words)
        )

    def examples(self) -> tuple[str, ...]:
        """Return things one may say that carry no slot, for a face to offer."""
        slotless = (s for i in self._model.intents.values() for s in i.samples if "{" not in s)
        findings = (saying for values in self._model.types.values() for saying in values)
        return tuple(dict.fromkeys((*slotless, *findings)))

    def _clauses(self, words: Sequence[Word]) -> tuple[Reading, ...]:
        """Return the clauses that make up all the words, as few as can be; none if none do."""
        clause = self._reader.read(words)
        if clause is not None:
            return (clause,)
        return self._led_by_answer(words) or self._joined(words, {}) or self._followed_by_cry(words)

    def _followed_by_cry(self, words: Sequence[Word]) -> tuple[Reading, ...]:
        """Read "I can't breathe help me": clauses, and a cry with no joint between."""
        for cut in range(max(1, len(words) - _LONGEST_CRY_WORDS), len(words)):
            cry = self._reader.read(words[cut:])
            if cry is not None and cry.intent in _CRIES and (rest := self._clauses(words[:cut])):
                return (*rest, cry)
        return ()

    def _led_by_answer(self, words: Sequence[Word]) -> tuple[Reading, ...]:
        """Read "no I have a fever": an answer, and more with no joint between."""
        length = next(
            (n for n, word in enumerate(words) if word.heard not in self._lead_words), len(words)
        )
        for cut in range(min(_LONGEST_LEAD_WORDS, length, len(words) - 1), 0, -1):
            lead = self._reader.read(words[:cut])
            if lead is None or lead.intent not in _LEADS:
                continue
            if lead.intent == NO and not self._phrases.plain_refusals.issuperset(lead.literal):
                continue
            rest = self._clauses(words[cut:])
            if rest and not self._is_one_clause(lead, rest[0]):
                return (lead, *rest)
        return ()

    def _is_one_clause(self, lead: Reading, rest: Reading) -> bool:
        """Whether the words of an answer belong to what follows them.

        "No fever" is not a "no" and a report of fever, nor "I am seventy" an "I am" and a number.
        """
        if lead.intent == NO:
            return self._is_bare(rest)
        if lead.intent != YES or lead.literal[-1] not in OPEN_ENDED:
            return False
        if not rest.slots:
            # "I am okay" and "I am sorry" are no yes; "I do a bit" is one.
            return rest.opening[0] in _COURTESIES
        is_quantity = any(filling.entities is None for filling in rest.slots.values())
        return is_quantity and lead.literal[-1] in PRESENT

    def _joined(
        self, words: Sequence[Word], known: dict[int, tuple[Reading, ...]]
    ) -> tuple[Reading, ...]:
        """Read clauses with joints between; ``known`` holds the rests read so far, by length."""
        if len(words) in known:
            return known[len(words)]
        known[len(words)] = ()
        for first, joint, rest in self._splits(words):
            clause = self._reader.read(first)
            if clause is None:
                continue
            last = self._reader.read(rest)
            rests = (last,) if last is not None else self._joined(rest, known)
            if rests:
                known[len(words)] = (clause, replace(rests[0], joint=joint), *rests[1:])
                break
        return known[len(words)]

    def _splits(
        self, words: Sequence[Word]
    ) -> Iterator[tuple[Sequence[Word], str, Sequence[Word]]]:
        """Give each way to split the words at a joint, the longest first part first."""
        for cut in range(len(words) - 2, 0, -1):
            kinds, end = self._joints(words, cut)
            if kinds and end < len(words):
                kind = next((kind for kind in ("but", "or") if kind in kinds), "and")
                yield words[:cut], kind, words[end:]

    def _joints(self, words: Sequence[Word], start: int) -> tuple[set[str], int]:
        """Return the kinds of the joints that stand at a place, and where the last ends."""
        heard = tuple(word.heard for word in words)
        kinds: set[str] = set()
        while match := next(
            (
                (kind, len(joint))
                for kind, joints in self._phrases.joints.items()
                for joint in joints
                if heard[start : start + len(joint)] == joint
            ),
            None,
        ):
            kinds.add(match[0])
            start += match[1]
        return kinds, start

    def _combined(self, clauses: tuple[Reading, ...]) -> Understood | None:
        """Return the one intent that Alexa may send for all the clauses together."""
        clauses = self._spread_denial(clauses)
        if not clauses or self._is_ambiguous(clauses):
            return None
        if any(clause.intent == _AMBULANCE for clause in clauses):
            told = [clause for clause in clauses if clause.intent != DENIAL]
            return Understood(_AMBULANCE, self._together(_AMBULANCE, told))
        for intent in (REPORT, DENIAL):
            named = [clause for clause in clauses if clause.intent == intent]
            others = {clause.intent for clause in clauses} - {intent, YES, NO}
            if intent == DENIAL and self._is_half_taken_back(clauses):
                return None
            if named and (intent == REPORT or not others):
                return Understood(intent, self._together(intent, named))
        weighty = [clause for clause in clauses if clause.intent not in {YES, NO}] or clauses
        if len({clause.intent for clause in weighty}) > 1 or (
            len(weighty) > 1 and any(clause.slots for clause in weighty)
        ):
            return None
        return Understood(weighty[0].intent, weighty[0].slots)

    def _is_half_taken_back(self, clauses: tuple[Reading, ...]) -> bool:
        """Whether a yes stands behind a denial, as in "she doesn't have chest pain but I do"."""
        first = next((n for n, one in enumerate(clauses) if one.intent == DENIAL), len(clauses))
        return any(one.intent == YES for one in clauses[first:])

    def _is_bare(self, clause: Reading) -> bool:
        """Whether the clause begins with its finding, so that its side depends on its place."""
        return clause.intent == REPORT and self._joint_words.issuperset(clause.opening)

    def _is_ambiguous(self, clauses: tuple[Reading, ...]) -> bool:
        """Whether it is open what is meant.

        As in "no fever and chest pain", "a fever... no" and "fever? what's that?".
        """
        is_asking = any(clause.intent == MEANING for clause in clauses)
        refused = reported = False
        for clause in clauses:
            if self._is_bare(clause):
                if is_asking:
                    return True
                joint = self._joints_in(clause)
                if "or" in joint or (refused and "but" not in joint):
                    return True
            if reported and clause.intent == NO:
                return True
            refused = clause.intent in {NO, DENIAL}
            reported = reported or clause.intent == REPORT
        return False

    def _joints_in(self, clause: Reading) -> set[str]:
        """Return the kinds of joint before the clause and, for a sample like "but I", in it."""
        words = {(word,) for word in clause.opening}
        inside = {kind for kind, joints in self._phrases.joints.items() if words & set(joints)}
        return {clause.joint, *inside}

    def _spread_denial(self, clauses: tuple[Reading, ...]) -> tuple[Reading, ...]:
        """Deny what stands after a denial in "no fever, chest pain or numbness"."""
        spread: list[Reading] = []
        for index, clause in enumerate(clauses):
            run = clauses[index:]
            length = next((n for n, c in enumerate(run) if not self._is_bare(c)), len(run))
            joints = [self._joints_in(one) for one in run[:length]]
            denies = bool(spread) and spread[-1].intent == DENIAL
            if denies and joints and "or" in joints[-1] and not any("but" in j for j in joints):
                spread.append(replace(clause, intent=DENIAL))
            else:
                spread.append(clause)
        return tuple(spread)

    def _together(self, intent: str, clauses: Sequence[Reading]) -> Mapping[str, Filling]:
        """Return what all clauses name in the intent's slots, as much as it has room for."""
        if len(clauses) == 1:
            return clauses[0].slots
        slots = self._model.intents[intent].slots
        # "My dad has chest pain and he's sweating": one person, and two findings.
        fillings: dict[str, dict[object, Filling]] = defaultdict(dict)
        for clause in clauses:
            for name, filling in clause.slots.items():
                slot_type = self._model.intents[clause.intent].slots[name]
                fillings[slot_type].setdefault(filling.entities, filling)
        named = {slot_type: iter(ones.values()) for slot_type, ones in fillings.items()}
        taken = {
            name: next(named.get(slot_type, iter(())), None) for name, slot_type in slots.items()
        }
        return {name: filling for name, filling in taken.items() if filling is not None}


def _digit_by_digit(number: Match[str]) -> str:
    return " ".join(_DIGIT_WORDS[digit] for digit in number[0])
