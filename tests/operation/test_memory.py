"""Instances with a memory: one talk over two of them, and stores that fail.

Numbers 16, 20, 21, 24, 25 and 26 of the list of faults that the endpoint has to withstand, here
through the endpoint; `tests/memory` has the store alone.
"""

from __future__ import annotations

import json
import random
import re
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle
from threading import Event
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pytest

from skill.dialogue.prompts import OFFER_RESUME
from skill.dialogue.script import FORGOTTEN, KEEPING, NOT_FORGOTTEN, OUTDATED, RESUMED
from skill.memory.limits import MOST_OPERATIONS
from skill.memory.opening import memory_from
from skill.memory.sealing import Sealer
from tests.calls import RED_FLAGS, calls_for_help, finish, go_on, is_settled, text_of
from tests.log_lines import lines_in
from tests.memory.stores import (
    KEY,
    SECRET,
    SETTINGS,
    SKILL_ID,
    mounted_disk,
    postgresql,
    why_no_postgresql,
)
from tests.memory.unruly_proxy import unruly_proxy
from tests.operation.accounts import (
    CANNOT_KEEP,
    Account,
    by_turns,
    to_whoever_answers,
    twice_to_all_at_once,
)
from tests.operation.load import Direct, sent
from tests.operation.processes import FULL_LENGTH, measured, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from skill.dialogue.keeping import Kept
    from skill.dialogue.script import Line
    from skill.memory.guarded import GuardedMemory
    from tests.conftest import Alexa
    from tests.memory.stores import Postgresql
    from tests.memory.unruly_proxy import Manner, UnrulyProxy
    from tests.operation.accounts import Sending
    from tests.operation.conftest import NewInstance
    from tests.operation.processes import Instance

OFFER_KEEP: Final = "offer.keep.24"
TURN_SECONDS: Final = 2.0
EMERGENCY_SECONDS: Final = 1.0
STOP_SECONDS: Final = 8.0
BACK_SECONDS: Final = 10.0
OUTAGE_SECONDS: Final = 20.0 if FULL_LENGTH else 1.5
# Those that take requests, and those that ask the memory; the main one, the teller, the log's, the
# sweeper.
MOST_THREADS: Final = 8 + MOST_OPERATIONS + 4


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    """Run PostgreSQL."""
    reason = why_no_postgresql()
    if reason is not None:
        pytest.skip(reason)
    with postgresql() as running:
        yield running


@dataclass
class Site:
    """Instances that share one store, and the accounts of those who call.

    Attributes:
        url: The store's address.
        instances: The instances.
        new_account: Makes an account that sends in a certain way.
        log: What the instances log.
    """

    url: str
    instances: list[Instance]
    new_account: Callable[[Sending], Account]
    log: Path

    @property
    def doors(self) -> list[Direct]:
        """Straight to each instance."""
        return [Direct(instance.port) for instance in self.instances]

    def account(self) -> Account:
        """Return an account whose turns are taken by one instance after the other."""
        return self.new_account(by_turns(*self.doors))

    def kept(self, account: Account) -> Kept:
        """Return what the store holds of an account."""
        with opened(self.url) as memory:
            return memory.load(account.user_id)

    def events(self) -> list[str]:
        """Return what was logged of the memory."""
        lines = lines_in(self.log)
        assert all(line["time"] for line in lines)
        return [line["event"] for line in lines if line["event"].startswith("memory_")]


@contextmanager
def opened(url: str) -> Iterator[GuardedMemory]:
    memory = memory_from({"MEMORY_URL": url, **SETTINGS}, SKILL_ID)
    assert memory is not None
    try:
        yield memory
    finally:
        memory.close()


