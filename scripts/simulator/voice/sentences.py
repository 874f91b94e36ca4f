"""What a caller may say to the skill, as sentences from which a recogniser learns.

Every sample of the interaction model, every value of its slot types and every phrase that
Alexa knows by itself is among them, in each intent that can use it; not every sample with
every value, which would be millions. Each value is dealt a sample that it goes with in good
English: "my chest hurts", not "I haven't chest hurts". Nothing is drawn by lot, so the same
model always gives the same sentences.

Denials are as many as reports: a recogniser hears only what it was taught, and one that knows
"I have a fever" alone hears it in "I don't have a fever" too.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from scripts.simulator.clauses import DENIAL, NO, REPORT, YES
from scripts.simulator.voice import quantity_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from scripts.simulator.interaction_model import Entity, Intent, InteractionModel
    from scripts.simulator.phrases import Phrases

# From a word and the two words before it, the last first, to the logarithm of how likely it is.
_T = TypeVar("_T")
Likelihood: TypeAlias = "Callable[[list[str]], float]"

# How often each intent is said at least. One with findings is said once for every value.
_TIMES_SAID: Final = 500
_TIMES_ANSWERED: Final = 6000
_ANSWERS: Final = frozenset({YES, NO, "NotSureIntent"})
_TIMES_OPENED: Final = 800
_TIMES_JOINED: Final = 2000
# The likeliest sample of an intent and the likeliest words for a value stand first in the model;
# how much more often those are dealt, the second half as often, and so on.
_TIMES_FIRST: Final = 100
_TIMES_FIRST_VALUE: Final = 20
# Of how many samples, or values, a fitting one is dealt.
_CHOICE: Final = 8
_CLEARLY_WORSE: Final = 20_000

# What names a finding and neither reports nor denies it. Alexa sends nothing of use for these; a
# recogniser that does not know them hears the nearest report instead.
_MENTIONS: Final = (
    "i used to have {}", "i no longer have {}", "i don't have {} any more", "{} is gone",
    "my {} is gone", "{} went away", "my {} went away", "i'm over {}", "my friend had {}",
    "my friend has had {}", "my mother had {}", "my dad used to have {}", "someone i know had {}",
    "somebody at work had {}", "people with {}", "i read about {}", "what causes {}", "what is {}",
    "what about {}", "is {} serious", "is it {}", "could it be {}", "do i have {}",
    "what if i have {}", "what if i get {}", "how do i know if it's {}", "why do you ask about {}",
    "did you say {}", "tell me about {}", "i'm afraid of getting {}", "i'm scared of getting {}",
    "i hope it's not {}", "i hope i don't get {}", "i don't want {}", "they ruled out {}",
    "my doctor ruled out {}", "i was tested for {}", "if i had {}", "if i get {}",
    "unless i have {}",
)  # fmt: skip

# The same for a finding that is a clause.
_NEGATED: Final = {
    "is": "isn't",
    "are": "aren't",
    "has": "hasn't",
    "have": "haven't",
    "hurts": "doesn't hurt",
    "hurt": "don't hurt",
    "feels": "doesn't feel",
    "feel": "don't feel",
    "looks": "doesn't look",
    "goes": "doesn't go",
    "keeps": "doesn't keep",
}
_VERB: Final = re.compile(rf"(?<= )(?:{'|'.join(_NEGATED)})\b")

_BEGIN, _END = "<s>", "</s>"
_SLOT: Final = re.compile(r"\{(\w+)\}")
_NO_WORD: Final = re.compile(r"[^\w'{}]+")
_SHORT_FORMS: Final = {
    "can not": "can't",
    "will not": "won't",
    "is not": "isn't",
    "are not": "aren't",
    "was not": "wasn't",
    "do not": "don't",
    "does not": "doesn't",
    "did not": "didn't",
    "have not": "haven't",
    "has not": "hasn't",
    "could not": "couldn't",
    "i am": "i'm",
    "i have": "i've",
    "it is": "it's",
    "that is": "that's",
    "there is": "there's",
    "he is": "he's",
    "she is": "she's",
}
# "Yes I am" is not shortened, "no I am not" is.
_LONG_FORM: Final = re.compile(rf"\b(?:{'|'.join(_SHORT_FORMS)})\b(?:(?<=not)|(?= ))")


def sentences(model: InteractionModel, phrases: Phrases, likelihood: Likelihood) -> tuple[str, ...]:
    """Return sentences in lower case, words parted by single spaces; likely ones many times.

    Args:
        model: The interaction model.
        phrases: What Alexa knows of its language by itself.
        likelihood: Knows the language at large.
    """
    values = {
        "AMAZON.NUMBER": quantity_words.numbers(),
        "AMAZON.DURATION": quantity_words.durations(),
        "AMAZON.DATE": quantity_words.dates(),
        **{name: tuple(_weighed(sayings)) for name, sayings in model.types.items()},
    }
    said = {
        intent.name: tuple(
            _Dealer(intent, values, likelihood).sentences(phrases.intents.get(intent.name, ()))
        )
        for intent in model.intents.values()
    }
    everything = [sentence for one in said.values() for sentence in one]
    findings = values.get(model.intents[REPORT].slots["finding"], ()) if REPORT in said else ()
    mentions = [
        mention
        for frame, finding in zip(cycle(_MENTIONS), findings, strict=False)
        for mention in (frame.format(finding), *_negated(finding))
    ]
    return (*everything, *mentions, *_joined(said, phrases), *_opened(model, phrases, everything))


def _weighed(sayings: Mapping[str, tuple[Entity, ...]]) -> Iterator[str]:
    """Give the words for every value of a type, the likely ones more often."""
    places: Counter[Entity] = Counter()
    for saying, entities in sayings.items():
        places.update(entities[:1])
        yield from repeat(_plain(saying), 1 + _TIMES_FIRST_VALUE // places[entities[0]])


class _Dealer:
    """Deals an intent's samples and the values of its slots to one another.

    Args:
        intent: The intent.
        values: Slot type to the words for its values.
        likelihood: Knows the language at large.
    """

    def __init__(
        self, intent: Intent, values: Mapping[str, Sequence[str]], likelihood: Likelihood
    ) -> None:
        self._intent = intent
        self._likelihood = likelihood
        self._values = {kind: values[kind] for kind in intent.slots.values()}
        self._decks = {kind: cycle(dealt) for kind, dealt in self._values.items()}

    def sentences(self, known: Iterable[str]) -> Iterator[str]:
        """Give the sentences of the intent; ``known`` are samples that Alexa has of its own."""
        samples = dict.fromkeys((*known, *map(_plain, self._intent.samples)))
        weights: dict[str, int] = {}
        for place, sample in enumerate(samples, start=1):
            for form in (sample, _short(sample)):
                weights.setdefault(form, 1 + _TIMES_FIRST // place)
        weighed = _spread_out(weights)
        if self._values:
            for form in weights:
                yield self._filled(form)
            first_slots = {kind: name for name, kind in reversed([*self._intent.slots.items()])}
            for kind, name in first_slots.items():
                yield from self._with_each_value(weighed, name, kind)
        else:
            times = _TIMES_ANSWERED if self._intent.name in _ANSWERS else _TIMES_SAID
            yield from islice(cycle(weighed), max(times, len(weighed)))

    def _with_each_value(self, weighed: Sequence[str], name: str, kind: str) -> Iterator[str]:
        """Give each value of a slot's type, with the best of the next few samples."""
        slot = f"{{{name}}}"
        gaps = cycle(tuple(_gaps(weighed, slot)))
        for value in self._values[kind]:
            gap = self._fitting(islice(gaps, _CHOICE), partial(self._fit, value.split()))
            yield self._filled(gap.form.replace(slot, value, 1))
            if self._intent.name == REPORT and name == "finding":
                yield value  # as many a caller says it

    def _filled(self, form: str) -> str:
        """Return a sample with the best of the next few values in each slot."""
        while slot := _SLOT.search(form):
            (gap,) = _gaps([form], slot[0])
            values = islice(self._decks[self._intent.slots[slot[1]]], _CHOICE)
            value = self._fitting(values, partial(self._fit_of, gap))
            form = form.replace(slot[0], value, 1)
        return form

    def _fit_of(self, gap: _Gap, value: str) -> float:
        return self._fit(value.split(), gap)

    @staticmethod
    def _fitting(choice: Iterable[_T], fit: Callable[[_T], float]) -> _T:
        """Return the first that fits about as well as the best does."""
        fits = [(fit(one), one) for one in choice]
        enough = max(fits, key=itemgetter(0))[0] - _CLEARLY_WORSE
        return next(one for fit, one in fits if fit >= enough)

    def _fit(self, value: Sequence[str], gap: _Gap) -> float:
        """Return how well a value goes with what stands before and after it."""
        likelihood = self._likelihood
        fit = likelihood([value[0], *gap.before]) + likelihood([gap.after, *value[:-3:-1]])
        return fit + likelihood([*value[1::-1], gap.before[0]]) if value[1:] else fit


