"""Two calls that differ in what must not matter end in the same advice.

A caller here is what is true of them: an answer to each question, and findings that they bring
up themselves. Around that, each test changes something that says nothing about the pain: a
relative who reassures, a caller who needs things repeated, another order, another locale, a
question of the caller's own. And whatever the call has come to, a red flag is answered at once:
that is tried at every turn of every recorded conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts.simulator.device import SILENCE
from skill.triage.model import Disposition
from tests.calls import (
    ASKED,
    LOCALES,
    RED_FLAGS,
    REPORTABLE,
    RULE_SET,
    calls_for_help,
    finish,
    go_on,
    is_settled,
    level_of,
)
from tests.conftest import Alexa, matched_slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scripts.simulator.device import Device
    from skill.triage.model import Answer, Question
    from tests.conftest import Answering

TRANSCRIPTS: Final = sorted((Path(__file__).parent / "conversations").glob("*.txt"))

POLITE: Final = (
    *("AMAZON.RepeatIntent", "AMAZON.HelpIntent", "WaitIntent", "AskWhyIntent", "SlowerIntent"),
    *("ShorterIntent", "LouderIntent", "AskMeaningIntent", "AskHowManyIntent", "SummaryIntent"),
    "SayNumberIntent",
)
TOPICS: Final = (
    *("AskSymptomsIntent", "AskCausesIntent", "AskRiskFactorsIntent", "AskWhenSeriousIntent"),
    *("AskBetweenShoulderBladesIntent", "AskOrgansIntent", "AskHomeCareIntent"),
    *("AskMedicinesIntent", "AskHowLongIntent"),
)
OF_ANOTHER_LOCALE: Final = tuple(locale for locale in LOCALES if locale != "en-US")

FEW: Final = settings(max_examples=25)


@dataclass(frozen=True, slots=True)
class Caller:
    """What is true of a caller, and what they say of it unasked.

    Attributes:
        truths: The answer to each question that is not calm, by question id.
        reports: The findings they bring up, each with the turn that it is said in.
    """

    truths: Mapping[str, Answer]
    reports: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to.

    Attributes:
        level: The advice; ``None`` if it ended without any.
        words: The last words said.
        reported: How many of the findings were said before the end.
    """

    level: Disposition | None
    words: str
    reported: int


def said_to(question: Question) -> st.SearchStrategy[Answer]:
    numbers = {"age": (3, 15, 40, 66, 80), "duration": (0, 10, 20, 60), "count": (1, 4)}
    if question.kind == "yes_no":
        return st.sampled_from(["yes", "no", "unsure"])
    return st.sampled_from([*numbers[question.kind], "unsure"])


# Most callers are calm about most things: otherwise every call would be an emergency at once.
TRUTHS: Final[st.SearchStrategy[dict[str, Answer]]] = st.lists(
    st.sampled_from(ASKED), max_size=5, unique=True
).flatmap(lambda asked: st.fixed_dictionaries({one.id: said_to(one) for one in asked}))
HARMLESS: Final = [finding for finding in REPORTABLE if finding not in RED_FLAGS]
# Who says that the pain is elsewhere is not asked on once the emergency questions are done.
IN_SCOPE: Final = [finding for finding in HARMLESS if finding not in RULE_SET.out_of_scope]
REPORTED: Final = st.lists(st.sampled_from(HARMLESS), max_size=3, unique=True)
CALLERS: Final = st.builds(
    Caller, TRUTHS, st.lists(st.tuples(st.integers(0, 12), st.sampled_from(HARMLESS)), max_size=3)
)


def asides_from(intents: Sequence[str]) -> st.SearchStrategy[dict[int, tuple[str, ...]]]:
    return st.dictionaries(
        st.integers(0, 14),
        st.lists(st.sampled_from(intents), min_size=1, max_size=3).map(tuple),
        min_size=1,
        max_size=6,
    )


