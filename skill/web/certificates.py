"""The key that Alexa signs with: where it may lie, how it is fetched, when it is trusted.

Every request names the URL of a certificate chain. The URL is the sender's
choice, so it is checked before anything is fetched, and what is fetched is not
believed before the chain leads to a root that the operator's machine trusts.
"""

import logging
import re
import ssl
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR, socket
from threading import Lock, Semaphore
from time import monotonic
from urllib.parse import urlsplit

import certifi
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from skill.errors import RequestRefusedError
from skill.web.kept_chains import KeptChains
from skill.web.log_lines import write_line
from skill.web.measures import count_fetch, note_expiry

# "Host a Custom Skill as a Web Service" fixes the name, the host and the folder.
SIGNER_NAME = "echo-api.amazon.com"
CHAIN_HOST = "s3.amazonaws.com"
CHAIN_FOLDER = "/echo.api/"

URL_LIMIT_CHARACTERS = 512
FETCH_TIMEOUT_SECONDS = 2.0  # of the 8 s that Alexa waits for an answer
CHAIN_LIMIT_BYTES = 64 * 1024
CHAIN_LIMIT_CERTIFICATES = 8
CHAIN_LIMIT_DEPTH = 4
RSA_BITS = range(2048, 8192 + 1)

KEY_LIFE_SECONDS = 3600.0
FAILURE_LIFE_SECONDS = 30.0
CROWD_LIFE_SECONDS = 1.0  # too many fetches at once say nothing about this one
RENEWAL_SECONDS = 30.0
WAIT_SECONDS = 0.3  # an answer with a key that is valid is due within a second
CACHE_LIMIT_URLS = 16
FETCHES_AT_ONCE = 4
UNKNOWN_URLS_AT_ONCE = 10
UNKNOWN_URLS_PER_SECOND = 1.0

_LOGGER = logging.getLogger(__name__)

# An allow-list: no user, query, fragment, percent sign, backslash, blank or control character.
# ASCII, because a long s (U+017F) would otherwise match "s" when the case is ignored.
_CHAIN_URL = re.compile(
    r"(?i:https://" + re.escape(CHAIN_HOST) + r")(?::443)?(?P<path>/[A-Za-z0-9._~/-]*)", re.ASCII
)
_PEM_CERTIFICATE = re.compile(
    "-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL | re.ASCII
)


@lru_cache(maxsize=CACHE_LIMIT_URLS)  # of good ones alone, and a good one is short
def canonical_chain_url(url: str) -> str:
    """Return the one URL to fetch for what ``SignatureCertChainUrl`` says.

    The caller must fetch the URL returned, never the one that was sent: they
    may differ in dot segments, and only this one has been checked.

    Raises:
        RequestRefusedError: Alexa keeps no certificates at that URL.
    """
    parts = _CHAIN_URL.fullmatch(url) if len(url) <= URL_LIMIT_CHARACTERS else None
    path = _without_dot_segments(parts["path"]) if parts else ""
    # The folder alone is case-sensitive: it is a bucket's name.
    if not path.startswith(CHAIN_FOLDER):
        raise RequestRefusedError("chain_url_refused")
    return f"https://{CHAIN_HOST}{path}"


def _without_dot_segments(path: str) -> str:
    """Remove ``.`` and ``..`` from an absolute path (RFC 3986 section 5.2.4)."""
    segments = path.split("/")[1:]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _connect(host: str, timeout_seconds: float) -> HTTPConnection:
    # http.client follows no redirect and reads no proxy from the environment.
    return HTTPSConnection(host, timeout=timeout_seconds, context=ssl.create_default_context())


def fetch_certificate_chain(
    url: str,
    *,
    connect: Callable[[str, float], HTTPConnection] = _connect,
    timeout_seconds: float = FETCH_TIMEOUT_SECONDS,
) -> bytes:
    """Return the file at a URL that `canonical_chain_url` returned.

    Args:
        url: The URL; only its host and path are used.
        connect: Makes a connection from a host and the seconds that one step on it may take.
        timeout_seconds: The most that the whole fetch may take, name lookup included.

    Raises:
        RequestRefusedError: With status 400 the file is missing, empty, moved or
            too large; with 503 the server failed.
        OSError: The network failed, or the time was up.
        HTTPException: The server's answer was cut short or is not HTTP.
    """
    parts = urlsplit(url)
    connection = connect(str(parts.hostname), timeout_seconds)
    opened: list[socket] = []
    # A socket's timeout bounds one step, and the name lookup not at all; a thread bounds the sum.
    worker = ThreadPoolExecutor(max_workers=1)
    try:
        return worker.submit(_download, connection, parts.path, opened).result(timeout_seconds)
    finally:
        for connected in opened:
            with suppress(OSError):  # it is closed already unless the time was up
                connected.shutdown(SHUT_RDWR)
        worker.shutdown(wait=False)


