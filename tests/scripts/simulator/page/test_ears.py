from __future__ import annotations

import pytest

from scripts.simulator.errors import SimulatorError
from scripts.simulator.page.ears import NO_RECOGNISER, Ears
from tests.scripts.simulator.page.conftest import SmallRecogniser


def test_each_locale_has_one_recogniser() -> None:
    made: list[str] = []

    def recogniser_for(locale: str) -> SmallRecogniser:
        made.append(locale)
        return SmallRecogniser(locale)

    ears = Ears(recogniser_for)
    assert made == []
    assert ears.problem("en-GB") is None
    assert [ears.words(locale, b"") for locale in ("en-GB", "en-US", "en-GB")] == [
        *("en-GB", "en-US", "en-GB")
    ]
    assert made == ["en-GB", "en-US"]


@pytest.mark.parametrize("ears", [Ears(None), Ears(lambda _: None)], ids=["none", "not here"])
def test_without_a_recogniser_there_is_a_reason(ears: Ears) -> None:
    assert ears.problem("en-US") == NO_RECOGNISER
    with pytest.raises(SimulatorError, match="no recogniser"):
        ears.words("en-US", b"")


def test_a_recogniser_that_cannot_be_made_gives_its_own_reason_each_time() -> None:
    def broken(locale: str) -> SmallRecogniser:
        raise SimulatorError(f"no model for {locale}")

    ears = Ears(broken)
    assert [ears.problem("en-IN"), ears.problem("en-IN")] == ["no model for en-IN"] * 2
