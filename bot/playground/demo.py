"""`kindling demo`: an invented company, its tools and its Slack on this machine; between them the unchanged Kindling.

It does what an operator does: imports people, seats, absences and outcomes from files, collects usage over HTTP, lets
the clock tick, and listens over Socket Mode. Only the world around it is a stand-in. Whoever asks for it is in it with
a card of their own session files: they are read on this machine, into the demo's own database, which goes when it ends.
Called by `bot/cli.py`.
"""

from __future__ import annotations

import csv
import logging
import os
import signal
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from bot import app, settings
from bot.clock import HandClock, SystemClock
from bot.domain.people import SATURDAY_AND_SUNDAY
from bot.domain.sessions import usage_rows
from bot.domain.usage import ANY_MODEL, Counters
from bot.playground import cast, colleagues
from bot.playground.server import APP_TOKEN, BOT_TOKEN, Playground
from bot.sources.invented import SEAT_COST_MICROUSD, TOOL, Behaviour, Character, Company
from bot.sources.session_files import places
from bot.sources.session_files.reading import Reading, read
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn, entry
from bot.store import installation, pushed, usage
from handlers.desk import Desk
from jobs import calendar, import_files, import_sessions, snapshot
from jobs.import_report import Kind
from jobs.rounds import Pace

STORY_BEGINS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""A Monday, before anything has run."""
FIRST_MOVES = timedelta(hours=15)
"""How far the clock goes before the browser opens: to Monday afternoon in Europe, when the first tips are out."""
PAST_DAYS = 91
"""So long that for most people the sixty days in which everything is exploring ended before anything was published:
who is counted together then stays together, and a sum to which nobody had anything would be told of nobody later.
"""
RUNNING_FOR = timedelta(weeks=5)
"""The story is about a Kindling that is past its first two weeks, in which it writes to nobody about waste, and has
published what may be told of teams once before.
"""
MY_DAYS = 140
"""How old one's own session files may be: what a card and the weeks before it can show, and some more."""

# The playground's Slack has no other customers; a real workspace gets the default pace.
_PACE = Pace(rate_per_s=50)
_TICK_EVERY = timedelta(hours=1)
_LONGEST_MOVE = timedelta(weeks=8)


@dataclass(frozen=True)
class World:
    """What stands around Kindling in the demo."""

    company: Company
    slack: Playground
    report: ClaudeCodeStandIn
    clock: HandClock
    folder: Path
    begins: datetime
    mine: Reading | None

    @property
    def page_url(self) -> str:
        return f"{self.slack.page_url}#{cast.YOU.slack_id}" if self.mine else self.slack.page_url


