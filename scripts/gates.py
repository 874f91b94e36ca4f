"""Every gate that a commit has to pass, run one after the other.

All of them run, whichever fail, so that one run shows everything there is to mend. The
tests come last and their summaries with them. Arguments go to pytest, as in
"scripts/check tests/web -x", and then there is one run of it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).resolve().parents[1]

# Programs without the ending that ruff looks for.
_PROGRAMS: Final = ("scripts/check",)
# It has no module to run, and its program breaks when the project's folder is moved.
_LINT_IMPORTS: Final = (
    "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])"
)
# What has seconds to keep has the machine to itself; all else runs in one process a core.
_BY_THE_CLOCK: Final = (
    "tests/memory",
    "tests/operation",
    "tests/scripts/simulator/page",
    "tests/web",
)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate.

    Attributes:
        title: What it is called in the output.
        command: What our Python has to run, passing with exit status 0.
    """

    title: str
    command: tuple[str, ...]


def gates(pytest_arguments: Sequence[str]) -> tuple[Gate, ...]:
    """Return the gates in the order they run in."""
    return (
        Gate("ruff check", ("-m", "ruff", "check", ".", *_PROGRAMS)),
        Gate("ruff format", ("-m", "ruff", "format", "--check", ".", *_PROGRAMS)),
        Gate("mypy", ("-m", "mypy")),
        Gate("import-linter", ("-c", _LINT_IMPORTS)),
        Gate("rules proved", ("-m", "scripts.prove_rules")),
        Gate("interaction models", ("-m", "scripts.check_interaction_model")),
        *_tests(pytest_arguments),
    )


def _tests(arguments: Sequence[str]) -> tuple[Gate, ...]:
    if arguments:
        return (Gate("pytest", ("-m", "pytest", *arguments)),)
    ignored = (f"--ignore={folder}" for folder in _BY_THE_CLOCK)
    return (
        Gate("pytest, by the clock", ("-m", "pytest", *_BY_THE_CLOCK)),
        Gate("pytest, all else", ("-m", "pytest", "-n", "logical", *ignored)),
    )


def main(arguments: Sequence[str]) -> int:
    """Run the gates and return 0 if all passed, else 1."""
    parser = argparse.ArgumentParser(
        usage="scripts/check [-h] [PYTEST_ARGUMENT ...]", description=__doc__, add_help=False
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-h", "--help", action="help", help="show this and run nothing")
    _, pytest_arguments = parser.parse_known_args(arguments)
    return run(gates(pytest_arguments))


def run(to_run: Sequence[Gate], root: Path = ROOT) -> int:
    """Run the gates in a folder and return 0 if all passed, else 1."""
    failed = []
    for gate in to_run:
        print(f"== {gate.title}", flush=True)
        started = perf_counter()
        command = [sys.executable, *gate.command]
        done = subprocess.run(command, cwd=root, check=False)  # noqa: S603  # ours, word by word
        if done.returncode:
            failed.append(gate.title)
        # On stderr, so that the last line of stdout is the summary of the tests.
        verdict = "failed" if done.returncode else "passed"
        print(f"   {verdict} in {perf_counter() - started:.1f} s", file=sys.stderr, flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0
