"""An invented company of any size: seeded, plausible, and with the truth about everyone known.

Nobody here exists. The demo, the tests and the benchmarks use it wherever real people must not appear. Weeks look like
weeks: people take leave, part-timers work part-time, some stop and never say so, agents run at night. The same seed
always gives the same company, whatever day is asked for first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property

from bot.domain.people import SATURDAY_AND_SUNDAY
from bot.domain.usage import ANY_MODEL, Counters, SessionFacts, UsageRow
from bot.sources.invented import crowd_sessions
from bot.sources.invented.crowd_sessions import Habit
from bot.sources.invented.tariff import FRONTIER, MIDDLE, Tokens, cost_microusd, counters

TOOL = "claude_code"
SEAT_COST_MICROUSD = 30_000_000
_CENT_MICROUSD = 10_000
_NIGHT_ALONE_DAYS = 6
"""How long before the story an agent was left running over night."""
_ZONES = (
    ("Europe/Berlin", "DE", "de-DE"),
    ("Europe/London", "GB", "en-GB"),
    ("America/New_York", "US", "en-US"),
    ("America/Sao_Paulo", "BR", "pt-BR"),
    ("Asia/Tokyo", "JP", "ja-JP"),
    ("Australia/Sydney", "AU", "en-AU"),
)
_TEAMS = ("lamps", "glass", "wicks", "shipping", "office")


class Behaviour(StrEnum):
    """How somebody uses AI: the truth that the rules have to find."""

    STEADY = "steady"
    LOW_CACHE = "low_cache"
    NIGHT_AGENT = "night_agent"
    LAPSED = "lapsed"
    FIRST_STEPS = "first_steps"
    NEVER = "never"
    ELSEWHERE = "elsewhere"
    """Uses a tool that no connected source can see: silent here, and not a zero."""
    NO_SEAT = "no_seat"


_MIX = (
    (Behaviour.STEADY, 45),
    (Behaviour.LOW_CACHE, 10),
    (Behaviour.NIGHT_AGENT, 5),
    (Behaviour.LAPSED, 12),
    (Behaviour.FIRST_STEPS, 8),
    (Behaviour.NEVER, 12),
    (Behaviour.ELSEWHERE, 4),
    (Behaviour.NO_SEAT, 4),
)

_SEAT_HELD_DAYS = {Behaviour.FIRST_STEPS: 24, Behaviour.NEVER: 56}
"""How long before the story begins a seat was given; 91 days to everybody else."""


@dataclass(frozen=True)
class Character:
    """One invented person and the truth about them. `role` is "dev", "biz", "ops" or "lead".

    `habit` is there where the machine tells of single sessions; of the others nothing but sums of a day are known.
    """

    email: str
    slack_user_id: str
    timezone: str
    country: str
    locale: str
    role: str
    team: str
    manager_email: str | None
    behaviour: Behaviour
    works_on: frozenset[int] = frozenset(range(7)) - SATURDAY_AND_SUNDAY
    habit: Habit | None = None


@dataclass(frozen=True)
class Merge:
    """One change that reached the main line, or was taken back."""

    email: str
    at: datetime
    kind: str
    ref: str
    lines_added: int
    lines_removed: int


def crowd(seed: int, size: int, domain: str = "lantern.example") -> tuple[Character, ...]:
    """`size` people with behaviours drawn from a plausible mix; the first of each team of ten manages the others."""
    return tuple(_extra(seed, number, domain) for number in range(1, size + 1))


class Company:
    """What the tools would report about these people, day by day. `story_day` is the day on which the story starts."""

    def __init__(self, people: tuple[Character, ...], *, seed: int, story_day: date) -> None:
        self.people = people
        self._seed = seed
        self._story_day = story_day
        self._told: dict[tuple[str, date], tuple[SessionFacts, ...]] = {}

    def seats(self) -> Iterator[tuple[Character, date]]:
        """Who holds a seat of `TOOL`, and since when."""
        for person in self.people:
            if person.behaviour is not Behaviour.NO_SEAT:
                yield person, self._story_day - timedelta(days=_SEAT_HELD_DAYS.get(person.behaviour, 91))

    def absences(self) -> Iterator[tuple[Character, date, date]]:
        """A week of leave for every third person, somewhere in the weeks before the story."""
        for person in self.people:
            chance = self._chance(person, "leave")
            if chance.random() < 1 / 3:
                first = self._story_day - timedelta(days=chance.randrange(30, 70))
                yield person, first, first + timedelta(days=4)

    def usage(self, day: date) -> Iterator[UsageRow]:
        """What everybody used on `day`: tokens by model, and sessions and edits on one row for all models."""
        for person in self.people:
            if self._active(person, day):
                yield from self._rows(person, day)

    def sessions(self, day: date) -> Iterator[SessionFacts]:
        """What the machines tell of the sessions of `day`."""
        for person in self.people:
            if person.habit is not None and self._active(person, day):
                yield from self._sessions_of(person, person.habit, day)

    def merges(self, first: date, last: date) -> Iterator[Merge]:
        """Changes merged from `first` to `last`, and the few that were reverted."""
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            for person in self.people:
                if person.role == "dev" and day.weekday() in person.works_on:
                    yield from self._merges_of(person, day)

    def _active(self, person: Character, day: date) -> bool:
        chance = self._chance(person, day.isoformat())
        draw = chance.random()
        days_to_story = (self._story_day - day).days
        likely: dict[Behaviour, Callable[[], float]] = {
            Behaviour.STEADY: lambda: 0.75,
            Behaviour.LOW_CACHE: lambda: 0.85,
            Behaviour.NIGHT_AGENT: lambda: 0.8,
            Behaviour.LAPSED: lambda: 0.7 if days_to_story > 40 else 0.0,
            Behaviour.FIRST_STEPS: lambda: 1.0 if days_to_story in (17, 5) else 0.0,
        }
        if person.behaviour not in likely or self._away(person, day):
            return False
        if day.weekday() not in person.works_on:
            return person.behaviour is Behaviour.NIGHT_AGENT and draw < 0.2
        return draw < likely[person.behaviour]()

    def _away(self, person: Character, day: date) -> bool:
        return any(first <= day <= last for first, last in self._leave.get(person.email, ()))

    @cached_property
    def _leave(self) -> dict[str, list[tuple[date, date]]]:
        leave: dict[str, list[tuple[date, date]]] = {}
        for person, first, last in self.absences():
            leave.setdefault(person.email, []).append((first, last))
        return leave

    def _sessions_of(self, person: Character, habit: Habit, day: date) -> tuple[SessionFacts, ...]:
        """Made once: the bill of the day and the machine speak of the same sessions."""
        if (person.email, day) not in self._told:
            who = (self._seed, person.email, TOOL, day)
            told = list(crowd_sessions.sessions_on(*who, habit))
            if self._is_night_alone(person, day):
                told += crowd_sessions.night_loop_on(*who)
            self._told[person.email, day] = tuple(told)
        return self._told[person.email, day]

    def _is_night_alone(self, person: Character, day: date) -> bool:
        return person.behaviour is Behaviour.NIGHT_AGENT and (self._story_day - day).days == _NIGHT_ALONE_DAYS

    def _rows(self, person: Character, day: date) -> Iterator[UsageRow]:
        if person.habit is not None:
            yield from _billed(self._sessions_of(person, person.habit, day), person, day)
            return
        chance = self._chance(person, f"use {day.isoformat()}")
        sessions = chance.randrange(1, 7)
        for model, prompt_tokens, hit_rate in self._work(person, day, chance):
            cached = int(prompt_tokens * hit_rate)
            written = (prompt_tokens - cached) // 3
            tokens = Tokens(prompt_tokens - cached - written, cached, written, prompt_tokens // 90)
            yield UsageRow(
                person.email,
                day,
                TOOL,
                model,
                counters(tokens, _whole_cents(cost_microusd(model, tokens))),
                priced="reported",
            )
        edits = chance.randrange(3, 30)
        behaviour = Counters(sessions=sessions, accepted=edits, rejected=chance.randrange(0, 1 + edits // 4))
        yield UsageRow(person.email, day, TOOL, ANY_MODEL, behaviour)

    def _work(self, person: Character, day: date, chance: random.Random) -> Iterator[tuple[str, int, float]]:
        """Model, prompt tokens and cache hit rate of one day's work."""
        if person.behaviour is Behaviour.LOW_CACHE:
            yield FRONTIER, chance.randrange(3_500_000, 5_500_000), chance.uniform(0.2, 0.35)
            return
        yield MIDDLE, chance.randrange(1_200_000, 3_000_000), chance.uniform(0.86, 0.94)
        if chance.random() < 0.4:
            yield FRONTIER, chance.randrange(300_000, 900_000), chance.uniform(0.82, 0.92)
        if self._is_night_alone(person, day):
            yield FRONTIER, 140_000_000, 0.9  # an agent that was left running over night

    def _merges_of(self, person: Character, day: date) -> Iterator[Merge]:
        chance = self._chance(person, f"merge {day.isoformat()}")
        if self._away(person, day) or chance.random() > 0.3:
            return
        at = datetime.combine(day, time(15, chance.randrange(60)), UTC)
        ref = f"lantern/works#{chance.randrange(10**6)}"
        yield Merge(person.email, at, "pr_merged", ref, chance.randrange(5, 300), chance.randrange(0, 120))
        if chance.random() < 0.08:
            yield Merge(person.email, at + timedelta(days=2), "pr_reverted", ref, 0, 0)

    def _chance(self, person: Character, occasion: str) -> random.Random:
        return random.Random(f"{self._seed} {person.email} {occasion}")


