"""The sessions of those in the small invented company whose machines tell of them, event by event.

The events go through `bot/domain/sessions.py` as those of any machine would, and the day's bill is made of the very
same sessions, so that no session costs more than its day (P6). Called by `bot/sources/invented/crowd.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from random import Random

from bot.domain.sessions import EventKind, SessionEvent, advance, facts
from bot.domain.usage import Counters, SessionFacts
from bot.sources.invented.tariff import FRONTIER, MIDDLE, Tokens, cost_microusd, counters

_PROMPT_EVERY = 5
"""A person says something before every fifth request, and looks at what was changed."""
_CALL_EVERY = 3
_NIGHT_REQUESTS, _LOOKS_AGAIN_AFTER = 1_056, 176
_ROOM_AT_NIGHT_TOKENS = 40_000
_KINDS_OF_DAY = 40
"""Of each habit; which of them somebody's day is, is drawn."""
_ANY_DAY = date(2026, 1, 5)
_EARLIEST_HOUR, _SESSIONS_APART = 7, timedelta(hours=3)


class Habit(StrEnum):
    """How somebody works in sessions: the truth that the rules have to find."""

    ORDINARY = "ordinary"
    COLD_BREAKS = "cold_breaks"
    """One long conversation a day, taken up again after every break."""
    HEAVY_STARTS = "heavy_starts"
    """Every conversation begins with all that was ever noted."""
    ONE_LONG_TALK = "one_long_talk"
    """Everything in one conversation that is never shortened."""


@dataclass(frozen=True)
class _Shape:
    """What a day of a habit looks like; pairs are from and below."""

    model: str
    sessions: tuple[int, int]
    requests: tuple[int, int]
    begins_with: tuple[int, int]
    grows_by: tuple[int, int]
    fullest: int
    breaks: tuple[int, int] = (0, 1)


_SHAPES = {
    Habit.ORDINARY: _Shape(MIDDLE, (1, 4), (12, 34), (12_000, 24_000), (900, 2_400), 110_000),
    Habit.COLD_BREAKS: _Shape(FRONTIER, (1, 2), (56, 80), (22_000, 34_000), (3_600, 5_200), 186_000, (4, 6)),
    Habit.HEAVY_STARTS: _Shape(FRONTIER, (3, 5), (18, 30), (118_000, 142_000), (300, 900), 190_000),
    Habit.ONE_LONG_TALK: _Shape(FRONTIER, (1, 2), (80, 104), (24_000, 36_000), (9_000, 14_000), 460_000),
}


Told = tuple[SessionFacts, ...]
"""What a machine tells of one session."""


def sessions_on(seed: int, subject: str, tool: str, day: date, habit: Habit) -> Iterator[SessionFacts]:
    """What a machine tells of one day. The same seed tells the same again."""
    kind = Random(f"{seed} {subject} sessions {day}").randrange(_KINDS_OF_DAY)
    for number, told in enumerate(_kind_of_day(seed, habit, kind)):
        yield from _as_of(told, subject, tool, day, str(number))


def night_loop_on(seed: int, subject: str, tool: str, day: date) -> Iterator[SessionFacts]:
    """An agent that was left running over night, and could not do what it tried again and again."""
    chance, shape = Random(f"{seed} {subject} night {day}"), _SHAPES[Habit.COLD_BREAKS]
    talk = _Talk(chance, datetime.combine(day, time(1), UTC), shape)
    talk.begin()
    while talk.context < shape.fullest - _ROOM_AT_NIGHT_TOKENS:
        talk.ask(chance.randrange(*shape.grows_by))
        talk.call(failed=False)
    for number in range(_NIGHT_REQUESTS):
        talk.ask(chance.randrange(20, 60))
        talk.call(failed=number % _LOOKS_AGAIN_AFTER > 0)
    yield from _as_of(talk.told(), subject, tool, day, "night")


@cache
def _kind_of_day(seed: int, habit: Habit, kind: int) -> tuple[Told, ...]:
    """The sessions of a day, nobody's yet: event by event they take time, so that days of one kind are made once."""
    chance, shape = Random(f"{seed} {habit} {kind}"), _SHAPES[habit]
    start = datetime.combine(_ANY_DAY, time(_EARLIEST_HOUR, chance.randrange(60)), UTC)
    talks = [
        _Talk(chance, start + _SESSIONS_APART * number, shape) for number in range(chance.randrange(*shape.sessions))
    ]
    for talk in talks:
        talk.work()
    return tuple(talk.told() for talk in talks)


def _as_of(told: Told, subject: str, tool: str, day: date, name: str) -> Iterator[SessionFacts]:
    for one in told:
        yield replace(one, session_key=f"{subject} {day} {name}", subject=subject, tool=tool, day=day)


class _Talk:
    """One conversation that is being held."""

    def __init__(self, chance: Random, at: datetime, shape: _Shape) -> None:
        self._chance, self._at, self._shape = chance, at, shape
        self.events: list[SessionEvent] = []
        self.context = 0

    def begin(self) -> None:
        self.ask(self._chance.randrange(*self._shape.begins_with))

    def work(self) -> None:
        """A session from its first request to its last, with its breaks in the second half."""
        requests = self._chance.randrange(*self._shape.requests)
        breaks = self._chance.randrange(*self._shape.breaks)
        after = set(self._chance.sample(range(requests // 2, requests), breaks))
        self.begin()
        for turn in range(1, requests):
            if turn % _PROMPT_EVERY == 0:
                self._event(EventKind.PROMPT)
                self._event(EventKind.DECISION, accepted=self._chance.random() < 0.85)
            if turn in after:
                self._at += timedelta(minutes=self._chance.randrange(10, 50))
                self._request(read=0, written=self.context)
            self.ask(self._grown())
            if turn % _CALL_EVERY == 0:
                self.call(failed=self._chance.random() < 0.04)

    def _grown(self) -> int:
        by = self._chance.randrange(*self._shape.grows_by)
        return by if self.context + by < self._shape.fullest else self._chance.randrange(80, 240)

    def ask(self, written: int) -> None:
        """A request that reads what was said from the cache and adds to it."""
        self._request(read=self.context, written=written)

    def told(self) -> Told:
        """What is kept of it."""
        return facts(advance(None, self.events), session_key="", subject="", tool="")

    def call(self, *, failed: bool) -> None:
        """What a tool that was called came back with."""
        self._event(EventKind.TOOL_RESULT, failed=failed, call_key=str(len(self.events)))

    def _request(self, *, read: int, written: int) -> None:
        tokens = Tokens(self._chance.randrange(50, 400), read, written, self._chance.randrange(200, 1_100))
        self.context = read + written
        self._event(EventKind.REQUEST, tokens=counters(tokens, cost_microusd(self._shape.model, tokens)))

    def _event(
        self,
        kind: EventKind,
        *,
        tokens: Counters | None = None,
        failed: bool = False,
        call_key: str | None = None,
        accepted: bool | None = None,
    ) -> None:
        self._at += timedelta(seconds=self._chance.randrange(3, 20))
        self.events.append(
            SessionEvent(
                self._at,
                kind,
                self._shape.model,
                tokens or Counters(),
                failed=failed,
                call_key=call_key,
                setting="usual",
                effort="medium",
                accepted=accepted,
            )
        )
