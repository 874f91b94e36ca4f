"""A stand-in for the official Python path: this skill behind a copy of its steps.

Not the real one, because ``ask-sdk-webservice-support`` does not import on a current OpenSSL:
the version pattern of its dependency ``oscrypto`` 1.3.0 takes one digit for the patch. The
steps and their order are the real one's:

* the whole body becomes the SDK's model classes, by the SDK's own serializer, before anything
  is verified;
* the chain's bytes are fetched once for each URL, but read and validated to a root on every
  request, and the key with them;
* then the signature, and the time;
* the answer goes through the SDK's serializer and ``jsonify``.

It does more cheaply than the real one what ``cryptography`` does natively: validating a chain
takes about 0.1 ms here and about 3 ms in the pure Python there. It lacks the real one's check
for key usage, its tracebacks in the log, and all that this project adds: the skill id, limits,
hardened JSON, log lines, metrics. **Never serve with it.**
"""

from __future__ import annotations

import base64
import os
import posixpath
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from ask_sdk_core.exceptions import AskSdkException
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import RequestEnvelope
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from flask import Flask, Response, jsonify, request

from scripts.benchmarked import FOLDER_VARIABLE
from skill.alexa.skill import build_skill
from skill.speech.catalogue import load_catalogues
from skill.triage.loading import load_rule_set

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

_FOLDER = Path(os.environ[FOLDER_VARIABLE])
_SIGNER = x509.DNSName("echo-api.amazon.com")
_TOLERANCE = timedelta(seconds=150)

_rule_set = load_rule_set()
_skill = build_skill(_rule_set, load_catalogues(_rule_set))
_skill.serializer = DefaultSerializer()
_roots = Store([x509.load_pem_x509_certificate((_FOLDER / "root.pem").read_bytes())])
_chain_by_url: dict[str, bytes] = {}

app = Flask(__name__, static_folder=None)


@app.post("/")
def alexa_request() -> tuple[Response, int]:
    """Read the request, then verify it, then answer it."""
    body = request.data.decode()
    try:
        envelope = _skill.serializer.deserialize(body, RequestEnvelope)
        _verify_signature(request.headers, body)
        _verify_time(envelope)
        response = _skill.invoke(request_envelope=envelope, context=None)
    except (InvalidSignature, VerificationError, KeyError, ValueError):
        return jsonify({}), HTTPStatus.BAD_REQUEST
    except AskSdkException:
        return jsonify({}), HTTPStatus.INTERNAL_SERVER_ERROR
    return jsonify(_skill.serializer.serialize(response)), HTTPStatus.OK


def _verify_signature(headers: Headers, body: str) -> None:
    url = headers["SignatureCertChainUrl"]
    signature = base64.b64decode(headers["Signature-256"])
    key = _validated_key(_chain_at(url))
    key.verify(signature, body.encode(), PKCS1v15(), SHA256())


def _chain_at(url: str) -> bytes:
    parts = urlparse(url)
    if (
        parts.scheme.lower() != "https"
        or (parts.hostname or "").lower() != "s3.amazonaws.com"
        or not posixpath.normpath(parts.path).startswith("/echo.api/")
        or parts.port not in {None, 443}
    ):
        raise ValueError("Alexa keeps no certificates at that URL.")
    if url not in _chain_by_url:
        _chain_by_url[url] = (_FOLDER / "chain.pem").read_bytes()
    return _chain_by_url[url]


def _validated_key(chain: bytes) -> RSAPublicKey:
    leaf, *others = x509.load_pem_x509_certificates(chain)
    verifier = PolicyBuilder().store(_roots).time(datetime.now(UTC)).build_server_verifier(_SIGNER)
    verifier.verify(leaf, others)
    key = leaf.public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("The certificate is for another kind of key.")  # noqa: TRY004 - as above
    return key


def _verify_time(envelope: RequestEnvelope) -> None:
    sent = envelope.request.timestamp if envelope.request else None
    if sent is None or abs(datetime.now(UTC) - sent) > _TOLERANCE:
        raise ValueError("The request is too old.")
