"""An invented company of any size: its people, what its sources say of them, and what is true.

The same seed gives the same company. Sources behave as sources do: some are days late, a second account of each vendor
lost a day lately or long ago, private subscriptions show nowhere, some ids are nobody's.
Called by tests and benchmarks. Next: `bot/sources/invented/workforce.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random

from bot.domain.outcomes import OutcomeRecord
from bot.domain.people import IdentitySource, subject
from bot.domain.roster import AbsenceRecord, PersonRecord
from bot.domain.usage import CoverageStatus, SessionFacts, UsageRow
from bot.sources.invented import behaviour, changes, sessions, truth, work
from bot.sources.invented.truth import Planted
from bot.sources.invented.workforce import (
    API,
    CHAT,
    CODE,
    COMPLETION,
    HISTORY_DAYS,
    OTHER_CODE,
    SEAT_USD,
    Login,
    Worker,
    worker,
)


@dataclass(frozen=True)
class Account:
    """One account at one vendor, as a source reads it. `broken` is how it ended a day other than well."""

    name: str
    kind: str
    tool: str
    lag_days: int
    lists_members: bool
    second: bool
    broken: dict[date, CoverageStatus]

    def status(self, day: date, last_day: date) -> CoverageStatus:
        if day in self.broken:
            return self.broken[day]
        is_late = (last_day - day).days < self.lag_days
        return CoverageStatus.PENDING if is_late else CoverageStatus.COVERED


_VENDORS = (
    ("console", "claude_code", CODE, 0, False),
    ("editor", "cursor", OTHER_CODE, 0, True),
    ("completions", "copilot", COMPLETION, 3, True),
    ("chat", "claude_enterprise", CHAT, 1, True),
    ("gateway", "litellm", API, 0, False),
)


@dataclass(frozen=True)
class Reality:
    """One person with the truth: the days of real use, the patterns planted, and all that could be reported."""

    worker: Worker
    use: behaviour.UseDays
    plants: work.Plants
    work: work.Work


class InventedCompany:
    """`size` people, numbered from 1, as they stand at `now`."""

    def __init__(self, *, seed: int, size: int, now: datetime) -> None:
        self.seed, self.size, self.now = seed, size, now
        self.today = now.astimezone(UTC).date()
        self.last_day = self.today - timedelta(days=1)
        self.days = [self.today - timedelta(days=back) for back in range(HISTORY_DAYS, -1, -1)]

    def people(self) -> Iterator[Reality]:
        """Everybody, one after the other; nothing of them is held."""
        for number in range(1, self.size + 1):
            yield self._reality(worker(self.seed, number, self.today))

    def _reality(self, who: Worker) -> Reality:
        use = behaviour.use_days(self.seed, who, self.now)
        plants = work.plants_of(self.seed, who, use, self.last_day)
        return Reality(who, use, plants, work.work_of(self.seed, who, use, plants, self.last_day))

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """Two accounts for each tool; the second one broke down within the window."""
        chance = Random(f"{self.seed} accounts")
        made = []
        for name, kind, tool, lag_days, lists_members in _VENDORS:
            for second in (False, True):
                broken = self._breakdown(chance) if second else {}
                title = f"{name}-2" if second else name
                made.append(Account(title, kind, tool, lag_days, lists_members, second, broken))
        return tuple(made)

    def _breakdown(self, chance: Random) -> dict[date, CoverageStatus]:
        """A working day that a source did not finish: within the window, or long before it and never made good."""
        status = chance.choice((CoverageStatus.FAILED, CoverageStatus.PENDING))
        day = self.last_day - timedelta(days=chance.choice((chance.randrange(5, 26), chance.randrange(35, 80))))
        while day.weekday() not in (1, 2, 3):  # a working day in every country
            day -= timedelta(days=1)
        return {day: status}

    def account_of(self, who: Worker, tool: str) -> Account:
        return next(one for one in self.accounts if one.tool == tool and one.second == who.second_account)

    def reported(self, one: Reality) -> Iterator[tuple[Account, UsageRow]]:
        """What the sources say of this person: not all that was done, and not always under their name."""
        for row in one.work.rows:
            account = self.account_of(one.worker, row.tool)
            if _is_lost(account, row.day, one.worker, self.last_day) or _is_invisible(one.worker, row.tool):
                continue
            yield account, _as_reported(one.worker, row)

    def sessions(self, one: Reality) -> Iterator[tuple[str, SessionFacts]]:
        """What the machines of those who send telemetry say of single sessions, and the name of that source."""
        if one.worker.login is Login.WHOLE:
            yield from ((sessions.SOURCE, told) for told in one.work.sessions)

    def covered_tools(self, who: Worker) -> dict[str, Account]:
        """For which tools the operator, or a list of members, vouches that the source sees this person whole."""
        tools = {seat.tool for seat in who.seats} | {stay.tool for stay in who.stays}
        seen = who.login is Login.WHOLE
        return {
            tool: self.account_of(who, tool) for tool in sorted(tools) if seen or (tool != CODE and not _nameless(who))
        }

    def sees_whole(self, one: Reality) -> bool:
        """Whether the sources finished every day of the last four weeks for all that this person holds or uses."""
        who, recent = one.worker, {self.last_day - timedelta(days=back) for back in range(32)}
        tools = {seat.tool for seat in who.seats} | one.use.keys()
        accounts = self.covered_tools(who)
        if not all(tool in accounts and not recent & accounts[tool].broken.keys() for tool in tools):
            return False
        if any(self._may_be_a_stranger(one, accounts[tool], recent) for tool in tools):
            return False
        # Of a seat that began a day or two ago a late source has not finished a single day yet.
        return all(seat.assigned_on <= self.last_day - timedelta(accounts[seat.tool].lag_days) for seat in who.seats)

    def _may_be_a_stranger(self, one: Reality, account: Account, days: set[date]) -> bool:
        """Whether an account that keeps no list named, on one of `days`, somebody whom nobody knows, and this person
        neither then nor later, or not since that name turned up: it may be theirs.
        """
        named = [row.day for told_by, row in self.reported(one) if told_by is account]
        return any(
            not named or (max(named) < day and max(named) <= min(seen))
            for seen in self._strangers.get(account.name, ())
            for day in seen & days
        )

    @cached_property
    def _strangers(self) -> dict[str, list[frozenset[date]]]:
        """By account without a list of members, the days on which each unknown address was in use."""
        found: dict[str, list[frozenset[date]]] = defaultdict(list)
        for who in (worker(self.seed, number, self.today) for number in range(1, self.size + 1)):
            if who.second_account and _nameless(who):
                rows = [(account, row) for account, row in self.reported(self._reality(who)) if row.is_active]
                for account in {account.name: account for account, _ in rows if not account.lists_members}.values():
                    found[account.name].append(frozenset(row.day for told_by, row in rows if told_by is account))
        return dict(found)

    def unheard_of(self, one: Reality) -> bool:
        """Whether a tool that needs no seat is in use, and no source ever named this person for it."""
        named = {row.tool for _, row in self.reported(one) if row.subject == one.worker.email}
        return bool(one.use.keys() - SEAT_USD.keys() - named)

    def outcomes(self, one: Reality) -> Iterator[OutcomeRecord]:
        """What the code host says of changes, on UTC days; people whose work has no code have none."""
        yield from changes.records_of(one.worker, self._changes(one), self.now)

    def _changes(self, one: Reality) -> list[changes.Change]:
        finished = list(work.finished_on(self.seed, one.worker, one.plants, self.days))
        return changes.changes_of(self.seed, one.worker, one.plants, finished, self.today)

    def state(self, one: Reality, day: date) -> str:
        """Where this person truly stands on `day`, in the words of docs/reference/rules.md."""
        seen = self._seen(one, day)
        known = frozenset(used for days in seen.values() for used in days if used > day)
        worked = frozenset(used for tool, days in one.use.items() for used in days if self._was_work(one, tool, used))
        return truth.state(one.worker, one.use, day, known=known, worked=worked)

    @staticmethod
    def _was_work(one: Reality, tool: str, day: date) -> bool:
        """Whether something came back on that day. Of a tool that tells no tokens nobody could say that nothing did."""
        return tool not in work.COUNTED or not one.worker.sends_nothing_on(day)

    def _seen(self, one: Reality, day: date) -> dict[str, frozenset[date]]:
        """The true use up to `day`, and of the days after it what no source is too late to tell."""
        return {
            tool: frozenset(
                used
                for used in days
                if used <= day or not _is_late(self.account_of(one.worker, tool), used, self.last_day)
            )
            for tool, days in one.use.items()
        }

    def planted(self, one: Reality, day: date) -> list[Planted]:
        """The patterns that are really there in the window that ends on `day`."""
        first, last = work.window_of(day)
        of_changes = changes.planted(self._changes(one), _cost_of_days(one.work.rows), self.now)
        inside = [plant for plant in (*one.work.planted, *of_changes) if first <= plant.day <= last]
        done = {finished.at.date() for finished in self.outcomes(one)}
        said = [plant for plant in inside if plant.detector != sessions.NO_TRACE or _led_nowhere(plant.day, done, last)]
        seen = self._seen(one, day)
        worked = {
            tool: frozenset(used for used in days if self._was_work(one, tool, used)) for tool, days in seen.items()
        }
        return said + truth.idle_seats(one.worker, seen, day) + truth.second_seats(one.worker, worked, day)


def _led_nowhere(day: date, done: set[date], last: date) -> bool:
    """Whether nothing was finished within two days that have passed; of those who finish nothing ever, nobody knows."""
    later = {day + timedelta(days=after) for after in range(3)}
    return bool(done) and max(later) <= last and not done & later


def _cost_of_days(rows: Iterable[UsageRow]) -> dict[date, int]:
    """What the use of each day cost, all tools together."""
    cost: dict[date, int] = defaultdict(int)
    for row in rows:
        cost[row.day] += row.counters.cost_microusd or 0
    return dict(cost)


def roster_line(who: Worker) -> PersonRecord:
    """What the roster says of somebody."""
    return PersonRecord(
        email=who.email,
        team=who.team,
        manager_email=who.manager_email,
        timezone=who.place.timezone,
        locale=who.place.locale,
        country=who.place.country,
        role=who.role,
        started_on=who.started_on,
        ended_on=who.ended_on,
    )


def absences_of(who: Worker) -> list[AbsenceRecord]:
    return [AbsenceRecord(who.email, first, last) for first, last in who.leave]


def _is_lost(account: Account, day: date, who: Worker, last_day: date) -> bool:
    """A failed day has no rows, one that is not finished has those of half of the people; a late one has none yet."""
    status = account.broken.get(day)
    if status is CoverageStatus.FAILED:
        return True
    if status is CoverageStatus.PENDING:
        return who.number % 2 == 0
    return _is_late(account, day, last_day)


def _is_late(account: Account, day: date, last_day: date) -> bool:
    """A source that needs days to finish one has said nothing of the last few; a quick one even tells of today."""
    return account.lag_days > 0 and (last_day - day).days < account.lag_days


def _is_invisible(who: Worker, tool: str) -> bool:
    return who.login is Login.SUBSCRIPTION and tool == CODE


def _nameless(who: Worker) -> bool:
    return who.login is Login.UNMAPPED


def _as_reported(who: Worker, row: UsageRow) -> UsageRow:
    if not _nameless(who):
        return row
    old = f"old-{who.number}@lamp-oil.example" if who.second_account else None
    named = old or subject(IdentitySource.API_KEY_NAME, f"key-{who.number}")
    return UsageRow(named, row.day, row.tool, row.model, row.counters, row.priced, row.active)
