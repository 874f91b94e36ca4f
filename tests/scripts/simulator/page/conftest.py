"""The page as it is served, with the real skill behind it, and a browser to look at it."""

from __future__ import annotations

import io
import itertools
import wave
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from scripts.browsing import BrowserMissingError, launched_chromium
from scripts.simulator.device import Device, Turn
from scripts.simulator.interaction_model import known_locales, load_interaction_model
from scripts.simulator.page.serving import page_app
from scripts.simulator.phrases import load_phrases
from scripts.simulator.serving import served
from scripts.simulator.understanding import Understanding
from tests.conftest import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser, Playwright

    from scripts.simulator.endpoint import Endpoint
    from scripts.simulator.engine_view import EngineView
    from scripts.simulator.page.ports import Hearing, Recogniser, Speaker

RATE = 16_000
LOCALES = ("en-GB", "en-US")


def wav(seconds: float = 0.3, *, rate: int = RATE, width: int = 2, channels: int = 1) -> bytes:
    """Return a silent WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setframerate(rate)
        out.setsampwidth(width)
        out.setnchannels(channels)
        out.writeframes(bytes(round(seconds * rate) * width * channels))
    return file.getvalue()


@dataclass
class SmallDevice:
    """Says back what it hears.

    Attributes:
        locale: Its locale.
        heard: What it heard so far.
    """

    locale: str
    heard: list[str] = field(default_factory=list)

    def hear(self, utterance: str) -> Turn:
        self.heard.append(utterance)
        return Turn(utterance, says=" / ".join([self.locale, *self.heard]))

    @property
    def is_listening(self) -> bool:
        return False


def small_app_of(
    new_device: Callable[[str], Hearing] = SmallDevice,
    speaker: Speaker | None = None,
    recogniser_for: Callable[[str], Recogniser | None] | None = None,
) -> Flask:
    """Return the application without the skill's own files behind it."""
    return page_app(
        new_device,
        LOCALES,
        speaker,
        recogniser_for,
        viewer=NoViewer(),
        opening=lambda locale: f"open {locale}",
    )


class NoViewer:
    """Sees nothing."""

    def view(self, request: object, response: object) -> EngineView | None:  # noqa: ARG002
        return None


@dataclass
class SmallSpeaker:
    """A voice that says nothing, for as long as it is told to.

    Attributes:
        seconds: How long each speech takes.
        description: What speaks.
        spoken: What it was asked to say.
    """

    seconds: float = 0.3
    description: str = "a small voice"
    spoken: list[str] = field(default_factory=list)

    def wav(self, ssml: str) -> bytes:
        self.spoken.append(ssml)
        return wav(self.seconds)


@dataclass
class SmallRecogniser:
    """An ear that hears the same in everything."""

    hears: str = "yes"
    recordings: list[bytes] = field(default_factory=list)

    def words(self, wav: bytes) -> str:
        self.recordings.append(wav)
        return self.hears


@pytest.fixture
def speaker() -> SmallSpeaker:
    return SmallSpeaker()


@pytest.fixture
def recogniser() -> SmallRecogniser:
    return SmallRecogniser()


@pytest.fixture
def small_app(speaker: SmallSpeaker, recogniser: SmallRecogniser) -> Flask:
    """Give the application, with devices that say back what they hear."""
    return small_app_of(SmallDevice, speaker, lambda _: recogniser)


@pytest.fixture
def client(small_app: Flask) -> FlaskClient:
    return small_app.test_client()


@pytest.fixture
def tab(client: FlaskClient) -> str:
    """Give the id of an open tab."""
    answer: Any = client.post("/api/tabs", json={"locale": ""}).get_json()
    return str(answer["id"])


@pytest.fixture(scope="session")
def new_device(endpoint: Endpoint) -> Callable[[str], Device]:
    """Give what makes a pretend Echo of a locale, in front of the real skill."""
    ids = itertools.count()
    models = {locale: load_interaction_model(locale) for locale in known_locales()}
    readers = {
        locale: Understanding(model, load_phrases(model.language))
        for locale, model in models.items()
    }

    def new(locale: str) -> Device:
        return Device(
            model=models[locale],
            understanding=readers[locale],
            phrases=load_phrases(models[locale].language),
            endpoint=endpoint,
            clock=now,
            new_id=lambda: str(next(ids)),
        )

    return new


@pytest.fixture
def real_url(
    new_device: Callable[[str], Device], speaker: SmallSpeaker, recogniser: SmallRecogniser
) -> Iterator[str]:
    """Serve the page with real devices, a silent voice and an ear that hears "yes"."""
    app = page_app(new_device, known_locales(), speaker, lambda _: recogniser)
    with served(app) as url:
        yield url


# Not for longer than a module: while it lives, asyncio is running in this thread, and the tests of
# the terminal, among others, want to start it.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


def launched(playwright: Playwright, *arguments: str) -> Browser:
    """Return a real Chromium; the test is skipped where there is none."""
    try:
        return launched_chromium(playwright, *arguments)
    except BrowserMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Give a browser whose microphone is a beep."""
    browser = launched(
        playwright, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
    )
    yield browser
    browser.close()
