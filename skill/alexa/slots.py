"""The door through which what was said comes in: as an id or a number, never as words."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import isodate
from ask_sdk_model.slu.entityresolution import StatusCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ask_sdk_model import Slot

_DAYS_A_MONTH = 30
_DAYS_A_YEAR = 365
_SECONDS_A_DAY = 86_400

_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
_MOST_DURATION_CHARACTERS = 40

# Alexa may match "no chest pain" to chest pain. A value that starts by denying, or denies
# having something further on, is not taken for a finding ...
_DENIAL = re.compile(
    r"^(?:no|not|never|none|without|neither|nor|free of|zero)\b"
    r"|\b(?:don't|do not|doesn't|does not|didn't|did not|haven't|have not|hasn't|has not|ain't"
    r"|never)(?: really| ever| even)? (?:have|had|got|get|any|a|feel any|been)\b"
    r"|\b(?:isn't|aren't|wasn't|is not|are not) (?:any|a|really)\b"
    r"|\bno longer (?:have|has|got|hurt|feel any)|\bused to (?:have|get|be)\b",
    re.IGNORECASE,
)
# ... but for words that are themselves the complaint: something lost or not working.
_LOSS = re.compile(
    r"^(?:no|not|not much|zero) (?:feeling|sensation|control|balance|strength|power|grip|grasp"
    r"|use|movement|reflexes|peeing|pee|urine|wee|weeing|able|in control|steady|walking|breath"
    r"|breathing|air|getting enough|urinating|going|emptying|eased|better|relief|position|safe"
    r"|making|responding|reason|point|spleen|eased|waking up|himself|herself|myself)\b"
    r"|\b(?:haven't|hasn't|have not|has not) been able\b",
    re.IGNORECASE,
)
_INABILITY = re.compile(r"(?:can't|cannot|can not|couldn't|won't)\b", re.IGNORECASE)


def resolved_ids(slots: Mapping[str, Slot]) -> tuple[str, ...]:
    """Return the ids of the values that Alexa matched, in the order of the slots.

    Ids, never names: names are translated and synonyms vary by locale. Left out are slots
    without a match, and values that deny what they name.
    """
    matched = (_resolved_id(slot) for slot in slots.values())
    return tuple(dict.fromkeys(finding for finding in matched if finding))


def whole_number(slots: Mapping[str, Slot], name: str) -> int | None:
    """Return the number in an ``AMAZON.NUMBER`` slot, or ``None`` if there is none.

    Alexa sends digits, ``?`` for what it did not understand, or nothing at all.
    """
    value = _value(slots, name)
    return int(value) if _WHOLE_NUMBER.fullmatch(value) else None


def days(slots: Mapping[str, Slot], name: str) -> int | None:
    """Return the length of an ``AMAZON.DURATION`` slot in whole days, or ``None``.

    Alexa sends ISO 8601, such as ``P6W``. A month counts as 30 days, a year as 365; a part of
    a day counts as a whole one, because the longer time is never the calmer one.
    """
    value = _value(slots, name)
    if not any(digit in value for digit in "0123456789"):
        return None
    if len(value) > _MOST_DURATION_CHARACTERS or not value.isascii():
        return None
    try:
        length = isodate.parse_duration(value)
        if isinstance(length, isodate.Duration):
            span = length.tdelta + timedelta(
                days=float(length.years * _DAYS_A_YEAR + length.months * _DAYS_A_MONTH)
            )
        else:
            span = length
        whole = math.ceil(span.total_seconds() / _SECONDS_A_DAY)
    except (ValueError, ArithmeticError, TypeError):
        return None
    return whole if whole >= 0 else None


def denies(words: str) -> bool:
    """Say whether the words of a slot deny what they name."""
    words = words.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return bool(_DENIAL.search(words)) and not _LOSS.search(words)


def names_a_loss(words: str) -> bool:
    """Say whether the words of a slot name something that the person can no longer do or feel."""
    return bool(_LOSS.search(words)) or bool(_INABILITY.match(words))


def _resolved_id(slot: Slot) -> str | None:
    authorities = slot.resolutions.resolutions_per_authority if slot.resolutions else None
    for authority in authorities or ():
        matched = authority.status and authority.status.code is StatusCode.ER_SUCCESS_MATCH
        best = authority.values[0].value if matched and authority.values else None
        if best and best.id:
            return None if denies(slot.value or "") else str(best.id)
    return None


def _value(slots: Mapping[str, Slot], name: str) -> str:
    slot = slots.get(name)
    return (slot.value or "").strip() if slot else ""
