"""Talk to the skill on this machine, without an Amazon account.

The real skill runs on 127.0.0.1, a pretend Echo signs what you type as Alexa would, and you
read what Alexa would say. Try "open upper back check". An empty line is silence. Where the
input is no terminal it is read as a script: one utterance a line, "#" begins a comment.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import ExitStack
from functools import lru_cache, partial
from importlib.util import find_spec
from threading import Event
from typing import TYPE_CHECKING, Final

from scripts.simulator.aloud import Aloud
from scripts.simulator.assembly import clock_of, load_language, new_device, now, running_skill
from scripts.simulator.device import LISTENS_FOR_SECONDS
from scripts.simulator.errors import SimulatorError
from scripts.simulator.interaction_model import known_locales
from scripts.simulator.options import (
    DEFAULT_LOCALE,
    PAGE_PORT,
    PROGRAM,
    SERVE_PORT,
    has_person,
    parsed_options,
)
from scripts.simulator.recording import Recording, Renewal
from scripts.simulator.replay import Comparison, records_answers
from scripts.simulator.serving import ANY_FREE_PORT, served
from scripts.simulator.signing import SKILL_ID
from scripts.simulator.terminal import converse, converse_with_person, tell, utterances_in
from scripts.simulator.transcripts import load_transcript
from skill.errors import SkillError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from scripts.simulator.assembly import Language, RunningSkill
    from scripts.simulator.device import Device, Turn
    from scripts.simulator.terminal import Follower
    from scripts.simulator.transcripts import Transcript
    from scripts.simulator.voice.hearing import Recogniser
    from scripts.simulator.voice.speaking import Speaker

_DIFFERS: Final = 1
_FAILED: Final = 1
# What a shell reports for a program that a signal ended.
_INTERRUPTED: Final = 128 + signal.SIGINT
_NOBODY_READS: Final = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator and return its exit status."""
    if None in (sys.stdin, sys.stdout):
        print(f"{PROGRAM}: needs an input and an output, and one is closed", file=sys.stderr)
        return _FAILED
    options = parsed_options(arguments, __doc__)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a file from the start
    try:
        return _run(options)
    except SkillError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _write_no_more()
        return _NOBODY_READS
    except OSError as error:  # a full disk behind the output, a folder for an input
        print(f"{PROGRAM}: {error.strerror or error}", file=sys.stderr)
        _write_no_more()
        return _FAILED


