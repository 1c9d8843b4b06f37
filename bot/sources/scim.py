"""People from a directory that speaks SCIM 2.0 (Okta, Entra ID, JumpCloud and others): team, manager, who has left.

Names, telephone numbers and whatever else a directory holds are not read. Called through `bot/sources/catalogue.py`.
Next: `bot/store/directory.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from bot.domain.hierarchy import without_circles
from bot.domain.roster import PersonRecord
from bot.errors import SourceError
from bot.log import EventLog
from bot.sources.fields import count, record, records, text, unreadable
from bot.sources.http import JsonObject, get_json
from bot.sources.shape import Access, RosterConnector

PATH = "/Users"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

_PAGE_ROWS = 100
_MOST_PAGES = 5000
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_log = EventLog("scim")


def fetch_people(access: Access) -> Iterable[PersonRecord]:
    """Everybody whom the directory lists, each with today as their last day when the account is switched off.

    Accounts without an address and managers who cannot be found, or would in the end be their own, are counted in the
    log and left out.
    """
    listed = list(_users(access))
    accounts = [_account(user) for user in listed]
    known = {account.scim_id: account for account in accounts if account.email is not None}
    managers = _managers(known)
    people = tuple(
        PersonRecord(
            email=account.email or "",
            team=account.department,
            manager_email=known[managers[scim_id]].email if scim_id in managers else None,
            timezone=account.timezone,
            locale=account.locale,
            ended_on=None if account.active else access.now.date(),
            scim_id=scim_id,
        )
        for scim_id, account in known.items()
    )
    named = sum(account.manager is not None for account in known.values())
    left_out = {"accounts": len(listed) - len(known), "managers": named - len(managers)}
    if any(left_out.values()):
        _log.info("scim.left_out", source=access.source.name, **left_out)
    return people


def _headers(api_key: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {api_key}", "accept": "application/scim+json"}


CONNECTOR = RosterConnector(
    kind="scim",
    base_url=None,
    headers=_headers,
    fetch_people=fetch_people,
    columns=frozenset({"team", "manager_email", "timezone", "locale", "ended_on"}),
    needs=("base_url",),
)


# ---------------------------------------------------------------- pages


def _users(access: Access) -> Iterator[JsonObject]:
    """Every user once. The next page begins behind what came, however much was asked for.

    A server that ignores where to begin gives the same page again: reading ends with the first page that says nothing
    new, and that fewer came than were promised is said in the log.
    """
    seen: set[str] = set()
    place: dict[str, str] = {"startIndex": "1"}
    narrowed = {} if access.source.query is None else {"filter": access.source.query}
    for _ in range(_MOST_PAGES):
        asked = {**narrowed, **place, "count": str(_PAGE_ROWS)}
        page = _checked(get_json(access.client, PATH, params=asked, wait=access.wait))
        users = records(page, "Resources", optional=True)
        new = [user for user in users if _id(user) not in seen]
        for user in new:
            if _id(user) not in seen:
                seen.add(_id(user))
                yield user
        total = count(page, "totalResults")
        cursor = text(page, "nextCursor")
        if not new or (cursor is None and total is not None and len(seen) >= total):
            _say_if_fewer(access, listed=len(seen), total=total)
            return
        place = {"startIndex": str(len(seen) + 1)} if cursor is None else {"cursor": cursor}
    raise SourceError(f"The source gave more than {_MOST_PAGES} pages.", permanent=False)


def _checked(page: JsonObject) -> JsonObject:
    """The page, unless it is an error that came with a 200."""
    schemas = page.get("schemas")
    if isinstance(schemas, list) and ERROR in schemas:
        status = str(page.get("status", ""))
        code = int(status) if status.isascii() and status.isdigit() else None
        told = f"GET {PATH} answered with an error{'' if code is None else f' {code}'}."
        raise SourceError(told, permanent=code in (400, 401, 403, 404), http_status=code)
    if "totalResults" not in page and "Resources" not in page:
        raise unreadable("neither totalResults nor Resources")  # no list is not an empty list (P12)
    return page


def _say_if_fewer(access: Access, *, listed: int, total: int | None) -> None:
    if total is not None and listed < total:
        _log.warning("scim.fewer_than_promised", source=access.source.name, listed=listed, total=total)


def _id(user: JsonObject) -> str:
    said = user.get("id")
    if not isinstance(said, str | int) or isinstance(said, bool) or not str(said).strip():
        raise unreadable("a user without an id")
    return str(said).strip()


# ---------------------------------------------------------------- one user


@dataclass(frozen=True)
class _Account:
    """What is read of one user. `manager` is an id, an address or an employee number, as the vendor likes it."""

    scim_id: str
    email: str | None
    active: bool
    department: str | None
    timezone: str | None
    locale: str | None
    employee_number: str | None
    manager: str | None


def _account(user: JsonObject) -> _Account:
    enterprise = record(user, ENTERPRISE)
    zone = text(user, "timezone")
    locale = text(user, "locale")
    return _Account(
        scim_id=_id(user),
        email=_email(user),
        active=_is_active(user),
        department=text(enterprise, "department"),
        timezone=zone if zone in _zones() else None,
        locale=None if locale is None else locale.replace("_", "-"),
        employee_number=_plain(enterprise.get("employeeNumber")),
        manager=_manager(enterprise),
    )


def _email(user: JsonObject) -> str | None:
    """The primary address, else the first; else the user name, when it is an address."""
    listed = records(user, "emails", optional=True)
    in_order = sorted(listed, key=lambda entry: (not _is_yes(entry.get("primary")), entry.get("type") != "work"))
    for said in (*(text(entry, "value") for entry in in_order), text(user, "userName")):
        if said is not None and _ADDRESS.fullmatch(said):
            return said.casefold()
    return None


def _is_active(user: JsonObject) -> bool:
    """Whether the account is switched on; a directory that does not say has nothing switched off."""
    said = user.get("active")
    return said is None or _is_yes(said)


def _is_yes(said: object) -> bool:
    return said is True or str(said).lower() == "true"  # some vendors write it as a text


def _manager(enterprise: Mapping[str, Any]) -> str | None:
    said = enterprise.get("manager")
    if isinstance(said, dict):
        said = said.get("value") or said.get("managerId") or str(said.get("$ref") or "").rpartition("/")[2]
    return _plain(said)


def _plain(said: object) -> str | None:
    return str(said).strip() or None if isinstance(said, str | int) and not isinstance(said, bool) else None


def _managers(known: Mapping[str, _Account]) -> dict[str, str]:
    """Whose manager is who, both as ids: found by id, then by address, then by employee number; without circles."""
    by_email: dict[str, str | None] = {}
    by_number: dict[str, str | None] = {}
    for scim_id, account in known.items():
        for found, name in ((by_email, account.email), (by_number, account.employee_number)):
            if name is not None:  # what two accounts share points to neither
                found[name] = None if name in found else scim_id
    proposed: dict[str, str] = {}
    for scim_id, account in known.items():
        said = account.manager
        if said is None:
            continue
        manager = said if said in known else by_email.get(said.casefold()) or by_number.get(said)
        if manager is not None:
            proposed[scim_id] = manager
    return without_circles({}, proposed)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
