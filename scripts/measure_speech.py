#!/usr/bin/env python3
"""Count the words that a caller listens to before the advice, in every recorded conversation.

The figures are of the transcripts in tests/conversations: from the first word of a call to the
end of the sentence that says what to do, and in an emergency to the last digit of the number.
A transcript with several calls has a figure for each that came to advice. Only what the skill
says is counted, at 165 words a minute; a number to call is one word per digit, or as many as
people there say for it. Pauses and the caller's own words are not counted.

With --check the worst and the median are held against those of the last release, in
tests/conversations/spoken_words.json; nothing may have become longer. With --update that file
is written anew: do so when a release has more or other transcripts, and say why in its log.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, TypeAlias

from skill.dialogue import script
from skill.errors import SkillError
from skill.speech.catalogue import load_catalogues
from skill.speech.ssml import to_text
from skill.triage.loading import load_rule_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from skill.dialogue.script import Line
    from skill.speech.catalogue import Catalogue

ROOT: Final = Path(__file__).resolve().parents[1]
TRANSCRIPTS: Final = ROOT / "tests" / "conversations"
FIGURES_NAME: Final = "spoken_words.json"
COMMAND: Final = ".venv/bin/python -m scripts.measure_speech"

WORDS_A_MINUTE: Final = 165
"""How fast Alexa speaks English, roughly."""

_LONGER: Final = 1
_UNUSABLE: Final = 2
_SAID: Final = "> "
_NOTE: Final = "#"
_END: Final = "(session ends)"
_STATISTICS: Final = frozenset({"worst", "median"})

Figures: TypeAlias = "Mapping[str, Mapping[str, float]]"
"""What was measured ("to_number", "to_advice") to its "worst" and "median", in words."""


class MeasureError(SkillError):
    """What is to be measured, or to be compared with, cannot be used."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What tells advice from other words.

    Attributes:
        openings: How advice begins, in every locale, to how much of it has to be heard.
        emergencies: Those of them that call for help; of these, up to the number.
        numbers: Each number to call, to how many words it is when spoken.
    """

    openings: Mapping[str, str]
    emergencies: frozenset[str]
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that came to advice.

    Attributes:
        name: The name of its transcript; with a number where that holds several.
        words: The words spoken up to the advice.
        is_emergency: Whether that was to call the emergency number.
    """

    name: str
    words: int
    is_emergency: bool

    @property
    def seconds(self) -> float:
        """How long that takes to say."""
        return self.words * 60 / WORDS_A_MINUTE


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures, or check or update them, and return the exit status."""
    options = _options(arguments)
    figures_path = options.transcripts / FIGURES_NAME
    try:
        calls = measured(options.transcripts, vocabulary())
        figures = figures_of(calls)
        if options.check:
            return _check(figures, read_figures(figures_path))
        if options.update:
            figures_path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
            return 0
    except (OSError, SkillError) as error:
        print(f"measure_speech: {' '.join(str(error).split())}", file=sys.stderr)
        return _UNUSABLE
    _show(calls, figures)
    return 0


def vocabulary() -> Vocabulary:
    """Return what advice sounds like in every locale.

    Raises:
        SkillError: The rule set or a catalogue is refused.
    """
    rule_set = load_rule_set()
    catalogues = tuple(load_catalogues(rule_set).values())
    kinds = {rule.within for rule in rule_set.rules if rule.within}
    lines = (
        *(script.SAME_DAY[0], script.SELF_CARE, script.OUT_OF_SCOPE),
        *(script.seeing_a_doctor(within) for within in sorted(kinds)),
    )
    known = {
        number.text: len(number.spoken.split()) if number.spoken else len(number.text)
        for catalogue in catalogues
        for number in (catalogue.emergency_number, catalogue.nurse_line, catalogue.crisis_line)
        if number is not None
    }
    emergencies = dict(map(_call_for_help, catalogues))
    others = {words: words for words in _in_all_words(lines, catalogues)}
    return Vocabulary({**others, **emergencies}, frozenset(emergencies), known)


def _call_for_help(catalogue: Catalogue) -> tuple[str, str]:
    """Return how emergency advice begins, and that up to the number, or what stands for it."""
    number = catalogue.emergency_number
    said = number.text if number else catalogue.glue["no_emergency_number"]
    words = to_text([catalogue.phrase(script.EMERGENCY_FIRST)])
    before, _, _ = words.partition(said)
    return words, before + said


def _in_all_words(lines: Iterable[Line], catalogues: Iterable[Catalogue]) -> Iterator[str]:
    for line in lines:
        for catalogue in catalogues:
            for about_other in (False, True):
                yield to_text([catalogue.phrase(line, about_other=about_other)])


def measured(folder: Path, known: Vocabulary) -> list[Call]:
    """Return the calls of all transcripts in a folder that came to advice, by name.

    Raises:
        MeasureError: There is no transcript, or none with advice.
        OSError: One cannot be read.
    """
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise MeasureError(f"{folder}: expected transcripts (*.txt), found none")
    calls = [call for path in paths for call in _calls_in(path, known)]
    if not calls:
        raise MeasureError(f"{folder}: no transcript comes to advice")
    return calls


def _calls_in(path: Path, known: Vocabulary) -> Iterator[Call]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MeasureError(f"{path}: expected UTF-8 ({error.reason})") from error
    number = heard = 0
    advised = False
    for line in text.splitlines():
        if line == _END:
            heard, advised = 0, False
        elif line and not line.startswith((_SAID, _NOTE)) and not advised:
            opening = next((one for one in known.openings if one in line), None)
            if opening is None:
                heard += spoken_words(line, known.numbers)
                continue
            before, _, _ = line.partition(opening)
            heard += spoken_words(before + known.openings[opening], known.numbers)
            number, advised = number + 1, True
            name = path.stem if number == 1 else f"{path.stem} ({number})"
            yield Call(name, heard, is_emergency=opening in known.emergencies)


def spoken_words(text: str, numbers: Mapping[str, int]) -> int:
    """Return how many words it takes to say a text.

    Args:
        text: What is said, without tags.
        numbers: Each number to call, to how many words it is when spoken.
    """
    words = (word.strip(".,;:?!-") for word in text.split())
    return sum(numbers.get(word, 1) for word in words if word)


def figures_of(calls: Sequence[Call]) -> Figures:
    """Return the worst and the median of what was measured."""
    measures = {
        "to_number": [call.words for call in calls if call.is_emergency],
        "to_advice": [call.words for call in calls],
    }
    return {
        name: {"worst": max(words), "median": median(words)}
        for name, words in measures.items()
        if words
    }


def read_figures(path: Path) -> Figures:
    """Return the figures of the last release.

    Raises:
        MeasureError: They cannot be used.
        OSError: They cannot be read.
    """
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MeasureError(f"{path}: there is none; write it with: {COMMAND} --update") from error
    except ValueError as error:
        raise MeasureError(f"{path}: expected JSON; write it anew with --update") from error
    if not isinstance(figures, dict) or not all(_is_statistics(v) for v in figures.values()):
        raise MeasureError(f"{path}: expected a worst and a median, in words, of each measure")
    return figures


def _is_statistics(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == _STATISTICS
        and all(type(one) in {int, float} for one in value.values())
    )


def _check(now: Figures, before: Figures) -> int:
    """Tell in one line what has become longer, if anything has."""
    if now.keys() - before.keys():
        missing = ", ".join(sorted(now.keys() - before.keys()))
        raise MeasureError(f"{FIGURES_NAME}: {missing} is missing")
    longer = [
        f"{name} {statistic} {now[name][statistic]:g} words, was {before[name][statistic]:g}"
        for name in now
        for statistic in ("worst", "median")
        if now[name][statistic] > before[name][statistic]
    ]
    if longer:
        print(f"Callers wait longer: {'; '.join(longer)}", file=sys.stderr)
        return _LONGER
    return 0


def _show(calls: Sequence[Call], figures: Figures) -> None:
    width = max(len(call.name) for call in calls)
    print(f"{'':{width}}  words  seconds")
    for call in sorted(calls, key=lambda call: (not call.is_emergency, call.words, call.name)):
        to = "to the number" if call.is_emergency else "to the advice"
        print(f"{call.name:{width}}  {call.words:5}  {call.seconds:7.1f}  {to}")
    for name, statistics in figures.items():
        told = name.replace("_", " the ")
        for statistic, words in statistics.items():
            seconds = words * 60 / WORDS_A_MINUTE
            print(f"{statistic:{width}}  {words:5g}  {seconds:7.1f}  {told}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    todo = parser.add_mutually_exclusive_group()
    todo.add_argument("--check", action="store_true", help="exit 1 if anything became longer")
    todo.add_argument("--update", action="store_true", help="write the figures anew")
    parser.add_argument(
        "--transcripts",
        type=Path,
        default=TRANSCRIPTS,
        metavar="FOLDER",
        help="where the transcripts and the figures are (tests/conversations)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
