"""What is spoken comes to the same as what is typed: voice, ear, understanding, skill, voice.

Every line is self-made and synthetic; see `conftest`. To see the figures::

    scripts/check tests/scripts/simulator/voice/test_round_trip.py --log-cli-level=INFO
"""

from __future__ import annotations

import logging
import random
from array import array
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from math import sin, sqrt
from typing import TYPE_CHECKING, Any, Final

import pytest

from scripts.simulator.assembly import new_device
from scripts.simulator.clauses import DENIAL, NO, REPORT
from scripts.simulator.understanding import FALLBACK
from scripts.simulator.voice.quieting import find_quieting
from scripts.simulator.voice.wav import SAMPLE_RATE, samples_of, wav_of
from tests.scripts.simulator.voice.conftest import LINES, SETS, VOICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scripts.simulator.assembly import Language, RunningSkill
    from scripts.simulator.device import Device, Turn
    from scripts.simulator.voice.hearing import Recogniser
    from scripts.simulator.voice.speaking import Speaker
    from tests.scripts.simulator.voice.conftest import Voices

# Of the turns, how many must come to the same at once; the others must be asked again.
CLEAN: Final = {"tuned": 0.95, "held_back": 0.85}
# In how many lines of a kind a finding may be heard that nobody named.
FALSE_REPORTS: Final = {"tuned": 0, "held_back": 1}
CALL_NOW: Final = "Call 911 now."
# A quiet room and one that is not: decibels by which the speech is louder than the noise.
QUIET, LOUD = 30, 15
# Of the emergencies, how many must be understood at once in quiet; the others are asked again.
UNDERSTOOD_IN_QUIET: Final = 0.75
# The same in noise, said again or not, where there is something that takes the noise out. The
# others are sent to a person.
UNDERSTOOD_IN_NOISE: Final = 0.75
# How often a caller says it who is not understood.
TRIES: Final = 5
AT_ONCE, AGAIN, GIVEN_UP = "understood at once", "understood when said again", "sent to a person"
UNHEARD, LOST = "never heard", "lost"
# What the skill says to whoever it has not understood three times in a row.
NOT_UNDERSTOOD: Final = (
    "I can't check this safely. See a doctor today, or call 911 if you feel very unwell."
)
# What an emergency must never be taken for: an answer that all is well, or a wish to end.
CALM: Final = frozenset({
    NO, DENIAL, "ReassureIntent", "MeantNoIntent", "AMAZON.StopIntent", "AMAZON.CancelIntent",
    "AMAZON.NavigateHomeIntent",
})  # fmt: skip


@cache
def pink_noise(length: int, seed: int) -> array[float]:
    """Return noise whose power falls with the frequency, after Voss and McCartney.

    The sum of a row of random numbers, of which each is drawn half as often as the one before.
    """
    draw = random.Random(seed).uniform  # noqa: S311  # the same noise every time
    row = [draw(-1, 1) for _ in range(16)]
    noise = array("d")
    for turn in range(1, length + 1):
        row[((turn & -turn).bit_length() - 1) % len(row)] = draw(-1, 1)
        noise.append(sum(row) + draw(-1, 1))
    mean = sum(noise) / length
    return array("d", (one - mean for one in noise))


def beep(length: int, _: int) -> Sequence[float]:
    return [sin(at / 6) for at in range(length)]


def knock(length: int, seed: int) -> Sequence[float]:
    """Return noise that dies away."""
    return [one * 0.999**at for at, one in enumerate(pink_noise(length, seed))]


@dataclass
class Tally:
    """What came of the spoken turns of some conversations.

    Attributes:
        turns: How many there were.
        emergencies: How many of them end in a call to 911 when typed.
        missed: Those that came to something else than typed.
        false_reports: Those of them that reported something else.
    """

    turns: int = 0
    emergencies: int = 0
    missed: list[str] = field(default_factory=list)
    false_reports: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Booth:
    """Where a line is spoken by a voice and heard again.

    Attributes:
        say: Speaks a line and returns the recording.
        hear: Returns the words in a recording.
        speaker: The voice itself.
        language: What understands the words.
    """

    say: Callable[[str], bytes]
    hear: Callable[[bytes], str]
    speaker: Speaker
    language: Language


