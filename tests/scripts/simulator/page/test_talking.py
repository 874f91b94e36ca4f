"""A whole conversation by voice: a microphone of Chromium's that plays what a voice said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from scripts.simulator.errors import SimulatorError
from scripts.simulator.interaction_model import known_locales, load_interaction_model
from scripts.simulator.page.serving import page_app
from scripts.simulator.serving import served
from tests.scripts.simulator.page.conftest import launched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page, Playwright

    from scripts.simulator.device import Device

speaking = pytest.importorskip("scripts.simulator.voice.speaking")
hearing = pytest.importorskip("scripts.simulator.voice.hearing")

_BYTES_A_SECOND = 32_000


def test_a_spoken_conversation_goes_from_launch_to_emergency_advice(
    playwright: Playwright, new_device: Callable[[str], Device], tmp_path: Path
) -> None:
    try:
        speaker: Any = speaking.find_speaker()
        recogniser: Any = hearing.find_recogniser(load_interaction_model("en-US"))
    except SimulatorError as error:
        pytest.skip(str(error))
    recording = tmp_path / "said.wav"

    def say(page: Page, utterance: str) -> None:
        # Chromium reads the file anew each time that the microphone is opened.
        wav = speaker.wav(f"<speak>{utterance}</speak>")
        recording.write_bytes(wav)
        page.get_by_role("button", name="Hold to talk").focus()
        page.keyboard.down("Space")
        expect(page.locator("#state")).to_have_text("Listening")
        page.wait_for_timeout(1000 * len(wav) / _BYTES_A_SECOND + 300)
        page.keyboard.up("Space")
        expect(page.locator(".you .words").last).to_have_text(utterance)

    app = page_app(new_device, known_locales(), speaker, lambda _: recogniser)
    with served(app) as url:
        browser = launched(
            playwright,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={recording}%noloop",
        )
        page = browser.new_page()
        page.goto(url)
        say(page, "open upper back check")
        expect(page.locator(".skill").last).to_contain_text("Any chest pain")
        expect(page.locator("#device")).to_have_attribute("data-state", "speaking")
        say(page, "no")
        expect(page.locator(".skill").last).to_contain_text("groin")
        say(page, "my chest feels tight")
        expect(page.locator(".skill").last).to_contain_text("Call 911 now.")
        expect(page.get_by_text("Session ended")).to_be_visible()
        browser.close()
