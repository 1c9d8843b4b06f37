"""Read one source of AI use, day by day, and keep a day's rows together with the word that the day is finished.

One night: the last days again, because they may have been revised, and every day of the look-back that no reading has
finished yet. A day is kept whole or not at all, in one transaction; a day that could not be read says so and leaves
what was known of it alone (P12). Called by `jobs/collect.py`. Next: `bot/store/usage.py`, then `jobs/detect.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.domain.people import NAMES_OF_PEOPLE, identity_of
from bot.domain.prices import PriceBook
from bot.domain.usage import LOOKBACK_DAYS, CoverageStatus
from bot.domain.usage_sums import add_up_priced
from bot.errors import SourceError
from bot.sources import catalogue
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector
from bot.store import billing, coverage, identities, members, source_runs, usage
from bot.store.database import Store
from jobs import attempts

_ONE_DAY = timedelta(days=1)
_GIVE_UP_AFTER = 2  # days in a row that cannot be read: the source is down, and each try may take minutes
_NO_RIGHT = frozenset({401, 403, 429})  # permanent, and not about the day: a wrong key, a missing right, a spending cap
_A_CROWD = 5  # so many people were seen on that weekday: that nobody at all was is less likely than a broken report
_NO_LIST = "the list of members could not be read"

OnDay = Callable[[str, int, int], None]
"""Hears the source's name, the number of the day that is being read, and how many there are."""
Listed = Mapping[int, date | None]
"""Whom a source lists and sees whole, with the day since when; None: it does not say."""
Span = tuple[date, date]
"""First and last day, both included."""


@dataclass(frozen=True)
class _Reading:
    """One source that is being read."""

    store: Store
    access: Access
    connector: UsageConnector
    prices: PriceBook
    on_day: OnDay | None
    list_failed: bool = False

    @property
    def name(self) -> str:
        return self.access.source.name

    @property
    def today(self) -> date:
        return self.access.now.date()

    @property
    def needs_list(self) -> bool:
        """Whether only those are covered whom the source itself lists."""
        return self.connector.proof in (Proof.LISTED, Proof.DECLARED_AND_LISTED)

    @property
    def first_repulled(self) -> date:
        return self.today - timedelta(days=self.connector.repull_days)

    @property
    def first_day(self) -> date:
        return self.today - timedelta(days=LOOKBACK_DAYS)


def collect_usage(
    store: Store,
    access: Access,
    connector: UsageConnector,
    *,
    prices: PriceBook,
    on_day: OnDay | None = None,
    span: Span | None = None,
) -> Counter[str]:
    """Bring one source up to the access's moment; returns how many days, rows and failures there were.

    With `span`, its days that are not finished yet; a back-fill that was broken off goes on where it stopped.
    """
    reading = _Reading(store, access, connector, prices, on_day)
    with store.begin() as session:
        source_runs.note_source(
            session,
            name=reading.name,
            kind=connector.kind,
            lag_days=connector.lag_days,
            lists_members=reading.needs_list,
        )
    days = _days_to_read(reading) if span is None else _days_of(reading, span)
    attempt = attempts.begin(store, reading.name, (min(days), max(days)) if days else None, access.now)
    counts = Counter(sources=1)
    error = _take_members(reading, attempt.began_before, counts)
    reading = replace(reading, list_failed=error is not None)
    empty_days: list[date] = []
    for found, day_error in _read(reading, days):
        empty = _unbelievable(reading, found)
        counts.update(_keep(reading, empty[0] if empty else found, attempt.source_run_id, counts["rows"]))
        error = day_error or (empty[1] if empty and _may_change(reading, found.day) else None) or error
        if found.status is CoverageStatus.COVERED and empty is None and not _names_somebody(found):
            empty_days.append(found.day)
    error = _look_again(reading, empty_days, counts) or error
    attempts.finish(store, attempt, rows=counts["rows"], error=error, now=access.now)
    counts["sources_failed"] = int(error is not None)
    return counts


# ---------------------------------------------------------------- which days


def _days_to_read(reading: _Reading) -> list[date]:
    """The last days and today, and all days of the look-back that are not finished; the newest first."""
    finished = _finished(reading, reading.first_day, reading.first_repulled - _ONE_DAY)
    all_days = (reading.today - timedelta(days=back) for back in range(LOOKBACK_DAYS + 1))
    return [day for day in all_days if day not in finished]


