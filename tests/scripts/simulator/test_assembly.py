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


AT_CONSENT = ("open upper back check", "no", "no", "no", "no")


def test_a_skill_with_a_memory_goes_on_from_a_call_that_was_cut_off() -> None:
    with running_skill(clock_of(DAY), with_memory=True) as skill:
        language = load_language("en-US", skill.clock)
        first, second = new_device(language, skill), new_device(language, skill)
        heard = [first.hear(said).says for said in (*AT_CONSENT, "yes")]
        assert heard[-2].startswith("Shall I keep your answers for 24 hours")
        heard = [second.hear(said).says for said in AT_CONSENT]
        assert heard[-1] == "You started a check earlier. Shall we pick up where you left off?"


def test_a_skill_without_a_memory_asks_for_no_consent() -> None:
    with running_skill(clock_of(DAY)) as skill:
        device = new_device(load_language("en-US", skill.clock), skill)
        assert [device.hear(said).says for said in AT_CONSENT][-1] == "How old are you?"
