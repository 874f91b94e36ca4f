"""Whether a request is Alexa's, for this skill, and fresh.

The steps are those of "Host a Custom Skill as a Web Service", in an order in
which nothing that the sender wrote is parsed before the signature holds.
"""

import base64
import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

from skill.errors import ConfigurationError, RequestRefusedError
from skill.web.certificates import SigningKeys, canonical_chain_url

CHAIN_URL_HEADER = "SignatureCertChainUrl"
SIGNATURE_HEADER = "Signature-256"  # `Signature`, over SHA-1, is never read

# Alexa allows 150 s, and sends skill events up to an hour late.
TOLERANCE = timedelta(seconds=150)
EVENT_TOLERANCE = timedelta(seconds=3600)
EVENT_PREFIX = "AlexaSkillEvent."

INTEGER_LIMIT_DIGITS = 20


class Headers(Protocol):
    """The headers of a request, as Werkzeug or a plain mapping gives them."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return every name with its value, a repeated name once for each value."""


class RequestVerifier:
    """Tells the requests that Alexa sent to one skill from all others.

    There is no way to turn it off. A test or a simulator passes its own trust
    anchors and signs with its own key.

    Args:
        skill_id: The skill's application id. Amazon signs for every skill, so
            this alone keeps other skills' owners out.
        trust_anchors: The root certificates that a chain may lead to.
        fetch: Returns the file at a chain's URL; `fetch_certificate_chain` in production.
        clock: Returns the time, aware of its zone.

    Raises:
        ConfigurationError: The skill id or the trust anchors are missing.
    """

    def __init__(
        self,
        skill_id: str,
        trust_anchors: Sequence[Certificate],
        fetch: Callable[[str], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        if not skill_id.strip():
            raise ConfigurationError(
                "The skill id is missing: give the id that the developer console shows, "
                "which begins with amzn1.ask.skill."
            )
        if not trust_anchors:
            raise ConfigurationError("No root certificates are given: no request could be trusted.")
        self._skill_id = skill_id
        self._keys = SigningKeys(trust_anchors, fetch, clock)
        self._clock = clock

    def verify(self, headers: Headers, body: bytes) -> dict[str, object]:
        """Return the request envelope in a body, once everything about it holds.

        Args:
            headers: The request's headers; their names in any case.
            body: The body as it was received, to the byte.

        Raises:
            RequestRefusedError: Something does not hold.
        """
        now = self._clock()
        url = canonical_chain_url(_only_value(headers, CHAIN_URL_HEADER, "chain_url_missing"))
        signature = _decoded(_only_value(headers, SIGNATURE_HEADER, "signature_missing"))
        try:
            self._keys.key_at(url).verify(signature, body, PKCS1v15(), SHA256())
        except InvalidSignature as error:
            raise RequestRefusedError("signature_mismatch") from error

        envelope = parsed_envelope(body)
        self._check_freshness(envelope, now)
        self._check_skill(envelope)
        return envelope

    def _check_freshness(self, envelope: dict[str, object], now: datetime) -> None:
        request_type = _text_at(envelope, "request", "type")
        try:
            sent = datetime.fromisoformat(_text_at(envelope, "request", "timestamp"))
        except ValueError as error:
            raise RequestRefusedError("timestamp_malformed") from error
        if sent.tzinfo is None:
            raise RequestRefusedError("timestamp_malformed")
        oldest = EVENT_TOLERANCE if request_type.startswith(EVENT_PREFIX) else TOLERANCE
        if not -TOLERANCE <= now - sent <= oldest:
            raise RequestRefusedError("timestamp_outside_window")

    def _check_skill(self, envelope: dict[str, object]) -> None:
        ids = {_text_at(envelope, "context", "System", "application", "applicationId")}
        if "session" in envelope:
            ids.add(_text_at(envelope, "session", "application", "applicationId"))
        if ids != {self._skill_id}:
            raise RequestRefusedError("skill_id_mismatch")


def _only_value(headers: Headers, name: str, reason_if_missing: str) -> str:
    wanted = name.lower()
    values = [value for given, value in headers.items() if given.lower() == wanted]
    if not values:
        raise RequestRefusedError(reason_if_missing)
    if len(values) > 1:
        raise RequestRefusedError("header_repeated")
    return values[0]


def _decoded(signature: str) -> bytes:
    try:
        decoded = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise RequestRefusedError("signature_malformed") from error
    # The last character has bits that decoding drops: one signature, one spelling.
    if base64.b64encode(decoded).decode() != signature:
        raise RequestRefusedError("signature_malformed")
    return decoded


def parsed_envelope(body: bytes) -> dict[str, object]:
    """Return the JSON object in a body.

    Stricter than `json.loads`: each key once, numbers that are finite and of a
    sensible length, UTF-8 alone.

    Raises:
        RequestRefusedError: The body is anything else.
    """
    try:
        envelope: object = _DECODER.decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError("body_malformed") from error
    if not isinstance(envelope, dict):
        raise RequestRefusedError("body_malformed")
    return envelope


def _object_with_each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("A key is there twice.")
    return members


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > INTEGER_LIMIT_DIGITS:
        raise ValueError("An integer is too long.")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("A number is not finite.")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object_with_each_key_once,
    parse_int=_integer,
    parse_float=_finite,
    parse_constant=_finite,  # NaN and Infinity, which JSON does not have
)


def _text_at(envelope: dict[str, object], *path: str) -> str:
    value: object = envelope
    for name in path:
        if not isinstance(value, dict):
            raise RequestRefusedError("envelope_malformed")
        value = value.get(name)
    if not isinstance(value, str):
        raise RequestRefusedError("envelope_malformed")
    return value
