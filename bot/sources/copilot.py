"""GitHub Copilot's report of one UTC day: who used it, with what prompts, accepted suggestions and terminal work.

A day is read in two steps: GitHub answers with signed links to another host, and the files there get no key. Who has
the telemetry of their editor off does not appear in them, so a missing row proves nothing by itself: for whom it does,
`bot/sources/copilot_seats.py` says. Called through `bot/sources/catalogue.py`. Next: `bot/sources/copilot_seats.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import date, timedelta
from decimal import Decimal

import httpx

from bot.domain.people import IdentitySource, subject
from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.domain.usage_sums import REPORTED
from bot.errors import SourceError
from bot.sources.copilot_seats import LAG_DAYS, account, fetch_members
from bot.sources.fields import MICROUSD_PER_USD, count, microusd, record, records, text, unreadable
from bot.sources.http import CursorLostError, JsonObject, get_json, json_object, send, trusted, whole
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector, finality

TOOL, TERMINAL, AGENT = "copilot", "copilot_cli", "copilot_agent"
TERMINAL_FEATURE = "copilot_cli"
AGENT_MARKS = ("used_copilot_coding_agent", "used_copilot_cloud_agent")
FINAL_AFTER = timedelta(days=LAG_DAYS)
"""GitHub may add to a day within three full UTC days after its end."""
MOST_ASKED = 300
"""GitHub tells one person's money per question: on a day with more people the bill stays whole."""

