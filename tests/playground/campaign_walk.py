"""A lead's whole way in a real browser: create, preview, dry run, a second lead's word, run, a message, pause, result.

tests/playground/test_campaign_walk.py walks it; `python -m tests.playground.campaign_walk FOLDER` walks it again and
keeps a picture of each stop, so that what docs/how-to/campaigns.md shows is what was tested.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from bot import app
from bot.clock import HandClock
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.usage import CoverageStatus
from bot.playground.cast import BEN, CAST, EMPLOYEES, HANA, ROBIN, Member
from bot.playground.journal import Shown
from bot.playground.server import Playground
from bot.store import coverage, identities, people
from handlers.desk import Desk
from jobs.calendar import Work
from jobs.rounds import Pace
from tests import watched
from tests.handlers import office
from tests.playground.browser import chromium

Shoot = Callable[[str], None]
MONDAY = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
TUESDAY_NOON = "2026-03-03T13:10"
DESK: ViewportSize = {"width": 1240, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 844}
TOOL = "claude_code"
CROWD = tuple(
    Member(f"U7{number:02}", f"lamp{number}@lantern.example", f"{first} {last}")
    for number, (first, last) in enumerate(
        (first, last)
        for first in ("Abel", "Bela", "Cyra", "Dario", "Edda", "Femi", "Gita", "Henk")
        for last in ("Adeyemi", "Brandt", "Costa", "Duval", "Eriksen")
    )
)


@dataclass(frozen=True)
class World:
    """A company in which almost nobody has begun, its Slack, and the jobs of its nights."""

    desk: Desk
    slack: Playground
    jobs: Work

    def pass_time(self, until: datetime) -> None:
        """The nights up to then, and what may leave at that moment."""
        clock = self.desk.clock
        assert isinstance(clock, HandClock)
        while clock.now().date() < until.date():
            night = datetime.combine(clock.now().date() + timedelta(days=1), MONDAY.time().replace(hour=4), UTC)
            clock.set(night)
            for job in ("detect", "measure", "decide"):
                self.jobs[job](night)
        clock.set(until)
        self.jobs["deliver"](until)

    def tips(self) -> list[Shown]:
        """Every tip that was sent."""
        return [shown for shown in self.slack.journal.messages() if shown.metadata]


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Two leads, the rest of the cast, and forty others with seats that they never used, on a Monday morning."""
    members = (*CAST, *CROWD)
    with watched.playground(HandClock(MONDAY), members=members, retry_events_after_s=()) as slack:
        clock = slack.workspace.clock._base
        assert isinstance(clock, HandClock)
        told = {"KINDLING_LEADS": f"{ROBIN.email},{HANA.email}"}
        settings = office.settings_for(slack, folder, transport="socket", http_addr="127.0.0.1:0", **told)
        with app.running(settings, clock=clock) as desk, office.served(desk, slack):
            hire(desk)
            made = World(desk, slack, app.work(desk, pace=Pace(rate_per_s=50)))
            made.jobs["detect"](MONDAY)
            slack.control.pass_time = made.pass_time
            yield made


def hire(desk: Desk) -> None:
    """Everybody on the roster; seats since January that Ben and the others never used, and a source that saw it all."""
    everybody = [*EMPLOYEES, *CROWD]
    records = [
        PersonRecord(one.email, timezone=one.timezone, locale=one.locale, role="dev", slack_user_id=one.slack_id)
        for one in everybody
    ]
    seats = [SeatRecord(one.email, TOOL, date(2026, 1, 5)) for one in (BEN, *CROWD)]
    days = [date(2026, 1, 5) + timedelta(days=day) for day in range(90)]
    with desk.store.begin() as session:
        people.save_people(session, records=records, now=MONDAY)
        people.save_seats(session, seats=seats)
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[one.email for one in everybody])
        seen = CoverageStatus.COVERED
        coverage.mark(session, source="file", tool=TOOL, days=days, status=seen, reason=None, as_of=MONDAY)
        coverage.cover_people(
            session, source="file", tool=TOOL, person_ids=ids.values(), first_day=days[0], last_day=None
        )


# ---------------------------------------------------------------- the walk


def walk(page: Page, company: World, shoot: Shoot) -> None:
    """All of it. `shoot` is called at each stop with its name."""
    plan(page, company, shoot)
    approve(page, company, shoot)
    member = arrive(page, company, shoot)
    pause_and_judge(page, company, shoot)
    assert member.slack_id in {shown.to for shown in company.tips()}


