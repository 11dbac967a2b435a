"""The page of a report in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.kit import needs_browser, opened
from tests.cli.kit import call
from tests.cli.test_topology import stored

pytestmark = [needs_browser, pytest.mark.long]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a cluster in which a session is down."""
    assert call("report", "--from", stored("session-blocked", tmp_path), "-o", tmp_path / "report.html").status == 0
    return tmp_path / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_reading_it(browser: Browser, file: Path, scheme: str) -> None:
    with opened(browser, file, scheme=scheme) as found:
        violations = Axe().run(found.page).response["violations"]
        assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in violations] == []
        assert found.console == []


def test_findings_are_filtered_too(browser: Browser, file: Path) -> None:
    with opened(browser, file) as found:
        assert len(found.shown(".finding")) == 2
        found.page.locator("#find").fill("node3 (192.168.0.3)")
        assert len(found.shown(".finding")) == 1
        found.page.locator("#find").fill("")
        found.page.locator("#zone").select_option("plain")
        assert found.shown(".finding") == []
        found.page.locator("#zone").select_option("prod")
        assert len(found.shown(".finding")) == 2


def test_what_was_found_comes_first(browser: Browser, file: Path) -> None:
    heads = ".part h2"
    with opened(browser, file) as found:
        assert found.shown(heads) == ["Status", "Findings", "Drift", "Plan", "History"]
        found.page.locator("#find").fill("node3 (192.168.0.3)")
        assert found.shown(heads) == ["Findings"]
        assert found.shown("pre") == []
        found.page.locator("#find").fill("lan")
        assert found.shown(heads) == []
        assert found.vnets() == ["lan"]
        found.page.locator("#find").fill("")
        assert found.shown(heads) == ["Status", "Findings", "Drift", "Plan", "History"]
        assert len(found.shown("pre")) >= 3
