"""Windows added up the slow way, in plain Python, a short price list, and people to keep: for the tests of the rules.

`window_of` is also the yardstick for the SQL of `bot/store/windows.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.domain.people import Seat, WorkCalendar
from bot.domain.prices import FRONTIER, MID, SMALL, Rates
from bot.domain.usage import (
    LOADED_WEEKS,
    WINDOW_DAYS,
    Counters,
    Coverage,
    CoverageStatus,
    DaySum,
    UsageWindow,
    WeekSum,
)
from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding
from bot.store import coverage as coverage_store
from bot.store import source_runs
from bot.store.tables import PersonRow, SeatRow, UsageDayRow

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LAST_DAY = date(2026, 3, 1)
FIRST_DAY = LAST_DAY - timedelta(days=WINDOW_DAYS - 1)
UTC_WEEK = WorkCalendar(timezone="UTC")
ONE_REQUEST = Counters(requests=1)
WASTE = CountedFinding(
    detector="W15",
    rule_version="W15-1",
    tool="claude_code",
    ledger=Ledger.OPTIMIZABLE,
    counted_microusd=9_000_000,
    forgiven_microusd=0,
    low_microusd=9_000_000,
    high_microusd=18_000_000,
    confidence=0.5,
    occurrences=3,
    innocent_reason="It may be fine.",
    evidence={},
)
"""A low cache hit rate that counts $9."""

_FIGURES = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "cost_microusd")
_BEHAVIOUR = ("sessions", "accepted", "rejected", "prompts", "offered", "lines_added")
KINDS = {"api": "claude_code", "other_account": "claude_code", "chat": "claude_enterprise", "gateway": "litellm"}
"""Names of the sources in hand-made rows, with their kinds; "file" needs none."""
FIGURES_FIRST = {"api": 0, "other_account": 0, "chat": 1, "gateway": 2, "file": 3}
BEHAVIOUR_FIRST = {"api": 0, "other_account": 0, "chat": 0, "gateway": 1, "file": 2}


@dataclass(frozen=True)
class Used:
    """One usage day of one person, as one source tells it."""

    day: date
    tool: str = "claude_code"
    model: str = "large"
    counters: Counters = ONE_REQUEST
    source: str = "api"


def days_before(*ages: int) -> list[date]:
    """The days so many days before the last day of the window."""
    return [LAST_DAY - timedelta(days=age) for age in ages]


def on(days: Iterable[date], *, tool: str = "claude_code", model: str = "large", **counters: int | None) -> list[Used]:
    """The same use on each of `days`; one request when no counter is given."""
    return [Used(day, tool, model, Counters(**counters) if counters else ONE_REQUEST) for day in days]


def times(rows: Iterable[Used], **factors: int) -> list[Used]:
    """`rows` with the named counters multiplied; unknown stays unknown."""
    return [replace(row, counters=_times(row.counters, factors)) for row in rows]


def window_of(rows: Sequence[Used], last_day: date = LAST_DAY) -> UsageWindow:
    """What `bot/store/windows.py` must say about one person's rows."""
    past = [row for row in rows if row.day <= last_day]
    active = [row.day for row in past if row.counters.shows_activity()]
    worked = [row.day for row in past if is_work(row, past)]
    later = {row.tool for row in rows if row.day > last_day and row.counters.shows_activity()}
    worked_later = {row.tool for row in rows if row.day > last_day and is_work(row, ())}
    return UsageWindow(
        last_day=last_day,
        weeks=_week_sums(past, last_day),
        first_active_on=min(active, default=None),
        last_active_on=max(active, default=None),
        first_worked_on=min(worked, default=None),
        heavy_days=_heavy_days(past, last_day),
        active_after_window=bool(later),
        tools_after_window=frozenset(later),
        tools_worked_after_window=frozenset(worked_later),
    )


def is_work(row: Used, rows: Sequence[Used]) -> bool:
    """Whether a row makes its day one of work: it shows an answer; or it tells nothing, and no row of the same tool and
    day tells that there was none. Of days before the weeks that are loaded: no row of the same tool on any of them.
    """
    if not row.counters.shows_activity() or is_empty(row.counters):
        return False
    beside = [other for other in rows if other.tool == row.tool]
    if is_old(row):
        others = [other for other in beside if is_old(other)]
    else:
        others = [other for other in beside if other.day == row.day]
    return has_answer(row.counters) or not any(is_empty(other.counters) for other in others)


def is_old(row: Used) -> bool:
    """Whether the day is before the weeks that are loaded one by one."""
    return (LAST_DAY - row.day).days >= LOADED_WEEKS * 7


def is_empty(told: Counters) -> bool:
    """Nobody was there, or everything failed, or not one token came back, and nothing else shows an answer."""
    requests = told.requests or 0
    if requests and told.headless_requests and told.headless_requests + (told.failed_requests or 0) >= requests:
        return True
    all_failed = requests > 0 and told.failed_requests is not None and told.failed_requests >= requests
    return not has_answer(told) and (all_failed or told.output_tokens == 0)


def has_answer(told: Counters) -> bool:
    """Whether something came back."""
    seen = (told.output_tokens, told.accepted, told.rejected, told.lines_added, told.offered)
    return any(seen)


def covered(*tools: str, without: Iterable[date] = (), first: date = FIRST_DAY, last: date = LAST_DAY) -> Coverage:
    """Every day from `first` to `last` covered for `tools` by one source, except the days `without`."""
    days = {first + timedelta(days=offset) for offset in range((last - first).days + 1)} - set(without)
    return Coverage({tool: frozenset(days) for tool in tools}, dict.fromkeys(tools, ("api",)))


