"""The words of a locale: what is refused, and what a line becomes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from skill.dialogue.script import OF_A_MEMORY, Line, line_ids, values_of
from skill.errors import CatalogueError
from skill.speech.catalogue import (
    DEFAULT_LOCALE,
    ELSEWHERE,
    LOCALES_FOLDER,
    NUMBER_KINDS,
    PAUSE_SECONDS,
    Catalogue,
    Part,
    catalogue_for,
    load_catalogues,
)
from skill.speech.ssml import to_ssml, to_text
from tests.dialogue.small import ONE_QUESTION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skill.dialogue.script import Value
    from skill.triage.model import RuleSet

OTHER_PERSON = {
    "you": "they",
    "Your": "Their",
    "you:object": "them",
    "Do you": "Do they",
}


GLUE = {
    "or_local": ", or your local number",
    "no_emergency_number": "your local number",
    "no_nurse_line": "a nurse line",
    "no_crisis_line": "a crisis line",
    "list": ", ",
    "and": " and ",
}


def source(number: object, **more: object) -> dict[str, object]:
    """Return one source's word for a number."""
    return {"number": number, "source": "S1", "verified": True, "read_on": None, **more}


def numbers(
    *emergency: object, nurse: tuple[object, ...] = (), crisis: tuple[object, ...] = ()
) -> dict[str, object]:
    """Return the numbers of a locale, each as many sources give it."""
    return {
        "emergency_number": [source(one) for one in emergency],
        "nurse_line": [source(one) for one in nurse],
        "crisis_line": [source(one) for one in crisis],
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
        "numbers": numbers("911"),
        "other_person": OTHER_PERSON,
        "glue": GLUE,
        "lines": {line_id: text for line_id, text in words.items() if text is not None},
        **(parts or {}),
    }
    kept = {key: part for key, part in document.items() if part is not None}
    (folder / f"{name}.json").write_text(json.dumps(kept), encoding="utf-8")


def write_based(
    folder: Path,
    name: str = "en-GB",
    lines: Mapping[str, str] | None = None,
    parts: Mapping[str, object] | None = None,
) -> None:
    """Write a locale that takes the words of ``en-US`` but for some lines."""
    document = {
        "locale": name,
        "based_on": "en-US",
        "numbers": numbers("999"),
        "lines": lines or {},
        **(parts or {}),
    }
    (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


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
    assert set(load_catalogues(rule_set)) == files | {ELSEWHERE}
    assert DEFAULT_LOCALE in files


def test_every_file_of_the_folder_is_a_locale(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "en-GB", parts={"numbers": numbers("999")})
    assert set(load_catalogues(ONE_QUESTION, tmp_path)) == {"en-US", "en-GB", ELSEWHERE}


# --- locales on top of another --------------------------------------------------------------


def test_a_locale_on_top_of_another_takes_its_words(tmp_path: Path) -> None:
    write(tmp_path, lines={"help": "Help."})
    write_based(tmp_path)
    british = load_catalogues(ONE_QUESTION, tmp_path)["en-GB"]
    assert to_text([british.phrase(Line("help"))]) == "Help."


def test_a_locale_on_top_of_another_may_say_a_line_otherwise(tmp_path: Path) -> None:
    write(tmp_path, lines={"help": "Color."})
    write_based(tmp_path, lines={"help": "Colour."})
    loaded = load_catalogues(ONE_QUESTION, tmp_path)
    both = [to_text([loaded[name].phrase(Line("help"))]) for name in ("en-US", "en-GB")]
    assert both == ["Color.", "Colour."]


def test_a_locale_on_top_of_another_has_its_own_numbers(tmp_path: Path) -> None:
    write(tmp_path, parts={"numbers": numbers("911", crisis=("988",))})
    write_based(tmp_path)
    british = load_catalogues(ONE_QUESTION, tmp_path)["en-GB"]
    assert british.emergency_number == Part("999", is_number=True)
    assert british.crisis_line is None


def test_a_locale_on_top_of_another_says_no_line_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path)
    write_based(tmp_path, lines={"hepl": "Help."})
    assert problems(tmp_path) == ("en-GB.json: lines: 'hepl' is never said",)


@pytest.mark.parametrize("base", ["en-XX", "en-GB", "en-AU"], ids=["no such", "itself", "based"])
def test_a_locale_stands_on_one_with_words_of_its_own(tmp_path: Path, base: str) -> None:
    write(tmp_path)
    write_based(tmp_path, parts={"based_on": base})
    write_based(tmp_path, "en-AU")
    expected = f"en-GB.json: based_on: {base!r} is no locale with words of its own"
    assert problems(tmp_path) == (expected,)


