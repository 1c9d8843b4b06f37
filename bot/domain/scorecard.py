"""The balanced scorecard of one person: habit, efficiency, outcome and value over 28 days, beside the 28 before.

The only yardstick is the person's own past (P2). What is not known is None and is said as unknown. No volume of tokens,
requests or money turns into a better word: the card states them and judges none of them (P3).
`handlers/cards.py` asks `build` with what `bot/store/scorecard.py` loaded. Next: `bot/views/scorecard.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bot.domain.adoption import Standing, State
from bot.domain.check_in import CheckIn
from bot.domain.finished_work import WorkDone
from bot.domain.follow_up import FollowUp
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.results import Outcome, OutcomeFact, Results, outcome_of, results
from bot.domain.same_work import told_once
from bot.domain.session_sums import SessionSums
from bot.domain.sight import DaysOfUse, Sight, Unknown
from bot.domain.told import Answer, Pattern
from bot.domain.usage import ANY_MODEL, WINDOW_DAYS, Counters, Coverage, UsageWindow
from bot.domain.value import Value, reports, trend
from bot.domain.waste import SILENT_STATES, idle_seat, ledger, look
from bot.domain.waste.finding import SEAT_MODEL, Ledger, NotJudged
from bot.domain.waste.ledger import CountedFinding
from bot.domain.weeks import TwelveWeeks, twelve_weeks

RULE_VERSION = "card-3"
WEEKS_SHOWN = 4


@dataclass(frozen=True)
class Ledgers:
    """What became of the money of one window, in micro-dollars, each dollar in one place only (P6).

    The spend is None when no source told a price; the other three are None when too little was known to judge.
    """

    spend_microusd: int | None
    optimizable_microusd: int | None
    wasted_microusd: int | None
    exploration_microusd: int | None


@dataclass(frozen=True)
class Beside:
    """What a card shows beside the judged window: coverage and finished work of 12 weeks, and what the person said.

    `outcomes_ever_seen` is False when no source of finished work knows this person, so that none is not taken for zero.
    """

    coverage: Coverage
    outcomes: tuple[OutcomeFact, ...]
    outcomes_ever_seen: bool
    tips_helpful: int
    tips_not_helpful: int
    sessions: tuple[SessionSums, ...] = ()
    """The sums of the sessions of the judged 28 days."""
    work: tuple[WorkDone, ...] = ()
    """What was finished in the 12 weeks, as the detectors look at it."""
    check_ins: tuple[CheckIn, ...] = ()
    """Answers of these weeks, oldest first."""
    follow_ups: tuple[FollowUp, ...] = ()
    """The latest second look of each tip of these weeks, oldest first."""
    meant: Mapping[Pattern, date] = field(default_factory=dict)
    """Patterns that the person said were meant, and when: what they cost was simply used."""
    told: Mapping[Answer, date] = field(default_factory=dict)
    """What the person told us about little use, as far as it still holds."""


@dataclass(frozen=True)
class Numbers:
    """Everything of one person that a card needs; nothing of anybody else.

    `standing` and `findings` are what was last concluded, on the same window; `standing` is None before the first time.
    `calendar` reaches over the 12 weeks.
    """

    person: Person
    window: UsageWindow
    calendar: WorkCalendar
    seats: tuple[Seat, ...]
    standing: Standing | None
    findings: tuple[CountedFinding, ...]
    beside: Beside

    @property
    def sight(self) -> Sight:
        return Sight(self.seats, self.window, self.calendar, self.beside.coverage)


@dataclass(frozen=True)
class Habit:
    """Days with any use, in the window and in the one before."""

    now: DaysOfUse
    before: DaysOfUse


@dataclass(frozen=True)
class Efficiency:
    """The meter reading and what became of the money. Tokens are all four kinds together."""

    ledgers: Ledgers
    tokens: int | None
    some_unpriced: bool
    exploring_until: date | None
    is_early: bool
    """A seat or a job so young that nothing is judged yet."""
    has_idle_seat: bool
    """Part of what bought nothing is the price of a seat without use."""
    has_suggestion: bool
    """Something was found that may be had for less and stands in no sum."""
    seats_included: bool | None
    """Whether the price of the seats is in the sum; None: there is no seat."""
    follow_ups: tuple[FollowUp, ...]


@dataclass(frozen=True)
class Scorecard:
    """Four quadrants of equal weight and what is not visible. `outcome` is None when no finished work was ever seen."""

    first_day: date
    last_day: date
    habit: Habit
    efficiency: Efficiency
    outcome: Outcome | None
    results: Results | None
    again_by: tuple[str, ...]
    """Who told work that another source told as well; it is counted once."""
    value: Value
    tools: tuple[str, ...]
    unknowns: tuple[Unknown, ...]
    sources: dict[str, tuple[str, ...]]
    weeks: TwelveWeeks
    told: Mapping[Answer, date]
    meant: Mapping[Pattern, date]
    rule_version: str = RULE_VERSION


def build(numbers: Numbers) -> Scorecard:
    """The card for the 28 days that end on the window's last day."""
    window = numbers.window
    first, last = window.first_day(), window.last_day
    sight = numbers.sight
    tools = sight.tools()
    habit = Habit(now=sight.days_of_use(first, last), before=sight.days_of_use(_before(first), _before(last)))
    efficiency = _efficiency(numbers)
    facts = told_once(numbers.beside.outcomes)
    reported = reports(numbers.beside.check_ins, sight)
    return Scorecard(
        first_day=first,
        last_day=last,
        habit=habit,
        efficiency=efficiency,
        outcome=outcome_of(facts.pieces, last_day=last) if numbers.beside.outcomes_ever_seen else None,
        results=_results(numbers, habit, efficiency),
        again_by=facts.again_by,
        value=Value(numbers.beside.tips_helpful, numbers.beside.tips_not_helpful, reported, trend(reported)),
        tools=tools,
        unknowns=sight.unknowns(),
        sources={tool: numbers.beside.coverage.sources.get(tool, ()) for tool in tools},
        weeks=twelve_weeks(sight, facts.pieces, numbers.beside.check_ins),
        told=numbers.beside.told,
        meant=numbers.beside.meant,
    )


