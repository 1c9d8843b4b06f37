"""P1: whatever any role but the person can reach is read for names joined with figures; there are none.

A whole invented company is worked through on the command line, with sources that fail and files that are wrong. Read is
all that is printed and logged, every file that is written, every table that is about nobody, and every screen that an
enablement lead can open. What is shown in Slack is read by tests/watched.py too, in every test, and what managers are
shown by the tests of the team's room. Then twelve people,
of whom the operator leaves one out: whatever that one's state is, all that is printed and kept is the same (P10).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, select

from bot import app, cli
from bot.arguments import parser
from bot.clock import HandClock
from bot.domain.campaigns import Audience, Plan, Step
from bot.domain.campaigns import Kind as CampaignKind
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.triggers import ENABLEMENT_TRIGGERS
from bot.domain.usage import CoverageStatus
from bot.playground.cast import Member
from bot.playground.server import Playground
from bot.settings import load
from bot.sources.invented.company import InventedCompany
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn
from bot.store import campaigns, coverage, identities, people, preferences, rights
from bot.store.database import Store
from bot.store.pseudonyms import subject_key
from bot.store.tables import Base, IdentityRow, RunRow, StateRow
from bot.views.ids import Payload
from handlers import ai_nudge, campaign_looks, campaign_page
from handlers.who import Asked
from tests import watched
from tests.company import keep
from tests.jobs.nights import used
from tests.leaks import Known, Leaks

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
LEADS = "/ai-nudge"
ON_SLACK = 3
"""How many have a Slack account: a message a second is Slack's pace, and nobody wants to wait for sixty."""
LASTING = {"demo", "run", "worker"}
"""Commands that go on until they are told to stop; what they do is done by `tick`, and in the tests of handlers."""