_DEAD_LINK_STATUS = frozenset({401, 403, 404, 410})
_NOT_TOLD_STATUS = frozenset({403, 404})
_THIS_MACHINE = "127.0.0.1"


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All rows of `day`. Final (COVERED) three full days after its end, when a report with people in it was there.

    No report is PENDING, whichever of its three ways GitHub takes to say so: it proves no zero. Raises SourceError when
    the day cannot be read whole. A link that died on the way begins the day anew, once.
    """
    files = whole(lambda: _files(access, day))
    entries = _one_each(day, (entry for file in files for entry in file))
    if not entries:
        return SourceDay(day, (), CoverageStatus.PENDING, "the source has no report of this day")
    billed_microusd = _billed_microusd(access, day)
    costs = _costs(access, day, entries, billed_microusd)
    rows = tuple(row for entry in entries for row in _rows(day, entry, costs.get(_login(entry))))
    status, reason = finality(access, day, FINAL_AFTER, "the source may add to a day for three days")
    return SourceDay(day, rows, status, reason, billed_microusd)


def _headers(api_key: str) -> Mapping[str, str]:
    return {
        "authorization": f"Bearer {api_key}",
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2026-03-10",
    }


CONNECTOR = UsageConnector(
    kind="copilot",
    tools=(TOOL, TERMINAL, AGENT),
    base_url="https://api.github.com",
    headers=_headers,
    fetch_day=fetch_day,
    repull_days=5,
    proof=Proof.LISTED,
    lag_days=LAG_DAYS,
    fetch_members=fetch_members,
    needs=("account",),
)


# ---------------------------------------------------------------- the two steps


def _files(access: Access, day: date) -> Iterator[list[JsonObject]]:
    for link in _links(access, day):
        yield _read(_fetch(access, link))


def _links(access: Access, day: date) -> list[str]:
    """Where the files of `day` lie; none when there is no report: 204, 404, or 200 with an empty text."""
    path = f"/{account(access)}/copilot/metrics/reports/users-1-day"
    try:
        answer = send(access.client, "GET", path, params={"day": day.isoformat()}, wait=access.wait)
    except SourceError as error:
        if error.http_status == 404:
            return []
        raise
    if answer.status_code == 204 or answer.text.strip() in ("", '""'):
        return []
    told = json_object(answer, f"GET {path}")
    links = told.get("download_links")
    if not isinstance(links, list) or not all(isinstance(link, str) for link in links):
        raise unreadable("download_links is not a list of links")
    if told.get("report_day", day.isoformat()) != day.isoformat():
        raise unreadable("a report of another day")
    return links


def _fetch(access: Access, link: str) -> str:
    """The file behind a signed link, fetched by a client that carries no key. The link stands in no error."""
    address = _checked(link)
    trust_env = address.host != _THIS_MACHINE
    with httpx.Client(
        headers={"user-agent": access.client.headers["user-agent"]},
        timeout=access.client.timeout,
        follow_redirects=False,
        trust_env=trust_env,
        verify=trusted(trust_env=trust_env),
    ) as nobody:
        try:
            return send(nobody, "GET", link, wait=access.wait).text
        except SourceError as error:
            status = error.http_status
            told = SourceError(
                f"A file of the report was not given: {status or 'no answer'}.", permanent=False, http_status=status
            )
            if status in _DEAD_LINK_STATUS:
                raise CursorLostError(told) from None
            raise told from None


def _checked(link: str) -> httpx.URL:
    try:
        address = httpx.URL(link)
    except httpx.InvalidURL:
        raise unreadable("a link is no address") from None
    is_safe = address.scheme == "https" or (address.scheme == "http" and address.host == _THIS_MACHINE)
    if not is_safe or not address.host or address.userinfo:
        raise unreadable("a link does not begin with https://")
    return address


def _read(content: str) -> list[JsonObject]:
    """The rows of a file: one JSON object a line, a list, or one object that holds the list as `day_totals`."""
    try:
        parsed = _parsed(content)
    except ValueError:
        raise unreadable("a file of the report is not JSON") from None
    if not all(isinstance(one, dict) for one in parsed):
        raise unreadable("a file of the report holds something else than objects")
    return [row for one in parsed for row in (records(one, "day_totals") if "day_totals" in one else [one])]


def _parsed(content: str) -> list[JsonObject]:
    try:
        found = json.loads(content, parse_float=Decimal)
    except ValueError:
        return [json.loads(line, parse_float=Decimal) for line in content.splitlines() if line.strip()]
    return found if isinstance(found, list) else [found]


# ---------------------------------------------------------------- what a person did


def _one_each(day: date, entries: Iterable[JsonObject]) -> list[JsonObject]:
    """One row of each person: the fullest, where several files name the same one. They are never added up."""
    fullest: dict[str, JsonObject] = {}
    for entry in entries:
        if entry.get("day", day.isoformat()) != day.isoformat():
            raise unreadable("a row of another day")
        key = str(entry.get("user_id") or _login(entry))
        if key not in fullest or _fullness(entry) > _fullness(fullest[key]):
            fullest[key] = entry
    return list(fullest.values())


def _fullness(entry: JsonObject) -> int:
    return sum(figure or 0 for figure in astuple(_behaviour(entry)))


def _login(entry: JsonObject) -> str | None:
    login = text(entry, "user_login")
    return None if login is None else login.casefold()  # GitHub does not tell Octo from octo


def _rows(day: date, entry: JsonObject, cost_microusd: int | None) -> Iterator[UsageRow]:
    """One row for each way of use. Being named is being active, also without a single prompt."""
    login = _login(entry)
    known = subject(IdentitySource.GITHUB, login) if login else None
    whose = known or subject(IdentitySource.OTHER, f"github id {entry.get('user_id') or 'unknown'}")
    told, terminal = _behaviour(entry), _feature(entry, TERMINAL_FEATURE)
    counters = replace(_without(told, terminal), cost_microusd=cost_microusd)
    priced = None if cost_microusd is None else REPORTED
    yield UsageRow(whose, day, TOOL, ANY_MODEL, counters, priced, active=True)
    if terminal is not None or record(entry, "totals_by_cli") or entry.get("used_cli") is True:
        yield UsageRow(whose, day, TERMINAL, ANY_MODEL, _in_terminal(entry, terminal), active=True)
    if any(entry.get(mark) is True for mark in AGENT_MARKS):
        yield UsageRow(whose, day, AGENT, ANY_MODEL, Counters(), active=True)


def _behaviour(fields: JsonObject) -> Counters:
    return Counters(
        prompts=count(fields, "user_initiated_interaction_count"),
        offered=count(fields, "code_generation_activity_count"),
        accepted=count(fields, "code_acceptance_activity_count"),
        lines_added=count(fields, "loc_added_sum"),
    )


def _feature(entry: JsonObject, name: str) -> Counters | None:
    """What the row says of one feature, None when it does not name it."""
    found = None
    for part in records(entry, "totals_by_feature", optional=True):
        if part.get("feature") == name:
            found = _behaviour(part).plus(found or Counters())
    return found


def _without(told: Counters, part: Counters | None) -> Counters:
    """What the row as a whole says less its part in the terminal, which has a row of its own."""
    if part is None:
        return told
    return Counters(
        prompts=_less(told.prompts, part.prompts),
        offered=_less(told.offered, part.offered),
        accepted=_less(told.accepted, part.accepted),
        lines_added=_less(told.lines_added, part.lines_added),
    )


def _less(told: int | None, part: int | None) -> int | None:
    # A part that is larger than the whole is none: then the whole was counted without it.
    return told if told is None or part is None or part > told else told - part


def _in_terminal(entry: JsonObject, part: Counters | None) -> Counters:
    """The terminal's figures. How much of its input came from the cache is not told, so that only output can be kept:
    the four kinds of tokens must stay disjoint.
    """
    told = record(entry, "totals_by_cli")
    counters = Counters(
        sessions=count(told, "session_count"),
        requests=count(told, "request_count"),
        output_tokens=count(record(told, "token_usage"), "output_tokens_sum"),
    )
    return counters.plus(part if part is not None else Counters(prompts=count(told, "prompt_count")))


# ---------------------------------------------------------------- money


def _costs(
    access: Access, day: date, entries: Sequence[JsonObject], billed_microusd: int | None
) -> Mapping[str | None, int | None]:
    """What each person's use cost beyond the seats. Where nothing was billed at all, nobody has to be asked for."""
    logins = [login for login in map(_login, entries) if login]
    if billed_microusd == 0:
        return dict.fromkeys(logins, 0)
    if billed_microusd is None or len(logins) > MOST_ASKED:
        return {}
    return {login: _billed_microusd(access, day, login) for login in logins}


def _billed_microusd(access: Access, day: date, login: str | None = None) -> int | None:
    """What was charged for Copilot on `day`, for all or for one person, after the included allowance.

    None when GitHub does not say: no item, or no right to see the bills, which the report does not need.
    """
    kind, _, name = account(access).partition("/")
    path = f"/{'organizations' if kind == 'orgs' else kind}/{name}/settings/billing/ai_credit/usage"
    params = {"year": str(day.year), "month": str(day.month), "day": str(day.day)}
    try:
        answer = get_json(access.client, path, params=params | ({"user": login} if login else {}), wait=access.wait)
    except SourceError as error:
        if error.http_status in _NOT_TOLD_STATUS:
            return None
        raise
    items = [item for item in records(answer, "usageItems", optional=True) if _is_copilot(item)]
    amounts = [microusd(item, "netAmount", per_unit=MICROUSD_PER_USD) for item in items]
    told = [amount for amount in amounts if amount is not None]
    return sum(told) if told and len(told) == len(amounts) else None


def _is_copilot(item: JsonObject) -> bool:
    return (text(item, "product") or "").casefold().startswith("copilot")
