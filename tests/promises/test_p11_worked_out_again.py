"""P11: from what is kept, every state and finding can be worked out again, months later, with the same answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.domain.adoption import State
from bot.domain.basis import AskedPrices, Basis, Conclusions, Document, conclude, from_document, to_document
from bot.domain.finished_work import WorkDone
from bot.domain.people import Seat, WorkCalendar
from bot.domain.prices import Rates
from bot.domain.usage import Counters, SessionCounters, UsageWindow
from bot.domain.waste import DETECTORS
from bot.store import bases
from bot.store.database import Store
from bot.store.tables import BasisRow, FindingRow, StateRow
from jobs.detect import detect
from tests.by_hand import (
    FIRST_DAY,
    LAST_DAY,
    NOW,
    UTC_WEEK,
    PriceList,
    Used,
    covered,
    keep,
    keep_usage,
    times,
    window_of,
)
from tests.domain.test_waste_changes import EARLIER, EARLY, EDITS, USED, done, undone
from tests.promises.test_p03_zero_counts_more_does_not import SEATS, WORK, weeks_of_sessions, weeks_of_use
from tests.sessions_by_hand import Sat, keep_sessions, session_sums_of

SOME_DAYS = st.sets(st.integers(0, 27).map(lambda age: LAST_DAY - timedelta(days=age)), max_size=9)
CALENDARS = st.builds(
    lambda leave, started: WorkCalendar("Asia/Tokyo", leave=frozenset(leave), started_on=started),
    SOME_DAYS,
    st.none() | st.just(LAST_DAY - timedelta(days=9)),
)


class DearerPrices(PriceList):
    """The list as it may be months later: everything costs ten times as much, and nothing has a cheaper sibling."""

    def rates(self, model: str, day: date) -> Rates | None:
        now = super().rates(model, day)
        return None if now is None else replace(now, input=now.input * 10, output=now.output * 10)

    def cheaper_sibling(self, model: str, day: date) -> tuple[str, Rates] | None:
        return None


def concluded(basis: Basis) -> tuple[Conclusions, Document]:
    """What is said of it, and what is kept, as it comes back from a database."""
    asked = AskedPrices(basis.prices)
    said = conclude(replace(basis, prices=asked))
    return said, json.loads(json.dumps(to_document(basis, asked)))


def basis_of(window: UsageWindow, sessions: Sequence[Sat], work: Sequence[WorkDone], **changes: Any) -> Basis:
    known = covered("claude_code", "claude_chat", "codex")
    basis = Basis(window, known, SEATS, UTC_WEEK, PriceList(), session_sums_of(sessions), work)
    return replace(basis, **changes)


@settings(max_examples=60, deadline=None)
@given(
    rows=weeks_of_use(),
    sessions=weeks_of_sessions(),
    work=WORK,
    calendar=st.just(UTC_WEEK) | CALENDARS,
    missing=st.just(set[date]()) | SOME_DAYS,
    late=st.sampled_from([0, 0, 2]),
    seats=st.sampled_from([SEATS, SEATS[:1], (), (Seat("codex", LAST_DAY - timedelta(days=3), None, None),)]),
)
def test_the_same_answer_from_what_is_kept(  # noqa: PLR0917 - hypothesis names each
    rows: Sequence[Used],
    sessions: Sequence[Sat],
    work: Sequence[WorkDone],
    calendar: WorkCalendar,
    missing: set[date],
    late: int,
    seats: tuple[Seat, ...],
) -> None:
    """State, reason, evidence, findings, ledgers and what could not be judged: all equal, to the micro-dollar."""
    known = replace(covered("claude_code", "claude_chat", "codex", without=missing), lag_days={"codex": late})
    doubtful = replace(known, doubtful={"claude_code": frozenset(missing)})
    window = window_of([*rows, *([Used(LAST_DAY + timedelta(days=1))] if late else [])])
    said, kept = concluded(basis_of(window, sessions, work, coverage=doubtful, calendar=calendar, seats=seats))

    assert said == conclude(from_document(kept))


def test_every_detector_is_worked_out_again() -> None:
    """Among what is drawn each listed detector finds something, so that the property above speaks of all of them."""
    again: set[str] = set()

    @settings(max_examples=150, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    @example(rows=[*USED, *EDITS, *EARLIER], sessions=[], work=done(EARLY, lines_added=1_000, lines_survived_14d=443))
    @given(rows=weeks_of_use(), sessions=weeks_of_sessions(), work=WORK)
    def draw(rows: Sequence[Used], sessions: Sequence[Sat], work: Sequence[WorkDone]) -> None:
        said, kept = concluded(basis_of(window_of(rows), sessions, work))
        repeated = conclude(from_document(kept))
        assert said.settled == repeated.settled
        again.update(one.detector for one in repeated.settled.counted)

    draw()

    assert DETECTORS.keys() == again


def test_days_without_an_answer_are_kept_apart() -> None:
    """Twelve weeks of failed requests are no habit when it is worked out again; from what was kept before such days
    were told apart, the days count as they did then.
    """
    failed = [
        Used(LAST_DAY - timedelta(days=7 * week), counters=Counters(requests=1, failed_requests=1))
        for week in range(12)
    ]
    said, kept = concluded(basis_of(window_of(failed), (), (), seats=SEATS[:1]))
    before = kept | {"weeks": [json.dumps(json.loads(line)[:5]) for line in kept["weeks"]]}
    del before["first_worked_on"]

    assert said.standing == conclude(from_document(kept)).standing
    assert [State.FIRST_STEPS, State.HABITUAL] == [
        conclude(from_document(one)).standing.state for one in (kept, before)
    ]


def test_work_that_two_sources_tell_is_known_again() -> None:
    """A mirror gives a change its name and another day: kept with their names they are one; what was kept before names
    were tells two, and is still understood.
    """
    host = [replace(one, ref=f"shop#{n}") for n, one in enumerate(undone(EARLY, after_days=1))]
    mirror = [replace(one, source="mirror", day=one.day + timedelta(days=1)) for one in host]
    rows = [*USED, Used(LAST_DAY - timedelta(days=300))]
    said, kept = concluded(basis_of(window_of(rows), (), [*host, *mirror]))
    before = kept | {"work": [json.dumps([kind, day, told | {"ref": ""}]) for kind, day, told in
                              map(json.loads, kept["work"])]}  # fmt: skip

    again, of_before = (conclude(from_document(one)) for one in (kept, before))
    assert said == again
    assert [10, 11] == [
        one.evidence["changes"] for some in (again, of_before) for one in some.looked.findings if one.detector == "W07"
    ]


def test_another_figure_gives_another_answer() -> None:
    """What is worked out again follows what is kept: with one price in it changed, the amount changes."""
    said, kept = concluded(basis_of(window_of(dear_days()), (), ()))
    cheaper = {**kept, "seats": [], "weeks": [line.replace("200000000", "100000000") for line in kept["weeks"]]}

    assert said.settled != conclude(from_document(cheaper)).settled


def dear_days() -> list[Used]:
    """Four weeks of $200 a day with a poor cache."""
    told = {"requests": 900, "input_tokens": 30_000_000, "cache_read_tokens": 0, "cache_write_tokens": 0}
    days = [LAST_DAY - timedelta(days=age) for age in range(100)]
    counters = {**told, "output_tokens": 900_000, "cost_microusd": 200_000_000}
    return [replace(Used(day), counters=replace(Used(day).counters, **counters)) for day in days]


def test_months_later_from_the_database(store: Store) -> None:
    """Later days, corrected old days and other list prices change what is said today, and nothing of what was said."""
    rows = dear_days()
    failing = {"tool_calls": 40, "failed_tool_calls": 30, "longest_failure_streak": 20, "repeated_failures": 12}
    sat = [
        Sat(
            f"s-{age}",
            LAST_DAY - timedelta(days=age),
            "claude_code",
            "large",
            rows[0].counters,
            SessionCounters(**failing),
        )
        for age in range(9)
    ]
    with store.begin() as session:
        one = keep(session, rows, seats=SEATS, coverage=covered("claude_code", "claude_chat", "codex"))
        keep_sessions(session, one, sat)
    night(store, NOW)
    then = told(store, [LAST_DAY])
    assert {"W01", "W04", "W10", "W15"} <= {finding["detector"] for finding in then["findings"]}

    with store.begin() as session:
        later = [replace(row, day=row.day + timedelta(days=60)) for row in rows[:60]]
        keep_usage(session, one, [*times(rows, cost_microusd=3, input_tokens=7), *later])
    for nights in (1, 2, 40):
        night(store, NOW + timedelta(days=nights), DearerPrices())

    assert then["findings"] == told(store, [LAST_DAY])["findings"] == worked_out_again(store, one, LAST_DAY)
    with store.read() as session:
        newest = session.scalars(select(StateRow).where(StateRow.person_id == one)).all()[-1]
        kept = bases.load(session, person_id=one, last_day=newest.last_day)
        assert kept is not None
        again = conclude(from_document(kept)).standing
    assert (newest.state, newest.reason, newest.rule_version, newest.evidence) == (
        again.state.value,
        again.reason,
        again.rule_version,
        again.evidence,
    )


def test_a_basis_goes_with_what_refers_to_it(store: Store) -> None:
    """Nights without a finding leave one basis, that of the newest state; a window with a finding keeps its own."""
    with store.begin() as session:
        quiet = keep(session, [Used(day) for day in (FIRST_DAY, LAST_DAY)], seats=SEATS[:1])
        dear = keep(session, dear_days(), seats=SEATS[:1], coverage=covered("claude_code"))
    for nights in range(3):
        night(store, NOW + timedelta(days=nights))

    with store.read() as session:
        rows = session.execute(select(BasisRow.person_id, BasisRow.last_day))
        all_kept = sorted((who, last) for who, last in rows)
        found = set(session.scalars(select(FindingRow.window_last_day).where(FindingRow.person_id == dear)))
        ends = set(session.scalars(select(StateRow.last_day).where(StateRow.person_id == dear)))
    newest = LAST_DAY + timedelta(days=2)
    assert [(quiet, newest)] == [row for row in all_kept if row[0] == quiet]
    assert LAST_DAY in found
    assert found | ends == {last for who, last in all_kept if who == dear}


def night(store: Store, now: datetime, prices: PriceList | None = None) -> None:
    detect(
        store,
        now=now,
        prices=prices or PriceList(),
        holidays_of=lambda *_: frozenset(),
        weekend_of=lambda _: UTC_WEEK.weekend,
    )


def told(store: Store, last_days: Iterable[date]) -> dict[str, list[dict[str, Any]]]:
    """The findings as they are kept."""
    with store.read() as session:
        rows = session.scalars(
            select(FindingRow)
            .where(FindingRow.window_last_day.in_(last_days))
            .order_by(FindingRow.detector, FindingRow.tool)
        )
        names = [
            column.name for column in FindingRow.__table__.columns if column.name not in ("finding_id", "person_id")
        ]
        return {"findings": [{name: getattr(row, name) for name in names} for row in rows]}


def worked_out_again(store: Store, person_id: int, last_day: date) -> list[dict[str, Any]]:
    """The same findings, from the kept basis of that day alone."""
    with store.read() as session:
        kept = bases.load(session, person_id=person_id, last_day=last_day)
    assert kept is not None
    counted = sorted(conclude(from_document(kept)).settled.counted, key=lambda one: (one.detector, one.tool))
    return [{"window_last_day": last_day, **asdict(one), "ledger": one.ledger.value} for one in counted]
