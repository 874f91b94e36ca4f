"""Phrases that a model claims for two meanings, also through the values of its slots.

All samples together are an automaton over words. It is walked only while at least two readings
of what was said so far are left, so that a model of millions of phrases takes about a second.

A slot of Amazon's own types is one word here, since nobody knows all that Amazon takes for it;
a duration may also be a number and a unit.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from scripts.simulator import words as simulator_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from scripts.skill_lint.problems import Json

    # What was said so far may have led to these states; each reading is one state or more.
    _States: TypeAlias = frozenset["_State"]
    # A state, and where each word that it takes next leads to.
    _Offer: TypeAlias = tuple["_State", Mapping[str, int]]

# The locales share most of what is said in them.
spelt: Final = cache(simulator_words.spelt)

_NUMBER: Final = "{AMAZON.NUMBER}"
_UNITS: Final = ("day", "week", "month", "year", "hour", "minute")
_AMAZONS: Final = ("AMAZON.DATE", "AMAZON.DURATION", "AMAZON.NUMBER", "AMAZON.SearchQuery")


@dataclass(frozen=True, slots=True)
class Clash:
    """A phrase that means two things.

    Attributes:
        phrase: What is said, in the one spelling.
        intents: The intents that claim it: two or more, or one that takes it in two ways.
        samples: A sample for each meaning.
        meanings: What the slots are filled with, for each sample; empty for several intents.
    """

    phrase: str
    intents: tuple[str, ...]
    samples: tuple[str, ...]
    meanings: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a phrase may mean: an intent, and the ids of the values in its slots."""

    intent: str
    ids: tuple[str, ...]


class _State(NamedTuple):
    """A place in the samples of an intent; a tuple, because there are very many.

    Attributes:
        intent: The intent.
        place: The place in its samples, behind a slot that is being filled.
        slot: The type of that slot, empty between slots.
        within: The place in the values of that type.
        ids: What the slots before were filled with, where that is kept.
    """

    intent: str
    place: int
    slot: str = ""
    within: int = 0
    ids: tuple[str, ...] = ()


class _Tree:
    """Phrases by their words, place 0 being the start; each phrase has labels at its end."""

    def __init__(self, phrases: Iterable[tuple[Sequence[str], str]]) -> None:
        self.steps: list[dict[str, int]] = [{}]
        self.labels: list[tuple[str, ...]] = [()]
        for words, label in phrases:
            place = 0
            for word in words:
                if word not in self.steps[place]:
                    self.steps[place][word] = len(self.steps)
                    self.steps.append({})
                    self.labels.append(())
                place = self.steps[place][word]
            if label not in self.labels[place]:
                self.labels[place] += (label,)

    def folded(self, *, keeps_labels: bool) -> _Tree:
        """Return the same phrases, with one place for all places from which all goes on alike.

        Args:
            keeps_labels: Whether labels count; without, each is empty.
        """
        folded = _Tree(())
        folded.steps.clear()
        folded.labels.clear()
        place_of: dict[object, int] = {}
        new = [0] * len(self.steps)
        # A place was always added before those that it leads to.
        for place in range(len(self.steps) - 1, -1, -1):
            steps = {word: new[then] for word, then in self.steps[place].items()}
            labels = self.labels[place]
            labels = labels if keeps_labels else labels and ("",)
            key = (tuple(sorted(steps.items())), tuple(sorted(labels)))
            if key not in place_of:
                place_of[key] = len(folded.steps)
                folded.steps.append(steps)
                folded.labels.append(labels)
            new[place] = place_of[key]
        folded.start = new[0]
        return folded

    start = 0


