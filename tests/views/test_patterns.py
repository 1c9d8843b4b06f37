"""Every pattern that may be found can be told in words (P11)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bot.domain.finished_work import WorkDone
from bot.domain.waste import DETECTORS, NEVER_SENT
from bot.views import rules
from bot.views.patterns import PATTERNS
from tests.by_hand import LAST_DAY, Used, window_of
from tests.promises.test_p03_zero_counts_more_does_not import WORK, looked, weeks_of_sessions, weeks_of_use
from tests.sessions_by_hand import Sat


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
