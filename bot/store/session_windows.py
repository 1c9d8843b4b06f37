"""The sessions of many people, summed for the detectors by the database: work grows with people, not with sessions.

Called by `jobs/detect.py` and `bot/store/scorecard.py`. Two statements a shard: which sources there are, and the sums
by person, day, tool and main model; that one is put together once for a set of sources and kept.
Next: `bot/domain/session_sums.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session

from bot.domain import precedence
from bot.domain.session_sums import (
    CUT,
    EASY_PROMPT_TOKENS,
    FAILURES_OF_A_LOOP_FORGIVEN,
    HEAVY_START_TOKENS,
    LARGE_PROMPT_TOKENS,
    LIGHT_START_TOKENS,
    LOOP_STREAK,
    MIN_REQUESTS_OF_A_LARGE_SESSION,
    MIN_UNATTRIBUTED_REQUESTS,
    SUMMED,
    UNATTRIBUTED_MICROUSD,
    SessionSums,
)
from bot.domain.usage import WINDOW_DAYS, SessionCounters
from bot.store.tables import SessionFactsRow, SourceRow

_HAPPENED = tuple(SessionCounters.__dataclass_fields__)
_FIGURES = ("requests", "accepted", "cost_microusd")
_PROMPT = ("input_tokens", "cache_read_tokens", "cache_write_tokens")
_OWN_KIND = {name: name for name in precedence.NO_CONNECTOR}

Column = ColumnElement[Any]
Kinds = frozenset[tuple[str, str]]
"""Each source's name, with its kind."""


def load(session: Session, *, person_ids: Collection[int], last_day: date) -> dict[int, tuple[SessionSums, ...]]:
    """The sums of the 28 days that end on `last_day`; people of whom no session is known are left out.

    For one person, tool and day one kind of source speaks, so that the same session told twice counts once.
    """
    kinds = frozenset((name, kind) for name, kind in session.execute(select(SourceRow.name, SourceRow.kind)))
    first_day = last_day - timedelta(days=WINDOW_DAYS - 1)
    asked = {"person_ids": list(person_ids), "first_day": first_day, "last_day": last_day}
    found: dict[int, list[SessionSums]] = defaultdict(list)
    for row in session.execute(_statement(kinds), asked):
        found[row.person_id].append(SessionSums(row.day, row.tool, row.model, *row[-len(SUMMED) :]))
    return {
        person_id: tuple(sorted(sums, key=lambda one: (one.day, one.tool, one.model)))
        for person_id, sums in found.items()
    }


@lru_cache(maxsize=8)
def _statement(kinds: Kinds) -> Select[Any]:
    whole = _sessions(_by_model(), kinds)
    of = whole.c
    return (
        select(of.person_id, of.day, of.tool, of.model, *_sums(whole))
        .where(of.place == of.first_place)
        .group_by(of.person_id, of.day, of.tool, of.model)
    )


def _by_model() -> CTE:
    """Each session's models, summed over its days. What happened in a session stands with its main model only."""
    table = SessionFactsRow
    prompt = [func.coalesce(getattr(table, name), 0) for name in _PROMPT]
    session = (table.person_id, table.source, table.tool, table.session_key)
    return (
        select(
            *session,
            table.model,
            func.min(table.day).label("first_day"),
            *(cast(func.sum(getattr(table, name)), BigInteger).label(name) for name in _FIGURES),
            cast(func.sum(prompt[0] + prompt[1] + prompt[2]), BigInteger).label("prompt_tokens"),
            *(func.max(getattr(table, name)).label(name) for name in _HAPPENED),
        )
        .where(
            table.person_id.in_(bindparam("person_ids", expanding=True)),
            table.day.between(bindparam("first_day", type_=Date), bindparam("last_day", type_=Date)),
        )
        .group_by(*session, table.model)
        .cte("by_model")
    )


def _sessions(models: CTE, kinds: Kinds) -> CTE:
    """One row a session, by its main model, on the day it began; `place` and `first_place` say whose word counts."""
    of = models.c
    session = (of.person_id, of.source, of.tool, of.session_key)
    told = or_(*(of[name].is_not(None) for name in _HAPPENED))
    main_first = (case((told, 0), else_=1), func.coalesce(of.requests, 0).desc(), of.model)
    of_kind = sorted({**_OWN_KIND, **dict(kinds)}.items())
    places = {name: precedence.rank(kind, precedence.FIGURES) for name, kind in of_kind}
    ranked = select(
        models,
        func.row_number().over(partition_by=session, order_by=main_first).label("turn"),
        func.min(of.first_day).over(partition_by=session).label("day"),
        *(cast(func.sum(of[name]).over(partition_by=session), BigInteger).label(f"all_{name}") for name in _FIGURES),
        case(places, value=of.source, else_=len(precedence.FIGURES)).label("place"),
    ).cte("ranked")
    same = (ranked.c.person_id, ranked.c.day, ranked.c.tool)
    return (
        select(ranked, func.min(ranked.c.place).over(partition_by=same).label("first_place"))
        .where(ranked.c.turn == 1)
        .cte("sessions")
    )


def _sums(whole: CTE) -> list[Column]:
    """The columns of `SessionSums`, in their order."""
    columns = {"sessions": func.count()} | _trouble(whole) | _cache(whole) | _context(whole) | _unattributed(whole)
    return [cast(func.sum(columns[name]) if name != "sessions" else columns[name], BigInteger) for name in SUMMED]


