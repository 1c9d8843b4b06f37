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

from bot.domain import context, effort
from bot.domain.failing import Failing
from bot.domain.pasting import Pasting
from bot.domain.session_sums import CUT
from bot.domain.usage import ANY_MODEL, Counters, SessionCounters, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up

CACHE_LIVES = timedelta(minutes=5)
"""How long a cached prompt lives at least: the shorter of the two times that Anthropic sells (5 minutes, 1 hour). Where
the longer one was bought the prompt is read from the cache after 5 minutes too, and then nothing is called cold."""
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
    `call_key` is a hash of a tool's name and arguments, so that a call is known again and nothing can be read from it.
    `setting` is model, effort and speed as one text: a change of it breaks the cache; `effort` is that level by itself.
    `automatic` is a compaction or a decision that nobody asked for. `aside` is what a helper did with a context of its
    own: it counts, and is no part of the main conversation. `before_tokens` and `after_tokens` are the size of the
    conversation around a compaction, where it is told.
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
    """How often each call has failed, by its key; begun with what failed in the day's sessions before it."""
    repeated_failures: int = 0
    knows_calls: bool = False
    compactions: int = 0
    compaction_read_tokens: int = 0
    compaction_written_tokens: int = 0
    awaits_summary: bool = False
    """Whether the next request tells what a compaction wrote; `summary_tokens` is what others since then wrote."""
    summary_tokens: int = 0
    retries_exhausted: int = 0
    first_request_at: datetime | None = None
    first_prompt_tokens: int | None = None
    largest_prompt_tokens: int | None = None
    last_request_at: datetime | None = None
    just_compacted: bool = False
    prompts: int = 0
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
    before: context.Before = field(default_factory=context.Before)

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
        # Written by a version that kept no such sum.
        often = known.get("failing_calls", {}).values()
        known.setdefault("repeated_failures", sum(max(0, count - FAILURES_FORGIVEN) for count in often))
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
                    self._request(event)
            case EventKind.TOOL_RESULT:
                self._tool_result(event)
            case EventKind.PROMPT:
                last_at = self._now["last_request_at"]
                self._now["prompts"] += last_at is None or event.at >= last_at
            case EventKind.COMPACTION:
                self._compaction(event)
            case EventKind.RETRIES_EXHAUSTED:
                self._now["retries_exhausted"] += 1

    def _add(self, event: SessionEvent) -> None:
        """Every event makes its day known; the sums grow by what it used."""
        key = (event.at.astimezone(UTC).date(), event.model)
        self._sums[key] = self._sums.get(key, Counters()).plus(_counted(event))

    def _request(self, event: SessionEvent) -> None:
        now, size = self._now, context.prompt_tokens(event.tokens)
        is_beside = event.failed or (size is not None and now["before"].is_beside(size))
        now["failing"] = now["failing"].asked(event.tokens.cost_microusd, is_beside=is_beside)
        if event.failed or not size:
            return
        now["largest_prompt_tokens"] = max(now["largest_prompt_tokens"] or 0, size)
        now["carried"] = now["carried"].read(size)
        if now["first_request_at"] is None or event.at < now["first_request_at"]:
            now["first_request_at"], now["first_prompt_tokens"] = event.at, size
        now["knows_cache"] |= event.tokens.cache_write_tokens is not None
        now["knows_settings"] |= event.setting is not None
        last_at = now["last_request_at"]
        if last_at is None or event.at >= last_at:
            now["last_request_at"] = event.at
            self._in_order(event, size, is_beside=is_beside)

    def _in_order(self, event: SessionEvent, size: int, *, is_beside: bool) -> None:
        """A request after those before it. One beside the conversation ends nothing that waits for its next request."""
        now = self._now
        resumes = now["just_compacted"] and not is_beside and context.has_news(event.tokens, size)
        last = now["before"].of(size, event.tokens, is_shortened=resumes)
        carried, goes_on = now["carried"], last and context.carried_on(size, event.tokens, last, is_shortened=resumes)
        carried_tokens = context.above_light(size) if goes_on is None else goes_on
        now["carried"] = carried.began(size) if goes_on is None else carried.went_on(size, carried_tokens)
        if last is None or last.is_earlier:
            now["failing"] = now["failing"].began(is_taken_up=last is not None)
        if last and not now["just_compacted"] and context.is_rewrite(event.tokens, size):
            self._anew(event, last)
        self._summary(event.tokens.cache_write_tokens or 0)
        if not is_beside:
            carrying = None if last is None or resumes else last.size
            prompted = last is not None and now["prompts"] > last.prompts
            now["pasting"] = now["pasting"].then(size, last=carrying, prompted=prompted)
        if resumes:
            now["before"] = context.Before()
            now["just_compacted"] = now["awaits_summary"] = False
        setting = event.setting or (last.setting if last else None)
        answered, begun = (0, last.begun_size) if last and goes_on is not None else context.begun(event.tokens, size)
        past = context.Past(size, event.at.timestamp(), setting, carried_tokens, answered, begun, now["prompts"])
        now["before"] = now["before"].then(past)

    def _anew(self, event: SessionEvent, last: context.Past) -> None:
        """A request that wrote its context to the cache again: after a pause, or because a setting was changed."""
        now = self._now
        if event.at.timestamp() - last.at > CACHE_LIVES.total_seconds():
            now["cold_restarts"] += 1
            now["cold_restart_tokens"] += event.tokens.cache_write_tokens or 0
        elif None not in (event.setting, last.setting) and event.setting != last.setting:
            now["cache_breaks"] += 1
            now["cache_break_tokens"] += event.tokens.cache_write_tokens or 0

    def _summary(self, written: int) -> None:
        """The most that a request wrote, until one is large enough to be the conversation that is left."""
        now = self._now
        if now["awaits_summary"]:
            more = max(0, written - now["summary_tokens"])
            now["compaction_written_tokens"] += more
            now["summary_tokens"] += more

    def _effort(self, event: SessionEvent) -> None:
        """W11: each request by itself, whatever stands beside it."""
        if event.effort is None or event.failed:
            return
        self._now["knows_effort"] = True
        if effort.is_too_high(event.effort, event.tokens):
            self._now["short_effort_requests"] += 1
            told = self._now["short_effort_cost_microusd"], event.tokens.cost_microusd
            self._now["short_effort_cost_microusd"] = None if told == (None, None) else sum(one or 0 for one in told)

    def _compaction(self, event: SessionEvent) -> None:
        """W17: one that somebody asks for between two tasks is good practice, no thrash. What it read and wrote is what
        it tells, else what the requests before and after it show.
        """
        now = self._now
        now["just_compacted"] = True
        if event.automatic:
            told, shown = event.before_tokens, now["before"].conversation_tokens()
            now["compactions"] += 1
            now["compaction_read_tokens"] += (shown if told is None else told) or 0
            now["compaction_written_tokens"] += event.after_tokens or 0
            now["awaits_summary"], now["summary_tokens"] = event.after_tokens is None, 0

    def _tool_result(self, event: SessionEvent) -> None:
        now = self._now
        now["tool_calls"] += 1
        now["failed_tool_calls"] += int(event.failed)
        now["knows_calls"] |= event.call_key is not None
        key = event.call_key
        is_repeated = key is not None and self._failing.get(key, 0) >= FAILURES_FORGIVEN
        now["repeated_failures"] += event.failed and is_repeated
        if not event.aside:
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
    return SessionCounters(
        tool_calls=progress.tool_calls if sees_tools else None,
        failed_tool_calls=progress.failed_tool_calls if sees_tools else None,
        longest_failure_streak=progress.longest_failure_streak if sees_tools else None,
        repeated_failures=progress.repeated_failures if sees_repeats else None,
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
        **{name: getattr(failing, name) for name in CUT if sees_tools and (failing.knows_cost or "cost" not in name)},
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
_PARTS: Mapping[str, Callable[..., object]] = {
    "pasting": Pasting,
    "failing": Failing,
    "carried": context.Carried,
    "before": context.Before.from_json,
}


def _told(counters: Counters) -> dict[str, int]:
    return {name: value for name, value in asdict(counters).items() if value is not None}