def _write_no_more() -> None:
    """Let Python's own last flush not fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(options: Namespace) -> int:
    if options.verbose or options.serve:
        # Whoever is refused by the skill that is served wants to know why.
        level = logging.INFO if options.verbose else logging.WARNING
        logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    else:
        logging.getLogger().addHandler(logging.NullHandler())

    replayed = None if options.replay is None else _transcript(options)
    locale = options.locale or (replayed and replayed.locale) or DEFAULT_LOCALE
    clock = clock_of(replayed.day if replayed else None)
    # Before anything is said that would be lost.
    recording = None
    if options.record is not None and replayed is None:
        recording = Recording(options.record, locale, now().date())

    port = options.port
    if port is None:
        port = SERVE_PORT if options.serve else ANY_FREE_PORT
    with ExitStack() as stack:
        skill = stack.enter_context(running_skill(clock, port, with_memory=options.memory))
        if options.signing_dir is not None:
            skill.authority.write(options.signing_dir, skill.url)
        if options.serve:
            _wait_for_end(f"Serving on {skill.url}\nSkill id {SKILL_ID}")
            return 0
        languages = lru_cache(maxsize=None)(partial(load_language, clock=clock))
        if (address := _serve_page(options, stack, skill, languages, locale)) is not None:
            if options.page:
                _wait_for_end(f"Page {address}")
                return 0
            tell(f"the page is at {address}")
        language = languages(locale)
        device = new_device(language, skill)
        followers: list[Follower] = [] if recording is None else [recording.take]
        if options.speak and (aloud := _aloud(options.voice)) is not None:
            followers.append(aloud.take)
        if replayed is not None:
            return _replay(options, device, replayed, followers)
        _talk(options, language, device, followers)
    return 0


def _transcript(options: Namespace) -> Transcript:
    """Read the conversation to be held again.

    Raises:
        SimulatorError: It cannot be, or not as the other options want it.
    """
    replayed = load_transcript(options.replay, known_locales())
    if options.locale is not None and replayed.locale not in {None, options.locale}:
        raise SimulatorError(
            f"{options.replay}: is of locale {replayed.locale}, not of {options.locale}"
        )
    if options.expect and not records_answers(replayed):
        raise SimulatorError(
            f"{options.replay}: says nothing of what is heard, so of what to expect"
        )
    return replayed


def _wait_for_end(message: str) -> None:
    stopped = Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: stopped.set())
    print(message, flush=True)
    stopped.wait()


def _serve_page(
    options: Namespace,
    stack: ExitStack,
    skill: RunningSkill,
    languages: Callable[[str], Language],
    locale: str,
) -> str | None:
    """Serve the page for as long as the stack lasts, if it is wanted, and return its address."""
    asked_for = options.page or options.page_port is not None
    if options.no_page or not (asked_for or has_person(options)):
        return None
    # Read only now: a conversation in a pipe starts without it.
    from scripts.simulator.page.serving import page_app  # noqa: PLC0415  # as above
    from scripts.simulator.voice.hearing import find_recogniser  # noqa: PLC0415  # as above
    from scripts.simulator.voice.quieting import what_is_missing  # noqa: PLC0415  # as above

    can_hear = find_spec("pocketsphinx") is not None
    if can_hear and (missing := what_is_missing()):
        tell(missing)

    def recogniser_for(chosen: str) -> Recogniser:
        return find_recogniser(languages(chosen).model)

    app = page_app(
        lambda chosen: new_device(languages(chosen), skill),
        known_locales(),
        _speaker(options.voice),
        recogniser_for if can_hear else None,
        locale=locale,
    )
    port = PAGE_PORT if options.page_port is None else options.page_port
    return stack.enter_context(served(app, port, or_any=options.page_port is None))


def _speaker(voice: str | None) -> Speaker | None:
    """Return the voice of this machine; where there is none, tell so, and the text goes on.

    Raises:
        SimulatorError: A voice was named, and there is none of that name.
    """
    from scripts.simulator.voice.speaking import find_speaker  # noqa: PLC0415  # as for the page

    try:
        return find_speaker(voice)
    except SimulatorError as error:
        if voice is not None:  # asked for by name, and so not to be done without
            raise
        tell(f"no speech: {error}")
        return None


def _aloud(voice: str | None) -> Aloud | None:
    """Return what speaks the turns; where this machine cannot, tell so, and the text goes on."""
    from scripts.simulator.voice.playing import find_player  # noqa: PLC0415  # as for the page

    if (speaker := _speaker(voice)) is None:
        return None
    try:
        aloud = Aloud(speaker, find_player(), tell)
    except SimulatorError as error:
        tell(f"no speech: {error}")
        return None
    tell(f"the voice is {speaker.description}")
    return aloud


def _talk(
    options: Namespace, language: Language, device: Device, followers: Sequence[Follower]
) -> None:
    if not has_person(options):
        said = utterances_in(sys.stdin.buffer)
        converse(device, said, as_json=options.json, followers=followers)
        return
    opening = f"open {language.model.invocation_name}"
    tell(f'try "{opening}"; an empty line is silence, Tab completes, Ctrl-D leaves')
    converse_with_person(
        device,
        (opening, *language.understanding.examples()),
        listens_for=LISTENS_FOR_SECONDS if options.eight_seconds else None,
        followers=followers,
    )


def _replay(
    options: Namespace,
    device: Device,
    transcript: Transcript,
    followers: Sequence[Follower],
) -> int:
    """Hold a conversation again, tell what differs, and return the exit status."""
    comparison = Comparison(transcript)
    renewal = (
        None if options.record is None else Renewal(options.record, transcript, options.replay)
    )

    def compare(turn: Turn) -> None:
        difference = comparison.take(turn)
        if difference is not None:
            print(*difference.lines(str(options.replay)), sep="\n", file=sys.stderr, flush=True)

    taking = [compare] if renewal is None else [compare, renewal.take]
    converse(device, transcript.utterances, as_json=options.json, followers=[*taking, *followers])
    if renewal is not None:
        renewal.save()
    if records_answers(transcript) and (comparison.differences or options.expect):
        print(f"({comparison.summary()})", file=sys.stderr)
    return _DIFFERS if options.expect and comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
