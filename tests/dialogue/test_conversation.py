"""The state of a conversation on its way through the session attributes and back."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import skill.dialogue
from skill.dialogue.asking import begin
from skill.dialogue.conversation import MISSES_ALLOWED, Conversation
from skill.dialogue.events import (
    AboutOther,
    Aged,
    Answered,
    AskedAbout,
    AskedForHelp,
    AskedForNumber,
    AskedForSlower,
    AskedForSummary,
    AskedHowMany,
    AskedToForget,
    AskedToRepeat,
    AskedToWait,
    AskedWhy,
    ChangedMind,
    Corrected,
    Counted,
    Denied,
    Event,
    GaveUnit,
    Lasted,
    NotUnderstood,
    Opened,
    Reassured,
    Reported,
    StartedOver,
    Stopped,
    Treated,
    WentBack,
)
from skill.dialogue.script import Line, is_line, line_ids
from skill.dialogue.turn import take_turn
from skill.errors import ConversationError
from tests.dialogue.small import SMALL

Json = Any

SCHEMA_PATH = Path(skill.dialogue.__path__[0]) / "session.schema.json"
DESCRIBED: Json = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
SCHEMA = Draft202012Validator(DESCRIBED)
SAYABLE = frozenset(line_ids(SMALL))
FINDINGS = ("fever", "rash", "body_aches", "chest_pain", "lower_back_only", "housemaids_knee")
NUMBERS = st.none() | st.integers(-1, 40_000)
SOME_FINDINGS = st.lists(st.sampled_from(FINDINGS), max_size=3).map(tuple)

SAID: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(
        [
            Opened(),
            Answered("yes"),
            Answered("no"),
            Answered("unsure"),
            AskedToRepeat(),
            AskedForHelp(),
            StartedOver(),
            Stopped(),
            NotUnderstood(),
            Reassured(),
            AskedAbout("causes"),
            AskedAbout("astrology"),
        ]
    ),
    st.sampled_from(
        [
            GaveUnit(7),
            Corrected("yes"),
            Corrected("no"),
            WentBack(),
            AskedWhy(),
            AskedHowMany(),
            AskedForSummary(),
            AskedToForget(),
            AskedForNumber(),
            AskedToWait(),
            AskedForSlower(),
        ]
    ),
    st.builds(ChangedMind, SOME_FINDINGS),
    st.builds(Counted, NUMBERS),
    st.builds(Lasted, NUMBERS),
    st.builds(Aged, NUMBERS),
    st.builds(Treated, NUMBERS),
    st.builds(Reported, SOME_FINDINGS),
    st.builds(Denied, SOME_FINDINGS),
)
EVENTS = SAID | SAID | SAID | SAID.map(AboutOther)

JSON: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 4)
    | st.integers()
    | st.floats()
    | st.sampled_from(["yes", "no", "unsure", "fever", "rash", "age_years", "question.fever"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Give a conversation that some events led to."""
    conversation = begin(SMALL)
    for event in draw(st.lists(EVENTS, max_size=8)):
        conversation = take_turn(conversation, event, SMALL)[0]
    return conversation


REPEATABLE = sorted(line for line in SAYABLE if is_line(Line(line), SMALL))
LINES = st.sampled_from(REPEATABLE).map(lambda line: [line, {}]) | st.sampled_from(
    [
        ["heard", {"count": 3, "quantity": "quantity.weeks"}],
        ["confirm", {"finding": "about.fever"}],
        ["summary.yes", {"labels": ["about.fever", "finding.rash"]}],
    ]
)
PENDING = st.sampled_from(
    [
        *(question.id for question in SMALL.questions if not question.volunteered),
        *("offer.check", "offer.tips", "confirm.fever", "confirm.rash"),
        *("offer.resume", "offer.keep.24", "offer.keep.720"),
    ]
)
PLAUSIBLE: dict[str, st.SearchStrategy[Json]] = {
    "rule_set": st.just(SMALL.name),
    "answers": st.fixed_dictionaries(
        {},
        optional={
            "fever": st.sampled_from(["yes", "no", "unsure"]),
            "aches": st.sampled_from(["yes", "no", "unsure"]),
            "rash": st.sampled_from(["yes", "no"]),
            "cold_sweat": st.just("no"),
            "for_someone_else": st.just("yes"),
            "awake": st.sampled_from(["yes", "no", "unsure"]),
            "age_years": st.integers(0, 120) | st.just("unsure"),
            "treatment_days": st.integers(0, 99),
        },
    ),
    "pending": PENDING | st.none(),
    "misses": st.integers(0, 2),
    "rephrased": st.booleans(),
    "number": st.none() | st.integers(0, 99),
    "slowly": st.booleans(),
    "said": st.lists(LINES, max_size=4),
}


