"""The production composition, with a throwaway root and a certificate host on this machine.

Run by gunicorn as `tests.operation.served:app`, with the same `gunicorn.conf.py` as `app:app`.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

from cryptography import x509

from scripts.simulator.signing import SKILL_ID
from skill.alexa.skill import answering, build_skill
from skill.memory.opening import memory_from
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set
from skill.web import measures
from skill.web.chain_fetch import fetch_certificate_chain
from skill.web.endpoint import create_app
from skill.web.handled import TellingLater
from skill.web.kept_chains import KeptChains
from skill.web.log_writer import LogWriter
from skill.web.verification import RequestVerifier

_folder = Path(os.environ["OPERATION_FOLDER"])


def _connect(_host: str, timeout_seconds: float) -> HTTPConnection:
    port = int(os.environ["OPERATION_CERTIFICATE_PORT"])
    return HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)


def _fetch(url: str) -> bytes:
    # One short line at the end of a file is written whole, whoever else writes.
    with (_folder / "fetches").open("a") as file:
        file.write(f"{os.getpid()}\n")
    return fetch_certificate_chain(url, connect=_connect)


_log = logging.getLogger("skill")
_log.addHandler(LogWriter(sys.stderr.fileno()))
_log.setLevel(logging.INFO)
_log.propagate = False

_rule_set = load_rule_set()
_catalogues = load_catalogues(_rule_set)

_memory = memory_from(os.environ, SKILL_ID, measures)

app = create_app(
    answering(build_skill(_rule_set, _catalogues, _memory), _catalogues, _memory),
    RequestVerifier(
        skill_id=SKILL_ID,
        trust_anchors=[x509.load_pem_x509_certificate((_folder / "root.pem").read_bytes())],
        fetch=_fetch,
        clock=lambda: datetime.now(UTC),
        kept=KeptChains(Path(os.environ["CHAIN_FOLDER"])) if "CHAIN_FOLDER" in os.environ else None,
    ),
    metrics_port=int(os.environ["METRICS_PORT"]),
    tell=TellingLater(),
)
