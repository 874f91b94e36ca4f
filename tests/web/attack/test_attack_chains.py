"""Chains that a forger, a careless authority or a damaged file may bring, and what becomes of them.

Every request here is signed with the key of the chain's first certificate, so a chain that is
wrongly believed would let the request in.
"""

from __future__ import annotations

import random
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from ipaddress import IPv4Address
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA3_256, SHA224, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
)
from cryptography.x509 import DNSName
from cryptography.x509.oid import ExtendedKeyUsageOID

from skill.errors import RequestRefusedError
from skill.web.chain_trust import (
    CHAIN_LIMIT_BYTES,
    CHAIN_LIMIT_CERTIFICATES,
    public_trust_anchors,
)
from skill.web.signing_keys import SigningKeys
from skill.web.verification import RequestVerifier
from tests.web.attack.forgery import (
    DAY,
    SECOND,
    SERVER,
    UNKNOWN,
    UNKNOWN_TOO,
    Issuer,
    Paper,
    altered,
    between,
    big_key,
    issuer,
    named,
    signed_anew,
    top,
    with_rsa,
)
from tests.web.attack.sending import refusal_of
from tests.web.chains import (
    CHAIN_URL,
    NOW,
    SIGNER,
    SKILL_ID,
    Clock,
    Store,
    as_body,
    envelope,
    pem,
    rsa_key,
    signed_headers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    Cases: TypeAlias = Mapping[str, Callable[[], bytes]]

CLIENT: Final = ExtendedKeyUsageOID.CLIENT_AUTH
ANYTHING: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
CODE: Final = ExtendedKeyUsageOID.CODE_SIGNING
PSS: Final = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)


def refused(
    chain: bytes, at: datetime = NOW, roots: Sequence[x509.Certificate] | None = None
) -> RequestRefusedError | None:
    """Return why a request with that chain is refused, or nothing if it is let in."""
    verifier = RequestVerifier(SKILL_ID, roots or [top().certificate], lambda _: chain, Clock(at))
    body = as_body(envelope(sent=at))
    return refusal_of(verifier, signed_headers(body), body)


def let_in(chain: bytes, at: datetime = NOW) -> bool:
    refusal = refused(chain, at)
    if refusal is not None:
        assert (refusal.status, refusal.reason[:6]) == (400, "chain_")
    return refusal is None


def chain_of(leaf: Paper, *issuers: Issuer) -> bytes:
    """Return the file in which each certificate was signed by the next."""
    return pem(leaf.by(issuers[0]), *(one.certificate for one in issuers))


def alone(**changes: Any) -> bytes:  # noqa: ANN401  # members of `Paper`
    """Return a chain with one thing changed in its first certificate."""
    return chain_of(replace(Paper(), **changes), between())


def under(**changes: Any) -> bytes:  # noqa: ANN401  # members of `Paper`
    """Return a chain with one thing changed in its intermediate authority."""
    return chain_of(Paper(), issuer("Changed", top(), **changes))


