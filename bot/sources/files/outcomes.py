"""Reads what came out of the work: changes merged, tickets done, documents written.

Called by `jobs/import_files.py`; kept by `bot/store/outcomes.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Parsed, parse

COLUMNS = Columns(required=("email", "at", "kind", "ref"), optional=("lines_added", "lines_removed", "ai_assisted"))
_KINDS = tuple(kind.value for kind in OutcomeKind)


def read_outcomes(path: Path) -> Parsed[OutcomeRecord]:
    """The outcomes of a file. When one comes twice (a ticket that was opened again), the latest counts."""
    parsed = parse(path, COLUMNS, _record)
    latest: dict[tuple[str, str, str], tuple[int, OutcomeRecord]] = {}
    for line, outcome in parsed.records:
        key = (outcome.subject, outcome.kind, outcome.ref)
        if key not in latest or latest[key][1].at <= outcome.at:
            latest[key] = (line, outcome)
    return replace(parsed, records=tuple(latest.values()))


def _record(row: Row) -> OutcomeRecord:
    return OutcomeRecord(
        subject=row.needed_email("email"),
        at=row.needed_moment("at"),
        kind=OutcomeKind(row.needed_choice("kind", _KINDS)),
        ref=row.needed_text("ref"),
        lines_added=row.count("lines_added"),
        lines_removed=row.count("lines_removed"),
        ai_assisted=row.flag("ai_assisted"),
    )
