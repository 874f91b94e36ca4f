"""Amazon's certification, point by point, as far as a machine without Amazon can try it.

The 45 points are the list "Certification as tests" that this project keeps of what Amazon's
testers ask, taken from their rules and from the letters they sent to others. Each test is
named by its number and begins with the point in our own words. What is not tried here stands
in ``NOT_TESTED_HERE`` with the reason; the last test sees to it that no number is forgotten.

Most points are about every state that a call can be in. Those are in ``tests/calls.py``, each
reached by talking to the real skill: before it is opened, at every question, at a question
asked again, misheard or put in simpler words, at every offer, at a doubt, in a call about
somebody else, and in a locale that the skill has no words for.
"""

from __future__ import annotations

import ast
import copy
import json
import logging
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from scripts.simulator.envelopes import Session, envelope, intent_request
from scripts.simulator.interaction_model import Intent
from scripts.simulator.understanding import Understood
from skill.alexa.handlers import EVENT_BY_INTENT
from skill.dialogue import script
from skill.dialogue.prompts import prompt_for
from skill.speech.catalogue import LOCALES_FOLDER, catalogue_for
from skill.speech.ssml import to_text
from skill.triage.assessment import assess
from skill.triage.model import Disposition
from skill.web.chain_fetch import FETCH_TIMEOUT_SECONDS
from tests.calls import (
    ASKED,
    CATALOGUES,
    LOCALES,
    OFFERING,
    RED_FLAGS,
    RULE_SET,
    STATES,
    UNKNOWN_LOCALE,
    UNOPENED,
    calls_for_help,
    defects_of,
    finish,
    go_on,
    is_silent,
    level_of,
    neutral_card,
    text_of,
)
from tests.conftest import Alexa, matched_slot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scripts.simulator.device import Device
    from scripts.simulator.endpoint import Endpoint
    from tests.conftest import Answering

Json = Any

TESTS: Final = Path(__file__).parent
MODEL: Final = TESTS.parent / "interaction_model" / "en-US.json"

NOT_TESTED_HERE: Final[Mapping[int, str]] = {
    22: "store page: the first example phrase opens the skill; by test_build_skill_package.py",
    23: "store page: every example phrase works end to end; by test_build_skill_package.py",
    24: "store page: the description; by test_build_skill_package.py",
    25: "store page: icons, summary and category; by test_build_skill_package.py",
    26: "store page: testing instructions; by test_build_skill_package.py",
    27: "store page: privacy and terms pages load over https; they need to be published first",
    37: "memory: what SkillDisabled deletes; nothing is stored",
}
"""Points that no test here tries, and why."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer to one intent in one state.

    Attributes:
        state: The state's name.
        intent: The intent's name.
        before: The device before.
        after: The device after it.
    """

    state: str
    intent: str
    before: Alexa
    after: Alexa

    def __str__(self) -> str:
        return f"{self.intent} when {self.state}: {self.after.speech!r}"


EVERY_STATE: Final = pytest.mark.parametrize("state", STATES)
OPEN_STATES: Final = [state for state in STATES if state not in UNOPENED]
EVERY_OPEN_STATE: Final = pytest.mark.parametrize("state", OPEN_STATES)
EVERY_UNOPENED_STATE: Final = pytest.mark.parametrize("state", sorted(UNOPENED))
EVERY_LOCALE: Final = pytest.mark.parametrize("locale", LOCALES)

# To each level of advice: what is reported first, before every answer is calm.
PATHS: Final[Mapping[Disposition, str | None]] = {
    Disposition.EMERGENCY: "chest_pain",
    Disposition.URGENT_SAME_DAY: "rash_one_side",
    Disposition.SEE_DOCTOR: "weight_loss",
    Disposition.SELF_CARE: None,
}
EVERY_LEVEL: Final = pytest.mark.parametrize("level", PATHS, ids=lambda level: level.name.lower())

# What comes with an intent where a caller would say it so.
SLOTS: Final[Mapping[str, Mapping[str, Json]]] = {
    "ReportFindingIntent": {"finding": matched_slot("finding", "stiffness", "a stiff back")},
    "DenyFindingIntent": {"finding": matched_slot("finding", "stiffness", "a stiff back")},
    "ChangeAnswerIntent": {"finding": matched_slot("finding", "fever", "fever")},
    "GiveNumberIntent": {"number": {"name": "number", "value": "4"}},
    "GiveAgeIntent": {"age": {"name": "age", "value": "44"}},
    "GiveDurationIntent": {"duration": {"name": "duration", "value": "P3D"}},
    "GiveTreatmentIntent": {"duration": {"name": "duration", "value": "P1D"}},
    "GiveOnsetIntent": {"date": {"name": "date", "value": "2026-11-16"}},
}


@pytest.fixture(scope="module")
def in_state(answer: Answering) -> Mapping[str, Alexa]:
    """Give a device in every state; take a copy before talking to it."""
    return {name: reach(Alexa(answer, RULE_SET)) for name, reach in STATES.items()}


