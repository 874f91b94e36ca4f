"""The production composition root: joins the floors and serves them as ``app``.

``ALEXA_SKILL_ID`` names the skill whose requests are answered; there are no other switches.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime

from skill.alexa.skill import answering, build_skill
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set
from skill.web.certificates import fetch_certificate_chain, public_trust_anchors
from skill.web.endpoint import create_app
from skill.web.verification import RequestVerifier

# Every record of the skill is one JSON line already, made from an allow-list.
_to_stderr = logging.StreamHandler(sys.stderr)
_to_stderr.setFormatter(logging.Formatter("%(message)s"))
_log = logging.getLogger("skill")
_log.addHandler(_to_stderr)
_log.setLevel(logging.INFO)
_log.propagate = False

_rule_set = load_rule_set()
_catalogues = load_catalogues(_rule_set)

app = create_app(
    answering(build_skill(_rule_set, _catalogues), _catalogues),
    RequestVerifier(
        skill_id=os.environ.get("ALEXA_SKILL_ID", ""),
        trust_anchors=public_trust_anchors(),
        fetch=fetch_certificate_chain,
        clock=lambda: datetime.now(UTC),
    ),
)
