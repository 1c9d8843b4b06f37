"""The invented company as each source of AI use tells it. Next: `tests/sources/contract_work.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.settings import SourceConfig
from bot.sources.standins import (
    anthropic,
    anthropic_analytics,
    anthropic_messages,
    claude_code,
    claude_enterprise,
    codex,
    copilot,
    cursor,
    litellm,
    openai_api,
)
from bot.sources.standins.server import Request, StandInServer, Trouble
from tests.sources.contract import (
    MODEL,
    NOW,
    PEOPLE,
    TODAY,
    Company,
    Opened,
    World,
    address,
    did,
    login,
    there,
    usage_expected,
    usage_kept,
)

TOKENS = frozenset({"input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"})
EVERYBODY = ("*@lantern.example",)

Work = Mapping[str, int]
Told = Callable[[date, int, Work], Any]


def _parts(world: World, one: Told) -> Iterator[tuple[date, list[Any]]]:
    """Each day of a world with what is told of everybody on it."""
    for day, version in world.items():
        yield day, [one(day, number, did(day, number, version)) for number in there(version)]


class _Days:
    """Turns a stand-in's `hold(day, rows)` into "hold this world and nothing else"."""

    def __init__(self, one: Told, hold: Callable[[date, list[Any]], None]) -> None:
        self._one, self._hold = one, hold
        self._held: set[date] = set()

    def tell(self, world: World) -> None:
        for day in self._held - set(world):
            self._hold(day, [])
        for day, rows in _parts(world, self._one):
            self._hold(day, rows)
            self._held.add(day)


def _company(
    source: SourceConfig,
    server: StandInServer,
    tell: Callable[[World], None],
    told: frozenset[str],
    asked: Callable[[Request], date | None],
    *,
    fixed: Mapping[str, int] | None = None,
    **more: Any,
) -> Company:
    return Company(
        source=source,
        requests=lambda: server.requests,
        tell=tell,
        break_next=server.break_next,
        forget_troubles=server.forget_troubles,
        kept=usage_kept,
        expected=lambda world: usage_expected(world, told, fixed or {}),
        asked=asked,
        **more,
    )


def _query_day(name: str, read: Callable[[str], date]) -> Callable[[Request], date | None]:
    return lambda request: read(dict(request.query)[name]) if name in dict(request.query) else None


def _iso(text: str) -> date:
    return date.fromisoformat(text[:10])


def _of_seconds(text: str) -> date:
    return datetime.fromtimestamp(int(text), UTC).date()


_FAULT_OF = {
    Trouble.BAD_GATEWAY: claude_code.Fault.SERVER_ERROR,
    Trouble.UNAVAILABLE: claude_code.Fault.OVERLOADED,
}


@contextmanager
def console() -> Iterator[Company]:
    """Anthropic's Claude Code report."""

    def row(day: date, number: int, work: Work) -> dict[str, Any]:
        figures = {
            "input": work["input_tokens"],
            "output": work["output_tokens"],
            "cache_read": work["cache_read_tokens"],
            "cache_creation": work["cache_write_tokens"],
            "cents": work["cost_microusd"] / 10_000,
        }
        counts: dict[str, Any] = {name: work[name] for name in ("sessions", "accepted", "rejected")}
        return claude_code.entry(day, email=address(number), models={MODEL: figures}, **counts)

    with claude_code.ClaudeCodeStandIn() as server:

        def break_next(*troubles: Trouble) -> None:
            server.break_next(*(_FAULT_OF.get(one) or claude_code.Fault(one.value) for one in troubles))

        yield Company(
            source=SourceConfig("claude_code", "claude_code", server.base_url, claude_code.ADMIN_KEY, EVERYBODY),
            requests=lambda: server.requests,
            tell=_Days(row, server.hold).tell,
            break_next=break_next,
            forget_troubles=server.forget_faults,
            kept=usage_kept,
            expected=lambda world: usage_expected(
                world, TOKENS | {"cost_microusd", "sessions", "accepted", "rejected"}, {}
            ),
            asked=_query_day("starting_at", _iso),
        )