@pytest.mark.parametrize("key", ["other_person", "glue"])
def test_a_locale_on_top_of_another_has_no_words_in_common_of_its_own(
    tmp_path: Path, key: str
) -> None:
    write(tmp_path)
    write_based(tmp_path, parts={key: GLUE})
    [found] = problems(tmp_path)
    assert found.startswith("en-GB.json: $: ")


# --- what is refused ------------------------------------------------------------------------


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
    ["", "9-1-1", "nine", "\u0669\u0661\u0661", " 911", "+911"],
    ids=["empty", "hyphens", "words", "arabic-indic", "blank", "plus"],
)
def test_a_number_that_is_not_digits_is_refused(tmp_path: Path, number: str) -> None:
    write(tmp_path, parts={"numbers": numbers(number)})
    expected = (
        f"en-US.json: numbers.emergency_number[0].number: {number!r} does not match '^[0-9]+$'"
    )
    assert problems(tmp_path) == (expected,)


@pytest.mark.parametrize("kind", NUMBER_KINDS)
def test_disagreeing_sources_are_refused(tmp_path: Path, kind: str) -> None:
    disagreeing = [source("911"), source("911"), source("112")]
    write(tmp_path, parts={"numbers": {**numbers("911"), kind: disagreeing}})
    expected = f"en-US.json: numbers.{kind}: the sources disagree: 112, 911"
    assert problems(tmp_path) == (expected,)


def test_agreeing_sources_give_their_number(tmp_path: Path) -> None:
    write(tmp_path, parts={"numbers": numbers("911", "911")})
    words = load_catalogues(ONE_QUESTION, tmp_path)["en-US"]
    assert words.emergency_number == Part("911", is_number=True)


def test_a_locale_without_an_emergency_number_is_refused(tmp_path: Path) -> None:
    write(tmp_path, parts={"numbers": numbers()})
    expected = "en-US.json: numbers.emergency_number: [] should be non-empty"
    assert problems(tmp_path) == (expected,)


def test_every_kind_of_number_that_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path, parts={"numbers": {}})
    assert problems(tmp_path) == tuple(
        f"en-US.json: numbers: {kind!r} is a required property" for kind in NUMBER_KINDS
    )


def test_a_number_without_its_source_is_refused(tmp_path: Path) -> None:
    sourceless = {"number": "911", "verified": True, "read_on": None}
    write(tmp_path, parts={"numbers": {**numbers(), "emergency_number": [sourceless]}})
    expected = "en-US.json: numbers.emergency_number[0]: 'source' is a required property"
    assert problems(tmp_path) == (expected,)


@pytest.mark.parametrize(
    ("entries", "path"),
    [
        pytest.param("911", "", id="text"),
        pytest.param(None, "", id="null"),
        pytest.param(911, "", id="int"),
        pytest.param(["911"], "[0]", id="texts"),
        pytest.param([source(911)], "[0].number", id="digits"),
        pytest.param([source("911", spoken="")], "[0].spoken", id="spoken as nothing"),
        pytest.param([source("911", spoken=911)], "[0].spoken", id="spoken as digits"),
        pytest.param([source("911", mood="good")], "[0]", id="key too many"),
        pytest.param([source("911"), source("nine")], "[1].number", id="second source"),
        pytest.param([source("911", source="")], "[0].source", id="nameless source"),
        pytest.param([source("911", verified="yes")], "[0].verified", id="word for true"),
        pytest.param([source("911", read_on=2025)], "[0].read_on", id="year for a date"),
    ],
)
def test_numbers_of_the_wrong_shape_are_refused_with_their_path(
    tmp_path: Path, entries: object, path: str
) -> None:
    write(tmp_path, parts={"numbers": {**numbers(), "emergency_number": entries}})
    [found] = problems(tmp_path)
    assert found.startswith(f"en-US.json: numbers.emergency_number{path}: ")


@pytest.mark.parametrize("missing", GLUE)
def test_missing_words_that_join_are_refused(tmp_path: Path, missing: str) -> None:
    glue = {name: words for name, words in GLUE.items() if name != missing}
    write(tmp_path, parts={"glue": glue})
    assert problems(tmp_path) == (f"en-US.json: glue: {missing!r} is a required property",)


