"""When the key in a certificate chain is to be trusted.

What is fetched is not believed before the chain leads to a root that the operator's machine
trusts.
"""

import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import certifi
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from skill.errors import RequestRefusedError

# "Host a Custom Skill as a Web Service" fixes the name.
_SIGNER_NAME: Final = "echo-api.amazon.com"

CHAIN_LIMIT_BYTES: Final = 64 * 1024
CHAIN_LIMIT_CERTIFICATES: Final = 8
_LIMIT_DEPTH: Final = 4
_RSA_BITS: Final = range(2048, 8192 + 1)

_PEM_CERTIFICATE: Final = re.compile(
    "-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL | re.ASCII
)


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
        expires: The last moment at which all of them are.
    """

    public_key: RSAPublicKey
    begins: datetime
    expires: datetime

    def holds_at(self, now: datetime) -> bool:
        """Tell whether every certificate on the path is within its dates."""
        return self.begins <= now <= self.expires


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
    policy = PolicyBuilder().store(roots).time(now).max_chain_depth(_LIMIT_DEPTH)
    try:
        # Not the client verifier: Amazon issues certificates without that purpose since 2025.
        path = policy.build_server_verifier(x509.DNSName(_SIGNER_NAME)).verify(leaf, others)
        public_key = leaf.public_key()
        meant_for_signing = _is_meant_for_signing(leaf.extensions)
    except (VerificationError, UnsupportedAlgorithm, x509.ExtensionNotFound, *_UNREADABLE) as error:
        raise RequestRefusedError("chain_untrusted") from error
    if not (isinstance(public_key, RSAPublicKey) and public_key.key_size in _RSA_BITS):
        raise RequestRefusedError("chain_key_unsuitable")
    if not meant_for_signing:
        raise RequestRefusedError("chain_untrusted")
    key = TrustedKey(
        public_key,
        begins=max(certificate.not_valid_before_utc for certificate in path),
        expires=min(certificate.not_valid_after_utc for certificate in path),
    )
    if not key.holds_at(now):  # the verifier leaves out the parts of a second
        raise RequestRefusedError("chain_untrusted")
    return key


def _is_meant_for_signing(extensions: x509.Extensions) -> bool:
    """Ask for what the server verifier leaves open, of extensions that must be there.

    It would take ``*.amazon.com`` for the name, and no usage or no purpose for
    any. What the purposes are is its own check, once there are some.
    """
    extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return usage.digital_signature and _SIGNER_NAME in names.get_values_for_type(x509.DNSName)
