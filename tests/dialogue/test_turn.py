"""What a conversation does with each thing that can happen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

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
from skill.dialogue.script import Line, line_ids
from skill.dialogue.turn import take_turn
from skill.triage.model import Disposition
from tests.dialogue.small import (
    ONE_QUESTION,
    SEVERAL,
    SMALL,
    on_yes,
    rule,
    rule_set_of,
    yes_no,
)
from tests.dialogue.talk import at, ids, said, take

if TYPE_CHECKING:
    from skill.dialogue.script import Reply
    from skill.triage.model import Answer, RuleSet, YesNo

# Calm answers to all that SMALL asks, but for the last question.
CALM: dict[str, Answer] = {
    "chest_signs": "no",
    "fever": "no",
    "age_years": 40,
    "duration_days": 2,
}

# --- every event in every kind of state -----------------------------------------------------

STATES = {
    "fresh": begin(SMALL),
    "lost": None,
    "group question": at("chest_signs"),
    "yes/no question": at("fever", chest_signs="no"),
    "follow-up": at("aches", chest_signs="no", fever="yes"),
    "age question": at("age_years", chest_signs="no", fever="no"),
    "duration question": at("duration_days", chest_signs="no", fever="no", age_years=40),
    "count question": at("nights_woken", CALM),
    "unit awaited": at("duration_days", misses=1)._replace(number=7),
    "speaking slowly": at("fever", chest_signs="no")._replace(slowly=True),
    "rephrased": at("fever", rephrased=True, chest_signs="no"),
    "missed twice": at("fever", misses=2, chest_signs="no"),
    "closed by misses": at(None, chest_signs="no"),
    "for another person": at("awake", for_someone_else="yes"),
    "pain elsewhere": at("chest_signs", lower_back_only="yes"),
    "confirming": at("confirm.fever", chest_signs="no", fever="yes"),
    "check offered": at("offer.check"),
    "tips offered": at("offer.tips", CALM, nights_woken=0),
    "tips offered, missed twice": at("offer.tips", CALM, misses=2, nights_woken=0),
}
EVENTS: dict[str, Event] = {
    "opened": Opened(),
    "yes": Answered("yes"),
    "no": Answered("no"),
    "unsure": Answered("unsure"),
    "number": Counted(3),
    "huge number": Counted(999_999),
    "lost number": Counted(None),
    "duration": Lasted(21),
    "lost duration": Lasted(None),
    "age": Aged(40),
    "lost age": Aged(None),
    "treated": Treated(3),
    "lost treatment": Treated(None),
    "emergency": Reported(("chest_pain",)),
    "report": Reported(("rash", "fever")),
    "unknown report": Reported(("housemaids_knee",)),
    "empty report": Reported(()),
    "report of another person": Reported(("for_someone_else",)),
    "report of a pain elsewhere": Reported(("lower_back_only",)),
    "denial": Denied(("chest_pain", "fever")),
    "unknown denial": Denied(("housemaids_knee",)),
    "about another person": AboutOther(NotUnderstood()),
    "another person's finding": AboutOther(Reported(("fever",))),
    "another person's age": AboutOther(Aged(8)),
    "topic": AskedAbout("causes"),
    "unknown topic": AskedAbout("astrology"),
    "reassurance": Reassured(),
    "the caller themselves": AboutSelf(),
    "unit": GaveUnit(7),
    "meant yes": Corrected("yes"),
    "meant no": Corrected("no"),
    "back": WentBack(),
    "change of a group": ChangedMind(("cold_sweat",)),
    "change of a finding": ChangedMind(("fever",)),
    "unknown change": ChangedMind(("housemaids_knee",)),
    "why": AskedWhy(),
    "meaning": AskedMeaning(),
    "how many": AskedHowMany(),
    "summary": AskedForSummary(),
    "forget": AskedToForget(),
    "emergency number": AskedForNumber(),
    "wait": AskedToWait(),
    "slower": AskedForSlower(),
    "shorter": AskedForShorter(),
    "louder": AskedForLouder(),
    "repeat": AskedToRepeat(),
    "help": AskedForHelp(),
    "start over": StartedOver(),
    "stop": Stopped(),
    "not understood": NotUnderstood(),
}
EVERY_STATE = pytest.mark.parametrize("state", STATES.values(), ids=STATES)


def replies(state: Conversation | None) -> list[tuple[str, Conversation, Reply]]:
    """Return what each event comes to in a state: its name, the state after it, the reply."""
    return [(name, *take(state, event)) for name, event in EVENTS.items()]


def test_these_tests_know_every_kind_of_event() -> None:
    assert {type(event) for event in EVENTS.values()} == set(get_args(Event))


@EVERY_STATE
def test_every_line_of_a_reply_is_in_the_script(state: Conversation | None) -> None:
    for name, _, reply in replies(state):
        assert reply.say, name
        assert {*ids(reply.say), *ids(reply.reprompt)} <= set(line_ids(SMALL)), name


@EVERY_STATE
def test_a_reply_that_goes_on_ends_with_what_is_pending(state: Conversation | None) -> None:
    for name, conversation, reply in replies(state):
        if reply.closes:
            continue
        prompt = prompt_for(conversation.pending, SMALL)
        assert prompt is not None, name
        asked = {prompt.ask.id, prompt.simpler.id, prompt.again.id, f"value.{prompt.pending}"}
        waits_for_unit = conversation.number is not None
        assert reply.say[-1].id in asked | ({"which_unit"} if waits_for_unit else set()), name


@EVERY_STATE
def test_a_reply_that_closes_asks_nothing(state: Conversation | None) -> None:
    asking = ("question.", "reprompt.", "simpler.", "value.", "offer.", "confirm", "which_unit")
    for name, _, reply in replies(state):
        assert not reply.closes or not reply.say[-1].id.startswith(asking), name


@EVERY_STATE
def test_the_reprompt_asks_what_is_pending_in_short(state: Conversation | None) -> None:
    for name, conversation, reply in replies(state):
        short = f"reprompt.{str(conversation.pending).partition('confirm.')[0] or 'confirm'}"
        assert reply.closes or ids(reply.reprompt) == [short], name


@EVERY_STATE
def test_the_state_after_a_reply_can_travel(state: Conversation | None) -> None:
    for name, conversation, _ in replies(state):
        travelled = Conversation.from_attributes(conversation.to_attributes(), SMALL)
        assert travelled == conversation, name


@EVERY_STATE
def test_the_same_event_in_the_same_state_gives_the_same_reply(state: Conversation | None) -> None:
    assert replies(state) == replies(state)


@EVERY_STATE
def test_a_reported_emergency_is_answered_first_in_every_state(state: Conversation | None) -> None:
    assert said(state, Reported(("chest_pain",)))[0] == "emergency.first"


@EVERY_STATE
def test_stop_ends_the_call_in_every_state(state: Conversation | None) -> None:
    reply = take(state, Stopped())[1]
    assert ids(reply.say) == ["stopped"]
    assert reply.closes


@EVERY_STATE
def test_help_in_every_state_goes_on(state: Conversation | None) -> None:
    assert not take(state, AskedForHelp())[1].closes


@EVERY_STATE
def test_start_over_forgets_every_answer(state: Conversation | None) -> None:
    conversation = take(state, StartedOver())[0]
    assert not conversation.answers
    assert conversation.pending == "chest_signs"


@EVERY_STATE
def test_an_opening_forgets_every_answer(state: Conversation | None) -> None:
    assert not take(state, Opened())[0].answers


# --- opening, and having no question --------------------------------------------------------


def test_an_opening_greets_and_asks_the_first_question() -> None:
    assert said(begin(SMALL), Opened()) == ["greeting", "question.chest_signs"]


def test_start_over_says_so_and_asks_the_first_question() -> None:
    assert said(at("fever"), StartedOver()) == ["started_over", "question.chest_signs"]


@pytest.mark.parametrize(
    "event",
    [
        Answered("yes"),
        Answered("no"),
        Answered("unsure"),
        Counted(3),
        AskedToRepeat(),
        NotUnderstood(),
        Reported(()),
        Lasted(None),
        Treated(None),
        Reassured(),
        AskedAbout("astrology"),
        GaveUnit(7),
        Corrected("yes"),
        WentBack(),
        ChangedMind(()),
        AskedWhy(),
        AskedMeaning(),
        AskedHowMany(),
        AskedForSummary(),
        AskedToWait(),
        AskedForShorter(),
        AskedForLouder(),
    ],
    ids=str,
)
def test_with_no_question_pending_what_answers_nothing_opens_the_conversation(
    event: Event,
) -> None:
    conversation, reply = take(begin(SMALL), event)
    assert ids(reply.say) == ["greeting", "question.chest_signs"]
    assert not conversation.answers


def test_a_call_that_begins_with_help_hears_more_than_the_opening() -> None:
    expected = ["greeting", "help", "question.chest_signs"]
    assert said(begin(SMALL), AskedForHelp()) == expected


def test_a_lost_conversation_is_said_to_start_again() -> None:
    assert said(None, Answered("yes")) == ["restarted", "greeting", "question.chest_signs"]


def test_a_report_after_a_loss_is_kept() -> None:
    assert take(None, Reported(("fever",)))[0].answers == {"fever": "yes"}


def test_a_lost_conversation_is_not_mentioned_to_a_caller_in_an_emergency() -> None:
    assert "restarted" not in said(None, Reported(("chest_pain",)))


def test_a_lost_conversation_is_not_mentioned_to_a_caller_who_stops() -> None:
    assert said(None, Stopped()) == ["stopped"]


# --- answers to a question ------------------------------------------------------------------


def test_an_answer_is_kept_under_its_question() -> None:
    assert take(at("chest_signs"), Answered("no"))[0].answers == {"chest_signs": "no"}


def test_an_answer_leads_straight_to_the_next_question() -> None:
    assert said(at("chest_signs"), Answered("no")) == ["question.fever"]


def test_a_yes_opens_the_follow_up() -> None:
    assert said(at("fever", chest_signs="no"), Answered("yes")) == ["question.aches"]


def test_not_sure_is_first_asked_in_simpler_words() -> None:
    conversation, reply = take(at("chest_signs"), Answered("unsure"))
    assert ids(reply.say) == ["asked_simpler", "simpler.chest_signs"]
    assert not conversation.answers


def test_not_sure_after_simpler_words_is_kept() -> None:
    conversation = take(at("chest_signs"), Answered("unsure"), Answered("unsure"))[0]
    assert conversation.answers == {"chest_signs": "unsure"}
    assert conversation.pending == "fever"


def test_each_question_has_its_own_simpler_words() -> None:
    events = (Answered("unsure"), Answered("unsure"), Answered("unsure"))
    assert said(at("chest_signs"), *events) == ["asked_simpler", "simpler.fever"]


def test_a_question_is_not_put_in_simpler_words_twice_though_something_was_volunteered() -> None:
    events = (Answered("unsure"), Aged(40), Answered("unsure"))
    assert take(at("chest_signs"), *events)[0].answers["chest_signs"] == "unsure"


def test_not_sure_about_a_number_is_kept_the_second_time() -> None:
    conversation = take(at("age_years"), Answered("unsure"), Answered("unsure"))[0]
    assert conversation.answers == {"age_years": "unsure"}


@pytest.mark.parametrize(
    ("pending", "answer"),
    [("age_years", "yes"), ("duration_days", "yes"), ("nights_woken", "yes")],
)
def test_a_yes_or_no_to_a_question_for_a_number_asks_for_the_number(
    pending: str, answer: YesNo
) -> None:
    conversation, reply = take(at(pending), Answered(answer))
    assert ids(reply.say) == [f"value.{pending}"]
    assert (conversation.misses, dict(conversation.answers)) == (1, {})


# --- numbers, lengths of time, ages ---------------------------------------------------------


@pytest.mark.parametrize(
    ("pending", "event", "kept", "heard"),
    [
        pytest.param("age_years", Counted(40), 40, "years", id="bare number as age"),
        pytest.param("age_years", Aged(40), 40, "years", id="age"),
        pytest.param("age_years", Aged(120), 120, "years", id="oldest age"),
        pytest.param("age_years", Lasted(40 * 365), 40, "years", id="forty years as age"),
        pytest.param("duration_days", Lasted(10), 10, "days", id="duration"),
        pytest.param("duration_days", Lasted(0), 0, "today", id="since just now"),
        pytest.param("nights_woken", Counted(3), 3, "nights", id="bare number as count"),
        pytest.param("nights_woken", Counted(0), 0, "nights", id="no night"),
        pytest.param("nights_woken", Lasted(7), 7, "nights", id="a week of nights"),
    ],
)
def test_a_number_is_taken_at_its_own_question_and_read_back(
    pending: str, event: Event, kept: int, heard: str
) -> None:
    conversation, reply = take(at(pending), event)
    assert conversation.answers == {pending: kept}
    assert ids(reply.say) == ["heard", "question.chest_signs"]
    assert dict(reply.say[0].values)["quantity"] == f"quantity.{heard}"


def test_some_months_as_an_age_are_no_year() -> None:
    assert take(at("age_years"), Lasted(200))[0].answers == {"age_years": 0}


@pytest.mark.parametrize(
    ("pending", "event"),
    [
        pytest.param("age_years", Counted(121), id="age as a number too large"),
        pytest.param("age_years", Aged(121), id="age too large"),
        pytest.param("age_years", Lasted(121 * 365), id="years too many"),
        pytest.param("duration_days", Lasted(36_501), id="duration too long"),
        pytest.param("nights_woken", Counted(367), id="count too large"),
        pytest.param("nights_woken", Lasted(400), id="nights too many"),
        pytest.param("age_years", Counted(None), id="number of years missing"),
        pytest.param("age_years", Aged(None), id="age missing"),
        pytest.param("duration_days", Lasted(None), id="duration missing"),
        pytest.param("nights_woken", Counted(None), id="count missing"),
        pytest.param("duration_days", Counted(36_501), id="bare number too large"),
        pytest.param("duration_days", Counted(None), id="bare number missing"),
    ],
)
def test_a_number_that_cannot_be_taken_at_its_own_question_is_asked_for_again(
    pending: str, event: Event
) -> None:
    conversation, reply = take(at(pending), event)
    assert ids(reply.say) == [f"value.{pending}"]
    assert (conversation.misses, dict(conversation.answers)) == (1, {})


@pytest.mark.parametrize(
    ("event", "kept", "heard"),
    [
        pytest.param(Aged(40), {"age_years": 40}, "years", id="age"),
        pytest.param(Lasted(10), {"duration_days": 10}, "days", id="duration"),
        pytest.param(Treated(3), {"treatment_days": 3}, "days", id="treatment"),
    ],
)
def test_a_volunteered_number_is_kept_and_the_question_stays(
    event: Event, kept: dict[str, int], heard: str
) -> None:
    conversation, reply = take(at("chest_signs"), event)
    assert conversation.answers == kept
    assert ids(reply.say) == ["heard", "question.chest_signs"]
    assert dict(reply.say[0].values)["quantity"] == f"quantity.{heard}"


@pytest.mark.parametrize("event", [Aged(40), Lasted(10), Treated(3)], ids=str)
def test_a_number_in_a_fresh_call_is_greeted_and_read_back(event: Event) -> None:
    assert said(begin(SMALL), event) == ["greeting", "heard", "question.chest_signs"]


def test_the_number_itself_is_read_back() -> None:
    assert dict(take(at("chest_signs"), Lasted(10))[1].say[0].values)["count"] == 10


@pytest.mark.parametrize(
    ("first", "second"), [(Lasted(20), Lasted(5)), (Treated(9), Treated(2))], ids=str
)
def test_what_is_read_back_is_what_is_kept(first: Event, second: Event) -> None:
    conversation, reply = take(at("chest_signs"), first, second)
    assert [dict(reply.say[0].values)["count"]] == list(conversation.answers.values())


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(Counted(3), id="bare number"),
        pytest.param(Counted(None), id="lost number"),
        pytest.param(Aged(121), id="age out of range"),
        pytest.param(Aged(None), id="age missing"),
        pytest.param(Lasted(36_501), id="duration out of range"),
        pytest.param(Lasted(None), id="duration missing"),
        pytest.param(Treated(36_501), id="treatment out of range"),
        pytest.param(Treated(None), id="treatment missing"),
    ],
)
def test_a_number_that_means_nothing_at_a_yes_no_question_is_a_miss(event: Event) -> None:
    conversation, reply = take(at("fever"), event)
    assert ids(reply.say) == ["missed.once", "question.fever"]
    assert (conversation.misses, dict(conversation.answers)) == (1, {})


def test_a_length_of_time_that_was_not_understood_is_a_miss_at_a_question_for_a_count() -> None:
    assert said(at("nights_woken"), Lasted(None)) == ["missed.once", "question.nights_woken"]


@pytest.mark.parametrize("event", [Aged(40), Lasted(10), Treated(3)], ids=str)
def test_a_number_that_no_question_wants_is_a_miss(event: Event) -> None:
    conversation = at("fever", rules=ONE_QUESTION)
    assert said(conversation, event, rules=ONE_QUESTION) == ["missed.once", "question.fever"]


# --- a number without its unit ----------------------------------------------------------------

UNIT_AWAITED = at("duration_days", misses=1)._replace(number=7)


def test_a_bare_number_at_the_question_how_long_asks_for_the_unit() -> None:
    conversation, reply = take(at("duration_days"), Counted(7))
    assert reply.say == (Line("which_unit", (("count", 7),)),)
    assert (conversation.number, dict(conversation.answers)) == (7, {})


@pytest.mark.parametrize(
    ("unit", "days"),
    [
        pytest.param(1, 7, id="days"),
        pytest.param(7, 49, id="weeks"),
        pytest.param(30, 210, id="months"),
        pytest.param(365, 2_555, id="years"),
    ],
)
def test_the_unit_completes_the_number(unit: int, days: int) -> None:
    conversation = take(at("duration_days"), Counted(7), GaveUnit(unit))[0]
    assert conversation.answers == {"duration_days": days}


def test_a_completed_number_is_read_back() -> None:
    first = take(UNIT_AWAITED, GaveUnit(7))[1].say[0]
    assert first == Line("heard", (("count", 7), ("quantity", "quantity.weeks")))


def test_a_completed_number_waits_for_no_unit_any_more() -> None:
    assert take(UNIT_AWAITED, GaveUnit(7))[0].number is None


def test_a_unit_without_a_number_asks_how_long() -> None:
    conversation, reply = take(at("duration_days"), GaveUnit(7))
    assert ids(reply.say) == ["value.duration_days"]
    assert (conversation.misses, dict(conversation.answers)) == (1, {})


@pytest.mark.parametrize("pending", ["fever", "nights_woken", "age_years"])
def test_a_unit_at_another_question_is_a_miss(pending: str) -> None:
    assert said(at(pending), GaveUnit(7)) == ["missed.once", f"question.{pending}"]


def test_a_unit_that_makes_the_time_too_long_asks_how_long() -> None:
    conversation, reply = take(at("duration_days"), Counted(200), GaveUnit(365))
    assert ids(reply.say) == ["value.duration_days"]
    assert not conversation.answers


def test_a_new_number_replaces_the_one_that_waits_for_its_unit() -> None:
    conversation = take(UNIT_AWAITED, Counted(3), GaveUnit(1))[0]
    assert conversation.answers == {"duration_days": 3}


def test_a_whole_length_of_time_replaces_the_number_that_waits_for_its_unit() -> None:
    conversation = take(UNIT_AWAITED, Lasted(10))[0]
    assert (conversation.number, conversation.answers) == (None, {"duration_days": 10})


@pytest.mark.parametrize(
    "event", [Reported(("rash",)), WentBack(), ChangedMind(("fever",)), StartedOver()], ids=str
)
def test_the_number_is_forgotten_when_another_question_is_asked(event: Event) -> None:
    conversation = at("duration_days", chest_signs="no", fever="yes")._replace(number=7)
    after = take(conversation, event)[0]
    assert (after.pending != "duration_days", after.number) == (True, None)


def test_asking_for_the_unit_once_is_no_miss() -> None:
    assert take(at("duration_days"), Counted(7))[0].misses == 0


def test_the_fourth_number_without_a_unit_sends_the_caller_to_a_person() -> None:
    assert said(at("duration_days"), *[Counted(7)] * 4) == ["missed.given_up"]


def test_repeat_asks_for_the_unit_again() -> None:
    assert said(at("duration_days"), Counted(7), AskedToRepeat()) == ["which_unit"]


# --- reports and denials --------------------------------------------------------------------


def test_a_report_wins_over_the_pending_question() -> None:
    reply = take(at("fever", chest_signs="no"), Reported(("cold_sweat",)))[1]
    assert reply.advice is Disposition.EMERGENCY


def test_a_report_wins_over_a_no_to_its_group() -> None:
    events = (Answered("no"), Reported(("chest_pain",)))
    assert take(at("chest_signs"), *events)[1].advice is Disposition.EMERGENCY


def test_a_report_below_an_emergency_leaves_the_question_pending() -> None:
    conversation, reply = take(at("chest_signs"), Reported(("rash",)))
    assert ids(reply.say) == ["noted", "question.chest_signs"]
    assert conversation.answers == {"rash": "yes"}


def test_a_report_in_a_fresh_call_is_greeted_and_noted() -> None:
    assert said(begin(SMALL), Reported(("fever",))) == ["greeting", "noted", "question.chest_signs"]


def test_a_report_of_what_a_question_asks_answers_the_question() -> None:
    conversation = take(at("chest_signs"), Reported(("body_aches",)))[0]
    assert conversation.answers == {"aches": "yes"}


def test_every_finding_of_a_report_is_kept() -> None:
    conversation = take(at("chest_signs"), Reported(("rash", "fever", "body_aches")))[0]
    assert conversation.answers == {"rash": "yes", "fever": "yes", "aches": "yes"}


def test_an_unknown_finding_does_not_spoil_a_report() -> None:
    conversation = take(at("chest_signs"), Reported(("housemaids_knee", "rash")))[0]
    assert conversation.answers == {"rash": "yes"}


@pytest.mark.parametrize("event", [Reported, Denied], ids=["report", "denial"])
@pytest.mark.parametrize(
    "findings",
    [(), ("housemaids_knee",), ("any_chest_sign",), ("chest_signs",)],
    ids=["none", "unknown", "never reported", "a question"],
)
def test_findings_that_cannot_be_reported_are_a_miss(
    event: type[Reported | Denied], findings: tuple[str, ...]
) -> None:
    conversation, reply = take(at("chest_signs"), event(findings))
    assert ids(reply.say) == ["missed.once", "question.chest_signs"]
    assert not conversation.answers


def test_a_denial_is_kept() -> None:
    conversation, reply = take(at("chest_signs"), Denied(("rash", "fever")))
    assert conversation.answers == {"rash": "no", "fever": "no"}
    assert ids(reply.say) == ["denied", "question.chest_signs"]


@pytest.mark.parametrize(
    "denied",
    [("chest_pain",), ("cold_sweat",), ("chest_pain", "cold_sweat")],
    ids=["one", "other", "all"],
)
def test_denying_members_never_answers_their_group(denied: tuple[str, ...]) -> None:
    conversation = take(at("chest_signs"), Denied(denied))[0]
    assert conversation.pending == "chest_signs"
    assert "chest_signs" not in conversation.answers


def test_no_denial_of_a_member_answers_a_group_of_the_real_rule_set(rule_set: RuleSet) -> None:
    groups = [question for question in rule_set.questions if len(question.asks_about) > 1]
    reported = {finding.id for finding in rule_set.findings if finding.reported}
    for question in groups:
        # A finding that bears the question's own id is the question, not one of its members.
        for member in sorted(reported.intersection(question.asks_about) - {question.id}):
            denied = take_turn(begin(rule_set), Denied((member,)), rule_set)[0]
            assert question.id not in denied.answers, member


def test_a_denial_in_a_fresh_call_is_greeted() -> None:
    assert said(begin(SMALL), Denied(("fever",)))[0] == "greeting"


# --- contradictions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("yes", "no", "yes"),
        ("no", "yes", "yes"),
        ("unsure", "no", "unsure"),
        ("no", "unsure", "unsure"),
        ("yes", "unsure", "yes"),
        ("unsure", "yes", "yes"),
    ],
)
def test_of_two_answers_the_more_urgent_is_kept_where_yes_alarms(
    first: Answer, second: Answer, kept: Answer
) -> None:
    conversation = at("fever", fever=first, rephrased=True)
    assert take(conversation, Answered(_word(second)))[0].answers["fever"] == kept


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("no", "yes", "no"),
        ("yes", "no", "no"),
        ("unsure", "yes", "unsure"),
        ("yes", "unsure", "unsure"),
        ("no", "unsure", "no"),
        ("unsure", "no", "no"),
    ],
)
def test_of_two_answers_the_more_urgent_is_kept_where_no_alarms(
    first: Answer, second: Answer, kept: Answer
) -> None:
    conversation = at("aches", fever="yes", aches=first, rephrased=True)
    assert take(conversation, Answered(_word(second)))[0].answers["aches"] == kept


def test_a_report_is_kept_over_an_earlier_denial() -> None:
    events = (Denied(("rash",)), Reported(("rash",)))
    assert take(at("chest_signs"), *events)[0].answers == {"rash": "yes"}


@pytest.mark.parametrize(
    ("first", "second"), [(Lasted(30), Lasted(5)), (Lasted(5), Lasted(30))], ids=str
)
def test_of_two_lengths_of_time_the_longer_is_kept(first: Event, second: Event) -> None:
    assert take(at("chest_signs"), first, second)[0].answers == {"duration_days": 30}


@pytest.mark.parametrize(
    ("first", "second"), [(Treated(9), Treated(2)), (Treated(2), Treated(9))], ids=str
)
def test_of_two_treatments_the_longer_is_kept(first: Event, second: Event) -> None:
    assert take(at("chest_signs"), first, second)[0].answers == {"treatment_days": 9}


@pytest.mark.parametrize(("first", "second"), [(3, 5), (5, 3)])
def test_of_two_counts_the_larger_is_kept(first: int, second: int) -> None:
    conversation = at("nights_woken", nights_woken=first)
    assert take(conversation, Counted(second))[0].answers == {"nights_woken": 5}


@pytest.mark.parametrize("pending", ["age_years", "duration_days"])
def test_no_to_an_age_or_a_length_of_time_is_one_more_not_sure(pending: str) -> None:
    conversation, reply = take(at(pending), Answered("no"))
    assert ids(reply.say) == ["asked_simpler", f"simpler.{pending}"]
    assert take(conversation, Answered("no"))[0].answers == {pending: "unsure"}


def test_no_nights_are_none() -> None:
    assert take(at("nights_woken"), Answered("no"))[0].answers == {"nights_woken": 0}


@pytest.mark.parametrize(("first", "second"), [(17, 71), (71, 17)])
def test_of_two_ages_neither_is_taken_before_it_is_said_once_more(first: int, second: int) -> None:
    conversation, reply = take(at("chest_signs"), Aged(first), Aged(second))
    assert ids(reply.say) == ["value.age_years"]
    assert not conversation.answers
    assert take(conversation, Counted(second))[0].answers == {"age_years": second}


def test_another_person_takes_over_warning_signs_and_nothing_else() -> None:
    before = at("strain", chest_signs="no", fever="yes", age_years=40, rash="no")
    after = take(before, AboutOther(NotUnderstood()))[0]
    assert after.answers == {"fever": "yes", "for_someone_else": "yes"}


def test_naming_the_other_person_again_is_no_miss() -> None:
    after, reply = take(FOR_OTHER, AboutOther(NotUnderstood()))
    assert ids(reply.say) == ["for_other", f"question.{FOR_OTHER.pending}"]
    assert after.misses == 0


def test_who_calls_for_themselves_after_all_is_asked_as_such() -> None:
    after, reply = take(FOR_OTHER, AboutSelf())
    assert "for_someone_else" not in after.answers
    assert not reply.about_other


def test_who_never_called_for_another_has_missed_nothing_by_saying_so() -> None:
    after, reply = take(at("fever"), AboutSelf())
    assert ids(reply.say) == ["noted", "question.fever"]
    assert after.misses == 0


def test_i_meant_no_does_not_say_that_somebody_is_not_awake() -> None:
    after, reply = take(FOR_OTHER, Corrected("no"))
    assert after.pending == FOR_OTHER.pending
    assert reply.advice is None


@pytest.mark.parametrize("pending", ["age_years", "duration_days", "nights_woken"])
def test_a_number_is_kept_over_a_later_not_sure(pending: str) -> None:
    conversation = at(pending, {pending: 3}, rephrased=True)
    assert take(conversation, Answered("unsure"))[0].answers == {pending: 3}


@pytest.mark.parametrize(
    ("pending", "event"),
    [("age_years", Aged(3)), ("duration_days", Lasted(3)), ("nights_woken", Counted(3))],
)
def test_a_number_replaces_an_earlier_not_sure(pending: str, event: Event) -> None:
    conversation = at(pending, {pending: "unsure"})
    assert take(conversation, event)[0].answers == {pending: 3}


# --- misses ---------------------------------------------------------------------------------

MISS = NotUnderstood()


def test_the_first_miss_asks_again() -> None:
    assert said(at("fever"), MISS) == ["missed.once", "question.fever"]


def test_the_second_miss_says_how_to_answer_and_asks_in_simpler_words() -> None:
    assert said(at("fever"), MISS, MISS) == ["how_to_answer.yes_no", "simpler.fever"]


def test_the_third_miss_sends_the_caller_to_a_person_and_closes() -> None:
    reply = take(at("fever"), MISS, MISS, MISS)[1]
    assert ids(reply.say) == ["missed.given_up"]
    assert reply.closes


def test_the_third_unusable_number_sends_the_caller_to_a_person() -> None:
    events = (Aged(None), Counted(500), Answered("yes"))
    assert said(at("age_years"), *events) == ["missed.given_up"]


def test_the_third_empty_report_sends_the_caller_to_a_person() -> None:
    assert said(at("fever"), *[Reported(())] * 3) == ["missed.given_up"]


def test_giving_up_gives_no_advice_of_the_rule_set() -> None:
    assert take(at("fever", rash="yes"), MISS, MISS, MISS)[1].advice is None


def test_after_giving_up_a_yes_answers_nothing() -> None:
    assert said(at("fever"), MISS, MISS, MISS, Answered("yes"))[0] == "greeting"


@pytest.mark.parametrize(
    "understood",
    [
        Answered("no"),
        Answered("unsure"),
        Aged(40),
        Reported(("rash",)),
        Denied(("rash",)),
        AboutOther(NotUnderstood()),
    ],
    ids=str,
)
def test_an_understood_answer_resets_the_misses(understood: Event) -> None:
    assert take(at("chest_signs"), MISS, MISS, understood)[0].misses == 0


@pytest.mark.parametrize(
    "asked", [AskedForHelp(), AskedAbout("causes"), Reassured(), AskedWhy()], ids=str
)
def test_what_is_asked_on_the_side_resets_the_misses(asked: Event) -> None:
    assert take(at("chest_signs"), MISS, MISS, asked)[0].misses == 0


def test_repeating_leaves_the_misses_as_they_are() -> None:
    assert take(at("chest_signs"), MISS, MISS, AskedToRepeat())[0].misses == 2


def test_misses_count_for_one_question_only() -> None:
    events = (MISS, MISS, Answered("no"), MISS)
    assert said(at("chest_signs"), *events) == ["missed.once", "question.fever"]


@pytest.mark.parametrize(
    ("pending", "kind"),
    [("age_years", "age"), ("duration_days", "duration"), ("nights_woken", "count")],
)
def test_how_to_answer_depends_on_the_kind_of_question(pending: str, kind: str) -> None:
    assert said(at(pending), MISS, MISS)[0] == f"how_to_answer.{kind}"


# --- repeating and helping ------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        [Opened()],
        [Opened(), Answered("no")],
        [Opened(), Reported(("rash",))],
        [Opened(), NotUnderstood()],
        [Opened(), Answered("unsure")],
        [Opened(), AskedForHelp()],
        [Opened(), AskedToRepeat()],
        [Opened(), AskedAbout("causes")],
        [AskedAbout("causes")],
        [Opened(), Lasted(21)],
        [Opened(), Reported(("fever",)), Denied(("fever",))],
    ],
    ids=[
        "greeting",
        "question",
        "noted",
        "missed",
        "simpler",
        "help",
        "repeated",
        "topic",
        "offer",
        "number",
        "doubt",
    ],
)
def test_repeat_says_the_last_words_again(events: list[Event]) -> None:
    conversation, reply = take(begin(SMALL), *events)
    assert take(conversation, AskedToRepeat()) == (conversation, reply)


def test_repeat_asks_the_pending_question_if_the_last_words_are_not_known() -> None:
    assert said(at("fever")._replace(said=()), AskedToRepeat()) == ["question.fever"]


def test_help_explains_and_asks_the_pending_question_again() -> None:
    expected = ["help", "how_to_answer.age", "question.age_years"]
    assert said(at("age_years"), AskedForHelp()) == expected


def test_after_help_the_answer_counts_for_the_same_question() -> None:
    conversation = take(at("fever"), AskedForHelp(), Answered("no"))[0]
    assert conversation.answers == {"fever": "no"}


# --- somebody else --------------------------------------------------------------------------

FOR_OTHER = at("awake", for_someone_else="yes")


@pytest.mark.parametrize(
    "event",
    [
        AboutOther(NotUnderstood()),
        AboutOther(Reported(("fever",))),
        AboutOther(Aged(80)),
        AboutOther(Answered("yes")),
        AboutOther(Denied(("rash",))),
        Reported(("for_someone_else",)),
    ],
    ids=str,
)
def test_of_somebody_else_it_is_asked_first_whether_they_are_awake(event: Event) -> None:
    assert take(at("fever"), event)[0].pending == "awake"


@pytest.mark.parametrize(
    "event",
    [
        AboutOther(NotUnderstood()),
        AboutOther(Reported(("fever",))),
        Reported(("for_someone_else",)),
    ],
    ids=str,
)
def test_a_call_for_somebody_else_is_acknowledged(event: Event) -> None:
    assert said(at("chest_signs"), event) == ["for_other", "question.awake"]


def test_a_call_that_begins_for_somebody_else_is_greeted() -> None:
    expected = ["greeting", "for_other", "question.awake"]
    assert said(begin(SMALL), AboutOther(Reported(("fever",)))) == expected


def test_a_call_for_somebody_else_is_acknowledged_once() -> None:
    assert "for_other" not in said(FOR_OTHER, AboutOther(Reported(("rash",))))


def test_what_somebody_else_has_is_kept() -> None:
    conversation = take(at("chest_signs"), AboutOther(Reported(("fever", "rash"))))[0]
    assert conversation.answers == {"for_someone_else": "yes", "fever": "yes", "rash": "yes"}


def test_somebody_elses_age_is_kept() -> None:
    conversation = take(at("chest_signs"), AboutOther(Aged(80)))[0]
    assert conversation.answers == {"for_someone_else": "yes", "age_years": 80}


def test_an_answer_about_somebody_else_is_kept() -> None:
    conversation = take(at("fever"), AboutOther(Answered("no")))[0]
    assert conversation.answers == {"for_someone_else": "yes", "fever": "no"}


def test_an_unknown_finding_of_somebody_else_still_tells_that_it_is_somebody_else() -> None:
    conversation = take(at("chest_signs"), AboutOther(Reported(("housemaids_knee",))))[0]
    assert conversation.answers == {"for_someone_else": "yes"}


@pytest.mark.parametrize(
    "inner",
    [
        Aged(None),
        Lasted(None),
        Treated(None),
        Denied(()),
        Answered("yes"),
    ],
    ids=str,
)
def test_a_call_that_begins_unclearly_is_still_for_somebody_else(inner: Event) -> None:
    assert take(begin(SMALL), AboutOther(inner))[0].answers == {"for_someone_else": "yes"}


@pytest.mark.parametrize("answer", ["no", "unsure"])
def test_somebody_not_awake_or_maybe_not_is_an_emergency(answer: YesNo) -> None:
    reply = take(FOR_OTHER._replace(rephrased=True), Answered(answer))[1]
    assert reply.advice is Disposition.EMERGENCY


def test_not_sure_whether_they_are_awake_is_first_asked_in_simpler_words() -> None:
    assert said(FOR_OTHER, Answered("unsure")) == ["asked_simpler", "simpler.awake"]


def test_of_somebody_awake_the_first_question_follows() -> None:
    assert said(FOR_OTHER, Answered("yes")) == ["question.chest_signs"]


def test_a_caller_is_not_asked_whether_they_are_awake_themselves() -> None:
    assert "question.awake" not in said(begin(SMALL), Opened())


def test_replies_for_somebody_else_speak_of_them() -> None:
    assert take(FOR_OTHER, Answered("yes"))[1].about_other


def test_the_reply_that_closes_a_call_for_somebody_else_speaks_of_them() -> None:
    assert take(FOR_OTHER, Stopped())[1].about_other


def test_replies_to_the_person_in_pain_do_not_speak_of_them() -> None:
    assert not take(at("chest_signs"), Answered("no"))[1].about_other


def test_the_next_call_is_not_for_somebody_else() -> None:
    assert not take(FOR_OTHER, Answered("no"), Opened())[1].about_other


def test_a_rule_set_that_knows_nobody_else_takes_what_was_said() -> None:
    event = AboutOther(Reported(("fever",)))
    assert take(begin(ONE_QUESTION), event, rules=ONE_QUESTION)[0] == begin(ONE_QUESTION)


@pytest.mark.parametrize("years", [0, 15])
def test_a_child_that_speaks_for_itself_is_asked_for_a_grown_up(years: int) -> None:
    assert "ask_adult" in said(at("age_years"), Aged(years))


@pytest.mark.parametrize(
    ("conversation", "event"),
    [
        (at("age_years"), AboutOther(Aged(8))),
        (at("age_years", for_someone_else="yes", awake="yes"), Aged(8)),
        (at("age_years", for_someone_else="yes", awake="yes"), Counted(8)),
    ],
    ids=["named with the age", "asked for", "bare number"],
)
def test_a_parent_is_not_asked_for_a_grown_up(conversation: Conversation, event: Event) -> None:
    assert "ask_adult" not in said(conversation, event)


def test_a_grown_up_is_not_asked_for_another() -> None:
    assert "ask_adult" not in said(at("age_years"), Aged(16))


def test_a_child_is_asked_for_a_grown_up_at_its_age_only() -> None:
    assert "ask_adult" not in said(at("duration_days", age_years=8), Lasted(3))


# --- pain elsewhere -------------------------------------------------------------------------

ELSEWHERE = at("chest_signs", lower_back_only="yes")
HERE = rule_set_of(
    [yes_no("chest_signs", even_out_of_scope=True), yes_no("fever")],
    [
        on_yes("any_chest_sign", "chest_signs"),
        on_yes("fever"),
        {"id": "upper_back", "reported": True},
        {"id": "lower_back_only", "reported": True, "own_words": True},
    ],
    [rule("heart", "emergency", "any_chest_sign"), rule("hot", "see_doctor", "fever")],
    in_scope=["upper_back"],
    out_of_scope=["lower_back_only"],
)


def test_a_pain_elsewhere_is_still_asked_about_an_emergency() -> None:
    assert said(at("fever"), Reported(("lower_back_only",))) == ["noted", "question.chest_signs"]


def test_a_pain_elsewhere_is_asked_nothing_else_and_sent_to_a_doctor() -> None:
    reply = take(ELSEWHERE, Answered("no"))[1]
    assert ids(reply.say) == ["out_of_scope", "safety_net.emergency"]
    assert reply.closes


def test_no_advice_of_the_rule_set_is_given_for_a_pain_elsewhere() -> None:
    assert take(ELSEWHERE, Answered("no"))[1].advice is None


def test_an_emergency_with_a_pain_elsewhere_is_an_emergency() -> None:
    assert take(ELSEWHERE, Answered("yes"))[1].advice is Disposition.EMERGENCY


def test_what_was_found_with_a_pain_elsewhere_gets_its_advice() -> None:
    reply = take(ELSEWHERE._replace(answers={**ELSEWHERE.answers, "rash": "yes"}), Answered("no"))[
        1
    ]
    assert reply.advice is Disposition.URGENT_SAME_DAY


def test_for_somebody_else_with_a_pain_elsewhere_it_is_asked_whether_they_are_awake() -> None:
    event = AboutOther(Reported(("lower_back_only",)))
    assert take(at("chest_signs"), event)[0].pending == "awake"


def test_no_self_care_is_advised_for_a_pain_elsewhere_that_is_told_last() -> None:
    conversation = at("offer.tips", CALM, nights_woken=0)
    assert take(conversation, Reported(("lower_back_only",)))[1].advice is None


def test_who_has_it_here_after_all_is_asked_everything() -> None:
    events = (Reported(("lower_back_only",)), Reported(("upper_back",)), Answered("no"))
    assert take(at("chest_signs", rules=HERE), *events, rules=HERE)[0].pending == "fever"


def test_who_has_it_elsewhere_is_not() -> None:
    events = (Reported(("lower_back_only",)), Answered("no"))
    assert said(at("chest_signs", rules=HERE), *events, rules=HERE)[0] == "out_of_scope"


def test_a_report_with_words_of_its_own_is_answered_in_them() -> None:
    conversation = at("chest_signs", rules=HERE)
    heard = said(conversation, Reported(("upper_back", "lower_back_only")), rules=HERE)
    assert heard == ["noted.lower_back_only", "question.chest_signs"]


# --- topics ---------------------------------------------------------------------------------


def test_a_topic_amid_the_check_is_answered_in_short_and_the_question_asked_again() -> None:
    assert said(at("fever"), AskedAbout("causes")) == ["topic.causes", "question.fever"]


def test_a_topic_amid_the_check_changes_nothing() -> None:
    conversation = at("fever", rephrased=True, chest_signs="no")
    after, reply = take(conversation, AskedAbout("causes"))
    assert after._replace(said=conversation.said) == conversation
    assert after.said == reply.say


def test_a_topic_in_a_fresh_call_is_greeted_answered_at_length_and_offers_the_check() -> None:
    conversation, reply = take(begin(SMALL), AskedAbout("medicines"))
    assert ids(reply.say) == [
        "greeting",
        "topic.medicines",
        "topic.medicines.more",
        "offer.check",
    ]
    assert conversation.pending == "offer.check"


@pytest.mark.parametrize("pending", ["offer.check", "offer.tips"])
def test_a_topic_at_an_offer_is_answered_at_length_without_a_greeting(pending: str) -> None:
    expected = ["topic.causes", "topic.causes.more", pending]
    assert said(at(pending), AskedAbout("causes")) == expected


def test_a_topic_at_a_doubt_asks_the_doubt_again() -> None:
    conversation = at("confirm.fever", chest_signs="no", fever="yes")
    assert said(conversation, AskedAbout("causes")) == ["topic.causes", "confirm"]


def test_a_topic_in_a_fresh_call_for_somebody_else_is_greeted() -> None:
    assert said(begin(SMALL), AboutOther(AskedAbout("causes")))[0] == "greeting"


def test_a_topic_that_is_not_known_is_a_miss() -> None:
    assert said(at("fever"), AskedAbout("astrology")) == ["missed.once", "question.fever"]


# --- offers ---------------------------------------------------------------------------------

TIPS_OFFERED = at("offer.tips", CALM, nights_woken=0)


def test_a_yes_to_the_check_begins_it() -> None:
    assert said(at("offer.check"), Answered("yes")) == ["question.chest_signs"]


@pytest.mark.parametrize("answer", ["no", "unsure"])
def test_anything_but_a_yes_to_the_check_ends_the_call(answer: YesNo) -> None:
    reply = take(at("offer.check"), Answered(answer))[1]
    assert (ids(reply.say), reply.closes) == (["stopped"], True)


def test_a_yes_to_the_tips_gives_them_and_ends_the_call() -> None:
    reply = take(TIPS_OFFERED, Answered("yes"))[1]
    assert (ids(reply.say), reply.closes) == (["tip.keep_moving", "take_care"], True)


@pytest.mark.parametrize("answer", ["no", "unsure"])
def test_anything_but_a_yes_to_the_tips_ends_the_call(answer: YesNo) -> None:
    reply = take(TIPS_OFFERED, Answered(answer))[1]
    assert (ids(reply.say), reply.closes) == (["take_care"], True)


@pytest.mark.parametrize("pending", ["offer.check", "offer.tips"])
def test_the_first_miss_at_an_offer_offers_again(pending: str) -> None:
    assert said(at(pending), NotUnderstood()) == ["missed.once", pending]


@pytest.mark.parametrize("pending", ["offer.check", "offer.tips"])
def test_the_second_miss_at_an_offer_says_how_to_answer(pending: str) -> None:
    expected = ["how_to_answer.offer", pending]
    assert said(at(pending), NotUnderstood(), NotUnderstood()) == expected


@pytest.mark.parametrize(
    ("pending", "last"), [("offer.check", "missed.given_up"), ("offer.tips", "take_care")]
)
def test_the_third_miss_at_an_offer_ends_the_call(pending: str, last: str) -> None:
    reply = take(at(pending, misses=2), NotUnderstood())[1]
    assert (ids(reply.say), reply.closes) == ([last], True)


@pytest.mark.parametrize("event", [Counted(3), Counted(None)], ids=str)
def test_a_bare_number_is_a_miss_at_an_offer(event: Event) -> None:
    assert said(at("offer.check"), event) == ["missed.once", "offer.check"]


def test_help_at_an_offer_explains_it() -> None:
    expected = ["help", "how_to_answer.offer", "offer.tips"]
    assert said(TIPS_OFFERED, AskedForHelp()) == expected


def test_a_finding_told_at_the_offer_of_tips_changes_the_advice() -> None:
    reply = take(TIPS_OFFERED, Reported(("rash",)))[1]
    assert reply.advice is Disposition.URGENT_SAME_DAY


def test_a_length_of_time_told_at_the_offer_of_tips_changes_the_advice() -> None:
    assert take(TIPS_OFFERED, Lasted(30))[1].advice is Disposition.SEE_DOCTOR


# --- doubts ---------------------------------------------------------------------------------

DOUBTED = at("confirm.fever", chest_signs="no", fever="yes", aches="yes")


def test_a_denial_of_what_was_reported_is_to_be_confirmed() -> None:
    events = (Reported(("fever",)), Denied(("fever",)))
    conversation, reply = take(at("chest_signs"), *events)
    assert ids(reply.say) == ["confirm"]
    assert reply.say[0].values == (("finding", "about.fever"),)
    assert conversation.answers == {"fever": "yes"}


def test_a_doubt_about_what_no_question_asks_names_the_finding() -> None:
    reply = take(at("chest_signs", rash="yes"), Denied(("rash",)))[1]
    assert reply.say == (Line("confirm", (("finding", "finding.rash"),)),)


def test_a_denial_of_what_was_answered_is_to_be_confirmed() -> None:
    assert said(at("aches", chest_signs="no", fever="yes"), Denied(("fever",))) == ["confirm"]


def test_what_else_was_denied_is_kept_while_one_thing_is_to_be_confirmed() -> None:
    conversation = take(at("chest_signs", fever="yes"), Denied(("rash", "fever")))[0]
    assert conversation.answers == {"fever": "yes", "rash": "no"}


def test_a_plain_no_takes_the_report_back() -> None:
    conversation, reply = take(DOUBTED, Answered("no"))
    assert conversation.answers["fever"] == "no"
    assert reply.say[0].id == "corrected"


@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_anything_but_a_plain_no_leaves_the_report_standing(answer: YesNo) -> None:
    conversation, reply = take(at("confirm.fever", fever="yes"), Answered(answer))
    assert conversation.answers == {"fever": "yes"}
    assert ids(reply.say) == ["kept", "question.chest_signs"]


def test_not_sure_at_a_doubt_about_what_no_question_asks_leaves_the_report_standing() -> None:
    conversation, reply = take(at("confirm.rash", rash="yes"), Answered("unsure"))
    assert conversation.answers == {"rash": "yes"}
    assert ids(reply.say) == ["kept", "question.chest_signs"]


def test_not_sure_at_a_doubt_is_not_asked_in_simpler_words() -> None:
    assert "asked_simpler" not in said(DOUBTED, Answered("unsure"))


@pytest.mark.parametrize("event", [Aged(40), Reported(("posture",)), Lasted(5)], ids=str)
def test_what_is_told_instead_of_confirming_leaves_the_report_standing(event: Event) -> None:
    conversation = take(at("confirm.fever", fever="yes"), event)[0]
    assert conversation.answers["fever"] == "yes"
    assert conversation.pending == "chest_signs"


def test_the_third_miss_at_a_doubt_sends_the_caller_to_a_person() -> None:
    assert said(DOUBTED._replace(misses=2), NotUnderstood()) == ["missed.given_up"]


def test_a_denial_of_what_was_not_told_needs_no_confirming() -> None:
    assert said(at("chest_signs", rash="no"), Denied(("rash",)))[0] == "denied"


def test_a_denial_that_alarms_needs_no_confirming() -> None:
    conversation = take(at("chest_signs", aches="yes"), Denied(("body_aches",)))[0]
    assert conversation.answers == {"aches": "no"}


# --- names that stand for several things ----------------------------------------------------


def test_denying_a_name_for_several_things_does_not_answer_their_question() -> None:
    conversation = at("fever", rules=SEVERAL)
    after, reply = take(conversation, Denied(("fever",)), rules=SEVERAL)
    assert not after.answers
    assert ids(reply.say) == ["denied", "question.fever"]


def test_denying_a_name_for_several_things_when_asked_again_answers_their_question() -> None:
    events = (Denied(("fever",)), Denied(("fever",)))
    conversation = take(at("fever", rules=SEVERAL), *events, rules=SEVERAL)[0]
    assert conversation.answers == {"fever": "no"}


def test_a_no_after_denying_a_name_for_several_things_answers_their_question() -> None:
    events = (Denied(("fever",)), Answered("no"))
    conversation = take(at("fever", rules=SEVERAL), *events, rules=SEVERAL)[0]
    assert conversation.answers == {"fever": "no"}


def test_denying_a_name_for_several_things_after_a_miss_is_asked_again_too() -> None:
    events = (NotUnderstood(), Denied(("fever",)))
    conversation = take(at("fever", rules=SEVERAL), *events, rules=SEVERAL)[0]
    assert conversation.answers == {}


def test_reporting_a_name_for_several_things_answers_their_question() -> None:
    conversation = take(at("fever", rules=SEVERAL), Reported(("fever",)), rules=SEVERAL)[0]
    assert conversation.answers == {"fever": "yes"}


def test_denying_a_name_for_one_thing_answers_its_question() -> None:
    conversation = take(at("fever", rules=SEVERAL), Denied(("rash",)), rules=SEVERAL)[0]
    assert conversation.answers == {"rash": "no"}


def test_denying_a_name_for_several_things_that_was_reported_is_to_be_confirmed() -> None:
    conversation = at("strain", rules=SEVERAL, fever="yes")
    assert said(conversation, Denied(("fever",)), rules=SEVERAL) == ["confirm"]


def test_not_sure_at_a_doubt_is_no_calm_yes_where_no_alarms() -> None:
    conversation = at("confirm.strain", rules=SEVERAL, fever="no", strain="yes", rash="no")
    after = take(conversation, Answered("unsure"), rules=SEVERAL)[1]
    assert after.advice is Disposition.URGENT_SAME_DAY


def test_no_denial_of_several_things_answers_a_question_of_the_real_rule_set(
    rule_set: RuleSet,
) -> None:
    for finding in rule_set.findings:
        if finding.several:
            denied = take_turn(begin(rule_set), Denied((finding.id,)), rule_set)[0]
            assert not denied.answers, finding.id


# --- reassurance ----------------------------------------------------------------------------


def test_reassurance_asks_the_question_all_the_same() -> None:
    assert said(at("fever"), Reassured()) == ["still_checking", "question.fever"]


def test_reassurance_changes_nothing() -> None:
    conversation = at("fever", rephrased=True, chest_signs="no", rash="yes")
    after, reply = take(conversation, Reassured())
    assert after._replace(said=conversation.said) == conversation
    assert after.said == reply.say


def test_reassurance_about_somebody_else_changes_nothing() -> None:
    after = take(FOR_OTHER, AboutOther(Reassured()))[0]
    assert after.answers == FOR_OTHER.answers


# --- the real rule set ----------------------------------------------------------------------


def test_pain_down_an_arm_is_asked_back_at_once(rule_set: RuleSet) -> None:
    event = Reported(("arm_spread_unclear",))
    assert take(begin(rule_set), Opened(), event, rules=rule_set)[0].pending == "jaw_or_heavy_arm"


@pytest.mark.parametrize("elsewhere", ["lower_back_only", "neck_only"])
def test_a_pain_elsewhere_hears_exactly_the_emergency_questions(
    rule_set: RuleSet, elsewhere: str
) -> None:
    conversation, reply = take(begin(rule_set), Reported((elsewhere,)), rules=rule_set)
    asked = []
    while not reply.closes:
        asked.append(conversation.pending)
        conversation, reply = take(conversation, Answered("no"), rules=rule_set)
    emergency = [q.id for q in rule_set.questions if q.even_out_of_scope and not q.follows]
    assert asked == emergency
    assert ids(reply.say) == ["out_of_scope", "safety_net.emergency"]


def _word(answer: Answer) -> YesNo:
    assert not isinstance(answer, int)
    return answer
