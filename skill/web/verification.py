"""Whether a request is Alexa's, for this skill, and fresh.

The steps are those of "Host a Custom Skill as a Web Service", in an order in
which nothing that the sender wrote is parsed before the signature holds.
"""

import binascii
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

from skill.errors import ConfigurationError, RequestRefusedError
from skill.web.addressee import check_addressee, skill_id_from, text_at
from skill.web.chain_urls import canonical_chain_url
from skill.web.clock_drift import ClockDrift
from skill.web.kept_chains import KeptChains
from skill.web.signing_keys import SigningKeys

CHAIN_URL_HEADER = "SignatureCertChainUrl"
SIGNATURE_HEADER = "Signature-256"  # `Signature`, over SHA-1, is never read

# Alexa allows 150 s, and sends skill events up to an hour late.
TOLERANCE = timedelta(seconds=150)
EVENT_TOLERANCE = timedelta(seconds=3600)
EVENT_PREFIX = "AlexaSkillEvent."

# Those that a person waits for: they are sent at once, as an event may not be.
SPOKEN_TYPES = frozenset({"LaunchRequest", "IntentRequest"})

INTEGER_LIMIT_DIGITS = 20
USUAL_LIMIT_BYTES = 32 * 1024
DEPTH_LIMIT = 64  # Alexa's requests have about ten levels

_PADDING, _HASH = PKCS1v15(), SHA256()
# Narrower than `datetime.fromisoformat`, which takes any character between two parts, even NUL.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Headers(Protocol):
    """The headers of a request, as Werkzeug gives them.

    A repeated one comes as its values joined by commas, as WSGI has it, and neither a chain's
    URL nor a signature may hold a comma.
    """

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, its name in any case, or ``None``."""


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
        kept: Where good chains are kept for a start during an outage, if anywhere.
        timer: Returns seconds that only ever go on; how long a key is cached goes by it.

    Attributes:
        clock_drift: How far the clock is from Alexa's.

    Raises:
        ConfigurationError: The skill id or the trust anchors are missing.
    """

    def __init__(  # noqa: PLR0913  # two of them have a default
        self,
        skill_id: str,
        trust_anchors: Sequence[Certificate],
        fetch: Callable[[str], bytes],
        clock: Callable[[], datetime],
        kept: KeptChains | None = None,
        *,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        if not trust_anchors:
            raise ConfigurationError("No root certificates are given: no request could be trusted.")
        self._skill_id = skill_id_from(skill_id)
        # No encoder of JSON has a reason to write letters, digits, dots and hyphens otherwise.
        self._named = self._skill_id.encode()
        self._keys = SigningKeys(trust_anchors, fetch, clock, kept, timer=timer)
        self._clock = clock
        self.clock_drift = ClockDrift()

    def verify(self, headers: Headers, body: bytes) -> dict[str, object]:
        """Return the request envelope in a body, once everything about it holds.

        Args:
            headers: The request's headers.
            body: The body as it was received, to the byte.

        Raises:
            RequestRefusedError: Something does not hold.
        """
        now = self._clock()
        url = canonical_chain_url(_value(headers, CHAIN_URL_HEADER, "chain_url_missing"))
        signature = _decoded(_value(headers, SIGNATURE_HEADER, "signature_missing"))
        key = self._keys.held_key_at(url, now)
        if key is None:
            # Fetches are rationed. Who does not know the skill's id is refused in the end,
            # whatever is fetched, so strangers take none of them from Alexa.
            if self._named not in body:
                raise RequestRefusedError("skill_id_mismatch")
            key = self._keys.key_at(url)
        if not _holds(key, signature, body):
            renewed = self._keys.renewed_key_at(url, key) if self._named in body else None
            if renewed is None or not _holds(renewed, signature, body):
                raise RequestRefusedError("signature_mismatch")

        envelope = parsed_envelope(body)
        check_addressee(envelope, self._skill_id)
        self._check_freshness(envelope, now)
        return envelope

    def _check_freshness(self, envelope: dict[str, object], now: datetime) -> None:
        request_type = text_at(envelope, "request", "type")
        timestamp = text_at(envelope, "request", "timestamp")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise RequestRefusedError("timestamp_malformed")
        try:
            sent = datetime.fromisoformat(timestamp)
        except ValueError as error:
            raise RequestRefusedError("timestamp_malformed") from error
        age = now - sent
        if request_type in SPOKEN_TYPES:
            # Also of one that is refused: with a clock that is wrong, all of them are.
            self.clock_drift.note(age.total_seconds())
        oldest = EVENT_TOLERANCE if request_type.startswith(EVENT_PREFIX) else TOLERANCE
        if not -TOLERANCE <= age <= oldest:
            raise RequestRefusedError("timestamp_outside_window")


def _holds(key: RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True


def _value(headers: Headers, name: str, reason_if_missing: str) -> str:
    value = headers.get(name)
    if value is None:
        raise RequestRefusedError(reason_if_missing)
    return value


def _decoded(signature: str) -> bytes:
    try:
        decoded = binascii.a2b_base64(signature, strict_mode=True)
    except ValueError as error:
        raise RequestRefusedError("signature_malformed") from error
    # The last character has bits that decoding drops: one signature, one spelling.
    if binascii.b2a_base64(decoded, newline=False).decode() != signature:
        raise RequestRefusedError("signature_malformed")
    return decoded


def parsed_envelope(body: bytes) -> dict[str, object]:
    """Return the JSON object in a body.

    Stricter than `json.loads`: each key once, numbers that are finite and of a
    sensible length, not too deep, UTF-8 alone.

    Raises:
        RequestRefusedError: The body is anything else.
    """
    envelope = _if_in_short_form(body)
    if envelope is None:
        try:
            envelope = _DECODER.decode(body.decode())
        except (ValueError, RecursionError) as error:
            raise RequestRefusedError("body_malformed") from error
    if not isinstance(envelope, dict) or _is_too_deep(envelope, body):
        raise RequestRefusedError("body_malformed")
    return envelope


def _if_in_short_form(body: bytes) -> object:
    """Return the JSON value in a body that is written as briefly as can be, else ``None``.

    A faster parser reads it, less strict. But what becomes the same bytes when it is written
    again lost nothing on the way: no second key, no digit. Alexa writes so, mostly.
    """
    if len(body) > USUAL_LIMIT_BYTES:
        return None  # no usual request, and the faster parser takes more memory
    try:
        value: object = orjson.loads(body)
        return value if orjson.dumps(value) == body else None
    except (ValueError, TypeError):  # it may be as deep as one of the two goes
        return None


def _is_too_deep(envelope: dict[str, object], body: bytes) -> bool:
    if body.count(b"{") + body.count(b"[") <= DEPTH_LIMIT:
        return False  # as with nearly all requests, without a look at any member
    level: list[dict[str, object] | list[object]] = [envelope]
    for _ in range(DEPTH_LIMIT):
        level = [inner for outer in level for inner in _containers_in(outer)]
        if not level:
            return False
    return True


def _containers_in(
    value: dict[str, object] | list[object],
) -> list[dict[str, object] | list[object]]:
    members: Iterable[object] = value.values() if isinstance(value, dict) else value
    return [member for member in members if isinstance(member, dict | list)]


# To count colons after the parse in place of this was measured to take longer.
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
