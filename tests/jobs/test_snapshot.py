"""The snapshot job: once in four weeks, frozen, in few statements; too small a group has no figure."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select, update

from bot.domain.adoption import Standing, State
from bot.domain.disclosure import Shown, Suppressed, Why
from bot.domain.team_summary import (
    CATEGORIES,
    MEASURES,
    OPTIMIZABLE,
    TOKENS,
    USES_REGULARLY,
    VOLUME_AND_MONEY,
    WASTED,
    summarize,
)
from bot.domain.teams import COMPANY
from bot.domain.waste.finding import Ledger
from bot.store import (
    bases,
    findings,
    installation,
    published,
    rights,
    roles,
    snapshots,
    source_runs,
    states,
    team_figures,
)
from bot.store.database import Session, Store
from bot.store.tables import (
    BasisRow,
    FindingRow,
    IdentityRow,
    OutcomeRow,
    PersonRow,
    SnapshotCellRow,
    SnapshotMemberRow,
    SnapshotRow,
    StateRow,
    SummaryFigureRow,
    TeamGroupRow,
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
        bases.replace(session, window_last_day=sunday, inputs={one: {} for one in house.everybody})
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


def test_volume_that_grows_for_nothing_is_withheld_from_then_on(sqlite_store: Store, house: House) -> None:
    """W26 from period to period: three times the tokens, the same days and changes: told once, never again."""
    mondays = [MONDAY + PERIOD * turn for turn in range(4)]
    for turn, monday in enumerate(mondays):
        judge(sqlite_store, house, monday=monday, tokens=1_000_000 * 3**turn, state=State.HABITUAL)
        snapshot(sqlite_store, now=monday)
    with sqlite_store.read() as session:
        found = [published.find(session, group_key=COMPANY, week=monday.date()) for monday in mondays]
    told = [{one.cells[name] for name in VOLUME_AND_MONEY} for one in found if one is not None]

    assert {Shown} == {type(cell) for cell in told[0]}
    assert [{Suppressed(Why.VOLUME_WITHOUT_VALUE)}] * 3 == told[1:]


def test_nothing_is_told_of_weeks_before_anybody_was_judged(sqlite_store: Store) -> None:
    """A new installation waits for its own first four weeks; an empty one tells nothing at all."""
    assert NOTHING == snapshot(sqlite_store, now=MONDAY)
    with sqlite_store.begin() as session:
        person = keep(session)
        installation.note_judging(session, day=MONDAY.date() + timedelta(days=1))
        sunday = (MONDAY + PERIOD).date() - timedelta(days=1)
        states.save(session, standings={person: Standing(State.NEVER_USED, sunday, "because")})

    assert NOTHING == snapshot(sqlite_store, now=MONDAY + timedelta(days=1))
    assert 1 == snapshot(sqlite_store, now=MONDAY + PERIOD)["groups"]


def test_a_missed_monday_is_caught_up_without_inventing_zeros(sqlite_store: Store, house: House) -> None:
    """Nothing ran on Monday, and on Tuesday people were judged as before: what was looked for on Sunday is unknown.

    The Monday that was due is published, about its own four weeks: where people stand, and no dollar and no pattern.
    """
    judge(sqlite_store, house, state=State.HABITUAL)
    with sqlite_store.begin() as session:
        session.execute(update(StateRow).values(first_day=MONDAY.date() - PERIOD, last_day=MONDAY.date()))
        session.execute(update(FindingRow).values(window_last_day=MONDAY.date()))
        session.execute(update(BasisRow).values(last_day=MONDAY.date()))

    late = snapshot(sqlite_store, now=MONDAY + timedelta(days=1))
    with sqlite_store.read() as session:
        everybody = published.find(session, group_key=COMPANY)
        known = set(session.scalars(select(SummaryFigureRow.measure)))

    assert 4 == late["groups"]
    assert everybody is not None
    assert MONDAY.date() == everybody.week
    assert isinstance(everybody.cells[USES_REGULARLY], Shown)
    assert TOKENS in known
    assert set() == known & {OPTIMIZABLE, WASTED, *CATEGORIES}
    assert {Suppressed} == {type(everybody.cells[name]) for name in (*VOLUME_AND_MONEY, *CATEGORIES)}


def test_the_future_is_not_published(sqlite_store: Store, house: House) -> None:
    """A wrong clock, or a moment named by hand, publishes nothing of days that nobody was judged up to, and says so."""
    judge(sqlite_store, house, state=State.NEVER_USED)

    assert {**NOTHING, "not_judged": 1} == snapshot(sqlite_store, now=MONDAY.replace(year=2030))
    assert 4 == snapshot(sqlite_store, now=MONDAY)["groups"]


def test_a_late_source_does_not_hold_it_up(sqlite_store: Store, house: House) -> None:
    """Where the sources are two days late, people judged up to Friday are enough, and up to Thursday are not."""
    judge(sqlite_store, house, state=State.NEVER_USED)
    with sqlite_store.begin() as session:
        source_runs.note_source(session, name="late", kind="late", lag_days=2, lists_members=False)
        session.execute(update(StateRow).values(first_day=date(2026, 2, 20), last_day=date(2026, 2, 26)))
    assert {**NOTHING, "not_judged": 1} == snapshot(sqlite_store, now=MONDAY)

    with sqlite_store.begin() as session:
        session.execute(update(StateRow).values(last_day=date(2026, 2, 27)))
    assert 4 == snapshot(sqlite_store, now=MONDAY)["groups"]


def test_nothing_is_published_before_what_was(sqlite_store: Store, house: House) -> None:
    """A clock that was set back writes no Monday behind the newest one."""
    judge(sqlite_store, house, state=State.NEVER_USED)
    snapshot(sqlite_store, now=MONDAY)
    before = rows(sqlite_store)

    assert {**NOTHING, "newer_stands": 1} == snapshot(sqlite_store, now=MONDAY - PERIOD)
    assert before == rows(sqlite_store)


def test_who_swapped_teams_opens_neither(store: Store) -> None:
    """Two leads swap teams after a publishing: nothing is theirs until the next, and then the team of now is."""
    house = built(store)
    judge(store, house, state=State.HABITUAL)
    below = {house.lead: house.large, house.other: house.small}
    report(store, {house.boss: (house.lead, house.other), **below})
    snapshot(store, now=MONDAY)
    at_first = {who: own(store, who, MONDAY) for who in below}
    swapped = {house.lead: house.small, house.other: house.large}
    report(store, swapped)
    next_day = {who: own(store, who, MONDAY + timedelta(days=1)) for who in below}
    with store.begin() as session:
        for manager, people in swapped.items():
            session.execute(
                update(TeamStayRow).where(TeamStayRow.person_id.in_(people)).values(manager_id=manager, team="new")
            )
    judge(store, house, monday=MONDAY + PERIOD, state=State.HABITUAL)
    snapshot(store, now=MONDAY + PERIOD)
    at_last = {who: own(store, who, MONDAY + PERIOD) for who in below}

    assert dict.fromkeys(below) == next_day
    assert None not in at_first.values()
    assert {house.lead: at_first[house.other], house.other: at_first[house.lead]} == at_last
    with store.read() as session:
        found = published.find(session, group_key=str(at_last[house.other]))
    assert found is not None
    assert isinstance(found.cells[USES_REGULARLY], Shown), "the twelve go on as they were, under another lead"


def test_new_people_have_no_past(sqlite_store: Store, house: House) -> None:
    """Under the same lead, twelve new people are not held against the twelve who were there before."""
    judge(sqlite_store, house, state=State.HABITUAL)
    snapshot(sqlite_store, now=MONDAY)
    with sqlite_store.begin() as session:
        new = several(session, 12)
        session.execute(delete(TeamStayRow).where(TeamStayRow.person_id.in_(house.large)))
        session.add_all(
            TeamStayRow(person_id=one, first_day=date(2025, 1, 1), team="new", manager_id=house.lead) for one in new
        )
    later = MONDAY + PERIOD
    judge(sqlite_store, replace(house, large=new), monday=later, state=State.NEVER_USED)
    snapshot(sqlite_store, now=later)
    with sqlite_store.read() as session:
        key = published.led_by(session, person_id=house.lead)
        found = published.find(session, group_key=str(key))
        past = published.past(session, group_key=str(key), before=later.date())

    assert found is not None
    assert isinstance(found.cells[USES_REGULARLY], Shown)
    assert () == past


def test_two_who_publish_at_once_leave_no_group_without_its_lead(store: Store) -> None:
    """Of two processes that began at once one publishes, and every group that it published is the one of its lead."""
    house = built(store)
    judge(store, house, state=State.NEVER_USED)
    began: list[str] = []
    first: list[dict[str, int]] = []

    def overtake(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM outcome" in statement and not began:  # the other has read who leads what, and kept nothing yet
            began.append(statement)
            first.append(snapshot(store, now=MONDAY))

    event.listen(store.engine, "before_cursor_execute", overtake)
    second = snapshot(store, now=MONDAY)
    event.remove(store.engine, "before_cursor_execute", overtake)
    with store.read() as session:
        led = set(session.scalars(select(TeamGroupRow.group_key)))
        groups = set(session.scalars(select(SnapshotRow.group_key)))

    assert [4] == [one["groups"] for one in first]
    assert NOTHING == second
    assert groups == led | {COMPANY}


def test_two_who_keep_at_once_leave_no_group_without_its_lead(store: Store) -> None:
    """The same when both have worked everything out, and one begins to write while the other has not ended.

    PostgreSQL lets both write; SQLite, which lets one, makes the second wait for the first.
    """
    house = built(store)
    judge(store, house, state=State.NEVER_USED)
    both = threading.Barrier(2)
    waited = threading.local()

    def together(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM outcome" in statement and not getattr(waited, "once", False):
            waited.once = True
            both.wait(timeout=10)

    event.listen(store.engine, "before_cursor_execute", together)
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda _: snapshot(store, now=MONDAY), range(2)))
    event.remove(store.engine, "before_cursor_execute", together)
    with store.read() as session:
        led = set(session.scalars(select(TeamGroupRow.group_key)))
        groups = set(session.scalars(select(SnapshotRow.group_key)))

    assert [0, 4] == sorted(one["groups"] for one in counts)
    assert groups == led | {COMPANY}


def report(store: Store, below: dict[int, tuple[int, ...]]) -> None:
    """From now on these people report to these managers, each of whom has a Slack account."""
    with store.begin() as session:
        for manager, people in below.items():
            session.execute(update(PersonRow).where(PersonRow.person_id.in_(people)).values(manager_id=manager))
            identity = {"source": "slack", "external_id": f"U0{manager}", "person_id": manager}
            if session.get(IdentityRow, ("slack", f"U0{manager}")) is None:
                session.add(IdentityRow(**identity, method="listed", confidence="high", first_seen_at=MONDAY))


def own(store: Store, manager: int, now: datetime) -> str | None:
    with store.read() as session:
        return roles.own_group(session, slack_user_id=f"U0{manager}", day=now.date())


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
    judge(sqlite_store, house, monday=MONDAY + PERIOD, state=State.HABITUAL)
    large, people = statements(sqlite_store, MONDAY + PERIOD)

    assert 18 + 20 == people < team_figures.BATCH_PEOPLE
    assert large <= small


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
