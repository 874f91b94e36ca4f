"""The talk with a memory: consent, going on from a check that was broken off, and forgetting.

`take_turn` does the talking; around it stands what needs the memory. A turn that ends in
emergency advice never touches it, and no turn loads and saves more than once. What the memory
knows comes in the session attributes, so the same request twice says and keeps the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from skill.dialogue import script
from skill.dialogue.answers import is_for_other, last_question, weighed
from skill.dialogue.asking import ask, begin
from skill.dialogue.conversation import MISSES_ALLOWED, Conversation
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
from skill.dialogue.keeping import NOTHING_KEPT
from skill.dialogue.kept_check import KeptCheck, age_told, is_outdated, joined, unix_seconds
from skill.dialogue.prompts import (
    OFFER_RESUME,
    is_about_memory,
    keeping_prompt,
    question_prompt,
    resuming_prompt,
)
from skill.dialogue.turn import calls_as_child, take_turn
from skill.errors import ConversationError, MemoryUnavailableError
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skill.dialogue.events import Event
    from skill.dialogue.keeping import Kept, Memory
    from skill.dialogue.prompts import Prompt
    from skill.dialogue.script import Line, Reply
    from skill.triage.model import RuleSet, YesNo

Stage: TypeAlias = Literal["unknown", "found", "empty", "keeping", "lost", "off"]
"""How far the talk about keeping answers has come.

