"""The detect job: everybody is judged, by shards, the same however often and with the same answer everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.domain.adoption import State
from bot.domain.people import SATURDAY_AND_SUNDAY, Seat
from bot.domain.usage import Counters, Coverage
from bot.domain.waste.finding import Ledger
from bot.store import findings, source_runs, states
from bot.store.database import Store
from bot.store.tables import CalendarDayRow, FindingRow, OutcomeRow, PersonRow, StateRow
from jobs.detect import Judged, detect, judge_people, last_day_of
from tests.by_hand import LAST_DAY, NOW, PriceList, Used, covered, days_before, keep, on
from tests.sessions_by_hand import keep_sessions, sat

SEAT = Seat("claude_code", date(2025, 11, 3), None, 30_400_000)
FULL = covered("claude_code")
EVERY_DAY = days_before(*range(1, 84))
NO_HOLIDAYS: frozenset[date] = frozenset()


def run(
    store: Store, *, now: datetime = NOW, people: Sequence[int] | None = None, shard_size: int = 2
) -> dict[str, int]:
    return detect(
        store,
        now=now,
        prices=PriceList(),
        holidays_of=lambda *_: NO_HOLIDAYS,
        weekend_of=lambda _: SATURDAY_AND_SUNDAY,
        person_ids=people,
        shard_size=shard_size,
    )


def judge(session: Session, *people: int) -> dict[int, Judged]:
    return judge_people(
        session,
        person_ids=people,
        now=NOW,
        prices=PriceList(),
        holidays_of=lambda *_: NO_HOLIDAYS,
        weekend_of=lambda _: SATURDAY_AND_SUNDAY,
    )


def test_everybody_is_judged_and_counted(store: Store) -> None:
    """Five people in three shards: counts by state and finding, and the states stored."""
    with store.begin() as session:
        never = keep(session, seats=[SEAT], coverage=FULL)
        habitual = keep(session, on(EVERY_DAY), seats=[SEAT], coverage=FULL)
        unseen = keep(session, seats=[SEAT], coverage=Coverage())
        seatless = keep(session)
        lapsed = keep(session, on(days_before(40, 50)), seats=[SEAT], coverage=FULL, timezone=None)

    counts = run(store)

    with store.read() as session:
        known = states.current(session, person_ids=[never, habitual, unseen, seatless, lapsed])
    assert [State.NEVER_USED, State.HABITUAL, State.UNKNOWN, State.NOT_PROVISIONED, State.LAPSED] == [
        known[person].state for person in (never, habitual, unseen, seatless, lapsed)
    ]
    assert 5 == counts["people"]
    assert 1 == counts["state.never_used"]
    assert (1, 1) == (counts["finding.W01.wasted"], counts["finding.W01.exploration"])
    assert 2 == counts["not_judged.W06"]


def test_judging_again_changes_nothing(store: Store) -> None:
    """The same instant twice: the same counts, and not a row more."""
    with store.begin() as session:
        keep(session, seats=[SEAT], coverage=FULL)
    first, kept = run(store), _rows(store)

    assert first == run(store)
    assert kept == _rows(store)


def test_a_shard_s_size_does_not_matter(store: Store) -> None:
    """One shard or many: the same counts."""
    with store.begin() as session:
        for rows in ([], on(EVERY_DAY), on(days_before(3))):
            keep(session, rows, seats=[SEAT], coverage=FULL)

    assert run(store, shard_size=1) == run(store, shard_size=500)


def test_only_those_asked_for_are_judged(store: Store) -> None:
    """A check of one person leaves the others alone; a number of nobody is no error."""
    with store.begin() as session:
        asked, other = keep(session, seats=[SEAT]), keep(session, seats=[SEAT])

    assert 1 == run(store, people=[asked, 999])["people"]
    with store.read() as session:
        assert {asked} == states.current(session, person_ids=[asked, other]).keys()


def test_the_next_day_lengthens_the_stretch(store: Store) -> None:
    """Two nights, one answer, one row that ends on the second window's last day."""
    with store.begin() as session:
        keep(session, seats=[SEAT], coverage=covered("claude_code", last=LAST_DAY + timedelta(days=1)))

    run(store)
    run(store, now=NOW + timedelta(days=1))

    with store.read() as session:
        (row,) = session.scalars(select(StateRow))
    assert (LAST_DAY, LAST_DAY + timedelta(days=1)) == (row.first_day, row.last_day)


def test_leave_and_holidays_are_not_working_days(store: Store) -> None:
    """A day of leave needs no coverage; nor does a public holiday of the person's country."""
    (leave, holiday) = days_before(3, 4)
    with store.begin() as session:
        person = keep(session, seats=[SEAT], coverage=covered("claude_code", without=[leave, holiday]))
        session.add(CalendarDayRow(person_id=person, day=leave, reason="leave"))
    before = run(store)
    with store.begin() as session:
        row = session.get(PersonRow, person)
        assert row is not None
        row.country = "XX"

    after = detect(
        store,
        now=NOW,
        prices=PriceList(),
        holidays_of=lambda country, _first, _last: frozenset({holiday}) if country == "XX" else NO_HOLIDAYS,
        weekend_of=lambda _: SATURDAY_AND_SUNDAY,
    )

    assert [1, 1] == [before["state.unknown"], after["state.never_used"]]