@pytest.mark.parametrize("text", ["what {you} have", "call {number}", "{count}", "{finding}"])
def test_a_placeholder_in_a_label_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, lines={"about.fever": text})
    [found] = problems(tmp_path)
    assert found.startswith("en-US.json: lines: 'about.fever' has the unknown placeholder ")


@pytest.mark.parametrize(
    ("line_id", "text"),
    [
        ("help", "Call {count}."),
        ("help", "{finding}?"),
        ("confirm", "{count}?"),
        ("summary.yes", "{finding}."),
        ("quantity.days", "{count} of {finding}"),
    ],
)
def test_a_value_is_known_to_the_lines_that_have_it_only(
    tmp_path: Path, line_id: str, text: str
) -> None:
    write(tmp_path, lines={line_id: text})
    [found] = problems(tmp_path)
    assert found.startswith(f"en-US.json: lines: {line_id!r} has the unknown placeholder ")


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        pytest.param(
            {"locale": "en-GB"}, "locale: found 'en-GB', expected 'en-US'", id="other locale"
        ),
        pytest.param({"locale": "English"}, "locale: 'English' does not match", id="no locale"),
        pytest.param({"other_person": []}, "other_person: [] is not of type 'object'", id="list"),
        pytest.param({"other_person": {"you": 3}}, "other_person.you: 3 is not", id="number"),
        pytest.param({"glue": {**GLUE, "or_local": 3}}, "glue.or_local: 3 is not", id="glue"),
        pytest.param({"lines": {"help": ["Words."]}}, "lines.help: ['Words.'] is not", id="texts"),
        pytest.param({"lines": {"help": ""}}, "lines.help: '' should be non-empty", id="no words"),
        pytest.param({"lines": "Words."}, "lines: 'Words.' is not of type 'object'", id="text"),
        pytest.param({"numbers": "911"}, "numbers: '911' is not of type 'object'", id="numbers"),
        pytest.param({"lines": None}, "$: 'lines' is a required property", id="no lines"),
        pytest.param({"numbers": None}, "$: 'numbers' is a required property", id="no numbers"),
        pytest.param({"mood": "good"}, "$: Additional properties", id="key too many"),
        pytest.param({"other_person": None}, "$: ", id="nobody else"),
        pytest.param({"glue": None}, "$: ", id="no glue"),
    ],
)
def test_a_locale_of_the_wrong_shape_is_refused_with_its_path(
    tmp_path: Path, parts: Mapping[str, object], problem: str
) -> None:
    write(tmp_path, parts=parts)
    [found] = problems(tmp_path)
    assert found.startswith(f"en-US.json: {problem}")


def test_words_that_are_missing_altogether_are_named(tmp_path: Path) -> None:
    write(tmp_path, parts={"glue": None})
    [found] = problems(tmp_path)
    assert "'glue' is a required property" in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Call {number", "cannot be read: expected '}' before end of string"),
        ("Call } now", "cannot be read: Single '}' encountered in format string"),
        ("Call {number!r}", "has '!' in a placeholder"),
    ],
    ids=["open brace", "closing brace", "conversion"],
)
def test_a_line_that_is_no_template_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    write(tmp_path, lines={"help": text})
    assert problems(tmp_path) == (f"en-US.json: lines: 'help' {problem}",)


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b"[]", b"null"], ids=["cut off", "no text", "list", "null"]
)
def test_a_file_that_holds_no_locale_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "en-US.json").write_bytes(content)
    assert "en-US.json: " in problems(tmp_path)[0]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "en-US.json").mkdir()
    [found] = problems(tmp_path)
    assert "en-US.json: " in found


def test_every_defect_of_a_locale_is_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, lines={"help": None, "noted": "Call {numbr}.", "mood": "Good."})
    assert problems(tmp_path) == (
        "en-US.json: lines: 'help' is missing",
        "en-US.json: lines: 'mood' is never said",
        "en-US.json: lines: 'noted' has the unknown placeholder {numbr}",
    )


def test_the_defects_of_every_locale_are_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, lines={"help": None})
    write(tmp_path, "en-GB", lines={"noted": None})
    assert [problem.partition(":")[0] for problem in problems(tmp_path)] == [
        "en-GB.json",
        "en-US.json",
    ]


def test_the_unreadable_locales_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "en-AU.json").write_text("{", encoding="utf-8")
    (tmp_path / "en-US.json").write_text("{", encoding="utf-8")
    assert len(problems(tmp_path)) == 2


