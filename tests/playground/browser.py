"""A headless chromium for the page's tests: skipped loudly where there is none, failing where CI says there must be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser, or the reason why the page cannot be looked at here."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        missing()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def missing() -> NoReturn:
    """Skip with a loud reason; fail where CI is set, so that nobody believes the page was looked at."""
    reason = "NO BROWSER: the playground's page was NOT tested, because no chromium was found. `apt install chromium`."
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason)
    pytest.skip(reason)
