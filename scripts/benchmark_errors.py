"""Why ``scripts/benchmark.py`` cannot go on."""

from skill.errors import SkillError


class BenchmarkError(SkillError):
    """Something that is to be measured does not run, or does not do the job."""