@pytest.fixture(scope="module")
def everything_heard(in_state: Mapping[str, Alexa]) -> list[Heard]:
    """Give the answer to every intent, and to one that nobody declared, in every state."""
    return [
        Heard(state, intent, before, said(before, intent))
        for state, before in in_state.items()
        for intent in (*EVENT_BY_INTENT, "AMAZON.NextIntent")
    ]


@pytest.fixture
def echo(in_state: Mapping[str, Alexa], state: str) -> Alexa:
    """Give a device in the state of the test."""
    return same(in_state[state])


def same(alexa: Alexa) -> Alexa:
    """Return another device in the same state."""
    return replace(alexa, attributes=copy.deepcopy(alexa.attributes))


def said(alexa: Alexa, intent: str) -> Alexa:
    """Return another device that has heard one intent more, with the slots it comes with."""
    content = {"name": intent, "slots": SLOTS.get(intent, {})}
    sent_at = "2026-11-20T09:30:00Z"
    return same(alexa).send({"type": "IntentRequest", "timestamp": sent_at, "intent": content})


def advised(alexa: Alexa, level: Disposition) -> Alexa:
    """Take the device to advice of a level."""
    finding = PATHS[level]
    alexa.launch()
    return finish(alexa.report(finding) if finding else alexa, {})


def questions_heard(alexa: Alexa) -> tuple[str, ...]:
    """Return every way to ask what is pending, for the caller and for somebody else."""
    prompt = prompt_for(str(alexa.pending), RULE_SET)
    assert prompt is not None
    lines = [prompt.ask, prompt.simpler, prompt.again]
    if prompt.question is not None and prompt.question.kind != "yes_no":
        lines.append(script.asking_for_value(prompt.question))
    if isinstance(number := alexa.attributes.get("number"), int):
        lines.append(script.counted("which_unit", number))
    catalogue = catalogue_for(alexa.locale, CATALOGUES)
    return tuple(
        to_text([catalogue.phrase(line, about_other=other)])
        for line in lines
        for other in (False, True)
    )


def asks_the_same(before: Alexa, after: Alexa) -> bool:
    """Say whether what was pending before is pending still, and asked."""
    return after.pending == before.pending and after.speech.endswith(questions_heard(after))


# --- Session: points 1 to 8 -----------------------------------------------------------------


@EVERY_LOCALE
def test_point_01_opening_names_the_skill_and_asks(alexa: Alexa, locale: str) -> None:
    """Opened with nothing more, it says what it is, ends in a question and listens."""
    alexa.locale = locale
    alexa.launch()
    assert alexa.speech.startswith("Upper Back Check.")
    assert alexa.speech.endswith(questions_heard(alexa))
    assert not alexa.ended
    assert alexa.reprompt


def test_point_02_who_is_asked_something_is_listened_to(everything_heard: list[Heard]) -> None:
    """Whatever ends in a question keeps the session open, with a reprompt."""
    asked = [heard for heard in everything_heard if heard.after.speech.endswith("?")]
    assert asked
    for heard in asked:
        assert heard.after.response["shouldEndSession"] is False, heard
        assert heard.after.reprompt, heard


def test_point_03_nobody_is_listened_to_without_having_been_asked(
    everything_heard: list[Heard],
) -> None:
    """Whatever ends without a question closes the session, with no reprompt."""
    told = [heard for heard in everything_heard if not heard.after.speech.endswith("?")]
    assert told
    for heard in told:
        assert heard.after.response["shouldEndSession"] is True, heard
        assert "reprompt" not in heard.after.response, heard


def test_point_04_every_answer_says_whether_the_session_ends(everything_heard: list[Heard]) -> None:
    """The flag is never left out: what that means depends on the device."""
    for heard in everything_heard:
        assert isinstance(heard.after.response.get("shouldEndSession"), bool), heard


@EVERY_LOCALE
@EVERY_LEVEL
def test_point_05_advice_closes_or_ends_with_one_question(
    alexa: Alexa, locale: str, level: Disposition
) -> None:
    """The end of the check either closes or asks one thing more, at its very end."""
    alexa.locale = locale
    advised(alexa, level)
    assert alexa.speech.count("?") == (0 if alexa.ended else 1)
    assert alexa.speech.endswith("?") is not alexa.ended


def test_point_06_a_reprompt_is_a_shorter_question(everything_heard: list[Heard]) -> None:
    """After a silence the caller hears a question again, in fewer words."""
    for heard in everything_heard:
        if not heard.after.ended:
            assert heard.after.reprompt.endswith("?"), heard
            assert len(heard.after.reprompt) < len(heard.after.speech), heard


