"""Where Alexa's certificate chains may lie.

Every request names the URL of one. The URL is the sender's choice, so it is checked before
anything is fetched.
"""

import re
from functools import lru_cache
from typing import Final

from skill.errors import RequestRefusedError

# "Host a Custom Skill as a Web Service" fixes the host and the folder.
_HOST: Final = "s3.amazonaws.com"
_FOLDER: Final = "/echo.api/"

_LIMIT_CHARACTERS: Final = 512
_REMEMBERED: Final = 16

# An allow-list: no user, query, fragment, percent sign, backslash, blank or control character.
# ASCII, because a long s (U+017F) would otherwise match "s" when the case is ignored.
_URL: Final = re.compile(
    r"(?i:https://" + re.escape(_HOST) + r")(?::443)?(?P<path>/[A-Za-z0-9._~/-]*)", re.ASCII
)


@lru_cache(maxsize=_REMEMBERED)  # of good ones alone, and a good one is short
def canonical_chain_url(url: str) -> str:
    """Return the one URL to fetch for what ``SignatureCertChainUrl`` says.

    The caller must fetch the URL returned, never the one that was sent: they
    may differ in dot segments, and only this one has been checked.

    Raises:
        RequestRefusedError: Alexa keeps no certificates at that URL.
    """
    parts = _URL.fullmatch(url) if len(url) <= _LIMIT_CHARACTERS else None
    path = _without_dot_segments(parts["path"]) if parts else ""
    # The folder alone is case-sensitive: it is a bucket's name.
    if not path.startswith(_FOLDER):
        raise RequestRefusedError("chain_url_refused")
    return f"https://{_HOST}{path}"


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
