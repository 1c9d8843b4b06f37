"""What was used, by whom, on which day, and which days we may speak about.

`None` means that the source does not say; 0 means that the source says none. The two are never mixed up (P12).
Tokens come in four disjoint kinds: uncached input, cache read, cache write, output.
Next: `bot/domain/adoption.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

WINDOW_DAYS = 28
LOOKBACK_WEEKS = 12
LOOKBACK_DAYS = LOOKBACK_WEEKS * 7
LOADED_WEEKS = LOOKBACK_WEEKS + 2
"""Two weeks more than are judged, so that the 12 weeks that ended 14 days ago can be judged as well (at risk)."""
MOST_LAG_DAYS = 3
"""The longest that any source we know takes to finish a day, in whole days after its end (Copilot, Codex)."""
ANY_MODEL = "*"


@dataclass(frozen=True)
class Counters:
    """Counts of one person, tool and model over some days. Money in micro-dollars; None is unknown.

    The tokens are four disjoint kinds. `prompts` are what the person asked for, `requests` what the model was asked;
    fast, long-context and headless requests are a part of `requests`.
    """

    requests: int | None = None
    failed_requests: int | None = None
    sessions: int | None = None
    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    cost_microusd: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    prompts: int | None = None
    offered: int | None = None
    lines_added: int | None = None
    fast_requests: int | None = None
    long_context_requests: int | None = None
    headless_requests: int | None = None

    def shows_activity(self) -> bool:
        """Whether any counter is above zero: the only yes-or-no that a token count can give."""
        return any((value or 0) > 0 for value in vars(self).values())  # millions of times a night: `fields` is slow

    def plus(self, other: Counters) -> Counters:
        """The sum, counter by counter; unknown plus a number is that number, unknown plus unknown is unknown."""
        return Counters(*map(_add, vars(self).values(), vars(other).values()))


@dataclass(frozen=True)
class UsageRow:
    """One usage day as a source reports it: person (by the source's own id) x day x tool x model.

    `subject` is the source's id of whoever used it (`people.subject`), an e-mail address in most sources. `priced` says
    where the cost comes from: "reported" by the source, "estimated" from list prices, or None when there is none.
    `active` is set where the source says by itself whether the day was active; None: the counters say it.
    """

    subject: str
    day: date
    tool: str
    model: str
    counters: Counters
    priced: str | None = None
    active: bool | None = None

    @property
    def is_active(self) -> bool:
        return self.counters.shows_activity() if self.active is None else self.active


@dataclass(frozen=True)
class SessionCounters:
    """What happened in one AI session, as counts. None: the source does not show it.

    `longest_failure_streak` is the longest run of failed tool calls, `repeated_failures` the calls that failed again
    after the same call had failed twice, `compactions` those that nobody asked for. `first_prompt_tokens` and
    `largest_prompt_tokens` are the size of a request's whole input, cached or not. `cold_restarts` are requests after a
    pause longer than the cache lives that wrote most of their input to the cache again, `cold_restart_tokens` what they
    wrote; `cache_breaks` and `cache_break_tokens` are those within the pause that a changed setting explains.
    `compaction_read_tokens` and `compaction_written_tokens` are what the counted compactions read and wrote.
    `short_effort_requests` asked for a high effort and wrote little for what they read. `pastes` are data that one
    prompt brought and at least three later ones carried along, `pasted_resent_tokens` what of them was sent again.
    `failure_loops` are rows of failed tool calls that were long, `failure_loop_cost_microusd` and
    `repeat_cost_microusd` what was paid for the failures that are counted of them and of `repeated_failures`.
    `cut_failures` are those of rows with which a conversation began (`cut_starts`) or the session ended, of any length,
    with all that they cost; `cut_loops` and `cut_loop_cost_microusd` are the part of them in `failure_loops` already.
    `heavy_starts` are conversations that began with much, with what they carried and sent again; `long_requests` had a
    long prompt, and `long_excess_tokens` is what all prompts read beyond an easy size.
    """

    tool_calls: int | None = None
    failed_tool_calls: int | None = None
    longest_failure_streak: int | None = None
    repeated_failures: int | None = None
    compactions: int | None = None
    retries_exhausted: int | None = None
    first_prompt_tokens: int | None = None
    largest_prompt_tokens: int | None = None
    cold_restarts: int | None = None
    cold_restart_tokens: int | None = None
    cache_breaks: int | None = None
    cache_break_tokens: int | None = None
    compaction_read_tokens: int | None = None
    compaction_written_tokens: int | None = None
    short_effort_requests: int | None = None
    short_effort_cost_microusd: int | None = None
    pastes: int | None = None
    pasted_tokens: int | None = None
    pasted_resent_tokens: int | None = None
    failure_loops: int | None = None
    failure_loop_cost_microusd: int | None = None
    repeat_cost_microusd: int | None = None
    cut_starts: int | None = None
    cut_failures: int | None = None
    cut_cost_microusd: int | None = None
    cut_loops: int | None = None
    cut_loop_cost_microusd: int | None = None
    heavy_starts: int | None = None
    heavy_start_tokens: int | None = None
    heavy_start_resent_tokens: int | None = None
    long_requests: int | None = None
    long_excess_tokens: int | None = None


@dataclass(frozen=True)
class SessionFacts:
    """Counters of one AI session, one day and model. No content, no times of day and no duration (P5, P13).

    What belongs to the session as a whole (`happened`) stands in the row of its first day and main model only.
    """

    session_key: str
    subject: str
    day: date
    tool: str
    model: str
    counters: Counters
    happened: SessionCounters = SessionCounters()


class CoverageStatus(StrEnum):
    """Whether a source finished a day: only COVERED can prove a zero."""

    COVERED = "covered"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True)
class WeekSum:
    """Sums of one tool and model over one week of a window.

    `week` counts back from the window's last day: 0 is the seven days that end on it. Bit n of `active_mask` stands for
    the day n days before the end of that week, with any sign of use; `worked_mask` holds those of them that are days of
    work (`bot/domain/days_of_work.py`).
    """

    tool: str
    model: str
    week: int
    counters: Counters
    active_mask: int
    worked_mask: int


@dataclass(frozen=True)
class DaySum:
    """Sums of one tool and model on one day; loaded only for people with an unusually heavy day."""

    day: date
    tool: str
    model: str
    counters: Counters


@dataclass(frozen=True)
class UsageWindow:
    """Everything the rules need of one person's use: 14 weeks of sums that end on `last_day`, and three dates.

    The dates look back over all that is kept, so that "was active before" is known even when it lies outside the 12
    weeks. A day is active with any sign of use; `first_worked_on` is the first day of work.
    """

    last_day: date
    weeks: tuple[WeekSum, ...] = ()
    first_active_on: date | None = None
    last_active_on: date | None = None
    first_worked_on: date | None = None
    heavy_days: tuple[DaySum, ...] = ()
    """All days of the 28-day window, tool and model apart, of a person who had at least one heavy day."""
    active_after_window: bool = False
    """Activity seen after `last_day`: late enough that the window must not call this person idle."""
    tools_after_window: frozenset[str] = frozenset()
    """The tools of that activity."""
    tools_worked_after_window: frozenset[str] = frozenset()
    """Those of them for which some source tells more than that nothing came back."""

    def first_day(self, window_days: int = WINDOW_DAYS) -> date:
        return self.last_day - timedelta(days=window_days - 1)

    def active_days(self, tool: str | None = None) -> frozenset[date]:
        """Distinct days with any sign of use in the 12 weeks, of one tool or of all."""
        return frozenset(
            day
            for week in self._judged_weeks()
            if tool in (None, week.tool)
            for day in self._days(week.week, week.active_mask)
        )

    def worked_days(self, tool: str | None = None) -> frozenset[date]:
        """Distinct days of work in the 12 weeks, of one tool or of all."""
        return frozenset(
            day
            for week in self._judged_weeks()
            if tool in (None, week.tool)
            for day in self._days(week.week, week.worked_mask)
        )

    def between(self, first_week: int, last_week: int) -> tuple[WeekSum, ...]:
        """The sums of weeks `first_week` to `last_week`, both included, counted back from the end."""
        return tuple(week for week in self.weeks if first_week <= week.week <= last_week)

    def tools_seen(self) -> frozenset[str]:
        """Tools with any sign of use in the 12 weeks."""
        return frozenset(week.tool for week in self._judged_weeks() if week.active_mask)

    def worked_weeks(self, first_week: int, last_week: int) -> int:
        """How many of the weeks `first_week` to `last_week`, both included, hold a day of work."""
        return len({week.week for week in self.between(first_week, last_week) if week.worked_mask})

    def _judged_weeks(self) -> tuple[WeekSum, ...]:
        return self.between(0, LOOKBACK_WEEKS - 1)

    def _days(self, week: int, mask: int) -> Iterator[date]:
        week_end = self.last_day - timedelta(days=7 * week)
        return (week_end - timedelta(days=bit) for bit in range(7) if mask >> bit & 1)


@dataclass(frozen=True)
class Coverage:
    """For one person: on which days of the window each tool was covered by a source that finished."""

    covered: dict[str, frozenset[date]] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the sources that cover each tool, for the text of a message."""
    doubtful: dict[str, frozenset[date]] = field(default_factory=dict)
    """Days of each tool on which a source that covers this person, and never named them, saw somebody we do not know:
    those days are not covered.
    """
    lag_days: dict[str, int] = field(default_factory=dict)
    """How many days after a day's end the sources of each tool need to finish it; a tool that is not here: none."""

    def covers(self, tool: str, day: date) -> bool:
        return day in self.covered.get(tool, frozenset())

    def reach(self, tool: str) -> date | None:
        """The last covered day of a tool, None when there is none."""
        return max(self.covered.get(tool, frozenset()), default=None)


def _add(one: int | None, other: int | None) -> int | None:
    if one is None:
        return other
    return one if other is None else one + other
