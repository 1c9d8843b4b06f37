"""Which request a request goes on from, and how much a conversation carries along: heavy beginnings (W18), long prompts
(W16).

A session is more than one conversation: side requests with a prompt of their own, or a second one under the same name.
A request goes on from the one whose prompt it read from the cache; what wrote its prompt anew goes on from one that was
about as large, else a conversation begins. Where the cache does not tell, it is the last one that was at least half as
large. So what is asked in between, and is not about as large, changes nothing (P3).
Called by `bot/domain/sessions.py`. Next: `bot/domain/waste/heavy_start.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.session_sums import EASY_PROMPT_TOKENS, HEAVY_START_TOKENS, LARGE_PROMPT_TOKENS, LIGHT_START_TOKENS
from bot.domain.usage import Counters

SHRINKS_TO_PERCENT = 98
"""A conversation grows; a prompt smaller than that part of the one before it is no longer the same conversation."""
MIN_REWRITTEN_TOKENS = 20_000
"""W13 and W14 in the list of waste patterns: what a request must write to the cache to be a rewrite of its context."""
MAX_READ_PERCENT = 10
"""W13: a request that still read this much of its prompt from the cache did not begin anew."""
MIN_NEWS_PERCENT = 10
"""What a compaction left was not all in the cache before: so much of it at least is new."""
GROWS_TIMES = 2
"""A request more than so many times as large as the one before it may belong to another conversation."""
MIN_READ_AGAIN_PERCENT = 30
"""Whoever goes back to an earlier point of a conversation still has most of it in the cache."""
GROWS_PERCENT = 125
GROWS_TOKENS = 10_000
"""What is read in anew, and is larger than the one before it by more than both, is another conversation."""
REMEMBERED = 8
"""So that a session that never ends cannot grow without bound."""

COUNTED = ("heavy_starts", "heavy_start_tokens", "heavy_start_resent_tokens", "long_requests", "long_excess_tokens")
"""What is told of a session."""


@dataclass(frozen=True)
class Past:
    """A request that a later one may go on from. `carried_tokens` is what the beginning of its conversation carries
    above a light one, 0 for a light one; `at` is in seconds since 1970. `answered_size` is what the conversation is
    with the answer, where it was the first request of it; `begun_size` is what that was; `prompts` is how often
    somebody had said something before it; `is_earlier`: in a session before this one.
    """

    size: int
    at: float
    setting: str | None
    carried_tokens: int
    answered_size: int = 0
    begun_size: int = 0
    prompts: int = 0
    is_earlier: bool = False


@dataclass(frozen=True)
class Before:
    """The requests so far that a later one may go on from: each came after the one before it, and is smaller."""

    kept: tuple[Past, ...] = ()

    @classmethod
    def from_json(cls, kept: Iterable[Mapping[str, Any]] = ()) -> Before:
        return cls(tuple(Past(**one) for one in kept))

    def of(self, size: int, tokens: Counters, *, is_shortened: bool = False) -> Past | None:
        """What a request of `size` goes on from; None where it begins. `is_shortened`: it is what a compaction left of
        the conversation. What wrote its prompt anew goes on from one that was about as large, what read it from the
        cache from one that holds as much.
        """
        if is_shortened and self.kept:
            return self.kept[0]
        if is_rewrite(tokens, size):
            return self._restarted(size)
        read = tokens.cache_read_tokens
        if read is not None and size * MAX_READ_PERCENT <= read * 100:
            holding = [one for one in self.kept if one.size * 100 >= read * SHRINKS_TO_PERCENT]
            if holding:
                return holding[-1]
        return self._half_as_large(size, read)

    def _restarted(self, size: int) -> Past | None:
        """The largest that `size` has not shrunk from, if it has not grown much since. What was asked once is taken up
        again with its answer: the same beginning once more is another conversation.
        """
        for one in self.kept:
            if size * 100 >= SHRINKS_TO_PERCENT * one.size:
                return one if one.answered_size <= size <= _at_most(one.size) else None
        return None

    def _half_as_large(self, size: int, read: int | None) -> Past | None:
        """The last that was at least half as large, where the cache does not tell. Where nobody tells what is read, a
        much larger request goes on from the one before it if that was no small one.
        """
        left, passed = list(self.kept), None
        while left and left[-1].size * GROWS_TIMES < size:
            passed = left.pop()
        if left:
            return left[-1]
        return passed if passed and read is None and passed.size >= LIGHT_START_TOKENS else None

    def is_beside(self, size: int) -> bool:
        """Whether a request of `size` is too small to be one of the conversation that goes on: what an agent carries
        at least is more, and so was what came before it, by far. What an earlier session held is asked only of the
        first request: a session may be a small one.
        """
        own = [one for one in self.kept if not one.is_earlier] or self.kept
        return size < LIGHT_START_TOKENS and any(one.size > GROWS_TIMES * size for one in own)

    def of_earlier(self) -> Before:
        """The same in the next session."""
        return Before(tuple(replace(one, is_earlier=True) for one in self.kept))

    def then(self, past: Past) -> Before:
        """After a request; the smallest are forgotten first."""
        return Before((*[one for one in self.kept if one.size > past.size][: REMEMBERED - 1], past))

    def conversation_tokens(self) -> int | None:
        """The size of the conversation that is shortened: it is the large ones that are."""
        return self.kept[0].size if self.kept else None


@dataclass(frozen=True)
class Carried:
    """What is counted so far."""

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

    def began(self, size: int) -> Carried:
        """After the first request of a conversation."""
        begun = above_light(size)
        return replace(
            self, heavy_starts=self.heavy_starts + (begun > 0), heavy_start_tokens=self.heavy_start_tokens + begun
        )

    def went_on(self, size: int, carried_tokens: int) -> Carried:
        """After a later request of a conversation that began with so much."""
        resent = min(carried_tokens, max(0, size - LIGHT_START_TOKENS))
        return replace(self, heavy_start_resent_tokens=self.heavy_start_resent_tokens + resent)


def carried_on(size: int, tokens: Counters, last: Past, *, is_shortened: bool) -> int | None:
    """What a request of `size` carries of the beginning of the conversation of `last`, which may have been shortened;
    None where it begins like one: smaller than what was there, and as large as its beginning or mostly not read.
    """
    if is_shortened or size * 100 >= SHRINKS_TO_PERCENT * last.size:
        return last.carried_tokens
    read = tokens.cache_read_tokens
    is_new = size <= _at_most(last.begun_size) or (read is not None and read * 100 < MIN_READ_AGAIN_PERCENT * size)
    return None if is_new else last.carried_tokens


def _at_most(size: int) -> int:
    """The largest that is still about as large."""
    return max(size * GROWS_PERCENT // 100, size + GROWS_TOKENS)


def prompt_tokens(tokens: Counters) -> int | None:
    """The size of a request's whole input, cached or not; None when nothing is told of it."""
    parts = (tokens.input_tokens, tokens.cache_read_tokens, tokens.cache_write_tokens)
    return None if parts == (None, None, None) else sum(part or 0 for part in parts)


def begun(tokens: Counters, size: int) -> tuple[int, int]:
    """A conversation's first request with its answer, and without."""
    return size + (tokens.output_tokens or 0), size


def above_light(size: int) -> int:
    """What a first request of `size` carries above a light one, 0 when it is a light one itself."""
    return size - LIGHT_START_TOKENS if size >= HEAVY_START_TOKENS else 0


def is_rewrite(tokens: Counters, size: int) -> bool:
    """W13: it wrote much to the cache and read next to nothing from it."""
    return (tokens.cache_write_tokens or 0) >= MIN_REWRITTEN_TOKENS and (
        (tokens.cache_read_tokens or 0) * 100 < MAX_READ_PERCENT * size
    )


def has_news(tokens: Counters, size: int) -> bool:
    """Whether enough of a prompt was not in the cache before for it to be what a compaction left. True as well where
    nobody tells.
    """
    return tokens.cache_read_tokens is None or (size - tokens.cache_read_tokens) * 100 >= MIN_NEWS_PERCENT * size
