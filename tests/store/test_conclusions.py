"""States and findings as they are kept: stretches without overlap, and only the newest window's findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from bot.domain.adoption import Standing, State
from bot.store import findings, states
from bot.store.database import Store
from bot.store.tables import FindingRow, PersonRow, StateRow
from tests.by_hand import LAST_DAY, WASTE, keep

NEVER = Standing(State.NEVER_USED, LAST_DAY, "no use was ever seen", evidence={"working_days": 20, "tools": ["x"]})
FOUND = replace(WASTE, forgiven_microusd=50_000_000, evidence={"weeks": 4})


def days_later(days: int) -> date:
    return LAST_DAY + timedelta(days=days)


def test_what_is_saved_comes_back(store: Store) -> None:
    """State, day, reason, rule version and evidence; somebody never judged has no standing."""
    with store.begin() as session:
        judged, other = keep(session), keep(session)
        states.save(session, standings={judged: NEVER})

        assert {judged: NEVER} == states.current(session, person_ids=[judged, other])


def test_the_same_state_lengthens_its_stretch(store: Store) -> None:
    """One row over three judging days, with the newest evidence; judging a day again adds nothing."""
    with store.begin() as session:
        person = keep(session)
        for day in (0, 1, 1, 4):
            states.save(session, standings={person: replace(NEVER, last_day=days_later(day), evidence={"n": day})})
        (row,) = session.scalars(select(StateRow))

        assert (LAST_DAY, days_later(4), {"n": 4}) == (row.first_day, row.last_day, row.evidence)


def test_another_state_begins_a_stretch(store: Store) -> None:
    """The old one ends on the day it was last judged, or the day before when the same day is judged anew."""
    building = replace(NEVER, state=State.BUILDING)
    with store.begin() as session:
        person = keep(session)
        states.save(session, standings={person: NEVER})
        states.save(session, standings={person: replace(NEVER, last_day=days_later(2))})
        states.save(session, standings={person: replace(building, last_day=days_later(2))})
        states.save(session, standings={person: replace(NEVER, last_day=days_later(3))})

        assert [
            (LAST_DAY, days_later(1), "never_used"),
            (days_later(2), days_later(2), "building"),
            (days_later(3), days_later(3), "never_used"),
        ] == _stretches(session)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(judged=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(list(State)[:3])), max_size=12))
def test_no_two_stretches_hold_the_same_day(sqlite_store: Store, judged: Sequence[tuple[int, State]]) -> None:
    """Whatever is judged in whatever order, stretches follow each other; the newest day has the newest answer."""
    with sqlite_store.begin() as session:
        session.execute(delete(PersonRow))
        person = keep(session)
        newest: dict[int, State] = {}
        for day, state in judged:
            if day >= max(newest, default=0):
                newest[day] = state
            states.save(session, standings={person: Standing(state, days_later(day), "because")})
        rows = _stretches(session)

    for (first, last, _), (next_first, _, _) in pairwise(rows):
        assert first <= last < next_first
    if newest:
        assert (days_later(max(newest)), newest[max(newest)].value) == rows[-1][1:]


def test_nobody_who_was_forgotten_comes_back(store: Store) -> None:
    """A judgement that was under way while somebody was forgotten leaves no row behind."""
    with store.begin() as session:
        person = keep(session)
        session.execute(delete(PersonRow))
        states.save(session, standings={person: NEVER})
        findings.replace(session, window_last_day=LAST_DAY, counted={person: [FOUND]})

        assert [] == list(session.scalars(select(StateRow))) + list(session.scalars(select(FindingRow)))


def test_a_shard_is_saved_in_a_few_statements(store: Store) -> None:
    """The number of statements does not grow with the people."""
    with store.begin() as session:
        people = [keep(session) for _ in range(40)]
        states.save(session, standings=dict.fromkeys(people[:20], NEVER))
        said: list[str] = []
        event.listen(store.engine, "before_cursor_execute", lambda *call: said.append(call[2]))

        states.save(session, standings={person: replace(NEVER, last_day=days_later(1)) for person in people})
        findings.replace(session, window_last_day=LAST_DAY, counted={person: [FOUND] for person in people})
        findings.current(session, person_ids=people)
        states.current(session, person_ids=people)

    assert 9 == len(said)


def test_findings_come_back_as_they_were_counted(store: Store) -> None:
    """Every field, unknown amounts as unknown, once however often they are saved."""
    unpriced = replace(FOUND, detector="W01", counted_microusd=None, low_microusd=None, high_microusd=None)
    with store.begin() as session:
        person = keep(session)
        states.save(session, standings={person: NEVER})
        for _ in range(2):
            findings.replace(session, window_last_day=LAST_DAY, counted={person: [FOUND, unpriced]})

        assert {person: (unpriced, FOUND)} == findings.current(session, person_ids=[person])


def test_a_window_without_findings_has_none(store: Store) -> None:
    """What was found in an older window is not current, though it is kept."""
    with store.begin() as session:
        person = keep(session)
        states.save(session, standings={person: NEVER})
        findings.replace(session, window_last_day=LAST_DAY, counted={person: [FOUND]})
        states.save(session, standings={person: replace(NEVER, last_day=days_later(1))})
        findings.replace(session, window_last_day=days_later(1), counted={person: []})

        assert {person: ()} == findings.current(session, person_ids=[person])
        assert [LAST_DAY] == list(session.scalars(select(FindingRow.window_last_day)))


def _stretches(session: Session) -> list[tuple[date, date, str]]:
    rows = select(StateRow.first_day, StateRow.last_day, StateRow.state).order_by(StateRow.first_day)
    return [(first, last, state) for first, last, state in session.execute(rows)]
