"""Sessions added up the slow way, in plain Python: the yardstick for the SQL of `bot/store/session_windows.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.domain.session_sums import CUT, SUMMED, SessionSums
from bot.domain.usage import Counters, SessionCounters
from bot.store.tables import SessionFactsRow
from tests.by_hand import FIRST_DAY, LAST_DAY

ORDINARY = Counters(requests=30, cost_microusd=3_000_000)
NOTHING_TOLD = SessionCounters()
RANKS = {"otlp": 0, "sessions": 1, "file": 2}
"""Sources that tell sessions, the one that speaks first."""


@dataclass(frozen=True)
class Sat:
    """One session, day and model, as one source tells it."""

    key: str
    day: date
    tool: str = "claude_code"
    model: str = "large"
    counters: Counters = ORDINARY
    happened: SessionCounters = NOTHING_TOLD
    source: str = "otlp"


def sat(days: Iterable[date], *, counters: Counters | None = None, **happened: int) -> list[Sat]:
    """The same session on each of `days`."""
    return sessions_on(days, counters or ORDINARY, SessionCounters(**happened))


def sessions_on(days: Iterable[date], counters: Counters, happened: SessionCounters) -> list[Sat]:
    """A session with these figures on each of `days`."""
    return [Sat(f"s{turn}-{day}", day, counters=counters, happened=happened) for turn, day in enumerate(days)]


def keep_sessions(session: Session, person_id: int, rows: Iterable[Sat]) -> None:
    """Make `rows` all that is kept of this person's sessions."""
    session.execute(delete(SessionFactsRow).where(SessionFactsRow.person_id == person_id))
    names = set(SessionFactsRow.__table__.columns.keys())
    for row in rows:
        told = {name: value for name, value in asdict(row.counters).items() if name in names}
        session.add(
            SessionFactsRow(
                source=row.source,
                session_key=row.key,
                day=row.day,
                subject=f"somebody-{person_id}",
                tool=row.tool,
                model=row.model,
                person_id=person_id,
                **told,
                **asdict(row.happened),
            )
        )
    session.flush()


def session_sums_of(rows: Sequence[Sat]) -> tuple[SessionSums, ...]:
    """What `bot/store/session_windows.py` must say about one person's sessions."""
    sessions: dict[tuple[str, str, str], list[Sat]] = defaultdict(list)
    for row in rows:
        if FIRST_DAY <= row.day <= LAST_DAY:
            sessions[row.source, row.tool, row.key].append(row)
    began = {key: min(row.day for row in told) for key, told in sessions.items()}
    sums: dict[tuple[date, str, str], SessionSums] = {}
    for (source, tool, key), told in sessions.items():
        day = began[source, tool, key]
        ranks = [RANKS[other] for (other, its_tool, _), its_day in began.items() if (its_tool, its_day) == (tool, day)]
        if RANKS[source] == began_first(ranks):
            model, one = _one(told)
            before = sums.get((day, tool, model), SessionSums(day, tool, model))
            added = {name: _add(getattr(before, name), one[name]) for name in SUMMED}
            sums[day, tool, model] = SessionSums(day, tool, model, *(added[name] for name in SUMMED))
    return tuple(sums[key] for key in sorted(sums))


def began_first(ranks: Sequence[int]) -> int:
    """The rank of the source that speaks."""
    return min(ranks)


def _one(told: Sequence[Sat]) -> tuple[str, dict[str, int | None]]:
    """One session by its main model: the one with which what happened stands, else the one asked most."""
    models = {row.model for row in told}
    of = {model: [row for row in told if row.model == model] for model in models}
    knows = {model: any(row.happened != SessionCounters() for row in rows) for model, rows in of.items()}
    main = min(models, key=lambda model: (not knows[model], -(_total(of[model], "requests") or 0), model))
    c = {name: _most(of[main], name) for name in SessionCounters.__dataclass_fields__}
    requests, cost = _total(of[main], "requests"), _total(of[main], "cost_microusd")
    parts = ("input_tokens", "cache_read_tokens", "cache_write_tokens")
    prompt = sum(_total(of[main], name) or 0 for name in parts)
    return main, {"sessions": 1, **_trouble(c, cost), **_cache(c), **_context(c, requests, prompt), **_open(told)}