@pytest.fixture(params=VOICES)
def booth(
    request: pytest.FixtureRequest,
    voices: Voices,
    speakers: Mapping[str, Speaker],
    hears: Callable[[bytes], str],
    language: Language,
) -> Booth:
    return Booth(voices[request.param], hears, speakers[request.param], language)


@pytest.mark.parametrize("lines", SETS)
def test_spoken_conversations_go_as_typed_ones(
    lines: str, booth: Booth, skill: RunningSkill
) -> None:
    tally = Tally()
    for conversation in LINES[lines]["conversations"]:
        typing, speaking = new_device(booth.language, skill), new_device(booth.language, skill)
        for number, line in enumerate(conversation, start=1):
            typed, heard = typing.hear(line), booth.hear(booth.say(line))
            spoken = speaking.hear(heard)
            assert intent_of(typed).get("name") != FALLBACK, f"{line!r} is no answer if typed"
            speak(typed, booth.speaker)
            tally.turns += 1
            tally.emergencies += CALL_NOW in typed.says
            if (intent_of(spoken), spoken.says) != (intent_of(typed), typed.says):
                tally.missed.append(f"{line!r} heard as {heard!r}")
                name = intent_of(spoken).get("name")
                if name == REPORT:
                    tally.false_reports.append(tally.missed[-1])
                if CALL_NOW in typed.says:
                    assert name in {None, FALLBACK, REPORT}, tally.missed[-1]
                    assert lines == "held_back", tally.missed[-1]
                # Go on as if it had been asked again and now been understood.
                speaking = new_device(booth.language, skill)
                for said in conversation[:number]:
                    speaking.hear(said)
    log(lines, booth, f"{len(tally.missed)} of {tally.turns} turns missed: {tally.missed}")
    log(lines, booth, f"{tally.emergencies} of the turns are emergencies")
    assert len(tally.false_reports) <= FALSE_REPORTS[lines], tally.false_reports
    assert tally.turns >= 40
    assert tally.emergencies >= 8
    assert tally.turns - len(tally.missed) >= CLEAN[lines] * tally.turns


@pytest.mark.parametrize("lines", SETS)
@pytest.mark.parametrize("kind", ["denials", "out_of_domain"])
def test_what_reports_nothing_raises_no_finding_when_spoken(
    kind: str, lines: str, booth: Booth
) -> None:
    said = LINES[lines][kind]
    heard = {line: booth.hear(booth.say(line)) for line in said}
    read = {line: booth.language.understanding.understand(heard[line]) for line in said}
    names = Counter(one.intent for one in read.values())
    reported = {line: heard[line] for line in said if read[line].intent == REPORT}
    log(lines, booth, f"{kind}: {dict(names)}, reported: {reported}")
    assert len(set(said)) >= 24
    assert len(reported) <= FALSE_REPORTS[lines]
    if kind == "out_of_domain":
        assert set(names) <= {FALLBACK, REPORT}


@pytest.mark.parametrize("decibels", [QUIET, LOUD])
@pytest.mark.parametrize("lines", SETS)
def test_no_emergency_is_lost_in_noise(
    lines: str, booth: Booth, skill: RunningSkill, decibels: int
) -> None:
    came: dict[str, list[str]] = {}
    for number, line in enumerate(LINES[lines]["emergencies"]):
        tries = (
            booth.hear(in_noise(booth.say(line), decibels, seed=TRIES * number + again))
            for again in range(TRIES)
        )
        outcome, heard = outcome_of(line, tries, lambda: opened(booth, skill))
        came.setdefault(outcome, []).append(f"{line!r} heard as {heard}")
    counts = {outcome: len(ones) for outcome, ones in came.items()}
    log(lines, booth, f"emergencies {decibels} dB above pink noise: {counts}")
    for outcome in came.keys() - {AT_ONCE, AGAIN}:
        log(lines, booth, f"  {outcome}: {came[outcome]}")
    # Whoever is never heard gets no advice at all, so that is as bad.
    assert came.get(LOST, []) == []
    assert came.get(UNHEARD, []) == []
    if find_quieting():
        understood = counts.get(AT_ONCE, 0) + counts.get(AGAIN, 0)
        assert understood >= UNDERSTOOD_IN_NOISE * sum(counts.values())
    if decibels == QUIET:
        assert counts.get(AT_ONCE, 0) >= UNDERSTOOD_IN_QUIET * sum(counts.values())