def not_judged(numbers: Numbers, prices: PriceBook) -> tuple[NotJudged, ...]:
    """Which patterns could not be looked for, and what was lacking; none before anything was judged."""
    if numbers.standing is None:
        return ()
    looked = look(
        window=numbers.window,
        seats=numbers.seats,
        calendar=numbers.calendar,
        standing=numbers.standing,
        prices=prices,
        sessions=numbers.beside.sessions,
        work=numbers.beside.work,
    )
    return looked.not_judged


def _before(last: date) -> date:
    return last - timedelta(days=WINDOW_DAYS)


def _efficiency(numbers: Numbers) -> Efficiency:
    total = Counters()
    for week in numbers.window.between(0, WEEKS_SHOWN - 1):
        total = total.plus(week.counters)
    return Efficiency(
        ledgers=_ledgers(numbers),
        tokens=_tokens(total),
        some_unpriced=_some_unpriced(numbers.window),
        exploring_until=_exploring_until(numbers.window),
        is_early=numbers.standing is not None and numbers.standing.state is State.GRACE,
        has_idle_seat=any(one.detector == idle_seat.DETECTOR and one.counted_microusd for one in _unmeant(numbers)),
        has_suggestion=any(one.is_suggestion for one in _unmeant(numbers)),
        seats_included=_seats_included(numbers),
        follow_ups=numbers.beside.follow_ups,
    )


def _seats_included(numbers: Numbers) -> bool | None:
    spend = ledger.spend_of(numbers.window, numbers.seats)
    prices = [cost for cell, cost in spend.cells.items() if cell.model == SEAT_MODEL]
    return None not in prices if prices else None


