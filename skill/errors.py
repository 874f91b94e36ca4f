"""Every error that the skill raises on purpose.

All derive from `SkillError`::

    SkillError
    |-- ConfigurationError    an operator's setting is missing or cannot be used
    |-- RuleSetError          a rule set may not be loaded
    |-- CatalogueError        a locale's lines may not be loaded
    |-- ConversationError     session attributes hold no conversation that can go on
    |-- MemoryUnavailableError  the memory cannot be asked just now
    `-- RequestRefusedError   an HTTP request is not a request that Alexa sent to this skill

The first three stop the start. `ConversationError` starts the conversation
anew. Without its memory the talk goes on. `RequestRefusedError` becomes an
HTTP status with an empty body.
"""


class SkillError(Exception):
    """The root, for whoever has to catch them all."""


class ConfigurationError(SkillError):
    """A setting that the operator must give is missing or cannot be used."""


class _ProblemsError(SkillError):
    """A file with every reason why it may not be loaded, so an author mends them in one go."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class RuleSetError(_ProblemsError):
    """A rule set may not be loaded.

    Attributes:
        problems: Every reason at once, each with the place in the file.
    """


class CatalogueError(_ProblemsError):
    """A locale's catalogue of lines may not be loaded.

    Attributes:
        problems: Every reason at once, each with the line id or the place.
    """


class ConversationError(SkillError):
    """Session attributes hold no conversation that this version can continue."""


class MemoryUnavailableError(SkillError):
    """The memory of unfinished checks is locked, slow, full or gone."""


class RequestRefusedError(SkillError):
    """An HTTP request cannot be shown to be Alexa's, for this skill, and fresh.

    Attributes:
        reason: A fixed code such as ``signature_mismatch``, safe to log; never
            anything that the sender chose.
        status: The HTTP status to answer with: 400, or 503 when the fault is
            not the sender's and the same request may hold later.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
