"""This project's endpoint with everything on: ``app.py`` itself, trusting one more root.

The two ways to the outside are replaced before ``app.py`` takes hold of them: the public roots
are joined by a throwaway one, and a certificate chain comes from a file instead of Amazon.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

from scripts.benchmarked import FOLDER_VARIABLE
from skill.web import chain_fetch, chain_trust

if TYPE_CHECKING:
    from flask import Flask

_FOLDER = Path(os.environ[FOLDER_VARIABLE])
_CHAIN = (_FOLDER / "chain.pem").read_bytes()
_public_trust_anchors = chain_trust.public_trust_anchors


def _trust_anchors() -> list[x509.Certificate]:
    throwaway = x509.load_pem_x509_certificate((_FOLDER / "root.pem").read_bytes())
    return [*_public_trust_anchors(), throwaway]


def _fetch(_url: str) -> bytes:
    return _CHAIN


chain_trust.public_trust_anchors = _trust_anchors
chain_fetch.fetch_certificate_chain = _fetch  # type: ignore[assignment]  # it is given the URL alone

app: Flask = import_module("app").app
