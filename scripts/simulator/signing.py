"""A throwaway certificate authority that signs requests the way Alexa does.

It lives in memory for one run of the simulator. The verifier in front of the skill is given
its root to trust, so everything else about a request is verified as in production.
"Host a Custom Skill as a Web Service" names the headers and the certificate's name.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scripts.simulator.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

SIGNER_NAME: Final = "echo-api.amazon.com"
CERTIFICATE_URL: Final = "https://s3.amazonaws.com/echo.api/echo-api-cert.pem"
SKILL_ID: Final = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"

_KEY_BITS: Final = 2048
_LIFE: Final = timedelta(days=3)
# Against a clock that is set back a little while the simulator runs.
_HEAD_START: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SigningAuthority:
    """A root, and a chain under it with the key that signs.

    Attributes:
        root: The certificate to trust.
        chain_pem: The signing certificate and the one above it, as PEM.
        key: The key that signs.
    """

    root: x509.Certificate
    chain_pem: bytes
    key: rsa.RSAPrivateKey

    def fetch(self, url: str) -> bytes:  # noqa: ARG002  # the verifier has judged the URL
        """Return the chain, whatever URL the verifier let through."""
        return self.chain_pem

    def signed_headers(self, body: bytes) -> dict[str, str]:
        """Return the two headers that let Alexa's signature on a body be checked."""
        signature = self.key.sign(body, padding.PKCS1v15(), SHA256())
        return {
            "SignatureCertChainUrl": CERTIFICATE_URL,
            "Signature-256": base64.b64encode(signature).decode(),
        }

    def write(self, folder: Path, endpoint_url: str | None = None) -> None:
        """Write what another client needs to sign for the simulator's endpoint.

        ``root.pem``, ``chain.pem``, ``leaf.key`` (PKCS8, unencrypted, for its owner alone) and
        ``client.json``, which tells the rest.

        Raises:
            SimulatorError: The folder cannot be written to.
        """
        client = {
            "endpoint": endpoint_url,
            "skill_id": SKILL_ID,
            "certificate_url": CERTIFICATE_URL,
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "root.pem").write_bytes(self.root.public_bytes(serialization.Encoding.PEM))
            (folder / "chain.pem").write_bytes(self.chain_pem)
            _write_private(folder / "leaf.key", _private_pem(self.key))
            (folder / "client.json").write_text(f"{json.dumps(client, indent=2)}\n", "utf-8")
        except OSError as error:
            raise SimulatorError(f"{folder}: cannot be written to ({error.strerror})") from error


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who a certificate is about, or who signs it."""

    name: x509.Name
    key: rsa.RSAPrivateKey


def throwaway_authority(now: datetime) -> SigningAuthority:
    """Return a new root, an intermediate below it, and a key that signs as Alexa's would."""
    root = _new_holder("Upper Back Check throwaway root")
    middle = _new_holder("Upper Back Check throwaway intermediate")
    leaf = _new_holder(SIGNER_NAME)
    chain = (
        _certificate(leaf, middle, now, _signer_extensions()),
        _certificate(middle, root, now, _authority_extensions(path_length=0)),
    )
    return SigningAuthority(
        root=_certificate(root, root, now, _authority_extensions(path_length=1)),
        chain_pem=b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain),
        key=leaf.key,
    )


def _new_holder(common_name: str) -> _Holder:
    return _Holder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]),
        rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS),
    )


def _certificate(
    holder: _Holder,
    issuer: _Holder,
    now: datetime,
    extensions: Iterator[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    holder_key, issuer_key = holder.key.public_key(), issuer.key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(holder.name)
        .issuer_name(issuer.name)
        .public_key(holder_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _HEAD_START)
        .not_valid_after(now + _LIFE)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(holder_key), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.key, SHA256())


def _authority_extensions(path_length: int) -> Iterator[tuple[x509.ExtensionType, bool]]:
    yield x509.BasicConstraints(ca=True, path_length=path_length), True
    yield _key_usage(signs_certificates=True), True


def _signer_extensions() -> Iterator[tuple[x509.ExtensionType, bool]]:
    yield x509.BasicConstraints(ca=False, path_length=None), True
    yield _key_usage(signs_certificates=False), True
    yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
    yield x509.SubjectAlternativeName([x509.DNSName(SIGNER_NAME)]), False


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, from its first moment on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
