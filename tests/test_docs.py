"""What the documents say can be done is done: commands, links, programs and settings.

Every line of a block marked `sh` is run, in a copy of the project, unless it says behind "#" why
not. A mark on the first line of a block holds for the whole of it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENTS: Final = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
MARK: Final = re.compile(
    r"# (?:needs an? (?:account|container engine)|needs the network|not run by the tests: \S+)"
)
# What cannot run within a test, or takes too long twice: how it begins, and what runs it with a
# word of that file that shows it.
RUN_ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    # The checks cannot run within themselves.
    ".venv/bin/python -m pytest": ("scripts/gates.py", '"-m", "pytest"'),
    "for file in deploy/ask_dialog": ("tests/deploy/test_ask_dialog.py", "load_transcript(path"),
    "scripts/test": ("tests/scripts/test_gates.py", "gates"),
    "scripts/prove_rules.py": ("scripts/gates.py", '"-m", "scripts.prove_rules"'),
    "scripts/check_interaction_model.py --package": (
        "tests/scripts/test_build_skill_package.py",
        "test_the_package_of_the_project_has_no_problem",
    ),
    "scripts/check_interaction_model.py": (
        "tests/scripts/test_check_interaction_model.py",
        "test_the_models_of_the_project_have_no_problem",
    ),
    "scripts/measure_page.py": ("tests/scripts/test_measure_page.py", "main("),
    "scripts/benchmark.py": ("tests/scripts/test_benchmark.py", "--quick"),
    # It needs a person at a terminal.
    "scripts/run --eight-seconds": (
        "tests/scripts/simulator/test_main.py",
        '[*COMMAND, "--eight-seconds"]',
    ),
    # It waits until all is spoken.
    "scripts/run --speak": (
        "tests/scripts/simulator/test_main.py",
        "test_what_the_device_says_is_spoken",
    ),
    # It goes on until it is stopped.
    "ALEXA_SKILL_ID=": ("tests/operation/processes.py", "gunicorn"),
    # What docs/operating.md says to do as another user.
    "python -m venv /srv/venv": ("tests/operation/test_container_steps.py", "venv"),
    "/srv/venv/bin/pip": ("tests/operation/test_container_steps.py", "--require-hashes"),
    "export ALEXA_SKILL_ID": ("tests/operation/test_container_steps.py", "ALEXA_SKILL_ID"),
    "BIND=": ("tests/operation/processes.py", "gunicorn"),
}
# Said to whoever is asked by a command; it comes to no advice, but to an end.
TYPED: Final = "open upper back check\nstop\n"
SECONDS: Final = 60
# Read, but only to refuse to start.
REFUSED_SETTINGS: Final = {"FLASK_DEBUG"}


def commands(text: str) -> Iterator[tuple[str, bool]]:
    """Return each command of a document, and whether it says that it cannot run here."""
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        first, _, rest = block.partition("\n")
        if MARK.match(first):
            yield rest, True
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith("#"):
                yield " ".join(line.partition(" #")[0].split(" ")).strip(), bool(MARK.search(line))


def to_run(document: Path) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return [
        command
        for command, is_marked in commands(text)
        if not is_marked and not command.startswith(tuple(RUN_ELSEWHERE))
    ]


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the project, which commands may change."""
    project = tmp_path / "project"
    left_out = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", ".*cache", "*.part")
    shutil.copytree(ROOT, project, ignore=left_out)
    (project / "build").mkdir()
    (project / ".venv").symlink_to(Path(sys.prefix).resolve())
    return project


WITH_COMMANDS: Final = [path for path in DOCUMENTS if to_run(path)]


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=names(WITH_COMMANDS))
def test_every_command_of_a_document_works(document: Path, copy: Path) -> None:
    for command in dict.fromkeys(to_run(document)):
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", command],
            cwd=copy,
            input=TYPED,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            # A test within must not meet the order or the coverage of this one.
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.environ.get("HOME", "/"),
                "LANG": "C.UTF-8",
            },
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_documents_have_commands() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/publishing.md"} <= set(names(WITH_COMMANDS))


@pytest.mark.parametrize("command", RUN_ELSEWHERE)
def test_what_is_run_elsewhere_is_in_a_document_and_is_run_there(command: str) -> None:
    file, word = RUN_ELSEWHERE[command]
    assert word in (ROOT / file).read_text(encoding="utf-8")
    said = [one for path in DOCUMENTS for one, _ in commands(path.read_text(encoding="utf-8"))]
    assert any(one.startswith(command) for one in said)


def slugs(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            known = target.read_text(encoding="utf-8")
            assert anchor in slugs(known) or f'"{anchor}"' in known, link


def test_every_program_is_named_in_a_document() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    programs = [
        path.name
        for path in (ROOT / "scripts").iterdir()
        if path.is_file() and os.access(path, os.X_OK) and path.name != "prepared_python"
    ]
    assert {"run", "test", "check"} <= set(programs)
    assert [name for name in programs if f"scripts/{name}" not in said] == []


def test_every_setting_is_in_the_table_of_the_operator() -> None:
    code = "".join((ROOT / name).read_text("utf-8") for name in ("app.py", "gunicorn.conf.py"))
    read = set(re.findall(r"""(?:\.get|_number)\(\s*"([A-Z_]+)\"""", code))
    table = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    assert read - REFUSED_SETTINGS == described


def test_every_point_of_certification_has_a_test_or_a_reason() -> None:
    page = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", page, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 46))
    certified = (ROOT / "tests" / "test_certification.py").read_text(encoding="utf-8")
    linted = (ROOT / "tests/scripts/test_check_interaction_model.py").read_text(encoding="utf-8")
    for number, answer in rows:
        named = re.findall(r"`(\w+)`", answer)
        assert named or answer.startswith("Not testable here: "), number
        points = [one for one in named if one.startswith("test_point_")]
        if points:
            pattern = re.compile(rf"^def (test_point_{int(number):02}_\w+)", re.MULTILINE)
            tests = set(pattern.findall(certified))
            assert set(points) == tests, number
        else:  # the store page, or said to be not testable here
            known = set(re.findall(r'^    "(\w+)": |^def (test_\w+)', linted, re.MULTILINE))
            assert set(named) <= {"".join(one) for one in known}, number
