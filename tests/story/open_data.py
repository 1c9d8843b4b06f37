"""Turn the open data sets into our own CSV files, in a temporary folder: nothing of them enters the repository.

The folder is KINDLING_OPEN_DATA, or `shared/data` beside this checkout; where neither exists the tests that need it are
skipped and say so. Seats, prices and managers are not in the data: they are set here.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

_BESIDE = Path(__file__).parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get("KINDLING_OPEN_DATA", _BESIDE))
PRESENT = (FOLDER / "entire-cli").is_dir()

_ZONE_OF_OFFSET = {
    "+11:00": ("Australia/Sydney", "AU"),
    "+01:00": ("Europe/Berlin", "DE"),
    "+09:30": ("Australia/Adelaide", "AU"),
    "-08:00": ("America/Los_Angeles", "US"),
    "+08:00": ("Asia/Singapore", "SG"),
    "-05:00": ("America/New_York", "US"),
}
_AI_TRAILER = re.compile(r"^co-authored-by:\s*(claude|copilot)\b", re.IGNORECASE | re.MULTILINE)
_PULL_REQUEST = re.compile(r"^Merge pull request #(\d+)")


@dataclass(frozen=True)
class Member:
    """One account of the stand-in workspace."""

    slack_user_id: str
    email: str
    timezone: str


@dataclass(frozen=True)
class OpenSet:
    """The files of one set, ready for `kindling import`, and its Slack accounts."""

    people: Path
    seats: Path
    usage: Path
    outcomes: Path | None
    members: tuple[Member, ...]
    complete_through: date


def real_team(target: Path) -> OpenSet:
    """Set M1: a real team's four weeks. Sessions, checkpoints and commit trailers all count as activity."""
    people = [row for row in read_csv("entire-cli/people.csv") if row["is_bot"] == "0"]
    emails = {alias: row["primary_email"] for row in people for alias in _aliases(row)}
    zones = {row["primary_email"]: _zone(row) for row in people}
    commits = list(_json_lines("entire-cli/commits.jsonl"))
    events = [*_calls({row["person_id"]: row["primary_email"] for row in people}), *_trailers(commits, emails)]
    events += _checkpoints(emails)
    return OpenSet(
        people=_write(
            target / "people.csv", [{"email": e, "timezone": z, "country": c} for e, (z, c) in zones.items()]
        ),
        seats=_write(target / "seats.csv", [_seat(email, "claude_code", "2025-12-01") for email in zones]),
        usage=_write(target / "usage.csv", events),
        outcomes=_write(target / "outcomes.csv", list(_outcomes(commits, emails))),
        members=tuple(Member(f"UM1{n:04d}", email, zone) for n, (email, (zone, _)) in enumerate(zones.items())),
        complete_through=date(2026, 2, 15),
    )


def thousand_people(target: Path) -> OpenSet:
    """Set M2: 1,276 people of a public roster, 43 of them with two weeks of a public traffic trace, 1,233 with none."""
    logins = [
        row["login"] for row in read_csv("roster-kubernetes/people.csv") if "kubernetes" in row["orgs"].split(";")
    ]
    order = sorted(logins, key=lambda login: hashlib.sha256(f"kindling-open-1:{login.lower()}".encode()).hexdigest())
    traffic = read_csv("traces/servegen/m-small_daily_derived.csv")
    clients = sorted({int(row["client"]) for row in traffic if int(row["requests"]) > 0})
    who = {str(client): order[rank] for rank, client in enumerate(clients)}
    first, last = date(2026, 1, 18), date(2026, 2, 1)
    usage = [_daily(_address(login), first, 0, "", "") for login in order]
    for row in traffic:
        if row["client"] in who and row["requests"] != "0":
            day = date(2026, 1, 19) + timedelta(days=int(row["day"]))
            requests = int(row["requests"])
            means = (row[f"mean_{kind}_tokens"] for kind in ("input", "output"))  # empty: the trace does not say
            tokens = (str(round(requests * float(mean))) if mean else "" for mean in means)
            usage.append(_daily(_address(who[row["client"]]), day, requests, *tokens))
    return OpenSet(
        people=_write(target / "people.csv", [{"email": _address(x), "timezone": "UTC", "country": ""} for x in order]),
        seats=_write(target / "seats.csv", [_seat(_address(login), "other:m-small", "2026-01-18") for login in order]),
        usage=_write(target / "usage.csv", usage),
        outcomes=None,
        members=tuple(Member(f"UM2{n:05d}", _address(login), "UTC") for n, login in enumerate(order)),
        complete_through=last,
    )


