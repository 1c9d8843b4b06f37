"""The balanced scorecard of one person: habit, efficiency, outcome and value over 28 days, beside the 28 before.

The only yardstick is the person's own past (P2). What is not known is None and is said as unknown. No volume of tokens,
requests or money turns into a better word: the card states them and judges none of them (P3).
`handlers/cards.py` asks `build` with what `bot/store/scorecard.py` loaded. Next: `bot/views/scorecard.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bot.domain.adoption import Standing
from bot.domain.check_in import CheckIn
from bot.domain.finished_work import WorkDone
from bot.domain.follow_up import FollowUp
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.results import Results, results
from bot.domain.session_sums import SessionSums
from bot.domain.sight import DaysOfUse, Sight, Unknown
from bot.domain.told import Answer, Pattern
from bot.domain.usage import ANY_MODEL, WINDOW_DAYS, Counters, Coverage, UsageWindow
from bot.domain.waste import SILENT_STATES, ledger, look
from bot.domain.waste.finding import SEAT_MODEL, Ledger, NotJudged
from bot.domain.waste.ledger import CountedFinding

RULE_VERSION = "card-2"
WEEKS_SHOWN = 4
STILL_THERE_DAYS = 14
"""A merged change counts as still there when nobody took it back within 14 days (the usual churn horizon)."""
REPORT_DAYS = 14
"""The days before a check-in that its question is about."""


@dataclass(frozen=True)
class OutcomeFact:
    """One finished piece of work. `ref` is the source's name for it; a file's revert carries the ref of what it took
    back. `reverted`: whether the source says that a merged change stands undone now; None: it does not follow that.
    """

    kind: OutcomeKind
    ref: str
    day: date
    reverted: bool | None = None


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
    """What a card shows beside the judged window: coverage of the 56 days, finished work, and what the person said.

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
    `calendar` reaches over the 56 days.
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
    seats_included: bool | None
    """Whether the price of the seats is in the sum; None: there is no seat."""
    follow_ups: tuple[FollowUp, ...]


@dataclass(frozen=True)
class Outcome:
    """Finished work. `old_enough` merged changes had their 14 days; `still_there` of them were not taken back."""

    counts: dict[OutcomeKind, int]
    merged_before: int
    old_enough: int
    still_there: int
    cost_per_merged_microusd: int | None
    cost_per_merged_before_microusd: int | None

    @property
    def merged(self) -> int:
        return self.counts.get(OutcomeKind.PR_MERGED, 0)


@dataclass(frozen=True)
class Reported:
    """One check-in, beside the use that was seen in the two weeks before it."""

    check_in: CheckIn
    days: DaysOfUse


@dataclass(frozen=True)
class Value:
    """What the person told us themselves. `reported` is oldest first, and nothing in it is turned into money."""

    tips_helpful: int
    tips_not_helpful: int
    reported: tuple[Reported, ...]


@dataclass(frozen=True)
class Scorecard:
    """Four quadrants of equal weight and what is not visible. `outcome` is None when no finished work was ever seen."""

    first_day: date
    last_day: date
    habit: Habit
    efficiency: Efficiency
    outcome: Outcome | None
    results: Results | None
    value: Value
    tools: tuple[str, ...]
    unknowns: tuple[Unknown, ...]
    sources: dict[str, tuple[str, ...]]
    days_used_by_week: tuple[int, ...]
    """Days with use in each of the 12 weeks, oldest first."""
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
    return Scorecard(
        first_day=first,
        last_day=last,
        habit=habit,
        efficiency=efficiency,
        outcome=_outcome(numbers, habit, efficiency) if numbers.beside.outcomes_ever_seen else None,
        results=_results(numbers, habit, efficiency),
        value=Value(numbers.beside.tips_helpful, numbers.beside.tips_not_helpful, _reported(numbers)),
        tools=tools,
        unknowns=sight.unknowns(),
        sources={tool: numbers.beside.coverage.sources.get(tool, ()) for tool in tools},
        days_used_by_week=_days_used_by_week(window),
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
        seats_included=_seats_included(numbers),
        follow_ups=numbers.beside.follow_ups,
    )


def _seats_included(numbers: Numbers) -> bool | None:
    spend = ledger.spend_of(numbers.window, numbers.seats)
    prices = [cost for cell, cost in spend.cells.items() if cell.model == SEAT_MODEL]
    return None not in prices if prices else None


def _reported(numbers: Numbers) -> tuple[Reported, ...]:
    """The check-ins whose two weeks before lie within the days that the card looks at."""
    earliest = _before(numbers.window.first_day())
    found = []
    for check_in in numbers.beside.check_ins:
        last = min(check_in.answered_on - timedelta(days=1), numbers.window.last_day)
        first = last - timedelta(days=REPORT_DAYS - 1)
        if first >= earliest:
            found.append(Reported(check_in, numbers.sight.days_of_use(first, last)))
    return tuple(found)


