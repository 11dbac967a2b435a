"""The page of a map in a real browser: it is found in, folded and filtered, by keyboard alone, and asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from pvesdn.adapters.graphviz import is_installed, laid_out
from pvesdn.compare.picture import picture
from pvesdn.model.topology import Topology
from pvesdn.render.page.page import Around, page
from pvesdn.render.picture.dot import dot
from pvesdn.render.picture.svg import svg
from tests.browser.kit import Opened, needs_browser, opened
from tests.maps import a_map

pytestmark = [needs_browser, pytest.mark.long]

EVIL = '</script><script>alert(1)</script><img src=x onerror=alert(1)>" onfocus="alert(1)'


def written(folder: Path, whole: Topology, moment: str = "") -> Path:
    """The page of a map, with its picture where graphviz is there. :param moment: when it was looked at; long ago."""
    drawn = picture(whole)
    there = svg(laid_out(dot(drawn)), drawn.title, is_alone=False) if is_installed() else ""
    file = folder / "page.html"
    around = Around("2026-11-28 12:00 UTC", there, moment=moment or "2026-01-28T12:00:00Z")
    file.write_text(page(whole, around), "utf-8")
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 32 nodes and 200 VNets."""
    return written(tmp_path_factory.mktemp("page"), a_map(32, 200))


@pytest.fixture
def large(browser: Browser, file: Path) -> Iterator[Opened]:
    with opened(browser, file) as found:
        yield found
        assert found.console == []
        assert found.requests in ([file.as_uri()], [file.as_uri(), "data:,"])


def test_a_person_finds_a_vnet_among_200(large: Opened) -> None:
    large.page.keyboard.press("/")
    assert large.focused() == "find"
    large.page.keyboard.type("NET137")
    assert large.vnets() == ["net137"]
    assert large.shown("#count") == ["1 of 200 VNets"]
    assert "VNI 10137" in large.shown(".vnet")[0]
    assert large.shown("#picture") == []
    large.page.keyboard.press("Escape")
    assert large.shown("#count") == ["200 VNets"]
    assert large.shown("#picture") != []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("10055", ["net55"]),
        ("10.0.99.0/24", ["net99"]),
        ("web-42", ["net42"]),
        ("1042 web", ["net42"]),
        ("zone2 web-9 10.0.9.", ["net9"]),
    ],
)
def test_a_vnet_is_found_by_whatever_is_known_of_it(large: Opened, typed: str, found: list[str]) -> None:
    large.page.locator("#find").fill(typed)
    assert large.vnets() == found


def with_many_guests() -> Topology:
    """12 VNets, the first of which has more guests than are shown at first."""
    whole = a_map(3, 12, is_broken=False)
    zone = whole.zones[1]
    first = zone.vnets[0]
    guests = tuple(replace(first.guests[0], guest=number, name=f"db-{number}") for number in range(200, 213))
    narrow = replace(zone.vnets[1], nodes=("pve3",))
    changed = replace(zone, vnets=(replace(first, guests=guests), narrow, *zone.vnets[2:]))
    return replace(whole, zones=(whole.zones[0], changed, *whole.zones[2:]))


