"""Fifteen minutes with a colleague, from the offer to the two names, in the real app over the playground."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from bot import app
from bot.domain.pairs import State
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, GUS, Member
from bot.playground.journal import Shown
from bot.store import rights
from bot.store.tables import NudgeRow, NudgeStepRow, PairRequestRow, PairVolunteerRow, PersonRow, PreferenceRow
from bot.views.ids import Action, Payload
from bot.views.words.pairs import PAIRS
from jobs.rounds import Pace
from tests import watched
from tests.handlers import office
from tests.handlers.office import Office
from tests.handlers.test_check_ins import forge, newest_key, send_tip

TUESDAY_NOON = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = PAIRS["en"]


@dataclass(frozen=True)
class Quiet(Office):
    """The office as one test finds it: nothing offered, asked or sent, and the journal read from here on."""

    seen: int = 0


@pytest.fixture(scope="module")
def open_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office.opened(tmp_path_factory.mktemp("pairs"), "socket") as opened:
        opened.slack.turn_clock(TUESDAY_NOON)
        yield opened


@pytest.fixture
def here(open_office: Office) -> Quiet:
    """Tuesday at noon; everybody is there, and everybody's clock is London's."""
    desk, slack = open_office.desk, open_office.slack
    office.hire_everybody(desk)
    with desk.store.begin() as session:
        for model in (PairRequestRow, PairVolunteerRow, NudgeStepRow, NudgeRow, PreferenceRow):
            session.execute(delete(model))
        session.execute(update(PersonRow).values(timezone="Europe/London", locale="en-GB"))
    return Quiet(desk, slack, len(slack.journal.entries()))


def offer(at: Quiet, member: Member) -> Shown:
    return on_home(at, member, Action.PAIR_OFFER)


def on_home(at: Quiet, member: Member, action: Action) -> Shown:
    at.open_home(member)
    return at.press(member, action, view_id=at.slack.workspace.homes[member.slack_id].view_id)


def deliver(at: Quiet, now: datetime) -> None:
    app.work(at.desk, pace=Pace(rate_per_s=100.0))["deliver"](now)


def night(at: Quiet, now: datetime) -> None:
    app.work(at.desk, pace=Pace(rate_per_s=100.0))["decide"](now)


def got(at: Quiet, member: Member) -> list[str]:
    """What came by itself."""
    entries = at.slack.journal.entries()[at.seen :]
    return [shown.text for shown in entries if (shown.surface, shown.to) == ("dm", member.slack_id)]


def state(at: Quiet, member: Member) -> str | None:
    with at.desk.store.read() as session:
        found = select(PairRequestRow.state).where(PairRequestRow.person_id == at.person(member))
        return session.scalar(found)


def test_from_the_offer_to_the_two_names(here: Quiet) -> None:
    """Chidi offers; Gus asks under a zero; he is asked without her name, says yes, and both learn the other's, once."""
    assert "Not any more" in offer(here, CHIDI).words()
    key = send_tip(here, GUS, "never_used")
    step = here.press(GUS, Action.BARRIER, choose=Payload(key, choice="no_time").dump())
    assert WORDS.before in step.text

    assert WORDS.requested in here.press(GUS, Action.PAIR_REQUEST).text
    deliver(here, TUESDAY_NOON)

    [ask] = got(here, CHIDI)
    assert WORDS.ask in ask
    assert [] == [text for text in got(here, GUS) if WORDS.ask in text]
    assert "drawn by lot" in here.press(CHIDI, Action.WHY_TIP).text

    watched.both_said_yes(here.slack, GUS, CHIDI)
    assert WORDS.said_yes in here.press(CHIDI, Action.PAIR_YES).text
    for _ in range(2):
        deliver(here, TUESDAY_NOON)

    assert [1, 1] == [sum("<@" in text for text in got(here, member)) for member in (GUS, CHIDI)]
    assert f"<@{CHIDI.slack_id}> said yes" in got(here, GUS)[-1]
    assert f"<@{GUS.slack_id}> asked" in got(here, CHIDI)[-1]
    with here.desk.store.read() as session:
        stored = [json.dumps(facts) for facts in session.scalars(select(NudgeRow.facts))]
        exported = [
            json.dumps(rights.export(session, person_id=_id(here, one), now=TUESDAY_NOON)) for one in (GUS, CHIDI)
        ]
    assert not [facts for facts in stored if GUS.slack_id in facts or CHIDI.slack_id in facts]
    assert (False, False) == (CHIDI.slack_id in exported[0], GUS.slack_id in exported[1])
    assert "I wrote to you both" in here.open_home(GUS).words()
    forge(here, GUS, Action.PAIR_TAKE_BACK, Payload())
    assert WORDS.too_late in here.press(GUS, Action.PAIR_TAKE_BACK).text


def test_no_goes_on_to_the_next_and_then_says_that_nobody_is_free(here: Quiet) -> None:
    """Of two who offered one says no and one does not answer; after that Ada hears once that nobody is free."""
    for member in (BEN, DANA):
        offer(here, member)
    on_home(here, ADA, Action.PAIR_REQUEST)
    deliver(here, TUESDAY_NOON)
    first, second = (BEN, DANA) if got(here, BEN) else (DANA, BEN)
    assert (1, 0) == (len(got(here, first)), len(got(here, second)))

    assert WORDS.said_no in here.press(first, Action.PAIR_NO).text
    night(here, TUESDAY_NOON + 12 * DAY / 24)
    deliver(here, TUESDAY_NOON + DAY)
    assert (1, 1) == (len(got(here, first)), len(got(here, second)))
    assert [] == got(here, ADA)

    for number in (6, 9, 10, 12):
        night(here, TUESDAY_NOON + number * DAY - DAY / 2)
        deliver(here, TUESDAY_NOON + number * DAY)
    assert (1, 1) == (len(got(here, first)), len(got(here, second)))
    [told] = got(here, ADA)
    assert WORDS.nobody in told
    assert WORDS.settled in here.press(second, Action.PAIR_YES).text
    assert "Nobody was free. You can ask again from 31 March." in here.open_home(ADA).words()


