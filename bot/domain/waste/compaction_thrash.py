"""W17, compaction thrash: a conversation that ran into its limit and was shortened by the tool, again and again.

Inputs      for each session: compactions that nobody asked for, the largest input of a request; prices.
Rule        at least 3 such compactions in one session.
Dollars     compactions x largest input x price of reading from the cache: each one reads the whole conversation to sum
            it up. What it writes afterwards is not kept and not counted.
Confidence  0.5.
Innocent    one long task that cannot be cut into pieces.
Not when    the source does not tell compactions, or the price of the model is unknown. One that somebody asks for,
            between two tasks, is good practice and never counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.session_sums import THRASH_COMPACTIONS, SessionSums, total
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import by_model, claims_of_tokens, conclude, each_tool, per_token

DETECTOR = "W17"
CONFIDENCE = 0.5
RULE = Rule(DETECTOR, "W17-1", Ledger.OPTIMIZABLE, CONFIDENCE, "One long task may not have been one to cut in pieces.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""

    def look_at(tool: str, sums: Sequence[SessionSums]) -> Finding | NotJudged | None:
        amounts = per_token(case, sums, "thrash_tokens", lambda rates: rates.cache_read)
        return conclude(
            case,
            RULE,
            tool,
            claims=claims_of_tokens(case, tool, by_model(amounts)),
            amounts=amounts,
            occurrences=total(sums, "thrash_compactions") or 0,
            evidence={
                "sessions_with_compactions": total(sums, "thrashing_sessions"),
                "compactions": total(sums, "thrash_compactions"),
                "tokens_read_for_them": total(sums, "thrash_tokens"),
                "compactions_a_session_needed": THRASH_COMPACTIONS,
            },
        )

    yield from each_tool(case, DETECTOR, "thrashing_sessions", "compactions", look_at)