``unknown``: the memory was not asked yet. ``found``: it holds a check, and the caller has not
decided whether to go on from it. ``empty``: it holds none, and the caller has not decided whether
this one is kept. ``keeping``: they agreed. ``lost``: they agreed, but the memory failed, and may
still hold what was saved before. ``off``: nothing more is kept in this call.
"""

MEMORY = "memory"
"""The key of the session attributes that is there only with a memory."""

_KEYS = frozenset({"stage", "version", "since", "begun", "found"})


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


@dataclass(frozen=True, slots=True)
class Recall:
    """What a call knows of the memory.

    Attributes:
        stage: See :data:`Stage`.
        version: The version that was seen last, to build upon.
        since: When the oldest answer of the call was given, in Unix seconds; ``None`` if there
            is no answer.
        begun: When the first call began that the answers come from, in Unix seconds; ``None`` if
            there is no answer.
        found: The check that was found, until it is decided upon.
    """

    stage: Stage = "unknown"
    version: int = NOTHING_KEPT
    since: int | None = None
    begun: int | None = None
    found: KeptCheck | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, and what it knows of the memory.

    Attributes:
        conversation: Its state.
        recall: What it knows of the memory.
    """

    conversation: Conversation
    recall: Recall = Recall()

    def to_attributes(self, rule_set: RuleSet) -> dict[str, object]:
        """Return the state as session attributes, which ``session.schema.json`` describes."""
        recall = self.recall
        return {
            **self.conversation.to_attributes(),
            MEMORY: {
                "stage": recall.stage,
                "version": recall.version,
                "since": recall.since,
                "begun": recall.begun,
                "found": None if recall.found is None else recall.found.to_document(rule_set),
            },
        }

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, object], rule_set: RuleSet) -> Talk:
        """Return the state that session attributes hold.

        A call that began before the memory was switched on goes on with it.

        Raises:
            ConversationError: They were not written by this version on this rule set.
        """
        rest = {key: value for key, value in attributes.items() if key != MEMORY}
        conversation = Conversation.from_attributes(rest, rule_set)
        if MEMORY not in attributes:
            return cls(conversation)
        return cls(conversation, _recall(attributes[MEMORY], rule_set))


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
        told = Talk(after, replace(asked.recall, since=since, begun=begun))
        if reply.advice is Disposition.EMERGENCY:
            return told, reply
        if isinstance(_plain(event), AskedToForget):
            return self._asked_to_forget(before.conversation, told, reply, call)
        if isinstance(event, StartedOver) and told.recall.stage in {"keeping", "lost"}:
            # It may be somebody else now: they are asked for a consent of their own.
            return self._forgotten(told, reply, call, then="empty")
        if answer is not None and not _is_over(reply):
            return self._decided(before.conversation, answer, told, reply, call)
        return self._kept_up(before.conversation, told, reply, call)

    def _kept_up(
        self, before: Conversation, talk: Talk, reply: Reply, call: Call
    ) -> tuple[Talk, Reply]:
        """Bring the memory up to what was said, or come to speak of it."""
        if _is_over(reply):
            # What was kept of a check at its end is deleted; nothing is left to go on with.
            if talk.recall.stage in {"keeping", "lost"}:
                self._forget(call)
            return _off(talk), reply
        if reply.closes:
            # Broken off: what was saved last is what there is to go on with.
            return talk, reply
        if talk.recall.stage == "keeping":
            is_news = before.answers != talk.conversation.answers
            return self._saved(talk, reply, call) if is_news else (talk, reply)
        if talk.recall.stage not in {"lost", "off"} and self._is_due(talk.conversation, reply):
            return self._offered(before.pending, talk, reply, call)
        return talk, reply

    # --- the offers -------------------------------------------------------------------------

    def _offered(
        self, pending: str | None, talk: Talk, reply: Reply, call: Call
    ) -> tuple[Talk, Reply]:
        """Put an offer in the place of the next question."""
        if talk.recall.stage == "empty" and is_about_memory(pending):
            # Asked once. Whoever says something else has not agreed.
            return _off(talk), reply
        news: tuple[Line, ...] = ()
        if talk.recall.stage == "unknown":
            looked = self._looked_up(talk.recall, call)
            if looked is None:
                return _unavailable(_off(talk), reply)
            talk, news = replace(talk, recall=looked[0]), looked[1]
        if talk.recall.stage == "found":
            return _asking(talk, reply, resuming_prompt(), *news)
        return _asking(talk, reply, keeping_prompt(self._memory.hours), *news)

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

    def _decided(
        self, before: Conversation, answer: YesNo, talk: Talk, reply: Reply, call: Call
    ) -> tuple[Talk, Reply]:
        """Do what the caller answered to an offer: keep, keep not, or forget."""
        off = _off(talk)
        if before.pending == OFFER_RESUME:
            match answer:
                case "yes":
                    told = self._whose_it_is(before, talk.conversation)
                    return self._saved(*_saying(talk, reply, *told), call)
                case "no":
                    return self._forgotten(talk, reply, call)
                case _:
                    # Not now: the check stays as it is, for as long as it is kept.
                    return off, reply
        if answer != "yes":
            return _saying(off, reply, script.NOT_KEEPING)
        asking = keeping_prompt(self._memory.hours)
        if before.pending != asking.pending:
            # Another setting since: a yes to a day is no yes to a month.
            return _asking(talk, reply, asking)
        return self._saved(*_saying(talk, reply, script.KEEPING), call)

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

    def _consent_corrected(self, talk: Talk, event: Event, call: Call) -> tuple[Talk, Reply] | None:
        """Take "no, I meant yes", or an age that is not the one read back, for what it is about.

        That is what was just decided about the memory, if anything was; else return ``None``.
        """
        conversation = talk.conversation
        said = conversation.said
        if script.RESUMED in said and self._disowns(conversation, event):
            # What was joined cannot be taken apart again.
            return self.take_turn(talk, StartedOver(), call)
        agrees = event == Corrected("yes") and script.NOT_KEEPING in said
        if not agrees and not (event == Corrected("no") and script.KEEPING in said):
            return None
        asked, reply = take_turn(conversation, AskedToRepeat(), self._rule_set)
        talk = replace(talk, conversation=asked)
        if agrees:
            talk, reply = _without(talk, reply, script.NOT_KEEPING)
            return self._saved(*_saying(talk, reply, script.KEEPING), call)
        talk, reply = _without(talk, reply, script.KEEPING)
        return self._forgotten(talk, reply, call, done=script.NOT_KEEPING)

    def _disowns(self, conversation: Conversation, event: Event) -> bool:
        """Say whether the check that is gone on with turns out to be somebody else's."""
        if not isinstance(event, Aged) or event.years is None:
            return event == Corrected("no")
        return age_told(conversation, self._rule_set) not in {None, event.years}

    # --- the memory -------------------------------------------------------------------------

    def _saved(self, talk: Talk, reply: Reply, call: Call) -> tuple[Talk, Reply]:
        """Keep the check, so that the reply acknowledges nothing that is not kept."""
        recall = talk.recall
        since = recall.since or call.now
        kept = KeptCheck(talk.conversation.answers, since, recall.begun or since)
        stage: Stage = "keeping"
        version = None
        try:
            if call.caller:
                version = self._memory.save_if_unchanged(
                    call.caller,
                    kept.to_document(self._rule_set),
                    seen=recall.version,
                    request_id=call.request_id,
                )
        except MemoryUnavailableError:
            stage = "lost"
        if version is not None:
            return _with(talk, stage=stage, version=version), reply
        # Without a failure it was forgotten meanwhile, or is another call's: hands off.
        talk = _with(talk, stage="lost") if stage == "lost" else _off(talk)
        return _unavailable(*_without(talk, reply, script.KEEPING))

    def _asked_to_forget(
        self, before: Conversation, talk: Talk, reply: Reply, call: Call
    ) -> tuple[Talk, Reply]:
        if is_about_memory(before.pending):
            after, reply = take_turn(before, Answered("unsure"), self._rule_set)
            talk = replace(talk, conversation=after)
        return self._forgotten(*_without(talk, reply, script.NOTHING_KEPT), call)

    def _forgotten(
        self,
        talk: Talk,
        reply: Reply,
        call: Call,
        *,
        done: Line = script.FORGOTTEN,
        then: Stage = "off",
    ) -> tuple[Talk, Reply]:
        """Delete what is kept, and say whether that could be done."""
        talk = _off(talk)
        version = self._forget(call)
        if version is None:
            return _saying(talk, reply, script.NOT_FORGOTTEN)
        return _saying(_with(talk, stage=then, version=version), reply, done)

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


