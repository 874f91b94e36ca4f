"""What the page sends: small JSON objects, and recordings."""

from __future__ import annotations

import io
import json
import wave
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from scripts.simulator.page.errors import RefusedError

if TYPE_CHECKING:
    from flask import Request

MOST_JSON_BYTES: Final = 64 * 1024
MOST_WAV_BYTES: Final = 1024 * 1024

RATE: Final = 16_000
_SAMPLE_BYTES: Final = 2


def text_of(request: Request, name: str, most: int) -> str:
    """Return the text that a JSON object holds under its only key.

    Raises:
        RefusedError: The body is anything else.
    """
    expected = f'expected a JSON object with the text "{name}"'
    if request.mimetype != "application/json":
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: {expected} (application/json)"
        )
    request.max_content_length = MOST_JSON_BYTES
    try:
        document = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError) as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"body: {expected}, found no JSON") from error
    text = document.get(name) if isinstance(document, dict) else None
    if not isinstance(text, str) or len(document) > 1:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"body: {expected} and nothing else")
    if len(text) > most:
        message = f"{name}: expected at most {most:,} characters, found {len(text):,}"
        raise RefusedError(HTTPStatus.BAD_REQUEST, message)
    return text


def recording_of(request: Request) -> bytes:
    """Return the WAV file that a body is: 16 kHz, 16 bit, mono, with something in it.

    Raises:
        RefusedError: The body is anything else.
    """
    expected = "expected a WAV file of 16,000 samples a second, 16 bit, mono"
    if request.mimetype != "audio/wav":
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: {expected} (audio/wav)"
        )
    request.max_content_length = MOST_WAV_BYTES
    body = request.get_data(cache=False)
    try:
        with wave.open(io.BytesIO(body)) as file:
            shape = (file.getframerate(), file.getsampwidth(), file.getnchannels())
            frames = file.getnframes()
    except (wave.Error, EOFError) as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"body: {expected}") from error
    if shape != (RATE, _SAMPLE_BYTES, 1) or not 0 < frames * _SAMPLE_BYTES < len(body):
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"body: {expected}")
    return body
