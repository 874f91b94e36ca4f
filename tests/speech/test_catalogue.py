"""The words of a locale: what is refused, and what a line becomes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from skill.dialogue.script import Line, line_ids
from skill.errors import CatalogueError
from skill.speech.catalogue import DEFAULT_LOCALE, LOCALES_FOLDER, Catalogue, Part, load_catalogues
from skill.speech.ssml import to_text
from tests.dialogue.small import ONE_QUESTION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skill.triage.model import RuleSet

OTHER_PERSON = {
    "you": "they",
    "Your": "Their",
    "you:object": "them",
    "Do you": "Do they",
}


def write(
    folder: Path,
    name: str = "en-US",
    lines: Mapping[str, str | None] | None = None,
    parts: Mapping[str, object] | None = None,
) -> None:
    """Write a locale that is right for ``ONE_QUESTION`` but for the changes; ``None`` drops."""
    words: dict[str, str | None] = dict.fromkeys(line_ids(ONE_QUESTION), "Words.")
    words.update(lines or {})
    document = {
        "locale": name,
        "emergency_number": "911",
        "other_person": OTHER_PERSON,
        "lines": {line_id: text for line_id, text in words.items() if text is not None},
        **(parts or {}),
    }
    kept = {key: part for key, part in document.items() if part is not None}
    (folder / f"{name}.json").write_text(json.dumps(kept), encoding="utf-8")


def problems(folder: Path) -> tuple[str, ...]:
    with pytest.raises(CatalogueError) as refused:
        load_catalogues(ONE_QUESTION, folder)
    return refused.value.problems


def catalogue(folder: Path, **lines: str) -> Catalogue:
    write(folder, lines=lines)
    return load_catalogues(ONE_QUESTION, folder)[DEFAULT_LOCALE]


# --- loading --------------------------------------------------------------------------------


def test_every_locale_of_the_skill_loads(rule_set: RuleSet) -> None:
    files = {path.stem for path in LOCALES_FOLDER.glob("*.json")}
    assert set(load_catalogues(rule_set)) == files >= {DEFAULT_LOCALE}


def test_every_file_of_the_folder_is_a_locale(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "en-GB", parts={"emergency_number": "999"})
    loaded = load_catalogues(ONE_QUESTION, tmp_path)
    assert {name: words.emergency_number for name, words in loaded.items()} == {
        "en-US": "911",
        "en-GB": "999",
    }


def test_a_folder_without_american_english_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "en-GB")
    assert problems(tmp_path) == (f"{tmp_path}: en-US.json is missing",)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path) == (f"{tmp_path}: en-US.json is missing",)


def test_a_missing_line_is_named(tmp_path: Path) -> None:
    write(tmp_path, lines={"question.fever": None})
    assert problems(tmp_path) == ("en-US.json: lines: 'question.fever' is missing",)


def test_a_line_that_is_never_said_is_named(tmp_path: Path) -> None:
    write(tmp_path, lines={"question.mood": "How are you?"})
    assert problems(tmp_path) == ("en-US.json: lines: 'question.mood' is never said",)


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [
        ("Call {numbr}.", "{numbr}"),
        ("Call {Number}.", "{Number}"),
        ("Do {they} hurt?", "{they}"),
        ("Does it hurt {you:subject}?", "{you:subject}"),
        ("Does it hurt {}?", "{}"),
        ("For {days} days.", "{days}"),
        ("{number:object}", "{number:object}"),
    ],
)
def test_an_unknown_placeholder_is_named(tmp_path: Path, text: str, placeholder: str) -> None:
    write(tmp_path, lines={"help": text})
    expected = f"en-US.json: lines: 'help' has the unknown placeholder {placeholder}"
    assert problems(tmp_path) == (expected,)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "9-1-1",
        "nine",
        911,
        ["911"],
        pytest.param(
            "\u0669\u0661\u0661",
            marks=pytest.mark.xfail(strict=True, reason="digits of other scripts are let in"),
        ),
    ],
    ids=["empty", "hyphens", "words", "number", "list", "arabic-indic"],
)
def test_an_emergency_number_that_is_not_digits_is_refused(tmp_path: Path, number: object) -> None:
    write(tmp_path, parts={"emergency_number": number})
    assert problems(tmp_path) == ("en-US.json: emergency_number: expected digits",)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"locale": "en-GB"}, "locale: found 'en-GB', expected 'en-US'"),
        ({"other_person": []}, "other_person: expected an object of texts"),
        ({"other_person": {"you": 3}}, "other_person: expected an object of texts"),
        ({"lines": {"help": ["Words."]}}, "lines: expected an object of texts"),
        ({"lines": "Words."}, "lines: expected an object of texts"),
        ({"mood": "good"}, "expected an object with the keys"),
        ({"other_person": None}, "expected an object with the keys"),
        ({"lines": {"help": "Call {number"}}, "expected '}' before end of string"),
        ({"lines": {"help": "Call } now"}}, "Single '}' encountered"),
    ],
    ids=[
        "other locale",
        "list",
        "number for a text",
        "list for a text",
        "text for lines",
        "key too many",
        "key missing",
        "open brace",
        "closing brace",
    ],
)
def test_a_locale_of_the_wrong_shape_is_refused(
    tmp_path: Path, parts: Mapping[str, object], problem: str
) -> None:
    write(tmp_path, parts=parts)
    [found] = problems(tmp_path)
    assert found.startswith(f"en-US.json: {problem}")


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b"[]", b"null"], ids=["cut off", "no text", "list", "null"]
)
def test_a_file_that_holds_no_locale_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "en-US.json").write_bytes(content)
    [found] = problems(tmp_path)
    assert found.startswith("en-US.json: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "en-US.json").mkdir()
    [found] = problems(tmp_path)
    assert found.startswith("en-US.json: ")


def test_every_defect_of_a_locale_is_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, lines={"help": None, "noted": "Call {numbr}.", "mood": "Good."})
    assert problems(tmp_path) == (
        "en-US.json: lines: 'help' is missing",
        "en-US.json: lines: 'mood' is never said",
        "en-US.json: lines: 'noted' has the unknown placeholder {numbr}",
    )


def test_the_defects_of_every_locale_are_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, lines={"help": None})
    write(tmp_path, "en-GB", parts={"emergency_number": ""})
    (tmp_path / "en-AU.json").write_text("{", encoding="utf-8")
    assert [problem.partition(":")[0] for problem in problems(tmp_path)] == [
        "en-AU.json",
        "en-GB.json",
        "en-US.json",
    ]


@pytest.mark.xfail(strict=True, reason="a missing en-US is told only when nothing else is wrong")
def test_a_missing_locale_is_reported_along_with_the_defects_of_another(tmp_path: Path) -> None:
    write(tmp_path, "en-GB", lines={"help": None})
    assert f"{tmp_path}: en-US.json is missing" in problems(tmp_path)


@pytest.mark.xfail(strict=True, reason="of a line written twice the first is silently dropped")
def test_a_line_written_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "en-US.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"lines": {', '"lines": {"help": "Other.", '), encoding="utf-8")
    assert problems(tmp_path)


# --- phrases --------------------------------------------------------------------------------


def test_a_line_without_placeholders_is_its_words(tmp_path: Path) -> None:
    assert catalogue(tmp_path, noted="Noted.").phrase(Line("noted")) == (Part("Noted."),)


def test_the_emergency_number_is_marked_as_a_number(tmp_path: Path) -> None:
    phrase = catalogue(tmp_path, help="Call {number} now.").phrase(Line("help"))
    assert phrase == (Part("Call "), Part("911", is_number=True), Part(" now."))


def test_a_line_of_nothing_but_the_number_has_no_empty_parts(tmp_path: Path) -> None:
    phrase = catalogue(tmp_path, help="{number}").phrase(Line("help"))
    assert phrase == (Part("911", is_number=True),)


def test_braces_written_twice_are_said_as_braces(tmp_path: Path) -> None:
    phrase = catalogue(tmp_path, help="{{you}}").phrase(Line("help"))
    assert to_text([phrase]) == "{you}"


@pytest.mark.parametrize(
    ("text", "about_caller", "about_other"),
    [
        ("Did {you} fall?", "Did you fall?", "Did they fall?"),
        ("{Your} back?", "Your back?", "Their back?"),
        ("Does it wake {you:object}?", "Does it wake you?", "Does it wake them?"),
        ("{Do you} sweat?", "Do you sweat?", "Do they sweat?"),
        ("Did {you} say it hurts {you:object}?", "Did you say it hurts you?",
         "Did they say it hurts them?"),
        ("A fever?", "A fever?", "A fever?"),
    ],
)  # fmt: skip
def test_a_line_fits_the_person_in_pain(
    tmp_path: Path, text: str, about_caller: str, about_other: str
) -> None:
    words = catalogue(tmp_path, help=text)
    line = Line("help")
    spoken = [to_text([words.phrase(line)]), to_text([words.phrase(line, about_other=True)])]
    assert spoken == [about_caller, about_other]


def test_the_emergency_number_is_the_same_for_another_person(tmp_path: Path) -> None:
    words = catalogue(tmp_path, help="If {you} faint, call {number}.")
    assert words.phrase(Line("help"), about_other=True)[-2] == Part("911", is_number=True)


def test_a_placeholder_takes_the_number_of_its_line() -> None:
    words = Catalogue("en-US", "911", {}, {"lasted": (("For ", "days"), (" days.", None))})
    assert to_text([words.phrase(Line("lasted", (("days", 3),)))]) == "For 3 days."
