from __future__ import annotations

import pytest

from skill.errors import ConfigurationError, RequestRefusedError
from skill.web.addressee import check_addressee, skill_id_from
from tests.web.chains import OTHER_SKILL_ID, SKILL_ID, envelope


@pytest.mark.parametrize("around", ["", " ", "\n"])
def test_an_id_is_taken_as_the_console_shows_it(around: str) -> None:
    assert skill_id_from(f"{around}{SKILL_ID}{around}") == SKILL_ID


@pytest.mark.parametrize("setting", ["", " ", "\n", "\t "])
def test_an_id_must_be_set(setting: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^ALEXA_SKILL_ID is not set: "):
        skill_id_from(setting)


@pytest.mark.parametrize(
    "setting",
    [
        f'"{SKILL_ID}"',
        SKILL_ID.replace("skill", "device"),
        SKILL_ID.replace(".", "x"),
        SKILL_ID.removeprefix("amzn1.ask.skill."),
        f"{SKILL_ID},{OTHER_SKILL_ID}",
        f"{SKILL_ID}\n{OTHER_SKILL_ID}",
        "amzn1.ask.skill.",
        "upper back check",
        f"{SKILL_ID}\u0661",
    ],
)
def test_what_no_skill_has_for_an_id_is_told_to_the_operator(setting: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^ALEXA_SKILL_ID is .*, which is no skill id: "
    ) as told:
        skill_id_from(setting)
    assert "\n" not in str(told.value)


def test_a_request_is_for_the_skill_that_both_its_context_and_its_session_name() -> None:
    check_addressee(envelope(), SKILL_ID)
    with pytest.raises(RequestRefusedError, match="skill_id_mismatch"):
        check_addressee(envelope(skill_id=OTHER_SKILL_ID), SKILL_ID)
