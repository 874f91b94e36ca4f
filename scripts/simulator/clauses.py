"""One clause of an utterance: which sample of the interaction model it is.

`hassil` matches the words against the samples. What can fill a slot is found beforehand:
every stretch of the utterance that is a value of a custom type, a number or a duration. So
no slot ever takes in words that are none of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

from hassil import Intents, recognize_all
from hassil.intents import TextSlotList

from scripts.simulator import quantities
from scripts.simulator.errors import SimulatorError
from scripts.simulator.phrases import longest_first
from scripts.simulator.words import PAUSE, said, spelt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hassil.intents import SlotList
    from hassil.recognize import RecognizeResult

    from scripts.simulator.interaction_model import Entity, Intent, InteractionModel
    from scripts.simulator.phrases import Phrases
    from scripts.simulator.words import Word

REPORT: Final = "ReportFindingIntent"
DENIAL: Final = "DenyFindingIntent"
NO: Final = "AMAZON.NoIntent"

# Amazon's own slot types, and what reads them.
_QUANTITIES: Final = {"AMAZON.NUMBER": quantities.number, "AMAZON.DURATION": quantities.duration}
_LONGEST_SLOT_WORDS: Final = 20
_MOST_FILLERS_WEIGHED: Final = 6


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
        opening: Those of them that stand before the first slot.
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

    Raises:
        SimulatorError: The model uses a slot type that cannot be read here.
    """

    def __init__(self, model: InteractionModel, phrases: Phrases) -> None:
        self._model = model
        self._phrases = phrases
        self._samples = {spelt(s) for intent in model.intents.values() for s in intent.samples}
        self._refusals = longest_first(phrases.intents.get(NO, ()))
        self._entities = {
            name: self._entities_by_spelling(values) for name, values in model.types.items()
        }
        self._intents = Intents.from_dict(
            {
                "language": model.language,
                "intents": {
                    intent.name: {"data": [{"sentences": sentences}]}
                    for intent in model.intents.values()
                    if (sentences := list(self._sentences(intent)))
                },
            }
        )

    def read(self, words: Sequence[Word]) -> Reading | None:
        """Return how the words read as one clause, dropping as few fillers as will do.

        ``None`` if they are none.
        """
        for kept in self.without_fillers(words):
            readings = [
                reading
                for result in recognize_all(
                    " ".join(word.heard for word in kept),
                    self._intents,
                    slot_lists=self._lists(kept),
                )
                if (reading := self._reading(result, kept))
                and not (reading.intent == DENIAL and self._is_doubtful(reading, kept, words))
            ]
            if readings:
                return min(readings, key=self._rank)
        return None

    def without_fillers(self, words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
        """Give the words without pauses and with ever more fillers dropped; never nothing."""
        words = tuple(word for word in words if word.heard != PAUSE)
        fillers = tuple(self._fillers(words))
        counts: Iterable[int] = range(len(fillers) + 1)
        if len(fillers) > _MOST_FILLERS_WEIGHED:
            counts = (0, len(fillers))
        for count in counts:
            for dropped in combinations(fillers, count):
                gone = {index for span in dropped for index in span}
                kept = tuple(word for index, word in enumerate(words) if index not in gone)
                if kept:
                    yield kept

    def _entities_by_spelling(
        self, values: Mapping[str, tuple[Entity, ...]]
    ) -> dict[str, tuple[Entity, ...]]:
        spellings: dict[str, tuple[Entity, ...]] = {}
        for saying, entities in values.items():
            spelling = self._without_article(tuple(spelt(saying).split()))
            known = spellings.get(spelling, ())
            spellings[spelling] = tuple(dict.fromkeys((*known, *entities)))
        return spellings

    def _without_article(self, words: tuple[str, ...]) -> str:
        has_article = len(words) > 1 and words[0] in self._phrases.articles
        return " ".join(words[1:] if has_article else words)

    def _sentences(self, intent: Intent) -> Iterator[str]:
        samples = set(map(spelt, intent.samples))
        # What the skill's author says of a phrase outweighs what it means elsewhere.
        samples.update({*self._phrases.intents.get(intent.name, ())} - self._samples)
        if intent.name == REPORT:
            samples.update(f"{{{slot}}}" for slot in list(intent.slots)[:1])
        for sample in sorted(filter(None, samples)):
            yield " ".join(self._template(word, intent.slots) for word in sample.split())

    def _template(self, word: str, slots: Mapping[str, str]) -> str:
        """Return a word of a sample as hassil wants it."""
        if not word.startswith("{"):
            return word
        slot = word.strip("{}")
        slot_type = slots.get(slot, "undeclared")
        if slot_type not in self._entities and slot_type not in _QUANTITIES:
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
        slots = {}
        for entity in result.entities_list:
            first, last = entity.text_span or (-1, -1)
            if first not in starts or last not in ends:
                return None
            span = range(starts[first], ends[last] + 1)
            outside.difference_update(span)
            slot_type = self._model.intents[result.intent.name].slots[entity.name]
            slots[entity.name] = self._filling(slot_type, entity.value, [kept[i] for i in span])
        literal = tuple(kept[index].heard for index in sorted(outside))
        start = min(set(range(len(kept))) - outside, default=len(kept))
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

    def _fillers(self, words: Sequence[Word]) -> Iterator[range]:
        heard = tuple(word.heard for word in words)
        at = 0
        while at < len(heard):
            # "Uh uh" is a no, and not "uh" twice.
            refusal = _length_at(heard, at, self._refusals)
            length = 0 if refusal else _length_at(heard, at, self._phrases.fillers)
            if length:
                yield range(at, at + length)
            at += refusal or length or 1


def _length_at(heard: tuple[str, ...], at: int, phrases: Iterable[tuple[str, ...]]) -> int:
    """Return how many words the first phrase has that stands at a place, 0 if none does."""
    return next((len(phrase) for phrase in phrases if heard[at : at + len(phrase)] == phrase), 0)


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
