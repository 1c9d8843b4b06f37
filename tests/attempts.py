"""Whole invented companies play the moves of `tests/moves.py`, and what they win (P3).

Only people whom the sources see whole play. Used by tests/promises/test_p03_moves.py; figures stand in
docs/evidence/judgement.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import delete

from bot.domain import adoption, scorecard
from bot.domain.adoption import Standing
from bot.domain.people import IdentitySource, WorkCalendar
from bot.domain.usage import MOST_LAG_DAYS, WINDOW_DAYS, Coverage, CoverageStatus, UsageRow, UsageWindow
from bot.domain.waste import SILENT_STATES, fast_mode, ledger, low_cache, tier_mismatch
from bot.domain.waste.finding import Ledger
from bot.sources.invented import sessions
from bot.sources.invented.company import InventedCompany, Reality
from bot.sources.invented.workforce import API, HISTORY_DAYS
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import coverage, findings, identities, source_runs, states, usage, windows
from bot.store import scorecard as card_store
from bot.store.database import Session, Store
from bot.store.tables import SessionFactsRow, UsageDayRow
from bot.views import scorecard as card_views
from jobs.detect import detect, last_day_of
from tests import company as kept
from tests.moves import MOVES, SECOND_TOOL, Player, again, player_of

SUGGESTIONS = frozenset({fast_mode.DETECTOR, low_cache.DETECTOR, tier_mismatch.DETECTOR})
"""Patterns that are told and stand in no sum."""
ROUNDING_MICROUSD = 100
"""Whole micro-dollars of many days and tools, divided in another way: less than a hundredth of a cent."""


@dataclass(frozen=True)
class Seen:
    """What is concluded of one person and shown to them."""

    state: str
    wasted_microusd: int
    waste_microusd: int
    claimed_microusd: int
    exploration_microusd: int
    spend_microusd: int
    detectors: frozenset[str]
    words: tuple[str, ...]


@dataclass
class Score:
    """What a move won for a company: how many cases, and in which of them something looked better than before."""

    cases: int = 0
    better: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[int, Seen, Seen]] = field(default_factory=dict)


def play(
    store: Store,
    company: InventedCompany,
    names: Sequence[str] = tuple(MOVES),
    *,
    cards: int,
    patterns: frozenset[str] = frozenset(),
) -> dict[str, Score]:
    """Judge the company as it is, then once more after each move; every person plays alone, all at once. Of the first
    `cards` of them the words of the card are read as well. `patterns` go wrong in everybody's sessions.
    """
    realities = kept.keep(store, company)
    with store.begin() as session:
        ids = _open_second(session, company, realities)
    everybody = {
        person_id: player_of(company, one, patterns)
        for person_id, one in realities.items()
        if company.sees_whole(one) and one.worker.volume == 1
    }
    players = {person_id: player for person_id, player in everybody.items() if player.recent}
    at_first = _judged(store, company.now, players, readers=())
    # Without a seat, or with a new one only, a second tool would be a first use of something: that may count.
    players = {
        person_id: player for person_id, player in players.items() if at_first[person_id].state not in SILENT_STATES
    }
    # Who had no tool for a part of these weeks had one all along with a second tool that takes no seat.
    long_ago = company.last_day - timedelta(days=2 * WINDOW_DAYS + MOST_LAG_DAYS)
    seats = {who: player.one.worker.seats for who, player in players.items()}
    readers = [who for who in sorted(players) if any(seat.assigned_on <= long_ago for seat in seats[who])][:cards]
    _rewrite(store, players, ids, company.now)
    before = _judged(store, company.now, players, readers)
    scores = {}
    assert any(seen.waste_microusd for seen in before.values()), "nobody has anything to win"
    for name in names:
        moved = {person_id: MOVES[name](player) for person_id, player in players.items()}
        if MOVES[name] is again:
            _save_again(store, company, moved)
        else:
            _rewrite(store, moved, ids, company.now)
        scores[name] = _compare(before, _judged(store, company.now, players, readers), moved, players)
    return scores


# ---------------------------------------------------------------- what is compared


def worse_or_same(before: Seen, after: Seen) -> Iterator[str]:
    """In what way `after` looks better than `before`."""
    if before.state != after.state:
        yield "state"
    if after.wasted_microusd < before.wasted_microusd - ROUNDING_MICROUSD:
        yield "wasted"
    if after.waste_microusd < before.waste_microusd - ROUNDING_MICROUSD:
        yield "wasted + optimizable"
    gone = before.detectors - after.detectors
    if gone - SUGGESTIONS:
        yield "finding gone"
    if gone & SUGGESTIONS:
        yield "suggestion gone"
    if before.words != after.words:
        yield "words"
    if after.waste_microusd * max(before.spend_microusd, 1) < before.waste_microusd * max(after.spend_microusd, 1):
        yield "share of spend"


def _compare(
    before: Mapping[int, Seen], after: Mapping[int, Seen], moved: Mapping[int, Player], players: Mapping[int, Player]
) -> Score:
    score = Score()
    for person_id, player in moved.items():
        score.cases += 1
        for way in worse_or_same(before[person_id], after[person_id]):
            score.better[way] += 1
            score.examples.setdefault(way, (player.one.worker.number, before[person_id], after[person_id]))
    return score


def _judged(store: Store, now: datetime, players: Mapping[int, Player], readers: Sequence[int]) -> dict[int, Seen]:
    detect(store, now=now, prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of, person_ids=players)
    yesterday = last_day_of(now)
    with store.read() as session:
        standings = states.current(session, person_ids=players)
        found = findings.current(session, person_ids=players)
        shown = {person_id: _card(session, person_id, yesterday) for person_id in readers}
        last_days = {person_id: standings[person_id].last_day for person_id in players}
        spent = _spend(session, last_days)
    seen = {}
    for person_id, counted in found.items():
        dollars = {kind: sum(one.counted_microusd or 0 for one in counted if one.ledger is kind) for kind in Ledger}
        seen[person_id] = Seen(
            state=standings[person_id].state.value,
            wasted_microusd=dollars[Ledger.WASTED],
            waste_microusd=dollars[Ledger.WASTED] + dollars[Ledger.OPTIMIZABLE],
            claimed_microusd=sum(one.high_microusd or 0 for one in counted),
            exploration_microusd=dollars[Ledger.EXPLORATION] + sum(one.forgiven_microusd or 0 for one in counted),
            spend_microusd=spent[person_id],
            detectors=frozenset(one.detector for one in counted),
            words=shown.get(person_id, ()),
        )
    return seen


_FIGURE = re.compile(
    r"(?:about |up to |less than )?\$?\d[\d,.]*(?: to \$\d[\d,.]*)?(?: million| billion)?", re.IGNORECASE
)


def _spend(session: Session, last_days: Mapping[int, date]) -> dict[int, int]:
    """What everybody's use cost in their window."""
    spent = {}
    for last_day in set(last_days.values()):
        ids = [person_id for person_id, day in last_days.items() if day == last_day]
        for person_id, window in windows.load(session, person_ids=ids, last_day=last_day).items():
            spent[person_id] = ledger.spend_of(window, ()).usage_microusd
    return spent


