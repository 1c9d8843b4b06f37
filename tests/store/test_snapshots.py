"""What is published of groups: kept once, read without a member, outliving whoever was counted in it."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select

from bot.domain.disclosure import At, Block, Cell, Memory, Published, Shown, Suppressed, Why
from bot.domain.teams import COMPANY, Team
from bot.store import counted, published, rights, snapshots
from bot.store.counted import Counted
from bot.store.database import Session, Store
from bot.store.snapshots import Keyed
from bot.store.tables import (
    SnapshotCellRow,
    SnapshotMemberRow,
    SummaryBlockMemberRow,
    SummaryBlockRow,
    SummaryFigureRow,
    TeamGroupRow,
    TeamPersonRow,
)
from tests.by_hand import keep

WEEK = date(2026, 3, 2)
EARLIER = WEEK - timedelta(weeks=4)
TOLD: dict[str, Cell] = {
    "uses_regularly": Shown(45, At.ABOUT, 9),
    "not_in_use": Shown(35, At.AT_MOST, 9),
    "tokens": Suppressed(Why.TOO_SMALL),
}
HIDDEN: dict[str, Cell] = dict.fromkeys(TOLD, Suppressed(Why.TOO_SMALL))


People = tuple[int, ...]


def crew(session: Session) -> tuple[int, int, int, int]:
    """Four people: the first leads the other three, the second leads the fourth."""
    return keep(session), keep(session), keep(session), keep(session)


def publish(session: Session, people: People, week: date = WEEK) -> dict[int, str]:
    """Everybody's group and the first's say something, the second's does not."""
    boss, lead, one, other = people
    below = {boss: frozenset({lead, one, other}), lead: frozenset({other})}
    keyed = snapshots.keyed(session, people=frozenset(people), below=below)
    keys = dict(keyed.keys)
    groups = (
        Team(COMPANY, None, None, frozenset(people), frozenset({boss})),
        Team(keys[boss], COMPANY, "lamps", frozenset({lead, one, other}), frozenset({lead, one})),
        Team(keys[lead], keys[boss], None, frozenset({other}), frozenset({other})),
    )
    told = {
        COMPANY: Published(week, COMPANY, frozenset(people), TOLD),
        keys[boss]: Published(week, keys[boss], frozenset({lead, other}), TOLD),
        keys[lead]: Published(week, keys[lead], frozenset(), HIDDEN),
    }
    assert snapshots.save(session, week=week, groups=groups, keyed=keyed, published=told, rule_version="teams-1")
    return keys


def test_what_was_published_is_read_as_it_was(store: Store) -> None:
    """Every cell comes back shown or with its reason, with the group's name and the days that it tells about."""
    with store.begin() as session:
        people = crew(session)
        keys = publish(session, people)
    with store.read() as session:
        found = published.find(session, group_key=keys[people[0]])
        cells = published.cells(session, first=WEEK, last=WEEK, measures=TOLD)

    assert found is not None
    assert (WEEK, COMPANY, "lamps", TOLD) == (found.week, found.parent_key, found.label, found.cells)
    assert (date(2026, 2, 2), date(2026, 3, 1)) == (found.first_day, found.last_day)
    by_group = {COMPANY: TOLD, keys[people[0]]: TOLD, keys[people[1]]: HIDDEN}
    assert {key: {WEEK: told} for key, told in by_group.items()} == cells


def test_the_newest_is_found_and_the_earlier_ones_on_demand(sqlite_store: Store) -> None:
    """Without a Monday the newest is meant; the past is the same group's, newest first; another day has nothing."""
    with sqlite_store.begin() as session:
        people = crew(session)
        for week in (EARLIER - timedelta(weeks=4), EARLIER, WEEK):
            keys = publish(session, people, week)
    with sqlite_store.read() as session:
        key = keys[people[0]]
        newest, earlier = published.find(session, group_key=key), published.find(session, group_key=key, week=EARLIER)
        past = published.past(session, group_key=key, before=WEEK)
        nothing = published.find(session, group_key=key, week=WEEK + timedelta(weeks=1))

        assert WEEK == published.newest_week(session)
    assert newest is not None
    assert earlier is not None
    assert (WEEK, EARLIER) == (newest.week, earlier.week)
    assert [EARLIER, EARLIER - timedelta(weeks=4)] == [one.week for one in past]
    assert nothing is None


def test_before_anything_was_published_there_is_nothing(sqlite_store: Store) -> None:
    """No Monday, no group, none below, no past."""
    with sqlite_store.read() as session:
        assert (None, None, (), ()) == (
            published.newest_week(session),
            published.find(session, group_key=COMPANY),
            published.below(session, group_key=COMPANY),
            published.past(session, group_key=COMPANY, before=WEEK),
        )


