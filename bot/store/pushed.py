"""Keeps what the tools push: each point once, each running total by its growth, each session as far as it has come.

All of one request in one transaction, and any number of requests at once: what decides is taken under a lock of the
database, in one order. It adds to usage days, and never says that a day is finished: a machine without the setting
pushes nothing, so silence proves nothing (P12). Called by `jobs/receive.py`. Next: `bot/store/retention.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.increments import Increment, Total
from bot.domain.people import identity_of
from bot.domain.sessions import EventKind, SessionProgress, advance, facts
from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.domain.usage_sums import ESTIMATED, REPORTED, add_up
from bot.store import exclusions, identities, usage
from bot.store.batches import chunks, insert_into, insert_new, table_of, upsert
from bot.store.pseudonyms import subject_key
from bot.store.tables import OpenSessionRow, PushedPointRow, PushedSeriesRow, UsageDayRow

SOURCE = "otlp"
"""The source under which all that is pushed is kept."""
FOLLOWED_DAYS = 3
"""How long after its last word a session or a running total is followed. Both hold a time of day, and go then (P5)."""
REMEMBERED_DAYS = 8
"""How long we know that a point was counted: a day more than a point may be old (`sources/otlp/decode.py`)."""

_COUNTERS = tuple(Counters.__dataclass_fields__)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Shown = Mapping[str, Collection[EventKind]]


@dataclass(frozen=True)
class Owned:
    """One increment, and whose it is (`people.subject`). `is_somebody` is False for what is nobody's for good."""

    subject: str
    increment: Increment
    is_somebody: bool = True


def keep(session: Session, *, pushed: Sequence[Owned], shown: Shown, now: datetime) -> int:
    """Add what `pushed` adds and was not counted before; returns how many points and records that were.

    `shown` tells for each tool the kinds of session events that it can tell of at all.
    """
    pushed = list(exclusions.without(session, pushed))
    owners = identities.owners_of(session, subjects={owned.subject for owned in pushed}, now=now)
    fresh = _not_counted_yet(session, pushed)
    grown = _growth(session, pushed, owners, now)
    rows = [_row(owned, owned.increment.counters) for owned in fresh] + grown
    _add(session, [row for row in add_up(rows) if row.counters != Counters()], owners, now)
    followed_since = now - timedelta(days=FOLLOWED_DAYS)  # an older session is forgotten, and its facts stand
    recent = [owned for owned in fresh if owned.is_somebody and owned.increment.at >= followed_since]
    _follow_sessions(session, recent, owners, shown, now)
    return len(rows)


def _not_counted_yet(session: Session, pushed: Iterable[Owned]) -> list[Owned]:
    """The deltas and records that we see for the first time; from now on they count as seen."""
    by_key = {owned.increment.point_key: owned for owned in pushed if owned.increment.total is None}
    statement = (
        insert_into(session, PushedPointRow)
        .on_conflict_do_nothing(index_elements=["point_key"])
        .returning(table_of(PushedPointRow).c.point_key)
    )
    fresh: list[Owned] = []
    for batch in chunks(sorted(by_key)):
        rows = [{"point_key": key, "day": _day(by_key[key].increment.at)} for key in batch]
        fresh += [by_key[key] for key in session.connection().execute(statement, rows).scalars()]
    return fresh


# ---------------------------------------------------------------- running totals


def _growth(
    session: Session, pushed: Iterable[Owned], owners: Mapping[str, int | None], now: datetime
) -> list[UsageRow]:
    """What each running total has grown by since we last saw it, point by point in order of time.

    A total that fell was reset and counts whole; a point that is not newer than the last one counts nothing.
    """
    by_series: dict[str, list[tuple[Owned, Total]]] = defaultdict(list)
    for owned in sorted(pushed, key=lambda owned: owned.increment.at):
        if owned.increment.total is not None:
            by_series[owned.increment.total.series_key].append((owned, owned.increment.total))
    rows: list[UsageRow] = []
    for keys in chunks(sorted(by_series)):
        last = _last_seen(session, {key: by_series[key][0] for key in keys}, owners, now)
        for key in keys:
            for owned, total in by_series[key]:
                at, value = last[key]
                if owned.increment.at > at:
                    growth = total.value - value if total.value >= value else total.value
                    rows.append(_row(owned, Counters(**{total.measure: growth})))
                    last[key] = owned.increment.at, total.value
        newest = [_series(session, *by_series[key][-1], owners, last[key]) for key in keys]
        upsert(session, PushedSeriesRow, newest)
    return rows


def _last_seen(
    session: Session, firsts: Mapping[str, tuple[Owned, Total]], owners: Mapping[str, int | None], now: datetime
) -> dict[str, tuple[datetime, int]]:
    """When each series was last seen and with which value, locked until the transaction ends.

    A series that we do not know begins at zero; but one that began before we would still know it may have been counted
    and forgotten, so it is only noted.
    """
    forgotten = now - timedelta(days=FOLLOWED_DAYS)
    new = []
    for owned, total in firsts.values():
        may_be_counted = total.started_at is not None and total.started_at < forgotten
        begin = (owned.increment.at, total.value) if may_be_counted else (_LONG_AGO, 0)
        new.append(_series(session, owned, total, owners, begin))
    insert_new(session, PushedSeriesRow, new)
    table = table_of(PushedSeriesRow)
    found = session.execute(
        select(table.c.series_key, table.c.at, table.c.value)
        .where(table.c.source == SOURCE, table.c.series_key.in_(firsts.keys()))
        .order_by(table.c.series_key)
        .with_for_update()
    )
    return {key: (at, round(value)) for key, at, value in found}


