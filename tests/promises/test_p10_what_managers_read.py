"""P1, P2, P10: everything that managers and leads can ask of Slack, in a whole company, read for anybody and any few.

Sixty invented people are judged and summed up by the real jobs. Then everybody, manager or not, asks by command and by
button for what can be asked, and gets what is sent by itself. All of it is read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select, update

from bot.clock import HandClock
from bot.domain.disclosure import Shown
from bot.domain.disclosure.shares import LEAST_PEOPLE
from bot.domain.people import SATURDAY_AND_SUNDAY
from bot.domain.prices import PriceBook
from bot.domain.roster import PersonRecord
from bot.domain.team_summary import MEASURES
from bot.domain.teams import COMPANY
from bot.playground.cast import Member
from bot.playground.server import BOT_TOKEN, Playground
from bot.settings import load
from bot.slack import Slack
from bot.sources.invented.company import InventedCompany
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import digests, identities, installation, people, published
from bot.store.database import Session, Store
from bot.store.own_tips import library
from bot.store.tables import AuditRow, PersonRow, SnapshotMemberRow, TeamStayRow
from bot.views import team
from bot.views.ids import Action, Payload
from handlers import ai_team
from handlers.desk import Desk
from handlers.who import Asked
from jobs.detect import detect
from jobs.digest import digest
from jobs.rounds import Pace
from jobs.snapshot import snapshot
from tests import watched
from tests.company import keep

NOW = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
NOTHING = team.nothing().text
WORDS = ("", "help", "everybody", "audit", "no such team", "*", "%", "person-1", "' OR 1=1 --")
RANKED = re.compile(
    r"\b(rank\w*|best|worst|top|bottom|ahead|falls? behind|percentiles?|average|score|other teams?)\b|!", re.IGNORECASE
)


@dataclass(frozen=True)
class Read:
    """What was shown to whom, and who they are."""

    store: Store
    emails: dict[str, str]
    """By Slack id."""
    shown: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def texts(self) -> list[str]:
        return [f"{one.text}\n{json.dumps(one.blocks)}" for shown in self.shown.values() for one in shown]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Read]:
    path = tmp_path_factory.mktemp("company") / "kindling.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    store = Store(f"sqlite:///{path}")
    company = InventedCompany(seed=5, size=60, now=NOW)
    keep(store, company)
    members = [Member(slack_id(one.worker.email), one.worker.email, "Somebody Here") for one in company.people()]
    settle(store, members)
    detect(store, now=NOW, prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of)
    assert snapshot(store, now=NOW)["groups"] > 5
    with watched.playground(HandClock(NOW), members=members) as slack:
        found = Read(store, {member.slack_id: member.email for member in members})
        ask_everything(desk_of(store, slack, leads=(members[7].email,)), found)
        send(store, slack, members)
        for shown in slack.journal.entries():
            found.shown[shown.to].append(shown)
        yield found
    store.close()


def slack_id(email: str) -> str:
    return "U0" + "".join(letter for letter in email.partition("@")[0].upper() if letter.isalnum())


def settle(store: Store, members: list[Member]) -> None:
    """Everybody has a Slack account and stood where they stand for weeks; one manager has three people left."""
    with store.begin() as session:
        installation.note_judging(session, day=NOW.date() - timedelta(days=21))
        records = [PersonRecord(email=member.email, slack_user_id=member.slack_id) for member in members]
        people.save_people(session, records=records, now=NOW, columns={"slack_user_id"})
        leaders = session.scalars(
            select(PersonRow.manager_id).where(PersonRow.manager_id.is_not(None)).distinct()
        ).all()
        small, large = sorted(leader for leader in leaders if leader is not None)[-2:]
        leaving = session.scalars(select(PersonRow.person_id).where(PersonRow.manager_id == small)).all()[3:]
        for model in (PersonRow, TeamStayRow):
            session.execute(update(model).where(model.person_id.in_(leaving)).values(manager_id=large))
        session.execute(update(TeamStayRow).values(first_day=NOW.date() - timedelta(days=90)))


def desk_of(store: Store, slack: Playground, **settings: Any) -> Desk:
    told = replace(load({"KINDLING_SET_UP_BY": "Robin Osei's enablement team"}), **settings)
    return Desk(store, Slack(BOT_TOKEN, slack.api_url), HandClock(NOW), told, library(()), cast("PriceBook", None))


def ask_everything(desk: Desk, read: Read) -> None:
    """Managers, leads and some others type every word and every team's name, and tap every button with every key."""
    with desk.store.read() as session:
        summaries = [published.find(session, group_key=COMPANY), *published.below(session, group_key=COMPANY)]
        for one in list(summaries[1:]):
            summaries += published.below(session, group_key=one.group_key) if one else ()
    labels = {one.label for one in summaries if one and one.label}
    keys = [one.group_key for one in summaries if one]
    leaders = leading(desk.store)
    for slack_user_id, email in read.emails.items():
        is_busy = email in leaders or email in desk.settings.leads or slack_user_id.endswith("05")
        for text in (*WORDS, *sorted(labels)) if is_busy else ("", min(labels)):
            ai_team.answer(Asked(desk, slack_user_id, text=text))
        for key in keys if is_busy else keys[:1]:
            for tap in (Action.TEAM_OPEN, Action.TEAM_WHY):
                ai_team.TAPS[tap](Asked(desk, slack_user_id, value=Payload(group_key=key).dump()))


