"""What happened in one AI session, added up event by event and batch by batch, without keeping any of the events.

A source turns what it reads into `SessionEvent`s, in any number of batches; `advance` takes a batch, `facts` says what
is known so far, one row for each day and model. Sums are exact in whatever order the events come. What depends on their
order (failures in a row, the cache going cold) is exact as long as a batch holds nothing older than the batch before
it; an event that comes late is counted and compared with nothing. Events twice are the source's business.
Called by the readers of session files and by the receiver of telemetry. Next: `bot/domain/waste/`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain import context
from bot.domain.failing import Failing
from bot.domain.pasting import Pasting
from bot.domain.usage import ANY_MODEL, Counters, SessionCounters, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up

CACHE_LIVES = timedelta(minutes=5)
"""How long a cached prompt lives at least: the shorter of the two times that Anthropic sells (5 minutes, 1 hour). Where
the longer one was bought the prompt is read from the cache after 5 minutes too, and then nothing is called cold."""
MIN_REWRITTEN_TOKENS = 20_000
"""W13 and W14 in the list of waste patterns: what a request must write to the cache to be a rewrite of its context."""
MAX_READ_PERCENT = 10
"""W13: a request that still read this much of its prompt from the cache did not begin anew."""
HIGH_EFFORT = frozenset({"high", "xhigh", "max"})
"""W11: the levels of effort above the middle one, as the tools call them."""
READ_PER_WRITTEN = 200
"""W11: an answer is short when the model read at least so many tokens for each that it wrote. The list of patterns says
500 tokens, which is that of a prompt of 100,000; a fixed number would let a longer prompt and answer look better (P3).
"""
FAILURES_FORGIVEN = 2
"""W05: the same call may fail twice; what counts is that it is tried again unchanged after that."""
FAILING_CALLS_KEPT = 200
"""So that a session that never ends cannot grow without bound; whichever fail after so many others are not compared."""


class EventKind(StrEnum):
    """What an event tells."""

    REQUEST = "request"
    TOOL_RESULT = "tool_result"
    DECISION = "decision"
    COMPACTION = "compaction"
    RETRIES_EXHAUSTED = "retries_exhausted"
    PROMPT = "prompt"


@dataclass(frozen=True)
class SessionEvent:
    """One thing that happened in a session.

    `tokens` is what it used: tokens, cost and the like. A REQUEST is one request unless `tokens` says how many.
    `call_key` is a hash of a tool's name and arguments, so that the same call is known again and nothing can be read
    from it. `setting` is model, effort and speed as one text: a change of it breaks the cache; `effort` is that level
    by itself. `automatic` is a compaction or a decision that nobody asked for. `aside` is what a helper did with a
    context of its own: it counts, and is no part of the main conversation. `before_tokens` and `after_tokens` are the
    size of the conversation around a compaction, where it is told.
    """

    at: datetime
    kind: EventKind
    model: str = ANY_MODEL
    tokens: Counters = field(default_factory=Counters)
    failed: bool = False
    call_key: str | None = None
    automatic: bool = False
    setting: str | None = None
    effort: str | None = None
    accepted: bool | None = None
    aside: bool = False
    before_tokens: int | None = None
    after_tokens: int | None = None


@dataclass(frozen=True)
class SessionProgress:
    """All that is known of a session so far: sums, and the little that the next event must be compared with."""

    sums: Mapping[tuple[date, str], Counters] = field(default_factory=dict)
    tool_calls: int = 0
    failed_tool_calls: int = 0
    longest_failure_streak: int = 0
    failing_calls: Mapping[str, int] = field(default_factory=dict)
    """How often each call has failed, by its key."""
    knows_calls: bool = False
    compactions: int = 0
    compaction_read_tokens: int = 0
    compaction_written_tokens: int = 0
    awaits_summary: bool = False
    """Whether the next request tells what a compaction wrote."""
    retries_exhausted: int = 0
    first_request_at: datetime | None = None
    first_prompt_tokens: int | None = None
    largest_prompt_tokens: int | None = None
    last_request_at: datetime | None = None
    last_prompt_tokens: int | None = None
    last_setting: str | None = None
    just_compacted: bool = False
    just_prompted: bool = False
    knows_cache: bool = False
    knows_settings: bool = False
    cold_restarts: int = 0
    cold_restart_tokens: int = 0
    cache_breaks: int = 0
    cache_break_tokens: int = 0
    knows_effort: bool = False
    short_effort_requests: int = 0
    short_effort_cost_microusd: int | None = None
    pasting: Pasting = field(default_factory=Pasting)
    failing: Failing = field(default_factory=Failing)
    carried: context.Carried = field(default_factory=context.Carried)

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        document = asdict(replace(self, sums={}))
        for name in _MOMENTS:
            moment = getattr(self, name)
            document[name] = None if moment is None else moment.isoformat()
        document["sums"] = [[day.isoformat(), model, _told(sums)] for (day, model), sums in sorted(self.sums.items())]
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SessionProgress:
        """What `to_json` wrote. Keys that this version does not know are left out."""
        known = {name: document[name] for name in _FIELDS if name in document}
        for name in _MOMENTS:
            known[name] = None if known.get(name) is None else datetime.fromisoformat(known[name])
        known |= {name: kind(**known.get(name, {})) for name, kind in _PARTS.items()}
        sums = known.get("sums", ())
        known["sums"] = {(date.fromisoformat(day), model): Counters(**told) for day, model, told in sums}
        return cls(**known)


def advance(progress: SessionProgress | None, events: Iterable[SessionEvent]) -> SessionProgress:
    """What is known after `events`, which are put in order of time; their times must have a time zone."""
    tally = _Tally(progress or SessionProgress())
    for event in sorted(events, key=lambda event: event.at):
        tally.take(event)
    return tally.progress()


def facts(
    progress: SessionProgress,
    *,
    session_key: str,
    subject: str,
    tool: str,
    shown: Collection[EventKind] = frozenset(EventKind),
) -> tuple[SessionFacts, ...]:
    """One row for each day (UTC) and model. `shown` are the kinds of events that the source can see at all.

    What belongs to the session as a whole stands on its first day and that day's most asked model; what the source
    cannot see stays unknown (P12).
    """
    whole = _whole(progress, frozenset(shown))
    main = _main(progress)
    return tuple(
        SessionFacts(
            session_key=session_key,
            subject=subject,
            day=day,
            tool=tool,
            model=model,
            counters=counters,
            happened=whole if (day, model) == main else SessionCounters(),
        )
        for (day, model), counters in sorted(progress.sums.items())
    )


def usage_rows(told: Iterable[SessionFacts]) -> list[UsageRow]:
    """The days of use that these sessions make up. A session counts on its first day, on the row for all models."""
    told = list(told)
    rows = [UsageRow(one.subject, one.day, one.tool, one.model, one.counters) for one in told]
    first_days: dict[tuple[str, str, str], date] = {}
    for one in told:
        key = (one.subject, one.tool, one.session_key)
        first_days[key] = min(one.day, first_days.get(key, one.day))
    begun = Counters(sessions=1)
    rows += [UsageRow(subject, day, tool, ANY_MODEL, begun) for (subject, tool, _), day in first_days.items()]
    return [row for row in add_up(rows) if row.counters != Counters()]


def prompt_tokens(tokens: Counters) -> int | None:
    """The size of a request's whole input, cached or not; None when nothing is told of it."""
    parts = (tokens.input_tokens, tokens.cache_read_tokens, tokens.cache_write_tokens)
    return None if parts == (None, None, None) else sum(part or 0 for part in parts)


