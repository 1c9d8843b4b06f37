"""The check-in from the night that plans it to the card that shows it, and taking back what was told: the real app."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot import app
from bot.domain.check_in import Helped, Saving, WentTo
from bot.domain.nudging import Plan
from bot.domain.occasions import CHECK_IN, QUESTION
from bot.domain.tips import Fact
from bot.domain.told import Answer
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, FINN, Member
from bot.store import check_ins, coverage, nudges, preferences, usage
from bot.store.tables import CheckInRow, MeantPatternRow, NudgeRow
from bot.views import check_in as views
from bot.views import tip as tip_views
from bot.views.ids import Action, Payload
from handlers.desk import Desk
from tests.handlers import office
from tests.handlers.office import Office

FIRST, LAST = date(2025, 12, 1), date(2026, 3, 1)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
AFTERNOON = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office in which Ada has the habit; of the others nothing is known."""
    with office.opened(tmp_path_factory.mktemp("check-ins"), "socket") as opened:
        get_used_to_it(opened.desk, ADA, opened)
        yield opened


def get_used_to_it(desk: Desk, member: Member, at: Office) -> None:
    """Twelve weeks of use on every weekday, all of it covered."""
    person_id = at.person(member)
    assert person_id is not None
    used = [UsageRow(member.email, day, "claude_code", "m", Counters(requests=3)) for day in DAYS if day.weekday() < 5]
    with desk.store.begin() as session:
        usage.merge_rows(session, source="file", rows=used, now=desk.clock.now())
        coverage.mark(
            session,
            source="file",
            tool="claude_code",
            days=DAYS,
            status=CoverageStatus.COVERED,
            reason=None,
            as_of=desk.clock.now(),
        )
        coverage.cover_people(
            session, source="file", tool="claude_code", person_ids=[person_id], first_day=FIRST, last_day=None
        )


def send_question(at: Office, member: Member) -> str:
    """The check-in in this member's messages, as delivery leaves it; returns its key."""
    key = sent(at, member, Plan(QUESTION, CHECK_IN, {"state": "habitual"}, due_at=AFTERNOON, expires_at=AFTERNOON))
    message = views.message(nudge_key=key, introduce_by=None)
    slack = at.desk.slack
    slack.post(slack.open_dm(member.slack_id), text=message.text, blocks=message.blocks, nudge_key=key)
    return key


def send_tip(at: Office, member: Member, trigger: str) -> str:
    """A tip for this trigger in this member's messages; returns its key."""
    with at.desk.store.read() as session:
        tip = next(tip for tip in at.desk.tips(session) if trigger in tip.triggers and not tip.roles)
    facts: dict[str, Fact] = {
        "tool": "claude_code",
        "tools": ["claude_code"],
        "first_day": "2026-02-02",
        "last_day": "2026-03-01",
        "last_used": "2026-01-19",
        "seat_since": "2026-01-05",
        "seen_by": "the one source I can see",
        "dollars": "roughly $11 to $16",
        "occurrences": 4,
        "days_used": "5 days",
        "innocent_reason": "It may be fine.",
    }
    key = sent(at, member, Plan(tip, trigger, facts, due_at=AFTERNOON, expires_at=AFTERNOON))
    message = tip_views.message(nudge_key=key, tip=tip, trigger=trigger, facts=facts, introduce_by=None)
    slack = at.desk.slack
    slack.post(slack.open_dm(member.slack_id), text=message.text, blocks=message.blocks, nudge_key=key)
    return key


def sent(at: Office, member: Member, plan: Plan) -> str:
    person_id, now = at.person(member), at.desk.clock.now()
    assert person_id is not None
    with at.desk.store.begin() as session:
        nudge_id = nudges.plan(session, person_id=person_id, plan=plan, rule_version="nudges-2", now=now)
        row = session.get_one(NudgeRow, nudge_id)
        row.state, row.sent_at = "sent", now
        return row.nudge_key


