"""A real browser, and pages that were opened in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAM = next((found for name in ("chromium-headless-shell", "chromium") if (found := which(name))), None)
needs_browser = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium is installed: apt install chromium-headless-shell"
)
SECONDS = 30


@dataclass
class Opened:
    """A page, and what it has done by itself."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def shown(self, selector: str) -> list[str]:
        """The texts of what a person sees of that."""
        return [found.inner_text() for found in self.page.locator(f"{selector}:visible").all()]

    def vnets(self) -> list[str]:
        """The names of VNets that a person sees."""
        return self.shown(".vnet .name strong")

    def focused(self) -> str:
        """What the keyboard is at: its id, or the beginning of its text."""
        found = self.page.evaluate("document.activeElement.id || document.activeElement.textContent")
        return " ".join(str(found).split())[:40]


@contextmanager
def started() -> Iterator[Browser]:
    """A browser with a profile of its own, which goes with it."""
    with sync_playwright() as playwright:
        # As root Chromium does not start in its own sandbox; what it opens here is ours.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else ["--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=arguments, timeout=SECONDS * 1000)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, file: Path, *, scheme: str = "light", width: int = 1280, has_script: bool = True
) -> Iterator[Opened]:
    """A page in a window of that width.

    :param scheme: ``light`` or ``dark``.
    :param has_script: scripts are on.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=has_script,
        reduced_motion="reduce",
    )
    context.set_default_timeout(SECONDS * 1000)
    try:
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.console.append(message.text))
        found.page.on("pageerror", lambda error: found.console.append(str(error)))
        found.page.on("dialog", lambda dialog: found.console.append(f"dialog {dialog.message}"))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto(file.as_uri())
        yield found
    finally:
        context.close()
