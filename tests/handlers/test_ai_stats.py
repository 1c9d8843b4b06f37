"""The slash command, typed by members of the invented company, over both transports."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest

from bot.domain.told import Preferences
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, FINN, GUS, HANA, OTHERS, ROBIN, Member
from bot.store import preferences
from handlers.ai_stats import WORDS
from handlers.cards import AT_ONCE, TURNS
from tests.handlers.office import Office


@pytest.mark.parametrize("text", ["", *WORDS, "snooze 12w", "nonsense", "help me <!channel>", "snooze 3w"])
def test_every_word_is_answered_privately(at_work: Office, text: str) -> None:
    """Whatever is typed, the answer is ephemeral and full: text for listeners, blocks for lookers."""
    shown = at_work.ask(ADA if text != "export" else HANA, text)

    assert "ephemeral" == shown.surface
    assert shown.text
    assert shown.blocks


def test_acknowledged_while_others_are_being_answered(at_work: Office) -> None:
    """With every turn taken a question is acknowledged in time all the same, a stop acts, and the card comes later."""
    seen = len(at_work.slack.journal.entries())
    with ExitStack() as taken:
        for _ in range(AT_ONCE):
            taken.enter_context(TURNS)
        reply = at_work.slack.command(ADA.slack_id)
        at_work.ask(DANA, "stop")
        at_work.ask(DANA, "resume")
        meanwhile = [shown for shown in at_work.slack.journal.entries()[seen:] if shown.to == ADA.slack_id]

    assert ("", []) == (reply.problem, meanwhile)
    assert "ephemeral" == at_work.next_for(ADA, seen).surface


def test_card_has_its_four_quadrants(at_work: Office) -> None:
    """Habit, efficiency, outcome and value stand together, with what is not visible."""
    words = at_work.ask(BEN).words()

    assert all(quadrant in words for quadrant in ("Habit", "Efficiency", "Outcome", "Value", "Not visible to me"))


def test_text_with_the_word_payload_is_answered(at_work: Office) -> None:
    """A command that mentions "payload" reaches us like any other; Bolt alone would drop it over HTTP."""
    shown = at_work.ask(ADA, "reduce payload size")

    assert "I did not understand" in shown.text


@pytest.mark.parametrize(
    ("typed", "weeks"), [("snooze 2w", 2), ("SNOOZE 4 Weeks", 4), ("snooze 12", 12), ("snooze", 2)]
)
def test_snooze_takes_weeks_as_people_write_them(at_work: Office, typed: str, weeks: int) -> None:
    """2, 4 and 12 weeks in any spelling; the quiet begins at once."""
    at_work.ask(CHIDI, typed)

    assert at_work.desk.clock.now() + timedelta(weeks=weeks) == wishes_of(at_work, CHIDI).snoozed_until


def test_pause_stop_and_resume_are_kept(at_work: Office) -> None:
    """Each wish stands as soon as it was answered, and resume ends them all."""
    at_work.ask(DANA, "pause")
    paused = wishes_of(at_work, DANA)
    at_work.ask(DANA, "stop")
    stopped = wishes_of(at_work, DANA)
    at_work.ask(DANA, "resume")
    resumed = wishes_of(at_work, DANA)

    assert paused.paused_at == at_work.desk.clock.now()
    assert stopped.stopped_at == at_work.desk.clock.now()
    assert (None, None, None) == (resumed.paused_at, resumed.stopped_at, resumed.snoozed_until)


def test_opening_the_card_counts_as_being_heard_from(at_work: Office) -> None:
    """Who opens the card has not ignored us."""
    at_work.ask(EMI, "why")
    give_up_at = time.monotonic() + 10
    while wishes_of(at_work, EMI).heard_from_at is None and time.monotonic() < give_up_at:
        time.sleep(0.01)  # it is noted after the answer, which waits for nobody

    assert at_work.desk.clock.now() == wishes_of(at_work, EMI).heard_from_at


def test_answer_does_not_wait_for_a_writer(at_work: Office) -> None:
    """While somebody else holds the write lock, as the nightly jobs do, the card is answered all the same."""
    with at_work.desk.store.begin():
        shown = at_work.ask(HANA)

    assert "Habit" in shown.text


def test_export_is_a_file_in_the_own_messages(at_work: Office) -> None:
    """The export says that it is coming, then comes as a file to the one who asked and to nobody else."""
    seen = len(at_work.slack.journal.entries())
    at_work.ask(FINN, "export")

    files = at_work.wait_for(lambda: [s for s in at_work.slack.journal.entries()[seen:] if s.surface == "file"])
    assert [FINN.slack_id] == [shown.to for shown in files]
    assert "Everything Kindling holds about you" in files[0].words()


def test_forget_asks_first_and_then_leaves_nothing(at_work: Office) -> None:
    """Nothing is erased by the word alone; after the button nothing is left, and the command says so kindly."""
    at_work.ask(GUS, "forget")
    assert at_work.person(GUS) is not None

    erased = at_work.press(GUS, "forget_now")
    at_work.wait_for(lambda: [s for s in at_work.slack.journal.to(GUS.slack_id) if "Erased" in s.text])
    asked = at_work.ask(GUS)

    assert erased.to == GUS.slack_id
    assert at_work.person(GUS) is None
    assert "I do not find you in the list of people" in asked.text


def test_somebody_not_on_the_roster_gets_a_friendly_sentence(at_work: Office) -> None:
    """A guest is told that nothing is held; help and privacy work for everybody."""
    guest = next(member for member in OTHERS if member.slack_id == "U0GUEST")

    said = [at_work.ask(guest, text).text for text in ("", "why", "stop", "export", "help", "privacy")]

    assert 4 == sum("I do not find you in the list of people" in text for text in said)
    assert "Nothing." in said[-1]


def test_thirty_two_people_at_once_are_answered_in_time(at_work: Office) -> None:
    """Bolt's own pool of five would let the last of them wait; ours answers all within Slack's three seconds."""
    seen = len(at_work.slack.journal.entries())
    with ThreadPoolExecutor(32) as people:
        replies = list(people.map(lambda _: at_work.slack.command(ROBIN.slack_id, text="help"), range(32)))

    assert [""] * 32 == [reply.problem for reply in replies]
    at_work.wait_for(
        lambda: found if len(found := at_work.slack.journal.entries()[seen:]) >= 32 else []  # all of them
    )


def wishes_of(office: Office, member: Member) -> Preferences:
    person_id = office.person(member)
    assert person_id is not None
    with office.desk.store.read() as session:
        return preferences.load(session, person_ids=[person_id])[person_id]
