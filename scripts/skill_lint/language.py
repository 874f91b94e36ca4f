"""Amazon's rules for one interaction model, as far as no schema can say them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scripts.skill_lint.clashes import spelt
from scripts.skill_lint.problems import Problem, shape_problems, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scripts.skill_lint.problems import Json

MOST_BYTES: Final = 1_500_000
"""Alexa takes no larger model of a locale."""

REQUIRED_INTENTS: Final = (
    "AMAZON.CancelIntent",
    "AMAZON.FallbackIntent",
    "AMAZON.HelpIntent",
    "AMAZON.NavigateHomeIntent",
    "AMAZON.StopIntent",
)
FALLBACK: Final = "AMAZON.FallbackIntent"
SEARCH: Final = "AMAZON.SearchQuery"
# Types of Amazon's that the skill reads. Another one would reach no handler.
READ_TYPES: Final = frozenset({"AMAZON.DATE", "AMAZON.DURATION", "AMAZON.NUMBER"})
# Amazon refuses the setting elsewhere.
SENSITIVE_LOCALES: Final = re.compile(r"en-[A-Z]{2}|de-DE")
SLOT: Final = re.compile(r"\{([A-Za-z_]+)\}")
# A slot stands between spaces; only a possessive may touch it.
_TOUCHED: Final = re.compile(r"(?<=[^ ])\{|\}(?!'s(?: |$)| |$)")
_WAKE_WORDS: Final = frozenset({"alexa", "amazon", "echo", "computer", "ziggy"})

# Alexa: choose the invocation name for a custom skill.
LAUNCH_WORDS: Final = frozenset(
    {"run", "start", "play", "resume", "use", "launch", "ask", "open", "tell", "load", "begin"}
    | {"enable"}
)
CONNECTING_WORDS: Final = frozenset(
    {"to", "from", "in", "using", "with", "about", "for", "that", "by", "if", "and", "whether"}
)
RESERVED_WORDS: Final = _WAKE_WORDS | {"skill", "app"}
SMALL_WORDS: Final = frozenset(
    {"the", "a", "an", "for", "to", "of", "about", "up", "by", "at", "off", "with"}
)
_TWO: Final = 2


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The interaction model of a locale, and where it came from.

    Attributes:
        file: The file, for messages.
        locale: Such as ``en-US``.
        text: What the file holds.
        document: The same, parsed.
    """

    file: str
    locale: str
    text: str
    document: Json

    @property
    def language_model(self) -> Json:
        """The part that everything else stands in."""
        return self.document["interactionModel"]["languageModel"]

    def problem(self, path: str, found: object, expected: str) -> Problem:
        """Return a problem at a place below the language model."""
        where = f"$.interactionModel.languageModel{path}"
        return Problem(self.file, where, shown(found), expected)


def shape_of(model: ModelFile) -> Iterator[Problem]:
    """Find where a model is too large or not of Amazon's shape, which all else relies on."""
    size = len(model.text.encode())
    if size > MOST_BYTES:
        yield Problem(model.file, "$", f"{size:,} bytes", f"at most {MOST_BYTES:,}")
    yield from shape_problems(model.file, model.document, "interaction_model")


def language_problems(model: ModelFile) -> Iterator[Problem]:
    """Find what Amazon would refuse or warn of in a model of the right shape, but for clashes."""
    yield from _invocation_problems(model)
    yield from _letter_problems(model)
    yield from _name_problems(model)
    yield from _slot_problems(model)
    yield from _sample_problems(model)
    yield from _value_problems(model)


def _invocation_problems(model: ModelFile) -> Iterator[Problem]:
    name = model.language_model["invocationName"]
    words = name.split()
    if len(words) < _TWO:
        yield model.problem(".invocationName", name, "two words or more")
    banned = RESERVED_WORDS | LAUNCH_WORDS | CONNECTING_WORDS
    if len(words) == _TWO:
        banned |= SMALL_WORDS
    for word in words:
        if word.removesuffix("'s") in banned:
            yield model.problem(".invocationName", name, f"a name without the word {word!r}")


def _letter_problems(model: ModelFile) -> Iterator[Problem]:
    """Find letters that only look like those of the language, and signs that count as letters."""
    for path, said in _everything_said(model):
        for letter in sorted({one for one in said if not one.isascii()}):
            name = unicodedata.name(letter, "a sign without a name")
            if not name.startswith("LATIN "):
                yield model.problem(path, said, f"Latin letters, not {name}")


def _everything_said(model: ModelFile) -> Iterator[tuple[str, str]]:
    yield ".invocationName", model.language_model["invocationName"]
    for place, intent in enumerate(model.language_model["intents"]):
        for number, sample in enumerate(intent["samples"]):
            yield f".intents[{place}].samples[{number}]", sample
    for place, slot_type in enumerate(model.language_model["types"]):
        for number, value in enumerate(slot_type["values"]):
            path = f".types[{place}].values[{number}].name"
            yield f"{path}.value", value["name"]["value"]
            for one, synonym in enumerate(value["name"]["synonyms"]):
                yield f"{path}.synonyms[{one}]", synonym


