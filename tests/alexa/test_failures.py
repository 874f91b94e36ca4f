"""When something breaks: the caller hears where to turn, the log hears nothing of the caller."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from skill.alexa.failures import speaking_on_failure
from skill.alexa.skill import answering, build_skill
from tests.conftest import Alexa
from tests.log_lines import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.speech.catalogue import Catalogue
    from skill.triage.model import RuleSet

SAID = "my chest hurts and my name is Ada"


def broken(envelope: Mapping[str, object]) -> dict[str, object]:
    raise KeyError(SAID, envelope)


@pytest.fixture
def failing(rule_set: RuleSet, catalogues: Mapping[str, Catalogue]) -> Alexa:
    """Give a device whose skill breaks on every request."""
    return Alexa(speaking_on_failure(broken, catalogues), rule_set)


def test_a_failure_says_the_emergency_number(failing: Alexa) -> None:
    assert "911" in failing.launch().speech


def test_a_failure_of_the_log_beside_it_changes_nothing(failing: Alexa) -> None:
    class Raising(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError(record.name)

    logger, handler = logging.getLogger("skill"), Raising()
    logger.addHandler(handler)
    try:
        assert "911" in failing.launch().speech
    finally:
        logger.removeHandler(handler)


def test_a_failure_ends_the_session(failing: Alexa) -> None:
    assert failing.launch().ended


def test_a_failure_leaves_no_session_attributes(failing: Alexa) -> None:
    assert failing.launch().envelope["sessionAttributes"] == {}


def test_the_answer_to_a_failure_is_a_response_envelope(failing: Alexa) -> None:
    envelope = failing.launch().envelope
    assert json.loads(json.dumps(envelope)) == envelope
    assert envelope["version"] == "1.0"


def test_a_failure_is_logged_by_its_class_and_nothing_else(
    failing: Alexa, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    failing.intent("ReportFindingIntent", finding=SAID)
    assert told(caplog) == [{"level": "ERROR", "event": "unexpected_error", "error": "KeyError"}]
    assert SAID not in caplog.text


def test_a_failure_inside_a_turn_says_the_emergency_number(
    rule_set: RuleSet, catalogues: Mapping[str, Catalogue], caplog: pytest.LogCaptureFixture
) -> None:
    wordless = {name: replace(words, templates={}) for name, words in catalogues.items()}
    device = Alexa(answering(build_skill(rule_set, wordless), catalogues), rule_set)
    caplog.set_level(logging.DEBUG)
    assert "911" in device.report("chest_pain").speech
    assert device.ended
    assert "unexpected_error" in caplog.text
    assert "chest" not in caplog.text


@pytest.mark.parametrize(
    ("locale", "number"), [("en-US", "911"), ("en-GB", "999"), ("en-AU", "000"), ("en-IN", "112")]
)
def test_a_failure_says_the_number_of_the_locale(failing: Alexa, locale: str, number: str) -> None:
    failing.locale = locale
    assert f"call {number}," in failing.launch().speech


@pytest.mark.parametrize(
    "envelope",
    [{}, {"request": None}, {"request": {"locale": 7}}, {"request": {"locale": "xx-XX"}}],
    ids=["empty", "no request", "odd locale", "unknown locale"],
)
def test_a_failure_where_no_number_is_known_still_says_where_to_turn(
    catalogues: Mapping[str, Catalogue], envelope: dict[str, object]
) -> None:
    answer = json.dumps(speaking_on_failure(broken, catalogues)(envelope))
    assert "call your local emergency number" in answer
    assert "911" not in answer


def test_without_a_failure_the_answer_is_left_as_it_is(
    catalogues: Mapping[str, Catalogue],
) -> None:
    answer: dict[str, object] = {"version": "1.0", "response": {}}
    assert speaking_on_failure(lambda _: answer, catalogues)({}) is answer


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_whoever_stops_the_program_is_not_held_up(
    catalogues: Mapping[str, Catalogue], stop: type[BaseException]
) -> None:
    def stopped(_: Mapping[str, object]) -> dict[str, object]:
        raise stop

    with pytest.raises(stop):
        speaking_on_failure(stopped, catalogues)({})