class Phrases:
    """Everything that can be said by the samples of a model.

    Args:
        language_model: A language model of the right shape.
    """

    def __init__(self, language_model: Json) -> None:
        units = [unit + ending for unit in _UNITS for ending in ("", "s")]
        values = {name: _Tree([([f"{{{name}}}"], "")]) for name in _AMAZONS}
        values["AMAZON.DURATION"] = _Tree(
            [(["{AMAZON.DURATION}"], ""), *(([_NUMBER, unit], "") for unit in units)]
        )
        for slot_type in language_model["types"]:
            values[slot_type["name"]] = _Tree(
                (spelt(saying).split(), value["id"])
                for value in slot_type["values"]
                for saying in (value["name"]["value"], *value["name"]["synonyms"])
            )
        self._values = {
            keeps: {name: tree.folded(keeps_labels=keeps) for name, tree in values.items()}
            for keeps in (False, True)
        }
        self._samples = {
            intent["name"]: list(_with_types(intent)) for intent in language_model["intents"]
        }

    @cached_property
    def _whole(self) -> _Walk:
        return _Walk(self._values[True], self._samples, keeps_ids=True)

    def clashes(self) -> Iterator[Clash]:
        """Give the phrases that several intents claim, and those that one takes in two ways.

        Each with one phrase, where there may be many alike. Samples with two slots of a type
        are left out of the second kind: where one value ends and the next begins is Alexa's
        guess in any case.
        """
        walk = _Walk(self._values[False], self._samples, keeps_ids=False)
        for phrase, ends in walk.ambiguous(walk.start(self._samples), lambda state: state.intent):
            samples = {state.intent: min(walk.labels(state)) for state in sorted(ends, key=str)}
            intents = tuple(sorted(samples))
            yield Clash(phrase, intents, tuple(samples[intent] for intent in intents))
        apart = {
            intent: [sample for sample in samples if _has_no_type_twice(sample[0])]
            for intent, samples in self._samples.items()
        }
        walk = _Walk(self._values[True], apart, keeps_ids=True)
        for intent in apart:
            for phrase, ends in walk.ambiguous(walk.start([intent]), lambda state: state.ids):
                by_ids = {state.ids: min(walk.labels(state)) for state in ends}
                ids = tuple(sorted(by_ids))
                yield Clash(phrase, (intent,), tuple(by_ids[one] for one in ids), ids)

    def readings(self, phrase: str) -> frozenset[Reading]:
        """Return every way to take a phrase, none if it is not in the model."""
        walk = self._whole
        states = walk.start(self._samples)
        for word in spelt(phrase).split():
            states = walk.after(states, word)
        return frozenset(Reading(state.intent, state.ids) for state in states if walk.labels(state))


