"""What every engine has to do alike. DynamoDB is moto's, which takes nothing away by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from skill.dialogue.keeping import Kept
from skill.memory.rows import TOMBSTONE_SECONDS
from skill.memory.sealing import Sealer
from tests.memory.stores import KEY, LIFETIME, SECRET, SKILL_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.memory.rows import Rows
    from skill.memory.sealed import SealedMemory
    from tests.memory.stores import Clock

CALLER = "amzn1.ask.account.CALLER"
DOCUMENT = {"pending": "fever", "answers": {"chest": "no", "age_years": 64}}
OTHER = {"pending": "recent_fall"}


def saved(
    memory: SealedMemory, document: Mapping[str, object], seen: int, request: str
) -> int | None:
    return memory.save_if_unchanged(CALLER, document, seen=seen, request_id=request)


def test_of_a_stranger_nothing_is_kept(memory: SealedMemory) -> None:
    assert memory.load(CALLER) == Kept(0, None)


def test_what_was_saved_is_loaded(memory: SealedMemory) -> None:
    version = saved(memory, DOCUMENT, 0, "first")
    assert version is not None
    assert memory.load(CALLER) == Kept(version, DOCUMENT)


def test_another_caller_is_another_one(memory: SealedMemory) -> None:
    saved(memory, DOCUMENT, 0, "first")
    assert memory.load("amzn1.ask.account.OTHER") == Kept(0, None)


def test_every_save_makes_a_higher_version(memory: SealedMemory) -> None:
    first = saved(memory, DOCUMENT, 0, "first")
    assert first is not None
    second = saved(memory, OTHER, first, "second")
    assert second is not None
    assert 0 < first < second
    assert memory.load(CALLER) == Kept(second, OTHER)


@pytest.mark.parametrize("seen", [0, 2, 7, -1])
def test_a_save_upon_another_version_keeps_nothing(memory: SealedMemory, seen: int) -> None:
    version = saved(memory, DOCUMENT, 0, "first")
    assert saved(memory, OTHER, seen, "second") is None
    assert memory.load(CALLER) == Kept(version or -1, DOCUMENT)


@pytest.mark.parametrize("seen", [1, 2, -1, 2**63 - 1, 10**50])
def test_a_save_upon_what_never_was_keeps_nothing(memory: SealedMemory, seen: int) -> None:
    assert saved(memory, DOCUMENT, seen, "first") is None
    assert memory.load(CALLER) == Kept(0, None)


def test_the_same_request_again_is_saved_once(memory: SealedMemory) -> None:
    first = saved(memory, DOCUMENT, 0, "first")
    assert first is not None
    second = saved(memory, OTHER, first, "second")
    assert saved(memory, OTHER, first, "second") == second
    assert memory.load(CALLER) == Kept(second or -1, OTHER)


def test_the_same_request_with_other_content_changes_nothing(memory: SealedMemory) -> None:
    version = saved(memory, DOCUMENT, 0, "first")
    assert saved(memory, OTHER, 0, "first") == version
    assert memory.load(CALLER).document == DOCUMENT


def test_the_same_request_upon_another_version_is_refused(memory: SealedMemory) -> None:
    first = saved(memory, DOCUMENT, 0, "first")
    assert first is not None
    second = saved(memory, DOCUMENT, first, "second")
    assert saved(memory, OTHER, 0, "second") is None
    assert memory.load(CALLER) == Kept(second or -1, DOCUMENT)


def test_the_same_request_is_refused_once_others_have_changed_it(memory: SealedMemory) -> None:
    first = saved(memory, DOCUMENT, 0, "first")
    assert first is not None
    saved(memory, OTHER, first, "second")
    assert saved(memory, DOCUMENT, 0, "first") is None
    assert memory.load(CALLER).document == OTHER


def test_what_is_forgotten_is_gone_at_a_higher_version(memory: SealedMemory) -> None:
    kept = saved(memory, DOCUMENT, 0, "first")
    assert kept is not None
    version = memory.forget(CALLER)
    assert version > kept
    assert memory.load(CALLER) == Kept(version, None)


def test_forgetting_again_and_again_does_no_harm(memory: SealedMemory) -> None:
    saved(memory, DOCUMENT, 0, "first")
    versions = [memory.forget(CALLER) for _ in range(3)]
    assert versions == sorted(set(versions))
    assert memory.load(CALLER) == Kept(versions[-1], None)


def test_what_was_saved_by_then_is_forgotten_later(memory: SealedMemory, clock: Clock) -> None:
    seen = saved(memory, DOCUMENT, 0, "first")
    assert seen is not None
    then = clock.seconds
    clock.seconds += 60
    memory.forget_saved_by(CALLER, then)
    kept = memory.load(CALLER)
    assert kept.document is None
    assert kept.version > seen
    assert saved(memory, OTHER, seen, "late") is None
    assert saved(memory, DOCUMENT, 0, "first") is None
    assert saved(memory, OTHER, kept.version, "second") is not None


def test_what_was_saved_since_then_is_not_forgotten(memory: SealedMemory, clock: Clock) -> None:
    seen = saved(memory, DOCUMENT, 0, "first")
    assert seen is not None
    then = clock.seconds
    clock.seconds += 1
    version = saved(memory, OTHER, seen, "second")
    memory.forget_saved_by(CALLER, then)
    assert memory.load(CALLER) == Kept(version or -1, OTHER)


def test_of_a_stranger_nothing_is_forgotten_later(memory: SealedMemory, clock: Clock) -> None:
    memory.forget_saved_by(CALLER, clock.seconds)
    assert memory.load(CALLER) == Kept()
    version = memory.forget(CALLER)
    memory.forget_saved_by(CALLER, clock.seconds)
    assert memory.load(CALLER) == Kept(version)


@pytest.mark.parametrize("kept_before", [True, False])
def test_a_late_save_does_not_bring_back_what_is_forgotten(
    memory: SealedMemory, *, kept_before: bool
) -> None:
    seen = saved(memory, DOCUMENT, 0, "first") if kept_before else 0
    assert seen is not None
    version = memory.forget(CALLER)
    assert saved(memory, OTHER, seen, "late") is None
    # Nor does the request that had saved it, repeated.
    assert saved(memory, DOCUMENT, 0, "first") is None
    assert memory.load(CALLER) == Kept(version, None)


def test_after_forgetting_one_may_keep_again(memory: SealedMemory) -> None:
    saved(memory, DOCUMENT, 0, "first")
    version = saved(memory, OTHER, memory.forget(CALLER), "second")
    assert version is not None
    assert memory.load(CALLER) == Kept(version, OTHER)


def test_a_stranger_who_is_forgotten_may_keep_from_then_on(memory: SealedMemory) -> None:
    seen = memory.forget(CALLER)
    assert memory.load(CALLER) == Kept(seen, None)
    version = saved(memory, DOCUMENT, seen, "first")
    assert version is not None
    assert memory.load(CALLER) == Kept(version, DOCUMENT)


def test_it_is_kept_for_its_time_and_no_longer(memory: SealedMemory, clock: Clock) -> None:
    saved(memory, DOCUMENT, 0, "first")
    clock.seconds += LIFETIME - 1
    assert memory.load(CALLER).document == DOCUMENT
    clock.seconds += 1
    assert memory.load(CALLER).document is None


def test_each_save_begins_its_time_anew(memory: SealedMemory, clock: Clock) -> None:
    first = saved(memory, DOCUMENT, 0, "first")
    clock.seconds += LIFETIME - 1
    saved(memory, OTHER, first or -1, "second")
    clock.seconds += LIFETIME - 1
    assert memory.load(CALLER).document == OTHER


@pytest.mark.parametrize("swept", [True, False])
def test_a_late_save_does_not_bring_back_what_has_expired(
    memory: SealedMemory, clock: Clock, *, swept: bool
) -> None:
    seen = saved(memory, DOCUMENT, 0, "first")
    assert seen is not None
    clock.seconds += LIFETIME
    if swept:
        memory.sweep()
    assert saved(memory, OTHER, seen, "late") is None
    assert saved(memory, DOCUMENT, 0, "first") is None
    assert memory.load(CALLER).document is None


def test_a_clock_that_goes_back_brings_back_nothing_that_is_deleted(
    memory: SealedMemory, clock: Clock
) -> None:
    seen = saved(memory, DOCUMENT, 0, "first")
    assert seen is not None
    version = memory.forget(CALLER)
    clock.seconds -= LIFETIME
    memory.sweep()
    assert memory.load(CALLER) == Kept(version, None)
    assert saved(memory, OTHER, seen, "late") is None
    assert saved(memory, DOCUMENT, 0, "first") is None


@pytest.mark.parametrize("swept", [True, False])
def test_after_it_expired_one_may_keep_again(
    memory: SealedMemory, clock: Clock, *, swept: bool
) -> None:
    saved(memory, DOCUMENT, 0, "first")
    clock.seconds += LIFETIME
    seen = memory.load(CALLER).version
    if swept:
        memory.sweep()
    version = saved(memory, OTHER, seen, "second")
    assert version is not None
    assert version > seen
    assert memory.load(CALLER) == Kept(version, OTHER)


@pytest.mark.parametrize("swept", [True, False])
def test_what_has_expired_and_is_forgotten_is_at_a_higher_version(
    memory: SealedMemory, clock: Clock, *, swept: bool
) -> None:
    saved(memory, DOCUMENT, 0, "first")
    clock.seconds += LIFETIME
    seen = memory.load(CALLER).version
    if swept:
        memory.sweep()
    assert memory.load(CALLER).version == seen
    assert memory.forget(CALLER) > seen
    assert saved(memory, OTHER, seen, "late") is None


def test_a_sweep_leaves_alone_what_is_kept(memory: SealedMemory) -> None:
    version = saved(memory, DOCUMENT, 0, "first")
    memory.sweep()
    assert memory.load(CALLER) == Kept(version or -1, DOCUMENT)


def test_a_tombstone_stays_for_as_long_as_a_save_may_be_late(
    memory: SealedMemory, clock: Clock
) -> None:
    version = memory.forget(CALLER)
    clock.seconds += TOMBSTONE_SECONDS - 1
    memory.sweep()
    assert saved(memory, OTHER, 0, "late") is None
    assert memory.load(CALLER) == Kept(version, None)


def test_of_twenty_requests_at_once_upon_one_version_one_is_saved(memory: SealedMemory) -> None:
    def save(at: int) -> int | None:
        return saved(memory, {"by": at}, 0, f"request {at}")

    with ThreadPoolExecutor(8) as callers:
        versions = list(callers.map(save, range(20)))
    (version,) = {one for one in versions if one is not None}
    assert versions.count(version) == 1
    assert memory.load(CALLER) == Kept(version, {"by": versions.index(version)})


def test_one_request_fifty_times_at_once_is_one_step(memory: SealedMemory) -> None:
    first = saved(memory, DOCUMENT, 0, "first")
    assert first is not None
    with ThreadPoolExecutor(8) as callers:
        versions = set(callers.map(lambda _: saved(memory, OTHER, first, "again"), range(50)))
    assert versions == {memory.load(CALLER).version}
    assert memory.load(CALLER).document == OTHER


def test_a_row_holds_nothing_that_can_be_read(memory: SealedMemory, rows: Rows) -> None:
    saved(memory, DOCUMENT, 0, "first")
    row = rows.read(Sealer(SECRET, [KEY], SKILL_ID).caller_key(CALLER))
    assert row is not None
    for word in (CALLER, "fever", "chest", "age_years", "first"):
        assert word not in repr(row)