def _ledgers(numbers: Numbers) -> Ledgers:
    spend = ledger.spend_of(numbers.window, numbers.seats)
    spend_microusd = spend.total_microusd if spend.cells else None
    if numbers.standing is None or numbers.standing.state in SILENT_STATES:
        return Ledgers(spend_microusd, None, None, None)
    found = dict.fromkeys(Ledger, 0)
    for one in _unmeant(numbers):
        found[one.ledger] += one.counted_microusd or 0
        found[Ledger.EXPLORATION] += one.forgiven_microusd or 0
    return Ledgers(spend_microusd, found[Ledger.OPTIMIZABLE], found[Ledger.WASTED], found[Ledger.EXPLORATION])


def _unmeant(numbers: Numbers) -> Iterator[CountedFinding]:
    """The findings, without those that the person said were meant."""
    return (one for one in numbers.findings if (one.detector, one.tool) not in numbers.beside.meant)


def _exploring_until(window: UsageWindow) -> date | None:
    """The last day of the first 60 days of use, when the window ends within them (P7)."""
    if window.first_active_on is None or not ledger.is_exploring(window.first_active_on, window.last_day):
        return None
    return ledger.exploring_until(window.first_active_on) - timedelta(days=1)


def _tokens(counters: Counters) -> int | None:
    kinds = (counters.input_tokens, counters.cache_read_tokens, counters.cache_write_tokens, counters.output_tokens)
    known = [kind for kind in kinds if kind is not None]
    return sum(known) if known else None


def _results(numbers: Numbers, habit: Habit, efficiency: Efficiency) -> Results | None:
    """What came of the work, with each spend as far as it is known in full and some use was seen."""
    sight, earlier = numbers.sight, replace(numbers.sight, window=_earlier(numbers.window))
    spend, before = efficiency.ledgers.spend_microusd, ledger.spend_of(earlier.window, numbers.seats).total_microusd
    return results(
        told_once(numbers.beside.work).pieces,
        last_day=numbers.window.last_day,
        spend_microusd=spend if _is_whole(sight, habit.now) else None,
        spend_before_microusd=before if _is_whole(earlier, habit.before) else None,
    )


def _earlier(window: UsageWindow) -> UsageWindow:
    """The same window as it ended 28 days before."""
    weeks = (replace(week, week=week.week - WEEKS_SHOWN) for week in window.weeks if week.week >= WEEKS_SHOWN)
    return replace(window, last_day=_before(window.last_day), weeks=tuple(weeks), heavy_days=())


def _some_unpriced(window: UsageWindow) -> bool:
    weeks = [week for week in window.between(0, WEEKS_SHOWN - 1) if week.active_mask]
    priced = {(week.tool, week.week) for week in weeks if week.counters.cost_microusd is not None}
    # Sessions and edits stand on a row for all models, which never has a price beside the models that do.
    return any(
        week.counters.cost_microusd is None and (week.model != ANY_MODEL or (week.tool, week.week) not in priced)
        for week in weeks
    )


def _is_whole(sight: Sight, days: DaysOfUse) -> bool:
    """Whether cost and work of these 28 days may stand beside each other: every tool was seen on every working day, all
    that was seen and every seat has a price, and there was some use.

    Without any use the work was done by other means, and the price of an idle seat says nothing about it.
    """
    if days.unseen_days or sight.unknowns() or _some_unpriced(sight.window) or _has_unpriced_seat(sight):
        return False
    return bool(days.used_days or days.days_off_used)


def _has_unpriced_seat(sight: Sight) -> bool:
    first, last = sight.window.first_day(), sight.window.last_day
    held = (seat for seat in sight.seats if seat.assigned_on <= last)
    return any(
        seat.monthly_cost_microusd is None and (seat.released_on is None or seat.released_on > first) for seat in held
    )
