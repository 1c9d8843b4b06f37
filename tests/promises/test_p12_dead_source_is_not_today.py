"""P12 and P14: what was known long ago is not told of a group as if it were so today, and is not kept for it either.

Next: `bot/domain/disclosure/blocks.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from bot.domain.adoption import Standing, State
from bot.domain.disclosure import Shown
from bot.domain.team_summary import ADOPTION, CATEGORIES, NOT_VISIBLE, OUTPUT, TOKENS, USES_REGULARLY
from bot.domain.teams import COMPANY
from bot.store import findings, published, states
from bot.store.database import Store
from bot.store.tables import SummaryFigureRow
from jobs.snapshot import snapshot
from jobs.tidy import tidy
from tests.jobs.test_snapshot import MONDAY, PERIOD, House, built, judge

SEEN_MEASURES = {*ADOPTION, *CATEGORIES, *OUTPUT, TOKENS}
"""What nothing is known of once the sources are silent."""


def publish_unknown(store: Store, house: House, now: datetime) -> None:
    """Everybody is judged, and is unknown: no source says anything of these days."""
    sunday = now.date() - timedelta(days=1)
    with store.begin() as session:
        standings = {one: Standing(State.UNKNOWN, sunday, "no source") for one in house.everybody}
        states.save(session, standings=standings)
        findings.replace(session, window_last_day=sunday, counted={})
    snapshot(store, now=now)


def shown(store: Store) -> set[str]:
    with store.read() as session:
        newest = published.find(session, group_key=COMPANY)
    assert newest is not None
    return {name for name, cell in newest.cells.items() if isinstance(cell, Shown)}


def weeks_kept(store: Store, measures: set[str]) -> set[object]:
    with store.read() as session:
        row = SummaryFigureRow
        return set(session.scalars(select(row.week).where(row.measure.in_(measures))))


def test_silent_sources_are_told_of_for_twelve_weeks(store: Store) -> None:
    """While nothing new is known, the last figures keep their date; then they are neither told nor kept."""
    house = built(store)
    judge(store, house, state=State.HABITUAL)
    snapshot(store, now=MONDAY)
    before = shown(store)
    told = {}
    for periods in range(1, 5):
        publish_unknown(store, house, MONDAY + PERIOD * periods)
        told[4 * periods] = USES_REGULARLY in shown(store), weeks_kept(store, set(ADOPTION))

    known = {MONDAY.date()}
    assert USES_REGULARLY in before
    assert {4: (True, known), 8: (True, known), 12: (True, known), 16: (False, set())} == told


def test_what_was_seen_is_not_told_beside_nothing_visible(sqlite_store: Store) -> None:
    """A year of silence, tidied as the days go by: only that nothing is visible is said, and no old figure is left."""
    house = built(sqlite_store)
    judge(sqlite_store, house, state=State.HABITUAL)
    snapshot(sqlite_store, now=MONDAY)
    now = MONDAY
    while now < MONDAY + timedelta(days=476):
        now += PERIOD
        tidy(sqlite_store, now=now, retention_days=400)
        publish_unknown(sqlite_store, house, now)

    assert NOT_VISIBLE in shown(sqlite_store)
    assert not SEEN_MEASURES & shown(sqlite_store)
    assert set() == weeks_kept(sqlite_store, SEEN_MEASURES)


def test_an_old_figure_among_new_ones_goes_when_it_is_too_old_to_keep(sqlite_store: Store) -> None:
    """One person of whom nothing new is known is counted while the last figure is kept, and no longer (P14)."""
    house = built(sqlite_store)
    judge(sqlite_store, house, state=State.HABITUAL)
    snapshot(sqlite_store, now=MONDAY)
    silent, *_ = house.large
    held = {}
    for periods in range(1, 16):
        now = MONDAY + PERIOD * periods
        tidy(sqlite_store, now=now, retention_days=400)
        sunday = now.date() - timedelta(days=1)
        with sqlite_store.begin() as session:
            standings = {one: Standing(State.HABITUAL, sunday, "because") for one in house.everybody}
            states.save(session, standings=standings | {silent: Standing(State.UNKNOWN, sunday, "no source")})
        snapshot(sqlite_store, now=now)
        with sqlite_store.read() as session:
            row = SummaryFigureRow
            theirs = select(row.week).where(row.measure == USES_REGULARLY, row.person_id == silent)
            held[(now - MONDAY).days] = session.scalars(theirs).all()

    assert {days: [MONDAY.date()] if days <= 400 else [] for days in held} == held