def keyed(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    hashed_with = SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return chain_of(Paper(hashed_with=hashed_with), issuer("Keyed", top(), key))


def signed_by_rsa(**changes: Any) -> bytes:  # noqa: ANN401  # members of `Paper`
    return chain_of(replace(Paper(), **changes), with_rsa())


def named_in_it(*names: str) -> bytes:
    return alone(names=tuple(DNSName(name) for name in names))


def constrained(
    permitted: Iterable[x509.GeneralName] | None, excluded: Iterable[x509.GeneralName] | None
) -> bytes:
    return under(extras=((x509.NameConstraints(permitted, excluded), True),))


# --- the way to a root ----------------------------------------------------------------------


@cache
def strangers(count: int) -> list[x509.Certificate]:
    return [issuer(f"Stranger {number}").certificate for number in range(count)]


@cache
def old_root() -> Issuer:
    """Return a root that everybody trusted once and nobody does today."""
    return issuer("Old Root")


@cache
def top_under_old_root() -> x509.Certificate:
    """Return a certificate of the trusted root's key, issued by the old root."""
    return issuer("Throwaway Root", old_root(), top().key).certificate


@cache
def twins() -> tuple[Issuer, Issuer]:
    """Return two authorities of one name: one that signs, and one with a key of its own."""
    return issuer("Twin", top()), issuer("Twin", top())


def renewed(**changes: Any) -> x509.Certificate:  # noqa: ANN401  # members of `Paper`
    """Return another certificate of the good intermediate authority."""
    return issuer("Throwaway Intermediate", top(), between().key, **changes).certificate


def line_of(length: int) -> list[Issuer]:
    """Return so many authorities, each issued by the next, the last by the root."""
    line = [issuer("Line 0", top())]
    for number in range(1, length):
        line.insert(0, issuer(f"Line {number}", line[0]))
    return line


def mesh(*, with_root: bool) -> bytes:
    """Return authorities that have all signed each other, with or without a way out."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in "ABC"}
    rooted = issuer("A", top() if with_root else None, keys["A"])
    members = {name: issuer(name, key=key) for name, key in keys.items()}
    crossed = [issuer(a, members[b], keys[a]).certificate for a, b in permutations(keys, 2)]
    return pem(Paper().by(members["C"]), *crossed, rooted.certificate)


def cheated_path_length(allowed: int) -> bytes:
    upper = issuer("Upper", top(), path_length=allowed)
    return chain_of(Paper(), issuer("Lower", upper), upper)


INTERMEDIATE: Final = between().certificate
LEAF: Final = Paper().by()
ROOT: Final = top().certificate


def cross_signed(order: Sequence[int]) -> bytes:
    others = (INTERMEDIATE, top_under_old_root(), old_root().certificate)
    return pem(LEAF, *(others[place] for place in order))


def with_strangers(before: int, after: int) -> bytes:
    return pem(LEAF, *strangers(before), INTERMEDIATE, *strangers(after))


def in_line(length: int) -> bytes:
    return chain_of(Paper(), *line_of(length))


GOOD_WAYS: Final[Cases] = {
    "plain": lambda: pem(LEAF, INTERMEDIATE),
    "root appended": lambda: pem(LEAF, INTERMEDIATE, ROOT),
    "root before the intermediate": lambda: pem(LEAF, ROOT, INTERMEDIATE),
    "issued by the root itself": lambda: pem(Paper().by(top()), ROOT),
    "issued by the root, which is not in the file": lambda: pem(Paper().by(top())),
    "cross-signed root": lambda: pem(LEAF, INTERMEDIATE, top_under_old_root()),
    **{
        f"cross-signed root and its old root, order {order}": partial(cross_signed, order)
        for order in permutations(range(3))
    },
    "first certificate twice": lambda: pem(LEAF, LEAF, INTERMEDIATE),
    "intermediate twice": lambda: pem(LEAF, INTERMEDIATE, INTERMEDIATE),
    "intermediate seven times": lambda: pem(LEAF, *[INTERMEDIATE] * 7),
    **{f"{count} strangers after": partial(with_strangers, 0, count) for count in (1, 3, 6)},
    **{f"{count} strangers between": partial(with_strangers, count, 0) for count in (1, 3, 6)},
    "expired intermediate before the good one": lambda: pem(
        LEAF, renewed(end=NOW - DAY), INTERMEDIATE
    ),
    "expired intermediate after the good one": lambda: pem(
        LEAF, INTERMEDIATE, renewed(end=NOW - DAY)
    ),
    "future intermediate beside the good one": lambda: pem(
        LEAF, renewed(start=NOW + DAY), INTERMEDIATE
    ),
    "intermediate without the right to sign beside the good one": lambda: pem(
        LEAF, renewed(usages=("digital_signature",)), INTERMEDIATE
    ),
    "another authority of the same name before": lambda: pem(
        Paper().by(twins()[0]), twins()[1].certificate, twins()[0].certificate
    ),
    "another authority of the same name after": lambda: pem(
        Paper().by(twins()[0]), twins()[0].certificate, twins()[1].certificate
    ),
    "another signer's certificate after": lambda: pem(LEAF, Paper().by(twins()[0]), INTERMEDIATE),
    **{f"{length} intermediates": partial(in_line, length) for length in (2, 3)},
    "three intermediates in the wrong order": lambda: pem(
        Paper().by((line := line_of(3))[0]), *(one.certificate for one in reversed(line))
    ),
    "a mesh with a way out": lambda: mesh(with_root=True),
    "path length that is just enough": lambda: cheated_path_length(1),
    "path length none, and none needed": lambda: under(path_length=0),
}


def impostor(**changes: Any) -> Issuer:  # noqa: ANN401  # members of `Paper`
    """Return an authority that calls itself as the good one, with a key of its own."""
    return issuer("Throwaway Intermediate", issuer("Throwaway Root"), **changes)


def customer(**changes: Any) -> Issuer:  # noqa: ANN401  # members of `Paper`
    """Return a mere customer of the good authority, who goes on to issue certificates."""
    paper = replace(Paper(), subject="customer.example", names=(DNSName("customer.example"),))
    key = rsa_key("customer")
    paper = replace(paper, public_key=key.public_key(), **changes)
    return Issuer(paper.by(), key)


def self_signed() -> bytes:
    return pem(Paper().by(Issuer(x509_self(), rsa_key("alexa"))))


def x509_self() -> x509.Certificate:
    key = rsa_key("alexa")
    return issuer(SIGNER, key=key).certificate


def with_borrowed_key_name() -> bytes:
    """Return a forged certificate that names the true authority and its true key."""
    true = INTERMEDIATE.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    borrowed = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(true)
    forged = replace(Paper(), names_its_issuers_key=False, extras=((borrowed, False),))
    mine = Issuer(INTERMEDIATE, ec.generate_private_key(ec.SECP256R1()))
    return pem(forged.by(mine), INTERMEDIATE)


BAD_WAYS: Final[Cases] = {
    "first certificate second": lambda: pem(INTERMEDIATE, LEAF),
    "first certificate last": lambda: pem(INTERMEDIATE, ROOT, LEAF),
    "root first": lambda: pem(ROOT, INTERMEDIATE, LEAF),
    "stranger first": lambda: pem(*strangers(1), LEAF, INTERMEDIATE),
    "no intermediate": lambda: pem(LEAF),
    "no intermediate, but the root": lambda: pem(LEAF, ROOT),
    "another intermediate": lambda: pem(LEAF, issuer("Other", top()).certificate),
    "upper intermediate missing": lambda: pem(
        Paper().by((line := line_of(3))[0]), line[0].certificate, line[2].certificate
    ),
    "intermediate expired a second ago": lambda: under(end=NOW - SECOND),
    "intermediate valid from the next second": lambda: under(start=NOW + SECOND),
    "upper intermediate expired": lambda: chain_of(
        Paper(), issuer("Lower", (upper := issuer("Upper", top(), end=NOW - DAY))), upper
    ),
    "only the expired of two intermediates": lambda: pem(LEAF, renewed(end=NOW - DAY)),
    "both intermediates out of their dates": lambda: pem(
        LEAF, renewed(end=NOW - DAY), renewed(start=NOW + DAY)
    ),
    "old root alone": lambda: chain_of(Paper(), issuer("Old", old_root()), old_root()),
    "look-alike root": lambda: pem(
        Paper().by(it := impostor()), it.certificate, issuer("Throwaway Root").certificate
    ),
    "look-alike intermediate and the true root": lambda: pem(
        Paper().by(it := impostor()), it.certificate, ROOT
    ),
    "look-alike signer and the true intermediate": lambda: pem(
        Paper().by(impostor()), INTERMEDIATE, ROOT
    ),
    "issuer's name forged": lambda: chain_of(
        replace(Paper(), issuer_name="Throwaway Intermediate"), issuer("Mine")
    ),
    "issuer's name forged, true intermediate": lambda: pem(
        replace(Paper(), issuer_name="Throwaway Intermediate").by(issuer("Mine")), INTERMEDIATE
    ),
    "issuer's name and key name forged": with_borrowed_key_name,
    "issuer's name another than the authority's": lambda: chain_of(
        replace(Paper(), issuer_name="Somebody Else"), between()
    ),
    "root's name forged on an intermediate": lambda: chain_of(
        Paper(), issuer("Mine", key=None, issuer_name="Throwaway Root")
    ),
    "self-signed": self_signed,
    "self-signed, with the true chain behind": lambda: self_signed() + pem(INTERMEDIATE, ROOT),
    "issued by a customer": lambda: pem(
        Paper().by(customer()), customer().certificate, INTERMEDIATE
    ),
    "issued by a customer with the right to sign": lambda: pem(
        Paper().by(it := customer(usages=("digital_signature", "key_cert_sign"))),
        it.certificate,
        INTERMEDIATE,
    ),
    "issued by a customer who says nothing about authority": lambda: pem(
        Paper().by(it := customer(is_authority=None)), it.certificate, INTERMEDIATE
    ),
    "issued by an earlier signer": lambda: pem(
        Paper().by(Issuer(LEAF, rsa_key("alexa"))), LEAF, INTERMEDIATE
    ),
    "intermediate is no authority": lambda: under(is_authority=False),
    "intermediate says nothing about authority": lambda: under(is_authority=None),
    "intermediate may not sign certificates": lambda: under(usages=("digital_signature",)),
    "intermediate may sign lists only": lambda: under(usages=("crl_sign",)),
    "intermediate without usages": lambda: under(usages=None),
    "intermediate for clients": lambda: under(purposes=(CLIENT,)),
    "intermediate for code": lambda: under(purposes=(CODE,)),
    "intermediate with a critical extension that nobody knows": lambda: under(
        extras=((UNKNOWN, True),)
    ),
    "intermediate with a weak key": lambda: chain_of(
        Paper(), issuer("Weak", top(), rsa_key("weak", 1024))
    ),
    "intermediate with an Edwards curve": lambda: keyed(ed25519.Ed25519PrivateKey.generate()),
    "intermediate with a short curve": lambda: keyed(ec.generate_private_key(ec.SECP224R1())),
    "intermediate with a curve of coins": lambda: keyed(ec.generate_private_key(ec.SECP256K1())),
    "path length one too small": lambda: cheated_path_length(0),
    "path length one too small, three deep": lambda: chain_of(
        Paper(),
        issuer("C", b := issuer("B", a := issuer("A", top(), path_length=1))),
        b,
        a,
    ),
    "five intermediates": lambda: chain_of(Paper(), *line_of(5)),
    "seven intermediates": lambda: chain_of(Paper(), *line_of(7)),
    "a mesh without a way out": lambda: mesh(with_root=False),
    "nine certificates": lambda: pem(LEAF, INTERMEDIATE, *strangers(7)),
    "117 certificates": lambda: pem(LEAF, INTERMEDIATE, *[ROOT] * 115),
    "only authorities that exclude": lambda: constrained(None, [DNSName("amazon.com")]),
    "the name excluded": lambda: constrained(None, [DNSName(SIGNER)]),
    "another name permitted": lambda: constrained([DNSName("example.com")], None),
    "a part of the name permitted that is none": lambda: constrained([DNSName("mazon.com")], None),
    "permitted and excluded": lambda: constrained(
        [DNSName("amazon.com")], [DNSName("echo-api.amazon.com")]
    ),
    "changed after signing, intermediate": lambda: pem(
        LEAF, altered(INTERMEDIATE, b"Throwaway Inter", b"Throwaway inter")
    ),
}

GOOD_CONSTRAINTS: Final[Cases] = {
    "domain permitted": lambda: constrained([DNSName("amazon.com")], None),
    "name permitted": lambda: constrained([DNSName(SIGNER)], None),
    "another domain excluded": lambda: constrained(None, [DNSName("example.com")]),
    "sibling excluded": lambda: constrained(None, [DNSName("api.amazon.com")]),
}


# --- what the signer's certificate says -----------------------------------------------------

BAD_PAPERS: Final[Cases] = {
    "expired a second ago": lambda: alone(end=NOW - SECOND),
    "expired for years": lambda: alone(start=NOW - 900 * DAY, end=NOW - 800 * DAY),
    "valid from the next second": lambda: alone(start=NOW + SECOND),
    "valid from tomorrow": lambda: alone(start=NOW + DAY),
    "no names": lambda: alone(names=None),
    "common name only": lambda: alone(names=(DNSName("example.com"),)),
    "another name": lambda: named_in_it("alexa.amazon.com"),
    "the domain alone": lambda: named_in_it("amazon.com"),
    "wildcard": lambda: named_in_it("*.amazon.com"),
    "wider wildcard": lambda: named_in_it("*.com"),
    "widest wildcard": lambda: named_in_it("*"),
    "partial wildcard": lambda: named_in_it("echo*.amazon.com"),
    "wildcard below": lambda: named_in_it("*.echo-api.amazon.com"),
    "leading dot": lambda: named_in_it(".amazon.com"),
    "trailing dot": lambda: named_in_it(f"{SIGNER}."),
    "upper case": lambda: named_in_it(SIGNER.upper()),
    "one letter in upper case": lambda: named_in_it("Echo-api.amazon.com"),
    "longer in front": lambda: named_in_it(f"x{SIGNER}"),
    "longer behind": lambda: named_in_it(f"{SIGNER}.evil.example"),
    "below the name": lambda: named_in_it(f"x.{SIGNER}"),
    "NUL and more": lambda: named_in_it(f"{SIGNER}\0.evil.example"),
    "NUL at the end": lambda: named_in_it(f"{SIGNER}\0"),
    "blank at the end": lambda: named_in_it(f"{SIGNER} "),
    "line break in it": lambda: named_in_it(f"{SIGNER}\nevil.example"),
    "two names in one": lambda: named_in_it(f"{SIGNER},evil.example"),
    "hyphen missing": lambda: named_in_it("echoapi.amazon.com"),
    "other domain ending": lambda: named_in_it("echo-api.amazon.co"),
    "punycode look-alike": lambda: named_in_it("xn--cho-api-9cg.amazon.com"),
    "as a URI": lambda: alone(names=(x509.UniformResourceIdentifier(f"https://{SIGNER}/"),)),
    "as a mail address": lambda: alone(names=(x509.RFC822Name(f"a@{SIGNER}"),)),
    "as a directory name": lambda: alone(names=(x509.DirectoryName(named(SIGNER)),)),
    "as a registered id": lambda: alone(names=(x509.RegisteredID(SERVER),)),
    "as other name": lambda: alone(names=(x509.OtherName(SERVER, b"\x0c\x03abc"),)),
    "an address": lambda: alone(names=(x509.IPAddress(IPv4Address("127.0.0.1")),)),
    "a hundred other names": lambda: named_in_it(*(f"{n}.amazon.com" for n in range(100))),
    "for clients": lambda: alone(purposes=(CLIENT,)),
    "for code": lambda: alone(purposes=(CODE,)),
    "for mail": lambda: alone(purposes=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
    "for time stamps": lambda: alone(purposes=(ExtendedKeyUsageOID.TIME_STAMPING,)),
    "for clients and code": lambda: alone(purposes=(CLIENT, CODE)),
    "for anything": lambda: alone(purposes=(ANYTHING,)),
    "for a purpose that nobody knows": lambda: alone(purposes=(UNKNOWN.oid,)),
    "for no purpose": lambda: alone(purposes=None),
    "no usages": lambda: alone(usages=None),
    "to encipher keys": lambda: alone(usages=("key_encipherment",)),
    "to agree on keys": lambda: alone(usages=("key_agreement",)),
    "to commit to content": lambda: alone(usages=("content_commitment",)),
    "to sign certificates": lambda: alone(usages=("key_cert_sign",)),
    "to sign all, certificates too": lambda: alone(usages=("digital_signature", "key_cert_sign")),
    "an authority": lambda: alone(is_authority=True, usages=("digital_signature", "key_cert_sign")),
    "an authority without the usage": lambda: alone(is_authority=True),
    "critical extension that nobody knows": lambda: alone(extras=((UNKNOWN, True),)),
    "own key name missing": lambda: alone(names_its_issuers_key=False),
    "signed over MD5": lambda: pem(
        signed_anew(Paper().by(with_rsa()), "md5"), with_rsa().certificate
    ),
    "signed over SHA-1": lambda: pem(
        signed_anew(Paper().by(with_rsa()), "sha1"), with_rsa().certificate
    ),
    "an extension twice": lambda: pem(
        signed_anew(
            Paper(extras=((UNKNOWN, False), (UNKNOWN_TOO, False))).by(with_rsa()),
            find=b"\x86\x8d\x1f\x02",
            put=b"\x86\x8d\x1f\x01",
        ),
        with_rsa().certificate,
    ),
    "names that are no text": lambda: pem(
        signed_anew(
            Paper(names=(DNSName("echo-bpi.amazon.com"), DNSName(SIGNER))).by(with_rsa()),
            find=b"echo-bpi",
            put=b"echo\xff\0\xfei",
        ),
        with_rsa().certificate,
    ),
    "names of a kind that there is not": lambda: pem(
        signed_anew(
            Paper(names=(DNSName("echo-bpi.amazon.com"), DNSName(SIGNER))).by(with_rsa()),
            find=b"\x82\x13echo-bpi",
            put=b"\x85\x13echo-bpi",
        ),
        with_rsa().certificate,
    ),
    "signed over SHA-224": lambda: signed_by_rsa(hashed_with=SHA224()),
    "signed over SHA-224 with a curve": lambda: alone(hashed_with=SHA224()),
    "signed over SHA3-256": lambda: signed_by_rsa(hashed_with=SHA3_256()),
    "name changed after signing": lambda: pem(
        altered(Paper(names=(DNSName("echo-bpi.amazon.com"),)).by(), b"echo-bpi", b"echo-api"),
        INTERMEDIATE,
    ),
    "purpose changed after signing": lambda: pem(
        altered(
            Paper(purposes=(CLIENT,)).by(),
            bytes.fromhex("06082b06010505070302"),
            bytes.fromhex("06082b06010505070301"),
        ),
        INTERMEDIATE,
    ),
    "dates changed after signing": lambda: pem(
        altered(Paper(end=NOW - DAY).by(), b"261121120000Z", b"261221120000Z"), INTERMEDIATE
    ),
    "key replaced after signing": lambda: pem(
        altered(
            Paper(public_key=rsa_key("customer").public_key()).by(),
            _number(rsa_key("customer").public_key().public_numbers().n),
            _number(rsa_key("alexa").public_key().public_numbers().n),
        ),
        INTERMEDIATE,
    ),
    "signature of another certificate": lambda: pem(
        altered(LEAF, LEAF.signature[10:40], bytes(30)), INTERMEDIATE
    ),
}


def _number(value: int) -> bytes:
    return value.to_bytes(256)


GOOD_PAPERS: Final[Cases] = {
    "expires in this second": lambda: alone(end=NOW),
    "valid from this second": lambda: alone(start=NOW),
    "another common name": lambda: alone(subject="anybody"),
    "no common name": lambda: alone(subject=None),
    "one name of a hundred": lambda: named_in_it(*(f"{n}.amazon.com" for n in range(99)), SIGNER),
    "beside a wildcard": lambda: named_in_it("*.amazon.com", SIGNER),
    "beside the same in upper case": lambda: named_in_it(SIGNER.upper(), SIGNER),
    "beside names of other kinds": lambda: alone(
        names=(
            x509.UniformResourceIdentifier("https://evil.example/"),
            x509.IPAddress(IPv4Address("127.0.0.1")),
            DNSName(SIGNER),
        )
    ),
    "for servers and clients": lambda: alone(purposes=(SERVER, CLIENT)),
    "for clients and servers": lambda: alone(purposes=(CLIENT, SERVER)),
    "for signatures alone": lambda: alone(usages=("digital_signature",)),
    "says nothing about authority": lambda: alone(is_authority=None),
    "extension that nobody knows": lambda: alone(extras=((UNKNOWN, False),)),
    "intermediate's extension that nobody knows": lambda: under(extras=((UNKNOWN, False),)),
    "intermediate for servers": lambda: under(purposes=(SERVER, CLIENT)),
    "signed over SHA-384": lambda: signed_by_rsa(hashed_with=SHA384()),
    "signed over SHA-512": lambda: signed_by_rsa(hashed_with=SHA512()),
    "signed with PSS": lambda: signed_by_rsa(padding=PSS),
    "intermediate with RSA": signed_by_rsa,
    "intermediate with RSA of 4096 bits": lambda: chain_of(
        Paper(), issuer("Big", top(), rsa_key("big authority", 4096))
    ),
    "intermediate with a longer curve": lambda: keyed(ec.generate_private_key(ec.SECP384R1())),
}


# --- the file -------------------------------------------------------------------------------

GOOD_FILE: Final = pem(LEAF, INTERMEDIATE)
FIRST: Final = pem(LEAF)
SECOND_ONE: Final = pem(INTERMEDIATE)
PRIVATE: Final = rsa_key("alexa").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC: Final = (
    rsa_key("alexa").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)


def relabelled(label: bytes, file: bytes = GOOD_FILE) -> bytes:
    return file.replace(b" CERTIFICATE-----", b" " + label + b"-----")


def request_to_sign() -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(named(SIGNER))
    return builder.sign(rsa_key("alexa"), SHA256()).public_bytes(Encoding.PEM)


def revocation_list() -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(named("Throwaway Intermediate"))
    builder = builder.last_update(NOW - DAY).next_update(NOW + DAY)
    return builder.sign(between().key, SHA256()).public_bytes(Encoding.PEM)


def one_line(file: bytes) -> bytes:
    body = file.split(b"-----")[2].replace(b"\n", b"")
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"


def wrapped(der: bytes) -> bytes:
    """Return bytes in the clothes of a certificate."""
    return b"-----BEGIN CERTIFICATE-----\n" + b64encode(der) + b"\n-----END CERTIFICATE-----\n"


DER: Final = LEAF.public_bytes(Encoding.DER)

BAD_FILES: Final[Cases] = {
    "empty": lambda: b"",
    "one byte": lambda: b"-",
    "blank": lambda: b" \r\n\t\n",
    "zeros": lambda: bytes(1000),
    "high bytes": lambda: b"\xff" * 1000,
    "noise": lambda: random.Random(5).randbytes(5000),  # noqa: S311  # noise that comes again
    "a page of HTML": lambda: b"<html><body>Not found</body></html>",
    "an error of the store": lambda: b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>",
    "DER": lambda: DER,
    "two certificates in DER": lambda: DER + INTERMEDIATE.public_bytes(Encoding.DER),
    "PKCS #7": lambda: pkcs7.serialize_certificates([LEAF, INTERMEDIATE], Encoding.PEM),
    "private key": lambda: PRIVATE,
    "public key": lambda: PUBLIC,
    "request to sign": request_to_sign,
    "revocation list": revocation_list,
    "private key labelled as a certificate": lambda: PRIVATE.replace(
        b"PRIVATE KEY", b"CERTIFICATE"
    ),
    "request labelled as a certificate": lambda: request_to_sign().replace(
        b"CERTIFICATE REQUEST", b"CERTIFICATE"
    ),
    "trusted certificate of OpenSSL": lambda: relabelled(b"TRUSTED CERTIFICATE"),
    "label in lower case": lambda: relabelled(b"certificate"),
    "no end": lambda: FIRST.split(b"-----END")[0],
    "end of something else": lambda: FIRST.replace(b"END CERTIFICATE", b"END PUBLIC KEY"),
    "begin alone": lambda: b"-----BEGIN CERTIFICATE-----\n",
    "begin and end": lambda: b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    "a thousand begins": lambda: b"-----BEGIN CERTIFICATE-----\n" * 1000,
    "a thousand empty certificates": lambda: wrapped(b"") * 1000,
    "no base64": lambda: wrapped(b"").replace(b"\n\n", b"\n!!!!\n"),
    "first cut short": lambda: GOOD_FILE[:400],
    "second cut short": lambda: GOOD_FILE[:-200],
    "UTF-16": lambda: GOOD_FILE.decode().encode("utf-16"),
    "UTF-32": lambda: GOOD_FILE.decode().encode("utf-32"),
    "a byte behind the certificate": lambda: wrapped(DER + b"\0") + SECOND_ONE,
    "certificate without its last byte": lambda: wrapped(DER[:-1]) + SECOND_ONE,
    "certificate twice in one": lambda: wrapped(DER + DER) + SECOND_ONE,
    "a version that there is not": lambda: (
        wrapped(DER.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020103"), 1))
        + SECOND_ONE
    ),
    "a length that lies": lambda: wrapped(b"\x30\x84\xff\xff\xff\xff" + DER[4:]) + SECOND_ONE,
    "indefinite length": lambda: wrapped(b"\x30\x80" + DER[4:] + b"\0\0") + SECOND_ONE,
    "deeply nested": lambda: wrapped(b"\x30\x80" * 10_000) + SECOND_ONE,
    "a set in place of a sequence": lambda: wrapped(b"\x31" + DER[1:]) + SECOND_ONE,
    "one byte over the limit": lambda: GOOD_FILE.ljust(CHAIN_LIMIT_BYTES + 1, b"\n"),
    "a megabyte": lambda: GOOD_FILE.ljust(1_000_000, b"\n"),
}

GOOD_FILES: Final[Cases] = {
    "CR and LF": lambda: GOOD_FILE.replace(b"\n", b"\r\n"),
    "no line break at the end": GOOD_FILE.rstrip,
    "byte order mark": lambda: b"\xef\xbb\xbf" + GOOD_FILE,
    "words before, between and after": lambda: b"a\n" + FIRST + b"b\n" + SECOND_ONE + b"c\n",
    "bytes between": lambda: FIRST + b"\xff\xfe\n" + SECOND_ONE,
    "blank lines": lambda: b"\n\n" + FIRST + b"\n\n\n" + SECOND_ONE + b"\n\n",
    "base64 on one line": lambda: one_line(FIRST) + one_line(SECOND_ONE),
    "private key behind": lambda: GOOD_FILE + PRIVATE,
    "private key in front": lambda: PRIVATE + GOOD_FILE,
    "revocation list between": lambda: FIRST + revocation_list() + SECOND_ONE,
    "as large as allowed": lambda: GOOD_FILE.ljust(CHAIN_LIMIT_BYTES, b"\n"),
    "as many as allowed": lambda: GOOD_FILE + pem(*strangers(CHAIN_LIMIT_CERTIFICATES - 2)),
}


@pytest.mark.parametrize("name", GOOD_WAYS)
def test_a_way_to_a_trusted_root_is_found(name: str) -> None:
    assert let_in(GOOD_WAYS[name]())


@pytest.mark.parametrize("name", BAD_WAYS)
def test_without_a_way_to_a_trusted_root_nobody_is_let_in(name: str) -> None:
    assert not let_in(BAD_WAYS[name]())


@pytest.mark.parametrize("name", GOOD_CONSTRAINTS)
def test_a_name_inside_the_constraints_is_let_in(name: str) -> None:
    assert let_in(GOOD_CONSTRAINTS[name]())


@pytest.mark.parametrize("name", GOOD_PAPERS)
def test_a_certificate_that_says_enough_is_let_in(name: str) -> None:
    assert let_in(GOOD_PAPERS[name]())


@pytest.mark.parametrize("name", BAD_PAPERS)
def test_a_certificate_that_says_the_wrong_thing_is_not_let_in(name: str) -> None:
    assert not let_in(BAD_PAPERS[name]())


@pytest.mark.parametrize("name", GOOD_FILES)
def test_what_else_is_in_the_file_does_no_harm(name: str) -> None:
    assert let_in(GOOD_FILES[name]())


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_broken_file_lets_nobody_in(name: str) -> None:
    assert not let_in(BAD_FILES[name]())


# --- the key --------------------------------------------------------------------------------

BAD_KEYS: Final[Mapping[str, Callable[[], object]]] = {
    "RSA of 512 bits": lambda: big_key(512),
    "RSA of 1024 bits": lambda: big_key(1024),
    "RSA of 2047 bits": lambda: big_key(2047),
    "RSA of 8193 bits": lambda: big_key(8193),
    "RSA of 16384 bits": lambda: big_key(16384),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()).public_key(),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()).public_key(),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()).public_key(),
    "Ed25519": lambda: ed25519.Ed25519PrivateKey.generate().public_key(),
    "Ed448": lambda: ed448.Ed448PrivateKey.generate().public_key(),
    "DSA": lambda: dsa.generate_private_key(2048).public_key(),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_another_kind_or_size_of_key_lets_nobody_in(name: str) -> None:
    assert not let_in(alone(public_key=BAD_KEYS[name]()))


@pytest.mark.parametrize(
    ("bits", "exponent"), [(2048, 3), (2048, 65537), (2049, 65537), (3072, 65537), (8192, 65537)]
)
def test_a_key_of_a_sensible_size_is_taken(bits: int, exponent: int) -> None:
    chain = alone(public_key=big_key(bits, exponent))
    keys = SigningKeys([top().certificate], Store({CHAIN_URL: chain}).fetch, Clock())
    assert keys.key_at(CHAIN_URL).key_size == bits


# --- roots of other kinds -------------------------------------------------------------------

BAD_ROOTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "expired": {"end": NOW - SECOND},
    "not yet valid": {"start": NOW + SECOND},
    "that is no authority": {"is_authority": False},
    "that may not sign": {"usages": ("digital_signature",)},
}


@pytest.mark.parametrize("name", BAD_ROOTS)
def test_a_root_that_should_not_be_trusted_lets_nobody_in(name: str) -> None:
    root = issuer("Odd Root", **BAD_ROOTS[name])
    chain = chain_of(Paper(), issuer("Below", root), root)
    refusal = refused(chain, roots=[root.certificate])
    assert refusal is not None
    assert refusal.status == 400


def test_the_signers_certificate_is_not_trusted_as_a_root() -> None:
    refusal = refused(pem(LEAF), roots=[strangers(1)[0]])
    assert refusal is not None


def test_a_throwaway_root_is_not_a_public_one() -> None:
    refusal = refused(pem(LEAF, INTERMEDIATE, ROOT), roots=public_trust_anchors())
    assert refusal is not None
    assert refusal.reason == "chain_untrusted"


# --- the dates, to the second, of a chain that is known already ------------------------------


@pytest.mark.parametrize("who", ["signer", "intermediate"])
@pytest.mark.parametrize(
    ("seconds_left", "accepted"), [(2, True), (1, True), (0.001, True), (-1, False), (-60, False)]
)
def test_a_known_key_is_refused_as_soon_as_anything_on_its_path_expires(
    who: str,
    seconds_left: float,
    accepted: bool,  # noqa: FBT001
) -> None:
    end = NOW + timedelta(minutes=10)
    chain = alone(end=end) if who == "signer" else under(end=end)
    clock = Clock()
    store = Store({CHAIN_URL: chain})
    verifier = RequestVerifier(
        SKILL_ID, [top().certificate], store.fetch, clock, timer=clock.seconds
    )
    first = as_body(envelope())
    verifier.verify(signed_headers(first), first)

    clock.now = end - timedelta(seconds=seconds_left)
    later = as_body(envelope(sent=clock.now))
    if accepted:
        verifier.verify(signed_headers(later), later)
        assert store.fetched == [CHAIN_URL]
    else:
        with pytest.raises(RequestRefusedError, match="chain_untrusted"):
            verifier.verify(signed_headers(later), later)


@pytest.mark.parametrize(
    ("chain", "at", "accepted"),
    [
        ({"start": NOW}, NOW, True),
        ({"start": NOW}, NOW - SECOND, False),
        ({"end": NOW}, NOW, True),
        ({"end": NOW}, NOW + SECOND, False),
        ({"start": NOW, "end": NOW}, NOW, True),
    ],
)
def test_the_dates_hold_to_the_second(
    chain: dict[str, Any],
    at: datetime,
    accepted: bool,  # noqa: FBT001
) -> None:
    assert let_in(alone(**chain), at) is accepted
    assert let_in(under(**chain), at) is accepted


def test_there_are_more_than_two_hundred_chains() -> None:
    groups = (GOOD_WAYS, BAD_WAYS, GOOD_CONSTRAINTS, GOOD_PAPERS, BAD_PAPERS, GOOD_FILES, BAD_FILES)
    assert sum(map(len, groups)) + len(BAD_KEYS) + len(BAD_ROOTS) > 200
