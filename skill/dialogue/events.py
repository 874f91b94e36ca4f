"""What can happen in a conversation, named by what the caller did and not by how it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from skill.triage.model import YesNo


@dataclass(frozen=True, slots=True)
class Opened:
    """The caller opened the skill and said nothing more."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The caller said yes, no, or that they are not sure."""

    answer: YesNo


@dataclass(frozen=True, slots=True)
class Counted:
    """The caller gave a bare number; ``None`` if it was not understood."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Lasted:
    """The caller gave a length of time, in days; ``None`` if it was not understood."""

    days: int | None


@dataclass(frozen=True, slots=True)
class Aged:
    """The caller gave an age, in years; ``None`` if it was not understood."""

    years: int | None


@dataclass(frozen=True, slots=True)
class Treated:
    """The caller said for how many days they have treated it; ``None`` if not understood."""

    days: int | None


@dataclass(frozen=True, slots=True)
class Reported:
    """The caller named findings, asked about or not. Ids, in the order in which they were said."""

    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """The caller said that they do not have these findings."""

    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AboutOther:
    """The caller spoke of somebody else: what happened, and that the pain is not their own."""

    event: Event


@dataclass(frozen=True, slots=True)
class AboutSelf:
    """The caller said that the pain is their own."""


@dataclass(frozen=True, slots=True)
class AskedAbout:
    """The caller asked about a topic. An id of the rule set's topics."""

    topic: str


@dataclass(frozen=True, slots=True)
class Reassured:
    """The caller said that it is nothing, or that somebody thinks so."""


@dataclass(frozen=True, slots=True)
class GaveUnit:
    """The caller gave the unit of a number said before. Days in one such unit."""

    days: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """The caller takes the last answer back for this one: "no, I meant yes"."""

    answer: YesNo


@dataclass(frozen=True, slots=True)
class WentBack:
    """The caller wants the question before this one again."""


@dataclass(frozen=True, slots=True)
class ChangedMind:
    """The caller wants to answer again what was asked about these findings."""

    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskedWhy:
    """The caller wants to know why this is asked."""


@dataclass(frozen=True, slots=True)
class AskedMeaning:
    """The caller did not understand the question."""


@dataclass(frozen=True, slots=True)
class AskedHowMany:
    """The caller wants to know how many questions are left."""


@dataclass(frozen=True, slots=True)
class AskedForSummary:
    """The caller wants to hear what was said, to hand it to a doctor."""


@dataclass(frozen=True, slots=True)
class AskedForNumber:
    """The caller wants the emergency number again."""


@dataclass(frozen=True, slots=True)
class AskedToWait:
    """The caller needs a moment."""


@dataclass(frozen=True, slots=True)
class AskedForSlower:
    """The caller wants slower speech."""


@dataclass(frozen=True, slots=True)
class AskedForShorter:
    """The caller wants fewer words."""


@dataclass(frozen=True, slots=True)
class AskedForLouder:
    """The caller cannot hear well; the volume is the device's own."""


@dataclass(frozen=True, slots=True)
class AskedToRepeat:
    """The caller wants the last words again."""


@dataclass(frozen=True, slots=True)
class AskedForHelp:
    """The caller wants to know what this is and how to answer."""


@dataclass(frozen=True, slots=True)
class AskedToForget:
    """The caller wants that nothing of what they said is kept."""


@dataclass(frozen=True, slots=True)
class StartedOver:
    """The caller wants to begin again."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The caller wants to stop, cancel or go home."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Something was said that means nothing here."""


Event: TypeAlias = (
    Opened
    | Answered
    | Counted
    | Lasted
    | Aged
    | Treated
    | Reported
    | Denied
    | AboutOther
    | AboutSelf
    | AskedAbout
    | Reassured
    | GaveUnit
    | Corrected
    | WentBack
    | ChangedMind
    | AskedWhy
    | AskedMeaning
    | AskedHowMany
    | AskedForSummary
    | AskedForNumber
    | AskedToWait
    | AskedForSlower
    | AskedForShorter
    | AskedForLouder
    | AskedToRepeat
    | AskedForHelp
    | AskedToForget
    | StartedOver
    | Stopped
    | NotUnderstood
)
