"""Everything a card is made of, for the one person who asked: what was used, concluded, finished and tapped.

Called by `handlers/cards.py` for the one who asked. Next: `bot/domain/scorecard.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from bot.domain.outcomes import OutcomeKind
from bot.domain.people import WorkCalendar
from bot.domain.results import STILL_THERE_DAYS, OutcomeFact
from bot.domain.scorecard import Beside, Numbers
from bot.domain.told import Answer
from bot.domain.usage import LOOKBACK_DAYS, MOST_LAG_DAYS, WINDOW_DAYS
from bot.store import (
    check_ins,
    coverage,
    findings,
    finished_work,
    follow_ups,
    people,
    preferences,
    session_windows,
    states,
    windows,
)
from bot.store.tables import NudgeRow, OutcomeRow
from bot.store.types import start_of_day

FOLLOWED_DAYS = 2 * WINDOW_DAYS
"""Of tips within so many days the second look stands on the card."""
OLDEST_CONCLUSION_DAYS = 3 + MOST_LAG_DAYS
"""A conclusion that is older no longer stands on the card; the card says that too little is visible."""

HolidaysOf = Callable[[str | None, date, date], frozenset[date]]
WeekendOf = Callable[[str | None], frozenset[int]]
_KINDS = frozenset(OutcomeKind)


def numbers(
    session: Session, *, person_id: int, yesterday: date, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> Numbers | None:
    """What is known of this person over the 12 weeks up to the last judged day; None for somebody who is not there.

    The card shows the window that was last judged, so that its sums and its findings belong together; when that is
    too old to stand it ends `yesterday` (UTC) and nothing is judged. Some 17 statements on indexed keys,
    whatever the size of the company.
    """
    person = people.load(session, person_ids=[person_id]).get(person_id)
    if person is None:
        return None
    standing = states.current(session, person_ids=[person_id]).get(person_id)
    if standing is not None and (yesterday - standing.last_day).days > OLDEST_CONCLUSION_DAYS:
        standing = None
    last_day = yesterday if standing is None else min(standing.last_day, yesterday)
    first = last_day - timedelta(days=LOOKBACK_DAYS - 1)
    leave = people.leave_days(session, person_ids=[person_id], first=first, last=last_day)
    return Numbers(
        person=person,
        window=windows.load(session, person_ids=[person_id], last_day=last_day)[person_id],
        calendar=WorkCalendar(
            timezone=person.timezone or "UTC",
            weekend=weekend_of(person.country),
            holidays=holidays_of(person.country, first, last_day),
            leave=leave[person_id],
            started_on=person.started_on,
            ended_on=person.ended_on,
        ),
        seats=people.seats(session, person_ids=[person_id])[person_id],
        standing=standing,
        findings=() if standing is None else findings.current(session, person_ids=[person_id])[person_id],
        beside=_beside(session, person_id, first, last_day),
    )


def _beside(session: Session, person_id: int, first: date, last_day: date) -> Beside:
    covered = coverage.load(session, person_ids=[person_id], first=first, last=last_day)
    ever_seen = session.scalar(select(exists().where(OutcomeRow.person_id == person_id)))
    answers = _answers(session, person_id, last_day)
    told = preferences.load(session, person_ids=[person_id])[person_id]
    now = start_of_day(last_day + timedelta(days=1))
    tipped_from = last_day - timedelta(days=FOLLOWED_DAYS - 1)
    return Beside(
        coverage=covered[person_id],
        outcomes=_outcomes(session, person_id, first, last_day),
        outcomes_ever_seen=bool(ever_seen),
        tips_helpful=answers.get(Answer.HELPFUL, 0),
        tips_not_helpful=answers.get(Answer.NOT_HELPFUL, 0),
        check_ins=check_ins.since(session, person_id=person_id, first=first),
        follow_ups=follow_ups.latest(session, person_id=person_id, tipped_from=tipped_from),
        meant={pattern: told.meant[pattern].date() for pattern in told.meant_at(now)},
        told=told.holding(now),
        sessions=session_windows.load(session, person_ids=[person_id], last_day=last_day).get(person_id, ()),
        work=finished_work.load(session, person_ids=[person_id], last_day=last_day).get(person_id, ()),
    )


def _outcomes(session: Session, person_id: int, first: date, last_day: date) -> tuple[OutcomeFact, ...]:
    """Finished work by UTC day, with the reverts of some days after it.

    Otherwise it is the work that the detectors look at, so that both take the same of it for told twice. A revert that
    names what it takes back is somebody's repair; what it took back says so itself.
    """
    is_revert = OutcomeRow.kind == OutcomeKind.PR_REVERTED.value
    is_repair = and_(is_revert, OutcomeRow.reverts_ref.is_not(None))
    end, end_of_reverts = (start_of_day(last_day + timedelta(days=days)) for days in (1, STILL_THERE_DAYS))
    rows = session.scalars(
        select(OutcomeRow)
        .where(
            OutcomeRow.person_id == person_id,
            not_(is_repair),
            OutcomeRow.at >= start_of_day(first),
            or_(OutcomeRow.at < end, and_(is_revert, OutcomeRow.at < end_of_reverts)),
        )
        .order_by(OutcomeRow.at, OutcomeRow.kind, OutcomeRow.ref)
    )
    return tuple(_fact(row) for row in rows if row.kind in _KINDS)


def _fact(row: OutcomeRow) -> OutcomeFact:
    return OutcomeFact(
        kind=OutcomeKind(row.kind),
        ref=row.ref,
        day=row.at.date(),
        reverted=row.reverted,
        source=row.source,
        repository=row.repository,
        lines_added=row.lines_added,
        reached_production=row.reached_production,
    )


def _answers(session: Session, person_id: int, last_day: date) -> dict[str, int]:
    """How many tips got each answer in the 28 days; today's taps count as well."""
    since = start_of_day(last_day - timedelta(days=WINDOW_DAYS - 1))
    rows = session.execute(
        select(NudgeRow.answer, func.count())
        .where(NudgeRow.person_id == person_id, NudgeRow.answer.is_not(None), NudgeRow.answered_at >= since)
        .group_by(NudgeRow.answer)
    )
    return {str(answer): count for answer, count in rows}
