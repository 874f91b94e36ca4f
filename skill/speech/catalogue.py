"""The words of one locale: a line id in, a phrase out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, TypeAlias

from skill.dialogue.script import LABELS, Line, line_ids, values_of
from skill.errors import CatalogueError, RuleSetError
from skill.shapes import shape_problems_of_file
from skill.triage.loading import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from skill.dialogue.script import Value
    from skill.triage.model import RuleSet

LOCALES_FOLDER = Path(__file__).parent / "locales"
DEFAULT_LOCALE = "en-US"
ELSEWHERE = ""
"""Stands for every locale without words of its own: those of ``en-US``, and no number."""

NUMBER_KINDS = ("emergency_number", "nurse_line", "crisis_line")
"""The numbers that a locale may have, each with the sources that give it."""

Json: TypeAlias = Any  # what a parsed file is made of; nothing past this module is typed so

_SCHEMA = read_json(Path(__file__).parent / "locale.schema.json")
_EMERGENCY_NAMES = ("number", "number_or_local")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a phrase.

    Attributes:
        text: The words, or the digits of a number to call.
        is_number: Whether it is a number to call, which is spoken digit by digit.
        spoken: How people there say the number, where that is not digit by digit.
        pause_seconds: How long to say nothing, in place of words.
    """

    text: str
    is_number: bool = False
    spoken: str | None = None
    pause_seconds: int = 0


# Alexa allows a break of at most ten seconds, and closes the session after a silence of
# eight; this leaves time to think and the question is still heard in time.
PAUSE_SECONDS = 8

Phrase: TypeAlias = tuple[Part, ...]

