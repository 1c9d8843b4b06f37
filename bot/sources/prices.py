"""Dated list prices from the `genai-prices` package: what a model costs, and which cheaper one its vendor sells.

Sources report sums of a day, so a cost is tokens times the base unit price. The package's own `calc_price` must not
be used for that: it takes a day's total for one huge request and charges the long-prompt tier (28.5 dollars in place of
18 for a million tokens each way of claude-sonnet-4-5). `UpdatePrices` is never started, and a snapshot of our own is
read, so nobody else in this process can change our numbers.

Called by `jobs/` and by the card. Next: `bot/domain/prices.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from bot.domain.prices import CLASSES_BY_PRICE, FRONTIER, MID, SMALL, Rates
from bot.domain.usage import Counters

MID_FROM_MICROUSD = 6_000_000
FRONTIER_FROM_MICROUSD = 20_000_000
"""Price classes by the base price of a million output tokens on the day: small below 6 dollars, frontier from 20."""

_TOKENS_PER_PRICE = 1_000_000
_FAST = {"speed": "fast", "service_tier": "fast"}
_SPECIAL = re.compile(
    r"\b(?:audio|banana|cyber|embed|embedding|extended|fast|ft|image|instruct|live|moderation|ocr|omni|oss|pro|realtime|"
    r"research|robotics|rosalind|search|transcribe|tts|vision|voice|whisper)\b"
)
"""Words in a model's name that say it was not made for general text work, or is sold at a multiple."""
_VERSION = re.compile(r"(?<![\d.])(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)")
_LINE = re.compile(r"[a-z]+")
_BEDROCK = re.compile(r"^(?:[a-z]{2,6}\.)?(?:anthropic|openai|google|meta|mistral|amazon|deepseek)\.")
_DECORATION = re.compile(r"\[[^\]]*\]$|-v\d+:\d+$")
_EFFORT = re.compile(r"(?:-(?:thinking|reasoning|max|xhigh|high|medium|low|minimal|none))+$")
_CLAUDE_VERSION_FIRST = re.compile(r"^claude-(\d{1,2})(?:[.-](\d{1,2}))?-([a-z]+)$")
_DASHED_VERSION = re.compile(r"(?<=\d)-(?=\d{1,2}(?:-|$))")