def test_groups_below_come_by_name(sqlite_store: Store) -> None:
    """Right below one another, and one level only."""
    with sqlite_store.begin() as session:
        people = crew(session)
        keys = publish(session, people)
    with sqlite_store.read() as session:
        below = {key: published.below(session, group_key=key) for key in (COMPANY, *keys.values())}

    assert {COMPANY: [keys[people[0]]], keys[people[0]]: [keys[people[1]]], keys[people[1]]: []} == {
        key: [one.group_key for one in found] for key, found in below.items()
    }


def test_a_group_keeps_its_key_and_the_key_tells_nothing(sqlite_store: Store) -> None:
    """The same manager has the same key every time; it holds no number of theirs, and others have none."""
    with sqlite_store.begin() as session:
        people = crew(session)
        first = publish(session, people, EARLIER)
        again = publish(session, people)
        led = [published.led_by(session, person_id=person_id) for person_id in people]

    assert first == again
    assert [*(again[leader] for leader in people[:2]), None, None] == led
    assert all(len(key) == 32 for key in again.values())


def test_a_key_follows_its_people_to_another_leader(store: Store) -> None:
    """Two leads swap teams: each key goes on with its people, under the other lead, and its past with it."""
    with store.begin() as session:
        one, other, *people = (keep(session) for _ in range(9))
        large, small = frozenset(people[:4]), frozenset(people[4:])
        first = place(session, {one: large, other: small}, week=EARLIER)
    with store.begin() as session:
        swapped = place(session, {one: small, other: large}, week=WEEK)
        rows = session.execute(select(TeamPersonRow.group_key, TeamPersonRow.person_id)).all()
        past = published.past(session, group_key=first[one], before=WEEK)

    assert {one: first[other], other: first[one]} == swapped
    assert set(large) == {person for key, person in rows if key == first[one]}
    assert [EARLIER] == [each.week for each in past]


def test_a_key_outlives_the_manager(store: Store) -> None:
    """A manager erases themselves, and the team reports to another: its key and its past go on."""
    with store.begin() as session:
        gone, new, *people = (keep(session) for _ in range(6))
        first = place(session, {gone: frozenset(people)}, week=EARLIER)
        rights.forget(session, person_id=gone)
    with store.begin() as session:
        assert {new: first[gone]} == place(session, {new: frozenset(people)}, week=WEEK)
        assert 1 == len(published.past(session, group_key=first[gone], before=WEEK))


def place(session: Session, below: dict[int, frozenset[int]], *, week: date) -> dict[int, str]:
    """Publish nothing but these groups, and the one of everybody."""
    everybody = frozenset(below).union(*below.values())
    keyed = snapshots.keyed(session, people=everybody, below=below)
    groups = [
        Team(COMPANY, None, None, everybody, frozenset()),
        *(Team(keyed.keys[leader], COMPANY, None, people, people) for leader, people in below.items()),
    ]
    told = {team.key: Published(week, team.key, frozenset(), HIDDEN) for team in groups}
    assert snapshots.save(session, week=week, groups=groups, keyed=keyed, published=told, rule_version="teams-1")
    return dict(keyed.keys)


def test_the_past_is_that_of_mostly_the_same_people(store: Store) -> None:
    """Under a key that stayed with its leader while the people changed, nothing earlier is the group's own past."""
    with store.begin() as session:
        people = crew(session)
        publish(session, people, EARLIER)
    with store.begin() as session:
        others = people[0], *(keep(session) for _ in range(3))
        keys = publish(session, others)
        past = {key: published.past(session, group_key=key, before=WEEK) for key in (COMPANY, keys[people[0]])}

    assert {COMPANY: (), keys[people[0]]: ()} == past


def test_of_two_who_publish_at_once_one_is_kept(store: Store) -> None:
    """Whoever comes second finds the Monday kept, and writes nothing: no group, no key, nobody's place."""
    with store.begin() as session:
        people = crew(session)
        keys = publish(session, people)
    with store.begin() as session:
        kept = session.query(TeamPersonRow).count()
        group = Team(COMPANY, None, None, frozenset(people[:1]), frozenset(people[:1]))
        told = {COMPANY: Published(WEEK, COMPANY, frozenset(), HIDDEN)}
        keyed = Keyed({people[2]: "another"}, {})

        assert not snapshots.save(
            session, week=WEEK, groups=[group], keyed=keyed, published=told, rule_version="teams-1"
        )
        assert keys == dict(session.execute(select(TeamGroupRow.person_id, TeamGroupRow.group_key)).all())
        assert kept == session.query(TeamPersonRow).count()


