"""What tool calls that fail one after the other cost (W04), and the same call made again (W05), turn by turn.

A turn is a request and the results that come before the next one. What a failed call cost is what was paid in its turn
until its result came. A row of failures ends with a turn in which calls worked and none failed: a call that works
beside one that fails ends nothing, and neither do small side requests, nor other calls before and after (P3). A row at
the beginning of a conversation or the end of a session is told apart as well, for it may go on in another session.
Called by `bot/domain/sessions.py`. Next: `bot/domain/waste/failure_loop.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.session_sums import LOOP_STREAK, cost_beyond_forgiven


@dataclass(frozen=True)
class Failing:
    """What is known of one conversation. `asked_microusd` is what was paid in this turn since its last failure, and
    `streak_microusd` what the failures of the row that goes on have cost. `has_turns`: a request was seen, so that
    results can be told apart by it; else each result is a turn. `has_worked`: a row before the present one has ended,
    or there was none at the beginning; `has_worked_earlier` is that at the end of the session before. The `cut` ones
    are the rows at the beginning of a conversation or at the end; those of them that are long enough by themselves are
    loops as well.
    """

    knows_cost: bool = False
    asked_microusd: int = 0
    has_turns: bool = False
    turn_failed: bool = False
    turn_worked: bool = False
    has_worked: bool = False
    has_worked_earlier: bool = False
    streak: int = 0
    streak_microusd: int = 0
    loops: int = 0
    loop_cost_microusd: int = 0
    repeat_cost_microusd: int = 0
    cut_starts: int = 0
    cut_failures: int = 0
    cut_cost_microusd: int = 0
    cut_loops: int = 0
    cut_loop_cost_microusd: int = 0

    def asked(self, cost_microusd: int | None, *, is_beside: bool) -> Failing:
        """After a request; `is_beside`: it failed or is too small to be one of the conversation, and begins no turn."""
        now = self if is_beside else replace(self._turned(), has_turns=True, asked_microusd=0)
        if cost_microusd is None:
            return now
        return replace(now, knows_cost=True, asked_microusd=now.asked_microusd + cost_microusd)

    def began(self, *, is_taken_up: bool = False) -> Failing:
        """At a conversation's first request in a session: what worked before it belonged to something else.
        `is_taken_up`: it goes on from one of the session before.
        """
        return replace(self, has_worked=is_taken_up and self.has_worked_earlier)

    def came_back(self, *, failed: bool, is_repeated: bool) -> Failing:
        """After the result of a call. `is_repeated`: the same call had failed before, as often as is forgiven."""
        if failed:
            now = replace(
                self,
                asked_microusd=0,
                turn_failed=True,
                streak=self.streak + 1,
                streak_microusd=self.streak_microusd + self.asked_microusd,
                repeat_cost_microusd=self.repeat_cost_microusd + is_repeated * self.asked_microusd,
            )
        else:
            now = replace(self, turn_worked=True)
        return now if self.has_turns else replace(now._turned(), asked_microusd=0)

    def ended(self) -> Failing:
        """With the row that goes on counted. The last turn may go on in another session: it ends no row yet."""
        return self._row_over(is_cut=True)

    def of_earlier(self) -> Failing:
        """What the next session goes on with: what was paid for calls whose results are still to come."""
        worked = self.has_worked and not self.streak
        return Failing(
            knows_cost=self.knows_cost,
            has_turns=self.has_turns,
            asked_microusd=self.asked_microusd,
            has_worked=worked,
            has_worked_earlier=worked,
        )

    def _turned(self) -> Failing:
        """At the beginning of the next turn."""
        if not (self.turn_failed or self.turn_worked):
            return self
        now = self if self.turn_failed else replace(self._row_over(is_cut=not self.has_worked), has_worked=True)
        return replace(now, turn_failed=False, turn_worked=False)

    def _row_over(self, *, is_cut: bool) -> Failing:
        if not self.streak:
            return self
        is_loop = self.streak >= LOOP_STREAK
        worth = cost_beyond_forgiven(self.streak_microusd, self.streak) if is_loop else 0
        now = replace(
            self,
            streak=0,
            streak_microusd=0,
            loops=self.loops + is_loop,
            loop_cost_microusd=self.loop_cost_microusd + worth,
        )
        if not is_cut:
            return now
        return replace(
            now,
            cut_starts=self.cut_starts + (not self.has_worked),
            cut_failures=self.cut_failures + self.streak,
            cut_cost_microusd=self.cut_cost_microusd + self.streak_microusd,
            cut_loops=self.cut_loops + is_loop,
            cut_loop_cost_microusd=self.cut_loop_cost_microusd + worth,
        )