@dataclass(frozen=True, slots=True)
class _Gap:
    """The place of a slot in a sample.

    Attributes:
        form: The sample.
        before: The two words before the slot, the last first.
        after: The word after it.
    """

    form: str
    before: tuple[str, str]
    after: str


def _gaps(forms: Iterable[str], slot: str) -> Iterator[_Gap]:
    for form in forms:
        before, found, after = form.partition(slot)
        if found:
            *_, last_but_one, last = (_BEGIN, _BEGIN, *before.split())
            yield _Gap(form, (last, last_but_one), next(iter(after.split()), _END))


def _spread_out(weights: Mapping[str, int]) -> list[str]:
    """Return each sample as often as it weighs, its repetitions as far apart as can be."""
    placed = [
        ((turn + 0.5) / weight, form) for form, weight in weights.items() for turn in range(weight)
    ]
    return [form for _, form in sorted(placed)]


def _negated(finding: str) -> tuple[str, ...]:
    """Return "legs aren't weak" for "legs are weak", as often as that may be reported."""
    if not (verb := _VERB.search(finding)):
        return ()
    negated = _VERB.sub(_NEGATED[verb[0]], finding, count=1)
    return (negated, f"my {negated}", f"no my {negated}")


def _joined(said: Mapping[str, Sequence[str]], phrases: Phrases) -> Iterator[str]:
    """Give answers with a filler before them, and a report after a denial: "no but I have ..."."""
    answers = [one for name in said if name in _ANSWERS for one in said[name]]
    fillers = cycle(" ".join(filler) for filler in phrases.fillers)
    for answer in _spread(answers, _TIMES_JOINED):
        yield f"{next(fillers)} {answer}"
    reports = _spread(said.get(REPORT, ()), 2 * _TIMES_JOINED)
    leads = [lead for name in (NO, YES, DENIAL) for lead in said.get(name, ())]
    joints = cycle(("but ", "and ", ""))
    for lead, report in zip(_spread(leads, len(reports)), reports, strict=False):
        yield f"{lead} {next(joints)}{report}"


def _opened(model: InteractionModel, phrases: Phrases, said: Sequence[str]) -> Iterator[str]:
    """Give what opens the skill, alone and with a request in the same breath."""
    name = _plain(model.invocation_name)
    for opening in islice(cycle(phrases.opening), _TIMES_OPENED):
        yield f"{' '.join(opening)} {name}"
    joining, asking = cycle(phrases.joining), cycle(phrases.asking)
    for request in _spread(said, _TIMES_OPENED):
        yield f"{' '.join(next(asking))} {name} {' '.join(next(joining))} {request}"


def _spread(said: Sequence[str], times: int) -> Sequence[str]:
    """Return so many of the sentences, from all over the list."""
    return said[:: max(1, len(said) // times)][:times]


def _plain(text: str) -> str:
    """Return a sample or value as words in lower case; slot names stay as they are."""
    parts = _NO_WORD.sub(" ", text).split()
    return " ".join(part if part.startswith("{") else part.lower() for part in parts)


def _short(text: str) -> str:
    """Return a sample as it is mostly spoken: "do not" as "don't"."""
    return _LONG_FORM.sub(lambda long: _SHORT_FORMS[long[0]], text)
