"""What must always hold (the invariants), whoever calls and whatever is said.

Each is a property: Hypothesis searches for answers or events that break it.
"""

from __future__ import annotations

import json
import logging
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, get_args
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skill.alexa.skill import answering, build_skill
from skill.dialogue.asking import begin
from skill.dialogue.conversation import Conversation
from skill.dialogue.events import (
    AboutOther,
    AboutSelf,
    Aged,
    Answered,
    AskedAbout,
    AskedForHelp,
    AskedForLouder,
    AskedForNumber,
    AskedForShorter,
    AskedForSlower,
    AskedForSummary,
    AskedHowMany,
    AskedMeaning,
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
from skill.dialogue.prompts import prompt_for
from skill.dialogue.remembering import Call, Remembering
from skill.dialogue.script import FORGOTTEN, KEEPING
from skill.dialogue.turn import take_turn
from skill.speech.catalogue import ELSEWHERE, load_catalogues
from skill.speech.ssml import to_ssml, to_text
from skill.triage.assessment import assess
from skill.triage.loading import load_rule_set
from skill.triage.model import Disposition
from tests.dialogue.memories import OwnMemory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.dialogue.script import Reply
    from skill.triage.model import Answer, Question, YesNo

RULE_SET = load_rule_set()
CATALOGUES = load_catalogues(RULE_SET)
ASKED = [question for question in RULE_SET.questions if not question.volunteered]
REPORTABLE = [finding for finding in RULE_SET.findings if finding.reported]
STEPS: Mapping[YesNo, tuple[YesNo, ...]] = {
    "yes": ("no", "unsure", "yes"),
    "no": ("yes", "unsure", "no"),
}


def said_to(question: Question) -> st.SearchStrategy[Answer]:
    if question.kind == "yes_no":
        return st.sampled_from(["yes", "no", "unsure"])
    low, high = question.answer.minimum or 0, min(question.answer.maximum or 120, 120)
    if question.volunteered:
        return st.integers(low, high)
    return st.one_of(st.just("unsure"), st.integers(low, high))


ANSWERS: st.SearchStrategy[dict[str, Answer]] = st.builds(
    lambda asked, reported: {**reported, **asked},
    st.fixed_dictionaries({}, optional={q.id: said_to(q) for q in RULE_SET.questions}),
    st.dictionaries(
        st.sampled_from([f.id for f in REPORTABLE if f.question is None]),
        st.sampled_from(["yes", "no"]),
        max_size=4,
    ),
)
FEW_ANSWERS: st.SearchStrategy[dict[str, Answer]] = st.lists(
    st.one_of(
        *(st.tuples(st.just(q.id), said_to(q)) for q in RULE_SET.questions),
        st.tuples(
            st.sampled_from([f.id for f in REPORTABLE if f.question is None]),
            st.sampled_from(["yes", "no"]),
        ),
    ),
    max_size=4,
).map(dict)
PENDING = [
    *(question.id for question in ASKED),
    *(
        "offer.check",
        "offer.tips",
        "confirm.fever",
        "confirm.weight_loss",
        "confirm.for_someone_else",
    ),
]
FINDINGS = st.lists(st.sampled_from([f.id for f in REPORTABLE]), min_size=1, max_size=3).map(tuple)
NUMBERS = st.one_of(st.none(), st.integers(-5, 200), st.just(10**6))
TOPICS = st.sampled_from([*(topic.id for topic in RULE_SET.topics), "astrology"])
BARE: list[Event] = [
    *(Opened(), StartedOver(), Stopped(), NotUnderstood(), Reassured(), AboutSelf()),
    *(AskedForHelp(), AskedToRepeat(), AskedWhy(), AskedMeaning(), AskedHowMany()),
    *(AskedForSummary(), AskedForNumber(), AskedToWait(), AskedToForget()),
    *(AskedForSlower(), AskedForShorter(), AskedForLouder()),
]
ANSWERED: list[Event] = [Answered("yes"), Answered("no"), Answered("unsure"), NotUnderstood()]
TAKEN_BACK: list[Event] = [Corrected("yes"), Corrected("no"), WentBack()]
# Calls about somebody else, or about another pain, go another way from here on.
ELSEWHERE_FROM_HERE: list[Event] = [Reported(("for_someone_else",)), Reported(("lower_back_only",))]
BUILT: dict[type[Event], st.SearchStrategy[Event]] = {
    Counted: NUMBERS.map(Counted),
    Lasted: NUMBERS.map(Lasted),
    Aged: NUMBERS.map(Aged),
    Treated: NUMBERS.map(Treated),
    GaveUnit: st.sampled_from([1, 7, 30, 365]).map(GaveUnit),
    Reported: FINDINGS.map(Reported),
    Denied: FINDINGS.map(Denied),
    ChangedMind: FINDINGS.map(ChangedMind),
    AskedAbout: TOPICS.map(AskedAbout),
}
SAID: st.SearchStrategy[Event] = st.one_of(
    *map(st.sampled_from, [ANSWERED, ANSWERED, BARE, TAKEN_BACK, ELSEWHERE_FROM_HERE]),
    *BUILT.values(),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(SAID, SAID, SAID, SAID.map(AboutOther))
ANY_CALL = st.lists(EVENTS, max_size=20)


@st.composite
def calm_calls(draw: st.DrawFn) -> list[Event]:
    """Give a call that comes to the end of the check: calm answers, with other events amid them."""
    events: list[Event] = [Opened()]
    conversation, reply = take_turn(begin(RULE_SET), events[0], RULE_SET)
    while not reply.closes and reply.advice is None and len(events) < 60:
        question = RULE_SET.question(str(conversation.pending))
        calm = question is not None and draw(st.integers(0, 9)) < 9
        events.append(calm_event(question) if calm and question else draw(EVENTS))
        conversation, reply = take_turn(conversation, events[-1], RULE_SET)
    return [*events, *draw(st.lists(EVENTS, max_size=4))]


def calm_event(question: Question) -> Event:
    match calm_answer(question):
        case int(number) if question.kind == "duration":
            return Lasted(number)
        case int(number):
            return Counted(number)
        case word:
            return Answered(word)


def calm_answer(question: Question) -> Answer:
    if question.alarming is not None:
        return STEPS[question.alarming][0]
    return {"age": 40, "duration": 3, "count": 0}[question.kind]


FAILURES = 0.2
PAUSES = (0, 0, 20, 300, 2_700, 72_000, 90_000)
CALLS = st.one_of(ANY_CALL, ANY_CALL, calm_calls())


def replies_to(events: list[Event]) -> list[tuple[Event, Conversation, Reply]]:
    """Return each event with the state before it and the reply; a closed session begins anew.

    Once without a memory, and once more with one that fails at random.
    """
    return [*replies_without_memory(events), *replies_with_memory(events)]


def replies_with_memory(events: list[Event]) -> list[tuple[Event, Conversation, Reply]]:
    """Return the same with a memory that fails at random, over minutes and days."""
    chance = Random(repr(events))  # noqa: S311  # nothing secret, and the same in every run
    memory = OwnMemory(fails=lambda _: chance.random() < FAILURES)
    remembering = Remembering(memory, RULE_SET)
    talk = remembering.begin()
    turns = []
    for number, event in enumerate(events):
        memory.asked.clear()
        memory.now += chance.choice(PAUSES)
        before = talk
        talk, reply = remembering.take_turn(talk, event, Call("caller", str(number), memory.now))
        turns.append((event, before.conversation, reply))
        assert len(memory.asked) <= 2
        assert memory.asked == [] or reply.advice is not Disposition.EMERGENCY
        if reply.closes:
            talk = remembering.begin()
    return turns


def replies_without_memory(events: list[Event]) -> list[tuple[Event, Conversation, Reply]]:
    """Return the same without a memory."""
    conversation = begin(RULE_SET)
    turns = []
    for event in events:
        before = conversation
        conversation, reply = take_turn(conversation, event, RULE_SET)
        turns.append((event, before, reply))
        if reply.closes:
            conversation = begin(RULE_SET)
    return turns


@st.composite
def states(draw: st.DrawFn) -> Conversation:
    """Give a state with a few answers, at any question, offer or doubt about one of them."""
    answers = draw(FEW_ANSWERS)
    doubts = [f"confirm.{key}" for key in answers if prompt_for(f"confirm.{key}", RULE_SET)]
    pending = draw(st.one_of(st.sampled_from(PENDING), st.sampled_from([*doubts, "offer.tips"])))
    # Asked in simpler words already, so that "not sure" counts.
    return begin(RULE_SET)._replace(answers=answers, pending=pending, rephrased=True)


def corrects(event: Event, before: Conversation, after: Conversation) -> bool:
    """Say whether a turn takes an answer back: in so many words, or for a number known now."""
    while isinstance(event, AboutOther):
        event = event.event
    doubted = str(before.pending).startswith("confirm.")
    if before.answers.get("for_someone_else") != after.answers.get("for_someone_else"):
        # Another person: what was denied of the one is asked of the other.
        return True
    match event:
        case Corrected() | WentBack() | ChangedMind():
            return True
        case Opened() | StartedOver():
            # A new check, which says that it begins from the start.
            return True
        case Answered("no") if doubted:
            return True
        case Aged() | Lasted() | Counted() | Treated():
            # A number takes the place of "not sure", and an age that of another age.
            changed = {k for k, kept in before.answers.items() if after.answers.get(k) != kept}
            ages = {question.id for question in ASKED if question.kind == "age"}
            return all(key in ages or before.answers[key] == "unsure" for key in changed)
        case _:
            return False


def text_of(reply: Reply, locale: str = "en-US") -> str:
    return to_text(CATALOGUES[locale].say(reply.say, about_other=reply.about_other))


def reprompt_of(reply: Reply, locale: str) -> str:
    return to_text(CATALOGUES[locale].say(reply.reprompt, about_other=reply.about_other))


def test_the_search_knows_every_kind_of_event() -> None:
    plain = {type(event) for event in (*BARE, *ANSWERED, *TAKEN_BACK)}
    assert plain | BUILT.keys() | {AboutOther} == set(get_args(Event))


@settings(max_examples=80)
@given(states(), EVENTS)
def test_the_advice_never_falls_unless_the_caller_corrects_an_answer(
    before: Conversation, event: Event
) -> None:
    level = assess(RULE_SET, before.answers).disposition
    named = [(f.id,) for f in REPORTABLE if f.answer_key in before.answers]
    denied: list[Event] = [*map(Denied, named), *map(ChangedMind, named)]
    for one in (*TAKEN_BACK, *ANSWERED, *denied, Aged(30), Lasted(2), event):
        after, reply = take_turn(before, one, RULE_SET)
        heard = None if reply.closes else assess(RULE_SET, after.answers).disposition
        heard = heard if reply.advice is None else reply.advice
        assert heard is None or heard >= level or corrects(one, before, after), one


@settings(max_examples=30)
@given(ANSWERS)
def test_urgency_never_falls_when_a_finding_is_added(answers: dict[str, Answer]) -> None:
    before = assess(RULE_SET, answers)
    for added in REPORTABLE:
        if added.question is None:
            after = assess(RULE_SET, {**answers, added.id: "yes"})
            assert after.disposition >= before.disposition, added.id


@settings(max_examples=30)
@given(ANSWERS)
def test_urgency_never_falls_from_no_over_not_sure_to_yes(answers: dict[str, Answer]) -> None:
    for question in RULE_SET.questions:
        if question.alarming is None:
            continue
        levels = [
            assess(RULE_SET, {**answers, question.id: step}).disposition
            for step in STEPS[question.alarming]
        ]
        assert all(calmer <= graver for calmer, graver in pairwise(levels)), question.id


@given(ANSWERS)
def test_self_care_is_never_advised_while_an_unasked_question_could_raise_it(
    answers: dict[str, Answer],
) -> None:
    assessment = assess(RULE_SET, answers)
    if assessment.next_question is not None or assessment.disposition is not Disposition.SELF_CARE:
        return
    for question in ASKED:
        if question.id in answers or (
            question.follows and question.follows.isdisjoint(assessment.present)
        ):
            continue
        for answer in ("yes", "no", "unsure", 0, 3, 40, 90):
            if question.answer.accepts(answer):
                raised = assess(RULE_SET, {**answers, question.id: answer})
                assert raised.disposition is Disposition.SELF_CARE or (
                    # A contradiction of what was reported is not an unasked question.
                    question not in RULE_SET.unanswered(answers, assessment.present)
                ), question.id


@pytest.mark.parametrize("question", [q for q in ASKED if not q.follows], ids=lambda q: str(q.id))
def test_not_sure_about_a_red_flag_is_never_self_care(question: Question) -> None:
    """With every other answer calm. Fever opens the flu question, which settles it.

    A question whose yes is harmless alone opens its follow-ups instead, each of which is
    answered "not sure" here too.
    """
    answers: dict[str, Answer] = {question.id: "unsure"}
    while True:
        assessment = assess(RULE_SET, answers)
        asked = assessment.next_question
        if asked is None:
            break
        if asked.follows:
            answers[asked.id] = "unsure"
        else:
            answers[asked.id] = calm_answer(asked)
    assert assessment.disposition > Disposition.SELF_CARE


@settings(max_examples=60)
@given(ANSWERS)
def test_not_sure_answers_alone_never_make_an_emergency(answers: dict[str, Answer]) -> None:
    unsure: dict[str, Answer] = {
        key: "unsure" if RULE_SET.question(key) else "no"
        for key, answer in answers.items()
        if not isinstance(answer, int)
    }
    assert assess(RULE_SET, unsure).disposition < Disposition.EMERGENCY


@settings(max_examples=60)
@given(ANSWERS)
def test_the_most_urgent_advice_stops_all_further_questions(answers: dict[str, Answer]) -> None:
    assessment = assess(RULE_SET, answers)
    if assessment.disposition is Disposition.EMERGENCY:
        assert assessment.next_question is None


@settings(max_examples=60)
@given(CALLS)
def test_emergency_advice_begins_and_ends_with_the_number(events: list[Event]) -> None:
    for _, _, reply in replies_to(events):
        if reply.advice is Disposition.EMERGENCY:
            for locale, catalogue in CATALOGUES.items():
                text = text_of(reply, locale)
                known = catalogue.emergency_number
                local = "your local emergency number"
                number = known.text if known else local
                assert text.startswith(f"Call {number} now.")
                assert text.endswith(f"Call {number}, or {local}." if known else f"Call {local}.")
                assert any(line.id.startswith("holding.") for line in reply.say)
                assert reply.closes


def test_emergency_advice_where_no_number_is_known_begins_with_the_local_one() -> None:
    for finding in REPORTABLE:
        reply = take_turn(begin(RULE_SET), Reported((finding.id,)), RULE_SET)[1]
        if reply.advice is Disposition.EMERGENCY:
            assert text_of(reply, ELSEWHERE).startswith("Call your local emergency number")


@settings(max_examples=50)
@given(CALLS)
def test_in_every_emergency_of_somebody_else_the_caller_is_told_to_stay(
    events: list[Event],
) -> None:
    for _, _, reply in replies_to(events):
        if reply.advice is Disposition.EMERGENCY and reply.about_other:
            assert "Stay with them until help comes." in text_of(reply)


@settings(max_examples=60)
@given(CALLS)
def test_every_advice_below_emergency_names_warning_signs(events: list[Event]) -> None:
    for _, _, reply in replies_to(events):
        if reply.advice is not None and reply.advice is not Disposition.EMERGENCY:
            assert "safety_net.emergency" in {line.id for line in reply.say}
            # Home care goes on to offer tips.
            assert reply.closes is (reply.advice is not Disposition.SELF_CARE)


@settings(max_examples=50)
@given(CALLS)
def test_who_is_told_of_a_pain_elsewhere_hears_the_warning_signs_too(events: list[Event]) -> None:
    for _, _, reply in replies_to(events):
        told = [line.id for line in reply.say]
        assert "out_of_scope" not in told or "safety_net.emergency" in told


@settings(max_examples=60)
@given(CALLS)
def test_a_reply_that_keeps_listening_ends_in_a_question_and_has_a_reprompt(
    events: list[Event],
) -> None:
    for _, _, reply in replies_to(events):
        for locale in CATALOGUES:
            text = text_of(reply, locale)
            assert text.endswith("?") is not reply.closes, reply
            if not reply.closes:
                again = reprompt_of(reply, locale)
                assert again.endswith("?")
                assert len(again) < len(text)


@settings(max_examples=50)
@given(CALLS)
def test_three_misheard_replies_send_the_caller_to_a_person(events: list[Event]) -> None:
    turns = replies_to([Opened(), *events, Opened(), *[NotUnderstood()] * 3])
    assert [reply.closes for _, _, reply in turns[-3:]] == [False, False, True]
    assert "See a doctor today" in text_of(turns[-1][2])


@settings(max_examples=60)
@given(CALLS)
def test_any_sequence_of_events_yields_a_sayable_reply_in_every_locale(
    events: list[Event],
) -> None:
    for _, _, reply in replies_to(events):
        for catalogue in CATALOGUES.values():
            lines = (*reply.say, *reply.reprompt)
            ssml = to_ssml(catalogue.say(lines, about_other=reply.about_other), slowly=reply.slowly)
            assert 0 < len("".join(ET.fromstring(ssml).itertext())) < 8_000  # noqa: S314 - ours


@settings(max_examples=50)
@given(CALLS, EVENTS)
def test_the_same_turn_gives_the_same_answer(events: list[Event], event: Event) -> None:
    conversation = begin(RULE_SET)
    for one in events:
        conversation, _ = take_turn(conversation, one, RULE_SET)
    assert take_turn(conversation, event, RULE_SET) == take_turn(conversation, event, RULE_SET)


@settings(max_examples=50)
@given(CALLS)
def test_every_state_survives_its_journey_through_the_session_attributes(
    events: list[Event],
) -> None:
    conversation = begin(RULE_SET)
    for event in events:
        conversation, _ = take_turn(conversation, event, RULE_SET)
        travelled = json.loads(json.dumps(conversation.to_attributes()))
        assert Conversation.from_attributes(travelled, RULE_SET) == conversation


@settings(max_examples=60)
@given(CALLS, st.sampled_from([f.id for f in REPORTABLE]))
def test_an_emergency_that_is_reported_is_answered_in_that_turn(
    events: list[Event], finding: str
) -> None:
    alone = assess(RULE_SET, {RULE_SET.finding(finding).answer_key: "yes"})  # type: ignore[union-attr]  # it is one
    if alone.disposition is not Disposition.EMERGENCY:
        return
    *_, (_, _, reply) = replies_to([*events, Reported((finding,))])
    assert reply.advice is Disposition.EMERGENCY


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
SAID_BEFORE: list[object] = [
    ["greeting", {}],
    ["heard", {"count": 3, "quantity": "quantity.weeks"}],
    ["heard", {"count": 3, "quantity": "greeting"}],
    ["heard", {"count": "three", "quantity": "quantity.weeks"}],
    ["which_unit", {"count": 3}],
    ["confirm", {"finding": "about.fever"}],
    ["confirm", {"finding": "finding.posture"}],
    ["confirm", {"finding": "finding.awake"}],
    ["summary.yes", {"labels": ["about.fever", "finding.posture"]}],
    ["summary.no", {"labels": ["greeting"]}],
]
ANSWER = answering(build_skill(RULE_SET, CATALOGUES), CATALOGUES)


@settings(max_examples=60)
@given(
    st.one_of(
        JUNK,
        st.fixed_dictionaries(
            {
                "rule_set": st.just(RULE_SET.name),
                "answers": st.one_of(JUNK, ANSWERS),
                "pending": st.one_of(JUNK, st.sampled_from(PENDING)),
                "misses": st.one_of(JUNK, st.integers(0, 2)),
                "rephrased": st.booleans(),
                "number": st.one_of(JUNK, st.none(), st.integers(0, 99)),
                "slowly": st.booleans(),
                "said": st.one_of(JUNK, st.lists(st.sampled_from(SAID_BEFORE), max_size=3)),
            }
        ),
    ),
    st.sampled_from(
        [
            *("AMAZON.YesIntent", "AMAZON.RepeatIntent", "GiveNumberIntent", "AskCausesIntent"),
            *("Odd", "GiveWeeksIntent", "SummaryIntent", "MeantNoIntent", "AMAZON.PreviousIntent"),
        ]
    ),
)
def test_any_session_attributes_are_refused_or_usable(attributes: object, intent: str) -> None:
    envelope = {
        "session": {"new": False, "attributes": attributes},
        "request": {"type": "IntentRequest", "locale": "en-US", "intent": {"name": intent}},
    }
    response = ANSWER(envelope)["response"]
    assert isinstance(response, dict)
    assert "something went wrong" not in response["outputSpeech"]["ssml"]


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["request", "session", "context"]), JUNK))
def test_any_json_gets_an_answer(envelope: dict[str, object]) -> None:
    assert ANSWER(envelope)["version"] == "1.0"