@pytest.mark.parametrize("reason", ["USER_INITIATED", "ERROR", "EXCEEDED_MAX_REPROMPTS"])
def test_point_07_the_end_of_a_session_is_answered_with_silence(
    in_state: Mapping[str, Alexa], reason: str
) -> None:
    """A SessionEndedRequest gets no speech, no card and no directive."""
    for state, alexa in in_state.items():
        ended = same(alexa).send({"type": "SessionEndedRequest", "reason": reason})
        assert ended.envelope == {"version": "1.0", "response": {}}, state


@pytest.mark.parametrize("leaving", ["AMAZON.CancelIntent", "AMAZON.StopIntent"])
@pytest.mark.parametrize("state", ["confirming", *sorted(OFFERING)])
def test_point_08_cancelling_at_a_confirmation_really_ends(echo: Alexa, leaving: str) -> None:
    """Cancel at a doubt or an offer closes the microphone; nothing waits for a yes."""
    echo.intent(leaving)
    assert echo.ended
    assert "reprompt" not in echo.response
    assert echo.envelope.get("sessionAttributes") in (None, {})


# --- Stop, cancel, help, home: points 9 to 13 -----------------------------------------------


@EVERY_STATE
def test_point_09_stop_ends_everywhere_with_a_short_goodbye(echo: Alexa) -> None:
    """Stop closes in every state, in a few words and with no advice."""
    echo.intent("AMAZON.StopIntent")
    assert echo.ended
    assert len(echo.speech.split()) <= 15
    assert not echo.card


@EVERY_STATE
def test_point_10_cancel_is_stop_everywhere(echo: Alexa) -> None:
    """Cancel does the same in every state, and is taken for nothing else."""
    stopped = same(echo).intent("AMAZON.StopIntent")
    assert echo.intent("AMAZON.CancelIntent").envelope == stopped.envelope


@EVERY_OPEN_STATE
def test_point_11_help_says_what_this_is_and_asks_the_same_again(echo: Alexa) -> None:
    """Help says what the skill does, in other words than the opening, and goes on listening."""
    before = same(echo)
    opening = same(echo).launch().speech
    echo.intent("AMAZON.HelpIntent")
    assert text_of(echo.locale, script.HELP) in echo.speech
    assert echo.speech != opening
    assert asks_the_same(before, echo)
    assert not echo.ended
    assert echo.reprompt


@EVERY_OPEN_STATE
def test_point_11_an_answer_after_help_goes_on_where_it_was(echo: Alexa) -> None:
    """The answer to the question that help repeats counts as it would have without help."""
    helped = same(echo).intent("AMAZON.HelpIntent")
    assert go_on(helped, {}).envelope == go_on(echo, {}).envelope


@EVERY_UNOPENED_STATE
def test_point_11_help_in_one_breath_is_not_the_opening(echo: Alexa) -> None:
    """ "Ask upper back check for help" gets help too, in other words than the opening."""
    opening = same(echo).launch().speech
    echo.intent("AMAZON.HelpIntent")
    assert text_of(echo.locale, script.HELP) in echo.speech
    assert echo.speech != opening


def test_point_12_help_at_the_third_question_asks_the_third_question(alexa: Alexa) -> None:
    """Help repeats what is being asked, not what was asked first."""
    third = alexa.launch().no().no().speech
    assert alexa.intent("AMAZON.HelpIntent").speech.endswith(third)


@EVERY_STATE
def test_point_13_home_ends_everywhere(echo: Alexa) -> None:
    """Going home closes, should it ever reach the skill."""
    assert echo.intent("AMAZON.NavigateHomeIntent").ended


# --- Understanding: points 14 to 21 ---------------------------------------------------------


@pytest.mark.parametrize("state", [s for s in OPEN_STATES if not s.startswith("missed")])
def test_point_14_who_is_misheard_is_asked_again_then_differently_then_helped_on(
    echo: Alexa,
) -> None:
    """Once: the question again. Twice: in other words. A third time: where to turn, and the end.

    The list has the skill offer to stop at the third; this one stops, for an offer that is
    misheard too would never end.
    """
    if echo.pending == "duration_days" and echo.attributes["number"] is not None:
        echo.launch().no()
    before = same(echo)
    first = same(echo.intent("AMAZON.FallbackIntent"))
    assert asks_the_same(before, first)
    second = same(echo.intent("AMAZON.FallbackIntent"))
    assert asks_the_same(before, second)
    assert second.speech != first.speech
    third = echo.intent("AMAZON.FallbackIntent")
    assert third.ended
    assert third.speech not in {first.speech, second.speech}
    for heard in (first, second, third):
        assert "something went wrong" not in heard.speech


@EVERY_UNOPENED_STATE
@pytest.mark.parametrize(
    "intent", ["AMAZON.YesIntent", "AMAZON.NoIntent", "NotSureIntent", "AMAZON.FallbackIntent"]
)
def test_point_15_an_answer_to_nothing_opens_the_check(echo: Alexa, intent: str) -> None:
    """Yes or no with nothing asked gets no verdict: it hears what this is, and a question."""
    echo.intent(intent)
    assert echo.speech.startswith(text_of(echo.locale, script.GREETING))
    assert echo.speech.endswith(questions_heard(echo))
    assert not echo.card
    assert not echo.answers