# A template taken apart: (words before, name of the placeholder behind them or None).
_Template: TypeAlias = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All lines of one locale.

    Attributes:
        locale: Its name, such as ``en-US``.
        emergency_number: The number to call; ``None`` where none is known.
        nurse_line: The number of a line for advice that can wait; ``None`` where there is none.
        crisis_line: The number of a line for people in despair; ``None`` where none is known.
        other_person: What ``{you}``, ``{your}`` and the like become when the caller speaks
            for somebody else: ``{you:object}`` becomes "them". For the caller the words in
            braces, up to the colon, are said as they stand.
        glue: Words that join: around a number, in place of one, and in a list.
        templates: Line id to its template.
    """

    locale: str
    emergency_number: Part | None
    nurse_line: Part | None
    crisis_line: Part | None
    other_person: Mapping[str, str]
    glue: Mapping[str, str]
    templates: Mapping[str, _Template]
    _fixed: dict[tuple[str, bool], Phrase] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def say(self, lines: Sequence[Line], *, about_other: bool = False) -> list[Phrase]:
        """Return the words of some lines, in order. See :meth:`phrase`."""
        return [self.phrase(line, about_other=about_other) for line in lines]

    def phrase(self, line: Line, *, about_other: bool = False) -> Phrase:
        """Return the words of a line.

        Args:
            line: A line whose id is in the catalogue.
            about_other: Whether the person in pain is somebody other than the caller.
        """
        if line.values:
            return self._phrase(line, about_other=about_other)
        # Most lines hold nothing that a caller said, and so are the same each time.
        found = self._fixed.get((line.id, about_other))
        if found is None:
            found = self._fixed[line.id, about_other] = self._phrase(line, about_other=about_other)
        return found

    def _phrase(self, line: Line, *, about_other: bool) -> Phrase:
        values = dict(line.values)
        parts: list[Part] = []
        for words, name in self.templates[line.id]:
            parts.append(Part(words))
            if name is None:
                continue
            if name == "pause":
                parts.append(Part("", pause_seconds=PAUSE_SECONDS))
            elif name in self.other_person:
                own = name.partition(":")[0]
                parts.append(Part(self.other_person[name] if about_other else own))
            elif name in values:
                parts += self._value(values[name], values)
            else:
                parts += self._number(name)
        return tuple(part for part in parts if part.text or part.pause_seconds)

    def _value(self, value: Value, values: Mapping[str, Value]) -> Phrase:
        match value:
            case int():
                return (Part(str(value)),)
            case str():
                return self.phrase(Line(value, self._needed(value, values)))
            case _:
                listed = [self.phrase(Line(line_id)) for line_id in value]
                joints = [self.glue["list"]] * (len(listed) - 2) + [self.glue["and"], ""]
                joints = joints[-len(listed) :]
                return tuple(
                    part
                    for phrase, joint in zip(listed, joints, strict=True)
                    for part in (*phrase, Part(joint))
                )

    def _needed(self, line_id: str, values: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
        return tuple((name, values[name]) for name in values_of(line_id) if name in values)

    def _number(self, name: str) -> Phrase:
        kind = "emergency_number" if name in _EMERGENCY_NAMES else name
        number: Part | None = getattr(self, kind)
        if number is None:
            return (Part(self.glue[f"no_{kind}"]),)
        if name == "number_or_local":
            return (number, Part(self.glue["or_local"]))
        return (number,)


def catalogue_for(locale: str, catalogues: Mapping[str, Catalogue]) -> Catalogue:
    """Return the words for a locale; for one without its own, ``en-US`` and no number."""
    return catalogues.get(locale) or catalogues[ELSEWHERE]


def load_catalogues(rule_set: RuleSet, folder: Path = LOCALES_FOLDER) -> dict[str, Catalogue]:
    """Read every locale in a folder and check it against the rule set.

    Returns:
        Locale to catalogue, ``en-US`` and ``ELSEWHERE`` among them.

    Raises:
        CatalogueError: With every defect of every locale.
    """
    documents: dict[str, Json] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            documents[path.stem] = _checked(path)
        except RuleSetError as error:
            problems += error.problems
        except CatalogueError as error:
            problems += [f"{path.name}: {problem}" for problem in error.problems]
    if not (folder / f"{DEFAULT_LOCALE}.json").exists():
        problems.append(f"{folder}: {DEFAULT_LOCALE}.json is missing")
    expected = frozenset(line_ids(rule_set))
    catalogues: dict[str, Catalogue] = {}
    for locale, document in documents.items() if not problems else ():
        base = documents.get(document.get("based_on", locale))
        found = [*_number_problems(document), *_base_problems(document, base)]
        found += _template_problems(document)
        if not found and base is not None:
            catalogues[locale] = _built(document, base)
            found = list(_line_problems(catalogues[locale], expected))
        problems += [f"{locale}.json: {problem}" for problem in found]
    if problems:
        raise CatalogueError(tuple(problems))
    nowhere = replace(
        catalogues[DEFAULT_LOCALE], emergency_number=None, nurse_line=None, crisis_line=None
    )
    return {**catalogues, ELSEWHERE: nowhere}


def _checked(path: Path) -> Json:
    document = read_json(path)
    problems = shape_problems_of_file(path, document, _SCHEMA)
    if problems:
        raise CatalogueError(tuple(f"{place[2:] or '$'}: {what}" for place, what in problems))
    if document["locale"] != path.stem:
        raise CatalogueError((f"locale: found {document['locale']!r}, expected {path.stem!r}",))
    return document


def _number_problems(document: Json) -> Iterator[str]:
    for kind, entries in document["numbers"].items():
        said = {entry["number"] for entry in entries}
        if len(said) > 1:
            yield f"numbers.{kind}: the sources disagree: {', '.join(sorted(said))}"


def _template_problems(document: Json) -> Iterator[str]:
    for line_id, text in document["lines"].items():
        try:
            parts = list(Formatter().parse(text))
        except ValueError as error:
            yield f"lines: {line_id!r} cannot be read: {error}"
            continue
        if any(conversion for *_, conversion in parts):
            yield f"lines: {line_id!r} has '!' in a placeholder"


def _base_problems(document: Json, base: Json | None) -> Iterator[str]:
    if base is None or "based_on" in base:
        yield f"based_on: {document['based_on']!r} is no locale with words of its own"
        return
    for line_id in sorted(document["lines"].keys() - base["lines"].keys()):
        yield f"lines: {line_id!r} is never said"


def _built(document: Json, base: Json) -> Catalogue:
    numbers = {
        kind: Part(entries[0]["number"], is_number=True, spoken=entries[0].get("spoken"))
        if entries
        else None
        for kind, entries in document["numbers"].items()
    }
    return Catalogue(
        locale=document["locale"],
        **numbers,
        other_person=base["other_person"],
        glue=base["glue"],
        templates={
            line_id: tuple(
                (words, f"{name}:{role}" if role else name)
                for words, name, role, _ in Formatter().parse(text)
            )
            for line_id, text in {**base["lines"], **document["lines"]}.items()
        },
    )


def _line_problems(catalogue: Catalogue, expected: frozenset[str]) -> Iterator[str]:
    for line_id in sorted(expected - catalogue.templates.keys()):
        yield f"lines: {line_id!r} is missing"
    for line_id in sorted(catalogue.templates.keys() - expected):
        yield f"lines: {line_id!r} is never said"
    known = {*_EMERGENCY_NAMES, "nurse_line", "crisis_line", "pause", *catalogue.other_person}
    for line_id, template in catalogue.templates.items():
        named = {name for _, name in template if name is not None}
        # A label is said within another line, which has no values to hand on to it.
        fits = frozenset() if line_id.startswith(LABELS) else known | values_of(line_id)
        for name in sorted(named - fits):
            yield f"lines: {line_id!r} has the unknown placeholder {{{name}}}"
