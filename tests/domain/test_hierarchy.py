"""Circles of managers: all are found, each once, and leaving out what closes them leaves none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.hierarchy import circles, without_circles

_MANAGERS = st.dictionaries(st.integers(0, 7), st.integers(0, 7), max_size=8)


def test_circles_are_found_and_the_way_into_one_is_none() -> None:
    """A circle of one, a circle of two with somebody below it, and a chain."""
    found = circles({1: 1, 2: 3, 3: 2, 4: 2, 5: 6, 6: 7})
    assert [(1,), (2, 3)] == [tuple(sorted(circle)) for circle in found]


@given(managers=_MANAGERS)
def test_whoever_is_on_a_circle_comes_back_to_themselves_and_nobody_else_does(managers: dict[int, int]) -> None:
    """Following managers upwards for as many steps as there are people."""

    def comes_back(start: int) -> bool:
        here: int | None = start
        for _ in range(len(managers)):
            here = managers.get(here) if here is not None else None
            if here == start:
                return True
        return False

    on_circles = [person for circle in circles(managers) for person in circle]
    assert sorted(person for person in managers if comes_back(person)) == sorted(on_circles)


@given(settled=_MANAGERS, proposed=_MANAGERS)
def test_what_is_accepted_closes_no_circle_and_what_is_harmless_is_accepted(
    settled: dict[int, int], proposed: dict[int, int]
) -> None:
    """As long as there was none before."""
    for circle in circles(settled):
        del settled[circle[0]]
    kept = without_circles(settled, proposed)
    before = {person: manager for person, manager in settled.items() if person not in proposed}
    assert [] == circles({**before, **kept})
    assert proposed.items() >= kept.items()
    if not circles({**settled, **proposed}):
        assert proposed == kept
