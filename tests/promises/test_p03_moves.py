"""P3: no way to look better without working better, played by everybody of an invented company at once.

The moves and what is compared stand in `tests/moves.py`. `make test` lets 40 people play, `make prove` 400, and
prints the table of docs/evidence/judgement.md.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.domain.usage import Counters
from bot.domain.waste import ledger, look
from bot.domain.waste.ledger import Settled
from bot.sources.invented.company import InventedCompany
from bot.store.database import Store
from tests import moves
from tests.by_hand import LAST_DAY, UTC_WEEK, PriceList, Used, covered, days_before, window_of
from tests.moves import MOVES, Score

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
PEOPLE = int(os.environ.get("KINDLING_PROVE_PLAYERS", "400"))
NEVER = {"state", "words"}
"""What no move may change at all."""
PURE = (
    "requests × 10",
    "sessions × 10",
    "spend × 10",
    "everything × 10",
    "each session cut in two",
    "the same events sent again",
)
"""Moves after which every dollar of waste must stand as well."""


def hold(scores: dict[str, Score]) -> None:
    """States and words stand whatever is played; dollars stand wherever nothing but volume was added."""
    assert {} == {name: won for name, score in scores.items() if (won := NEVER & score.better.keys())}
    dollars = {"wasted", "wasted + optimizable"}
    assert {} == {name: won for name in PURE if (won := dollars & scores[name].better.keys())}
    assert +scores["the same events sent again"].better == {}


def test_nobody_looks_better_for_a_move(sqlite_store: Store) -> None:
    """After each move states and words are the same for everybody, and pure volume takes no dollar away."""
    scores = moves.play(sqlite_store, InventedCompany(seed=5, size=40, now=NOW), cards=4)

    assert len(MOVES) == len(scores)
    assert all(score.cases > 10 for score in scores.values())
    hold(scores)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_a_large_company_plays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same with a company of 400; prints the cases and what was won."""
    store = Store(f"sqlite:///{tmp_path / 'moves.db'}")
    store.upgrade()
    scores = moves.play(store, InventedCompany(seed=6, size=PEOPLE, now=NOW), cards=40)
    store.close()
    with capsys.disabled():
        sys.stdout.write(f"\n\n{moves.table(scores)}\n")
    hold(scores)


# ---------------------------------------------------------------- moves that still help, as small as they can be made


def day_of_work(day: date, **more: int) -> Used:
    """A day of frontier work with a poor hit rate, paid at list price."""
    told = Counters(requests=40, input_tokens=1_500_000, cache_read_tokens=500_000, cache_write_tokens=500_000)
    told = replace(told, output_tokens=20_000, **more)
    return Used(day, counters=replace(told, cost_microusd=PriceList().cost_microusd("large", day, told)))


WORK = [day_of_work(day) for day in days_before(*range(1, 21), 110)]


def settled(rows: list[Used]) -> Settled:
    """The ledgers of somebody with a year of use."""
    window = window_of(rows, LAST_DAY)
    known = covered("claude_code", "anthropic_api", "gemini_cli")
    standing = moves.standing(window, known, UTC_WEEK)
    looked = look(window=window, seats=(), calendar=UTC_WEEK, standing=standing, prices=PriceList())
    return ledger.settle(
        looked.findings,
        spend=ledger.spend_of(window, ()),
        first_active_on=date(2025, 1, 1),
        last_day=LAST_DAY,
    )


def waste(rows: list[Used]) -> int:
    found = settled(rows)
    return found.wasted_microusd + found.optimizable_microusd


DILUTED = "a share of all tokens can be diluted by tokens that nobody needs"


@pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"W15: {DILUTED}")
def test_reading_from_the_cache_for_nothing_hides_nothing() -> None:
    """Dummy requests that read 20 M tokens a day from the cache leave the poor hit rate of the real work as it is."""
    more = [replace(row, counters=replace(row.counters, requests=400)) for row in WORK]
    dummy = [
        Used(row.day, counters=Counters(requests=400, cache_read_tokens=20_000_000, cost_microusd=10_000_000))
        for row in more
    ]

    assert waste(WORK) > 0
    assert waste(WORK) <= waste(WORK + dummy)


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="P7's 20 % of the whole cost grow with any spend, P3 wants them not to help",
)
def test_spending_elsewhere_forgives_nothing_here() -> None:
    """$40 a day for something else do not make the waste of the real work exploration."""
    other = [
        Used(row.day, tool="anthropic_api", model="nobody-knows", counters=Counters(cost_microusd=40_000_000))
        for row in WORK
    ]

    assert waste(WORK) <= waste(WORK + other)


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="W15 asks for 1 M prompt tokens a week of each tool by itself"
)
def test_half_the_work_through_a_second_tool_hides_nothing() -> None:
    """The same work, half of it by way of another tool, is the same waste."""
    small = [replace(row, counters=_part(row.counters, 10)) for row in WORK]
    dear = [replace(row, counters=replace(row.counters, cost_microusd=30_000_000)) for row in small]
    halves = [replace(row, counters=_part(row.counters, 2)) for row in dear]

    assert waste(dear) > 0
    assert waste(dear) <= waste(halves + [replace(row, tool="gemini_cli") for row in halves])


def _part(counters: Counters, parts: int) -> Counters:
    return Counters(**{name: value // parts for name, value in vars(counters).items() if value is not None})
