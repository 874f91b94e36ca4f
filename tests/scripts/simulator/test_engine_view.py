from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from scripts.simulator.engine_view import EngineView, load_engine_viewer
from skill.dialogue.conversation import Conversation
from skill.triage.assessment import assess
from tests.calls import CATALOGUES, RULE_SET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.simulator.device import Device, Turn
    from skill.triage.model import Answer

ASKED = [question for question in RULE_SET.questions if not question.volunteered]
YES_NO = [question.id for question in ASKED if question.kind == "yes_no"]
VIEWER = load_engine_viewer(RULE_SET, CATALOGUES)


def seen(turn: Turn) -> EngineView:
    assert turn.request is not None
    view = VIEWER.view(turn.request, turn.response)
    assert view is not None
    return view


def view_of(answers: Mapping[str, Answer]) -> EngineView:
    attributes = Conversation(RULE_SET.name, dict(answers), pending="fever").to_attributes()
    request = {"request": {"locale": "en-US"}}
    view = VIEWER.view(request, {"sessionAttributes": attributes})
    assert view is not None
    return view


def test_at_first_there_is_nothing_but_a_question(device: Device) -> None:
    turn = device.hear("open upper back check")
    view = seen(turn)
    assert (view.present, view.fired, view.advised) == ((), (), False)
    assert view.next is not None
    assert turn.says.endswith(view.next.words)
    assert view.waiting_for == view.next.id
    assert {one.disposition for one in view.next.could_fire} >= {"emergency"}


def test_a_report_shows_what_it_makes_present(device: Device) -> None:
    device.hear("open upper back check")
    view = seen(device.hear("I have a fever"))
    assert {one.id: one.answers for one in view.present} == {
        "fever": ("fever: yes",),
        "fever_possible": ("fever: yes",),
    }


def test_the_advice_that_ends_the_session_still_shows_its_reasons(device: Device) -> None:
    device.hear("open upper back check")
    device.hear("I have a fever")
    view = seen(device.hear("my chest hurts"))
    assert (view.disposition, view.advised, view.next) == ("emergency", True, None)
    decisive = [one for one in view.fired if one.decides]
    assert [one.id for one in decisive] == ["suspected_heart_or_lung_emergency"]
    works = [work for source in decisive[0].sources for work in source.works]
    assert all(work.title for work in works)
    assert any(str(work.address).startswith("https://") for work in works)
    assert {one.id for one in view.present} >= {"fever", "chest_pain"}


def test_a_pain_that_the_rules_are_not_about_is_told_apart() -> None:
    assert view_of({}).in_scope
    assert not view_of({"lower_back_only": "yes"}).in_scope


def test_a_session_ended_by_the_caller_shows_where_it_stood(device: Device) -> None:
    device.hear("open upper back check")
    device.hear("I have a fever")
    view = seen(device.hear("exit"))
    assert [one.id for one in view.present] == ["fever", "fever_possible"]
    assert not view.advised


def test_foreign_session_attributes_show_nothing() -> None:
    foreign = {"sessionAttributes": {"answers": {"fever": "yes"}}}
    assert VIEWER.view({"request": {}}, foreign) is None


def test_each_source_of_each_rule_can_be_shown() -> None:
    view = view_of(dict.fromkeys(YES_NO, "yes"))
    assert len(view.fired) > 20
    for source in itertools.chain(*(one.sources for one in view.fired)):
        assert source.says
        assert all(work.title and "[" not in work.title for work in source.works)


@given(
    answers=st.dictionaries(st.sampled_from(YES_NO), st.sampled_from(["yes", "no", "unsure"])),
)
def test_it_shows_what_the_engine_decides(answers: dict[str, Answer]) -> None:
    view = view_of(answers)
    assessment = assess(RULE_SET, answers)
    if RULE_SET.out_of_scope.isdisjoint(assessment.present):
        question = assessment.next_question
        assert (view.next.id if view.next else None) == (question.id if question else None)
    assert view.disposition == assessment.disposition.name.lower()
    assert {one.id for one in view.present} == assessment.present
    assert [one.id for one in view.fired] == [rule.id for rule in assessment.fired]
    assert {one.id for one in view.fired if one.decides} == {r.id for r in assessment.decisive}
    if view.next is not None:
        assert view.next.could_fire


@given(
    answers=st.dictionaries(st.sampled_from(YES_NO), st.sampled_from(["yes", "no", "unsure"])),
)
def test_a_rule_that_could_fire_does_so_on_what_it_still_needs(answers: dict[str, Answer]) -> None:
    view = view_of(answers)
    present = frozenset(one.id for one in view.present)
    by_id = {rule.id: rule for rule in RULE_SET.rules}
    for one in view.next.could_fire if view.next else ():
        rule = by_id[one.id]
        assert rule.disposition > assess(RULE_SET, answers).disposition
        assert one.missing
        assert not rule.fires_on(present)
        assert rule.fires_on(present.union(one.missing))
