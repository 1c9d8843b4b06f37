"""The invented company as code hosts, a ticket system, a directory and a calendar tell it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

from bot.settings import SourceConfig
from bot.sources.standins import bamboohr, github, gitlab, ical, jira, scim
from bot.sources.standins.server import Request, StandInServer, Trouble
from tests.sources.contract import (
    NOW,
    PEOPLE,
    STRANGER,
    Company,
    Kept,
    Opened,
    World,
    address,
    finished_at,
    leave_kept,
    login,
    outcomes_expected,
    outcomes_kept,
    people_kept,
    there,
)
from tests.sources.git_repositories import History

_PROJECT = 7
_DAY = timedelta(days=1)


def _number(day: date, number: int) -> int:
    """A pull request of somebody's on a day; the same in both versions."""
    return (day.toordinal() % 1000) * 10 + number


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_order(world: World) -> Iterator[tuple[date, int, datetime]]:
    """Whose work was finished when, the oldest first."""
    for day, version in sorted(world.items()):
        for number in there(version):
            yield day, number, finished_at(day, version)


def _outcomes(
    source: SourceConfig,
    server: StandInServer,
    tell: Callable[[World], None],
    ref: Callable[[date, int], str],
    asked: Callable[[Request], date | None],
    **more: Any,
) -> Company:
    return Company(
        source=source,
        requests=lambda: server.requests,
        tell=tell,
        break_next=server.break_next,
        forget_troubles=server.forget_troubles,
        kept=outcomes_kept,
        expected=lambda world: outcomes_expected(world, ref),
        asked=asked,
        **more,
    )


@contextmanager
def github_organisation() -> Iterator[Company]:
    """Merged pull requests of one repository."""
    with github.GitHubStandIn() as server:

        def tell(world: World) -> None:
            server.forget()
            for day, number, at in _in_order(world):
                server.merge("acme/web", _number(day, number), _stamp(at), login=login(number))

        def asked(request: Request) -> date | None:
            found = re.search(r"closed:(\d{4}-\d\d-\d\d)", request.fields.get("q", ""))
            return date.fromisoformat(found[1]) if found else None

        source = SourceConfig("github", "github", server.base_url, github.TOKEN, account=github.ORGANISATION)
        yield _outcomes(source, server.server, tell, lambda day, n: f"acme/web#{_number(day, n)}", asked)


@contextmanager
def gitlab_group() -> Iterator[Company]:
    """Merged requests of one project."""
    with gitlab.GitLabStandIn() as server:

        def tell(world: World) -> None:
            server.forget()
            for day, number, at in _in_order(world):
                server.merge(_PROJECT, _number(day, number), _stamp(at), username=login(number))

        def asked(request: Request) -> date | None:
            if "merge_requests" not in request.path or "updated_after" not in request.fields:
                return None
            return (datetime.fromisoformat(request.fields["updated_after"]) + timedelta(minutes=1)).date()

        def ref(day: date, number: int) -> str:
            return f"acme/platform/p{_PROJECT}!{_number(day, number)}"

        source = SourceConfig("gitlab", "gitlab", server.base_url, gitlab.TOKEN, account=gitlab.GROUP)
        yield _outcomes(source, server.server, tell, ref, asked)


