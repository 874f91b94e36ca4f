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


def advice(assessment: Assessment, *, about_other: bool) -> Reply:
    """Return the advice that an assessment amounts to, with its reasons and its safety net.

    In an emergency the number comes first and last. Home care ends in an offer of tips; every
    other advice ends the session.
    """
    level = assessment.disposition
    why = reasons(assessment)
    told = tuple(script.because(rule) for rule in why)
    match level:
        case Disposition.EMERGENCY:
            # The first rule's holding advice and handover: rules stand in order of weight.
            return Reply(say=_emergency(why[0], about_other=about_other), advice=level)
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


def reasons(assessment: Assessment) -> tuple[Rule, ...]:
    """Return the rules worth giving as reasons, at most two, none that says another's again."""
    given: list[Rule] = []
    told: frozenset[str] = frozenset()
    for rule in assessment.decisive:
        met = [one for one in rule.alternatives if one <= assessment.present]
        if any(alternative <= told for alternative in met):
            continue
        given.append(rule)
        told = told.union(*met)
        if len(given) == MOST_REASONS:
            break
    return tuple(given)


def _emergency(rule: Rule, *, about_other: bool) -> tuple[Line, ...]:
    until_help_comes = [script.holding(rule.holding)] if rule.holding else []
    if about_other and script.STAY_WITH_THEM not in until_help_comes:
        until_help_comes.append(script.STAY_WITH_THEM)
    return (
        script.EMERGENCY_FIRST,
        *until_help_comes,
        script.because(rule),
        script.EMERGENCY_LAST,
    )