def outcome(
    answer: Answering,
    caller: Caller,
    asides: Mapping[int, Sequence[str]] | None = None,
    locale: str = "en-US",
) -> Outcome:
    """Hold the call: in each turn first what the caller brings up, then asides, then an answer."""
    alexa = Alexa(answer, RULE_SET, locale).launch()
    reported = 0
    for turn in range(80):
        for when, finding in caller.reports:
            if when == turn and not is_settled(alexa):
                alexa.report(finding)
                reported += 1
        for aside in (asides or {}).get(turn, ()):
            if not is_settled(alexa):
                alexa.intent(aside)
        if is_settled(alexa):
            return Outcome(level_of(alexa.response, locale), alexa.speech, reported)
        go_on(alexa, caller.truths)
    raise AssertionError(f"no end to the call, waiting for {alexa.pending}")


@FEW
@given(CALLERS, asides_from(["ReassureIntent"]))
@example(Caller({}, [(0, "fever")]), dict.fromkeys(range(15), ("ReassureIntent",) * 3))
def test_somebody_who_reassures_changes_nothing(
    answer: Answering, caller: Caller, asides: dict[int, tuple[str, ...]]
) -> None:
    assert outcome(answer, caller, asides) == outcome(answer, caller)


@FEW
@given(CALLERS, asides_from(POLITE))
@example(Caller({"fever": "unsure"}), dict.fromkeys(range(15), POLITE))
def test_having_things_repeated_or_explained_changes_nothing(
    answer: Answering, caller: Caller, asides: dict[int, tuple[str, ...]]
) -> None:
    assert outcome(answer, caller, asides) == outcome(answer, caller)


@FEW
@given(CALLERS, asides_from(TOPICS))
@example(Caller({"severe_pain": "yes"}), dict.fromkeys(range(15), TOPICS))
def test_asking_about_the_pain_midway_changes_nothing(
    answer: Answering, caller: Caller, asides: dict[int, tuple[str, ...]]
) -> None:
    assert outcome(answer, caller, asides) == outcome(answer, caller)


@pytest.mark.parametrize("intent", [*POLITE, *TOPICS, "ReassureIntent"])
@pytest.mark.parametrize("finding", ["weight_loss", "rash_one_side", "fever"])
def test_an_aside_at_every_single_turn_changes_nothing(
    answer: Answering, intent: str, finding: str
) -> None:
    caller = Caller({"recent_injury": "unsure"}, [(0, finding)])
    always = dict.fromkeys(range(80), (intent,))
    assert outcome(answer, caller, always) == outcome(answer, caller)


