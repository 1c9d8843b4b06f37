"""Every message that managers, leads and operators read, made of published cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from bot.domain.disclosure import Cell, Suppressed, Why
from bot.domain.team_summary import MEASURES, RULE_VERSION, SPEND, TeamAction, TeamSummary, summarize
from bot.store.audit import Act
from bot.views import team, team_why
from bot.views.message import Message
from tests.summaries import EARLIER, TOLD

TODAY = date(2026, 3, 2)
DAYS = (date(2026, 2, 2), date(2026, 3, 1))


def cells(told: dict[str, Cell] | None = None, why: Why = Why.TOO_SMALL) -> dict[str, Cell]:
    """Every measure, withheld where nothing is told."""
    return {measure.name: (TOLD if told is None else told).get(measure.name, Suppressed(why)) for measure in MEASURES}


def message(summary: TeamSummary, **given: Any) -> Message:
    said: dict[str, Any] = {"group_key": "k0", "name": "Your team", "days": DAYS, "today": TODAY, "below": {}}
    return team.message(summary, **{**said, **given})


def every_message(word: str = "glass") -> dict[str, Message]:
    """What managers, leads and operators read, with somebody else's string as the name of teams."""
    summary, below = summarize(cells(), [cells(EARLIER)]), team.numbered([("k1", word), ("k2", word), ("k3", None)])
    messages = {
        "whole": message(summary, name=word, below=below, may_be_sent=True),
        "sent": message(summary, is_sent=True),
        "without money": message(summarize(cells({**TOLD, SPEND: Suppressed(Why.DOMINANT)}), [])),
        "nothing": team.nothing(),
        "several": team.several(choices=below),
        "each": team.each_new_one(),
        "no more": team.no_more(),
        "why": team_why.message(summary, days=DAYS, rule_version=RULE_VERSION, today=TODAY),
        "help": team_why.help_(command="/ai-team"),
        "audit": team_why.audit([(TODAY, "lead", act.value, 2) for act in Act], days=28, today=TODAY),
        "audit of nothing": team_why.audit([], days=28, today=TODAY),
    }
    return messages | {f"action {one}": message(replace(summary, action=one)) for one in TeamAction}
