"""Conversations in files: transcripts as text, and replay files of Amazon's ask-cli.

A transcript holds what was said to the device after "> ", and below it each thing that was
heard::

    # Silence: the reprompt, then the session ends.
    > open upper back check
    Upper Back Check. ... feeling faint?
    > (silence)
    Chest pain, trouble breathing, cold sweats, or faint?

Lines that begin with "#" are for a reader, but for one: "# recorded in en-GB on 2026-11-24"
names the locale and the day, by which "since Monday" means what it meant then.

A replay file is JSON, ``{"skillId", "locale", "type": "text", "userInput": [..., ".quit"]}``.
The keys "day" and "expect" are ours: what was heard at each input, ``null`` for anything.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from scripts.simulator.device import SILENCE
from scripts.simulator.errors import SimulatorError
from scripts.simulator.signing import SKILL_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from scripts.simulator.device import Turn

SILENCE_SHOWN: Final = "(silence)"
SESSION_ENDS: Final = "(session ends)"

_SAID: Final = "> "
_COMMENT: Final = "#"
_RECORDED: Final = re.compile(r"# recorded in (\S+) on (\S+)")
_REPLAY_ENDING: Final = ".json"
_QUIT: Final = ".quit"
_COMMAND: Final = "."
# In which a conversation may have been held. At the ends of the calendar no certificate is valid.
_YEARS: Final = range(2000, 2100)


class TranscriptError(SimulatorError):
    """A file that should hold a conversation holds none, or cannot be written."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Something said to the device, and what was heard.

    Attributes:
        said: What was said, "" for silence.
        heard: What was heard, a line each; ``None`` where that was not recorded.
        comments: The lines that stand before it for a reader, "#" included.
        place: Where in the file it stands, such as "4" for a line.
    """

    said: str
    heard: tuple[str, ...] | None
    comments: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation.

    Attributes:
        exchanges: What was said and heard.
        locale: The device's locale, ``None`` where it is not told.
        day: The day on which it was held, ``None`` for any.
        last_comments: Comments behind the last exchange.
    """

    exchanges: tuple[Exchange, ...]
    locale: str | None = None
    day: date | None = None
    last_comments: tuple[str, ...] = ()

    @property
    def utterances(self) -> tuple[str, ...]:
        """What was said, in order."""
        return tuple(exchange.said for exchange in self.exchanges)


def heard_lines(turn: Turn) -> tuple[str, ...]:
    """Return what is heard at a turn, as a transcript has it."""
    ends = turn.session_ends and turn.failure is None
    return (*([turn.says] if turn.says else []), *([SESSION_ENDS] if ends else []))


def utterance_in(text: str) -> str:
    """Return the utterance that a line of text stands for, "" for silence."""
    said = _printable(text)
    return SILENCE if said == SILENCE_SHOWN else said


def _printable(text: str) -> str:
    # Nobody can say a control character, and a terminal might obey one.
    return "".join(c if c.isprintable() else " " for c in text).strip()


def shown(utterance: str) -> str:
    """Return the line that shows an utterance."""
    return f"{_SAID}{utterance or SILENCE_SHOWN}"


def is_replay_file(path: Path) -> bool:
    """Whether the file is one of ask-cli's, by its name."""
    return path.suffix.lower() == _REPLAY_ENDING


# --- reading ----------------------------------------------------------------------------------


