"""The price book on real list prices."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.prices import CLASSES_BY_PRICE, PriceBook, Rates
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.prices import GenaiPrices

DAY = date(2026, 11, 18)
BOOK: PriceBook = GenaiPrices()


def test_rates_are_the_base_prices_of_the_day() -> None:
    """Claude Sonnet 5.5 costs 2, 0.10, 2.50 and 10 dollars per million, whole micro-dollars each."""
    assert Rates(2_000_000, 100_000, 2_500_000, 10_000_000, "mid", "anthropic") == BOOK.rates("claude-sonnet-5-5", DAY)


def test_day_total_is_never_charged_the_long_prompt_tier() -> None:
    """A million tokens each way of Sonnet 4.5 is 18 dollars, not the 28.50 of one huge request."""
    counters = Counters(input_tokens=1_000_000, output_tokens=1_000_000)
    assert 18_000_000 == BOOK.cost_microusd("claude-sonnet-4-5", DAY, counters)


def test_four_kinds_of_tokens_are_priced_apart() -> None:
    """1,250 fresh, 48,200 read, 4,000 written and 310 answered tokens of Sonnet 5.5 cost 2.042 cents."""
    counters = Counters(input_tokens=1250, cache_read_tokens=48_200, cache_write_tokens=4000, output_tokens=310)
    assert 20_420 == BOOK.cost_microusd("claude-sonnet-5-5", DAY, counters)


def test_price_follows_the_day() -> None:
    """GPT-5.6 Sol cost 30 dollars per million output in March and 20 in November."""
    before, after = BOOK.rates("gpt-5.6-sol", date(2026, 3, 2)), BOOK.rates("gpt-5.6-sol", DAY)
    assert before is not None
    assert after is not None
    assert (30_000_000, 20_000_000) == (before.output, after.output)


def test_missing_cache_price_is_the_input_price() -> None:
    """The list has no cache-write price for GPT-5.4: a written token costs what any input token costs."""
    rates = BOOK.rates("gpt-5.4", DAY)
    assert rates is not None
    assert rates.input == rates.cache_write


@pytest.mark.parametrize(
    ("spelled", "listed"),
    [
        ("claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("Claude Sonnet 4.5", "claude-sonnet-4-5"),
        ("claude-4.5-sonnet", "claude-sonnet-4-5"),
        ("claude-4.5-sonnet-thinking", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5[1m]", "claude-sonnet-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("anthropic/claude-sonnet-5", "claude-sonnet-5"),
        ("openai/gpt-5", "gpt-5"),
        ("gpt-5-high", "gpt-5"),
        ("gpt-6-astra-max", "gpt-6-astra"),
        ("gemini-3-pro", "gemini-3-pro-preview"),
        ("grok-4-5", "grok-4.5"),
    ],
)
def test_other_spellings_mean_the_same_model(spelled: str, listed: str) -> None:
    """Prefixes, effort suffixes, Cursor's word order and display names find the listed model."""
    assert BOOK.rates(listed, DAY) is not None
    assert BOOK.rates(listed, DAY) == BOOK.rates(spelled, DAY)


@pytest.mark.parametrize(
    "name", ["auto", "default", "unknown", "others", "<synthetic>", "composer-1", "lantern-7b", "", ANY_MODEL]
)
def test_unknown_model_has_no_price_rather_than_none_to_pay(name: str) -> None:
    """A model that the list does not know costs None, never 0, and has no sibling."""
    assert BOOK.rates(name, DAY) is None
    assert BOOK.cost_microusd(name, DAY, Counters(input_tokens=5, output_tokens=5)) is None
    assert BOOK.cheaper_sibling(name, DAY) is None


def test_fast_mode_is_priced_as_such_or_not_at_all() -> None:
    """Opus 5.5 fast costs twice as much; Opus 4.6 has no listed fast price, so it has none."""
    assert Rates(8_000_000, 400_000, 10_000_000, 40_000_000, "frontier", "anthropic") == BOOK.rates(
        "claude-opus-5-5-fast", DAY
    )
    assert BOOK.rates("claude-opus-4-6-fast", DAY) is None


def test_cost_without_any_token_figure_is_unknown() -> None:
    """No kind of token reported: None. All kinds reported as 0: it did cost 0."""
    assert BOOK.cost_microusd("gpt-5", DAY, Counters(requests=12)) is None
    assert 0 == BOOK.cost_microusd("gpt-5", DAY, Counters(input_tokens=0, output_tokens=0))


