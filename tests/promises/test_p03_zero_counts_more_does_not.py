"""P3: more tokens, requests, sessions or spend, with everything else equal, never make anything look better.

Weeks of use are drawn, then everything in them is taken several times. The state stays what it was, to the letter. What
was found before is still found, with at least the same dollars; together the waste that counts never gets less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bot.domain import adoption, waste
from bot.domain.adoption import Standing
from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Seat
from bot.domain.usage import Counters, SessionCounters, UsageWindow
from bot.domain.waste import DETECTORS, Looked, ledger
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
from tests.domain.test_waste_changes import EARLIER, EARLY, EDITS, USED, done
from tests.sessions_by_hand import Sat, keep_sessions, session_sums_of

PRICES = PriceList()
SEATS = (
    Seat("claude_code", date(2025, 11, 3), None, 20_000_000),
    Seat("claude_chat", date(2025, 11, 3), None, 25_000_000),
    Seat("codex", date(2025, 11, 3), None, 20_000_000),
)
TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
REQUESTS = ("requests", "failed_requests", "fast_requests")
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
    fast: bool
    rejected: int

    def day(self, day: date, scale: int = 1) -> Used:
        told = Counters(
            requests=self.requests * scale,
            failed_requests=self.failed * scale,
            fast_requests=self.requests * scale if self.fast else None,
            sessions=scale,
            accepted=4,
            rejected=self.rejected,
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
    fast=st.booleans(),
    rejected=st.sampled_from([0, 3]),
)
SESSION_TOKENS = (
    "first_prompt_tokens",
    "largest_prompt_tokens",
    "cold_restart_tokens",
    "compaction_read_tokens",
    "compaction_written_tokens",
    "pasted_tokens",
    "pasted_resent_tokens",
)
HAPPENED = st.builds(
    SessionCounters,
    tool_calls=st.sampled_from([20, 60]),
    failed_tool_calls=st.just(9),
    longest_failure_streak=st.sampled_from([0, 7, 15]),
    repeated_failures=st.sampled_from([0, 9]),
    compactions=st.sampled_from([0, 6]),
    retries_exhausted=st.sampled_from([0, 12]),
    first_prompt_tokens=st.sampled_from([5_000, 90_000]),
    largest_prompt_tokens=st.sampled_from([60_000, 400_000]),
    cold_restarts=st.sampled_from([0, 5]),
    cold_restart_tokens=st.sampled_from([0, 900_000]),
    cache_breaks=st.sampled_from([0, 9]),
    compaction_read_tokens=st.just(900_000),
    compaction_written_tokens=st.just(200_000),
    short_effort_requests=st.sampled_from([0, 25]),
    short_effort_cost_microusd=st.just(4_000_000),
    pastes=st.sampled_from([0, 2]),
    pasted_tokens=st.just(300_000),
    pasted_resent_tokens=st.just(6_000_000),
)


@st.composite
def weeks_of_sessions(draw: st.DrawFn) -> list[Sat]:
    """A few manners of sessions, each on some of the days: none, or enough of them for every pattern to be seen."""
    sessions = []
    for turn in range(draw(st.integers(0, 3))):
        days = [LAST_DAY - timedelta(days=age) for age in draw(st.sampled_from([range(28), range(9), range(3, 5)]))]
        requests, cost = draw(st.sampled_from([30, 300])), draw(st.sampled_from([900_000, 20_000_000]))
        counters = Counters(requests=requests, cost_microusd=cost, cache_read_tokens=9_000_000, output_tokens=50_000)
        model, happened = draw(st.sampled_from(["large", "little"])), draw(HAPPENED)
        sessions += [Sat(f"{turn}-{day}", day, "claude_code", model, counters, happened) for day in days]
    return sessions


def often(told: Sequence[Sat], **factors: int) -> list[Sat]:
    """The sessions with the named counters multiplied; larger tokens are larger requests."""
    larger = factors.get("input_tokens", 1)
    return [
        replace(
            one,
            counters=replace(
                one.counters,
                **{name: (getattr(one.counters, name) or 0) * factors.get(name, 1) for name in OF_A_SESSION},
            ),
            happened=replace(
                one.happened, **{name: (getattr(one.happened, name) or 0) * larger for name in SESSION_TOKENS}
            ),
        )
        for one in told
    ]


OF_A_SESSION = ("requests", "cost_microusd", "cache_read_tokens", "output_tokens")


@st.composite
def weeks_of_use(draw: st.DrawFn) -> list[Used]:
    """Up to two manners of work on a few to many days, now and then a day ten or forty times as heavy."""
    ages = draw(st.sets(st.integers(0, 110), max_size=12)) | draw(st.sampled_from([set(), set(range(26))]))
    manners = draw(st.lists(MANNERS, min_size=1, max_size=2, unique_by=lambda manner: manner.model))
    heavy = draw(st.sets(st.sampled_from(sorted(ages)), max_size=2)) if ages else set()
    scale = draw(st.sampled_from([10, 40]))
    days = [(LAST_DAY - timedelta(days=age), scale if age in heavy else 1) for age in sorted(ages)]
    return [manner.day(day, times_) for manner in manners for day, times_ in days]


CHANGES = st.builds(
    lambda age, kind, reverted, stayed: WorkDone(
        "git",
        kind,
        LAST_DAY - timedelta(days=age),
        repository=f"repository-{age}",
        ai_assisted=True,
        reverted=reverted,
        reverted_on=LAST_DAY - timedelta(days=age - 3) if reverted else None,
        lines_added=500,
        lines_survived_14d=stayed,
    ),
    st.integers(0, 27) | st.integers(0, 80),
    st.sampled_from([OutcomeKind.PR_MERGED, OutcomeKind.PR_CLOSED, OutcomeKind.DOCUMENT]),
    st.booleans(),
    st.sampled_from([None, 0, 480]),
)
WORK: st.SearchStrategy[list[WorkDone]] = st.builds(list[WorkDone]) | st.lists(CHANGES, min_size=4, max_size=9)
FACTORS = st.sampled_from([1, 2, 3, 10, 100])
MOVES = st.one_of(
    st.builds(
        dict.fromkeys,
        st.sampled_from([EVERYTHING, TOKENS, REQUESTS, ("requests", "fast_requests"), ("sessions",)]),
        FACTORS,
    ),
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


RARE_ROWS = [*USED, *EDITS, *EARLIER]
RARE_WORK = done(EARLY, lines_added=1_000, lines_survived_14d=443)
"""Edits turned down and lines rewritten, which are drawn too seldom (W09, W23)."""


@settings(max_examples=200, deadline=None)
@example(rows=RARE_ROWS, sessions=[], move=dict.fromkeys(EVERYTHING, 10), work=RARE_WORK)
@given(rows=weeks_of_use(), sessions=weeks_of_sessions(), move=MOVES, work=WORK)
def test_more_never_looks_better_to_a_detector(
    rows: Sequence[Used], sessions: Sequence[Sat], move: dict[str, int], work: Sequence[WorkDone]
) -> None:
    """Every pattern that was found is found again, and all together with at least their dollars."""
    before = settled_of(rows, sessions, work)
    after = settled_of(times(rows, **move), often(sessions, **move), work)

    _no_better(before.counted, after.counted)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=weeks_of_use(), sessions=weeks_of_sessions(), move=MOVES)
def test_more_never_looks_better_in_a_whole_run(
    sqlite_store: Store, rows: list[Used], sessions: list[Sat], move: dict[str, int]
) -> None:
    """The same from usage rows and sessions to stored states and findings."""
    with sqlite_store.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        person = keep(session, rows, seats=SEATS, coverage=covered("claude_code", "claude_chat", "codex"))
        keep_sessions(session, person, sessions)
    before = _run(sqlite_store, person)
    with sqlite_store.begin() as session:
        keep_usage(session, person, times(rows, **move))
        keep_sessions(session, person, often(sessions, **move))
    after = _run(sqlite_store, person)

    assert before[0] == after[0]
    _no_better(before[1], after[1])


@settings(max_examples=60, deadline=None)
@given(rows=weeks_of_use(), sessions=weeks_of_sessions(), more=weeks_of_sessions())
def test_sessions_beside_it_never_make_a_pattern_smaller(
    rows: Sequence[Used], sessions: Sequence[Sat], more: Sequence[Sat]
) -> None:
    """More sessions of whatever kind leave every pattern with at least its dollars."""
    window = window_of(rows)
    few = looked(window, sessions, ()).findings
    many = looked(window, [*sessions, *(replace(one, key=f"more-{one.key}") for one in more)], ()).findings

    after = {(one.detector, one.tool): one.high_microusd or 0 for one in many}
    for one in few:
        assert (one.high_microusd or 0) <= after.get((one.detector, one.tool), -1), one.detector


def test_every_detector_finds_something_in_what_is_drawn() -> None:
    """Otherwise the properties above would say nothing about it."""
    found: set[str] = set()

    @settings(max_examples=200, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    @example(rows=RARE_ROWS, sessions=[], work=RARE_WORK)
    @given(rows=weeks_of_use(), sessions=weeks_of_sessions(), work=WORK)
    def draw(rows: Sequence[Used], sessions: Sequence[Sat], work: Sequence[WorkDone]) -> None:
        found.update(one.detector for one in looked(window_of(rows), sessions, work).findings)

    draw()

    assert DETECTORS.keys() == found


def _standing(rows: Sequence[Used]) -> Standing:
    return _judged(window_of(rows))


def _judged(window: UsageWindow) -> Standing:
    known = covered("claude_code", "claude_chat", "codex")
    return adoption.judge(window=window, coverage=known, seats=SEATS, calendar=UTC_WEEK)


def looked(window: UsageWindow, sessions: Sequence[Sat], work: Sequence[WorkDone]) -> Looked:
    return waste.look(
        window=window,
        seats=SEATS,
        calendar=UTC_WEEK,
        standing=_judged(window),
        prices=PRICES,
        sessions=session_sums_of(sessions),
        work=work,
    )


def settled_of(rows: Sequence[Used], sessions: Sequence[Sat], work: Sequence[WorkDone]) -> Settled:
    window = window_of(rows)
    found = looked(window, sessions, work)
    spend = ledger.spend_of(window, SEATS)
    return ledger.settle(found.findings, spend=spend, first_active_on=window.first_active_on, last_day=LAST_DAY)


def _run(store: Store, person: int) -> tuple[Standing, Sequence[CountedFinding]]:
    detect(store, now=NOW, prices=PRICES, holidays_of=lambda *_: frozenset(), weekend_of=lambda _: UTC_WEEK.weekend)
    with store.read() as session:
        standing = states.current(session, person_ids=[person])[person]
        return standing, findings_store.current(session, person_ids=[person])[person]


def _no_better(before: Sequence[CountedFinding], after: Sequence[CountedFinding]) -> None:
    assert {one.detector for one in before} <= {one.detector for one in after}
    assert all(was <= now for was, now in zip(_sums(before), _sums(after), strict=True))


def _sums(findings: Sequence[CountedFinding]) -> tuple[int, int]:
    """What is wasted, and what is wasted or could have been less."""
    wasted, optimizable = (
        sum(one.counted_microusd or 0 for one in findings if one.ledger is ledger_)
        for ledger_ in (Ledger.WASTED, Ledger.OPTIMIZABLE)
    )
    return wasted, wasted + optimizable
