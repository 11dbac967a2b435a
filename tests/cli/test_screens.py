"""Plans as they are printed on terminals of 80 and of 120 columns: each screen is a file `screens/plan-*`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.kit import call
from tests.fakes import FakeCluster, fake_cluster
from tests.screens import WIDTHS, hold

SCREENS = Path(__file__).parent / "screens"
DEFINED = """\
evpn-controller: main
	asn 65000

evpn: prod
	controller main
	irb symmetric
	vrf-vxlan 4000

vnet: web
	zone prod
	tag 100

subnet: prod-10.0.1.0-24
	vnet web
	gateway 10.0.1.1

vxlan: plain

vnet: lan
	zone plain
	tag 200

exit: out
	zone prod
	node node1
	interface eno2
	address 172.16.0.1/24
	gateways 172.16.0.254

"""
CHANGED = {
    "as-number": DEFINED.replace("65000", "65001"),
    "exit-moves": DEFINED.replace("node node1", "node node2"),
    "gateway": DEFINED.replace("gateway 10.0.1.1\n", "gateway 10.0.1.254\n"),
    "zone-on-fewer-nodes": DEFINED.replace("evpn: prod\n", "evpn: prod\n\tnodes node1,node2\n"),
    "l3vni": DEFINED.replace("4000", "4001"),
    "mtu-and-mac": DEFINED.replace("evpn: prod\n", "evpn: prod\n\tmtu 1400\n\tmac 02:00:00:00:00:09\n"),
    "peers": DEFINED.replace("vxlan: plain\n", "vxlan: plain\n\tpeers 192.168.0.1,192.168.0.2\n"),
    "vni": DEFINED.replace("tag 200", "tag 201"),
    "nothing-is-left": "",
}


@pytest.fixture
def running(settings: Path) -> FakeCluster:
    """A cluster that has all of it, and two guests."""
    cluster = fake_cluster(DEFINED)
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 0
    cluster.plug("node1", "web", "tap100i0")
    cluster.plug("node2", "lan", "fwpr101p0")
    cluster.api.answers["cluster/resources?type=vm"] = [{"vmid": 100, "name": "web-1", "type": "qemu"}]
    return cluster


@pytest.mark.parametrize("case", sorted(CHANGED))
def test_a_plan_looks_as_it_did(
    request: pytest.FixtureRequest, settings: Path, running: FakeCluster, case: str
) -> None:
    running.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = CHANGED[case]
    for width in WIDTHS:
        printed = call("--config", settings, "plan", cluster=running, environ={"COLUMNS": str(width)}).out
        hold(request, SCREENS / f"plan-{case}", printed, width)


@pytest.mark.parametrize("case", sorted(CHANGED))
def test_a_plan_as_a_document_fits_its_schema(settings: Path, running: FakeCluster, case: str) -> None:
    """Which the kit looks at, as with every document that a test prints."""
    running.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = CHANGED[case]
    document = json.loads(call("--config", settings, "plan", "--diff", "--json", cluster=running).out)
    assert document["summary"]["has_changes"]
    assert document["consequences"]
