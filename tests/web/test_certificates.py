import base64
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Store as Roots
from hypothesis import given
from hypothesis import strategies as st

from skill.errors import RequestRefusedError
from skill.web.certificates import (
    CHAIN_LIMIT_BYTES,
    FAILURE_LIFE_SECONDS,
    UNKNOWN_URLS_AT_ONCE,
    WAIT_SECONDS,
    SigningKeys,
    canonical_chain_url,
    fetch_certificate_chain,
    public_trust_anchors,
    trusted_key,
)
from skill.web.kept_chains import KeptChains
from tests.web import chains
from tests.web.chains import CHAIN_URL, NOW, Clock, Store, Terms, issue, pem

HOST = "https://s3.amazonaws.com"


@contextmanager
def refused(reason: str, status: int = 400) -> Iterator[None]:
    with pytest.raises(RequestRefusedError) as caught:
        yield
    assert (caught.value.reason, caught.value.status) == (reason, status)


# The URL


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (f"{HOST}/echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        (f"{HOST}:443/echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        (f"{HOST}/echo.api/../echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        ("HTTPS://S3.AmazonAWS.com/echo.api/a.pem", "/echo.api/a.pem"),
        (f"{HOST}/./echo.api/./a.pem", "/echo.api/a.pem"),
        (f"{HOST}/bucket/../echo.api/a.pem", "/echo.api/a.pem"),
        (f"{HOST}/../../echo.api/a.pem", "/echo.api/a.pem"),
        (f"{HOST}/echo.api/b/..", "/echo.api/"),
        (f"{HOST}/echo.api/.../a.pem", "/echo.api/.../a.pem"),
        (f"{HOST}/echo.api/a_b~c-1.pem", "/echo.api/a_b~c-1.pem"),
    ],
)
def test_a_chain_url_is_made_canonical(url: str, canonical: str) -> None:
    assert canonical_chain_url(url) == HOST + canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "echo-api-cert.pem",
        "http://s3.amazonaws.com/echo.api/a.pem",
        "ftp://s3.amazonaws.com/echo.api/a.pem",
        "file:///echo.api/a.pem",
        "//s3.amazonaws.com/echo.api/a.pem",
        "https:/s3.amazonaws.com/echo.api/a.pem",
        "https://notamazon.com/echo.api/a.pem",
        "https://s3.amazonaws.com.evil.com/echo.api/a.pem",
        "https://evil-s3.amazonaws.com/echo.api/a.pem",
        "https://s3.amazonaws.com./echo.api/a.pem",
        "https://s3.us-east-1.amazonaws.com/echo.api/a.pem",
        "https://s3-amazonaws.com/echo.api/a.pem",
        "https://s3xamazonaws.com/echo.api/a.pem",
        "https://127.0.0.1/echo.api/a.pem",
        "https://[::1]/echo.api/a.pem",
        "https://[/echo.api/a.pem",
        "https:///echo.api/a.pem",
        "https://\u017f3.amazonaws.com/echo.api/a.pem",
        "http\u017f://s3.amazonaws.com/echo.api/a.pem",
        f"{HOST}:563/echo.api/a.pem",
        f"{HOST}:80/echo.api/a.pem",
        f"{HOST}:/echo.api/a.pem",
        f"{HOST}:0443/echo.api/a.pem",
        f"{HOST}:4430/echo.api/a.pem",
        f"{HOST}:https/echo.api/a.pem",
        f"{HOST}:99999999/echo.api/a.pem",
        f"{HOST}:-443/echo.api/a.pem",
        HOST,
        f"{HOST}/",
        f"{HOST}/echo.api",
        f"{HOST}/EcHo.aPi/a.pem",
        f"{HOST}/ECHO.API/a.pem",
        f"{HOST}/invalid.path/a.pem",
        f"{HOST}/echo.apis/a.pem",
        f"{HOST}/echoxapi/a.pem",
        f"{HOST}//echo.api/a.pem",
        f"{HOST}/echo.api/../evil/a.pem",
        f"{HOST}/echo.api/x/../../evil/a.pem",
        f"{HOST}/echo.api/..",
        f"{HOST}/echo.api/../echo.api",
        f"{HOST}/evil/echo.api/a.pem",
        f"{HOST}/echo.api/%2e%2e/evil/a.pem",
        f"{HOST}/echo.api/..%2fevil/a.pem",
        f"{HOST}/echo.api%2fa.pem",
        f"{HOST}/%65cho.api/a.pem",
        f"{HOST}/echo.api/a.pem%00",
        f"{HOST}/echo.api\\a.pem",
        f"{HOST}\\echo.api\\a.pem",
        f"{HOST}/echo.api/..\\evil/a.pem",
        "https://someone@s3.amazonaws.com/echo.api/a.pem",
        "https://someone:secret@s3.amazonaws.com/echo.api/a.pem",
        "https://@s3.amazonaws.com/echo.api/a.pem",
        "https://s3.amazonaws.com@evil.com/echo.api/a.pem",
        f"{HOST}/echo.api/a.pem?",
        f"{HOST}/echo.api/a.pem?x=1",
        f"{HOST}?/echo.api/a.pem",
        f"{HOST}/echo.api/a.pem#",
        f"{HOST}#/echo.api/a.pem",
        f"{HOST}/echo.api/a;b.pem",
        f" {HOST}/echo.api/a.pem",
        f"{HOST}/echo.api/a.pem ",
        f"{HOST}/echo.api/a b.pem",
        f"{HOST}/echo.api/a.pem\n",
        f"{HOST}/echo.api/a.pem\r\nHost: evil.com",
        f"{HOST}/echo.api/a\t.pem",
        f"{HOST}/echo.api/a\x00.pem",
        f"{HOST}/echo.api/a\x7f.pem",
        f"{HOST}/echo.api/\u00e9.pem",
        f"{HOST}/echo.api/\uff0e\uff0e/evil.pem",
        f"{HOST}/echo.api/a.pem,{HOST}/echo.api/a.pem",
        f"{HOST}/echo.api/{'a' * 5000}.pem",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with refused("chain_url_refused"):
        canonical_chain_url(url)


@given(st.text(alphabet="./ae:443ECHOcho.apis%\\?#@ \n;", max_size=60))
def test_no_path_leads_out_of_the_folder(tail: str) -> None:
    try:
        url = canonical_chain_url(HOST + tail)
    except RequestRefusedError:
        return
    assert url.startswith(f"{HOST}/echo.api/")
    assert not {".", ".."} & set(url.split("/"))
    assert canonical_chain_url(url) == url


# The fetch, from a server on this machine that says what it is told to


@contextmanager
def server(pieces: Iterable[bytes | float]) -> Iterator[Callable[[str, float], HTTPConnection]]:
    """Serve one connection: bytes are sent, numbers are waited for in seconds."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for piece in pieces:
                if isinstance(piece, float):
                    over.wait(piece)
                    continue
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    port: int = listener.getsockname()[1]
    try:
        yield lambda _, timeout: HTTPConnection("127.0.0.1", port, timeout=timeout)
    finally:
        over.set()
        thread.join(10)
        listener.close()


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def fetched_from(*pieces: bytes | float) -> bytes:
    with server(pieces) as connect:
        return fetch_certificate_chain(CHAIN_URL, connect=connect, timeout_seconds=10)


def test_a_file_is_fetched_as_it_is() -> None:
    assert fetched_from(response(b"the file")) == b"the file"


def test_a_file_of_unknown_length_is_fetched_to_its_end() -> None:
    assert fetched_from(b"HTTP/1.0 200 OK\r\n\r\nthe file") == b"the file"


def test_a_file_at_the_limit_is_fetched() -> None:
    body = b"x" * CHAIN_LIMIT_BYTES
    assert fetched_from(response(body)) == body


def test_the_request_asks_for_the_path_uncompressed() -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(response(b"the file"))

        with ThreadPoolExecutor(1) as pool:
            pool.submit(serve)
            fetch_certificate_chain(
                CHAIN_URL, connect=lambda _, t: HTTPConnection("127.0.0.1", port, timeout=t)
            )
    lines = asked[0].decode().split("\r\n")
    assert lines[0] == "GET /echo.api/echo-api-cert.pem HTTP/1.1"
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize(
    ("answer", "reason", "status"),
    [
        (response(b"no", "404 Not Found"), "chain_missing", 400),
        (response(b"no", "403 Forbidden"), "chain_missing", 400),
        (response(b"", "302 Found", "Location: http://127.0.0.1/"), "chain_missing", 400),
        (response(b"", "301 Moved", f"Location: {CHAIN_URL}"), "chain_missing", 400),
        (response(b"part", "206 Partial Content"), "chain_missing", 400),
        (response(b""), "chain_size", 400),
        (response(b"x" * (CHAIN_LIMIT_BYTES + 1)), "chain_size", 400),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1_000_000, "chain_size", 400),
        (response(b"no", "500 Internal Server Error"), "chain_unavailable", 503),
        (response(b"no", "503 Slow Down"), "chain_unavailable", 503),
    ],
)
def test_an_answer_without_a_chain_is_refused(answer: bytes, reason: str, status: int) -> None:
    with refused(reason, status):
        fetched_from(answer)


def test_an_endless_answer_is_not_read_to_the_end() -> None:
    sent: list[bytes] = []

    def answer() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _ in range(100):
            sent.append(b"x" * 1_000_000)
            yield sent[-1]

    with server(answer()) as connect, refused("chain_size"):
        fetch_certificate_chain(CHAIN_URL, connect=connect, timeout_seconds=10)
    assert len(sent) < 50  # what the machine buffers on the way, and no more


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"\x16\x03\x01 not HTTP at all\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this",),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",),
    ],
    ids=["closed", "not HTTP", "nothing of it", "cut short", "chunk cut short", "too many headers"],
)
def test_a_broken_answer_is_a_network_failure(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises((OSError, HTTPException)):
        fetched_from(*pieces)


@pytest.mark.parametrize(
    "pieces",
    [
        (5.0,),
        (b"HTTP/1.1 200 OK\r\n", 5.0),
        (b"HTTP/1.1 200 OK\r\n", *(0.1, b"X: y\r\n") * 90),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", *(0.1, b"x") * 90),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *(0.1, b"x") * 90),
    ],
    ids=["silent", "silent after the status", "dripping headers", "dripping body", "endless body"],
)
def test_a_slow_answer_ends_at_the_one_deadline(pieces: tuple[bytes | float, ...]) -> None:
    threads_before = set(threading.enumerate())
    with server(pieces) as connect:
        with pytest.raises(TimeoutError):
            fetch_certificate_chain(CHAIN_URL, connect=connect, timeout_seconds=0.4)
        working = [t for t in set(threading.enumerate()) - threads_before if "Pool" in t.name]
        for thread in working:
            thread.join(2)
        assert not any(thread.is_alive() for thread in working)


def test_a_name_lookup_that_hangs_ends_at_the_one_deadline() -> None:
    over = threading.Event()

    class Lost(HTTPConnection):
        def connect(self) -> None:
            over.wait(10)
            raise OSError

    with pytest.raises(TimeoutError):
        fetch_certificate_chain(
            CHAIN_URL, connect=lambda host, t: Lost(host, timeout=t), timeout_seconds=0.1
        )
    over.set()


def test_production_speaks_tls_and_passes_by_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.1)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("HTTPS_PROXY", address)
        # Port 443 of this machine: nobody listens, or nobody with a certificate for the address.
        with pytest.raises(OSError, match=r"."):
            fetch_certificate_chain("https://127.0.0.1/echo.api/a.pem")
        with pytest.raises(TimeoutError):
            proxy.accept()


# The chain


def key_in(chain: bytes, roots: list[x509.Certificate] | None = None) -> RSAPublicKey:
    store = Roots(roots or [chains.root().certificate])
    return trusted_key(chain, store, NOW).public_key


INTERMEDIATE = chains.intermediate().certificate
UNRELATED = [chains.authority(f"Unrelated {n}").certificate for n in range(7)]
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH
DAY = timedelta(days=1)


def test_a_good_chain_gives_the_key_of_its_first_certificate() -> None:
    expected = chains.rsa_key("alexa").public_key()
    assert key_in(chains.good_chain()).public_numbers() == expected.public_numbers()


@pytest.mark.parametrize(
    "others",
    [
        (INTERMEDIATE, chains.root().certificate),
        (INTERMEDIATE, UNRELATED[0]),
        (UNRELATED[0], chains.root().certificate, INTERMEDIATE),
        (INTERMEDIATE, INTERMEDIATE),
        (INTERMEDIATE, *UNRELATED[:6]),
    ],
    ids=["root appended", "foreign root appended", "unordered", "twice", "eight certificates"],
)
def test_what_else_is_in_a_chain_does_no_harm(others: tuple[x509.Certificate, ...]) -> None:
    assert key_in(pem(chains.good_leaf(), *others)).key_size == 2048


def test_a_path_of_three_intermediates_is_taken() -> None:
    second = chains.authority("Second", chains.intermediate())
    third = chains.authority("Third", second)
    leaf = issue(Terms(), issuer=third)
    assert key_in(pem(leaf, third.certificate, second.certificate, INTERMEDIATE)).key_size == 2048


def test_a_path_too_deep_is_refused() -> None:
    issuers = [chains.intermediate()]
    for depth in range(4):
        issuers.append(chains.authority(f"Deep {depth}", issuers[-1]))
    leaf = issue(Terms(), issuer=issuers[-1])
    with refused("chain_untrusted"):
        key_in(pem(leaf, *(issuer.certificate for issuer in issuers)))


@pytest.mark.parametrize(
    "terms",
    [
        Terms(not_before=NOW - 9 * DAY, not_after=NOW - timedelta(seconds=1)),
        Terms(not_before=NOW + timedelta(seconds=1)),
        Terms(dns_names=["api.amazon.com"]),
        Terms(dns_names=["*.amazon.com"]),
        Terms(dns_names=["echo-api.amazon.com.evil.com"]),
        Terms(dns_names=["evil.com", "xecho-api.amazon.com"]),
        Terms(dns_names=None),
        Terms(common_name="anyone", dns_names=None),
        Terms(purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]),
        Terms(purposes=[ExtendedKeyUsageOID.CODE_SIGNING]),
        Terms(purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        Terms(purposes=None),
        Terms(digital_signature=False),
        Terms(digital_signature=None),
        Terms(is_authority=True),
    ],
    ids=[
        "expired",
        "not yet valid",
        "another name",
        "wildcard",
        "longer name",
        "two other names",
        "common name only",
        "no name at all",
        "for clients",
        "for code",
        "for anything",
        "no purpose",
        "not for signatures",
        "no usage",
        "an authority",
    ],
)
def test_a_certificate_on_other_terms_is_refused(terms: Terms) -> None:
    with refused("chain_untrusted"):
        key_in(pem(issue(terms), INTERMEDIATE))


@pytest.mark.parametrize(
    "terms",
    [
        Terms(common_name="anyone"),
        Terms(dns_names=["example.com", chains.SIGNER]),
        Terms(purposes=[ExtendedKeyUsageOID.CLIENT_AUTH, SERVER_AUTH]),
        Terms(not_before=NOW, not_after=NOW + timedelta(seconds=1)),
    ],
    ids=["name in the extension only", "one name of two", "one purpose of two", "valid for now"],
)
def test_a_certificate_on_wider_terms_is_taken(terms: Terms) -> None:
    assert key_in(pem(issue(terms), INTERMEDIATE)).key_size == 2048


def test_a_chain_to_another_root_is_refused() -> None:
    with refused("chain_untrusted"):
        key_in(chains.good_chain(), roots=UNRELATED)


def test_a_look_alike_root_is_refused() -> None:
    false_root = chains.authority("Throwaway Root")
    between = chains.authority("Throwaway Intermediate", false_root)
    leaf = issue(Terms(), issuer=between)
    with refused("chain_untrusted"):
        key_in(pem(leaf, between.certificate, false_root.certificate))


def test_a_chain_without_its_intermediate_is_refused() -> None:
    with refused("chain_untrusted"):
        key_in(pem(chains.good_leaf()))


@pytest.mark.parametrize("days", [(-9, -1), (1, 9)], ids=["expired", "not yet valid"])
def test_an_intermediate_out_of_its_dates_is_refused(days: tuple[int, int]) -> None:
    between = chains.authority("Dated", chains.root(), days=days)
    with refused("chain_untrusted"):
        key_in(pem(issue(Terms(), issuer=between), between.certificate))


def test_a_certificate_issued_by_no_authority_is_refused() -> None:
    customer_key = chains.rsa_key("customer")
    customer = issue(Terms(dns_names=["example.com"]), customer_key.public_key())
    leaf = issue(Terms(), issuer=chains.Authority(customer, customer_key))
    with refused("chain_untrusted"):
        key_in(pem(leaf, customer, INTERMEDIATE))


def test_the_first_certificate_must_be_the_signers() -> None:
    with refused("chain_untrusted"):
        key_in(pem(INTERMEDIATE, chains.good_leaf()))


def test_a_certificate_signed_over_sha1_is_refused() -> None:
    good, bad, issuer = chains.signed_over_sha256_and_sha1()
    assert key_in(pem(good, issuer)).key_size == 2048
    with refused("chain_untrusted"):
        key_in(pem(bad, issuer))


def test_a_key_that_is_not_rsa_is_refused() -> None:
    with refused("chain_key_unsuitable"):
        key_in(pem(chains.issue_for_curve_key(Terms()), INTERMEDIATE))


@pytest.mark.parametrize(
    ("bits", "taken"),
    [(1024, False), (2040, False), (2048, True), (4096, True), (8192, True), (8200, False)],
)
def test_a_key_has_2048_to_8192_bits(bits: int, taken: bool) -> None:  # noqa: FBT001
    # Nobody has the private key to such a number, and here nobody needs it.
    chain = pem(issue(Terms(), RSAPublicNumbers(65537, 2 ** (bits - 1) + 1).public_key()))
    chain += pem(INTERMEDIATE)
    if taken:
        assert key_in(chain).key_size == bits
    else:
        with refused("chain_key_unsuitable"):
            key_in(chain)


PRIVATE_KEY = chains.rsa_key("alexa").private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


@pytest.mark.parametrize(
    "chain",
    [
        b"",
        b"not a chain",
        b"\x00\xff" * 100,
        PRIVATE_KEY,
        chains.good_chain()[:500],
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        chains.good_leaf().public_bytes(Encoding.DER),
    ],
    ids=["empty", "text", "bytes", "key", "cut short", "no certificate", "no base64", "DER"],
)
def test_a_file_that_is_no_chain_is_refused(chain: bytes) -> None:
    with refused("chain_unreadable"):
        key_in(chain)


def test_nine_certificates_are_refused() -> None:
    with refused("chain_size"):
        key_in(pem(chains.good_leaf(), INTERMEDIATE, *UNRELATED))


def test_a_chain_over_the_limit_is_refused() -> None:
    with refused("chain_size"):
        key_in(chains.good_chain() + b"\n" * CHAIN_LIMIT_BYTES)


def test_trust_lasts_until_the_first_certificate_on_the_path_expires() -> None:
    between = chains.authority("Ends first", chains.root(), days=(-1, 5))
    chain = pem(issue(Terms(), issuer=between), between.certificate)
    key = trusted_key(chain, Roots([chains.root().certificate]), NOW)
    assert key.expires == NOW + 5 * DAY


def test_the_public_roots_are_many_and_make_a_store() -> None:
    anchors = public_trust_anchors()
    assert len(anchors) > 50
    assert "Amazon Root CA 1" in " ".join(root.subject.rfc4514_string() for root in anchors)
    Roots(anchors)


def test_the_public_roots_do_not_trust_a_throwaway_authority() -> None:
    with refused("chain_untrusted"):
        key_in(chains.good_chain(), public_trust_anchors())


# The cache


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(store: Store, clock: Clock) -> SigningKeys:
    return keys_of(store, clock)


def keys_of(store: Store, clock: Clock, kept: KeptChains | None = None) -> SigningKeys:
    return SigningKeys([chains.root().certificate], store.fetch, clock, kept, timer=clock.seconds)


def url_number(number: int) -> str:
    return f"{HOST}/echo.api/{number}.pem"


def test_a_second_request_fetches_nothing(keys: SigningKeys, store: Store) -> None:
    assert keys.key_at(CHAIN_URL) is keys.key_at(CHAIN_URL)
    assert store.fetched == [CHAIN_URL]


def test_fifty_requests_at_once_cost_one_fetch(keys: SigningKeys, store: Store) -> None:
    store.gate = threading.Event()
    with ThreadPoolExecutor(50) as pool:
        waiting = [pool.submit(keys.key_at, CHAIN_URL) for _ in range(50)]
        store.gate.set()
        found = {id(key.result(10)) for key in waiting}
    assert len(found) == 1
    assert store.fetched == [CHAIN_URL]


def test_a_key_is_fetched_anew_after_an_hour(keys: SigningKeys, store: Store, clock: Clock) -> None:
    keys.key_at(CHAIN_URL)
    clock.move(minutes=59, seconds=59)
    keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 1
    clock.move(seconds=1)
    keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 2


def test_a_cached_key_is_refused_once_its_path_expires(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    leaf = issue(Terms(not_after=NOW + timedelta(minutes=5)))
    store.files[CHAIN_URL] = pem(leaf, INTERMEDIATE)
    keys.key_at(CHAIN_URL)
    clock.move(minutes=4, seconds=59)
    keys.key_at(CHAIN_URL)
    clock.move(seconds=2)
    with refused("chain_untrusted"):
        keys.key_at(CHAIN_URL)


def test_a_cached_key_is_not_used_at_a_time_before_its_path(
    keys: SigningKeys, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    clock.now -= timedelta(days=31)
    with refused("chain_untrusted"):
        keys.key_at(CHAIN_URL)


def test_a_renewed_chain_replaces_an_expired_one(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    store.files[CHAIN_URL] = pem(issue(Terms(not_after=NOW + timedelta(minutes=5))), INTERMEDIATE)
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = chains.good_chain()
    clock.move(minutes=6)
    assert keys.key_at(CHAIN_URL).key_size == 2048


@pytest.mark.parametrize(
    "failure",
    [
        (b"not a chain", "chain_unreadable", 400),
        (RequestRefusedError("chain_missing"), "chain_missing", 400),
        (RequestRefusedError("chain_unavailable", 503), "chain_unavailable", 503),
        (ConnectionRefusedError(), "chain_unavailable", 503),
        (TimeoutError(), "chain_unavailable", 503),
        (HTTPException(), "chain_unavailable", 503),
    ],
    ids=["garbage", "missing", "server failed", "no connection", "too slow", "no HTTP"],
)
def test_a_failure_is_remembered_for_half_a_minute(
    keys: SigningKeys,
    store: Store,
    clock: Clock,
    failure: tuple[bytes | Exception, str, int],
) -> None:
    store.files[CHAIN_URL], reason, status = failure
    for _ in range(3):
        with refused(reason, status):
            keys.key_at(CHAIN_URL)
    clock.move(seconds=29)
    with refused(reason, status):
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 1

    del store.files[CHAIN_URL]
    clock.move(seconds=1)
    assert keys.key_at(CHAIN_URL).key_size == 2048
    assert len(store.fetched) == 2


@pytest.mark.parametrize("hours", [-1, 0, 1], ids=["set back", "frozen", "set forward"])
def test_a_failure_lasts_half_a_minute_whatever_becomes_of_the_clock(
    keys: SigningKeys, store: Store, clock: Clock, hours: int
) -> None:
    store.files[CHAIN_URL] = b"not a chain"
    with refused("chain_unreadable"):
        keys.key_at(CHAIN_URL)
    del store.files[CHAIN_URL]
    clock.now += timedelta(hours=hours)
    with refused("chain_unreadable"):
        keys.key_at(CHAIN_URL)
    clock.passed += timedelta(seconds=30)
    assert keys.key_at(CHAIN_URL).key_size == 2048


def test_a_clock_that_is_set_costs_no_fetch_while_the_chain_is_valid(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    for hours in (0, 5, -5):
        clock.now = NOW + timedelta(hours=hours)
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 1


def test_a_clock_that_stands_still_does_not_stop_the_hourly_fetch(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    clock.passed += timedelta(hours=1)
    keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 2


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_clock_that_is_set_buys_no_fetches(
    keys: SigningKeys, store: Store, clock: Clock, hours: int
) -> None:
    for number in range(10):
        keys.key_at(url_number(number))
    clock.now += timedelta(hours=hours)
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 10


def test_an_outage_leaves_a_valid_key_in_use(keys: SigningKeys, store: Store, clock: Clock) -> None:
    key = keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(hours=1)
    assert keys.key_at(CHAIN_URL) is key
    assert keys.key_at(CHAIN_URL) is key
    assert len(store.fetched) == 2
    clock.move(seconds=30)
    assert keys.key_at(CHAIN_URL) is key
    assert len(store.fetched) == 3


def test_nobody_waits_for_a_host_that_hangs_while_there_is_a_valid_key(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    new = replaced(store)
    clock.move(hours=1)
    store.gate = threading.Event()
    started = monotonic()
    for _ in range(100):
        assert keys.key_at(CHAIN_URL) is old
    assert monotonic() - started < 2 * WAIT_SECONDS  # one waited, and not for long
    assert len(store.fetched) == 2
    store.gate.set()
    while keys.key_at(CHAIN_URL) is old:  # until what came late is there
        assert monotonic() - started < 10
    assert keys.key_at(CHAIN_URL).public_numbers() == new.public_numbers()
    assert len(store.fetched) == 2


def test_an_outage_does_not_prolong_a_key_that_is_about_to_expire(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    ends = timedelta(hours=1, seconds=10)
    store.files[CHAIN_URL] = pem(issue(Terms(not_after=NOW + ends)), INTERMEDIATE)
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(hours=1)
    keys.key_at(CHAIN_URL)
    clock.move(seconds=10)
    with refused("chain_unavailable", 503):
        keys.key_at(CHAIN_URL)


def test_an_outage_does_not_leave_an_expired_key_in_use(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(days=31)
    with refused("chain_unavailable", 503):
        keys.key_at(CHAIN_URL)


def test_a_chain_withdrawn_takes_its_key_out_of_use(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = RequestRefusedError("chain_missing")
    clock.move(hours=1)
    with refused("chain_missing"):
        keys.key_at(CHAIN_URL)


def test_sixteen_keys_are_kept_and_the_least_used_goes_first(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    for number in range(16):
        clock.move(seconds=1)
        keys.key_at(url_number(number))
    keys.key_at(url_number(0))
    clock.move(seconds=1)
    keys.key_at(url_number(16))
    store.fetched.clear()
    for number in (0, *range(2, 17)):
        keys.key_at(url_number(number))
    assert store.fetched == []
    clock.move(seconds=1)
    keys.key_at(url_number(1))
    assert store.fetched == [url_number(1)]


def test_a_flood_of_unknown_urls_costs_a_fetch_a_second_and_no_key(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    keys.key_at(CHAIN_URL)
    for number in range(3000):
        store.files[url_number(number)] = b"not a chain"
        with pytest.raises(RequestRefusedError):
            keys.key_at(url_number(number))
        clock.move(milliseconds=10)
    keys.key_at(CHAIN_URL)
    assert store.fetched.count(CHAIN_URL) == 1
    assert 30 <= len(store.fetched) <= 41


def test_a_worker_that_starts_in_a_flood_fetches_the_chain_it_had_before(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    kept = KeptChains(tmp_path)
    keys_of(store, clock, kept).key_at(CHAIN_URL)
    keys = keys_of(store, clock, kept)
    flood_until_put_off(keys, store)
    keys.key_at(CHAIN_URL)
    assert store.fetched[-1] == CHAIN_URL


def test_that_a_chain_failed_leaves_its_url_one_of_the_flood(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    keys = keys_of(store, clock, KeptChains(tmp_path))
    store.files[CHAIN_URL] = b"not a chain"
    with refused("chain_unreadable"):
        keys.key_at(CHAIN_URL)
    flood_until_put_off(keys, store)
    clock.move(seconds=FAILURE_LIFE_SECONDS)
    flood_until_put_off(keys, store)
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)


def flood_until_put_off(keys: SigningKeys, store: Store) -> None:
    for number in range(UNKNOWN_URLS_AT_ONCE + 1):
        url = url_number(len(store.fetched) * 1_000 + number)
        store.files[url] = b"not a chain"
        try:
            keys.key_at(url)
        except RequestRefusedError as refusal:
            if refusal.reason == "chain_urls_too_many":
                return
    pytest.fail("The flood was never put off.")


def test_who_waits_for_an_unknown_url_takes_no_thread_for_long_from_a_known_one(
    store: Store, clock: Clock
) -> None:
    keys = SigningKeys([chains.root().certificate], store.fetch, clock)  # by a timer that goes on
    keys.key_at(CHAIN_URL)
    store.gate = threading.Event()  # the host hangs
    with ThreadPoolExecutor(8) as pool:
        started = monotonic()
        fetching = pool.submit(keys.key_at, url_number(1))
        while len(store.fetched) < 2:
            threading.Event().wait(0.01)
        waiting = [pool.submit(keys.key_at, url_number(1)) for _ in range(100)]
        for one in waiting:
            with refused("chain_fetches_too_many", 503):
                one.result(10)
        assert monotonic() - started < 2 * WAIT_SECONDS
        store.gate.set()
        fetching.result(10)
    keys.key_at(url_number(1))


def test_unknown_urls_beyond_the_allowance_are_put_off(keys: SigningKeys, clock: Clock) -> None:
    for number in range(10):
        keys.key_at(url_number(number))
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)
    clock.move(seconds=1)
    assert keys.key_at(CHAIN_URL).key_size == 2048


def test_a_quiet_hour_saves_up_no_more_than_the_allowance(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    clock.move(hours=1)
    for number in range(10):
        keys.key_at(url_number(number))
    with refused("chain_urls_too_many", 503):
        keys.key_at(CHAIN_URL)
    assert len(store.fetched) == 10


def test_four_fetches_run_at_once_and_no_more(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    store.gate = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(keys.key_at, url_number(number)) for number in range(4)]
        while len(store.fetched) < 4:
            threading.Event().wait(0.01)
        with refused("chain_fetches_too_many", 503):
            keys.key_at(CHAIN_URL)
        store.gate.set()
        assert all(key.result(10).key_size for key in waiting)
    assert CHAIN_URL not in store.fetched
    clock.move(seconds=1)  # it was not the URL's own fault
    assert keys.key_at(CHAIN_URL).key_size == 2048


def test_a_slow_fetch_does_not_hold_up_a_known_key(keys: SigningKeys, store: Store) -> None:
    keys.key_at(CHAIN_URL)
    store.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(keys.key_at, url_number(1))
        while len(store.fetched) < 2:
            threading.Event().wait(0.01)
        assert keys.key_at(CHAIN_URL).key_size == 2048
        store.gate.set()
        assert waiting.result(10).key_size == 2048


# A key that was replaced where it lay


def replaced(store: Store) -> RSAPublicKey:
    """Put another chain at the same URL and return its key."""
    chain = pem(issue(Terms(), chains.rsa_key("successor").public_key()), INTERMEDIATE)
    store.files[CHAIN_URL] = chain
    return key_in(chain)


def test_a_replaced_key_is_found_when_half_a_minute_has_passed(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    new = replaced(store)
    assert keys.renewed_key_at(CHAIN_URL, old) is None
    clock.move(seconds=30)
    found = keys.renewed_key_at(CHAIN_URL, old)
    assert found is not None
    assert found.public_numbers() == new.public_numbers()
    assert keys.key_at(CHAIN_URL) is found
    assert store.fetched == [CHAIN_URL] * 2


def test_strangers_cost_one_fetch_in_half_a_minute(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    for _ in range(300):
        clock.move(seconds=1)
        assert keys.renewed_key_at(CHAIN_URL, old) is None
        assert keys.key_at(CHAIN_URL) is old
    assert len(store.fetched) == 1 + 300 // 30


@pytest.mark.parametrize(
    "failure", [b"not a chain", RequestRefusedError("chain_missing"), TimeoutError()], ids=repr
)
def test_a_search_that_fails_leaves_the_key_in_use(
    keys: SigningKeys, store: Store, clock: Clock, failure: bytes | Exception
) -> None:
    old = keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = failure
    clock.move(seconds=30)
    assert keys.renewed_key_at(CHAIN_URL, old) is None
    assert keys.key_at(CHAIN_URL) is old


def test_a_search_that_finds_nothing_forgets_no_kept_chain(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    kept = KeptChains(tmp_path)
    keys = keys_of(store, clock, kept)
    old = keys.key_at(CHAIN_URL)
    store.files[CHAIN_URL] = RequestRefusedError("chain_missing")
    clock.move(seconds=30)
    assert keys.renewed_key_at(CHAIN_URL, old) is None
    assert kept.chain_at(CHAIN_URL, CHAIN_LIMIT_BYTES) == chains.good_chain()


def test_a_search_brings_back_no_older_key_from_the_disk(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    kept = KeptChains(tmp_path)
    new = replaced(store)
    keys = keys_of(store, clock, kept)
    held = keys.key_at(CHAIN_URL)
    assert held.public_numbers() == new.public_numbers()
    kept.keep(CHAIN_URL, chains.good_chain())  # as when the disk was full at the last fetch
    store.files[CHAIN_URL] = TimeoutError()
    clock.move(seconds=30)
    assert keys.renewed_key_at(CHAIN_URL, held) is None
    assert keys.key_at(CHAIN_URL) is held


def test_who_comes_late_is_given_the_key_that_another_found(
    keys: SigningKeys, store: Store, clock: Clock
) -> None:
    old = keys.key_at(CHAIN_URL)
    replaced(store)
    clock.move(seconds=30)
    found = keys.renewed_key_at(CHAIN_URL, old)
    assert found is not None
    assert keys.renewed_key_at(CHAIN_URL, old) is found
    assert len(store.fetched) == 2
    clock.move(days=365)
    assert keys.renewed_key_at(CHAIN_URL, old) is None  # and no longer than it is valid


def test_nobody_waits_for_the_search(keys: SigningKeys, store: Store, clock: Clock) -> None:
    old = keys.key_at(CHAIN_URL)
    clock.move(seconds=30)
    store.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        searching = pool.submit(keys.renewed_key_at, CHAIN_URL, old)
        while len(store.fetched) < 2:
            threading.Event().wait(0.01)
        assert keys.key_at(CHAIN_URL) is old
        assert keys.renewed_key_at(CHAIN_URL, old) is None
        store.gate.set()
        assert searching.result(10) is None


def test_there_is_nothing_to_renew_at_a_url_that_nobody_asked_for(keys: SigningKeys) -> None:
    assert keys.renewed_key_at(url_number(1), key_in(chains.good_chain())) is None


def test_a_certificate_of_a_version_that_there_is_not_is_refused() -> None:
    der = chains.issue(Terms()).public_bytes(Encoding.DER)
    odd = der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    assert odd != der
    armoured = base64.encodebytes(odd).decode()
    file = f"-----BEGIN CERTIFICATE-----\n{armoured}-----END CERTIFICATE-----\n"
    with refused("chain_unreadable"):
        key_in(file.encode())