@dataclass(frozen=True)
class Worked:
    """What a company left behind that others can reach, by where it was found, and who is in it."""

    said: dict[str, str]
    store: Store
    leaks: Leaks
    folder: Path
    erased: frozenset[str]
    """What led to the one who was erased: address, name and keys."""


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Worked]:
    """Sixty people through every command, in this process."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "kindling.db").write_bytes(migrated_sqlite.read_bytes())
    store = Store(f"sqlite:///{folder / 'kindling.db'}")
    company = InventedCompany(seed=5, size=60, now=NOW)
    keep(store, company)
    emails = [one.worker.email for one in company.people()]
    leaks = Leaks(known(store, emails))
    with store.read() as session:
        erased = frozenset({emails[-1].partition("@")[0], subject_key(session, IdentitySource.EMAIL, emails[-1])})
    assert erased == in_files(folder, erased)
    with pytest.MonkeyPatch.context() as patch, ClaudeCodeStandIn() as report:
        report.hold(NOW.date(), [used(NOW.date(), email) for email in emails[:7]])
        prepare(folder, report, emails)
        members = [Member(slack_id(email), email, "Somebody Here") for email in emails[:ON_SLACK]]
        with watched.playground(HandClock(NOW), members=members) as slack:
            patch.chdir(folder)
            patch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
            patch.setenv("KINDLING_SLACK_API_URL", slack.api_url)
            patch.setenv("REPORT_KEY", ADMIN_KEY)
            said = {" ".join(words): run(*words) for words in spoken(emails)}
            said[LEADS] = screens_of_a_lead(slack, emails[0])
    for path in folder.rglob("*.md"):
        said[path.name] = path.read_text(encoding="utf-8")
    yield Worked(said, store, leaks, folder, erased)
    store.close()


def screens_of_a_lead(slack: Playground, email: str) -> str:
    """All that a lead reads of campaigns about what is found most in this company, and of what can be done."""
    settings = load({**os.environ, "KINDLING_LEADS": email})
    with app.running(settings, clock=HandClock(NOW)) as desk:
        for trigger in sorted({*ENABLEMENT_TRIGGERS, "W01"}):
            with desk.store.begin() as session:
                fitting = [tip for tip in desk.tips(session) if trigger in tip.triggers]
                plan = Plan(
                    name=f"About {trigger}",
                    kind=CampaignKind.ONE_OFF,
                    audience=Audience(trigger),
                    steps=(Step(None, fitting[0].topic),),
                    first_day=NOW.date(),
                    last_day=NOW.date(),
                )
                key = campaigns.create(session, plan=plan, author_slack_id=slack_id(email), now=NOW)
            for work in (*campaign_looks.TAPS.values(), *campaign_page.TAPS.values()):
                work(Asked(desk, slack_id(email), value=Payload(campaign_key=key).dump()))
        for word in ("", "help"):
            ai_nudge.answer(Asked(desk, slack_id(email), text=word))
    return "\n".join(shown.words() for shown in slack.journal.to(slack_id(email)))


def spoken(emails: list[str]) -> list[list[str]]:
    """Every command, in an order in which a company may say them; some cannot work."""
    return [
        ["db", "upgrade"],
        ["papers"],
        ["doctor"],
        ["collect"],
        ["collect", "--source", "broken", "--since", "2026-02-20"],
        *(["import", kind, f"{kind}{which}.csv"] for kind in FILES for which in ("", "-wrong")),
        ["import", "sessions", "."],
        ["tick", "--json"],
        ["queue", "--json"],
        ["detect"],
        ["measure"],
        ["decide"],
        ["deliver"],
        ["digest"],
        ["snapshot"],
        ["calibrate", "--json"],
        ["doctor", "--unmapped", "--json"],
        ["forget", emails[-1], "--json"],
        ["exclude", emails[-2], "--json"],
        ["include", emails[-2]],
        ["forget", "nobody@lantern.example"],
        ["tidy", "--json"],
        ["doctor", "--json"],
        ["papers", "--json"],
        ["detect", "somebody", emails[0]],
    ]


FILES = {
    "people": ("email,team,manager_email", "{0},Press,{1}", "{0},Press,nobody at all"),
    "identities": ("email,source,external_id", "{0},cursor,user_x9", "{0},tarot,user_x9"),
    "seats": ("email,tool,assigned_on,monthly_cost_usd", "{0},cursor,2026-01-05,731.25", "{0},cursor,soon,731.25"),
    "absences": ("email,first_day,last_day", "{0},2026-02-02,2026-02-03", "{0},2026-02-09,2026-02-03"),
    "usage": ("email,day,tool,requests", "{0},2026-02-20,cursor,48613", "{0},2026-02-20,cursor,-48613"),
    "outcomes": ("email,at,kind,ref", "{0},2026-02-20T10:00:00Z,pr_merged,r1", "{0},2026-02-20T10:00:00Z,won,r1"),
}
"""For each kind of file its header, a line that is right, and one that is wrong."""


def prepare(folder: Path, report: ClaudeCodeStandIn, emails: list[str]) -> None:
    """Files, right and wrong, and two sources, of which one refuses us."""
    for kind, (header, right, wrong) in FILES.items():
        stranger = right.format("stranger@lantern.example", emails[1])
        lines = [header, right.format(emails[0], emails[1]), stranger]
        (folder / f"{kind}.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
        lines.append(wrong.format(emails[2], emails[1]))
        (folder / f"{kind}-wrong.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    sources = "".join(
        f'[[source]]\nkind = "claude_code"\nname = "{name}"\nbase_url = "{report.base_url}"\napi_key_env = "{key}"\n'
        for name, key in (("machines", "REPORT_KEY"), ("broken", "SLACK_BOT_TOKEN"))
    )
    (folder / "kindling.toml").write_text(sources, encoding="utf-8")


def run(*words: str, now: datetime = NOW) -> str:
    """What a command prints and logs, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    moment = [] if words[0] in ("db", "nothing") else ["--now", now.isoformat()]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([*words, *moment])
    return f"{out.getvalue()}{err.getvalue()}exit {code}\n"


def known(store: Store, emails: list[str]) -> list[Known]:
    """Everybody with all that names them, and every number above a thousand that stands in their rows."""
    names: dict[int, set[str]] = defaultdict(set)
    figures: dict[int, set[int]] = defaultdict(set)
    with store.read() as session:
        for row in session.scalars(select(IdentityRow).where(IdentityRow.person_id.is_not(None))):
            assert row.person_id is not None
            names[row.person_id].add(row.external_id)
            if row.source == IdentitySource.EMAIL:
                names[row.person_id] |= {row.external_id.partition("@")[0], slack_id(row.external_id)}
        for model in rights.PERSONAL:
            table = Base.metadata.tables[str(model.__tablename__)]
            counts = [c.name for c in table.columns if isinstance(c.type, BigInteger) and not c.name.endswith("_id")]
            if "person_id" in table.columns:
                for found in session.execute(select(table)).mappings():
                    if found["person_id"] is not None:
                        figures[found["person_id"]] |= {found[name] for name in counts if found[name] is not None}
    assert len(emails) == len(names)
    return [Known(number, frozenset(theirs), frozenset(figures[number])) for number, theirs in names.items()]


def in_files(folder: Path, marks: frozenset[str]) -> set[str]:
    """Those of `marks` that stand in any file below the folder."""
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).lower()
    return {mark for mark in marks if mark.lower().encode() in content}


