"""The web application behind the page: its files, and the few things that it asks for."""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from scripts.simulator.engine_view import load_engine_viewer
from scripts.simulator.errors import SimulatorError
from scripts.simulator.interaction_model import load_interaction_model
from scripts.simulator.page.bodies import MOST_WAV_BYTES, recording_of, text_of
from scripts.simulator.page.ears import Ears
from scripts.simulator.page.errors import RefusedError
from scripts.simulator.page.guard import protected, refuse_strangers
from scripts.simulator.page.tabs import Tab, Tabs
from scripts.simulator.transcripts import utterance_in
from skill.speech.catalogue import DEFAULT_LOCALE, load_catalogues
from skill.triage.loading import load_rule_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scripts.simulator.page.ports import Hearing, Recogniser, Speaker, Viewing

_MOST_SAID_CHARACTERS: Final = 2_000
_MOST_SSML_CHARACTERS: Final = 8_000  # what Alexa takes
_SPEECHES_KEPT: Final = 64

_LOGGER = logging.getLogger(__name__)


def page_app(  # noqa: PLR0913  # the composition root names each
    new_device: Callable[[str], Hearing],
    locales: Sequence[str],
    speaker: Speaker | None = None,
    recogniser_for: Callable[[str], Recogniser | None] | None = None,
    *,
    locale: str = DEFAULT_LOCALE,
    viewer: Viewing | None = None,
    opening: Callable[[str], str] | None = None,
) -> Flask:
    """Return the application that serves the page at ``/``.

    Args:
        new_device: Returns a new pretend Echo of a locale.
        locales: The locales that can be chosen.
        speaker: The voice; ``None`` where there is none, and then a browser may have some.
        recogniser_for: Returns the ear for a locale, and is asked when the first page of that
            locale is open; either may be ``None`` where there is none.
        locale: The one to begin with.
        viewer: Tells what the engine made of a turn; by default from the skill's own rule set.
        opening: Returns what opens the skill in a locale; by default from the interaction model.
    """
    engine = viewer or _own_viewer()
    tabs = Tabs(lambda chosen: Tab(new_device(chosen), engine))
    ears = Ears(recogniser_for)
    speak = None if speaker is None else lru_cache(_SPEECHES_KEPT)(speaker.wav)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_WAV_BYTES

    @app.get("/")
    def page() -> Response:
        return app.send_static_file("index.html")

    @app.post("/api/tabs")
    def open_tab() -> Response:
        chosen = _known(text_of(request, "locale", _MOST_SAID_CHARACTERS) or locale, locales)
        return _json(
            {
                "id": tabs.open(chosen),
                "locale": chosen,
                "locales": list(locales),
                "opening": (opening or _own_opening)(chosen),
                "voice": None if speaker is None else speaker.description,
            }
        )

    @app.post("/api/tabs/<tab_id>/turns")
    def take_turn(tab_id: str) -> Response:
        said = text_of(request, "say", _MOST_SAID_CHARACTERS)
        return _json(tabs.get(tab_id).hear(utterance_in(said)))

    @app.post("/api/speech")
    def spoken() -> Response:
        ssml = text_of(request, "ssml", _MOST_SSML_CHARACTERS)
        if speak is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "the simulator has no voice here")
        return Response(speak(ssml), content_type="audio/wav")

    # Asked for by itself: to make a recogniser takes longer than a person cares to wait.
    @app.get("/api/words/<heard_locale>")
    def can_hear(heard_locale: str) -> Response:
        return _json({"problem": ears.problem(_known(heard_locale, locales))})

    @app.post("/api/words/<heard_locale>")
    def heard(heard_locale: str) -> Response:
        recording = recording_of(request)
        return _json({"words": ears.words(_known(heard_locale, locales), recording)})

    app.before_request(lambda: refuse_strangers(request))
    app.register_error_handler(Exception, _failed)
    app.after_request(_finished)
    return app


def _own_opening(locale: str) -> str:
    return f"open {load_interaction_model(locale).invocation_name}"


def _own_viewer() -> Viewing:
    rule_set = load_rule_set()
    return load_engine_viewer(rule_set, load_catalogues(rule_set))


def _known(locale: str, locales: Sequence[str]) -> str:
    if locale not in locales:
        message = f"locale: expected one of {', '.join(locales)}"
        raise RefusedError(HTTPStatus.BAD_REQUEST, message)
    return locale


def _json(content: Mapping[str, object], status: int = HTTPStatus.OK) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")


def _failed(error: Exception) -> Response:
    """Turn whatever was raised into a status and one line for whoever is at the page."""
    match error:
        case RefusedError():
            message, status = str(error), int(error.status)
        case SimulatorError():
            message, status = str(error), int(HTTPStatus.BAD_GATEWAY)
        case RequestEntityTooLarge():
            message, status = "body: too large", int(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        case HTTPException():
            status = error.code or int(HTTPStatus.INTERNAL_SERVER_ERROR)
            message = f"{request.method} {request.path}: {error.name}"
        case _:
            _LOGGER.error("The page's server failed", exc_info=error)
            message = f"the simulator itself failed ({type(error).__name__}); please report it"
            status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    return _json({"error": message}, status)


def _finished(response: Response) -> Response:
    # A file may be kept, but is asked for again each time: it changes with the simulator.
    static = request.endpoint in {"page", "static"}
    response.headers["Cache-Control"] = "no-cache" if static else "no-store"
    return protected(response)
