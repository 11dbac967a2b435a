"""A real Prometheus scrapes the listener, and others beside it: values arrive, joins join, alerts fire."""

from __future__ import annotations

import json
import re
import select
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any

import pytest

from pvesdn.adapters.scrape import Kept, Listener
from pvesdn.compare.metrics import metrics, unknown
from pvesdn.model.history import Ending, History
from pvesdn.model.status import Beside, Share
from pvesdn.render.prometheus import CONTENT_TYPE, exposition
from tests.prometheus.programs import PROMETHEUS, RULES, needed
from tests.prometheus.test_dashboard import expressions
from tests.unit.compare.test_metrics import entry, seen

pytestmark = [needed, pytest.mark.long]

LIMIT = 90.0
"""Seconds within which a busy machine has done anything."""
PVE_EXPORTER = """\
# HELP pve_up Node/VM/CT-Status is online/running
# TYPE pve_up gauge
pve_up{id="node/node1"} 1.0
pve_up{id="node/node2"} 1.0
pve_up{id="node/node3"} 1.0
pve_up{id="qemu/100"} 1.0
pve_up{id="cluster/lab"} 1.0
# HELP pve_node_info Node info
# TYPE pve_node_info gauge
pve_node_info{id="node/node1",level="",name="node1",nodeid="1"} 1.0
pve_node_info{id="node/node2",level="",name="node2",nodeid="2"} 1.0
pve_node_info{id="node/node3",level="",name="node3",nodeid="3"} 1.0
"""
FRR_EXPORTER = """\
# HELP frr_bgp_l2vpn_evpn_mac_count_total Number of known MAC addresses.
# TYPE frr_bgp_l2vpn_evpn_mac_count_total gauge
frr_bgp_l2vpn_evpn_mac_count_total{tenantVrf="vrf_prod",type="L2",vni="100",vxlanIf="vxlan_web"} 42
frr_bgp_l2vpn_evpn_mac_count_total{tenantVrf="default",type="L2",vni="200",vxlanIf="vxlan_lan"} 7
"""


@dataclass
class Server:
    """A Prometheus, and what it is told.

    :ivar damage: what is wrong with the cluster that it sees.
    """

    url: str = ""
    damage: dict[str, Any] = field(default_factory=dict)
    fault: Exception | None = None

    def look(self) -> str:
        if self.fault is not None:
            raise self.fault
        paths = {node: Share(2, 2) for node in ("node1", "node2", "node3")}
        beside = Beside(history=History((entry(Ending.DONE),)), open={})
        return exposition(metrics(seen(self.damage, beside, paths)))

    def ask(self, path: str, **words: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(words)}", timeout=LIMIT) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """The value of each series by its labels, without where it was scraped."""
        found = self.ask("/api/v1/query", query=expression)["result"]
        return {
            tuple(sorted((k, v) for k, v in row["metric"].items() if k not in {"job", "instance"})): float(
                row["value"][1]
            )
            for row in found
        }

    def until(self, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """The first answer with anything in it."""
        return wait_for(lambda: self.query(expression))


def wait_for(ask: Callable[[], Any]) -> Any:
    """The first answer that is not empty, within `LIMIT`."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            if answer := ask():
                return answer
        except (urllib.error.URLError, ConnectionError):
            pass
        select.select([], [], [], 0.1)
    pytest.fail("Prometheus did not come to it in time")