class GenaiPrices:
    """The product's `PriceBook`. Making one is free; the first question loads the list (about a second)."""

    def rates(self, model: str, day: date) -> Rates | None:
        """List prices of `model` on `day`, whichever way the source spells it; None for one the list does not know.

        A cache price that the list does not give is the input price: what a vendor without a discount charges.
        """
        found = _listed(model, day)
        return found.rates if found else None

    def cost_microusd(self, model: str, day: date, counters: Counters) -> int | None:
        """List price of the tokens in `counters`, rounded to a micro-dollar; the rest of `counters` is not looked at.

        None when the model is unknown or no kind of token was reported. A kind that was not reported adds nothing: many
        sources leave out what a vendor does not have (OpenAI charges no cache writes), so the sum is a lower bound, and
        it is marked as an estimate by whoever keeps it. It is never 0 for want of knowledge.
        """
        reported = (
            counters.input_tokens,
            counters.cache_read_tokens,
            counters.cache_write_tokens,
            counters.output_tokens,
        )
        rates = self.rates(model, day)
        if rates is None or all(tokens is None for tokens in reported):
            return None
        unit_prices = (rates.input, rates.cache_read, rates.cache_write, rates.output)
        total = sum((tokens or 0) * price for tokens, price in zip(reported, unit_prices, strict=True))
        return (total + _TOKENS_PER_PRICE // 2) // _TOKENS_PER_PRICE

    def cheaper_sibling(self, model: str, day: date) -> tuple[str, Rates] | None:
        """The same vendor's model one price class down, with its prices on `day`; None when there is none.

        Taken from the same line of models, not deprecated and made for general work; of those, the newest that is not
        newer than `model` itself. The list knows no release dates, and whoever could use `model` on that day could use
        its elders, too.
        """
        own = _listed(model, day)
        if own is None or own.version is None or _special(own) - {"fast"}:
            return None
        cheaper = (
            other
            for other in _vendor_models(own.rates.vendor, day)
            # The list hides a few entries from its own search; a name that nobody can look up is no advice.
            if _could_replace(other, own) and self.rates(other.model_id, day) == other.rates
        )
        best = max(cheaper, key=_preference, default=None)
        return (best.model_id, best.rates) if best else None


@dataclass(frozen=True)
class _Listed:
    """One entry of the list on one day. `version` is (5, 5) for claude-opus-5-5; `line` is "claude"."""

    model_id: str
    rates: Rates
    line: str
    version: tuple[int, int] | None
    deprecated: bool


def _could_replace(other: _Listed, own: _Listed) -> bool:
    if other.line != own.line or other.version is None or own.version is None or other.version > own.version:
        return False
    return not other.deprecated and not _special(other) and _rank(other) < _rank(own)


def _special(listed: _Listed) -> set[str]:
    words = set(_SPECIAL.findall(listed.model_id))
    return words - {"pro"} if listed.line == "gemini" else words  # Gemini's ordinary large model is called "pro".


def _preference(candidate: _Listed) -> tuple[int, tuple[int, int], int, int, str]:
    """The dearest class below, then the newest, the plainest name, the smallest step down."""
    assert candidate.version is not None
    plainness = -candidate.model_id.count("-")
    return _rank(candidate), candidate.version, plainness, candidate.rates.output, candidate.model_id


def _rank(listed: _Listed) -> int:
    return CLASSES_BY_PRICE.index(listed.rates.price_class)


@lru_cache(maxsize=16_384)
def _listed(model: str, day: date) -> _Listed | None:
    name = _plain(model)
    wants_fast = name.endswith("-fast")
    for spelling in _spellings(name):
        found = _find(spelling)
        if found is None:
            continue
        provider, info = found
        if wants_fast and "fast" not in info.id:
            # The list matches beginnings, so "x-fast" finds x: the ordinary price of a model sold at a multiple of it.
            return _fast(provider, info, day)
        return _entry(provider, info, _unit_prices(info, day))
    return None


def _fast(provider: Any, info: Any, day: date) -> _Listed | None:
    fast_prices = _unit_prices(info, day, _FAST)
    return None if fast_prices == _unit_prices(info, day) else _entry(provider, info, fast_prices)


@lru_cache(maxsize=512)
def _vendor_models(vendor: str, day: date) -> tuple[_Listed, ...]:
    provider = next(provider for provider in _snapshot().providers if provider.id == vendor)
    entries = (_entry(provider, info, _unit_prices(info, day)) for info in provider.models)
    return tuple(entry for entry in entries if entry is not None)


def _entry(provider: Any, info: Any, unit_prices: tuple[Decimal | None, ...]) -> _Listed | None:
    input_usd, cache_read_usd, cache_write_usd, output_usd = unit_prices
    if input_usd is None or output_usd is None:
        return None
    output = _microusd(output_usd)
    rates = Rates(
        input=_microusd(input_usd),
        cache_read=_microusd(input_usd if cache_read_usd is None else cache_read_usd),
        cache_write=_microusd(input_usd if cache_write_usd is None else cache_write_usd),
        output=output,
        price_class=_price_class(output),
        vendor=provider.id,
    )
    line = _LINE.match(info.id)
    return _Listed(info.id, rates, line.group() if line else "", _version(info.id), bool(info.deprecated))


def _unit_prices(info: Any, day: date, context: dict[str, str] | None = None) -> tuple[Decimal | None, ...]:
    """Input, cache read, cache write and output in dollars per million; of tiered prices the base."""
    prices = info.get_prices(datetime.combine(day, time(12), tzinfo=UTC), context)
    mtok = (prices.input_mtok, prices.cache_read_mtok, prices.cache_write_mtok, prices.output_mtok)
    return tuple(getattr(price, "base", price) for price in mtok)


def _microusd(usd: Decimal) -> int:
    return int((Decimal(usd) * 1_000_000).to_integral_value(ROUND_HALF_UP))


def _price_class(output_microusd: int) -> str:
    if output_microusd >= FRONTIER_FROM_MICROUSD:
        return FRONTIER
    return MID if output_microusd >= MID_FROM_MICROUSD else SMALL


def _version(model_id: str) -> tuple[int, int] | None:
    found = _VERSION.search(model_id)
    return (int(found[1]), int(found[2] or 0)) if found else None


def _plain(model: str) -> str:
    """Lower case, no vendor prefix, no decoration: "Claude Sonnet 4.5" -> "claude-sonnet-4.5"."""
    name = re.sub(r"\s+", "-", model.strip().lower()).rsplit("/", 1)[-1]
    return _DECORATION.sub("", _BEDROCK.sub("", name))


def _spellings(name: str) -> Iterator[str]:
    """`name` as it stands, then the ways in which the list may write the same model."""
    yield name
    bare = _EFFORT.sub("", name.removesuffix("-fast"))
    yield bare
    version_first = _CLAUDE_VERSION_FIRST.match(bare)
    if version_first:
        major, minor, family = version_first.groups()
        yield "-".join(part for part in ("claude", family, major, minor) if part)
    yield _DASHED_VERSION.sub(".", bare, count=1)
    yield f"{bare}-preview"


def _find(spelling: str) -> tuple[Any, Any] | None:
    """The list's provider and model: by the model's own name, else among the models that Cursor sells."""
    for provider_id in (None, "cursor"):
        try:
            found: tuple[Any, Any] = _snapshot().find_provider_model(spelling, None, provider_id, None)
        except LookupError:
            continue
        return found
    return None


@cache
def _snapshot() -> Any:
    # Imported on first use: it takes about a second and 39 MB, and most commands never price anything.
    from genai_prices.data import providers  # noqa: PLC0415 - see above
    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415 - see above

    return DataSnapshot(providers=providers, from_auto_update=False)