def _days_of(reading: _Reading, span: Span) -> list[date]:
    """The days of `span` up to today that are not finished; the newest first."""
    first, last = span[0], min(span[1], reading.today)
    finished = _finished(reading, first, last)
    all_days = (last - timedelta(days=back) for back in range((last - first).days + 1))
    return [day for day in all_days if day not in finished]


def _finished(reading: _Reading, first: date, last: date) -> frozenset[date]:
    with reading.store.read() as session:
        return coverage.days_covered(
            session, source=reading.name, tool=reading.connector.tools[0], first=first, last=last
        )


# ---------------------------------------------------------------- for whom


def _take_members(reading: _Reading, last_read_at: datetime | None, counts: Counter[str]) -> SourceError | None:
    """Keep whom the source lists, and whom it sees whole: as it says, as the settings declare, or both (P12)."""
    fetch = reading.connector.fetch_members
    if fetch is None:
        _declare_people(reading, last_read_at, listed=None)
        return None
    try:
        listed = tuple(fetch(reading.access))
    except SourceError as error:
        if not reading.needs_list:
            _declare_people(reading, last_read_at, listed=None)
        return error  # who was listed stays so, for the days until now: no other is finished without a list (`_keep`)
    if not listed and reading.needs_list:
        return SourceError("The source lists no members at all; that is not believed.", permanent=False)
    with reading.store.begin() as session:
        saved = members.save(
            session,
            source_name=reading.name,
            tool=reading.connector.tools[0],
            members=listed,
            now=reading.access.now,
            today=reading.today,
        )
    counts.update(members=len(listed), members_unmapped=saved.unmapped, members_unclear=saved.conflicts)
    _declare_people(reading, last_read_at, listed=saved.covered if reading.needs_list else None)
    return None


def _declare_people(reading: _Reading, last_read_at: datetime | None, *, listed: Listed | None) -> None:
    """Keep whom this source sees whole, as it stands today.

    At the first reading that finds people, all are covered from the first day of the look-back; later only who began to
    work here within it is so, from their own first day. Everybody else is covered from today: until now somebody we
    knew may have signed in another way, and somebody we did not know may have another address (P12). Whom the source
    lists is covered from the day since when it lists them, and from today where it does not say.
    """
    is_covered = _covers(reading, listed)
    with reading.store.begin() as session:
        people: dict[int, date] = {}
        if last_read_at is not None and not identities.anybody_known(session, by=last_read_at):
            last_read_at = None
        for address, person_id, known_since, started_on in identities.addresses(session):
            if is_covered(address, person_id):
                since = _covered_since(reading, last_read_at, known_since, started_on)
                people[person_id] = since if listed is None else max(since, listed[person_id] or reading.today)
        for tool in reading.connector.tools:
            coverage.declare_people(
                session,
                source=reading.name,
                tool=tool,
                people=people,
                first_day=reading.today,
                last_day=reading.first_repulled - _ONE_DAY,
            )


def _covers(reading: _Reading, listed: Listed | None) -> Callable[[str, int], bool]:
    """Tells of an address and a person whether this source's silence about them can prove a zero."""
    proof = reading.connector.proof
    declared = catalogue.declared(reading.access.source)
    needs_word = proof in (Proof.DECLARED, Proof.DECLARED_AND_LISTED)

    def covers(address: str, person_id: int) -> bool:
        if proof is Proof.NOBODY or (listed is not None and person_id not in listed):
            return False
        return not needs_word or declared(address)

    return covers


def _covered_since(
    reading: _Reading, last_read_at: datetime | None, known_since: datetime, started_on: date | None
) -> date:
    """The first day on which this source sees all that somebody does who is declared to it and was not before."""
    if last_read_at is None:
        return reading.first_day
    if known_since > last_read_at and started_on is not None and started_on >= reading.first_day:
        return started_on
    return reading.today


# ---------------------------------------------------------------- day by day


def _read(reading: _Reading, days: Sequence[date]) -> Iterator[tuple[SourceDay, SourceError | None]]:
    """Each day as the source gives it, or as FAILED with its error; a source that is down is not asked for the rest."""
    failed_in_a_row = 0
    down: SourceError | None = None
    for number, day in enumerate(days, start=1):
        if reading.on_day is not None:
            reading.on_day(reading.name, number, len(days))
        error = down
        if error is None:
            try:
                found = reading.connector.fetch_day(reading.access, day=day)
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


