"""SSML, taken apart into what is said and how, and how long to be silent between.

No engine here is given SSML: flite's reader of it never returns, and espeak-ng reads the digits
of "911" as one number. So it is read here, and as strictly as Alexa does: what is not well formed
is not spoken at all.

Honoured: ``break``, ``prosody`` (rate and volume; the pitch is a voice's own), ``emphasis``,
``say-as`` (digits, telephone, characters and spell-out; else as a voice reads it), ``sub``, ``p``
and ``s``. Of ``voice``, ``lang``, ``w``, ``phoneme``, ``audio`` and Amazon's own tags the words
inside are spoken. Any other tag is an error, as it is to Alexa.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar
from xml.parsers import expat

from scripts.simulator.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")

LONGEST_BREAK_SECONDS: Final = 10.0
# "Response format": a response holds no more; a reprompt on top of it is spoken on its own.
LONGEST_SSML: Final = 8000
_DEEPEST: Final = 50

_SENTENCE_PAUSE: Final = 0.3
_PARAGRAPH_PAUSE: Final = 0.6
_STRENGTHS: Final = {
    "none": 0.0,
    "x-weak": 0.0,
    "weak": 0.2,
    "medium": 0.3,
    "strong": _SENTENCE_PAUSE,
    "x-strong": _PARAGRAPH_PAUSE,
}
_RATES: Final = {
    "x-slow": 0.6,
    "slow": 0.8,
    "medium": 1.0,
    "default": 1.0,
    "fast": 1.25,
    "x-fast": 1.6,
}
_VOLUMES: Final = {
    "silent": 0.0,
    "x-soft": 0.35,
    "soft": 0.6,
    "medium": 1.0,
    "default": 1.0,
    "loud": 1.4,
    "x-loud": 2.0,
}
_EMPHASES: Final = {
    "strong": {"rate": 0.85, "volume": 1.3},
    "moderate": {"rate": 0.9, "volume": 1.15},
    "none": {},
    "reduced": {"rate": 1.1, "volume": 0.8},
}
# How much of itself a voice may be made; Alexa's own bounds for the rate are 20 and 200 %.
_LEAST, _MOST = 0.2, 2.0

_TIME: Final = re.compile(r"\+?([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s)")
_PERCENTAGE: Final = re.compile(r"([+-]?)([0-9]{1,9}(?:\.[0-9]{1,9})?)%")
_DECIBELS: Final = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,9})?)dB")
_SPOKEN_SINGLY: Final = frozenset({"digits", "telephone"})
_SPELT_OUT: Final = frozenset({"spell-out", "characters", "verbatim"})
_DIGITS: Final = dict(
    zip(
        "0123456789",
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        strict=True,
    )
)
_PASSED_OVER: Final = frozenset({
    "audio", "phoneme", "voice", "lang", "w", "amazon:effect", "amazon:emotion", "amazon:domain",
    "amazon:auto-breaths",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said, each as so much of the voice's own.

    Attributes:
        rate: How fast.
        volume: How loud.
    """

    rate: float = 1.0
    volume: float = 1.0

    def times(self, rate: float = 1.0, volume: float = 1.0) -> Manner:
        """Return the manner inside of a tag that asks for so much more or less."""
        return Manner(max(_LEAST, min(_MOST, self.rate * rate)), min(_MOST, self.volume * volume))


