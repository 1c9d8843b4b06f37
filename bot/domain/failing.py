"""What tool calls that fail one after the other cost (W04), and the same call made again (W05), request by request.

What a call cost is what the model was paid for between the result before it and its own. So other calls and requests of
the session, before and after, change nothing (P3). Called by `bot/domain/sessions.py`. Next:
`bot/domain/waste/failure_loop.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.session_sums import FAILURES_OF_A_LOOP_FORGIVEN, LOOP_STREAK


@dataclass(frozen=True)
class Failing:
    """What is known of one conversation. `asked_microusd` is what was paid since the last result of a call, and
    `streak_microusd` what the failures of the row that goes on have cost, those that are forgiven left out.
    """

    knows_cost: bool = False
    asked_microusd: int = 0
    streak: int = 0
    streak_microusd: int = 0
    loops: int = 0
    loop_cost_microusd: int = 0
    repeat_cost_microusd: int = 0

    def asked(self, cost_microusd: int | None) -> Failing:
        """After a request of the conversation."""
        if cost_microusd is None:
            return self
        return replace(self, knows_cost=True, asked_microusd=self.asked_microusd + cost_microusd)

    def came_back(self, *, failed: bool, is_repeated: bool) -> Failing:
        """After the result of a call. `is_repeated`: the same call had failed before, as often as is forgiven."""
        if not failed:
            return replace(self.ended(), asked_microusd=0)
        counts = self.streak >= FAILURES_OF_A_LOOP_FORGIVEN
        return replace(
            self,
            asked_microusd=0,
            streak=self.streak + 1,
            streak_microusd=self.streak_microusd + counts * self.asked_microusd,
            repeat_cost_microusd=self.repeat_cost_microusd + is_repeated * self.asked_microusd,
        )

    def ended(self) -> Failing:
        """With the row that goes on counted, if it was long enough to be spoken of, and none going on any more."""
        if self.streak < LOOP_STREAK:
            return replace(self, streak=0, streak_microusd=0)
        loops, cost = self.loops + 1, self.loop_cost_microusd + self.streak_microusd
        return replace(self, streak=0, streak_microusd=0, loops=loops, loop_cost_microusd=cost)
