"""The advice, in the order in which it is heard: what to do, why, and what to watch for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.prompts import OFFER_TIPS, offer_prompt
from skill.dialogue.script import Line, Reply
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from skill.triage.assessment import Assessment
    from skill.triage.model import Rule, RuleSet

MOST_REASONS = 2
"""A listener keeps about three things; the advice itself is one of them."""


def advice(assessment: Assessment, surely: frozenset[str], *, about_other: bool) -> Reply:
    """Return the advice that an assessment amounts to, with its reasons and its safety net.

    In an emergency the number comes first and last. Home care ends in an offer of tips; every
    other advice ends the session.

    Args:
        assessment: What the answers amount to.
        surely: Ids of the findings that are present without any answer that was not sure.
        about_other: Whether the person in pain is somebody other than the caller.
    """
    level = assessment.disposition
    told = reasons(assessment, surely)
    match level:
        case Disposition.EMERGENCY:
            return Reply(say=_emergency(assessment.decisive, about_other=about_other), advice=level)
        case Disposition.URGENT_SAME_DAY:
            return Reply(say=(*script.SAME_DAY, *told, script.NET_EMERGENCY), advice=level)
        case Disposition.SEE_DOCTOR:
            soon = any(rule.within == "few_days" for rule in assessment.decisive)
            first = script.seeing_a_doctor("few_days" if soon else "two_weeks")
            say = (first, *told, script.NET_EMERGENCY, script.NET_SAME_DAY)
            return Reply(say=say, advice=level)
        case Disposition.SELF_CARE:
            offer = offer_prompt(OFFER_TIPS)
            net = (script.NET_EMERGENCY, script.NET_SAME_DAY, script.NET_DOCTOR)
            return Reply(
                say=(script.SELF_CARE, *net, offer.ask), reprompt=(offer.again,), advice=level
            )


def out_of_scope() -> Reply:
    """Return what a caller hears whose pain is elsewhere, once the emergency questions are done."""
    return Reply(say=(script.OUT_OF_SCOPE, script.NET_EMERGENCY))


def tips(assessment: Assessment, rule_set: RuleSet) -> Reply:
    """Return the home-care tips that suit what was said."""
    suited = (script.tip_line(tip) for tip in rule_set.tips if tip.suits(assessment.present))
    return Reply(say=(*suited, script.TAKE_CARE))


def reasons(assessment: Assessment, surely: frozenset[str]) -> tuple[Line, ...]:
    """Return the reasons worth giving, at most two, none that says another's again.

    What the caller was sure of comes first; what rests on "not sure" is never put as if they
    had said it.
    """
    given: list[Line] = []
    told: frozenset[str] = frozenset()
    by_weight = sorted(assessment.decisive, key=lambda rule: not rule.fires_on(surely))
    for rule in by_weight:
        met = [one for one in rule.alternatives if one <= assessment.present]
        if any(alternative <= told for alternative in met):
            continue
        is_sure = rule.unsure or rule.fires_on(surely)
        line = script.because(rule) if is_sure else script.NOT_SURE
        told = told.union(*met)
        if line not in given:
            given.append(line)
        if len(given) == MOST_REASONS:
            break
    return tuple(given)


def _emergency(rules: tuple[Rule, ...], *, about_other: bool) -> tuple[Line, ...]:
    """Return the words of an emergency. Rules stand in order of weight: the first hands over.

    Who may have a broken spine keeps still, even where another rule would have them sit.
    """
    kind = rules[0].holding or "sit"
    if kind in {"sit", "nothing_to_eat"} and any(rule.holding == "keep_still" for rule in rules):
        kind = "keep_still"
    until_help_comes = [script.holding(kind, about_other=about_other)]
    if about_other and script.STAY_WITH_THEM not in until_help_comes:
        until_help_comes.append(script.STAY_WITH_THEM)
    return (
        script.EMERGENCY_FIRST,
        *until_help_comes,
        script.because(rules[0]),
        script.EMERGENCY_LAST,
    )