def test_what_is_taken_back_does_not_leave(here: Quiet) -> None:
    """Taken back before the ask left: nobody is asked, and nothing stays of it that stands in the way of another."""
    offer(here, BEN)
    on_home(here, ADA, Action.PAIR_REQUEST)
    page = on_home(here, ADA, Action.PAIR_TAKE_BACK)
    deliver(here, TUESDAY_NOON)
    assert WORDS.request in page.words()
    assert [] == got(here, BEN)
    assert state(here, ADA) is None


def test_a_yes_after_it_was_taken_back_finds_it_settled(here: Quiet) -> None:
    """The ask had left; the one who asked takes it back; the yes tells nobody anything."""
    offer(here, BEN)
    on_home(here, ADA, Action.PAIR_REQUEST)
    deliver(here, TUESDAY_NOON)
    on_home(here, ADA, Action.PAIR_TAKE_BACK)

    assert WORDS.settled in here.press(BEN, Action.PAIR_YES).text
    deliver(here, TUESDAY_NOON)

    assert (1, 0) == (len(got(here, BEN)), len(got(here, ADA)))
    assert "You can ask again from 31 March." in here.open_home(ADA).words()


@pytest.mark.parametrize("who", [ADA, BEN], ids=["who asked", "who was asked"])
@pytest.mark.parametrize("how", ["stop", "erase"])
def test_a_stop_or_an_erasing_between_the_yes_and_the_names(here: Quiet, who: Member, how: str) -> None:
    """Both said yes, and before a message left one of them stops or is erased: neither learns the other's name."""
    offer(here, BEN)
    on_home(here, ADA, Action.PAIR_REQUEST)
    deliver(here, TUESDAY_NOON)
    here.press(BEN, Action.PAIR_YES)
    if how == "stop":
        here.ask(who, "stop")
    else:
        with here.desk.store.begin() as session:
            rights.forget(session, person_id=_id(here, who))

    deliver(here, TUESDAY_NOON)
    night(here, TUESDAY_NOON + DAY / 2)
    deliver(here, TUESDAY_NOON + DAY)

    assert [] == [text for member in (ADA, BEN) for text in got(here, member) if "<@" in text]
    assert (None if who is ADA and how == "erase" else "withdrawn" if who is ADA else "waiting") == state(here, ADA)


def test_who_offers_no_more_is_passed_over(here: Quiet) -> None:
    """Not any more, with an ask on its way: it does not leave, and the next night somebody else is asked."""
    offer(here, BEN)
    on_home(here, ADA, Action.PAIR_REQUEST)
    assert "I would show somebody" in on_home(here, BEN, Action.PAIR_OFFER_NO_MORE).words()
    offer(here, DANA)
    deliver(here, TUESDAY_NOON)
    night(here, TUESDAY_NOON + DAY / 2)
    deliver(here, TUESDAY_NOON + DAY)

    assert (0, 1) == (len(got(here, BEN)), len(got(here, DANA)))


def test_one_request_at_a_time_and_none_in_silence(here: Quiet) -> None:
    """A second one is not made; nor is one by somebody who wants no messages, as the answer could not be told."""
    offer(here, BEN)
    on_home(here, ADA, Action.PAIR_REQUEST)
    forge(here, ADA, Action.PAIR_REQUEST, Payload(newest_key(here, BEN)))
    assert "from 31 March" in here.press(ADA, Action.PAIR_REQUEST).text
    here.ask(CHIDI, "stop")
    assert WORDS.silent in on_home(here, CHIDI, Action.PAIR_REQUEST).words()
    assert state(here, CHIDI) is None


def test_somebody_elses_ask_cannot_be_answered(here: Quiet) -> None:
    """With the key of another person's ask nothing is agreed."""
    offer(here, BEN)
    on_home(here, ADA, Action.PAIR_REQUEST)
    deliver(here, TUESDAY_NOON)
    forge(here, EMI, Action.PAIR_YES, Payload(newest_key(here, BEN)))

    assert "I hold nothing about that message" in here.press(EMI, Action.PAIR_YES).text
    assert State.ASKED == state(here, ADA)


def test_in_german(here: Quiet) -> None:
    """Somebody with a German locale is asked, and answers, in German."""
    with here.desk.store.begin() as session:
        session.execute(update(PersonRow).where(PersonRow.person_id == here.person(DANA)).values(locale="de-DE"))
    offer(here, DANA)
    on_home(here, ADA, Action.PAIR_REQUEST)
    deliver(here, TUESDAY_NOON)

    assert PAIRS["de"].ask in got(here, DANA)[0]
    assert PAIRS["de"].said_no in here.press(DANA, Action.PAIR_NO).text


def _id(at: Quiet, member: Member) -> int:
    person_id = at.person(member)
    assert person_id is not None
    return person_id
