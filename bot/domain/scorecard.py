"""The balanced scorecard of one person: habit, efficiency, outcome and value over 28 days, beside the 28 before.

The only yardstick is the person's own past (P2). What is not known is None and is said as unknown. No volume of tokens,
requests or money turns into a better word: the card states them and judges none of them (P3).
`handlers/cards.py` asks `build` with what `bot/store/scorecard.py` loaded. Next: `bot/views/scorecard.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.adoption import Standing
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.usage import ANY_MODEL, WINDOW_DAYS, Counters, Coverage, UsageWindow
from bot.domain.waste import SILENT_STATES, ledger, look
from bot.domain.waste.finding import Ledger, NotJudged
from bot.domain.waste.ledger import CountedFinding

RULE_VERSION = "card-1"
WEEKS_SHOWN = 4
STILL_THERE_DAYS = 14
"""A merged change counts as still there when nobody took it back within 14 days (the usual churn horizon)."""


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


@dataclass(frozen=True)
class DaysOfUse:
    """Working days of one window, how many of them hold use, and how many of the others could not be seen."""

    working_days: int
    used_days: int
    unseen_days: int
    days_off_used: int


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
class Value:
    """What the person told us themselves."""

    tips_helpful: int
    tips_not_helpful: int


class Gap(StrEnum):
    """Why a tool cannot be seen."""

    NOT_CONNECTED = "not_connected"
    ENDS_EARLY = "ends_early"
    DAYS_MISSING = "days_missing"


@dataclass(frozen=True)
class Unknown:
    """A tool of this person that cannot be seen in full. `reach` is the last day that a source has finished."""

    tool: str
    gap: Gap
    reach: date | None


@dataclass(frozen=True)
class Scorecard:
    """Four quadrants of equal weight and what is not visible. `outcome` is None when no finished work was ever seen."""

    first_day: date
    last_day: date
    habit: Habit
    efficiency: Efficiency
    outcome: Outcome | None
    value: Value
    tools: tuple[str, ...]
    unknowns: tuple[Unknown, ...]
    sources: dict[str, tuple[str, ...]]
    days_used_by_week: tuple[int, ...]
    """Days with use in each of the 12 weeks, oldest first."""
    rule_version: str = RULE_VERSION


def build(numbers: Numbers) -> Scorecard:
    """The card for the 28 days that end on the window's last day."""
    window = numbers.window
    first, last = window.first_day(), window.last_day
    tools = tools_of(numbers.seats, window)
    habit = Habit(now=_days_of_use(numbers, tools, last), before=_days_of_use(numbers, tools, _before(last)))
    efficiency = _efficiency(numbers)
    return Scorecard(
        first_day=first,
        last_day=last,
        habit=habit,
        efficiency=efficiency,
        outcome=_outcome(numbers, habit, efficiency) if numbers.beside.outcomes_ever_seen else None,
        value=Value(numbers.beside.tips_helpful, numbers.beside.tips_not_helpful),
        tools=tools,
        unknowns=tuple(_unknowns(numbers, tools)),
        sources={tool: numbers.beside.coverage.sources.get(tool, ()) for tool in tools},
        days_used_by_week=_days_used_by_week(window),
    )


def not_judged(numbers: Numbers, prices: PriceBook) -> tuple[NotJudged, ...]:
    """Which patterns could not be looked for, and what was lacking; none before anything was judged."""
    if numbers.standing is None:
        return ()
    days = frozenset(fact.day for fact in numbers.beside.outcomes) if numbers.beside.outcomes_ever_seen else None
    looked = look(
        window=numbers.window,
        seats=numbers.seats,
        calendar=numbers.calendar,
        standing=numbers.standing,
        outcome_days=days,
        prices=prices,
    )
    return looked.not_judged


def tools_of(seats: Sequence[Seat], window: UsageWindow) -> tuple[str, ...]:
    """The tools a card is about: seats held in the 28 days, and whatever was used in the 12 weeks."""
    first = window.first_day()
    held = {
        seat.tool
        for seat in seats
        if seat.assigned_on <= window.last_day and (seat.released_on is None or seat.released_on > first)
    }
    return tuple(sorted(held | window.tools_seen()))


def _before(last: date) -> date:
    return last - timedelta(days=WINDOW_DAYS)


def _days_of_use(numbers: Numbers, tools: Sequence[str], last: date) -> DaysOfUse:
    first = last - timedelta(days=WINDOW_DAYS - 1)
    working = numbers.calendar.working_days(first, last)
    used = {day for day in numbers.window.active_days() if first <= day <= last}
    unseen = [day for day in working if day not in used and not _seen(numbers, tools, day)]
    return DaysOfUse(
        working_days=len(working),
        used_days=len(used.intersection(working)),
        unseen_days=len(unseen),
        days_off_used=len(used.difference(working)),
    )


def _seen(numbers: Numbers, tools: Sequence[str], day: date) -> bool:
    """Whether a day without use is known to be one: every tool that could have been used was covered."""
    could_use = [tool for tool in tools if _could_use(numbers, tool, day)]
    return bool(could_use) and all(numbers.beside.coverage.covers(tool, day) for tool in could_use)


def _could_use(numbers: Numbers, tool: str, day: date) -> bool:
    seats = [seat for seat in numbers.seats if seat.tool == tool]
    return not seats or tool in numbers.window.tools_seen() or any(seat.held_on(day) for seat in seats)


def _efficiency(numbers: Numbers) -> Efficiency:
    total = Counters()
    for week in numbers.window.between(0, WEEKS_SHOWN - 1):
        total = total.plus(week.counters)
    return Efficiency(
        ledgers=_ledgers(numbers),
        tokens=_tokens(total),
        some_unpriced=_some_unpriced(numbers.window),
        exploring_until=_exploring_until(numbers.window),
    )


def _ledgers(numbers: Numbers) -> Ledgers:
    spend = ledger.spend_of(numbers.window, numbers.seats)
    spend_microusd = spend.total_microusd if spend.cells else None
    if numbers.standing is None or numbers.standing.state in SILENT_STATES:
        return Ledgers(spend_microusd, None, None, None)
    found = dict.fromkeys(Ledger, 0)
    for one in numbers.findings:
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


def _unknowns(numbers: Numbers, tools: Sequence[str]) -> list[Unknown]:
    first, last = numbers.window.first_day(), numbers.window.last_day
    found = []
    for tool in tools:
        working = [day for day in numbers.calendar.working_days(first, last) if _could_use(numbers, tool, day)]
        missing = [day for day in working if not numbers.beside.coverage.covers(tool, day)]
        reach = numbers.beside.coverage.reach(tool)
        if not missing:
            continue
        if reach is None or reach < first:
            found.append(Unknown(tool, Gap.NOT_CONNECTED, reach))
        elif all(day > reach for day in missing):
            found.append(Unknown(tool, Gap.ENDS_EARLY, reach))
        else:
            found.append(Unknown(tool, Gap.DAYS_MISSING, reach))
    return found


def _days_used_by_week(window: UsageWindow) -> tuple[int, ...]:
    counts = Counter((window.last_day - day).days // 7 for day in window.active_days())
    return tuple(counts.get(week, 0) for week in range(11, -1, -1))
