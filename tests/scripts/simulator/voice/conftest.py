"""Lines to speak, voices to speak them and an ear for them; all of it self-made.

The sentences were written for these tests and are spoken by synthetic voices, so the figures
compare one version with the next and say nothing of people, rooms or microphones. `tuned` was at
hand while the recogniser was made. `held_back` is the second and the third set of lines that were
held back from it. Each was spoken once, and after each the recogniser's thresholds or the words
that it was taught were changed. So no line here is untouched by the thresholds that hold now.

Every check speaks the first of the tuned lines of each kind. `SPOKEN_LINES=both` speaks as many of
those held back too, which takes minutes more, and `SPOKEN_LINES=all` speaks every line.
"""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Final, TypeAlias
from xml.sax.saxutils import escape

import pytest

from scripts.simulator.assembly import load_language, now, running_skill
from scripts.simulator.voice.engines import Flite
from scripts.simulator.voice.hearing import Recogniser, find_recogniser
from scripts.simulator.voice.speaking import Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from scripts.simulator.assembly import Language, RunningSkill

    Voices: TypeAlias = Mapping[str, Callable[[str], bytes]]

_ALL: Final = json.loads(Path(__file__).with_name("spoken_lines.json").read_text("utf-8"))
_SOME: Final = {"conversations": 14, "emergencies": 12, "denials": 24, "out_of_domain": 24}
LINES: Final = {
    name: {
        kind: lines if os.environ.get("SPOKEN_LINES") == "all" else lines[: _SOME[kind]]
        for kind, lines in kinds.items()
    }
    for name, kinds in _ALL.items()
}
SETS: Final = tuple(LINES) if "SPOKEN_LINES" in os.environ else ("tuned",)
VOICES: Final = ("rms", "slt")


@pytest.fixture(scope="session")
def flite() -> str:
    program = which("flite")
    if program is None:
        pytest.skip("flite is not installed (Debian: apt install flite)")
    return program


@pytest.fixture(scope="session")
def speakers(flite: str) -> Mapping[str, Speaker]:
    return {name: Speaker(Flite(flite, name)) for name in VOICES}


@pytest.fixture(scope="session")
def voices(speakers: Mapping[str, Speaker]) -> Voices:
    """Give each voice as a function from words to a WAV file; each line is spoken once."""
    return {name: cache(_speaks(speaker)) for name, speaker in speakers.items()}


def _speaks(speaker: Speaker) -> Callable[[str], bytes]:
    return lambda words: speaker.wav(f"<speak>{escape(words)}</speak>")


@pytest.fixture(scope="session")
def language() -> Language:
    return load_language("en-US", now)


@pytest.fixture(scope="session")
def recogniser(language: Language) -> Recogniser:
    """Give the recogniser of the deployed model; making it takes seconds."""
    if find_spec("pocketsphinx") is None:
        pytest.skip("pocketsphinx is not installed (the extra 'voice')")
    return find_recogniser(language.model)


@pytest.fixture(scope="session")
def hears(recogniser: Recogniser) -> Callable[[bytes], str]:
    """Give the ear; what it has heard once it remembers."""
    return cache(recogniser.words)


@pytest.fixture(scope="session")
def skill() -> Iterator[RunningSkill]:
    with running_skill(now) as running:
        yield running
