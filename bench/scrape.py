"""What metrics cost: a node that is looked at, whoever looks, and whoever scrapes.

`python -m bench.scrape`, as root: prints what `docs/metrics.md` says under "What it costs".
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import urllib.request
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

from bench.reading import measure_node
from bench.timed import repeated
from bench.unchanged import Again, answers_of, world_of
from pvesdn.adapters.scrape import Kept, Listener
from pvesdn.render.prometheus import CONTENT_TYPE, exposition
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.metrics import of_snapshot
from pvesdn.workflows.read import read_cluster

VNETS = 1000
NETWORKS = ((3, 20), (32, 200))
RUNS = 3
SCRAPES = 200


def main() -> int:
    """Measure and print."""
    told: dict[str, Any] = {"node": measure_node(str(VNETS)), "vtysh": _start_of_vtysh()}
    for nodes, vnets in NETWORKS:
        print(f"looking at {nodes} nodes with {vnets} VNets ...", file=sys.stderr)
        told[f"{nodes} x {vnets}"] = measure_scrape(nodes, vnets)
    print(json.dumps(told, indent=2))
    return 0


def measure_scrape(nodes: int, vnets: int) -> dict[str, float]:
    """Seconds of processor time of a look, of its text, and of a scrape; and the text's series and bytes."""
    answers = answers_of(nodes, vnets)
    families = of_snapshot(read_cluster(world_of(Again(answers)), has_state=True), Renderer())

    def looked() -> None:
        of_snapshot(read_cluster(world_of(Again(answers)), has_state=True), Renderer())

    text = exposition(families)
    kept = Kept(lambda: text, "", lambda _: None, every=3600.0)
    with Listener(ip_address("127.0.0.1"), 0, kept.page, CONTENT_TYPE) as listener:
        Thread(target=listener.serve_forever, daemon=True).start()
        _scrape(listener.url)
        began = time.process_time()
        for _ in range(SCRAPES):
            _scrape(listener.url)
        scraped = (time.process_time() - began) / SCRAPES
        listener.shutdown()
    return {
        "look": min(repeated(looked, RUNS, time.process_time)),
        "text": min(repeated(lambda: exposition(families), RUNS, time.process_time)),
        "scrape": scraped,
        "series": sum(len(family.samples) for family in families),
        "bytes": len(text),
        "packed": len(kept.page().packed),
    }


def _scrape(url: str) -> None:
    """As Prometheus does it; the time of both ends is counted."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def _start_of_vtysh() -> float | None:
    """Seconds of processor time of a vtysh that does next to nothing; None where there is none."""
    place = Path(__file__).resolve().parents[1] / "build/frr/bin"
    vtysh = shutil.which("vtysh", path=f"{place}{os.pathsep}{os.environ.get('PATH', '')}")
    if vtysh is None:
        return None
    from bench.reading import processor_seconds  # noqa: PLC0415

    return processor_seconds(RUNS, [vtysh, "-C", "-f", os.devnull])[0]


if __name__ == "__main__":
    raise SystemExit(main())
