import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from time import monotonic

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from skill.errors import RequestRefusedError
from skill.web.chain_trust import CHAIN_LIMIT_BYTES
from skill.web.kept_chains import KeptChains
from skill.web.signing_keys import (
    FAILURE_LIFE_SECONDS,
    LONG_WAIT_SECONDS,
    SHORT_WAIT_SECONDS,
    UNKNOWN_URLS_AT_ONCE,
    SigningKeys,
)
from tests.web import chains
from tests.web.chains import CHAIN_URL, NOW, Clock, Store, Terms, issue, pem, refused

FOLDER = "https://s3.amazonaws.com/echo.api"
INTERMEDIATE = chains.intermediate().certificate


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(store: Store, clock: Clock) -> SigningKeys:
    return keys_of(store, clock)


def keys_of(store: Store, clock: Clock, kept: KeptChains | None = None) -> SigningKeys:
    return SigningKeys([chains.root().certificate], store.fetch, clock, kept, timer=clock.seconds)


def url_number(number: int) -> str:
    return f"{FOLDER}/{number}.pem"


def test_a_second_request_fetches_nothing(keys: SigningKeys, store: Store) -> None:
    assert keys.key_at(CHAIN_URL) is keys.key_at(CHAIN_URL)
    assert store.fetched == [CHAIN_URL]


