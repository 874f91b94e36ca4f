"""The session and the response: load, take the turn, save, speak."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skill.alexa.handlers import EVENT_BY_INTENT
from skill.dialogue.script import Line
from skill.speech.ssml import to_text
from skill.triage.model import Disposition
from tests.conftest import Alexa

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
}
EVERY_STATE = pytest.mark.parametrize("state", STATES.values(), ids=STATES)
EVERY_INTENT = pytest.mark.parametrize("intent", [*EVENT_BY_INTENT, "AMAZON.NextIntent"])

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


@EVERY_STATE
@EVERY_INTENT
def test_every_spoken_response_says_whether_the_session_ends(
    alexa: Alexa, state: Callable[[Alexa], Alexa], intent: str
) -> None:
    response = state(alexa).intent(intent).response
    assert alexa.speech
    assert response["shouldEndSession"] in (True, False)


@EVERY_STATE
@EVERY_INTENT
def test_the_session_stays_open_exactly_with_a_reprompt(
    alexa: Alexa, state: Callable[[Alexa], Alexa], intent: str
) -> None:
    state(alexa).intent(intent)
    assert alexa.ended is (not alexa.reprompt)


@EVERY_STATE
@EVERY_INTENT
def test_what_keeps_the_session_open_ends_in_a_question(
    alexa: Alexa, state: Callable[[Alexa], Alexa], intent: str
) -> None:
    state(alexa).intent(intent)
    assert alexa.speech.endswith("?") is (not alexa.ended)


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
def test_advice_ends_the_session(alexa: Alexa, level: Disposition) -> None:
    assert PATHS[level](alexa).ended


@EVERY_LEVEL
def test_nothing_is_kept_once_advice_was_given(alexa: Alexa, level: Disposition) -> None:
    assert PATHS[level](alexa).envelope["sessionAttributes"] == {}


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
    assert locale not in catalogues
    assert alexa.launch().speech.startswith(words(catalogues["en-US"], "greeting"))


def test_a_response_is_json_small_enough_for_alexa(alexa: Alexa) -> None:
    sizes = [len(json.dumps(take(alexa).envelope)) for take in PATHS.values()]
    # Alexa's older documents allow 24 KB a response, its newer ones more.
    assert max(sizes) < 24_000
