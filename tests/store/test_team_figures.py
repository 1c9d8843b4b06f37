"""What each person adds to their groups: their own judged window, unknown kept apart from none, few statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import event, insert

from bot.domain.adoption import Standing, State
from bot.domain.check_in import Helped
from bot.domain.people import Seat
from bot.domain.team_values import Figures
from bot.domain.teams import Stand
from bot.domain.told import Answer
from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding
from bot.store import bases, findings, preferences, states, team_figures
from bot.store.database import Session, Store
from bot.store.tables import CheckInRow, NudgeRow, OutcomeRow, PersonRow, TeamStayRow
from bot.store.types import start_of_day
from tests.by_hand import LAST_DAY, NOW, WASTE, days_before, keep, on

MILLION = 1_000_000
USE = on(days_before(0, 1, 27, 28), input_tokens=MILLION, output_tokens=1000, cost_microusd=4 * MILLION)
"""Three days of use in the period, and one on the day before it."""
IDLE = replace(WASTE, detector="W01", rule_version="W01-1", ledger=Ledger.WASTED, counted_microusd=5 * MILLION)
EXPLORED = replace(WASTE, tool="cursor", ledger=Ledger.EXPLORATION, counted_microusd=7 * MILLION)


def test_everybody_adds_their_own_four_weeks(store: Store) -> None:
    """Tokens, spend with the seat's price, findings by ledger, days of work, finished work, answers and taps."""
    with store.begin() as session:
        person = keep(session, USE, seats=[Seat("claude_code", date(2025, 1, 1), None, 30_400_000)])
        judge(session, person, State.HABITUAL, findings_=[WASTE, IDLE, EXPLORED])
        merge(session, person, 1, 20, 25, 30, reverted=(25,))
        preferences.said(session, person_id=person, answer=Answer.NO_ACCESS, now=NOW - timedelta(days=40))
        preferences.meant(session, person_id=person, pattern=("W06", "claude_code"), now=NOW - timedelta(days=2))
        found = load(session, person)

    assert {
        person: Figures(
            state=State.HABITUAL,
            tokens=3_003_000,
            spend_microusd=12 * MILLION + 28 * MILLION,
            optimizable_microusd=9 * MILLION,
            wasted_microusd=5 * MILLION,
            merged=3,
            still_there=1,
            active_days=3,
            patterns=frozenset({"W15", "W01"}),
            told=frozenset({Answer.NO_ACCESS, Answer.WAS_MEANT}),
        )
    } == found


def test_unknown_is_left_out_and_none_is_a_zero(sqlite_store: Store) -> None:
    """P12: of somebody never judged, or judged unknown, no use is no zero; of somebody who was seen it is one."""
    with sqlite_store.begin() as session:
        stranger, unseen, idle, young = (keep(session) for _ in range(4))
        judge(session, unseen, State.UNKNOWN)
        judge(session, idle, State.NEVER_USED)
        judge(session, young, State.GRACE)
        found = load(session, stranger, unseen, idle, young)

    nothing = Figures(tokens=0, spend_microusd=0, active_days=0)
    assert Figures() == found[stranger]
    assert Figures(state=State.UNKNOWN) == found[unseen]
    assert replace(nothing, state=State.GRACE) == found[young]
    judged = replace(nothing, optimizable_microusd=0, wasted_microusd=0, patterns=frozenset())
    assert replace(judged, state=State.NEVER_USED) == found[idle]


def test_use_without_a_token_count_is_not_no_tokens(sqlite_store: Store) -> None:
    """A source that tells days and no tokens leaves them unknown."""
    with sqlite_store.begin() as session:
        person = keep(session, on(days_before(3), accepted=2))
        judge(session, person, State.BUILDING)
        found = load(session, person)[person]

    assert (None, 1) == (found.tokens, found.active_days)


def test_what_was_meant_is_no_waste(sqlite_store: Store) -> None:
    """A pattern that somebody said was meant adds neither dollars nor a category, as on their card."""
    with sqlite_store.begin() as session:
        person = keep(session, USE)
        judge(session, person, State.HABITUAL, findings_=[WASTE, IDLE])
        preferences.meant(session, person_id=person, pattern=("W15", "claude_code"), now=NOW - timedelta(days=2))
        found = load(session, person)[person]

    assert (0, 5 * MILLION) == (found.optimizable_microusd, found.wasted_microusd)
    assert frozenset({"W01"}) == found.patterns


