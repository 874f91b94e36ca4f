"""Keys for callers that tell nobody who they are, and documents that nobody else can read."""

from __future__ import annotations

import hmac
import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # what AES-GCM is specified for


class UnreadableDocumentError(Exception):
    """A document was sealed with a key that is not there, for another row, or was changed."""


class Sealer:
    """Makes the keys and seals the documents of one skill.

    Args:
        secret: What callers' keys are made with. With another one nothing is found again.
        keys: Of `KEY_BYTES` each: the first one seals, every one unseals.
        skill_id: The skill.
    """

    def __init__(self, secret: bytes, keys: Sequence[bytes], skill_id: str) -> None:
        self._secret = secret
        self._skill_id = skill_id
        # Named after itself, so that nobody has to name it, or can name two alike.
        self._ciphers = {sha256(b"key id" + key).hexdigest()[:16]: AESGCM(key) for key in keys}
        self._sealing_key_id = next(iter(self._ciphers))

    def caller_key(self, caller: str) -> bytes:
        """Return the key of a user id, of 32 bytes."""
        return self._digest("caller", self._skill_id, caller)

    def request_digest(self, request_id: str) -> bytes:
        """Return what a request id is recognised by, of 32 bytes."""
        return self._digest("request", self._skill_id, request_id)

    def seal(
        self, document: Mapping[str, object], caller_key: bytes, version: int
    ) -> tuple[str, bytes]:
        """Return the key's id and a document that unseals in this version of this row only."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = json.dumps(document, separators=(",", ":")).encode()
        place = _place(caller_key, version)
        cipher = self._ciphers[self._sealing_key_id]
        return self._sealing_key_id, nonce + cipher.encrypt(nonce, plain, place)

    def unseal(
        self, key_id: str | None, sealed: bytes, caller_key: bytes, version: int
    ) -> Mapping[str, object]:
        """Return the document.

        Raises:
            UnreadableDocumentError: It cannot be read, or not here.
        """
        cipher = self._ciphers.get(key_id or "")
        if cipher is None:
            raise UnreadableDocumentError
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            plain = cipher.decrypt(nonce, rest, _place(caller_key, version))
        except (InvalidTag, ValueError) as error:  # the latter where there is too little of it
            raise UnreadableDocumentError from error
        document: Mapping[str, object] = json.loads(plain)  # ours: nobody else has the key
        return document

    def _digest(self, *parts: str) -> bytes:
        # As JSON, in which no two lists of words look alike.
        return hmac.digest(self._secret, json.dumps(parts).encode(), sha256)


def _place(caller_key: bytes, version: int) -> bytes:
    return caller_key + str(version).encode()
