"""Whatever is said in whatever order, every answer is one that Alexa takes and a caller can use.

Hypothesis makes up whole conversations, with everything that a device may send: every intent
with good, missing, odd and hostile slots, launches, silences, the end of a session, and types
of request that nobody knows; in every locale, and in one without words of its own. They go
through the real handlers, as envelopes.

Each begins in one of the states of ``tests/calls.py``, so that what comes late in a call is
tried as often as what comes early, and is then brought to its end by calm answers.

200 conversations are tried with every test run. To try ten thousand, for some ten minutes::

    HYPOTHESIS_PROFILE=long .venv/bin/pytest tests/test_random_conversations.py
"""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skill.alexa.handlers import EVENT_BY_INTENT
from tests.calls import (
    LOCALES,
    RED_FLAGS,
    REPORTABLE,
    RULE_SET,
    STATES,
    calls_for_help,
    defects_of,
    finish,
    is_silent,
)
from tests.conftest import Alexa, matched_slot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Answering

Slot: TypeAlias = dict[str, Any]

settings.register_profile(
    "random_conversations",
    max_examples=200,
    deadline=None,  # the machines are shared: how long one example takes says nothing
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile(
    "long", parent=settings.get_profile("random_conversations"), max_examples=10_000
)
PROFILE: Final = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "random_conversations"))

# Said where ids and numbers are expected. Nothing of it may ever come back.
CANARY: Final = "Kanarienvogel <break time='9s'/> & \"yes\""
CANARY_WORD: Final = "kanarienvogel"

SILENCE: Final[dict[str, Any]] = {}
"""Nothing is said: the device plays the reprompt and sends no request."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a device does.

    Attributes:
        request: What is particular to the request; empty for a silence.
        red_flags: The findings it reports that are each an emergency.
    """

    request: Mapping[str, Any]
    red_flags: tuple[str, ...] = ()

    @property
    def takes_a_turn(self) -> bool:
        """Whether the caller is to hear an answer."""
        return self.request.get("type") in {"LaunchRequest", "IntentRequest"}


def slot_of(name: str, value: object) -> Slot:
    return {"name": name, "value": value}


def unmatched(name: str, code: str) -> Slot:
    slot: Slot = matched_slot(name, RED_FLAGS[0], CANARY)
    slot["resolutions"]["resolutionsPerAuthority"][0]["status"]["code"] = code
    return slot


def findings(name: str) -> st.SearchStrategy[Slot]:
    reported = st.sampled_from((*RED_FLAGS, *REPORTABLE))
    return st.one_of(
        reported.map(lambda finding: matched_slot(name, finding, "it " + finding)),
        reported.map(lambda finding: matched_slot(name, finding, "no " + finding)),
        reported.map(lambda finding: matched_slot(name, finding, CANARY)),
        st.sampled_from(
            [
                *(slot_of(name, value) for value in ("?", "", CANARY, None, 7)),
                *(unmatched(name, code) for code in ("ER_SUCCESS_NO_MATCH", "ER_NEW")),
                matched_slot(name, CANARY, "odd"),
                matched_slot(name, "not_a_finding", "odd"),
                {"name": name},
            ]
        ),
    )


def plain(name: str, *good: str) -> st.SearchStrategy[Slot]:
    odd: tuple[object, ...] = (
        "?",
        "",
        "parada 199",
        "-3",
        "99999999999",
        "9" * 5000,
        CANARY,
        None,
        7,
        [],
    )
    return st.sampled_from([*(slot_of(name, value) for value in (*good, *good, *odd)), {}])


SLOTS: Final = st.fixed_dictionaries(
    {},
    optional={
        "finding": findings("finding"),
        "secondFinding": findings("secondFinding"),
        "thirdFinding": findings("thirdFinding"),
        "number": plain("number", "0", "3", "7", "21", "400"),
        "age": plain("age", "4", "15", "30", "66", "88", "121"),
        "duration": plain("duration", "P3D", "P6W", "P2Y", "PT2H", "P1M", "P999999999Y", "P-1D"),
        "date": plain("date", "2026-11-16", "2026-W46", "2026-SU", "2027", "1001", "PRESENT_REF"),
        "person": st.sampled_from(
            [
                matched_slot("person", "relative", "my mother"),
                slot_of("person", CANARY),
                unmatched("person", "ER_SUCCESS_NO_MATCH"),
            ]
        ),
    },
)
SENT_AT: Final = st.sampled_from(["2026-11-20T09:30:00Z", "2026-11-20T09:30:00Z", CANARY, ""])


def red_flags_in(intent: str, slots: Mapping[str, Slot]) -> tuple[str, ...]:
    """Return the red flags that are surely reported: matched, and said without a denial."""
    if intent != "ReportFindingIntent":
        return ()
    return tuple(
        finding
        for name in ("finding", "secondFinding", "thirdFinding")
        for finding in RED_FLAGS
        if slots.get(name) == matched_slot(name, finding, "it " + finding)
    )


def intent_step(intent: str, slots: Mapping[str, Slot], sent_at: str) -> Step:
    request = {
        "type": "IntentRequest",
        "timestamp": sent_at,
        "intent": {"name": intent, "slots": slots, "confirmationStatus": "NEW"},
    }
    return Step(request, red_flags_in(intent, slots))


def bare(intent: str) -> Step:
    return intent_step(intent, {}, "2026-11-20T09:30:00Z")


