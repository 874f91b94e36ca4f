"""Everything around it fails at once, and who reports a red flag is told whom to call.

A hundred are tried with every test run, a thousand at full length::

    OPERATION_TESTS=long .venv/bin/pytest tests/web/attack/test_attack_emergency.py
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import cycle, islice
from shutil import rmtree
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

import pytest

from skill.alexa.failures import speaking_on_failure
from skill.dialogue.script import EMERGENCY_FIRST
from skill.errors import RequestRefusedError
from skill.triage.model import Disposition
from skill.web.chain_fetch import fetch_certificate_chain
from skill.web.endpoint import create_app
from skill.web.kept_chains import KeptChains
from skill.web.log_writer import LogWriter
from tests.calls import CATALOGUES, LOCALES, RED_FLAGS, level_of, text_of, words_in
from tests.operation.processes import FULL_LENGTH
from tests.web import chains
from tests.web.attack.sending import matched, post, said, verifier_of
from tests.web.chains import CHAIN_URL, NOW, Clock, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from flask import Flask

    from tests.conftest import Answering

TURNS: Final = 1_000 if FULL_LENGTH else 100
OUTAGE: Final = (
    TimeoutError(),
    ConnectionResetError(),
    RequestRefusedError("chain_unavailable", 503),
)


def red_flags() -> Iterator[tuple[str, str]]:
    """Return red flags and locales, again and again in other pairs."""
    return zip(cycle(RED_FLAGS), cycle(LOCALES), strict=False)


def assert_help_is_called(app: Flask, clock: Clock, finding: str, locale: str) -> None:
    envelope = said(
        "ReportFindingIntent",
        matched("finding", finding),
        locale=locale,
        timestamp=clock.now.isoformat().replace("+00:00", "Z"),
    )
    started = monotonic()
    response = post(app, envelope)
    assert monotonic() - started < 1
    assert response.status_code == 200
    spoken = response.get_json()["response"]
    assert words_in(spoken["outputSpeech"]).startswith(text_of(locale, EMERGENCY_FIRST))
    assert level_of(spoken, locale) is Disposition.EMERGENCY
    assert spoken["shouldEndSession"] is True


@contextmanager
def unread_pipe() -> Iterator[int]:
    read_end, write_end = os.pipe()
    os.write(write_end, b" " * fcntl.fcntl(write_end, fcntl.F_GETPIPE_SZ))
    try:
        yield write_end
    finally:
        os.close(read_end)  # first, so that whoever waits to write finds out
        os.close(write_end)


@contextmanager
def full_disk() -> Iterator[int]:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def closed() -> Iterator[int]:
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.close(descriptor)
    yield descriptor


SINKS: Final = {"nobody reads": unread_pipe, "full disk": full_disk, "closed": closed}


@contextmanager
def logging_through(handler: logging.Handler) -> Iterator[None]:
    logger = logging.getLogger("skill")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def logging_to(descriptor: int) -> Iterator[None]:
    with logging_through(LogWriter(descriptor)):
        yield


@pytest.mark.parametrize("sink", SINKS)
def test_a_red_flag_is_answered_while_host_log_and_disk_fail(
    sink: str, answer: Answering, tmp_path: Path
) -> None:
    store, clock = Store(), Clock()
    folder = tmp_path / "kept"
    folder.mkdir()
    kept = KeptChains(folder)
    app = create_app(answer, verifier_of(store.fetch, clock, kept))
    assert_help_is_called(app, clock, RED_FLAGS[0], LOCALES[0])

    rmtree(folder)
    failures = cycle(OUTAGE)
    with SINKS[sink]() as descriptor, logging_to(descriptor):
        for finding, locale in islice(red_flags(), TURNS):
            store.files[CHAIN_URL] = next(failures)
            clock.move(minutes=30)  # twice an hour, the key would be fetched anew
            assert_help_is_called(app, clock, finding, locale)
            if clock.now > NOW + timedelta(days=20):
                clock.now = NOW  # before the certificates run out; the timer goes on
    assert len(store.fetched) > TURNS / 3  # it did try, and failed


def test_a_red_flag_is_answered_after_a_start_in_the_outage(
    answer: Answering, tmp_path: Path
) -> None:
    first = verifier_of(Store().fetch, Clock(), KeptChains(tmp_path))
    assert_help_is_called(create_app(answer, first), Clock(), RED_FLAGS[0], "en-US")

    for failure in OUTAGE:
        clock, store = Clock(NOW + timedelta(days=3)), Store({CHAIN_URL: failure})
        again = verifier_of(store.fetch, clock, KeptChains(tmp_path))
        app = create_app(answer, again)
        for finding, locale in islice(red_flags(), 20):
            assert_help_is_called(app, clock, finding, locale)


def make_link(target: str, file: Path) -> None:
    file.unlink()
    file.symlink_to(target or file.name)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


SPOILT: Final[Mapping[str, Callable[[Path], object]]] = {
    "empty": lambda file: file.write_bytes(b""),
    "garbage": lambda file: file.write_bytes(b"\xff" * 5_000),
    "too large": lambda file: file.write_bytes(chains.good_chain().ljust(10_000_000)),
    "gone": lambda file: file.unlink(),
    "a folder": make_folder,
    "a link to nowhere": partial(make_link, "nowhere"),
    "a link to itself": partial(make_link, ""),
    "another's": lambda file: file.write_bytes(
        chains.pem(chains.authority("Somebody").certificate)
    ),
    "out of date": lambda file: file.write_bytes(
        chains.pem(
            chains.issue(chains.Terms(not_after=NOW - timedelta(days=1))),
            chains.intermediate().certificate,
        )
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_kept_chain_that_was_spoilt_is_an_outage_and_no_more(
    how: str, answer: Answering, tmp_path: Path
) -> None:
    first = verifier_of(Store().fetch, Clock(), KeptChains(tmp_path))
    assert_help_is_called(create_app(answer, first), Clock(), RED_FLAGS[0], "en-US")
    (file,) = tmp_path.iterdir()
    SPOILT[how](file)

    clock, store = Clock(), Store({CHAIN_URL: TimeoutError()})
    again = verifier_of(store.fetch, clock, KeptChains(tmp_path))
    app = create_app(answer, again)
    assert post(app, said()).status_code == 503
    store.files.clear()
    clock.move(seconds=30)
    assert_help_is_called(app, clock, RED_FLAGS[0], "en-US")


def test_no_line_waits_for_whoever_reads_the_log() -> None:
    with unread_pipe() as descriptor, logging_to(descriptor):
        logger = logging.getLogger("skill")
        started = monotonic()
        for _ in range(30_000):
            logger.info("{}")
        assert monotonic() - started < 5


def test_whatever_breaks_inside_the_number_is_still_spoken() -> None:
    def broken(_: object) -> dict[str, object]:
        raise MemoryError

    verifier = verifier_of(Store().fetch, Clock())
    app = create_app(speaking_on_failure(broken, CATALOGUES), verifier)
    for locale in LOCALES:
        response = post(app, said(locale=locale))
        assert response.status_code == 200
        spoken = json.dumps(response.get_json())
        numbers = re.findall(r"\b[0-9]{3}\b", text_of(locale, EMERGENCY_FIRST))
        assert all(number in spoken for number in numbers)
        assert "emergency number" in spoken


def no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refuse)


def test_no_thread_to_write_the_log_is_no_reason_to_stay_silent(
    answer: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    app = create_app(answer, verifier_of(Store().fetch, clock))
    no_more_threads(monkeypatch)
    with full_disk() as descriptor, logging_to(descriptor):
        for finding, locale in islice(red_flags(), 20):
            assert_help_is_called(app, clock, finding, locale)


def test_no_thread_to_fetch_with_is_no_reason_to_stay_silent(
    answer: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetches = iter([Store().fetch, fetch_certificate_chain])

    def fetch(url: str) -> bytes:
        return next(fetches)(url)

    clock = Clock()
    verifier = verifier_of(fetch, clock)
    app = create_app(answer, verifier)
    assert_help_is_called(app, clock, RED_FLAGS[0], "en-US")

    no_more_threads(monkeypatch)
    clock.move(hours=2)
    assert_help_is_called(app, clock, RED_FLAGS[0], "en-US")


def test_a_handler_of_the_log_that_raises_is_no_reason_to_stay_silent(answer: Answering) -> None:
    class Raising(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError(record.name)

    clock = Clock()
    app = create_app(answer, verifier_of(Store().fetch, clock))
    with logging_through(Raising()):
        for finding, locale in islice(red_flags(), 20):
            assert_help_is_called(app, clock, finding, locale)
