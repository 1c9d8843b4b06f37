"""What an invented person's use looks like in the reports, with patterns planted in it and their price known.

A planted pattern is priced against what the same work would have cost without it, not by the formula of the detector
that should find it. Called by `bot/sources/invented/company.py`. Next: `bot/sources/invented/truth.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from bot.domain.sessions import usage_rows
from bot.domain.usage import ANY_MODEL, Counters, SessionFacts, UsageRow
from bot.domain.usage_sums import REPORTED
from bot.sources.invented import sessions
from bot.sources.invented.behaviour import UseDays
from bot.sources.invented.tariff import FRONTIER, MIDDLE, Tokens, cost_microusd
from bot.sources.invented.truth import Planted
from bot.sources.invented.workforce import API, CHAT, CODE, COMPLETION, OTHER_CODE, Style, Worker

COUNTED = frozenset({CODE, OTHER_CODE, API})
"""Tools whose source tells tokens; of them all but `CODE` tell requests by model, and `API` tells failed ones."""
LOW_CACHE, RUNAWAY, BIG_MODEL, FAST, REJECTED = "W15", "W06", "W10", "W12", "W23"
REVERTED, CLOSED, REWRITTEN = "W07", "W08", "W09"
_WINDOW_DAYS = 28
_TELEMETRY_DAYS = 35
_NEW_WORK_DAYS = 14


class Innocent(StrEnum):
    """Habits of finishing work that look like a pattern and are none."""

    TRIES = "tries"
    """Closes now and then what is merged in another form afterwards."""
    MOVES = "moves"
    """Moves code about, and has files generated anew."""


@dataclass(frozen=True)
class Plants:
    """Which patterns one person has. `runaway_on` is a day on which an agent ran away, `meant` whether it was a job.

    `telemetry`: the machine of this person tells of single sessions.
    """

    style: Style
    detectors: frozenset[str] = frozenset()
    runaway_on: date | None = None
    meant: bool = False
    sibling_fails: float = 0.0
    telemetry: bool = False
    innocent: Innocent | None = None
    fast_share: float | None = None
    """Share of requests in fast mode; None: no source tells. `detectors` say whether nobody waited for them."""


@dataclass
class Work:
    """The rows and sessions of one person, and what of their cost was planted."""

    rows: list[UsageRow] = field(default_factory=list)
    sessions: list[SessionFacts] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)


def plants_of(seed: int, worker: Worker, use: UseDays, last_day: date) -> Plants:
    """Draw the patterns of one person, among those that their use can carry."""
    chance = Random(f"{seed} plants {worker.alike}")
    draws = [chance.random() for _ in range(5)]
    plain = Plants(worker.style, meant=draws[3] < 0.4, sibling_fails=chance.uniform(0.08, 0.24))
    if not COUNTED & use.keys():
        return plain
    if CODE in use and draws[4] < 0.25:
        return replace(plain, telemetry=True, detectors=_of_sessions(chance))
    apart = _apart(Random(f"{seed} more plants {worker.alike}"), worker, use, plain)
    if apart is not None:
        return apart
    found: set[str] = set()
    if draws[0] < 0.12:
        found.add(LOW_CACHE)
    style = worker.style
    if CODE not in use and draws[1] < 0.5:
        style = _big_model(chance, style, found, draws[1])
    recent = _recent(use, last_day)
    runaway_on = chance.choice(recent) if recent and draws[2] < 0.08 else None
    if runaway_on is not None:
        found.add(RUNAWAY)
    return replace(plain, style=style, detectors=frozenset(found), runaway_on=runaway_on)


def work_of(seed: int, worker: Worker, use: UseDays, plants: Plants, last_day: date) -> Work:
    """Everything that could be reported of one person, and the planted dollars day by day."""
    writer = _Writer(Random(f"{seed} work {worker.alike}"), worker, plants, sessions_key(seed, worker), last_day)
    for tool in sorted(use):
        for day in sorted(use[tool]):
            if worker.sends_nothing_on(day) and tool in COUNTED:
                writer.empty_day(tool, day)
            elif tool not in COUNTED:
                writer.plain_day(tool, day)
            elif plants.telemetry and tool == CODE and (last_day - day).days < _TELEMETRY_DAYS:
                writer.told_day(day)
            else:
                writer.counted_day(tool, day)
    return writer.work


def sessions_key(seed: int, worker: Worker) -> str:
    """Under which the sessions of this person can be told again."""
    return f"{seed} sessions {worker.alike}"


def finished_on(seed: int, worker: Worker, plants: Plants, days: list[date]) -> Iterator[date]:
    """On which of `days` a change of this person was merged; the same for a tokenmaxxer as for the twin.

    Nothing follows an agent that ran away within two days; something does follow a job that was meant to run.
    """
    if worker.role != "dev":
        return
    chance = Random(f"{seed} merges {worker.alike}")
    for day in days:
        merges = chance.random() < 0.3 and day.weekday() in worker.works_on
        since = None if plants.runaway_on is None else (day - plants.runaway_on).days
        if since is not None and 0 <= since <= 2:
            merges = plants.meant and since == 1
        elif not worker.employed_on(day) or worker.away_on(day):
            merges = False
        if merges:
            yield day


def window_of(last_day: date) -> tuple[date, date]:
    """First and last day of the window that ends on `last_day`."""
    return last_day - timedelta(days=_WINDOW_DAYS - 1), last_day


def _apart(chance: Random, worker: Worker, use: UseDays, plain: Plants) -> Plants | None:
    """Patterns that somebody has alone, so that the truth about one does not hide in another: unfinished changes, fast
    mode, rejected edits. Those who work much, for of a small sum nothing is ever said.
    """
    draw = chance.random()
    much = replace(plain.style, prompt_tokens=plain.style.prompt_tokens * chance.randrange(4, 12))
    if worker.role == "dev" and draw < 0.15:
        pattern = chance.choice((REVERTED, CLOSED, REWRITTEN, *Innocent))
        if isinstance(pattern, Innocent):
            return replace(plain, style=much, innocent=pattern)
        return replace(plain, style=much, detectors=frozenset({pattern}))
    if API in use and draw < 0.3:
        # Half of them have somebody who waits for every answer.
        waits = chance.random() < 0.5
        found = frozenset[str]() if waits else frozenset({FAST})
        return replace(plain, style=much, detectors=found, fast_share=chance.uniform(0.2, 0.9))
    if 0.3 < draw < 0.36:
        return replace(plain, detectors=frozenset({REJECTED}))
    return None


def _of_sessions(chance: Random) -> frozenset[str]:
    """Half of those who send telemetry have one pattern in their sessions, some have two."""
    some = chance.choices((0, 1, 2), (50, 40, 10))[0]
    return frozenset(chance.sample(sessions.PATTERNS, some))


def _big_model(chance: Random, style: Style, found: set[str], draw: float) -> Style:
    """The largest model for nearly everything: for short easy answers, for long ones, or for work that fails often."""
    style = replace(style, frontier_share=chance.uniform(0.8, 1.0))
    if draw < 0.25:
        found.add(BIG_MODEL)
        return style
    if draw < 0.4:
        return replace(style, written_per_read=chance.uniform(0.25, 0.4))
    return replace(style, failed_share=chance.uniform(0.18, 0.3))


def _recent(use: UseDays, last_day: date) -> list[date]:
    """Days of the window on which an agent may have run away, long enough ago that something could have followed."""
    days = {day for tool in COUNTED & use.keys() for day in use[tool]}
    return sorted(day for day in days if 3 <= (last_day - day).days < _WINDOW_DAYS - 1)


@dataclass
class _Writer:
    chance: Random
    worker: Worker
    plants: Plants
    sessions_key: str
    last_day: date
    work: Work = field(default_factory=Work)

    def empty_day(self, tool: str, day: date) -> None:
        """One request that failed, or that nobody answered: all that is sent on such a day."""
        fails = self.chance.random() < 0.5
        self._row(
            tool,
            day,
            MIDDLE,
            Counters(
                requests=None if tool == CODE else 1,
                failed_requests=int(fails) if tool == API else None,
                input_tokens=0 if fails else 4,
                cache_read_tokens=0,
                cache_write_tokens=0,
                output_tokens=0,
                cost_microusd=0 if fails else 12,
            ),
            priced=REPORTED,
        )
        self._row(tool, day, ANY_MODEL, Counters(sessions=1, accepted=0, rejected=0))

    def plain_day(self, tool: str, day: date) -> None:
        """A tool whose source tells no tokens."""
        asked = self.chance.randrange(1, 40) * self.worker.volume
        told = Counters(prompts=asked) if tool == CHAT else Counters(offered=asked, accepted=asked // 4)
        self._row(tool, day, ANY_MODEL, told, active=True if tool == COMPLETION else None)

    def told_day(self, day: date) -> None:
        """A day whose sessions are known one by one; the vendor's report says the same without saying requests."""
        day_facts: list[SessionFacts] = []
        for told in sessions.sessions_on(self.sessions_key, self.worker.email, day, self.plants.detectors):
            day_facts += told.facts
            self.work.planted += [Planted(name, CODE, day, microusd) for name, microusd in told.planted.items()]
        self.work.sessions += day_facts
        for row in usage_rows(day_facts):
            counters = replace(row.counters, requests=None, failed_requests=None)
            self.work.rows.append(replace(row, counters=counters, priced=REPORTED))

    def counted_day(self, tool: str, day: date) -> None:
        """Tokens and cost by model, with the patterns that show in sums of days."""
        style, volume = self.plants.style, self.worker.volume
        prompt = int(style.prompt_tokens * self.chance.lognormvariate(0, 0.4)) * volume
        good = min(0.97, style.hit_rate + self.chance.uniform(-0.03, 0.03))
        bad, extra_usd = self.chance.uniform(0.2, 0.42), self.chance.uniform(60, 400)
        hit = bad if LOW_CACHE in self.plants.detectors else good
        for model, share in ((FRONTIER, style.frontier_share), (MIDDLE, 1 - style.frontier_share)):
            tokens = _split(int(prompt * share), hit, style.written_per_read)
            if tokens.prompt:
                cost = cost_microusd(model, tokens)
                self._plant(LOW_CACHE, tool, day, cost - cost_microusd(model, _with_hits(tokens, good)))
                if model == FRONTIER:
                    self._plant(BIG_MODEL, tool, day, _dearer(tokens, cost, self.plants.sibling_fails))
                    if self.plants.runaway_on == day:
                        tokens = _run_away(tokens, int(extra_usd * 1_000_000) * volume)
                        self._plant(RUNAWAY, tool, day, cost_microusd(model, tokens) - cost)
                self._model_row(tool, day, model, tokens)
        self._people_row(tool, day)

    def _plant(self, detector: str, tool: str, day: date, microusd: int) -> None:
        if detector in self.plants.detectors:
            self.work.planted.append(Planted(detector, tool, day, max(0, microusd)))

    def _model_row(self, tool: str, day: date, model: str, tokens: Tokens) -> None:
        requests = None if tool == CODE else max(1, tokens.prompt // 60_000)
        failed = round(requests * self.plants.style.failed_share) if tool == API and requests else None
        cost, fast = cost_microusd(model, tokens), None
        if tool == API and requests and self.plants.fast_share is not None:
            # Fast answers are dearer by as much again; the requests that are made in it are not all of one size.
            fast = min(requests, round(requests * self.plants.fast_share))
            extra = int(cost * min(1.0, fast / requests * self.chance.uniform(0.7, 1.3)))
            self._plant(FAST, tool, day, extra)
            cost += extra
        counters = Counters(
            requests=requests,
            failed_requests=failed,
            input_tokens=tokens.uncached,
            cache_read_tokens=tokens.read,
            cache_write_tokens=tokens.cached,
            output_tokens=tokens.written,
            cost_microusd=cost,
            fast_requests=fast,
        )
        self._row(tool, day, model, counters, priced=REPORTED)

    def _people_row(self, tool: str, day: date) -> None:
        """What the person did with the answers, on a row for all models."""
        begun, edits = self.chance.randrange(1, 7) * self.worker.volume, self.chance.randrange(3, 30)
        rejected = self.chance.randrange(0, 1 + edits // 4)
        if REJECTED in self.plants.detectors and (self.last_day - day).days < _NEW_WORK_DAYS:
            # The work has changed, and the tool does not fit it.
            rejected = round(edits * self.chance.uniform(1.2, 4))
            self._plant(REJECTED, tool, day, 0)
        self._row(tool, day, ANY_MODEL, Counters(sessions=begun, accepted=edits, rejected=rejected))

    def _row(
        self,
        tool: str,
        day: date,
        model: str,
        counters: Counters,
        *,
        priced: str | None = None,
        active: bool | None = None,
    ) -> None:
        self.work.rows.append(UsageRow(self.worker.email, day, tool, model, counters, priced, active))


def _split(prompt: int, hit: float, written_per_read: float) -> Tokens:
    read = int(prompt * hit)
    cached = (prompt - read) // 3
    return Tokens(prompt - read - cached, read, cached, int(prompt * written_per_read))


def _with_hits(tokens: Tokens, hit: float) -> Tokens:
    return _split(tokens.prompt, hit, 0)._replace(written=tokens.written)


def _dearer(tokens: Tokens, cost: int, fails: float) -> int:
    """What the smaller model would have saved on easy work, the tries that fail there and are run again included."""
    return int(cost - cost_microusd(MIDDLE, tokens) - fails * cost)


def _run_away(tokens: Tokens, microusd: int) -> Tokens:
    """An agent in a circle reads the same context again and again, for about so much money."""
    more = microusd * 2  # half a micro-dollar for a token read from the cache
    return tokens._replace(read=tokens.read + more, written=tokens.written + more // 2_000)