ANSWERS: Final = st.sampled_from(
    [bare(intent) for intent in ("AMAZON.NoIntent", "AMAZON.YesIntent", "NotSureIntent")]
)
INTENTS: Final = st.sampled_from(
    [*EVENT_BY_INTENT, "AMAZON.NextIntent", "AMAZON.SelectIntent", CANARY, ""]
)
CALM: Final = st.sampled_from(
    [
        bare("AMAZON.NoIntent"),
        bare("AMAZON.NoIntent"),
        intent_step("GiveAgeIntent", {"age": slot_of("age", "30")}, ""),
        intent_step("GiveDurationIntent", {"duration": slot_of("duration", "P3D")}, ""),
    ]
)
STEPS: Final = st.one_of(
    ANSWERS,
    CALM,
    INTENTS.map(bare),
    st.builds(intent_step, INTENTS, SLOTS, SENT_AT),
    st.builds(
        intent_step,
        st.sampled_from(["ReportFindingIntent", "DenyFindingIntent", "ChangeAnswerIntent"]),
        SLOTS,
        SENT_AT,
    ),
    st.sampled_from(
        [
            Step({"type": "LaunchRequest"}),
            Step(SILENCE),
            *(
                Step({"type": "SessionEndedRequest", "reason": reason})
                for reason in ("USER_INITIATED", "ERROR", "NEW")
            ),
            *(
                Step({"type": name, "arguments": [CANARY]})
                for name in ("CanFulfillIntentRequest", "Alexa.Presentation.APL.UserEvent", CANARY)
            ),
        ]
    ),
)


def envelope_of(step: Step, alexa: Alexa) -> dict[str, Any]:
    """Return a request with a canary wherever Alexa tells who is calling."""
    return {
        "version": "1.0",
        "session": {
            "new": not alexa.attributes,
            "sessionId": CANARY,
            "user": {"userId": CANARY},
            "attributes": alexa.attributes,
        },
        "context": {"System": {"device": {"deviceId": CANARY, "supportedInterfaces": {}}}},
        "request": {"requestId": CANARY, "locale": alexa.locale, **step.request},
    }


@cache
def attributes_in(answer: Answering, state: str) -> dict[str, Any]:
    """Return what the session holds in a state; it is the same in every locale."""
    return STATES[state](Alexa(answer, RULE_SET)).attributes


def follow(alexa: Alexa, steps: list[Step]) -> None:
    """Hold a conversation, and hold every answer against what must hold of it."""
    for step in steps:
        if step.request == SILENCE:
            continue
        envelope = envelope_of(step, alexa)
        alexa.envelope = alexa.answer(copy.deepcopy(envelope))
        assert alexa.answer(copy.deepcopy(envelope)) == alexa.envelope, "not the same answer"
        text = json.dumps(alexa.envelope).lower()
        assert CANARY_WORD not in text, "something that was said comes back"
        assert "something went wrong" not in text
        if not step.takes_a_turn:
            assert is_silent(alexa.envelope, step.request["type"])
        else:
            assert defects_of(alexa.envelope, alexa.locale) == []
        if step.red_flags:
            assert calls_for_help(alexa), f"{step.red_flags} not answered"
        kept = alexa.envelope.get("sessionAttributes")
        alexa.attributes = dict(kept) if isinstance(kept, dict) and not alexa.ended else {}


STARTS: Final = st.builds(
    lambda locale, state: (locale, state), st.sampled_from(LOCALES), st.sampled_from([*STATES])
)
LAUNCH: Final = Step({"type": "LaunchRequest"})
OF_NEW_STATUS: Final = intent_step(
    "ReportFindingIntent", {"finding": unmatched("finding", "ER_NEW")}, ""
)


@PROFILE
@given(STARTS, st.lists(STEPS, min_size=1, max_size=30))
@example(("en-US", "fresh"), [LAUNCH, *[bare("AMAZON.FallbackIntent")] * 3])
@example(("en-GB", "fresh"), [bare("SummaryIntent"), Step(SILENCE), bare("AMAZON.RepeatIntent")])
@example(("en-US", "asked fever"), [OF_NEW_STATUS])
@example((LOCALES[-1], "asked duration_days"), [bare("WaitIntent"), bare("AMAZON.RepeatIntent")])
def test_no_conversation_gets_a_wrong_answer_and_each_can_be_finished(
    answer: Answering, start: tuple[str, str], steps: list[Step]
) -> None:
    locale, state = start
    alexa = Alexa(answer, RULE_SET, locale, dict(attributes_in(answer, state)))
    follow(alexa, steps)
    alexa.envelope = {}
    finish(alexa, {})
    assert defects_of(alexa.envelope, locale) == []


@settings(PROFILE, max_examples=max(50, PROFILE.max_examples // 3))
@given(STARTS, st.sampled_from(RED_FLAGS), st.lists(STEPS, max_size=10))
def test_no_conversation_keeps_a_red_flag_from_being_answered_at_once(
    answer: Answering, start: tuple[str, str], finding: str, steps: list[Step]
) -> None:
    locale, state = start
    slots = {"finding": matched_slot("finding", finding, "it " + finding)}
    alexa = Alexa(answer, RULE_SET, locale, dict(attributes_in(answer, state)))
    follow(alexa, [*steps, intent_step("ReportFindingIntent", slots, "")])
