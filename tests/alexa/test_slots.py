"""The door: what is taken from a slot, and what is left outside."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ask_sdk_model import Slot
from ask_sdk_model.slu.entityresolution import (
    Resolution,
    Resolutions,
    Status,
    StatusCode,
    Value,
    ValueWrapper,
)
from hypothesis import given
from hypothesis import strategies as st

from skill.alexa.slots import (
    cannot_be_denied,
    days,
    days_since,
    denies,
    is_about_me,
    negates,
    resolved_ids,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MODEL = Path(__file__).parents[2] / "interaction_model" / "en-US.json"


def resolution(
    *finding_ids: str | None, code: StatusCode | None = StatusCode.ER_SUCCESS_MATCH
) -> Resolution:
    return Resolution(
        authority="amzn1.er-authority.echo-sdk.skill.FINDING",
        status=Status(code=code),
        values=[ValueWrapper(value=Value(name="any name", id=one)) for one in finding_ids],
    )


def slot(*resolutions: Resolution, value: str | None = "whatever was said") -> Slot:
    return Slot(
        name="finding",
        value=value,
        resolutions=Resolutions(resolutions_per_authority=list(resolutions)),
    )


def said(value: str | None) -> dict[str, Slot]:
    return {"it": Slot(name="it", value=value)}


# --- findings -------------------------------------------------------------------------------


def test_a_match_gives_the_id_of_the_value() -> None:
    assert resolved_ids({"finding": slot(resolution("chest_pain"))}) == ("chest_pain",)


def test_every_slot_that_matched_gives_its_finding_in_order() -> None:
    slots = {
        "finding": slot(resolution("fever")),
        "secondFinding": slot(resolution("chest_pain")),
        "thirdFinding": slot(resolution("cold_sweat")),
    }
    assert resolved_ids(slots) == ("fever", "chest_pain", "cold_sweat")


def test_a_finding_named_twice_counts_once() -> None:
    slots = {"finding": slot(resolution("fever")), "secondFinding": slot(resolution("fever"))}
    assert resolved_ids(slots) == ("fever",)


def test_of_several_matches_each_counts() -> None:
    matched = ("fever", "chest_pain")
    assert resolved_ids({"finding": slot(resolution(*matched))}) == matched


def test_an_authority_without_a_match_leaves_the_next_its_turn() -> None:
    unmatched = resolution(code=StatusCode.ER_SUCCESS_NO_MATCH)
    assert resolved_ids({"finding": slot(unmatched, resolution("fever"))}) == ("fever",)


@pytest.mark.parametrize(
    "unmatched",
    [
        pytest.param(slot(resolution("fever", code=code)), id=code.value)
        for code in StatusCode
        if code is not StatusCode.ER_SUCCESS_MATCH
    ]
    + [
        pytest.param(slot(resolution("fever", code=None)), id="no code"),
        pytest.param(slot(resolution()), id="match without values"),
        pytest.param(slot(resolution("")), id="empty id"),
        pytest.param(slot(resolution(None)), id="no id"),
        pytest.param(slot(), id="no authority"),
        pytest.param(Slot(name="finding", value="fever"), id="no resolutions"),
        pytest.param(Slot(name="finding", resolutions=Resolutions()), id="empty resolutions"),
        pytest.param(
            slot(Resolution(status=None, values=[ValueWrapper(value=Value(id="fever"))])),
            id="no status",
        ),
        pytest.param(
            slot(Resolution(status=Status(code=StatusCode.ER_SUCCESS_MATCH))), id="values missing"
        ),
        pytest.param(
            slot(
                Resolution(status=Status(code=StatusCode.ER_SUCCESS_MATCH), values=[ValueWrapper()])
            ),
            id="value missing",
        ),
    ],
)
def test_a_slot_without_a_match_gives_no_finding(unmatched: Slot) -> None:
    assert resolved_ids({"finding": unmatched}) == ()


def test_an_intent_without_slots_gives_no_finding() -> None:
    assert resolved_ids({}) == ()


def test_a_match_without_spoken_words_is_taken() -> None:
    assert resolved_ids({"finding": slot(resolution("fever"), value=None)}) == ("fever",)


# --- denials --------------------------------------------------------------------------------

DENIALS = [
    "no chest pain",
    "No Chest Pain",
    "not chest pain",
    "never chest pain",
    "none of that chest pain",
    "without chest pain",
    "neither fever",
    "nor fever",
    "free of fever",
    "zero fever",
    "fever i don't have",
    "fever i do not have",
    "fever i haven't had",
    "i no longer have a fever",
    "i never had a fever",
    "i used to have a fever",
    "isn't a fever",
    "ain't got a fever",
]
COMPLAINTS = [
    "chest pain",
    "nowhere to rest",
    # What may be a denial or not is taken: the more urgent reading is the safer one.
    "chest pain it doesn't hurt",
    "a fever but that is no longer there",
    "a knot in my chest",
    "numb down below",
    "no feeling in my legs",
    "no sensation down there",
    "no control over my bladder",
    "no strength in my arm",
    "not able to walk",
    "not steady on my feet",
    "not much feeling in my legs",
    "not eased by rest",
    "can't catch my breath",
    "cannot breathe",
    "can't stop being sick",
    "pain that doesn't go away with rest",
    "haven't been able to walk",
    "isn't eased by rest",
    "my legs don't work",
    "my arm won't move",
    "i don't want to live",
    "i don't feel safe at home",
]


@pytest.mark.parametrize("words", DENIALS)
def test_a_value_that_denies_what_it_names_is_not_taken(words: str) -> None:
    assert resolved_ids({"finding": slot(resolution("fever"), value=words)}) == ()


@pytest.mark.parametrize("words", COMPLAINTS)
def test_a_complaint_about_something_lost_is_taken(words: str) -> None:
    assert resolved_ids({"finding": slot(resolution("fever"), value=words)}) == ("fever",)


@pytest.mark.parametrize(
    "words",
    [
        "i don't have any feeling in my legs",
        "haven't got any control over my bladder",
        "it does not get better",
        "i never had such chest pain before",
    ],
)
def test_a_complaint_in_the_words_of_a_denial_is_taken(words: str) -> None:
    assert resolved_ids({"finding": slot(resolution("fever"), value=words)}) == ("fever",)


def test_a_denied_value_leaves_the_other_slots_their_findings() -> None:
    slots = {
        "finding": slot(resolution("chest_pain"), value="no chest pain"),
        "secondFinding": slot(resolution("fever"), value="a fever"),
    }
    assert resolved_ids(slots) == ("fever",)


@pytest.mark.parametrize(
    "words",
    [
        "can't feel my legs",
        "cannot breathe",
        "couldn't get up",
        "no feeling in my legs",
        "my chest hurts",
        "it hurts to breathe",
        "legs are weak",
        "he fainted",
    ],
)
def test_who_says_no_before_a_loss_or_a_clause_means_it_still(words: str) -> None:
    assert cannot_be_denied(words)


@pytest.mark.parametrize("words", ["", "chest pain", "no chest pain", "a fever", "item"])
def test_other_words_can_be_denied(words: str) -> None:
    assert not cannot_be_denied(words)


@pytest.mark.parametrize(
    "words", ["wakes me up", "my chest hurts", "I burnt MYSELF", "pain in my back"]
)
def test_words_with_me_are_about_the_caller(words: str) -> None:
    assert is_about_me(said(words)["it"])


@pytest.mark.parametrize(
    "words",
    [None, "", "some pain", "a myth", "does not recognise me", "can't recognize me", "my tablets"],
)
def test_words_without_me_or_from_their_mouth_are_not_about_the_caller(words: str | None) -> None:
    assert not is_about_me(said(words)["it"])


def test_no_value_of_the_interaction_model_denies_what_it_names() -> None:
    model = json.loads(MODEL.read_text(encoding="utf-8"))
    types = {one["name"]: one for one in model["interactionModel"]["languageModel"]["types"]}
    names = [value["name"] for value in types["FINDING"]["values"]]
    spoken = [words for name in names for words in (name["value"], *name.get("synonyms", ()))]
    assert [words for words in spoken if denies(words)] == []


# --- lengths of time ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("P6W", 42),
        ("P45D", 45),
        ("P1M", 30),
        ("P1M15D", 45),
        ("P1Y", 365),
        ("P1Y2M1W3D", 365 + 60 + 7 + 3),
        ("P0D", 0),
        ("PT0S", 0),
        (" P3D ", 3),
        ("P100Y", 36_500),
    ],
)
def test_a_length_of_time_is_counted_in_days(value: str, expected: int) -> None:
    assert days(said(value), "it") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("PT10M", 1), ("PT24H", 1), ("PT25H", 2), ("P3DT1S", 4), ("P0.5D", 1), ("P1,5D", 2)],
)
def test_a_part_of_a_day_counts_as_a_whole_one(value: str, expected: int) -> None:
    assert days(said(value), "it") == expected


@pytest.mark.parametrize(("value", "expected"), [("P1.5M", 45), ("P0.5Y", 183)])
def test_a_fraction_of_a_month_or_year_is_not_dropped(value: str, expected: int) -> None:
    assert days(said(value), "it") == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("?", id="not understood"),
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param(None, id="missing"),
        pytest.param("three weeks", id="words"),
        pytest.param("6", id="number"),
        pytest.param("P", id="nothing after P"),
        pytest.param("PT", id="nothing after T"),
        pytest.param("PXD", id="letter for a number"),
        pytest.param("P1e3D", id="exponent"),
        pytest.param("-P3D", id="negative"),
        pytest.param("P-3D", id="negative number"),
        pytest.param("P1WE", id="weekend"),
        pytest.param("2026-W48", id="date"),
        pytest.param("P99999999999D", id="huge"),
        pytest.param("P99999999999999999999Y", id="huge years"),
        pytest.param("P" + "1" * 50 + "D", id="long"),
        pytest.param("P\u0663D", id="other digits"),
        pytest.param("P3D\N{PILE OF POO}", id="not ascii"),
    ],
)
def test_what_is_no_length_of_time_gives_none(value: str | None) -> None:
    assert days(said(value), "it") is None


@given(
    st.text()
    | st.from_regex(r"-?P?([0-9.,]{1,9}[YMWDTHS]){0,4}T?([0-9.,]{1,12}[HMS]){0,3}", fullmatch=True)
)
def test_any_text_in_a_duration_slot_gives_days_or_none(value: str) -> None:
    found = days(said(value), "it")
    assert found is None or found >= 0


# --- since when -----------------------------------------------------------------------------

THURSDAY = date(2025, 11, 20)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("2025-11-20", 0, id="today"),
        pytest.param("2025-11-17", 3, id="Monday past"),
        pytest.param("2025-11-24", 3, id="Monday coming"),
        pytest.param("2025-11-27", 0, id="the same day next week"),
        pytest.param("2025-W47", 3, id="this week"),
        pytest.param("2025-W46", 10, id="last week"),
        pytest.param("2025-W48", 3, id="coming week"),
        pytest.param("2025-W46-WE", 10, id="last weekend"),
        pytest.param("2025-06", 172, id="June"),
        pytest.param("2025-12", 354, id="coming December"),
        pytest.param("2026-06", 172, id="coming June"),
        pytest.param("2025-SP", 264, id="spring"),
        pytest.param("2025-SU", 172, id="summer"),
        pytest.param("2026-SU", 172, id="coming summer"),
        pytest.param("2025-FA", 80, id="autumn"),
        pytest.param("2025-WI", 354, id="the winter that began last December"),
        pytest.param("2025", 323, id="this year"),
        pytest.param("2024", 689, id="last year"),
        pytest.param("2024-02-29", 630, id="leap day"),
        pytest.param(" 2025-11-17 ", 3, id="blanks"),
    ],
)
def test_days_are_counted_since_the_start_of_what_was_said(value: str, expected: int) -> None:
    assert days_since(said(value), "it", THURSDAY) == expected


@pytest.mark.parametrize(
    ("today", "value", "expected"),
    [
        pytest.param(date(2024, 2, 29), "2024-02-26", 3, id="on a leap day"),
        pytest.param(date(2024, 3, 1), "2024-02", 29, id="over a leap day"),
        pytest.param(date(2025, 1, 2), "2024-12-30", 3, id="over new year"),
        pytest.param(date(2025, 1, 2), "2025-W01", 3, id="week of two years"),
        pytest.param(date(2024, 12, 30), "2025-01-01", 5, id="coming day of the next year"),
    ],
)
def test_days_are_counted_over_the_edges_of_the_calendar(
    today: date, value: str, expected: int
) -> None:
    assert days_since(said(value), "it", today) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("?", "", " ", None, "Monday", "P3D", "20251117", "2025-13", "2025-11-31", "2025-02-29"),
        *("2025-W54", "2025-W00", "2025-XX", "2025-WE", "201X", "0025", "2025-11-1", "PRESENT_REF"),
        *("2025-11-17T10:00", "2025-11-17\n2", "\u0662\u0660\u0662\u0665"),
    ],
)
def test_what_is_no_date_gives_no_days(value: str | None) -> None:
    assert days_since(said(value), "it", THURSDAY) is None


def test_without_a_date_of_the_request_there_are_no_days() -> None:
    assert days_since(said("2025-11-17"), "it", None) is None


def test_without_a_date_slot_there_are_no_days() -> None:
    assert days_since({}, "it", THURSDAY) is None


@given(
    st.text() | st.from_regex(r"[12][0-9]{3}(-(W[0-9]{2}|[A-Z]{2}|[0-9]{2}(-[0-9]{2})?))?"),
    st.dates(min_value=date(2000, 1, 1)),
)
def test_any_text_in_a_date_slot_gives_days_or_none(value: str, today: date) -> None:
    found = days_since(said(value), "it", today)
    assert found is None or found >= 0


# --- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", 7), ("0", 0), ("007", 7), (" 42 ", 42), ("999999", 999_999)],
)
def test_digits_are_a_whole_number(value: str, expected: int) -> None:
    assert whole_number(said(value), "it") == expected


@pytest.mark.parametrize(
    "value",
    [
        "?",
        "",
        " ",
        None,
        "seven",
        "7.0",
        "7,5",
        "-7",
        "+7",
        "1e3",
        "1000000",
        "\u0667",
        "7 8",
        "7\n8",
    ],
)
def test_what_is_no_whole_number_gives_none(value: str | None) -> None:
    assert whole_number(said(value), "it") is None


@pytest.mark.parametrize("read", [whole_number, days], ids=["number", "duration"])
def test_a_slot_that_is_not_there_gives_none(
    read: Callable[[Mapping[str, Slot], str], int | None],
) -> None:
    assert read({}, "it") is None


@pytest.mark.parametrize(
    "words", ["breathing is not fine", "legs aren't okay", "chest isn\u2019t normal", "never fine"]
)
def test_words_that_turn_round_what_they_say_negate_it(words: str) -> None:
    assert negates(words)


@pytest.mark.parametrize("words", ["breathing is fine", "legs feel normal", ""])
def test_words_that_say_a_thing_plainly_do_not_negate_it(words: str) -> None:
    assert not negates(words)
