"""P3: no way to look better without working better, played by everybody of an invented company at once.

The moves stand in `tests/moves.py`, what is compared in `tests/attempts.py`. `make test` lets 20 people play, `make
prove` 400, and 400 more in whose sessions everything goes wrong; it prints the tables of docs/evidence/judgement.md.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.usage import Counters
from bot.domain.waste import ledger, look
from bot.domain.waste.ledger import Settled
from bot.sources.invented.company import InventedCompany
from bot.sources.invented.sessions import PATTERNS
from bot.store.database import Store
from tests import attempts
from tests.attempts import Score
from tests.by_hand import LAST_DAY, UTC_WEEK, PriceList, Used, covered, days_before, window_of
from tests.moves import MOVES

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
PEOPLE = int(os.environ.get("KINDLING_PROVE_PLAYERS", "400"))
GONE_WRONG = frozenset(PATTERNS)
SEEDS = tuple(int(seed) for seed in os.environ.get("KINDLING_PROVE_SEEDS", "6").split(","))
NEVER = {"state", "words", "wasted", "wasted + optimizable"}
"""What no move may make look better, or change at all in the case of the first two."""


def hold(scores: dict[str, Score]) -> None:
    """States, words and both sums stand, whatever is played and whoever plays it."""
    won = {name: NEVER & score.better.keys() for name, score in scores.items()}
    assert {} == {name: ways for name, ways in won.items() if ways}
    assert +scores["the same events sent again"].better == {}


def test_nobody_looks_better_for_a_move(sqlite_store: Store) -> None:
    """After each move states and words are the same for everybody, and no sum of waste has become smaller."""
    scores = attempts.play(sqlite_store, InventedCompany(seed=5, size=20, now=NOW), cards=4, patterns=GONE_WRONG)

    assert len(MOVES) == len(scores)
    assert all(score.cases > 5 for score in scores.values())
    hold(scores)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("patterns", [frozenset[str](), GONE_WRONG], ids=["as they are", "everything goes wrong"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_large_company_plays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int, patterns: frozenset[str]
) -> None:
    """The same with a company of 400; prints the cases and what was won."""
    store = Store(f"sqlite:///{tmp_path / 'moves.db'}")
    store.upgrade()
    company = InventedCompany(seed=seed, size=PEOPLE, now=NOW)
    scores = attempts.play(store, company, cards=40, patterns=patterns)
    store.close()
    with capsys.disabled():
        sys.stdout.write(f"\n\nSeed {seed}\n{attempts.table(scores)}\n")
    hold(scores)


# ---------------------------------------------------------------- moves that once helped, as small as they can be made


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
    standing = attempts.standing(window, known, UTC_WEEK)
    work = [WorkDone("wiki", OutcomeKind.DOCUMENT, days_before(27)[0])]
    looked = look(window=window, seats=(), calendar=UTC_WEEK, standing=standing, prices=PriceList(), work=work)
    return ledger.settle(
        looked.findings,
        spend=ledger.spend_of(window, ()),
        first_active_on=date(2025, 1, 1),
        last_day=LAST_DAY,
    )


def sums(rows: list[Used]) -> tuple[int, int]:
    found = settled(rows)
    return found.wasted_microusd, found.wasted_microusd + found.optimizable_microusd


def suggested(rows: list[Used]) -> dict[str, int | None]:
    """The suggestions and the upper ends of their ranges."""
    return {one.detector: one.high_microusd for one in settled(rows).counted if one.is_suggestion}


def test_reading_from_the_cache_for_nothing_ends_a_suggestion_and_changes_no_sum() -> None:
    """20 M tokens a day read from the cache for nothing make the hit rate of W15 a good one. That is the limit of
    every rule about shares (docs/reference/rules.md), and the reason why it counts in no sum.
    """
    dummy = [
        Used(row.day, counters=Counters(requests=400, cache_read_tokens=20_000_000, cost_microusd=10_000_000))
        for row in WORK
    ]

    assert "W15" in suggested(WORK)
    assert "W15" not in suggested(WORK + dummy)
    assert (0, 0) == sums(WORK) == sums(WORK + dummy)


def test_spending_elsewhere_forgives_nothing_here() -> None:
    """$40 a day for something else take no dollar out of a day of 5,000 requests that led nowhere."""
    other = [
        Used(row.day, tool="anthropic_api", model="nobody-knows", counters=Counters(cost_microusd=40_000_000))
        for row in WORK
    ]
    runaway = Used(
        days_before(24)[0], model="little", counters=Counters(requests=5_000, input_tokens=1, cost_microusd=300_000_000)
    )

    assert (58_000_000, 58_000_000) == sums([*WORK, runaway])
    assert sums([*WORK, runaway]) <= sums([*WORK, runaway, *other])


def test_half_the_work_through_a_second_tool_hides_no_dollar() -> None:
    """Half of 5,000 requests by way of another tool are the same waste."""
    whole = Used(
        days_before(24)[0], model="little", counters=Counters(requests=5_000, input_tokens=2, cost_microusd=300_000_000)
    )
    half = replace(whole, counters=_part(whole.counters, 2))

    assert (58_000_000, 58_000_000) == sums([*WORK, whole])
    assert sums([*WORK, whole]) == sums([*WORK, half, replace(half, tool="gemini_cli")])


def _part(counters: Counters, parts: int) -> Counters:
    return Counters(**{name: value // parts for name, value in vars(counters).items() if value is not None})
