"""One request of a tool's telemetry: read it, find out whose it is, keep what is new. All of it, or nothing.

Whose: the address that the tool itself signed in with; else its account's id, if a directory told us whose that is;
else what the company declared on the machine; else nobody's. Never guessed: an installation's id is not a person.
Called by `bot/transports/otlp.py`, which `bot/app.py` hands it to. Next: `bot/store/pushed.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.increments import Increment, Whose
from bot.domain.people import IdentitySource, identity_of, subject
from bot.domain.prices import PriceBook
from bot.domain.usage import ANY_MODEL
from bot.sources.otlp import decode, tools
from bot.sources.otlp.answers import Signal
from bot.store import identities, pushed
from bot.store.database import Session, Store
from bot.store.pushed import Owned

UNATTRIBUTED = "not attributed"


@dataclass(frozen=True)
class Receipt:
    """What became of a request: how many points were new, how many were refused, and why."""

    counted: int = 0
    refused: int = 0
    reason: str = ""


def receive(store: Store, *, signal: Signal, body: bytes, as_json: bool, now: datetime, prices: PriceBook) -> Receipt:
    """Keep what one unpacked request holds. The same request again counts nothing.

    Raises UnreadableError when it is not OTLP, DatabaseError when it cannot be kept now; nothing was kept then.
    """
    if signal is Signal.TRACES:
        return Receipt()
    read = decode.metrics if signal is Signal.METRICS else decode.logs
    batch = read(body, as_json=as_json, now=now)
    increments = [_priced(increment, prices) for increment in tools.increments(batch.readings)]
    counted = 0
    if increments:
        with store.begin() as session:
            counted = pushed.keep(session, pushed=_owned(session, increments), shown=tools.SHOWN, now=now)
    return Receipt(counted, batch.refused.total(), "; ".join(f"{n} {why}" for why, n in sorted(batch.refused.items())))


def _priced(increment: Increment, prices: PriceBook) -> Increment:
    """With the list price of its tokens, where the tool tells no money itself."""
    if not increment.list_priced or increment.model == ANY_MODEL or increment.counters.cost_microusd is not None:
        return increment
    cost = prices.cost_microusd(increment.model, increment.at.date(), increment.counters)
    return replace(increment, counters=replace(increment.counters, cost_microusd=cost))


def _owned(session: Session, increments: Iterable[Increment]) -> list[Owned]:
    listed = list(increments)
    known = _known_accounts(session, {one.whose.account for one in listed if one.whose.account})
    return [_of(increment, _subject(increment.whose, known)) for increment in listed]


def _known_accounts(session: Session, accounts: set[str]) -> set[str]:
    """Those accounts of a vendor that a directory has tied to somebody."""
    by_source: dict[IdentitySource, dict[str, str]] = defaultdict(dict)
    for account in accounts:
        source, external_id = identity_of(account)
        by_source[source][external_id] = account
    return {
        ids[external_id]
        for source, ids in by_source.items()
        for external_id in identities.resolve(session, source=source, ids=ids)
    }


def _subject(whose: Whose, known: set[str]) -> str | None:
    """An account that nobody has listed yet is believed after what the company declared, and found again when it is."""
    account = whose.account if whose.account in known else None
    return whose.email or account or whose.declared or whose.account


def _of(increment: Increment, whose: str | None) -> Owned:
    nobody = subject(IdentitySource.OTHER, f"{increment.tool} {UNATTRIBUTED}")
    return Owned(whose or nobody, increment, is_somebody=whose is not None)
