"""How long callers listen before the advice: counted truly, and never longer than before."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scripts.measure_speech import (
    FIGURES_NAME,
    ROOT,
    Call,
    MeasureError,
    figures_of,
    main,
    measured,
    spoken_words,
    vocabulary,
)
from tests.calls import LOCALES, RED_FLAGS, calls_for_help

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Alexa

KNOWN = vocabulary()
EMERGENCY = "Call 911 now. This could be an emergency. Don't drive. Call 911."
CALM = "From what you told me, home care is reasonable for now. Call 911 for chest pain."
TODAY = "They should be seen today. Call a doctor now."


def transcript(folder: Path, *lines: str, name: str = "call") -> Path:
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def calls_in(folder: Path, *lines: str) -> list[tuple[str, int, bool]]:
    calls = measured(transcript(folder, *lines), KNOWN)
    return [(call.name, call.words, call.is_emergency) for call in calls]


# --- counting -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Any chest pain, or fainting?", 5),
        ("Call 911 now.", 5),
        ("Call 911, or your local emergency number.", 9),
        ("Call 000 now.", 4),  # triple zero
        ("OK, 45 years old.", 4),
        ("Tell them: a crash - or a fall.", 7),
    ],
)
def test_words_are_counted_as_they_are_spoken(text: str, words: int) -> None:
    assert spoken_words(text, KNOWN.numbers) == words


def test_an_emergency_counts_up_to_the_last_digit_of_its_number(tmp_path: Path) -> None:
    assert calls_in(tmp_path, "> open", "Any chest pain?", "> yes", EMERGENCY) == [
        ("call", 3 + 4, True)
    ]


def test_other_advice_counts_up_to_the_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    assert calls_in(tmp_path, "> open", "Any chest pain?", "> no", CALM) == [("call", 14, False)]


def test_advice_about_somebody_else_is_known_too(tmp_path: Path) -> None:
    assert calls_in(tmp_path, TODAY) == [("call", 5, False)]


def test_what_the_caller_says_and_notes_are_not_counted(tmp_path: Path) -> None:
    assert calls_in(tmp_path, "# A note of six words.", "", "> I feel faint", EMERGENCY) == [
        ("call", 4, True)
    ]


def test_what_is_said_after_the_advice_is_not_counted(tmp_path: Path) -> None:
    lines = (CALM, "> yes", "Keep moving gently.", CALM)
    assert calls_in(tmp_path, *lines) == [("call", 11, False)]


def test_every_call_of_a_transcript_counts_from_its_own_beginning(tmp_path: Path) -> None:
    lines = ("Any pain?", EMERGENCY, "(session ends)", "> again", CALM, "(session ends)")
    assert calls_in(tmp_path, *lines) == [("call", 6, True), ("call (2)", 11, False)]


def test_a_call_without_advice_has_no_figure(tmp_path: Path) -> None:
    lines = ("In an emergency, call 911.", "(session ends)", EMERGENCY)
    assert calls_in(tmp_path, *lines) == [("call", 4, True)]


def test_seconds_are_those_of_165_words_a_minute() -> None:
    assert Call("call", 165, is_emergency=True).seconds == 60


def test_the_number_is_measured_over_emergencies_and_the_advice_over_all() -> None:
    words = ((4, True), (10, True), (30, False))
    calls = [Call("call", count, is_emergency=urgent) for count, urgent in words]
    assert figures_of(calls) == {
        "to_number": {"worst": 10, "median": 7},
        "to_advice": {"worst": 30, "median": 10},
    }


def test_without_an_emergency_there_is_no_figure_to_the_number() -> None:
    assert figures_of([Call("call", 9, is_emergency=False)]).keys() == {"to_advice"}


# --- the program ----------------------------------------------------------------------------


def test_it_prints_a_line_for_each_call_and_the_worst_and_the_median(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transcript(tmp_path, "Any pain?", EMERGENCY, name="urgent")
    transcript(tmp_path, CALM, name="calm")
    assert main(["--transcripts", str(tmp_path)]) == 0
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert printed == [
        ["words", "seconds"],
        ["urgent", "6", "2.2", "to", "the", "number"],
        ["calm", "11", "4.0", "to", "the", "advice"],
        ["worst", "6", "2.2", "to", "the", "number"],
        ["median", "6", "2.2", "to", "the", "number"],
        ["worst", "11", "4.0", "to", "the", "advice"],
        ["median", "8.5", "3.1", "to", "the", "advice"],
    ]


def test_figures_just_written_are_no_increase(tmp_path: Path) -> None:
    transcript(tmp_path, "Any pain?", EMERGENCY)
    assert main(["--update", "--transcripts", str(tmp_path)]) == 0
    assert main(["--check", "--transcripts", str(tmp_path)]) == 0


def test_fewer_words_are_no_increase(tmp_path: Path) -> None:
    main(["--update", "--transcripts", str(transcript(tmp_path, "Any pain?", EMERGENCY))])
    assert main(["--check", "--transcripts", str(transcript(tmp_path, EMERGENCY))]) == 0


def test_a_word_more_is_told_in_one_line_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--update", "--transcripts", str(transcript(tmp_path, EMERGENCY))])
    assert main(["--check", "--transcripts", str(transcript(tmp_path, "Hello.", EMERGENCY))]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Callers wait longer: to_number worst 5 words, was 4")


def test_a_higher_median_is_told_even_where_the_worst_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transcript(tmp_path, "One two three.", EMERGENCY, name="longest")
    main(["--update", "--transcripts", str(transcript(tmp_path, EMERGENCY))])
    assert main(["--check", "--transcripts", str(transcript(tmp_path, "Hello.", EMERGENCY))]) == 1
    assert "worst" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "figures",
    [
        None,
        "{",
        "[]",
        "{}",
        '{"to_number": 3}',
        '{"to_number": {"worst": 3}}',
        '{"to_number": {"worst": "3", "median": 3}, "to_advice": {"worst": 3, "median": 3}}',
        '{"to_number": {"worst": true, "median": 3}, "to_advice": {"worst": 3, "median": 3}}',
        '{"to_advice": {"worst": 3, "median": 3}}',
    ],
)
def test_figures_that_cannot_be_used_are_one_line_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], figures: str | None
) -> None:
    transcript(tmp_path, EMERGENCY)
    if figures is not None:
        (tmp_path / FIGURES_NAME).write_text(figures, encoding="utf-8")
    assert main(["--check", "--transcripts", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert FIGURES_NAME in line


def test_a_folder_without_transcripts_is_one_line_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--transcripts", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "found none" in line


def test_transcripts_without_advice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="no transcript comes to advice"):
        measured(transcript(tmp_path, "> hello", "Any pain?"), KNOWN)


def test_a_transcript_that_is_no_text_is_one_line_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.txt").write_bytes(b"\xff\xfe")
    assert main(["--transcripts", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "odd.txt" in line


def test_figures_that_cannot_be_written_are_one_line_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transcript(tmp_path, EMERGENCY)
    (tmp_path / FIGURES_NAME).mkdir()
    assert main(["--update", "--transcripts", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_says_what_is_counted() -> None:
    command = [sys.executable, "-m", "scripts.measure_speech", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "165 words a minute" in done.stdout


# --- the skill ------------------------------------------------------------------------------


def test_no_caller_waits_longer_than_at_the_last_release(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["--check"])
    assert status == 0, capsys.readouterr().err


def words_to_number(*heard: str) -> int:
    """Return the words of some answers, the last one up to the number."""
    *before, last = heard
    opening = next(one for one in KNOWN.openings if last.startswith(one))
    assert opening in KNOWN.emergencies
    return sum(spoken_words(one, KNOWN.numbers) for one in (*before, KNOWN.openings[opening]))


@pytest.mark.parametrize("locale", LOCALES)
def test_from_launch_to_the_number_it_takes_one_yes_and_27_words(alexa: Alexa, locale: str) -> None:
    alexa.locale = locale
    opening = alexa.launch().speech
    alexa.yes()
    assert calls_for_help(alexa)
    assert words_to_number(opening, alexa.speech) <= 27


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("finding", RED_FLAGS)
def test_a_red_flag_said_in_one_breath_with_the_name_reaches_the_number_within_20_words(
    alexa: Alexa, locale: str, finding: str
) -> None:
    alexa.locale = locale
    alexa.report(finding)
    assert calls_for_help(alexa)
    assert words_to_number(alexa.speech) <= 20


def test_the_figures_of_the_last_release_are_kept_as_they_are_written(tmp_path: Path) -> None:
    transcript(tmp_path, EMERGENCY)
    main(["--update", "--transcripts", str(tmp_path)])
    assert json.loads((tmp_path / FIGURES_NAME).read_text(encoding="utf-8")) == {
        "to_number": {"worst": 4, "median": 4},
        "to_advice": {"worst": 4, "median": 4},
    }
