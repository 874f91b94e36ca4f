"""The one place where an unexpected error ends, and what the caller hears then."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from skill.alexa.envelopes import locale_of
from skill.dialogue.script import FAILED
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
            # The class only: a message or a traceback may quote what the caller said.
            record = {"level": "ERROR", "event": "unexpected_error", "error": type(error).__name__}
            with suppress(Exception):  # a log that fails must not silence this as well
                _LOGGER.error(json.dumps(record))  # noqa: TRY400 - as above
            catalogue = catalogue_for(locale_of(envelope), catalogues)
            speech = {"type": "SSML", "ssml": to_ssml(catalogue.say((FAILED,)))}
            return {
                "version": "1.0",
                "sessionAttributes": {},
                "response": {"outputSpeech": speech, "shouldEndSession": True},
            }

    return guarded