@contextmanager
def analytics() -> Iterator[Company]:
    """Anthropic's usage and cost analytics."""

    def use(_day: date, number: int, work: Work) -> anthropic_analytics.Use:
        half = work["cache_write_tokens"] // 2
        return anthropic_analytics.Use(
            actor=anthropic_analytics.by_user(anthropic.user_id(number), address(number)),
            model=MODEL,
            requests=work["requests"],
            uncached=work["input_tokens"],
            cache_read=work["cache_read_tokens"],
            written_5m=half,
            written_1h=work["cache_write_tokens"] - half,
            output=work["output_tokens"],
            cents=f"{work['cost_microusd'] / 10_000:.4f}",
        )

    with anthropic_analytics.AnthropicAnalyticsStandIn() as server:
        server.users += [anthropic.user(number, address(number)) for number in PEOPLE]
        server.refreshed_at = NOW.isoformat()
        source = SourceConfig("anthropic", "anthropic", server.base_url, anthropic.ADMIN_KEY, EVERYBODY)

        def set_now(now: datetime) -> None:
            server.refreshed_at = now.isoformat()

        yield _company(
            source,
            server.server,
            _Days(use, server.hold).tell,
            TOKENS | {"requests", "cost_microusd"},
            _query_day("starting_at", _iso),
            fixed={"fast_requests": 0, "long_context_requests": 0},
            final_age=3,
            set_now=set_now,
        )


@contextmanager
def messages() -> Iterator[Company]:
    """Anthropic's messages report."""

    def result(_day: date, number: int, work: Work) -> dict[str, Any]:
        return anthropic_messages.result(
            account=anthropic.user_id(number),
            model=MODEL,
            uncached=work["input_tokens"],
            cache_read=work["cache_read_tokens"],
            output=work["output_tokens"],
            written_1h=work["cache_write_tokens"],
        )

    with anthropic_messages.AnthropicMessagesStandIn() as server:
        server.users += [anthropic.user(number, address(number)) for number in PEOPLE]
        source = SourceConfig("anthropic_messages", "anthropic_messages", server.base_url, anthropic.ADMIN_KEY)
        tell = _Days(result, server.hold).tell
        yield _company(source, server.server, tell, TOKENS, _query_day("starting_at", _iso), final_age=4)


@contextmanager
def enterprise() -> Iterator[Company]:
    """Claude Enterprise's activity report; it has no day before the next one begins."""

    def row(_day: date, number: int, work: Work) -> dict[str, Any]:
        return claude_enterprise.entry(
            anthropic.user_id(number),
            address(number),
            messages=work["prompts"],
            code_sessions=work["sessions"],
            lines=work["lines_added"],
            accepted=work["accepted"],
            rejected=work["rejected"],
        )

    with claude_enterprise.ClaudeEnterpriseStandIn(latest_day=TODAY - timedelta(days=1)) as server:
        server.users += [anthropic.user(number, address(number)) for number in PEOPLE]

        def set_now(now: datetime) -> None:
            server.latest_day = now.date() - timedelta(days=1)

        yield _company(
            SourceConfig(
                "claude_enterprise", "claude_enterprise", server.base_url, anthropic.ENTERPRISE_KEY, EVERYBODY
            ),
            server.server,
            _Days(row, server.hold).tell,
            frozenset({"prompts", "sessions", "lines_added", "accepted", "rejected"}),
            _query_day("date", _iso),
            final_age=4,
            set_now=set_now,
        )


@contextmanager
def codex_workspace() -> Iterator[Company]:
    """Codex analytics."""

    def row(day: date, number: int, work: Work) -> dict[str, Any]:
        tokens = (work["input_tokens"], work["cache_read_tokens"], work["output_tokens"])
        return codex.entry(
            day,
            user=f"user-p{number}",
            email=address(number),
            totals=codex.figures(*tokens, threads=work["sessions"], turns=work["prompts"]),
            models={MODEL: codex.figures(*tokens)},
            lines=work["lines_added"],
        )

    with codex.CodexStandIn() as server:
        yield _company(
            SourceConfig("codex", "codex", server.base_url, codex.ANALYTICS_KEY, EVERYBODY, codex.WORKSPACE),
            server.server,
            _Days(row, server.hold).tell,
            frozenset({"input_tokens", "cache_read_tokens", "output_tokens", "sessions", "prompts", "lines_added"}),
            _query_day("start_time", _of_seconds),
            final_age=4,
        )


@contextmanager
def copilot_seats() -> Iterator[Company]:
    """Copilot's report in two files, its bill, and single sign-on that knows everybody but the stranger."""

    def row(day: date, number: int, work: Work) -> dict[str, Any]:
        names = ("prompts", "offered", "accepted", "lines_added")
        return copilot.person(day, number + 1, login(number), **{name: work[name] for name in names})

    with copilot.CopilotStandIn() as server:
        server.hold_seats([copilot.seat(login(number), number + 1) for number in PEOPLE])
        server.hold_addresses([copilot.identity(address(number), login(number)) for number in PEOPLE])

        def tell(world: World) -> None:
            for day, rows in _parts(world, row):
                server.hold(day, rows[:2], rows[2:])
                bill = {login(n): f"{did(day, n, world[day])['cost_microusd'] / 1e6:.6f}" for n in there(world[day])}
                server.hold_bill(day, bill)

        def asked(request: Request) -> date | None:
            return _iso(request.fields["day"]) if "reports" in request.path else None

        yield _company(
            SourceConfig("copilot", "copilot", server.base_url, copilot.TOKEN, account="orgs/acme"),
            server.server,
            tell,
            frozenset({"prompts", "offered", "accepted", "lines_added", "cost_microusd"}),
            asked,
            final_age=4,
            empty_is_final=False,
        )


