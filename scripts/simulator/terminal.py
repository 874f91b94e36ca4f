"""A face for the device: a person types what they would say and reads what Alexa says."""

from __future__ import annotations

import codecs
import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import InMemoryHistory

from scripts.simulator.device import SILENCE
from scripts.simulator.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from scripts.simulator.device import Device, Turn

_COMMENT: Final = "#"
_SILENCE_SHOWN: Final = "(silence)"
_WIDEST_COLUMNS: Final = 100


def converse(device: Device, utterances: Iterable[str], *, as_json: bool) -> None:
    """Say each utterance to the device and print what comes of it on stdout.

    Args:
        device: The device.
        utterances: What is said, one each; "" is silence.
        as_json: Print each turn as one JSON object and not as a dialogue.

    Raises:
        EndpointError: The skill cannot be reached, or what it answers Alexa would not take.
    """
    for utterance in utterances:
        turn = device.hear(utterance)
        if turn.note is not None:
            _tell(turn.note)
        lines = (
            [_json_line(turn)] if as_json else [f"> {utterance or _SILENCE_SHOWN}", *_heard(turn)]
        )
        # Line by line, so that a program at the other end of a pipe can wait for the answer.
        print(*lines, sep="\n", flush=True)
        _check(turn)


def converse_with_person(device: Device, examples: Sequence[str]) -> None:
    """Let a person at a terminal talk to the device, until they press Ctrl-D or Ctrl-C.

    Args:
        device: The device.
        examples: What to offer for completion.

    Raises:
        EndpointError: As in :func:`converse`.
    """
    prompt: PromptSession[str] = PromptSession(
        "> ",
        history=InMemoryHistory(),
        completer=WordCompleter(list(examples), ignore_case=True, sentence=True),
        complete_while_typing=False,
    )
    width = min(shutil.get_terminal_size().columns, _WIDEST_COLUMNS)
    while True:
        try:
            utterance = prompt.prompt()
        except (EOFError, KeyboardInterrupt):
            return
        turn = device.hear(utterance)
        if turn.note is not None:
            _tell(turn.note)
        for line in _heard(turn):
            print(textwrap.fill(line, width))
        _check(turn)


def utterances_in(lines: Iterable[bytes]) -> Iterator[str]:
    r"""Give the utterances of a script: one a line, "" for silence, no comments.

    A byte order mark, ``\r\n`` and bytes that are no UTF-8 do no harm.
    """
    for number, line in enumerate(lines):
        content = line.removeprefix(codecs.BOM_UTF8) if number == 0 else line
        text = content.decode("utf-8", errors="replace")
        # Nobody can say a control character, and a terminal might obey one.
        utterance = "".join(c if c.isprintable() else " " for c in text).strip()
        if not utterance.startswith(_COMMENT):
            yield utterance or SILENCE


def _heard(turn: Turn) -> Iterator[str]:
    if turn.says:
        yield turn.says
    if turn.session_ends and turn.failure is None:
        yield "(session ends)"


def _json_line(turn: Turn) -> str:
    return json.dumps(
        {
            "utterance": turn.utterance,
            "request": turn.request,
            "status": turn.status,
            "response": turn.response,
            "says": turn.says,
        }
    )


def _check(turn: Turn) -> None:
    if turn.failure is not None:
        raise EndpointError(turn.failure)


def _tell(message: str, file: TextIO | None = None) -> None:
    print(f"({message})", file=file or sys.stderr, flush=True)