def test_a_late_source_counts_up_to_where_it_was_judged(sqlite_store: Store) -> None:
    """Whoever was judged on an earlier day adds the four weeks up to that day, spend and findings of one window."""
    with sqlite_store.begin() as session:
        person = keep(session, USE)
        judge(session, person, State.HABITUAL, findings_=[WASTE], last_day=LAST_DAY - timedelta(days=3))
        found = load(session, person)[person]

    assert (2 * 4 * MILLION, 9 * MILLION, 2) == (found.spend_microusd, found.optimizable_microusd, found.active_days)


def test_a_late_run_tells_the_same_period(sqlite_store: Store) -> None:
    """Three days later, what was judged since does not change what is said of the four weeks up to Sunday."""
    with sqlite_store.begin() as session:
        person = keep(session, USE)
        judge(session, person, State.HABITUAL, findings_=[WASTE])
        on_time = load(session, person)
        judge(session, person, State.LAPSED, findings_=[IDLE], last_day=LAST_DAY + timedelta(days=3))
        later = load(session, person)

    assert on_time == later


def test_a_window_that_nobody_judged_has_no_zero_dollars(store: Store) -> None:
    """P12: judged before and after in one state, but not on Sunday: the state is known, and money and patterns are not.

    Nor are they when Sunday was judged, for then those who had no finding in it are told from nobody else any more.
    """
    with store.begin() as session:
        outage, idle, busy, late = (keep(session, USE) for _ in range(4))
        for person, days in ((outage, (-9, 1)), (idle, (0, 1)), (busy, (0, 1))):
            for day in days:
                found_in = [] if person == idle else [WASTE]
                last_day = LAST_DAY + timedelta(days=day)
                judge(session, person, State.HABITUAL, findings_=found_in, last_day=last_day)
        judge(session, late, State.HABITUAL, findings_=[WASTE], last_day=LAST_DAY - timedelta(days=2))
        found = load(session, outage, idle, busy, late)

    money = {person: (one.optimizable_microusd, one.wasted_microusd, one.patterns) for person, one in found.items()}
    unknown = (None, None, None)
    assert {State.HABITUAL} == {one.state for one in found.values()}
    assert {outage: unknown, idle: unknown, busy: unknown, late: (9 * MILLION, 0, frozenset({"W15"}))} == money


def test_a_conclusion_of_an_earlier_week_says_nothing(sqlite_store: Store) -> None:
    """Whoever was last judged more than a week ago counts as not judged."""
    with sqlite_store.begin() as session:
        person = keep(session, USE)
        judge(session, person, State.HABITUAL, last_day=LAST_DAY - timedelta(days=7))

        assert None is load(session, person)[person].state


def test_the_newest_answer_of_the_period_counts(sqlite_store: Store) -> None:
    """An answer of an earlier period does not, and of two in this one the later."""
    with sqlite_store.begin() as session:
        one, other = keep(session), keep(session)
        for person, answers in ((one, {40: Helped.NOT_REALLY}), (other, {20: Helped.CLEARLY, 3: Helped.SOMEWHAT})):
            for age, helped in answers.items():
                answer(session, person, helped, LAST_DAY - timedelta(days=age))
        found = load(session, one, other)

    assert [None, Helped.SOMEWHAT] == [found[one].helped, found[other].helped]


def test_a_revert_that_a_file_told_takes_the_change_back(store: Store) -> None:
    """Where a source does not follow a change, a revert of the same name does; a later one than the period does not."""
    with store.begin() as session:
        person = keep(session)
        merge(session, person, 10, 20, 25, 27)
        for ref, age in (("20", 15), ("25", -5)):
            row = {"source": "git", "kind": "pr_reverted", "ref": ref, "person_id": person}
            session.execute(insert(OutcomeRow), [{**row, "at": at(age)}])
        found = load(session, person)[person]

    assert (4, 2) == (found.merged, found.still_there)