def _billed(told: Collection[SessionFacts], person: Character, day: date) -> Iterator[UsageRow]:
    """The rows of a day that consists of these sessions, and of nothing else."""
    by_model: dict[str, Counters] = {}
    for one in told:
        by_model[one.model] = by_model.get(one.model, Counters()).plus(one.counters)
    for model, sums in by_model.items():
        tokens = (sums.input_tokens, sums.cache_read_tokens, sums.cache_write_tokens, sums.output_tokens)
        billed = counters(Tokens(*(count or 0 for count in tokens)), _whole_cents(sums.cost_microusd or 0))
        yield UsageRow(person.email, day, TOOL, model, billed, priced="reported")
    behaviour = Counters(
        sessions=len({one.session_key for one in told}),
        accepted=sum(sums.accepted or 0 for sums in by_model.values()),
        rejected=sum(sums.rejected or 0 for sums in by_model.values()),
    )
    yield UsageRow(person.email, day, TOOL, ANY_MODEL, behaviour)


def _whole_cents(cost_microusd: int) -> int:
    """The source reports whole cents, begun ones too."""
    return -(-cost_microusd // _CENT_MICROUSD) * _CENT_MICROUSD


def _extra(seed: int, number: int, domain: str) -> Character:
    chance = random.Random(f"{seed} person {number}")
    timezone, country, locale = chance.choice(_ZONES)
    manager = number - (number - 1) % 10
    kinds, weights = zip(*_MIX, strict=True)
    part_time = chance.random() < 0.1
    return Character(
        email=f"person-{number:06d}@{domain}",
        slack_user_id=f"U1{number:06d}",
        timezone=timezone,
        country=country,
        locale=locale,
        role=chance.choices(("dev", "biz", "ops"), (60, 30, 10))[0],
        team=_TEAMS[(manager // 10) % len(_TEAMS)],
        manager_email=None if manager == number else f"person-{manager:06d}@{domain}",
        behaviour=chance.choices(kinds, weights)[0],
        works_on=frozenset({0, 1, 2}) if part_time else frozenset(range(5)),
    )