@pytest.fixture
def guests(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    with opened(browser, written(tmp_path, with_many_guests())) as found:
        yield found
        assert found.console == []


def test_a_guest_that_is_looked_for_is_seen(guests: Opened) -> None:
    labels = [line.split(" on ")[0] for line in guests.shown(".guest")]
    assert not any("207" in label for label in labels)
    guests.page.locator("#find").fill("207")
    assert guests.vnets() == ["net1"]
    assert any("207 db-207" in line for line in guests.shown(".guest"))
    guests.page.locator("#find").fill("net1")
    assert not any("207" in line for line in guests.shown(".guest"))
    guests.page.locator("#unfold").click()
    guests.page.locator("#find").fill("")
    assert any("207 db-207" in line for line in guests.shown(".guest"))


@pytest.mark.parametrize(
    ("typed", "zones", "found"),
    [
        ("400", ["zone1", "zone3", "zone4"], []),
        ("l3vni 4002", ["zone3"], []),
        ("zone2", ["zone2"], ["net1", "net5", "net9"]),
        ("vxlan net5", ["zone2"], ["net5"]),
        ("pvesdn.cfg", [], []),
        ("pve1", [], []),
        ("pve1 net9", ["zone2"], ["net9"]),
        ("pve1 net5", [], []),
        ("PVE3 net5", ["zone2"], ["net5"]),
    ],
)
def test_what_all_vnets_have_finds_none_of_them_by_itself(
    guests: Opened, typed: str, zones: list[str], found: list[str]
) -> None:
    guests.page.locator("#find").fill(typed)
    assert guests.shown(".zone > summary > strong") == zones
    assert guests.vnets() == found
    assert guests.shown("#count") == [f"{len(found)} of 12 VNets"]


def test_a_zone_that_was_found_unfolds_to_all_its_vnets(guests: Opened) -> None:
    guests.page.locator("#find").fill("4002")
    guests.page.locator(".zone:visible > summary").click()
    assert guests.vnets() == ["net2", "net6", "net10"]


def test_what_is_folded_is_on_paper(large: Opened) -> None:
    page = large.page
    folded = "document.querySelectorAll('details:not([open])').length"
    before = page.evaluate(folded)
    assert before > 3
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.onPaper = {folded}; }})")
    page.pdf()
    assert page.evaluate("window.onPaper") == 0
    assert page.evaluate(folded) == before


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, []),
        (7, ["Looked at 7 min ago."]),
        (29, ["Looked at 29 min ago."]),
        (31, ["! Looked at 31 min ago: it may be otherwise by now."]),
        (200, ["! Looked at 3 h ago: it may be otherwise by now."]),
        (5000, ["! Looked at 3 days ago: it may be otherwise by now."]),
    ],
)
def test_a_page_on_a_wall_says_how_old_it_is(browser: Browser, tmp_path: Path, minutes: int, text: list[str]) -> None:
    moment = f"{datetime.now(UTC) - timedelta(minutes=minutes, seconds=10):%Y-%m-%dT%H:%M:%SZ}"
    with opened(browser, written(tmp_path, a_map(3, 4), moment)) as found:
        assert found.shown("#age") == text
        assert found.console == []


