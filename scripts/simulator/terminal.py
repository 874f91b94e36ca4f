"""Faces for the device that need no screen: a person at a terminal, and a script in a pipe."""

from __future__ import annotations

import codecs
import json
import shutil
import sys
import textwrap
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import InMemoryHistory

from scripts.simulator.device import SILENCE
from scripts.simulator.errors import EndpointError
from scripts.simulator.transcripts import SILENCE_SHOWN, heard_lines, shown, utterance_in

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

    from scripts.simulator.device import Device, Turn

    Follower: TypeAlias = Callable[[Turn], object]

_COMMENT: Final = "#"
_WIDEST_COLUMNS: Final = 100


def converse(
    device: Device,
    utterances: Iterable[str],
    *,
    as_json: bool = False,
    followers: Sequence[Follower] = (),
) -> None:
    """Say each utterance to the device and print what comes of it on stdout.

    Args:
        device: The device.
        utterances: What is said, one each; "" is silence.
        as_json: Print each turn as one JSON object and not as a dialogue.
        followers: What else is told of each turn, once it is printed.

    Raises:
        EndpointError: The skill cannot be reached, or what it answers Alexa would not take.
    """
    for utterance in utterances:
        turn = device.hear(utterance)
        lines = [_json_line(turn)] if as_json else [shown(utterance), *heard_lines(turn)]
        _tell_note(turn)
        # Line by line, so that a program at the other end of a pipe can wait for the answer.
        print(*lines, sep="\n", flush=True)
        _finish(turn, followers)


def converse_with_person(  # noqa: PLR0913  # each is a matter of its own
    device: Device,
    examples: Sequence[str],
    *,
    listens_for: float | None = None,
    followers: Sequence[Follower] = (),
    keyboard: Input | None = None,
    screen: Output | None = None,
) -> None:
    """Let a person at a terminal talk to the device, until they press Ctrl-D or Ctrl-C.

    Args:
        device: The device.
        examples: What to offer for completion.
        listens_for: After how many seconds without a key, while the microphone is open, the
            person is taken to be silent; ``None`` to wait for them.
        followers: What else is told of each turn, once it is printed.
        keyboard: Where keys come from, if not from the terminal.
        screen: Where the prompt is drawn, if not on the terminal.

    Raises:
        EndpointError: As in :func:`converse`.
    """
    prompt: PromptSession[str] = PromptSession(
        "> ",
        history=InMemoryHistory(),
        completer=WordCompleter(list(examples), ignore_case=True, sentence=True),
        complete_while_typing=False,
        input=keyboard,
        output=screen,
    )
    patience = None if listens_for is None else _Patience(prompt, listens_for)
    while True:
        listening = patience if device.is_listening else None
        try:
            typed = prompt.prompt(pre_run=None if listening is None else listening.start)
        except (EOFError, KeyboardInterrupt):
            return
        finally:
            if listening is not None:
                listening.stop()
        utterance = utterance_in(typed)
        turn = device.hear(utterance)
        _tell_note(turn)
        width = min(shutil.get_terminal_size().columns, _WIDEST_COLUMNS)
        for line in heard_lines(turn):
            print(textwrap.fill(line, width), flush=True)
        _finish(turn, followers)


class _Patience:
    """Answers a prompt with silence when nothing has been typed for a while.

    Who has begun to type is speaking, and is let finish.
    """

    def __init__(self, prompt: PromptSession[str], seconds: float) -> None:
        self._prompt = prompt
        self._seconds = seconds
        self._is_over: TimerHandle | None = None
        prompt.default_buffer.on_text_changed += self._typed

    def start(self) -> None:
        """Begin to wait, at a prompt that has just been shown."""
        self._is_over = get_running_loop().call_later(self._seconds, self._give_up)

    def stop(self) -> None:
        """Wait no longer, since the prompt is answered."""
        if self._is_over is not None:
            self._is_over.cancel()
            self._is_over = None

    def _typed(self, _: Buffer) -> None:
        if self._is_over is not None:
            self.stop()
            self.start()

    def _give_up(self) -> None:
        buffer, app = self._prompt.default_buffer, self._prompt.app
        if not buffer.text and not app.is_done:
            self.stop()
            buffer.text = SILENCE_SHOWN
            app.exit(result=SILENCE)


def utterances_in(lines: Iterable[bytes]) -> Iterator[str]:
    r"""Give the utterances of a script: one a line, "" for silence, no comments.

    A byte order mark, ``\r\n`` and bytes that are no UTF-8 do no harm.
    """
    for number, line in enumerate(lines):
        content = line.removeprefix(codecs.BOM_UTF8) if number == 0 else line
        utterance = utterance_in(content.decode("utf-8", errors="replace"))
        if not utterance.startswith(_COMMENT):
            yield utterance


def tell(message: str) -> None:
    """Tell whoever started the simulator what does not belong to the conversation."""
    print(f"({message})", file=sys.stderr, flush=True)


def _tell_note(turn: Turn) -> None:
    if turn.note is not None:
        tell(turn.note)


def _finish(turn: Turn, followers: Iterable[Follower]) -> None:
    for follow in followers:
        follow(turn)
    if turn.failure is not None:
        raise EndpointError(turn.failure)


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