def test_a_missing_locale_is_reported_along_with_an_unreadable_one(tmp_path: Path) -> None:
    (tmp_path / "en-AU.json").write_text("{", encoding="utf-8")
    assert f"{tmp_path}: en-US.json is missing" in problems(tmp_path)
    assert len(problems(tmp_path)) == 2


def test_a_line_written_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "en-US.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"lines": {', '"lines": {"help": "Other.", '), encoding="utf-8")
    assert "'help' stands twice" in problems(tmp_path)[0]


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


def test_a_placeholder_takes_the_number_of_its_line(tmp_path: Path) -> None:
    words = catalogue(tmp_path, which_unit="{count} what?")
    assert to_text([words.phrase(Line("which_unit", (("count", 7),)))]) == "7 what?"


def test_a_number_of_a_line_is_no_number_to_call(tmp_path: Path) -> None:
    words = catalogue(tmp_path, which_unit="{count}")
    assert words.phrase(Line("which_unit", (("count", 7),))) == (Part("7"),)


def test_a_quantity_is_said_with_its_number(tmp_path: Path) -> None:
    words = catalogue(tmp_path, heard="OK, {quantity}.", **{"quantity.days": "{count} days"})
    line = Line("heard", (("count", 3), ("quantity", "quantity.days")))
    assert to_text([words.phrase(line)]) == "OK, 3 days."


def test_a_quantity_may_be_said_without_its_number(tmp_path: Path) -> None:
    words = catalogue(tmp_path, heard="OK, {quantity}.", **{"quantity.today": "since today"})
    line = Line("heard", (("count", 0), ("quantity", "quantity.today")))
    assert to_text([words.phrase(line)]) == "OK, since today."


def test_a_placeholder_takes_the_words_of_the_line_that_it_names(tmp_path: Path) -> None:
    words = catalogue(tmp_path, confirm="Still {finding}?", **{"about.fever": "a fever"})
    line = Line("confirm", (("finding", "about.fever"),))
    assert to_text([words.phrase(line)]) == "Still a fever?"


@pytest.mark.parametrize(
    ("count", "listed"),
    [
        (1, "a fever"),
        (2, "a fever and a fever"),
        (3, "a fever, a fever and a fever"),
        (4, "a fever, a fever, a fever and a fever"),
    ],
)
def test_labels_are_listed(tmp_path: Path, count: int, listed: str) -> None:
    words = catalogue(tmp_path, **{"summary.yes": "Yes to: {labels}.", "about.fever": "a fever"})
    line = Line("summary.yes", (("labels", ("about.fever",) * count),))
    assert to_text([words.phrase(line)]) == f"Yes to: {listed}."


def test_a_pause_is_a_part_without_words(tmp_path: Path) -> None:
    phrase = catalogue(tmp_path, take_your_time="Take your time. {pause}").phrase(
        Line("take_your_time")
    )
    assert phrase == (Part("Take your time. "), Part("", pause_seconds=PAUSE_SECONDS))


def test_no_pause_is_longer_than_alexa_allows() -> None:
    assert 0 < PAUSE_SECONDS <= 10


def test_lines_are_said_in_order_and_of_the_person_in_pain(tmp_path: Path) -> None:
    words = catalogue(tmp_path, noted="Noted.", help="Do {you} ache?")
    spoken = words.say((Line("noted"), Line("help")), about_other=True)
    assert to_text(spoken) == "Noted. Do they ache?"


# --- numbers to call ------------------------------------------------------------------------

EVERY_NUMBER = numbers("911", nurse=("811",), crisis=("988",))


@pytest.mark.parametrize(
    ("placeholder", "known", "unknown"),
    [
        ("{number}", "911", "your local number"),
        ("{number_or_local}", "911, or your local number", "your local number"),
        ("{nurse_line}", "811", "a nurse line"),
        ("{crisis_line}", "988", "a crisis line"),
    ],
)
def test_a_number_is_said_where_it_is_known_and_paraphrased_elsewhere(
    tmp_path: Path, placeholder: str, known: str, unknown: str
) -> None:
    write(tmp_path, lines={"help": placeholder}, parts={"numbers": EVERY_NUMBER})
    loaded = load_catalogues(ONE_QUESTION, tmp_path)
    said = [to_text([loaded[name].phrase(Line("help"))]) for name in ("en-US", ELSEWHERE)]
    assert said == [known, unknown]


@pytest.mark.parametrize("kind", ["nurse", "crisis"])
def test_a_line_that_a_locale_does_not_have_is_paraphrased(tmp_path: Path, kind: str) -> None:
    words = catalogue(tmp_path, help=f"{{{kind}_line}}")
    assert words.phrase(Line("help")) == (Part(f"a {kind} line"),)


