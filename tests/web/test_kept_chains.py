from __future__ import annotations

import os
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skill.errors import ConfigurationError, RequestRefusedError
from skill.web.chain_trust import CHAIN_LIMIT_BYTES
from skill.web.kept_chains import KeptChains
from skill.web.signing_keys import SigningKeys
from tests.web import chains
from tests.web.chains import CHAIN_URL, NOW, Clock, Store, Terms

if TYPE_CHECKING:
    from collections.abc import Callable

OUTAGE = HTTPException("nobody answers")


def keys(folder: Path, store: Store, clock: Clock | None = None) -> SigningKeys:
    """Return what a start of the endpoint would have: an empty cache, and the folder."""
    roots = [chains.root().certificate]
    clock = clock or Clock()
    return SigningKeys(roots, store.fetch, clock, KeptChains(folder), timer=clock.seconds)


def kept_by_an_earlier_start(folder: Path) -> None:
    keys(folder, Store()).key_at(CHAIN_URL)


def test_a_chain_is_known_while_it_is_kept(tmp_path: Path) -> None:
    kept = KeptChains(tmp_path)
    assert not kept.knows(CHAIN_URL)
    kept.keep(CHAIN_URL, b"chain")
    assert kept.knows(CHAIN_URL)
    assert not kept.knows(CHAIN_URL + "x")
    kept.forget(CHAIN_URL)
    assert not kept.knows(CHAIN_URL)


def test_a_chain_that_was_good_serves_a_start_during_an_outage(tmp_path: Path) -> None:
    kept_by_an_earlier_start(tmp_path)
    store = Store({CHAIN_URL: OUTAGE})
    assert keys(tmp_path, store).key_at(CHAIN_URL) == chains.rsa_key("alexa").public_key()
    assert store.fetched == [CHAIN_URL]


def test_what_is_fetched_comes_before_what_is_kept(tmp_path: Path) -> None:
    kept_by_an_earlier_start(tmp_path)
    store = Store()
    keys(tmp_path, store).key_at(CHAIN_URL)
    assert store.fetched == [CHAIN_URL]


def test_during_an_outage_the_fetch_is_tried_again_after_half_a_minute(tmp_path: Path) -> None:
    kept_by_an_earlier_start(tmp_path)
    clock, store = Clock(), Store({CHAIN_URL: OUTAGE})
    held = keys(tmp_path, store, clock)
    for seconds, fetches in ((0, 1), (29, 1), (1, 2)):
        clock.move(seconds=seconds)
        held.key_at(CHAIN_URL)
        assert len(store.fetched) == fetches


@pytest.mark.parametrize(
    "refusal",
    [RequestRefusedError("chain_missing"), RequestRefusedError("chain_size")],
    ids=["missing", "too large"],
)
def test_a_chain_that_is_gone_is_not_replaced_by_the_kept_one(
    tmp_path: Path, refusal: RequestRefusedError
) -> None:
    kept_by_an_earlier_start(tmp_path)
    with pytest.raises(RequestRefusedError, match=refusal.reason):
        keys(tmp_path, Store({CHAIN_URL: refusal})).key_at(CHAIN_URL)
    # Nor at the next start, should there be an outage then.
    assert list(tmp_path.iterdir()) == []