def log(lines: str, booth: Booth, figures: str) -> None:
    """Keep figures for whoever wants to see them."""
    logging.getLogger(__name__).info("%s, %s: %s", lines, booth.speaker.description, figures)


@pytest.mark.parametrize("loudness", [30, 1000, 8000])
@pytest.mark.parametrize("seconds", [0.1, 0.4, 1.5])
@pytest.mark.parametrize("sound", [pink_noise, beep, knock])
def test_a_sound_that_is_no_speech_means_nothing(
    sound: Callable[[int, int], Sequence[float]],
    seconds: float,
    loudness: float,
    recogniser: Recogniser,
    language: Language,
) -> None:
    length = round(seconds * SAMPLE_RATE)
    made = sound(length, 1)
    factor = loudness / max(map(abs, made))
    rest = pink_noise(SAMPLE_RATE // 2, 2)
    samples = (*rest, *(one * factor for one in made), *rest)
    heard = recogniser.words(wav_of(array("h", map(round, samples))))
    assert language.understanding.understand(heard).intent == FALLBACK


def opened(booth: Booth, skill: RunningSkill) -> Device:
    """Return a device on which the skill has just been opened."""
    device = new_device(booth.language, skill)
    device.hear("open upper back check")
    return device


def outcome_of(
    line: str, tries: Iterable[str], opened: Callable[[], Device]
) -> tuple[str, list[str]]:
    """Return what came of an emergency that a caller said until it was understood.

    Args:
        line: The words that were said.
        tries: What is heard of them, each time.
        opened: Returns a device that asks its first question.

    Returns:
        The outcome, and what was heard until then.
    """
    typed, speaking = opened().hear(line), opened()
    assert intent_of(typed)["name"] not in {FALLBACK, *CALM}
    heard: list[str] = []
    for words in tries:
        heard.append(words)
        if not words:  # and so nothing is sent; the page says so
            continue
        spoken = speaking.hear(words)
        if intent_of(spoken).get("name") in CALM:
            return LOST, heard
        if CALL_NOW in spoken.says or intent_of(spoken) == intent_of(typed):
            return (AGAIN if heard[1:] else AT_ONCE), heard
        if spoken.session_ends:
            return (GIVEN_UP if spoken.says == NOT_UNDERSTOOD else LOST), heard
    return UNHEARD, heard


def intent_of(turn: Turn) -> dict[str, Any]:
    """Return the intent of the request, its slots by what they mean; nothing where none was sent.

    The words in a slot may differ: "a chest pain" and "chest pain" are the same to the skill.
    """
    match turn.request:
        case {"request": {"type": "IntentRequest", "intent": {"name": name, **rest}}}:
            slots: Any = rest.get("slots") or {}
            meant = {key: slot.get("resolutions", slot.get("value")) for key, slot in slots.items()}
            return {"name": name, "slots": meant}
        case {"request": {"type": kind}}:
            return {"name": kind}
        case _:
            return {}


def speak(turn: Turn, speaker: Speaker) -> None:
    """Speak what the device says, which must take about as long as it takes a person."""
    if turn.ssml:
        seconds = len(samples_of(speaker.wav(turn.ssml))) / SAMPLE_RATE
        words = len(turn.says.split())
        assert words / 5 < seconds < 2 + words


def in_noise(wav: bytes, decibels: float, seed: int) -> bytes:
    """Return a recording with pink noise, the speech louder by so many decibels."""
    samples = samples_of(wav)
    noise = pink_noise(len(samples), seed)
    factor = sqrt(power(samples) / power(noise) / 10 ** (decibels / 10))
    mixed = (one + round(factor * other) for one, other in zip(samples, noise, strict=True))
    return wav_of(array("h", [max(-32_768, min(32_767, sample)) for sample in mixed]))


def power(samples: Sequence[float]) -> float:
    return sum(sample * sample for sample in samples) / len(samples)


def test_pink_noise_has_as_much_power_in_every_octave() -> None:
    noise = pink_noise(1 << 15, seed=1)
    # White noise averages out over 64 samples, pink noise does not.
    means = [sum(noise[at : at + 64]) / 64 for at in range(0, len(noise), 64)]
    white = random.Random(1)  # noqa: S311  # as above
    flat = [white.uniform(-1, 1) for _ in noise]
    flat_means = [sum(flat[at : at + 64]) / 64 for at in range(0, len(flat), 64)]
    assert power(means) / power(noise) > 10 * power(flat_means) / power(flat)