class _Walk:
    """Leads from states to states, word by word.

    Args:
        values: Each slot type with what fills it, folded.
        samples: Each intent with its samples and their words.
        keeps_ids: Whether states remember what slots were filled with.
    """

    def __init__(
        self,
        values: Mapping[str, _Tree],
        samples: Mapping[str, Iterable[tuple[Sequence[str], str]]],
        *,
        keeps_ids: bool,
    ) -> None:
        self._values = values
        self._trees = {intent: _Tree(phrases) for intent, phrases in samples.items()}
        self._keeps_ids = keeps_ids

    def start(self, intents: Iterable[str]) -> _States:
        """Return the states before anything was said."""
        return frozenset(_State(intent, 0) for intent in intents)

    def labels(self, state: _State) -> Sequence[str]:
        """Return the samples that end at a state."""
        return () if state.slot else self._trees[state.intent].labels[state.place]

    def after(self, states: _States, word: str) -> _States:
        """Return where a word leads from some states."""
        return self._reached(self._offers(states), word)

    def _reached(self, offers: Iterable[_Offer], word: str) -> _States:
        """Return where a word leads, from what some states take next."""
        reached: set[_State] = set()
        for state, offered in offers:
            if word not in offered:
                continue
            then = offered[word]
            if not state.slot:
                reached.add(_State(state.intent, then, "", 0, state.ids))
                continue
            tree = self._values[state.slot]
            if tree.steps[then]:
                reached.add(_State(state.intent, state.place, state.slot, then, state.ids))
            for label in tree.labels[then]:
                ids = (*state.ids, label) if label else state.ids
                reached.add(_State(state.intent, state.place, "", 0, ids))
        return frozenset(reached)

    def ambiguous(
        self, start: _States, reading: Callable[[_State], object]
    ) -> Iterator[tuple[str, list[_State]]]:
        """Give the shortest phrase to each set of states at which several readings end."""
        seen = {start}
        waiting = deque([(start, "")])
        while waiting:
            states, phrase = waiting.popleft()
            ends = [state for state in states if self.labels(state)]
            if len({reading(state) for state in ends}) > 1:
                yield phrase.strip(), ends
            offers = list(self._offers(states))
            for word in sorted(self._parting_words(offers)):
                then = self._reached(offers, word)
                if then not in seen and self._may_part(then, reading):
                    seen.add(then)
                    waiting.append((then, f"{phrase} {word}"))

    def _may_part(self, states: _States, reading: Callable[[_State], object]) -> bool:
        """Whether two readings may still end behind these states."""
        if not self._keeps_ids:
            return len({reading(state) for state in states}) > 1
        if len({reading(state) for state in states if self.labels(state)}) > 1:
            return True
        going_on = [
            state for state in states if state.slot or self._trees[state.intent].steps[state.place]
        ]
        if len(going_on) != 1:
            return bool(going_on)
        # One state is soon several where a slot comes, or where a value may end or go on.
        (state,) = going_on
        if state.slot:
            return state.within in self._crossroads(state.slot, state.intent, state.place)
        return state.place in self._before_slots(state.intent)

    def _crossroads(self, slot: str, intent: str, behind: int) -> frozenset[int]:
        """Return the places in values from which one is reached that may end here or go on.

        That is, where the next word may be of the value or of the sample behind it. Where a slot
        is further on, every place counts.
        """
        if behind in self._before_slots(intent):
            return self._places(slot)
        return self._leading_on(slot, frozenset(self._trees[intent].steps[behind]))

    @cache  # noqa: B019  # a walk lives as long as the check of one model
    def _places(self, slot: str) -> frozenset[int]:
        return frozenset(range(len(self._values[slot].steps)))

    @cache  # noqa: B019  # as above
    def _leading_on(self, slot: str, follows: frozenset[str]) -> frozenset[int]:
        """Return the places that lead to one where a value may end and one of the words follow."""
        tree = self._values[slot]
        found: set[int] = set()
        # Folded, a place stands behind those that it leads to.
        for place, steps in enumerate(tree.steps):
            for then in steps.values():
                may_end_or_go_on = tree.labels[then] and follows & tree.steps[then].keys()
                if may_end_or_go_on or then in found:
                    found.add(place)
        return frozenset(found)

    @cache  # noqa: B019  # as above
    def _before_slots(self, intent: str) -> frozenset[int]:
        """Return the places in the samples of an intent behind which there is a slot."""
        found: set[int] = set()
        steps = self._trees[intent].steps
        for place in range(len(steps) - 1, -1, -1):
            if any(step[0] == "{" or then in found for step, then in steps[place].items()):
                found.add(place)
        return frozenset(found)

    def _offers(self, states: _States) -> Iterator[_Offer]:
        """Give what each state takes next: words between slots, and words of each slot."""
        for state in states:
            if state.slot:
                yield state, self._values[state.slot].steps[state.within]
                continue
            words, slots = self._split(state.intent, state.place)
            if words:
                yield state, words
            for slot, behind in slots.items():
                tree = self._values[slot]
                filling = state._replace(place=behind, slot=slot, within=tree.start)
                yield filling, tree.steps[tree.start]

    @cache  # noqa: B019  # as above
    def _split(self, intent: str, place: int) -> tuple[dict[str, int], dict[str, int]]:
        """Return what words, and what slots, lead on from a place in the samples."""
        words, slots = {}, {}
        for step, then in self._trees[intent].steps[place].items():
            if step[1:-1] in self._values:
                slots[step[1:-1]] = then
            else:
                words[step] = then
        return words, slots

    def _parting_words(self, offers: Sequence[_Offer]) -> set[str]:
        """Return the words behind which two readings may end: most lead on for one alone."""
        words = {
            word
            for (_, one), (_, other) in combinations(offers, 2)
            for word in one.keys() & other.keys()
        }
        for state, offered in offers:
            if not state.slot or (
                self._keeps_ids
                and state.within in self._crossroads(state.slot, state.intent, state.place)
            ):
                words |= offered.keys()
        return words


def _with_types(intent: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give the words of each sample, with the type of a slot for its name, and the sample."""
    types = {f"{{{slot['name']}}}": f"{{{slot['type']}}}" for slot in intent.get("slots", ())}
    for sample in intent["samples"]:
        yield tuple(types.get(word, word) for word in spelt(sample).split()), sample


def _has_no_type_twice(words: Sequence[str]) -> bool:
    slots = [word for word in words if word.startswith("{")]
    return len(slots) == len(set(slots))
