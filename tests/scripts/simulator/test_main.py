"""The simulator as it is started, with the whole skill behind it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import wave
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


def recorded(path: Path, said: bytes = b"open upper back check\nno\nexit\n") -> str:
    done = run("--record", str(path), said=said)
    assert (done.returncode, done.stderr) == (0, b"")
    return path.read_text(encoding="utf-8")


def test_what_is_recorded_is_a_test_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    first, *lines = recorded(path).splitlines()
    done = run("--replay", str(path), "--expect")
    assert first.startswith("# recorded in en-US on ")
    assert (done.returncode, done.stdout.decode().splitlines()) == (0, lines)


def test_other_words_than_expected_fail_it_and_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text(recorded(path).replace("groin", "knee"), encoding="utf-8")
    shown = run("--replay", str(path))
    expected = run("--replay", str(path), "--expect")
    assert (shown.returncode, expected.returncode) == (0, 1)
    assert shown.stderr == expected.stderr
    place, was, now, count = expected.stderr.decode().splitlines()
    assert place == f"{path}:4: > no"
    assert was.startswith("  - Is your knee numb")
    assert now.startswith("  + Is your groin numb")
    assert count == "(1 of 3 turns went otherwise than recorded)"


def test_a_recording_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    before = recorded(path)
    path.write_text(f"# Look here.\n{before.replace('groin', 'knee')}", encoding="utf-8")
    assert run("--replay", str(path), "--record", str(path)).returncode == 0
    header, rest = before.split("\n", 1)
    assert path.read_text(encoding="utf-8") == f"{header}\n# Look here.\n{rest}"


def test_ask_clis_replay_files_are_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    document = json.loads(recorded(path))
    assert document["userInput"] == ["open upper back check", "no", "exit", ".quit"]
    assert run("--replay", str(path), "--expect").returncode == 0


def test_a_replay_goes_by_its_own_locale_and_day(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text(
        "# recorded in en-GB on 2026-03-01\n> open upper back check\n> since yesterday\n",
        encoding="utf-8",
    )
    done = run("--replay", str(path), "--json")
    request = json.loads(done.stdout.splitlines()[-1])["request"]["request"]
    assert (request["locale"], request["timestamp"][:10]) == ("en-GB", "2026-03-01")
    other = run("--replay", str(path), "--locale", "en-US")
    assert (other.returncode, other.stderr.decode()) == (
        1,
        f"scripts/run: {path}: is of locale en-GB, not of en-US\n",
    )


def test_a_script_has_nothing_to_expect(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("> open upper back check\n", encoding="utf-8")
    done = run("--replay", str(path), "--expect")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert run("--replay", str(path)).returncode == 0


def test_a_broken_replay_file_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("# A comment.\nHello.\n", encoding="utf-8")
    done = run("--replay", str(path))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert f"{path}:2: expected".encode() in done.stderr


def test_a_recording_that_cannot_be_kept_is_refused_before_anything_is_said(
    tmp_path: Path,
) -> None:
    path = tmp_path / "missing" / "talk.txt"
    done = run("--record", str(path), said=b"open upper back check\n")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)


def test_nothing_recorded_is_lost_when_it_is_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    with subprocess.Popen(
        [*COMMAND, "--record", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
    ) as talking:
        assert talking.stdin is not None
        assert talking.stdout is not None
        talking.stdin.write("open upper back check\n")
        talking.stdin.flush()
        said = [talking.stdout.readline() for _ in range(2)]
        # The turn is written down before the next is waited for; give it the moment it needs.
        talking.stdin.write("no\n")
        talking.stdin.flush()
        assert talking.stdout.readline() == "> no\n"
        talking.send_signal(signal.SIGINT)
        assert talking.wait(timeout=20) == 128 + signal.SIGINT
    assert path.read_text(encoding="utf-8").splitlines()[1:3] == [line.rstrip() for line in said]


def test_the_page_is_served_to_whoever_asks_for_it() -> None:
    with subprocess.Popen(
        [*COMMAND, "--page", "--page-port", "0"], stdout=subprocess.PIPE, env=ENVIRONMENT, text=True
    ) as serving:
        assert serving.stdout is not None
        address = serving.stdout.readline().split()[-1]
        with urlopen(address, timeout=10) as page:  # noqa: S310  # our own
            assert page.headers["Content-Type"].startswith("text/html")
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(timeout=20) == 0


def test_a_taken_port_for_the_page_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--page", "--page-port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines()[-1].startswith("scripts/run: port ")


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


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a player first on the path that keeps the last sound; return where it is kept."""
    program, sound = tmp_path / "paplay", tmp_path / "sound.wav"
    program.write_text(f'#!/bin/sh\ncp -- "$1" "{sound}"\n', encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setitem(ENVIRONMENT, "PATH", f"{tmp_path}:{os.environ['PATH']}")
    return sound


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_closed_input_or_output_is_told_in_one_line(closed: str) -> None:
    done = run(command=["sh", "-c", f'"$@" {closed}', "sh", *COMMAND], said=b"no\n")
    assert done.returncode == 1
    assert done.stderr == b"scripts/run: needs an input and an output, and one is closed\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full is there")