def test_a_kept_chain_that_has_expired_is_not_used(tmp_path: Path) -> None:
    kept_by_an_earlier_start(tmp_path)
    clock = Clock()
    clock.now = NOW + timedelta(days=31)
    with pytest.raises(RequestRefusedError, match="chain_unavailable"):
        keys(tmp_path, Store({CHAIN_URL: OUTAGE}), clock).key_at(CHAIN_URL)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no PEM",
        b"x" * (CHAIN_LIMIT_BYTES + 1),
        chains.pem(chains.issue(Terms(dns_names=("other.example",)))),
    ],
    ids=["empty", "no PEM", "too large", "of another name"],
)
def test_a_kept_file_is_trusted_no_more_than_a_fetched_one(tmp_path: Path, content: bytes) -> None:
    kept_by_an_earlier_start(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    with pytest.raises(RequestRefusedError, match="chain_unavailable"):
        keys(tmp_path, Store({CHAIN_URL: OUTAGE})).key_at(CHAIN_URL)


def test_a_bad_chain_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(RequestRefusedError):
        keys(tmp_path, Store({CHAIN_URL: b"no PEM"})).key_at(CHAIN_URL)
    assert list(tmp_path.iterdir()) == []


def test_a_kept_chain_is_for_its_owner_alone_and_named_by_no_sender(tmp_path: Path) -> None:
    kept_by_an_earlier_start(tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "echo" not in file.name


def test_a_disk_that_fails_costs_nothing_but_the_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    held = keys(tmp_path, Store())
    monkeypatch.setattr(Path, "replace", full)
    held.key_at(CHAIN_URL)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_costs_nothing_but_the_chain(tmp_path: Path) -> None:
    folder = tmp_path / "chains"
    folder.mkdir()
    held = keys(folder, Store())
    folder.rmdir()
    held.key_at(CHAIN_URL)
    assert not folder.exists()


def test_only_the_newest_chains_are_kept(tmp_path: Path) -> None:
    kept = KeptChains(tmp_path)
    for number in range(40):
        kept.keep(f"{CHAIN_URL}{number}", b"chain")
        os.utime(max(tmp_path.iterdir(), key=lambda p: p.stat().st_mtime_ns), (number, number))
    assert len(list(tmp_path.iterdir())) == 16
    assert kept.chain_at(f"{CHAIN_URL}39", 10) == b"chain"
    assert kept.chain_at(f"{CHAIN_URL}0", 10) is None


def test_to_keep_a_chain_anew_displaces_no_other(tmp_path: Path) -> None:
    kept = KeptChains(tmp_path)
    for _ in range(2):
        for number in range(16):
            kept.keep(f"{CHAIN_URL}{number}", b"chain")
    assert all(kept.chain_at(f"{CHAIN_URL}{number}", 10) for number in range(16))


def test_what_a_crash_left_half_written_goes_with_the_oldest(tmp_path: Path) -> None:
    kept = KeptChains(tmp_path)
    kept.keep(CHAIN_URL, b"chain")
    (kept_file,) = tmp_path.iterdir()
    left = tmp_path / kept_file.name.replace(".pem", "")[:-8]
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    for number in range(16):
        kept.keep(f"{CHAIN_URL}{number}", b"chain")
    assert not left.exists()


def test_what_else_lies_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    theirs = [tmp_path / name for name in ("site.pem", "chain.pem", "key")]
    for path in theirs:
        path.write_bytes(b"theirs")
        os.utime(path, (1, 1))
    kept = KeptChains(tmp_path)
    for number in range(40):
        kept.keep(f"{CHAIN_URL}{number}", b"chain")
    assert [path.read_bytes() for path in theirs] == [b"theirs"] * 3


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_something_that_is_no_file_is_no_chain(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    kept_by_an_earlier_start(tmp_path)
    (file,) = tmp_path.iterdir()
    file.unlink()
    make(file)
    with pytest.raises(RequestRefusedError, match="chain_unavailable"):
        keys(tmp_path, Store({CHAIN_URL: OUTAGE})).key_at(CHAIN_URL)
    # And it stands in the way of nothing but the chain.
    assert keys(tmp_path, Store()).key_at(CHAIN_URL) == chains.rsa_key("alexa").public_key()


def test_a_file_that_cannot_be_read_is_no_chain_and_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreadable(*_: object, **__: object) -> None:
        raise PermissionError

    kept_by_an_earlier_start(tmp_path)
    monkeypatch.setattr(Path, "open", unreadable)
    assert KeptChains(tmp_path).chain_at(CHAIN_URL, CHAIN_LIMIT_BYTES) is None
    assert '"event":"kept_chain_lost","error":"PermissionError"' in caplog.text


def test_what_becomes_of_a_kept_chain_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept_by_an_earlier_start(tmp_path)
    outage = Store({CHAIN_URL: OUTAGE})
    keys(tmp_path, outage).key_at(CHAIN_URL)
    assert '"event":"kept_chain_used"' in caplog.text
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"no PEM")
    with pytest.raises(RequestRefusedError):
        keys(tmp_path, outage).key_at(CHAIN_URL)
    assert '"event":"kept_chain_refused","reason":"chain_unreadable"' in caplog.text


def test_a_chain_that_could_not_be_kept_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = KeptChains(tmp_path)
    tmp_path.rmdir()
    kept.keep(CHAIN_URL, b"chain")
    kept.forget(CHAIN_URL)
    assert '"event":"chain_not_kept","error":"FileNotFoundError"' in caplog.text


def test_a_folder_that_cannot_be_written_to_is_no_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(ConfigurationError, match=r"CHAIN_FOLDER: .+ is no folder"):
            KeptChains(folder)
