"""Throwaway authorities, certificates and signed requests, made when a test asks for them.

Authorities have elliptic-curve keys because those are quick to make; the RSA
keys that a test needs are made once each.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from skill.errors import RequestRefusedError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SKILL_ID = "amzn1.ask.skill.11111111-2222-4333-8444-555555555555"
OTHER_SKILL_ID = "amzn1.ask.skill.99999999-2222-4333-8444-555555555555"
CHAIN_URL = "https://s3.amazonaws.com/echo.api/echo-api-cert.pem"
SIGNER = "echo-api.amazon.com"


@cache
def rsa_key(owner: str, bits: int = 2048) -> RSAPrivateKey:
    """Return the RSA key of a fictitious owner, the same one each time."""
    assert owner
    return generate_rsa_key(65537, bits)


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: EllipticCurvePrivateKey | RSAPrivateKey


@dataclass(frozen=True)
class Terms:
    """What a certificate says; the defaults are those of a good one for Alexa."""

    common_name: str = SIGNER
    dns_names: Sequence[str] | None = (SIGNER,)
    purposes: Sequence[x509.ObjectIdentifier] | None = (ExtendedKeyUsageOID.SERVER_AUTH,)
    digital_signature: bool | None = True
    is_authority: bool = False
    not_before: datetime = NOW - timedelta(days=30)
    not_after: datetime = NOW + timedelta(days=30)


def issue(
    terms: Terms, public_key: RSAPublicKey | None = None, issuer: Authority | None = None
) -> x509.Certificate:
    """Return a certificate; without an issuer it is the intermediate authority's."""
    issuer = issuer or intermediate()
    key = public_key or rsa_key("alexa").public_key()
    builder = _builder(terms.common_name, issuer.certificate.subject)
    builder = builder.public_key(key).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.certificate.public_key()),  # type: ignore[arg-type]  # it cannot know which kinds we make
        critical=False,
    )
    return _dated_and_signed(builder, terms, issuer)


def issue_for_curve_key(terms: Terms) -> x509.Certificate:
    """Return a certificate that differs from a good one in its key, which is not RSA."""
    builder = _builder(terms.common_name, intermediate().certificate.subject)
    builder = builder.public_key(generate_private_key(SECP256R1()).public_key()).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(intermediate().key.public_key()),
        critical=False,
    )
    return _dated_and_signed(builder, terms, intermediate())


def _dated_and_signed(
    builder: x509.CertificateBuilder, terms: Terms, issuer: Authority
) -> x509.Certificate:
    builder = builder.not_valid_before(terms.not_before).not_valid_after(terms.not_after)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=terms.is_authority, path_length=None), critical=True
    )
    if terms.dns_names is not None:
        names = [x509.DNSName(name) for name in terms.dns_names]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if terms.purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(terms.purposes), critical=False)
    if terms.digital_signature is not None:
        usage = _key_usage(digital_signature=terms.digital_signature, key_cert_sign=False)
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer.key, SHA256())


def authority(
    name: str,
    issuer: Authority | None = None,
    key: EllipticCurvePrivateKey | RSAPrivateKey | None = None,
    days: tuple[int, int] = (-365, 365),
) -> Authority:
    """Return an authority valid for the days counted from `NOW`; a root when nobody issued it."""
    key = key or generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(name, issuer.certificate.subject if issuer else subject)
    builder = builder.public_key(key.public_key())
    builder = builder.not_valid_before(NOW + timedelta(days=days[0]))
    builder = builder.not_valid_after(NOW + timedelta(days=days[1]))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = _key_usage(digital_signature=True, key_cert_sign=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    if issuer:
        signer = issuer.key.public_key()
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer)
        builder = builder.add_extension(identifier, critical=False)
    return Authority(builder.sign(issuer.key if issuer else key, SHA256()), key)


def _builder(common_name: str, issuer: x509.Name) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    serial = x509.random_serial_number()
    return x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).serial_number(serial)


def _key_usage(*, digital_signature: bool, key_cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        key_encipherment=not digital_signature,  # a usage must name something
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@cache
def root() -> Authority:
    return authority("Throwaway Root")


@cache
def intermediate() -> Authority:
    return authority("Throwaway Intermediate", root())


@cache
def good_leaf() -> x509.Certificate:
    return issue(Terms())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def good_chain() -> bytes:
    return pem(good_leaf(), intermediate().certificate)


def signed_over_sha256_and_sha1() -> tuple[x509.Certificate, x509.Certificate, x509.Certificate]:
    """Return a good certificate, one whose only fault is SHA-1, and that of their authority.

    No library will sign over SHA-1 any more, so the two algorithm names in the
    good one are changed and the signature computed anew (RFC 8017 section 9.2).
    """
    key = rsa_key("old authority")
    issuer = authority("Throwaway RSA Intermediate", root(), key)
    good = issue(Terms(), issuer=issuer)
    prefix = bytes.fromhex("06092a864886f70d0101")
    sha256_with_rsa, sha1_with_rsa = prefix + b"\x0b", prefix + b"\x05"
    signed_part = good.tbs_certificate_bytes.replace(sha256_with_rsa, sha1_with_rsa)
    digest = bytes.fromhex("3021300906052b0e03021a05000414")
    digest += hashlib.sha1(signed_part).digest()  # noqa: S324  # it is the fault
    size = key.key_size // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    numbers = key.private_numbers()
    signature = pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n)
    der = good.public_bytes(Encoding.DER).replace(sha256_with_rsa, sha1_with_rsa)
    bad = x509.load_der_x509_certificate(der[:-size] + signature.to_bytes(size))
    return good, bad, issuer.certificate


@dataclass
class Clock:
    """A clock that stands still until a test moves it, and a timer beside it.

    Who sets `now` sets the clock alone, as an operator would.
    """

    now: datetime = NOW
    passed: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Return what a timer shows, which goes on but cannot be set."""
        return self.passed.total_seconds()

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)
        self.passed += timedelta(**by)


@dataclass
class Store:
    """The network: the files that can be fetched, and a record of what was."""

    files: dict[str, bytes | Exception] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    gate: threading.Event | None = None

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if self.gate is not None:
            assert self.gate.wait(10)
        file = self.files.get(url) or good_chain()
        if isinstance(file, Exception):
            raise file
        return file


@contextmanager
def refused(reason: str, status: int = 400) -> Iterator[None]:
    with pytest.raises(RequestRefusedError) as caught:
        yield
    assert (caught.value.reason, caught.value.status) == (reason, status)


def envelope(
    request_type: str = "LaunchRequest", sent: datetime = NOW, skill_id: str = SKILL_ID
) -> dict[str, object]:
    """Return the envelope of a request within a session."""
    application = {"applicationId": skill_id}
    return {
        "version": "1.0",
        "session": {"new": True, "sessionId": "s", "application": application},
        "context": {"System": {"application": application, "user": {"userId": "u"}}},
        "request": {
            "type": request_type,
            "requestId": "r",
            "timestamp": sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "locale": "en-US",
        },
    }


def as_body(content: Mapping[str, object]) -> bytes:
    return json.dumps(content).encode()


def signature_over(body: bytes, key: RSAPrivateKey | None = None) -> str:
    signer = key or rsa_key("alexa")
    return base64.b64encode(signer.sign(body, PKCS1v15(), SHA256())).decode()


def signed_headers(body: bytes, url: str = CHAIN_URL) -> dict[str, str]:
    return {"SignatureCertChainUrl": url, "Signature-256": signature_over(body)}
