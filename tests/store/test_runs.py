"""One run a job and window: claimed once, renewed, taken over when its owner died, given up after three failures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.store import runs
from bot.store.database import Store
from bot.store.runs import Claim, Standing
from bot.store.tables import RunRow
from bot.store.types import wall_clock

NIGHT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def claim(session: Session, owner: str, *, window: datetime = NIGHT, lease_s: float = 30) -> Claim:
    """Claim the collecting of one night, as this owner."""
    return runs.claim(
        session, job="collect", scheduled_for=window, owner=owner, lease_s=lease_s, most_attempts=3, now=NOW
    )


def let_lease_run_out(session: Session) -> None:
    """As if the owner had been silent for longer than its lease."""
    session.execute(update(RunRow).values(lease_until=wall_clock(-1)))


def test_first_to_ask_gets_the_run(store: Store) -> None:
    """The second process sees that the run is somebody else's, and that it is done afterwards."""
    with store.begin() as session:
        mine = claim(session, "a")
    with store.begin() as session:
        assert Standing.SOMEBODY_ELSES == claim(session, "b").standing
    with store.begin() as session:
        assert runs.finish(session, mine, result={"rows": 3}, now=NOW)
    with store.begin() as session:
        assert Standing.DONE == claim(session, "b").standing
        assert runs.is_finished(session, job="collect", scheduled_for=NIGHT)

    assert Standing.MINE == mine.standing
    with store.read() as session:
        assert {"rows": 3} == session.scalar(select(RunRow.result))


def test_many_claims_at_once_make_one_owner(store: Store) -> None:
    """Of eight threads that claim the same window at the same time, one owns it, and there is one row."""

    def ask(number: int) -> Standing:
        with store.begin() as session:
            return claim(session, f"owner {number}").standing

    with ThreadPoolExecutor(8) as pool:
        standings = list(pool.map(ask, range(8)))

    assert 1 == standings.count(Standing.MINE)
    assert 7 == standings.count(Standing.SOMEBODY_ELSES)
    with store.read() as session:
        assert 1 == session.scalar(select(func.count()).select_from(RunRow))


def test_another_window_is_another_run(store: Store) -> None:
    """Tonight's run does not stand in the way of tomorrow's."""
    with store.begin() as session:
        assert Standing.MINE == claim(session, "a").standing
        assert Standing.MINE == claim(session, "a", window=NIGHT + timedelta(days=1)).standing


def test_dead_owner_is_taken_over_and_cannot_come_back(store: Store) -> None:
    """After its lease a run belongs to who asks next; what the first owner says later touches nothing."""
    with store.begin() as session:
        first = claim(session, "a")
        let_lease_run_out(session)
    with store.begin() as session:
        second = claim(session, "b")

    assert Standing.MINE == second.standing
    with store.begin() as session:
        assert not runs.renew(session, first, lease_s=30)
        assert not runs.finish(session, first, result={}, now=NOW)
        assert not runs.fail(session, first, error="late", now=NOW)
        assert runs.finish(session, second, result={}, now=NOW)


def test_renewed_lease_keeps_others_out(store: Store) -> None:
    """A long run that renews its lease is not taken over."""
    with store.begin() as session:
        mine = claim(session, "a", lease_s=-1)
        assert runs.renew(session, mine, lease_s=30)
    with store.begin() as session:
        assert Standing.SOMEBODY_ELSES == claim(session, "b").standing


def test_failed_run_is_tried_three_times(store: Store) -> None:
    """A failed run is claimed again by the next asker, and left alone after the third failure."""
    for _ in range(3):
        with store.begin() as session:
            mine = claim(session, "a")
            assert Standing.MINE == mine.standing
            assert runs.fail(session, mine, error="SourceError: away", now=NOW)
    with store.begin() as session:
        assert Standing.GIVEN_UP == claim(session, "a").standing
        assert not runs.is_finished(session, job="collect", scheduled_for=NIGHT)


def test_run_that_kills_its_process_is_given_up(store: Store) -> None:
    """A run whose owner died three times is recorded as failed, in place of killing every process that comes."""
    for _ in range(3):
        with store.begin() as session:
            assert Standing.MINE == claim(session, "a").standing
            let_lease_run_out(session)
    with store.begin() as session:
        assert Standing.GIVEN_UP == claim(session, "b").standing
    with store.read() as session:
        assert "its process ended without a word" == session.scalar(select(RunRow.error))
