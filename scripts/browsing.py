"""The simulator's page as it is served, and a Chromium to look at it, for programs and tests."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scripts.simulator.assembly import load_language, new_device, now, running_skill
from scripts.simulator.interaction_model import known_locales
from scripts.simulator.page.serving import page_app
from scripts.simulator.serving import served
from scripts.simulator.voice.hearing import find_recogniser
from skill.errors import SkillError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright

    from scripts.simulator.voice.speaking import Speaker


class BrowserMissingError(SkillError):
    """There is no browser on this machine."""


def launched_chromium(playwright: Playwright, *arguments: str) -> Browser:
    """Return a running Chromium, without a window.

    Raises:
        BrowserMissingError: None is installed.
    """
    path = shutil.which("chromium")
    if path is None:
        raise BrowserMissingError("no chromium was found; on Debian: apt install chromium")
    # Root, as in a container, has no sandbox of its own.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, args=[*sandbox, *arguments])


@contextmanager
def served_page(speaker: Speaker | None) -> Iterator[str]:
    """Serve the page as ``scripts/run`` does, with this voice, and give its address."""
    languages = {locale: load_language(locale, now) for locale in known_locales()}
    with running_skill(now) as skill:
        app = page_app(
            lambda locale: new_device(languages[locale], skill),
            known_locales(),
            speaker,
            lambda locale: find_recogniser(languages[locale].model),
        )
        with served(app) as url:
            yield url