# ---------------------------------------------------------------- one event after the other


class _Tally:
    """A `SessionProgress` that is being written."""

    def __init__(self, before: SessionProgress) -> None:
        self._sums = dict(before.sums)
        self._failing = dict(before.failing_calls)
        self._now = {name: getattr(before, name) for name in _FIELDS}

    def progress(self) -> SessionProgress:
        return SessionProgress(**{**self._now, "sums": self._sums, "failing_calls": self._failing})

    def take(self, event: SessionEvent) -> None:
        """Count one event."""
        self._add(event)
        match event.kind:
            case EventKind.REQUEST:
                self._effort(event)
                if not event.aside:
                    self._now["failing"] = self._now["failing"].asked(event.tokens.cost_microusd)
                    self._request(event)
            case EventKind.TOOL_RESULT:
                self._tool_result(event)
            case EventKind.PROMPT:
                last_at = self._now["last_request_at"]
                self._now["just_prompted"] |= last_at is None or event.at >= last_at
            case EventKind.COMPACTION:
                self._compaction(event)
            case EventKind.RETRIES_EXHAUSTED:
                self._now["retries_exhausted"] += 1

    def _add(self, event: SessionEvent) -> None:
        """Every event makes its day known; the sums grow by what it used."""
        key = (event.at.astimezone(UTC).date(), event.model)
        self._sums[key] = self._sums.get(key, Counters()).plus(_counted(event))

    def _request(self, event: SessionEvent) -> None:
        size = prompt_tokens(event.tokens)
        if event.failed or not size:
            return
        now = self._now
        now["largest_prompt_tokens"] = max(now["largest_prompt_tokens"] or 0, size)
        now["carried"] = now["carried"].read(size)
        if now["first_request_at"] is None or event.at < now["first_request_at"]:
            now["first_request_at"], now["first_prompt_tokens"] = event.at, size
        now["knows_cache"] |= event.tokens.cache_write_tokens is not None
        now["knows_settings"] |= event.setting is not None
        last_at = now["last_request_at"]
        if last_at is not None and event.at < last_at:
            return
        is_anew = last_at is not None and not now["just_compacted"] and _begins_anew(event.tokens, size)
        is_start = last_at is None or (is_anew and context.begins_afresh(size, last=now["last_prompt_tokens"]))
        now["carried"] = now["carried"].went_on(size, is_start=is_start)
        if last_at is not None and is_anew and not is_start:
            self._anew(event, pause=event.at - last_at)
        if now["awaits_summary"]:
            now["compaction_written_tokens"] += event.tokens.cache_write_tokens or 0
        self._pasted(size, is_start=is_start)
        now["last_request_at"], now["last_prompt_tokens"] = event.at, size
        now["just_compacted"] = now["awaits_summary"] = now["just_prompted"] = False
        now["last_setting"] = event.setting or now["last_setting"]

    def _anew(self, event: SessionEvent, *, pause: timedelta) -> None:
        """A request that wrote its context to the cache again: after a pause, or because a setting was changed."""
        now = self._now
        if pause > CACHE_LIVES:
            now["cold_restarts"] += 1
            now["cold_restart_tokens"] += event.tokens.cache_write_tokens or 0
        elif None not in (event.setting, now["last_setting"]) and event.setting != now["last_setting"]:
            now["cache_breaks"] += 1
            now["cache_break_tokens"] += event.tokens.cache_write_tokens or 0

    def _effort(self, event: SessionEvent) -> None:
        """W11: each request by itself, whatever stands beside it."""
        if event.effort is None or event.failed:
            return
        now, size = self._now, prompt_tokens(event.tokens)
        now["knows_effort"] = True
        written = event.tokens.output_tokens
        if size is None or written is None or event.effort not in HIGH_EFFORT or written * READ_PER_WRITTEN > size:
            return
        now["short_effort_requests"] += 1
        if event.tokens.cost_microusd is not None:
            now["short_effort_cost_microusd"] = (now["short_effort_cost_microusd"] or 0) + event.tokens.cost_microusd

    def _compaction(self, event: SessionEvent) -> None:
        """W17: one that somebody asks for between two tasks is good practice, no thrash. What it read and wrote is what
        it tells, else what the requests before and after it show.
        """
        now = self._now
        now["just_compacted"] = True
        if event.automatic:
            told, shown = event.before_tokens, now["last_prompt_tokens"]
            now["compactions"] += 1
            now["compaction_read_tokens"] += (shown if told is None else told) or 0
            now["compaction_written_tokens"] += event.after_tokens or 0
            now["awaits_summary"] = event.after_tokens is None

    def _pasted(self, size: int, *, is_start: bool) -> None:
        now, last = self._now, self._now["last_prompt_tokens"]
        if last is None or is_start or now["just_compacted"]:
            now["pasting"] = now["pasting"].counted()
        else:
            now["pasting"] = now["pasting"].then(size, last=last, prompted=now["just_prompted"])

    def _tool_result(self, event: SessionEvent) -> None:
        now = self._now
        now["tool_calls"] += 1
        now["failed_tool_calls"] += int(event.failed)
        now["knows_calls"] |= event.call_key is not None
        key = event.call_key
        if not event.aside:
            is_repeated = key is not None and self._failing.get(key, 0) >= FAILURES_FORGIVEN
            now["failing"] = now["failing"].came_back(failed=event.failed, is_repeated=is_repeated)
            now["longest_failure_streak"] = max(now["longest_failure_streak"], now["failing"].streak)
        if event.failed and key is not None and (key in self._failing or len(self._failing) < FAILING_CALLS_KEPT):
            self._failing[key] = self._failing.get(key, 0) + 1