@contextmanager
def cursor_team() -> Iterator[Company]:
    """Cursor's daily list and its events, one request each."""

    def row(day: date, number: int, work: Work) -> tuple[dict[str, Any], dict[str, Any]]:
        behaviour: dict[str, Any] = {
            "composerRequests": work["prompts"],
            "totalTabsShown": work["offered"],
            "totalAccepts": work["accepted"],
            "totalRejects": work["rejected"],
            "acceptedLinesAdded": work["lines_added"],
        }
        spent = cursor.tokens(
            work["input_tokens"], work["output_tokens"], work["cache_write_tokens"], work["cache_read_tokens"]
        )
        cents = work["cost_microusd"] / 10_000
        told = cursor.event(
            cursor.midnight_ms(day) + number, address(number), MODEL, tokenUsage=spent, chargedCents=cents
        )
        return cursor.member_day(day, number, address(number), **behaviour), told

    with cursor.CursorStandIn() as server:
        server.hold_members([{"id": n, "email": address(n), "role": "member"} for n in PEOPLE])

        def tell(world: World) -> None:
            told = [pair for _day, pairs in _parts(world, row) for pair in pairs]
            server.hold(daily=[daily for daily, _ in told], events=[event for _, event in told])

        def asked(request: Request) -> date | None:
            return _of_seconds(str(json.loads(request.body)["startDate"] // 1000)) if request.body else None

        behaviour = {"prompts", "offered", "accepted", "rejected", "lines_added", "cost_microusd"}
        yield _company(
            SourceConfig("cursor", "cursor", server.base_url, cursor.KEY),
            server.server,
            tell,
            TOKENS | behaviour,
            asked,
            fixed={"requests": 1, "long_context_requests": 0, "headless_requests": 0},
        )


@contextmanager
def gateway() -> Iterator[Company]:
    """A LiteLLM proxy that can export."""

    def row(_day: date, number: int, work: Work) -> litellm.Traffic:
        read, written = work["cache_read_tokens"], work["cache_write_tokens"]
        metrics = litellm.metrics(
            work["input_tokens"] + read + written,
            work["output_tokens"],
            read=read,
            written=written,
            requests=work["requests"],
            failed=None,
            spend=work["cost_microusd"] / 1e6,
        )
        return litellm.Traffic(f"u-{number}", MODEL, metrics)

    with litellm.LiteLLMStandIn() as server:
        server.hold_users([litellm.user(f"u-{number}", address(number)) for number in PEOPLE])
        yield _company(
            SourceConfig("litellm", "litellm", server.base_url, litellm.ADMIN_KEY, EVERYBODY),
            server.server,
            _Days(row, server.hold).tell,
            TOKENS | {"requests", "cost_microusd"},
            _query_day("start_date", _iso),
        )


@contextmanager
def openai_organisation() -> Iterator[Company]:
    """OpenAI's organisation reports."""

    def row(_day: date, number: int, work: Work) -> dict[str, Any]:
        read, written = work["cache_read_tokens"], work["cache_write_tokens"]
        return openai_api.usage(
            f"user-p{number}",
            MODEL,
            key=f"key_{number}",
            requests=work["requests"],
            input=work["input_tokens"] + read + written,
            input_cached=read,
            input_cache_write=written,
            output=work["output_tokens"],
        )

    with openai_api.OpenAIStandIn() as server:
        server.hold_users([openai_api.user(f"user-p{number}", address(number)) for number in PEOPLE])
        yield _company(
            SourceConfig("openai", "openai", server.base_url, openai_api.ADMIN_KEY, EVERYBODY),
            server.server,
            _Days(row, server.hold_usage).tell,
            TOKENS | {"requests"},
            _query_day("start_time", _of_seconds),
            final_age=4,
        )


COMPANIES: dict[str, Opened] = {
    "anthropic": analytics,
    "anthropic_messages": messages,
    "claude_code": console,
    "claude_enterprise": enterprise,
    "codex": codex_workspace,
    "copilot": copilot_seats,
    "cursor": cursor_team,
    "litellm": gateway,
    "openai": openai_organisation,
}