def test_finished_work_decides_whether_a_runaway_led_nowhere(store: Store) -> None:
    """Known finished work and none after the day: a third of 3,000 requests is wasted, and 60 % of that is sure. None
    known at all: exploration.
    """
    rows = [*on(EVERY_DAY, cost_microusd=2_000_000), Used(days_before(10)[0], tool="copilot")]
    rows += on(days_before(10), model="little", requests=3_000, cost_microusd=300_000_000)
    known = covered("claude_code", "copilot")
    with store.begin() as session:
        with_work = keep(session, rows, seats=[SEAT], coverage=known)
        without = keep(session, rows, seats=[SEAT], coverage=known)
        at = datetime(2026, 1, 20, 9, tzinfo=UTC)
        session.add(OutcomeRow(source="git", kind="pr_merged", ref="1", person_id=with_work, at=at))

        judged = judge(session, with_work, without)

    (wasted,), (exploring,) = judged[with_work].settled.counted, judged[without].settled.counted
    assert [("W06", Ledger.WASTED), ("W06", Ledger.EXPLORATION)] == [
        (wasted.detector, wasted.ledger),
        (exploring.detector, exploring.ledger),
    ]
    assert (10_000_000, 50_000_000) == (wasted.counted_microusd, wasted.forgiven_microusd)


def test_what_is_judged_for_the_card_is_what_is_stored(store: Store) -> None:
    """`judge_people` writes nothing, and says the same as the night's run."""
    with store.begin() as session:
        person = keep(session, seats=[SEAT], coverage=FULL)
    with store.read() as session:
        judged = judge(session, person)[person]
        assert {} == states.current(session, person_ids=[person])

    run(store)

    with store.read() as session:
        assert judged.standing == states.current(session, person_ids=[person])[person]
        assert judged.settled.counted == findings.current(session, person_ids=[person])[person]


def test_a_shard_takes_a_fixed_number_of_statements(store: Store) -> None:
    """Work grows with shards, not with people or rows."""
    with store.begin() as session:
        for _ in range(3):
            keep(session, on(days_before(1, 2)), seats=[SEAT], coverage=FULL)
    few = _statements(store)
    with store.begin() as session:
        for _ in range(30):
            keep(session, on(EVERY_DAY), seats=[SEAT], coverage=FULL)

    assert few == _statements(store)


def test_sessions_and_changes_reach_the_detectors(store: Store) -> None:
    """From kept rows to stored findings: requests given up in a session, and sessions after which nothing came."""
    counters = Counters(requests=30, cost_microusd=30_000_000)
    with store.begin() as session:
        used = on(days_before(*range(1, 80)), requests=30, cost_microusd=30_000_000)
        person = keep(session, used, seats=[SEAT], coverage=FULL)
        days = days_before(*range(10, 20))
        keep_sessions(session, person, sat(days, counters=counters, retries_exhausted=10))
        row = {"source": "git", "kind": "pr_merged", "ref": "1", "person_id": person}
        session.add(OutcomeRow(**row, at=NOW - timedelta(days=40)))

    counts = run(store)

    assert (1, 1) == (counts["finding.W24.friction"], counts["finding.W25.exploration"])
    with store.read() as session:
        found = {one.detector: one.counted_microusd for one in findings.current(session, person_ids=[person])[person]}
    assert (None, 300_000_000) == (found["W24"], found["W25"])


def test_sessions_end_with_the_window_of_their_slowest_source(store: Store) -> None:
    """Whose window ends days earlier is judged by the sessions up to that day."""
    with store.begin() as session:
        person = keep(session, on(days_before(*range(1, 80))), seats=[SEAT], coverage=FULL)
        keep_sessions(session, person, sat(days_before(0, 1, 2), retries_exhausted=4))
        before = judge(session, person)[person]
        source_runs.note_source(session, name="api", kind="claude_code", lag_days=3, lists_members=False)
        after = judge(session, person)[person]

    assert [["W24"], []] == [
        [one.detector for one in judged.looked.findings if one.detector == "W24"] for judged in (before, after)
    ]


def test_the_window_ends_on_the_last_whole_day() -> None:
    """Yesterday in UTC, whatever zone the moment was written in."""
    assert LAST_DAY == last_day_of(NOW)
    assert date(2026, 3, 1) == last_day_of(datetime.fromisoformat("2026-03-02T23:30:00-00:00"))
    assert date(2026, 3, 2) == last_day_of(datetime.fromisoformat("2026-03-02T23:30:00-05:00"))


def _statements(store: Store) -> int:
    said: list[str] = []

    def listen(*call: object) -> None:
        said.append(str(call[2]))

    run(store, shard_size=500)  # so that every state has a row already
    event.listen(store.engine, "before_cursor_execute", listen)
    run(store, shard_size=500)
    event.remove(store.engine, "before_cursor_execute", listen)
    return len(said)


def _rows(store: Store) -> tuple[int, int]:
    with store.read() as session:
        return len(list(session.scalars(select(StateRow)))), len(list(session.scalars(select(FindingRow))))
