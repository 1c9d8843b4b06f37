"""Since when this Kindling has been judging people, the day that begins the two weeks of looking only, and what was
told of the rules in each week since.

Written by `jobs/detect.py` and `jobs/calibrate.py`, read by `jobs/decide.py` and `jobs/recheck.py`.
Next: `bot/domain/nudging.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.batches import insert_new
from bot.store.tables import CalibrationRow, InstallationRow

_THE_ONE = 1


def note_judging(session: Session, *, day: date) -> None:
    """Remember `day` as the first on which anybody was judged, unless there was one before; that one stands."""
    insert_new(session, InstallationRow, [{"installation_id": _THE_ONE, "first_judged_on": day}])


def first_judged_on(session: Session) -> date | None:
    """The first day of this installation, None while nobody was ever judged."""
    return session.scalar(select(InstallationRow.first_judged_on))


def calibration_of(session: Session, *, week: date) -> dict[str, Any] | None:
    """The calibration report of the week that begins on `week`, None while none was given."""
    return session.scalar(select(CalibrationRow.report).where(CalibrationRow.week == week))


def keep_calibration(session: Session, *, week: date, report: dict[str, Any]) -> dict[str, Any]:
    """Keep the first report of a week, and give back the one that stands: of two at once, one."""
    insert_new(session, CalibrationRow, [{"week": week, "report": report}])
    return calibration_of(session, week=week) or report
