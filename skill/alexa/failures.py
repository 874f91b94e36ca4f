"""The one place where an unexpected error ends, and what the caller hears then."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from skill.alexa.envelopes import locale_of
from skill.dialogue.script import FAILED
from skill.log_lines import write_line
from skill.speech.catalogue import catalogue_for
from skill.speech.ssml import to_ssml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skill.speech.catalogue import Catalogue

_LOGGER = logging.getLogger(__name__)


def speaking_on_failure(
    answer: Callable[[Mapping[str, object]], dict[str, object]],
    catalogues: Mapping[str, Catalogue],
) -> Callable[[Mapping[str, object]], dict[str, object]]:
    """Return the same function, but for one that never raises.

    Whatever goes wrong, a person who may be in an emergency hears where to turn.
    """

    def guarded(envelope: Mapping[str, object]) -> dict[str, object]:
        try:
            return answer(envelope)
        except Exception as error:  # noqa: BLE001 - the last chance to speak to the caller
            write_line(_LOGGER, logging.ERROR, "unexpected_error", error)
            catalogue = catalogue_for(locale_of(envelope), catalogues)
            speech = {"type": "SSML", "ssml": to_ssml(catalogue.say((FAILED,)))}
            return {
                "version": "1.0",
                "sessionAttributes": {},
                "response": {"outputSpeech": speech, "shouldEndSession": True},
            }

    return guarded