def test_an_output_that_is_full_is_told_in_one_line() -> None:
    done = run(command=["sh", "-c", '"$@" >/dev/full', "sh", *COMMAND], said=b"no\n")
    assert done.returncode == 1
    assert done.stderr.endswith(b"scripts/run: No space left on device\n")


def test_what_the_device_says_is_spoken(player: Path) -> None:
    done = run("--speak", said=b"open upper back check\n")
    assert done.returncode == 0
    assert re.fullmatch(rb"\(the voice is (flite|espeak-ng).*\)\n", done.stderr)
    with wave.open(str(player)) as sound:
        assert sound.getnframes() > 3 * sound.getframerate()


def test_where_nothing_can_be_heard_the_text_goes_on(player: Path) -> None:
    player.with_name("paplay").write_text("#!/bin/sh\necho no device >&2\nexit 1\n", "utf-8")
    done = run("--speak", said=b"open upper back check\nno\n")
    assert done.returncode == 0
    assert done.stdout.count(b"> ") == 2
    _, told = done.stderr.decode().splitlines()
    assert told == "(no speech: paplay cannot play sound (no device))"


def test_a_voice_that_is_not_there_is_told_in_one_line() -> None:
    done = run("--speak", "--voice", "nobody", said=b"open upper back check\n")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)


def test_a_person_gets_the_page_and_the_terminal() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "--eight-seconds"], stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT
    ) as talking:
        os.close(theirs)
        try:
            address = seen_until(ours, rb"the page is at (http://127\.0\.0\.1:\d+/)")[1].decode()
            seen_until(ours, rb"Ctrl-D leaves")
            with urlopen(address, timeout=10) as page:  # noqa: S310  # our own
                assert page.status == 200
            os.write(ours, b"open upper back check\r")
            # To the next prompt, for a key before it would be the terminal's own to deal with.
            seen_until(ours, rb"(?s)General information.*\?2004h.*>")
            os.write(ours, b"\x04")
            seen_until(ours, None)
            assert talking.wait(timeout=20) == 0
        finally:
            talking.kill()
    os.close(ours)


def seen_until(terminal: int, wanted: bytes | None) -> re.Match[bytes]:
    """Read a terminal until something is seen on it, or nothing more comes."""
    seen = b""
    while wanted is None or not re.search(wanted, seen):
        assert select.select([terminal], [], [], 20)[0], seen
        try:
            seen += os.read(terminal, 1024)
        except OSError:  # nobody writes to it any more
            assert wanted is None, seen
            break
    match = re.search(wanted or b"", seen)
    assert match is not None
    return match


def test_help_tells_how_to_begin() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert b"open upper back check" in done.stdout