def _name_problems(model: ModelFile) -> Iterator[Problem]:
    intents = model.language_model["intents"]
    types = model.language_model["types"]
    for path, entries in ((".intents", intents), (".types", types)):
        yield from _repeated(model, path, "name", entries)
    for place, slot_type in enumerate(types):
        yield from _repeated(model, f".types[{place}].values", "id", slot_type["values"])
    declared = {intent["name"] for intent in intents}
    for name in REQUIRED_INTENTS:
        if name not in declared:
            yield model.problem(".intents", sorted(declared), f"{name} among them")
    if not SENSITIVE_LOCALES.fullmatch(model.locale):
        yield model.problem(
            ".modelConfiguration.fallbackIntentSensitivity",
            model.locale,
            "no sensitivity outside en-* and de-DE",
        )


def _repeated(model: ModelFile, path: str, key: str, entries: Sequence[Json]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for place, entry in enumerate(entries):
        before = first.setdefault(entry[key].casefold(), place)
        if before != place:
            yield model.problem(
                f"{path}[{place}].{key}", entry[key], f"another {key} than [{before}] has"
            )


def _slot_problems(model: ModelFile) -> Iterator[Problem]:
    own = {slot_type["name"] for slot_type in model.language_model["types"]}
    used: set[str] = set()
    type_of: dict[str, str] = {}
    for place, intent in enumerate(model.language_model["intents"]):
        yield from _repeated(model, f".intents[{place}].slots", "name", intent.get("slots", ()))
        said = {slot for sample in intent["samples"] for slot in SLOT.findall(sample)}
        for number, slot in enumerate(intent.get("slots", ())):
            path = f".intents[{place}].slots[{number}]"
            used.add(slot["type"])
            before = type_of.setdefault(slot["name"], slot["type"])
            if slot["type"] not in own | READ_TYPES | {SEARCH}:
                yield model.problem(
                    f"{path}.type", slot["type"], f"one of {', '.join(sorted(own | READ_TYPES))}"
                )
            if before != slot["type"]:
                yield model.problem(f"{path}.type", slot["type"], f"{before}, as in other intents")
            if slot["name"] not in said:
                yield model.problem(f"{path}.name", slot["name"], "a slot that a sample uses")
    for place, slot_type in enumerate(model.language_model["types"]):
        if slot_type["name"] not in used:
            yield model.problem(
                f".types[{place}].name", slot_type["name"], "a type that a slot has"
            )


def _sample_problems(model: ModelFile) -> Iterator[Problem]:
    for place, intent in enumerate(model.language_model["intents"]):
        path = f".intents[{place}].samples"
        samples = intent["samples"]
        slots = {slot["name"]: slot["type"] for slot in intent.get("slots", ())}
        if intent["name"] == FALLBACK and samples:
            yield model.problem(path, samples, f"none, as {FALLBACK} takes no samples")
        if not samples and not intent["name"].startswith("AMAZON."):
            yield model.problem(path, samples, f"at least one, for {intent['name']}")
        first: dict[str, int] = {}
        for number, sample in enumerate(samples):
            at = f"{path}[{number}]"
            before = first.setdefault(" ".join(sample.casefold().split()), number)
            if before != number:
                yield model.problem(at, sample, f"another sample than [{before}]")
            yield from _slot_use_problems(model, at, sample, slots)
            name = model.language_model["invocationName"]
            if sample.partition(" ")[0] in _WAKE_WORDS or name in sample:
                expected = "what is said after the wake word and the skill's name"
                yield model.problem(at, sample, expected)


def _slot_use_problems(
    model: ModelFile, at: str, sample: str, slots: dict[str, str]
) -> Iterator[Problem]:
    named = SLOT.findall(sample)
    for slot in named:
        if slot not in slots:
            yield model.problem(at, sample, f"only slots of the intent, not {{{slot}}}")
    if _TOUCHED.search(sample):
        yield model.problem(at, sample, "spaces around a slot, or 's behind it")
    for slot, count in Counter(named).items():
        if count > 1:
            yield model.problem(at, sample, f"{{{slot}}} once")
    searched = [slot for slot in named if slots.get(slot) == SEARCH]
    if searched and len(named) > 1:
        yield model.problem(at, sample, f"no other slot beside {{{searched[0]}}}, a {SEARCH}")
    # A number or a duration alone is an answer; any other bare slot would swallow everything.
    if SLOT.fullmatch(sample) and slots.get(named[0]) not in READ_TYPES | {None}:
        yield model.problem(at, sample, "words beside the slot")


def _value_problems(model: ModelFile) -> Iterator[Problem]:
    claimed: dict[str, tuple[str, str]] = {}
    for place, slot_type in enumerate(model.language_model["types"]):
        for number, value in enumerate(slot_type["values"]):
            path = f".types[{place}].values[{number}].name"
            by_spelling: dict[str, list[str]] = defaultdict(list)
            sayings = [(f"{path}.value", value["name"]["value"])]
            sayings += [
                (f"{path}.synonyms[{one}]", synonym)
                for one, synonym in enumerate(value["name"]["synonyms"])
            ]
            for at, saying in sayings:
                if any(saying.casefold() == other for other in by_spelling[spelt(saying)]):
                    yield model.problem(at, saying, "what this value is not called yet")
                by_spelling[spelt(saying)].append(saying.casefold())
            for at, saying in sayings:
                owner = claimed.setdefault(spelt(saying), (value["id"], at))
                if owner[0] != value["id"]:
                    yield model.problem(
                        at, saying, f"what {owner[0]} is not called already, at {owner[1]}"
                    )