def _trouble(c: dict[str, int | None], cost: int | None) -> dict[str, int | None]:
    streak, repeated, calls = c["longest_failure_streak"], c["repeated_failures"], c["tool_calls"] or 0
    loop = None if streak is None else int(streak >= 5)
    loop_cost = None if streak is None or cost is None else 0
    if loop and streak and cost is not None:
        loop_cost = cost * (streak - 2) // max(calls, streak - 2)
    repeat_cost = None if repeated is None or cost is None else 0
    if repeated and cost is not None:
        repeat_cost = cost * repeated // max(calls, repeated)
    told = {"loops": c["failure_loops"], "loop_cost_microusd": c["failure_loop_cost_microusd"]}
    told |= {name: c[name] for name in ("repeat_cost_microusd", *CUT)}
    reckoned = {
        "loops": loop,
        "loop_cost_microusd": loop_cost,
        **dict.fromkeys(CUT),
        "repeated_failures": repeated,
        "repeat_cost_microusd": repeat_cost,
        "retries_exhausted": c["retries_exhausted"],
    }
    return reckoned | {name: figure for name, figure in told.items() if figure is not None}


def _cache(c: dict[str, int | None]) -> dict[str, int | None]:
    breaks, size, written = c["cache_breaks"], c["largest_prompt_tokens"], c["cache_break_tokens"]
    if written is None and breaks is not None and size is not None:
        written = breaks * size // 2
    return {
        "cold_restarts": c["cold_restarts"],
        "cold_restart_tokens": c["cold_restart_tokens"],
        "cache_breaks": breaks,
        "cache_break_tokens": written,
        **{name: c[name] for name in ("short_effort_requests", "short_effort_cost_microusd")},
    }


def _context(c: dict[str, int | None], requests: int | None, prompt: int) -> dict[str, int | None]:
    size, first, compactions = c["largest_prompt_tokens"], c["first_prompt_tokens"], c["compactions"]
    large = None if size is None or requests is None else int(size >= 120_000 and requests >= 20)
    above = prompt * (size - 80_000) // size * (size - 80_000) // size if large and size else large
    heavy = None if first is None else int(first >= 40_000)
    again = None if heavy is None or requests is None else 0
    if heavy and first and requests is not None:
        again = (first - 20_000) * (requests - 1)
    thrash = None if compactions is None else int(compactions > 0)
    told = {
        "large_sessions": None if c["long_requests"] is None else min(1, c["long_requests"]),
        "large_requests": c["long_requests"],
        "large_excess_tokens": c["long_excess_tokens"],
        "heavy_starts": c["heavy_starts"],
        "heavy_start_tokens": c["heavy_start_tokens"],
        "heavy_start_reread_tokens": c["heavy_start_resent_tokens"],
    }
    read, written = c["compaction_read_tokens"], c["compaction_written_tokens"]
    if read is None and compactions is not None and size is not None:
        read = compactions * size
    reckoned = {
        "large_sessions": large,
        "large_requests": requests if large else large,
        "large_excess_tokens": above,
        "thrashing_sessions": thrash,
        "thrash_compactions": compactions,
        "thrash_tokens": None if thrash is None or read is None else read * thrash,
        "thrash_written_tokens": written,
        "heavy_starts": heavy,
        "heavy_start_tokens": first - 20_000 if heavy and first else heavy,
        "heavy_start_reread_tokens": again,
        **{name: c[name] for name in ("pastes", "pasted_tokens", "pasted_resent_tokens")},
    }
    return reckoned | {name: figure for name, figure in told.items() if figure is not None}


def _open(told: Sequence[Sat]) -> dict[str, int | None]:
    cost, requests = _total(told, "cost_microusd"), _total(told, "requests")
    if cost is None or requests is None:
        return {"unattributed_sessions": None, "unattributed_cost_microusd": None}
    asks = cost >= 1_000_000 and requests >= 10 and not _total(told, "accepted")
    return {"unattributed_sessions": int(asks), "unattributed_cost_microusd": cost if asks else 0}


def _total(rows: Iterable[Sat], name: str) -> int | None:
    told = [value for row in rows if (value := getattr(row.counters, name)) is not None]
    return sum(told) if told else None


def _most(rows: Iterable[Sat], name: str) -> int | None:
    return max((value for row in rows if (value := getattr(row.happened, name)) is not None), default=None)


def _add(one: int | None, other: int | None) -> int | None:
    if one is None:
        return other
    return one if other is None else one + other