@EVERY_STATE
def test_point_16_every_intent_is_answered_well_in_every_state(
    everything_heard: list[Heard], state: str
) -> None:
    """No intent fails, whenever it comes, and what is pending is what is asked."""
    for heard in everything_heard:
        if heard.state == state:
            after = heard.after
            assert defects_of(after.envelope, after.locale) == [], heard
            assert "something went wrong" not in after.speech, heard
            assert after.ended or after.speech.endswith(questions_heard(after)), heard


@pytest.mark.parametrize("state", ["confirming"])
def test_point_16_a_question_of_the_callers_at_a_doubt_comes_back_to_the_doubt(echo: Alexa) -> None:
    """Who asks something while asked "is that still right?" is asked that again after it."""
    before = same(echo)
    assert asks_the_same(before, echo.intent("AskCausesIntent"))


@pytest.mark.parametrize("state", ["offering tips"])
def test_point_16_a_question_of_the_callers_at_the_tips_comes_back_to_the_tips(
    echo: Alexa,
) -> None:
    """Who asks something while offered tips is offered them again, not the check just done."""
    before = same(echo)
    assert asks_the_same(before, echo.intent("AskHowLongIntent"))


def model() -> Json:
    return json.loads(MODEL.read_text(encoding="utf-8"))["interactionModel"]["languageModel"]


def sample_calls() -> Iterator[Any]:
    """Give each intent with each set of slots that one of its samples fills."""
    for intent in model()["intents"]:
        kinds = {
            tuple(re.findall(r"{(\w+)}", sample)) for sample in (*intent.get("samples", ()), "")
        }
        for slots in sorted(kinds):
            yield pytest.param(intent["name"], slots, id="-".join((intent["name"], *slots)))


def filled(intent: str, slots: tuple[str, ...]) -> dict[str, Json]:
    kinds = {t["name"]: t["values"] for t in model()["types"]}
    types = {
        slot["name"]: slot["type"]
        for one in model()["intents"]
        if one["name"] == intent
        for slot in one.get("slots", ())
    }
    plain = {"AMAZON.NUMBER": "7", "AMAZON.DURATION": "P3D", "AMAZON.DATE": "2026-11-16"}
    return {
        name: {"name": name, "value": plain[types[name]]}
        if types[name] in plain
        else matched_slot(name, kinds[types[name]][0]["id"], kinds[types[name]][0]["name"]["value"])
        for name in slots
    }


@pytest.mark.parametrize(("intent", "slots"), [*sample_calls()])
def test_point_17_every_kind_of_sample_works_in_one_breath(
    alexa: Alexa, intent: str, slots: tuple[str, ...]
) -> None:
    """ "Ask upper back check ..." with any sample of the model is answered, with no launch before.

    One call for each set of slots that a sample fills; that the words of every sample reach
    their intent is tried in ``tests/scripts/simulator/test_understanding.py``.
    """
    assert intent in EVENT_BY_INTENT
    content = {"name": intent, "slots": filled(intent, slots)}
    alexa.send({"type": "IntentRequest", "intent": content})
    assert defects_of(alexa.envelope, alexa.locale) == []
    assert "something went wrong" not in alexa.speech


@pytest.mark.parametrize("value", [None, "", " ", "?", "parada 199", "130", "-4", "7.5", "seven"])
@pytest.mark.parametrize(
    ("state", "intent", "slot"),
    [
        ("asked age_years", "GiveAgeIntent", "age"),
        ("asked age_years", "GiveNumberIntent", "number"),
        ("asked duration_days", "GiveDurationIntent", "duration"),
        ("asked duration_days", "GiveOnsetIntent", "date"),
    ],
)
def test_point_18_a_number_that_is_none_is_asked_for_again(
    echo: Alexa, intent: str, slot: str, value: str | None
) -> None:
    """A slot that is missing, blank, "?" or out of range: that one is asked again, nothing else."""
    before = same(echo)
    content = {"name": slot} if value is None else {"name": slot, "value": value}
    echo.send({"type": "IntentRequest", "intent": {"name": intent, "slots": {slot: content}}})
    question = RULE_SET.question(str(before.pending))
    assert question is not None
    assert echo.speech == text_of(echo.locale, script.asking_for_value(question))
    assert echo.pending == before.pending
    assert echo.answers == before.answers