def _counted(event: SessionEvent) -> Counters:
    """What one event adds to the sums of its day and model: what it carries, and itself."""
    match event.kind:
        case EventKind.REQUEST:
            requests = 1 if event.tokens.requests is None else event.tokens.requests
            failed = event.tokens.failed_requests
            return replace(
                event.tokens, requests=requests, failed_requests=int(event.failed) if failed is None else failed
            )
        case EventKind.PROMPT:
            return event.tokens.plus(Counters(prompts=1))
        case EventKind.DECISION if event.accepted is not None and not event.automatic:
            return event.tokens.plus(Counters(accepted=int(event.accepted), rejected=int(not event.accepted)))
        case _:
            return event.tokens


def _begins_anew(tokens: Counters, size: int) -> bool:
    """W13: it wrote much to the cache and read next to nothing from it."""
    return (tokens.cache_write_tokens or 0) >= MIN_REWRITTEN_TOKENS and (
        (tokens.cache_read_tokens or 0) * 100 < MAX_READ_PERCENT * size
    )


# ---------------------------------------------------------------- the session as a whole


def _whole(progress: SessionProgress, shown: frozenset[EventKind]) -> SessionCounters:
    sees_tools = EventKind.TOOL_RESULT in shown
    sees_requests = EventKind.REQUEST in shown
    sees_cache = sees_requests and progress.knows_cache
    sees_breaks = sees_cache and progress.knows_settings
    sees_compactions = EventKind.COMPACTION in shown
    sees_sizes = sees_requests and progress.largest_prompt_tokens is not None
    sees_pastes = sees_sizes and EventKind.PROMPT in shown
    pasted, failing = progress.pasting.counted(), progress.failing.ended()
    # Without keys nobody can tell the same call from another one; no failure is no repeated failure all the same.
    sees_repeats = sees_tools and (progress.knows_calls or not progress.failed_tool_calls)
    repeated = sum(max(0, count - FAILURES_FORGIVEN) for count in progress.failing_calls.values())
    return SessionCounters(
        tool_calls=progress.tool_calls if sees_tools else None,
        failed_tool_calls=progress.failed_tool_calls if sees_tools else None,
        longest_failure_streak=progress.longest_failure_streak if sees_tools else None,
        repeated_failures=repeated if sees_repeats else None,
        compactions=progress.compactions if sees_compactions else None,
        compaction_read_tokens=progress.compaction_read_tokens if sees_compactions else None,
        compaction_written_tokens=progress.compaction_written_tokens if sees_compactions else None,
        retries_exhausted=progress.retries_exhausted if EventKind.RETRIES_EXHAUSTED in shown else None,
        first_prompt_tokens=progress.first_prompt_tokens,
        largest_prompt_tokens=progress.largest_prompt_tokens,
        cold_restarts=progress.cold_restarts if sees_cache else None,
        cold_restart_tokens=progress.cold_restart_tokens if sees_cache else None,
        cache_breaks=progress.cache_breaks if sees_breaks else None,
        cache_break_tokens=progress.cache_break_tokens if sees_breaks else None,
        short_effort_requests=progress.short_effort_requests if progress.knows_effort else None,
        short_effort_cost_microusd=progress.short_effort_cost_microusd,
        pastes=pasted.pastes if sees_pastes else None,
        pasted_tokens=pasted.pasted_tokens if sees_pastes else None,
        pasted_resent_tokens=pasted.resent_tokens if sees_pastes else None,
        **{name: getattr(progress.carried, name) for name in context.COUNTED if sees_sizes},
        failure_loops=failing.loops if sees_tools else None,
        failure_loop_cost_microusd=failing.loop_cost_microusd if sees_tools and failing.knows_cost else None,
        repeat_cost_microusd=failing.repeat_cost_microusd if sees_repeats and failing.knows_cost else None,
    )


def _main(progress: SessionProgress) -> tuple[date, str] | None:
    """The session's first day, and the model that most was paid for on it, or was asked most where nobody tells."""
    if not progress.sums:
        return None
    first_day = min(day for day, _model in progress.sums)
    of_day = {model: told for (day, model), told in sorted(progress.sums.items()) if day == first_day}
    weights = {one: (one != ANY_MODEL, told.cost_microusd or 0, told.requests or 0) for one, told in of_day.items()}
    return first_day, max(weights, key=weights.__getitem__)


_FIELDS = tuple(one.name for one in fields(SessionProgress))
_MOMENTS = ("first_request_at", "last_request_at")
_PARTS: Mapping[str, Callable[..., object]] = {"pasting": Pasting, "failing": Failing, "carried": context.Carried}


def _told(counters: Counters) -> dict[str, int]:
    return {name: value for name, value in asdict(counters).items() if value is not None}
