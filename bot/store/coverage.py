"""Which source finished which day, and for whom: the only ground on which a zero can stand (P12).

Called by the import, by `jobs/collect_usage.py` and by every judgement. Next: `bot/domain/adoption.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, or_, select, tuple_, update
from sqlalchemy.orm import Session

from bot.domain.usage import Coverage, CoverageStatus
from bot.store import doubt
from bot.store.batches import chunks, upsert
from bot.store.doubt import Doubt, Named
from bot.store.tables import CoverageRow, CoveredPersonRow, SourceRow

Range = tuple[date, date | None]
"""First and last day, both included; no last day: still open."""

_ONE_DAY = timedelta(days=1)


def mark(
    session: Session,
    *,
    source: str,
    tool: str,
    days: Iterable[date],
    status: CoverageStatus,
    reason: str | None,
    as_of: datetime,
) -> None:
    """Say how `source` ended each of `days` for `tool`; what was said of these days before is replaced."""
    said = {"source": source, "tool": tool, "status": status.value, "reason": reason, "as_of": as_of}
    for batch in chunks(sorted(set(days))):
        upsert(session, CoverageRow, [{**said, "day": day} for day in batch])


def cover_people(
    session: Session,
    *,
    source: str,
    tool: str,
    person_ids: Collection[int],
    first_day: date,
    last_day: date | None,
) -> None:
    """Say that `source` sees all that these people do with `tool` from `first_day` to `last_day`, both included.

    Ranges that overlap or touch become one, so saying the same again changes nothing. A day counts only when
    `mark` has said COVERED of it as well.
    """
    for batch in chunks(sorted(set(person_ids))):
        known = _ranges(session, source=source, tool=tool, person_ids=batch)
        gone: list[tuple[int, date]] = []
        new = []
        for person_id in batch:
            old = known.get(person_id, [])
            joined = _join([*old, (first_day, last_day)])
            gone += [(person_id, span[0]) for span in old if span not in joined]
            new += [(person_id, *span) for span in joined if span not in old]
        _drop(session, source=source, tool=tool, keys=gone)
        names = ("person_id", "first_day", "last_day")
        rows = [{"source": source, "tool": tool, **dict(zip(names, span, strict=True))} for span in new]
        upsert(session, CoveredPersonRow, rows)


def declare_people(
    session: Session, *, source: str, tool: str, people: Mapping[int, date], first_day: date, last_day: date
) -> None:
    """Make `people` those whom `source` sees whole, from now on and until they are declared no longer.

    Somebody who was never covered by it before is so from their day in `people`, whoever comes back only from
    `first_day`. Who is not among them any more stays covered up to `last_day`: how they sign in may have changed since.
    """
    columns = (CoveredPersonRow.person_id, CoveredPersonRow.last_day)
    mine = (CoveredPersonRow.source == source, CoveredPersonRow.tool == tool)
    known = [(person_id, last_day) for person_id, last_day in session.execute(select(*columns).where(*mine))]
    seen_before = {person_id for person_id, _ in known}
    still = {person_id for person_id, last_day in known if last_day is None}
    _end(session, source=source, tool=tool, person_ids=still - people.keys(), last_day=last_day)
    by_first_day: dict[date, list[int]] = defaultdict(list)
    for person_id in people.keys() - still:
        by_first_day[first_day if person_id in seen_before else people[person_id]].append(person_id)
    for since, ids in by_first_day.items():
        cover_people(session, source=source, tool=tool, person_ids=ids, first_day=since, last_day=None)


def load(session: Session, *, person_ids: Collection[int], first: date, last: date) -> dict[int, Coverage]:
    """For each person, the days from `first` to `last` on which each tool was covered, and by which sources.

    Everybody asked for is in the answer; a handful of statements for up to 2,000 people. A day on which a source saw
    somebody we do not know does not count for people who may be that somebody (`bot/store/doubt.py`).
    """
    said = _Said(
        finished=_finished_days(session, first=first, last=last),
        doubt=doubt.doubtful_days(session, first=first, last=last),
        lags=dict(session.execute(select(SourceRow.name, SourceRow.lag_days)).all()),
    )
    in_doubt = {source for source, _tool in said.doubt}
    named = doubt.named(session, person_ids=person_ids, sources=in_doubt) if in_doubt else {}
    answer = {person_id: Coverage() for person_id in person_ids}
    for batch in chunks(sorted(answer)):
        by_person: dict[int, list[CoveredPersonRow]] = defaultdict(list)
        for row in session.scalars(_ranges_within(batch, first, last)):
            by_person[row.person_id].append(row)
        for person_id, rows in by_person.items():
            answer[person_id] = _coverage(rows, said, named)
    return answer


def days_covered(session: Session, *, source: str, tool: str, first: date, last: date) -> frozenset[date]:
    """The days of one source and tool that are finished: what a connector need not fetch again."""
    rows = select(CoverageRow.day).where(
        CoverageRow.source == source,
        CoverageRow.tool == tool,
        CoverageRow.day.between(first, last),
        CoverageRow.status == CoverageStatus.COVERED.value,
    )
    return frozenset(session.scalars(rows))


@dataclass(frozen=True)
class _Said:
    """What all sources said of the days; `seen` remembers the days of each range, for most people share a handful."""

    finished: Mapping[tuple[str, str], frozenset[date]]
    doubt: Doubt
    lags: Mapping[str, int]
    seen: dict[tuple[str, str, Range], frozenset[date]] = field(default_factory=dict)

    def days_of(self, row: CoveredPersonRow) -> frozenset[date]:
        key = (row.source, row.tool, (row.first_day, row.last_day))
        if key not in self.seen:
            days = self.finished.get((row.source, row.tool), frozenset())
            self.seen[key] = frozenset(day for day in days if _holds(key[2], day))
        return self.seen[key]


def _coverage(rows: Sequence[CoveredPersonRow], said: _Said, named: Named) -> Coverage:
    covered: dict[str, frozenset[date]] = {}
    doubtful: dict[str, frozenset[date]] = {}
    sources: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        days, last_named = said.days_of(row), named.get((row.person_id, row.source))
        newcomers = said.doubt.get((row.source, row.tool), {})
        unclear = frozenset(
            day for day in days & newcomers.keys() if doubt.may_be(last_named, day=day, first_seen=newcomers[day])
        )
        if days:
            covered[row.tool] = covered.get(row.tool, frozenset()) | (days - unclear)
            doubtful[row.tool] = doubtful.get(row.tool, frozenset()) | unclear
            sources[row.tool].add(row.source)
    return Coverage(
        covered=covered,
        sources={tool: tuple(sorted(names)) for tool, names in sources.items()},
        doubtful={tool: days - covered[tool] for tool, days in doubtful.items() if days - covered[tool]},
        # The quickest of several is enough: a day that it finished is covered.
        lag_days={tool: lag for tool, names in sources.items() if (lag := min(said.lags.get(n, 0) for n in names))},
    )


def _finished_days(session: Session, *, first: date, last: date) -> dict[tuple[str, str], frozenset[date]]:
    rows = select(CoverageRow.source, CoverageRow.tool, CoverageRow.day).where(
        CoverageRow.day.between(first, last), CoverageRow.status == CoverageStatus.COVERED.value
    )
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for source, tool, day in session.execute(rows):
        days[source, tool].add(day)
    return {key: frozenset(found) for key, found in days.items()}


def _ranges_within(person_ids: Sequence[int], first: date, last: date) -> Select[CoveredPersonRow]:
    return select(CoveredPersonRow).where(
        CoveredPersonRow.person_id.in_(person_ids),
        CoveredPersonRow.first_day <= last,
        or_(CoveredPersonRow.last_day.is_(None), CoveredPersonRow.last_day >= first),
    )


def _ranges(session: Session, *, source: str, tool: str, person_ids: Sequence[int]) -> dict[int, list[Range]]:
    rows = select(CoveredPersonRow.person_id, CoveredPersonRow.first_day, CoveredPersonRow.last_day).where(
        CoveredPersonRow.source == source,
        CoveredPersonRow.tool == tool,
        CoveredPersonRow.person_id.in_(person_ids),
    )
    ranges: dict[int, list[Range]] = defaultdict(list)
    for person_id, first_day, last_day in session.execute(rows):
        ranges[person_id].append((first_day, last_day))
    return ranges


def _drop(session: Session, *, source: str, tool: str, keys: Sequence[tuple[int, date]]) -> None:
    for batch in chunks(keys):
        these = tuple_(CoveredPersonRow.person_id, CoveredPersonRow.first_day).in_(batch)
        session.execute(
            delete(CoveredPersonRow)
            .where(CoveredPersonRow.source == source, CoveredPersonRow.tool == tool, these)
            .execution_options(synchronize_session=False)
        )


def _join(ranges: Sequence[Range]) -> list[Range]:
    """The same days in the fewest ranges."""
    joined: list[Range] = []
    for first_day, last_day in sorted(ranges, key=lambda span: span[0]):
        if not joined or not _touches(joined[-1], first_day):
            joined.append((first_day, last_day))
        else:
            before = joined[-1]
            longest = None if before[1] is None or last_day is None else max(before[1], last_day)
            joined[-1] = (before[0], longest)
    return joined


def _end(session: Session, *, source: str, tool: str, person_ids: Collection[int], last_day: date) -> None:
    """Close the open ranges of these people; one that has not begun by then goes."""
    for batch in chunks(sorted(person_ids)):
        theirs = (
            CoveredPersonRow.source == source,
            CoveredPersonRow.tool == tool,
            CoveredPersonRow.person_id.in_(batch),
            CoveredPersonRow.last_day.is_(None),
        )
        not_begun = delete(CoveredPersonRow).where(*theirs, CoveredPersonRow.first_day > last_day)
        ended = update(CoveredPersonRow).where(*theirs).values(last_day=last_day)
        for statement in (not_begun, ended):
            session.execute(statement.execution_options(synchronize_session=False))


def _touches(span: Range, first_day: date) -> bool:
    return span[1] is None or first_day <= span[1] + _ONE_DAY


def _holds(span: Range, day: date) -> bool:
    return span[0] <= day and (span[1] is None or day <= span[1])
