from __future__ import annotations

import random
import sys
from array import array
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.simulator.errors import SimulatorError
from scripts.simulator.understanding import FALLBACK
from scripts.simulator.voice import hearing
from scripts.simulator.voice.hearing import UNCLEAR, find_recogniser
from scripts.simulator.voice.wav import is_noisy, samples_of, silence, wav_of
from tests.scripts.simulator.voice.conftest import VOICES

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulator.assembly import Language
    from scripts.simulator.interaction_model import Intent, InteractionModel
    from scripts.simulator.voice.hearing import Recogniser
    from tests.scripts.simulator.voice.conftest import Voices

SUPPLEMENT = Path(hearing.__file__).with_name("pronunciations.dict").read_text("utf-8").splitlines()


def test_every_word_of_the_deployed_model_can_be_heard(recogniser: Recogniser) -> None:
    # A word that is not: add a line with its sounds to pronunciations.dict.
    assert recogniser.unheard == ()


def test_a_spoken_answer_is_heard(hears: Callable[[bytes], str], voices: Voices) -> None:
    assert hears(voices["rms"]("I have a fever")) == "i have a fever"


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("line", ["she sells sea shells", "what's the name of this song"])
def test_what_only_rhymes_with_the_model_is_unclear(
    line: str, voice: str, hears: Callable[[bytes], str], voices: Voices
) -> None:
    # Once heard as "she so stiff shoulders" and "blood thinning medicine".
    assert hears(voices[voice](line)) == UNCLEAR


@pytest.mark.parametrize(
    ("voice", "line"),
    [
        ("rms", "there's a weight on my chest"),
        ("slt", "there's a ripping feeling"),
        ("slt", "I can't feel my groin"),
    ],
)
def test_a_report_that_sounds_like_a_denial_is_never_heard_as_one(
    voice: str, line: str, hears: Callable[[bytes], str], voices: Voices
) -> None:
    # Once heard as "there's no weight on my chest", as "there isn't ..." and as "I can feel ...".
    assert hears(voices[voice](line)) in {UNCLEAR, line.lower()}


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("line", ["no chest pain", "no", "stop"])
def test_what_is_clearly_a_denial_is_heard(
    line: str, voice: str, hears: Callable[[bytes], str], voices: Voices
) -> None:
    assert hears(voices[voice](line)) == line


def test_what_is_unclear_means_nothing(language: Language) -> None:
    assert language.understanding.understand(UNCLEAR).intent == FALLBACK


@pytest.mark.parametrize("seconds", [0, 0.01, 0.1, 0.2, 0.21, 1])
def test_silence_is_no_words(recogniser: Recogniser, seconds: float) -> None:
    assert recogniser.words(wav_of(silence(seconds))) == ""


def test_a_hum_is_no_words(recogniser: Recogniser) -> None:
    hum = array("h", ((at % 160) * 100 - 8000 for at in range(16_000)))
    assert recogniser.words(wav_of(hum)) == ""


def test_a_recording_without_end_is_refused(recogniser: Recogniser) -> None:
    with pytest.raises(SimulatorError, match="longer than 30 s"):
        recogniser.words(wav_of(silence(31)))


def test_what_is_no_recording_is_refused(recogniser: Recogniser) -> None:
    with pytest.raises(SimulatorError, match="no WAV file"):
        recogniser.words(b"words")


def test_one_recording_does_not_change_the_next(recogniser: Recogniser, voices: Voices) -> None:
    wav = voices["slt"]("no chest pain")
    before = recogniser.words(wav)
    recogniser.words(wav_of(silence(2)))
    assert recogniser.words(wav) == before == "no chest pain"


def test_only_out_of_a_noisy_recording_noise_is_taken(
    recogniser: Recogniser, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    quieted: list[int] = []

    def quieter(samples: array[int]) -> array[int]:
        quieted.append(len(samples))
        return silence(1)

    monkeypatch.setattr(recogniser, "_quieter", quieter)
    clean = voices["rms"]("I have a fever")
    assert recogniser.words(clean) == "i have a fever"
    assert quieted == []
    assert recogniser.words(in_hiss(clean)) != "i have a fever"
    assert quieted == [len(samples_of(clean))]


def test_where_no_noise_can_be_taken_out_a_noisy_recording_is_heard_as_it_is(
    recogniser: Recogniser, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recogniser, "_quieter", None)
    # Mostly not at all, and so it is asked again.
    assert recogniser.words(in_hiss(voices["rms"]("yes"))) in {UNCLEAR, "yes"}


def in_hiss(wav: bytes) -> bytes:
    draw = random.Random(1)  # noqa: S311  # the same every time
    noisy = array("h", (one + round(draw.gauss(0, 500)) for one in samples_of(wav)))
    assert is_noisy(noisy)
    return wav_of(noisy)


@pytest.mark.usefixtures("recogniser")
def test_a_word_without_sounds_is_reported(model: InteractionModel) -> None:
    yes = model.intents["AMAZON.YesIntent"]
    odd: dict[str, Intent] = {**model.intents, yes.name: replace(yes, samples=("qzxv it is",))}
    assert find_recogniser(replace(model, intents=odd)).unheard == ("qzxv",)


def test_without_pocketsphinx_it_is_said_what_to_install(
    model: InteractionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(SimulatorError) as missing:
        find_recogniser(model)
    assert str(missing.value) == (
        "no speech is understood without pocketsphinx; install the extra 'voice'"
    )


@pytest.mark.usefixtures("recogniser")
def test_another_language_is_refused(model: InteractionModel) -> None:
    with pytest.raises(SimulatorError, match="English only, not in de-DE"):
        find_recogniser(replace(model, locale="de-DE"))


def test_the_supplement_adds_to_the_dictionary_and_repeats_nothing() -> None:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    known = [line.split() for line in path.read_text("utf-8").splitlines()]
    ours = [line.split() for line in SUPPLEMENT]
    assert ours == sorted(ours)
    assert {name for name, *_ in ours}.isdisjoint(name for name, *_ in known)
    assert {sound for _, *s in ours for sound in s} <= {sound for _, *s in known for sound in s}
