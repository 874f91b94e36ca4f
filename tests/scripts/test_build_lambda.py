"""The zip for AWS Lambda: what is in it, and what it answers.

`.ci/run` builds it, because fetching its wheels takes a network that tests do without.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts import build_lambda
from scripts.build_lambda import HANDLER, LIMIT_BYTES, BuildError, main
from scripts.simulator.device import SILENCE
from scripts.simulator.signing import SKILL_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scripts.simulator.device import Device

ROOT = Path(__file__).parents[2]
ZIP = ROOT / "build" / "lambda.zip"
TRANSCRIPTS = ROOT / "tests" / "conversations"
# What Lambda does with a function, but for the network: unpack, start once, call.
LAMBDA = """
import importlib, json, sys
module, name = sys.argv[1].rsplit(".", 1)
handler = getattr(importlib.import_module(module), name)
for line in sys.stdin:
    try:
        print(json.dumps(handler(json.loads(line), None)))
    except Exception as error:
        print(json.dumps({"errorType": type(error).__name__}))
"""


def is_of_these_sources(archive: zipfile.ZipFile) -> bool:
    ours = [p for p in (ROOT / "skill").rglob("*") if p.suffix in {".py", ".json"}]
    held = set(archive.namelist())
    return all(
        (name := path.relative_to(ROOT).as_posix()) in held
        and archive.read(name) == path.read_bytes()
        for path in ours
    )


@pytest.fixture(scope="module")
def built() -> zipfile.ZipFile:
    if not ZIP.exists():
        pytest.skip("no zip: scripts/build_lambda.py --out build/lambda.zip")
    archive = zipfile.ZipFile(ZIP)
    if not is_of_these_sources(archive):
        pytest.skip("the zip is of other sources: scripts/build_lambda.py --out build/lambda.zip")
    return archive


@pytest.fixture(scope="module")
def unpacked(built: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lambda")
    built.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def function(unpacked: Path) -> Callable[[list[Mapping[str, Any]]], list[dict[str, Any]]]:
    """Give the function: events in, what Lambda would send back out."""

    def call(events: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        done = subprocess.run(
            # -S: the packages in the zip alone, none of those installed here.
            [sys.executable, "-S", "-c", LAMBDA, HANDLER],
            input="".join(json.dumps(event) + "\n" for event in events),
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(unpacked), "ALEXA_SKILL_ID": SKILL_ID, "PATH": os.defpath},
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return call


def event(skill_id: str = SKILL_ID, **request: object) -> dict[str, Any]:
    application = {"applicationId": skill_id}
    return {
        "version": "1.0",
        "session": {"new": True, "application": application, "attributes": {}},
        "context": {"System": {"application": application}},
        "request": {
            "type": "LaunchRequest",
            "requestId": "amzn1.echo-api.request.1",
            "timestamp": "2026-11-24T12:00:00Z",
            "locale": "en-US",
            **request,
        },
    }


def test_the_function_answers_the_recorded_conversations_as_the_endpoint_does(
    function: Callable[[list[Mapping[str, Any]]], list[dict[str, Any]]], device: Device
) -> None:
    turns = [
        turn
        for path in sorted(TRANSCRIPTS.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("> ") and (turn := device.hear(said(line))).request
    ]
    assert len(turns) > 100
    answers = function([turn.request for turn in turns if turn.request])
    # As text, so that the order of the members counts too.
    assert [json.dumps(one) for one in answers] == [json.dumps(turn.response) for turn in turns]


def said(line: str) -> str:
    utterance = line.removeprefix("> ")
    return SILENCE if utterance == "(silence)" else utterance


def test_a_request_for_another_skill_is_an_error(
    function: Callable[[list[Mapping[str, Any]]], list[dict[str, Any]]],
) -> None:
    foreign = event("amzn1.ask.skill.99999999-2222-4333-8444-555555555555")
    half_foreign = event()
    half_foreign["session"] = foreign["session"]
    nobody: dict[str, Any] = {}
    refused = {"level": "WARNING", "event": "refused", "reason": "skill_id_mismatch"}
    error = {"errorType": "RequestRefusedError"}
    malformed = {**refused, "reason": "envelope_malformed"}
    assert function([foreign, half_foreign, nobody]) == [
        *(refused, error),
        *(refused, error),
        *(malformed, error),
    ]


def test_the_zip_holds_what_lambda_takes_and_no_door_of_its_own(built: zipfile.ZipFile) -> None:
    names = built.namelist()
    assert ZIP.stat().st_size <= LIMIT_BYTES
    assert f"{HANDLER.partition('.')[0]}.py" in names
    packages = {name.partition("/")[0] for name in names}
    assert not packages & {"flask", "cryptography", "gunicorn", "prometheus_client", "tests"}
    assert not [name for name in names if name.endswith(".so") and "x86_64-linux-gnu" not in name]


def test_the_zip_holds_the_bytecode_of_all_that_it_runs(built: zipfile.ZipFile) -> None:
    tag = sys.implementation.cache_tag
    names = set(built.namelist())
    sources = [name for name in names if name.startswith("skill/") and name.endswith(".py")]
    for name in sources:
        folder, _, file = name.rpartition("/")
        assert f"{folder}/__pycache__/{file.removesuffix('.py')}.{tag}.pyc" in names


def test_without_a_skill_id_the_function_ends_with_one_line(unpacked: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import lambda_function"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(unpacked), "PATH": os.defpath},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("upper-back-check: ALEXA_SKILL_ID is not set")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("python", ["2.7", "3.9", "4", "three"])
def test_a_python_that_the_skill_does_not_run_on_is_refused(
    python: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--python", python])
    assert "is no Python from 3.11 on" in capsys.readouterr().err


def test_a_compiled_part_for_another_machine_is_refused(tmp_path: Path) -> None:
    for name in ("a.cpython-312-x86_64-linux-gnu.so", "b.abi3.so"):
        (tmp_path / name).touch()
    build_lambda._check_tags(tmp_path, "3.12", "x86_64")  # noqa: SLF001  # needs no wheels
    with pytest.raises(BuildError, match=r"a\.cpython-312-x86_64-linux-gnu\.so is not for"):
        build_lambda._check_tags(tmp_path, "3.12", "arm64")  # noqa: SLF001  # as above


def test_what_cannot_be_built_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(build_lambda, "_install", lambda *_: None)
    (tmp_path / "file").touch()
    assert main(["--out", str(tmp_path / "file" / "lambda.zip")]) == 1
    told = capsys.readouterr()
    assert "cannot be written" in told.err.splitlines()[-1]
    assert told.out == ""