@st.composite
def tampered(draw: st.DrawFn) -> dict[str, Json]:
    """Give the attributes of a conversation with one or two things in them changed."""
    attributes: dict[str, Json] = copy.deepcopy(draw(conversations()).to_attributes())
    for _ in range(draw(st.integers(1, 2))):
        key = draw(st.sampled_from(sorted(PLAUSIBLE)))
        match draw(st.sampled_from(["replace", "replace", "drop", "add", "answer", "say"])):
            case "replace":
                attributes[key] = draw(PLAUSIBLE[key] | JSON)
            case "drop":
                attributes.pop(key, None)
            case "add":
                attributes[draw(st.text(max_size=5))] = draw(JSON)
            case "answer" if isinstance(attributes.get("answers"), dict):
                answered = st.sampled_from(["fever", "age_years", "rash", "any_chest_sign"])
                attributes["answers"][draw(answered | st.text(max_size=5))] = draw(JSON)
            case "say" if isinstance(attributes.get("said"), list):
                entry = st.tuples(st.sampled_from(sorted(SAYABLE)) | JSON, JSON).map(list)
                attributes["said"] = [*attributes["said"], draw(entry | JSON)]
    return attributes


def accepted(attributes: dict[str, Json]) -> Conversation | None:
    try:
        return Conversation.from_attributes(attributes, SMALL)
    except ConversationError:
        return None


VALID: dict[str, Json] = {
    "rule_set": "small@1.0.0",
    "answers": {"fever": "yes", "age_years": 40, "duration_days": "unsure", "rash": "no"},
    "pending": "chest_signs",
    "misses": 2,
    "rephrased": True,
    "number": 7,
    "slowly": True,
    "said": [
        ["missed.once", {}],
        ["heard", {"count": 3, "quantity": "quantity.weeks"}],
        ["summary.yes", {"labels": ["about.fever", "finding.rash"]}],
        ["question.chest_signs", {}],
    ],
}


# --- there and back -------------------------------------------------------------------------


@given(conversations())
def test_attributes_give_back_the_conversation_they_were_made_of(
    conversation: Conversation,
) -> None:
    sent = json.loads(json.dumps(conversation.to_attributes()))
    assert Conversation.from_attributes(sent, SMALL) == conversation


@given(conversations())
def test_attributes_keep_the_order_of_the_answers(conversation: Conversation) -> None:
    sent = json.loads(json.dumps(conversation.to_attributes()))
    returned = Conversation.from_attributes(sent, SMALL)
    assert list(returned.answers.items()) == list(conversation.answers.items())


@given(conversations())
def test_attributes_are_what_the_schema_describes(conversation: Conversation) -> None:
    SCHEMA.validate(conversation.to_attributes())


def test_a_conversation_is_what_its_attributes_say() -> None:
    assert Conversation.from_attributes(VALID, SMALL) == Conversation(
        rule_set="small@1.0.0",
        answers=MappingProxyType(VALID["answers"]),
        pending="chest_signs",
        misses=2,
        rephrased=True,
        number=7,
        slowly=True,
        said=(
            Line("missed.once"),
            Line("heard", (("count", 3), ("quantity", "quantity.weeks"))),
            Line("summary.yes", (("labels", ("about.fever", "finding.rash")),)),
            Line("question.chest_signs"),
        ),
    )


def test_attributes_give_back_what_they_were_read_from() -> None:
    assert Conversation.from_attributes(VALID, SMALL).to_attributes() == VALID


def test_a_conversation_does_not_change_with_the_attributes_it_was_read_from() -> None:
    attributes = copy.deepcopy(VALID)
    conversation = Conversation.from_attributes(attributes, SMALL)
    attributes["answers"].clear()
    assert conversation.answers == VALID["answers"]


def test_the_limit_of_misses_is_that_of_the_schema() -> None:
    assert DESCRIBED["properties"]["misses"]["maximum"] == MISSES_ALLOWED