@pytest.fixture
def new_site(new_instance: NewInstance, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Return what starts instances with a store."""
    with (tmp_path / "log").open("ab") as log:

        def start(url: str, instances: int = 1) -> Site:
            started = [
                new_instance(log.fileno(), {"MEMORY_URL": url, **SETTINGS})
                for _ in range(instances)
            ]
            authority = started[0][2].authority
            return Site(
                url, [one for one, _, _ in started], partial(Account, authority), tmp_path / "log"
            )

        yield start


def heard(alexa: Alexa, line: Line) -> bool:
    return text_of("en-US", line) in alexa.speech


def agreed(account: Account) -> Alexa:
    """Return a device whose caller has agreed that their answers are kept."""
    alexa = account.at_the_offer()
    assert alexa.pending == OFFER_KEEP
    assert heard(alexa.yes(), KEEPING)
    return alexa


def version_of(alexa: Alexa) -> object:
    memory = alexa.attributes["memory"]
    assert isinstance(memory, dict)
    return memory["version"]


# --- one talk, two instances ----------------------------------------------------------------


def test_two_instances_hold_one_talk_turn_by_turn(
    server: Postgresql, new_site: Callable[..., Site]
) -> None:
    site = new_site(server.url(), 2)
    first, second = site.doors
    account = site.account()
    alexa = agreed(account)
    for _ in range(4):
        go_on(alexa, {})
    assert site.kept(account).document is not None

    # It is cut off, and goes on at the same question, whichever instance comes first.
    for door in (second, first):
        account.send = by_turns(door)
        again = account.at_the_offer()
        assert again.pending == OFFER_RESUME
        account.send = by_turns(*site.doors)
        assert heard(again.yes(), RESUMED)
        assert (again.pending, again.answers) == (alexa.pending, alexa.answers)
        alexa = go_on(again, {})

    assert heard(alexa.intent("ForgetIntent"), FORGOTTEN)
    assert site.kept(account).document is None
    account.send = by_turns(second)
    assert account.at_the_offer().pending == OFFER_KEEP


def test_a_request_sent_twice_to_both_instances_at_once_is_one_step(
    server: Postgresql, new_site: Callable[..., Site]
) -> None:
    site = new_site(server.url(), 2)
    account = site.new_account(twice_to_all_at_once(*site.doors))
    alexa = agreed(account)
    for step in range(2, 7):
        go_on(alexa, {})
        kept = site.kept(account)
        assert kept.version == version_of(alexa) == step
        assert kept.document is not None
        assert kept.document["answers"] == alexa.answers
    again = account.at_the_offer()
    assert heard(again.yes(), RESUMED)
    assert site.kept(account).version == 7


def stage_of(answer: Mapping[str, Any]) -> str:
    return str(answer["sessionAttributes"]["memory"]["stage"])


AGES: Final[Sequence[Callable[[Alexa], Alexa]]] = [
    lambda alexa: alexa.intent("GiveAgeIntent", age="30"),
    lambda alexa: alexa.intent("GiveAgeIntent", age="31"),
]


@pytest.mark.parametrize("ways", [AGES[:1], AGES], ids=["one body", "two bodies"])
@pytest.mark.parametrize("times", [5, 50])
def test_a_request_that_comes_many_times_at_once_is_one_step(
    times: int,
    ways: Sequence[Callable[[Alexa], Alexa]],
    server: Postgresql,
    new_site: Callable[..., Site],
) -> None:
    site = new_site(server.url(), 2)
    busy, seconds = 0, 0.0
    for _ in range(10 if FULL_LENGTH else 2):
        account = site.account()
        alexa = agreed(account)
        assert alexa.pending == "age_years"
        outcomes = account.at_once(alexa, ways, times)
        assert [outcome.status for outcome in outcomes] == times * [200]
        answers = [json.loads(outcome.body) for outcome in outcomes]
        kept = site.kept(account)
        assert kept.version == 2
        assert kept.document is not None
        # Who finds every place at the store taken is told so, and goes on without.
        told = [one for one in answers if stage_of(one) == "keeping"]
        busy += times - len(told)
        assert {stage_of(one) for one in answers} <= {"keeping", "lost"}
        assert {one["sessionAttributes"]["memory"]["version"] for one in told} == {2}
        # The one that was kept may be of those, if the store was slow to say so.
        assert kept.document["answers"] in [one["sessionAttributes"]["answers"] for one in answers]
        seconds = max(seconds, *account.seconds)
        assert seconds < TURN_SECONDS
        # Any of the answers goes on, and what is said next is the next step.
        alexa.attributes = told[0]["sessionAttributes"]
        assert CANNOT_KEEP not in alexa.no().speech
        assert site.kept(account).version == 3
    measured(f"{times} times: one step, longest {seconds:.2f} s; {busy} told that it is not kept")


@dataclass
class Life:
    """Checks that one account begins, is cut off from and goes on with, until it is told to end.

    Attributes:
        account: The account.
        ended: Ends it, in the middle of a check.
        resumed: How many checks went on.
        finished: How many came to their end, with which they are deleted.
        unkept: How many turns were told that nothing can be kept.
        wrong: What was not as it had been acknowledged.
    """

    account: Account
    ended: Event
    resumed: int = 0
    finished: int = 0
    unkept: int = 0
    wrong: list[str] = field(default_factory=list)
    # What the store may hold: of a turn that was told that nothing can be kept, what was before it
    # or what it would have kept. `None` is nothing.
    _possible: list[object] = field(default_factory=lambda: [None])

    def live(self) -> Alexa:
        """Live, and return the device with the check that it was in at the end."""
        while True:
            alexa = self.account.at_the_offer()
            if CANNOT_KEEP in alexa.speech:  # it could not be looked at
                self.unkept += 1
                continue
            is_kept = self._begins(alexa)
            for _ in range(3):
                if not is_kept:
                    break
                if self.ended.is_set():
                    return alexa
                is_kept = self._goes_on(alexa)

    def _begins(self, alexa: Alexa) -> bool:
        """Agree to what is offered, and return whether that is kept."""
        is_found = alexa.pending == OFFER_RESUME
        self.resumed += is_found
        alexa.yes()
        found = (alexa.pending, dict(alexa.answers)) if is_found else None
        if found not in self._possible:
            self.wrong.append(f"found {found} in place of {self._possible}")
        self._possible = [found]
        return self._is_told_kept(alexa)

    def _goes_on(self, alexa: Alexa) -> bool:
        """Take one turn, and return whether the check goes on and is kept."""
        go_on(alexa, {})
        if not is_settled(alexa):
            return self._is_told_kept(alexa)
        self.finished += 1
        self._possible = [None]
        return False

    def _is_told_kept(self, alexa: Alexa) -> bool:
        is_kept = CANNOT_KEEP not in alexa.speech
        self.unkept += not is_kept
        now = (alexa.pending, dict(alexa.answers))
        self._possible = [now] if is_kept else [*self._possible, now]
        return is_kept


def test_a_talk_goes_on_at_the_other_instance_when_one_is_killed(
    server: Postgresql, new_site: Callable[..., Site]
) -> None:
    site = new_site(server.url(), 2)
    ended = Event()
    lives = [Life(site.new_account(to_whoever_answers(*site.doors)), ended) for _ in range(12)]
    chance = random.Random(5)  # noqa: S311  # when to kill somebody is no secret
    with ThreadPoolExecutor(len(lives)) as threads:
        living = [threads.submit(life.live) for life in lives]
        for number in range(40 if FULL_LENGTH else 3):
            sleep(chance.uniform(0.3, 0.8))
            victim = site.instances[number % 2]
            victim.crash()
            sleep(0.3)
            victim.start()
        # At the end one is gone for good, and the other alone tells what was acknowledged.
        site.instances[0].crash()
        sleep(0.5)
        ended.set()
        devices = [one.result() for one in living]
    assert [life.wrong for life in lives if life.wrong] == []
    for life, alexa in zip(lives, devices, strict=True):
        kept = site.kept(life.account)
        assert kept.document is not None
        assert kept.version == version_of(alexa)
        assert kept.document["answers"] == alexa.answers
    seconds = [second for life in lives for second in life.account.seconds]
    resumed = sum(life.resumed for life in lives)
    finished = sum(life.finished for life in lives)
    assert resumed > finished > 0
    measured(
        f"{len(seconds)} turns, {resumed} checks gone on with, {finished} finished and deleted,"
        f" longest {max(seconds):.2f} s;"
        f" {sum(life.unkept for life in lives)} turns were told that nothing can be kept"
    )


# --- stores that fail -----------------------------------------------------------------------


@dataclass
class Fault:
    """A store, and how it is broken and mended.

    Attributes:
        url: Its address.
        breaks: Breaks it.
        mends: Mends it.
        deletes: Whether a deletion still works while it is broken.
    """

    url: str
    breaks: Callable[[], None]
    mends: Callable[[], None]
    deletes: bool = False


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Fault]:
    """Give an SQLite file that another process locks; to the instances that is this one."""
    path = tmp_path / "checks.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    yield Fault(
        f"sqlite://{path}",
        partial(_run, other, "BEGIN IMMEDIATE"),
        partial(_run, other, "ROLLBACK"),
    )
    other.close()


def _run(connection: sqlite3.Connection, statement: str) -> None:
    connection.execute(statement)


@pytest.fixture
def full() -> Iterator[Fault]:
    """Give an SQLite file on a disk that is full."""
    with mounted_disk() as disk:
        if disk is None:
            pytest.skip("no disk can be mounted here")
        filling = disk / "filling"

        def fills() -> None:
            with filling.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(512))

        yield Fault(f"sqlite://{disk}/checks.db", fills, filling.unlink, deletes=True)


@pytest.fixture
def hanging(server: Postgresql) -> Fault:
    """Give a PostgreSQL that stops in the middle of everything."""
    return Fault(
        server.url(), partial(server.send, signal.SIGSTOP), partial(server.send, signal.SIGCONT)
    )


@pytest.fixture
def gone(server: Postgresql) -> Fault:
    """Give a PostgreSQL that is down."""
    return Fault(server.url(), server.stop, server.start)


@pytest.fixture
def proxy(server: Postgresql) -> Iterator[UnrulyProxy]:
    """Run a proxy before PostgreSQL."""
    with unruly_proxy(server.port) as running:
        yield running


def _behind(proxy: UnrulyProxy, server: Postgresql, manner: Manner) -> Fault:
    def turn_to(other: Manner) -> None:
        proxy.manner = other

    return Fault(server.url(proxy.port), partial(turn_to, manner), partial(turn_to, "pass"))


@pytest.fixture
def cut_off(proxy: UnrulyProxy, server: Postgresql) -> Fault:
    """Give a PostgreSQL whose network resets every connection."""
    return _behind(proxy, server, "reset")


@pytest.fixture
def slow(proxy: UnrulyProxy, server: Postgresql) -> Fault:
    """Give a PostgreSQL whose answers come five seconds late."""
    return _behind(proxy, server, "delay")


@pytest.fixture
def silent(proxy: UnrulyProxy, server: Postgresql) -> Fault:
    """Give a PostgreSQL from which no answer comes any more."""
    return _behind(proxy, server, "silence")


def _talk(account: Account) -> tuple[int, bool]:
    """Hold a talk to its tenth turn; return how often it was told that nothing can be kept."""
    alexa = account.at_the_offer()
    told = alexa.speech.count(CANNOT_KEEP)
    for _ in range(5):
        told += go_on(alexa, {}).speech.count(CANNOT_KEEP)
    return told, not alexa.ended


def _emergency(account: Account) -> tuple[float, bool]:
    alexa = account.device().launch().no().report("chest_pain")
    return account.seconds[-1], calls_for_help(alexa)


@pytest.mark.parametrize("name", ["locked", "full", "hanging", "gone", "cut_off", "slow", "silent"])
def test_a_store_that_fails_costs_a_turn_little_and_is_back_by_itself(
    name: str, request: pytest.FixtureRequest, new_site: Callable[..., Site]
) -> None:
    fault: Fault = request.getfixturevalue(name)
    site = new_site(fault.url)
    with_consent, cut = site.account(), site.account()
    alexa = agreed(with_consent)
    go_on(agreed(cut), {})
    # So that every connection that there may be is open, and broken too.
    with ThreadPoolExecutor(20) as callers:
        list(callers.map(_talk, [site.account() for _ in range(20)]))
    fault.breaks()
    try:
        told = [go_on(alexa, {}).speech.count(CANNOT_KEEP) for _ in range(4)]
        assert sum(told) == 1
        accounts = [site.account() for _ in range(30)]
        emergencies, talks = [], []
        until = monotonic() + OUTAGE_SECONDS
        with ThreadPoolExecutor(40) as callers:
            while monotonic() < until:
                talking = [callers.submit(_talk, account) for account in accounts]
                calling = [callers.submit(_emergency, site.account()) for _ in range(10)]
                emergencies += [one.result() for one in calling]
                talks += [one.result() for one in talking]
                most_threads = site.instances[0].most_threads()
                assert most_threads <= MOST_THREADS
        assert {(told, goes_on) for told, goes_on in talks} == {(1, True)}
        assert all(is_right for _, is_right in emergencies)
        longest_emergency = max(seconds for seconds, _ in emergencies)
        assert longest_emergency < EMERGENCY_SECONDS
        again = cut.device().launch().intent("ForgetIntent")
        assert heard(again, FORGOTTEN if fault.deletes else NOT_FORGOTTEN)
        seconds = [second for one in (with_consent, cut, *accounts) for second in one.seconds]
        assert max(seconds) < TURN_SECONDS
    finally:
        fault.mends()
    in_a_row = 0

    def is_back() -> bool:
        nonlocal in_a_row
        in_a_row = 0 if _talk(site.account())[0] else in_a_row + 1
        return in_a_row == 8

    back = wait_until(is_back, "it keeps again", BACK_SECONDS)
    measured(
        f"{len(seconds)} turns, longest {max(seconds):.2f} s; {len(emergencies)} emergencies,"
        f" longest {longest_emergency:.2f} s; at most {most_threads} threads;"
        f" there again after {back:.1f} s; {site.events()}"
    )
    assert site.events()[-1] == "memory_back"
    told_of = site.instances[0].metrics()
    failed = re.findall(r'operations_total\{.*outcome="failed"\} (\S+)', told_of)
    assert sum(map(float, failed)) >= 3


WAYS_TO_AN_EMERGENCY: Final[Sequence[Callable[[Account], Alexa]]] = [
    lambda account: account.device(),
    lambda account: account.device().launch(),
    lambda account: account.device().launch().no().no(),
    Account.at_the_offer,
    lambda account: go_on(go_on(account.at_the_offer(), {}), {}),
]
RED_FLAG_CALLS: Final = 1000 if FULL_LENGTH else 50


@pytest.mark.parametrize("name", ["locked", "full", "hanging", "gone", "cut_off", "slow", "silent"])
def test_every_red_flag_is_answered_in_time_while_the_memory_fails(
    name: str, request: pytest.FixtureRequest, new_site: Callable[..., Site]
) -> None:
    fault: Fault = request.getfixturevalue(name)
    site = new_site(fault.url)
    # Some are in the middle of a check that is kept when the store fails; the small disk has no
    # room for more.
    devices = [go_on(agreed(site.account()), {}) for _ in range(min(50, RED_FLAG_CALLS // 5))]
    flags = cycle(RED_FLAGS)
    calls: list[tuple[str, Callable[[], Alexa]]] = [
        (next(flags), partial(go_on, alexa, {})) for alexa in devices
    ]
    ways = cycle(WAYS_TO_AN_EMERGENCY)
    while len(calls) < RED_FLAG_CALLS:
        calls.append((next(flags), partial(next(ways), site.account())))
    random.Random(7).shuffle(calls)  # noqa: S311  # the order is no secret

    def seconds_of_help(flag: str, come_to: Callable[[], Alexa]) -> float | None:
        alexa = come_to()
        started = monotonic()
        alexa.report(flag)
        return monotonic() - started if calls_for_help(alexa) else None

    fault.breaks()
    try:
        with ThreadPoolExecutor(6) as callers:
            seconds = list(callers.map(lambda call: seconds_of_help(*call), calls))
    finally:
        fault.mends()
    helped = [one for one in seconds if one is not None]
    measured(f"{len(helped)} of {len(calls)} right, longest {max(helped):.2f} s")
    assert len(helped) == len(calls)
    assert max(helped) < EMERGENCY_SECONDS


def test_an_emergency_asks_no_store_for_anything(
    proxy: UnrulyProxy, server: Postgresql, new_site: Callable[..., Site]
) -> None:
    site = new_site(server.url(proxy.port))
    alexa = agreed(site.account())
    before = proxy.heard_bytes
    account = site.account()
    for _ in range(20):
        assert _emergency(account)[1]
    assert calls_for_help(alexa.report("chest_pain"))
    assert proxy.heard_bytes == before
    agreed(site.account())
    assert proxy.heard_bytes > before  # so it would have been heard


def test_a_turn_that_asks_a_slow_store_twice_is_answered_in_time(
    proxy: UnrulyProxy, server: Postgresql, new_site: Callable[..., Site]
) -> None:
    site = new_site(server.url(proxy.port))
    account = site.account()
    with ThreadPoolExecutor(20) as callers:
        list(callers.map(_talk, [site.account() for _ in range(20)]))
    with opened(server.url()) as memory:
        document = {"rule_set": "upper_back_pain@0.0.1", "answers": {}, "since": 0}
        assert memory.save_if_unchanged(account.user_id, document, seen=0, request_id="first")
    proxy.delay_seconds = 0.5
    proxy.manner = "delay"
    for _ in range(10):  # until it comes to a worker that has a connection already
        if heard(account.at_the_offer(), OUTDATED):  # it was loaded, and then deleted
            break
    assert account.seconds[-1] > 2 * proxy.delay_seconds
    proxy.manner = "pass"
    assert site.kept(account).document is None
    measured(f"{max(account.seconds):.2f} s")
    assert max(account.seconds) < TURN_SECONDS


def test_an_instance_stops_in_time_though_its_store_hangs(
    server: Postgresql, new_site: Callable[..., Site]
) -> None:
    site = new_site(server.url())
    agreed(site.account())
    server.send(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(8) as callers:
            waiting = [callers.submit(_talk, site.account()) for _ in range(8)]
            sleep(0.5)
            seconds = site.instances[0].stop()
            for one in waiting:
                one.exception()  # whoever comes later is turned away
        measured(f"stopped within {seconds:.1f} s")
        assert seconds < STOP_SECONDS
    finally:
        server.send(signal.SIGCONT)


# --- what is left ---------------------------------------------------------------------------


def _sealed(path: Path) -> list[bytes]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT caller, document, request FROM unfinished_checks").fetchall()
    connection.close()
    return [value for row in rows for value in row if value]


def _found(words: list[bytes], folder: Path) -> list[tuple[bytes, Path]]:
    return [
        (word, path)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
        for content in [path.read_bytes()]
        for word in words
        if word in content
    ]


def test_a_skill_that_is_disabled_leaves_no_byte_of_the_document_on_the_disk(
    tmp_path: Path, new_site: Callable[..., Site]
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    path = folder / "checks.db"
    site = new_site(f"sqlite://{path}", 2)
    account = site.account()
    alexa = agreed(account)
    for _ in range(3):
        go_on(alexa, {})
    caller, document, request = _sealed(path)
    assert _found([document], folder)
    for _ in range(3):
        assert account.disables_the_skill() == {"version": "1.0", "response": {}}
    assert _found([document, request], folder) == []
    # A save that had not heard of it comes late, and brings nothing back.
    assert CANNOT_KEEP in go_on(alexa, {}).speech
    assert _sealed(path) == [caller]
    measured("0 bytes in", sorted(one.name for one in folder.iterdir()))


def test_a_deletion_leaves_no_byte_in_a_file_of_postgresql_but_its_log_within_a_minute(
    server: Postgresql, new_site: Callable[..., Site]
) -> None:
    if not FULL_LENGTH:
        pytest.skip("it waits for a sweep")
    site = new_site(server.url(), 2)
    accounts = [site.account() for _ in range(3)]
    devices = [go_on(go_on(agreed(account), {}), {}) for account in accounts]
    with psycopg.connect(server.url(), autocommit=True) as connection:
        rows = connection.execute("SELECT document FROM unfinished_checks").fetchall()
        sealed = [bytes(document) for (document,) in rows if document]

        def files() -> set[Path]:
            connection.execute("CHECKPOINT")
            found = {path for _, path in _found(sealed, server.folder)}
            return {path for path in found if "pg_wal" not in path.parts}

        assert len(sealed) >= len(accounts)
        assert files()
        assert heard(devices[0].intent("ForgetIntent"), FORGOTTEN)
        accounts[1].disables_the_skill()
        finish(devices[2], {})
        connection.execute("UPDATE unfinished_checks SET expires_at = 1 WHERE document IS NOT NULL")
        within = wait_until(lambda: not files(), "the bytes are gone", 60)
    measured(f"0 bytes of {len(sealed)} documents after {within:.0f} s")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nothing_of_a_caller_is_told_anywhere_but_in_the_talk(
    engine: str, tmp_path: Path, server: Postgresql, new_site: Callable[..., Site]
) -> None:
    store = tmp_path / "store" if engine == "sqlite" else server.folder
    store.mkdir(exist_ok=True)
    site = new_site(f"sqlite://{store}/checks.db" if engine == "sqlite" else server.url())
    account = site.account()
    alexa = agreed(account)
    alexa.report("fever").report("nausea_vomiting")
    for _ in range(4):
        go_on(alexa, {})
    assert "fever" in alexa.answers
    refusals = [
        sent(site.doors[0], replace(request, body=request.body + b" "))
        for request in account.requests
    ]
    assert {(one.status, one.body) for one in refusals} == {(400, b"{}")}
    # Each request of the account has its line by then, and each refusal.
    lines = 2 * len(account.requests)
    wait_until(lambda: len(lines_in(site.log)) > lines, "it is logged", 5)
    told = site.log.read_bytes() + site.instances[0].metrics().encode()
    words = [account.user_id, *account.request_ids, *alexa.answers, "upper_back_pain@"]
    canaries = [word.encode() for word in words]
    assert [word for word in canaries if word in told] == []
    assert _found(canaries, store) == []
    # The search would have found it.
    assert _found([Sealer(SECRET, [KEY], SKILL_ID).caller_key(account.user_id)], store)
    measured(f"0 bytes of {len(canaries)} canaries in {engine}, the log and the metrics")