@FEW
@given(TRUTHS, REPORTED.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_in_which_findings_are_reported_changes_nothing(
    answer: Answering, truths: dict[str, Answer], orders: tuple[list[str], list[str]]
) -> None:
    one, other = (
        outcome(answer, Caller(truths, [(0, finding) for finding in order])) for order in orders
    )
    assert one.level == other.level
    if one.level is not Disposition.EMERGENCY:  # which ends the call before all is said
        assert one.words == other.words


@FEW
@given(TRUTHS, REPORTED)
def test_findings_in_one_breath_count_as_one_by_one(
    answer: Answering, truths: dict[str, Answer], findings: list[str]
) -> None:
    one_by_one = outcome(answer, Caller(truths, [(0, finding) for finding in findings]))
    alexa = Alexa(answer, RULE_SET).launch()
    finish(alexa.report(*findings) if findings else alexa, truths)
    assert level_of(alexa.response, "en-US") == one_by_one.level


@FEW
@given(TRUTHS, st.sampled_from(IN_SCOPE), st.integers(0, 12))
def test_a_finding_reported_late_counts_as_much_as_one_reported_at_once(
    answer: Answering, truths: dict[str, Answer], finding: str, turn: int
) -> None:
    late = outcome(answer, Caller(truths, [(turn, finding)]))
    if late.reported:
        assert late.level == outcome(answer, Caller(truths, [(0, finding)])).level


@FEW
@given(CALLERS, st.sampled_from(IN_SCOPE), st.integers(0, 12))
def test_a_finding_more_never_lowers_the_advice(
    answer: Answering, caller: Caller, finding: str, turn: int
) -> None:
    before = outcome(answer, caller)
    reports = [*caller.reports, (turn, finding)]
    more = outcome(answer, Caller(caller.truths, reports))
    # Advice may come sooner now, before all is said that was said without the finding.
    if before.level is not None and more.reported == len(reports):
        assert more.level is not None
        assert more.level >= before.level


@FEW
@given(CALLERS, st.sampled_from(OF_ANOTHER_LOCALE))
def test_another_locale_changes_nothing_but_words(
    answer: Answering, caller: Caller, locale: str
) -> None:
    here, there = Alexa(answer, RULE_SET).launch(), Alexa(answer, RULE_SET, locale).launch()
    for turn in range(80):
        assert here.envelope["sessionAttributes"] == there.envelope["sessionAttributes"]
        assert level_of(here.response, "en-US") == level_of(there.response, locale)
        if is_settled(here):
            return
        for alexa in (here, there):
            found = [finding for when, finding in caller.reports if when == turn]
            if found:
                alexa.report(*found[:3])
            else:
                go_on(alexa, caller.truths)
    raise AssertionError("no end to the call")


@FEW
@given(TRUTHS, st.sampled_from(HARMLESS), st.integers(0, 12))
def test_denying_what_was_reported_never_lowers_the_advice_unasked(
    answer: Answering, truths: dict[str, Answer], finding: str, turns: int
) -> None:
    """Who says "a fever" and later "no fever" is asked, and here stays with the fever."""
    alexa = Alexa(answer, RULE_SET).launch().report(finding)
    for _ in range(turns):
        if not is_settled(alexa):
            go_on(alexa, truths)
    if not is_settled(alexa):
        finish(alexa.deny(finding), truths)
    level = level_of(alexa.response, "en-US")
    undenied = outcome(answer, Caller(truths, [(0, finding)])).level
    assert level == undenied or (level is not None and undenied is not None and level > undenied)


# --- recorded conversations -----------------------------------------------------------------


def utterances_in(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    said = [line.removeprefix("> ") for line in lines if line.startswith("> ")]
    return [SILENCE if one == "(silence)" else one for one in said]


def test_there_are_recorded_conversations_and_red_flags() -> None:
    assert len(TRANSCRIPTS) >= 8
    assert len(RED_FLAGS) >= 15


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_a_red_flag_is_answered_at_once_at_every_turn_of_a_recorded_conversation(
    path: Path, device: Device, answer: Answering
) -> None:
    states: list[dict[str, object]] = [{}]
    for utterance in utterances_in(path):
        turn = device.hear(utterance)
        if turn.response is None or turn.session_ends:
            continue
        kept = turn.response.get("sessionAttributes")
        assert isinstance(kept, dict)
        states.append(kept)
    for number, attributes in enumerate(states):
        for finding in RED_FLAGS:
            alexa = Alexa(answer, RULE_SET, attributes=dict(attributes)).report(finding)
            assert calls_for_help(alexa), f"{finding} at turn {number}: {alexa.speech}"


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_a_red_flag_of_somebody_else_is_answered_at_once_too(
    path: Path, device: Device, answer: Answering
) -> None:
    person = matched_slot("person", "relative", "my mother")
    for utterance in ("", *utterances_in(path)):
        turn = device.hear(utterance)
        attributes = turn.response.get("sessionAttributes") if turn.response else None
        if turn.session_ends or not isinstance(attributes, dict):
            attributes = {}
        for finding in RED_FLAGS:
            slots = {"finding": matched_slot("finding", finding, "it " + finding), "person": person}
            alexa = Alexa(answer, RULE_SET, attributes=dict(attributes))
            content = {"name": "ReportFindingIntent", "slots": slots}
            alexa.send({"type": "IntentRequest", "intent": content})
            assert calls_for_help(alexa), f"{finding} after {utterance!r}: {alexa.speech}"