def test_kind_that_was_not_reported_adds_nothing() -> None:
    """Output alone is priced as output alone."""
    assert 10_000_000 == BOOK.cost_microusd("gpt-5", DAY, Counters(output_tokens=1_000_000))


@pytest.mark.parametrize(
    ("model", "price_class"),
    [
        ("claude-haiku-5-5", "small"),
        ("claude-haiku-4-5", "small"),
        ("gpt-5.4-mini", "small"),
        ("composer-2.5", "small"),
        ("grok-4.7", "mid"),
        ("claude-sonnet-4-6", "mid"),
        ("gemini-3.1-pro-preview", "mid"),
        ("claude-opus-5-5", "frontier"),
        ("claude-opus-4-8", "frontier"),
        ("gpt-6-astra", "frontier"),
    ],
)
def test_price_classes_have_hard_edges(model: str, price_class: str) -> None:
    """Small below 6 dollars per million output, frontier from 20, mid between; 6 is mid and 20 is frontier."""
    rates = BOOK.rates(model, DAY)
    assert rates is not None
    assert price_class == rates.price_class


@pytest.mark.parametrize(
    ("model", "sibling"),
    [
        ("claude-opus-5-5", "claude-sonnet-5-5"),
        ("claude-opus-5-5-fast", "claude-sonnet-5-5"),
        ("claude-opus-4-8", "claude-sonnet-4-6"),
        ("claude-opus-4-1", "claude-sonnet-4-0"),
        ("claude-sonnet-5-5", "claude-haiku-5-5"),
        ("claude-haiku-5-5", None),
        ("gpt-6-astra", "gpt-6-sol"),
        ("gpt-5.4", "gpt-5.4-mini"),
        ("gpt-4", "gpt-4o"),
        ("o1", "o1-mini"),
        ("gemini-4-argon", "gemini-3.8-flash"),
        ("composer-2.5-fast", "composer-2.5"),
        ("gpt-5.4-pro", None),
        ("gpt-image-2", None),
        ("mistral-large", None),
    ],
)
def test_cheaper_sibling(model: str, sibling: str | None) -> None:
    """One class down at the same vendor, no newer than the model itself; nothing below the cheapest class."""
    found = BOOK.cheaper_sibling(model, DAY)
    assert sibling == (found[0] if found else None)


def test_no_sibling_of_any_listed_model_is_dearer_or_special() -> None:
    """Over the whole list: a sibling is of the same vendor, of a lower class, and made for general text."""
    from genai_prices.data import providers

    for provider in providers:
        for info in provider.models:
            own, found = BOOK.rates(info.id, DAY), BOOK.cheaper_sibling(info.id, DAY)
            if own is None or found is None:
                continue
            name, rates = found
            assert own.vendor == rates.vendor
            assert CLASSES_BY_PRICE.index(rates.price_class) < CLASSES_BY_PRICE.index(own.price_class)
            assert rates.output < own.output
            for word in ("audio", "image", "tts", "realtime", "search", "ft:"):
                assert word not in name
            assert rates == BOOK.rates(name, DAY)


tokens = st.none() | st.integers(0, 10**10)


@settings(max_examples=200)
@given(tokens, tokens, tokens, tokens)
def test_cost_is_additive(fresh: int | None, read: int | None, written: int | None, answered: int | None) -> None:
    """The cost of a sum is the sum of the costs of its parts, to the rounding of each."""
    parts = [
        Counters(input_tokens=fresh),
        Counters(cache_read_tokens=read),
        Counters(cache_write_tokens=written),
        Counters(output_tokens=answered),
    ]
    whole = Counters()
    for part in parts:
        whole = whole.plus(part)
    cost = BOOK.cost_microusd("claude-opus-4-8", DAY, whole)
    costs = [BOOK.cost_microusd("claude-opus-4-8", DAY, part) for part in parts]

    assert (cost is None) == all(c is None for c in costs)
    assert abs((cost or 0) - sum(c or 0 for c in costs)) <= len(parts)


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_name_gets_an_answer(name: str) -> None:
    """No spelling of a model makes the price book raise."""
    BOOK.rates(name, DAY)


def test_list_is_loaded_on_the_first_question_only() -> None:
    """Importing the module and making the book loads no price list: most commands do not need that second."""
    code = "import sys; from bot.sources.prices import GenaiPrices; GenaiPrices(); print('genai_prices' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == done.stdout.strip()
