"""How much a conversation carries along: heavy beginnings (W18) and long prompts (W16), request by request.

A conversation also begins when it becomes small again and writes anew what it reads, under the same name as the one
before it. So it does not matter how requests are divided into sessions, nor what else is asked in them (P3).
Called by `bot/domain/sessions.py`. Next: `bot/domain/waste/heavy_start.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.session_sums import EASY_PROMPT_TOKENS, HEAVY_START_TOKENS, LARGE_PROMPT_TOKENS, LIGHT_START_TOKENS

SHRINKS_TO_PERCENT = 98
"""A conversation grows; a prompt smaller than that part of the one before it is no longer the same conversation."""

COUNTED = ("heavy_starts", "heavy_start_tokens", "heavy_start_resent_tokens", "long_requests", "long_excess_tokens")
"""What is told of a session."""


@dataclass(frozen=True)
class Carried:
    """What is known so far. `now_tokens` is what the present beginning carries above a light one, 0 for a light one."""

    now_tokens: int = 0
    heavy_starts: int = 0
    heavy_start_tokens: int = 0
    heavy_start_resent_tokens: int = 0
    long_requests: int = 0
    long_excess_tokens: int = 0

    def read(self, size: int) -> Carried:
        """After any request of `size`, in whatever order they come in."""
        excess = max(0, size - EASY_PROMPT_TOKENS)
        return replace(
            self,
            long_requests=self.long_requests + (size >= LARGE_PROMPT_TOKENS),
            long_excess_tokens=self.long_excess_tokens + excess,
        )

    def went_on(self, size: int, *, is_start: bool) -> Carried:
        """After the next request."""
        if not is_start:
            return replace(self, heavy_start_resent_tokens=self.heavy_start_resent_tokens + self.now_tokens)
        begun = size - LIGHT_START_TOKENS if size >= HEAVY_START_TOKENS else 0
        return replace(
            self,
            now_tokens=begun,
            heavy_starts=self.heavy_starts + (begun > 0),
            heavy_start_tokens=self.heavy_start_tokens + begun,
        )


def begins_afresh(size: int, *, last: int | None) -> bool:
    """Whether a request that wrote its prompt anew belongs to another conversation than the one before it."""
    return size * 100 < SHRINKS_TO_PERCENT * (last or 0)
