from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from skill.web import measures

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

ROOT = Path(__file__).parents[2]


def value(name: str) -> float:
    lines = measures.exposition().decode().splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))


def test_a_request_is_counted_by_its_type_and_outcome() -> None:
    name = 'skill_requests_total{outcome="answered",type="LaunchRequest"}'
    before = value(name)
    measures.count_requests(1, "LaunchRequest", "answered")
    assert value(name) == before + 1


def test_many_times_taken_down_at_once_are_those_of_one_after_the_other() -> None:
    name = "skill_stage_seconds"
    times = [0.0, 0.0001, 0.00011, 0.0025, 0.0026, 0.5, 8.0, 9.0, 1000.0]
    bounds = [one for one in measures.exposition().decode().splitlines() if "_bucket" in one]
    plain = Histogram(
        name,
        "",
        buckets=sorted(
            {float(bound) for bound in re.findall(r'le="([^"+]+)"', "".join(bounds)) if bound}
        ),
        registry=None,
    )
    figures = re.compile(rf'^({name}\S*stage="answer"\S*) (\S+)$', re.MULTILINE)
    before = dict(figures.findall(measures.exposition().decode()))
    measures.time_stage("answer", times)
    after = dict(figures.findall(measures.exposition().decode()))
    for one in times:
        plain.observe(one)
    (family,) = plain.collect()
    expected = [round(s.value, 4) for s in family.samples if not s.name.endswith("created")]
    changed = [
        round(float(after[key]) - float(before[key]), 4) for key in after if "created" not in key
    ]
    assert changed == expected


def test_what_a_sender_wrote_is_no_label() -> None:
    other = 'skill_requests_total{outcome="refused",type="other"}'
    nothing = 'skill_requests_total{outcome="refused",type="none"}'
    reason = 'skill_refusals_total{reason="other"}'
    before = [value(name) for name in (other, nothing, reason)]
    measures.count_requests(1, "CanaryRequest", "refused", "canary_reason")
    measures.count_requests(1, None, "refused", "signature_mismatch")
    assert [value(name) for name in (other, nothing, reason)] == [one + 1 for one in before]
    assert "canary" not in measures.exposition().decode().lower()


def test_every_reason_for_a_refusal_is_counted_by_its_name() -> None:
    """Each reason that the web package names stands in the list, or it would be "other"."""
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "skill" / "web").glob("*.py")
    )
    named = set(re.findall(r'RequestRefusedError\(\s*"([a-z_]+)"', sources))
    named |= set(re.findall(r'_value\(headers, \w+, "([a-z_]+)"\)', sources))
    assert len(named) > 10
    assert named <= measures.REASONS


def test_stages_fetches_expiry_and_drift_are_measured() -> None:
    measures.time_stage("answer", [0.0002])
    measures.count_fetch("outage")
    measures.note_expiry(1_800_000_000)
    measures.note_drift(-7)
    measures.count_dropped_lines(3)
    text = measures.exposition().decode()
    assert 'skill_stage_seconds_bucket{le="0.00025",stage="answer"}' in text
    assert 'skill_chain_fetches_total{outcome="outage"}' in text
    assert value("skill_signing_certificate_expiry_timestamp_seconds") == 1_800_000_000
    assert value("skill_clock_drift_seconds") == -7
    assert value("skill_log_lines_dropped_total") >= 3


def test_the_memory_is_measured_by_what_is_done_and_how_it_went() -> None:
    left_alone = 'skill_memory_operations_total{operation="save",outcome="left_alone"}'
    seconds = 'skill_memory_seconds_count{operation="save"}'
    before = [value(name) for name in (left_alone, seconds)]
    measures.time_memory("save", "left_alone", 0.0)  # it took no time, since it was not tried
    measures.time_memory("save", "conflict", 0.002)
    assert [value(name) for name in (left_alone, seconds)] == [one + 1 for one in before]
    measures.note_memory_left_alone("save", True)  # noqa: FBT003  # the one thing told
    assert value('skill_memory_left_alone{operation="save"}') == 1
    measures.note_memory_left_alone("save", False)  # noqa: FBT003
    assert value('skill_memory_left_alone{operation="save"}') == 0
    measures.note_owed_deletions(3)
    assert value("skill_memory_owed_deletions") == 3


def test_a_count_that_fails_costs_nobody_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = 0

    def full(*_: object) -> None:
        nonlocal failures
        failures += 1
        raise OSError(28, "No space left on device")

    several = measures._Distribution  # noqa: SLF001  # what a stage is timed with
    for kind, method in (
        (Counter, "inc"),
        (Gauge, "set"),
        (Histogram, "observe"),
        (several, "observe_all"),
    ):
        monkeypatch.setattr(kind, method, full)
    measured: list[Callable[[], None]] = [
        lambda: measures.count_requests(1, "LaunchRequest", "answered"),
        lambda: measures.time_stage("answer", [0.0002]),
        lambda: measures.count_fetch("good"),
        lambda: measures.note_expiry(1),
        lambda: measures.note_drift(1),
        lambda: measures.time_memory("load", "done", 0.002),
        lambda: measures.note_memory_left_alone("load", True),  # noqa: FBT003
        lambda: measures.note_owed_deletions(1),
        lambda: measures.count_dropped_lines(1),
    ]
    for number, measure in enumerate(measured, start=1):
        measure()
        assert failures == number, number  # else it would pass without a failure to bear


def test_with_a_folder_for_the_workers_only_what_lies_there_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert measures.exposition() == b""


WORKERS = """
import os
import re
from skill.web import measures
for _ in range(2):
    if os.fork() == 0:
        measures.count_requests(1, "LaunchRequest", "answered")
        os._exit(0)
    os.wait()
print(measures.exposition().decode())
"""


def test_the_counts_of_all_workers_are_added_up(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORKERS],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
    )
    counted = 'skill_requests_total{outcome="answered",type="LaunchRequest"} 2.0'
    assert counted in done.stdout.splitlines()


SEATED = """
import os
from pathlib import Path
from skill.web import measures
files = []
for _ in range(3):
    if os.fork() == 0:
        measures.take_seat(0)
        measures.count_requests(1, "LaunchRequest", "answered")
        os._exit(0)
    os.wait()
    files.append(len(list(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).iterdir())))
print(files[1:] == files[:-1])
print(measures.exposition().decode())
"""


def test_a_worker_that_takes_the_seat_of_another_counts_on_in_its_files(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEATED],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
    )
    same_files, *lines = done.stdout.splitlines()
    assert same_files == "True"
    assert 'skill_requests_total{outcome="answered",type="LaunchRequest"} 3.0' in lines
