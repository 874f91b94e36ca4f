#!/usr/bin/env python3
"""Measure what this endpoint costs, beside two others, on the same server in the same run.

Three endpoints take the same request, a signed yes or no amid an interview:

* this endpoint: app.py with everything on, trusting one throwaway root more;
* bare Flask: reads the body and returns a constant of the same size;
* official path: a stand-in for Amazon's own Python packages, which do not import on a current
  OpenSSL. scripts/benchmarked/official_path.py is its code, and says what it leaves out. The
  skill behind it is this one.

In each round all three are started anew and then kept busy in turn, a quarter of a second at a
time. So whatever else the machine does meets all of them alike, and differences and ratios are
taken within a round. Each figure is the median of the rounds, with the least and the most.
Processor time is the servers' own, of all their processes.

Then, in this process, what a turn of the skill costs as the rule set grows to ten times its
size, and how long a turn takes in which an answer is saved in a memory, beside the same without:
SQLite on the disk of the temporary folder, and whatever --memory-url names. Nothing is judged:
the exit status is 0 if all was measured, and 2 if something could not be. Linux only.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import compileall
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import partial
from operator import sub, truediv
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from scripts.benchmark_errors import BenchmarkError
from scripts.benchmark_job import interview_job
from scripts.benchmark_load import Load, load
from scripts.benchmark_memory import OFF, memory_turns
from scripts.benchmark_processes import cpu_seconds, memory_of_largest_worker, number_of_workers
from scripts.benchmark_rules import GROWTHS, TIMES, grown_rule_sets, turn_costs
from scripts.benchmark_servers import ROOT, SERVERS, Server, running
from scripts.simulator.signing import throwaway_authority
from skill.alexa.skill import answering, build_skill
from skill.errors import SkillError
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scripts.benchmark_job import Job
    from scripts.benchmark_servers import Running
    from scripts.simulator.signing import SigningAuthority
    from skill.speech.catalogue import Catalogue

_UNUSABLE: Final = 2
_INTERRUPTED: Final = 130
_REQUESTS: Final = 64
_WARM_UP_SECONDS: Final = 0.3
_SLICE_SECONDS: Final = 0.25
_CATCH_UP_SECONDS: Final = 0.03  # between two slices a server has been idle
_MOST_SECONDS: Final = 60.0  # a signed request is good for 150 s
_MOST: Final = 1000
_P99: Final = 0.99
_US: Final = 1e6
_MS: Final = 1e3

THIS: Final = "this_endpoint"
BARE: Final = "bare_flask"
OFFICIAL: Final = "official_path"
TITLES: Final[Mapping[str, str]] = {
    THIS: "this endpoint",
    BARE: "bare Flask",
    OFFICIAL: "official path (stand-in)",
}
"""The modules in ``scripts/benchmarked``, and what they are called in the table."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one endpoint came to in one round.

    Attributes:
        cpu_us: Microseconds of processor time for a request.
        requests_a_second: How many were answered.
        p50_ms: The middle of the times that a caller waited.
        p99_ms: What 99 of 100 callers waited at most.
        start_ms: From the start of the server to its first answer.
        rss_mb: The memory of the largest worker, as ``benchmark_processes.Memory`` counts it.
        pss_mb: As above.
        uss_mb: As above.
        workers: How many processes answered.
    """

    cpu_us: float
    requests_a_second: float
    p50_ms: float
    p99_ms: float
    start_ms: float
    rss_mb: float
    pss_mb: float
    uss_mb: float
    workers: float


# A figure to its title and to how many decimals say something.
FIGURES: Final[Mapping[str, tuple[str, int]]] = {
    "cpu_us": ("CPU us a request", 0),
    "requests_a_second": ("requests/s", 0),
    "p50_ms": ("p50 ms", 1),
    "p99_ms": ("p99 ms", 1),
    "start_ms": ("start to first answer ms", 0),
    "rss_mb": ("largest worker, MB RSS", 1),
    "pss_mb": ("largest worker, MB PSS", 1),
    "uss_mb": ("largest worker, MB USS", 1),
    "workers": ("workers", 0),
}

# A comparison to its title, its unit and its decimals.
COMPARISONS: Final[Mapping[str, tuple[str, str, int]]] = {
    "this_above_bare_us": ("this endpoint above bare Flask", "us", 0),
    "official_above_bare_us": ("official path above bare Flask", "us", 0),
    "this_to_bare": ("this endpoint to bare Flask", "times", 2),
    "official_to_this": ("official path to this endpoint", "times", 2),
}

Rounds: TypeAlias = "Mapping[str, Sequence[Measured]]"
"""What each endpoint came to, round by round."""


class Spread(NamedTuple):
    """A figure over several rounds.

    Attributes:
        median: The middle one.
        low: The least.
        high: The most.
    """

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What every measurement needs.

    Attributes:
        job: The request.
        authority: What signs it.
        answer: What the skill answers to it.
        folder: Where the endpoints read from.
        options: What was asked for.
    """

    job: Job
    authority: SigningAuthority
    answer: Mapping[str, object]
    folder: Path
    options: argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    options = _options(arguments)
    servers = [Server(name) for name in SERVERS if options.server in {name, "all"}]
    try:
        if platform.system() != "Linux":
            raise BenchmarkError("processor time and memory are read from /proc, so Linux only")
        for server in servers:
            server.check()
        _measure_and_show(servers, options)
    except (OSError, SkillError) as error:
        print(f"benchmark: {' '.join(str(error).split())}", file=sys.stderr)
        return _UNUSABLE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _measure_and_show(servers: Sequence[Server], options: argparse.Namespace) -> None:
    _compile_bytecode()
    rule_set = load_rule_set()
    catalogues = load_catalogues(rule_set)
    skill = answering(build_skill(rule_set, catalogues), catalogues)
    job = interview_job(skill, rule_set)
    authority = throwaway_authority(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        bench = Bench(job, authority, skill(job.envelope()), Path(name), options)
        authority.write(bench.folder)
        answer = json.dumps(bench.answer, separators=(",", ":"))
        (bench.folder / "answer.json").write_text(answer, encoding="utf-8")
        by_server = {server.name: _measured(server, bench) for server in servers}
        by_growth = _rule_costs(catalogues, job, options)
        _tell("turns with a memory ...")
        by_memory = memory_turns(
            rule_set, catalogues, options.memory_url, bench.folder, callers=options.callers
        )
    if options.json:
        print(json.dumps(_as_json(by_server, by_growth, by_memory, options), indent=2))
        return
    for server_name, rounds in by_server.items():
        _show_server(server_name, rounds, options)
    _show_rules(by_growth)
    _show_memories(by_memory)


def _compile_bytecode() -> None:
    """Compile as an image does, and note what is checked, so that no start pays for it."""
    sys.dont_write_bytecode = False
    for folder in ("skill", "scripts"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    compileall.compile_file(ROOT / "app.py", quiet=2)


# --- measuring ------------------------------------------------------------------------------


def _measured(server: Server, bench: Bench) -> Rounds:
    rounds: dict[str, list[Measured]] = {endpoint: [] for endpoint in TITLES}
    for number in range(bench.options.rounds):
        _tell(f"{server.name}, round {number + 1} of {bench.options.rounds} ...")
        for endpoint, measured in _one_round(server, in_turn(list(TITLES), number), bench).items():
            rounds[endpoint].append(measured)
    return rounds


def in_turn(names: Sequence[str], round_number: int) -> list[str]:
    """Return all names, beginning with another one in each round."""
    first = round_number % len(names)
    return [*names[first:], *names[:first]]


def _one_round(server: Server, endpoints: Sequence[str], bench: Bench) -> dict[str, Measured]:
    requests = [bench.job.signed(bench.authority) for _ in range(_REQUESTS)]
    slices = max(1, round(bench.options.seconds / _SLICE_SECONDS))
    loads: dict[str, list[Load]] = {endpoint: [] for endpoint in endpoints}
    with ExitStack() as stack:
        runs = {}
        for endpoint in endpoints:
            with _named(server, endpoint):
                runs[endpoint] = stack.enter_context(
                    running(server, endpoint, bench.folder, requests[0])
                )
                _check_answer(runs[endpoint].first_answer, bench.answer)
        for number in range(slices):
            for endpoint, run in runs.items():
                with _named(server, endpoint):
                    done = load(
                        run.port,
                        requests,
                        connections=bench.options.connections,
                        warm_up_seconds=_CATCH_UP_SECONDS if number else _WARM_UP_SECONDS,
                        seconds=_SLICE_SECONDS,
                        cpu_seconds=partial(cpu_seconds, run.pid),
                    )
                    loads[endpoint].append(done)
        return {endpoint: _figures(run, Load.of(loads[endpoint])) for endpoint, run in runs.items()}


@contextmanager
def _named(server: Server, endpoint: str) -> Iterator[None]:
    """Tell of what an error is about."""
    try:
        yield
    except BenchmarkError as error:
        raise BenchmarkError(f"{TITLES[endpoint]} on {server.name}: {error}") from error


def _figures(run: Running, done: Load) -> Measured:
    waits = sorted(done.latencies)
    memory = memory_of_largest_worker(run.pid)
    return Measured(
        cpu_us=done.cpu_seconds / len(waits) * _US,
        requests_a_second=len(waits) / done.seconds,
        p50_ms=median(waits) * _MS,
        p99_ms=percentile(waits, _P99) * _MS,
        start_ms=run.start_seconds * _MS,
        rss_mb=memory.rss,
        pss_mb=memory.pss,
        uss_mb=memory.uss,
        workers=number_of_workers(run.pid),
    )


def _check_answer(answer: bytes, expected: Mapping[str, object]) -> None:
    """Make sure that an endpoint does the job before it is measured at it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    try:
        answered = json.loads(body)
    except ValueError:
        answered = None
    if not isinstance(answered, dict) or answered.get("response") != expected["response"]:
        status_line = head.partition(b"\r\n")[0].decode(errors="replace")
        raise BenchmarkError(f"it answered {status_line!r} and not what the skill says")


def _rule_costs(
    catalogues: Mapping[str, Catalogue], job: Job, options: argparse.Namespace
) -> dict[str, dict[int, list[float]]]:
    _tell("turns with larger rule sets ...")
    return {
        name: turn_costs(
            grown_rule_sets(grow),
            catalogues,
            job.envelope(),
            rounds=options.rounds,
            turns=options.turns,
        )
        for name, grow in GROWTHS.items()
    }


# --- figures --------------------------------------------------------------------------------


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return what that share of the values, given in order, does not exceed."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def spread(values: Sequence[float]) -> Spread:
    """Return the median of some values, the least and the most."""
    return Spread(median(values), min(values), max(values))


def paired(
    ones: Sequence[Measured],
    others: Sequence[Measured],
    combine: Callable[[float, float], float],
) -> Spread:
    """Return what processor times of two endpoints come to, combined within each round."""
    pairs = zip(ones, others, strict=True)
    return spread([combine(one.cpu_us, other.cpu_us) for one, other in pairs])


def _comparisons(rounds: Rounds) -> dict[str, Spread]:
    this, bare, official = rounds[THIS], rounds[BARE], rounds[OFFICIAL]
    return {
        "this_above_bare_us": paired(this, bare, sub),
        "official_above_bare_us": paired(official, bare, sub),
        "this_to_bare": paired(this, bare, truediv),
        "official_to_this": paired(official, this, truediv),
    }


# --- showing --------------------------------------------------------------------------------


def _show_server(name: str, rounds: Rounds, options: argparse.Namespace) -> None:
    print(
        f"{name}: rounds {options.rounds}, of {options.seconds:g} s each; "
        f"connections {options.connections}; median (least..most)"
    )
    print(f"{'':26}" + "".join(f"{title:>25}" for title in TITLES.values()))
    for figure, (title, decimals) in FIGURES.items():
        cells = (_shown(_of(rounds[endpoint], figure), decimals) for endpoint in TITLES)
        print(f"{title:26}" + "".join(f"{cell:>25}" for cell in cells))
    print("CPU of a request, compared within each round:")
    found = _comparisons(rounds)
    for comparison, (title, unit, decimals) in COMPARISONS.items():
        print(f"  {title:32} {_shown(found[comparison], decimals):>22} {unit}")
    print()


def _of(measured: Sequence[Measured], figure: str) -> Spread:
    return spread([getattr(one, figure) for one in measured])


def _shown(one: Spread, decimals: int) -> str:
    middle, low, high = (f"{value:,.{decimals}f}" for value in one)
    return middle if low == high else f"{middle} ({low}..{high})"


def _show_rules(by_growth: Mapping[str, Mapping[int, Sequence[float]]]) -> None:
    print("CPU us of one turn of the skill, without HTTP, by how many times as large it is:")
    print(f"{'':30}" + "".join(f"{times:>19} x" for times in TIMES))
    for name, costs in by_growth.items():
        cells = (_shown(spread(costs[times]), 1) for times in TIMES)
        print(f"{name:30}" + "".join(f"{cell:>21}" for cell in cells))


def _show_memories(by_memory: Mapping[str, Sequence[float]]) -> None:
    print("\nMicroseconds of one turn whose answer is saved, without HTTP:")
    without = spread(by_memory[OFF]).median
    for name, times in by_memory.items():
        found = spread(times)
        added = "" if name == OFF else f"  {found.median - without:+,.0f} at the median"
        print(f"{name:30}{_shown(found, 0):>25}, {len(times)} turns{added}")


def _as_json(
    by_server: Mapping[str, Rounds],
    by_growth: Mapping[str, Mapping[int, Sequence[float]]],
    by_memory: Mapping[str, Sequence[float]],
    options: argparse.Namespace,
) -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "seconds": options.seconds,
        "connections": options.connections,
        "servers": {
            server: {
                "endpoints": {
                    endpoint: {
                        "rounds": [asdict(one) for one in measured],
                        **{
                            field.name: _of(measured, field.name)._asdict()
                            for field in fields(Measured)
                        },
                    }
                    for endpoint, measured in rounds.items()
                },
                "cpu_compared": {
                    name: found._asdict() for name, found in _comparisons(rounds).items()
                },
            }
            for server, rounds in by_server.items()
        },
        "turn_cpu_us_by_rule_set": {
            growth: {str(times): spread(values)._asdict() for times, values in costs.items()}
            for growth, costs in by_growth.items()
        },
        "turn_us_by_memory": {name: spread(one)._asdict() for name, one in by_memory.items()},
    }


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


# --- options --------------------------------------------------------------------------------


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--server",
        choices=[*SERVERS, "all", "none"],
        default="all",
        help="the server, gunicorn as gunicorn.conf.py sets it up; none measures only turns (all)",
    )
    parser.add_argument("--rounds", type=_count, default=5, help="how many rounds (5)")
    parser.add_argument(
        "--seconds", type=_seconds, default=3, help="how long each is busy in a round (3)"
    )
    parser.add_argument(
        "--connections", type=_count, default=16, help="how many requests at once (16)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round: does it run, not how fast"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, rounds included"
    )
    parser.add_argument(
        "--memory-url",
        action="append",
        default=[],
        help="a store to measure as well, as for MEMORY_URL; may be given again",
    )
    options = parser.parse_args(arguments)
    options.turns, options.callers = 200, 100
    if options.quick:
        options.rounds, options.seconds, options.turns = 1, _SLICE_SECONDS, 20
        options.callers = 5
    return options


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {_MOST}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no time above 0 and up to 60 s")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
