"""Which skill a request is for. Amazon signs for every skill, so this keeps the others out.

Apart from the verification, because it is all that AWS Lambda leaves to check.
"""

import re
from collections.abc import Mapping
from typing import Final

from skill.errors import ConfigurationError, RequestRefusedError

_SKILL_ID: Final = re.compile(r"amzn1\.ask\.skill\.[0-9A-Za-z-]+")


def skill_id_from(setting: str) -> str:
    """Return the skill id that the operator set.

    Raises:
        ConfigurationError: It is missing, or it is something else.
    """
    skill_id = setting.strip()
    if not _SKILL_ID.fullmatch(skill_id):
        found = f"is {skill_id!r}, which is no skill id" if skill_id else "is not set"
        raise ConfigurationError(
            f"ALEXA_SKILL_ID {found}: give the one that the developer console shows, "
            "which begins with amzn1.ask.skill."
        )
    return skill_id


def check_addressee(envelope: Mapping[str, object], skill_id: str) -> None:
    """Let only a request envelope pass that names the skill in its context and its session.

    Raises:
        RequestRefusedError: It names another one, or none.
    """
    named = {text_at(envelope, "context", "System", "application", "applicationId")}
    if "session" in envelope:
        named.add(text_at(envelope, "session", "application", "applicationId"))
    if named != {skill_id}:
        raise RequestRefusedError("skill_id_mismatch")


def text_at(envelope: Mapping[str, object], *path: str) -> str:
    """Return the text that lies at a path of keys.

    Raises:
        RequestRefusedError: There is none.
    """
    value: object = envelope
    for name in path:
        if not isinstance(value, dict):
            raise RequestRefusedError("envelope_malformed")
        value = value.get(name)
    if not isinstance(value, str):
        raise RequestRefusedError("envelope_malformed")
    return value
