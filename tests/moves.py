"""Ways to look better without working better, played by whole invented companies, and what they win (P3).

A move changes what the sources tell of a person and nothing of what the person got done. Only people whom the sources
see whole play, and only on days that are active anyway. Used by tests/promises/test_p03_moves.py; figures stand in
docs/evidence/judgement.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete

from bot.domain import adoption, scorecard
from bot.domain.adoption import Standing
from bot.domain.people import IdentitySource, WorkCalendar
from bot.domain.sessions import SessionEvent, usage_rows
from bot.domain.usage import ANY_MODEL, Counters, Coverage, CoverageStatus, SessionFacts, UsageRow, UsageWindow
from bot.domain.usage_sums import REPORTED, add_up
from bot.domain.waste import SILENT_STATES, ledger
from bot.domain.waste.finding import Ledger
from bot.sources.invented import sessions, work
from bot.sources.invented.company import InventedCompany, Reality
from bot.sources.invented.tariff import FRONTIER, MIDDLE, Tokens, cost_microusd
from bot.sources.invented.workforce import API, CODE, HISTORY_DAYS
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import coverage, findings, identities, source_runs, states, usage, windows
from bot.store import scorecard as card_store
from bot.store.database import Session, Store
from bot.store.tables import SessionFactsRow, UsageDayRow
from bot.views import scorecard as card_views
from jobs.detect import detect, last_day_of
from tests import company as kept

TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
REQUESTS = ("requests", "failed_requests", "prompts", "offered")
SECOND_TOOL = "gemini_cli"
Said = tuple[str, UsageRow]
"""The name of a source, and what it says."""


@dataclass(frozen=True)
class Player:
    """Everything that is said of one person."""

    one: Reality
    rows: tuple[Said, ...]
    facts: tuple[SessionFacts, ...]
    events: Mapping[date, list[list[SessionEvent]]]
    first: date
    """From here on a day lies in the window of everybody, whatever source is late."""

    @property
    def recent(self) -> frozenset[str]:
        """The tools in use in the window."""
        return frozenset(row.tool for _, row in self.rows if row.is_active and row.day >= self.first)


Move = Callable[[Player], Player]


def times(*names: str) -> Move:
    """Ten times the named counters, in every row and session."""

    def move(player: Player) -> Player:
        rows = tuple((source, replace(row, counters=_times(row.counters, names))) for source, row in player.rows)
        facts = tuple(replace(one, counters=_times(one.counters, names)) for one in player.facts)
        return replace(player, rows=rows, facts=facts)

    return move


def cut_sessions(player: Player) -> Player:
    """Each session in two, in its middle: the same requests with the same context under another name."""
    return _told_again(player, lambda day: [half for one in day for half in _halves(one)])


def one_session_a_day(player: Player) -> Player:
    """All sessions of a day as one."""
    return _told_again(player, lambda day: [[event for one in day for event in one]])


def through_two_tools(player: Player) -> Player:
    """Half of everything goes through a second tool that is seen as well as the first."""
    rows: list[Said] = []
    for source, row in player.rows:
        if row.tool == CODE and row.tool in player.recent:
            half, rest = _halved(row.counters)
            rows += [(source, replace(row, counters=half)), ("second", replace(row, tool=SECOND_TOOL, counters=rest))]
        else:
            rows.append((source, row))
    return replace(player, rows=tuple(rows))


def dummy(tool_of: Callable[[Player], str | None], model: str, tokens: Tokens, requests: int) -> Move:
    """Requests that nobody needs, on every day of the window that is active anyway."""

    def move(player: Player) -> Player:
        tool = tool_of(player)
        if tool is None:
            return player
        told = Counters(
            requests=requests,
            input_tokens=tokens.uncached,
            cache_read_tokens=tokens.read,
            cache_write_tokens=tokens.cached,
            output_tokens=tokens.written,
            cost_microusd=cost_microusd(model, tokens),
        )
        source = next((source for source, row in player.rows if row.tool == tool), "second")
        shown = told if tool != CODE else replace(told, requests=None)
        days = _active(player, player.recent if tool == elsewhere(player) else {tool})
        extra = [(source, UsageRow(player.one.worker.email, day, tool, model, shown, REPORTED)) for day in days]
        return replace(player, rows=_merged([*player.rows, *extra]))

    return move


def main_tool(player: Player) -> str | None:
    """The tool with tokens that this person uses most."""
    used = Counter(
        row.tool for _, row in player.rows if row.counters.cost_microusd is not None and row.tool in player.recent
    )
    return max(used, key=lambda tool: (used[tool], tool)) if used else None


def elsewhere(_player: Player) -> str:
    return API


def again(player: Player) -> Player:
    """The same events once more; `play` saves them on top of what is there."""
    return player


_NIGHT = Tokens(2_000, 30_000, 500, 400)
_BULK = Tokens(20_000, 20_000_000, 5_000, 30_000)
_FRESH = Tokens(1_500_000, 0, 500_000, 20_000)
MOVES: dict[str, Move] = {
    "tokens × 10": times(*TOKENS),
    "requests × 10": times(*REQUESTS),
    "sessions × 10": times("sessions"),
    "spend × 10": times("cost_microusd"),
    "everything × 10": times(*TOKENS, *REQUESTS, "sessions", "cost_microusd"),
    "each session cut in two": cut_sessions,
    "one session a day": one_session_a_day,
    "half through a second tool": through_two_tools,
    "20 small dummy requests a day, at night": dummy(main_tool, MIDDLE, _NIGHT, 20),
    "bulk dummy requests, all from the cache": dummy(main_tool, FRONTIER, _BULK, 400),
    "bulk dummy requests to a smaller model": dummy(main_tool, MIDDLE, _BULK, 400),
    "bulk dummy requests without a cache": dummy(main_tool, FRONTIER, _FRESH, 400),
    "more use elsewhere, on the same days": dummy(elsewhere, FRONTIER, _BULK, 400),
    "the same events sent again": again,
}


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
    store: Store, company: InventedCompany, names: Sequence[str] = tuple(MOVES), *, cards: int
) -> dict[str, Score]:
    """Judge the company as it is, then once more after each move; every person plays alone, all at once. Of the first
    `cards` of them the words of the card are read as well.
    """
    realities = kept.keep(store, company)
    with store.begin() as session:
        ids = _open_second(session, company, realities)
    everybody = {
        person_id: _player(company, one)
        for person_id, one in realities.items()
        if company.sees_whole(one) and one.worker.volume == 1
    }
    players = {person_id: player for person_id, player in everybody.items() if player.recent}
    at_first = _judged(store, company.now, players, readers=())
    # Without a seat, or with a new one only, a second tool would be a first use of something: that may count.
    players = {
        person_id: player for person_id, player in players.items() if at_first[person_id].state not in SILENT_STATES
    }
    readers = sorted(players)[:cards]
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
    if after.wasted_microusd < before.wasted_microusd:
        yield "wasted"
    if after.waste_microusd < before.waste_microusd:
        yield "wasted + optimizable"
    if before.detectors - after.detectors:
        yield "finding gone"
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


def _player(company: InventedCompany, one: Reality) -> Player:
    key = work.sessions_key(company.seed, one.worker)
    days = {told.day for told in one.work.sessions}
    return Player(
        one,
        tuple((account.name, row) for account, row in company.reported(one)),
        tuple(told for _, told in company.sessions(one)),
        {day: sessions.events_on(key, day, one.plants.detectors) for day in sorted(days)},
        company.last_day - timedelta(days=24),
    )


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


def _active(player: Player, tools: Collection[str]) -> list[date]:
    """Days of the window on which one of `tools` is in use anyway."""
    return sorted(
        {row.day for _, row in player.rows if row.is_active and row.tool in tools and row.day >= player.first}
    )


def _merged(rows: Sequence[Said]) -> tuple[Said, ...]:
    sources = sorted({source for source, _ in rows})
    return tuple((source, row) for source in sources for row in add_up(row for name, row in rows if name == source))


def _told_again(player: Player, cut: Callable[[list[list[SessionEvent]]], list[list[SessionEvent]]]) -> Player:
    """The same events under other sessions; what days add up to stays as it was, but for the number of sessions."""
    who = player.one.worker.email
    facts = [
        told
        for day, events in player.events.items()
        for number, some in enumerate(cut(events))
        for told in sessions.told_of(some, who, day, f"moved {number}")
    ]
    if not player.facts:
        return player
    begun = {row.day: row.counters.sessions for row in usage_rows(facts) if row.model == ANY_MODEL}
    rows = tuple(
        (source, replace(row, counters=replace(row.counters, sessions=begun.get(row.day))))
        if row.tool == CODE and row.model == ANY_MODEL and row.day in begun
        else (source, row)
        for source, row in player.rows
    )
    return replace(player, rows=rows, facts=tuple(facts))


def _halves(events: list[SessionEvent]) -> list[list[SessionEvent]]:
    middle = len(events) // 2
    return [events[:middle], events[middle:]]


def _times(counters: Counters, names: Sequence[str]) -> Counters:
    told = {name: value * 10 for name in names if (value := getattr(counters, name)) is not None}
    return replace(counters, **told)


def _halved(counters: Counters) -> tuple[Counters, Counters]:
    told = {name: value for name, value in vars(counters).items() if value is not None}
    half = {name: value // 2 for name, value in told.items()}
    return Counters(**half), Counters(**{name: value - half[name] for name, value in told.items()})


def table(scores: Mapping[str, Score]) -> str:
    """What each move won, for the evidence."""
    ways = ("state", "words", "wasted", "wasted + optimizable", "finding gone", "share of spend")
    lines = [f"| move | cases | {' | '.join(ways)} |", "|---" * (len(ways) + 2) + "|"]
    for name, score in scores.items():
        lines.append(f"| {name} | {score.cases:,} | {' | '.join(str(score.better[way]) for way in ways)} |")
    return "\n".join(lines)


def standing(window: UsageWindow, known: Coverage, calendar: WorkCalendar) -> Standing:
    """Where somebody without a seat stands."""
    return adoption.judge(window=window, coverage=known, seats=(), calendar=calendar)
