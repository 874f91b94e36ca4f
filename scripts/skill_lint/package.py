"""A repository's models or a built skill package, read and judged as a whole."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from scripts.simulator.errors import SimulatorError
from scripts.simulator.phrases import load_phrases
from scripts.skill_lint.agreement import (
    accepted_clashes,
    clash_problems,
    handler_problems,
    locale_problems,
    own_phrase_problems,
    rule_problems,
)
from scripts.skill_lint.clashes import Phrases
from scripts.skill_lint.language import ModelFile, language_problems, shape_of
from scripts.skill_lint.manifest import Sayable, manifest_problems
from scripts.skill_lint.problems import Problem, differences
from scripts.skill_lint.round_trip import manifest_trip_problems, model_trip_problems
from scripts.skill_package.hosting import at_endpoint, before_submission
from scripts.skill_package.manifest import ICONS, load_words, manifest_for
from skill.errors import SkillError
from skill.speech.catalogue import ELSEWHERE, load_catalogues
from skill.triage.loading import load_rule_set, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from scripts.skill_lint.problems import Json
    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet

# What yields problems and returns what could be read in spite of them.
_Read = TypeVar("_Read")
Found: TypeAlias = Generator[Problem, None, _Read]

RESOURCES: Final = {
    "askcliResourcesVersion": "2020-03-31",
    "profiles": {"default": {"skillMetadata": {"src": "./skill-package"}}},
}
"""What the ASK CLI is told of a package. It deploys no code: that runs elsewhere."""

_SOMEWHERE: Final = "https://example.org/alexa"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_WORDS: Final = "skill/speech/locales"
# What is judged of a package, apart from the ASK CLI's own files beside it.
_PACKAGED: Final = re.compile(
    r"skill\.json|interactionModels/custom/[a-z]{2}-[A-Z]{2}\.json|assets/images/[a-z0-9_]+\.png"
)


@dataclass(frozen=True, slots=True)
class Skill:
    """What models and a manifest are judged by.

    Attributes:
        rule_set: What the skill triages by.
        catalogues: What it says, by locale.
        accepted_clashes: Samples that may claim a phrase together, with the reason why.
    """

    rule_set: RuleSet
    catalogues: Mapping[str, Catalogue]
    accepted_clashes: Mapping[frozenset[str], str]

    @classmethod
    def of_repository(cls) -> Skill:
        """Load the rule set and the words of this repository.

        Raises:
            SkillError: They cannot be loaded, with every reason.
        """
        rule_set = load_rule_set()
        return cls(rule_set, load_catalogues(rule_set), accepted_clashes())

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales that have words."""
        return tuple(sorted(self.catalogues.keys() - {ELSEWHERE}))


def repository_problems(folder: Path, skill: Skill) -> Iterator[Problem]:
    """Find every problem of a folder of models and of the words of its manifest."""
    models = yield from _read_models(folder, folder.name)
    sayable = yield from model_problems(models, skill)
    names = {locale: one.invocation_name for locale, one in sayable.items()}
    try:
        manifest = manifest_for(
            load_words(folder), at_endpoint(_SOMEWHERE), names, skill.catalogues
        )
    except SkillError as error:
        for line in str(error).splitlines():
            yield Problem("skill_manifest.json", "$", line, "words that make a manifest")
        return
    file = "skill_manifest.json, filled"
    yield from manifest_problems(file, manifest, sayable, skill.rule_set)
    yield from manifest_trip_problems(file, json.dumps(manifest), manifest)


def package_problems(folder: Path, skill: Skill) -> Iterator[Problem]:
    """Find every problem of a built skill package."""
    read = yield from _read_json(folder / "ask-resources.json", "ask-resources.json")
    if read is not None:
        for path, said, expected in differences("$", read[1], RESOURCES):
            yield Problem("ask-resources.json", path, said, expected)
    package = folder / "skill-package"
    yield from _file_problems(package)
    models = yield from _read_models(
        package / "interactionModels" / "custom", "skill-package/interactionModels/custom"
    )
    sayable = yield from model_problems(models, skill)
    file = "skill-package/skill.json"
    read = yield from _read_json(package / "skill.json", file)
    if read is None:
        return
    text, manifest = read
    found = list(manifest_problems(file, manifest, sayable, skill.rule_set))
    yield from found
    yield from manifest_trip_problems(file, text, manifest)
    if not found:
        yield from _icon_problems(package, manifest["manifest"]["publishingInformation"]["locales"])