def slack_id(email: str) -> str:
    return "U0" + "".join(letter for letter in email.partition("@")[0].upper() if letter.isalnum())


def test_every_command_was_said(worked: Worked) -> None:
    """There is no command that this did not say, apart from those that never end."""
    [subcommands] = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]

    said = {command.partition(" ")[0] for command in worked.said if not command.endswith(".md")} - {LEADS}
    assert set(subcommands.choices) - LASTING == said


def test_nothing_said_joins_a_name_and_a_figure(worked: Worked) -> None:
    """Over all that was printed, logged and written: no line, and no text as a whole."""
    found = {where: leaks for where, text in worked.said.items() if (leaks := worked.leaks.in_text(text))}

    assert {} == found


def test_who_was_erased_is_in_no_file_and_no_output(worked: Worked) -> None:
    """At the end no file in the folder holds the erased one, nor does the database and its log, nor anything said."""
    assert set() == in_files(worked.folder, worked.erased)
    assert [] == [words for words, text in worked.said.items() for mark in worked.erased if mark in text]


def test_no_table_about_nobody_joins_a_name_and_a_figure(worked: Worked) -> None:
    """What is written down of runs, sources, group figures, campaigns and who looked at them: no row does. Which leads
    planned and approved a campaign is left aside: its numbers are its plan's, and about neither of them.
    """
    tables = [Base.metadata.tables[name] for name in sorted(rights.NOT_PERSONAL)]
    with worked.store.read() as session:
        rows = {
            table.name: [_without_leads(row) for row in session.execute(select(table)).mappings()] for table in tables
        }

    assert {} == {name: found for name, theirs in rows.items() if (found := worked.leaks.in_rows(theirs))}
    assert all(rows[name] for name in ("run", "source_run", "papers"))


def _without_leads(row: Mapping[Any, Any]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in ("author_slack_id", "approver_slack_id")}


def test_what_was_said_is_worth_reading(worked: Worked) -> None:
    """The commands did work: people were judged and written to, failures were told, and logs are among what is read."""
    said = worked.said
    ticked = json.loads([line for line in said["tick --json"].splitlines() if line.startswith('{"collect')][-1])

    assert "About W01" in said[LEADS]
    assert "I cannot tell yet." in said[LEADS]
    assert 60 <= ticked["detect"]["people"]
    assert 0 < ticked["deliver"]["sent"] <= ON_SLACK
    assert [] == [words for words, text in said.items() if "-wrong" in words and "exit 2" not in text]
    assert '"event":' in "".join(said.values())
    assert "exit 1" in said["collect --source broken --since 2026-02-20"]
    assert "stranger@lantern.example" in said["doctor --unmapped --json"]


def test_nobody_is_counted_by_what_was_found(worked: Worked) -> None:
    """No line printed or logged, and no row of a run, counts people by state, finding or reason."""
    with worked.store.read() as session:
        kept = json.dumps([row.result for row in session.scalars(select(RunRow))])
    by_what = re.compile(r"\b(state|finding|not_judged|silent|planned)\.\w")

    assert [] == [words for words, text in worked.said.items() if by_what.search(text)]
    assert None is by_what.search(kept)
    assert '"people": 6' in kept


TOOL = "claude_code"
TWELVE = [f"person{number}@lantern.example" for number in range(12)]
LATER = NOW + timedelta(days=1)
COMMANDS = ("detect", "measure", "decide", "deliver", "digest", "snapshot", "tidy", "calibrate", "doctor")
SEAT_OF_THE_TWELFTH = {"grace": date(2026, 2, 26), "not_provisioned": None, "never_used": date(2026, 1, 5)}
"""Since when the twelfth has a seat, in each of three companies that are the same but for that; and the state of it."""


@dataclass(frozen=True)
class Seen:
    """What an operator can read in one of the three, and what is so."""

    said: list[str]
    kept: list[tuple[str, dict[str, Any] | None]]
    state: str


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> dict[str, Seen]:
    """Each company through every job, before and after the operator leaves the twelfth out."""
    with pytest.MonkeyPatch.context() as patch, watched.playground(HandClock(NOW), members=[]) as slack:
        patch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        patch.setenv("KINDLING_SLACK_API_URL", slack.api_url)
        seen = {}
        for state, since in SEAT_OF_THE_TWELFTH.items():
            folder = tmp_path_factory.mktemp(state)
            patch.chdir(folder)
            (folder / "kindling.db").write_bytes(migrated_sqlite.read_bytes())
            seen[state] = one_left_out(Store(f"sqlite:///{folder / 'kindling.db'}"), since)
        return seen


