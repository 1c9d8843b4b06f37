"""What `kindling doctor` says of each source: key, rights, clock, freshness, coverage, money. Nobody's name or figure.

One question is asked of each source, and only its first answer is waited for. Called by `bot/doctor.py`.
Next: `bot/sources/catalogue.py`, `bot/store/health.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import bot.sources.shape as shapes
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.catalogue import FirstAnswer
from bot.sources.shape import Connector, Proof, UsageConnector
from bot.store import billing, exclusions, health
from bot.store.database import Store

FRESH_DAYS = 3
"""A source that is later than it need be by more than this makes people `unknown`, and Kindling falls silent."""
MOST_SKEW_S = 120.0
"""Two minutes of difference between our clock and a source's: days would begin and end at the wrong time."""
A_CROWD = 5
"""Money of fewer people than this is not shown, not even as a sum (P10)."""

_LOOK_BACK = timedelta(days=28)
_WHAT_TO_DO = {
    401: "the key is refused: make a new one, as docs/sources/{kind}.md says",
    403: "the key lacks a right: docs/sources/{kind}.md names the rights it needs",
    404: "there is nothing at this address: look at base_url and account",
    429: "it asks us to wait: nothing to do, the next night tries again",
}


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, whether it is right, what was found or is to be done."""

    name: str
    ok: bool
    finding: str


def of_settings(sources: Sequence[SourceConfig], now: datetime) -> Iterator[Check]:
    """Whether each source of the settings can be asked, and answers."""
    if not sources:
        yield Check("sources", True, "none is set up; usage comes from files")
    for source in sources:
        try:
            connector = catalogue.connector_of(source)
        except InputError as error:
            yield Check(f"source {source.name} set up", False, str(error))
            continue
        yield Check(f"source {source.name} set up", True, _proof(source, connector))
        yield from _answers(source, connector, now)


def of_data(store: Store, now: datetime) -> Iterator[Check]:
    """How each source that was ever read is doing."""
    since = (now - _LOOK_BACK).date()
    with store.read() as session:
        runs = health.last_runs(session)
        reaches = health.reaches(session, since=since)
        unmapped = health.unmapped_counts(session)
        left_out = exclusions.how_many(session)
        reconciled = billing.reconcile(session, first=since, last=(now - timedelta(days=2)).date())
        differing = billing.differences(session, first=since, last=(now - timedelta(days=2)).date())
    for run in runs:
        why = f": {run.message}" if run.message and run.status != "done" else ""
        yield Check(f"source {run.source}", run.status != "failed", f"{run.status} on {_day(run.started_at)}{why}")
    yield from (_coverage(reach, now) for reach in reaches)
    if unmapped:
        found = ", ".join(f"{count} of {source}" for source, count in unmapped.items())
        yield Check(
            "ids of nobody", True, f"{found}; `kindling doctor --unmapped` lists them, docs/how-to/who-is-who.md"
        )
    if left_out:  # what is missing in the rows would be what they cost (P1)
        yield Check("bills", True, "not compared with the rows, for somebody is left out of these")
    else:
        yield from (_money(one) for one in reconciled if one.people >= A_CROWD)
    for one in differing:
        told = f"{one.percent} % apart on the same days of the same people; {one.first_source} is the one that counts"
        yield Check(f"{one.first_source} and {one.second_source}, {one.tool}", False, told)


def _proof(source: SourceConfig, connector: Connector) -> str:
    if not isinstance(connector, UsageConnector):
        return "complete"
    declared = f"{len(source.covers)} entries of covers"
    return {
        Proof.NOBODY: "proves use only, by its nature",
        Proof.LISTED: "can prove a zero for whom it lists",
        Proof.DECLARED: f"can prove a zero for {declared}" if source.covers else "proves use only: covers is empty",
        Proof.DECLARED_AND_LISTED: f"can prove a zero for whom it lists among {declared}"
        if source.covers
        else "proves use only: covers is empty",
    }[connector.proof]


def _answers(source: SourceConfig, connector: Connector, now: datetime) -> Iterator[Check]:
    name = f"source {source.name} answers"
    try:
        answer = catalogue.first_answer(source, _question(connector, now), now=now)
    except SourceError as error:
        yield Check(name, False, f"{error} Look at base_url and at the way there (network, proxy).")
        return
    if answer is None:
        yield Check(name, True, "read from this machine")
        return
    if not 200 <= answer.status < 300:
        todo = _WHAT_TO_DO.get(answer.status, "it does not work as documented: try again later").format(
            kind=source.kind
        )
        yield Check(name, answer.status == 429, f"{answer.status}: {todo}")
        return
    yield Check(name, True, "the key is accepted")
    skew_s = _skew_s(answer)
    if skew_s is not None:
        right = abs(skew_s) <= MOST_SKEW_S
        told = "agrees with ours" if right else f"is {skew_s:.0f} s ahead of ours: set this machine's clock (NTP)"
        yield Check(f"source {source.name} clock", right, told)


def _question(connector: Connector, now: datetime) -> Callable[[shapes.Access], object]:
    """The cheapest question of a connector; only its first request is made."""
    today = now.astimezone(UTC).date()
    day = today - timedelta(days=2)
    if isinstance(connector, shapes.RosterConnector):
        return lambda access: tuple(connector.fetch_people(access))
    if isinstance(connector, shapes.LeaveConnector):
        return lambda access: tuple(connector.fetch_absences(access, first=day, last=day))
    if isinstance(connector, shapes.OutcomeConnector):
        return lambda access: tuple(connector.fetch_outcomes(access, first=day, last=day))
    return lambda access: connector.fetch_day(access, day=day - timedelta(days=connector.lag_days))


def _skew_s(answer: FirstAnswer) -> float | None:
    """How many seconds the source's clock is ahead of the real time here; None when it does not say."""
    try:
        theirs = parsedate_to_datetime(answer.date)
    except ValueError:
        return None
    return theirs.timestamp() - time.time()


def _coverage(reach: health.Reach, now: datetime) -> Check:
    late = None if reach.last_covered_on is None else (now.date() - reach.last_covered_on).days - reach.lag_days
    fresh = late is not None and late <= FRESH_DAYS
    days = ", ".join(f"{count} {status}" for status, count in reach.days_by_status.items())
    last = reach.last_covered_on.isoformat() if reach.last_covered_on else "no day"
    todo = "" if fresh else "; read it again with `kindling collect`, or import what is missing"
    return Check(f"coverage {reach.source} {reach.tool}", fresh, f"28 days: {days}; finished up to {last}{todo}")


def _money(one: billing.Reconciled) -> Check:
    dollars, percent = one.gap_microusd / 1_000_000, _percent(one.gap_microusd, one.billed_microusd)
    told = f"over {one.days} days {percent:+.1f} % ({dollars:+,.0f} dollars) of what was billed is in no row"
    return Check(f"bill of {one.source}", abs(percent) <= 5, told)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