def _trouble(whole: CTE) -> dict[str, Column]:
    """W04, W05, W24: tool calls that failed on and on, and requests that were given up."""
    of = whole.c
    # Where no request tells its cost, or it was not counted yet: as if every call of the session had cost the same.
    is_loop = of.longest_failure_streak >= LOOP_STREAK
    beyond = of.longest_failure_streak - FAILURES_OF_A_LOOP_FORGIVEN
    return {
        "loops": func.coalesce(of.failure_loops, _where(is_loop, 1, of.longest_failure_streak)),
        "loop_cost_microusd": func.coalesce(
            of.failure_loop_cost_microusd,
            _where(is_loop, _share(of, beyond), of.longest_failure_streak, of.cost_microusd),
        ),
        **{name: of[name] for name in CUT},
        "repeated_failures": of.repeated_failures,
        "repeat_cost_microusd": func.coalesce(
            of.repeat_cost_microusd,
            _where(of.repeated_failures > 0, _share(of, of.repeated_failures), of.repeated_failures, of.cost_microusd),
        ),
        "retries_exhausted": of.retries_exhausted,
    }


def _cache(whole: CTE) -> dict[str, Column]:
    """W13, W14, W11: context that was written to the cache again, and more effort than the answer shows."""
    of = whole.c
    # Of sessions from before it was counted what a break wrote: half of the largest request.
    return {
        "cold_restarts": of.cold_restarts,
        "cold_restart_tokens": of.cold_restart_tokens,
        "cache_breaks": of.cache_breaks,
        "cache_break_tokens": func.coalesce(of.cache_break_tokens, of.cache_breaks * of.largest_prompt_tokens // 2),
        "short_effort_requests": of.short_effort_requests,
        "short_effort_cost_microusd": of.short_effort_cost_microusd,
    }


def _context(whole: CTE) -> dict[str, Column]:
    """W16, W17, W18, W21: long conversations, forced compactions, heavy first requests and pasted data."""
    of = whole.c
    size, first, compactions = of.largest_prompt_tokens, of.first_prompt_tokens, of.compactions
    is_large = and_(size >= LARGE_PROMPT_TOKENS, of.requests >= MIN_REQUESTS_OF_A_LARGE_SESSION)
    # Of sessions from before each request was counted: a conversation that grows evenly up to `size` has
    # ((size - easy) / size)^2 of its reading above the easy size.
    above = of.prompt_tokens * (size - EASY_PROMPT_TOKENS) // size * (size - EASY_PROMPT_TOKENS) // size
    is_heavy = first >= HEAVY_START_TOKENS
    beyond = first - LIGHT_START_TOKENS
    # Of sessions from before it was counted what each compaction read: at most the largest request.
    read = func.coalesce(of.compaction_read_tokens, compactions * size)
    return {
        "large_sessions": func.coalesce(
            case((of.long_requests > 0, 1), (of.long_requests == 0, 0)), _where(is_large, 1, size, of.requests)
        ),
        "large_requests": func.coalesce(of.long_requests, _where(is_large, of.requests, size, of.requests)),
        "large_excess_tokens": func.coalesce(of.long_excess_tokens, _where(is_large, above, size, of.requests)),
        "thrashing_sessions": _where(compactions > 0, 1, compactions),
        "thrash_compactions": compactions,
        "thrash_tokens": _where(compactions > 0, read, compactions, read),
        "thrash_written_tokens": of.compaction_written_tokens,
        "heavy_starts": func.coalesce(of.heavy_starts, _where(is_heavy, 1, first)),
        "heavy_start_tokens": func.coalesce(of.heavy_start_tokens, _where(is_heavy, beyond, first)),
        "heavy_start_reread_tokens": func.coalesce(
            of.heavy_start_resent_tokens, _where(is_heavy, beyond * (of.requests - 1), first, of.requests)
        ),
        **{name: of[name] for name in ("pastes", "pasted_tokens", "pasted_resent_tokens")},
    }


def _unattributed(whole: CTE) -> dict[str, Column]:
    """W25: sessions of some size in which nothing that we can see was accepted."""
    of = whole.c
    asks = and_(
        of.all_cost_microusd >= UNATTRIBUTED_MICROUSD,
        of.all_requests >= MIN_UNATTRIBUTED_REQUESTS,
        func.coalesce(of.all_accepted, 0) == 0,
    )
    return {
        "unattributed_sessions": _where(asks, 1, of.all_cost_microusd, of.all_requests),
        "unattributed_cost_microusd": _where(asks, of.all_cost_microusd, of.all_cost_microusd, of.all_requests),
    }


def _where(condition: Column, value: Any, *inputs: Column) -> Column:
    """`value` where `condition` holds and 0 elsewhere; NULL where an input is unknown, for that is not zero."""
    unknown = or_(*(one.is_(None) for one in inputs))
    return case((unknown, null()), (condition, value), else_=0)


def _share(of: Any, calls: Column) -> Column:
    """The cost of `calls` of a session's tool calls, as if all of them had cost the same."""
    all_calls: Column = case((of.tool_calls > calls, of.tool_calls), else_=calls)
    part: Column = of.cost_microusd * calls // all_calls
    return part
