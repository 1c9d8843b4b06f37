"""Claude Enterprise's activity report: who did what in chat, Claude Code, Cowork and the office add-ins on one UTC day.

This is where people appear who log in with a claude.ai seat. It has no tokens, no money and no models: those come from
`bot/sources/anthropic_analytics.py`. Called through `bot/sources/catalogue.py`. Next: `jobs/collect.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import Member
from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.errors import SourceError
from bot.sources import anthropic_api as api
from bot.sources.fields import count, record, records, text
from bot.sources.http import JsonObject, whole
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector

PATH = "/v1/organizations/analytics/users"
LAG_DAYS = 3


class _NotReadyError(Exception):
    """The day is refused at its first page."""


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All rows of `day`: one for each person and product in which anything was counted.

    COVERED three days after the day's end. A day that the report does not have yet is refused with 400: until those
    three days have passed it is PENDING, later a SourceError. So is a day that cannot be read whole.
    """
    final = api.is_final(access, day, lag_days=LAG_DAYS)
    try:
        rows = whole(lambda: _rows(day, _entries(access, day, may_wait=not final)))
    except _NotReadyError:
        return SourceDay(day, (), CoverageStatus.PENDING, "the source does not have the day yet")
    if final:
        return SourceDay(day, rows, CoverageStatus.COVERED)
    return SourceDay(day, rows, CoverageStatus.PENDING, "the source may still revise the day")


def fetch_members(access: Access) -> Iterable[Member]:
    """Everybody in the organisation: somebody listed here without a row on a finished day did nothing that it counts.

    One licence opens all four tools, so no tool has a seat of its own.
    """
    return api.directory(access, covered=True)


CONNECTOR = UsageConnector(
    kind="claude_enterprise",
    tools=("claude_chat", "claude_code", "claude_cowork", "claude_office"),
    base_url=api.BASE_URL,
    headers=api.headers,
    fetch_day=fetch_day,
    repull_days=7,
    proof=Proof.DECLARED_AND_LISTED,
    lag_days=LAG_DAYS,
    fetch_members=fetch_members,
)


def _entries(access: Access, day: date, *, may_wait: bool) -> Iterator[JsonObject]:
    pages = api.pages(access, PATH, {"date": day.isoformat(), "limit": str(api.PAGE_ROWS)})
    try:
        first = next(pages)
    except SourceError as error:
        if may_wait and error.http_status == 400:
            raise _NotReadyError from None
        raise
    yield from records(first, "data")
    for page in pages:
        yield from records(page, "data")


def _rows(day: date, entries: Iterable[JsonObject]) -> Iterator[UsageRow]:
    """A product's block is always there and full of zeros where nothing was done: such a block is no row."""
    for entry in entries:
        whose = _subject(entry)
        for tool, block, counters in _products(entry):
            if _shows_anything(block):
                yield UsageRow(whose, day, tool, ANY_MODEL, counters, active=True)


def _subject(entry: JsonObject) -> str:
    user = record(entry, "user")
    if user_id := text(user, "id"):
        return api.user_subject(user_id)
    if address := text(user, "email_address") or text(user, "email"):
        return subject(IdentitySource.EMAIL, address.casefold())
    return api.nobody("no user")


def _products(entry: JsonObject) -> Iterator[tuple[str, JsonObject, Counters]]:
    """Tool, the block as it came, and what of it we keep. A conversation is not a session, so chat has none."""
    chat, code, office = (record(entry, f"{name}_metrics") for name in ("chat", "claude_code", "office"))
    yield "claude_chat", chat, Counters(prompts=count(chat, "message_count"))
    yield "claude_code", code, _code(code)
    yield "claude_office", office, _office(office)
    for name, tool in (
        ("cowork", "claude_cowork"),
        ("design", "other:claude_design"),
        ("science", "other:claude_science"),
    ):
        block = record(entry, f"{name}_metrics")
        yield tool, block, _sessions_and_messages(block)


def _sessions_and_messages(block: JsonObject) -> Counters:
    return Counters(sessions=count(block, "distinct_session_count"), prompts=count(block, "message_count"))


def _office(block: JsonObject) -> Counters:
    counters = Counters()
    for program in block:
        counters = counters.plus(_sessions_and_messages(record(block, program)))
    return counters


def _code(block: JsonObject) -> Counters:
    core, actions = record(block, "core_metrics"), record(block, "tool_actions")
    counters = Counters(
        sessions=count(core, "distinct_session_count"),
        lines_added=count(record(core, "lines_of_code"), "added_count"),
    )
    for tool in actions:
        edits = record(actions, tool)
        decided = Counters(accepted=count(edits, "accepted_count"), rejected=count(edits, "rejected_count"))
        counters = counters.plus(decided)
    return counters


def _shows_anything(block: JsonObject) -> bool:
    """Whether any counter of a block, however deep, is above zero."""
    for name, value in block.items():
        if isinstance(value, dict):
            if _shows_anything(value):
                return True
        elif name.endswith("count") and (count(block, name) or 0) > 0:
            return True
    return False
