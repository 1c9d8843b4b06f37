"""Every pattern that may be found can be told in words (P11)."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bot.domain import scorecard
from bot.domain.finished_work import WorkDone
from bot.domain.waste import DETECTORS, NEVER_SENT
from bot.domain.waste.finding import Rule
from bot.views import rules, why
from bot.views.patterns import NOT_LOOKED_FOR, PATTERNS
from tests.by_hand import LAST_DAY, Used, window_of
from tests.domain.test_waste import look
from tests.domain.test_waste_sessions import OF_SESSIONS, USED
from tests.promises.test_p03_zero_counts_more_does_not import WORK, looked, weeks_of_sessions, weeks_of_use
from tests.sessions_by_hand import Sat
from tests.views import samples

RULES_PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")


def test_every_detector_has_its_words() -> None:
    """In the order of the catalogue, and no pattern has words without a detector."""
    assert list(DETECTORS) == list(PATTERNS)


@pytest.mark.parametrize("detector", PATTERNS)
def test_a_pattern_is_told_in_a_few_plain_sentences(detector: str) -> None:
    """Short enough to be read, without our own ids, and gentle."""
    pattern = PATTERNS[detector]

    assert len(pattern.name) <= 60
    assert len(pattern.rule) <= 600
    assert detector not in pattern.rule
    assert not {"!", "wrong", "should have", "mistake"} & set(pattern.rule.lower().split())


@pytest.mark.parametrize("detector", sorted(NEVER_SENT))
def test_what_is_never_sent_says_that_it_is_no_waste(detector: str) -> None:
    """Friction says that no money is counted, exploration that it is never waste."""
    rule = PATTERNS[detector].rule

    assert "No money is counted" in rule or "never waste" in rule


@settings(max_examples=30, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(rows=weeks_of_use(), sessions=weeks_of_sessions(), work=WORK)
def test_every_input_of_a_finding_has_a_name(
    rows: Sequence[Used], sessions: Sequence[Sat], work: Sequence[WorkDone]
) -> None:
    """No line of "Why this?" goes by the name that an input has in the code."""
    for finding in looked(window_of(rows), sessions, work).findings:
        assert not [name for name in finding.evidence if name not in rules.NAMES]
        assert len(finding.evidence) == len(list(rules.evidence_lines(finding.evidence, LAST_DAY)))


def test_whoever_has_no_sessions_told_hears_which_patterns_nobody_can_see() -> None:
    """Each pattern of sessions says so, and "why" tells it in words, with the patterns that no source shows at all."""
    silent = look(USED).not_judged
    mine = samples.numbers()
    told = why.message(
        scorecard.build(mine), standing=mine.standing, findings=(), not_judged=silent, today=samples.TODAY
    ).text.casefold()

    assert {*OF_SESSIONS} <= {one.detector for one in silent}
    assert "no source tells what happens inside the sessions of claude code" in told
    assert [] == [name for name in OF_SESSIONS if PATTERNS[name].name.casefold() not in told]
    for nowhere in NOT_LOOKED_FOR.values():
        assert nowhere.name.casefold() in told
        assert nowhere.rule in told


def test_the_page_of_rules_has_a_line_for_every_pattern() -> None:
    """Found or not looked for, W01 to W26 each stand in one of its tables, with ledger and confidence of the rule."""
    found = {line[0]: line for line in _rows(6)}
    missing = [line[0] for line in _rows(3)]

    assert list(DETECTORS) == list(found)
    assert missing == sorted({f"W{number:02}" for number in range(1, 27)} - {*DETECTORS})
    assert {*NOT_LOOKED_FOR} <= {*missing}
    for detector, find in DETECTORS.items():
        rule = vars(sys.modules[find.__module__]).get("RULE")
        if isinstance(rule, Rule):
            assert str(rule.confidence) == found[detector][5]
            assert rule.ledger.value in found[detector][4]


def _rows(columns: int) -> list[list[str]]:
    """The lines of the page's tables of patterns with so many columns, cell by cell."""
    tables = RULES_PAGE.split("## Waste patterns")[1].split("## Ledgers")[0]
    lines = re.findall(r"^\| (W\d\d \|.*) \|$", tables, re.MULTILINE)
    return [cells for line in lines if len(cells := line.split(" | ")) == columns]