def test_receipts_name_the_summaries_that_counted_somebody(store: Store) -> None:
    """Who is counted in something that is shown reads it; who is in the group and in no figure does not."""
    with store.begin() as session:
        people = boss, lead, one, other = crew(session)
        publish(session, people)
        publish(session, people, EARLIER)
    with store.read() as session:
        receipts = {person_id: counted.counted_me(session, person_id=person_id) for person_id in people}

    everybody = [Counted(week, None, everybody=True) for week in (WEEK, EARLIER)]
    lamps = [Counted(week, "lamps", everybody=False) for week in (WEEK, EARLIER)]
    both = (lamps[0], everybody[0], lamps[1], everybody[1])
    assert {boss: tuple(everybody), lead: both, one: tuple(everybody), other: both} == receipts


def test_erasing_leaves_what_was_published_and_nothing_of_the_person(store: Store) -> None:
    """P14: cells stay as they were; membership, figures, the place in a block and the tie to a key go."""
    with store.begin() as session:
        people = boss, lead, *_ = crew(session)
        keys = publish(session, people)
        snapshots.remember(session, memory=remembered(people))
    with store.begin() as session:
        before = cells(session)
        for person_id in (lead, boss):
            rights.forget(session, person_id=person_id)

        assert before == cells(session)
        for model in (SnapshotMemberRow, SummaryBlockMemberRow, SummaryFigureRow, TeamGroupRow, TeamPersonRow):
            assert set() == {boss, lead} & set(session.scalars(select(model.person_id))), model
        found = published.find(session, group_key=keys[boss])
        assert found is not None
        assert TOLD == found.cells


def test_a_block_closes_when_one_of_it_is_erased(sqlite_store: Store) -> None:
    """Nothing is made of a block any more once somebody is missing in it; other blocks stay open."""
    with sqlite_store.begin() as session:
        people = crew(session)
        snapshots.remember(session, memory=remembered(people))
        rights.forget(session, person_id=people[0])
    with sqlite_store.read() as session:
        memory = snapshots.memory(session)

    assert {"first": (False, set(people[1:3])), "second": (True, {people[3]})} == {
        block.key: (block.open, set(block.members)) for block in memory.blocks
    }
    assert {"tokens": {people[1]: 20}} == memory.figures


def test_what_is_remembered_comes_back_and_is_replaced(store: Store) -> None:
    """The memory of the last publishing is all there is, the week in which each figure was known as well: the next
    replaces it.
    """
    with store.begin() as session:
        memory = remembered(crew(session))
        assert Memory() == snapshots.memory(session)
        snapshots.remember(session, memory=memory)
        snapshots.remember(session, memory=memory)
    with store.begin() as session:
        assert memory == snapshots.memory(session)
        snapshots.remember(session, memory=Memory())

        assert Memory() == snapshots.memory(session)
        assert 0 == session.scalar(select(func.count()).select_from(SummaryBlockRow))


def test_who_was_erased_meanwhile_is_not_kept_again(sqlite_store: Store) -> None:
    """Somebody who went while figures were worked out is in no row; the block that counted them is closed."""
    with sqlite_store.begin() as session:
        people = crew(session)
        rights.forget(session, person_id=people[0])
        snapshots.remember(session, memory=remembered(people))
        group = Team(COMPANY, None, None, frozenset(people), frozenset(people))
        told = {COMPANY: Published(WEEK, COMPANY, frozenset(people), TOLD)}
        keyed = Keyed({people[0]: "gone"}, {})
        snapshots.save(session, week=WEEK, groups=[group], keyed=keyed, published=told, rule_version="teams-1")
    with sqlite_store.read() as session:
        memory = snapshots.memory(session)
        members = set(session.scalars(select(SnapshotMemberRow.person_id)))

    assert {"first": False, "second": True} == {block.key: block.open for block in memory.blocks}
    assert {"tokens": {people[1]: 20}} == memory.figures
    assert set(people[1:]) == members


def remembered(people: People) -> Memory:
    """Two blocks, and the figures of two people, known in two weeks."""
    times = (EARLIER, WEEK)
    return Memory(
        (
            Block("first", COMPANY, "tokens", frozenset(people[:3]), *times, True),
            Block("second", COMPANY, "adoption", frozenset(people[3:]), *times, True),
        ),
        {"tokens": {people[0]: 10, people[1]: 20}},
        {"tokens": {people[0]: EARLIER, people[1]: WEEK}},
    )


def cells(session: Session) -> list[tuple[object, ...]]:
    row = SnapshotCellRow
    statement = select(row.week, row.group_key, row.measure, row.value, row.at, row.people, row.why)
    return sorted(map(tuple, session.execute(statement)), key=str)
