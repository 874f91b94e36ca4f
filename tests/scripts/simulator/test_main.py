"""The simulator as it is started, with the whole skill behind it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "scripts.simulator")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def run(
    *arguments: str, said: bytes = b"", command: Sequence[str] = COMMAND
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*command, *arguments],
        input=said,
        capture_output=True,
        check=False,
        env=ENVIRONMENT,
        timeout=60,
    )


def test_a_conversation_is_held_over_http_and_printed() -> None:
    done = run(said=b"open upper back check\nmy chest feels tight\n")
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert lines[0] == "> open upper back check"
    assert lines[1].endswith("?")
    assert lines[2] == "> my chest feels tight"
    assert lines[3].startswith("Call 911 now.")
    assert lines[4:] == ["(session ends)"]


def test_json_gives_one_object_for_each_turn() -> None:
    done = run("--json", said=b"\xef\xbb\xbfopen upper back check\r\n# silence\r\n\r\nexit\r\n")
    turns = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [list(turn) for turn in turns] == [
        ["utterance", "request", "status", "response", "says"]
    ] * 3
    assert [turn["utterance"] for turn in turns] == ["open upper back check", "", "exit"]
    assert [turn["status"] for turn in turns] == [200, None, 200]
    launched, silent, ended = turns
    assert launched["request"]["request"]["type"] == "LaunchRequest"
    assert launched["response"]["response"]["shouldEndSession"] is False
    assert "<" not in launched["says"]
    assert silent["request"] is None
    assert silent["says"].endswith("?")
    assert ended["request"]["request"]["reason"] == "USER_INITIATED"


def test_the_request_log_is_written_where_it_is_asked_for() -> None:
    # Bytes that are no text do no harm on the way.
    done = run("--verbose", said=b"open upper back check\n\xff\xfe\x00\x1b[2J\n")
    assert (done.returncode, b"\x1b" in done.stdout) == (0, False)
    entry = json.loads(done.stderr.splitlines()[-1])
    assert (entry["request_type"], entry["status"]) == ("IntentRequest", 200)


def test_an_unknown_locale_is_told_in_one_line() -> None:
    done = run("--locale", "tlh-QO")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().count("\n") == 1
    assert "'tlh-QO'" in done.stderr.decode()


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--serve", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().count("\n") == 1


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serving_goes_on_until_it_is_told_to_end(ending: signal.Signals, tmp_path: Path) -> None:
    command = [*COMMAND, "--serve", "--port", "0", "--signing-dir", str(tmp_path / "keys")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, text=True
    ) as serving:
        assert serving.stdout is not None
        assert serving.stderr is not None
        address = serving.stdout.readline().split()[-1]
        assert serving.stdout.readline().startswith("Skill id amzn1.ask.skill.")
        client = json.loads((tmp_path / "keys" / "client.json").read_text(encoding="utf-8"))
        assert client["endpoint"] == address
        with urlopen(f"{address}healthz", timeout=10) as healthy:  # noqa: S310  # our own
            assert healthy.status == 200
        serving.send_signal(ending)
        assert serving.wait(timeout=20) == 0
        assert serving.stderr.read() == ""


def test_a_reader_who_leaves_ends_it_quietly() -> None:
    said = b"open upper back check\n" + b"help\n" * 50
    command = f'"{sys.executable}" -m scripts.simulator | head -n 1'
    done = run(said=said, command=["sh", "-c", command])
    assert (done.stdout, done.stderr) == (b"> open upper back check\n", b"")


def test_help_tells_how_to_begin() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert b"open upper back check" in done.stdout
