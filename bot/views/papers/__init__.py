"""The four papers that a company needs before it measures anything: text from facts, and nothing else.

Called by `bot/papers.py`. Next: `bot/views/papers/facts.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from bot.views.papers import ai_act, dpia, employees, works_council
from bot.views.papers.facts import Facts

PAPERS: dict[str, Callable[[Facts], str]] = {
    "dpia.md": dpia.text,
    "works-council.md": works_council.text,
    "ai-act-notice.md": ai_act.text,
    "privacy-notice.md": employees.text,
}
"""Each paper by its file name."""


def write(facts: Facts, *, version: str, written_on: date) -> dict[str, str]:
    """All four, each with the version, the day and the hash of the facts under it, by file name."""
    foot = (
        f"\n---\n\nWritten by Kindling {version} on {written_on.isoformat()} from its running configuration, "
        f"`{facts.short_hash}`. `kindling doctor` says when it no longer fits. This is not legal advice: have it read "
        "by whoever advises you before you rely on it.\n"
    )
    return {name: text(facts) + foot for name, text in PAPERS.items()}