class _Other(BaseHTTPRequestHandler):
    """The other exporters."""

    def do_GET(self) -> None:
        body = (PVE_EXPORTER if self.path.startswith("/pve") else FRR_EXPORTER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its base has it
        pass


@contextmanager
def serving(server: Any) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(LIMIT)
        server.server_close()


def configuration(folder: Path, own: int, others: int) -> Path:
    """Scrapes all three; the rules do not wait."""
    (folder / "rules.yml").write_text(re.sub(r"^( +for:) .*$", r"\1 0s", RULES.read_text(), flags=re.MULTILINE))
    job = "  - {{job_name: {0}, metrics_path: {1}, static_configs: [{{targets: ['127.0.0.1:{2}']}}]}}\n"
    file = folder / "prometheus.yml"
    file.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        "rule_files: [rules.yml]\nscrape_configs:\n"
        + job.format("pvesdn", "/metrics", own)
        + job.format("pve", "/pve", others)
        + job.format("frr", "/frr", others)
    )
    return file


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("prometheus")
    made = Server()
    kept = Kept(made.look, exposition(unknown()), lambda _: None, every=0.0)
    with ExitStack() as stack:
        own = stack.enter_context(serving(Listener(ip_address("127.0.0.1"), 0, kept.page, CONTENT_TYPE)))
        others = stack.enter_context(serving(ThreadingTCPServer(("127.0.0.1", 0), _Other)))
        log = stack.enter_context((folder / "log").open("w+"))
        assert PROMETHEUS is not None
        process = subprocess.Popen(
            [
                PROMETHEUS,
                f"--config.file={configuration(folder, own, others)}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            made.url = f"http://127.0.0.1:{wait_for(lambda: port_in(folder / 'log'))}"
            made.until("pvesdn_up")
            yield made
        finally:
            process.terminate()
            process.wait(LIMIT)


def port_in(log: Path) -> str:
    """Where it listens, which it says itself; empty as long as it does not."""
    said = re.search(r'msg="Listening on" address=127\.0\.0\.1:(\d+)', log.read_text())
    return said[1] if said else ""


@pytest.fixture
def server(prometheus: Server) -> Iterator[Server]:
    """The same for each test; what a test breaks is whole again afterwards."""
    yield prometheus
    prometheus.damage, prometheus.fault = {}, None
    wait_for(lambda: prometheus.query("pvesdn_up == 1 and on() (sum(pvesdn_node_findings) == 0)"))


def test_nodes_join_with_those_of_pves_exporter(server: Server) -> None:
    found = server.until("pvesdn_node_vnis_up * on(id) group_left(name) pve_node_info")
    assert {dict(labels)["name"]: value for labels, value in found.items()} == {"node1": 6, "node2": 6, "node3": 6}
    assert server.until("pvesdn_cluster_members and on(id) (pve_up == 1)")


def test_vnis_join_with_those_of_frrs_exporter(server: Server) -> None:
    found = server.until(
        "frr_bgp_l2vpn_evpn_mac_count_total * on(vni, vxlanIf) group_left(vnet, zone, alias) pvesdn_vni_info"
    )
    told = {(dict(labels)["vnet"], dict(labels)["zone"]): value for labels, value in found.items()}
    assert told == {("web", "prod"): 42, ("lan", "plain"): 7}


def test_a_node_that_pve_calls_up_and_nobody_reaches_is_an_alert(server: Server) -> None:
    server.damage = {"gone": {"node2": "node2: timed out"}}
    fired = server.until('ALERTS{alertname="PvesdnNodeNotReached",alertstate="firing"}')
    assert [dict(labels)["id"] for labels in fired] == ["node/node2"]
    assert server.query('pvesdn_node_bgp_sessions_established{id="node/node2"}') == {}
    assert server.query("pve_up == 1 and on(id) pvesdn_node_looked_at == 0")


def test_a_vni_that_frr_does_not_know_is_an_alert_and_so_is_what_verify_finds(server: Server) -> None:
    server.damage = {"vnis": {"node1": {"100": None}}}
    fired = server.until('ALERTS{alertname="PvesdnVniDown",alertstate="firing"}')
    assert [dict(labels)["id"] for labels in fired] == ["node/node1"]
    (bad,) = server.query("pvesdn_vni_up == 0")
    assert (dict(bad)["vni"], dict(bad)["vxlanIf"]) == ("100", "vxlan_web")


def test_a_cluster_that_cannot_be_looked_at_is_an_alert_and_leaves_no_old_values(server: Server) -> None:
    server.fault = ValueError("no API")
    assert server.until('ALERTS{alertname="PvesdnNotSeen",alertstate="firing"}')
    assert wait_for(lambda: server.query("absent(pvesdn_node_vnis_up)"))


def test_the_page_is_right_about_its_queries(server: Server) -> None:
    page = (RULES.parents[2] / "docs/metrics.md").read_text()
    (block,) = re.findall(r"^## With other exporters$.*?^```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    queries = [query for query in re.sub(r"^#.*\n", "", block, flags=re.MULTILINE).split("\n\n") if query.strip()]
    assert len(queries) == 2
    for query in queries:
        assert server.until(query), query


def test_every_query_of_the_dashboard_shows_something(server: Server) -> None:
    server.until("pvesdn_node_last_apply_number")
    silent = [expression for expression in expressions() if not server.query(expression)]
    assert silent == []
