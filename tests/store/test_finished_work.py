"""Finished work for the detectors: what became of it, and unknown kept apart from none."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import insert

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.store import finished_work
from bot.store.database import Store
from bot.store.tables import OutcomeRow
from tests.by_hand import LAST_DAY, keep

MERGED = OutcomeKind.PR_MERGED


def test_days_with_finished_work_tell_unknown_from_none(store: Store) -> None:
    """Somebody of whom no finished work is known is left out, and is not somebody who finished nothing."""
    with store.begin() as session:
        with_work, without = keep(session), keep(session)
        moment = datetime(2026, 2, 27, 23, 30, tzinfo=UTC)
        session.execute(insert(OutcomeRow), [_row(with_work, "1", moment)])

        work = finished_work.load(session, person_ids=[with_work, without], last_day=LAST_DAY)

    assert {with_work: (WorkDone("git", MERGED, moment.date(), ref="1"),)} == work


def test_the_first_day_of_a_revert_is_known_whoever_reverted(store: Store) -> None:
    """Another person's revert dates it; a revert that another source tells does not."""
    with store.begin() as session:
        author, other = keep(session), keep(session)
        rows = [
            _row(author, "abc", _at(1), reverted=True),
            _row(other, "r2", _at(9), kind="pr_reverted", reverts_ref="abc"),
            _row(other, "r1", _at(5), kind="pr_reverted", reverts_ref="abc"),
            _row(other, "r0", _at(2), kind="pr_reverted", reverts_ref="abc", source="elsewhere"),
        ]
        for row in rows:
            session.execute(insert(OutcomeRow), [row])

        (done,) = finished_work.load(session, person_ids=[author], last_day=LAST_DAY)[author]

    assert (date(2026, 2, 1), date(2026, 2, 5)) == (done.day, done.reverted_on)


def test_work_after_the_window_and_long_before_is_left_out(store: Store) -> None:
    """Twelve weeks that end with the window, by UTC days."""
    with store.begin() as session:
        person = keep(session)
        moments = [datetime(2026, 3, 2, tzinfo=UTC), datetime(2025, 12, 7, 23, tzinfo=UTC), _at(1)]
        for turn, moment in enumerate(moments):
            session.execute(insert(OutcomeRow), [_row(person, str(turn), moment)])

        work = finished_work.load(session, person_ids=[person], last_day=LAST_DAY)[person]

    assert [date(2026, 2, 1)] == [one.day for one in work]


def _at(day: int) -> datetime:
    return datetime(2026, 2, day, 12, tzinfo=UTC)


def _row(
    person_id: int, ref: str, at: datetime, *, source: str = "git", kind: str = "pr_merged", **other: object
) -> dict[str, object]:
    return {"source": source, "kind": kind, "ref": ref, "person_id": person_id, "at": at, **other}
