"""Pasted data that a conversation carries along (W21), seen from nothing but how large its prompts are.

A prompt that makes the next request much larger at once brought data with it; as long as the conversation does not
become small again, every request sends that data once more. Sums alone: what the data is, is never seen (P13).
Called by `bot/domain/sessions.py`. Next: `bot/domain/waste/pasted_data.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MIN_PASTED_TOKENS = 50_000
"""By so much a request must grow at once to hold pasted data (field notes 4)."""
MIN_CARRIED_TURNS = 3
"""So many later prompts must have carried the data along: until then it may be what the work is about."""


@dataclass(frozen=True)
class Pasting:
    """What is known of one conversation: what has been counted, and what is carried now.

    `before_tokens` is how large the conversation was before the data came, None while it carries none, and
    `largest_tokens` how large it has been since. What comes in on top of carried data is carried with it and is one
    paste together with it. The `told` ones are what an earlier session has counted of it.
    """

    pastes: int = 0
    pasted_tokens: int = 0
    resent_tokens: int = 0
    before_tokens: int | None = None
    largest_tokens: int = 0
    added_tokens: int = 0
    added_resent_tokens: int = 0
    turns: int = 0
    told_tokens: int = 0
    told_resent_tokens: int = 0

    def counted(self) -> Pasting:
        """With what is carried, if that was for long enough to be spoken of, and carrying nothing any more."""
        if self.turns < MIN_CARRIED_TURNS:
            return Pasting(self.pastes, self.pasted_tokens, self.resent_tokens)
        return Pasting(
            self.pastes + (not self.told_tokens),
            self.pasted_tokens + self.added_tokens - self.told_tokens,
            self.resent_tokens + self.added_resent_tokens - self.told_resent_tokens,
        )

    def of_earlier(self) -> Pasting:
        """What the next session goes on with."""
        now = replace(self, pastes=0, pasted_tokens=0, resent_tokens=0)
        if self.turns < MIN_CARRIED_TURNS:
            return now
        return replace(now, told_tokens=self.added_tokens, told_resent_tokens=self.added_resent_tokens)

    def then(self, size: int, *, last: int | None, prompted: bool) -> Pasting:
        """After a request of `size` that goes on from one of `last`, None where a conversation begins; `prompted`: a
        person had said something between them.

        A smaller request in between ends nothing: it sends nothing again, and the next large one does.
        """
        if last is None:
            return self.counted()
        now = self._carried_on(size, last=last, prompted=prompted)
        added = size - (last if now.before_tokens is None else now.largest_tokens)
        if prompted and added >= MIN_PASTED_TOKENS:
            before = last if now.before_tokens is None else now.before_tokens
            now = replace(now, before_tokens=before, added_tokens=now.added_tokens + added)
        return replace(now, largest_tokens=max(now.largest_tokens, size)) if now.before_tokens is not None else now

    def _carried_on(self, size: int, *, last: int, prompted: bool) -> Pasting:
        least = MIN_PASTED_TOKENS + (self.before_tokens or 0)
        if self.before_tokens is None or size < least:
            return self
        if last < least and size - last < MIN_PASTED_TOKENS:
            return self.counted()  # the data went, and the conversation has grown again step by step
        return replace(
            self, turns=self.turns + int(prompted), added_resent_tokens=self.added_resent_tokens + self.added_tokens
        )
