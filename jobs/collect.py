"""Read every source, each for itself, and keep a day's rows together with the word that the day is finished.

One night: the last days again, because they may have been revised, and every day of the look-back that no reading has
finished yet. A day is kept whole or not at all, in one transaction; a day that could not be read says so and leaves
what was known of it alone (P12). Then the Slack roster. Called by `jobs/calendar.py` and `kindling collect`.
Next: `bot/store/usage.py`, then `jobs/detect.py`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.domain.prices import PriceBook
from bot.domain.usage import LOOKBACK_DAYS, CoverageStatus
from bot.domain.usage_sums import add_up_priced
from bot.errors import SlackError, SourceError
from bot.log import EventLog
from bot.settings import SourceConfig
from bot.sources import catalogue, slack_roster
from bot.sources.http import Wait, bounded
from bot.sources.shape import Client, Connector, SourceDay
from bot.store import coverage, identities, people, source_runs, usage
from bot.store.database import Store
from bot.store.source_runs import RunStatus

SLACK_ROSTER = "slack_roster"
"""The name under which the roster sweep stands among the sources."""

_log = EventLog("collect")

_ONE_DAY = timedelta(days=1)
_GIVE_UP_AFTER = 2  # days in a row that cannot be read: the source is down, and each try may take minutes
_MOST_WAITING_S = 1800.0  # for one source in one night; the days that are left are asked for in the next
_NO_RIGHT = frozenset({401, 403, 429})  # permanent, and not about the day: a wrong key, a missing right, a spending cap

OnDay = Callable[[str, int, int], None]
"""Hears the source's name, the number of the day that is being read, and how many there are."""
SlackMembers = Callable[[], Iterable[Mapping[str, Any]]]


def collect(
    store: Store,
    *,
    sources: Sequence[SourceConfig],
    slack_members: SlackMembers | None,
    now: datetime,
    prices: PriceBook,
    wait: Wait = time.sleep,
    on_day: OnDay | None = None,
) -> dict[str, int]:
    """Bring all sources and the roster up to `now`; returns how many days, rows, people and failures there were.

    `slack_members` gives what `users.list` gives, None leaves the roster alone. `sources_failed` counts the sources of
    which something could not be read: it is recorded, and the others are read all the same. Raises InputError before
    anything is asked when a source of the settings cannot be reached at all (no such kind, no key).
    """
    connectors = [catalogue.connector_of(source) for source in sources]
    counts = Counter(dict.fromkeys(("sources", "sources_failed", "days_covered", "days_pending", "days_failed"), 0))
    for source, connector in zip(sources, connectors, strict=True):
        with catalogue.open_client(source) as client:
            patience = bounded(wait, most_s=_MOST_WAITING_S)
            counts.update(_collect_source(_Reading(store, source, connector, client, now, patience, prices, on_day)))
    if slack_members is not None:
        counts.update(_collect_roster(store, slack_members, now))
    return dict(counts)


@dataclass(frozen=True)
class _Reading:
    """One source that is being read."""

    store: Store
    source: SourceConfig
    connector: Connector
    client: Client
    now: datetime
    wait: Wait
    prices: PriceBook
    on_day: OnDay | None

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def first_repulled(self) -> date:
        return self.today - timedelta(days=self.connector.repull_days)

    @property
    def first_day(self) -> date:
        return self.today - timedelta(days=LOOKBACK_DAYS)


def _collect_source(reading: _Reading) -> Counter[str]:
    days = _days_to_read(reading)
    attempt = _begin(reading.store, reading.source.name, (min(days), max(days)), reading.now)
    _declare_people(reading, attempt.began_before)
    counts = Counter(sources=1)
    error: SourceError | None = None
    for found, day_error in _read(reading, days):
        counts.update(_keep(reading, found, attempt.source_run_id, counts["rows"]))
        error = day_error or error
    _finish(reading.store, attempt, rows=counts["rows"], error=error, now=reading.now)
    counts["sources_failed"] = int(error is not None)
    return counts


def _days_to_read(reading: _Reading) -> list[date]:
    """The last days and today, and all days of the look-back that are not finished; the newest first."""
    with reading.store.read() as session:
        finished = coverage.days_covered(
            session,
            source=reading.source.name,
            tool=reading.connector.tool,
            first=reading.first_day,
            last=reading.first_repulled - _ONE_DAY,
        )
    all_days = (reading.today - timedelta(days=back) for back in range(LOOKBACK_DAYS + 1))
    return [day for day in all_days if day not in finished]


def _declare_people(reading: _Reading, last_read_at: datetime | None) -> None:
    """Keep whom this source sees whole, as the settings declare it today.

    At the first reading that finds people, all are covered from the first day of the look-back; later only who began to
    work here within it is so, from their own first day. Everybody else is covered from today: until now somebody we
    knew may have signed in another way, and somebody we did not know may have another address (P12).
    """
    is_declared = catalogue.declared(reading.source)
    with reading.store.begin() as session:
        declared: dict[int, date] = {}
        if last_read_at is not None and not identities.anybody_known(session, by=last_read_at):
            last_read_at = None
        for address, person_id, known_since, started_on in identities.addresses(session):
            if is_declared(address):
                declared[person_id] = _covered_since(reading, last_read_at, known_since, started_on)
        coverage.declare_people(
            session,
            source=reading.source.name,
            tool=reading.connector.tool,
            people=declared,
            first_day=reading.today,
            last_day=reading.first_repulled - _ONE_DAY,
        )