def test_the_night_asks_and_the_card_shows_what_was_said(here: Office) -> None:
    """Planned in the night, sent in the afternoon, answered with a tap and two choices, and then on the card."""
    work = app.work(here.desk)
    work["detect"](here.desk.clock.now())
    planned = work["decide"](here.desk.clock.now())
    assert (1, 1) == (planned["planned"], planned["planned.check-in"])

    seen = len(here.slack.journal.entries())
    work["deliver"](AFTERNOON)
    question = here.next_for(ADA, seen)
    assert ("dm", True) == (question.surface, QUESTION.text in question.text)

    key = newest_key(here, ADA)
    answered = here.press(ADA, Action.HELPED_SOMEWHAT)
    assert ("update", True) == (answered.surface, "You said “somewhat”." in answered.text)
    saved = here.press(ADA, Action.SAVING, choose=Payload(key, choice=Saving.UP_TO_AN_HOUR.value).dump())
    assert "“30 to 60 minutes” as you felt it" in saved.text
    went = here.press(ADA, Action.WENT_TO, choose=Payload(key, choice=WentTo.LEARNING.value).dump())
    assert "gone into “learning”" in went.text

    card = here.ask(ADA).text
    assert "2 March: “somewhat”, “30 to 60 minutes” as you felt it, gone into “learning” · used on" in card
    why = here.ask(ADA, "why").text
    assert "A check-in stands beside the working days" in why


def test_the_next_night_asks_nothing(here: Office) -> None:
    """After a question, nothing within the week."""
    counts = app.work(here.desk)["decide"](here.desk.clock.now() + timedelta(days=1))

    assert 0 == counts["planned"]


def test_answer_can_be_taken_back(here: Office) -> None:
    """The question comes back as it was, and nothing of the answer is kept."""
    key = send_question(here, BEN)
    here.press(BEN, Action.HELPED_CLEARLY)

    shown = here.press(BEN, Action.TAKE_BACK)

    assert QUESTION.text in shown.text
    assert "Yes, clearly" in shown.text
    assert (None, None) == answer_of(here, BEN, key)


def test_why_under_a_question(here: Office) -> None:
    """Why this? names the rule, the limit and what becomes of the answer."""
    send_question(here, CHIDI)

    shown = here.press(CHIDI, Action.WHY_TIP)

    assert "at most once in 14 days" in shown.text
    assert "felt and what is counted often differ" in shown.text


def test_no_more_questions_is_kept_and_can_be_taken_back(here: Office) -> None:
    """Kept as a wish, shown on App Home, and taken back there."""
    send_question(here, DANA)
    person_id = here.person(DANA)
    assert person_id is not None

    shown = here.press(DANA, Action.NO_QUESTIONS)
    assert "I will not ask you this again" in shown.text
    with here.desk.store.read() as session:
        assert preferences.load(session, person_ids=[person_id])[person_id].no_questions_at is not None
    home = here.open_home(DANA)
    assert "Do not ask me this again" in home.words()

    view_id = here.slack.workspace.homes[DANA.slack_id].view_id
    chosen = Payload(choice=Answer.NO_QUESTIONS.value).dump()
    page = here.press(DANA, Action.TAKE_BACK, choose=chosen, view_id=view_id)
    assert ("home", False) == (page.surface, "Do not ask me this again" in page.words())
    with here.desk.store.read() as session:
        assert preferences.load(session, person_ids=[person_id])[person_id].no_questions_at is None


def test_somebody_elses_question_cannot_be_answered(here: Office) -> None:
    """The key of another person's question, or of a tip, keeps nothing."""
    theirs = send_question(here, EMI)
    forge(here, FINN, Action.HELPED_CLEARLY, Payload(theirs))

    shown = here.press(FINN, Action.HELPED_CLEARLY)

    assert "I hold nothing about that message" in shown.text
    assert (None, None) == answer_of(here, EMI, theirs)


