from __future__ import annotations

import pytest

from skill.web.clock_drift import ClockDrift


@pytest.mark.parametrize(
    ("samples", "alarming"),
    [
        ([], False),
        ([400.0, 400.0], False),  # two are too few
        ([31.0] * 3, True),
        ([-31.0] * 3, True),
        ([30.0] * 20, False),
        ([1.0, 1.0, 140.0], False),  # one was on its way for long
        ([0.0] * 15 + [90.0] * 8, True),  # the clock stepped
        ([90.0] * 15 + [0.0] * 8, False),  # and was set right
    ],
)
def test_a_clock_that_is_off_by_more_than_half_a_minute_is_alarming(
    samples: list[float],
    alarming: bool,  # noqa: FBT001  # the expected value
) -> None:
    drift = ClockDrift()
    for sample in samples:
        drift.note(sample)
    assert drift.is_alarming is alarming
