"""Who is held out: foreseen by nobody, the wanted share of every stratum, the same whenever it is asked."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.experiment.assignment import hold_out

SECRET = b"a secret of the tests"
STRATA = st.dictionaries(st.integers(1, 10**9), st.sampled_from(["a/never_used", "a/lapsed", "b/lapsed"]), max_size=60)


def of_one(stratum: str, people: int, *, key: str = "k", percent: int = 20) -> frozenset[int]:
    return hold_out(secret=SECRET, campaign_key=key, strata=dict.fromkeys(range(people), stratum), percent=percent)


@settings(max_examples=60, deadline=None)
@given(STRATA, st.integers(0, 99))
def test_every_stratum_gives_its_share(strata: dict[int, str], percent: int) -> None:
    """In each stratum the share is held out to the nearest person below or above, and nobody else."""
    held = hold_out(secret=SECRET, campaign_key="k", strata=strata, percent=percent)
    sizes, out = Counter(strata.values()), Counter(strata[person] for person in held)

    assert set() == held - strata.keys()
    assert [] == [name for name, size in sizes.items() if abs(out[name] - percent * size / 100) >= 1]


@settings(max_examples=60, deadline=None)
@given(STRATA, st.randoms(use_true_random=False))
def test_the_order_of_people_changes_nothing(strata: dict[int, str], dice: Random) -> None:
    """The draw depends on who is there, not on how they are listed, and asking again gives the same."""
    shuffled = list(strata.items())
    dice.shuffle(shuffled)

    first = hold_out(secret=SECRET, campaign_key="k", strata=strata, percent=30)
    again = hold_out(secret=SECRET, campaign_key="k", strata=dict(shuffled), percent=30)
    assert first == again


@pytest.mark.parametrize("people", [1, 2, 3, 7, 12])
def test_small_strata_get_their_share_in_the_long_run(people: int) -> None:
    """Over 2,000 waves each single person of a tiny stratum is held out in 20 % of them, give or take four errors."""
    times: Counter[int] = Counter()
    for wave in range(2_000):
        times.update(of_one("team/never_used", people, key=f"campaign|{wave}"))
    error = 4 * sqrt(2_000 * 0.2 * 0.8)

    assert [] == [person for person in range(people) if abs(times[person] - 400) > error]


def test_two_strata_and_two_waves_are_drawn_apart() -> None:
    """A person's arm in one wave, and one stratum's spare place, tell nothing of another: they agree by chance."""
    pairs = [(of_one("a", 1, key=str(n), percent=50), of_one("b", 1, key=str(n), percent=50)) for n in range(2_000)]
    waves = [of_one("a", 1, key=f"{n}", percent=50) == of_one("a", 1, key=f"{n}x", percent=50) for n in range(2_000)]

    assert 900 < sum(a == b for a, b in pairs) < 1_100
    assert 900 < sum(waves) < 1_100


def test_another_secret_draws_others() -> None:
    """Without the secret the draw cannot be repeated: another key leaves the arms as chance would have them."""
    strata = dict.fromkeys(range(2_000), "a")
    one = hold_out(secret=b"one", campaign_key="k", strata=strata, percent=50)
    other = hold_out(secret=b"other", campaign_key="k", strata=strata, percent=50)

    assert (1_000, 1_000) == (len(one), len(other))
    assert 420 < len(one & other) < 580


def test_words_cannot_run_into_each_other() -> None:
    """A campaign "ab" that draws "c" is another draw than "a" that draws "bc"."""
    draws = {
        hold_out(secret=SECRET, campaign_key=key, strata=dict.fromkeys(range(40), stratum), percent=50)
        for key, stratum in (("ab", "c"), ("a", "bc"))
    }

    assert 2 == len(draws)


@pytest.mark.parametrize("percent", [-1, 100])
def test_a_share_without_sense_is_refused(percent: int) -> None:
    """Nobody can hold out everybody, or less than nobody."""
    with pytest.raises(ValueError, match="from 0 to 99 percent"):
        of_one("a", 3, percent=percent)