def _download(connection: HTTPConnection, path: str, opened: list[socket]) -> bytes:
    with closing(connection):
        connection.connect()
        opened.append(connection.sock)
        connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        with connection.getresponse() as response:
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise RequestRefusedError("chain_unavailable", 503)
            if response.status != HTTPStatus.OK:
                raise RequestRefusedError("chain_missing")
            chain = response.read(CHAIN_LIMIT_BYTES + 1)
            if len(chain) > CHAIN_LIMIT_BYTES:
                raise RequestRefusedError("chain_size")
            if response.length:  # bytes that were promised and did not come
                raise ConnectionError("The certificate chain was cut short.")
            if not chain:
                raise RequestRefusedError("chain_size")
            return chain


def public_trust_anchors() -> list[x509.Certificate]:
    """Return the roots of certifi, without those that cryptography objects to.

    Amazon has signed under three authorities within ten years and asks not to
    pin one, hence all public roots. To be called once, at the start: it turns
    warnings into errors for a moment, which other threads would notice.
    """
    anchors: list[x509.Certificate] = []
    with warnings.catch_warnings():
        # Some roots have a serial number that will be an error in a later cryptography.
        warnings.simplefilter("error")
        for pem in _PEM_CERTIFICATE.findall(certifi.contents()):
            with suppress(ValueError, Warning):
                anchors.append(x509.load_pem_x509_certificate(pem.encode()))
    return anchors