def _covered_since(
    reading: _Reading, last_read_at: datetime | None, known_since: datetime, started_on: date | None
) -> date:
    """The first day on which this source sees all that somebody does who is declared to it and was not before."""
    if last_read_at is None:
        return reading.first_day
    if known_since > last_read_at and started_on is not None and started_on >= reading.first_day:
        return started_on
    return reading.today


def _read(reading: _Reading, days: Sequence[date]) -> Iterator[tuple[SourceDay, SourceError | None]]:
    """Each day as the source gives it, or as FAILED with its error; a source that is down is not asked for the rest."""
    failed_in_a_row = 0
    down: SourceError | None = None
    for number, day in enumerate(days, start=1):
        if reading.on_day is not None:
            reading.on_day(reading.source.name, number, len(days))
        error = down
        if error is None:
            try:
                found = reading.connector.fetch_day(reading.client, day=day, now=reading.now, wait=reading.wait)
            except SourceError as raised:
                error = raised
        if error is None:
            failed_in_a_row = 0
            yield found, None
            continue
        failed_in_a_row += 1
        if failed_in_a_row >= _GIVE_UP_AFTER or (error.permanent and error.http_status in _NO_RIGHT):
            down = error
        yield SourceDay(day, (), CoverageStatus.FAILED, str(error)), error


def _keep(reading: _Reading, found: SourceDay, source_run_id: int, rows_before: int) -> Counter[str]:
    """Rows and coverage of one day in one transaction: all of it, or nothing.

    A day that was finished stays finished: when it cannot be read again, what was read before still holds.
    """
    name, tool, day = reading.source.name, reading.connector.tool, found.day
    rows = add_up_priced(found.rows, reading.prices)
    counts = Counter({f"days_{found.status.value}": 1})
    with reading.store.begin() as session:
        was_finished = coverage.days_covered(session, source=name, tool=tool, first=day, last=day)
        if was_finished and found.status is not CoverageStatus.COVERED:
            return counts
        if found.status is not CoverageStatus.FAILED:
            saved = usage.replace_days(session, source=name, tool=tool, days={day}, rows=rows, now=reading.now)
            source_runs.note_rows(session, source_run_id=source_run_id, row_count=rows_before + len(rows))
            counts.update(rows=len(rows), unmapped=len(saved.unmapped))
        coverage.mark(
            session, source=name, tool=tool, days=[day], status=found.status, reason=found.reason, as_of=reading.now
        )
    return counts


def _collect_roster(store: Store, slack_members: SlackMembers, now: datetime) -> Counter[str]:
    attempt = _begin(store, SLACK_ROSTER, None, now)
    try:
        members = slack_roster.employees(slack_members())
    except SlackError as error:
        broken = SourceError(f"Slack's list of members could not be read: {error.reason}.", permanent=False)
        _finish(store, attempt, rows=None, error=broken, now=now)
        return Counter(sources=1, sources_failed=1)
    with store.begin() as session:
        saved = people.save_slack_members(session, members=members, now=now)
    _finish(store, attempt, rows=len(members), error=None, now=now)
    return Counter(
        sources=1,
        sources_failed=0,
        slack_members=len(members),
        slack_changed=saved.changed,
        slack_unmapped=len(saved.unmapped),
    )


@dataclass(frozen=True)
class _Attempt:
    """One attempt to read a source, and how the one before it went."""

    source: str
    source_run_id: int
    began_before: datetime | None
    failed_before: bool


def _begin(store: Store, source: str, span: tuple[date, date] | None, now: datetime) -> _Attempt:
    first_day, last_day = span or (None, None)
    with store.begin() as session:
        failed_before = source_runs.last_status(session, source=source) is RunStatus.FAILED
        began_before = source_runs.last_started_at(session, source=source)
        source_run_id = source_runs.start_run(
            session, source=source, first_day=first_day, last_day=last_day, started_at=now
        )
    return _Attempt(source, source_run_id, began_before, failed_before)


def _finish(store: Store, attempt: _Attempt, *, rows: int | None, error: SourceError | None, now: datetime) -> None:
    """Keep how it ended, and say it when that is news: once when a source breaks, once when it is back."""
    with store.begin() as session:
        source_runs.finish_run(
            session,
            source_run_id=attempt.source_run_id,
            status=RunStatus.DONE if error is None else RunStatus.FAILED,
            finished_at=now,
            row_count=rows,
            http_status=error.http_status if error else None,
            message=str(error) if error else None,
        )
    if error is not None and not attempt.failed_before:
        _log.warning("collect.source_down", source=attempt.source, reason=str(error), http_status=error.http_status)
    if error is None and attempt.failed_before:
        _log.info("collect.source_back", source=attempt.source)