def one_left_out(store: Store, since: date | None) -> Seen:
    twelfth = settle(store, since)
    said = [run("tick", "--json"), *(run(command) for command in COMMANDS)]
    with store.read() as session:
        state = session.scalars(select(StateRow.state).where(StateRow.person_id == twelfth)).one()
    said += [run("exclude", TWELVE[-1]), *(run(command) for command in COMMANDS), run("tick", "--json", now=LATER)]
    with store.read() as session:
        kept = [(row.job, row.result) for row in session.scalars(select(RunRow).order_by(RunRow.run_id))]
    store.close()
    return Seen([re.sub(r'"at": "[^"]*"', "", text) for text in said], kept, state)


def settle(store: Store, since: date | None) -> int:
    """Eleven with a new seat and the twelfth, who wants no messages; their tool has reported every day of everybody."""
    first = date(2026, 1, 5)
    days = [first + timedelta(days=day) for day in range(56)]
    seats = [SeatRecord(email, TOOL, date(2026, 2, 26)) for email in TWELVE[:-1]]
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(email, timezone="UTC") for email in TWELVE], now=NOW)
        people.save_seats(session, seats=[*seats, *([SeatRecord(TWELVE[-1], TOOL, since)] if since else [])])
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=TWELVE)
        done = CoverageStatus.COVERED
        coverage.mark(session, source="file", tool=TOOL, days=days, status=done, reason=None, as_of=NOW)
        coverage.cover_people(
            session, source="file", tool=TOOL, person_ids=ids.values(), first_day=first, last_day=None
        )
        preferences.stop(session, person_id=ids[TWELVE[-1]], now=NOW)
    return ids[TWELVE[-1]]


def test_leaving_one_out_does_not_tell_how_they_were(three: dict[str, Seen]) -> None:
    """Three companies, in which the twelfth is in another state: their operators read and hold the very same."""
    assert list(SEAT_OF_THE_TWELFTH) == [seen.state for seen in three.values()]
    first = three["grace"]
    for seen in three.values():
        assert first.said == seen.said
        assert first.kept == seen.kept
    assert [12, 11] == [result["people"] for job, result in first.kept if job == "detect" and result]


PLANTED = {
    "an address and a count": "{email}: 12 requests",
    "a number of ours and a count": '{{"event": "detect.done", "person": {number}, "tokens": 3}}',
    "a Slack id and a sum": "sent to {slack} ($0.4)",
    "a login and a state": "{local} is at risk",
    "a figure lines below the name": "for {email}\n\ntotal\n  {figure}",
    "a figure with separators": "{email}\n{figure:,} tokens",
    "dollars lines below": "{email}\n...\n${dollars} this month",
    "capital letters": "{shouted} 7",
    "inside a list": '[{{"email": "{email}", "days": [3, 4]}}]',
}
HARMLESS = {
    "a name alone": "{email} is not known",
    "where a row is wrong": "people.csv, line 3, column email: {local} is no address",
    "when something was seen": "{email},cursor,2026-03-02",
    "a moment and a number": '{{"at": "2026-03-02T10:00:00.123+00:00", "event": "nudge.sent", "person": {number}}}',
    "counts of nobody": "detect: people 60, days_failed 4, tokens 48611",
}


def filled(pattern: str, someone: Known, figure: int = 0) -> str:
    email = next(name for name in someone.names if "@" in name)
    return pattern.format(
        email=email,
        shouted=email.upper(),
        local=email.partition("@")[0],
        slack=slack_id(email),
        number=someone.number,
        figure=figure,
        dollars=f"{figure / 1_000_000:.6f}",
    )


@pytest.mark.parametrize("pattern", PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_found(worked: Worked, pattern: str) -> None:
    """Each way of joining a person and a figure is found, for everybody who has figures, within real output."""
    around, leaks = worked.said["doctor"], worked.leaks
    figures = {one: own[-1] for one in leaks.people if (own := leaks.own_figures(one.number))}
    missed = [one for one, own in figures.items() if not leaks.in_text(f"{around}{filled(pattern, one, own)}\n")]

    assert 30 < len(figures)
    assert [] == [one.number for one in missed]


@pytest.mark.parametrize("pattern", HARMLESS.values(), ids=HARMLESS)
def test_what_is_harmless_is_let_be(worked: Worked, pattern: str) -> None:
    """A name without a figure, and a figure without a name, are no leak: else the reader would cry at everything."""
    assert [] == worked.leaks.in_text(filled(pattern, worked.leaks.people[0]))
