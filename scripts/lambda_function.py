"""The composition root for AWS Lambda, which lies at the top of the zip.

Lambda takes events from Alexa alone when its trigger names the skill, so there is no signature
to verify. The skill id is checked all the same: a trigger can be set too wide.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

from skill.alexa.skill import answering, build_skill
from skill.errors import RequestRefusedError, SkillError
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set
from skill.web.addressee import check_addressee, skill_id_from

try:
    _skill_id = skill_id_from(os.environ.get("ALEXA_SKILL_ID", ""))
    _rule_set = load_rule_set()
    _catalogues = load_catalogues(_rule_set)
except SkillError as error:
    sys.exit(f"upper-back-check: {error}")
_answer = answering(build_skill(_rule_set, _catalogues), _catalogues)


def handler(event: object, context: object) -> dict[str, object]:  # noqa: ARG001  # Lambda's
    """Answer a request envelope, as the endpoint of `skill.web` does.

    Raises:
        RequestRefusedError: The request is not for this skill. Lambda counts it as an error
            and Alexa says that the skill did not answer.
    """
    envelope = event if isinstance(event, Mapping) else {}
    try:
        check_addressee(envelope, _skill_id)
    except RequestRefusedError as refusal:
        print(json.dumps({"level": "WARNING", "event": "refused", "reason": refusal.reason}))
        raise
    return _answer(envelope)