def _unbelievable(reading: _Reading, found: SourceDay) -> tuple[SourceDay, SourceError] | None:
    """A day without anybody (machines are nobody), where people were named before or a crowd was seen on that weekday
    of the last week that had anybody in it: a broken report is more likely than that, however long it is broken, and
    it would make the whole company look idle (P12). The day as one that is not finished, with what machines did, and
    why.
    """
    if found.status is not CoverageStatus.COVERED or _names_somebody(found):
        return None
    with reading.store.read() as session:
        emptied = usage.people_on(session, source=reading.name, day=found.day) > 0
        last = usage.last_day_named(session, source=reading.name, before=found.day)
        weekday = None if last is None else last - timedelta(days=(last.weekday() - found.day.weekday()) % 7)
        crowd = weekday is not None and usage.people_on(session, source=reading.name, day=weekday) >= _A_CROWD
    if not emptied and (not crowd or found.day.weekday() not in range(5)):
        return None
    told = "came back empty after it had rows" if emptied else "names nobody, and that weekday named many before"
    error = SourceError(f"The report of {found.day.isoformat()} {told}; it is not believed.", permanent=False)
    status = CoverageStatus.FAILED if emptied or not found.rows else CoverageStatus.PENDING
    return SourceDay(found.day, found.rows, status, str(error), found.billed_microusd), error


def _names_somebody(found: SourceDay) -> bool:
    return any(identity_of(row.subject)[0] in NAMES_OF_PEOPLE for row in found.rows)


def _look_again(reading: _Reading, empty_days: Sequence[date], counts: Counter[str]) -> SourceError | None:
    """The newest day is read first: only at the end is it known what was seen before each of the empty ones."""
    error = None
    finished = _finished(reading, min(empty_days), max(empty_days)) if empty_days else frozenset()
    for day in finished.intersection(empty_days):
        doubted = _unbelievable(reading, SourceDay(day, (), CoverageStatus.COVERED))
        if doubted is not None:
            counts.update(days_covered=-1, days_failed=1)
            error = doubted[1] if _may_change(reading, day) else error
            with reading.store.begin() as session:
                for tool in reading.connector.tools:
                    coverage.mark(
                        session,
                        source=reading.name,
                        tool=tool,
                        days=[day],
                        status=CoverageStatus.FAILED,
                        reason=doubted[0].reason,
                        as_of=reading.access.now,
                    )
    return error


def _may_change(reading: _Reading, day: date) -> bool:
    """Whether an empty day is news. An older one was perhaps everybody's holiday: unfinished it stays, unsaid."""
    return day >= reading.first_repulled


def _keep(reading: _Reading, found: SourceDay, source_run_id: int, rows_before: int) -> Mapping[str, int]:
    """Rows and coverage of one day in one transaction: all of it, or nothing.

    A day that was finished stays finished: when it cannot be read again, what was read before still holds. Where only
    those are covered whom the source lists, no new day is finished on the word of an older list (P12).
    """
    name, day, now = reading.name, found.day, reading.access.now
    rows = add_up_priced(found.rows, reading.prices)
    with reading.store.begin() as session:
        was_finished = coverage.days_covered(session, source=name, tool=reading.connector.tools[0], first=day, last=day)
        status, reason = found.status, found.reason
        if status is CoverageStatus.COVERED and reading.needs_list and reading.list_failed and not was_finished:
            status, reason = CoverageStatus.PENDING, _NO_LIST
        counts = Counter({f"days_{status.value}": 1})
        if was_finished and found.status is not CoverageStatus.COVERED:
            return counts
        if found.status is not CoverageStatus.FAILED:
            saved = usage.replace_day(session, source=name, day=day, rows=rows, now=now)
            source_runs.note_rows(session, source_run_id=source_run_id, row_count=rows_before + len(rows))
            counts.update(rows=len(rows), unmapped=len(saved.unmapped))
        if found.billed_microusd is not None:
            billing.save_day(session, source=name, day=day, amount_microusd=found.billed_microusd, as_of=now)
        for tool in reading.connector.tools:
            coverage.mark(session, source=name, tool=tool, days=[day], status=status, reason=reason, as_of=now)
    return counts