@pytest.mark.parametrize("state", ["asked heart_or_lung_signs", "asked fever", "asked age_years"])
@pytest.mark.parametrize(
    "code", ["ER_SUCCESS_NO_MATCH", "ER_ERROR_TIMEOUT", "ER_ERROR_EXCEPTION", "NEW"]
)
def test_point_18_a_finding_that_nothing_matched_is_asked_for_again(echo: Alexa, code: str) -> None:
    """Words that Alexa could not match leave the question as it was."""
    before = same(echo)
    slot = matched_slot("finding", "weight_loss", "?")
    slot["resolutions"] = {"resolutionsPerAuthority": [{"status": {"code": code}}]}
    content = {"name": "ReportFindingIntent", "slots": {"finding": slot}}
    echo.send({"type": "IntentRequest", "intent": content})
    assert asks_the_same(before, echo)
    assert echo.answers == before.answers


@pytest.mark.parametrize("finding", RED_FLAGS)
def test_point_18_a_red_flag_among_several_matches_is_not_passed_over(
    alexa: Alexa, finding: str
) -> None:
    """Where Alexa cannot tell two findings apart, the graver one counts or is asked about."""
    slot = matched_slot("finding", "stiffness", "my back")
    values = slot["resolutions"]["resolutionsPerAuthority"][0]["values"]  # type: ignore[index]  # made above
    values.append({"value": {"name": "the other", "id": finding}})
    content = {"name": "ReportFindingIntent", "slots": {"finding": slot}}
    alexa.launch().send({"type": "IntentRequest", "intent": content})
    assert calls_for_help(alexa) or str(alexa.pending).endswith(finding)


@EVERY_OPEN_STATE
def test_point_19_repeat_says_the_same_again(echo: Alexa) -> None:
    """The same words, the same reprompt, and as open as before."""
    before = same(echo)
    echo.intent("AMAZON.RepeatIntent")
    assert echo.speech == before.speech
    assert echo.reprompt == before.reprompt
    assert echo.pending == before.pending


def test_point_19_repeat_before_anything_was_said_is_the_opening(alexa: Alexa) -> None:
    """There is nothing to repeat yet, so the skill opens."""
    opening = same(alexa).launch()
    assert alexa.intent("AMAZON.RepeatIntent").envelope == opening.envelope


def test_point_20_before_the_first_question_there_is_none(alexa: Alexa) -> None:
    """Going back from the first question stays there."""
    before = same(alexa.launch())
    assert asks_the_same(before, alexa.intent("AMAZON.PreviousIntent"))


@EVERY_STATE
def test_point_20_starting_over_forgets_every_answer(echo: Alexa) -> None:
    """Begun again, the first question comes and nothing said before counts."""
    first = same(echo).launch()
    echo.intent("AMAZON.StartOverIntent")
    assert echo.pending == first.pending
    assert not echo.answers
    assert echo.speech.endswith(questions_heard(echo))


@pytest.mark.parametrize(
    "intent",
    [
        *("AMAZON.NextIntent", "AMAZON.MoreIntent", "AMAZON.PauseIntent", "AMAZON.ResumeIntent"),
        *("AMAZON.SelectIntent", "AMAZON.ScrollUpIntent", "AMAZON.LoopOffIntent", "NewIntent", ""),
    ],
)
def test_point_21_an_intent_that_nobody_declared_is_caught(alexa: Alexa, intent: str) -> None:
    """Alexa may send others of her own; they are answered as something not understood."""
    understood = said(alexa.launch(), "AMAZON.FallbackIntent")
    assert said(alexa, intent).envelope == understood.envelope


# --- Technical: points 28 to 36, 38 and 39 --------------------------------------------------


# What Amazon's security test sends and what the official adapter gets wrong, and where that
# is tried here.
HOSTILE_REQUESTS: Final[Mapping[str, tuple[str, str]]] = {
    "genuine": ("verification", "test_a_request_of_alexa_is_accepted_and_parsed"),
    "unknown members": ("verification", "test_unknown_members_are_accepted"),
    "unknown request type": ("verification", "test_an_unknown_request_type_is_accepted"),
    "headers missing or empty": ("verification", "test_headers_that_are_not_alexas_are_refused"),
    "legacy signature only": ("verification", "test_the_legacy_signature_is_not_read"),
    "not base64": ("verification", "test_a_signature_that_is_not_strict_base64_is_refused"),
    "wrong signature": ("verification", "test_a_signature_that_does_not_hold_is_refused"),
    "altered body": ("verification", "test_a_changed_byte_in_the_body_is_never_accepted"),
    "too old, too new": ("verification", "test_a_request_is_at_most_150_seconds_off"),
    "late skill event": ("verification", "test_a_skill_event_may_come_an_hour_late_but_not_early"),
    "another skill's": ("verification", "test_a_request_for_another_skill_is_refused"),
    "no JSON": ("verification", "test_a_signed_body_that_is_not_strict_json_is_refused"),
    "chain URL": ("chain_urls", "test_any_other_url_is_refused"),
    "%2e%2e": ("chain_urls", "test_no_path_leads_out_of_the_folder"),
    "chain not found": ("chain_fetch", "test_an_answer_without_a_chain_is_refused"),
    "chain garbled or empty": ("chain_trust", "test_a_file_that_is_no_chain_is_refused"),
    "no SAN, expired": ("chain_trust", "test_a_certificate_on_other_terms_is_refused"),
    "untrusted": ("chain_trust", "test_a_chain_to_another_root_is_refused"),
    "no intermediate": ("chain_trust", "test_a_chain_without_its_intermediate_is_refused"),
    "400 for all": ("endpoint", "test_refusals_are_400_without_a_word_why"),
}


