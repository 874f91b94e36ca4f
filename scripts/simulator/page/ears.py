"""What the page hears with: one recogniser for each locale, one recording at a time."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from scripts.simulator.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulator.page.ports import Recogniser

NO_RECOGNISER: Final = (
    "no recogniser is installed: pocketsphinx has no build for every Python and machine"
)


class Ears:
    """The recognisers, each made when it is first asked for.

    Args:
        recogniser_for: Returns the one of a locale; ``None`` where there is none at all.
    """

    def __init__(self, recogniser_for: Callable[[str], Recogniser | None] | None) -> None:
        self._recogniser_for = recogniser_for
        self._recognisers: dict[str, Recogniser] = {}
        self._lock = Lock()

    def problem(self, locale: str) -> str | None:
        """Return why nothing can be heard in a locale, ``None`` if it can."""
        try:
            with self._lock:
                self._recogniser(locale)
        except SimulatorError as error:
            return str(error)
        return None

    def words(self, locale: str, wav: bytes) -> str:
        """Return the words in a recording, "" where there are none.

        Raises:
            SimulatorError: There is no recogniser, or it cannot listen.
        """
        with self._lock:
            return self._recogniser(locale).words(wav)

    def _recogniser(self, locale: str) -> Recogniser:
        if locale not in self._recognisers:
            made = self._recogniser_for(locale) if self._recogniser_for else None
            if made is None:
                raise SimulatorError(NO_RECOGNISER)
            self._recognisers[locale] = made
        return self._recognisers[locale]
