from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from skill.web import log_writer, measures
from skill.web.log_writer import LogWriter

ROOT = Path(__file__).parents[2]


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("skill", logging.INFO, "", 0, message, None, None)


def dropped() -> float:
    text = measures.exposition().decode()
    (line,) = (one for one in text.splitlines() if one.startswith("skill_log_lines_dropped_total"))
    return float(line.split()[1])


def test_every_line_is_written_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LogWriter(file.fileno())
        for number in range(1000):
            writer.handle(record(f"line {number} ü"))
        writer.flush()
    expected = [f"line {number} ü" for number in range(1000)]
    assert path.read_text(encoding="utf-8").splitlines() == expected


def test_a_pipe_that_nobody_reads_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "_MOST_RECORDS_WAITING", 100)
    reader, writer_end = os.pipe()
    fcntl.fcntl(writer_end, fcntl.F_SETPIPE_SZ, 4096)
    writer, before = LogWriter(writer_end), dropped()
    started = time.monotonic()
    for number in range(1000):
        writer.handle(record(f"line {number} {'x' * 100}"))
    assert time.monotonic() - started < 1
    assert dropped() > before
    # Once somebody reads again, lines come again.
    Thread(target=lambda: [os.read(reader, 65536) for _ in range(1000)], daemon=True).start()
    writer.flush()
    os.close(writer_end)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_lines_that_a_full_disk_does_not_take_are_counted() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    writer, before = LogWriter(descriptor), dropped()
    for _ in range(10):
        writer.handle(record("a line"))
    writer.flush()
    os.close(descriptor)
    assert dropped() - before == 10


def test_lines_to_a_closed_descriptor_are_counted() -> None:
    descriptor = os.open(os.devnull, os.O_WRONLY)
    writer, before = LogWriter(descriptor), dropped()
    os.close(descriptor)
    writer.handle(record("a line"))
    writer.flush()
    assert dropped() - before == 1


def test_a_line_longer_than_a_pipe_takes_at_once_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LogWriter(file.fileno())
        for message in ("short", "x" * 10_000, "short"):
            writer.handle(record(message))
        writer.flush()
    assert [len(line) for line in path.read_text().splitlines()] == [5, 10_000, 5]


def test_a_machine_without_another_thread_costs_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LogWriter(file.fileno())
        with monkeypatch.context() as patched:
            patched.setattr(Thread, "start", none_left)
            writer.handle(record("first"))
        writer.handle(record("second"))
        writer.flush()
    assert path.read_text().splitlines() == ["first", "second"]


BLOCKED = """
import logging, os, time
from skill.web.log_writer import LogWriter
log = logging.getLogger("skill")
log.addHandler(LogWriter(os.pipe()[1]))
for _ in range(2000):
    log.warning("x" * 100)
print(time.time(), flush=True)
"""


def test_at_the_end_it_waits_for_a_blocked_pipe_for_a_second_and_no_longer() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert 0.9 < time.time() - float(done.stdout) < 1.9  # twice a second would be too long


FORKED = """
import logging, os, sys
from skill.web.log_writer import LogWriter
log = logging.getLogger("skill")
log.addHandler(LogWriter(sys.stderr.fileno()))
log.setLevel("INFO")
log.info("before")
child = os.fork()
log.info("child" if child == 0 else "parent")
if child:
    os.waitpid(child, 0)
"""


def test_a_forked_worker_writes_its_lines_and_no_line_is_lost_at_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert sorted(done.stderr.splitlines()) == ["before", "child", "parent"]
