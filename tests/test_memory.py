"""Whole calls to the skill with a memory: cut off, gone on with, forgotten, and with it away."""

from __future__ import annotations

import itertools
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skill.alexa.skill import answering, build_skill
from skill.errors import MemoryUnavailableError
from skill.triage.model import Disposition
from tests.calls import (
    CATALOGUES,
    RED_FLAGS,
    RULE_SET,
    calls_for_help,
    defects_of,
    finish,
    for_other,
    go_on,
    is_settled,
    level_of,
    reply,
)
from tests.conftest import Alexa
from tests.dialogue.memories import OwnMemory
from tests.test_metamorphic import HARMLESS, TRUTHS
from tests.test_random_conversations import CANARY_WORD, STEPS, Step, envelope_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skill.dialogue.keeping import Kept
    from skill.triage.model import Answer

SAID: Final = (*["launch", "no", "no", "no", "yes"] * 3, "disable", "forget", "start over")
CALLER: Final = "amzn1.ask.account.CALLER"
OFFER_KEEP: Final = "offer.keep.24"
OFFER_RESUME: Final = "offer.resume"
MINUTE, HOUR, DAY = 60, 3_600, 86_400
AWAY: Final = "I can't keep your answers for later right now."
MOST_TURNS: Final = 60
EXAMPLES: Final = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 150