def test_a_key_is_at_hand_once_it_was_fetched(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    assert keys.held_key_at(CHAIN_URL, clock()) is None
    assert store.fetched == []
    key = keys.key_at(CHAIN_URL)
    assert keys.held_key_at(CHAIN_URL, clock()) is key
    assert keys.held_key_at(url_number(1), clock()) is None


@pytest.mark.parametrize(
    ("days", "is_at_hand"), [(-31, False), (-30, True), (0, True), (30, True), (31, False)]
)
def test_a_key_is_at_hand_within_the_dates_of_its_path(
    keys: SigningKeys,
    days: int,
    is_at_hand: bool,  # noqa: FBT001
) -> None:
    keys.key_at(CHAIN_URL)
    assert bool(keys.held_key_at(CHAIN_URL, NOW + timedelta(days=days))) == is_at_hand


def test_a_key_is_at_hand_for_an_hour(keys: SigningKeys, clock: Clock) -> None:
    keys.key_at(CHAIN_URL)
    clock.move(minutes=59, seconds=59)
    assert keys.held_key_at(CHAIN_URL, clock())
    clock.move(seconds=1)
    assert keys.held_key_at(CHAIN_URL, clock()) is None


def test_a_key_that_is_at_hand_only_was_used(keys: SigningKeys, clock: Clock) -> None:
    for number in range(16):
        keys.key_at(url_number(number))
        clock.move(seconds=1)
    keys.held_key_at(url_number(0), clock())
    keys.key_at(url_number(16))
    assert keys.held_key_at(url_number(0), clock())
    assert keys.held_key_at(url_number(1), clock()) is None


def test_a_fetch_that_fails_as_nobody_foresaw_is_not_hidden(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    store.files[CHAIN_URL] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        keys.key_at(CHAIN_URL)
    with refused("chain_unavailable", 503):  # and costs no more fetches than any other failure
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 1
    del store.files[CHAIN_URL]
    clock.move(seconds=30)
    assert keys.key_at(CHAIN_URL).key_size == 2048


def test_a_disk_that_hangs_holds_nobody_for_long(
    store: Store, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = threading.Event()
    monkeypatch.setattr(Path, "replace", lambda *_: mended.wait(20))
    keys = keys_of(store, clock, KeptChains(tmp_path))
    started = monotonic()
    key = keys.key_at(CHAIN_URL)
    assert keys.key_at(CHAIN_URL) is key
    assert monotonic() - started < LONG_WAIT_SECONDS + 2
    mended.set()


def test_fifty_requests_at_once_cost_one_fetch(keys: SigningKeys, store: Store) -> None:
    store.gate = threading.Event()
    with ThreadPoolExecutor(50) as pool:
        waiting = [pool.submit(keys.key_at, CHAIN_URL) for _ in range(50)]
        store.gate.set()
        found = {id(key.result(10)) for key in waiting}
    assert len(found) == 1
    assert store.fetched == [CHAIN_URL]


def test_a_key_is_fetched_anew_after_an_hour(keys: SigningKeys, store: Store, clock: Clock) -> None:
    keys.key_at(CHAIN_URL)
    clock.move(minutes=59, seconds=59)
    keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 1
    clock.move(seconds=1)
    keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 2


def test_a_cached_key_is_refused_once_its_path_expires(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    leaf = issue(Terms(not_after=NOW + timedelta(minutes=5)))
    store.files[CHAIN_URL] = pem(leaf, INTERMEDIATE)
    keys.key_at(CHAIN_URL)
    clock.move(minutes=4, seconds=59)
    keys.key_at(CHAIN_URL)
    clock.move(seconds=2)
    with refused("chain_untrusted"):
        keys.key_at(CHAIN_URL)


def test_a_cached_key_is_not_used_at_a_time_before_its_path(
    keys: SigningKeys, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    clock.now -= timedelta(days=31)
    with refused("chain_untrusted"):
        keys.key_at(CHAIN_URL)


def test_a_renewed_chain_replaces_an_expired_one(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    store.files[CHAIN_URL] = pem(issue(Terms(not_after=NOW + timedelta(minutes=5))), INTERMEDIATE)
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = chains.good_chain()
    clock.move(minutes=6)
    assert keys.key_at(CHAIN_URL).key_size == 2048


@pytest.mark.parametrize(
    "failure",
    [
        (b"not a chain", "chain_unreadable", 400),
        (RequestRefusedError("chain_missing"), "chain_missing", 400),
        (RequestRefusedError("chain_unavailable", 503), "chain_unavailable", 503),
        (ConnectionRefusedError(), "chain_unavailable", 503),
        (TimeoutError(), "chain_unavailable", 503),
        (HTTPException(), "chain_unavailable", 503),
    ],
    ids=["garbage", "missing", "server failed", "no connection", "too slow", "no HTTP"],
)
def test_a_failure_is_remembered_for_half_a_minute(
    keys: SigningKeys,
    store: Store,
    clock: Clock,
    failure: tuple[bytes | Exception, str, int],
) -> None:
    store.files[CHAIN_URL], reason, status = failure
    for _ in range(3):
        with refused(reason, status):
            keys.key_at(CHAIN_URL)
    clock.move(seconds=29)
    with refused(reason, status):
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 1

    del store.files[CHAIN_URL]
    clock.move(seconds=1)
    assert keys.key_at(CHAIN_URL).key_size == 2048
    assert len(store.fetched) == 2


@pytest.mark.parametrize("hours", [-1, 0, 1], ids=["set back", "frozen", "set forward"])
def test_a_failure_lasts_half_a_minute_whatever_becomes_of_the_clock(
    keys: SigningKeys, store: Store, clock: Clock, hours: int
) -> None:
    store.files[CHAIN_URL] = b"not a chain"
    with refused("chain_unreadable"):
        keys.key_at(CHAIN_URL)
    del store.files[CHAIN_URL]
    clock.now += timedelta(hours=hours)
    with refused("chain_unreadable"):
        keys.key_at(CHAIN_URL)
    clock.passed += timedelta(seconds=30)
    assert keys.key_at(CHAIN_URL).key_size == 2048


def test_a_clock_that_is_set_costs_no_fetch_while_the_chain_is_valid(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    for hours in (0, 5, -5):
        clock.now = NOW + timedelta(hours=hours)
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 1


def test_a_clock_that_stands_still_does_not_stop_the_hourly_fetch(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    clock.passed += timedelta(hours=1)
    keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 2


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_clock_that_is_set_buys_no_fetches(
    keys: SigningKeys, store: Store, clock: Clock, hours: int
) -> None:
    for number in range(10):
        keys.key_at(url_number(number))
    clock.now += timedelta(hours=hours)
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 10


def test_an_outage_leaves_a_valid_key_in_use(keys: SigningKeys, store: Store, clock: Clock) -> None:
    key = keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(hours=1)
    assert keys.key_at(CHAIN_URL) is key
    assert keys.key_at(CHAIN_URL) is key
    assert len(store.fetched) == 2
    clock.move(seconds=30)
    assert keys.key_at(CHAIN_URL) is key
    assert len(store.fetched) == 3


def test_nobody_waits_for_a_host_that_hangs_while_there_is_a_valid_key(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    new = replaced(store)
    clock.move(hours=1)
    store.gate = threading.Event()
    started = monotonic()
    for _ in range(100):
        assert keys.key_at(CHAIN_URL) is old
    assert monotonic() - started < 2 * SHORT_WAIT_SECONDS  # one waited, and not for long
    assert len(store.fetched) == 2
    store.gate.set()
    while keys.key_at(CHAIN_URL) is old:  # until what came late is there
        assert monotonic() - started < 10
    assert keys.key_at(CHAIN_URL).public_numbers() == new.public_numbers()
    assert len(store.fetched) == 2


def test_an_outage_does_not_prolong_a_key_that_is_about_to_expire(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    ends = timedelta(hours=1, seconds=10)
    store.files[CHAIN_URL] = pem(issue(Terms(not_after=NOW + ends)), INTERMEDIATE)
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(hours=1)
    keys.key_at(CHAIN_URL)
    clock.move(seconds=10)
    keys.key_at(CHAIN_URL)
    clock.move(seconds=1)
    with refused("chain_unavailable", 503):
        keys.key_at(CHAIN_URL)


def test_an_outage_does_not_leave_an_expired_key_in_use(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(days=31)
    with refused("chain_unavailable", 503):
        keys.key_at(CHAIN_URL)


def test_a_chain_withdrawn_takes_its_key_out_of_use(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = RequestRefusedError("chain_missing")
    clock.move(hours=1)
    with refused("chain_missing"):
        keys.key_at(CHAIN_URL)


def test_sixteen_keys_are_kept_and_the_least_used_goes_first(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    for number in range(16):
        clock.move(seconds=1)
        keys.key_at(url_number(number))
    keys.key_at(url_number(0))
    clock.move(seconds=1)
    keys.key_at(url_number(16))
    store.fetched.clear()
    for number in (0, *range(2, 17)):
        keys.key_at(url_number(number))
    assert store.fetched == []
    clock.move(seconds=1)
    keys.key_at(url_number(1))
    assert store.fetched == [url_number(1)]


def test_a_flood_of_unknown_urls_costs_a_fetch_a_second_and_no_key(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    for number in range(3000):
        store.files[url_number(number)] = b"not a chain"
        with pytest.raises(RequestRefusedError):
            keys.key_at(url_number(number))
        clock.move(milliseconds=10)
    keys.key_at(CHAIN_URL)
    assert store.fetched.count(CHAIN_URL) == 1
    assert 30 <= len(store.fetched) <= 41


def test_a_worker_that_starts_in_a_flood_fetches_the_chain_it_had_before(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    kept = KeptChains(tmp_path)
    keys_of(store, clock, kept).key_at(CHAIN_URL)
    keys = keys_of(store, clock, kept)
    flood_until_put_off(keys, store)
    keys.key_at(CHAIN_URL)
    assert store.fetched[-1] == CHAIN_URL


def test_that_a_chain_failed_leaves_its_url_one_of_the_flood(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    keys = keys_of(store, clock, KeptChains(tmp_path))
    store.files[CHAIN_URL] = b"not a chain"
    with refused("chain_unreadable"):
        keys.key_at(CHAIN_URL)
    flood_until_put_off(keys, store)
    clock.move(seconds=FAILURE_LIFE_SECONDS)
    flood_until_put_off(keys, store)
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)


def flood_until_put_off(keys: SigningKeys, store: Store) -> None:
    for number in range(UNKNOWN_URLS_AT_ONCE + 1):
        url = url_number(len(store.fetched) * 1_000 + number)
        store.files[url] = b"not a chain"
        try:
            keys.key_at(url)
        except RequestRefusedError as refusal:
            if refusal.reason == "chain_urls_too_many":
                return
    pytest.fail("The flood was never put off.")


def test_who_waits_for_an_unknown_url_takes_no_thread_for_long_from_a_known_one(
    store: Store, clock: Clock
) -> None:
    keys = SigningKeys([chains.root().certificate], store.fetch, clock)  # by a timer that goes on
    keys.key_at(CHAIN_URL)
    store.gate = threading.Event()  # the host hangs
    with ThreadPoolExecutor(8) as pool:
        started = monotonic()
        fetching = pool.submit(keys.key_at, url_number(1))
        while len(store.fetched) < 2:
            threading.Event().wait(0.01)
        waiting = [pool.submit(keys.key_at, url_number(1)) for _ in range(100)]
        for one in waiting:
            with refused("chain_fetches_too_many", 503):
                one.result(10)
        assert monotonic() - started < 2 * SHORT_WAIT_SECONDS
        store.gate.set()
        fetching.result(10)
    keys.key_at(url_number(1))


def test_unknown_urls_beyond_the_allowance_are_put_off(keys: SigningKeys, clock: Clock) -> None:
    for number in range(10):
        keys.key_at(url_number(number))
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)
    clock.move(seconds=1)
    assert keys.key_at(CHAIN_URL).key_size == 2048


def test_a_quiet_hour_saves_up_no_more_than_the_allowance(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    clock.move(hours=1)
    for number in range(10):
        keys.key_at(url_number(number))
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 10


def test_four_fetches_run_at_once_and_no_more(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    store.gate = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(keys.key_at, url_number(number)) for number in range(4)]
        while len(store.fetched) < 4:
            threading.Event().wait(0.01)
        with refused("chain_fetches_too_many", 503):
            keys.key_at(CHAIN_URL)
        store.gate.set()
        assert all(key.result(10).key_size for key in waiting)
    assert CHAIN_URL not in store.fetched
    clock.move(seconds=1)  # it was not the URL's own fault
    assert keys.key_at(CHAIN_URL).key_size == 2048


def test_a_slow_fetch_does_not_hold_up_a_known_key(keys: SigningKeys, store: Store) -> None:
    keys.key_at(CHAIN_URL)
    store.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(keys.key_at, url_number(1))
        while len(store.fetched) < 2:
            threading.Event().wait(0.01)
        assert keys.key_at(CHAIN_URL).key_size == 2048
        store.gate.set()
        assert waiting.result(10).key_size == 2048


# A key that was replaced where it lay


def replaced(store: Store) -> RSAPublicKey:
    """Put another chain at the same URL and return its key."""
    new = chains.rsa_key("successor").public_key()
    store.files[CHAIN_URL] = pem(issue(Terms(), new), INTERMEDIATE)
    return new


def test_a_replaced_key_is_found_when_half_a_minute_has_passed(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    new = replaced(store)
    assert keys.renewed_key_at(CHAIN_URL, old) is None
    clock.move(seconds=30)
    found = keys.renewed_key_at(CHAIN_URL, old)
    assert found is not None
    assert found.public_numbers() == new.public_numbers()
    assert keys.key_at(CHAIN_URL) is found
    assert store.fetched == [CHAIN_URL] * 2


def test_strangers_cost_one_fetch_in_half_a_minute(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    for _ in range(300):
        clock.move(seconds=1)
        assert keys.renewed_key_at(CHAIN_URL, old) is None
        assert keys.key_at(CHAIN_URL).public_numbers() == old.public_numbers()
    assert len(store.fetched) == 1 + 300 // 30


@pytest.mark.parametrize(
    "failure", [b"not a chain", RequestRefusedError("chain_missing"), TimeoutError()], ids=repr
)
def test_a_search_that_fails_leaves_the_key_in_use(
    keys: SigningKeys, store: Store, clock: Clock, failure: bytes | Exception
) -> None:
    old = keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = failure
    clock.move(seconds=30)
    assert keys.renewed_key_at(CHAIN_URL, old) is None
    assert keys.key_at(CHAIN_URL) is old


def test_a_search_that_finds_nothing_forgets_no_kept_chain(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    kept = KeptChains(tmp_path)
    keys = keys_of(store, clock, kept)
    old = keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = RequestRefusedError("chain_missing")
    clock.move(seconds=30)
    assert keys.renewed_key_at(CHAIN_URL, old) is None
    assert kept.chain_at(CHAIN_URL, CHAIN_LIMIT_BYTES) == chains.good_chain()


def test_a_search_brings_back_no_older_key_from_the_disk(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    kept = KeptChains(tmp_path)
    new = replaced(store)
    keys = keys_of(store, clock, kept)
    held = keys.key_at(CHAIN_URL)
    assert held.public_numbers() == new.public_numbers()
    kept.keep(CHAIN_URL, chains.good_chain())  # as when the disk was full at the last fetch
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(seconds=30)
    assert keys.renewed_key_at(CHAIN_URL, held) is None
    assert keys.key_at(CHAIN_URL) is held


def test_who_comes_late_is_given_the_key_that_another_found(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    replaced(store)
    clock.move(seconds=30)
    found = keys.renewed_key_at(CHAIN_URL, old)
    assert found is not None
    assert keys.renewed_key_at(CHAIN_URL, old) is found
    assert len(store.fetched) == 2
    clock.move(days=365)
    assert keys.renewed_key_at(CHAIN_URL, old) is None  # and no longer than it is valid


def test_nobody_waits_for_the_search(keys: SigningKeys, store: Store, clock: Clock) -> None:
    old = keys.key_at(CHAIN_URL)
    clock.move(seconds=30)
    store.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        searching = pool.submit(keys.renewed_key_at, CHAIN_URL, old)
        while len(store.fetched) < 2:
            threading.Event().wait(0.01)
        assert keys.key_at(CHAIN_URL) is old
        assert keys.renewed_key_at(CHAIN_URL, old) is None
        store.gate.set()
        assert searching.result(10) is None


def test_there_is_nothing_to_renew_at_a_url_that_nobody_asked_for(keys: SigningKeys) -> None:
    assert keys.renewed_key_at(url_number(1), chains.rsa_key("alexa").public_key()) is None
