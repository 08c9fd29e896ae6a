"""Pages in Debian's Chromium, without a window: what they asked for, and what went wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
"""Without these it calls home at every start, which a machine without a network refuses."""


@contextmanager
def started() -> Iterator[Browser]:
    """Chromium; the test is skipped where there is none."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    driver = pytest.importorskip("playwright.sync_api")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=QUIET,
            chromium_sandbox=False,  # it refuses root, who runs tests in a container
        )
        with browser:
            yield browser


class Visit:
    """A page that is looked at: `page` drives it, `requests` and `errors` are what it did.

    `dark`, `width` and other options of a browser's context are given by `again`.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page = self.again()

    def again(self, *, dark: bool = False, width: int = 1280, **options: Any) -> Page:
        """A new page, in a context of its own: nothing of an earlier one is kept there."""
        context = self._browser.new_context(
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 800},
            **options,
        )
        self._contexts.append(context)
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page = context.new_page()
        return self.page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def open(self, address: Path | str) -> Page:
        """Show a file or an address in the page."""
        self.page.goto(address.resolve().as_uri() if isinstance(address, Path) else address)
        return self.page

    def asked_elsewhere(self, allowed: str) -> list[str]:
        """The requests that went to no address that begins so, data and blobs of its own apart."""
        own = (allowed, "data:", "blob:")
        return [address for address in self.requests if not address.startswith(own)]

    def close(self) -> None:
        """Close the pages."""
        for context in self._contexts:
            context.close()
