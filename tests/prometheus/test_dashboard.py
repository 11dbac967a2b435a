"""Grafana's dashboard: a document that Grafana can import, about metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pvesdn.model.metrics import METRICS
from tests.prometheus.programs import ROOT, needed
from tests.prometheus.test_rules import promtool

DASHBOARD = ROOT / "hooks/grafana/dashboard.json"
VARIABLES = {"$instance": ".*", "$zone": ".*", "$node": ".*"}


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
        re.sub(r".*\((\w+)[{,].*", r"\1", v["definition"])
        for v in dashboard()["templating"]["list"]
        if v["type"] == "query"
    }
    assert asked <= {metric.full_name for metric in METRICS}


def test_nothing_of_two_clusters_is_added_or_joined() -> None:
    for expression in expressions():
        for words in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", expression):
            assert {"job", "instance"} <= set(re.split(r", *", words)), expression
        assert expression.count("pvesdn_") == expression.count('instance=~".*"')


TWO = """\
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
"""
SERIES = {
    'pvesdn_zone_guests{{instance="{0}",job="pvesdn",zone="prod"}}': (3, 40),
    'pvesdn_node_vnis_up{{id="node/pve1",instance="{0}",job="pvesdn"}}': (4, 50),
    'pvesdn_last_apply_number{{id="cluster/lab",instance="{0}",job="pvesdn"}}': (7, 60),
    'pvesdn_last_apply_info{{id="cluster/lab",instance="{0}",job="pvesdn",outcome="done"}}': (1, 1),
}
"""Of two clusters that give the same names to all that they have."""


@needed
def test_two_clusters_with_the_same_names_have_a_value_each(tmp_path: Path) -> None:
    text = TWO
    for series, values in SERIES.items():
        for instance, value in zip(("a:9913", "b:9913"), values, strict=True):
            text += f"      - {{series: '{series.format(instance)}', values: '{value}x5'}}\n"
    text += "    promql_expr_test:\n"
    asked = {
        "pvesdn_zone_guests": ((3, 40), 'zone="prod"'),
        "pvesdn_node_vnis_up": ((4, 50), 'id="node/pve1"'),
        "pvesdn_last_apply_number": ((7, 60), 'id="cluster/lab",outcome="done"'),
    }
    for metric, (values, labels) in asked.items():
        (expression, *_) = (one for one in expressions() if metric in one)
        text += f"      - expr: {json.dumps(expression)}\n        eval_time: 2m\n        exp_samples:\n"
        for instance, value in zip(("a:9913", "b:9913"), values, strict=True):
            told = f'{{instance="{instance}",job="pvesdn",{labels}}}'
            text += f"          - {{labels: {json.dumps(told)}, value: {value}}}\n"
    (tmp_path / "two.test.yml").write_text(text)
    done = promtool("test", "rules", tmp_path / "two.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr
