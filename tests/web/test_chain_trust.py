import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Store as Roots

from skill.web.chain_trust import CHAIN_LIMIT_BYTES, public_trust_anchors, trusted_key
from tests.web import chains
from tests.web.chains import NOW, Terms, issue, pem, refused


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


def test_a_certificate_of_a_version_that_there_is_not_is_refused() -> None:
    der = chains.issue(Terms()).public_bytes(Encoding.DER)
    odd = der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    assert odd != der
    armoured = base64.encodebytes(odd).decode()
    file = f"-----BEGIN CERTIFICATE-----\n{armoured}-----END CERTIFICATE-----\n"
    with refused("chain_unreadable"):
        key_in(file.encode())
