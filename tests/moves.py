"""Ways to look better without working better (P3).

A move changes what the sources tell of a person and nothing of what the person got done, and only on days on which
something comes back anyway. Next: `tests/attempts.py`, in which whole companies play them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from bot.domain.days_of_work import ANSWERS
from bot.domain.read_together import ReadTogether
from bot.domain.sessions import EventKind, SessionEvent, facts, usage_rows
from bot.domain.usage import ANY_MODEL, Counters, SessionFacts, UsageRow
from bot.domain.usage_sums import REPORTED, add_up
from bot.sources.invented import sessions, work
from bot.sources.invented.company import InventedCompany, Reality
from bot.sources.invented.tariff import FRONTIER, MIDDLE, Tokens, cost_microusd, counters
from bot.sources.invented.workforce import API, CODE

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
Days = Callable[[Player, str], list[date]]
"""On which days of a tool a move is played."""


def times(*names: str) -> Move:
    """Ten times the named counters, in every row and session."""

    def move(player: Player) -> Player:
        rows = tuple((source, replace(row, counters=_times(row.counters, names))) for source, row in player.rows)
        told = tuple(replace(one, counters=_times(one.counters, names)) for one in player.facts)
        return replace(player, rows=rows, facts=told)

    return move


def cut_sessions(pieces: int) -> Move:
    """Each session in so many of the same length: the same requests with the same context under other names."""

    def move(player: Player) -> Player:
        return _told_again(player, lambda day: [piece for one in day for piece in _pieces(one, pieces)])

    return move


def cut_and_begun(pieces: int, model: str, tokens: Tokens) -> Move:
    """The same, and each piece begins with a request that nobody needs, and a call that works."""

    def move(player: Player) -> Player:
        if not player.facts:
            return player
        cut = {day: [piece for one in some for piece in _pieces(one, pieces)] for day, some in player.events.items()}
        begun = {day: [_begun(piece, model, tokens) for piece in some] for day, some in cut.items()}
        moved = _told_again(replace(player, events=begun), lambda day: day)
        told = {day: _multiplied(_told(model, tokens), len(some)) for day, some in cut.items()}
        return _with_rows(moved, CODE, model, told)

    return move


def _begun(events: list[SessionEvent], model: str, tokens: Tokens) -> list[SessionEvent]:
    at = events[0].at - timedelta(milliseconds=2)
    asked = SessionEvent(at, EventKind.REQUEST, model, _told(model, tokens), setting="aside")
    works = SessionEvent(at + timedelta(milliseconds=1), EventKind.TOOL_RESULT, model, call_key="begun")
    return [asked, works, *events]


def one_session_a_day(player: Player) -> Player:
    """All sessions of a day as one."""
    return _told_again(player, lambda day: [[event for one in day for event in one]])


def through_two_tools(player: Player) -> Player:
    """Half of everything, and every other session, goes through a second tool that is seen as well as the first."""
    rows: list[Said] = []
    for source, row in player.rows:
        if row.tool == CODE and row.tool in player.recent:
            half = replace(row, counters=_halved(row.counters))
            rows += [(source, half), ("second", replace(half, tool=SECOND_TOOL))]
        else:
            rows.append((source, row))
    keys = sorted({one.session_key for one in player.facts})
    facts = tuple(replace(one, tool=SECOND_TOOL) if one.session_key in keys[1::2] else one for one in player.facts)
    return replace(player, rows=tuple(rows), facts=facts)


def every_day(player: Player, tool: str) -> list[date]:
    """Every day of the window that is active anyway; elsewhere also those on which only another tool was used."""
    return _active(player, player.recent if tool == elsewhere(player) else {tool})


def dearest_day(player: Player, tool: str) -> list[date]:
    """The day that cost most."""
    cost: Counter[date] = Counter()
    for _, row in player.rows:
        if row.tool == tool and _answers(row) and row.day >= player.first:
            cost[row.day] += row.counters.cost_microusd or 0
    return sorted(cost, key=lambda day: (-cost[day], day))[:1]


def all_but_the_dearest(player: Player, tool: str) -> list[date]:
    return sorted(set(every_day(player, tool)) - set(dearest_day(player, tool)))


def in_all_weeks(player: Player, tool: str) -> list[date]:
    """Every active day that is kept, the weeks before the window among them."""
    return sorted({row.day for _, row in player.rows if _answers(row) and row.tool == tool})


def dummy(
    tool_of: Callable[[Player], str | None],
    model: str,
    tokens: Tokens,
    requests: int,
    *,
    on: Days = every_day,
    price_percent: int = 100,
) -> Move:
    """Requests that nobody needs, on days that are active anyway."""

    def move(player: Player) -> Player:
        tool = tool_of(player)
        if tool is None:
            return player
        told = replace(_told(model, tokens), requests=requests)
        told = replace(told, cost_microusd=(told.cost_microusd or 0) * price_percent // 100)
        return _with_rows(player, tool, model, dict.fromkeys(on(player, tool), told))

    return move


def inside_sessions(model: str, tokens: Tokens, requests: int) -> Move:
    """Small requests at the end of every session, each with a tool call that works."""

    def move(player: Player) -> Player:
        if not player.facts:
            return player
        padded = _told_again(player, lambda day: [_padded(events, model, tokens, requests) for events in day])
        told = {day: _multiplied(_told(model, tokens), requests * len(some)) for day, some in player.events.items()}
        return _with_rows(padded, CODE, model, told)

    return move


def between_requests(model: str, tokens: Tokens) -> Move:
    """A request that nobody needs before every request of every session."""

    def move(player: Player) -> Player:
        if not player.facts:
            return player
        asked = {
            day: sum(event.kind is EventKind.REQUEST for events in some for event in events)
            for day, some in player.events.items()
        }
        cut = _told_again(player, lambda day: [_interrupted(events, model, tokens) for events in day])
        told = {day: _multiplied(_told(model, tokens), count) for day, count in asked.items() if count}
        return _with_rows(cut, CODE, model, told)

    return move


def calls_that_work(player: Player) -> Player:
    """A call that works beside every call that fails, before it and after it."""
    return _told_again(player, lambda day: [_with_calls(events) for events in day])


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


_TINY = Tokens(100, 0, 0, 10)
_MIDDLING = Tokens(100, 25_000, 0, 10)
_SMALL = Tokens(200, 20_000, 200, 100)
_NIGHT = Tokens(2_000, 30_000, 500, 400)
_BULK = Tokens(20_000, 20_000_000, 5_000, 30_000)
_FRESH = Tokens(1_500_000, 0, 500_000, 20_000)
MOVES: dict[str, Move] = {
    "tokens × 10": times(*TOKENS),
    "requests × 10": times(*REQUESTS),
    "sessions × 10": times("sessions"),
    "spend × 10": times("cost_microusd"),
    "everything × 10": times(*TOKENS, *REQUESTS, "sessions", "cost_microusd"),
    "each session cut in two": cut_sessions(2),
    "each session cut in six": cut_sessions(6),
    "cut in six, each begun with a tiny request and a call that works": cut_and_begun(6, MIDDLE, _TINY),
    "one session a day": one_session_a_day,
    "half through a second tool": through_two_tools,
    "20 small dummy requests a day, at night": dummy(main_tool, MIDDLE, _NIGHT, 20),
    "bulk dummy requests, all from the cache": dummy(main_tool, FRONTIER, _BULK, 400),
    "bulk dummy requests to a smaller model": dummy(main_tool, MIDDLE, _BULK, 400),
    "bulk dummy requests without a cache": dummy(main_tool, FRONTIER, _FRESH, 400),
    "bulk dummy requests at a tenth of the price": dummy(main_tool, FRONTIER, _FRESH, 400, price_percent=10),
    "bulk dummy requests on all days but the dearest": dummy(main_tool, FRONTIER, _BULK, 400, on=all_but_the_dearest),
    "bulk dummy requests on the dearest day": dummy(main_tool, MIDDLE, _BULK, 3_000, on=dearest_day),
    "bulk dummy requests in all weeks": dummy(main_tool, FRONTIER, _BULK, 400, on=in_all_weeks),
    "60 small requests inside each session": inside_sessions(FRONTIER, _SMALL, 60),
    "60 small requests to a smaller model inside each session": inside_sessions(MIDDLE, _SMALL, 60),
    "a tiny request before each request": between_requests(MIDDLE, _TINY),
    "a request of 25,000 tokens before each request": between_requests(MIDDLE, _MIDDLING),
    "a call that works beside each call that fails": calls_that_work,
    "more use elsewhere, on the same days": dummy(elsewhere, FRONTIER, _BULK, 400),
    "much more use elsewhere, on the same days": dummy(elsewhere, FRONTIER, _BULK, 3_000),
    "the same events sent again": again,
}


def player_of(company: InventedCompany, one: Reality, patterns: frozenset[str]) -> Player:
    key = work.sessions_key(company.seed, one.worker)
    days = {told.day for told in one.work.sessions}
    player = Player(
        one,
        tuple((account.name, row) for account, row in company.reported(one)),
        tuple(told for _, told in company.sessions(one)),
        {day: sessions.events_on(key, day, one.plants.detectors | patterns) for day in sorted(days)},
        company.last_day - timedelta(days=24),
    )
    return _as_told(player) if patterns else player


def _as_told(player: Player) -> Player:
    """With the sessions that the events make up, and days that add up to them."""
    told = _told_again(player, lambda day: day)
    days = {row.day for _, row in told.rows if row.tool == CODE} & player.events.keys()
    source = next((source for source, row in told.rows if row.tool == CODE), "second")
    others = [(source, row) for source, row in told.rows if row.tool != CODE or row.day not in days]
    return replace(told, rows=_merged([*others, *((source, row) for row in usage_rows(told.facts) if row.day in days)]))


def _active(player: Player, tools: Collection[str]) -> list[date]:
    """Days of the window on which something comes back from one of `tools` anyway."""
    return sorted(
        {row.day for _, row in player.rows if _answers(row) and row.tool in tools and row.day >= player.first}
    )


def _answers(row: UsageRow) -> bool:
    return any(getattr(row.counters, name) for name in ANSWERS)


def _merged(rows: Sequence[Said]) -> tuple[Said, ...]:
    sources = sorted({source for source, _ in rows})
    return tuple((source, row) for source in sources for row in add_up(row for name, row in rows if name == source))


def _told_again(player: Player, cut: Callable[[list[list[SessionEvent]]], list[list[SessionEvent]]]) -> Player:
    """The same events under other sessions; what days add up to stays as it was, but for the number of sessions."""
    facts = [told for day, events in player.events.items() for told in _facts(player, day, cut(events))]
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


def _facts(player: Player, day: date, sessions: list[list[SessionEvent]]) -> Iterator[SessionFacts]:
    """What a reader tells who sees all sessions of the day."""
    who = player.one.worker.email
    together = ReadTogether()
    for number, events in enumerate(sessions):
        progress = together.take(events, CODE)
        yield from facts(progress, session_key=f"{who} {day} moved {number}", subject=who, tool=CODE)


def _pieces(events: list[SessionEvent], pieces: int) -> list[list[SessionEvent]]:
    marks = [len(events) * piece // pieces for piece in range(pieces + 1)]
    return [events[first:end] for first, end in pairwise(marks) if first < end]


def _interrupted(events: list[SessionEvent], model: str, tokens: Tokens) -> list[SessionEvent]:
    """With such a request before each request, halfway between it and what was before."""
    told, more = _told(model, tokens), list[SessionEvent]()
    for number, event in enumerate(events):
        if event.kind is EventKind.REQUEST:
            before = events[number - 1].at if number else event.at - timedelta(seconds=2)
            at = before + (event.at - before) / 2
            more.append(SessionEvent(at, EventKind.REQUEST, model, told, setting="aside"))
        more.append(event)
    return more


def _with_calls(events: list[SessionEvent]) -> list[SessionEvent]:
    more = list[SessionEvent]()
    for number, event in enumerate(events):
        fails = event.kind is EventKind.TOOL_RESULT and event.failed
        beside = [replace(event, failed=False, call_key=f"beside {number}")] if fails else []
        more += [*beside, event, *beside]
    return more


def _padded(events: list[SessionEvent], model: str, tokens: Tokens, requests: int) -> list[SessionEvent]:
    last = events[-1]
    setting = next((event.setting for event in reversed(events) if event.setting), None)
    told = replace(_told(model, tokens), requests=None)
    more = []
    for number in range(requests):
        at = last.at + timedelta(seconds=2 * number + 1)
        more.append(SessionEvent(at, EventKind.REQUEST, model, told, setting=setting))
        more.append(SessionEvent(at + timedelta(seconds=1), EventKind.TOOL_RESULT, model, call_key=f"more {number}"))
    return [*events, *more]


def _told(model: str, tokens: Tokens) -> Counters:
    return counters(tokens, cost_microusd(model, tokens))


def _with_rows(player: Player, tool: str, model: str, told: Mapping[date, Counters]) -> Player:
    source = next((source for source, row in player.rows if row.tool == tool), "second")
    who = player.one.worker.email
    extra = [
        (source, UsageRow(who, day, tool, model, one if tool != CODE else replace(one, requests=None), REPORTED))
        for day, one in told.items()
    ]
    return replace(player, rows=_merged([*player.rows, *extra]))


def _multiplied(counters: Counters, factor: int) -> Counters:
    return Counters(**{name: value * factor for name, value in vars(counters).items() if value is not None})


def _times(counters: Counters, names: Sequence[str]) -> Counters:
    told = {name: value * 10 for name in names if (value := getattr(counters, name)) is not None}
    return replace(counters, **told)


def _halved(counters: Counters) -> Counters:
    """One of two halves, rounded up: of a single request each has one."""
    return Counters(**{name: (value + 1) // 2 for name, value in vars(counters).items() if value is not None})
