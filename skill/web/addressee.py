"""Which skill a request is for. Amazon signs for every skill, so this keeps the others out.

Apart from the verification, because it is all that AWS Lambda leaves to check.
"""

from collections.abc import Mapping

from skill.errors import ConfigurationError, RequestRefusedError


def skill_id_from(setting: str) -> str:
    """Return the skill id that the operator set.

    Raises:
        ConfigurationError: It is missing.
    """
    skill_id = setting.strip()
    if not skill_id:
        raise ConfigurationError(
            "ALEXA_SKILL_ID is not set: give the id that the developer console shows, "
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
