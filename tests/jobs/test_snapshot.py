"""The snapshot job: once in four weeks, frozen, in few statements; too small a group has no figure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from bot.domain.adoption import Standing, State
from bot.domain.disclosure import Shown, Suppressed, Why
from bot.domain.team_summary import MEASURES, USES_REGULARLY, VOLUME_AND_MONEY, summarize
from bot.domain.teams import COMPANY
from bot.domain.waste.finding import Ledger
from bot.store import findings, installation, published, rights, snapshots, states, team_figures
from bot.store.database import Session, Store
from bot.store.tables import (
    OutcomeRow,
    PersonRow,
    SnapshotCellRow,
    SnapshotMemberRow,
    SummaryFigureRow,
    TeamStayRow,
    UsageDayRow,
)
from jobs.snapshot import newest_due, snapshot
from tests.by_hand import WASTE, keep, on

MONDAY = datetime(2026, 3, 2, 5, tzinfo=UTC)
PERIOD = timedelta(weeks=4)
FOUND = (WASTE, replace(WASTE, detector="W01", ledger=Ledger.WASTED))
NOTHING = {"groups": 0, "shown": 0, "withheld": 0}


@dataclass(frozen=True)
class House:
    """A boss over a large team of twelve with its lead, and a small one of three with its own."""

    boss: int
    lead: int
    large: tuple[int, ...]
    other: int
    small: tuple[int, ...]

    @property
    def everybody(self) -> tuple[int, ...]:
        return (self.boss, self.lead, *self.large, self.other, *self.small)


@pytest.fixture
def house(sqlite_store: Store) -> House:
    return built(sqlite_store)


def built(store: Store) -> House:
    with store.begin() as session:
        made = House(keep(session), keep(session), several(session, 12), keep(session), several(session, 3))
        below = {made.boss: (made.lead, made.other), made.lead: made.large, made.other: made.small}
        for manager, people in below.items():
            team = f"team {manager}"
            session.add_all(
                TeamStayRow(person_id=one, first_day=date(2025, 1, 1), team=team, manager_id=manager) for one in people
            )
        installation.note_judging(session, day=date(2025, 11, 3))
    return made


def several(session: Session, count: int) -> tuple[int, ...]:
    return tuple(keep(session) for _ in range(count))


def judge(store: Store, house: House, *, monday: datetime = MONDAY, tokens: int = 1_000_000, state: State) -> None:
    """Everybody stands alike on Sunday, used as many tokens on ten days, and merged two changes that stayed."""
    sunday = monday.date() - timedelta(days=1)
    days = [sunday - timedelta(days=age) for age in range(10)]
    with store.begin() as session:
        states.save(session, standings={one: Standing(state, sunday, "because") for one in house.everybody})
        findings.replace(session, window_last_day=sunday, counted=dict.fromkeys(house.everybody, FOUND))
        for person in house.everybody:
            for used in on(days, input_tokens=tokens, output_tokens=9, cost_microusd=20_000_000):
                row = {"subject": f"somebody-{person}", "person_id": person, "source": "file", "fetched_at": monday}
                told = {name: value for name, value in vars(used.counters).items() if value is not None}
                session.add(UsageDayRow(**row, day=used.day, tool=used.tool, model=used.model, active=True, **told))
            for age in (5, 20):
                at = monday - timedelta(days=age)
                session.add(
                    OutcomeRow(source="git", kind="pr_merged", ref=f"{at}", person_id=person, at=at, reverted=False)
                )


def test_a_large_team_is_told_of_and_a_small_one_is_not(store: Store) -> None:
    """Every group has every measure; of three people none is shown, and why is kept."""
    house = built(store)
    judge(store, house, state=State.NEVER_USED)

    counts = snapshot(store, now=MONDAY)

    with store.read() as session:
        keys = {who: published.led_by(session, person_id=who) for who in house.everybody}
        everybody, large, small = (
            published.find(session, group_key=key) for key in (COMPANY, str(keys[house.lead]), str(keys[house.other]))
        )
    assert everybody is not None
    assert large is not None
    assert small is not None
    assert {house.boss, house.lead, house.other} == {who for who, key in keys.items() if key}
    assert 4 == counts["groups"]
    assert 4 * len(MEASURES) == counts["shown"] + counts["withheld"]
    assert {measure.name for measure in MEASURES} == set(large.cells) == set(small.cells)
    assert isinstance(large.cells[USES_REGULARLY], Shown)
    assert isinstance(everybody.cells[USES_REGULARLY], Shown)
    assert {Suppressed(Why.TOO_SMALL)} == set(small.cells.values())
    assert summarize(large.cells, []).says_something
    assert not summarize(small.cells, []).says_something


def test_a_published_monday_is_frozen(sqlite_store: Store, house: House) -> None:
    """A second run, in the same week or in the three that follow, changes no row, whatever is known by then."""
    judge(sqlite_store, house, state=State.NEVER_USED)
    snapshot(sqlite_store, now=MONDAY)
    before = rows(sqlite_store)
    with sqlite_store.begin() as session:
        session.execute(update(UsageDayRow).values(input_tokens=9))
        session.execute(update(TeamStayRow).values(team="new name"))

    again = [snapshot(sqlite_store, now=MONDAY + timedelta(days=days)) for days in (0, 3, 7, 27)]

    assert [NOTHING] * 4 == again
    assert before == rows(sqlite_store)


def test_the_next_figures_come_four_weeks_later(sqlite_store: Store, house: House) -> None:
    """Periods do not overlap; the earlier figures stay beside the new ones."""
    for monday in (MONDAY, MONDAY + PERIOD):
        judge(sqlite_store, house, monday=monday, state=State.NEVER_USED)
        snapshot(sqlite_store, now=monday)

    with sqlite_store.read() as session:
        past = published.past(session, group_key=COMPANY, before=(MONDAY + PERIOD).date())
        newest = published.find(session, group_key=COMPANY)

    assert newest is not None
    assert [MONDAY.date()] == [one.week for one in past]
    assert newest.first_day == past[0].last_day + timedelta(days=1)


def test_erasing_somebody_changes_no_figure(sqlite_store: Store, house: House) -> None:
    """P14 and P10: what was published stays as it was, and nothing of the person is left to be counted again."""
    judge(sqlite_store, house, state=State.NEVER_USED)
    snapshot(sqlite_store, now=MONDAY)
    before = rows(sqlite_store)
    gone = house.large[0]

    with sqlite_store.begin() as session:
        rights.forget(session, person_id=gone)
    with sqlite_store.read() as session:
        memory = snapshots.memory(session)
        left = [set(session.scalars(select(model.person_id))) for model in (SnapshotMemberRow, SummaryFigureRow)]

    assert before == rows(sqlite_store)
    assert all(gone not in people for people in left)
    assert all(gone not in block.members for block in memory.blocks)


def test_volume_that_doubled_for_nothing_is_withheld(sqlite_store: Store, house: House) -> None:
    """W26 from night to night: three times the tokens, the same days and changes: no tokens and no dollars are told."""
    for turn, monday in enumerate((MONDAY, MONDAY + PERIOD)):
        judge(sqlite_store, house, monday=monday, tokens=1_000_000 * 3**turn, state=State.HABITUAL)
        snapshot(sqlite_store, now=monday)
    with sqlite_store.read() as session:
        newest = published.find(session, group_key=COMPANY)
        before = published.find(session, group_key=COMPANY, week=MONDAY.date())

    assert newest is not None
    assert before is not None
    assert {Shown} == {type(before.cells[name]) for name in VOLUME_AND_MONEY}
    assert {Suppressed(Why.VOLUME_WITHOUT_VALUE)} == {newest.cells[name] for name in VOLUME_AND_MONEY}


def test_nothing_is_told_of_weeks_before_anybody_was_judged(sqlite_store: Store) -> None:
    """A new installation waits for its own first four weeks; an empty one tells nothing at all."""
    assert NOTHING == snapshot(sqlite_store, now=MONDAY)
    with sqlite_store.begin() as session:
        keep(session)
        installation.note_judging(session, day=MONDAY.date() + timedelta(days=1))

    assert NOTHING == snapshot(sqlite_store, now=MONDAY + timedelta(days=1))
    assert 1 == snapshot(sqlite_store, now=MONDAY + PERIOD)["groups"]


def test_a_missed_monday_is_caught_up(sqlite_store: Store, house: House) -> None:
    """A clock that stood still for two weeks publishes the Monday that was due, about its own four weeks."""
    judge(sqlite_store, house, state=State.NEVER_USED)

    late = snapshot(sqlite_store, now=MONDAY + timedelta(days=15))
    with sqlite_store.read() as session:
        week = published.newest_week(session)

    assert MONDAY.date() == week
    assert 4 == late["groups"]


def test_due_is_every_fourth_monday() -> None:
    """The same Mondays everywhere, whatever day and hour the job runs on."""
    days = [MONDAY + timedelta(days=offset) for offset in range(56)]

    assert [MONDAY.date()] * 28 + [(MONDAY + PERIOD).date()] * 28 == [newest_due(day) for day in days]
    assert (MONDAY - PERIOD).date() == newest_due(MONDAY - timedelta(hours=6))


def test_statements_do_not_grow_with_the_people(sqlite_store: Store, house: House) -> None:
    """Twice as many people in the same tree take as many statements: nobody is asked alone."""
    judge(sqlite_store, house, state=State.HABITUAL)
    small, _ = statements(sqlite_store, MONDAY)
    with sqlite_store.begin() as session:
        for _ in range(20):
            one = keep(session)
            stay = TeamStayRow(person_id=one, first_day=date(2025, 1, 1), team="x", manager_id=house.lead)
            session.add(stay)
    large, people = statements(sqlite_store, MONDAY + PERIOD)

    assert 18 + 20 == people < team_figures.BATCH_PEOPLE
    assert large <= small + 1  # the figures of four weeks before are read beside


def statements(store: Store, now: datetime) -> tuple[int, int]:
    """How many statements one run takes, and how many people there are."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    snapshot(store, now=now)
    event.remove(store.engine, "before_cursor_execute", note)
    with store.read() as session:
        return len(seen), len(session.scalars(select(PersonRow.person_id)).all())


def rows(store: Store) -> list[tuple[object, ...]]:
    """Every published cell, and every group with its name."""
    cell = SnapshotCellRow
    columns = select(cell.week, cell.group_key, cell.measure, cell.value, cell.at, cell.people, cell.why)
    with store.read() as session:
        cells = [tuple(row) for row in session.execute(columns.order_by(cell.week, cell.group_key, cell.measure))]
        names = [(one.group_key, one.label) for one in published.below(session, group_key=COMPANY)]
    return [*cells, *names]
