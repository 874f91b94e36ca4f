"""The last good certificate chains on disk, for a start while Amazon's store is down."""

import logging
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from skill.errors import ConfigurationError
from skill.web.log_lines import write_line

_MOST_FILES: Final = 16
# What else lies in the folder is somebody else's, and is left alone.
_PREFIX: Final = "alexa-chain-"

_LOGGER = logging.getLogger(__name__)


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
        try:
            # Readable by the owner alone, and under its own name only once it is whole.
            with NamedTemporaryFile(dir=self._folder, prefix=_PREFIX, delete=False) as file:
                written = Path(file.name)
                try:
                    file.write(chain)
                    file.close()
                    written.replace(self._path(url))
                except OSError:
                    written.unlink(missing_ok=True)
                    raise
            self._remove_the_oldest()
        except OSError as error:
            write_line(_LOGGER, logging.WARNING, "chain_not_kept", error=type(error).__name__)

    def forget(self, url: str) -> None:
        """Forget a chain that Amazon has taken away."""
        with suppress(OSError):
            self._path(url).unlink(missing_ok=True)

    def knows(self, url: str) -> bool:
        """Tell whether a chain is kept for a URL."""
        return os.path.isfile(self._path(url))  # noqa: PTH113  # it never raises

    def chain_at(self, url: str, most_bytes: int) -> bytes | None:
        """Return the chain kept for a URL, or ``None`` if there is none or it is too large."""
        path = self._path(url)
        try:
            if not path.is_file():  # to open a pipe would wait for somebody to write
                return None
            with path.open("rb") as file:
                chain = file.read(most_bytes + 1)
        except OSError as error:
            write_line(_LOGGER, logging.WARNING, "kept_chain_lost", error=type(error).__name__)
            return None
        return chain if len(chain) <= most_bytes else None

    def _path(self, url: str) -> Path:
        return self._folder / f"{_PREFIX}{sha256(url.encode()).hexdigest()[:32]}.pem"

    def _remove_the_oldest(self) -> None:
        # Files that a crash left half-written have the prefix too, and go the same way.
        ours = [(path.stat().st_mtime, path) for path in self._folder.glob(f"{_PREFIX}*")]
        for _, path in sorted(ours, reverse=True)[_MOST_FILES:]:
            path.unlink(missing_ok=True)
