"""OpenAI's Codex analytics of a ChatGPT Enterprise workspace: what each person did with Codex on one UTC day.

The contract is behind a log-in of the vendor; what is read here is what others have seen of it, so every part but the
person and the day may be missing. Credits are not money and are not kept.
Called through `bot/sources/catalogue.py`. Next: `bot/sources/litellm.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from bot.domain.people import IdentitySource, subject
from bot.domain.usage import ANY_MODEL, Counters, UsageRow
from bot.sources.fields import count, next_page, record, records, text, unreadable
from bot.sources.http import JsonObject, cursor_pages, get_json, whole
from bot.sources.openai_api import FINAL_AFTER, LAG_DAYS, WHY_PENDING, bearer, seconds_of
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector, finality

TOOL = "codex"
PATH = "/v1/analytics/codex/workspaces/{workspace}/usage"
UNNAMED = "unnamed"
"""Stands for a person of whom a row says no more than that."""

_PERSON = "ACCOUNT_USER"


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All rows of `day`. Raises SourceError when the day cannot be read whole."""
    rows = whole(lambda: (row for entry in _entries(access, day) for row in _rows(day, entry)))
    return SourceDay(day, rows, *finality(access, day, FINAL_AFTER, WHY_PENDING))


CONNECTOR = UsageConnector(
    kind="codex",
    tools=(TOOL,),
    base_url="https://api.chatgpt.com",
    headers=bearer,
    fetch_day=fetch_day,
    repull_days=7,
    proof=Proof.DECLARED,
    lag_days=LAG_DAYS,
    needs=("account",),
)


def _entries(access: Access, day: date) -> Iterator[JsonObject]:
    path = PATH.format(workspace=quote(access.source.account or "", safe=""))
    first, after = seconds_of(day), seconds_of(day + timedelta(days=1))
    query = {"start_time": str(first), "end_time": str(after), "group_by": "day"}

    def ask(cursor: str | None) -> JsonObject:
        page = {} if cursor is None else {"page": cursor}
        return get_json(access.client, path, params={**query, **page}, wait=access.wait)

    for page in cursor_pages(ask, next_page):
        for entry in records(page, "data"):
            if _first_second(entry) not in (None, first):
                raise unreadable("a row of another day")
            yield entry


def _first_second(entry: JsonObject) -> int | None:
    """When the row's day begins: seconds, or a moment in ISO 8601; both have been seen."""
    said = entry.get("start_time")
    if not isinstance(said, str):
        return count(entry, "start_time")
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise unreadable("start_time is not a moment") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _rows(day: date, entry: JsonObject) -> Iterator[UsageRow]:
    """Threads, turns and lines are not split by model. Tokens are, unless the models do not add up to the whole."""
    whose, totals = _subject(entry), record(entry, "totals")
    lines = record(record(entry, "code_attribution"), "lines_of_code")
    behaviour = Counters(
        sessions=count(totals, "threads"), prompts=count(totals, "turns"), lines_added=count(lines, "added")
    )
    models = records(entry, "models", optional=True)
    by_model = [(text(part, "model") or "unknown", _tokens(part)) for part in models]
    whole_tokens = _tokens(totals)
    if not _adds_up(by_model, whole_tokens):
        by_model, behaviour = [], behaviour.plus(whole_tokens)
    for model, counters in (*by_model, (ANY_MODEL, behaviour)):
        if counters != Counters():
            yield UsageRow(whose, day, TOOL, model, counters)


def _tokens(part: JsonObject) -> Counters:
    return Counters(
        input_tokens=count(part, "uncached_text_input_tokens"),
        cache_read_tokens=count(part, "cached_text_input_tokens"),
        output_tokens=count(part, "text_output_tokens"),
    )


def _adds_up(by_model: list[tuple[str, Counters]], whole_tokens: Counters) -> bool:
    """Whether the models' tokens are all of those that the totals know."""
    summed = Counters()
    for _, counters in by_model:
        summed = summed.plus(counters)
    known = [field.name for field in fields(whole_tokens) if getattr(whole_tokens, field.name) is not None]
    return all(getattr(summed, name) == getattr(whole_tokens, name) for name in known)


def _subject(entry: JsonObject) -> str:
    actor = record(entry, "actor")
    kind, email = text(actor, "type"), text(actor, "email")
    user = text(actor, "user_id") or text(entry, "user_id")
    if email is not None and kind in (None, _PERSON):
        return subject(IdentitySource.EMAIL, email.casefold())
    if user is not None:
        return subject(IdentitySource.OPENAI, user)
    if kind == _PERSON:
        return subject(IdentitySource.OPENAI, UNNAMED)  # somebody, so that the silence of others proves nothing
    # A kind of actor that we do not know: its use is kept, so that sums agree, and belongs to nobody.
    return subject(IdentitySource.OTHER, f"codex_actor {kind or 'unknown'}")
