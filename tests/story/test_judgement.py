"""What Kindling concludes about invented companies, against the truth about them (docs/evidence/judgement.md).

`make test` judges one company of 300; `make prove` ten of 2,000 and prints the tables of that page.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bot.sources.invented.company import InventedCompany
from bot.store.database import Store
from tests import judgement
from tests.judgement import NOW, Verdict

SEEDS = int(os.environ.get("KINDLING_PROVE_COMPANIES", "10"))
PEOPLE = int(os.environ.get("KINDLING_PROVE_PEOPLE", "2000"))
TOO_FEW = "too few to say anything"
MAY_CHANGE = "could change what is said"


def hold(verdict: Verdict) -> None:
    """What must be true of every company, whatever its seed."""
    assert [] == verdict.wrong, verdict.seed
    assert 0 == verdict.false_zero, verdict.seed
    assert [] == [one for one in verdict.needless if TOO_FEW not in one[1] and MAY_CHANGE not in one[1]], verdict.seed
    assert (0, 0) == (verdict.twins_apart, verdict.meant_called_wasted), verdict.seed
    for seat_detector in ("W01", "W03"):
        hits = verdict.hits[seat_detector]
        assert (0, 0) == (hits.false, hits.missed), (verdict.seed, seat_detector)


def test_a_company_is_judged_right(sqlite_store: Store) -> None:
    """Of 300 invented people every state is the true one or unknown, nobody is called idle who is not, idle seats are
    found to the last, and a tokenmaxxer stands where the twin stands.
    """
    verdict = judgement.judge(sqlite_store, InventedCompany(seed=11, size=300, now=NOW))

    hold(verdict)
    assert 300 == verdict.people
    said = {said for _, said in verdict.confusion}
    assert {"unknown", "never_used", "lapsed", "at_risk", "first_steps", "building", "habitual"} <= said
    assert verdict.seen_whole > 200
    assert verdict.hits["W01"].right > 30


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_ten_companies_are_judged_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same of ten companies of 2,000, each detector counted; prints the tables of the evidence."""
    verdicts = []
    for seed in range(1, SEEDS + 1):
        store = Store(f"sqlite:///{tmp_path / f'{seed}.db'}")
        store.upgrade()
        verdicts.append(judgement.judge(store, InventedCompany(seed=seed, size=PEOPLE, now=NOW)))
        store.close()
    tables = [judgement.table_of_states(verdicts), judgement.table_of_detectors(verdicts)]
    with capsys.disabled():
        sys.stdout.write("\n\n".join(["", *tables, judgement.line_of_counts(verdicts), ""]))
    for verdict in verdicts:
        hold(verdict)
    never_found = {name for verdict in verdicts for name in verdict.hits} - {
        name for verdict in verdicts for name, hits in verdict.hits.items() if hits.right
    }
    assert set() == never_found
