#!/usr/bin/env python3
"""Find everything that would keep the skill from being built or certified by Amazon.

Judged are the interaction models of all locales and the skill manifest: Amazon's rules for
each, a round trip through Amazon's own classes, and whether models, handlers, rule set and
words fit together. Without arguments, those of this repository; with --package, those of a
folder that scripts/build_skill_package.py wrote. Every problem is told at once, each with its
place, what was found and what is expected. The exit status is 0 if there is none, else 1. Of a
package without a problem it is also told what may stand there for a trial only.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.skill_lint.package import (
    Skill,
    package_notes,
    package_problems,
    repository_problems,
)
from skill.errors import SkillError

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER: Final = Path(__file__).resolve().parents[1] / "interaction_model"
_PROGRAM: Final = "check_interaction_model"


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell every problem and return the exit status."""
    options = _options(arguments)
    try:
        skill = Skill.of_repository()
    except SkillError as error:
        for line in str(error).splitlines():
            print(f"{_PROGRAM}: {line}", file=sys.stderr)
        return 1
    if options.package is None:
        what, found = "interaction_model", repository_problems(FOLDER, skill)
    else:
        what, found = str(options.package), package_problems(options.package, skill)
    problems = list(dict.fromkeys(map(str, found)))
    for problem in problems:
        print(problem, file=sys.stderr)
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    print(f"{what}: {count} in {len(skill.locales)} locales")
    if options.package is not None and not problems:
        for note in package_notes(options.package):
            print(f"before you submit: {note}")
    return 1 if problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--package", type=Path, metavar="DIR", help="a built skill package, not this repository"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
