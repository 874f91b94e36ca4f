"""A recorded conversation held again, and what is heard otherwise than it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.simulator.transcripts import Exchange, heard_lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.simulator.device import Turn
    from scripts.simulator.transcripts import Transcript


@dataclass(frozen=True, slots=True)
class Difference:
    """What was heard otherwise.

    Attributes:
        exchange: As it was recorded.
        heard: What is heard now.
    """

    exchange: Exchange
    heard: tuple[str, ...]

    def lines(self, file_name: str) -> Iterator[str]:
        """Give it as lines: where, then "-" before what was recorded and "+" before what is."""
        yield f"{file_name}:{self.exchange.place}: {shown(self.exchange.said)}"
        recorded = self.exchange.heard or ()
        yield from (f"  - {line}" for line in recorded or ["(nothing)"])
        yield from (f"  + {line}" for line in self.heard or ["(nothing)"])


class Comparison:
    """Compares each turn with the exchange that was recorded.

    Args:
        transcript: The conversation as it was recorded.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._recorded = iter(transcript.exchanges)
        self._compared = 0
        self.differences: list[Difference] = []

    def take(self, turn: Turn) -> Difference | None:
        """Return how the next turn differs from the one recorded, ``None`` if it does not."""
        exchange = next(self._recorded)
        heard = heard_lines(turn)
        if exchange.heard is None:
            return None
        self._compared += 1
        if exchange.heard == heard:
            return None
        difference = Difference(exchange, heard)
        self.differences.append(difference)
        return difference

    def summary(self) -> str:
        """Return in a few words how much differs."""
        count = len(self.differences)
        return f"{count or 'none'} of {self._compared} turns went otherwise than recorded"


def records_answers(transcript: Transcript) -> bool:
    """Whether there is anything in it to compare with."""
    return any(exchange.heard is not None for exchange in transcript.exchanges)