# What the library raises at a certificate that is none, while loading it or only at an extension.
_UNREADABLE = (
    ValueError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that a chain of certificates vouches for.

    Attributes:
        public_key: The key of the chain's first certificate.
        begins: When all certificates on the path to the root are valid from.
        expires: When the first of them expires.
    """

    public_key: RSAPublicKey
    begins: datetime
    expires: datetime

    def holds_at(self, now: datetime) -> bool:
        """Tell whether every certificate on the path is within its dates."""
        return self.begins <= now < self.expires


def trusted_key(chain: bytes, roots: Store, now: datetime) -> TrustedKey:
    """Return the key that Alexa signs with, from a PEM file with its certificate first.

    Raises:
        RequestRefusedError: The file is no such chain, or not one to trust now.
    """
    if len(chain) > CHAIN_LIMIT_BYTES:
        raise RequestRefusedError("chain_size")
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except _UNREADABLE as error:
        raise RequestRefusedError("chain_unreadable") from error
    if len(certificates) > CHAIN_LIMIT_CERTIFICATES:
        raise RequestRefusedError("chain_size")

    leaf, *others = certificates
    policy = PolicyBuilder().store(roots).time(now).max_chain_depth(CHAIN_LIMIT_DEPTH)
    try:
        # Not the client verifier: Amazon issues certificates without that purpose since 2025.
        path = policy.build_server_verifier(x509.DNSName(SIGNER_NAME)).verify(leaf, others)
        public_key = leaf.public_key()
        meant_for_signing = _is_meant_for_signing(leaf.extensions)
    except (VerificationError, UnsupportedAlgorithm, x509.ExtensionNotFound, *_UNREADABLE) as error:
        raise RequestRefusedError("chain_untrusted") from error
    if not (isinstance(public_key, RSAPublicKey) and public_key.key_size in RSA_BITS):
        raise RequestRefusedError("chain_key_unsuitable")
    if not meant_for_signing:
        raise RequestRefusedError("chain_untrusted")
    return TrustedKey(
        public_key,
        begins=max(certificate.not_valid_before_utc for certificate in path),
        expires=min(certificate.not_valid_after_utc for certificate in path),
    )


def _is_meant_for_signing(extensions: x509.Extensions) -> bool:
    """Ask for what the server verifier leaves open, of extensions that must be there.

    It would take ``*.amazon.com`` for the name, and no usage or no purpose for
    any. What the purposes are is its own check, once there are some.
    """
    extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return usage.digital_signature and SIGNER_NAME in names.get_values_for_type(x509.DNSName)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a fetch came to, and until when by the timer that is the answer."""

    result: TrustedKey | RequestRefusedError
    until_seconds: float

    def holds_at(self, now: datetime, seconds: float) -> bool:
        if seconds >= self.until_seconds:
            return False
        return isinstance(self.result, RequestRefusedError) or self.result.holds_at(now)


@dataclass(slots=True)
class _Entry:
    """One URL in the cache; the lock makes everyone else wait for the one fetch."""

    begun_at_seconds: float
    lock: Lock = field(default_factory=Lock)
    outcome: _Outcome | None = None  # none until the first fetch is over
    renewed_at_seconds: float = 0.0

    @property
    def key(self) -> TrustedKey | None:
        result = self.outcome.result if self.outcome else None
        return result if isinstance(result, TrustedKey) else None

    def is_known_at(self, seconds: float) -> bool:
        """Tell whether the URL is being fetched, had a key, or failed a moment ago."""
        return self.outcome is None or self.key is not None or seconds < self.outcome.until_seconds


class SigningKeys:
    """The keys that Alexa signs with, by the URL of their chain, fetched when needed.

    A key is kept for an hour and never past the end of any certificate on its
    path; a failure for half a minute. Many requests for one URL cost one fetch.
    However many unknown URLs are sent, they cost about one fetch a second and
    displace no key. A URL is not unknown while its last good chain is kept, so
    that a flood does not keep a new worker from the key that all others have.

    Args:
        trust_anchors: The roots that a chain may lead to; at least one.
        fetch: Returns the file at a URL, or raises as `fetch_certificate_chain` does.
        clock: Returns the time, aware of its zone.
        kept: Where good chains are kept for a start during an outage, if anywhere.
        timer: Returns seconds that only ever go on. A clock can be set, so it is asked for
            the certificates' dates alone, and for how long something lasts, this is.
    """

    def __init__(
        self,
        trust_anchors: Sequence[x509.Certificate],
        fetch: Callable[[str], bytes],
        clock: Callable[[], datetime],
        kept: KeptChains | None = None,
        *,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self._roots = Store(list(trust_anchors))
        self._fetch = fetch
        self._clock = clock
        self._kept = kept
        self._timer = timer
        self._fetches = Semaphore(FETCHES_AT_ONCE)
        self._lock = Lock()  # guards what follows
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # least recently used first
        self._tokens = float(UNKNOWN_URLS_AT_ONCE)
        self._tokens_counted_at = timer()

    def key_at(self, url: str) -> RSAPublicKey:
        """Return the key to verify with, given a URL from `canonical_chain_url`.

        Raises:
            RequestRefusedError: There is no key to trust at that URL, or with
                status 503 it could not be fetched now.
        """
        entry = self._entry(url)
        renewal = None
        self._take_turn_at(entry)
        try:
            outcome = entry.outcome
            # A key that holds is inside its path's dates, so this is their check on every request.
            if outcome is None or not outcome.holds_at(self._clock(), self._timer()):
                if entry.key is not None and entry.key.holds_at(self._clock()):
                    outcome, renewal = self._renewal(url, entry, entry.key)
                else:
                    outcome = entry.outcome = self._load(url, None)
                entry.renewed_at_seconds = self._timer()
        finally:
            entry.lock.release()
        if renewal is not None:
            wait([renewal], WAIT_SECONDS)
            outcome = entry.outcome or outcome
        if isinstance(outcome.result, TrustedKey):
            return outcome.result.public_key
        raise RequestRefusedError(outcome.result.reason, outcome.result.status)

    def _take_turn_at(self, entry: _Entry) -> None:
        """Wait for a fetch that somebody else has begun, and make others wait from now on.

        Where there are keys, threads are wanted for those who come with them. A host that hangs
        and a stranger who names unknown URLs could take them all, were this wait not short.
        """
        patience = -1.0  # there is no limit to it
        if entry.outcome is None:
            with self._lock:
                if any(other.key for other in self._entries.values()):
                    patience = max(0.0, entry.begun_at_seconds + WAIT_SECONDS - self._timer())
        if not entry.lock.acquire(timeout=patience):
            raise RequestRefusedError("chain_fetches_too_many", 503)

    def _renewal(
        self, url: str, entry: _Entry, held: TrustedKey
    ) -> tuple[_Outcome, Future[None] | None]:
        """Begin to fetch a chain anew, and return the key to go on with until that is over.

        The host may hang, and nobody else is to wait for it: neither those who find the key
        lent here, nor for long whoever comes first.
        """
        lent = entry.outcome = _Outcome(held, self._timer() + FAILURE_LIFE_SECONDS)

        def renew() -> None:
            entry.outcome = self._load(url, held)

        worker = ThreadPoolExecutor(max_workers=1)
        try:
            return lent, worker.submit(renew)
        except RuntimeError:  # the system has no thread left
            return lent, None
        finally:
            worker.shutdown(wait=False)

    def renewed_key_at(self, url: str, outdated: RSAPublicKey) -> RSAPublicKey | None:
        """Return the key that has taken the place of one, fetched for this, or ``None``.

        For a signature that does not hold: Amazon may have put another chain at the same URL.
        A stranger's does not hold either, so it is tried once in half a minute, by whoever comes
        first, and nobody else waits for it or loses a key over it.

        Args:
            url: As for `key_at`.
            outdated: What that returned.
        """
        seconds = self._timer()
        with self._lock:
            entry = self._entries.get(url)
            if entry is None:
                return None
            found = entry.key
            if found and found.public_key is not outdated and found.holds_at(self._clock()):
                return found.public_key  # by somebody else, in the meantime
            if seconds < entry.renewed_at_seconds + RENEWAL_SECONDS:
                return None
            entry.renewed_at_seconds = seconds
        try:
            fresh = self._fresh(url)
        except RequestRefusedError:
            # No reason to look on the disk for an older key, nor to forget there what is in use.
            return None
        if fresh.public_key.public_numbers() == outdated.public_numbers():
            return None
        with entry.lock:
            entry.outcome = _Outcome(fresh, self._timer() + KEY_LIFE_SECONDS)
        return fresh.public_key

    def _entry(self, url: str) -> _Entry:
        with self._lock:
            entry = self._known_entry(url, self._timer())
        if entry is not None:
            return entry
        is_kept = self._kept is not None and self._kept.knows(url)  # no lock, for a disk may hang
        with self._lock:
            seconds = self._timer()
            entry = self._known_entry(url, seconds)
            if entry is None:
                # Pay first, so that a flood of URLs cannot fill the cache either.
                if not is_kept:
                    self._spend_token(seconds)
                if len(self._entries) >= CACHE_LIMIT_URLS:
                    self._displace_one()
                entry = self._entries[url] = _Entry(seconds)
                self._entries.move_to_end(url)
            return entry

    def _known_entry(self, url: str, seconds: float) -> _Entry | None:
        entry = self._entries.get(url)
        if entry is None or not entry.is_known_at(seconds):
            return None
        self._entries.move_to_end(url)
        return entry

    def _spend_token(self, seconds: float) -> None:
        earned = (seconds - self._tokens_counted_at) * UNKNOWN_URLS_PER_SECOND
        self._tokens = min(float(UNKNOWN_URLS_AT_ONCE), self._tokens + earned)
        self._tokens_counted_at = seconds
        if self._tokens < 1:
            raise RequestRefusedError("chain_urls_too_many", 503)
        self._tokens -= 1

    def _displace_one(self) -> None:
        keyless = (url for url, entry in self._entries.items() if entry.key is None)
        del self._entries[next(keyless, next(iter(self._entries)))]

    def _load(self, url: str, held: TrustedKey | None) -> _Outcome:
        """Return what a fetch comes to, given the key that is in use."""
        try:
            return _Outcome(self._fresh(url), self._timer() + KEY_LIFE_SECONDS)
        except RequestRefusedError as refusal:
            crowded = refusal.reason == "chain_fetches_too_many"
            life = CROWD_LIFE_SECONDS if crowded else FAILURE_LIFE_SECONDS
            return _Outcome(self._fallback(url, refusal, held), self._timer() + life)

    def _fresh(self, url: str) -> TrustedKey:
        try:
            chain = self._fetched(url)
            key = trusted_key(chain, self._roots, self._clock())
        except RequestRefusedError as refusal:
            count_fetch("outage" if _is_outage(refusal) else "refused")
            raise
        count_fetch("good")
        note_expiry(key.expires.timestamp())
        if self._kept is not None:
            self._kept.keep(url, chain)
        return key

    def _fallback(
        self, url: str, refusal: RequestRefusedError, held: TrustedKey | None
    ) -> TrustedKey | RequestRefusedError:
        """Return what is to be used where no good chain could be fetched."""
        if _is_outage(refusal):
            # It says nothing against a key that is still valid.
            usable = held or self._kept_key(url)
            if usable is not None and usable.holds_at(self._clock()):
                return usable
        elif self._kept is not None:
            self._kept.forget(url)
        # A new error, because this one holds on to the frames it passed through.
        return RequestRefusedError(refusal.reason, refusal.status)

    def _kept_key(self, url: str) -> TrustedKey | None:
        chain = self._kept.chain_at(url, CHAIN_LIMIT_BYTES) if self._kept else None
        if chain is None:
            return None
        try:
            key = trusted_key(chain, self._roots, self._clock())
        except RequestRefusedError as refusal:
            write_line(_LOGGER, logging.WARNING, "kept_chain_refused", reason=refusal.reason)
            return None
        write_line(_LOGGER, logging.WARNING, "kept_chain_used")
        note_expiry(key.expires.timestamp())
        return key

    def _fetched(self, url: str) -> bytes:
        if not self._fetches.acquire(blocking=False):
            raise RequestRefusedError("chain_fetches_too_many", 503)
        try:
            return self._fetch(url)
        # Also where the system has no thread left to fetch with.
        except (OSError, HTTPException, RuntimeError) as error:
            raise RequestRefusedError("chain_unavailable", 503) from error
        finally:
            self._fetches.release()


def _is_outage(refusal: RequestRefusedError) -> bool:
    return refusal.status == HTTPStatus.SERVICE_UNAVAILABLE
