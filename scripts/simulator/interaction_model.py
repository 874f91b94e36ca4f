"""The interaction model of a locale, read from Amazon's format.

Only what a device needs is kept. Whether the model obeys Amazon's rules is the business of
the tests of ``interaction_model/``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scripts.simulator.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS_FOLDER: Final = Path(__file__).parents[2] / "interaction_model"


@dataclass(frozen=True, slots=True)
class Entity:
    """One value of a custom slot type, as entity resolution names it.

    Attributes:
        id: The value's id, ``None`` where the model gives none.
        name: The value itself, whichever synonym was said.
    """

    id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Intent:
    """One intent of the model.

    Attributes:
        name: Its name, such as ``AMAZON.YesIntent``.
        slots: Slot name to slot type, in the model's order.
        samples: Its sample utterances, with ``{slot}`` where a slot stands.
    """

    name: str
    slots: Mapping[str, str]
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InteractionModel:
    """What Alexa knows of the skill in one locale.

    Attributes:
        locale: Such as ``en-US``.
        invocation_name: What the skill is opened by.
        intents: The intents by name, in the model's order.
        types: Custom slot type to each thing that can be said for it and what that means;
            words that two values share mean both.
    """

    locale: str
    invocation_name: str
    intents: Mapping[str, Intent]
    types: Mapping[str, Mapping[str, tuple[Entity, ...]]]

    @property
    def language(self) -> str:
        """The locale without its country."""
        return self.locale.partition("-")[0]


def known_locales(folder: Path = MODELS_FOLDER) -> tuple[str, ...]:
    """Return the locales that have an interaction model.

    Raises:
        SimulatorError: There is none at all.
    """
    locales = tuple(sorted(path.stem for path in folder.glob("??-??.json")))
    if not locales:
        raise SimulatorError(f"no interaction model (such as en-US.json) lies in {folder}")
    return locales


def load_interaction_model(locale: str, folder: Path = MODELS_FOLDER) -> InteractionModel:
    """Read the interaction model of a locale.

    Raises:
        SimulatorError: The file cannot be read or is no interaction model.
    """
    path = folder / f"{locale}.json"
    try:
        return parse_interaction_model(json.loads(path.read_text(encoding="utf-8")), locale)
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise SimulatorError(f"{path}: is no interaction model ({error})") from error
    except KeyError as error:
        raise SimulatorError(f"{path}: is no interaction model (no {error})") from error


def parse_interaction_model(document: Any, locale: str) -> InteractionModel:  # noqa: ANN401  # JSON
    """Return the model that a parsed file in Amazon's format holds.

    Raises:
        KeyError: A key that Amazon requires is missing.
    """
    language_model = document["interactionModel"]["languageModel"]
    intents = [
        Intent(
            name=intent["name"],
            slots={slot["name"]: slot["type"] for slot in intent.get("slots") or ()},
            samples=tuple(intent.get("samples") or ()),
        )
        for intent in language_model["intents"]
    ]
    return InteractionModel(
        locale=locale,
        invocation_name=language_model["invocationName"],
        intents={intent.name: intent for intent in intents},
        types={
            slot_type["name"]: _sayings(slot_type["values"])
            for slot_type in language_model.get("types") or ()
        },
    )


def _sayings(values: Any) -> dict[str, tuple[Entity, ...]]:  # noqa: ANN401  # JSON
    sayings: dict[str, tuple[Entity, ...]] = {}
    for value in values:
        entity = Entity(value.get("id"), value["name"]["value"])
        for saying in (entity.name, *(value["name"].get("synonyms") or ())):
            if entity not in sayings.get(saying, ()):
                sayings[saying] = (*sayings.get(saying, ()), entity)
    return sayings
