"""Joins the skill and the pretend Echo, for the simulator and for the tests of both."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from uuid import uuid4

from scripts.simulator.device import Device
from scripts.simulator.endpoint import Endpoint
from scripts.simulator.interaction_model import load_interaction_model
from scripts.simulator.phrases import load_phrases
from scripts.simulator.process_memory import ProcessMemory
from scripts.simulator.serving import ANY_FREE_PORT, served
from scripts.simulator.signing import SKILL_ID, SigningAuthority, throwaway_authority
from scripts.simulator.understanding import Understanding
from skill.alexa.skill import answering, build_skill
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set
from skill.web.endpoint import create_app
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    from scripts.simulator.interaction_model import InteractionModel
    from scripts.simulator.phrases import Phrases


@dataclass(frozen=True, slots=True)
class RunningSkill:
    """The skill, as it runs on this machine.

    Attributes:
        url: Its address.
        authority: What signs requests that it takes.
        clock: The time that it goes by.
    """

    url: str
    authority: SigningAuthority
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Language:
    """What understanding needs in a locale; it takes a while to prepare.

    Attributes:
        model: The interaction model.
        phrases: What Alexa knows of the language by itself.
        understanding: Reads utterances by both.
    """

    model: InteractionModel
    phrases: Phrases
    understanding: Understanding


@contextmanager
def running_skill(
    clock: Callable[[], datetime], port: int = ANY_FREE_PORT, *, with_memory: bool = False
) -> Iterator[RunningSkill]:
    """Run the skill while the block runs.

    Args:
        clock: The time that it goes by.
        port: Its port.
        with_memory: Whether it keeps checks that were broken off, for as long as it runs.

    Raises:
        SimulatorError: The port cannot be had.
    """
    authority = throwaway_authority(clock())
    with served(_skill_app(authority, clock, with_memory=with_memory), port) as url:
        yield RunningSkill(url, authority, clock)


def _skill_app(
    authority: SigningAuthority, clock: Callable[[], datetime], *, with_memory: bool
) -> Flask:
    """Join the skill's floors as ``app.py`` does, with the throwaway root for Amazon's."""
    rule_set = load_rule_set()
    catalogues = load_catalogues(rule_set)
    memory = ProcessMemory(lambda: int(clock().timestamp())) if with_memory else None
    skill = build_skill(rule_set, catalogues, memory)
    verifier = RequestVerifier(SKILL_ID, [authority.root], authority.fetch, clock)
    return create_app(answering(skill, catalogues, memory), verifier)


def load_language(locale: str, clock: Callable[[], datetime]) -> Language:
    """Return what understanding needs in a locale.

    Raises:
        SimulatorError: The interaction model cannot be read.
    """
    model = load_interaction_model(locale)
    phrases = load_phrases(model.language)
    return Language(model, phrases, Understanding(model, phrases, lambda: clock().date()))


def new_device(language: Language, skill: RunningSkill) -> Device:
    """Return a pretend Echo that nobody has spoken to yet."""
    return Device(
        model=language.model,
        understanding=language.understanding,
        phrases=language.phrases,
        endpoint=Endpoint(skill.url, skill.authority.signed_headers),
        clock=skill.clock,
        new_id=lambda: str(uuid4()),
    )


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def clock_of(day: date | None) -> Callable[[], datetime]:
    """Return a clock that goes on from noon of a day, or ``None`` for the true one."""
    if day is None:
        return now
    shift = datetime.combine(day, time(12), UTC) - now()
    return lambda: now() + shift