def load_transcript(path: Path, locales: Iterable[str]) -> Transcript:
    """Read a conversation, from a replay file if its name ends in ".json".

    Args:
        path: The file.
        locales: The locales that a device can have.

    Raises:
        TranscriptError: It cannot be read, or holds no conversation in one of the locales.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TranscriptError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TranscriptError(f"{path}:{line}: expected UTF-8 text") from error
    read = _replay_file if is_replay_file(path) else _text
    return read(path, text, tuple(locales))


def _text(path: Path, text: str, locales: tuple[str, ...]) -> Transcript:
    exchanges: list[Exchange] = []
    comments: list[str] = []
    locale: str | None = None
    day: date | None = None
    for number, line in enumerate(map(str.rstrip, text.split("\n")), start=1):
        if recorded := _RECORDED.fullmatch(line):
            locale = _locale(recorded[1], f"{path}:{number}", locales)
            day = _day(recorded[2], f"{path}:{number}")
        elif line.startswith(_COMMENT):
            comments.append(line)
        elif line.startswith(_SAID):
            said = utterance_in(line.removeprefix(_SAID))
            exchanges.append(Exchange(said, (), tuple(comments), str(number)))
            comments = []
        elif line and not exchanges:
            expected = f'"{_SAID}" and what is said to the device'
            raise TranscriptError(f"{path}:{number}: expected {expected}, found {_short(line)}")
        elif line:
            last = exchanges[-1]
            heard = (*(last.heard or ()), _printable(line))
            exchanges[-1] = Exchange(last.said, heard, last.comments, last.place)
    if not exchanges:
        raise TranscriptError(f'{path}: holds no conversation: no line begins with "{_SAID}"')
    if not any(exchange.heard for exchange in exchanges):  # a script, and not a record
        exchanges = [Exchange(one.said, None, one.comments, one.place) for one in exchanges]
    return Transcript(tuple(exchanges), locale, day, tuple(comments))


def _replay_file(path: Path, text: str, locales: tuple[str, ...]) -> Transcript:
    try:
        document = json.loads(text)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise TranscriptError(f"{path}:{line}: expected JSON ({reason})") from error
    except RecursionError as error:
        raise TranscriptError(f"{path}: expected a replay file, found JSON too deep") from error
    if not isinstance(document, dict):
        raise TranscriptError(f'{path}: expected a JSON object with "locale" and "userInput"')
    if (kind := document.get("type", "text")) != "text":
        raise TranscriptError(f'{path}: type: expected "text", found {_short(kind)}')
    locale = document.get("locale")
    day = document.get("day")
    said = tuple(_inputs(path, document.get("userInput")))
    if not said:
        raise TranscriptError(f"{path}: userInput: holds nothing but {_QUIT}")
    heard = _expected(path, document.get("expect"), len(said))
    return Transcript(
        tuple(
            Exchange(one, heard[index], place=f"userInput[{index}]")
            for index, one in enumerate(said)
        ),
        None if locale is None else _locale(locale, f"{path}: locale", locales),
        None if day is None else _day(day, f"{path}: day"),
    )


def _inputs(path: Path, inputs: object) -> Iterator[str]:
    if not isinstance(inputs, list) or not inputs:
        raise TranscriptError(f"{path}: userInput: expected a list of what is said")
    for index, one in enumerate(inputs):
        place = f"{path}: userInput[{index}]"
        if not isinstance(one, str):
            raise TranscriptError(f"{place}: expected a text, found {_short(one)}")
        if one.strip() == _QUIT:
            if index != len(inputs) - 1:
                raise TranscriptError(f"{place}: nothing can follow {_QUIT}")
            return
        if one.startswith(_COMMAND):
            raise TranscriptError(f"{place}: expected something said or {_QUIT}, found {one!r}")
        yield utterance_in(one)


def _expected(path: Path, expected: object, count: int) -> list[tuple[str, ...] | None]:
    if expected is None:
        return [None] * count
    if not isinstance(expected, list) or len(expected) != count:
        raise TranscriptError(
            f"{path}: expect: expected a list of {count}, what is heard at each input"
        )
    for index, one in enumerate(expected):
        if not isinstance(one, str | None):
            place = f"{path}: expect[{index}]"
            raise TranscriptError(f"{place}: expected a text or null, found {_short(one)}")
    return [
        None if one is None else tuple(filter(None, map(_printable, one.split("\n"))))
        for one in expected
    ]


def _locale(name: object, place: str, locales: tuple[str, ...]) -> str:
    if not isinstance(name, str) or name not in locales:
        raise TranscriptError(f"{place}: no locale {_short(name)}; known: {', '.join(locales)}")
    return name


def _day(text: object, place: str) -> date:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise TranscriptError(f"{place}: expected a day such as 2026-11-24, found {_short(text)}")
    return day


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  # what fits in a line


# --- writing ----------------------------------------------------------------------------------


def save_transcript(path: Path, transcript: Transcript) -> None:
    """Write a conversation whole or not at all, as a replay file if so named.

    Raises:
        TranscriptError: It cannot be written.
    """
    text = _as_replay_file(transcript) if is_replay_file(path) else _as_text(transcript)
    target = path.resolve()  # so that a link goes on leading where it led
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise TranscriptError(f"{path}: cannot be written ({error.strerror})") from error


def _as_text(transcript: Transcript) -> str:
    lines: list[str] = []
    if transcript.locale is not None and transcript.day is not None:
        lines.append(f"# recorded in {transcript.locale} on {transcript.day}")
    for exchange in transcript.exchanges:
        lines += (*exchange.comments, shown(exchange.said), *(exchange.heard or ()))
    return "\n".join((*lines, *transcript.last_comments, ""))


def _as_replay_file(transcript: Transcript) -> str:
    document: Mapping[str, object] = {
        "skillId": SKILL_ID,
        "locale": transcript.locale,
        "type": "text",
        "day": None if transcript.day is None else transcript.day.isoformat(),
        "userInput": [*transcript.utterances, _QUIT],
        "expect": [
            None if one.heard is None else "\n".join(one.heard) for one in transcript.exchanges
        ],
    }
    told = {key: value for key, value in document.items() if value is not None}
    return f"{json.dumps(told, indent=2, ensure_ascii=False)}\n"