def main(*, seconds: float | None = None, browser: bool = True, my_sessions: bool = False) -> int:
    """Run the demo until Ctrl-C, or for `seconds`; returns the exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    logging.getLogger("kindling").addHandler(logging.NullHandler())
    now = SystemClock().now()
    mine = sessions_on_this_machine(now) if my_sessions else None
    begins = STORY_BEGINS if mine is None else begins_on(now)
    with tempfile.TemporaryDirectory(prefix="kindling-demo-") as folder, world_of(Path(folder), begins, mine) as world:
        _say(
            f"{cast.COMPANY}: {len(world.company.people)} invented people, {PAST_DAYS} days of use, an empty database."
        )
        with app.running(settings_of(world), clock=world.clock) as desk:
            bring_in(desk, world)
            _run(desk, world, stop, seconds=seconds, browser=browser)
    _say("Stopped. Nothing is left behind.")
    return 0


def _run(desk: Desk, world: World, stop: threading.Event, *, seconds: float | None, browser: bool) -> None:
    listening = threading.Thread(target=app.listen, args=(desk, stop), name="socket-mode")
    listening.start()
    try:
        world.slack.wait_for_bot()
        _say("Collecting thirteen weeks from the tools' report, judging, deciding, and waiting for a fair hour ...")
        publish_the_past(desk, world)
        _advance(desk, world, world.begins + FIRST_MOVES, stop)
        world.slack.control.pass_time = lambda moment: _advance(desk, world, moment, stop)
        who = "You are You there, and can be anybody" if world.mine else "Be anybody there"
        _say(f"\n  Open  {world.page_url}\n\n  {who}, type /ai-stats, move the clock. Ctrl-C ends it.")
        if browser and not stop.is_set():
            webbrowser.open(world.page_url)
        stop.wait(seconds)
    finally:
        stop.set()
        listening.join()


def _advance(desk: Desk, world: World, until: datetime, stop: threading.Event) -> None:
    """Let the hours up to `until` pass one by one, as they would for the daemon, and note what came of it."""
    start = world.clock.now()
    until = min(until, start + _LONGEST_MOVE)
    progress = _Progress(total=max(1, int((until - start) / _TICK_EVERY)))
    sent_before = len(_sent(world))
    hour = start
    while hour < until and not stop.is_set():
        yesterday, hour = hour.date(), min(hour + _TICK_EVERY, until)
        if hour.date() > yesterday:
            _push_sessions(desk, world, [yesterday])
            _import_file(desk, world, Kind.OUTCOMES, _merges(world.company, yesterday, yesterday))
        world.clock.set(hour)
        _publish_days(world, hour.date())
        done = calendar.tick(desk.store, work=app.work(desk, pace=_PACE), now=hour)
        if done.get("failed"):
            _say(f"  {hour:%a %d %b, %H:%M} UTC: {done['failed']} of the jobs failed; they are tried again.")
        progress.step()
    sent = len(_sent(world)) - sent_before
    looked_at = len(world.company.people) + bool(world.mine)
    said = "no message was due" if not sent else f"{sent} private message{'s' if sent > 1 else ''} sent"
    world.slack.workspace.note(f"{until:%a %d %b, %H:%M} UTC: looked at {looked_at} people, {said}.")
    progress.end(said)


def publish_the_past(desk: Desk, world: World) -> None:
    """What was told of teams on the Mondays before the story begins: judged and published as it would have been."""
    work = app.work(desk, pace=_PACE)
    _publish_days(world, world.begins.date())
    _push_sessions(desk, world, (world.begins.date() - timedelta(days=back) for back in range(PAST_DAYS, 0, -1)))
    work["collect"](world.begins)
    first = world.begins - RUNNING_FOR
    due = {snapshot.newest_due(first + timedelta(days=day)) for day in range(RUNNING_FOR.days)}
    for monday in sorted(day for day in due if first.date() <= day < world.begins.date()):
        morning = world.begins.replace(year=monday.year, month=monday.month, day=monday.day, hour=5)
        work["detect"](morning)
        work["snapshot"](morning)


def _sent(world: World) -> list[object]:
    return [shown for shown in world.slack.journal.entries() if shown.surface == "dm" and shown.metadata]


def _publish_days(world: World, today: date) -> None:
    """The report holds every day that has begun, and no later one."""
    for back in range(PAST_DAYS + 4):
        day = today - timedelta(days=back)
        if not world.report.held(day) or back < 2:
            world.report.hold(day, _report_of(world.company, day))


def _push_sessions(desk: Desk, world: World, days: Iterable[date]) -> None:
    """What machines that send telemetry told of the sessions of `days`, where that is kept."""
    told = [facts for day in days for facts in world.company.sessions(day)]
    with desk.store.begin() as session:
        usage.merge_rows(session, source=pushed.SOURCE, rows=usage_rows(told), now=desk.clock.now())
        usage.save_sessions(session, source=pushed.SOURCE, sessions=told, now=desk.clock.now())


def _report_of(company: Company, day: date) -> Iterator[dict[str, Any]]:
    """The company's use of one day, as the vendor's report writes it: one entry a person, models inside."""
    rows = sorted(company.usage(day), key=lambda row: row.subject)
    for email, group in groupby(rows, key=lambda row: row.subject):
        mine = {row.model: row.counters for row in group}
        edits = mine.pop(ANY_MODEL)
        yield entry(
            day,
            email=email,
            models={model: _figures(counters) for model, counters in mine.items()},
            sessions=edits.sessions or 0,
            accepted=edits.accepted or 0,
            rejected=edits.rejected or 0,
        )


def _figures(counters: Counters) -> dict[str, int | None]:
    return {
        "input": counters.input_tokens,
        "cache_read": counters.cache_read_tokens,
        "cache_creation": counters.cache_write_tokens,
        "output": counters.output_tokens,
        "cents": (counters.cost_microusd or 0) // 10_000,
    }


def sessions_on_this_machine(now: datetime) -> Reading | None:
    """The session files of whoever runs this; None, said in one sentence, where there are none."""
    looked_in = places.on_this_machine(os.environ, Path.home())
    _say("Reading your own session files, on this machine only ...")
    found = read(looked_in, subject=cast.YOU.email, not_before=now - timedelta(days=MY_DAYS))
    if found.facts:
        return found
    where = ", ".join(str(folder) for folder in looked_in)
    _say(f"  No session files of the last {MY_DAYS} days, so everybody here is invented. I looked in {where}.")
    return None


def begins_on(now: datetime) -> datetime:
    """When the clock starts for somebody's own sessions: on the real day, at a weekend on the Monday that comes."""
    today = now.replace(hour=STORY_BEGINS.hour, minute=0, second=0, microsecond=0)
    to_monday = 7 - today.weekday() if today.weekday() in SATURDAY_AND_SUNDAY else 0
    return today + timedelta(days=to_monday)