def leading(store: Store) -> set[str]:
    """The addresses of everybody to whom somebody reports."""
    with store.read() as session:
        leaders = select(PersonRow.manager_id).where(PersonRow.manager_id.is_not(None)).distinct()
        listed = {person_id: email for email, person_id, *_ in identities.addresses(session)}
        return {listed[leader] for leader in session.scalars(leaders) if leader is not None}


def send(store: Store, slack: Playground, members: list[Member]) -> None:
    """Everybody wished for it, manager or not; it is sent in everybody's fair hours."""
    with store.begin() as session:
        for member in members:
            person_id = people.person_by_email(session, email=member.email)
            assert person_id is not None
            digests.want(session, person_id=person_id, now=NOW, seen=None)
    for hour in range(0, 48, 5):
        digest(
            store,
            slack=Slack(BOT_TOKEN, slack.api_url),
            now=NOW + timedelta(hours=hour),
            holidays_of=lambda *_: frozenset(),
            weekend_of=lambda _: SATURDAY_AND_SUNDAY,
            pace=Pace(rate_per_s=10_000),
            sleep=lambda _: None,
        )


def test_nobody_is_named(read: Read) -> None:
    """No address, Slack id, login or number of anybody, the reader's own among them, stands in anything shown."""
    names = {part for pair in read.emails.items() for part in (*pair, pair[1].partition("@")[0])}
    words = {word.strip(".") for text in read.texts() for word in re.findall(r"[\w@.-]+", text)}

    assert "team" in words
    assert set() == {name.casefold() for name in names} & {word.casefold() for word in words}


def test_only_managers_and_leads_read_anything(read: Read) -> None:
    """Whoever leads nobody and is no lead got the one sentence, and the usage, and nothing else."""
    readers = {
        read.emails[to] for to, shown in read.shown.items() if any("people, in steps" in one.text for one in shown)
    }
    leaders = leading(read.store)

    assert readers
    assert readers <= leaders | {list(read.emails.values())[7]}
    assert leaders - readers, "the company has a team that is too small"
    for to, email in read.emails.items():
        if email not in readers:
            assert {NOTHING} == {one.text for one in read.shown[to] if "How to use" not in one.text}


def told(session: Session) -> list[Shown]:
    """Every figure that was published."""
    every = {measure.name for measure in MEASURES}
    by_group = published.cells(session, first=NOW.date(), last=NOW.date(), measures=every)
    found = [cell for weeks in by_group.values() for cells in weeks.values() for cell in cells.values()]
    return [cell for cell in found if isinstance(cell, Shown)]


def test_no_figure_stands_for_few(read: Read) -> None:
    """Behind every published figure stand at least seven people, and no word shown counts people."""
    with read.store.read() as session:
        shown = told(session)
        counted = select(func.count()).select_from(SnapshotMemberRow).group_by(SnapshotMemberRow.group_key)
        members = session.scalars(counted).all()

    assert 7 == LEAST_PEOPLE
    assert shown
    assert [] == [cell for cell in shown if cell.people < LEAST_PEOPLE]
    assert [] == [count for count in members if count < LEAST_PEOPLE]
    assert [] == [text[:200] for text in read.texts() if re.search(r"\b\d+ (people|persons?|employees)\b", text)]


def test_every_number_is_a_published_one(read: Read) -> None:
    """Whatever number a summary says is a published figure, a day, or a constant of the rules."""
    with read.store.read() as session:
        figures = {cell.value for cell in told(session)}
    said = {round(value / 1_000_000) for value in figures} | figures | set(range(32)) | {2026}
    texts = [one.text for shown in read.shown.values() for one in shown if "people, in steps" in one.text]
    numbers = {number for text in texts for number in re.findall(r"\d[\d,]*", text)}
    unknown = {number for number in numbers if int(number.replace(",", "")) not in said}

    assert texts
    assert {number for number in unknown if not is_rounded(int(number.replace(",", "")), figures)} == set()


def is_rounded(number: int, figures: set[int]) -> bool:
    """Whether it is one of the figures in millions or in dollars, to two digits."""
    return any(abs(number - value / 1_000_000) <= 0.06 * number for value in figures)


def test_nothing_is_ranked(read: Read) -> None:
    """No word of order or comparison, and teams below stand in the order of the alphabet."""
    assert [] == [found[0] for text in read.texts() if (found := RANKED.search(text))]
    for shown in (one for theirs in read.shown.values() for one in theirs):
        for block in shown.blocks:
            for element in block.get("elements", ()):
                names = [option["text"]["text"] for option in element.get("options", ())]
                assert sorted(names, key=str.casefold) == names


def test_every_summary_shown_is_written_down(read: Read) -> None:
    """As many summaries, explanations and sent ones stand in the audit as were shown."""
    shown = [one for theirs in read.shown.values() for one in theirs if "people, in steps" in one.text]
    whys = [one for theirs in read.shown.values() for one in theirs if "How a summary" in one.text]
    with read.store.read() as session:
        acts = session.scalars(select(AuditRow.act)).all()

    assert len(shown) == sum(act in ("summary_opened", "summary_sent") for act in acts)
    assert len(whys) == sum(act == "summary_explained" for act in acts)
