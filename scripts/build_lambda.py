#!/usr/bin/env python3
"""Build the zip of an AWS Lambda function: the skill, what it needs, and its handler.

The packages come from requirements-lambda.lock as wheels for Lambda's Linux, whatever machine
builds the zip. Lambda cannot keep the bytecode that Python makes of them at a start, so it is
put into the zip where this Python is the one asked for; without it a start takes three times
as long. The same sources give the same zip.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import compileall
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING, Final

from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = "requirements-lambda.lock"
HANDLER: Final = "lambda_function.handler"
ARCHITECTURES: Final = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's name of an architecture, and that of the wheels."""

LIMIT_BYTES: Final = 50_000_000  # of a zip that is uploaded directly
_PYTHON: Final = re.compile(r"3\.(?:1[1-9]|[2-9][0-9])")
# Lambda's Linux for Python 3.12 and newer has glibc 2.34, for 3.11 it has 2.26.
_GLIBC: Final = (17, 28, 34)
_OLDER_GLIBC: Final = (17,)
_FIRST_WITH_NEWER_GLIBC: Final = (3, 12)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
_LAST_LINES: Final = 5
_NOT_NEEDED: Final = ("bin", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED")


class BuildError(Exception):
    """The zip cannot be built; the message tells why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the zip and return the exit status."""
    options = _options(arguments)
    try:
        size = build(options.out, options.python, options.architecture)
    except BuildError as error:
        print(f"build_lambda: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {size / 1e6:.1f} MB; handler {HANDLER}, Python {options.python},")
    print(f"architecture {options.architecture}, environment variable ALEXA_SKILL_ID")
    return 0


def build(out: Path, python: str, architecture: str) -> int:
    """Write the zip and return its size in bytes.

    Args:
        out: The zip to write.
        python: Lambda's Python, such as ``3.12``.
        architecture: A key of ``ARCHITECTURES``.

    Raises:
        BuildError: A wheel is missing, the zip is too large, or it cannot be written.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _tell(f"Fetching the wheels of {LOCK} ...")
        _install(folder, python, architecture)
        _check_tags(folder, python, architecture)
        not_ours = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "skill", folder / "skill", ignore=not_ours)
        shutil.copy(ROOT / "scripts" / "lambda_function.py", folder / "lambda_function.py")
        for pattern in _NOT_NEEDED:
            for path in folder.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if python == ".".join(platform.python_version_tuple()[:2]):
            _tell("Compiling ...")
            _compile(folder)
        else:
            _tell(f"No bytecode: that takes Python {python}. Starts will be slower.")
        return _zip(folder, out)


def _install(folder: Path, python: str, architecture: str) -> None:
    newer = tuple(map(int, python.split("."))) >= _FIRST_WITH_NEWER_GLIBC
    machine = ARCHITECTURES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in (_GLIBC if newer else _OLDER_GLIBC)]
    command: list[str | Path] = [
        *(sys.executable, "-I", "-m", "pip", "install", "--require-hashes", "--no-compile"),
        *("--requirement", ROOT / LOCK, "--target", folder, "--only-binary", ":all:"),
        *("--python-version", python, "--implementation", "cp"),
        *("--platform", f"manylinux2014_{machine}"),
        *(word for one in platforms for word in ("--platform", one)),
        *("--no-input", "--disable-pip-version-check", "--quiet"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        _tell("\n".join(said[-_LAST_LINES:]))
        raise BuildError(f"pip found no wheels of {LOCK} for Python {python} on {architecture}")


def _check_tags(folder: Path, python: str, architecture: str) -> None:
    """Raise an error where a compiled part is for another Python or machine.

    A wheel is what it says it is only as far as its tags go, and a wrong one would be found
    at the first call.
    """
    abi = f"cpython-{python.replace('.', '')}-{ARCHITECTURES[architecture]}-linux-gnu"
    for path in sorted(folder.rglob("*.so")):
        if not path.name.endswith((f".{abi}.so", ".abi3.so")):
            raise BuildError(f"{path.relative_to(folder)} is not for {abi}")


def _compile(folder: Path) -> None:
    # Lambda unpacks with times of its own, so the bytecode must not depend on them.
    compiled = compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=str(folder),
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise BuildError("a package does not compile; is this Python whole?")
    # What is checked here is noted here, and needs no check at each start.
    skill = folder / "skill"
    rule_set = load_rule_set(skill / "rules" / "upper_back_pain.json")
    load_catalogues(rule_set, skill / "speech" / "locales")


def _zip(folder: Path, out: Path) -> int:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path, name in _files(folder):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
        size = out.stat().st_size
    except OSError as error:
        raise BuildError(f"{out} cannot be written ({error.strerror})") from error
    if size > LIMIT_BYTES:
        raise BuildError(f"{out} has {size:,} bytes; Lambda takes {LIMIT_BYTES:,}")
    return size


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.relative_to(folder).as_posix()


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/build_lambda.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--python",
        type=_python,
        default=".".join(platform.python_version_tuple()[:2]),
        metavar="3.N",
        help="the function's Python (the one this runs on: %(default)s)",
    )
    parser.add_argument(
        "--architecture", choices=ARCHITECTURES, default="x86_64", help="(%(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("lambda.zip"), metavar="FILE", help="(%(default)s)"
    )
    return parser.parse_args(arguments)


def _python(text: str) -> str:
    if not _PYTHON.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text} is no Python from 3.11 on, such as 3.12")
    return text


if __name__ == "__main__":
    sys.exit(main())
