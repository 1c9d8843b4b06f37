"""What a job tells of its counts: for every job it is decided, and what nobody decided about is not told."""

from __future__ import annotations

import pytest

from bot.arguments import JOBS
from bot.domain.crowd_counts import TOTALS, WHOLE, told, told_of_tick
from bot.store.digests import Outcome
from jobs.calendar import CALENDAR


def test_it_is_decided_for_every_job() -> None:
    """Each job of the calendar and of the command line is on one list, and none is on both."""
    jobs = {one.job for one in CALENDAR} | set(JOBS)

    assert jobs == WHOLE | set(TOTALS)
    assert set() == WHOLE & set(TOTALS)


@pytest.mark.parametrize(
    ("job", "counts", "expected"),
    [
        ("detect", {"people": 12, "state.grace": 11, "finding.W01.wasted": 1, "not_judged.W06": 2}, {"people": 12}),
        (
            "decide",
            {"people": 12, "planned": 1, "planned.check-in": 1, "silent": 11, "silent.stopped": 1},
            {"people": 12, "planned": 1, "silent": 11},
        ),
        ("measure", {"due": 2, "measured": 1, "unknown": 1, "waiting": 0}, {}),
        ("digest", {"sent": 1, "not_now": 1}, {"sent": 1}),
        ("tidy", {"people_who_left": 1, "check_in": 2, "usage_day": 40}, {"people_who_left": 1, "rows": 42}),
        ("deliver", {"sent": 2, "failed": 1}, {"sent": 2, "failed": 1}),
        ("a job of tomorrow", {"people": 12, "state.grace": 11}, {}),
    ],
)
def test_people_are_not_counted_by_what_was_found(
    job: str, counts: dict[str, object], expected: dict[str, object]
) -> None:
    """Totals, messages and rows are told; states, findings, reasons and whose wish it was are not."""
    assert expected == told(job, counts)


def test_of_a_tick_each_job_is_looked_at() -> None:
    """What stands in a tick is what each job may tell, beside how many of them failed."""
    ticked = {"detect": {"people": 3, "state.grace": 3}, "deliver": {"sent": 1}, "failed": 1}

    assert {"detect": {"people": 3}, "deliver": {"sent": 1}, "failed": 1} == told_of_tick(ticked)


def test_what_became_of_summaries_is_told() -> None:
    """Every end that a summary on its way can come to is among the totals of `digest`."""
    assert {Outcome.SENT, Outcome.UNCLEAR, Outcome.REFUSED} <= set(TOTALS["digest"])