def keep(
    session: Session,
    rows: Iterable[Used] = (),
    *,
    seats: Iterable[Seat] = (),
    coverage: Coverage | None = None,
    timezone: str | None = "UTC",
) -> int:
    """A new person with these rows, seats and covered days in the database; returns the number."""
    person = PersonRow(timezone=timezone, created_at=NOW)
    session.add(person)
    session.flush()
    number = person.person_id
    keep_usage(session, number, rows)
    session.add_all(SeatRow(person_id=number, **asdict(seat)) for seat in seats)
    session.flush()
    for tool, days in (coverage or Coverage()).covered.items():
        status = CoverageStatus.COVERED
        coverage_store.mark(session, source="api", tool=tool, days=days, status=status, reason=None, as_of=NOW)
        span = {"first_day": min(days), "last_day": max(days)}
        coverage_store.cover_people(session, source="api", tool=tool, person_ids=[number], **span)
    session.expunge_all()
    return number


def keep_usage(session: Session, person_id: int, rows: Iterable[Used]) -> None:
    """Make `rows` all the use that is kept of this person."""
    session.execute(delete(UsageDayRow).where(UsageDayRow.person_id == person_id))
    for row in rows:
        who = {"subject": f"somebody-{person_id}", "person_id": person_id, "source": row.source}
        what = {"day": row.day, "tool": row.tool, "model": row.model, **asdict(row.counters)}
        session.add(UsageDayRow(**who, **what, active=row.counters.shows_activity(), fetched_at=NOW))
        if row.source in KINDS:
            source_runs.note_source(session, name=row.source, kind=KINDS[row.source], lag_days=0, lists_members=False)
    session.flush()


class PriceList:
    """Three models of one vendor, and one without a cheaper sibling. Every other model is not known."""

    _RATES = {  # noqa: RUF012 - read only
        "large": Rates(5_000_000, 500_000, 6_250_000, 25_000_000, FRONTIER, "lamp"),
        "middle": Rates(2_000_000, 200_000, 2_500_000, 10_000_000, MID, "lamp"),
        "little": Rates(1_000_000, 100_000, 1_250_000, 5_000_000, SMALL, "lamp"),
        "lonely": Rates(5_000_000, 500_000, 6_250_000, 25_000_000, FRONTIER, "wick"),
    }
    _CHEAPER = {"large": "middle", "middle": "little"}  # noqa: RUF012 - read only

    def rates(self, model: str, day: date) -> Rates | None:
        return self._RATES.get(model)

    def cost_microusd(self, model: str, day: date, counters: Counters) -> int | None:
        rates = self.rates(model, day)
        if rates is None:
            return None
        read = (counters.input_tokens or 0) * rates.input + (counters.cache_read_tokens or 0) * rates.cache_read
        made = (counters.cache_write_tokens or 0) * rates.cache_write + (counters.output_tokens or 0) * rates.output
        return (read + made) // 1_000_000

    def cheaper_sibling(self, model: str, day: date) -> tuple[str, Rates] | None:
        name = self._CHEAPER.get(model)
        return None if name is None else (name, self._RATES[name])


def _times(counters: Counters, factors: dict[str, int]) -> Counters:
    told = {name: value * factor for name, factor in factors.items() if (value := getattr(counters, name)) is not None}
    return replace(counters, **told)


def _week_sums(past: Sequence[Used], last_day: date) -> tuple[WeekSum, ...]:
    sums: dict[tuple[int, str, str], WeekSum] = {}
    for row in past:
        week, bit = divmod((last_day - row.day).days, 7)
        if week < LOADED_WEEKS:
            key = (week, row.tool, row.model)
            seen = sums.get(key, WeekSum(row.tool, row.model, week, Counters(), 0, 0))
            told = _told(row, past)
            mask = seen.active_mask | (int(row.counters.shows_activity()) << bit)
            worked = seen.worked_mask | (int(is_work(row, past)) << bit)
            sums[key] = replace(seen, counters=seen.counters.plus(told), active_mask=mask, worked_mask=worked)
    return tuple(sums[key] for key in sorted(sums))


def _heavy_days(past: Sequence[Used], last_day: date) -> tuple[DaySum, ...]:
    recent = [row for row in past if (last_day - row.day).days < WINDOW_DAYS]
    totals: dict[date, Counters] = {}
    sums: dict[tuple[date, str, str], Counters] = {}
    for row in recent:
        told = _told(row, past)
        totals[row.day] = totals.get(row.day, Counters()).plus(told)
        key = (row.day, row.tool, row.model)
        sums[key] = sums.get(key, Counters()).plus(told)
    if not any((day.cost_microusd or 0) > 25_000_000 or (day.requests or 0) > 2_000 for day in totals.values()):
        return ()
    return tuple(DaySum(*key, sums[key]) for key in sorted(sums))


def _told(row: Used, rows: Sequence[Used]) -> Counters:
    """What of a row counts: the figures, the behaviour, both or nothing, as the first kind of source has them."""
    same = [other for other in rows if (other.day, other.tool) == (row.day, row.tool)]
    told = row.counters
    for names, order in ((_FIGURES, FIGURES_FIRST), (_BEHAVIOUR, BEHAVIOUR_FIRST)):
        first = min(
            (all(getattr(other.counters, name) is None for name in names), order[other.source]) for other in same
        )
        if order[row.source] != first[1]:
            silent = _BEHAVIOUR if names is _BEHAVIOUR else frozenset(Counters.__dataclass_fields__) - set(_BEHAVIOUR)
            told = replace(told, **dict.fromkeys(silent))
    return told