@dataclass
class Household:
    """A memory, the skill with it, and the device of one account.

    Attributes:
        memory: The memory.
        caller: The account's user id.
        sent: How many requests were sent.
    """

    memory: OwnMemory = field(default_factory=OwnMemory)
    caller: str = CALLER
    sent: int = 0

    def __post_init__(self) -> None:
        skill = build_skill(RULE_SET, CATALOGUES, self.memory)
        self.answer = answering(skill, CATALOGUES, self.memory)

    def post(self, envelope: Mapping[str, Any]) -> dict[str, Any]:
        """Send an envelope as Alexa does, with who calls and when, and return the answer."""
        self.sent += 1
        self.memory.asked.clear()
        return self.answer(self.addressed(envelope, f"amzn1.echo-api.request.{self.sent}"))

    def addressed(self, envelope: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """Return an envelope with all that Alexa adds to it."""
        sent_at = datetime.fromtimestamp(self.memory.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        request = {**envelope["request"], "requestId": request_id, "timestamp": sent_at}
        user = {"userId": self.caller}
        return {**envelope, "request": request, "context": {"System": {"user": user}}}

    def device(self) -> Alexa:
        """Return a device on which no session is open."""
        return Alexa(self.post, RULE_SET)

    def disables_the_skill(self) -> dict[str, Any]:
        """Send the event, which has no session."""
        return self.post({"version": "1.0", "request": {"type": "AlexaSkillEvent.SkillDisabled"}})

    @property
    def kept(self) -> Mapping[str, object] | None:
        """The document that is kept of the account."""
        return self.memory.document(self.caller)


@pytest.fixture
def home() -> Household:
    """Give an account that nothing is known of."""
    return Household()


def to_offer(home: Household) -> Alexa:
    """Open the skill and answer the emergency questions calmly."""
    return home.device().launch().no().no().no().no()


def cut_off(home: Household, minutes: int) -> None:
    """Hold half a check with consent, then let the session end in silence."""
    alexa = to_offer(home)
    assert alexa.pending == OFFER_KEEP
    alexa.yes().intent("GiveAgeIntent", age="66")
    alexa.no()
    home.memory.now += minutes * MINUTE


# --- what is heard --------------------------------------------------------------------------


def test_consent_is_asked_in_one_short_question(home: Household) -> None:
    alexa = to_offer(home)
    assert alexa.speech == "Shall I keep your answers for 24 hours, in case we get cut off?"
    assert alexa.reprompt == "Shall I keep your answers?"
    assert alexa.yes().speech == "OK, I'll keep them. How old are you?"


def test_the_emergency_questions_are_the_first_four(home: Household) -> None:
    alexa = home.device().launch()
    asked = []
    while alexa.pending != OFFER_KEEP:
        assert home.memory.asked == []
        asked.append(alexa.pending)
        alexa.no()
    main = [q.id for q in RULE_SET.questions if not q.follows and not q.volunteered]
    assert asked == main[:4]


@pytest.mark.parametrize("locale", sorted(name for name in CATALOGUES if name))
def test_every_locale_has_the_words_for_it(home: Household, locale: str) -> None:
    cut_off(home, 5)
    alexa = home.device()
    alexa.locale = locale
    alexa.launch().no().no().no().no()
    assert alexa.speech == "You started a check earlier. Shall we pick up where you left off?"
    assert defects_of(alexa.envelope, locale) == []
    assert alexa.intent("ForgetIntent").speech.startswith("OK, I've deleted what I kept.")


@pytest.mark.parametrize(
    ("minutes", "offer", "asked_next"),
    [
        (5, OFFER_RESUME, "arm_jaw_leg_signs"),
        (45, OFFER_RESUME, "severe_pain"),
        (25 * 60, OFFER_KEEP, "age_years"),
    ],
    ids=["5 minutes", "45 minutes", "25 hours"],
)
def test_a_call_that_was_cut_off_goes_on(
    home: Household, minutes: int, offer: str, asked_next: str
) -> None:
    cut_off(home, minutes)
    alexa = to_offer(home)
    assert alexa.pending == offer
    assert alexa.yes().pending == asked_next


def test_a_call_for_somebody_else_goes_on_about_them(home: Household) -> None:
    alexa = home.device().launch().intent("CallForOtherIntent").yes().no().no().no().no()
    assert alexa.pending == OFFER_KEEP
    alexa.yes().intent("GiveAgeIntent", age="81")
    again = home.device().launch().intent("CallForOtherIntent").yes().no().no().no().no()
    assert again.pending == OFFER_RESUME
    assert "81" not in again.speech
    again.yes()
    assert again.answers["age_years"] == 81
    assert again.answers["for_someone_else"] == "yes"


def test_the_document_holds_answers_and_their_age_and_nothing_else(home: Household) -> None:
    cut_off(home, 0)
    assert home.kept is not None
    assert home.kept.keys() == {"rule_set", "answers", "since", "begun"}
    assert home.kept["since"] == home.kept["begun"] == home.memory.now
    assert CALLER not in json.dumps(home.kept)


# --- emergencies ----------------------------------------------------------------------------


@pytest.mark.parametrize("finding", RED_FLAGS)
def test_an_emergency_never_asks_the_memory(home: Household, finding: str) -> None:
    cut_off(home, 5)
    for alexa in (
        home.device(),
        home.device().launch(),
        to_offer(home),
        to_offer(home).yes(),
        to_offer(home).intent("AMAZON.FallbackIntent"),
    ):
        alexa.report(finding)
        assert calls_for_help(alexa)
        assert home.memory.asked == []


def test_an_emergency_that_only_the_kept_answers_complete_is_answered_without_the_memory(
    home: Household,
) -> None:
    alexa = to_offer(home)
    alexa.yes().intent("GiveAgeIntent", age="66")
    alexa.no().report("nausea_vomiting")
    home.memory.now += 5 * MINUTE
    again = home.device().launch().no().no().no().no()
    assert again.pending == OFFER_RESUME
    again.report("arm_or_jaw_spread")
    assert home.memory.asked == []
    if not again.ended:
        again.yes()
    assert calls_for_help(again)
    assert home.memory.asked == []


# --- forgetting -----------------------------------------------------------------------------


def test_a_disabled_skill_deletes_in_silence_and_again_and_again(home: Household) -> None:
    cut_off(home, 5)
    for _ in range(3):
        assert home.disables_the_skill() == {"version": "1.0", "response": {}}
        assert home.memory.asked == ["forget"]
        assert home.kept is None


def test_a_save_that_comes_after_the_skill_was_disabled_brings_nothing_back(
    home: Household,
) -> None:
    alexa = to_offer(home).yes()
    home.disables_the_skill()
    alexa.intent("GiveAgeIntent", age="66")
    assert home.memory.asked == ["save"]
    assert home.kept is None
    assert alexa.speech.startswith("I can't keep your answers for later right now.")
    assert alexa.no().speech.count("just now") == 0


def test_a_disabled_skill_of_a_memory_that_is_away_raises_nothing(
    home: Household, caplog: pytest.LogCaptureFixture
) -> None:
    home.memory.fails = lambda _: True
    with caplog.at_level(logging.INFO, "skill"):
        assert home.disables_the_skill() == {"version": "1.0", "response": {}}
    assert [json.loads(message)["event"] for message in caplog.messages] == ["not_forgotten"]
    assert CALLER not in caplog.text


def test_an_event_without_a_user_deletes_nothing(home: Household) -> None:
    home.caller = ""
    assert home.disables_the_skill() == {"version": "1.0", "response": {}}
    assert home.memory.asked == []


def test_the_user_of_the_session_serves_where_the_context_names_none(home: Household) -> None:
    cut_off(home, 5)
    envelope = home.addressed({"request": {"type": "IntentRequest"}}, "1")
    envelope["request"] |= {"locale": "en-US", "intent": {"name": "ForgetIntent"}}
    envelope["session"] = {"new": True, "user": envelope.pop("context")["System"]["user"]}
    home.answer(envelope)
    assert home.kept is None


# --- replay ---------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [5, 50])
def test_a_replayed_request_changes_the_memory_once_and_is_answered_alike(
    home: Household, times: int
) -> None:
    alexa = to_offer(home).yes()
    request = {"type": "IntentRequest", "locale": "en-US", "intent": {"name": "AMAZON.NoIntent"}}
    envelope = home.addressed(
        {"session": {"new": False, "attributes": alexa.attributes}, "request": request}, "again"
    )
    version = home.memory.rows[CALLER].version
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(home.answer, itertools.repeat(envelope, times)))
    assert all(answer == answers[0] for answer in answers)
    assert home.memory.rows[CALLER].version <= version + 1
    assert level_of(answers[0]["response"], "en-US") is None  # type: ignore[arg-type]  # an object


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_requests_that_come_again_in_any_order_bring_back_and_change_nothing(
    data: st.DataObject,
) -> None:
    home = Household()
    sent: list[tuple[dict[str, Any], bool]] = []

    def post(envelope: Mapping[str, Any]) -> dict[str, Any]:
        addressed = home.addressed(envelope, f"request {len(sent)}")
        home.memory.asked.clear()
        answer = home.answer(addressed)
        sent.append((addressed, "forget" in home.memory.asked))
        return answer

    alexa = Alexa(post, RULE_SET)
    for said in data.draw(st.lists(st.sampled_from([*SAID]), min_size=6, max_size=30)):
        match said:
            case "launch":
                alexa = Alexa(post, RULE_SET).launch()
            case "disable":
                post({"version": "1.0", "request": {"type": "AlexaSkillEvent.SkillDisabled"}})
            case "yes" | "no" if alexa.attributes:
                reply(alexa, "yes" if said == "yes" and "offer" in str(alexa.pending) else "no")
            case "forget" | "start over" if alexa.attributes:
                alexa.intent({"forget": "ForgetIntent"}.get(said, "AMAZON.StartOverIntent"))
        home.memory.now += 1
        if sent:
            earlier, deletes = data.draw(st.sampled_from(sent))
            kept = home.kept
            home.answer(earlier)
            assert home.kept == kept or (deletes and home.kept is None)


# --- whatever happens -----------------------------------------------------------------------

FAILURES: Final = st.lists(st.booleans(), max_size=40)
AWAY_FOR: Final = st.sampled_from(
    [0, 5 * MINUTE, 29 * MINUTE, 31 * MINUTE, 45 * MINUTE, 20 * HOUR, DAY - MINUTE, DAY + MINUTE]
)
PAUSES: Final = st.sampled_from([0, 0, 0, 20, 5 * MINUTE, 45 * MINUTE, 20 * HOUR, 25 * HOUR])


@settings(max_examples=EXAMPLES)
@given(st.lists(st.tuples(STEPS, PAUSES), max_size=25), FAILURES)
def test_no_conversation_gets_a_wrong_answer_though_the_memory_fails(
    steps: list[tuple[Step, int]], failures: list[bool]
) -> None:
    home = Household()
    failing = iter(failures)
    home.memory.fails = lambda _: next(failing, False)
    alexa = to_offer(home)
    told = alexa.speech.count(AWAY)
    for step, pause in steps:
        home.memory.now += pause
        if not step.request:  # silence: the session ends, and the caller calls again
            alexa = to_offer(home)
            told = alexa.speech.count(AWAY)
            continue
        alexa.envelope = home.post(envelope_of(step, alexa))
        assert len(home.memory.asked) <= 2
        assert CANARY_WORD not in json.dumps(alexa.envelope).lower()
        if not step.takes_a_turn:
            continue
        assert defects_of(alexa.envelope, alexa.locale) == []
        if level_of(alexa.response, alexa.locale) is Disposition.EMERGENCY:
            assert home.memory.asked == []
        if step.red_flags:
            assert calls_for_help(alexa)
        opens = not alexa.attributes or step.request["type"] == "LaunchRequest"
        told = alexa.speech.count(AWAY) + (0 if opens else told)
        assert told <= 1
        kept = alexa.envelope.get("sessionAttributes")
        alexa.attributes = dict(kept) if isinstance(kept, dict) and not alexa.ended else {}
    alexa.envelope = {}
    finish(alexa, {})
    assert defects_of(alexa.envelope, alexa.locale) == []


@settings(max_examples=EXAMPLES)
@given(
    TRUTHS,
    st.lists(st.tuples(st.integers(0, 14), st.sampled_from(HARMLESS)), max_size=3),
    st.booleans(),
    st.integers(5, 18),
    AWAY_FOR,
)
def test_a_check_that_goes_on_gets_no_calmer_advice_than_one_from_the_start(
    truths: dict[str, Answer],
    reports: list[tuple[int, str]],
    about_other: bool,  # noqa: FBT001
    turns: int,
    pause: int,
) -> None:
    told = {finding for turn, finding in reports if turn < turns}
    truths = {**truths, **_answers_that_agree_with(told)}
    home = Household()
    alexa = called(home, about_other=about_other)
    for turn in range(turns):
        for finding in (finding for told_in, finding in reports if told_in == turn):
            if not is_settled(alexa):
                alexa.report(finding)
        if is_settled(alexa):
            return
        go_on(alexa, truths)
    home.memory.now += pause
    again = called(home, about_other=about_other)
    has_gone_on = False
    for _ in range(MOST_TURNS):
        has_gone_on |= again.pending == OFFER_RESUME
        if not is_settled(again):
            go_on(again, truths)
    # Who goes on takes for known what they told before; who does not is asked anew.
    anew = called(Household(), about_other=about_other)
    for finding in sorted(told) if has_gone_on else ():
        if not is_settled(anew) and not (pause > 30 * MINUTE and finding in RULE_SET.out_of_scope):
            anew.report(finding)
    finish(anew, truths)
    assert urgency(again) >= urgency(anew)


def called(home: Household, *, about_other: bool) -> Alexa:
    alexa = home.device().launch()
    return for_other(alexa) if about_other else alexa


def urgency(alexa: Alexa) -> int:
    """Return the level of the advice; who is told that the pain is elsewhere got less than any."""
    level = level_of(alexa.response, alexa.locale)
    return -1 if level is None else level


def _answers_that_agree_with(told: set[str]) -> dict[str, Answer]:
    """Return the yes to each question that asks for what was told."""
    findings = [finding for one in told if (finding := RULE_SET.finding(one))]
    there = told.union(*(finding.implies for finding in findings))
    return {
        finding.question: "yes"
        for finding in RULE_SET.findings
        if finding.question and finding.id in there
        if finding.present_when and finding.present_when.accepts("yes")
    }


@dataclass
class Untouchable:
    """A memory that may not be asked."""

    hours: int = 24

    def load(self, caller: str) -> Kept:
        """Fail the test."""
        raise AssertionError(caller)

    def save_if_unchanged(
        self,
        caller: str,
        document: Mapping[str, object],  # noqa: ARG002
        *,
        seen: int,  # noqa: ARG002
        request_id: str,  # noqa: ARG002
    ) -> int | None:
        """Fail the test."""
        raise AssertionError(caller)

    def forget(self, caller: str) -> int:
        """Fail the test."""
        raise AssertionError(caller)


LEADING: Final[Mapping[str, Callable[[Alexa], Alexa]]] = {
    "at once": lambda alexa: alexa,
    "at the first question": lambda alexa: alexa.launch(),
    "at the third question": lambda alexa: alexa.launch().no().no(),
    "after a report": lambda alexa: alexa.launch().report("fever"),
}


@pytest.mark.parametrize("lead", LEADING.values(), ids=LEADING)
def test_an_emergency_does_not_even_look_at_the_memory(lead: Callable[[Alexa], Alexa]) -> None:
    memory = Untouchable()
    answer = answering(build_skill(RULE_SET, CATALOGUES, memory), CATALOGUES, memory)
    home = Household()
    home.answer = answer
    assert calls_for_help(lead(home.device()).report("chest_pain"))


def test_the_memory_of_these_tests_fails_when_it_is_told_to() -> None:
    memory = OwnMemory(fails=lambda name: name == "load")
    with pytest.raises(MemoryUnavailableError):
        memory.load(CALLER)
    assert memory.forget(CALLER) == 1
