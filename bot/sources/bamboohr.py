"""Who is away, from BambooHR: approved time off by day, tied to people by the work address of the directory.

Two questions: the directory for addresses, and who is out. A company holiday names nobody and is left out: public
holidays are known by country. Names are looked at by no one (P13). Next: `jobs/collect_leave.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date
from urllib.parse import quote

from bot.domain.roster import AbsenceRecord
from bot.log import EventLog
from bot.sources.fields import records, text, unreadable
from bot.sources.http import JsonObject, get_json, json_list, send
from bot.sources.shape import Access, LeaveConnector

_TIME_OFF = "timeOff"

_log = EventLog("bamboohr")


def fetch_absences(access: Access, *, first: date, last: date) -> Iterable[AbsenceRecord]:
    """All days away that touch `first` to `last`. People without a work address are counted in the log and left out."""
    company = f"{quote(access.source.account or '', safe='')}/v1"
    directory = get_json(access.client, f"{company}/employees/directory", wait=access.wait)
    address_of = {_id(one, "id"): text(one, "workEmail") for one in records(directory, "employees")}
    path = f"{company}/time_off/whos_out"
    span = {"start": first.isoformat(), "end": last.isoformat()}
    out = json_list(send(access.client, "GET", path, params=span, wait=access.wait), f"GET {path}")
    away = [one for one in out if one.get("type") == _TIME_OFF]
    found = [(address_of.get(_id(one, "employeeId")), one) for one in away]
    left_out = sum(address is None for address, _ in found)
    if left_out:
        _log.info("bamboohr.left_out", source=access.source.name, absences=left_out)
    return tuple(AbsenceRecord(address.casefold(), *_days(one)) for address, one in found if address is not None)


def _days(one: JsonObject) -> tuple[date, date]:
    """First and last day, both included, unlike a calendar's."""
    try:
        begin, end = (date.fromisoformat(text(one, name) or "") for name in ("start", "end"))
    except ValueError:
        raise unreadable("start or end is not a day") from None
    if end < begin:
        raise unreadable("an absence ends before it begins")
    return begin, end


def _id(fields: Mapping[str, object], name: str) -> str:
    """A number in one list and a text in the other."""
    value = fields.get(name)
    if not isinstance(value, int | str) or isinstance(value, bool):
        raise unreadable(f"{name} is not an id")
    return str(value)


def _headers(api_key: str) -> Mapping[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{api_key}:x".encode()).decode()}


CONNECTOR = LeaveConnector(
    kind="bamboohr",
    base_url="https://api.bamboohr.com/api/gateway.php/",
    headers=_headers,
    fetch_absences=fetch_absences,
    needs=("account",),
)