@pytest.mark.parametrize("case", HOSTILE_REQUESTS)
def test_point_28_every_hostile_request_is_tried_in_tests_web(case: str) -> None:
    """What Amazon's security test sends is refused with 400, and what is genuine is taken."""
    module, name = HOSTILE_REQUESTS[case]
    tree = ast.parse((TESTS / "web" / f"test_{module}.py").read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def whole_envelope(alexa: Alexa) -> dict[str, Json]:
    """Return an intent's envelope with all that Alexa sends."""
    intent = Intent("ReportFindingIntent", {"finding": "FINDING"}, ())
    request = intent_request(intent, Understood(intent.name))
    request["intent"]["slots"]["finding"] = matched_slot("finding", "weight_loss", "weight loss")  # type: ignore[index]  # made above
    return copy.deepcopy(
        envelope(
            request,
            Session("amzn1.echo-api.session.1", new=False, attributes=alexa.attributes),
            request_id="amzn1.echo-api.request.1",
            locale="en-US",
            timestamp=datetime.now(UTC),
        )
    )


def objects_in(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        yield path
        for key, one in value.items():
            if key != "attributes":  # those are our own
                yield from objects_in(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from objects_in(one, (*path, place))


def test_point_29_members_that_nobody_knows_change_nothing(alexa: Alexa) -> None:
    """Alexa may add members at every level of a request; the answer stays the same."""
    usual = whole_envelope(alexa.launch())
    expected = alexa.answer(usual)
    assert level_of(expected, "en-US") is None
    places = list(objects_in(usual))
    assert len(places) > 15
    for path in places:
        changed = copy.deepcopy(usual)
        target: Json = changed
        for step in path:
            target = target[step]
        target["addedTomorrow"] = {"status": {"code": "NEW"}, "values": [None, 1.5]}
        assert alexa.answer(changed) == expected, path


@pytest.mark.parametrize(
    "request_type",
    [
        *("CanFulfillIntentRequest", "Connections.Response", "SessionResumedRequest"),
        *("Alexa.Presentation.APL.UserEvent", "System.ExceptionEncountered", "NewRequest", ""),
        *("AlexaSkillEvent.SkillDisabled", "AlexaSkillEvent.SkillAccountUnlinked"),
    ],
)
def test_point_30_a_request_of_another_type_gets_an_empty_answer(
    in_state: Mapping[str, Alexa], request_type: str
) -> None:
    """What is no turn of a conversation, known or not, is answered with nothing said."""
    for state, alexa in in_state.items():
        sent = same(alexa).send({"type": request_type})
        assert is_silent(sent.envelope, request_type), state


@pytest.mark.parametrize(
    ("member", "value"),
    [("dialogState", "PAUSED"), ("confirmationStatus", "PERHAPS"), ("reason", "WEATHER")],
)
def test_point_30_a_value_that_nobody_knows_changes_nothing(
    alexa: Alexa, member: str, value: str
) -> None:
    """Alexa may add values of an enumeration too."""
    usual = whole_envelope(alexa.launch())
    expected = alexa.answer(usual)
    usual["request"][member] = value
    usual["request"]["intent"][member] = value
    usual["request"]["intent"]["slots"]["finding"][member] = value
    assert alexa.answer(usual) == expected


@EVERY_LOCALE
@EVERY_LEVEL
def test_point_31_every_answer_of_a_call_is_one_that_alexa_takes(
    alexa: Alexa, locale: str, level: Disposition
) -> None:
    """JSON of version 1.0, under 24 KB; SSML that parses, under 8,000 characters; one card."""
    alexa.locale = locale
    defects: list[str] = []
    usual = alexa.answer

    def watched(request: Mapping[str, object]) -> dict[str, object]:
        answered = usual(request)
        defects.extend(defects_of(answered, locale))
        return answered

    alexa.answer = watched
    advised(alexa, level)
    assert alexa.card
    assert defects == []


def test_point_32_a_screen_changes_nothing(alexa: Alexa) -> None:
    """No directive is sent, so a device with a screen and one without are answered alike."""
    plain = whole_envelope(alexa.launch())
    with_screen = copy.deepcopy(plain)
    with_screen["context"]["System"]["device"]["supportedInterfaces"] = {
        "Alexa.Presentation.APL": {"runtime": {"maxVersion": "2024.3"}}
    }
    with_screen["context"]["Viewport"] = {"shape": "ROUND", "pixelWidth": 480}
    assert alexa.answer(with_screen) == alexa.answer(plain)
    assert "directives" not in json.dumps(alexa.answer(with_screen))


def test_point_33_an_answer_takes_less_than_a_second(in_state: Mapping[str, Alexa]) -> None:
    """All but one in a hundred; Alexa gives up after eight."""
    seconds = []
    for alexa in in_state.values():
        for intent in ("AMAZON.NoIntent", "AMAZON.HelpIntent", "SummaryIntent"):
            started = perf_counter()
            said(alexa, intent)
            seconds.append(perf_counter() - started)
    assert quantiles(seconds, n=100)[-1] < 1.0
    assert max(seconds) < 8.0


def test_point_33_fetching_certificates_takes_at_most_two_seconds() -> None:
    """Of the eight that Alexa waits."""
    assert FETCH_TIMEOUT_SECONDS <= 2.0


@EVERY_STATE
def test_point_34_a_request_sent_twice_counts_once(echo: Alexa) -> None:
    """The state is in the request, so the same request gets the same answer and goes no further."""
    again = same(echo)
    for intent in ("AMAZON.YesIntent", "AMAZON.NoIntent", "ReportFindingIntent"):
        assert said(echo, intent).envelope == said(again, intent).envelope


OTHER_ATTRIBUTES: Final[Mapping[str, dict[str, Json]]] = {
    "of another skill": {"state": "QUIZ", "score": 3},
    "of an older version": {"rule_set": "upper_back_pain@0.0.1"},
    "with an answer that nobody gives": {"answers": {"heart_or_lung_signs": "perhaps"}},
    "with an answer to nothing": {"answers": {"favourite_colour": "yes"}},
    "waiting for nothing known": {"pending": "favourite_colour"},
    "with words to be said": {"said": [["buy_now", {}]]},
    "with too many misses": {"misses": 9},
}


@pytest.mark.parametrize("name", OTHER_ATTRIBUTES)
def test_point_35_attributes_of_somebody_else_start_the_check_again(
    alexa: Alexa, name: str
) -> None:
    """Forged or outdated session attributes are told, once, and the check begins again."""
    first = same(alexa).launch()
    own = dict(alexa.launch().no().attributes)
    alexa.attributes = {**own, **OTHER_ATTRIBUTES[name]}
    alexa.no()
    assert alexa.speech.startswith(text_of("en-US", script.RESTARTED))
    assert alexa.pending == first.pending
    assert not alexa.answers


def test_point_35_an_answer_without_attributes_opens_the_check(alexa: Alexa) -> None:
    """Where they are missing altogether, the caller hears the opening."""
    opening = same(alexa).launch()
    alexa.launch().no().attributes = {}
    assert alexa.no().envelope == opening.envelope


def test_point_36_two_callers_at_once_do_not_meet(alexa: Alexa) -> None:
    """Two calls in turns end as each would alone."""
    other = same(alexa)
    alexa.launch()
    other.launch().report("weight_loss")
    while not (alexa.card and other.card):
        for one in (alexa, other):
            if not one.card:
                go_on(one, {})
    assert level_of(alexa.response, "en-US") is Disposition.SELF_CARE
    assert level_of(other.response, "en-US") is Disposition.SEE_DOCTOR
    assert "losing weight" in other.speech
    assert "losing weight" not in alexa.speech


@pytest.mark.parametrize("locale", [UNKNOWN_LOCALE, "en-ZZ", "xx", ""])
def test_point_38_a_locale_without_words_hears_american_english_and_no_number(
    alexa: Alexa, locale: str
) -> None:
    """There the words of en-US serve, and the number to call is "your local" one."""
    opening = same(alexa).launch().speech
    alexa.locale = locale
    assert alexa.launch().speech == opening
    assert alexa.yes().speech.startswith("Call your local emergency number now.")
    assert "911" not in json.dumps(alexa.envelope)


def test_point_39_no_log_tells_who_called_or_what_was_said(
    alexa: Alexa, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the caller's id nor a slot nor an answer is in any log record, at any level."""
    caplog.set_level(logging.DEBUG)
    request = whole_envelope(alexa.launch())
    request["session"]["user"] = {"userId": "amzn1.ask.account.WHOEVER"}
    request["request"]["intent"]["slots"]["finding"]["value"] = "weight loss since August"
    answer = endpoint.post(request)
    assert answer.envelope is not None
    assert answer.envelope["sessionAttributes"]
    logged = caplog.text
    assert "IntentRequest" in logged
    for secret in ("WHOEVER", "August", "weight", "heart_or_lung", "simulator", "SIMULATOR"):
        assert secret not in logged, secret


# --- Health: points 40 to 45 ----------------------------------------------------------------


@EVERY_LOCALE
def test_point_40_the_first_words_say_what_this_is_not(alexa: Alexa, locale: str) -> None:
    """The disclaimer is spoken at every opening, in at most two short sentences."""
    alexa.locale = locale
    question = max(questions_heard(alexa.launch()), key=alexa.speech.endswith)
    disclaimer = alexa.speech.removesuffix(question).split(". ")
    sentences = [sentence for sentence in disclaimer if sentence.strip()]
    assert len(sentences) <= 2
    assert all(len(sentence.split()) <= 8 for sentence in sentences)
    assert "not a diagnosis" in sentences[-1]


@EVERY_LOCALE
@EVERY_LEVEL
def test_point_41_advice_is_no_diagnosis_and_says_when_to_see_a_doctor(
    alexa: Alexa, locale: str, level: Disposition
) -> None:
    """Below an emergency that is spoken; in an emergency only the card has room for it."""
    alexa.locale = locale
    advised(alexa, level)
    assert alexa.card == neutral_card(level, locale)
    assert "not a diagnosis" in str(alexa.card["content"])
    if level is not Disposition.EMERGENCY:
        assert "This is not a diagnosis" in alexa.speech
        assert re.search(r"\b(?:doctor|GP)\b", alexa.speech)
        assert text_of(locale, script.NET_EMERGENCY) in alexa.speech


@EVERY_LOCALE
@pytest.mark.parametrize("finding", RED_FLAGS)
def test_point_42_a_red_flag_is_answered_with_the_number_and_nothing_more_is_asked(
    alexa: Alexa, locale: str, finding: str
) -> None:
    """The number comes first, the call ends, nothing is offered, and the card says it too."""
    alexa.locale = locale
    assert calls_for_help(alexa.launch().report(finding))
    assert "?" not in alexa.speech
    number = catalogue_for(locale, CATALOGUES).emergency_number
    assert (number.text if number else "your local emergency number") in str(alexa.card["content"])


@EVERY_LOCALE
@pytest.mark.parametrize(
    "question_id",
    [
        question.id
        for question in ASKED
        if assess(RULE_SET, {question.id: "yes"}).disposition is Disposition.EMERGENCY
    ],
)
def test_point_42_a_yes_to_a_red_flag_is_answered_with_the_number(
    alexa: Alexa, locale: str, question_id: str
) -> None:
    """The same for a yes to a question about one."""
    alexa.locale = locale
    STATES[f"asked {question_id}"](alexa).yes()
    assert calls_for_help(alexa)


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != UNKNOWN_LOCALE])
def test_point_43_nothing_said_is_a_diagnosis(locale: str) -> None:
    """No line tells callers what they have, diagnoses or promises a cure; a question may ask."""
    lines = json.loads((LOCALES_FOLDER / f"{locale}.json").read_text(encoding="utf-8"))["lines"]
    for line_id, text in lines.items():
        for sentence in re.findall(r"[^.?!]*[.?!]?", text.replace("{", "").replace("}", "")):
            if not sentence.endswith("?"):
                assert not re.search(
                    r"\b(?:you have|you've got|diagnos(?:e|es|ed|ing)|cur(?:e|es|ed|ing))\b",
                    sentence,
                    re.IGNORECASE,
                ), line_id


@EVERY_LOCALE
def test_point_44_no_to_everything_still_hears_when_to_come_back(alexa: Alexa, locale: str) -> None:
    """Home care names the warning signs, the weeks after which to see a doctor, and the number."""
    alexa.locale = locale
    finish(alexa.launch(), {})
    assert level_of(alexa.response, locale) is Disposition.SELF_CARE
    for line in (script.NET_EMERGENCY, script.NET_SAME_DAY, script.NET_DOCTOR):
        assert text_of(locale, line) in alexa.speech
    assert "four weeks" in alexa.speech


@EVERY_STATE
def test_point_45_a_red_flag_is_heard_in_every_state(echo: Alexa) -> None:
    """Chest pain or anything like it, at any point, goes straight to the number."""
    for finding in RED_FLAGS:
        assert calls_for_help(same(echo).report(finding)), finding


@pytest.mark.parametrize(
    "opening", [(), ("open upper back check",), ("open upper back check", "no")]
)
@pytest.mark.parametrize("words", ["I'm having chest pain", "help me I can't breathe"])
def test_point_45_a_call_for_help_is_heard_in_these_words(
    device: Device, opening: tuple[str, ...], words: str
) -> None:
    """Two ways to say it, as Amazon's testers do, opened or not."""
    for utterance in opening:
        device.hear(utterance)
    assert device.hear(words).says.startswith("Call 911 now.")


# --- The list itself ------------------------------------------------------------------------


def test_every_point_is_tested_or_listed() -> None:
    tested = {
        int(found[1]) for name in globals() if (found := re.match(r"test_point_(\d\d)_", name))
    }
    assert tested.isdisjoint(NOT_TESTED_HERE)
    assert tested | NOT_TESTED_HERE.keys() == set(range(1, 46))


def test_every_point_that_is_not_tested_says_why() -> None:
    assert all(len(reason) > 20 for reason in NOT_TESTED_HERE.values())
