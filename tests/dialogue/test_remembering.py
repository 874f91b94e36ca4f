"""The talk with a memory: consent, going on from a check that was broken off, forgetting."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from skill.dialogue.asking import begin
from skill.dialogue.events import (
    AboutOther,
    Aged,
    Answered,
    AskedAbout,
    AskedForHelp,
    AskedForSlower,
    AskedHowMany,
    AskedMeaning,
    AskedToForget,
    AskedToRepeat,
    AskedWhy,
    ChangedMind,
    Corrected,
    Counted,
    Denied,
    Lasted,
    NotUnderstood,
    Opened,
    Reported,
    StartedOver,
    Stopped,
    WentBack,
)
from skill.dialogue.prompts import OFFER_RESUME
from skill.dialogue.remembering import Call, Remembering
from skill.dialogue.script import OF_A_MEMORY
from skill.dialogue.talk import Recall, Talk
from skill.dialogue.turn import take_turn
from skill.triage.model import Disposition
from tests.dialogue.memories import OwnMemory
from tests.dialogue.small import SMALL
from tests.dialogue.talk import ids
from tests.dialogue.test_kept_check import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from skill.dialogue.events import Event
    from skill.dialogue.script import Reply

Json = Any

CALLER = "amzn1.ask.account.1"
MINUTE, HOUR = 60, 3600
YES, NO, UNSURE = Answered("yes"), Answered("no"), Answered("unsure")
OFFER_KEEP = "offer.keep.24"


@dataclass
class Phone:
    """A caller with a device: whatever is said goes through the session attributes and back.

    Attributes:
        memory: The memory.
        caller: The caller's user id.
        talk: The state after the last turn; ``None`` while no session is open.
        reply: The last reply.
    """

    memory: OwnMemory = field(default_factory=OwnMemory)
    caller: str = CALLER
    talk: Talk | None = None
    reply: Reply | None = None
    requests: int = 0

    def says(self, *events: Event) -> list[str]:
        """Say some things, and return the ids of the lines that the last was answered with."""
        for event in events:
            self.requests += 1
            request = f"{id(self)}.{self.requests}"
            self.talk, self.reply = self.taken(self.talk, event, request)
            if self.reply.closes:
                self.talk = None
        assert self.reply is not None
        return ids(self.reply.say)

    def taken(self, talk: Talk | None, event: Event, request: str) -> tuple[Talk, Reply]:
        """Take one turn of a request."""
        remembering = Remembering(self.memory, SMALL)
        self.memory.asked.clear()
        call = Call(self.caller, request, self.memory.now)
        told, reply = remembering.take_turn(talk or remembering.begin(), event, call)
        attributes = json.loads(json.dumps(told.to_attributes(SMALL)))
        schema("session.schema.json").validate(attributes)
        travelled = Talk.from_attributes(attributes, SMALL)
        assert travelled == told
        return travelled, reply

    def is_cut_off(self, minutes: int) -> Phone:
        """End the session, and let time pass."""
        self.talk = None
        self.memory.now += minutes * MINUTE
        return self

    @property
    def pending(self) -> str | None:
        """What waits for an answer."""
        return self.talk.conversation.pending if self.talk else None

    @property
    def answers(self) -> dict[str, Json]:
        """The answers of the call."""
        assert self.talk is not None
        return dict(self.talk.conversation.answers)

    @property
    def stage(self) -> str:
        """How far the talk about keeping answers has come."""
        assert self.talk is not None
        return self.talk.recall.stage

    @property
    def kept(self) -> dict[str, Json] | None:
        """The answers that the memory holds."""
        document = self.memory.document(self.caller)
        answers = document and document["answers"]
        return dict(answers) if isinstance(answers, dict) else None


@pytest.fixture
def phone() -> Phone:
    """Give a caller who has not called yet."""
    return Phone()


def at_consent(phone: Phone) -> Phone:
    phone.says(Opened(), NO)
    assert phone.pending == OFFER_KEEP
    return phone


def agreed(phone: Phone) -> Phone:
    at_consent(phone).says(YES)
    return phone


def at_resume(phone: Phone, minutes: int = 5) -> Phone:
    """Leave a check in the middle, with an age in it, and call again."""
    agreed(phone).says(Aged(66), UNSURE, UNSURE)
    assert phone.kept == {"chest_signs": "no", "age_years": 66, "fever": "unsure"}
    phone.is_cut_off(minutes).says(Opened(), NO)
    assert phone.pending == OFFER_RESUME
    return phone


# --- consent --------------------------------------------------------------------------------


def test_consent_is_asked_once_the_emergency_questions_are_answered(phone: Phone) -> None:
    assert phone.says(Opened()) == ["greeting", "question.chest_signs"]
    assert phone.memory.asked == []
    assert phone.says(NO) == ["offer.keep"]
    assert phone.memory.asked == ["load"]


def test_consent_names_how_long_answers_are_kept() -> None:
    phone = Phone(OwnMemory(hours=72))
    phone.says(Opened(), NO)
    assert phone.pending == "offer.keep.72"
    assert phone.reply is not None
    assert dict(phone.reply.say[-1].values) == {"count": 3, "quantity": "quantity.days"}


def test_consent_to_other_hours_than_are_kept_now_is_none(phone: Phone) -> None:
    at_consent(phone).memory.hours = 72
    assert phone.says(YES) == ["offer.keep"]
    assert phone.pending == "offer.keep.72"
    assert phone.memory.rows == {}
    assert phone.says(YES) == ["memory.keeping", "question.fever"]


def test_consent_waits_for_the_emergency_questions_whatever_is_said_first(phone: Phone) -> None:
    phone.says(Opened(), Aged(30), Lasted(3), Reported(("fever",)), AskedWhy())
    assert phone.pending == "chest_signs"
    phone.says(NO)
    assert phone.pending == OFFER_KEEP


def test_consent_waits_for_the_follow_ups_of_emergency_questions(phone: Phone) -> None:
    phone.says(Opened(), AboutOther(NO))
    assert phone.pending == "awake"
    assert phone.memory.asked == []
    phone.says(YES)
    assert phone.pending == OFFER_KEEP


def test_a_question_out_of_its_turn_does_not_bring_consent_up(phone: Phone) -> None:
    phone.says(Opened(), ChangedMind(("fever",)))
    assert phone.pending == "fever"
    assert phone.says(UNSURE) == ["asked_simpler", "simpler.fever"]
    assert phone.memory.asked == []


def test_what_was_said_beside_the_last_emergency_answer_is_acknowledged(phone: Phone) -> None:
    phone.says(Opened(), Reported(("posture",)))
    assert phone.says(NO, WentBack(), NO) == ["offer.keep"]


def test_yes_keeps_the_answers_before_it_is_acknowledged(phone: Phone) -> None:
    assert at_consent(phone).says(YES) == ["memory.keeping", "question.fever"]
    assert phone.memory.asked == ["save"]
    assert phone.kept == {"chest_signs": "no"}


def test_after_a_yes_every_answer_is_saved_in_its_turn(phone: Phone) -> None:
    agreed(phone).says(NO)
    assert phone.memory.asked == ["save"]
    assert phone.kept == {"chest_signs": "no", "fever": "no"}


@pytest.mark.parametrize("event", [AskedToRepeat(), AskedWhy(), AskedHowMany(), NotUnderstood()])
def test_a_turn_without_news_does_not_touch_the_memory(phone: Phone, event: Event) -> None:
    agreed(phone).says(event)
    assert phone.memory.asked == []


@pytest.mark.parametrize("event", [NO, UNSURE, NotUnderstood(), Counted(7)], ids=str)
def test_anything_but_a_yes_is_no_consent(phone: Phone, event: Event) -> None:
    assert at_consent(phone).says(event) == ["memory.not_keeping", "question.fever"]
    phone.says(NO, Aged(30))
    assert phone.memory.rows == {}


@pytest.mark.parametrize("event", [Reported(("posture",)), Aged(66)], ids=str)
def test_whatever_else_is_said_is_taken_and_no_consent(phone: Phone, event: Event) -> None:
    assert at_consent(phone).says(event)[-1] == "question.fever"
    assert len(phone.answers) == 2
    assert phone.stage == "off"
    phone.says(NO, Lasted(3))
    assert phone.memory.rows == {}


def test_a_call_that_turns_at_the_consent_comes_back_to_it(phone: Phone) -> None:
    at_consent(phone).says(AboutOther(YES))
    assert phone.pending == "awake"
    assert phone.says(YES, NO) == ["offer.keep"]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (AskedWhy(), ["why.offer.keep", "offer.keep"]),
        (AskedMeaning(), ["asked_simpler", "simpler.offer.keep"]),
        (AskedForHelp(), ["help", "how_to_answer.offer", "offer.keep"]),
        (AskedForSlower(), ["slower", "offer.keep"]),
        (AskedToRepeat(), ["offer.keep"]),
        (AskedAbout("causes"), ["topic.causes", "offer.keep"]),
    ],
    ids=str,
)
def test_consent_can_be_talked_about(phone: Phone, event: Event, told: list[str]) -> None:
    assert at_consent(phone).says(event) == told
    assert phone.says(YES) == ["memory.keeping", "question.fever"]


def test_an_emergency_that_is_told_at_the_consent_is_answered_at_once(phone: Phone) -> None:
    at_consent(phone).says(Reported(("chest_pain",)))
    assert phone.reply is not None
    assert phone.reply.advice is Disposition.EMERGENCY
    assert phone.memory.asked == []


def test_going_back_at_the_consent_asks_for_it_again_after_the_answer(phone: Phone) -> None:
    assert at_consent(phone).says(WentBack()) == ["going_back", "question.chest_signs"]
    assert phone.says(NO) == ["offer.keep"]


def test_who_stops_or_falls_silent_at_the_consent_has_not_agreed(phone: Phone) -> None:
    at_consent(phone).says(Stopped())
    assert phone.memory.asked == []
    at_consent(phone).is_cut_off(1)
    assert phone.says(Opened(), NO) == ["offer.keep"]
    assert phone.memory.rows == {}


def test_no_i_meant_yes_gives_consent(phone: Phone) -> None:
    told = at_consent(phone).says(NO, Corrected("yes"))
    assert told == ["memory.keeping", "question.fever"]
    assert phone.kept == {"chest_signs": "no"}
    assert phone.answers == {"chest_signs": "no"}


def test_no_i_meant_no_takes_consent_back(phone: Phone) -> None:
    assert agreed(phone).says(Corrected("no")) == ["memory.not_keeping", "question.fever"]
    assert phone.kept is None
    phone.says(NO)
    assert phone.memory.asked == []


def test_consent_that_cannot_be_taken_back_is_told(phone: Phone) -> None:
    agreed(phone).memory.fails = lambda _: True
    assert phone.says(Corrected("no")) == ["memory.not_forgotten", "question.fever"]
    assert phone.stage == "off"


def test_a_later_correction_is_about_the_check_again(phone: Phone) -> None:
    agreed(phone).says(NO, Corrected("yes"))
    assert phone.answers["fever"] == "yes"


# --- going on -------------------------------------------------------------------------------


def test_nothing_of_an_earlier_check_is_said_before_a_yes(phone: Phone) -> None:
    agreed(phone).says(Aged(66), UNSURE, UNSURE)
    phone.is_cut_off(5)
    assert phone.says(Opened()) == ["greeting", "question.chest_signs"]
    assert phone.memory.asked == []
    assert phone.says(NO) == ["offer.resume"]


@pytest.mark.parametrize(
    ("minutes", "asked", "known"),
    [
        (5, "duration_days", {"chest_signs", "age_years", "fever"}),
        (45, "fever", {"chest_signs", "age_years"}),
    ],
)
def test_yes_goes_on_with_what_still_holds(
    phone: Phone, minutes: int, asked: str, known: set[str]
) -> None:
    told = at_resume(phone, minutes).says(YES)
    assert told == ["memory.resumed", "summary.age", f"question.{asked}"]
    assert phone.answers.keys() == known
    assert phone.kept == phone.answers
    assert phone.memory.asked == ["save"]


def test_the_age_that_a_check_goes_on_with_is_read_back_after_the_yes(phone: Phone) -> None:
    at_resume(phone).says(YES)
    assert phone.reply is not None
    assert dict(phone.reply.say[1].values) == {"count": 66}


def test_a_child_that_goes_on_is_told_once_more_to_get_a_grown_up(phone: Phone) -> None:
    agreed(phone).says(Aged(9))
    told = phone.is_cut_off(5).says(Opened(), NO, YES)
    assert told == ["memory.resumed", "summary.age", "ask_adult", "question.fever"]


def test_a_check_that_turns_out_to_be_about_somebody_else_says_so(phone: Phone) -> None:
    for_dad = AboutOther(NotUnderstood())
    phone.says(Opened(), for_dad, YES, NO, YES, Aged(66))
    told = phone.is_cut_off(45).says(Opened(), NO, YES)
    assert told == ["memory.resumed", "for_other", "summary.age", "question.awake"]
    told = phone.is_cut_off(45).says(Opened(), for_dad, YES, NO, YES)
    assert told == ["memory.resumed", "summary.age", "question.fever"]


def test_a_check_without_an_age_goes_on_without_one(phone: Phone) -> None:
    agreed(phone).says(NO)
    told = phone.is_cut_off(5).says(Opened(), NO, YES)
    assert told == ["memory.resumed", "question.age_years"]


def test_a_check_that_expired_is_not_offered(phone: Phone) -> None:
    agreed(phone).says(Aged(66))
    phone.is_cut_off(25 * 60)
    assert phone.says(Opened(), NO) == ["offer.keep"]


def test_how_long_the_pain_has_lasted_has_moved_on() -> None:
    phone = Phone(OwnMemory(hours=72))
    phone.says(Opened(), NO, YES, Lasted(27))
    phone.is_cut_off(25 * 60).says(Opened(), NO, YES)
    assert phone.answers["duration_days"] == 28
    phone.is_cut_off(25 * 60).says(Opened(), NO, YES)
    assert phone.answers["duration_days"] == 29


def test_the_age_of_a_check_is_that_of_its_oldest_answer(phone: Phone) -> None:
    agreed(phone).memory.now += 20 * MINUTE
    phone.says(NO)
    phone.is_cut_off(20).says(Opened(), NO, YES)
    assert "fever" not in phone.answers


def test_a_check_that_goes_on_again_and_again_grows_old_all_the_same(phone: Phone) -> None:
    at_resume(phone, 20).says(YES)
    phone.is_cut_off(20).says(Opened(), NO, YES)
    assert "fever" not in phone.answers


def test_history_does_not_outlive_thirty_days_however_often_a_check_goes_on() -> None:
    phone = Phone(OwnMemory(hours=720))
    phone.says(Opened(), NO, YES, Aged(66))
    phone.is_cut_off(20 * 24 * 60).says(Opened(), NO, YES)
    assert phone.answers["age_years"] == 66
    phone.is_cut_off(20 * 24 * 60)
    assert phone.says(Opened(), NO) == ["offer.keep"]
    assert phone.kept is None


def test_who_starts_over_begins_a_check_of_thirty_days_anew() -> None:
    phone = Phone(OwnMemory(hours=720))
    phone.says(Opened(), NO, YES, Aged(66))
    phone.is_cut_off(20 * 24 * 60).says(Opened(), NO, YES, StartedOver(), NO)
    phone.says(YES, Aged(67))
    assert phone.is_cut_off(20 * 24 * 60).says(Opened(), NO) == ["offer.resume"]


def test_no_forgets_the_earlier_check_and_keeps_none(phone: Phone) -> None:
    assert at_resume(phone).says(NO) == ["memory.forgotten", "question.fever"]
    assert phone.memory.asked == ["forget"]
    assert phone.answers == {"chest_signs": "no"}
    phone.says(NO)
    assert phone.kept is None


def test_actually_no_is_a_no_to_going_on(phone: Phone) -> None:
    assert at_resume(phone).says(Corrected("no")) == ["memory.forgotten", "question.fever"]
    assert phone.kept is None


def test_actually_no_at_the_consent_is_a_no_to_it(phone: Phone) -> None:
    told = at_consent(phone).says(Corrected("no"))
    assert told == ["memory.not_keeping", "question.fever"]


def test_actually_no_corrects_what_was_not_sure_before_the_offer(phone: Phone) -> None:
    phone.says(Opened(), UNSURE, UNSURE)
    assert phone.pending == OFFER_KEEP
    assert phone.says(Corrected("no"))[0] == "corrected"
    assert phone.answers == {"chest_signs": "no"}
    assert phone.memory.rows == {}


def test_not_sure_leaves_the_earlier_check_as_it_is(phone: Phone) -> None:
    kept = at_resume(phone).kept
    assert phone.says(UNSURE) == ["question.fever"]
    phone.says(NO)
    assert phone.kept == kept
    assert phone.answers == {"chest_signs": "no", "fever": "no"}


def test_who_stops_or_falls_silent_at_the_offer_to_go_on_leaves_the_check_as_it_is(
    phone: Phone,
) -> None:
    kept = at_resume(phone).kept
    phone.says(Stopped())
    assert phone.memory.asked == []
    assert phone.says(Opened(), NO) == ["offer.resume"]
    phone.is_cut_off(1)
    assert phone.says(Opened(), NO) == ["offer.resume"]
    assert phone.kept == kept


def test_who_is_not_understood_thrice_goes_on_without_the_earlier_check(phone: Phone) -> None:
    at_resume(phone)
    assert phone.says(NotUnderstood()) == ["missed.once", "offer.resume"]
    assert phone.says(NotUnderstood()) == ["how_to_answer.offer", "simpler.offer.resume"]
    assert phone.says(NotUnderstood()) == ["question.fever"]
    assert phone.stage == "off"


def test_whatever_else_is_said_is_taken_and_the_offer_made_again(phone: Phone) -> None:
    assert at_resume(phone).says(Reported(("posture",))) == ["noted", "offer.resume"]
    phone.says(YES)
    assert phone.answers["posture"] == "yes"
    assert phone.answers["age_years"] == 66


def test_an_emergency_that_is_told_at_the_offer_is_answered_at_once(phone: Phone) -> None:
    at_resume(phone).says(Reported(("chest_pain",)))
    assert phone.reply is not None
    assert phone.reply.advice is Disposition.EMERGENCY
    assert phone.memory.asked == []


@pytest.mark.parametrize("event", [Corrected("no"), StartedOver(), Aged(30)], ids=str)
def test_whose_check_it_was_not_starts_over_and_what_was_kept_is_gone(
    phone: Phone, event: Event
) -> None:
    told = at_resume(phone).says(YES, event)
    assert told == ["memory.forgotten", "started_over", "question.chest_signs"]
    assert phone.answers == {}
    assert phone.memory.asked == ["forget"]
    assert phone.kept is None


def test_who_starts_over_is_asked_for_consent_of_their_own(phone: Phone) -> None:
    at_resume(phone).says(YES, StartedOver())
    assert phone.says(NO) == ["offer.keep"]
    phone.says(NO, NO, Aged(30))
    assert phone.kept is None


def test_who_starts_over_and_agrees_again_is_kept(phone: Phone) -> None:
    agreed(phone).says(StartedOver(), NO, YES, Aged(30))
    assert phone.kept == {"chest_signs": "no", "age_years": 30}


def test_starting_over_that_cannot_delete_says_so_and_keeps_nothing_more(phone: Phone) -> None:
    agreed(phone).memory.fails = lambda _: True
    told = phone.says(StartedOver())
    assert told == ["memory.not_forgotten", "started_over", "question.chest_signs"]
    phone.memory.fails = lambda _: False
    assert phone.says(NO) == ["question.fever"]
    assert phone.stage == "off"


def test_starting_over_at_the_offer_comes_back_to_it(phone: Phone) -> None:
    assert at_resume(phone).says(StartedOver()) == ["started_over", "question.chest_signs"]
    assert phone.memory.asked == []
    assert phone.says(NO) == ["offer.resume"]


def test_the_same_age_again_goes_on(phone: Phone) -> None:
    told = at_resume(phone).says(YES, Aged(66))
    assert told == ["heard", "question.duration_days"]


def test_another_age_later_on_is_asked_for_once_more(phone: Phone) -> None:
    assert at_resume(phone).says(YES, AskedWhy(), Aged(30)) == ["value.age_years"]


def test_a_fresh_yes_outweighs_a_kept_no(phone: Phone) -> None:
    agreed(phone).says(NO)
    phone.is_cut_off(5).says(Opened(), Reported(("fever",)), NO, YES)
    assert phone.answers["fever"] == "yes"


def test_a_check_of_other_rules_is_forgotten_which_is_said(phone: Phone) -> None:
    document = {"rule_set": "small@0.9.0", "answers": {"odd": "yes"}, "since": 1}
    phone.memory.save_if_unchanged(CALLER, document, seen=0, request_id="0")
    assert phone.says(Opened(), NO) == ["memory.outdated", "offer.keep"]
    assert phone.memory.asked == ["load", "forget"]
    assert phone.kept is None
    phone.says(YES)
    assert phone.kept == {"chest_signs": "no"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"rule_set": SMALL.name},
        {"rule_set": SMALL.name, "answers": {"odd": 1}, "since": 1, "begun": 1},
    ],
    ids=str,
)
def test_what_cannot_be_read_counts_for_nothing(phone: Phone, document: dict[str, Json]) -> None:
    phone.memory.save_if_unchanged(CALLER, document, seen=0, request_id="0")
    assert phone.says(Opened(), NO) == ["offer.keep"]
    assert phone.memory.asked == ["load", "forget"]
    assert phone.kept is None
    phone.says(YES)
    assert phone.kept == {"chest_signs": "no"}


def test_a_check_of_which_nothing_holds_any_more_is_deleted(phone: Phone) -> None:
    agreed(phone).is_cut_off(45)
    assert phone.says(Opened(), NO) == ["offer.keep"]
    assert phone.kept is None


def test_a_request_from_before_a_check_deletes_nothing_though_none_of_it_holds_then(
    phone: Phone,
) -> None:
    phone.says(Opened())
    before = phone.talk
    agreed(Phone(phone.memory))
    phone.memory.now -= 1
    _, reply = phone.taken(before, NO, "late")
    assert ids(reply.say) == ["memory.unavailable", "question.fever"]
    assert phone.memory.asked == ["load"]
    assert phone.kept == {"chest_signs": "no"}


def test_another_caller_is_offered_nothing(phone: Phone) -> None:
    agreed(phone)
    assert Phone(phone.memory, "amzn1.ask.account.2").says(Opened(), NO) == ["offer.keep"]


# --- the end, and forgetting ----------------------------------------------------------------


def test_a_check_that_ends_below_an_emergency_is_deleted(phone: Phone) -> None:
    agreed(phone).says(NO, Aged(30), Lasted(3), NO)
    assert phone.reply is not None
    assert phone.reply.advice is Disposition.SELF_CARE
    assert phone.memory.asked == ["forget"]
    assert phone.kept is None


def test_the_end_of_a_check_that_nobody_agreed_to_keep_needs_no_memory(phone: Phone) -> None:
    at_consent(phone).says(NO, NO, Aged(30), Lasted(3), NO)
    assert phone.reply is not None
    assert phone.reply.advice is Disposition.SELF_CARE
    assert phone.memory.asked == []


def test_a_check_of_a_pain_elsewhere_is_deleted_at_its_end(phone: Phone) -> None:
    assert agreed(phone).says(Reported(("lower_back_only",))) == [
        "out_of_scope",
        "safety_net.emergency",
    ]
    assert phone.kept is None


def test_who_stops_can_go_on(phone: Phone) -> None:
    agreed(phone).says(Stopped())
    assert phone.memory.asked == []
    assert phone.is_cut_off(5).says(Opened(), NO) == ["offer.resume"]


def test_who_is_sent_to_a_person_can_go_on(phone: Phone) -> None:
    agreed(phone).says(*[NotUnderstood()] * 3)
    assert phone.memory.asked == []
    assert phone.kept == {"chest_signs": "no"}


def test_an_emergency_is_answered_without_the_memory(phone: Phone) -> None:
    agreed(phone).says(Reported(("cold_sweat",)))
    assert phone.reply is not None
    assert phone.reply.advice is Disposition.EMERGENCY
    assert phone.memory.asked == []
    assert phone.kept == {"chest_signs": "no"}


FORGETTERS: dict[str, Callable[[Phone], Phone]] = {
    "at the first question": lambda phone: _said(phone, Opened()),
    "at the consent": at_consent,
    "after a yes": agreed,
    "after a no": lambda phone: _said(at_consent(phone), NO),
    "at the offer to go on": at_resume,
    "after going on": lambda phone: _said(at_resume(phone), YES),
    "in doubt": lambda phone: _said(agreed(phone), Reported(("fever",)), Denied(("fever",))),
}


def _said(phone: Phone, *events: Event) -> Phone:
    phone.says(*events)
    return phone


@pytest.mark.parametrize("come_to", FORGETTERS.values(), ids=FORGETTERS)
def test_forgetting_works_at_every_stage(come_to: Callable[[Phone], Phone], phone: Phone) -> None:
    told = come_to(phone).says(AskedToForget())
    assert told[0] == "memory.forgotten"
    assert told[-1].startswith(("question.", "confirm"))
    assert phone.memory.asked == ["forget"]
    assert phone.kept is None
    phone.says(NO, NO, Aged(66))
    assert phone.memory.asked == []
    assert phone.kept is None


def test_forgetting_before_a_check_offers_one(phone: Phone) -> None:
    agreed(phone).is_cut_off(5)
    assert phone.says(AskedToForget()) == ["greeting", "memory.forgotten", "offer.check"]
    assert phone.kept is None


def test_forgetting_for_somebody_else_works_too(phone: Phone) -> None:
    assert "memory.forgotten" in agreed(phone).says(AboutOther(AskedToForget()))
    assert phone.kept is None


def test_forgetting_that_fails_is_told(phone: Phone) -> None:
    agreed(phone).memory.fails = lambda _: True
    assert phone.says(AskedToForget()) == ["memory.not_forgotten", "question.fever"]
    assert phone.says(NO) == ["question.age_years"]


def test_a_check_stays_forgotten_though_it_goes_on_elsewhere(phone: Phone) -> None:
    agreed(phone)
    Phone(phone.memory).says(AskedToForget())
    assert phone.says(NO) == ["memory.unavailable", "question.age_years"]
    assert phone.kept is None


# --- requests that come again ---------------------------------------------------------------


@pytest.mark.parametrize("times", [5, 50])
def test_a_request_that_comes_again_changes_the_memory_once(phone: Phone, times: int) -> None:
    before = agreed(phone).talk
    version = phone.memory.rows[CALLER].version
    with ThreadPoolExecutor(8) as threads:
        taken = [threads.submit(phone.taken, before, NO, "again") for _ in range(times)]
        results = [one.result() for one in taken]
    assert all(result == results[0] for result in results)
    assert "memory.unavailable" not in ids(results[0][1].say)
    assert phone.memory.rows[CALLER].version == version + 1


def test_the_same_request_with_another_body_changes_the_memory_once(phone: Phone) -> None:
    before = agreed(phone).talk
    first, _ = phone.taken(before, NO, "again")
    second, _ = phone.taken(before, YES, "again")
    assert first.recall.version == second.recall.version
    assert phone.kept == {"chest_signs": "no", "fever": "no"}


def test_an_answer_to_going_on_that_comes_again_gets_the_same_reply(phone: Phone) -> None:
    before = at_resume(phone).talk
    assert phone.taken(before, YES, "again") == phone.taken(before, YES, "again")


def test_of_two_devices_the_later_one_is_told(phone: Phone) -> None:
    other = Phone(phone.memory)
    at_consent(other)
    agreed(phone)
    assert other.says(YES) == ["memory.unavailable", "question.fever"]
    assert other.stage == "off"
    other.says(NO, Aged(30), Lasted(3), NO)
    assert other.reply is not None
    assert other.reply.advice is Disposition.SELF_CARE
    assert phone.says(NO) == ["question.age_years"]
    assert phone.kept == phone.answers


# --- a memory that fails --------------------------------------------------------------------


def test_a_memory_that_cannot_be_asked_is_told_once_and_left_alone(phone: Phone) -> None:
    phone.memory.fails = lambda _: True
    assert phone.says(Opened(), NO) == ["memory.unavailable", "question.fever"]
    assert phone.says(AskedToRepeat()) == ["question.fever"]
    assert phone.says(NO) == ["question.age_years"]
    assert phone.memory.asked == []


def test_a_memory_that_cannot_save_is_told_once_and_left_alone(phone: Phone) -> None:
    agreed(phone).memory.fails = lambda name: name == "save"
    assert phone.says(NO) == ["memory.unavailable", "question.age_years"]
    assert phone.says(Aged(30)) == ["heard", "question.duration_days"]
    assert phone.memory.asked == []


def test_what_was_saved_before_a_failure_is_deleted_at_the_end(phone: Phone) -> None:
    agreed(phone).memory.fails = lambda name: name == "save"
    phone.says(NO, Aged(30), Lasted(3), NO)
    assert phone.memory.asked == ["forget"]
    assert phone.kept is None


def test_consent_that_cannot_be_followed_is_not_acknowledged(phone: Phone) -> None:
    at_consent(phone).memory.fails = lambda _: True
    assert phone.says(YES) == ["memory.unavailable", "question.fever"]


def test_outdated_answers_that_cannot_be_deleted_are_left_to_expire(phone: Phone) -> None:
    document = {"rule_set": "small@0.9.0", "answers": {}, "since": 1}
    phone.memory.save_if_unchanged(CALLER, document, seen=0, request_id="0")
    phone.memory.fails = lambda name: name == "forget"
    assert phone.says(Opened(), NO) == ["memory.unavailable", "question.fever"]


def test_without_a_user_id_nothing_can_be_kept() -> None:
    phone = Phone(caller="")
    assert phone.says(Opened(), NO) == ["memory.unavailable", "question.fever"]
    assert phone.says(AskedToForget()) == ["memory.not_forgotten", "question.fever"]
    assert phone.memory.asked == []


def test_a_state_of_which_the_caller_id_went_missing_keeps_nothing(phone: Phone) -> None:
    at_consent(phone).caller = ""
    assert phone.says(YES) == ["memory.unavailable", "question.fever"]
    assert phone.memory.asked == []


# --- the state ------------------------------------------------------------------------------


def test_a_conversation_that_was_lost_starts_again() -> None:
    phone = Phone()
    told, reply = Remembering(phone.memory, SMALL).take_turn(None, NO, Call(CALLER, "1", 1))
    assert ids(reply.say)[0] == "restarted"
    assert told.recall == Recall()


def test_every_line_about_a_memory_is_said() -> None:
    said: set[str] = {"quantity.hour", "quantity.hours"}  # within the lines that ask for consent

    def heard(phone: Phone, *events: Event) -> None:
        for event in events:
            said.update(phone.says(event))
            assert phone.reply is not None
            said.update(ids(phone.reply.reprompt))

    offer_talked_about = (AskedWhy(), AskedMeaning())
    heard(Phone(), Opened(), NO, *offer_talked_about, YES, AskedToForget())
    heard(at_resume(Phone()), *offer_talked_about, YES)
    heard(Phone(), Opened(), NO, NO)
    out_of_order = Phone()
    out_of_order.memory.fails = lambda _: True
    heard(out_of_order, Opened(), NO, AskedToForget())
    outdated = Phone()
    document = {"rule_set": "small@0.9.0", "answers": {}, "since": 1}
    outdated.memory.save_if_unchanged(CALLER, document, seen=0, request_id="0")
    heard(outdated, Opened(), NO)
    heard(replace_offer_shown(), AskedToRepeat())
    said.update(ids(take_turn(begin(SMALL), AskedToForget(), SMALL)[1].say))
    assert said >= OF_A_MEMORY


def replace_offer_shown() -> Phone:
    return replace(at_resume(Phone()), requests=100)
