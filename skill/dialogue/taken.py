"""What a turn with a memory came to, and what can still be done to what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from skill.dialogue import script
from skill.dialogue.asking import ask

if TYPE_CHECKING:
    from skill.dialogue.prompts import Prompt
    from skill.dialogue.script import Line, Reply
    from skill.dialogue.talk import Talk


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that was taken.

    Attributes:
        talk: The state after it.
        reply: What is said.
    """

    talk: Talk
    reply: Reply

    @property
    def is_over(self) -> bool:
        """Whether a check came to its end, and was not broken off."""
        return self.reply.advice is not None or script.OUT_OF_SCOPE in self.reply.say

    def to(self, talk: Talk) -> Taken:
        """Return it with another state."""
        return replace(self, talk=talk)

    def off(self) -> Taken:
        """Return it with nothing more to be kept."""
        return self.to(self.talk.off())

    def saying(self, *lines: Line) -> Taken:
        """Return it with something said first, but behind the greeting."""
        return self._said(_behind_greeting(self.reply.say, *lines))

    def without(self, line: Line) -> Taken:
        """Return it with a line left out."""
        return self._said(tuple(one for one in self.reply.say if one != line))

    def asking(self, prompt: Prompt, *news: Line) -> Taken:
        """Return it with something else asked in the place of the question that it ends with."""
        waiting, asked = ask(self.talk.conversation, prompt, *self.reply.say[:-1], *news)
        reply = self.reply._replace(say=asked.say, reprompt=asked.reprompt)
        return Taken(replace(self.talk, conversation=waiting._replace(said=reply.say)), reply)

    def unavailable(self) -> Taken:
        """Return it with word that nothing can be kept: once, and not where it is repeated."""
        say = _behind_greeting(self.reply.say, script.UNAVAILABLE)
        return replace(self, reply=self.reply._replace(say=say))

    def _said(self, say: tuple[Line, ...]) -> Taken:
        conversation = self.talk.conversation._replace(said=say)
        return Taken(replace(self.talk, conversation=conversation), self.reply._replace(say=say))


def _behind_greeting(say: tuple[Line, ...], *lines: Line) -> tuple[Line, ...]:
    greeted = 0
    while say[greeted] in {script.RESTARTED, script.GREETING}:
        greeted += 1
    return (*say[:greeted], *lines, *say[greeted:])