def _card(session: Session, person_id: int, yesterday: date) -> tuple[str, ...]:
    """The words of habit and value, and those of outcome without figures: what no volume may change."""
    numbers = card_store.numbers(
        session, person_id=person_id, yesterday=yesterday, holidays_of=holidays_of, weekend_of=weekend_of
    )
    assert numbers is not None
    card = scorecard.build(numbers)
    return (
        card_views.habit_words(card.habit),
        card_views.value_words(card.value, yesterday),
        _FIGURE.sub("#", card_views.outcome_words(card.outcome)),
    )


# ---------------------------------------------------------------- what is written


def _open_second(session: Session, company: InventedCompany, realities: Mapping[int, Reality]) -> dict[str, int]:
    """A source that sees a second tool and the API of everybody, so that what moves there stays in sight."""
    source_runs.note_source(session, name="second", kind="litellm", lag_days=0, lists_members=False)
    days = [company.last_day - timedelta(days=back) for back in range(HISTORY_DAYS)]
    for tool in (SECOND_TOOL, API):
        coverage.mark(
            session,
            source="second",
            tool=tool,
            days=days,
            status=CoverageStatus.COVERED,
            reason=None,
            as_of=company.now,
        )
        coverage.cover_people(
            session, source="second", tool=tool, person_ids=list(realities), first_day=days[-1], last_day=None
        )
    emails = [one.worker.email for one in realities.values()]
    return identities.resolve(session, source=IdentitySource.EMAIL, ids=emails)


def _rewrite(store: Store, moved: Mapping[int, Player], ids: Mapping[str, int], now: datetime) -> None:
    with store.begin() as session:
        session.execute(delete(UsageDayRow).where(UsageDayRow.person_id.is_not(None)))
        session.execute(delete(SessionFactsRow))
        kept.keep_rows(session, [said for player in moved.values() for said in player.rows], ids, now)
        facts = [one for player in moved.values() for one in player.facts]
        usage.save_sessions(session, source=sessions.SOURCE, sessions=facts, now=now)


def _save_again(store: Store, company: InventedCompany, players: Mapping[int, Player]) -> None:
    """First all as it was, then the same through the doors by which reports come in, twice."""
    with store.begin() as session:
        ids = {player.one.worker.email: person_id for person_id, player in players.items()}
    _rewrite(store, players, ids, company.now)
    by_source: dict[str, list[UsageRow]] = {}
    for player in players.values():
        for source, row in player.rows:
            by_source.setdefault(source, []).append(row)
    with store.begin() as session:
        for source, rows in by_source.items():
            for _ in range(2):
                usage.merge_rows(session, source=source, rows=rows, now=company.now)
        facts = [one for player in players.values() for one in player.facts]
        usage.save_sessions(session, source=sessions.SOURCE, sessions=facts, now=company.now)


def table(scores: Mapping[str, Score]) -> str:
    """What each move won, for the evidence."""
    ways = (
        "state",
        "words",
        "wasted",
        "wasted + optimizable",
        "finding gone",
        "suggestion gone",
        "share of spend",
    )
    lines = [f"| move | cases | {' | '.join(ways)} |", "|---" * (len(ways) + 2) + "|"]
    for name, score in scores.items():
        lines.append(f"| {name} | {score.cases:,} | {' | '.join(str(score.better[way]) for way in ways)} |")
    return "\n".join(lines)


def standing(window: UsageWindow, known: Coverage, calendar: WorkCalendar) -> Standing:
    """Where somebody without a seat stands."""
    return adoption.judge(window=window, coverage=known, seats=(), calendar=calendar)
