"""Whether Amazon's own classes read a document without losing or changing anything.

They drop a key that they do not know and refuse a word that is not in a list of theirs, so what
comes out again shows both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ask_sdk_core.exceptions import SerializationException
from ask_sdk_core.serialize import DefaultSerializer
from ask_smapi_model.v1.skill.interaction_model.interaction_model_data import InteractionModelData
from ask_smapi_model.v1.skill.manifest.skill_manifest_envelope import SkillManifestEnvelope

from scripts.skill_lint.problems import Problem, differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.skill_lint.problems import Json


def model_trip_problems(file: str, text: str, document: Json) -> Iterator[Problem]:
    """Find what an interaction model loses on the way through Amazon's classes."""
    yield from _trip_problems(file, text, document, InteractionModelData)


def manifest_trip_problems(file: str, text: str, document: Json) -> Iterator[Problem]:
    """Find what a skill manifest loses on the way through Amazon's classes."""
    yield from _trip_problems(file, text, document, SkillManifestEnvelope)


def _trip_problems(file: str, text: str, document: Json, shape: type) -> Iterator[Problem]:
    serializer = DefaultSerializer()
    try:
        returned = serializer.serialize(serializer.deserialize(text, shape))
    # The SDK's own code fails in its own ways on a list where it wants an object.
    except (SerializationException, AttributeError, TypeError, ValueError) as error:
        yield Problem(file, "$", f"what Amazon's classes refuse ({error})", "what they read")
        return
    for path, sent, came in differences("$", document, returned):
        yield Problem(file, path, sent, f"what Amazon's classes make of it: {came}")