def test_it_goes_on_to_say_so_where_nobody_loads_it_again(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, a_map(3, 4), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")) as found:
        found.page.clock.install()
        found.page.reload()
        assert found.shown("#age") == []
        found.page.clock.fast_forward("45:00")
        assert found.shown("#age") == ["! Looked at 45 min ago: it may be otherwise by now."]


def test_what_is_found_nowhere_is_said(large: Opened) -> None:
    large.page.locator("#find").fill("no such thing")
    assert large.vnets() == []
    assert large.shown(".nothing") == ["Nothing here matches."] * 3
    assert large.shown("#count") == ["0 of 200 VNets"]


def test_folding_and_filtering_need_no_mouse(large: Opened) -> None:
    keyboard = large.page.keyboard
    keyboard.press("Tab")
    assert large.focused() == "Skip to the content"
    keyboard.press("Tab")
    assert large.focused() == "find"
    keyboard.press("Tab")
    keyboard.type("zone3")
    assert large.shown(".zone > summary > strong") == ["zone3"]
    assert len(large.vnets()) == 50
    keyboard.press("Shift+Tab")
    for _ in range(3):
        keyboard.press("Tab")
    keyboard.press("Space")
    assert large.vnets() == []
    keyboard.press("Space")
    assert len(large.vnets()) == 50
    keyboard.press("Tab")
    keyboard.press("Tab")
    assert large.focused() == "fold"
    keyboard.press("Enter")
    assert large.vnets() == []
    for _ in range(3):
        keyboard.press("Tab")
        if "zone3" in large.focused():
            break
    keyboard.press("Enter")
    assert len(large.vnets()) == 50


def test_only_what_is_not_well_can_be_seen(large: Opened) -> None:
    large.page.locator("#unwell").check()
    assert large.vnets() == ["net1"]
    assert large.shown("[aria-labelledby=h-nodes] .card .name strong") == ["pve1", "pve2", "pve32"]


def test_one_node_can_be_seen(large: Opened) -> None:
    large.page.locator("#node").select_option("pve7")
    assert len(large.shown("[aria-labelledby=h-nodes] .card")) == 1


def test_filters_that_go_leave_folds_as_they_were(large: Opened) -> None:
    before = large.vnets()
    large.page.locator("#find").fill("net137")
    large.page.locator("#find").fill("")
    assert large.vnets() == before


def test_what_has_the_keyboard_can_be_seen(large: Opened) -> None:
    seen = 0
    for _ in range(14):
        large.page.keyboard.press("Tab")
        style = large.page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; })()"
        )
        assert style == ["solid", "3px"]
        seen += 1
    assert seen == 14


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_reading_it(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    """axe-core's rules, contrast AA among them, with all unfolded."""
    with opened(browser, written(tmp_path, a_map(8, 12)), scheme=scheme, width=width) as found:
        found.page.locator("#unfold").click()
        result = Axe().run(found.page)
        told = [
            (rule["id"], node["target"], node.get("failureSummary", "")[:300])
            for rule in result.response["violations"]
            for node in rule["nodes"][:3]
        ]
        assert told == []
        assert found.page.evaluate("document.documentElement.scrollWidth") == width


def test_without_scripts_it_is_all_there_and_folds(browser: Browser, file: Path) -> None:
    with opened(browser, file, has_script=False) as found:
        assert found.page.locator("#bar").is_hidden()
        closed = found.page.locator(".zone:not([open]) > summary").first
        before = len(found.vnets())
        closed.click()
        assert len(found.vnets()) == before + 50
        assert found.page.locator(".vnet").count() == 200


def test_names_are_text_whatever_they_are(browser: Browser, tmp_path: Path) -> None:
    whole = a_map(3, 4)
    zone = whole.zones[1]
    guest = replace(zone.vnets[0].guests[0], name=EVIL, first=EVIL)
    vnet = replace(zone.vnets[0], id=EVIL, alias=EVIL, subnets=(EVIL,), guests=(guest,), first=EVIL)
    evil = replace(
        whole,
        cluster=EVIL,
        zones=(replace(zone, id=EVIL, what=EVIL, first=EVIL, vnets=(vnet,)),),
        nodes=tuple(replace(node, name=EVIL, first=EVIL) for node in whole.nodes[:1]),
        exits=tuple(replace(uplink, id=EVIL, interface=EVIL, gateways=(EVIL,), virtual=EVIL) for uplink in whole.exits),
        unanswered=(EVIL,),
        only=EVIL,
    )
    with opened(browser, written(tmp_path, evil)) as found:
        assert found.page.locator("h1").inner_text() == EVIL
        assert found.vnets() == [EVIL]
        assert found.page.locator("img, [onfocus], [onerror]").count() == 0
        assert found.page.locator("script").count() == 1
        assert found.console == []


def test_a_script_that_is_not_its_own_does_not_run(browser: Browser, tmp_path: Path) -> None:
    file = written(tmp_path, a_map(3, 4))
    file.write_text(file.read_text().replace("<main ", "<script>document.title = 'taken'</script><main "))
    with opened(browser, file) as found:
        assert found.page.title() == "example: live state"
        assert any("Content Security Policy" in line for line in found.console)


def test_a_design_has_no_filter_for_what_nobody_judged(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, a_map(3, 4, is_live=False))) as found:
        assert found.page.locator("#unwell").count() == 0
        assert found.shown(".legend") == []
        found.page.locator("#find").fill("net2")
        assert found.vnets() == ["net2"]
        assert found.console == []
