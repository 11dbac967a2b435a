"""Grafana's dashboard: a document that Grafana can import, about metrics that there are."""

from __future__ import annotations

import json
import re
from typing import Any

from pvesdn.model.metrics import METRICS
from tests.prometheus.programs import ROOT

DASHBOARD = ROOT / "hooks/grafana/dashboard.json"
VARIABLES = {"$zone": ".*", "$node": ".*"}


def dashboard() -> dict[str, Any]:
    return json.loads(DASHBOARD.read_text())


def panels() -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    """Every query of it, with all zones and nodes chosen."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    for name, value in VARIABLES.items():
        found = [expression.replace(name, value) for expression in found]
    return found


def test_it_is_found_by_its_name_and_asks_for_the_source_of_its_data() -> None:
    told = dashboard()
    assert (told["uid"], told["templating"]["list"][0]["type"]) == ("pvesdn", "datasource")
    for panel in panels():
        for place in (panel, *panel["targets"]):
            assert place["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_panels_have_a_name_and_a_place_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert panel["title"]
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(ids) == len(set(ids))


def test_it_knows_only_metrics_and_variables_that_there_are() -> None:
    text = "\n".join(expressions())
    assert set(re.findall(r"pvesdn_\w+", text)) <= {metric.full_name for metric in METRICS}
    assert "$" not in text
    asked = {
        re.sub(r".*\((\w+),.*", r"\1", v["definition"])
        for v in dashboard()["templating"]["list"]
        if v["type"] == "query"
    }
    assert asked <= {metric.full_name for metric in METRICS}
