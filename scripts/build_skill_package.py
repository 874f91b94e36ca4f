#!/usr/bin/env python3
"""Write the folder that the ASK CLI deploys: manifest, interaction models and icons.

Say where the skill is run: with --endpoint on a server of yours, with --lambda-arn in AWS
Lambda. Where no other address is given, privacy policy and terms of use are named at /privacy
and /terms of the same server; the shipped proxy does not serve them, and you are told. A Lambda
function has no pages, so there their addresses are needed. The same arguments give the same
files. What else is in the folder, such as the ASK CLI's own, stays.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.skill_lint.package import RESOURCES, Skill
from scripts.skill_package.hosting import (
    CERTIFICATE_TYPES,
    Hosting,
    at_endpoint,
    before_submission,
    in_lambda,
)
from scripts.skill_package.icons import icon
from scripts.skill_package.manifest import (
    ICONS,
    MODELS_FOLDER,
    icon_path,
    load_words,
    manifest_for,
)
from skill.errors import SkillError
from skill.triage.loading import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_FOLDER: Final = Path("build") / "skill"
# Left there by the ASK CLI and by git.
_OTHERS: Final = frozenset({".ask", ".git", ".gitignore"})
_REFUSED: Final = 2


class FolderError(SkillError):
    """The folder to write is not one of ours."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the package and return the exit status."""
    options = _options(arguments)
    try:
        hosting = _hosting(options)
        files = package_files(hosting)
        write_package(files, options.out)
    except SkillError as error:
        first, *others = str(error).splitlines()
        more = f" (and {len(others)} more)" if others else ""
        print(f"build_skill_package: {first}{more}", file=sys.stderr)
        return _REFUSED
    except OSError as error:
        reason = error.strerror or error
        print(f"build_skill_package: {options.out}: cannot be written ({reason})", file=sys.stderr)
        return _REFUSED
    pages = (hosting.privacy_address, hosting.terms_address)
    for note in before_submission(hosting.uri, *pages):
        print(f"before you submit: {note}", file=sys.stderr)
    print(f"{options.out}: {len(files)} files")
    print(f"Check them with: scripts/check_interaction_model.py --package {options.out}")
    return 0


def package_files(hosting: Hosting) -> dict[str, bytes]:
    """Return every file of a skill package, by its path in the folder.

    Raises:
        SkillError: The models, the rule set or the words cannot be read.
    """
    skill = Skill.of_repository()
    models = {path.stem: path for path in sorted(MODELS_FOLDER.glob("??-??.json"))}
    names = {
        locale: read_json(path)["interactionModel"]["languageModel"]["invocationName"]
        for locale, path in models.items()
    }
    manifest = manifest_for(load_words(), hosting, names, skill.catalogues)
    return {
        "ask-resources.json": _as_bytes(RESOURCES),
        "skill-package/skill.json": _as_bytes(manifest),
        **{
            f"skill-package/interactionModels/custom/{locale}.json": path.read_bytes()
            for locale, path in models.items()
        },
        **{f"skill-package/{icon_path(size)}": icon(size) for size in ICONS.values()},
    }


def write_package(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder that is new, empty, or a package written before.

    Raises:
        FolderError: Something else is in the folder.
        OSError: A file cannot be written.
    """
    if folder.exists():
        foreign = sorted(path for path in _foreign(files, folder))
        if foreign:
            raise FolderError(f"{folder}: holds {foreign[0]}, which is not of a skill package")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _foreign(files: Mapping[str, bytes], folder: Path) -> list[str]:
    if not folder.is_dir():
        return [folder.name]
    present = (
        path.relative_to(folder)
        for top in folder.iterdir()
        if top.name not in _OTHERS
        for path in (top, *top.rglob("*"))
    )
    wanted = {Path(name) for name in files}
    wanted |= {parent for path in wanted for parent in path.parents}
    return [path.as_posix() for path in present if path not in wanted]


def _hosting(options: argparse.Namespace) -> Hosting:
    pages = (options.privacy_url, options.terms_url)
    if options.lambda_arn is not None:
        return in_lambda(options.lambda_arn, *pages)
    return at_endpoint(options.endpoint, options.certificate, *pages)


def _as_bytes(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="build_skill_package",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--endpoint", metavar="URL", help="such as https://example.org/alexa, on port 443"
    )
    where.add_argument("--lambda-arn", metavar="ARN", help="of the Lambda function")
    parser.add_argument(
        "--certificate",
        choices=CERTIFICATE_TYPES,
        default=CERTIFICATE_TYPES[0],
        help="the endpoint's own certificate, or one for all names of its domain (%(default)s)",
    )
    parser.add_argument("--privacy-url", metavar="URL", help="the privacy policy")
    parser.add_argument("--terms-url", metavar="URL", help="the terms of use")
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="DIR",
        help="the folder to write (%(default)s)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