# --- agreement with the schema, and robustness ----------------------------------------------


@given(tampered())
def test_whatever_the_schema_refuses_is_refused(attributes: dict[str, Json]) -> None:
    assert accepted(attributes) is None or SCHEMA.is_valid(attributes)


@given(st.dictionaries(st.text(max_size=9), JSON, max_size=6) | tampered())
def test_any_attributes_are_refused_or_give_back_themselves(attributes: dict[str, Json]) -> None:
    conversation = accepted(attributes)
    assert conversation is None or conversation.to_attributes() == attributes


@given(st.fixed_dictionaries(PLAUSIBLE), EVENTS)
def test_every_event_on_accepted_attributes_gives_a_sayable_reply(
    attributes: dict[str, Json], event: Event
) -> None:
    conversation = Conversation.from_attributes(attributes, SMALL)
    reply = take_turn(conversation, event, SMALL)[1]
    assert reply.say
    assert {line.id for line in (*reply.say, *reply.reprompt)} <= SAYABLE


# --- what is refused ------------------------------------------------------------------------


def changed(**parts: object) -> dict[str, Json]:
    return {**VALID, **parts}


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"counter": 3}, id="another skill's"),
        pytest.param(changed(mood="bad"), id="a key too many"),
        pytest.param({k: v for k, v in VALID.items() if k != "said"}, id="a key missing"),
        pytest.param(changed(rule_set="small@1.0.1"), id="another version"),
        pytest.param(changed(rule_set="neck@1.0.0"), id="another rule set"),
        pytest.param(changed(rule_set=None), id="no rule set"),
        pytest.param(changed(rule_set=["small@1.0.0"]), id="rule set in a list"),
        pytest.param(changed(answers=[]), id="answers in a list"),
        pytest.param(changed(answers=None), id="no answers"),
        pytest.param(changed(answers={"housemaids_knee": "yes"}), id="unknown answer"),
        pytest.param(changed(answers={"fever": "maybe"}), id="another word"),
        pytest.param(changed(answers={"fever": True}), id="true for yes"),
        pytest.param(changed(answers={"fever": 1}), id="number for a word"),
        pytest.param(changed(answers={"fever": ["yes"]}), id="answer in a list"),
        pytest.param(changed(answers={"age_years": "yes"}), id="word for a number"),
        pytest.param(changed(answers={"age_years": 121}), id="number too large"),
        pytest.param(changed(answers={"age_years": -1}), id="number too small"),
        pytest.param(changed(answers={"age_years": 40.0}), id="fraction"),
        pytest.param(changed(answers={"age_years": True}), id="true for a number"),
        pytest.param(changed(answers={"rash": "unsure"}), id="unsure of what was not asked"),
        pytest.param(changed(answers={"rash": 1}), id="number for a report"),
        pytest.param(changed(answers={"rash": {}}), id="object for a report"),
        pytest.param(changed(answers={"any_chest_sign": "yes"}), id="finding never reported"),
        pytest.param(changed(pending="housemaids_knee"), id="unknown question"),
        pytest.param(changed(pending="treatment_days"), id="question never asked"),
        pytest.param(changed(pending="rash"), id="finding for a question"),
        pytest.param(changed(pending="offer.tea"), id="unknown offer"),
        pytest.param(changed(pending="confirm.housemaids_knee"), id="unknown doubt"),
        pytest.param(changed(pending="confirm.any_chest_sign"), id="doubt about no report"),
        pytest.param(changed(pending=["fever"]), id="question in a list"),
        pytest.param(changed(pending=0), id="number for a question"),
        pytest.param(changed(misses=3), id="too many misses"),
        pytest.param(changed(misses=-1), id="negative misses"),
        pytest.param(changed(misses=1.0), id="fraction of a miss"),
        pytest.param(changed(misses=True), id="true for a miss"),
        pytest.param(changed(misses=None), id="no misses"),
        pytest.param(changed(rephrased=1), id="one for true"),
        pytest.param(changed(rephrased="no"), id="word for true"),
        pytest.param(changed(said={}), id="said in an object"),
        pytest.param(changed(said="help"), id="said as a word"),
        pytest.param(changed(said=["help"]), id="line without numbers"),
        pytest.param(changed(said=[["help"]]), id="line of one part"),
        pytest.param(changed(said=[["help", {}, {}]]), id="line of three parts"),
        pytest.param(changed(said=[["help", []]]), id="numbers in a list"),
        pytest.param(changed(said=[["help", {"days": 3}]]), id="numbers for no placeholder"),
        pytest.param(changed(rephrased=None), id="neither true nor false"),
        pytest.param(changed(slowly=1), id="one for slowly"),
        pytest.param(changed(slowly=None), id="neither slow nor fast"),
        pytest.param(changed(number="7"), id="text for the waiting number"),
        pytest.param(changed(number=True), id="true for the waiting number"),
        pytest.param(changed(number=7.0), id="fraction for the waiting number"),
        pytest.param(changed(number=-1), id="waiting number too small"),
        pytest.param(changed(number=1_000_001), id="waiting number too large"),
        pytest.param(changed(said=[["which_unit", {}]]), id="number missing"),
        pytest.param(changed(said=[["which_unit", {"count": "3"}]]), id="text for a number"),
        pytest.param(changed(said=[["which_unit", {"count": True}]]), id="true for a count"),
        pytest.param(changed(said=[["which_unit", {"count": 3.0}]]), id="fraction for a count"),
        pytest.param(changed(said=[["which_unit", {"count": [3]}]]), id="count in a list"),
        pytest.param(changed(said=[["heard", {"count": 3}]]), id="quantity missing"),
        pytest.param(changed(said=[["summary.no", {"labels": [3]}]]), id="number for a label"),
        pytest.param(changed(said=[["summary.no", {"labels": {}}]]), id="labels in an object"),
        pytest.param(changed(said=[["summary.no", {"labels": ["help"]}]]), id="line for a label"),
        pytest.param(
            changed(said=[["summary.no", {"labels": ["finding.rash", None]}]]),
            id="null for a label",
        ),
        pytest.param(changed(said=[["confirm", {"finding": "greeting"}]]), id="line for a name"),
        pytest.param(changed(said=[["confirm", {"finding": "Call me"}]]), id="words for a name"),
        pytest.param(changed(said=[["confirm", {"finding": None}]]), id="null for a name"),
        pytest.param(changed(said=[[{}, {}]]), id="line id in an object"),
        pytest.param(changed(said=[["because.hot", {}]]), id="line never repeated"),
        pytest.param(changed(said=[["help", {}]] * 13), id="too many lines"),
    ],
)
def test_foreign_or_stale_attributes_are_refused(attributes: dict[str, Json]) -> None:
    with pytest.raises(ConversationError):
        Conversation.from_attributes(attributes, SMALL)


