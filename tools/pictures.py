"""The pictures of docs/topology.md, as graphviz lays one out and as a browser shows the page: `make pictures`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pvesdn.adapters.graphviz import laid_out
from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.picture import picture
from pvesdn.model.topology import Topology
from pvesdn.render.page.page import Around, page
from pvesdn.render.picture.dot import dot
from pvesdn.render.picture.svg import svg
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.topology import map_found
from pvesdn.workflows.understand import understand
from tests.browser.kit import opened, started
from tests.golden_verify.damage import damaged
from tests.maps import a_map

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs/pictures"
CASE = ROOT / "tests/golden_verify/session-blocked"
MADE = "2026-11-28 12:00 UTC"
LARGEST = 200_000
"""Bytes of one picture."""


def drawn(whole: Topology, *, is_alone: bool) -> str:
    """A map as graphviz lays it out."""
    found = picture(whole)
    return svg(laid_out(dot(found)), found.title, is_alone=is_alone)


def small() -> Topology:
    """Three nodes, two of which do not hear each other."""
    damage = json.loads((CASE / "damage.json").read_text("utf-8"))
    snapshot = damaged(read_snapshot(CASE.parent / "healthy"), damage)
    return map_found(understand(snapshot, intent="running"), Renderer())


def main() -> int:
    """Write them all."""
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "three-nodes.svg").write_text(drawn(small(), is_alone=True), "utf-8")
    whole = a_map(32, 200)
    with tempfile.TemporaryDirectory() as folder, started() as browser:
        file = Path(folder, "page.html")
        file.write_text(page(whole, Around(MADE, drawn(whole, is_alone=False))), "utf-8")
        for scheme in ("light", "dark"):
            with opened(browser, file, scheme=scheme) as found:
                found.page.screenshot(path=PICTURES / f"page-{scheme}.png")
        with opened(browser, file) as found:
            found.page.locator("#find").fill("net13")
            found.page.screenshot(path=PICTURES / "page-found.png")
    for file in sorted(PICTURES.iterdir()):
        if file.stat().st_size > LARGEST:
            print(f"pictures: {file.name} has {file.stat().st_size} bytes, more than {LARGEST}", file=sys.stderr)
            return 1
        print(f"pictures: wrote {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