def test_work_that_two_sources_tell_counts_once_for_the_team_as_well(store: Store) -> None:
    """Changes of two repositories add up, those that a code host tells beside git do not: as on the card."""
    with store.begin() as session:
        person = keep(session)
        for source, age in [
            *(("git-a", age) for age in (10, 20, 25)),
            *(("github", age) for age in (10, 20, 25)),
            *(("git-b", age) for age in (3, 21)),
        ]:
            row = {"source": source, "kind": "pr_merged", "ref": f"{source}{age}", "person_id": person, "at": at(age)}
            known = {"repository": "acme/shop"} if source == "github" else {"reverted": age == 25}
            session.execute(insert(OutcomeRow), [row | known | {"lines_added": age}])
        found = load(session, person)[person]

    assert (5, 2) == (found.merged, found.still_there)


def test_a_batch_takes_as_many_statements_as_one_person(store: Store) -> None:
    """Work grows with people, statements do not: nobody is asked alone."""
    with store.begin() as session:
        people = [keep(session, USE) for _ in range(12)]
        for person in people:
            judge(session, person, State.HABITUAL, findings_=[WASTE])
            merge(session, person, 1, 2)
        with counted(store) as one:
            load(session, people[0])
        with counted(store) as many:
            load(session, *people)

    assert len(one) == len(many) <= 12


def test_only_who_works_here_stands_anywhere(sqlite_store: Store) -> None:
    """By the history of the tree on that day; somebody without a team and a manager is there as well."""
    with sqlite_store.begin() as session:
        boss, old, new = (keep(session) for _ in range(3))
        here, gone, later = (keep(session) for _ in range(3))
        session.add_all(
            [
                TeamStayRow(
                    person_id=here, first_day=date(2026, 1, 1), last_day=LAST_DAY, team="lamps", manager_id=old
                ),
                TeamStayRow(person_id=here, first_day=LAST_DAY + timedelta(days=1), team="glass", manager_id=new),
            ]
        )
        session.get_one(PersonRow, gone).ended_on = LAST_DAY - timedelta(days=1)
        session.get_one(PersonRow, later).started_on = LAST_DAY + timedelta(days=1)
        session.flush()
        stands = team_figures.stands(session, on=LAST_DAY)
        next_day = team_figures.stands(session, on=LAST_DAY + timedelta(days=1))

    nowhere = {boss: Stand(), old: Stand(), new: Stand()}
    assert {**nowhere, here: Stand("lamps", old)} == stands
    assert {**nowhere, here: Stand("glass", new), later: Stand()} == next_day


def load(session: Session, *people: int) -> dict[int, Figures]:
    return dict(team_figures.load(session, person_ids=people, last_day=LAST_DAY))


def judge(
    session: Session,
    person: int,
    state: State,
    *,
    findings_: Sequence[CountedFinding] = (),
    last_day: date = LAST_DAY,
) -> None:
    states.save(session, standings={person: Standing(state, last_day, "because")})
    findings.replace(session, window_last_day=last_day, counted={person: findings_})
    bases.replace(session, window_last_day=last_day, inputs={person: {}})


def at(age: int) -> datetime:
    return start_of_day(LAST_DAY - timedelta(days=age)) + timedelta(hours=12)


def merge(session: Session, person: int, *ages: int, reverted: Sequence[int] = ()) -> None:
    """Changes merged so many days before the end; of no source that follows them unless some are `reverted`."""
    rows = [
        {
            "source": "git",
            "kind": "pr_merged",
            "ref": str(age),
            "person_id": person,
            "at": at(age),
            "reverted": age in reverted if reverted else None,
        }
        for age in ages
    ]
    session.execute(insert(OutcomeRow), rows)


def answer(session: Session, person: int, helped: Helped, day: date) -> None:
    """A check-in that was sent and answered on one day."""
    moment = start_of_day(day)
    nudge = NudgeRow(
        nudge_key=f"{person}-{day}",
        person_id=person,
        tip_id="check-in",
        topic="check-in",
        trigger="check_in",
        rule_version="nudges-1",
        facts={},
        planned_at=moment,
        due_at=moment,
        expires_at=moment,
        state="sent",
    )
    session.add(nudge)
    session.flush()
    session.add(CheckInRow(nudge_id=nudge.nudge_id, person_id=person, helped=helped.value, answered_at=moment))
    session.flush()


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
