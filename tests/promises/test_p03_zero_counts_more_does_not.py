"""P3: more tokens, requests, sessions or spend, with everything else equal, never make anything look better.

Weeks of use are drawn, then everything in them is taken several times. The state stays what it was, to the letter. What
was found before is still found, with at least the same dollars; together the waste that counts never gets less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain import adoption, waste
from bot.domain.adoption import Standing
from bot.domain.people import Seat
from bot.domain.usage import Counters
from bot.domain.waste import ledger
from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding, Settled
from bot.store import findings as findings_store
from bot.store import states
from bot.store.database import Store
from bot.store.tables import Base
from jobs.detect import detect
from tests.by_hand import (
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

PRICES = PriceList()
SEATS = (
    Seat("claude_code", date(2025, 11, 3), None, 20_000_000),
    Seat("claude_chat", date(2025, 11, 3), None, 25_000_000),
)
TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
REQUESTS = ("requests", "failed_requests")
EVERYTHING = (*TOKENS, *REQUESTS, "sessions", "cost_microusd")


@dataclass(frozen=True)
class Manner:
    """How somebody works on an ordinary day: figures of a day, tokens in thousands."""

    model: str
    requests: int
    failed: int
    read_in: int
    from_cache: int
    written: int
    paid_percent: int

    def day(self, day: date, scale: int = 1) -> Used:
        told = Counters(
            requests=self.requests * scale,
            failed_requests=self.failed * scale,
            sessions=scale,
            input_tokens=self.read_in * 1_000 * scale,
            cache_read_tokens=self.from_cache * 1_000 * scale,
            cache_write_tokens=self.read_in * 100 * scale,
            output_tokens=self.written * 1_000 * scale,
        )
        cost = PRICES.cost_microusd(self.model, day, told)
        paid = None if cost is None else cost * self.paid_percent // 100
        return Used(day, model=self.model, counters=replace(told, cost_microusd=paid))


MANNERS = st.builds(
    Manner,
    model=st.sampled_from(["large", "large", "middle", "little", "lonely", "nobody-knows"]),
    requests=st.sampled_from([5, 80, 900]),
    failed=st.sampled_from([0, 3]),
    read_in=st.sampled_from([10, 300, 2_000]),
    from_cache=st.sampled_from([0, 300, 9_000]),
    written=st.sampled_from([1, 30, 400]),
    paid_percent=st.sampled_from([10, 100, 100, 130]),
)


@st.composite
def weeks_of_use(draw: st.DrawFn) -> list[Used]:
    """Up to two manners of work on a few to many days, now and then a day ten or forty times as heavy."""
    ages = draw(st.sets(st.integers(0, 110), max_size=12)) | draw(st.sampled_from([set(), set(range(26))]))
    manners = draw(st.lists(MANNERS, min_size=1, max_size=2, unique_by=lambda manner: manner.model))
    heavy = draw(st.sets(st.sampled_from(sorted(ages)), max_size=2)) if ages else set()
    scale = draw(st.sampled_from([10, 40]))
    days = [(LAST_DAY - timedelta(days=age), scale if age in heavy else 1) for age in sorted(ages)]
    return [manner.day(day, times_) for manner in manners for day, times_ in days]


OUTCOMES = st.none() | st.frozensets(st.integers(0, 80).map(lambda age: LAST_DAY - timedelta(days=age)), max_size=3)
FACTORS = st.sampled_from([1, 2, 3, 10, 100])
MOVES = st.one_of(
    st.builds(dict.fromkeys, st.sampled_from([EVERYTHING, TOKENS, REQUESTS, ("requests",), ("sessions",)]), FACTORS),
    st.builds(dict.fromkeys, st.sampled_from([("cost_microusd",), (*TOKENS, "cost_microusd")]), FACTORS),
    st.builds(
        lambda tokens, requests, cost: (
            dict.fromkeys(TOKENS, tokens) | dict.fromkeys(REQUESTS, requests) | {"cost_microusd": cost}
        ),
        FACTORS,
        FACTORS,
        FACTORS,
    ),
)


@settings(max_examples=200, deadline=None)
@given(rows=weeks_of_use(), move=MOVES)
def test_a_state_does_not_know_how_much(rows: Sequence[Used], move: dict[str, int]) -> None:
    """State, reason and evidence are the same to the letter, whatever is multiplied."""
    assert _standing(rows) == _standing(times(rows, **move))


@settings(max_examples=300, deadline=None)
@given(rows=weeks_of_use(), move=MOVES, outcomes=OUTCOMES)
def test_more_never_looks_better_to_a_detector(
    rows: Sequence[Used], move: dict[str, int], outcomes: frozenset[date] | None
) -> None:
    """Every pattern that was found is found again with at least its dollars, in a ledger that is no kinder."""
    before, after = _settled(rows, outcomes), _settled(times(rows, **move), outcomes)

    _no_better(before.counted, after.counted)
    assert before.wasted_microusd <= after.wasted_microusd
    assert _waste(before) <= _waste(after)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=weeks_of_use(), move=MOVES)
def test_more_never_looks_better_in_a_whole_run(sqlite_store: Store, rows: list[Used], move: dict[str, int]) -> None:
    """The same from usage rows to stored states and findings."""
    with sqlite_store.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        person = keep(session, rows, seats=SEATS, coverage=covered("claude_code", "claude_chat"))
    before = _run(sqlite_store, person)
    with sqlite_store.begin() as session:
        keep_usage(session, person, times(rows, **move))
    after = _run(sqlite_store, person)

    assert before[0] == after[0]
    _no_better(before[1], after[1])


def _standing(rows: Sequence[Used]) -> Standing:
    known = covered("claude_code", "claude_chat")
    return adoption.judge(window=window_of(rows), coverage=known, seats=SEATS, calendar=UTC_WEEK)


def _settled(rows: Sequence[Used], outcomes: frozenset[date] | None) -> Settled:
    window = window_of(rows)
    looked = waste.look(
        window=window,
        seats=SEATS,
        calendar=UTC_WEEK,
        standing=_standing(rows),
        outcome_days=outcomes,
        prices=PRICES,
    )
    spend = ledger.spend_of(window, SEATS)
    return ledger.settle(looked.findings, spend=spend, first_active_on=window.first_active_on, last_day=LAST_DAY)


def _run(store: Store, person: int) -> tuple[Standing, Sequence[CountedFinding]]:
    detect(store, now=NOW, prices=PRICES, holidays_of=lambda *_: frozenset(), weekend_of=lambda _: UTC_WEEK.weekend)
    with store.read() as session:
        standing = states.current(session, person_ids=[person])[person]
        return standing, findings_store.current(session, person_ids=[person])[person]


def _no_better(before: Sequence[CountedFinding], after: Sequence[CountedFinding]) -> None:
    assert {one.detector for one in before} <= {one.detector for one in after}
    assert _dollars(before, Ledger.WASTED) <= _dollars(after, Ledger.WASTED)
    waste_before = _dollars(before, Ledger.WASTED) + _dollars(before, Ledger.OPTIMIZABLE)
    assert waste_before <= _dollars(after, Ledger.WASTED) + _dollars(after, Ledger.OPTIMIZABLE)


def _dollars(findings: Sequence[CountedFinding], kind: Ledger) -> int:
    return sum(one.counted_microusd or 0 for one in findings if one.ledger is kind)


def _waste(settled: Settled) -> int:
    return settled.wasted_microusd + settled.optimizable_microusd
