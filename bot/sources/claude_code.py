"""Anthropic's Claude Code report: who used Claude Code on one UTC day, with what tokens, cost and accepted edits.

One request covers one day, in pages. People who log in with a claude.ai subscription do not appear in it, so a missing
row proves nothing by itself: whom this source covers is declared in the settings (`covers`).
Called through `bot/sources/catalogue.py`. Next: `jobs/collect_usage.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from bot.domain.people import IdentitySource, subject
from bot.domain.usage import ANY_MODEL, Counters, UsageRow
from bot.domain.usage_sums import REPORTED
from bot.sources.anthropic_api import BASE_URL, PAGE_ROWS, headers, pages
from bot.sources.fields import MICROUSD_PER_CENT, count, microusd, record, records, unreadable
from bot.sources.http import JsonObject, whole
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector, finality

TOOL = "claude_code"
PATH = "/v1/organizations/usage_report/claude_code"
FINAL_AFTER = timedelta(hours=1)
"""Rows younger than an hour are withheld by the server: a day is final an hour after its end."""

UNNAMED = "unnamed"
"""Stands for a person of whom the report says no more than that."""

_PERSON = "user_actor"


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All rows of `day`. Final (COVERED) when `day` ended at least an hour before the access's moment.

    One person may have several rows of one model (local and remote use, several terminals): whoever keeps them adds
    them up. Raises SourceError when the day cannot be read whole. A page cursor that ran out begins the day anew, once.
    """
    rows = whole(lambda: _rows(day, _entries(access, day)))
    return SourceDay(day, rows, *finality(access, day, FINAL_AFTER, "the day is not over at the source"))


CONNECTOR = UsageConnector(
    kind="claude_code",
    tools=(TOOL,),
    base_url=BASE_URL,
    headers=headers,
    fetch_day=fetch_day,
    repull_days=3,
    proof=Proof.DECLARED,
)


def _entries(access: Access, day: date) -> Iterator[JsonObject]:
    for page in pages(access, PATH, {"starting_at": day.isoformat(), "limit": str(PAGE_ROWS)}):
        for entry in records(page, "data"):
            _check_day(entry, day)
            yield entry


def _check_day(entry: JsonObject, day: date) -> None:
    said = entry.get("date")
    if said is not None and str(said)[:10] != day.isoformat():
        raise unreadable("a row of another day")


def _rows(day: date, entries: Iterable[JsonObject]) -> Iterator[UsageRow]:
    """What the report says of a person as a whole stands in a row of ANY_MODEL."""
    for entry in entries:
        whose = _subject(entry)
        for model, counters in (*_by_model(entry), (ANY_MODEL, _behaviour(entry))):
            priced = None if counters.cost_microusd is None else REPORTED
            if counters != Counters():
                yield UsageRow(whose, day, TOOL, model, counters, priced)


def _subject(entry: JsonObject) -> str:
    actor = record(entry, "actor")
    if actor.get("email_address"):
        return subject(IdentitySource.EMAIL, str(actor["email_address"]).strip().casefold())
    if actor.get("api_key_name"):
        return subject(IdentitySource.API_KEY_NAME, str(actor["api_key_name"]))
    if actor.get("type") == _PERSON:
        return subject(IdentitySource.ANTHROPIC, UNNAMED)  # somebody, so that the silence of others proves nothing
    # A kind of actor that we do not know: its use is kept, so that sums agree, and belongs to nobody.
    return subject(IdentitySource.OTHER, f"actor_type {actor.get('type') or 'unknown'}")


def _by_model(entry: JsonObject) -> Iterator[tuple[str, Counters]]:
    for part in records(entry, "model_breakdown", optional=True):
        tokens = record(part, "tokens")
        yield (
            str(part.get("model") or "unknown"),
            Counters(
                input_tokens=count(tokens, "input"),
                cache_read_tokens=count(tokens, "cache_read"),
                cache_write_tokens=count(tokens, "cache_creation"),
                output_tokens=count(tokens, "output"),
                cost_microusd=_cost_microusd(record(part, "estimated_cost")),
            ),
        )


def _behaviour(entry: JsonObject) -> Counters:
    counters = Counters(sessions=count(record(entry, "core_metrics"), "num_sessions"))
    actions = record(entry, "tool_actions")
    for tool in actions:
        edits = record(actions, tool)
        counters = counters.plus(Counters(accepted=count(edits, "accepted"), rejected=count(edits, "rejected")))
    return counters


def _cost_microusd(cost: JsonObject) -> int | None:
    """Reported in cents. Another currency than dollars is not known to us as money."""
    if str(cost.get("currency", "USD")).upper() != "USD":
        return None
    return microusd(cost, "amount", per_unit=MICROUSD_PER_CENT)