@pytest.mark.parametrize("choice", ["a_lot", "clearly", "check_in_"])
def test_a_choice_that_is_not_offered_is_refused(here: Office, choice: str) -> None:
    """Nothing but the choices that we offer is kept."""
    key = send_question(here, FINN)
    here.press(FINN, Action.HELPED_CLEARLY)
    forge(here, FINN, Action.SAVING, Payload(key, choice=choice))

    shown = here.press(FINN, Action.SAVING)

    assert "I do not know that button" in shown.text
    assert (Helped.CLEARLY, None) == answer_of(here, FINN, key)


@pytest.mark.parametrize(
    ("trigger", "action", "answer"),
    [
        ("at_risk", Action.NO_ACCESS, Answer.NO_ACCESS),
        ("at_risk", Action.ON_LEAVE, Answer.ON_LEAVE),
        ("building", Action.NOT_ALLOWED, Answer.NOT_ALLOWED),
        ("building", Action.OTHER_TOOL, Answer.OTHER_TOOL),
    ],
)
def test_context_is_kept_said_back_and_taken_back(here: Office, trigger: str, action: Action, answer: Answer) -> None:
    """One tap: remembered, on the card with its end; and under the same message it can be taken back."""
    send_tip(here, EMI, trigger)
    person_id = here.person(EMI)
    assert person_id is not None

    shown = here.press(EMI, action)
    assert "I have told nobody" in shown.text
    assert "You told me" in here.ask(EMI).text
    with here.desk.store.read() as session:
        assert answer in preferences.load(session, person_ids=[person_id])[person_id].holding(AFTERNOON)

    back = here.press(EMI, Action.TAKE_BACK)
    assert "Take it back" not in back.text
    assert "You told me" not in here.ask(EMI).text
    with here.desk.store.read() as session:
        assert {} == preferences.load(session, person_ids=[person_id])[person_id].holding(AFTERNOON)


def test_what_was_meant_is_kept_by_pattern_and_taken_back(here: Office) -> None:
    """The pattern and its tool are remembered; taking it back forgets them."""
    send_tip(here, FINN, "W06")
    person_id = here.person(FINN)

    here.press(FINN, Action.WAS_MEANT)
    with here.desk.store.read() as session:
        kept = session.execute(select(MeantPatternRow.person_id, MeantPatternRow.detector, MeantPatternRow.tool)).all()
    assert [(person_id, "W06", "claude_code")] == [tuple(row) for row in kept]
    assert "with Claude Code was meant (2 March): it counts as simply used" in here.ask(FINN, "why").text

    here.press(FINN, Action.TAKE_BACK)
    with here.desk.store.read() as session:
        assert 0 == session.scalar(select(func.count()).select_from(MeantPatternRow))


def test_nothing_told_reaches_anybody_else(here: Office) -> None:
    """Over all of the above not one message went to a channel, and each was shown to one person."""
    assert not [shown for shown in here.slack.journal.entries() if shown.surface == "in_channel"]


def newest_key(at: Office, member: Member) -> str:
    with at.desk.store.read() as session:
        mine = select(NudgeRow.nudge_key).where(NudgeRow.person_id == at.person(member))
        return session.scalars(mine.order_by(NudgeRow.nudge_id.desc())).first() or ""


def answer_of(at: Office, member: Member, key: str) -> tuple[Helped | None, Saving | None]:
    """What is kept of the answer to this question."""
    person_id = at.person(member)
    assert person_id is not None
    with at.desk.store.read() as session:
        found = check_ins.find(session, nudge_key=key, person_id=person_id)
        rows = session.scalar(select(func.count()).select_from(CheckInRow).where(CheckInRow.person_id == person_id))
    assert bool(rows) or found is None
    return (found.helped, found.saving) if found else (None, None)


def forge(at: Office, member: Member, action: Action, payload: Payload) -> None:
    """A button in this member's messages that carries what it should not."""
    button = {
        "type": "button",
        "action_id": action.value,
        "text": {"type": "plain_text", "text": "?"},
        "value": payload.dump(),
    }
    slack = at.desk.slack
    slack.post(slack.open_dm(member.slack_id), text="forged", blocks=[{"type": "actions", "elements": [button]}])
