"""One pretend Echo for each browser tab, and what the page is told of a turn."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Final

from scripts.simulator.page.errors import RefusedError
from scripts.simulator.transcripts import heard_lines, shown
from scripts.simulator.understanding import FALLBACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulator.device import Turn
    from scripts.simulator.page.ports import Hearing, Viewing

MOST_TABS: Final = 64

_GONE: Final = (
    "this tab's device is gone: the simulator was started anew, or many tabs were opened since"
)
_NOT_UNDERSTOOD: Final = f"not understood; sent as {FALLBACK}"


@dataclass(slots=True)
class Tab:
    """A browser tab and its device.

    Attributes:
        device: The device.
        viewer: Tells what the engine makes of its turns.
        lock: Held during a turn, so that two requests of one tab cannot mix.
    """

    device: Hearing
    viewer: Viewing
    lock: Lock = field(default_factory=Lock)

    def hear(self, utterance: str) -> dict[str, object]:
        """Say something to the device, "" for silence, and return the turn for the page."""
        with self.lock:
            turn = self.device.hear(utterance)
            is_open = self.device.is_listening
        engine = None
        if turn.request is not None:
            engine = self.viewer.view(turn.request, turn.response)
        return {
            "says": turn.says,
            "ssml": turn.ssml,
            "is_open": is_open,
            "session_ends": turn.session_ends,
            "notes": notes(turn),
            "failure": turn.failure,
            "lines": [shown(turn.utterance), *heard_lines(turn)],
            "request": turn.request,
            "status": turn.status,
            "response": turn.response,
            "engine": None if engine is None else asdict(engine),
        }


class Tabs:
    """The tabs that are open, as far as anybody knows; the one unused for longest goes first.

    Args:
        new_tab: Returns a tab with a new device of a locale.
        most: How many to keep.
    """

    def __init__(self, new_tab: Callable[[str], Tab], most: int = MOST_TABS) -> None:
        self._new_tab = new_tab
        self._most = most
        self._tabs: OrderedDict[str, Tab] = OrderedDict()
        self._lock = Lock()

    def open(self, locale: str) -> str:
        """Return the id of a new tab, which nobody can guess."""
        tab = self._new_tab(locale)
        tab_id = secrets.token_urlsafe(16)
        with self._lock:
            self._tabs[tab_id] = tab
            while len(self._tabs) > self._most:
                self._tabs.popitem(last=False)
        return tab_id

    def get(self, tab_id: str) -> Tab:
        """Return the tab of that id.

        Raises:
            RefusedError: There is none, or none any more.
        """
        with self._lock:
            tab = self._tabs.get(tab_id)
            if tab is None:
                raise RefusedError(HTTPStatus.GONE, _GONE)
            self._tabs.move_to_end(tab_id)
            return tab


def notes(turn: Turn) -> list[str]:
    """Return what a person should know of a turn and could not hear."""
    told = [] if turn.note is None else [turn.note]
    match turn.request:
        case {"request": {"intent": {"name": name}}} if name == FALLBACK:
            told.append(_NOT_UNDERSTOOD)
    return told
