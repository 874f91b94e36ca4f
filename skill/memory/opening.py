"""From an operator's settings to a memory, tried before the first caller needs it.

The libraries of a store are imported where it is asked for, and nowhere else: a server without
a memory needs none of them, and starts as fast as ever.
"""

from __future__ import annotations

import logging
import os
import time
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from skill.errors import ConfigurationError
from skill.log_lines import write_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.memory.guarded import GuardedMemory
    from skill.memory.measuring import Measures
    from skill.memory.rows import Rows
    from skill.memory.sealed import SealedMemory

_LOGGER: Final = logging.getLogger(__name__)

_SECRET_BYTES: Final = 32
_USUAL_HOURS: Final = "24"
_MOST_HOURS: Final = 30 * 24  # thirty days, as docs/privacy.md promises


def memory_from(
    settings: Mapping[str, str], skill_id: str, measures: Measures | None = None
) -> GuardedMemory | None:
    """Return the memory that the settings ask for, or ``None`` if they ask for none.

    A store that cannot be reached just now keeps no one from starting: an emergency does not
    wait for it. That is told in the log.

    Args:
        settings: The environment: ``MEMORY_URL`` and, where it is set, ``MEMORY_SECRET``,
            ``MEMORY_KEYS`` and ``MEMORY_HOURS``.
        skill_id: The skill whose callers they are.
        measures: Where it is taken down how operations go.

    Raises:
        ConfigurationError: A setting is missing or wrong, or the store can never be used so.
    """
    url = settings.get("MEMORY_URL")
    if not url:
        return None
    try:
        from skill.memory.sealed import SealedMemory  # noqa: PLC0415  # see above
        from skill.memory.sealing import Sealer  # noqa: PLC0415

        rows = _rows(url)
        secret = _secret(settings.get("MEMORY_SECRET", ""), "MEMORY_SECRET")
        keys = _keys(settings.get("MEMORY_KEYS", ""), secret)
        hours = _hours(settings.get("MEMORY_HOURS", _USUAL_HOURS))
        memory = SealedMemory(rows, Sealer(secret, keys, skill_id), hours, time.time)
        return _opened(rows, memory, measures)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"MEMORY_URL needs {error.name}, which is not installed:"
            " install requirements-memory.lock."
        ) from error


def _opened(rows: Rows, memory: SealedMemory, measures: Measures | None) -> GuardedMemory:
    from skill.memory.guarded import GuardedMemory  # noqa: PLC0415  # see above

    is_down = False
    try:
        rows.prepare()
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever the engine says: it may be there later
        write_line(_LOGGER, logging.WARNING, "memory_unavailable", error)
        is_down = True
    finally:
        rows.close()
    guarded = GuardedMemory(memory, measures=measures, was_down=is_down)
    # What expires goes, even if a worker is never called. Not in the parent: it forks.
    os.register_at_fork(after_in_child=guarded.start_sweeping)
    return guarded


def _rows(url: str) -> Rows:
    """Return the store at an address, not tried yet."""
    try:
        parts = urlsplit(url)
    except ValueError as error:  # an address with half a bracket
        raise ConfigurationError("MEMORY_URL: it is no address.") from error
    match parts.scheme:
        case "sqlite":
            from skill.memory.sqlite import SqliteRows  # noqa: PLC0415

            path = Path(unquote(parts.path))
            if parts.netloc or not path.name:
                raise ConfigurationError(
                    "MEMORY_URL: give the whole path of a file, as in sqlite:///var/lib/checks.db."
                )
            return SqliteRows(path)
        case "postgresql":
            from skill.memory.postgresql import PostgresqlRows  # noqa: PLC0415

            return PostgresqlRows(url)
        case "dynamodb":
            from skill.memory.dynamodb import DynamodbRows  # noqa: PLC0415

            if not parts.netloc:
                raise ConfigurationError(
                    "MEMORY_URL: give the name of a table, as in dynamodb://checks?region=us-east-1."
                )
            options = dict(parse_qsl(parts.query))
            return DynamodbRows(parts.netloc, options.get("region"), options.get("endpoint"))
        case _:
            # Without the rest of it, which may hold a password.
            raise ConfigurationError(
                f"MEMORY_URL begins with {parts.scheme!r}: give sqlite, postgresql or dynamodb."
            )


def _secret(text: str, setting: str) -> bytes:
    try:
        secret = b64decode(text, validate=True)
    except ValueError:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        what = "is not set" if not text else f"holds {len(secret)} bytes in base64"
        raise ConfigurationError(
            f"{setting} {what}: give {_SECRET_BYTES}, as `openssl rand -base64 32` makes them."
        )
    return secret


def _keys(text: str, secret: bytes) -> list[bytes]:
    keys = [_secret(key, "MEMORY_KEYS") for key in text.split() or [""]]
    if secret in keys:
        raise ConfigurationError("MEMORY_SECRET is one of MEMORY_KEYS: give it a value of its own.")
    return keys


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_HOURS):
        raise ConfigurationError(
            f"MEMORY_HOURS is {text!r}: give a whole number from 1 to {_MOST_HOURS}."
        )
    return int(text)