def test_as_many_lines_as_the_schema_allows_are_accepted() -> None:
    most = DESCRIBED["properties"]["said"]["maxItems"]
    attributes = changed(said=[["help", {}]] * most)
    assert len(Conversation.from_attributes(attributes, SMALL).said) == most


def test_more_labels_than_the_schema_allows_are_refused() -> None:
    attributes = changed(said=[["summary.yes", {"labels": ["about.fever"] * 101}]])
    assert not SCHEMA.is_valid(attributes)
    with pytest.raises(ConversationError):
        Conversation.from_attributes(attributes, SMALL)


@pytest.mark.parametrize("number", [None, 0, 1_000_000])
def test_a_number_that_waits_for_its_unit_may_be_missing_or_large(number: int | None) -> None:
    assert Conversation.from_attributes(changed(number=number), SMALL).number == number


def test_a_report_kept_under_another_id_than_its_question_is_refused() -> None:
    with pytest.raises(ConversationError):
        Conversation.from_attributes(changed(answers={"body_aches": "yes"}), SMALL)


def test_a_refusal_quotes_nothing_of_the_attributes() -> None:
    attributes = changed(answers={"housemaids_knee": "my knee hurts"})
    with pytest.raises(ConversationError) as refused:
        Conversation.from_attributes(attributes, SMALL)
    assert "knee" not in str(refused.value)


@pytest.mark.parametrize(
    "pending", ["fever", "awake", "offer.check", "offer.tips", "confirm.fever", "confirm.rash"]
)
def test_whatever_can_be_waited_for_may_be_pending(pending: str) -> None:
    conversation = Conversation.from_attributes(changed(pending=pending), SMALL)
    assert conversation.pending == pending
