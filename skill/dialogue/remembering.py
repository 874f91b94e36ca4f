"""The talk with a memory: consent, going on from a check that was broken off, and forgetting.

`take_turn` does the talking; around it stands what needs the memory. A turn that ends in
emergency advice never touches it, and no turn loads and saves more than once. What the memory
knows comes in the session attributes, so the same request twice says and keeps the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.answers import is_for_other, last_question, weighed
from skill.dialogue.asking import begin
from skill.dialogue.conversation import MISSES_ALLOWED
from skill.dialogue.events import (
    AboutOther,
    Aged,
    Answered,
    AskedToForget,
    AskedToRepeat,
    Corrected,
    Opened,
    StartedOver,
)
from skill.dialogue.kept_check import KeptCheck, age_told, is_outdated, joined
from skill.dialogue.prompts import (
    OFFER_RESUME,
    is_about_memory,
    keeping_prompt,
    question_prompt,
    resuming_prompt,
)
from skill.dialogue.taken import Taken
from skill.dialogue.talk import Talk
from skill.dialogue.turn import calls_as_child, take_turn
from skill.errors import ConversationError, MemoryUnavailableError
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.dialogue.conversation import Conversation
    from skill.dialogue.events import Event
    from skill.dialogue.keeping import Kept, Memory
    from skill.dialogue.script import Line, Reply
    from skill.dialogue.talk import Recall, Stage
    from skill.triage.model import RuleSet, YesNo


@dataclass(frozen=True, slots=True)
class Call:
    """The request that a turn answers.

    Attributes:
        caller: The user id that Alexa sends; empty if none came, and then nothing can be kept.
        request_id: Which request it is.
        now: When it was sent, in Unix seconds.
    """

    caller: str
    request_id: str
    now: int


class Remembering:
    """Takes turns with a memory.

    Args:
        memory: The memory.
        rule_set: The rule set.
    """

    def __init__(self, memory: Memory, rule_set: RuleSet) -> None:
        self._memory = memory
        self._rule_set = rule_set

    def begin(self) -> Talk:
        """Return a talk in which nothing was said yet."""
        return Talk(begin(self._rule_set))

    def take_turn(self, talk: Talk | None, event: Event, call: Call) -> tuple[Talk, Reply]:
        """Take one turn, as `skill.dialogue.turn.take_turn` does, with the memory.

        What is to be kept is saved before the reply is returned.

        Args:
            talk: The state after the last turn, on this rule set; ``None`` if it was lost.
            event: What the caller did.
            call: The request that it came in.
        """
        taken = self._taken(talk, event, call)
        return taken.talk, taken.reply

    def _taken(self, talk: Talk | None, event: Event, call: Call) -> Taken:
        corrected = None if talk is None else self._consent_corrected(talk, event, call)
        if corrected is not None:
            return corrected
        before = talk or self.begin()
        asked = Talk(before.conversation) if isinstance(event, Opened) else before
        answer = _answer_to_offer(before.conversation, event, self._rule_set)
        if answer == "yes" and before.recall.found is not None:
            asked = self._resumed(before, before.recall.found, call)
        conversation = None if talk is None else asked.conversation
        after, reply = take_turn(conversation, event, self._rule_set)
        if _is_missed_at_offer(before.conversation, after, reply):
            # An offer is no reason to send a caller away: what is not understood is no consent.
            answer = "unsure"
            after, reply = take_turn(before.conversation, Answered("unsure"), self._rule_set)
        since = (asked.recall.since or call.now) if after.answers else None
        begun = (asked.recall.begun or since) if after.answers else None
        taken = Taken(Talk(after, replace(asked.recall, since=since, begun=begun)), reply)
        if reply.advice is Disposition.EMERGENCY:
            return taken
        if isinstance(_plain(event), AskedToForget):
            return self._asked_to_forget(before.conversation, taken, call)
        if isinstance(event, StartedOver) and asked.recall.stage in {"keeping", "lost"}:
            # It may be somebody else now: they are asked for a consent of their own.
            return self._forgotten(taken, call, then="empty")
        if answer is not None and not taken.is_over:
            return self._decided(before.conversation, answer, taken, call)
        return self._kept_up(before.conversation, taken, call)

    def _kept_up(self, before: Conversation, taken: Taken, call: Call) -> Taken:
        """Bring the memory up to what was said, or come to speak of it."""
        stage, after = taken.talk.recall.stage, taken.talk.conversation
        if taken.is_over:
            # What was kept of a check at its end is deleted; nothing is left to go on with.
            if stage in {"keeping", "lost"}:
                self._forget(call)
            return taken.off()
        if taken.reply.closes:
            # Broken off: what was saved last is what there is to go on with.
            return taken
        if stage == "keeping":
            is_news = before.answers != after.answers
            return self._saved(taken, call) if is_news else taken
        if stage not in {"lost", "off"} and self._is_due(after, taken.reply):
            return self._offered(before.pending, taken, call)
        return taken

    # --- the offers -------------------------------------------------------------------------

    def _offered(self, pending: str | None, taken: Taken, call: Call) -> Taken:
        """Put an offer in the place of the next question."""
        if taken.talk.recall.stage == "empty" and is_about_memory(pending):
            # Asked once. Whoever says something else has not agreed.
            return taken.off()
        news: tuple[Line, ...] = ()
        if taken.talk.recall.stage == "unknown":
            looked = self._looked_up(taken.talk.recall, call)
            if looked is None:
                return taken.off().unavailable()
            recall, news = looked
            taken = taken.to(replace(taken.talk, recall=recall))
        if taken.talk.recall.stage == "found":
            return taken.asking(resuming_prompt(), *news)
        return taken.asking(keeping_prompt(self._memory.hours), *news)

    def _is_due(self, conversation: Conversation, reply: Reply) -> bool:
        """Say whether a reply goes on to a question that stands behind those on emergencies.

        A question that is asked anew does not count, nor one out of its turn.
        """
        question = self._rule_set.question(conversation.pending or "")
        if question is None or question.even_out_of_scope:
            return False
        if reply.say[-1] != question_prompt(question).ask:
            return False
        return weighed(conversation, self._rule_set)[0].next_question is question

    def _looked_up(self, recall: Recall, call: Call) -> tuple[Recall, tuple[Line, ...]] | None:
        """Return what the memory holds, and what to say of it; ``None`` if it cannot be asked."""
        kept = self._load(call)
        if kept is None:
            return None
        if kept.document is None:
            return replace(recall, stage="empty", version=kept.version), ()
        found = self._readable(kept.document)
        if found is not None and found.holding_at(call.now, self._rule_set):
            return replace(recall, stage="found", version=kept.version, found=found), ()
        if found is not None and call.now < found.since:
            return None  # A request from before it, come late or again, deletes nothing.
        # Nobody can go on from it, so there is nothing to keep it for.
        version = self._forget(call)
        if version is None:
            return None
        outdated = is_outdated(kept.document, self._rule_set)
        news = (script.OUTDATED,) if outdated else ()
        return replace(recall, stage="empty", version=version), news

    def _readable(self, document: Mapping[str, object]) -> KeptCheck | None:
        """Return the check that a document holds; ``None`` if it is not of this version."""
        try:
            return KeptCheck.from_document(document, self._rule_set)
        except ConversationError:
            return None

    def _resumed(self, talk: Talk, found: KeptCheck, call: Call) -> Talk:
        """Return the talk with a check that was found in it."""
        holding = found.holding_at(call.now, self._rule_set)
        since = talk.recall.since or call.now
        if holding is found.answers:
            since = min(since, found.since)
        # Else what is left of the old check was brought up to this day, and nothing in it ages.
        return Talk(
            joined(talk.conversation, holding, self._rule_set),
            replace(talk.recall, stage="keeping", since=since, begun=found.begun, found=None),
        )

    def _decided(self, before: Conversation, answer: YesNo, taken: Taken, call: Call) -> Taken:
        """Do what the caller answered to an offer: keep, keep not, or forget."""
        if before.pending == OFFER_RESUME:
            match answer:
                case "yes":
                    told = self._whose_it_is(before, taken.talk.conversation)
                    return self._saved(taken.saying(*told), call)
                case "no":
                    return self._forgotten(taken, call)
                case _:
                    # Not now: the check stays as it is, for as long as it is kept.
                    return taken.off()
        if answer != "yes":
            return taken.off().saying(script.NOT_KEEPING)
        asking = keeping_prompt(self._memory.hours)
        if before.pending != asking.pending:
            # Another setting since: a yes to a day is no yes to a month.
            return taken.asking(asking)
        return self._saved(taken.saying(script.KEEPING), call)

    def _whose_it_is(self, before: Conversation, after: Conversation) -> tuple[Line, ...]:
        """Return what is said of a check that goes on: who is not meant by it finds that out."""
        lines = [script.RESUMED]
        if is_for_other(after) and not is_for_other(before):
            lines.append(script.FOR_OTHER)
        age = age_told(after, self._rule_set)
        if age is not None:
            lines.append(script.counted("summary.age", age))
        if calls_as_child(after, self._rule_set):
            lines.append(script.ASK_ADULT)
        return tuple(lines)

    def _consent_corrected(self, talk: Talk, event: Event, call: Call) -> Taken | None:
        """Take "no, I meant yes", or an age that is not the one read back, for what it is about.

        That is what was just decided about the memory, if anything was; else return ``None``.
        """
        conversation = talk.conversation
        said = conversation.said
        if script.RESUMED in said and self._disowns(conversation, event):
            # What was joined cannot be taken apart again.
            return self._taken(talk, StartedOver(), call)
        agrees = event == Corrected("yes") and script.NOT_KEEPING in said
        if not agrees and not (event == Corrected("no") and script.KEEPING in said):
            return None
        asked, reply = take_turn(conversation, AskedToRepeat(), self._rule_set)
        taken = Taken(replace(talk, conversation=asked), reply)
        if agrees:
            return self._saved(taken.without(script.NOT_KEEPING).saying(script.KEEPING), call)
        return self._forgotten(taken.without(script.KEEPING), call, done=script.NOT_KEEPING)

    def _disowns(self, conversation: Conversation, event: Event) -> bool:
        """Say whether the check that is gone on with turns out to be somebody else's."""
        if not isinstance(event, Aged) or event.years is None:
            return event == Corrected("no")
        return age_told(conversation, self._rule_set) not in {None, event.years}

    # --- the memory -------------------------------------------------------------------------

    def _saved(self, taken: Taken, call: Call) -> Taken:
        """Keep the check, so that the reply acknowledges nothing that is not kept."""
        recall = taken.talk.recall
        since = recall.since or call.now
        kept = KeptCheck(taken.talk.conversation.answers, since, recall.begun or since)
        version, has_failed = None, False
        try:
            if call.caller:
                version = self._memory.save_if_unchanged(
                    call.caller,
                    kept.to_document(self._rule_set),
                    seen=recall.version,
                    request_id=call.request_id,
                )
        except MemoryUnavailableError:
            has_failed = True
        if version is not None:
            return taken.to(taken.talk.at("keeping", version))
        # Without a failure it was forgotten meanwhile, or is another call's: hands off.
        talk = taken.talk.at("lost", recall.version) if has_failed else taken.talk.off()
        return taken.to(talk).without(script.KEEPING).unavailable()

    def _asked_to_forget(self, before: Conversation, taken: Taken, call: Call) -> Taken:
        if is_about_memory(before.pending):
            after, reply = take_turn(before, Answered("unsure"), self._rule_set)
            taken = Taken(replace(taken.talk, conversation=after), reply)
        return self._forgotten(taken.without(script.NOTHING_KEPT), call)

    def _forgotten(
        self, taken: Taken, call: Call, *, done: Line = script.FORGOTTEN, then: Stage = "off"
    ) -> Taken:
        """Delete what is kept, and say whether that could be done."""
        version = self._forget(call)
        if version is None:
            return taken.off().saying(script.NOT_FORGOTTEN)
        return taken.to(taken.talk.off().at(then, version)).saying(done)

    def _load(self, call: Call) -> Kept | None:
        try:
            return self._memory.load(call.caller) if call.caller else None
        except MemoryUnavailableError:
            return None

    def _forget(self, call: Call) -> int | None:
        try:
            return self._memory.forget(call.caller) if call.caller else None
        except MemoryUnavailableError:
            return None


def _answer_to_offer(conversation: Conversation, event: Event, rule_set: RuleSet) -> YesNo | None:
    """Return what is answered to an offer about the memory; ``None`` if none waits or is."""
    if not is_about_memory(conversation.pending):
        return None
    match event:
        case Answered(answer):
            return answer
        case Corrected("no"):
            # "Actually, no" takes back a yes before the offer; without one it is the answer.
            last = last_question(conversation, rule_set)
            return "no" if last is None or conversation.answers[last.id] == "no" else None
    return None


def _is_missed_at_offer(before: Conversation, after: Conversation, reply: Reply) -> bool:
    """Say whether a turn missed the answer to an offer about the memory.

    Consent is asked once. Whether to go on is asked as often as any question is.
    """
    if not is_about_memory(before.pending):
        return False
    is_last = before.misses == MISSES_ALLOWED or before.pending != OFFER_RESUME
    return is_last and (script.GIVEN_UP in reply.say or after.misses > before.misses)


def _plain(event: Event) -> Event:
    while isinstance(event, AboutOther):
        event = event.event
    return event
