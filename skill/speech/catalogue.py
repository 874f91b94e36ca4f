"""The words of one locale: a line id in, a phrase out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, TypeAlias

from skill.dialogue.script import line_ids
from skill.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from skill.dialogue.script import Line
    from skill.triage.model import RuleSet

LOCALES_FOLDER = Path(__file__).parent / "locales"
DEFAULT_LOCALE = "en-US"

_KEYS = {"locale", "emergency_number", "other_person", "lines"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a phrase.

    Attributes:
        text: The words, or the digits of a number to call.
        is_number: Whether it is a number to call, which is spoken digit by digit.
    """

    text: str
    is_number: bool = False


Phrase: TypeAlias = tuple[Part, ...]

# A template taken apart: (words before, name of the placeholder behind them or None).
_Template: TypeAlias = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All lines of one locale.

    Attributes:
        locale: Its name, such as ``en-US``.
        emergency_number: The number to call, in digits.
        other_person: What ``{you}``, ``{your}`` and the like become when the caller speaks
            for somebody else: ``{you:object}`` becomes "them". For the caller the words in
            braces, up to the colon, are said as they stand.
        templates: Line id to its template.
    """

    locale: str
    emergency_number: str
    other_person: Mapping[str, str]
    templates: Mapping[str, _Template]

    def phrase(self, line: Line, *, about_other: bool = False) -> Phrase:
        """Return the words of a line.

        Args:
            line: A line whose id is in the catalogue.
            about_other: Whether the person in pain is somebody other than the caller.
        """
        values = dict(line.values)
        parts: list[Part] = []
        for words, name in self.templates[line.id]:
            parts.append(Part(words))
            if name is None:
                continue
            if name == "number":
                parts.append(Part(self.emergency_number, is_number=True))
            elif name in self.other_person:
                own = name.partition(":")[0]
                parts.append(Part(self.other_person[name] if about_other else own))
            else:
                parts.append(Part(str(values[name])))
        return tuple(part for part in parts if part.text)


def load_catalogues(rule_set: RuleSet, folder: Path = LOCALES_FOLDER) -> dict[str, Catalogue]:
    """Read every locale in a folder and check it against the rule set.

    Returns:
        Locale to catalogue, ``en-US`` among them.

    Raises:
        CatalogueError: With every defect of every locale.
    """
    catalogues: dict[str, Catalogue] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            catalogue = _parsed(json.loads(path.read_text(encoding="utf-8")), path.stem)
        except (OSError, ValueError) as error:
            problems.append(f"{path.name}: {error}")
            continue
        problems += [f"{path.name}: {p}" for p in _problems(catalogue, line_ids(rule_set))]
        catalogues[catalogue.locale] = catalogue
    if not problems and DEFAULT_LOCALE not in catalogues:
        problems.append(f"{folder}: {DEFAULT_LOCALE}.json is missing")
    if problems:
        raise CatalogueError(tuple(problems))
    return catalogues


def _parsed(document: Any, name: str) -> Catalogue:  # noqa: ANN401 - JSON, as it comes
    if not isinstance(document, dict) or document.keys() != _KEYS:
        raise ValueError(f"expected an object with the keys {', '.join(sorted(_KEYS))}")
    if document["locale"] != name:
        raise ValueError(f"locale: found {document['locale']!r}, expected {name!r}")
    for key in ("other_person", "lines"):
        texts = document[key]
        if not isinstance(texts, dict) or not all(isinstance(t, str) for t in texts.values()):
            raise ValueError(f"{key}: expected an object of texts")
    number = document["emergency_number"]
    if not isinstance(number, str) or not number.isdecimal():
        raise ValueError("emergency_number: expected digits")
    return Catalogue(
        locale=name,
        emergency_number=number,
        other_person=document["other_person"],
        templates={
            line_id: tuple(
                (words, f"{name}:{role}" if role else name)
                for words, name, role, _ in Formatter().parse(text)
            )
            for line_id, text in document["lines"].items()
        },
    )


def _problems(catalogue: Catalogue, expected: Iterable[str]) -> Iterator[str]:
    wanted = frozenset(expected)
    for line_id in sorted(wanted - catalogue.templates.keys()):
        yield f"lines: {line_id!r} is missing"
    for line_id in sorted(catalogue.templates.keys() - wanted):
        yield f"lines: {line_id!r} is never said"
    known = {"number", *catalogue.other_person}
    for line_id, template in catalogue.templates.items():
        for _, name in template:
            if name is not None and name not in known:
                yield f"lines: {line_id!r} has the unknown placeholder {{{name}}}"
