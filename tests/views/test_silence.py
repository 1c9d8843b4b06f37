"""Every silence can be explained to the one who heard nothing."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.domain.nudging import Silence
from bot.views import silence

MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize("reason", Silence)
def test_every_reason_has_plain_words(reason: Silence) -> None:
    """Each reason is a sentence with its days, without our own short words and without blame."""
    said = silence.words(reason, first_day=MONDAY, last_day=MONDAY, today=MONDAY)

    assert silence.WORDS[reason] in said
    assert "2 March" in said
    assert "_" not in said
    assert not re.search(r"!|\b(ignored|only|failed to|should)\b", said, re.IGNORECASE)
