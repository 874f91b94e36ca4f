"""The last good certificate chains on disk, for a start while Amazon's store is down."""

import os
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from skill.errors import ConfigurationError

_MOST_FILES: Final = 16
_ENDING: Final = ".pem"


class KeptChains:
    """A folder of certificate chains, by their URLs. Public certificates, and nothing else.

    What is read from it is trusted no more than what is fetched: the caller validates it
    anew. A disk that fails or is full costs nothing but the chain.

    Args:
        folder: Where they lie; it must be there and be writable.

    Raises:
        ConfigurationError: It is not.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
            raise ConfigurationError(f"CHAIN_FOLDER: {folder} is no folder that can be written to.")
        self._folder = folder

    def keep(self, url: str, chain: bytes) -> None:
        """Keep a chain that was found good, in place of the last one of that URL."""
        with suppress(OSError):
            self._make_room()
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                try:
                    file.write(chain)
                    file.flush()
                    Path(file.name).replace(self._path(url))
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise

    def chain_at(self, url: str, most_bytes: int) -> bytes | None:
        """Return the chain kept for a URL, or ``None`` if there is none or it is too large."""
        try:
            with self._path(url).open("rb") as file:
                chain = file.read(most_bytes + 1)
        except OSError:
            return None
        return chain if len(chain) <= most_bytes else None

    def _path(self, url: str) -> Path:
        return self._folder / f"{sha256(url.encode()).hexdigest()[:32]}{_ENDING}"

    def _make_room(self) -> None:
        ours = sorted(self._folder.glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime)
        for path in ours[: max(0, len(ours) - _MOST_FILES + 1)]:
            path.unlink(missing_ok=True)
