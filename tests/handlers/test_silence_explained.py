"""`/ai-stats why` says why no message came, to the one who heard nothing and to nobody else."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.nudging import Silence
from bot.playground.cast import BEN, DANA, EMI
from bot.store import silences
from bot.views.silence import WORDS
from tests.handlers.office import Office


def test_silence_is_explained_to_the_one_it_is_about(at_work: Office) -> None:
    """Dana reads her reason; Ben, of whom none was kept, reads none."""
    dana = at_work.person(DANA)
    assert dana is not None
    today = at_work.desk.clock.now().date()
    with at_work.desk.store.begin() as session:
        silences.record(session, reasons={dana: Silence.UNKNOWN}, day=today)

    assert WORDS[Silence.UNKNOWN] in at_work.ask(DANA, "why").words()
    assert "Why no message came" not in at_work.ask(BEN, "why").words()


def test_an_old_silence_is_not_told(at_work: Office) -> None:
    """Only the reason of the last decision is told, not one from a week ago."""
    emi = at_work.person(EMI)
    assert emi is not None
    week_ago = at_work.desk.clock.now().date() - timedelta(days=7)
    with at_work.desk.store.begin() as session:
        silences.record(session, reasons={emi: Silence.UNKNOWN}, day=week_ago)

    assert "Why no message came" not in at_work.ask(EMI, "why").words()
