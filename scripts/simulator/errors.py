"""What keeps the simulator from going on; each message is one line for whoever typed."""

from __future__ import annotations

from skill.errors import SkillError


class SimulatorError(SkillError):
    """The simulator cannot start or cannot go on, for the reason its message gives."""


class EndpointError(SimulatorError):
    """The endpoint could not be reached, or its answer is none that Alexa would take."""