def test_an_unexpected_error_still_says_where_to_turn_in_an_emergency() -> None:
    broken = build_skill(RULE_SET, {})  # no words at all: speaking raises
    envelope = {"request": {"type": "LaunchRequest", "locale": "en-US"}}
    answer = answering(broken, CATALOGUES)(envelope)
    assert "911" in json.dumps(answer)


@settings(max_examples=30)
@given(CALLS)
def test_no_log_record_contains_an_answer_or_an_advice_level(events: list[Event]) -> None:
    records: list[logging.LogRecord] = []

    class Recorder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler = Recorder()
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        replies_to(events)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert records == []


@given(CALLS)
def test_nothing_is_kept_after_the_session_unless_the_caller_agreed(events: list[Event]) -> None:
    memory = OwnMemory()
    remembering = Remembering(memory, RULE_SET)
    talk, agreed = remembering.begin(), False
    for number, event in enumerate(events):
        asked_for_consent = str(talk.conversation.pending).startswith("offer.keep")
        talk, reply = remembering.take_turn(talk, event, Call("caller", str(number), memory.now))
        said_yes = isinstance(event, Answered | Corrected) and event.answer == "yes"
        if KEEPING in reply.say:
            assert said_yes or isinstance(event, AskedToRepeat)
            agreed = True
        assert agreed or memory.document("caller") is None
        assert not asked_for_consent or said_yes or memory.document("caller") is None
        if FORGOTTEN in reply.say and not isinstance(event, AskedToRepeat):
            assert memory.document("caller") is None
        if reply.closes:
            talk = remembering.begin()
