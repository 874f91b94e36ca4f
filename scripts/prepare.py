"""Make the project's virtual environment, or bring it up to date; quick where it is.

Usage: prepare.py [--check] LOCK_FILE

With ``--check`` it only tells, by its exit status, whether there is nothing to do.
``scripts/prepared_python`` starts it with any Python from 3.11, before anything is
installed, so it uses the standard library alone. What it tells goes to stderr.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[1]

# A lock file to those whose every requirement it holds, at the same version.
_INCLUDED: Final[Mapping[str, tuple[str, ...]]] = {
    "requirements-sim.lock": ("requirements.lock",),
    "requirements-dev.lock": ("requirements.lock", "requirements-sim.lock"),
}
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_LAST_LINES: Final = 15


class PreparationError(Exception):
    """The environment cannot be made; the message tells why and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Prepare the environment for a lock file and return the exit status."""
    *check, lock_name = arguments
    try:
        if check:
            return 0 if is_prepared(ROOT, lock_name) else 1
        prepare(ROOT, lock_name)
    except PreparationError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def prepare(root: Path, lock_name: str) -> None:
    """Make sure that ``.venv`` holds what a lock file asks for.

    Args:
        root: The folder with the lock files, where ``.venv`` lies or will lie.
        lock_name: The name of the lock file.

    Raises:
        PreparationError: It cannot be done.
    """
    _hash(root, lock_name)  # before anything is made
    with _alone(root):
        # Another one may have done it meanwhile.
        if not is_prepared(root, lock_name):
            _build(root / ".venv", root, lock_name)


def is_prepared(root: Path, lock_name: str) -> bool:
    """Whether ``.venv`` holds what a lock file asks for.

    Raises:
        PreparationError: There is no such lock file.
    """
    environment = root / ".venv"
    # Following the link: it dangles once the Python that it leads to is gone.
    starts = os.access(_python(environment), os.X_OK)
    return starts and _stamp(environment).get(lock_name) == _hash(root, lock_name)


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _stamp_path(environment: Path) -> Path:
    return environment / "prepared.json"


def _stamp(environment: Path) -> dict[str, str]:
    """Return which lock files, by their hashes, the environment was prepared from."""
    try:
        stamp = json.loads(_stamp_path(environment).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _hash(root: Path, lock_name: str) -> str:
    try:
        return sha256((root / lock_name).read_bytes()).hexdigest()
    except OSError as error:
        raise PreparationError(f"{root / lock_name} cannot be read ({error.strerror}).") from error


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Let one preparation run at a time; the system ends the lock with whoever holds it."""
    # On the folder itself: no file to leave behind, and .venv may be gone in between.
    folder = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _tell("Waiting for another preparation of .venv to end ...")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _build(environment: Path, root: Path, lock_name: str) -> None:
    if not _works(environment):
        _create(environment)
    # Should the installation be cut short, the next start must not take it for whole.
    _stamp_path(environment).unlink(missing_ok=True)
    _install(environment, root / lock_name)

    # Whatever was installed for another lock file is in force only as far as this one says:
    # where they differ, the other's next start installs its own again.
    names = (lock_name, *_INCLUDED.get(lock_name, ()))
    stamp = {name: _hash(root, name) for name in names}
    _stamp_path(environment).write_text(f"{json.dumps(stamp, indent=2)}\n", encoding="utf-8")
    _tell("The environment is ready.")


def _works(environment: Path) -> bool:
    """Whether there is an environment that starts, is not too old and can install."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
    return environment.exists() and _run([_python(environment), "-I", "-c", check]) == 0


def _create(environment: Path) -> None:
    if environment.is_symlink() or environment.is_file():
        environment.unlink()
    if environment.exists():
        _tell("The environment in .venv does not work; making it anew ...")
        shutil.rmtree(environment)
    version = ".".join(map(str, sys.version_info[:3]))
    _tell(f"Making the environment .venv with Python {version} ...")
    if _run([sys.executable, "-I", "-m", "venv", environment], _tell) != 0:
        shutil.rmtree(environment, ignore_errors=True)
        raise PreparationError(
            "Python's venv module failed; on Debian or Ubuntu install python3-venv."
        )


def _install(environment: Path, lock: Path) -> None:
    total = len(_PIN.findall(lock.read_text(encoding="utf-8")))
    _tell(f"Installing {total} packages from {lock.name} ...")
    command: list[str | Path] = [
        _python(environment), "-I", "-m", "pip", "install", "--require-hashes",
        "--requirement", lock, "--no-input", "--disable-pip-version-check",
        "--progress-bar", "off",
    ]  # fmt: skip
    told: list[str] = []

    def show_step(line: str) -> None:
        told.append(line)
        step = _step(line)
        if step:
            _tell(f"  {step}")

    if _run(command, show_step) != 0:
        _tell("\n".join(told[-_LAST_LINES:]))
        raise PreparationError(f"pip could not install {lock.name}. Is there a network?")


def _run(command: Sequence[str | Path], on_line: Callable[[str], None] = lambda _: None) -> int:
    """Run a command of our own and return its exit status; 127 where it cannot start."""
    # A setting of its user must not lead pip out of the environment.
    variables = os.environ | {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    try:
        with subprocess.Popen(  # noqa: S603  # every word of it is ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=variables,
        ) as running:
            for line in running.stdout or ():
                on_line(line.rstrip())
    except OSError:
        return 127
    return running.returncode


def _step(line: str) -> str | None:
    """Return what to show for a line of pip's, ``None`` for nothing."""
    words = line.split()
    match words:
        case ["Collecting", requirement, *_]:
            return requirement.replace("==", " ")
        case ["Processing", file, *_]:
            return Path(file).name
        case ["Building", "wheel", *_] | ["Installing", "collected", *_]:
            return line.strip().partition(":")[0]
        case _:
            return None


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