def _ledgers(numbers: Numbers) -> Ledgers:
    spend = ledger.spend_of(numbers.window, numbers.seats)
    spend_microusd = spend.total_microusd if spend.cells else None
    if numbers.standing is None or numbers.standing.state in SILENT_STATES:
        return Ledgers(spend_microusd, None, None, None)
    found = dict.fromkeys(Ledger, 0)
    for one in numbers.findings:
        if (one.detector, one.tool) in numbers.beside.meant:
            continue
        found[one.ledger] += one.counted_microusd or 0
        found[Ledger.EXPLORATION] += one.forgiven_microusd or 0
    return Ledgers(spend_microusd, found[Ledger.OPTIMIZABLE], found[Ledger.WASTED], found[Ledger.EXPLORATION])


def _exploring_until(window: UsageWindow) -> date | None:
    """The last day of the first 60 days of use, when the window ends within them (P7)."""
    if window.first_active_on is None or not ledger.is_exploring(window.first_active_on, window.last_day):
        return None
    return ledger.exploring_until(window.first_active_on) - timedelta(days=1)


def _tokens(counters: Counters) -> int | None:
    kinds = (counters.input_tokens, counters.cache_read_tokens, counters.cache_write_tokens, counters.output_tokens)
    known = [kind for kind in kinds if kind is not None]
    return sum(known) if known else None


def _outcome(numbers: Numbers, habit: Habit, efficiency: Efficiency) -> Outcome:
    last = numbers.window.last_day
    now = _within(numbers.beside.outcomes, last)
    before = _within(numbers.beside.outcomes, _before(last))
    counts = Counter(fact.kind for fact in now)
    counts.update(OutcomeKind.PR_REVERTED for fact in now if fact.reverted)
    merged_before = sum(fact.kind is OutcomeKind.PR_MERGED for fact in before)
    merged = [fact for fact in now if fact.kind is OutcomeKind.PR_MERGED]
    old_enough = [fact for fact in merged if (last - fact.day).days >= STILL_THERE_DAYS]
    earlier = _earlier(numbers.window)
    whole = not efficiency.some_unpriced
    return Outcome(
        counts=dict(counts),
        merged_before=merged_before,
        old_enough=len(old_enough),
        still_there=sum(not _taken_back(fact, numbers.beside.outcomes) for fact in old_enough),
        cost_per_merged_microusd=_each(efficiency.ledgers.spend_microusd, len(merged), habit.now, whole=whole),
        cost_per_merged_before_microusd=_each(
            ledger.spend_of(earlier, numbers.seats).total_microusd,
            merged_before,
            habit.before,
            whole=not _some_unpriced(earlier),
        ),
    )


def _results(numbers: Numbers, habit: Habit, efficiency: Efficiency) -> Results | None:
    earlier = _earlier(numbers.window)
    return results(
        numbers.beside.work,
        last_day=numbers.window.last_day,
        spend_microusd=_each(efficiency.ledgers.spend_microusd, 1, habit.now, whole=not efficiency.some_unpriced),
        spend_before_microusd=_each(
            ledger.spend_of(earlier, numbers.seats).total_microusd, 1, habit.before, whole=not _some_unpriced(earlier)
        ),
    )


def _within(outcomes: Sequence[OutcomeFact], last: date) -> list[OutcomeFact]:
    first = last - timedelta(days=WINDOW_DAYS - 1)
    return [fact for fact in outcomes if first <= fact.day <= last]


def _taken_back(merged: OutcomeFact, outcomes: Sequence[OutcomeFact]) -> bool:
    if merged.reverted is not None:
        return merged.reverted
    return any(
        fact.kind is OutcomeKind.PR_REVERTED
        and fact.ref == merged.ref
        and 0 <= (fact.day - merged.day).days <= STILL_THERE_DAYS
        for fact in outcomes
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


def _each(spend_microusd: int | None, merged: int, days: DaysOfUse, *, whole: bool) -> int | None:
    """Cost of one merged change; None unless all of the cost is known, something was merged, and use was seen.

    Without any use the work was done by other means, and the price of an idle seat says nothing about it.
    """
    is_used = days.used_days or days.days_off_used
    if spend_microusd is None or merged == 0 or days.unseen_days or not is_used or not whole:
        return None
    return spend_microusd // merged


def _days_used_by_week(window: UsageWindow) -> tuple[int, ...]:
    counts = Counter((window.last_day - day).days // 7 for day in window.active_days())
    return tuple(counts.get(week, 0) for week in range(11, -1, -1))
