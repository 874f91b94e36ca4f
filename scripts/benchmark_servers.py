"""Starts the servers that are measured, one at a time, and ends them again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from secrets import randbelow
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Final

from scripts.benchmark_errors import BenchmarkError
from scripts.benchmark_load import HOST, ask
from scripts.benchmarked import FOLDER_VARIABLE
from scripts.simulator.signing import SKILL_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[1]
SERVERS: Final = ("gunicorn", "granian", "waitress")

_WAITRESS_THREADS: Final = 8  # as many as gunicorn.conf.py gives a worker
_PORTS: Final = range(20_000, 32_000)
_PORTS_TO_TRY: Final = 100
_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.002


@dataclass(frozen=True, slots=True)
class Server:
    """A server, and how it is set up.

    Attributes:
        name: One of ``SERVERS``.
    """

    name: str

    def check(self) -> None:
        """Make sure that it can be started.

        Raises:
            BenchmarkError: It cannot.
        """
        if find_spec(self.name) is None:
            raise BenchmarkError(f"{self.name} is not installed; scripts/test installs it")

    def command(self, application: str, port: int) -> list[str]:
        """Return what starts it; gunicorn finds ``gunicorn.conf.py`` and the port by itself.

        Granian reads and writes on threads of its own, so Python is given one, and they take no
        turns at the interpreter.
        """
        match self.name:
            case "granian":
                at = ["--host", HOST, "--port", str(port)]
                options = ["--interface", "wsgi", "--blocking-threads", "1", *at]
            case "waitress":
                options = [f"--listen={HOST}:{port}", f"--threads={_WAITRESS_THREADS}"]
            case _:
                options = []
        return [sys.executable, "-m", self.name, *options, application]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs.

    Attributes:
        pid: Its first process.
        port: Where it listens.
        start_seconds: How long it took from its start to its first answer.
        first_answer: That answer, with its head.
    """

    pid: int
    port: int
    start_seconds: float
    first_answer: bytes


@contextmanager
def running(server: Server, endpoint: str, folder: Path, first_request: bytes) -> Iterator[Running]:
    """Run an endpoint on a server while the block runs.

    Args:
        server: The server.
        endpoint: The name of a module in ``scripts/benchmarked``.
        folder: What these modules read from; the server's log goes into it as well.
        first_request: Sent again and again until there is an answer.

    Raises:
        BenchmarkError: It does not start.
    """
    port = _free_port()
    command = server.command(f"scripts.benchmarked.{endpoint}:app", port)
    log_path = folder / f"{server.name}-{endpoint}.log"
    with log_path.open("wb") as log:
        started = perf_counter()
        process = subprocess.Popen(  # noqa: S603  # ours, word by word
            command,
            cwd=ROOT,
            env=_environment(folder, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # so that all of it can be ended
        )
        try:
            answer = _first_answer(process, port, first_request, log_path)
            yield Running(process.pid, port, perf_counter() - started, answer)
        finally:
            _end(process)


def _environment(folder: Path, port: int) -> dict[str, str]:
    chains = folder / "chains"
    chains.mkdir(exist_ok=True)
    return os.environ | {
        FOLDER_VARIABLE: str(folder),
        "ALEXA_SKILL_ID": SKILL_ID,
        "BIND": f"{HOST}:{port}",
        "METRICS_PORT": str(_free_port()),
        "CHAIN_FOLDER": str(chains),
    }


def _free_port() -> int:
    """Return a port that nobody listens on.

    Not one that Linux gives to callers by itself: while the server starts it is called again
    and again, and a caller that is given the server's own port would keep it from starting.
    """
    for _ in range(_PORTS_TO_TRY):
        port = _PORTS[randbelow(len(_PORTS))]
        with suppress(OSError):
            socket.create_server((HOST, port)).close()
            return port
    raise BenchmarkError(f"{HOST} has no free port from {_PORTS[0]} to {_PORTS[-1]}")


def _first_answer(
    process: subprocess.Popen[bytes], port: int, request: bytes, log_path: Path
) -> bytes:
    deadline = perf_counter() + _START_SECONDS
    while perf_counter() < deadline:
        if process.poll() is not None:
            raise BenchmarkError(f"the server ended at once; {_last_words(log_path)}")
        try:
            answer = ask(port, request)
        except OSError:
            answer = b""
        if answer:
            return answer
        sleep(_POLL_SECONDS)
    raise BenchmarkError(
        f"the server gave no answer within {_START_SECONDS:.0f} s; {_last_words(log_path)}"
    )


def _last_words(log_path: Path) -> str:
    lines = [line.strip() for line in log_path.read_text(errors="replace").splitlines()]
    words = [line for line in lines if line]
    # What went wrong is told near the end, but not always last.
    error = next((line for line in reversed(words) if "error" in line.lower()), None)
    return f"its log: {error or words[-1]}" if words else "its log is empty"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and all its processes, gently first."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # whatever is left of its session
    process.wait()
