"""The door through which what was said comes in: as an id or a number, never as words."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import isodate
from ask_sdk_model.slu.entityresolution import StatusCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ask_sdk_model import Slot

DAYS_A_MONTH = 30
DAYS_A_YEAR = 365
_SECONDS_A_DAY = 86_400

DAYS_A_WEEK = 7
_DATE = re.compile(
    r"(?P<year>[12][0-9]{3})"
    r"(?:-W(?P<week>[0-9]{2})(?:-WE)?|-(?P<season>SP|SU|FA|WI)"
    r"|-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?"
)
_FEBRUARY = 2
_FIRST_MONTH = {"SP": 3, "SU": 6, "FA": 9, "WI": 12}

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
    r"|\b(?:haven't|hasn't|have not|has not) been able\b"
    r"|\b(?:don't|do not|doesn't|does not|haven't|hasn't)(?: have| got)*(?: any| much)?"
    r" (?:feeling|sensation|control|balance|strength|power|grip|movement)\b"
    r"|\b(?:don't|do not|doesn't|does not|didn't|did not) (?:get|feel) (?:better|safe|right)\b"
    r"|^never (?:goes|stops|eases|lets up|gets better)\b"
    r"|\bnever had (?:such|.*\b(?:like this|this bad|before))",
    re.IGNORECASE,
)
# Words that a person denies nothing with. "No, can't feel my legs" and "no, my chest hurts"
# arrive as a denial of what follows the no, because speech has no comma.
_INABILITY = re.compile(r"(?:can't|cannot|can not|couldn't|won't)\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"^(?:he|she|they|it|i|i'm|i've|my|both|someone|somebody)\b"
    r"|\b(?:is|are|am|hurts|feels|gave|went|goes|keeps|aches|hits|beats)\b"
    r"|(?<=\w )(?:has|have)\b",  # behind who or what has: "legs have gone numb"
    re.IGNORECASE,
)
_NEGATION = re.compile(r"n't\b|\b(?:not|cannot|no|never|hardly|barely|nothing)\b", re.IGNORECASE)
_ME = re.compile(r"\b(?:me|my|myself)\b", re.IGNORECASE)
_ME_IN_THEIR_MOUTH = re.compile(r"\brecogni[sz]e me\b|\bmy (?:pills|tablets)\b", re.IGNORECASE)


def resolved_ids(slots: Mapping[str, Slot]) -> tuple[str, ...]:
    """Return the ids of the values that Alexa matched, in the order of the slots.

    Ids, never names: names are translated and synonyms vary by locale. Left out are slots
    without a match, and values that deny what they name. Where Alexa could not tell several
    values apart, each counts: a red flag among them must not be lost.
    """
    matched = (finding for slot in slots.values() for finding in _resolved_ids(slot))
    return tuple(dict.fromkeys(matched))


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
                days=float(length.years * DAYS_A_YEAR + length.months * DAYS_A_MONTH)
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


def days_since(slots: Mapping[str, Slot], name: str, today: date | None) -> int | None:
    """Return the days since the start of an ``AMAZON.DATE`` slot, or ``None``.

    Alexa sends a day, a week (``2026-W46``), a month, a season (``2026-SU``) or a year, and
    for "Monday" or "June" often the coming one, which in "since Monday" is never meant.

    Args:
        slots: The slots by name.
        name: The slot's name.
        today: The date of the request.
    """
    start = _start_of(_value(slots, name))
    if start is None or today is None:
        return None
    if start > today and (start - today).days <= DAYS_A_WEEK:
        start -= timedelta(days=DAYS_A_WEEK)
    while start > today:
        day = min(start.day, 28) if start.month == _FEBRUARY else start.day
        start = start.replace(year=start.year - 1, day=day)
    return (today - start).days


def cannot_be_denied(words: str) -> bool:
    """Say whether the words of a slot are such that who says no before them means them still.

    They name something lost ("can't feel my legs") or say a whole clause ("my chest hurts").
    """
    return bool(_LOSS.search(words) or _INABILITY.match(words) or _CLAUSE.search(words))


def negates(words: str) -> bool:
    """Say whether the words of a slot turn round what they say, anywhere: "legs aren't fine"."""
    return bool(_NEGATION.search(words.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")))


def is_about_me(slot: Slot) -> bool:
    """Say whether the words of a slot are about the caller: "wakes me up"."""
    words = slot.value or ""
    return bool(_ME.search(words)) and not _ME_IN_THEIR_MOUTH.search(words)


def _resolved_ids(slot: Slot) -> tuple[str, ...]:
    authorities = slot.resolutions.resolutions_per_authority if slot.resolutions else None
    if denies(slot.value or ""):
        return ()
    return tuple(
        str(entry.value.id)
        for authority in authorities or ()
        if authority.status and authority.status.code is StatusCode.ER_SUCCESS_MATCH
        for entry in authority.values or ()
        if entry.value and entry.value.id
    )


def _start_of(value: str) -> date | None:
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year = int(found["year"])
    try:
        if found["week"]:
            return date.fromisocalendar(year, int(found["week"]), 1)
        if found["season"]:
            return date(year, _FIRST_MONTH[found["season"]], 1)
        return date(year, int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return None


def _value(slots: Mapping[str, Slot], name: str) -> str:
    slot = slots.get(name)
    return (slot.value or "").strip() if slot else ""
