from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, strategies

from skill.memory.sealing import Sealer, UnreadableDocumentError
from tests.memory.stores import KEY, SECRET, SKILL_ID

OTHER_KEY: Final = bytes(reversed(KEY))
ROW: Final = bytes(range(32))
DOCUMENT: Final = {"pending": "fever", "answers": {"age_years": 64}}


def sealer(*keys: bytes, secret: bytes = SECRET, skill_id: str = SKILL_ID) -> Sealer:
    return Sealer(secret, keys or (KEY,), skill_id)


def test_what_was_sealed_is_unsealed() -> None:
    key_id, sealed = sealer().seal(DOCUMENT, ROW, 1)
    assert sealer().unseal(key_id, sealed, ROW, 1) == DOCUMENT


def test_no_word_of_it_can_be_read() -> None:
    _, sealed = sealer().seal(DOCUMENT, ROW, 1)
    assert b"fever" not in sealed


def test_the_same_document_is_sealed_in_another_way_each_time() -> None:
    assert sealer().seal(DOCUMENT, ROW, 1) != sealer().seal(DOCUMENT, ROW, 1)


def test_it_is_unsealed_in_no_other_row_and_at_no_other_version() -> None:
    key_id, sealed = sealer().seal(DOCUMENT, ROW, 1)
    for row, version in ((bytes(32), 1), (ROW, 2), (ROW, 11)):
        with pytest.raises(UnreadableDocumentError):
            sealer().unseal(key_id, sealed, row, version)


@given(strategies.data())
def test_no_changed_byte_goes_unnoticed(data: strategies.DataObject) -> None:
    key_id, sealed = sealer().seal(DOCUMENT, ROW, 1)
    at = data.draw(strategies.integers(0, len(sealed) - 1))
    change = data.draw(strategies.integers(1, 255))
    changed = bytearray(sealed)
    changed[at] ^= change
    with pytest.raises(UnreadableDocumentError):
        sealer().unseal(key_id, bytes(changed), ROW, 1)


@pytest.mark.parametrize("length", [0, 5, 12, 27])
def test_what_is_cut_short_is_unreadable(length: int) -> None:
    key_id, sealed = sealer().seal(DOCUMENT, ROW, 1)
    with pytest.raises(UnreadableDocumentError):
        sealer().unseal(key_id, sealed[:length], ROW, 1)


def test_a_new_key_seals_and_the_old_one_still_unseals() -> None:
    old_id, old = sealer(KEY).seal(DOCUMENT, ROW, 1)
    rotated = sealer(OTHER_KEY, KEY)
    new_id, new = rotated.seal(DOCUMENT, ROW, 1)
    assert new_id != old_id
    assert rotated.unseal(old_id, old, ROW, 1) == DOCUMENT
    assert sealer(OTHER_KEY).unseal(new_id, new, ROW, 1) == DOCUMENT


@pytest.mark.parametrize("named", [True, False])
def test_without_its_key_it_is_unreadable(*, named: bool) -> None:
    key_id, sealed = sealer(KEY).seal(DOCUMENT, ROW, 1)
    with pytest.raises(UnreadableDocumentError):
        sealer(OTHER_KEY).unseal(key_id if named else None, sealed, ROW, 1)


def test_a_key_is_named_alike_wherever_it_stands() -> None:
    first, _ = sealer(KEY).seal(DOCUMENT, ROW, 1)
    again, _ = sealer(KEY, OTHER_KEY).seal(DOCUMENT, ROW, 1)
    assert first == again


def test_callers_have_keys_of_their_own_in_each_skill_and_under_each_secret() -> None:
    keys = [
        sealer().caller_key("one"),
        sealer().caller_key("two"),
        sealer(skill_id="amzn1.ask.skill.other").caller_key("one"),
        sealer(secret=bytes(32)).caller_key("one"),
        # Where one ends and the other begins makes a difference.
        sealer(skill_id=f"{SKILL_ID}o").caller_key("ne"),
        sealer().request_digest("one"),
    ]
    assert len({*keys}) == len(keys)
    assert {len(key) for key in keys} == {32}
    assert sealer().caller_key("one") == keys[0]


def test_a_user_id_that_is_no_text_of_this_world_has_a_key() -> None:
    assert len(sealer().caller_key("\ud800\0")) == 32
