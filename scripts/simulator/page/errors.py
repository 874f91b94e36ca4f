"""Why the page's server does not do what was asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulator.errors import SimulatorError

if TYPE_CHECKING:
    from http import HTTPStatus


class RefusedError(SimulatorError):
    """A request that cannot be taken, with the HTTP status that says so.

    Attributes:
        status: The status.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
