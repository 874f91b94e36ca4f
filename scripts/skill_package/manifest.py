"""The skill manifest: what Amazon is told of the skill, and what the store shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jsonschema import Draft202012Validator

from skill.errors import SkillError
from skill.triage.loading import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.skill_package.hosting import Hosting
    from skill.speech.catalogue import Catalogue

    Json: TypeAlias = Any

MODELS_FOLDER: Final = Path(__file__).resolve().parents[2] / "interaction_model"
ICONS: Final[Mapping[str, int]] = {"smallIconUri": 108, "largeIconUri": 512}
"""Each icon that a manifest names, and its width and height in pixels."""

SUBSCRIPTIONS: Final = ("SKILL_ENABLED", "SKILL_DISABLED")
"""The events that the skill is told of; it answers each, and forgets who disables it."""


class WordsError(SkillError):
    """The words of the manifest cannot be used."""


def icon_path(size: int) -> str:
    """Return where the icon of a size lies in a skill package."""
    return f"assets/images/icon_{size}.png"


def load_words(folder: Path = MODELS_FOLDER) -> Json:
    """Read the words of the manifest.

    Raises:
        SkillError: They cannot be read or are not of the shape of their schema.
    """
    words = read_json(folder / "skill_manifest.json")
    schema = read_json(folder / "skill_manifest.schema.json")
    problems = [
        f"skill_manifest.json: {error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(words)
    ]
    if problems:
        raise WordsError("\n".join(problems))
    return words


def manifest_for(
    words: Json,
    hosting: Hosting,
    invocation_names: Mapping[str, str],
    catalogues: Mapping[str, Catalogue],
) -> Json:
    """Return a manifest in Amazon's format.

    Args:
        words: What the store says.
        hosting: Where the skill is run.
        invocation_names: Each locale with the name that opens the skill there.
        catalogues: Each locale with its words, for the emergency number.

    Raises:
        WordsError: A locale has no emergency number, or the words ask for what is not known.
    """
    numbers = {locale: _number(locale, catalogues) for locale in sorted(invocation_names)}
    listed = ", ".join(f"{locale} {number}" for locale, number in numbers.items())
    endpoint = {"uri": hosting.uri}
    if hosting.certificate is not None:
        endpoint["sslCertificateType"] = hosting.certificate
    pages = {
        "privacyPolicyUrl": hosting.privacy_address,
        "termsOfUseUrl": hosting.terms_address,
    }
    return {
        "manifest": {
            "manifestVersion": "1.0",
            "publishingInformation": {
                "locales": {
                    locale: _shown(
                        words,
                        {
                            "invocation_name": invocation_names[locale],
                            "emergency_number": number,
                            "emergency_numbers": listed,
                        },
                    )
                    for locale, number in numbers.items()
                },
                "category": "HEALTH_AND_FITNESS",
                "distributionMode": "PUBLIC",
                # Only where the emergency number is known: "call 911" helps nobody in Ireland.
                "isAvailableWorldwide": False,
                "distributionCountries": sorted(locale[-2:] for locale in numbers),
                "testingInstructions": "\n".join(
                    _filled(text, {"emergency_numbers": listed})
                    for text in words["testing_instructions"]
                ),
            },
            "privacyAndCompliance": {
                "allowsPurchases": False,
                "usesPersonalInfo": False,
                "isChildDirected": False,
                "isExportCompliant": True,
                "containsAds": False,
                # Answers are kept for the session only; the HIPAA programme is not joined.
                "usesHealthInfo": False,
                "locales": {locale: dict(pages) for locale in numbers},
            },
            "apis": {"custom": {"endpoint": dict(endpoint), "interfaces": []}},
            "events": {
                "endpoint": dict(endpoint),
                "subscriptions": [{"eventName": name} for name in SUBSCRIPTIONS],
            },
            "permissions": [],
        }
    }


def _shown(words: Json, values: Mapping[str, str]) -> Json:
    return {
        "name": _filled(words["name"], values),
        "summary": _filled(words["summary"], values),
        "description": "\n\n".join(_filled(text, values) for text in words["description"]),
        "examplePhrases": [_filled(text, values) for text in words["example_phrases"]],
        "keywords": list(words["keywords"]),
        **{name: f"file://{icon_path(size)}" for name, size in ICONS.items()},
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    try:
        return text.format_map(values)
    except (KeyError, ValueError, IndexError) as error:
        raise WordsError(
            f"skill_manifest.json: {text!r}: cannot be filled ({error}); known: {', '.join(values)}"
        ) from error


def _number(locale: str, catalogues: Mapping[str, Catalogue]) -> str:
    catalogue = catalogues.get(locale)
    if catalogue is None or catalogue.emergency_number is None:
        raise WordsError(f"no emergency number is known for {locale}")
    return catalogue.emergency_number.text
