"""Talk to the skill on this machine, without an Amazon account.

The real skill runs on 127.0.0.1, a pretend Echo signs what you type as Alexa would, and you
read what Alexa would say. Try "open upper back check". An empty line is silence. Where the
input is no terminal it is read as a script: one utterance a line, "#" begins a comment.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from scripts.simulator.device import Device
from scripts.simulator.endpoint import Endpoint
from scripts.simulator.interaction_model import known_locales, load_interaction_model
from scripts.simulator.phrases import load_phrases
from scripts.simulator.serving import ANY_FREE_PORT, HOST, served
from scripts.simulator.signing import SKILL_ID, throwaway_authority
from scripts.simulator.terminal import converse, converse_with_person, utterances_in
from scripts.simulator.understanding import Understanding
from skill.alexa.skill import answering, build_skill
from skill.errors import SkillError
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set
from skill.web.endpoint import create_app
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from scripts.simulator.signing import SigningAuthority

_PROGRAM: Final = "scripts/run"
_SERVE_PORT: Final = 8080
_HIGHEST_PORT: Final = 65_535
_USAGE_ERROR: Final = 2
# What a shell reports for a program that a signal ended.
_INTERRUPTED: Final = 128 + signal.SIGINT
_NOBODY_READS: Final = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator and return its exit status."""
    options = _options(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a file from the start
    try:
        return _run(options)
    except SkillError as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # So that Python's own last flush does not fail as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--locale", default="en-US", help="the device's locale (en-US)")
    parser.add_argument(
        "--json", action="store_true", help="print each turn as one JSON object on one line"
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help=f"serve the skill, on port {_SERVE_PORT} or --port, and talk to nobody",
    )
    parser.add_argument("--port", type=_port, help=f"the port to serve on, of {HOST}")
    parser.add_argument(
        "--signing-dir",
        type=Path,
        metavar="DIR",
        help="write there what another client needs to sign requests: root.pem, chain.pem, "
        "leaf.key and client.json",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="write the skill's request log to stderr"
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return port


def _run(options: argparse.Namespace) -> int:
    locales = known_locales()
    if options.locale not in locales:
        known = ", ".join(locales)
        print(f"{_PROGRAM}: no locale {options.locale!r}; known: {known}", file=sys.stderr)
        return _USAGE_ERROR
    if options.verbose:
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    else:
        logging.getLogger().addHandler(logging.NullHandler())

    authority = throwaway_authority(_now())
    port = options.port
    if port is None:
        port = _SERVE_PORT if options.serve else ANY_FREE_PORT
    with served(_skill_app(authority), port) as url:
        if options.signing_dir is not None:
            authority.write(options.signing_dir, url)
        if options.serve:
            _serve(url)
        else:
            _talk(options, Endpoint(url, authority.signed_headers))
    return 0


def _skill_app(authority: SigningAuthority) -> Flask:
    """Join the skill's floors as ``app.py`` does, with the throwaway root for Amazon's."""
    rule_set = load_rule_set()
    catalogues = load_catalogues(rule_set)
    skill = build_skill(rule_set, catalogues)
    verifier = RequestVerifier(SKILL_ID, [authority.root], authority.fetch, _now)
    return create_app(answering(skill, catalogues), verifier)


def _serve(url: str) -> None:
    stopped = Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: stopped.set())
    print(f"Serving on {url}", f"Skill id {SKILL_ID}", sep="\n", flush=True)
    stopped.wait()


def _talk(options: argparse.Namespace, endpoint: Endpoint) -> None:
    model = load_interaction_model(options.locale)
    phrases = load_phrases(model.language)
    understanding = Understanding(model, phrases)
    device = Device(
        model=model,
        understanding=understanding,
        phrases=phrases,
        endpoint=endpoint,
        clock=_now,
        new_id=lambda: str(uuid4()),
    )
    if not options.json and sys.stdin.isatty() and sys.stdout.isatty():
        opening = f"open {model.invocation_name}"
        print(f'Try "{opening}". An empty line is silence; Ctrl-D leaves.', file=sys.stderr)
        converse_with_person(device, (opening, *understanding.examples()))
    else:
        converse(device, utterances_in(sys.stdin.buffer), as_json=options.json)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