def test_a_number_keeps_how_people_say_it(tmp_path: Path) -> None:
    spoken = {**numbers(), "emergency_number": [source("000", spoken="triple zero")]}
    write(tmp_path, lines={"help": "Call {number}."}, parts={"numbers": spoken})
    phrase = load_catalogues(ONE_QUESTION, tmp_path)["en-US"].phrase(Line("help"))
    assert phrase[1] == Part("000", is_number=True, spoken="triple zero")


@pytest.mark.parametrize("locale", ["", "de-DE", "en-us", "None", "xx"])
def test_a_locale_without_words_of_its_own_has_no_number(
    catalogues: Mapping[str, Catalogue], locale: str
) -> None:
    words = catalogue_for(locale, catalogues)
    assert (words.emergency_number, words.nurse_line, words.crisis_line) == (None, None, None)


def test_a_locale_with_words_of_its_own_has_them(catalogues: Mapping[str, Catalogue]) -> None:
    assert catalogue_for("en-GB", catalogues).locale == "en-GB"


@pytest.mark.parametrize(
    ("locale", "number", "heard"),
    [
        ("en-US", "911", '<say-as interpret-as="digits">911</say-as>'),
        ("en-CA", "911", '<say-as interpret-as="digits">911</say-as>'),
        ("en-GB", "999", '<say-as interpret-as="digits">999</say-as>'),
        ("en-IN", "112", '<say-as interpret-as="digits">112</say-as>'),
        ("en-AU", "000", '<sub alias="triple zero">000</sub>'),
    ],
)
def test_the_emergency_number_is_that_of_the_country(
    catalogues: Mapping[str, Catalogue], locale: str, number: str, heard: str
) -> None:
    words = catalogues[locale]
    first = [words.phrase(Line("emergency.first"))]
    assert to_text(first).startswith(f"Call {number} now.")
    assert f"Call {heard} now." in to_ssml(first)


def sayable(words: Catalogue, line_id: str) -> str:
    """Return the words of any line, with some value for each of its placeholders."""
    values: dict[str, Value] = {
        "count": 2,
        "quantity": "quantity.days",
        "finding": "finding.chest_pain",
        "labels": ("finding.chest_pain", "about.fever"),
    }
    needed = tuple((name, values[name]) for name in values_of(line_id))
    return to_text([words.phrase(Line(line_id, needed))])


def test_no_line_says_a_number_to_call_where_none_is_known(
    catalogues: Mapping[str, Catalogue],
) -> None:
    numbers_known = {
        part.text
        for words in catalogues.values()
        for part in (words.emergency_number, words.nurse_line, words.crisis_line)
        if part
    }
    elsewhere = catalogues[ELSEWHERE]
    for line_id in elsewhere.templates:
        said = sayable(elsewhere, line_id)
        assert not any(number in said for number in numbers_known), line_id


def test_no_line_writes_a_number_to_call_out_itself(catalogues: Mapping[str, Catalogue]) -> None:
    for locale in ("en-US", "en-AU", "en-CA", "en-IN"):
        words = catalogues[locale]
        for line_id, template in words.templates.items():
            written = "".join(text for text, _ in template)
            for part in (words.emergency_number, words.nurse_line, words.crisis_line):
                assert part is None or part.text not in written, (locale, line_id)


def test_a_person_in_despair_hears_the_crisis_line(catalogues: Mapping[str, Catalogue]) -> None:
    line = Line("holding.with_someone")
    heard = {name: to_text([words.phrase(line)]) for name, words in catalogues.items()}
    assert "You can also call 988, day or night." in heard["en-US"]
    assert "You can also call a crisis line, day or night." in heard[ELSEWHERE]


@pytest.mark.parametrize("kind", ["question.", "reprompt.", "simpler.", "value."])
def test_a_question_about_somebody_else_asks_of_them(
    catalogues: Mapping[str, Catalogue], kind: str
) -> None:
    words = catalogues["en-US"]
    of_the_caller = {"simpler.awake_and_making_sense", "reprompt.offer.tips"}
    of_the_caller |= OF_A_MEMORY  # whoever speaks agrees to it
    asked = [one for one in words.templates if one.startswith(kind) and one not in of_the_caller]
    for line_id in asked:
        said = to_text([words.phrase(Line(line_id), about_other=True)])
        assert not re.search(r"\byou(rs?|rself)?\b", said, re.IGNORECASE), said
