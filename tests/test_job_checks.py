"""The doctor on jobs: a failed one and a clock that stands still are seen, and nothing is said before the first run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.job_checks import of_jobs
from bot.source_checks import Check
from bot.store import runs
from bot.store.database import Store
from bot.store.runs import Claim

NIGHT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def begun(store: Store, job: str, when: datetime = NIGHT) -> Claim:
    with store.begin() as session:
        return runs.claim(session, job=job, scheduled_for=when, owner="one", lease_s=60, most_attempts=3, now=when)


def said(store: Store, now: datetime = MORNING) -> dict[str, Check]:
    return {check.name: check for check in of_jobs(store, now)}


def test_nothing_is_said_before_the_first_run(store: Store) -> None:
    """A fresh installation has no job to complain of."""
    assert {} == said(store)


def test_failed_job_is_named_with_its_reason(store: Store) -> None:
    """The newest run counts: a failure is a fault, with reason and attempts, and one that was made good is none."""
    run = begun(store, "detect")
    with store.begin() as session:
        runs.fail(session, run, error="InputError: a price list without models", now=NIGHT)
    failed = said(store)["job detect"]
    later = begun(store, "detect", NIGHT + timedelta(days=1))
    with store.begin() as session:
        runs.finish(session, later, result={}, now=MORNING)
    mended = said(store, MORNING + timedelta(days=1))["job detect"]

    assert (False, True) == (failed.ok, mended.ok)
    assert "attempt 1: InputError: a price list without models" in failed.finding


def test_run_of_the_future_hides_none(store: Store) -> None:
    """What a clock that was a week ahead began does not stand for today's run, which failed."""
    run = begun(store, "detect")
    with store.begin() as session:
        runs.fail(session, run, error="InputError: a price list without models", now=NIGHT)
    begun(store, "detect", NIGHT + timedelta(days=7))

    assert not said(store)["job detect"].ok


def test_clock_that_stands_still_is_seen(store: Store) -> None:
    """A job that was last begun long ago tells that nothing runs the calendar any more."""
    run = begun(store, "collect")
    with store.begin() as session:
        runs.finish(session, run, result={}, now=NIGHT)

    assert [True, False] == [said(store, NIGHT + timedelta(hours=hours))["job collect"].ok for hours in (24, 49)]
