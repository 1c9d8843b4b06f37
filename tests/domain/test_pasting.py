"""Pasted data, told from nothing but the size of requests: what counts, what ends it, and what cannot hide it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.pasting import Pasting

Request = tuple[int, bool]
"""How many thousand tokens a request read, and whether a person had said something before it."""
PASTED: list[Request] = [(20, True), (22, False), (90, True), (91, False), (92, True), (93, True), (95, True)]
"""68,000 tokens came in with one prompt, and four more requests carried them, three of them after another prompt."""


def after(requests: Sequence[Request]) -> tuple[int, int, int]:
    """What is counted of these requests: pastes, thousands of tokens that came in, thousands sent again."""
    pasting, last = Pasting(), None
    for size, prompted in requests:
        if last is not None:
            pasting = pasting.then(size * 1_000, last=last * 1_000, prompted=prompted)
        last = size
    found = pasting.counted()
    return found.pastes, found.pasted_tokens // 1_000, found.resent_tokens // 1_000


def test_what_three_later_prompts_carry_along_counts() -> None:
    """What came in counts once, and once more for every request after it; with two later prompts it may be the work."""
    assert (1, 68, 4 * 68) == after(PASTED)
    assert (0, 0, 0) == after(PASTED[:-1])


def test_what_an_agent_reads_by_itself_is_no_paste() -> None:
    """The same growth between two prompts is the tool's own reading."""
    assert (0, 0, 0) == after([(20, True), (22, False), (90, False), *PASTED[3:]])


def test_growing_step_by_step_and_a_large_beginning_are_no_paste() -> None:
    """Steps of 49,000 each; and a first request, which has nothing before it."""
    assert (0, 0, 0) == after([(20 + 49 * step, True) for step in range(9)])
    assert (0, 0, 0) == after([(200, True), *[(201, True)] * 9])


def test_data_that_is_gone_is_no_longer_counted() -> None:
    """The conversation became small and grew again step by step: what came before stands, and nothing is added."""
    gone = [*PASTED, (15, True), (50, True), (80, True), (99, True), (120, True)]

    assert after(PASTED) == after(gone)


def test_a_second_paste_adds_its_tokens() -> None:
    """It is carried with the first and is one paste together with it."""
    assert (1, 68 + 100, 4 * 68 + 68 + 3 * 168) == after([*PASTED, (195, True), *[(195, True)] * 3])


REQUESTS = st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=9)


@settings(max_examples=150, deadline=None)
@example(PASTED, 1, 4, (5, False))
@given(REQUESTS, st.integers(1, 3), st.integers(0, 9), st.tuples(st.integers(1, 20), st.booleans()))
def test_small_requests_in_between_take_nothing_away(
    requests: list[Request], times: int, place: int, dummy: Request
) -> None:
    """Requests smaller than all others, put in after the first one, however many: never fewer tokens (P3)."""
    requests = [(size + 20, prompted) for size, prompted in requests]
    place = max(1, place)
    more = [*requests[:place], *[dummy] * times, *requests[place:]]

    assert all(least <= found for least, found in zip(after(requests), after(more), strict=True))