def plan(page: Page, company: World, shoot: Shoot) -> None:
    """Robin writes it down, looks at the message, tries it dry and asks for a second lead."""
    expect.set_options(timeout=20_000)
    become(page, company, ROBIN)
    command(page, "/ai-nudge")
    expect(page.locator(".message.ephemeral").last).to_contain_text("No campaign yet")
    shoot("begin")
    page.get_by_role("button", name="New campaign").click()
    first = dialog(page, "New campaign")
    first.get_by_role("button", name="Next").click()
    expect(first.get_by_role("alert").first).to_have_text("Please complete this required field.")
    first.get_by_label("Name").fill("Ten minutes to begin with")
    first.get_by_label("What is it about?").select_option(label="A seat, and no use yet")
    shoot("who")
    first.get_by_role("button", name="Next").click()

    second = dialog(page, "What they get")
    second.get_by_label("Last day").fill("2026-03-01")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("End on the first day or later.")).to_be_visible()
    second.get_by_label("Last day").fill("2026-03-27")
    second.get_by_label("Message", exact=True).select_option(label="First ten minutes (3 tips)")
    shoot("what")
    second.get_by_role("button", name="Save").click()

    shown = dialog(page, "Campaign")
    expect(shown).to_contain_text("Nothing leaves before it is started")
    expect(shown).to_contain_text("3 to 27 March")
    shoot("page")
    shown.get_by_role("button", name="See the message").click()
    expect(dialog(page, "The message")).to_contain_text("This is a sample")
    shoot("message")
    page.get_by_role("button", name="Back to the campaign").click()
    dialog(page, "Campaign").get_by_role("button", name="Try it dry").click()
    expect(dialog(page, "A dry run")).to_contain_text("What it could show")
    shoot("dry-run")
    page.get_by_role("button", name="Back to the campaign").click()
    dialog(page, "Campaign").get_by_role("button", name="Ask a second lead").click()
    expect(dialog(page, "Campaign")).to_contain_text("It waits for a second lead now")
    page.keyboard.press("Escape")


def approve(page: Page, company: World, shoot: Shoot) -> None:
    """Hana finds it first in her list, and gives her word."""
    become(page, company, HANA)
    command(page, "/ai-nudge")
    expect(page.locator(".message.ephemeral").last).to_contain_text("Wait for a second lead")
    page.get_by_role("button", name="Open").last.click()
    asked = dialog(page, "Campaign")
    expect(asked).to_contain_text("Waits for a second lead")
    shoot("second-lead")
    asked.get_by_role("button", name="Approve and start").click()
    page.locator("#confirm").get_by_role("button", name="Approve and start").click()
    expect(dialog(page, "Campaign")).to_contain_text("Approved and started.")
    page.keyboard.press("Escape")
    assert [] == company.tips()


def arrive(page: Page, company: World, shoot: Shoot) -> Member:
    """The night draws who is in it, and at noon most of the messages are there; the held-out hear nothing."""
    page.fill("#goto-input", TUESDAY_NOON)
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator("#clock-status")).not_to_contain_text("…", timeout=20_000)
    expect(page.locator("#clock-day")).to_contain_text("3 March", timeout=20_000)
    sent_to = [shown.to for shown in company.tips()]
    assert 5 < len(sent_to) == len(set(sent_to)) < len(CROWD)
    member = next(one for one in (BEN, *CROWD) if one.slack_id in sent_to)
    become(page, company, member)
    expect(page.locator(".message").last).to_contain_text("Why this?")
    shoot("arrives")
    return member


def pause_and_judge(page: Page, company: World, shoot: Shoot) -> None:
    """Robin pauses it; nothing leaves any more; whether it helped cannot be told yet."""
    become(page, company, ROBIN)
    command(page, "/ai-nudge")
    expect(page.locator(".message.ephemeral").last).to_contain_text("Running")
    shoot("list")
    page.get_by_role("button", name="Open").last.click()
    dialog(page, "Campaign").get_by_role("button", name="Pause").click()
    expect(dialog(page, "Campaign")).to_contain_text("Nothing of it leaves from now on")
    shoot("paused")
    sent = len(company.tips())
    company.pass_time(company.desk.clock.now() + timedelta(days=1))
    assert sent == len(company.tips())
    dialog(page, "Campaign").get_by_role("button", name="Did it help?").click()
    expect(dialog(page, "Did it help?")).to_contain_text("I cannot tell yet.")
    shoot("result")


def become(page: Page, company: World, member: Member) -> None:
    if page.locator("#who").is_visible() and member in EMPLOYEES:
        page.locator("#who").get_by_text(member.name).click()
    else:
        page.goto(f"{company.slack.page_url}#{member.slack_id}")
        page.reload()
    expect(page.locator("#story")).to_contain_text(member.name)


def command(page: Page, words: str) -> None:
    page.fill("#composer-input", words)
    page.keyboard.press("Enter")
    expect(page.locator("#composer-input")).to_have_value("")


def dialog(page: Page, name: str) -> Locator:
    found = page.get_by_role("dialog", name=name, exact=True)
    expect(found).to_be_visible()
    return found


def on_a_phone(browser: Browser, company: World) -> Page:
    """What Robin looks at last, on a phone: nothing of it is cut off sideways."""
    page = browser.new_page(viewport=PHONE, reduced_motion="reduce")
    page.goto(f"{company.slack.page_url}#{ROBIN.slack_id}")
    box = dialog(page, "Did it help?").bounding_box()
    assert box
    assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]
    assert PHONE["width"] == page.evaluate("document.documentElement.scrollWidth")
    return page


# ---------------------------------------------------------------- pictures


def main() -> None:
    """Walk it and keep the pictures in the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, world(Path(place)) as company, chromium() as browser:
        page = browser.new_page(viewport=DESK, locale="en-GB", reduced_motion="reduce")

        def shoot(name: str) -> None:
            page.wait_for_timeout(250)
            page.screenshot(path=folder / f"campaign-{name}.png")

        walk(page, company, shoot)
        on_a_phone(browser, company).screenshot(path=folder / "campaign-phone.png")


if __name__ == "__main__":
    main()
