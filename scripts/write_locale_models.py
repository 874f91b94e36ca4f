#!/usr/bin/env python3
"""Write the interaction models of the locales that are spoken to almost as en-US is.

interaction_model/en-US.json is written by hand. What is said otherwise elsewhere stands in
interaction_model/differences, one file for each locale, and this program makes the full models
from both. A locale only adds: nothing that en-US understands can be lost. With --check nothing
is written; the exit status is 1 when a model is not what the files give.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import copy
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jsonschema import Draft202012Validator

from skill.errors import SkillError
from skill.triage.loading import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Json: TypeAlias = Any

FOLDER: Final = Path(__file__).resolve().parents[1] / "interaction_model"
BASE: Final = "en-US"
COMMAND: Final = "scripts/write_locale_models.py"

_STALE: Final = 1
_UNUSABLE: Final = 2
_WORD: Final = re.compile(r"(?<![{\w'])[a-z]+(?![\w'}])")


class DifferencesError(SkillError):
    """A locale's differences cannot be used.

    Attributes:
        problems: Every reason at once, each with the file and the place in it.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the models and return the exit status."""
    options = _options(arguments)
    try:
        models = models_of(options.folder)
        if not options.check:
            for path, text in models.items():
                path.write_text(text, encoding="utf-8")
            return 0
        stale = [path for path, text in models.items() if not _holds(path, text)]
    except SkillError as error:
        for line in str(error).splitlines():
            print(f"write_locale_models: {line}", file=sys.stderr)
        return _UNUSABLE
    except (OSError, UnicodeError) as error:
        print(f"write_locale_models: {options.folder}: cannot be used ({error})", file=sys.stderr)
        return _UNUSABLE
    for path in stale:
        print(f"{path.name} is stale; write it anew with: {COMMAND}", file=sys.stderr)
    return _STALE if stale else 0


def models_of(folder: Path = FOLDER) -> dict[Path, str]:
    """Return the text of every model that is made, by the path where it belongs.

    Raises:
        SkillError: A file cannot be read, or differences do not fit the model they change.
    """
    base = read_json(folder / f"{BASE}.json")
    schema = read_json(folder / "differences" / "differences.schema.json")
    found = sorted((folder / "differences").glob("??-??.json"))
    if not found:
        raise DifferencesError([f"{folder / 'differences'}: holds no differences"])
    models = {}
    problems = []
    for path in found:
        differences = read_json(path)
        misfits = list(_misfits(base, differences, schema, path.stem))
        problems += [f"differences/{path.name}: {misfit}" for misfit in misfits]
        if not misfits:
            models[folder / path.name] = as_text(model_with(base, differences))
    if problems:
        raise DifferencesError(problems)
    return models


def model_with(base: Json, differences: Json) -> Json:
    """Return a model to which differences are added that fit it."""
    model = copy.deepcopy(base)
    language_model = model["interactionModel"]["languageModel"]
    spelling = differences["also_spelt"]
    for intent in language_model["intents"]:
        added = differences["samples"].get(intent["name"], ())
        intent["samples"] = _grown(intent["samples"], added, spelling)
    for slot_type in language_model["types"]:
        synonyms = differences["synonyms"].get(slot_type["name"], {})
        for value in slot_type["values"]:
            name = value["name"]
            # The value itself keeps its spelling; as a synonym it has the other one too.
            sayings = _grown(
                [name["value"], *name["synonyms"]], synonyms.get(value["id"], ()), spelling
            )
            name["synonyms"] = sayings[1:]
    return model


def as_text(model: Json) -> str:
    """Return a model as a file holds it."""
    return json.dumps(model, indent=2, ensure_ascii=False) + "\n"


def _grown(said: Iterable[str], added: Iterable[str], spelling: Mapping[str, str]) -> list[str]:
    both = (one for phrase in said for one in (phrase, _spelt(phrase, spelling)))
    return list(dict.fromkeys((*both, *added)))


def _spelt(phrase: str, spelling: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: spelling.get(word[0], word[0]), phrase)


def _misfits(base: Json, differences: Json, schema: Json, locale: str) -> Iterator[str]:
    """Tell what keeps differences from being added."""
    errors = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(differences)
    ]
    yield from errors
    if errors:
        return
    if differences["locale"] != locale:
        yield f"$.locale: found {differences['locale']!r}, expected {locale!r}"
    language_model = base["interactionModel"]["languageModel"]
    samples = {intent["name"]: intent["samples"] for intent in language_model["intents"]}
    synonyms = {
        slot_type["name"]: {
            value["id"]: [value["name"]["value"], *value["name"]["synonyms"]]
            for value in slot_type["values"]
        }
        for slot_type in language_model["types"]
    }
    yield from _additions("$.samples", samples, differences["samples"])
    for name, values in differences["synonyms"].items():
        if name in synonyms:
            yield from _additions(f"$.synonyms.{name}", synonyms[name], values)
        else:
            yield f"$.synonyms.{name}: {BASE} has no such type"
    every = {phrase for said in samples.values() for phrase in said}
    every |= {phrase for values in synonyms.values() for said in values.values() for phrase in said}
    words = {word for phrase in every for word in _WORD.findall(phrase)}
    for word in differences["also_spelt"]:
        if word not in words:
            yield f"$.also_spelt.{word}: {BASE} has no such word"


def _additions(
    path: str, present: Mapping[str, Sequence[str]], added: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for name, phrases in added.items():
        if name not in present:
            yield f"{path}['{name}']: {BASE} has no such entry"
            continue
        for place, phrase in enumerate(phrases):
            if phrase in present[name]:
                yield f"{path}['{name}'][{place}]: {phrase!r} is there in {BASE} already"


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="write_locale_models",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a model is stale"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        metavar="DIR",
        help="another folder than interaction_model",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
