from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest

from skill.dialogue.keeping import Kept
from skill.memory.sealed import SealedMemory
from skill.memory.sealing import Sealer
from skill.memory.sqlite import SqliteRows
from tests.log_lines import told
from tests.memory.stores import HOURS, KEY, SECRET, SKILL_ID, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLER: Final = "amzn1.ask.account.CALLER"
OTHER_KEY: Final = bytes(reversed(KEY))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteRows]:
    rows = SqliteRows(tmp_path / "checks.db")
    rows.prepare()
    yield rows
    rows.close()


def memory(store: SqliteRows, *keys: bytes) -> SealedMemory:
    return SealedMemory(store, Sealer(SECRET, keys, SKILL_ID), HOURS, Clock())


def test_after_a_rotation_the_old_is_read_and_the_new_key_seals(store: SqliteRows) -> None:
    memory(store, KEY).save_if_unchanged(CALLER, {"a": 1}, seen=0, request_id="first")
    rotated = memory(store, OTHER_KEY, KEY)
    assert rotated.load(CALLER) == Kept(1, {"a": 1})
    rotated.save_if_unchanged(CALLER, {"a": 2}, seen=1, request_id="second")
    assert memory(store, OTHER_KEY).load(CALLER) == Kept(2, {"a": 2})


def test_what_cannot_be_unsealed_is_not_there_and_can_be_replaced(
    store: SqliteRows, caplog: pytest.LogCaptureFixture
) -> None:
    memory(store, KEY).save_if_unchanged(CALLER, {"a": 1}, seen=0, request_id="first")
    other = memory(store, OTHER_KEY)
    assert other.load(CALLER) == Kept(1, None)
    assert told(caplog) == [{"level": "WARNING", "event": "memory_unreadable"}]
    assert other.save_if_unchanged(CALLER, {"a": 2}, seen=1, request_id="second") == 2
    assert other.load(CALLER) == Kept(2, {"a": 2})


def test_a_document_that_was_put_into_the_row_of_another_caller_is_not_theirs(
    store: SqliteRows, caplog: pytest.LogCaptureFixture
) -> None:
    memory(store, KEY).save_if_unchanged(CALLER, {"a": 1}, seen=0, request_id="first")
    sealer = Sealer(SECRET, [KEY], SKILL_ID)
    row = store.read(sealer.caller_key(CALLER))
    assert row is not None
    assert store.write(replace(row, caller=sealer.caller_key("amzn1.ask.account.OTHER")), 0)
    assert memory(store, KEY).load("amzn1.ask.account.OTHER") == Kept(1, None)
    assert told(caplog) == [{"level": "WARNING", "event": "memory_unreadable"}]


def test_no_step_of_a_rotation_meets_a_document_that_it_cannot_unseal(
    store: SqliteRows, caplog: pytest.LogCaptureFixture
) -> None:
    """Two instances take the steps of docs/operating.md one after the other, amid a talk."""
    steps = [(KEY,), (KEY, OTHER_KEY), (OTHER_KEY, KEY), (OTHER_KEY,)]
    version = 0
    for before, after in pairwise(steps):
        for instances in ((before, before), (after, before), (after, after)):
            for keys in instances:
                one = memory(store, *keys)
                assert one.load(CALLER) == Kept(version, {"at": version} if version else None)
                saved = one.save_if_unchanged(
                    CALLER, {"at": version + 1}, seen=version, request_id=f"{version}"
                )
                assert saved == version + 1
                version = saved
    assert told(caplog) == []


def test_a_store_of_another_skill_or_secret_holds_nothing_of_a_caller(store: SqliteRows) -> None:
    memory(store, KEY).save_if_unchanged(CALLER, {"a": 1}, seen=0, request_id="first")
    for sealer in (Sealer(SECRET, [KEY], "other skill"), Sealer(bytes(32), [KEY], SKILL_ID)):
        other = SealedMemory(store, sealer, HOURS, Clock())
        assert other.load(CALLER) == Kept()
        other.forget(CALLER)
    assert memory(store, KEY).load(CALLER) == Kept(1, {"a": 1})


def test_a_clock_that_goes_back_loses_nothing_and_brings_nothing_back(store: SqliteRows) -> None:
    clock = Clock()
    late = SealedMemory(store, Sealer(SECRET, [KEY], SKILL_ID), HOURS, clock)
    assert late.save_if_unchanged(CALLER, {"a": 1}, seen=0, request_id="first") == 1
    clock.seconds -= 3600
    late.sweep()
    assert late.load(CALLER) == Kept(1, {"a": 1})
    assert late.save_if_unchanged(CALLER, {"a": 2}, seen=1, request_id="second") == 2
    version = late.forget(CALLER)
    clock.seconds -= 3 * 3600
    late.sweep()
    assert late.save_if_unchanged(CALLER, {"a": 3}, seen=2, request_id="third") is None
    assert late.load(CALLER) == Kept(version, None)
