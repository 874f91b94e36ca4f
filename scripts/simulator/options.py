"""The command line of the simulator: its options, and which of them make no sense together."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from scripts.simulator.interaction_model import known_locales
from scripts.simulator.serving import HOST

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM: Final = "scripts/run"
DEFAULT_LOCALE: Final = "en-US"
SERVE_PORT: Final = 8080
PAGE_PORT: Final = 8000

_HIGHEST_PORT: Final = 65_535
_USAGE_ERROR: Final = 2
# What is of use only in a conversation that this program holds.
_OF_TALK: Final = ("record", "replay", "speak", "json", "eight_seconds")


class _Parser(argparse.ArgumentParser):
    """Tells in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        """Tell it, and end the program."""
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}; {self.prog} --help tells more\n")


def parsed_options(arguments: Sequence[str] | None, description: str | None) -> argparse.Namespace:
    """Return the options, or end the program with one line that tells what is wrong."""
    parser = _Parser(
        prog=PROGRAM, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--locale", help=f"the device's locale ({DEFAULT_LOCALE})")
    parser.add_argument(
        "--json", action="store_true", help="print each turn as one JSON object on one line"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="write the skill's request log to stderr"
    )

    files = parser.add_argument_group(
        "conversations in files", 'transcripts, or replay files of ask-cli if named "*.json"'
    )
    files.add_argument(
        "--record", type=Path, metavar="FILE", help="write the conversation to a new file"
    )
    files.add_argument(
        "--replay",
        type=Path,
        metavar="FILE",
        help="hold a conversation again and show what is heard otherwise; with --record, write "
        "it as it is now, even to the same file",
    )
    files.add_argument(
        "--expect", action="store_true", help="with --replay: exit 1 if anything differs"
    )

    voice = parser.add_argument_group("speech and silence")
    voice.add_argument("--speak", action="store_true", help="speak what the device says")
    voice.add_argument("--voice", metavar="NAME", help="the voice for it and for the page")
    voice.add_argument(
        "--eight-seconds",
        action="store_true",
        help="take a person for silent who types nothing for 8 s, as an Echo does",
    )

    page = parser.add_argument_group(
        "the page", f"which a person at a terminal gets too, on port {PAGE_PORT} if that is free"
    )
    page.add_argument("--page", action="store_true", help="serve it, and talk to nobody here")
    page.add_argument("--page-port", type=_port, metavar="PORT", help=f"its port, of {HOST}")
    page.add_argument("--no-page", action="store_true", help="do not serve it")

    skill = parser.add_argument_group("the skill itself")
    skill.add_argument(
        "--serve",
        action="store_true",
        help=f"serve the skill, on port {SERVE_PORT} or --port, and talk to nobody",
    )
    skill.add_argument(
        "--memory",
        action="store_true",
        help="keep a check that was broken off, of callers who agree, until this program ends",
    )
    skill.add_argument("--port", type=_port, help=f"the port to serve it on, of {HOST}")
    skill.add_argument(
        "--signing-dir",
        type=Path,
        metavar="DIR",
        help="write there what another client needs to sign requests: root.pem, chain.pem, "
        "leaf.key and client.json",
    )
    options = parser.parse_args(arguments)
    if (problem := _problem(options)) is not None:
        parser.error(problem)
    return options


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to {_HIGHEST_PORT})")
    return int(text)


def _problem(options: argparse.Namespace) -> str | None:
    """Return what is wrong with the options taken together."""
    locales = known_locales()
    if options.locale is not None and options.locale not in locales:
        return f"no locale {options.locale!r}; known: {', '.join(locales)}"
    for alone, others in (("serve", (*_OF_TALK, "page", "page_port")), ("page", _OF_TALK)):
        given = next((one for one in others if _is_given(options, one)), None)
        if _is_given(options, alone) and given is not None:
            return f"--{alone} talks to nobody, so --{given.replace('_', '-')} is of no use"
    wants_page = options.page or options.page_port is not None
    problems = {
        "--expect needs --replay": options.expect and options.replay is None,
        "--no-page goes with no other option of the page": options.no_page and wants_page,
        "--voice needs --speak or the page": options.voice is not None
        and not (options.speak or wants_page or has_person(options)),
        "--eight-seconds needs a person at a terminal": options.eight_seconds
        and not has_person(options),
    }
    return next((problem for problem, is_there in problems.items() if is_there), None)


def _is_given(options: argparse.Namespace, name: str) -> bool:
    value = getattr(options, name)
    return value is not None and value is not False  # port 0 is given


def has_person(options: argparse.Namespace) -> bool:
    """Whether there is a person at a terminal to talk with."""
    silent = options.serve or options.page or options.json or options.replay is not None
    return not silent and sys.stdin.isatty() and sys.stdout.isatty()