def package_notes(folder: Path) -> list[str]:
    """Return what is no problem of a package, but would be refused in certification.

    Args:
        folder: A skill package that has no problem.
    """
    manifest = read_json(folder / "skill-package" / "skill.json")["manifest"]
    endpoint = manifest["apis"]["custom"]["endpoint"]["uri"]
    told = (
        before_submission(endpoint, pages["privacyPolicyUrl"], pages["termsOfUseUrl"])
        for pages in manifest["privacyAndCompliance"]["locales"].values()
    )
    return list(dict.fromkeys(note for notes in told for note in notes))


def model_problems(models: Sequence[ModelFile], skill: Skill) -> Found[dict[str, Sayable]]:
    """Find every problem of some models, alone and together.

    Returns:
        Each locale whose model can be read and that has words, with what may be said there.
    """
    sayable = {}
    is_readable = True
    for model in models:
        misshapen = list(shape_of(model))
        yield from misshapen
        yield from model_trip_problems(model.file, model.text, model.document)
        if misshapen:
            is_readable = False
            continue
        phrases = Phrases(model.language_model)
        yield from language_problems(model)
        yield from clash_problems(model, phrases, skill.accepted_clashes)
        own = _own_phrases(model.locale)
        yield from own_phrase_problems(model, phrases, own)
        yield from handler_problems(model, skill.rule_set)
        catalogue = skill.catalogues.get(model.locale)
        if catalogue is not None and catalogue.emergency_number is not None:
            sayable[model.locale] = Sayable(
                model.language_model["invocationName"],
                phrases,
                own,
                catalogue.emergency_number.text,
            )
    yield from rule_problems(skill.rule_set)
    if is_readable:
        yield from locale_problems(models, skill.locales, _WORDS)
    return sayable


def _own_phrases(locale: str) -> dict[str, str]:
    try:
        phrases = load_phrases(locale.partition("-")[0])
    except SimulatorError:
        return {}
    return {said: intent for intent, sayings in phrases.intents.items() for said in sayings}


def _read_models(folder: Path, name: str) -> Found[list[ModelFile]]:
    models = []
    paths = sorted(folder.glob("??-??.json"))
    if not paths:
        yield Problem(name, "$", "no interaction model", "one for each locale, such as en-US.json")
    for path in paths:
        file = f"{name}/{path.name}"
        read = yield from _read_json(path, file)
        if read is not None:
            models.append(ModelFile(file, path.stem, *read))
    return models


def _read_json(path: Path, file: str) -> Found[tuple[str, Json] | None]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, json.loads(text, object_pairs_hook=_without_repeats)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        yield Problem(file, "$", f"what cannot be read ({reason})", "JSON in UTF-8")
    return None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the key {name!r} stands twice in an object")
    return dict(pairs)


def _file_problems(package: Path) -> Iterator[Problem]:
    """Find files that the ASK CLI would upload and nothing here has judged."""
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        if path.is_file() and not _PACKAGED.fullmatch(name):
            yield Problem(f"skill-package/{name}", "$", "a file", "manifest, models and icons only")


def _icon_problems(package: Path, locales: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    for locale, texts in locales.items():
        for name, size in ICONS.items():
            path = package / texts[name].removeprefix("file://")
            at = f"$.manifest.publishingInformation.locales.{locale}.{name}"
            found = _size_of(path)
            if found != (size, size):
                what = "no whole PNG file" if found is None else f"{found[0]} x {found[1]} pixels"
                yield Problem("skill-package/skill.json", at, what, f"{size} x {size} pixels")


def _size_of(path: Path) -> tuple[int, int] | None:
    """Return the width and height of a PNG file, ``None`` if it is none, is cut or is damaged.

    W3C: PNG, 5 and 11.2.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    chunks = dict(_chunks(content))
    if content[:8] != _PNG or not {b"IHDR", b"IDAT", b"IEND"} <= chunks.keys():
        return None
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    return width, height


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return the name and the data of each chunk, up to the first that is not as it was written."""
    place = len(_PNG)
    while len(content) >= place + 12:
        (size,) = struct.unpack(">I", content[place : place + 4])
        name_and_data = content[place + 4 : place + 8 + size]
        check = content[place + 8 + size : place + 12 + size]
        if check != struct.pack(">I", zlib.crc32(name_and_data)):
            return
        yield name_and_data[:4], name_and_data[4:]
        place += 12 + size