@contextmanager
def world_of(folder: Path, begins: datetime, mine: Reading | None) -> Iterator[World]:
    """The company, its Slack and its tools' report, running; with whoever runs the demo when `mine` is there."""
    people = colleagues.people()
    # The invented weeks are told from a Monday: the one on which the clock starts, or the one before.
    company = Company(people, seed=colleagues.SEED, story_day=begins.date() - timedelta(days=begins.weekday()))
    clock = HandClock(begins)
    members = (*cast.CAST, *map(colleagues.member, people[len(cast.EMPLOYEES) :]), *((cast.YOU,) if mine else ()))
    with Playground(clock, members=members) as slack, ClaudeCodeStandIn() as report:
        yield World(company, slack, report, clock, folder, begins, mine)


def settings_of(world: World) -> settings.Settings:
    """A database in the demo's own folder, the stand-ins as Slack and as a source, and nothing of the environment."""
    environment = {
        "KINDLING_DATABASE_URL": f"sqlite:///{world.folder / 'demo.db'}",
        "KINDLING_SLACK_API_URL": world.slack.api_url,
        "KINDLING_SET_UP_BY": f"{cast.ROBIN.name}'s enablement team",
        "KINDLING_LEADS": f"{cast.ROBIN.email},{cast.HANA.email}",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
    }
    elsewhere = {who.email for who in world.company.people if who.behaviour is Behaviour.ELSEWHERE}
    source = settings.SourceConfig(
        kind="claude_code",
        name="claude_code",
        base_url=world.report.base_url,
        api_key=ADMIN_KEY,
        covers=tuple(who.email for who in world.company.people if who.email not in elsewhere),
    )
    return replace(settings.load(environment, _empty_file(world.folder)), sources=(source,))


def _empty_file(folder: Path) -> Path:
    """A settings file of the demo's own, so that one in the current folder has no say."""
    path = folder / "kindling.toml"
    path.touch()
    return path


def bring_in(desk: Desk, world: World) -> None:
    """What an operator brings: people, seats, absences, outcomes; and one's own sessions, where they were asked for."""
    company, today = world.company, desk.clock.now().date()
    with desk.store.begin() as session:
        installation.note_judging(session, day=today - RUNNING_FOR)
    everybody = [*_people(company), *(_me() if world.mine else ())]
    # They have stood where they stand for as long as Kindling has been running.
    _import_file(desk, world, Kind.PEOPLE, everybody, now=desk.clock.now() - RUNNING_FOR)
    _say(f"  imported {len(everybody)} {Kind.PEOPLE}")
    for kind, rows in (
        (Kind.SEATS, [_seat(person, since) for person, since in company.seats()]),
        (Kind.ABSENCES, [{"email": who.email, "first_day": a, "last_day": b} for who, a, b in company.absences()]),
        (Kind.OUTCOMES, _merges(company, today - timedelta(days=PAST_DAYS), today - timedelta(days=1))),
    ):
        _import_file(desk, world, kind, rows)
        _say(f"  imported {len(rows)} {kind}")
    if world.mine:
        kept = import_sessions.keep(
            desk.store, world.mine, subject=cast.YOU.email, now=desk.clock.now(), prices=desk.prices
        )
        _say(f"  yours: {kept.sessions} sessions in {kept.files} files; counted here, and gone when this ends")


def _import_file(
    desk: Desk, world: World, kind: Kind, rows: list[dict[str, object]], *, now: datetime | None = None
) -> None:
    """One file as an operator would bring it; a day on which nothing was finished has none."""
    if rows:
        path = world.folder / f"{kind}.csv"
        _write(path, rows)
        import_files.import_file(
            desk.store, kind=kind, path=path, now=now or desk.clock.now(), complete_through=None, prices=desk.prices
        )


def _merges(company: Company, first: date, last: date) -> list[dict[str, object]]:
    return [{**vars(merge), "at": merge.at.isoformat()} for merge in company.merges(first, last)]


def _people(company: Company) -> Iterator[dict[str, object]]:
    for who in company.people:
        yield {
            "email": who.email,
            "team": who.team,
            "manager_email": who.manager_email or "",
            "timezone": who.timezone,
            "locale": who.locale,
            "country": who.country,
            "role": who.role,
        }


def _me() -> Iterator[dict[str, object]]:
    you = cast.YOU
    me = {"email": you.email, "timezone": you.timezone, "locale": you.locale, "role": you.role}
    yield {**dict.fromkeys(("team", "manager_email", "country"), ""), **me}


def _seat(person: Character, since: date) -> dict[str, object]:
    cost_usd = SEAT_COST_MICROUSD // 1_000_000
    return {"email": person.email, "tool": TOOL, "assigned_on": since, "monthly_cost_usd": cost_usd}


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


class _Progress:
    """A line that grows on a terminal; nothing in a pipe."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._shown = total, 0, sys.stdout.isatty()

    def step(self) -> None:
        self._done += 1
        if self._shown:
            print(f"\r  {self._done} of {self._total} hours", end="", flush=True)

    def end(self, said: str) -> None:
        print(f"\r  {self._total} hours later: {said}", flush=True)


def _say(line: str) -> None:
    print(line, flush=True)
