"""A lead's whole way through a campaign in a real browser, with two leads and a company that hears of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.playground import campaign_walk
from tests.playground.browser import chromium


def test_a_lead_walks_from_a_plan_to_a_result(tmp_path: Path, migrated_sqlite: Path) -> None:
    """Create, preview, dry run, a second lead's word, run, a message that arrives, pause, result: all by the page."""
    stops: list[str] = []
    shutil.copy(migrated_sqlite, tmp_path / "kindling.db")
    with campaign_walk.world(tmp_path) as company, chromium() as browser:
        page = browser.new_page(viewport=campaign_walk.DESK)
        page.set_default_timeout(20_000)
        campaign_walk.walk(page, company, stops.append)
        campaign_walk.on_a_phone(browser, company)

    assert [
        "begin",
        "who",
        "what",
        "page",
        "message",
        "dry-run",
        "second-lead",
        "arrives",
        "list",
        "paused",
        "result",
    ] == stops
