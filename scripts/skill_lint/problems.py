"""What a check finds, and the check that a JSON Schema makes."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    Json: TypeAlias = Any

_SCHEMAS: Final = Path(__file__).parent
_MOST_CHARACTERS: Final = 100
_NOTHING: Final = object()
# Their own messages name what is wrong with an object; of a value they only repeat the pattern.
_TELL_ENOUGH: Final = frozenset({"additionalProperties", "required", "propertyNames"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a skill from being built or certified.

    Attributes:
        file: The file it stands in, as the person who mends it knows it.
        path: The place in the file, as a JSON path.
        found: What stands there.
        expected: What has to stand there instead.
    """

    file: str
    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Return the problem as one line."""
        return f"{self.file}: {self.path}: found {self.found}; expected {self.expected}"


def shown(found: object) -> str:
    """Return a value for a message, cut where it is long."""
    text = json.dumps(found, ensure_ascii=False)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 3]}..."


def differences(path: str, one: Json, other: Json) -> Iterator[tuple[str, str, str]]:
    """Give each place where two documents differ, and what stands there in each of them."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            at = f"{path}.{key}"
            yield from differences(at, one.get(key, _NOTHING), other.get(key, _NOTHING))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differences(f"{path}[{place}]", first, second)
    elif one != other or type(one) is not type(other):
        first, second = ("nothing" if it is _NOTHING else shown(it) for it in (one, other))
        yield path, first, second


def shape_problems(file: str, document: Json, schema: str) -> Iterator[Problem]:
    """Find where a document is not of the shape that a schema beside this file describes.

    Args:
        file: The file, for the messages.
        document: What it holds.
        schema: The schema's name, such as ``interaction_model``.
    """
    for error in _validator(schema).iter_errors(document):
        cause = best_match([error]) or error
        yield Problem(file, cause.json_path, shown(cause.instance), _expected(cause))


def _expected(error: ValidationError) -> str:
    described = isinstance(error.schema, dict) and error.schema.get("description")
    if not described or error.validator in _TELL_ENOUGH:
        return f"none of this: {error.message}"
    return str(described)


@functools.cache
def _validator(schema: str) -> Draft202012Validator:
    path = _SCHEMAS / f"{schema}.schema.json"
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
