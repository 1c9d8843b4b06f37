"""Which tools a LiteLLM proxy's request log names on one day, by the user agents of the requests.

The log holds one entry a request and counts no further than 10,000: a window with more is halved until it fits. Only
the user, the model and the user agent of an entry are looked at; texts and times are not (P5, P13).
Called by `bot/sources/litellm.py`. Next: `jobs/collect.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from bot.errors import SourceError
from bot.sources.fields import count, record, records, text, unreadable
from bot.sources.http import JsonObject, get_json
from bot.sources.shape import Access

LOG_PATH = "/spend/logs/v2"
CAPPED_AT = 10_000
TOOL_OF_AGENT = {
    "claude-cli": "claude_code",
    "codex_cli_rs": "codex",
    "codex_exec": "codex",
    "codex_vscode": "codex",
    "geminicli": "gemini_cli",
}
"""By the product that a user agent begins with, in lower case."""

_ENTRIES_PER_PAGE = 1000
_SHORTEST_WINDOW = timedelta(minutes=1)
_AGENT_TAG = "User-Agent: "


def tools_used(access: Access, day: date) -> dict[tuple[str, str], Counter[str | None]]:
    """How many requests each user ("" for none) made of each model with which tool; None: the tool is not known.

    Empty for a proxy that is too old for this log, or keeps none. Raises SourceError when it is capped however short
    the window: half a log could name the wrong tool.
    """
    found: dict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
    midnight = datetime.combine(day, time())
    try:
        for entry in _entries(access, midnight, midnight + timedelta(days=1)):
            # Whether a window's end belongs to it differs: the next day's first moment must not name a tool of this.
            if (text(entry, "startTime") or day.isoformat())[:10] == day.isoformat():
                found[text(entry, "user") or "", text(entry, "model") or "unknown"][_tool(entry)] += 1
    except SourceError as error:
        if error.http_status != 404:
            raise
        return {}
    return dict(found)


def _entries(access: Access, first: datetime, last: datetime) -> Iterator[JsonObject]:
    page = _page(access, first, last, 1)
    if not _is_capped(page):
        yield from records(page, "data")
        for number in range(2, _last_number(page) + 1):
            later = _page(access, first, last, number)
            if _is_capped(later):
                raise unreadable("the request log became longer than it counts")
            yield from records(later, "data")
        return
    if last - first <= _SHORTEST_WINDOW:
        raise unreadable("the request log holds more of one minute than it counts")
    middle = first + timedelta(seconds=(last - first) // timedelta(seconds=2))
    yield from _entries(access, first, middle)
    yield from _entries(access, middle, last)


def _page(access: Access, first: datetime, last: datetime, number: int) -> JsonObject:
    query = {
        "start_date": first.isoformat(" "),
        "end_date": last.isoformat(" "),
        "page": str(number),
        "page_size": str(_ENTRIES_PER_PAGE),
    }
    return get_json(access.client, LOG_PATH, params=query, wait=access.wait)


def _is_capped(page: JsonObject) -> bool:
    return page.get("total_is_capped") is True or (count(page, "total") or 0) >= CAPPED_AT


def _last_number(page: JsonObject) -> int:
    last = count(page, "total_pages")
    if last is None:
        raise unreadable("a page of the request log does not say how many there are")
    return last


def _tool(entry: JsonObject) -> str | None:
    agent = text(record(entry, "metadata"), "user_agent") or _tagged_agent(entry)
    product = agent.partition("/")[0].partition(" ")[0].casefold()
    return TOOL_OF_AGENT.get(product)


def _tagged_agent(entry: Mapping[str, object]) -> str:
    tags = entry.get("request_tags")
    agents = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return next((tag.removeprefix(_AGENT_TAG) for tag in agents if tag.startswith(_AGENT_TAG)), "")