@contextmanager
def jira_site() -> Iterator[Company]:
    """Tickets, whose assignees show their addresses."""
    with jira.JiraStandIn() as server:

        def tell(world: World) -> None:
            server.forget()
            for day, number, at in _in_order(world):
                assignee = {"accountType": "atlassian", "accountId": f"id-{number}", "emailAddress": address(number)}
                server.resolve(_number(day, number), at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"), assignee)

        def asked(request: Request) -> date | None:
            found = re.search(r'resolved >= "([\d-]+)"', str(request.json()["jql"]))
            return date.fromisoformat(found[1]) + _DAY if found else None

        source = SourceConfig("jira", "jira", server.base_url, jira.KEY)
        secrets = (jira.KEY.partition(":")[2],)
        yield _outcomes(source, server.server, tell, lambda day, n: str(_number(day, n)), asked, secrets=secrets)


@contextmanager
def directory() -> Iterator[Company]:
    """A directory: in the second version everybody has another department, and who is gone is switched off."""
    with scim.ScimStandIn() as server:

        def version_of(world: World) -> int:
            return max(world.values())

        def tell(world: World) -> None:
            version = version_of(world)
            gone = [scim.user(0, department="Team 1", active=False)] if version == 2 else []
            here = [scim.user(n, department=f"Team {version}") for n in there(version) if n != STRANGER]
            server.hold(*gone, *here)

        seen_on = [NOW.date()]

        def set_now(now: datetime) -> None:
            seen_on.append(now.date())

        def expected(world: World) -> Kept:
            version = version_of(world)
            here = {address(n): (f"Team {version}", None) for n in PEOPLE if n in there(version)}
            untold = {address(n): (None, None) for n in PEOPLE if n not in there(version)}
            return untold | here | ({address(0): ("Team 1", seen_on[-1])} if version == 2 else {})

        source = SourceConfig("scim", "scim", server.base_url, scim.TOKEN)
        yield Company(
            source=source,
            requests=lambda: server.requests,
            tell=tell,
            break_next=server.server.break_next,
            forget_troubles=server.server.forget_troubles,
            kept=people_kept,
            expected=expected,
            set_now=set_now,
        )


@contextmanager
def calendar() -> Iterator[Company]:
    """Whole days away, one event for each person and day."""
    with ical.CalendarStandIn() as server:

        def tell(world: World) -> None:
            server.hold(*(_away(day, number) for day, number, _at in _in_order(world)), key="calendar-key")

        def expected(world: World) -> Kept:
            return {(address(n), day): "leave" for day, n, _at in _in_order(world) if n != STRANGER}

        yield Company(
            source=SourceConfig("ical", "ical", f"{server.base_url}/", "calendar-key"),
            requests=lambda: server.requests,
            tell=tell,
            break_next=server.server.break_next,
            forget_troubles=server.server.forget_troubles,
            kept=leave_kept,
            expected=expected,
            secrets=("private-7f3a",),
        )


@contextmanager
def personnel() -> Iterator[Company]:
    """Approved time off, one entry for each person and day."""
    with bamboohr.BambooHrStandIn() as server:

        def tell(world: World) -> None:
            out = [bamboohr.time_off(n, day.isoformat(), day.isoformat()) for day, n, _at in _in_order(world)]
            server.hold([bamboohr.employee(n, address(n)) for n in (*PEOPLE, STRANGER)], out)

        def expected(world: World) -> Kept:
            return {(address(n), day): "leave" for day, n, _at in _in_order(world) if n != STRANGER}

        yield Company(
            source=SourceConfig("bamboohr", "bamboohr", server.base_url, bamboohr.KEY, account=bamboohr.COMPANY),
            requests=lambda: server.requests,
            tell=tell,
            break_next=server.break_next,
            forget_troubles=server.server.forget_troubles,
            kept=leave_kept,
            expected=expected,
        )


def _away(day: date, number: int) -> str:
    begin, end = f"{day:%Y%m%d}", f"{day + _DAY:%Y%m%d}"
    return f"DTSTART;VALUE=DATE:{begin}\nDTEND;VALUE=DATE:{end}\nSUMMARY:Away\nATTENDEE;CN=P:mailto:{address(number)}"


@contextmanager
def repository() -> Iterator[Company]:
    """Commits to a main line on this machine: no questions go out, and only a missing folder can be in the way."""
    with TemporaryDirectory() as home:
        folder, away = Path(home) / "there", Path(home) / "gone"

        def tell(world: World) -> None:
            rmtree(folder, ignore_errors=True)
            history = History()
            for place, (_day, number, at) in enumerate(_in_order(world)):
                history.commit({f"file{place}": "one\n"}, at=at, author=f"P <{address(number)}>")
            history.write(folder)

        def gone(*_troubles: Trouble) -> None:
            folder.rename(away)

        def back() -> None:
            if away.exists():
                away.rename(folder)

        yield Company(
            source=SourceConfig("git", "git", path=str(folder)),
            requests=lambda: (),
            tell=tell,
            break_next=gone,
            forget_troubles=back,
            # The name of a commit follows from all before it.
            kept=lambda store, source: dict.fromkeys(outcomes_kept(store, source).values()),
            expected=lambda world: dict.fromkeys((address(n), at) for _, n, at in _in_order(world) if n != STRANGER),
            passes=False,
            secrets=(str(folder),),
        )


COMPANIES: dict[str, Opened] = {
    "bamboohr": personnel,
    "git": repository,
    "github": github_organisation,
    "gitlab": gitlab_group,
    "jira": jira_site,
    "scim": directory,
    "ical": calendar,
}
