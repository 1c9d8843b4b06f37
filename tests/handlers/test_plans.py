"""An if-then plan from the tip in the afternoon to its one reminder a week later: the real app over the playground."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from bot import app
from bot.domain.plans import REMINDER, Cue
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, GUS, Member
from bot.playground.journal import Shown
from bot.store import coverage, plans, usage
from bot.store.tables import IfThenRow, NudgeRow, PersonRow
from bot.views.ids import Action, Payload
from bot.views.words.steps import STEPS
from jobs.rounds import Pace
from tests.handlers import office
from tests.handlers.office import Office
from tests.handlers.test_check_ins import forge, newest_key, send_tip

MONDAY_NIGHT = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
DAYS = [date(2025, 12, 1) + timedelta(days=n) for n in range(120)]
"""All of them covered, so that a silence is one."""
WORDS = STEPS["en"]
STUCK = WORDS.cues[Cue.STUCK]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office in which Ben and Gus are known never to have used their seats; of the others nothing is known."""
    with office.opened(tmp_path_factory.mktemp("plans"), "socket") as opened:
        seen = [opened.person(member) for member in (BEN, GUS)]
        with opened.desk.store.begin() as session:
            coverage.mark(
                session,
                source="file",
                tool="claude_code",
                days=DAYS,
                status=CoverageStatus.COVERED,
                reason=None,
                as_of=opened.desk.clock.now(),
            )
            coverage.cover_people(
                session,
                source="file",
                tool="claude_code",
                person_ids=[person_id for person_id in seen if person_id is not None],
                first_day=DAYS[0],
                last_day=None,
            )
        yield opened


def day(at: Office, night: datetime) -> None:
    """A day as it passes: judged and decided in the night, delivered four times."""
    work = app.work(at.desk, pace=Pace(rate_per_s=100.0))
    work["detect"](night)
    work["decide"](night)
    for hour in (9, 11, 13, 17):
        work["deliver"](night.replace(hour=hour))


def plan_under(at: Office, member: Member, cue: Cue, trigger: str = "first_steps") -> Shown:
    key = send_tip(at, member, trigger)
    return at.press(member, Action.PLAN_WHEN, choose=Payload(key, choice=cue.value).dump())


def plan_count(at: Office, member: Member) -> int:
    with at.desk.store.read() as session:
        mine = select(func.count()).select_from(IfThenRow).where(IfThenRow.person_id == at.person(member))
        return session.scalar(mine) or 0


def messages_to(at: Office, member: Member) -> list[Shown]:
    """What came by itself."""
    return [shown for shown in at.slack.journal.entries() if (shown.surface, shown.to) == ("dm", member.slack_id)]


def test_from_the_tip_to_the_one_reminder(here: Office) -> None:
    """Two people get a tip and plan; one uses the tool meanwhile. A week later the other is reminded, once."""
    day(here, MONDAY_NIGHT)
    here.slack.turn_clock(MONDAY_NIGHT.replace(hour=18))
    for member in (BEN, GUS):
        key = newest_key(here, member)
        shown = here.press(member, Action.PLAN_WHEN, choose=Payload(key, choice=Cue.STUCK.value).dump())
        assert ("update", True) == (shown.surface, f"{STUCK}, then: " in shown.text)
        assert "on 10 March or soon after" in shown.text
    used = [UsageRow(GUS.email, date(2026, 3, 4), "claude_code", "m", Counters(requests=2, output_tokens=50))]
    with here.desk.store.begin() as session:
        usage.merge_rows(session, source="file", rows=used, now=here.desk.clock.now())

    for number in (2, 7, 8, 9, 12):
        day(here, MONDAY_NIGHT + timedelta(days=number))

    reminders = [shown for shown in messages_to(here, BEN) if f"{STUCK}, then: " in shown.text]
    assert 1 == len(reminders)
    assert "On 2 March you planned this" in reminders[0].text
    assert [] == [shown for shown in messages_to(here, GUS) if f"{STUCK}, then: " in shown.text]
    with here.desk.store.read() as session:
        sent = session.scalars(select(NudgeRow).where(NudgeRow.trigger == REMINDER)).one()
    assert (here.person(BEN), "sent", date(2026, 3, 10)) == (sent.person_id, sent.state, sent.due_at.date())
    assert sent.sent_at is not None
    assert 9 <= sent.sent_at.hour < 15  # Madrid's 10:00 to 16:00


