"""The talk about the talk: it leaves the check where it is, or takes it back to a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skill.dialogue.asking import begin
from skill.dialogue.conversation import Conversation
from skill.dialogue.events import (
    Aged,
    Answered,
    AskedForLouder,
    AskedForNumber,
    AskedForShorter,
    AskedForSlower,
    AskedForSummary,
    AskedHowMany,
    AskedMeaning,
    AskedToRepeat,
    AskedToWait,
    AskedWhy,
    ChangedMind,
    Counted,
    Event,
    Lasted,
    NotUnderstood,
    Opened,
    Reported,
    StartedOver,
    Stopped,
    WentBack,
)
from skill.dialogue.prompts import prompt_for
from skill.dialogue.script import Line
from skill.errors import ConversationError
from skill.triage.assessment import assess
from skill.triage.model import Disposition
from tests.dialogue.small import SMALL
from tests.dialogue.talk import at, ids, said, take

if TYPE_CHECKING:
    from skill.triage.model import Answer

CALM: dict[str, Answer] = {
    "chest_signs": "no",
    "fever": "no",
    "age_years": 40,
    "duration_days": 2,
    "nights_woken": 0,
}
NEARLY_DONE = {key: answer for key, answer in CALM.items() if key != "nights_woken"}
ASIDES: list[Event] = [
    AskedWhy(),
    AskedMeaning(),
    AskedHowMany(),
    AskedForSummary(),
    AskedForNumber(),
    AskedToWait(),
    AskedForSlower(),
    AskedForShorter(),
    AskedForLouder(),
]
STATES = {
    "group question": at("chest_signs", rash="yes"),
    "rephrased": at("fever", rephrased=True, chest_signs="no"),
    "age question": at("age_years", chest_signs="no", fever="unsure"),
    "unit awaited": at("duration_days", CALM)._replace(number=7),
    "for somebody else": at("awake", for_someone_else="yes"),
    "confirming": at("confirm.fever", fever="yes"),
    "check offered": at("offer.check"),
    "tips offered": at("offer.tips", CALM),
}
EVERY_STATE = pytest.mark.parametrize("state", STATES.values(), ids=STATES)
EVERY_ASIDE = pytest.mark.parametrize("aside", ASIDES, ids=lambda aside: type(aside).__name__)

# --- on the side ----------------------------------------------------------------------------


@EVERY_STATE
def test_what_is_asked_on_the_side_is_answered_first(state: Conversation) -> None:
    pending = state.pending
    for aside in ASIDES:
        assert len(said(state, aside)) > 1, (pending, aside)


@EVERY_STATE
def test_after_what_is_asked_on_the_side_the_same_is_asked_again(state: Conversation) -> None:
    prompt = prompt_for(state.pending, SMALL)
    assert prompt is not None
    for aside in ASIDES:
        reply = take(state, aside)[1]
        last = {AskedMeaning: prompt.simpler, AskedForShorter: prompt.again}
        assert reply.say[-1] == last.get(type(aside), prompt.ask), aside
        assert reply.reprompt == (prompt.again,), aside


@EVERY_STATE
def test_what_is_asked_on_the_side_loses_nothing(state: Conversation) -> None:
    for aside in ASIDES:
        if isinstance(aside, AskedForNumber) and state.number is not None:
            continue  # see test_asking_for_the_emergency_number_keeps_the_number
        after = take(state, aside)[0]
        kept = after._replace(said=state.said, slowly=state.slowly)
        assert kept == state, aside


def test_asking_for_the_emergency_number_keeps_the_number_that_waits_for_its_unit() -> None:
    assert take(STATES["unit awaited"], AskedForNumber())[0].number == 7


@EVERY_ASIDE
def test_what_is_asked_on_the_side_is_no_miss(aside: Event) -> None:
    assert take(at("fever"), aside, aside, aside, aside)[0].misses == 0


@EVERY_ASIDE
def test_after_what_is_asked_on_the_side_an_answer_counts_for_the_question(aside: Event) -> None:
    assert take(at("fever"), aside, Answered("no"))[0].answers == {"fever": "no"}


@EVERY_ASIDE
def test_what_was_said_on_the_side_can_be_repeated(aside: Event) -> None:
    first = take(at("fever", CALM), aside)
    assert take(first[0], AskedToRepeat()) == first


# --- why, and what does it mean -------------------------------------------------------------


@pytest.mark.parametrize(
    ("pending", "reason"),
    [
        ("fever", "why.fever"),
        ("age_years", "why.age_years"),
        ("offer.tips", "why.offer"),
        ("confirm.fever", "why.offer"),
    ],
)
def test_who_asks_why_hears_why_this_is_asked(pending: str, reason: str) -> None:
    assert said(at(pending), AskedWhy())[0] == reason


def test_who_asks_what_it_means_hears_simpler_words() -> None:
    assert said(at("fever"), AskedMeaning()) == ["asked_simpler", "simpler.fever"]


def test_not_sure_after_asking_what_it_means_is_asked_in_simpler_words_once_more() -> None:
    assert said(at("fever"), AskedMeaning(), Answered("unsure"))[0] == "asked_simpler"


def test_who_wants_fewer_words_hears_the_question_in_short() -> None:
    assert said(at("fever"), AskedForShorter()) == ["shorter", "reprompt.fever"]


# --- how many are left ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "left"),
    [
        pytest.param(at("chest_signs"), 5, id="at the first question"),
        pytest.param(at("fever", chest_signs="no"), 4, id="after one answer"),
        pytest.param(at("aches", chest_signs="no", fever="yes"), 1, id="nothing worse but one"),
        pytest.param(at("nights_woken", NEARLY_DONE), 1, id="at the last question"),
        pytest.param(at("awake", for_someone_else="yes"), 6, id="for somebody else"),
        pytest.param(at("offer.check"), 5, id="before the check"),
        pytest.param(at("offer.tips", CALM), 1, id="after the check"),
    ],
)
def test_the_number_of_questions_left_is_told(state: Conversation, left: int) -> None:
    assert take(state, AskedHowMany())[1].say[0] == Line("questions_left", (("count", left),))


def test_a_calm_caller_hears_as_many_questions_as_were_told() -> None:
    conversation, reply = take(begin(SMALL), Opened())
    told = dict(take(conversation, AskedHowMany())[1].say[0].values)["count"]
    asked = 0
    while reply.advice is None:
        asked += 1
        numbers: dict[str | None, Event] = {
            "age_years": Aged(40),
            "duration_days": Lasted(3),
            "nights_woken": Counted(3),
        }
        event = numbers.get(conversation.pending, Answered("no"))
        conversation, reply = take(conversation, event)
    assert asked == told


def test_with_a_pain_elsewhere_only_the_emergency_questions_are_left() -> None:
    reply = take(at("chest_signs", lower_back_only="yes"), AskedHowMany())[1]
    assert reply.say[0] == Line("questions_left", (("count", 1),))


# --- the summary ----------------------------------------------------------------------------


def test_the_summary_lists_age_onset_and_what_was_said_to_each_question() -> None:
    conversation = at(
        "nights_woken",
        {
            "duration_days": 42,
            "chest_signs": "no",
            "fever": "yes",
            "rash": "yes",
            "posture": "no",
            "aches": "unsure",
            "age_years": 71,
        },
    )
    assert take(conversation, AskedForSummary())[1].say == (
        Line("summary.start"),
        Line("summary.age", (("count", 71),)),
        Line("summary.lasting", (("count", 6), ("quantity", "quantity.weeks"))),
        Line("summary.yes", (("labels", ("about.fever", "finding.rash")),)),
        Line("summary.no", (("labels", ("about.chest_signs", "finding.posture")),)),
        Line("summary.unsure", (("labels", ("about.aches",)),)),
        Line("question.nights_woken"),
    )


def test_a_summary_of_nothing_says_so() -> None:
    assert said(at("chest_signs"), AskedForSummary()) == ["summary.nothing", "question.chest_signs"]


@pytest.mark.parametrize(
    ("answers", "lines"),
    [
        pytest.param({"age_years": 40}, ["summary.age"], id="age"),
        pytest.param({"duration_days": 3}, ["summary.lasting"], id="onset"),
        pytest.param({"fever": "yes"}, ["summary.yes"], id="yes"),
        pytest.param({"rash": "no"}, ["summary.no"], id="no"),
        pytest.param({"age_years": "unsure"}, ["summary.unsure"], id="age not known"),
    ],
)
def test_the_summary_has_no_empty_lines(answers: dict[str, Answer], lines: list[str]) -> None:
    heard = said(at("chest_signs", answers), AskedForSummary())
    assert heard == ["summary.start", *lines, "question.chest_signs"]


def test_a_treatment_is_not_taken_for_how_long_it_lasts() -> None:
    heard = said(at("chest_signs", treatment_days=3), AskedForSummary())
    assert "summary.lasting" not in heard


def test_not_sure_of_what_nobody_asks_for_is_refused() -> None:
    sent = at("chest_signs", treatment_days="unsure").to_attributes()
    with pytest.raises(ConversationError):
        Conversation.from_attributes(sent, SMALL)


def test_the_summary_for_somebody_else_says_so() -> None:
    reply = take(at("awake", for_someone_else="yes"), AskedForSummary())[1]
    assert dict(reply.say[1].values)["labels"] == ("finding.for_someone_else",)


# --- the emergency number -------------------------------------------------------------------


def test_who_asks_for_the_number_hears_it_and_the_question_again() -> None:
    assert said(at("fever"), AskedForNumber()) == ["number_again", "question.fever"]


def test_who_begins_by_asking_for_the_number_is_offered_the_check() -> None:
    assert said(begin(SMALL), AskedForNumber())[-2:] == ["number_again", "offer.check"]


@pytest.mark.parametrize("first", [AskedForNumber(), ChangedMind(("fever",))], ids=str)
def test_a_call_that_begins_otherwise_is_greeted_too(first: Event) -> None:
    assert "greeting" in said(begin(SMALL), first)


# --- speech ---------------------------------------------------------------------------------


def test_slower_speech_begins_at_once() -> None:
    reply = take(at("fever"), AskedForSlower())[1]
    assert (ids(reply.say), reply.slowly) == (["slower", "question.fever"], True)


@pytest.mark.parametrize(
    "event",
    [
        Answered("no"),
        Reported(("chest_pain",)),
        NotUnderstood(),
        WentBack(),
        AskedForNumber(),
        Stopped(),
    ],
    ids=str,
)
def test_slower_speech_stays(event: Event) -> None:
    assert take(at("fever", chest_signs="no"), AskedForSlower(), event)[1].slowly


def test_slower_speech_stays_when_the_check_starts_over() -> None:
    assert take(at("fever"), AskedForSlower(), StartedOver())[1].slowly


def test_a_call_that_begins_with_asking_for_slower_speech_is_slow() -> None:
    assert take(begin(SMALL), AskedForSlower())[1].slowly


def test_speech_is_not_slow_unasked() -> None:
    assert not take(at("fever"), Answered("no"))[1].slowly


def test_the_next_call_is_not_slow() -> None:
    conversation = take(at("fever"), AskedForSlower(), Stopped())[0]
    assert not take(conversation, Opened())[1].slowly


def test_who_needs_a_moment_gets_it_before_the_question() -> None:
    assert said(at("fever"), AskedToWait()) == ["take_your_time", "question.fever"]


def test_who_cannot_hear_is_told_how_to_turn_it_up() -> None:
    assert said(at("fever"), AskedForLouder()) == ["louder", "question.fever"]


# --- going back -----------------------------------------------------------------------------


def test_going_back_asks_the_question_before_again() -> None:
    conversation, reply = take(at("chest_signs"), Answered("no"), WentBack())
    assert ids(reply.say) == ["going_back", "question.chest_signs"]
    assert conversation.answers == {}


def test_going_back_at_the_first_question_stays() -> None:
    conversation, reply = take(at("chest_signs"), WentBack())
    assert ids(reply.say) == ["question.chest_signs"]
    assert conversation.pending == "chest_signs"


def test_going_back_twice_goes_two_questions_back() -> None:
    events = (Answered("no"), Answered("no"), WentBack(), WentBack())
    conversation, reply = take(at("chest_signs"), *events)
    assert ids(reply.say) == ["going_back", "question.chest_signs"]
    assert conversation.answers == {}


def test_going_back_goes_by_the_order_of_the_answers() -> None:
    conversation = take(at("chest_signs"), Aged(40), Answered("no"), WentBack(), WentBack())[0]
    assert conversation.pending == "age_years"


@pytest.mark.parametrize(
    "known",
    [{"rash": "yes"}, {"treatment_days": 3}, {"for_someone_else": "yes"}],
    ids=["report", "treatment", "person"],
)
def test_going_back_leaves_what_was_volunteered(known: dict[str, Answer]) -> None:
    conversation = take(at("fever", known, chest_signs="no"), WentBack())[0]
    assert conversation.answers == known


def test_going_back_may_lower_the_advice() -> None:
    events = (Answered("yes"), WentBack(), Answered("no"))
    conversation = take(at("fever", chest_signs="no"), *events)[0]
    assert assess(SMALL, conversation.answers).disposition is Disposition.SELF_CARE


def test_going_back_from_the_offer_of_tips_asks_the_last_question() -> None:
    assert take(at("offer.tips", CALM), WentBack())[0].pending == "nights_woken"


def test_going_back_asks_in_the_first_words_again() -> None:
    conversation = at("fever", rephrased=True, chest_signs="no")
    assert take(conversation, WentBack())[0].rephrased is False


def test_going_back_is_no_miss() -> None:
    assert take(at("chest_signs"), *[WentBack()] * 4)[0].misses == 0


# --- changing an answer ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "pending"),
    [
        pytest.param(("fever",), "fever", id="its own question"),
        pytest.param(("cold_sweat",), "chest_signs", id="its group's question"),
        pytest.param(("body_aches",), "aches", id="question of another name"),
        pytest.param(("rash", "fever"), "fever", id="the first that is asked about"),
    ],
)
def test_changing_an_answer_asks_its_question_again(
    findings: tuple[str, ...], pending: str
) -> None:
    conversation = at("nights_woken", CALM, fever="yes", aches="yes")
    after, reply = take(conversation, ChangedMind(findings))
    assert ids(reply.say) == ["going_back", f"question.{pending}"]
    assert (after.pending, pending in after.answers) == (pending, False)


def test_changing_an_answer_leaves_the_others() -> None:
    after = take(at("age_years", chest_signs="no", fever="yes"), ChangedMind(("fever",)))[0]
    assert after.answers == {"chest_signs": "no"}


def test_changing_an_answer_about_a_member_forgets_its_report_too() -> None:
    conversation = at("fever", chest_signs="no", cold_sweat="no")
    assert take(conversation, ChangedMind(("cold_sweat",)))[0].answers == {}


def test_a_changed_answer_may_lower_the_advice() -> None:
    conversation = at("age_years", chest_signs="no", fever="yes", aches="yes")
    after = take(conversation, ChangedMind(("fever",)), Answered("no"))[0]
    assert assess(SMALL, after.answers).disposition is Disposition.SELF_CARE


def test_after_a_changed_answer_the_check_goes_on_where_it_was() -> None:
    events = (ChangedMind(("fever",)), Answered("no"))
    assert take(at("age_years", chest_signs="no", fever="yes"), *events)[0].pending == "age_years"


@pytest.mark.parametrize("findings", [(), ("rash",), ("housemaids_knee",)], ids=str)
def test_changing_what_no_question_asks_about_is_a_miss(findings: tuple[str, ...]) -> None:
    conversation = at("chest_signs", rash="yes")
    after, reply = take(conversation, ChangedMind(findings))
    assert ids(reply.say) == ["missed.once", "question.chest_signs"]
    assert after.answers == {"rash": "yes"}
