"""Which counts of a job its operator is told, and which are kept of its run: totals, never people by what was found.

Somebody who may erase or leave out one person sees what that changes: of twelve people with "state.grace 11", one less
in the next run tells that person's state. No floor helps against a difference of two, so a count of people by a
personal state, finding or reason is not told at all (P10); shares of such counts, protected, are in
`bot/domain/calibration.py`. Messages in the queue, rows and days of sources, and cells of published summaries are told
as they are. A job that is not listed here tells nothing. Called by `bot/cli.py` and `jobs/calendar.py`.
Next: `bot/domain/calibration.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

Counts = Mapping[str, object]

WHOLE = frozenset({"collect", "snapshot", "deliver"})
"""Jobs that count days, rows, cells and messages only."""
TOTALS: Mapping[str, frozenset[str]] = {
    "detect": frozenset({"people"}),
    "measure": frozenset(),  # whoever is looked at again once got a tip about cost
    "decide": frozenset({"people", "planned", "silent"}),
    "digest": frozenset({"sent", "refused", "unclear", "later", "nothing"}),  # not whose hour or wish it is not
    "tidy": frozenset({"people_who_left"}),
}
"""What the others tell of their counts."""


def told(job: str, counts: Counts) -> dict[str, object]:
    """What may be told of the counts of one run."""
    if job in WHOLE:
        return dict(counts)
    kept: dict[str, object] = {name: count for name, count in counts.items() if name in TOTALS.get(job, ())}
    if job == "tidy":  # by table it would tell who once answered, was written to, or did what
        kept["rows"] = sum(count for name, count in counts.items() if name not in kept and isinstance(count, int))
    return kept


def told_of_tick(counts: Counts) -> dict[str, object]:
    """The same for each job that a tick carried out."""
    return {job: told(job, inside) if isinstance(inside, Mapping) else inside for job, inside in counts.items()}
