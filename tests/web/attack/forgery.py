"""Certificates to order, each wrong in one way at most, and authorities to issue them.

A plain `Paper` is the good certificate of Alexa; what is changed in it is the attack.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.web import chains
from tests.web.chains import NOW, SIGNER, rsa_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.padding import PSS
    from cryptography.hazmat.primitives.asymmetric.types import (
        CertificateIssuerPrivateKeyTypes,
        CertificatePublicKeyTypes,
    )
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    Extras: TypeAlias = Sequence[tuple[x509.ExtensionType, bool]]

DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
SERVER: Final = ExtendedKeyUsageOID.SERVER_AUTH
UNKNOWN: Final = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\0")
UNKNOWN_TOO: Final = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.4.1.99999.2"), b"\x05\0"
)

_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Issuer:
    """Who signs: a name, a key to sign with, and a certificate that says so."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes


@dataclass(frozen=True)
class Paper:
    """What a certificate says."""

    subject: str | None = SIGNER
    names: Sequence[x509.GeneralName] | None = (x509.DNSName(SIGNER),)
    purposes: Sequence[x509.ObjectIdentifier] | None = (SERVER,)
    usages: Sequence[str] | None = ("digital_signature", "key_encipherment")
    is_authority: bool | None = False
    path_length: int | None = None
    start: datetime = NOW - 30 * DAY
    end: datetime = NOW + 30 * DAY
    extras: Extras = ()
    issuer_name: str | None = None
    names_its_issuers_key: bool = True
    public_key: CertificatePublicKeyTypes | None = None
    hashed_with: HashAlgorithm | None = field(default_factory=SHA256)
    padding: PSS | None = None

    def by(self, issuer: Issuer | None = None) -> x509.Certificate:
        """Return the certificate; without an issuer the good intermediate signs it."""
        issuer = issuer or between()
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(self.subject))
            .issuer_name(
                named(self.issuer_name) if self.issuer_name else issuer.certificate.subject
            )
            .public_key(self.public_key or rsa_key("alexa").public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.start)
            .not_valid_after(self.end)
        )
        for extension, critical in self._extensions(issuer):
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer.key, self.hashed_with, rsa_padding=self.padding)  # type: ignore[arg-type]  # a forger hashes as he likes

    def _extensions(self, issuer: Issuer) -> Extras:
        found: list[tuple[x509.ExtensionType, bool]] = list(self.extras)
        if self.names_its_issuers_key:
            key = issuer.certificate.public_key()
            found.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(key), False))  # type: ignore[arg-type]  # it cannot know which kinds we make
        if self.is_authority is not None:
            found.append((x509.BasicConstraints(self.is_authority, self.path_length), True))
        if self.is_authority and self.public_key is not None:
            found.append((x509.SubjectKeyIdentifier.from_public_key(self.public_key), False))
        if self.names is not None:
            found.append((x509.SubjectAlternativeName(self.names), not self.subject))
        if self.purposes is not None:
            found.append((x509.ExtendedKeyUsage(self.purposes), False))
        if self.usages is not None:
            found.append(
                (x509.KeyUsage(**{usage: usage in self.usages for usage in _USAGES}), True)
            )
        return found


AUTHORITY: Final = Paper(
    names=None,
    purposes=None,
    usages=("key_cert_sign", "crl_sign", "digital_signature"),
    is_authority=True,
    start=NOW - 365 * DAY,
    end=NOW + 365 * DAY,
)
"""What a good authority's certificate says, but for its name and key."""


def named(common_name: str | None) -> x509.Name:
    """Return a name; an empty one for nobody."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    return x509.Name(attributes)


def issuer(
    name: str,
    by: Issuer | None = None,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    **changes: Any,  # noqa: ANN401  # members of `Paper`
) -> Issuer:
    """Return an authority, good but for the changes; a root when nobody issues it."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    paper = replace(AUTHORITY, subject=name, public_key=key.public_key(), **changes)
    if by is not None:
        return Issuer(paper.by(by), key)
    itself = replace(paper, names_its_issuers_key=False, issuer_name=paper.issuer_name or name)
    return Issuer(itself.by(Issuer(chains.root().certificate, key)), key)


@cache
def top() -> Issuer:
    """Return the root that is trusted."""
    return Issuer(chains.root().certificate, chains.root().key)


@cache
def between() -> Issuer:
    """Return the good intermediate authority."""
    return Issuer(chains.intermediate().certificate, chains.intermediate().key)


@cache
def with_rsa() -> Issuer:
    """Return a good intermediate authority that signs with RSA."""
    return issuer("RSA Intermediate", top(), rsa_key("authority"))


def big_key(bits: int, exponent: int = 65537) -> CertificatePublicKeyTypes:
    """Return an RSA key of that size. Nobody has the private one, and here nobody needs it."""
    return RSAPublicNumbers(exponent, 2 ** (bits - 1) + 1).public_key()


# The names of PKCS #1 v1.5 signature algorithms (RFC 8017 appendix C), by their last byte.
_SHA256_WITH_RSA: Final = bytes.fromhex("06092a864886f70d01010b")
_ALGORITHMS: Final[Mapping[str, tuple[int, bytes]]] = {
    "md5": (4, bytes.fromhex("3020300c06082a864886f70d020505000410")),
    "sha1": (5, bytes.fromhex("3021300906052b0e03021a05000414")),
    "sha256": (11, bytes.fromhex("3031300d060960864801650304020105000420")),
}


def signed_anew(
    good: x509.Certificate, algorithm: str = "sha256", find: bytes = b"", put: bytes = b""
) -> x509.Certificate:
    """Return a certificate of `with_rsa` with bytes changed, and truly signed after that.

    By an algorithm that nobody trusts any more, or with contents that no library would write.
    """
    assert len(find) == len(put)
    assert find in good.tbs_certificate_bytes
    number, prefix = _ALGORITHMS[algorithm]
    name = _SHA256_WITH_RSA[:-1] + bytes([number])
    part = good.tbs_certificate_bytes.replace(_SHA256_WITH_RSA, name)
    part = part.replace(find, put) if find else part
    digest = prefix + hashlib.new(algorithm, part, usedforsecurity=False).digest()
    key = rsa_key("authority")
    size = key.key_size // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    numbers = key.private_numbers()
    signature = pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n)
    whole = good.public_bytes(Encoding.DER)
    head, tail = whole.split(good.tbs_certificate_bytes)
    tail = tail.replace(_SHA256_WITH_RSA, name)
    return x509.load_der_x509_certificate(head + part + tail[:-size] + signature.to_bytes(size))


def altered(certificate: x509.Certificate, find: bytes, put: bytes) -> x509.Certificate:
    """Return a certificate with bytes changed after it was signed."""
    assert len(find) == len(put)
    whole = certificate.public_bytes(Encoding.DER)
    assert find in whole
    return x509.load_der_x509_certificate(whole.replace(find, put))
