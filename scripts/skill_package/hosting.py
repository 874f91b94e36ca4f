"""Where the skill is run, as its manifest has to name it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from skill.errors import SkillError

if TYPE_CHECKING:
    from collections.abc import Iterator

CertificateType: TypeAlias = Literal["Trusted", "Wildcard"]
CERTIFICATE_TYPES: Final[tuple[str, ...]] = get_args(CertificateType)

_HTTPS_PORT: Final = 443
_HOST: Final = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
# RFC 3986, 3.3: path. An empty query or fragment is none to urlsplit, but is one to a comparison.
_PATH: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_LAMBDA: Final = re.compile(
    r"arn:aws:lambda:[a-z]{2}-[a-z]+-[0-9]:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}"
    r"(?::[A-Za-z0-9_-]{1,128})?"
)
# RFC 2606, 2 and 3: kept for examples.
_NOBODYS: Final = re.compile(r"(?:^|\.)example\.(?:com|net|org)$|\.(?:example|invalid|test)$")
# Amazon refuses addresses with its names in the domain.
_AMAZONS: Final = re.compile(r"alexa|amazon")


class HostingError(SkillError):
    """An address or ARN cannot stand in a manifest."""


@dataclass(frozen=True, slots=True)
class Hosting:
    """Where the skill is run.

    Attributes:
        uri: The address of the endpoint, or the ARN of the Lambda function.
        certificate: What kind of certificate the endpoint has; ``None`` for a function.
        privacy_address: The address of the privacy policy.
        terms_address: The address of the terms of use.
    """

    uri: str
    certificate: str | None
    privacy_address: str
    terms_address: str


def at_endpoint(
    address: str,
    certificate: str = "Trusted",
    privacy_address: str | None = None,
    terms_address: str | None = None,
) -> Hosting:
    """Return the hosting on an HTTPS server.

    The pages are looked for on the same server, as ``/privacy`` and ``/terms``, where no other
    address is given.

    Raises:
        HostingError: An address cannot be used.
    """
    host = _host_of(address, "the endpoint")
    return Hosting(
        address,
        certificate,
        _page(privacy_address or f"https://{host}/privacy", "the privacy policy"),
        _page(terms_address or f"https://{host}/terms", "the terms of use"),
    )


def in_lambda(arn: str, privacy_address: str | None, terms_address: str | None) -> Hosting:
    """Return the hosting in a Lambda function, whose pages have to be somewhere else.

    Raises:
        HostingError: The ARN or an address cannot be used, or an address is missing.
    """
    if not _LAMBDA.fullmatch(arn):
        raise HostingError(
            f"{arn!r} is no ARN of a Lambda function, such as "
            "arn:aws:lambda:us-east-1:123456789012:function:upper-back-check"
        )
    if privacy_address is None or terms_address is None:
        raise HostingError("a Lambda function shows no pages: give --privacy-url and --terms-url")
    return Hosting(
        arn,
        None,
        _page(privacy_address, "the privacy policy"),
        _page(terms_address, "the terms of use"),
    )


def before_submission(uri: str, privacy_address: str, terms_address: str) -> Iterator[str]:
    """Tell what may stand in a manifest while it is tried, and would be refused in certification.

    Args:
        uri: The address of the endpoint, or the ARN of the Lambda function.
        privacy_address: The address of the privacy policy.
        terms_address: The address of the terms of use.
    """
    pages = {"privacy policy": privacy_address, "terms of use": terms_address}
    hosts = {of: urlsplit(address).hostname or "" for of, address in pages.items()}
    endpoint_host = urlsplit(uri).hostname
    at_home = [pages[of] for of, host in hosts.items() if host == endpoint_host]
    if at_home:
        yield (
            f"deploy/nginx.conf serves no page at {' and '.join(at_home)}; serve them there "
            "yourself, or give --privacy-url and --terms-url"
        )
    for host in sorted({host for host in (endpoint_host, *hosts.values()) if host}):
        if _NOBODYS.search(host):
            yield f"{host} belongs to nobody; build the package with addresses of your own"


def why_not_https(address: str) -> str | None:
    """Return why an address cannot be one that Alexa calls or shows, ``None`` if it can."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        return str(error)
    reasons = {
        "it has to begin with https://": parts.scheme != "https",
        f"Alexa calls port {_HTTPS_PORT} only": port not in {None, _HTTPS_PORT},
        "it has to be a plain address without user, query, fragment or space": (
            parts.username is not None or re.search(r"[?#\s]", address) is not None
        ),
        "its path may hold only letters, digits and -._~/, others as %20": (
            not _PATH.fullmatch(parts.path)
        ),
        "a port is missing behind the colon": parts.netloc.endswith(":"),
        "it needs the full name of a host": not _HOST.fullmatch(parts.hostname or ""),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _page(address: str, of: str) -> str:
    host = _host_of(address, of)
    if _AMAZONS.search(host):
        raise HostingError(f"{of}, {address!r}: Amazon allows neither alexa nor amazon in the host")
    return address


def _host_of(address: str, of: str) -> str:
    reason = why_not_https(address)
    if reason is not None:
        raise HostingError(f"{of}, {address!r}: {reason}")
    return str(urlsplit(address).hostname)
