"""The session and the response: load, take the turn, save, speak."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skill.alexa.handlers import EVENT_BY_INTENT
from skill.dialogue.script import Line
from skill.speech.catalogue import catalogue_for
from skill.speech.ssml import to_text
from skill.triage.model import Disposition
from tests.conftest import Alexa, matched_slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from skill.speech.catalogue import Catalogue

Json = Any

STATES: dict[str, Callable[[Alexa], Alexa]] = {
    "fresh": lambda alexa: alexa,
    "opened": lambda alexa: alexa.launch(),
    "third question": lambda alexa: alexa.launch().no().no(),
    "age question": lambda alexa: alexa.launch().no().no().no().no(),
    "rephrased": lambda alexa: alexa.launch().not_sure(),
    "missed twice": lambda alexa: alexa.launch().intent("Odd").intent("Odd"),
    "closed": lambda alexa: alexa.launch().intent("AMAZON.StopIntent"),
    "for another": lambda alexa: alexa.launch().intent("CallForOtherIntent"),
    "check offered": lambda alexa: alexa.intent("AskCausesIntent"),
    "tips offered": lambda alexa: alexa.launch().answer_calmly(),
    "confirming": lambda alexa: alexa.launch().report("weight_loss").deny("weight_loss"),
}
EVERY_STATE = pytest.mark.parametrize("state", STATES.values(), ids=STATES)
INTENTS = [*EVENT_BY_INTENT, "AMAZON.NextIntent"]

PATHS: dict[Disposition, Callable[[Alexa], Alexa]] = {
    Disposition.EMERGENCY: lambda alexa: alexa.launch().report("chest_pain"),
    Disposition.URGENT_SAME_DAY: lambda alexa: (
        alexa.launch().report("rash_one_side").answer_calmly()
    ),
    Disposition.SEE_DOCTOR: lambda alexa: alexa.launch().report("weight_loss").answer_calmly(),
    Disposition.SELF_CARE: lambda alexa: alexa.launch().answer_calmly(),
}
EVERY_LEVEL = pytest.mark.parametrize("level", PATHS, ids=lambda level: level.name.lower())


def words(catalogue: Catalogue, *line_ids: str) -> str:
    return to_text([catalogue.phrase(Line(line_id)) for line_id in line_ids])


# --- the response ---------------------------------------------------------------------------


def after_each_intent(alexa: Alexa, state: Callable[[Alexa], Alexa]) -> Iterator[Alexa]:
    """Give the device after each intent, sent in the same state."""
    kept = dict(state(alexa).attributes)
    for intent in INTENTS:
        alexa.attributes = dict(kept)
        yield alexa.intent(intent)


@EVERY_STATE
def test_every_spoken_response_says_whether_the_session_ends(
    alexa: Alexa, state: Callable[[Alexa], Alexa]
) -> None:
    for device in after_each_intent(alexa, state):
        assert device.speech
        assert device.response["shouldEndSession"] in (True, False)


@EVERY_STATE
def test_the_session_stays_open_exactly_with_a_reprompt(
    alexa: Alexa, state: Callable[[Alexa], Alexa]
) -> None:
    for device in after_each_intent(alexa, state):
        assert device.ended is (not device.reprompt), device.speech


@EVERY_STATE
def test_what_keeps_the_session_open_ends_in_a_question(
    alexa: Alexa, state: Callable[[Alexa], Alexa]
) -> None:
    for device in after_each_intent(alexa, state):
        assert device.speech.endswith("?") is (not device.ended), device.speech


@EVERY_STATE
@pytest.mark.parametrize(
    "intent", ["AMAZON.StopIntent", "AMAZON.CancelIntent", "AMAZON.NavigateHomeIntent"]
)
def test_stop_cancel_and_home_end_the_session_in_every_state(
    alexa: Alexa, state: Callable[[Alexa], Alexa], intent: str
) -> None:
    assert state(alexa).intent(intent).ended


@EVERY_STATE
def test_a_reported_emergency_is_answered_with_the_number_in_every_state(
    alexa: Alexa, state: Callable[[Alexa], Alexa]
) -> None:
    assert state(alexa).report("chest_pain").speech.startswith("Call 911 now.")


def test_repeat_says_the_same_words_again(alexa: Alexa) -> None:
    first = alexa.launch().speech
    assert alexa.intent("AMAZON.RepeatIntent").speech == first


def test_start_over_after_some_answers_asks_the_first_question_again(alexa: Alexa) -> None:
    first = alexa.launch().pending
    assert alexa.no().no().intent("AMAZON.StartOverIntent").pending == first


# --- the card -------------------------------------------------------------------------------


@EVERY_LEVEL
def test_advice_comes_with_the_neutral_card_of_its_level(
    alexa: Alexa, catalogues: Mapping[str, Catalogue], level: Disposition
) -> None:
    PATHS[level](alexa)
    assert alexa.card == {
        "type": "Simple",
        "title": words(catalogues["en-US"], "card.title"),
        "content": words(catalogues["en-US"], f"card.{level.name.lower()}"),
    }


@EVERY_LEVEL
def test_all_advice_but_home_care_ends_the_session(alexa: Alexa, level: Disposition) -> None:
    assert PATHS[level](alexa).ended is (level is not Disposition.SELF_CARE)


@EVERY_LEVEL
def test_nothing_is_kept_once_the_session_ended(alexa: Alexa, level: Disposition) -> None:
    PATHS[level](alexa)
    if not alexa.ended:
        alexa.no()
    assert alexa.envelope["sessionAttributes"] == {}


def test_home_care_ends_in_the_offer_of_tips(alexa: Alexa) -> None:
    speech = alexa.launch().answer_calmly().speech
    assert speech.endswith("Would you like some tips for home?")


def test_tips_come_without_a_card(alexa: Alexa) -> None:
    assert alexa.launch().answer_calmly().yes().card == {}


def test_home_care_that_is_repeated_comes_without_a_card(alexa: Alexa) -> None:
    assert alexa.launch().answer_calmly().intent("AMAZON.RepeatIntent").card == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [("chest_pain", "overdose"), ("rash_one_side", "pulsing_belly")],
    ids=["emergency", "same day"],
)
def test_two_callers_at_one_level_get_the_same_card(alexa: Alexa, one: str, other: str) -> None:
    first = alexa.launch().report(one).answer_calmly().card
    assert first
    assert alexa.launch().report(other).answer_calmly().card == first


@pytest.mark.parametrize(
    "intent",
    ["AMAZON.NoIntent", "AMAZON.HelpIntent", "AMAZON.StopIntent", "AMAZON.FallbackIntent"],
)
def test_without_advice_there_is_no_card(alexa: Alexa, intent: str) -> None:
    assert alexa.launch().intent(intent).card == {}


def test_giving_up_shows_no_card(alexa: Alexa) -> None:
    assert alexa.launch().intent("Odd").intent("Odd").intent("Odd").ended
    assert alexa.card == {}


# --- nothing is kept, and that can be asked for ---------------------------------------------


def test_who_asks_to_forget_hears_that_nothing_is_kept_and_the_same_question(alexa: Alexa) -> None:
    question = alexa.launch().no().pending
    alexa.intent("ForgetIntent")
    assert alexa.speech.startswith("I keep nothing once this conversation ends.")
    assert alexa.pending == question
    assert alexa.answers


def test_who_asks_to_forget_before_any_check_is_offered_one(alexa: Alexa) -> None:
    speech = alexa.intent("ForgetIntent").speech
    assert "I keep nothing once this conversation ends." in speech
    assert alexa.pending == "offer.check"


# --- the session ----------------------------------------------------------------------------


def test_a_call_without_attributes_is_not_said_to_be_lost(
    alexa: Alexa, catalogues: Mapping[str, Catalogue]
) -> None:
    assert alexa.yes().speech.startswith(words(catalogues["en-US"], "greeting"))


FOREIGN: dict[str, dict[str, Json]] = {
    "another skill's": {"counter": 3},
    "an older version's": {
        "rule_set": "upper_back_pain@0.0.1",
        "answers": {},
        "pending": None,
        "misses": 0,
        "rephrased": False,
        "said": [],
    },
}


@pytest.mark.parametrize("attributes", FOREIGN.values(), ids=FOREIGN)
def test_foreign_attributes_restart_politely(
    alexa: Alexa, catalogues: Mapping[str, Catalogue], attributes: dict[str, Json]
) -> None:
    alexa.attributes = attributes
    assert alexa.yes().speech.startswith(words(catalogues["en-US"], "restarted"))


@pytest.mark.parametrize("attributes", FOREIGN.values(), ids=FOREIGN)
def test_after_a_restart_the_conversation_goes_on(
    alexa: Alexa, attributes: dict[str, Json]
) -> None:
    alexa.attributes = attributes
    first = alexa.yes().pending
    assert alexa.no().answers == {first: "no"}


@pytest.mark.parametrize("attributes", FOREIGN.values(), ids=FOREIGN)
def test_an_emergency_on_foreign_attributes_is_answered_first(
    alexa: Alexa, attributes: dict[str, Json]
) -> None:
    alexa.attributes = attributes
    assert alexa.report("chest_pain").speech.startswith("Call 911 now.")


def test_two_callers_do_not_share_a_conversation(alexa: Alexa) -> None:
    other = Alexa(alexa.answer, alexa.rule_set)
    alexa.launch().no()
    other.launch()
    assert (len(alexa.answers), len(other.answers)) == (1, 0)


def test_the_same_request_gets_the_same_answer(alexa: Alexa) -> None:
    alexa.launch().no()
    before = dict(alexa.attributes)
    first = alexa.no().envelope
    alexa.attributes = before
    assert alexa.no().envelope == first


ATTRIBUTES = st.dictionaries(
    st.sampled_from(["rule_set", "answers", "pending", "misses", "rephrased", "said", "odd"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ATTRIBUTES)
def test_an_emergency_is_answered_first_whatever_the_attributes_are(
    alexa: Alexa, attributes: dict[str, Json]
) -> None:
    alexa.attributes = attributes
    assert alexa.report("chest_pain").speech.startswith("Call 911 now.")


# --- the locale -----------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["", "de-DE", "en-us", "xx"])
def test_a_locale_without_words_of_its_own_hears_american_english(
    alexa: Alexa, catalogues: Mapping[str, Catalogue], locale: str
) -> None:
    alexa.locale = locale
    assert alexa.launch().speech.startswith(words(catalogues["en-US"], "greeting"))


@pytest.mark.parametrize("locale", ["", "de-DE", "en-us", "xx"])
def test_an_emergency_where_no_number_is_known_begins_and_ends_with_calling(
    alexa: Alexa, locale: str
) -> None:
    alexa.locale = locale
    speech = alexa.report("chest_pain").speech
    assert speech.startswith("Call your local emergency number now.")
    assert speech.endswith("Call your local emergency number.")


@EVERY_LEVEL
def test_where_no_number_is_known_none_is_spoken_or_shown(alexa: Alexa, level: Disposition) -> None:
    alexa.locale = "de-DE"
    PATHS[level](alexa)
    assert not re.search(r"\d{3}", alexa.speech)
    assert not re.search(r"\b\d{3}\b", str(alexa.card))


@pytest.mark.parametrize(
    ("locale", "number"), [("en-US", "911"), ("en-GB", "999"), ("en-AU", "000"), ("en-IN", "112")]
)
def test_an_emergency_begins_with_the_number_of_the_country(
    alexa: Alexa, locale: str, number: str
) -> None:
    alexa.locale = locale
    assert alexa.report("chest_pain").speech.startswith(f"Call {number} now.")


def test_australians_hear_triple_zero(alexa: Alexa) -> None:
    alexa.locale = "en-AU"
    assert 'Call <sub alias="triple zero">000</sub> now.' in alexa.report("chest_pain").ssml


@pytest.mark.parametrize("locale", ["en-US", "en-GB", "en-AU", "en-CA", "en-IN", "de-DE"])
def test_a_card_shows_the_number_that_was_spoken(
    alexa: Alexa, catalogues: Mapping[str, Catalogue], locale: str
) -> None:
    alexa.locale = locale
    number = catalogue_for(locale, catalogues).emergency_number
    shown = number.text if number else "your local emergency number"
    assert f"Call now: {shown}" in str(alexa.report("chest_pain").card["content"])


@pytest.mark.parametrize("locale", ["en-IN"])
def test_a_card_says_a_before_a_consonant(catalogues: Mapping[str, Catalogue], locale: str) -> None:
    card = words(catalogues[locale], "card.urgent_same_day")
    assert not re.search(r"\ban [bcdfgjklmnpqrstvwxz]", card)


# --- what else is told ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        ("suicidal_thoughts", "Tell them: thoughts of suicide."),
        ("overdose", "Tell them: too many tablets, which ones, and when."),
        ("face_or_tongue_swelling", "Tell them: a swollen face or tongue."),
    ],
)
def test_an_emergency_that_is_no_back_pain_is_handed_over_as_what_it_is(
    alexa: Alexa, finding: str, told: str
) -> None:
    speech = alexa.report(finding).speech
    assert speech.startswith("Call 911 now.")
    assert told in speech


@pytest.mark.parametrize("finding", ["suicidal_thoughts", "overdose"])
@pytest.mark.parametrize(
    ("locale", "line"), [("en-US", "988"), ("en-GB", "116123"), ("de-DE", "a crisis line")]
)
def test_who_may_harm_themselves_hears_of_the_crisis_line(
    alexa: Alexa, finding: str, locale: str, line: str
) -> None:
    alexa.locale = locale
    speech = alexa.report(finding).speech
    assert f"You can also call {line}, day or night." in speech
    assert "Please don't stay alone." in speech


def test_no_other_emergency_names_the_crisis_line(alexa: Alexa) -> None:
    assert "988" not in alexa.report("face_or_tongue_swelling").speech


def test_who_is_not_safe_at_home_hears_where_to_turn_and_that_they_may_stop(alexa: Alexa) -> None:
    speech = alexa.launch().report("unsafe_at_home").speech
    assert "Everyone should be safe at home. If you're in danger, call 911" in speech
    assert "You can say stop at any time." in speech


@pytest.mark.parametrize(
    ("duration", "heard"),
    [
        ("P3W", "OK, 3 weeks."),
        ("P1W", "OK, 1 week."),
        ("P2M", "OK, 2 months."),
        ("P1M", "OK, 1 month."),
        ("P5D", "OK, 5 days."),
        ("P1D", "OK, 1 day."),
        ("PT0S", "OK, less than a day."),
    ],
)
def test_a_length_of_time_is_read_back(alexa: Alexa, duration: str, heard: str) -> None:
    assert alexa.launch().intent("GiveDurationIntent", duration=duration).speech.startswith(heard)


@pytest.mark.parametrize(
    ("age", "heard"), [("71", "OK, 71 years old."), ("1", "OK, 1 year old. Please get a grown-up")]
)
def test_an_age_is_read_back(alexa: Alexa, age: str, heard: str) -> None:
    assert alexa.launch().intent("GiveAgeIntent", age=age).speech.startswith(heard)


def test_a_doubted_finding_is_named(alexa: Alexa) -> None:
    speech = alexa.launch().report("weight_loss").deny("weight_loss").speech
    assert speech == "I noted weight loss before. Is that still right?"


# --- the talk about the talk ----------------------------------------------------------------


def test_slower_speech_is_slow_until_the_session_ends(alexa: Alexa) -> None:
    alexa.launch().intent("SlowerIntent").no().no()
    assert alexa.ssml.startswith('<speak><prosody rate="80%">')
    assert str(alexa.response["reprompt"]).count("<prosody") == 1


def test_emergency_advice_is_slow_for_who_asked_for_it(alexa: Alexa) -> None:
    alexa.launch().intent("SlowerIntent").report("chest_pain")
    assert alexa.ssml.startswith('<speak><prosody rate="80%">Call ')


def test_the_next_session_is_not_slow(alexa: Alexa) -> None:
    alexa.launch().intent("SlowerIntent").intent("AMAZON.StopIntent").launch()
    assert "prosody" not in alexa.ssml


def test_who_needs_a_moment_hears_a_silence_and_then_the_question(alexa: Alexa) -> None:
    question = alexa.launch().intent("AMAZON.HelpIntent").speech.rpartition(". ")[2]
    [seconds] = re.findall(r'<break time="(\d+)s"/>', alexa.intent("WaitIntent").ssml)
    assert 0 < int(seconds) <= 10
    assert alexa.speech.endswith(question)


def test_the_summary_is_spoken_as_a_list(alexa: Alexa) -> None:
    alexa.launch().no().intent("GiveAgeIntent", age="71").intent(
        "GiveDurationIntent", duration="P6W"
    )
    alexa.report("fever", "weight_loss").intent("SummaryIntent")
    assert "Age: 71. Upper back pain for: 6 weeks. Yes to: " in alexa.speech
    assert "; and " in alexa.speech
    assert " No to: " in alexa.speech


def test_the_summary_comes_without_a_card(alexa: Alexa) -> None:
    assert alexa.launch().report("fever").intent("SummaryIntent").card == {}


def test_the_emergency_number_is_said_on_demand(alexa: Alexa) -> None:
    assert "call 911, or your local emergency number." in (
        alexa.launch().intent("SayNumberIntent").speech
    )


def test_a_bare_number_is_completed_by_its_unit(alexa: Alexa) -> None:
    alexa.launch()
    alexa.attributes = {**alexa.attributes, "pending": "duration_days"}
    assert alexa.intent("GiveNumberIntent", number="6").speech.startswith("6 what: days")
    assert alexa.intent("GiveWeeksIntent").speech.startswith("OK, 6 weeks.")


# --- somebody else --------------------------------------------------------------------------


def test_for_somebody_else_it_is_asked_first_whether_they_are_awake(alexa: Alexa) -> None:
    speech = alexa.intent("CallForOtherIntent", person="my mother").speech
    assert speech.endswith(
        "OK, I'll ask about them. Can they be woken, and are they acting like themselves?"
    )


def test_somebody_who_is_not_awake_is_an_emergency(alexa: Alexa) -> None:
    speech = alexa.launch().intent("CallForOtherIntent").no().speech
    assert speech.startswith("Call 911 now.")
    assert "Stay with them until help comes." in speech


def test_somebody_who_is_maybe_not_awake_is_to_be_seen_today(alexa: Alexa) -> None:
    alexa.launch().intent("CallForOtherIntent").not_sure().not_sure().answer_calmly()
    assert alexa.speech.startswith("They should be seen today.")


@pytest.mark.parametrize("finding", ["chest_pain", "suicidal_thoughts", "tearing_pain"])
def test_in_an_emergency_of_somebody_else_the_caller_stays_with_them(
    alexa: Alexa, finding: str
) -> None:
    alexa.intent("CallForOtherIntent").report(finding)
    assert "Stay with them until help comes." in alexa.speech


def test_questions_about_somebody_else_ask_of_them(alexa: Alexa) -> None:
    alexa.launch().intent("CallForOtherIntent").yes().no()
    assert alexa.speech.startswith("Is their groin numb, do they have new bladder")


def test_the_reprompt_about_somebody_else_asks_of_them(alexa: Alexa) -> None:
    alexa.intent("CallForOtherIntent")
    alexa.attributes = {**alexa.attributes, "pending": "urinary_symptoms"}
    assert alexa.intent("AMAZON.HelpIntent").reprompt == "Burning, or blood, when they pee?"


def test_advice_about_somebody_else_speaks_of_them(alexa: Alexa) -> None:
    alexa.launch().intent("CallForOtherIntent").report("rash_one_side").answer_calmly()
    assert alexa.speech.startswith("They should be seen today.")
    assert "If no one can see them" in alexa.speech


def test_the_worry_of_somebody_else_is_given_as_theirs(alexa: Alexa) -> None:
    alexa.intent("CallForOtherIntent").report("concerned").answer_calmly()
    assert alexa.speech.startswith("They should see a doctor about this")
    assert "you're worried" not in alexa.speech


def test_a_child_of_the_caller_is_not_asked_for_a_grown_up(alexa: Alexa) -> None:
    slots = {
        "age": {"name": "age", "value": "8"},
        "person": matched_slot("person", "for_someone_else", "my daughter"),
    }
    intent = {"name": "GiveAgeIntent", "slots": slots}
    alexa.launch().send({"type": "IntentRequest", "intent": intent})
    assert "grown-up" not in alexa.speech
    assert alexa.answers == {"for_someone_else": "yes", "age_years": 8}


def test_a_response_is_json_small_enough_for_alexa(alexa: Alexa) -> None:
    sizes = [len(json.dumps(take(alexa).envelope)) for take in PATHS.values()]
    # Alexa's older documents allow 24 KB a response, its newer ones more.
    assert max(sizes) < 24_000