@dataclass(frozen=True, slots=True)
class Say:
    """Words to be spoken in one manner; never blank."""

    text: str
    manner: Manner = Manner()


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence, of more than no and no more than ``LONGEST_BREAK_SECONDS``."""

    seconds: float


Segment: TypeAlias = "Say | Pause"


def segments(ssml: str) -> tuple[Segment, ...]:
    """Return what is to be said, and the pauses between.

    Raises:
        SimulatorError: It is no SSML that Alexa would speak.
    """
    if len(ssml) > LONGEST_SSML:
        raise SimulatorError(f"the SSML is longer than {LONGEST_SSML} characters")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.hear
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.buffer_text = True
    try:
        # "amazon:effect" needs no namespace here; expat reads the name as it is.
        parser.Parse(ssml.encode("utf-8", errors="replace"), True)  # noqa: FBT003  # its only way
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise SimulatorError(
            f"the SSML is not well formed ({reason}, at character {error.offset + 1} of line "
            f"{error.lineno})"
        ) from error
    return reader.result()


class _Reader:
    """Takes what the parser finds, and keeps the segments."""

    def __init__(self) -> None:
        self._said: list[Segment] = []
        self._words = ""
        self._tags: list[str] = []
        self._manners = [Manner()]
        self._ways: list[Callable[[str], str] | None] = [None]
        self._begin: Mapping[str, Callable[[Mapping[str, str]], None]] = {
            "break": self._break,
            "prosody": self._prosody,
            "emphasis": self._emphasis,
            "say-as": self._say_as,
            "sub": self._sub,
            "p": lambda _: self._pause(_PARAGRAPH_PAUSE),
            "s": lambda _: self._pause(_SENTENCE_PAUSE),
        }

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Go into a tag."""
        if (tag == "speak") != (not self._tags):
            raise SimulatorError("the SSML is not one <speak> with everything in it")
        if len(self._tags) == _DEEPEST:
            raise SimulatorError(f"the SSML has tags more than {_DEEPEST} deep")
        if self._tags[-1:] in (["break"], ["sub"], ["say-as"]):
            raise SimulatorError(f"the SSML has <{tag[:40]}> within <{self._tags[-1]}>")
        self._tags.append(tag)
        self._manners.append(self._manners[-1])
        self._ways.append(self._ways[-1])
        if tag in self._begin:
            self._begin[tag](attributes)
        elif tag not in _PASSED_OVER and tag != "speak":
            raise SimulatorError(f"the SSML has <{tag[:40]}>, which Alexa does not know")

    def end(self, tag: str) -> None:
        """Leave a tag."""
        if self._tags.pop() in {"prosody", "emphasis"}:
            self._flush()
        self._manners.pop()
        self._ways.pop()
        if tag == "p":
            self._pause(_PARAGRAPH_PAUSE)
        elif tag == "s":
            self._pause(_SENTENCE_PAUSE)

    def hear(self, text: str) -> None:
        """Take words."""
        way = self._ways[-1]
        if self._tags[-1] != "break":
            self._words += way(text) if way else text

    def refuse_doctype(self, *_: object) -> None:
        """Take no document type: it could only define entities, and grow without end."""
        raise SimulatorError("the SSML has a document type, which Alexa does not take")

    def result(self) -> tuple[Segment, ...]:
        """Return the segments, none blank and no two pauses side by side."""
        self._flush()
        return tuple(self._said)

    def _flush(self) -> None:
        words = " ".join(self._words.split())
        self._words = ""
        if words:
            self._said.append(Say(words, self._manners[-1]))

    def _pause(self, seconds: float) -> None:
        """Be silent, as long as the longest of all the pauses that meet here."""
        self._flush()
        if isinstance(before := next(iter(self._said[-1:]), None), Pause):
            self._said.pop()
            seconds = max(seconds, before.seconds)
        if seconds:
            self._said.append(Pause(seconds))

    def _break(self, attributes: Mapping[str, str]) -> None:
        time = attributes.get("time")
        if time is None:
            self._pause(_named(_STRENGTHS, attributes.get("strength", "medium"), "strength"))
            return
        match = _TIME.fullmatch(time.strip())
        if not match:
            raise SimulatorError(f"the SSML has a break of {_brief(time)}, which is no time")
        seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
        if seconds > LONGEST_BREAK_SECONDS:
            raise SimulatorError(
                f"the SSML has a break of {_brief(time)}; Alexa takes up to "
                f"{LONGEST_BREAK_SECONDS:.0f} s"
            )
        self._pause(seconds)

    def _prosody(self, attributes: Mapping[str, str]) -> None:
        self._flush()
        self._manners[-1] = self._manners[-1].times(
            rate=_amount(attributes, "rate", _RATES),
            volume=_amount(attributes, "volume", _VOLUMES),
        )

    def _emphasis(self, attributes: Mapping[str, str]) -> None:
        self._flush()
        level = attributes.get("level", "moderate")
        self._manners[-1] = self._manners[-1].times(**_named(_EMPHASES, level, "emphasis"))

    def _say_as(self, attributes: Mapping[str, str]) -> None:
        way = attributes.get("interpret-as", "")
        if way in _SPOKEN_SINGLY:
            self._ways[-1] = _digit_by_digit
        elif way in _SPELT_OUT:
            self._ways[-1] = _character_by_character

    def _sub(self, attributes: Mapping[str, str]) -> None:
        alias = attributes.get("alias", "")
        self._words += alias
        self._ways[-1] = _unsaid


def _digit_by_digit(text: str) -> str:
    return "".join(f" {_DIGITS[one]} " if one in _DIGITS else one for one in text)


def _character_by_character(text: str) -> str:
    # A comma apart: "a" before a word would be an article, and "i" is never "me".
    return "".join(f" {_DIGITS.get(one, one)}, " for one in text if one.isalnum())


def _unsaid(text: str) -> str:  # noqa: ARG001  # one of the ways to say it
    return ""


def _amount(attributes: Mapping[str, str], name: str, named: Mapping[str, float]) -> float:
    """Return "slow", "80%", "+10%" or "-6dB" as a factor."""
    text = attributes.get(name, "medium").strip()
    if match := _PERCENTAGE.fullmatch(text):
        percents = float(match[1] + match[2])
        # A rate in percent is that much of the usual one; the others are so much more or less.
        relative = bool(match[1]) or name != "rate"
        return max(0.0, (100 + percents if relative else percents) / 100)
    if name == "volume" and (match := _DECIBELS.fullmatch(text)):
        return min(_MOST, 10 ** (float(match[1]) / 20))
    return _named(named, text, name)


def _named(values: Mapping[str, _T], name: str, what: str) -> _T:
    if name not in values:
        raise SimulatorError(
            f"the SSML has the {what} {_brief(name)}; Alexa knows {', '.join(values)}"
        )
    return values[name]


def _brief(text: str) -> str:
    """Return what somebody wrote, short enough to stand in one line."""
    return repr(text[:15])