def _recall(value: object, rule_set: RuleSet) -> Recall:
    if not isinstance(value, dict) or value.keys() != _KEYS:
        raise ConversationError("memory: expected what this version writes")
    stage, version, found = value["stage"], value["version"], value["found"]
    since, begun = (
        None if value[key] is None else unix_seconds(value[key]) for key in ("since", "begun")
    )
    if type(version) is not int or version < 0:
        raise ConversationError("version: expected a whole number")
    if stage not in get_args(Stage) or (stage == "found") is not isinstance(found, dict):
        raise ConversationError("stage: expected a known one, and what was found with 'found'")
    return Recall(
        stage=stage,
        version=version,
        since=since,
        begun=begun,
        found=KeptCheck.from_document(found, rule_set) if isinstance(found, dict) else None,
    )


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


def _is_over(reply: Reply) -> bool:
    """Say whether a check came to its end, and was not broken off."""
    return reply.advice is not None or script.OUT_OF_SCOPE in reply.say


def _with(talk: Talk, *, stage: Stage | None = None, version: int | None = None) -> Talk:
    recall = talk.recall
    return replace(
        talk,
        recall=replace(
            recall,
            stage=recall.stage if stage is None else stage,
            version=recall.version if version is None else version,
        ),
    )


def _off(talk: Talk) -> Talk:
    return replace(talk, recall=replace(talk.recall, stage="off", found=None))


def _asking(talk: Talk, reply: Reply, prompt: Prompt, *news: Line) -> tuple[Talk, Reply]:
    """Ask for something else in the place of the question that a reply ends with."""
    waiting, asking = ask(talk.conversation, prompt, *reply.say[:-1], *news)
    reply = reply._replace(say=asking.say, reprompt=asking.reprompt)
    return replace(talk, conversation=waiting._replace(said=reply.say)), reply


def _saying(talk: Talk, reply: Reply, *lines: Line) -> tuple[Talk, Reply]:
    """Say something first, but behind the greeting."""
    return _said(talk, reply, _behind_greeting(reply.say, *lines))


def _without(talk: Talk, reply: Reply, line: Line) -> tuple[Talk, Reply]:
    return _said(talk, reply, tuple(one for one in reply.say if one != line))


def _said(talk: Talk, reply: Reply, say: tuple[Line, ...]) -> tuple[Talk, Reply]:
    return replace(talk, conversation=talk.conversation._replace(said=say)), reply._replace(say=say)


def _unavailable(talk: Talk, reply: Reply) -> tuple[Talk, Reply]:
    """Say that nothing can be kept: once, and not again where the reply is repeated."""
    return talk, reply._replace(say=_behind_greeting(reply.say, script.UNAVAILABLE))


def _behind_greeting(say: tuple[Line, ...], *lines: Line) -> tuple[Line, ...]:
    greeted = 0
    while say[greeted] in {script.RESTARTED, script.GREETING}:
        greeted += 1
    return (*say[:greeted], *lines, *say[greeted:])
