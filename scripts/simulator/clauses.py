"""One clause of an utterance: which sample of the interaction model it is.

`hassil` matches the words against the samples. What can fill a slot is found beforehand:
every stretch of the utterance that is a value of a custom type, a number or a duration. So
no slot ever takes in words that are none of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hassil import Intents, recognize_all
from hassil.intents import Intent as Sentences
from hassil.intents import IntentData, TextSlotList

from scripts.simulator import dates, quantities
from scripts.simulator.errors import SimulatorError
from scripts.simulator.omissions import LONG_AGO_DAYS, Omissions
from scripts.simulator.phrases import length_at
from scripts.simulator.words import PAUSE, said, spelt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from hassil.intents import SlotList
    from hassil.recognize import RecognizeResult

    from scripts.simulator.interaction_model import Entity, Intent, InteractionModel
    from scripts.simulator.omissions import Omission
    from scripts.simulator.phrases import Phrases
    from scripts.simulator.words import Word

REPORT: Final = "ReportFindingIntent"
DENIAL: Final = "DenyFindingIntent"
MEANING: Final = "AskMeaningIntent"
ONSET: Final = "GiveOnsetIntent"
YES: Final = "AMAZON.YesIntent"
NO: Final = "AMAZON.NoIntent"

# Amazon's own slot types, and what reads them.
_QUANTITIES: Final = {"AMAZON.NUMBER": quantities.number, "AMAZON.DURATION": quantities.duration}
_DATE: Final = "AMAZON.DATE"
# What Alexa's statistics take for the intent even where its slot is all that is said.
_SAID_BARE: Final = frozenset({REPORT, ONSET})
# How a yes ends that tells of now.
PRESENT: Final = frozenset({"am", "is", "are", "do", "does"})
# How one ends that may as well be the beginning of something: "I'm okay", "I have a bit".
OPEN_ENDED: Final = PRESENT | {"have", "has"}
# What may stand behind it all the same.
_TAGS: Final = frozenset({"i think", "i guess", "i suppose", "i believe", "actually"})
_LONGEST_SLOT_WORDS: Final = 20

# How many days ago something may have been and is still reported. "I had chest pain last year"
# is no report of chest pain, "I had cancer last year" is one of cancer.
_REPORTED_FOR_DAYS: Final = 14
_REPORTED_LONGER: Final = {
    "recent_injury": 92,
    "major_injury": 92,
    "recent_infection_or_spine_procedure": 92,
    "clot_risk": 45,
    "pregnant": 45,
} | dict.fromkeys(
    (
        "aorta_risk", "cancer_history", "fibromyalgia", "iv_drug_use", "nsaid_caution",
        "osteoarthritis", "osteoporosis", "pagets_disease",
    ),
    LONG_AGO_DAYS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills a slot.

    Attributes:
        value: As Alexa sends it: the words said, or the digits or ISO 8601 duration meant.
        entities: What the words mean in a custom slot type; ``None`` for Amazon's own types.
    """

    value: str
    entities: tuple[Entity, ...] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A clause, understood.

    Attributes:
        intent: The intent it names.
        slots: Its filled slots, by name.
        joint: How it is joined to the clause before: "and", "but", "or"; "" for not at all.
        literal: Its words outside the slots.
        opening: The words that stand before the first finding, or the first slot if there is none.
    """

    intent: str
    slots: Mapping[str, Filling]
    literal: tuple[str, ...]
    opening: tuple[str, ...]
    joint: str = ""


class ClauseReader:
    """Reads clauses by the samples of one interaction model.

    Args:
        model: The interaction model.
        phrases: What Alexa knows of its language by itself.
        today: Returns the day on which something is said.

    Raises:
        SimulatorError: The model uses a slot type that cannot be read here.
    """

    def __init__(
        self, model: InteractionModel, phrases: Phrases, today: Callable[[], date]
    ) -> None:
        self._model = model
        self._phrases = phrases
        self._today = today
        report = model.intents.get(REPORT)
        self._finding_type = next(iter(report.slots.values()), "") if report else ""
        self._samples = {spelt(s) for intent in model.intents.values() for s in intent.samples}
        self._omissions = Omissions(phrases, today)
        self._entities = {
            name: self._entities_by_spelling(values) for name, values in model.types.items()
        }
        # Each with the words it cannot do without, so that most need not be tried at all.
        self._templates = [
            (intent.name, _literal(sentence), IntentData(sentence_texts=[sentence]))
            for intent in model.intents.values()
            for sentence in self._sentences(intent)
        ]

    def read(self, words: Sequence[Word]) -> Reading | None:
        """Return how the words read as one clause, dropping as few fillers as will do.

        ``None`` if they are none.
        """
        for kept, omitted in self._omissions.shortened(words):
            readings = [
                reading
                for result in recognize_all(
                    " ".join(word.heard for word in kept),
                    self._possible(kept),
                    slot_lists=self._lists(kept),
                )
                if (reading := self._reading(result, kept))
                and self._may_omit(reading, omitted)
                and not (reading.intent == DENIAL and self._is_doubtful(reading, kept, words))
                and not (reading.intent in {NO, DENIAL} and self._is_limited(kept, words))
                and not (reading.intent == YES and _goes_on(reading, kept, words, omitted))
            ]
            if readings:
                return min(readings, key=self._rank)
        return None

    def without_fillers(self, words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
        """Give the words without pauses and with ever more fillers dropped; never nothing."""
        return (
            kept
            for kept, omitted in self._omissions.shortened(words)
            if all(o.is_filler or (o.days_ago == 0 and not o.lasts) for o in omitted)
        )

    def _may_omit(self, reading: Reading, omitted: Iterable[Omission]) -> bool:
        """Whether the reading is true whenever that was.

        "No chest pain yesterday" leaves today open, so it denies nothing.
        """
        times = [omission for omission in omitted if not omission.is_filler]
        if reading.intent in {NO, DENIAL}:
            return not times
        if reading.intent == YES:
            # "I am in my sixties" is no yes.
            is_present = reading.literal[-1] in PRESENT
            return not any(time.lasts or (time.days_ago and is_present) for time in times)
        if reading.intent != REPORT:
            return all(time.days_ago == 0 and not time.lasts for time in times)
        meant = [e.id or "" for f in reading.slots.values() for e in f.entities or ()]
        days = min(_REPORTED_LONGER.get(one, _REPORTED_FOR_DAYS) for one in meant)
        return all((time.days_ago or 0) <= days for time in times)

    def _entities_by_spelling(
        self, values: Mapping[str, tuple[Entity, ...]]
    ) -> dict[str, tuple[Entity, ...]]:
        spellings: dict[str, tuple[Entity, ...]] = {}
        short: dict[str, tuple[Entity, ...]] = {}
        for saying, entities in values.items():
            words = tuple(spelt(saying).split())
            spelling, telegram = self._without_article(words), self._as_telegram(words)
            for known, one in ((spellings, spelling), (short, telegram)):
                known[one] = tuple(dict.fromkeys((*known.get(one, ()), *entities)))
        return {**short, **spellings}

    def _without_article(self, words: tuple[str, ...]) -> str:
        has_article = len(words) > 1 and words[0] in self._phrases.articles
        return " ".join(words[1:] if has_article else words)

    def _as_telegram(self, words: tuple[str, ...]) -> str:
        """Return "pain in chest" for "a pain in my chest", as who learns English may say."""
        first, *rest = self._without_article(words).split()
        return " ".join((first, *(word for word in rest if word not in self._phrases.determiners)))

    def _possible(self, words: Iterable[Word]) -> Intents:
        """Return the intents with those sentences whose words were all heard."""
        heard = {word.heard for word in words}
        possible: dict[str, Sentences] = {}
        for name, literal, data in self._templates:
            if literal <= heard:
                possible.setdefault(name, Sentences(name)).data.append(data)
        return Intents(self._model.language, possible)

    def _sentences(self, intent: Intent) -> Iterator[str]:
        samples = set(map(spelt, intent.samples))
        # What the skill's author says of a phrase outweighs what it means elsewhere.
        samples.update({*self._phrases.intents.get(intent.name, ())} - self._samples)
        if intent.name in _SAID_BARE:
            samples.update(f"{{{slot}}}" for slot in list(intent.slots)[:1])
        for sample in sorted(filter(None, samples)):
            yield " ".join(self._template(word, intent.slots) for word in sample.split())

    def _template(self, word: str, slots: Mapping[str, str]) -> str:
        """Return a word of a sample as hassil wants it."""
        if not word.startswith("{"):
            return word
        slot = word.strip("{}")
        slot_type = slots.get(slot, "undeclared")
        if slot_type not in {*self._entities, *_QUANTITIES, _DATE}:
            raise SimulatorError(f"the simulator cannot read slot {slot!r} of type {slot_type!r}")
        return f"{{{_list_name(slot_type)}:{slot}}}"

    def _lists(self, words: Sequence[Word]) -> dict[str, SlotList]:
        """Return what can fill slots among the words, as lists made for this utterance."""
        spans = [
            tuple(word.heard for word in words[start:end])
            for start in range(len(words))
            for end in range(start + 1, min(len(words), start + _LONGEST_SLOT_WORDS) + 1)
        ]
        lists: dict[str, SlotList] = {}
        for slot_type, read in _QUANTITIES.items():
            values = {span: value for span in spans if (value := read(span))}
            lists[_list_name(slot_type)] = _text_list(values)
        spells = {span: found.iso for span in spans if (found := dates.spell(span, self._today()))}
        lists[_list_name(_DATE)] = _text_list(spells)
        for slot_type, entities in self._entities.items():
            spellings = {span: self._without_article(span) for span in spans}
            values = {span: one for span, one in spellings.items() if one in entities}
            lists[_list_name(slot_type)] = _text_list(values)
        return lists

    def _rank(self, reading: Reading) -> tuple[bool, int, int, int]:
        """Sort by report before denial, few slots, little outside them, then the model's order.

        So "nearly four weeks" is one duration, and not "nearly" and then four weeks.
        """
        order = list(self._model.intents).index(reading.intent)
        return (reading.intent == DENIAL, len(reading.slots), len(reading.literal), order)

    def _reading(self, result: RecognizeResult, kept: Sequence[Word]) -> Reading | None:
        """Return a match as a reading, ``None`` if it cuts a word in two."""
        starts, ends = _edges(kept)
        outside = set(range(len(kept)))
        slots: dict[str, Filling] = {}
        begins: dict[str, int] = {}
        for entity in result.entities_list:
            first, last = entity.text_span or (-1, -1)
            if first not in starts or last not in ends:
                return None
            span = range(starts[first], ends[last] + 1)
            outside.difference_update(span)
            slot_type = self._model.intents[result.intent.name].slots[entity.name]
            begins.setdefault(slot_type, starts[first])
            slots[entity.name] = self._filling(slot_type, entity.value, [kept[i] for i in span])
        literal = tuple(kept[index].heard for index in sorted(outside))
        start = begins.get(self._finding_type, min(begins.values(), default=len(kept)))
        opening = tuple(word.heard for word in kept[:start])
        return Reading(result.intent.name, slots, literal, opening)

    def _filling(self, slot_type: str, value: str, words: Sequence[Word]) -> Filling:
        if slot_type in self._entities:
            return Filling(said(words), self._entities[slot_type][value])
        return Filling(value)

    def _is_doubtful(self, denial: Reading, kept: Sequence[Word], words: Sequence[Word]) -> bool:
        """Whether a denial may be none: denied twice, or with something dropped inside."""
        meant = {heard for f in denial.slots.values() for heard in spelt(f.value).split()}
        if meant & self._phrases.denial_words:
            return True
        inside = words[words.index(kept[0]) : words.index(kept[-1]) + 1]
        # "I really don't have a fever" and "I don't really" are plain, "no... um... fever" is not.
        denied = False
        for before, word in pairwise(inside):
            denied = denied or before.heard in self._phrases.denial_words
            dropped = word not in kept and word.heard != PAUSE
            if dropped and denied and before.heard != "not":
                return True
        return False

    def _is_limited(self, kept: Sequence[Word], words: Sequence[Word]) -> bool:
        """Whether a refusal is limited, half taken back, or left open.

        "I'm not just short of breath" and "I'm not very short of breath" deny nothing, "my
        breathing is only just okay" hardly does, whoever says "no, wait" has not finished, and
        "no chest pain again" tells that there was some.
        """
        spoken = [word for word in words if word.heard != PAUSE]
        heard = tuple(word.heard for word in spoken)
        limited = any(
            word.heard == "not" and length_at(heard, at, self._phrases.degrees)
            for at, word in enumerate(spoken, start=1)
        )
        is_open = any(
            heard[-len(phrase) :] == phrase and spoken[-1] not in kept
            for phrase in self._phrases.leaving_open
        )
        is_hedged = any(length_at(heard, at, self._phrases.hedges) for at in range(len(heard)))
        return limited or is_open or is_hedged


def _goes_on(
    yes: Reading, kept: Sequence[Word], words: Sequence[Word], omitted: Iterable[Omission]
) -> bool:
    """Whether a yes is more likely the beginning of something else.

    "I am" answers a question, and "I'm" never does. "I am okay" is no "I am" with a filler.
    """
    if yes.literal[-1] not in OPEN_ENDED:
        return False
    spoken = [word for word in words if word.heard != PAUSE]
    last = spoken.index(kept[-1])
    is_contracted = kept[-1].heard != kept[-1].said
    behind = [o.span for o in omitted if o.is_filler and o.span.start > last]
    return is_contracted or any(
        " ".join(spoken[at].heard for at in span) not in _TAGS for span in behind
    )


def _literal(sentence: str) -> frozenset[str]:
    """Return the words of a template that stand outside of its slots."""
    return frozenset(word for word in sentence.split() if not word.startswith("{"))


def _list_name(slot_type: str) -> str:
    """Return the slot type's name as hassil can take it in a template."""
    return slot_type.replace(".", "_")


def _text_list(meanings: Mapping[tuple[str, ...], str]) -> TextSlotList:
    values = [(" ".join(words), meaning) for words, meaning in meanings.items()]
    return TextSlotList.from_tuples(values, allow_template=False)


def _edges(words: Sequence[Word]) -> tuple[dict[int, int], dict[int, int]]:
    """Return where each word begins and where it ends in the text, to its index."""
    starts, ends, at = {}, {}, 0
    for index, word in enumerate(words):
        starts[at] = index
        at += len(word.heard)
        ends[at] = index
        at += 1
    return starts, ends
