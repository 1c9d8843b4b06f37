"""Situations drawn at random for the promises about messages: everything the policy may be asked with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bot.domain.adoption import Standing, State
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.told import Answer, PastNudge, Preferences
from bot.domain.waste import DETECTORS
from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding
from bot.sources.tip_library import load_tips

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)
"""A Tuesday, a fair hour in Europe, so that nothing but the promise stands in the way."""
TIPS = load_tips()
SEATS = (Seat("claude_code", date(2026, 1, 13), None, None),)

money = st.none() | st.integers(min_value=0, max_value=500_000_000)
moments = st.none() | st.integers(min_value=-400, max_value=400).map(lambda days: NOW + timedelta(days=days))

findings = st.builds(
    CountedFinding,
    detector=st.sampled_from(sorted(DETECTORS)),
    rule_version=st.just("rule-1"),
    tool=st.sampled_from(["claude_code", "cursor"]),
    ledger=st.sampled_from(Ledger),
    counted_microusd=money,
    forgiven_microusd=money,
    low_microusd=money,
    high_microusd=money,
    confidence=st.floats(min_value=0, max_value=1),
    occurrences=st.integers(min_value=0, max_value=50),
    innocent_reason=st.just("It may be fine."),
    evidence=st.just({}),
)

past_nudges = st.builds(
    lambda days_ago, tip, answer: PastNudge(
        tip.tip_id, tip.topic, NOW - timedelta(days=days_ago), answer, NOW if answer else None
    ),
    st.floats(min_value=0, max_value=400),
    st.sampled_from(TIPS),
    st.none() | st.sampled_from(Answer),
)


def standings(states: st.SearchStrategy[State]) -> st.SearchStrategy[Standing]:
    """Standings of last night in one of `states`, with everything a tip may want to say."""
    evidence: dict[str, str | int | list[str] | None] = {
        "tools": ["claude_code"],
        "sources": ["claude_code"],
        "active_days": 5,
        "last_active_on": "2026-01-19",
    }
    return st.builds(lambda state: Standing(state, date(2026, 3, 2), "drawn", evidence=dict(evidence)), states)


def situations(states: st.SearchStrategy[State]) -> st.SearchStrategy[dict[str, Any]]:
    """What `decide` and `still_right` have in common, for a person in one of `states` who may be written to."""
    return st.fixed_dictionaries(
        {
            "standing": standings(states),
            "findings": st.lists(findings, max_size=4),
            "exploring": st.booleans(),
            "preferences": st.builds(
                Preferences,
                not_my_work_at=moments,
                no_access_at=moments,
                other_tool_at=moments,
                not_allowed_at=moments,
                no_trust_at=moments,
                no_time_at=moments,
                on_leave_at=moments,
                no_questions_at=moments,
                heard_from_at=moments,
            ),
            "history": st.lists(past_nudges, max_size=3),
            "calendar": st.just(WorkCalendar("Europe/Madrid")),
            "person": st.builds(
                lambda number, role: Person(number, "Europe/Madrid", "ES", None, role, None, None, None, "U0BEN"),
                st.integers(min_value=1, max_value=10**6),
                st.sampled_from([None, "dev", "biz", "ops", "lead"]),
            ),
            "now": st.just(NOW),
            "switched_on": st.just(True),
        }
    )