def test_reminder_explains_itself_shows_the_steps_and_is_forgotten(here: Office) -> None:
    """Why this?, the steps of its tip, and the way to forget it stand under it."""
    why = here.press(BEN, Action.WHY_TIP)
    assert "You made this plan and I remind you of it once" in why.text

    steps = here.press(BEN, Action.SHOW_ME)
    assert ("update", True) == (steps.surface, "1. " in steps.text)

    gone = here.press(BEN, Action.PLAN_FORGET)
    assert "Forgotten." in gone.text
    assert 0 == plan_count(here, BEN)


@pytest.mark.parametrize("cue", [Cue.WEEKLY_REPORT, Cue.FRIDAY])
def test_a_plan_is_confirmed_in_if_then_form_and_can_be_forgotten(here: Office, cue: Cue) -> None:
    """In place of the message; forgetting it brings the message back, with all its choices."""
    shown = plan_under(here, CHIDI, cue)
    assert ("update", True) == (shown.surface, f"{WORDS.cues[cue]}, then: " in shown.text)
    assert 1 == plan_count(here, CHIDI)

    back = here.press(CHIDI, Action.PLAN_FORGET)
    assert (True, True) == (WORDS.plan_it in str(back.blocks), "Helpful" in back.text)
    assert 0 == plan_count(here, CHIDI)


def test_no_time_leads_to_a_plan(here: Office) -> None:
    """Under "I have no time" stand the same moments, and what is chosen there is a plan like any other."""
    key = send_tip(here, EMI, "lapsed")
    here.press(EMI, Action.BARRIER, choose=Payload(key, choice="no_time").dump())

    shown = here.press(EMI, Action.PLAN_WHEN, choose=Payload(key, choice=Cue.LONG_THREAD.value).dump())

    assert WORDS.cues[Cue.LONG_THREAD] in shown.text
    assert 1 == plan_count(here, EMI)


def test_home_shows_the_plan_and_forgets_it(here: Office) -> None:
    """On App Home it stands with its day; one tap there forgets it."""
    plan_under(here, DANA, Cue.MONDAY)

    home = here.open_home(DANA)
    assert (True, True) == ("What you planned" in home.words(), "One reminder, on 16 March" in home.words())

    view_id = here.slack.workspace.homes[DANA.slack_id].view_id
    page = here.press(DANA, Action.PLAN_FORGET, view_id=view_id)
    assert ("home", False) == (page.surface, "What you planned" in page.words())


def test_stop_forgets_the_plan(here: Office) -> None:
    """Whoever stops the messages has no plan that could speak later; a plan made after it says so."""
    plan_under(here, ADA, Cue.STUCK)
    here.press(ADA, Action.STOP)
    assert 0 == plan_count(here, ADA)

    assert WORDS.planned_silent in plan_under(here, ADA, Cue.STUCK).text
    here.ask(ADA, "resume")


def test_a_plan_in_german(here: Office) -> None:
    """Somebody with a German locale plans, and reads the plan, in German."""
    person_id = here.person(EMI)
    with here.desk.store.begin() as session:
        session.execute(update(PersonRow).where(PersonRow.person_id == person_id).values(locale="de-DE"))

    shown = plan_under(here, EMI, Cue.TUESDAY, "never_used")

    assert "Am Dienstag nach dem Mittagessen, dann: " in shown.text
    assert "am 10. März oder bald danach" in shown.text


@pytest.mark.parametrize("choice", ["at_midnight", "bored", "helpful"])
def test_a_moment_that_is_not_offered_is_refused(here: Office, choice: str) -> None:
    """Nothing but the moments that we offer is kept."""
    key = send_tip(here, CHIDI, "first_steps")
    forge(here, CHIDI, Action.PLAN_WHEN, Payload(key, choice=choice))

    assert "I do not know that button" in here.press(CHIDI, Action.PLAN_WHEN).text
    assert 0 == plan_count(here, CHIDI)


@pytest.mark.parametrize("trigger", ["W06", "at_risk"])
def test_only_a_first_use_is_planned(here: Office, trigger: str) -> None:
    """Under a pattern of cost, and with somebody else's key, there is nothing to plan."""
    for key in (send_tip(here, CHIDI, trigger), send_tip(here, ADA, "first_steps")):
        forge(here, CHIDI, Action.PLAN_WHEN, Payload(key, choice=Cue.STUCK.value))
        assert "I hold nothing about that message" in here.press(CHIDI, Action.PLAN_WHEN).text
    with here.desk.store.read() as session:
        person_id = here.person(CHIDI)
        assert person_id is not None
        assert {} == plans.load(session, person_ids=[person_id])


def test_all_of_it_is_private(here: Office) -> None:
    """Over all of the above nothing went to a channel; whom each was shown to, tests/watched.py reads."""
    assert not [shown for shown in here.slack.journal.entries() if shown.surface == "in_channel"]
