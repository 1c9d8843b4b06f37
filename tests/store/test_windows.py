"""Windows: one aggregate query says the same as adding up by hand, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, text
from sqlalchemy.orm import Session

from bot.domain.usage import Counters, UsageWindow
from bot.store import windows
from bot.store.database import Store
from bot.store.tables import PersonRow, UsageDayRow
from tests.by_hand import FIGURES_FIRST, LAST_DAY, Used, days_before, keep, window_of

FIGURES = st.none() | st.integers(0, 3) | st.integers(0, 40_000_000)
COUNTERS = st.builds(Counters, **dict.fromkeys(Counters.__dataclass_fields__, FIGURES))
ROWS = st.lists(
    st.builds(
        Used,
        day=st.integers(-2, 120).map(lambda age: LAST_DAY - timedelta(days=age)),
        tool=st.sampled_from(["claude_code", "copilot"]),
        model=st.sampled_from(["large", "little", "*"]),
        counters=COUNTERS,
        source=st.sampled_from([*FIGURES_FIRST]),
    ),
    max_size=30,
    unique_by=lambda row: (row.source, row.day, row.tool, row.model),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=ROWS, other=ROWS)
def test_the_database_adds_up_as_by_hand(store: Store, one: Sequence[Used], other: Sequence[Used]) -> None:
    """Sums, active days, first and last use, precedence of sources and heavy days are those of a plain loop."""
    with store.begin() as session:
        session.execute(delete(UsageDayRow))
        session.execute(delete(PersonRow))
        people = _keep(session, one, other, ())

        answer = windows.load(session, person_ids=people, last_day=LAST_DAY)

    assert [window_of(one), window_of(other), UsageWindow(LAST_DAY)] == [answer[person] for person in people]


def test_two_sources_that_saw_the_same_work_are_not_added_up(store: Store) -> None:
    """For tokens and money a connector goes before a file; the file still proves that there was activity."""
    today, yesterday = days_before(0, 1)
    rows = [
        Used(today, counters=Counters(input_tokens=10, cost_microusd=5), source="api"),
        Used(today, counters=Counters(input_tokens=12, cost_microusd=6), source="file"),
        Used(yesterday, counters=Counters(input_tokens=3), source="file"),
    ]
    with store.begin() as session:
        (person,) = _keep(session, rows)

        (week,) = windows.load(session, person_ids=[person], last_day=LAST_DAY)[person].weeks

    assert Counters(input_tokens=13, cost_microusd=5) == week.counters
    assert 0b11 == week.active_mask


def test_a_tool_that_was_opened_and_answered_nothing_was_not_worked_with(store: Store) -> None:
    """A session without one token is a sign of use and no day of work, be the row of the tokens all zero or not; where
    nothing is told of answers, the session counts.
    """
    failed, unanswered, untold, answered = days_before(0, 1, 2, 3)
    opened = [Used(day, model="*", counters=Counters(sessions=1, accepted=0)) for day in days_before(0, 1, 2, 3)]
    tokens = [
        Used(failed, counters=Counters(input_tokens=0, output_tokens=0)),
        Used(unanswered, counters=Counters(input_tokens=9, output_tokens=0)),
        Used(untold, tool="copilot", counters=Counters(input_tokens=9, output_tokens=0)),
        Used(answered, counters=Counters(input_tokens=9, output_tokens=1)),
    ]
    with store.begin() as session:
        (person,) = _keep(session, [*opened, *tokens])

        window = windows.load(session, person_ids=[person], last_day=LAST_DAY)[person]

    assert {failed, unanswered, untold, answered} == window.active_days("claude_code")
    assert {untold, answered} == window.worked_days("claude_code")
    assert (frozenset(), answered) == (window.worked_days("copilot"), window.first_worked_on)


def test_a_source_without_figures_does_not_silence_one_that_has_them(store: Store) -> None:
    """A connector that only counts sessions leaves the tokens to the file, and the file leaves it the sessions."""
    (today,) = days_before(0)
    rows = [
        Used(today, model="*", counters=Counters(sessions=2), source="api"),
        Used(today, counters=Counters(output_tokens=7, sessions=9), source="file"),
    ]
    with store.begin() as session:
        (person,) = _keep(session, rows)

        total = Counters()
        for week in windows.load(session, person_ids=[person], last_day=LAST_DAY)[person].weeks:
            total = total.plus(week.counters)

    assert Counters(output_tokens=7, sessions=2) == total


def test_a_sum_of_unknowns_is_unknown_and_a_sum_of_zeros_is_zero(store: Store) -> None:
    """NULL is not 0, in a sum either."""
    rows = [Used(day, counters=Counters(requests=1, output_tokens=0)) for day in days_before(0, 1, 2)]
    with store.begin() as session:
        (person,) = _keep(session, rows)

        (week,) = windows.load(session, person_ids=[person], last_day=LAST_DAY)[person].weeks

    assert (0, None) == (week.counters.output_tokens, week.counters.cost_microusd)


def test_two_accounts_of_one_kind_add_up(store: Store) -> None:
    """Two organisations of one vendor never see the same request; nor do two log-ins see the same edit."""
    (today,) = days_before(0)
    rows = [
        Used(today, counters=Counters(input_tokens=10, accepted=1), source="api"),
        Used(today, counters=Counters(input_tokens=5, accepted=2), source="other_account"),
        Used(today, model="*", counters=Counters(accepted=4), source="chat"),
    ]
    with store.begin() as session:
        (person,) = _keep(session, rows)

        total = Counters()
        for week in windows.load(session, person_ids=[person], last_day=LAST_DAY)[person].weeks:
            total = total.plus(week.counters)

    assert Counters(input_tokens=15, accepted=7) == total


def test_a_shard_takes_three_statements(store: Store) -> None:
    """The number of statements does not grow with the people."""
    with store.begin() as session:
        people = _keep(session, *[[Used(day) for day in days_before(0, 30)] for _ in range(50)])
        said: list[str] = []
        event.listen(store.engine, "before_cursor_execute", lambda *call: said.append(call[2]))

        windows.load(session, person_ids=people, last_day=LAST_DAY)

    assert 3 == len(said)


def test_a_window_is_found_by_person_and_day(store: Store) -> None:
    """Neither statement has to read the whole table: both go through the index by person and day."""
    said: list[tuple[str, Any]] = []
    with store.begin() as session:
        people = _keep(session, [Used(LAST_DAY)])
        event.listen(store.engine, "before_cursor_execute", lambda *call: said.append((call[2], call[3])))
        windows.load(session, person_ids=people, last_day=LAST_DAY)
        if store.engine.dialect.name == "postgresql":
            # A table of one row is read whole unless that is said to be dear.
            session.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, values in said[1:3]:
            plan = _plan(session, statement, values)

            assert "ix_usage_day_person_id_day" in plan
            assert "SCAN usage_day" not in plan
            assert "Seq Scan on usage_day" not in plan


def _plan(session: Session, statement: str, values: Any) -> str:
    explain = "EXPLAIN QUERY PLAN" if session.get_bind().dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(tuple(row)) for row in session.connection().exec_driver_sql(f"{explain} {statement}", values))


def _keep(session: Session, *people: Sequence[Used]) -> list[int]:
    return [keep(session, rows) for rows in people]