def _series(
    session: Session, owned: Owned, total: Total, owners: Mapping[str, int | None], seen: tuple[datetime, int]
) -> Mapping[str, Any]:
    at, value = seen
    return {
        "source": SOURCE,
        "series_key": total.series_key,
        "subject": _subject_key(session, owned.subject),
        "person_id": owners[owned.subject],
        "day": _day(at),
        "at": at,
        "value": float(value),
    }


# ---------------------------------------------------------------- days


def _row(owned: Owned, counters: Counters) -> UsageRow:
    increment = owned.increment
    priced = None
    if counters.cost_microusd is not None:
        priced = ESTIMATED if increment.list_priced else REPORTED
    return UsageRow(owned.subject, _day(increment.at), increment.tool, increment.model, counters, priced)


def _add(session: Session, rows: Iterable[UsageRow], owners: Mapping[str, int | None], now: datetime) -> None:
    """Add `rows` to what the days hold already, in the database, so that two requests at once lose nothing.

    Unknown plus a number is that number; a sum with an estimated part is an estimate.
    """
    kept = [_usage_day(session, row, owners[row.subject], now) for row in rows]
    if not kept:
        return
    statement = insert_into(session, UsageDayRow)
    old, new = table_of(UsageDayRow).c, statement.excluded
    keys = [column.name for column in table_of(UsageDayRow).primary_key.columns]
    sums = {name: case((new[name].is_(None), old[name]), else_=func.coalesce(old[name], 0) + new[name])
            for name in _COUNTERS}  # fmt: skip
    statement = statement.on_conflict_do_update(
        index_elements=keys,
        set_={
            **sums,
            "priced": case((old.priced == ESTIMATED, old.priced), else_=func.coalesce(new.priced, old.priced)),
            "active": or_(old.active, new.active),
            "person_id": func.coalesce(new.person_id, old.person_id),
            "fetched_at": new.fetched_at,
        },
    )
    kept.sort(key=lambda row: tuple(row[name] for name in keys))
    session.connection().execute(statement, kept)


def _usage_day(session: Session, row: UsageRow, person_id: int | None, now: datetime) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "day": row.day,
        "subject": _subject_key(session, row.subject),
        "tool": row.tool,
        "model": row.model,
        "person_id": person_id,
        **{name: getattr(row.counters, name) for name in _COUNTERS},
        "priced": row.priced,
        "active": row.is_active,
        "fetched_at": now,
    }


# ---------------------------------------------------------------- sessions


def _follow_sessions(
    session: Session, fresh: Iterable[Owned], owners: Mapping[str, int | None], shown: Shown, now: datetime
) -> None:
    """Carry each session on by its new events, and keep its counters as they now are."""
    by_key: dict[str, list[Owned]] = defaultdict(list)
    for owned in fresh:
        if owned.increment.session_key is not None and owned.increment.events:
            by_key[_session_key(session, owned)].append(owned)
    for keys in chunks(sorted(by_key)):
        started = [
            _open_session(session, key, by_key[key][0], owners, day=_LONG_AGO.date(), progress=SessionProgress())
            for key in keys
        ]
        insert_new(session, OpenSessionRow, started)
        moved: list[Mapping[str, Any]] = []
        known: list[SessionFacts] = []
        for key, (last_day, before) in _progress(session, keys).items():
            first, tool = by_key[key][0], by_key[key][0].increment.tool
            after = advance(before, (event for owned in by_key[key] for event in owned.increment.events))
            day = max(last_day, *(_day(owned.increment.at) for owned in by_key[key]))
            moved.append(_open_session(session, key, first, owners, day=day, progress=after))
            known += facts(after, session_key=key, subject=first.subject, tool=tool, shown=shown[tool])
        upsert(session, OpenSessionRow, moved)
        usage.save_sessions(session, source=SOURCE, sessions=known, now=now)


def _progress(session: Session, keys: Collection[str]) -> dict[str, tuple[date, SessionProgress]]:
    """The last day of each session and how far it has come, locked until the transaction ends."""
    table = table_of(OpenSessionRow)
    found = session.execute(
        select(table.c.session_key, table.c.day, table.c.progress)
        .where(table.c.source == SOURCE, table.c.session_key.in_(keys))
        .order_by(table.c.session_key)
        .with_for_update()
    )
    return {key: (day, SessionProgress.from_json(progress)) for key, day, progress in found}


def _open_session(
    session: Session, key: str, owned: Owned, owners: Mapping[str, int | None], *, day: date, progress: SessionProgress
) -> Mapping[str, Any]:
    return {
        "source": SOURCE,
        "session_key": key,
        "subject": _subject_key(session, owned.subject),
        "person_id": owners[owned.subject],
        "day": day,
        "progress": progress.to_json(),
    }


def _session_key(session: Session, owned: Owned) -> str:
    """One session of one subject: whoever signs in anew in the middle of it begins another."""
    return sha256(f"{owned.increment.session_key}:{_subject_key(session, owned.subject)}".encode()).hexdigest()[:32]


def _subject_key(session: Session, subject: str) -> str:
    return subject_key(session, *identity_of(subject))


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
