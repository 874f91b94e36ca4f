"""The benchmark does what it says: true statistics, each endpoint doing the job, a full table.

Nothing here asserts a time: the machines that run the tests are shared.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.benchmark import (
    BARE,
    COMPARISONS,
    FIGURES,
    OFFICIAL,
    THIS,
    TITLES,
    Measured,
    in_turn,
    main,
    paired,
    percentile,
    spread,
)
from scripts.benchmark_memory import OFF
from scripts.benchmark_rules import GROWTHS

ROOT = Path(__file__).parents[2]
QUICK_SECONDS = 120  # a bound for a stuck run; an idle machine takes ten

numbers = st.lists(st.floats(0, 1e9), min_size=1)


def measured(cpu_us: float) -> Measured:
    return Measured(
        cpu_us=cpu_us,
        requests_a_second=1,
        p50_ms=1,
        p99_ms=1,
        start_ms=1,
        rss_mb=1,
        pss_mb=1,
        uss_mb=1,
        workers=1,
    )


# --- statistics -----------------------------------------------------------------------------


def test_a_spread_is_the_median_the_least_and_the_most() -> None:
    assert spread([30, 10, 20, 90, 40]) == (30, 10, 90)


def test_endpoints_are_compared_within_each_round() -> None:
    # The machine was twice as slow in the second round: the ratio does not show it.
    this, bare = [measured(300), measured(600)], [measured(200), measured(400)]
    assert paired(this, bare, lambda one, other: one / other) == (1.5, 1.5, 1.5)
    assert paired(this, bare, lambda one, other: one - other) == (150, 100, 200)


def test_the_99th_percentile_of_a_hundred_values_is_the_largest_but_none() -> None:
    assert percentile(range(100), 0.99) == 99
    assert percentile(range(1000), 0.99) == 990
    assert percentile([7], 0.99) == 7


@given(numbers, st.floats(0, 1))
def test_a_percentile_is_a_value_and_grows_with_its_share(
    values: list[float], share: float
) -> None:
    ordered = sorted(values)
    assert percentile(ordered, share) in values
    assert percentile(ordered, share / 2) <= percentile(ordered, share) <= ordered[-1]


def test_every_endpoint_comes_first_in_some_round() -> None:
    rounds = [in_turn(list(TITLES), number) for number in range(3)]
    assert {names[0] for names in rounds} == TITLES.keys()
    assert all(set(names) == TITLES.keys() for names in rounds)


# --- the program ----------------------------------------------------------------------------


def test_help_says_what_is_measured() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    assert "processor time is the servers' own" in " ".join(shown.stdout.lower().split())
    assert "--quick" in shown.stdout


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.benchmark", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=QUICK_SECONDS,
    )


def test_a_quick_run_measures_everything_on_every_server() -> None:
    done = run("--quick", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result["servers"]) == {"gunicorn", "granian", "waitress"}
    for server in result["servers"].values():
        assert set(server["endpoints"]) == {THIS, BARE, OFFICIAL}
        for endpoint in server["endpoints"].values():
            (only_round,) = endpoint["rounds"]
            assert all(value > 0 for value in only_round.values())
            assert all(endpoint[figure]["median"] == only_round[figure] for figure in only_round)
        assert set(server["cpu_compared"]) == set(COMPARISONS)
    for costs in result["turn_cpu_us_by_rule_set"].values():
        assert list(costs) == ["1", "2", "5", "10"]
        assert all(0 < cost["low"] <= cost["median"] <= cost["high"] for cost in costs.values())
    assert list(result["turn_us_by_memory"]) == [OFF, "sqlite"]
    assert all(times["low"] > 0 for times in result["turn_us_by_memory"].values())


def test_the_table_has_a_row_for_every_figure_and_comparison(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--quick", "--server", "waitress"]) == 0
    shown, progress = capsys.readouterr()
    titles = {
        *TITLES.values(),
        *(title for title, _ in FIGURES.values()),
        *(title for title, _, _ in COMPARISONS.values()),
        *GROWTHS,
        OFF,
        "sqlite",
    }
    assert {title for title in titles if title not in shown} == set()
    assert "waitress, round 1 of 1" in progress


def test_that_no_port_is_free_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setattr("scripts.benchmark_servers._PORTS", range(taken, taken + 1))
        assert main(["--quick", "--server", "waitress"]) == 2
    *_, told = capsys.readouterr().err.splitlines()
    assert told == (
        f"benchmark: this endpoint on waitress: 127.0.0.1 has no free port from {taken} to {taken}"
    )


def test_a_server_that_is_not_installed_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scripts.benchmark_servers.find_spec", lambda _: None)
    assert main(["--quick", "--server", "gunicorn"]) == 2
    assert capsys.readouterr().err == (
        "benchmark: gunicorn is not installed; scripts/test installs it\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--server", "apache"],
        ["--rounds", "0"],
        ["--rounds", "many"],
        ["--seconds", "0"],
        ["--seconds", "61"],  # the signatures would run out
        ["--seconds", "nan"],
        ["--connections", "1001"],
    ],
)
def test_bad_arguments_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_an_endpoint_that_does_not_do_the_job_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scripts.benchmark_servers.SKILL_ID", "amzn1.ask.skill.another")
    assert main(["--quick", "--server", "waitress"]) == 2
    *_, told = capsys.readouterr().err.splitlines()
    assert "it answered 'HTTP/1.1 400 Bad Request' and not what the skill says" in told
