"""Which source speaks when several saw the same work: the same request must not count twice (P6).

For one person, day and tool, tokens, money and requests come from one kind of source: the first of `FIGURES` that has
any figure. What people did with the answers comes from the first of `BEHAVIOUR`; kinds that stand together there see
different log-ins of one person, so they add up. Two sources of one kind are two accounts, and add up as well. Whether
there was any activity counts from all of them. Asked by `bot/store/windows.py`; the reasons are in docs/sources/.
"""

from __future__ import annotations

FILE = "file"
"""What an import from a file calls itself, as a source and as a kind."""

NO_CONNECTOR = ("otlp", "sessions", FILE)
"""Sources that no connector reads: what is pushed to us, session files on a machine, imports. Each is its own kind."""

FIGURES: tuple[tuple[str, ...], ...] = (
    ("anthropic",),
    ("claude_code",),
    ("anthropic_messages",),
    ("claude_enterprise",),
    ("openai",),
    ("codex",),
    ("copilot",),
    ("cursor",),
    ("litellm",),
    ("otlp",),
    ("sessions",),
    (FILE,),
)
"""Billed by the vendor first, then the gateway, then what machines tell of themselves, then what somebody uploaded."""

BEHAVIOUR: tuple[tuple[str, ...], ...] = (
    ("claude_enterprise", "claude_code"),
    ("codex",),
    ("copilot",),
    ("cursor",),
    ("otlp",),
    ("sessions",),
    ("anthropic",),
    ("litellm",),
    (FILE,),
)


def rank(kind: str, order: tuple[tuple[str, ...], ...]) -> int:
    """The place of a kind in `order`, 0 first; a kind that is not in it comes last."""
    return next((place for place, kinds in enumerate(order) if kind in kinds), len(order))
