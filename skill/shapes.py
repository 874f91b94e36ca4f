"""Whether a data file has the shape that its JSON Schema asks for.

What is found to be right is noted beside the file, in ``__pycache__``, as Python notes what it
compiled: by the content of both, so that a file that changes by one letter is checked again. To
import `jsonschema` and check everything anew takes a quarter of the time of a start.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ShapeProblem(NamedTuple):
    """One place that is not as the schema asks.

    Attributes:
        path: Where, as a JSON path such as ``$.rules[3].when``.
        message: What was found there, and what was expected.
    """

    path: str
    message: str


def shape_problems(document: object, schema: Mapping[str, object]) -> Sequence[ShapeProblem]:
    """Return all that is wrong with the shape of a parsed document, by place.

    Args:
        document: What ``json.loads`` made of it.
        schema: A JSON Schema of draft 2020-12, parsed as well.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # most starts never need it
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    errors = sorted(Draft202012Validator(schema).iter_errors(document), key=lambda e: e.json_path)
    causes = [best_match([error]) or error for error in errors]
    return tuple(dict.fromkeys(ShapeProblem(cause.json_path, cause.message) for cause in causes))


def shape_problems_of_file(
    path: Path, document: object, schema: Mapping[str, object]
) -> Sequence[ShapeProblem]:
    """Return the same of what was read from a file, and remember a file without any.

    Whoever can write into ``__pycache__`` can change the program as well, so a note there is
    believed as the bytecode is.

    Args:
        path: The file.
        document: What was read from it.
        schema: As above.
    """
    note = Path(cache_from_source(path)).with_suffix(".shape")
    content = json.dumps([document, schema], separators=(",", ":"))
    found_right = sha256(content.encode()).hexdigest()
    with suppress(OSError, UnicodeDecodeError):
        if note.read_text(encoding="ascii") == found_right:
            return ()
    problems = shape_problems(document, schema)
    if not problems and not sys.dont_write_bytecode:
        with suppress(OSError):  # a folder that is only read costs time at the next start
            note.parent.mkdir(exist_ok=True)
            note.write_text(found_right, encoding="ascii")
    return problems
