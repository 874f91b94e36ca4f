"""The keys that Alexa signs with: kept while they hold, and fetched when they are needed."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPException
from threading import Lock, Semaphore
from time import monotonic
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import Store

from skill.errors import RequestRefusedError
from skill.web.chain_trust import CHAIN_LIMIT_BYTES, TrustedKey, trusted_key
from skill.web.kept_chains import KeptChains
from skill.web.log_lines import write_line
from skill.web.measures import count_fetch, note_expiry

KEY_LIFE_SECONDS: Final = 3600.0
FAILURE_LIFE_SECONDS: Final = 30.0
CROWD_LIFE_SECONDS: Final = 1.0  # too many fetches at once say nothing about this one
SEARCH_SECONDS: Final = 30.0
SHORT_WAIT_SECONDS: Final = 0.3  # an answer with a key that is valid is due within a second
LONG_WAIT_SECONDS: Final = 3.0  # a fetch is over by then, and Alexa waits 8 s
CACHE_LIMIT_URLS: Final = 16
FETCHES_AT_ONCE: Final = 4
UNKNOWN_URLS_AT_ONCE: Final = 10
UNKNOWN_URLS_PER_SECOND: Final = 1.0

_UNAVAILABLE: Final = ("chain_unavailable", 503)

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Entry:
    """What is known of one URL. Times are the timer's, in seconds.

    Attributes:
        asked_at: When the last fetch began.
        used_at: When somebody last wanted the key.
        due_at: From when on what is known is to be fetched anew.
        key: The key to go on with, if there is one.
        refusal: Why there is none: the reason and the status.
        fetch: The fetch that is under way, if one is.
    """

    asked_at: float
    used_at: float
    due_at: float
    key: TrustedKey | None = None
    refusal: tuple[str, int] = _UNAVAILABLE
    fetch: Future[None] | None = None

    def is_known_at(self, seconds: float) -> bool:
        """Tell whether the URL is being fetched, had a key, or failed a moment ago."""
        return self.fetch is not None or self.key is not None or seconds < self.due_at


class SigningKeys:
    """The keys that Alexa signs with, by the URL of their chain.

    A key is kept for an hour and never past the end of any certificate on its
    path; a failure for half a minute. Many requests for one URL cost one fetch.
    However many unknown URLs are sent, they cost about one fetch a second and
    displace no key. A URL is not unknown while its last good chain is kept, so
    that a flood does not keep a new worker from the key that all others have.

    All fetches go one way. Each has a thread of its own, and whoever has a key to go on with
    waits for it no longer than a moment.

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
        self._entries: dict[str, _Entry] = {}
        self._lock = Lock()  # for whoever changes an entry or the tokens
        self._tokens = float(UNKNOWN_URLS_AT_ONCE)
        self._tokens_counted_at = timer()

    def held_key_at(self, url: str, now: datetime) -> RSAPublicKey | None:
        """Return the key at a URL if it is at hand, or ``None``.

        Nearly every request comes this way, so it takes no lock and waits for nothing. Another
        thread may change the entry meanwhile: then this answers as a moment before.

        Args:
            url: A URL from `canonical_chain_url`.
            now: The time, which has to be within the dates of the key's path.
        """
        entry = self._entries.get(url)
        if entry is None:
            return None
        key, seconds = entry.key, self._timer()
        if key is None or seconds >= entry.due_at or not key.begins <= now <= key.expires:
            return None
        entry.used_at = seconds
        return key.public_key

    def key_at(self, url: str) -> RSAPublicKey:
        """Return the key at a URL, fetched if it has to be.

        Args:
            url: A URL from `canonical_chain_url`.

        Raises:
            RequestRefusedError: There is no key to trust at that URL, or with
                status 503 it could not be fetched now.
        """
        held = self.held_key_at(url, self._clock())
        if held is not None:
            return held
        is_kept = self._kept is not None and self._kept.knows(url)  # no lock, for a disk may hang
        with self._lock:
            seconds = self._timer()
            entry = self._known_entry(url, seconds, is_kept=is_kept)
            fetch, patience = entry.fetch, self._patience(entry, seconds)
            has_expired = entry.key is not None and not entry.key.holds_at(self._clock())
            begins = fetch is None and (has_expired or seconds >= entry.due_at)
            if begins:
                if has_expired:
                    entry.key = None
                patience = LONG_WAIT_SECONDS if entry.key is None else SHORT_WAIT_SECONDS
                # Meanwhile others are lent the key, if there is one to go on with.
                entry.due_at = seconds + FAILURE_LIFE_SECONDS
                fetch = self._begin(url, entry, seconds, is_search=False)
        if fetch is not None:
            wait([fetch], patience)
        elif begins:  # without a thread there is nothing to wait for
            self._load(url, entry, is_search=False)
        key = entry.key
        if key is not None and key.holds_at(self._clock()):
            return key.public_key
        if fetch is not None:
            if not fetch.done():
                raise RequestRefusedError("chain_fetches_too_many", 503)
            fetch.result()  # raises what nobody has foreseen
        raise RequestRefusedError(*entry.refusal)

    def renewed_key_at(self, url: str, outdated: RSAPublicKey) -> RSAPublicKey | None:
        """Return the key that has taken the place of one, fetched for this, or ``None``.

        For a signature that does not hold: Amazon may have put another chain at the same URL.
        A stranger's does not hold either, so it is tried once in half a minute, by whoever comes
        first, and nobody else waits for it or loses a key over it.

        Args:
            url: As for `key_at`.
            outdated: What that returned.
        """
        with self._lock:
            entry = self._entries.get(url)
            if entry is None:
                return None
            fetch, seconds = None, self._timer()
            if entry.key is None or _is_same(entry.key, outdated):
                if entry.fetch is not None or seconds < entry.asked_at + SEARCH_SECONDS:
                    return None
                fetch = self._begin(url, entry, seconds, is_search=True)
        if fetch is not None:
            wait([fetch], LONG_WAIT_SECONDS)
        found = entry.key  # by this search, or by somebody else's
        if found is None or _is_same(found, outdated) or not found.holds_at(self._clock()):
            return None
        return found.public_key

    def _known_entry(self, url: str, seconds: float, *, is_kept: bool) -> _Entry:
        """Return the entry of a URL; a new one has its price, and another may have to go."""
        entry = self._entries.get(url)
        if entry is None or not entry.is_known_at(seconds):
            # Pay first, so that a flood of URLs cannot fill the cache either.
            if not is_kept:
                self._spend_token(seconds)
            self._entries.pop(url, None)
            if len(self._entries) >= CACHE_LIMIT_URLS:
                del self._entries[min(self._entries, key=self._worth)]
            entry = self._entries[url] = _Entry(seconds, seconds, seconds)
        entry.used_at = seconds
        return entry

    def _worth(self, url: str) -> tuple[bool, float]:
        entry = self._entries[url]
        return entry.key is not None, entry.used_at

    def _spend_token(self, seconds: float) -> None:
        earned = (seconds - self._tokens_counted_at) * UNKNOWN_URLS_PER_SECOND
        self._tokens = min(float(UNKNOWN_URLS_AT_ONCE), self._tokens + earned)
        self._tokens_counted_at = seconds
        if self._tokens < 1:
            raise RequestRefusedError("chain_urls_too_many", 503)
        self._tokens -= 1

    def _patience(self, entry: _Entry, seconds: float) -> float:
        """Return how long to wait for a fetch that somebody else has begun, in seconds.

        Where there are keys, threads are wanted for those who come with them. A host that hangs
        and a stranger who names unknown URLs could take them all, were this wait not short.
        """
        if any(other.key for other in self._entries.values()):
            return max(0.0, entry.asked_at + SHORT_WAIT_SECONDS - seconds)
        return LONG_WAIT_SECONDS

    def _begin(
        self, url: str, entry: _Entry, seconds: float, *, is_search: bool
    ) -> Future[None] | None:
        """Begin to fetch what lies at a URL in a thread, or return ``None`` if there is none.

        To be called with the lock held, so that the fetch is not over before it is noted.
        """
        entry.asked_at = seconds
        worker = ThreadPoolExecutor(max_workers=1)
        try:
            entry.fetch = worker.submit(self._load, url, entry, is_search=is_search)
        except RuntimeError:  # the system has none left
            return None
        finally:
            worker.shutdown(wait=False)
        return entry.fetch

    def _load(self, url: str, entry: _Entry, *, is_search: bool) -> None:
        """Fetch what lies at a URL, and put down what came of it.

        Args:
            url: The URL.
            entry: Its entry, with the key that is lent meanwhile.
            is_search: Whether the key's hour is not over. A failure is no reason then to look on
                the disk for an older key, nor to give up the one in use.
        """
        try:
            chain = self._fetched(url)
            fresh = trusted_key(chain, self._roots, self._clock())
        except RequestRefusedError as refusal:
            count_fetch("outage" if _is_outage(refusal) else "refused")
            if not is_search:
                self._fall_back(url, entry, refusal)
        else:
            count_fetch("good")
            note_expiry(fresh.expires.timestamp())
            with self._lock:
                entry.key, entry.due_at = fresh, self._timer() + KEY_LIFE_SECONDS
            if self._kept is not None:
                self._kept.keep(url, chain)
        finally:
            with self._lock:
                entry.fetch = None

    def _fall_back(self, url: str, entry: _Entry, refusal: RequestRefusedError) -> None:
        """Put down what is to be used where no good chain could be fetched."""
        key = None
        if _is_outage(refusal):
            # It says nothing against a key that is still valid.
            key = entry.key or self._kept_key(url)
        elif self._kept is not None:
            self._kept.forget(url)
        crowded = refusal.reason == "chain_fetches_too_many"
        life = CROWD_LIFE_SECONDS if crowded else FAILURE_LIFE_SECONDS
        with self._lock:
            entry.refusal = (refusal.reason, refusal.status)
            entry.key, entry.due_at = key, self._timer() + life

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
            raise RequestRefusedError(*_UNAVAILABLE) from error
        finally:
            self._fetches.release()


def _is_outage(refusal: RequestRefusedError) -> bool:
    return refusal.status == HTTPStatus.SERVICE_UNAVAILABLE


def _is_same(key: TrustedKey, other: RSAPublicKey) -> bool:
    return key.public_key is other or key.public_key.public_numbers() == other.public_numbers()
