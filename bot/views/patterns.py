"""The waste patterns in words: what each is called and how it is worked out. `bot/views/rules.py` asks.

The thresholds in these sentences are read from the rules themselves, so that the two never differ. Next: `rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bot.domain import context, effort, pasting, session_sums, sessions
from bot.domain.usage import WINDOW_DAYS
from bot.domain.waste import (
    broken_cache,
    closed_unmerged,
    cold_restart,
    compaction_thrash,
    early_rewrite,
    failure_loop,
    fast_mode,
    given_up,
    heavy_start,
    high_effort,
    idle_seat,
    long_context,
    low_cache,
    overlapping_seats,
    pasted_data,
    rejected_edits,
    repeated_call,
    reverted,
    runaway,
    tier_mismatch,
    unattributed,
)
from bot.views import pieces


@dataclass(frozen=True)
class Pattern:
    """What a finding is called and how it is worked out."""

    name: str
    rule: str


def _percent(share: Fraction) -> str:
    return f"{int(share * 100)} %"


_SHARE_OF_A_CHANGE = (
    f"No source ties a request to a change, so each one counts with its share: what your use cost in {WINDOW_DAYS} "
    "days, divided by your changes of these days."
)

_SUGGESTION = "It is a suggestion and in none of the sums, because all the other use beside it changes such a share."

PATTERNS: dict[str, Pattern] = {
    idle_seat.DETECTOR: Pattern(
        "A paid seat without use",
        f"I saw no use in {WINDOW_DAYS} days. At least {idle_seat.MIN_WORKING_DAYS} of them were working days, and all "
        f"of those were visible to me; the seat was held for at least {idle_seat.MIN_SEAT_AGE_DAYS} days, and no tool "
        "of the same kind was in use. The amount is what the seat cost for these days (a month counts as 30.4).",
    ),
    overlapping_seats.DETECTOR: Pattern(
        "Two paid seats of one kind",
        f"You hold two tools of one kind, and something came back from one of them on less than "
        f"{overlapping_seats.MAX_DAYS_PERCENT} % of the days on which something came back from that kind (at least "
        f"{overlapping_seats.MIN_DAYS_OF_USE} days). Days count, and not how "
        "much was asked on them. The amount is what this seat cost for these days; when it was used a little, a part "
        "of that.",
    ),
    failure_loop.DETECTOR: Pattern(
        "Tries that failed in a row",
        f"At least {session_sums.LOOP_STREAK} tool calls failed one after the other, in one session or in several of "
        f"a day. {session_sums.FAILURES_OF_A_LOOP_FORGIVEN} of a row are left out; the amount is what the others cost. "
        "Where no request tells its cost, it is as if every call of the session had cost the same.",
    ),
    repeated_call.DETECTOR: Pattern(
        "The same failing call again",
        f"A call that had failed {sessions.FAILURES_FORGIVEN} times on a day was made again, unchanged, and failed "
        "again. The amount is what was paid for these calls; where no request tells its cost, it is as if every call "
        "of the session had cost the same. I know a call by a mark made from it, and cannot read what it was.",
    ),
    runaway.DETECTOR: Pattern(
        "A day out of the ordinary",
        f"A day with more than {runaway.MAX_REQUESTS_A_DAY:,} requests, after which no finished work followed within "
        f"{runaway.OUTCOME_WITHIN_DAYS} days, counts as having bought nothing for the requests beyond "
        f"{runaway.MAX_REQUESTS_A_DAY:,}, as if every one had cost the same. Any other day with so many, or that cost "
        f"more than {pieces.dollars(runaway.MIN_DAY_MICROUSD)} and more than {runaway.MEDIAN_FACTOR} times your usual "
        "day (the middle one), counts as exploring. Nine of ten of your other days stay below some cost; the amount is "
        f"what this day cost beyond {runaway.P90_FACTOR} times that.",
    ),
    reverted.DETECTOR: Pattern(
        "Changes that were taken back",
        f"Changes marked as made with AI help, merged in these {WINDOW_DAYS} days and taken back within "
        f"{reverted.WITHIN_DAYS}. {_SHARE_OF_A_CHANGE}",
    ),
    closed_unmerged.DETECTOR: Pattern(
        "Changes closed without a merge",
        "Changes marked as made with AI help that were closed, and after which nothing of yours was merged in the "
        f"same place for {closed_unmerged.SUCCESSOR_WITHIN_DAYS} days. {_SHARE_OF_A_CHANGE}",
    ),
    early_rewrite.DETECTOR: Pattern(
        "Lines rewritten soon",
        f"Of the lines in at least {early_rewrite.MIN_CHANGES} changes marked as made with AI help, more were gone "
        "after 14 days than usual. Usual is the middle one of your own changes before, and at least "
        f"{float(early_rewrite.LEAST_USUAL_SHARE * 100):.1f} %; the amount speaks of what lies above. "
        f"{_SHARE_OF_A_CHANGE}",
    ),
    tier_mismatch.DETECTOR: Pattern(
        "Short answers from the dearest model",
        f"At least {_percent(tier_mismatch.MIN_FRONTIER_SHARE)} of a tool's tokens went to the dearest models, and "
        f"what they wrote was at most {_percent(tier_mismatch.MAX_WRITTEN_PER_READ)} of what they read. The amount is "
        f"the difference to the next cheaper model, less {_percent(tier_mismatch.RETRY_SHARE)} for tries that would "
        f"have failed there. {_SUGGESTION}",
    ),
    high_effort.DETECTOR: Pattern(
        "High effort for short answers",
        f"At least {high_effort.MIN_REQUESTS_A_WEEK} requests in a week asked for high effort and got an answer of "
        f"at most one token for {effort.READ_PER_WRITTEN} that were read. The amount is "
        f"{high_effort.SAVED_PERCENT} % of what these requests cost, which medium effort saves at least.",
    ),
    fast_mode.DETECTOR: Pattern(
        "Answers in fast mode",
        f"At least {pieces.dollars(fast_mode.MIN_FAST_MICROUSD)} went to requests in fast mode, which cost at least "
        f"{fast_mode.PRICE_FACTOR} times as much as others. The amount is the difference. Whether somebody was waiting "
        f"I cannot see. {_SUGGESTION}",
    ),
    cold_restart.DETECTOR: Pattern(
        "Long conversations taken up cold",
        f"At least {cold_restart.MIN_RESTARTS_A_WEEK} times in a week a conversation went on after a break in which "
        f"its cache had gone, and at least {context.MIN_REWRITTEN_TOKENS:,} tokens were read in again. The amount is "
        "what that cost more than reading them from the cache. I keep how often, and neither when nor how long.",
    ),
    broken_cache.DETECTOR: Pattern(
        "A setting changed in the middle",
        "Model, effort or speed changed within a conversation, and all that was said was read in again. The amount is "
        "what that cost more than reading it from the cache.",
    ),
    low_cache.DETECTOR: Pattern(
        "Context read in again instead of reused",
        f"What a tool has read lately it keeps in a cache, and reading from there costs a tenth. I look at weeks "
        f"in which one model read at least {low_cache.MIN_PROMPT_TOKENS_A_WEEK // 1_000_000} million tokens, less than "
        f"{_percent(low_cache.LOW_HIT_RATE)} of them from the cache. The amount is what "
        f"{_percent(low_cache.REACHABLE_HIT_RATE)} from the cache would have saved. {_SUGGESTION}",
    ),
    long_context.DETECTOR: Pattern(
        "Very long conversations",
        f"At least {long_context.MIN_LARGE_REQUESTS} requests read {session_sums.LARGE_PROMPT_TOKENS:,} tokens or "
        f"more. The amount is what reading beyond the first {session_sums.EASY_PROMPT_TOKENS:,} cost.",
    ),
    compaction_thrash.DETECTOR: Pattern(
        "Conversations that kept reaching their limit",
        f"Days on which tools shortened conversations by themselves at least {session_sums.THRASH_COMPACTIONS} times. "
        "The amount is what it cost to read the whole conversation each time, and to write down what was left of it. "
        "Shortening that you ask for never counts.",
    ),
    heavy_start.DETECTOR: Pattern(
        "Conversations that begin with much",
        f"At least {heavy_start.MIN_HEAVY_STARTS} times a conversation began with {session_sums.HEAVY_START_TOKENS:,} "
        f"tokens or more. The amount is what the part above {session_sums.LIGHT_START_TOKENS:,} cost: written once, "
        "and read again with every request.",
    ),
    pasted_data.DETECTOR: Pattern(
        "Much pasted in at once",
        f"Prompts that made a conversation at least {pasting.MIN_PASTED_TOKENS:,} tokens longer at once, which "
        f"at least {pasting.MIN_CARRIED_TURNS} later prompts carried along. The amount is what reading them cost, once "
        "and again with every request after that. I see how long a conversation is, and never what is in it.",
    ),
    rejected_edits.DETECTOR: Pattern(
        "Many edits turned down",
        f"In the last {7 * rejected_edits.WEEKS_LOOKED_AT} days you turned down at least "
        f"{_percent(rejected_edits.MIN_SHARE)} of {rejected_edits.MIN_DECISIONS} edits or more, and "
        f"{int(rejected_edits.ABOVE_USUAL * 100)} points more than in your own weeks before. No money is counted: "
        "turning down is part of a good review.",
    ),
    given_up.DETECTOR: Pattern(
        "Requests that were given up",
        f"At least {given_up.MIN_GIVEN_UP_A_WEEK} requests in a week were given up after all retries. No money is "
        "counted, for a request that fails is mostly not billed.",
    ),
    unattributed.DETECTOR: Pattern(
        "Sessions without a visible outcome",
        f"Sessions of at least {pieces.dollars(session_sums.UNATTRIBUTED_MICROUSD)} and "
        f"{session_sums.MIN_UNATTRIBUTED_REQUESTS} requests with no accepted edit that I can see, and no finished work "
        f"within {unattributed.OUTCOME_WITHIN_DAYS} days. This is exploring and never waste: reading and learning "
        "leave nothing to be seen.",
    ),
}
"""Every detector of `bot.domain.waste`, by its id."""

NOT_LOOKED_FOR = {
    "W19": Pattern("Tools and servers that lie unused", "no source tells which servers are connected"),
    "W20": Pattern("Many short sessions", "how long a session lasted, and what it was about, is never kept"),
    "W22": Pattern("Jobs that could wait for a lower price", "no source tells which job a request belongs to"),
}
"""Patterns of a person's own that nobody can be told of, by their ids in docs/reference/rules.md; the rule is why."""
