"""Sums of sessions: one aggregate statement says the same as adding up by hand, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from bot.domain.usage import Counters, SessionCounters
from bot.store import session_windows
from bot.store.database import Store
from bot.store.tables import PersonRow, SessionFactsRow
from tests.by_hand import LAST_DAY, days_before, keep
from tests.sessions_by_hand import RANKS, Sat, keep_sessions, sat, session_sums_of, sessions_on

SMALL = st.none() | st.integers(0, 30)
TOKENS = st.none() | st.sampled_from([0, 25_000, 40_000, 119_999, 120_000, 900_000])
COUNTERS = st.builds(
    Counters, requests=SMALL, accepted=SMALL, cost_microusd=st.none() | st.integers(0, 9_000_000), input_tokens=TOKENS
)
TOKEN_COUNTS = tuple(name for name in SessionCounters.__dataclass_fields__ if name.endswith("_tokens"))
HAPPENED = st.builds(
    SessionCounters,
    **{name: TOKENS if name in TOKEN_COUNTS else SMALL for name in SessionCounters.__dataclass_fields__},
)
ROWS = st.lists(
    st.builds(
        Sat,
        key=st.sampled_from(["a", "b", "c"]),
        day=st.integers(-1, 29).map(lambda age: LAST_DAY - timedelta(days=age)) | st.sampled_from(days_before(0, 1)),
        tool=st.sampled_from(["claude_code", "codex"]),
        model=st.sampled_from(["large", "little"]),
        counters=COUNTERS,
        happened=st.just(SessionCounters()) | HAPPENED,
        source=st.sampled_from([*RANKS]),
    ),
    max_size=12,
    unique_by=lambda row: (row.source, row.key, row.day, row.tool, row.model),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_the_database_adds_up_sessions_as_by_hand(store: Store, rows: Sequence[Sat]) -> None:
    """Limits, main model, first day and precedence of sources are those of a plain loop."""
    with store.begin() as session:
        session.execute(delete(SessionFactsRow))
        session.execute(delete(PersonRow))
        person = keep(session)
        keep_sessions(session, person, rows)

        answer = session_windows.load(session, person_ids=[person], last_day=LAST_DAY)

    assert session_sums_of(rows) == answer.get(person, ())


def test_the_same_session_told_by_two_sources_counts_once(store: Store) -> None:
    """Telemetry goes before session files for one person, tool and day; on a day of its own the file speaks."""
    today, yesterday = days_before(0, 1)
    told = sat([today], cold_restarts=2, cold_restart_tokens=90_000)
    copy = [replace(one, source="sessions", key="same-by-another-name") for one in told]
    with store.begin() as session:
        person = keep(session)
        keep_sessions(session, person, [*told, *copy, replace(copy[0], day=yesterday, key="before")])

        sums = session_windows.load(session, person_ids=[person], last_day=LAST_DAY)[person]

    assert [(yesterday, 1, 2), (today, 1, 2)] == [(one.day, one.sessions, one.cold_restarts) for one in sums]


def test_a_session_of_two_days_counts_on_the_first(store: Store) -> None:
    """What happened in it counts once, with the cost of both days."""
    today, yesterday = days_before(0, 1)
    (first,) = sat([yesterday], longest_failure_streak=6, tool_calls=8)
    with store.begin() as session:
        person = keep(session)
        keep_sessions(session, person, [first, replace(first, day=today, happened=SessionCounters())])

        (one,) = session_windows.load(session, person_ids=[person], last_day=LAST_DAY)[person]

    assert (yesterday, 1, 1, 3_000_000) == (one.day, one.sessions, one.loops, one.loop_cost_microusd)


AT_THE_LIMIT: dict[str, tuple[Counters, dict[str, int]]] = {
    "loops": (Counters(requests=1, cost_microusd=1), {"longest_failure_streak": 5}),
    "large_sessions": (Counters(requests=20), {"largest_prompt_tokens": 120_000}),
    "heavy_starts": (Counters(requests=1), {"first_prompt_tokens": 40_000}),
    "unattributed_sessions": (Counters(requests=10, cost_microusd=1_000_000), {}),
}
"""For each column that counts sessions: one that just counts."""


@pytest.mark.parametrize("column", AT_THE_LIMIT)
def test_a_limit_begins_where_the_rules_say(store: Store, column: str) -> None:
    """One that reaches the limit counts; one less of any of its figures does not."""
    counters, happened = AT_THE_LIMIT[column]
    days = iter(days_before(*range(28)))
    rows = sessions_on([next(days)], counters, SessionCounters(**happened))
    for name in happened:
        rows += sessions_on([next(days)], counters, SessionCounters(**{**happened, name: happened[name] - 1}))
    for name in ("requests", "cost_microusd"):
        if (value := getattr(counters, name)) and value > 1:
            rows += sessions_on([next(days)], replace(counters, **{name: value - 1}), SessionCounters(**happened))
    with store.begin() as session:
        person = keep(session)
        keep_sessions(session, person, rows)

        sums = session_windows.load(session, person_ids=[person], last_day=LAST_DAY)[person]

    assert len(rows) > 1
    assert [1, *[0] * (len(rows) - 1)] == [getattr(one, column) for one in reversed(sums)]


def test_the_work_grows_with_people_and_not_with_sessions(store: Store) -> None:
    """Forty sessions on a day come back as one row; two statements, however many people."""
    (today,) = days_before(0)
    asked: list[str] = []
    with store.begin() as session:
        people = [keep(session), keep(session), keep(session)]
        for person in people[:2]:
            keep_sessions(session, person, sat([today] * 40, retries_exhausted=1))
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *said: asked.append(said[2]))

        answer = session_windows.load(session, person_ids=people, last_day=LAST_DAY)

    assert 2 == len(asked)
    assert {person: [(40, 40)] for person in people[:2]} == {
        person: [(one.sessions, one.retries_exhausted) for one in sums] for person, sums in answer.items()
    }
