"""Adds rows up to usage days, and prices what came without a price.

Called by `bot/store/usage.py` and by `bot/sources/files/usage.py`. Next: `bot/domain/adoption.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.people import identity_of
from bot.domain.prices import PriceBook
from bot.domain.roster import spelled
from bot.domain.usage import ANY_MODEL, UsageRow

REPORTED = "reported"
ESTIMATED = "estimated"


def add_up(rows: Iterable[UsageRow]) -> list[UsageRow]:
    """One row for each subject, day, tool and model; unknown plus a number is that number.

    A sum with an estimated part is an estimate. Ids that differ only in case are one
    subject where their source ignores case.
    """
    sums: dict[tuple[object, ...], UsageRow] = {}
    for row in rows:
        source, external_id = identity_of(row.subject)
        key = (source, spelled(source, external_id), row.day, row.tool, row.model)
        before = sums.get(key)
        sums[key] = row if before is None else _plus(before, row)
    return list(sums.values())


def add_up_priced(rows: Iterable[UsageRow], prices: PriceBook) -> list[UsageRow]:
    """`add_up`, with the list price of the tokens where no cost was reported; an unknown model stays without cost.

    What was reported and what was not are added up apart first, so that each model is priced once a day and a reported
    dollar is never counted again.
    """
    reported: list[UsageRow] = []
    silent: list[UsageRow] = []
    for row in rows:
        (silent if row.counters.cost_microusd is None else reported).append(row)
    paid = [replace(row, priced=REPORTED) for row in add_up(reported)]
    return add_up([*paid, *(_estimate(row, prices) for row in add_up(silent))])


def _estimate(row: UsageRow, prices: PriceBook) -> UsageRow:
    if row.model == ANY_MODEL:
        return row
    cost = prices.cost_microusd(row.model, row.day, row.counters)
    if cost is None:
        return row
    return replace(row, counters=replace(row.counters, cost_microusd=cost), priced=ESTIMATED)


def _plus(one: UsageRow, other: UsageRow) -> UsageRow:
    priced = ESTIMATED if ESTIMATED in (one.priced, other.priced) else one.priced or other.priced
    said = one.active is not None or other.active is not None
    active = (one.is_active or other.is_active) if said else None
    return replace(one, counters=one.counters.plus(other.counters), priced=priced, active=active)
