"""Single AI sessions of an invented person, event by event, with what went wrong in them and what that cost.

The events go through `bot/domain/sessions.py` as those of any machine would. The price of a pattern is that of the very
requests it took, which no detector gets to see. Called by `bot/sources/invented/work.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from bot.domain.read_together import ReadTogether
from bot.domain.sessions import EventKind, SessionEvent, facts
from bot.domain.usage import Counters, SessionFacts
from bot.sources.invented.tariff import FRONTIER, Tokens, cost_microusd, counters
from bot.sources.invented.workforce import CODE

SOURCE = "machines"
LOOP, REPEAT, COLD, BROKEN, LONG, THRASH, HEAVY, GIVEN_UP = "W04", "W05", "W13", "W14", "W16", "W17", "W18", "W24"
EFFORT, PASTED, NO_TRACE = "W11", "W21", "W25"
PATTERNS = (LOOP, REPEAT, COLD, BROKEN, LONG, THRASH, HEAVY, GIVEN_UP, EFFORT, PASTED)
_LIGHT_START = 20_000
_EASY_PROMPT = 80_000
_LONG_PROMPT = 120_000
_MUCH_MICROUSD = 1_000_000
_SHORT_ANSWER = 500
_TURNS_CARRIED = 3
_PROMPT_EVERY = 5
"""A person says something before every fifth request, where it matters."""
_FULL = 180_000
"""The context at which the tool shortens the conversation by itself."""


@dataclass
class Told:
    """One session: its facts, and what each pattern in it cost."""

    facts: tuple[SessionFacts, ...]
    planted: Counter[str]


def sessions_on(key: str, subject: str, day: date, patterns: frozenset[str]) -> Iterator[Told]:
    """The sessions of one day. Patterns show in some of them and not in all. The same `key` tells the same again."""
    together = ReadTogether()
    for number, session in enumerate(_sessions(key, day, patterns)):
        progress = together.take(session.events, CODE)
        told = facts(progress, session_key=f"{subject} {day} {number}", subject=subject, tool=CODE)
        yield Told(told, session.planted)


def events_on(key: str, day: date, patterns: frozenset[str]) -> list[list[SessionEvent]]:
    """The events of these sessions, for those who want to cut them in another way."""
    return [session.events for session in _sessions(key, day, patterns)]


def _sessions(key: str, day: date, patterns: frozenset[str]) -> Iterator[_Session]:
    chance = Random(f"{key} {day}")
    start = datetime.combine(day, time(chance.randrange(1, 9)), UTC)
    for number in range(chance.randrange(1, 4)):
        session = _Session(chance, start + timedelta(hours=4 * number), patterns)
        session.run()
        yield session


@dataclass
class _Session:
    chance: Random
    at: datetime
    patterns: frozenset[str]
    events: list[SessionEvent] = field(default_factory=list)
    planted: Counter[str] = field(default_factory=Counter)
    context: int = 0
    setting: str = "usual"
    effort: str | None = None
    pasted: int = 0
    """How much came in at once and is carried along, until the tool shortens the conversation."""
    carried: list[int] = field(default_factory=list)
    """What it cost, turn by turn."""

    def run(self) -> None:
        now = {one for one in sorted(self.patterns) if one in (LONG, HEAVY) or self.chance.random() < 0.75}
        self.effort = "high" if EFFORT in now else None
        base = self.chance.randrange(45_000, 75_000) if HEAVY in now else self.chance.randrange(9_000, 26_000)
        requests = (
            self.chance.randrange(60, 110) if now & {LONG, THRASH, EFFORT, PASTED} else self.chance.randrange(10, 34)
        )
        growth = 7_000 if THRASH in now else 2_500 if LONG in now else self.chance.randrange(900, 2_600)
        special = self.chance.randrange(requests // 3, requests - 2)
        self._request(cached=base)
        for turn in range(1, requests):
            if PASTED in now and turn % _PROMPT_EVERY == 0:
                self._event(EventKind.PROMPT)
                self.carried += [0] if self.pasted else []
            self._planted(now, turn, special)
            if HEAVY in now:
                self.planted[HEAVY] += _price(Tokens(read=base - _LIGHT_START))
            self._request(cached=self.chance.randrange(growth // 2, growth * 3 // 2))
            self._tool(failed=self.chance.random() < 0.04)
        if HEAVY in now:
            self.planted[HEAVY] += _price(Tokens(cached=base - _LIGHT_START))
        self._end()

    def _end(self) -> None:
        """What only the whole session shows: that it grew long, whatever the reason, and whether it left a trace."""
        asked = [event.tokens for event in self.events if event.kind is EventKind.REQUEST]
        sizes = [(one.cache_read_tokens or 0) + (one.cache_write_tokens or 0) for one in asked]
        if max(sizes) >= _LONG_PROMPT and len(sizes) >= 20:
            self.planted[LONG] = sum(_price(Tokens(read=size - _EASY_PROMPT)) for size in sizes if size > _EASY_PROMPT)
        if len(self.carried) > _TURNS_CARRIED:
            self.planted[PASTED] = sum(self.carried)
        cost = sum(one.cost_microusd or 0 for one in asked)
        if self.chance.random() < 0.8:
            self._event(EventKind.DECISION, accepted=True)
        elif cost >= _MUCH_MICROUSD:
            self.planted[NO_TRACE] = cost

    def _planted(self, now: set[str], turn: int, special: int) -> None:
        if THRASH in now and self.context > _FULL:
            self.planted[THRASH] += _price(Tokens(read=self.context, cached=40_000))
            self._event(EventKind.COMPACTION, automatic=True)
            self.pasted = 0
            self._request(cached=40_000, keeps=0)
        if turn != special:
            return
        if LOOP in now:
            self._failing(LOOP, self.chance.randrange(7, 22), same=False)
        if REPEAT in now:
            self._failing(REPEAT, self.chance.randrange(5, 14), same=True)
        if GIVEN_UP in now:
            self.planted[GIVEN_UP] += 0  # costs nerves and no money
            for _ in range(self.chance.randrange(4, 10)):
                self._event(EventKind.RETRIES_EXHAUSTED)
        if COLD in now:
            self.at += timedelta(minutes=self.chance.randrange(20, 80))
            self._again(COLD)
        if PASTED in now:
            self.pasted = self.chance.randrange(60_000, 100_000)
            self._event(EventKind.PROMPT)
            self._request(cached=self.pasted)
            self.carried = [_price(Tokens(cached=self.pasted))]
        if BROKEN in now:
            self.setting = "other" if self.setting == "usual" else "usual"
            self._again(BROKEN)

    def _failing(self, pattern: str, times: int, *, same: bool) -> None:
        """Calls that fail one after the other; the first two are work, what they cost after that is not. The same call
        over and over is a loop, too.
        """
        begun = self.at
        for number in range(times):
            cost = self._request(cached=900)
            for seen_as in {pattern, LOOP} if times >= 5 else {pattern}:
                self.planted[seen_as] += cost if number >= 2 else 0
            self._tool(failed=True, key=f"{begun}" if same else f"{self.at}")

    def _again(self, pattern: str) -> None:
        """The whole conversation is written to the cache once more, when reading it would have done."""
        lost = max(self.context, 21_000)
        self._request(cached=lost, keeps=0)
        self.planted[pattern] += _price(Tokens(cached=lost)) - _price(Tokens(read=lost))

    def _request(self, *, cached: int, keeps: int | None = None) -> int:
        read = self.context if keeps is None else keeps
        tokens = Tokens(self.chance.randrange(50, 400), read, cached, self.chance.randrange(150, 900))
        self.context = read + cached
        cost = cost_microusd(FRONTIER, tokens)
        if self.effort is not None and tokens.written <= _SHORT_ANSWER:
            self.planted[EFFORT] += round(cost * self.chance.uniform(0.15, 0.3))
        if self.carried:
            self.carried[-1] += _price(Tokens(read=self.pasted))
        self._event(EventKind.REQUEST, tokens=counters(tokens, cost), setting=self.setting, effort=self.effort)
        return cost

    def _tool(self, *, failed: bool, key: str | None = None) -> None:
        self._event(EventKind.TOOL_RESULT, failed=failed, call_key=key or f"{self.at}")

    def _event(
        self,
        kind: EventKind,
        *,
        tokens: Counters | None = None,
        failed: bool = False,
        call_key: str | None = None,
        automatic: bool = False,
        setting: str | None = None,
        effort: str | None = None,
        accepted: bool | None = None,
    ) -> None:
        self.at += timedelta(seconds=self.chance.randrange(3, 40))
        self.events.append(
            SessionEvent(
                self.at,
                kind,
                FRONTIER,
                tokens or Counters(),
                failed=failed,
                call_key=call_key,
                automatic=automatic,
                setting=setting,
                effort=effort,
                accepted=accepted,
            )
        )


def _price(tokens: Tokens) -> int:
    return cost_microusd(FRONTIER, tokens)
