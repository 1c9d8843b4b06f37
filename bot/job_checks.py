"""What `kindling doctor` says of the jobs: which one failed, and whether clock and workers run at all. Nobody is named.

Called by `bot/doctor.py`. Next: `jobs/calendar.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.source_checks import Check
from bot.store import backlog, runs
from bot.store.database import Store
from bot.store.runs import LatestRun, RunState
from jobs.calendar import CALENDAR, Appointment

_SLACK = timedelta(hours=1)
"""How long after its hour a job may still be at work on a quiet day before it counts as missing."""
_UNATTENDED_S = 120.0
"""How long a run may wait before it counts as left alone: a worker looks every few seconds."""


def of_jobs(store: Store, now: datetime) -> Iterator[Check]:
    """One line for each job that was ever begun, and one for workers. Before the first run there is nothing to say."""
    with store.read() as session:
        latest = runs.latest(session, now=now)
        alone = backlog.unattended(session, after_s=_UNATTENDED_S, now=now) if backlog.handed_over(session) else None
    for appointment in CALENDAR:
        if appointment.job in latest:
            yield _check(appointment, latest[appointment.job], now)
    if alone is not None:
        needed = f"runs that were handed over and that nobody works on: {alone}; see that `kindling worker` is up"
        yield Check("workers", not alone, needed if alone else "nothing waits for one")


def _check(appointment: Appointment, run: LatestRun, now: datetime) -> Check:
    name, when = f"job {appointment.job}", f"{run.scheduled_for:%Y-%m-%d %H:%M} UTC"
    if run.state is RunState.FAILED:
        return Check(
            name, False, f"failed on {when}, attempt {run.attempts}: {run.error}; its next run makes up for it"
        )
    if run.scheduled_for + appointment.period + _SLACK < now:
        return Check(
            name, False, f"last begun for {when}: see that `kindling run`, or a cron of `kindling tick`, is up"
        )
    return Check(name, True, f"{run.state.value} for {when}")