def _calls(email_of: dict[str, str]) -> Iterator[dict[str, str]]:
    for row in read_csv("entire-cli/usage_events.csv"):
        yield {
            "email": email_of[row["person_id"]],
            "at": row["ts_utc"],
            "tool": "claude_code",
            "model": row["model"],
            "input_tokens": row["input_tokens"],
            "cache_read_tokens": row["cache_read_tokens"],
            "cache_write_tokens": row["cache_creation_tokens"],
            "output_tokens": row["output_tokens"],
            "session_id": row["session_id"],
            "failed": row["api_error"],
        }


def _trailers(commits: Iterable[dict[str, str]], emails: dict[str, str]) -> Iterator[dict[str, str]]:
    """A commit with an AI co-author proves activity, and nothing else: no tokens, no cost."""
    for commit in commits:
        found = _AI_TRAILER.search(commit["message"])
        email = emails.get(commit["author_email"].casefold())
        if found and email:
            tool = "claude_code" if found.group(1).casefold() == "claude" else "copilot"
            yield _bare_event(email, commit["author_date"], tool)


def _checkpoints(emails: dict[str, str]) -> Iterator[dict[str, str]]:
    """A checkpoint whose commits have one author proves that this person's agent was at work."""
    for line in _json_lines("entire-cli/checkpoints.jsonl"):
        authors = {emails.get(commit["author_email"].casefold()) for commit in line["joined"]["code_commits"]}
        if len(authors) == 1 and (email := authors.pop()):
            yield _bare_event(email, line["doc"]["created_at"], "claude_code")


def _outcomes(commits: list[dict[str, str]], emails: dict[str, str]) -> Iterator[dict[str, str]]:
    by_sha = {commit["sha"]: commit for commit in commits}
    for commit in commits:
        merged = _PULL_REQUEST.match(commit["message"])
        if not merged or len(commit["parents"]) < 2:
            continue
        work = by_sha.get(commit["parents"][1])  # the merge's own author is whoever pressed the button
        email = work and emails.get(work["author_email"].casefold())
        if work and email:
            assisted = "true" if _AI_TRAILER.search(work["message"]) else ""
            yield {
                "email": email,
                "at": commit["commit_date"],
                "kind": "pr_merged",
                "ref": f"pr-{merged.group(1)}",
                "ai_assisted": assisted,
            }


def _bare_event(email: str, at: str, tool: str) -> dict[str, str]:
    empty = ("model", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "session_id")
    return {"email": email, "at": at, "tool": tool, "failed": "0", **dict.fromkeys(empty, "")}


def _daily(email: str, day: date, requests: int, input_tokens: str, output_tokens: str) -> dict[str, str]:
    return {
        "email": email,
        "day": day.isoformat(),
        "tool": "other:m-small",
        "model": "",
        "requests": str(requests),
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
    }


def _seat(email: str, tool: str, assigned_on: str) -> dict[str, str]:
    return {"email": email, "tool": tool, "assigned_on": assigned_on, "monthly_cost_usd": "30"}


def _address(login: str) -> str:
    return f"{login.lower()}@open.example"


def _aliases(row: dict[str, str]) -> list[str]:
    return [row["primary_email"].casefold(), *(alias.casefold() for alias in row["alias_emails"].split(";") if alias)]


def _zone(row: dict[str, str]) -> tuple[str, str]:
    """The zone of the offset that most of this person's commits carry."""
    counts = {offset[:6]: int(offset[7:]) for offset in row["utc_offsets_in_commits"].split(";")}
    return _ZONE_OF_OFFSET[max(counts, key=lambda offset: counts[offset])]


def read_csv(name: str) -> list[dict[str, str]]:
    """One CSV file of the data, row by row."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _json_lines(name: str) -> Iterator[dict]:  # type: ignore[type-arg] # documents of several shapes
    with (FOLDER / name).open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
