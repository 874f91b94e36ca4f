"""What the documents say can be done is done: commands, links, programs and settings.

Every line of a block marked `sh` is run, in a copy of the project, unless it says behind "#" why
not. A mark on the first line of a block holds for the whole of it. Servers are stopped once they
are ready. The few lines that the tests cannot run within themselves are looked for where they are
run: as a gate of every check, as the build machine's own command, or at a terminal in another test.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from scripts.gates import gates
from tests.operation.processes import free_ports, got, wait_until

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
PYTEST: Final = ".venv/bin/python -m pytest "
# Run by every check as they stand here, just before the tests.
GATES: Final = {
    f"scripts/{module.removeprefix('scripts.')}.py"
    for flag, module, *others in (gate.command for gate in gates(()))
    if flag == "-m" and module.startswith("scripts.") and not others
}
# The build machine starts the tests with it.
OWN_COMMAND: Final = "scripts/test"
# Run by a test of another file that has what it takes: its name, and how it says the program.
AT_A_TERMINAL: Final[Mapping[str, tuple[str, str, str]]] = {
    "scripts/run --eight-seconds": (
        "tests/scripts/simulator/test_main.py",
        "test_a_person_gets_the_page_and_the_terminal",
        'COMMAND = (sys.executable, "-m", "scripts.simulator")',
    ),
}
# Said to whoever is asked by a command; it comes to no advice, but to an end.
TYPED: Final = "open upper back check\nstop\n"
SECONDS: Final = 120  # a bound for a stuck command; the longest takes 13 on an idle machine
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
        if not is_marked and command not in {OWN_COMMAND, *GATES, *AT_A_TERMINAL}
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
        # Below the copy, what a document keeps in the folders of a server.
        here = re.sub(r"/srv/(?!venv/bin)", f"{shlex.quote(str(copy))}/srv/", command)
        if command.endswith("/gunicorn"):
            serve(here.replace("/srv/venv/", ".venv/"), copy)
            continue
        if command.startswith(PYTEST):
            # These tests are run beside this one. That they are found is what is left to see.
            here = f"{here} --collect-only"
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", here],
            cwd=copy,
            input=TYPED,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=environment(),
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def environment() -> dict[str, str]:
    """Return the environment of a reader: a test within must not meet the order of this one."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {"HOME": "/", "LANG": "C.UTF-8", **kept}


def serve(command: str, copy: Path) -> None:
    """Run a command that goes on until it is stopped; at ports of ours, for others may be taken."""
    port, metrics_port = free_ports(2)
    here = re.sub(r"(?<=127\.0\.0\.1:)\d+", str(port), command)
    here = re.sub(r"(?<=METRICS_PORT=)\d+", str(metrics_port), here)
    settings = {
        "ALEXA_SKILL_ID": "amzn1.ask.skill.00000000-0000-4000-8000-000000000000",
        "BIND": f"127.0.0.1:{port}",
        "METRICS_PORT": str(metrics_port),
    }
    process = subprocess.Popen(
        ["/bin/bash", "-euo", "pipefail", "-c", f"exec env {here}"],
        cwd=copy,
        env=environment() | settings,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: got(port, "/readyz")[0] == 200, f"{command}: it is ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, command
    finally:
        process.kill()
        process.wait()


def test_the_conversation_of_the_readme_is_held_word_for_word() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```\n(> .*?)^```$", readme, re.MULTILINE | re.DOTALL)
    typed = re.findall(r"^> (.*)$", shown, re.MULTILINE)
    held = subprocess.run(
        [sys.executable, "-m", "scripts.simulator"],
        cwd=ROOT,
        input="\n".join(typed),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
        env=environment(),
    )
    assert held.stdout.split() == shown.split()


def test_documents_have_commands() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/publishing.md"} <= set(names(WITH_COMMANDS))


def said() -> set[str]:
    return {one for path in DOCUMENTS for one, _ in commands(path.read_text(encoding="utf-8"))}


def test_what_the_tests_cannot_start_is_what_starts_them() -> None:
    assert OWN_COMMAND in said()
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == f'exec "$root/{OWN_COMMAND}" "$@"'


def test_the_gates_left_to_every_check_are_in_a_document() -> None:
    assert {"scripts/prove_rules.py", "scripts/check_interaction_model.py"} == GATES
    assert said() >= GATES


@pytest.mark.parametrize("command", AT_A_TERMINAL)
def test_what_needs_a_person_is_run_by_the_test_that_plays_one(command: str) -> None:
    assert command in said()
    file, name, program = AT_A_TERMINAL[command]
    source = (ROOT / file).read_text(encoding="utf-8")
    assert f"\n{program}\n" in source
    (test,) = (
        ast.unparse(one)
        for one in ast.parse(source).body
        if isinstance(one, ast.FunctionDef) and one.name == name
    )
    _, *arguments = command.split()
    assert f"Popen([*COMMAND, {', '.join(map(repr, arguments))}]" in test


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_the_tests_that_a_document_names_are_part_of_every_check(document: Path) -> None:
    for command in to_run(document):
        if command.startswith(PYTEST):
            paths = [one for one in command.removeprefix(PYTEST).split() if one[0] != "-"]
            assert paths, command
            assert all(one.startswith("tests/") and (ROOT / one).exists() for one in paths), command


def test_every_test_that_the_operators_page_names_is_there() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `([a-z_/]+\.py)` \| (.*) \|$", page, re.MULTILINE)
    assert rows
    for file, cell in rows:
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        there = {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
        assert set(re.findall(r"`(\w+)`", cell)) <= there


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
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    programs = [
        path.name
        for path in (ROOT / "scripts").iterdir()
        if path.is_file() and os.access(path, os.X_OK) and path.name != "prepared_python"
    ]
    assert {"run", "test", "check"} <= set(programs)
    assert [name for name in programs if f"scripts/{name}" not in text] == []


def test_every_setting_is_in_the_table_of_the_operator() -> None:
    code = "".join(
        (ROOT / name).read_text("utf-8")
        for name in ("app.py", "gunicorn.conf.py", "skill/memory/opening.py")
    )
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
