"""The production composition root: joins the floors and serves them as ``app``.

Settings come from the environment; docs/operating.md tells what they mean.
``ALEXA_SKILL_ID`` is the one that has to be there. What is wrong with them is told in one line,
and nothing is served.
"""

from __future__ import annotations

import gc

# All that is loaded from here on stays. To have it looked at as it grows takes a sixth of a start.
gc.disable()

import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from skill.alexa.skill import answering, build_skill
from skill.errors import ConfigurationError, SkillError
from skill.memory.opening import memory_from
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set
from skill.web import measures
from skill.web.chain_fetch import fetch_certificate_chain
from skill.web.chain_trust import public_trust_anchors
from skill.web.endpoint import create_app
from skill.web.handled import TellingLater
from skill.web.kept_chains import KeptChains
from skill.web.log_writer import LogWriter
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

_HIGHEST_PORT = 65_535
_NO_DESCRIPTOR = -1


def composed(settings: Mapping[str, str]) -> Flask:
    """Return the application for the settings.

    Raises:
        SkillError: A setting or a file of the skill is wrong.
    """
    if settings.get("FLASK_DEBUG", "0").lower() not in {"", "0", "false", "no"}:
        raise ConfigurationError("FLASK_DEBUG is on: it would show a stranger what callers said.")
    folder = settings.get("CHAIN_FOLDER")
    verifier = RequestVerifier(
        skill_id=settings.get("ALEXA_SKILL_ID", ""),
        trust_anchors=public_trust_anchors(),
        fetch=fetch_certificate_chain,
        clock=lambda: datetime.now(UTC),
        kept=KeptChains(Path(folder)) if folder else None,
    )
    rule_set = load_rule_set()
    catalogues = load_catalogues(rule_set)
    memory = memory_from(settings, settings["ALEXA_SKILL_ID"], measures)
    return create_app(
        answering(build_skill(rule_set, catalogues, memory), catalogues, memory),
        verifier,
        metrics_port=_port(settings.get("METRICS_PORT", "")),
        tell=TellingLater(),
    )


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _HIGHEST_PORT):
        raise ConfigurationError(f"METRICS_PORT: {text!r} is no port.")
    return int(text)


# Every record of the skill is one JSON line already, made from an allow-list.
_log = logging.getLogger("skill")
# Without a stderr its number may come to be any other file's, so that of none is given.
_log.addHandler(LogWriter(sys.stderr.fileno() if sys.stderr else _NO_DESCRIPTOR))
_log.setLevel(logging.INFO)
_log.propagate = False

try:
    app = composed(os.environ)
    # Nor need it be looked at later, so workers that are forked from here go on sharing it. A
    # request leaves nearly nothing, and by default each would pay for a look.
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)
    gc.enable()
except SkillError as error:
    first, *more = str(error).splitlines()
    sys.exit(f"upper-back-check: {first}{f' (and {len(more)} more)' if more else ''}")
