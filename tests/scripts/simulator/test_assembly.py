from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from scripts.simulator.assembly import clock_of, load_language, new_device, running_skill

DAY = date(2026, 3, 1)


def test_the_clock_of_a_day_goes_on_from_its_noon() -> None:
    clock = clock_of(DAY)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert noon <= clock() < noon + timedelta(minutes=1)


def test_the_clock_of_no_day_is_the_true_one() -> None:
    assert abs(clock_of(None)() - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_skill_takes_a_request_of_another_day_and_counts_from_there() -> None:
    with running_skill(clock_of(DAY)) as skill:
        device = new_device(load_language("en-US", skill.clock), skill)
        device.hear("open upper back check")
        turn = device.hear("since yesterday")
    assert turn.request is not None
    assert turn.failure is None
    assert '"2026-02-28"' in str(turn.request).replace("'", '"')
