"""What the detectors need of a person's sessions, summed by the day they began, tool and main model.

Made by `bot/store/session_windows.py` in one statement; the limits below are part of that statement, so that no
session has to be loaded by itself. None: the source does not show it (P12). Next: `bot/domain/waste/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date

LOOP_STREAK = 5
"""W04: so many tool calls failed one after the other (list of waste patterns, field notes 4)."""
FAILURES_OF_A_LOOP_FORGIVEN = 2
"""W04: two failures of a row are work, and cost what the failures of that row cost on average."""
LARGE_PROMPT_TOKENS = 120_000
"""W16: from here on a conversation is long."""
EASY_PROMPT_TOKENS = 80_000
"""W16 counts what lies above: a conversation of this size is still good to work in."""
MIN_REQUESTS_OF_A_LARGE_SESSION = 20
THRASH_COMPACTIONS = 3
"""W17: so many compactions on one day that nobody asked for."""
HEAVY_START_TOKENS = 40_000
"""W18: from here on a first request is heavy."""
LIGHT_START_TOKENS = 20_000
"""W18 counts what lies above: what an agent needs of instructions and tools."""
UNATTRIBUTED_MICROUSD = 1_000_000
MIN_UNATTRIBUTED_REQUESTS = 10
"""W25: smaller sessions are not worth asking about."""


@dataclass(frozen=True)
class SessionSums:
    """Sums over the sessions of one person that began on `day` with one tool and main model.

    Token sums are what the detector of that name would price; costs are the sessions' own, as the source tells them.
    """

    day: date
    tool: str
    model: str
    sessions: int | None = None
    loops: int | None = None
    loop_cost_microusd: int | None = None
    cut_starts: int | None = None
    cut_failures: int | None = None
    cut_cost_microusd: int | None = None
    cut_loops: int | None = None
    cut_loop_cost_microusd: int | None = None
    repeated_failures: int | None = None
    repeat_cost_microusd: int | None = None
    cold_restarts: int | None = None
    cold_restart_tokens: int | None = None
    cache_breaks: int | None = None
    cache_break_tokens: int | None = None
    large_sessions: int | None = None
    large_requests: int | None = None
    large_excess_tokens: int | None = None
    thrashing_sessions: int | None = None
    thrash_compactions: int | None = None
    thrash_tokens: int | None = None
    thrash_written_tokens: int | None = None
    heavy_starts: int | None = None
    heavy_start_tokens: int | None = None
    heavy_start_reread_tokens: int | None = None
    retries_exhausted: int | None = None
    short_effort_requests: int | None = None
    short_effort_cost_microusd: int | None = None
    pastes: int | None = None
    pasted_tokens: int | None = None
    pasted_resent_tokens: int | None = None
    unattributed_sessions: int | None = None
    unattributed_cost_microusd: int | None = None


SUMMED = tuple(field.name for field in fields(SessionSums) if field.name not in ("day", "tool", "model"))
CUT = ("cut_starts", "cut_failures", "cut_cost_microusd", "cut_loops", "cut_loop_cost_microusd")
"""W04: rows of failures at the beginning or end of a session, which may be parts of one."""


def cost_beyond_forgiven(cost_microusd: int, failures: int) -> int:
    """What is counted of a row of so many failures, or of the parts of one, however it was cut."""
    return cost_microusd * max(0, failures - FAILURES_OF_A_LOOP_FORGIVEN) // max(1, failures)


def total(sums: Iterable[SessionSums], name: str) -> int | None:
    """The sum of one column; None when no row tells it."""
    told = [value for one in sums if (value := getattr(one, name)) is not None]
    return sum(told) if told else None


def tools_without(tools: Iterable[str], sums: Sequence[SessionSums], name: str) -> list[str]:
    """Those of `tools` of which no session tells `name`."""
    known = {one.tool for one in sums if getattr(one, name) is not None}
    return sorted(set(tools) - known)
