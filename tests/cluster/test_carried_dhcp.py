"""DHCP in zones of PVE's that are carried: it stays on its node, whatever reloads, and crosses again when it is off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused
from pvesdn.model.files import Action
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.verify import verify
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import locked_state, read_json, write_json
from pvesdn_lab.simulated.node import SimulatedNode
from tests.cluster.kit import apply_to, plan_of, serving, world_of
from tests.cluster.test_carried import agree, failed, is_nothing, links, panel, press_apply

OURS = "vxlan: prod\n\tcarries lan\n\tvni-range 10000-10999\n"
BOTH = {"ingress", "egress"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """A zone with a VNet is carried."""
    with serving(tmp_path, OURS) as made:
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        panel(made, "create", "vnets", vnet="web", zone="lan")
        for node in made.nodes.values():
            install(node)
        agree(made)
        yield made


@pytest.fixture
def served(cluster: SimulatedCluster) -> SimulatedCluster:
    """PVE serves addresses in it."""
    panel(cluster, "set", "zones/lan", dhcp="dnsmasq")
    agree(cluster)
    return cluster


def install(node: SimulatedNode) -> None:
    write_json(node.root, "versions", {**read_json(node.root, "versions", {}), "dnsmasq": "2.91-1"})


def filtered(cluster: SimulatedCluster, node: str = "pve2") -> set[str]:
    """The directions in which DHCP does not cross the VNet's VXLAN device."""
    return set(links(cluster, node).links["vxlan_web"].get("filters", {}))


def test_dhcp_does_not_cross_and_a_second_apply_does_nothing(served: SimulatedCluster) -> None:
    assert [filtered(served, node) for node in served.nodes] == [BOTH] * 3
    assert failed(served) == []

    assert is_nothing(plan_of(served))


def test_without_dhcp_there_is_no_filter(cluster: SimulatedCluster) -> None:
    assert filtered(cluster) == set()
    assert failed(cluster) == []


def test_a_filter_is_there_again_after_whatever_reload(served: SimulatedCluster) -> None:
    served.nodes["pve2"].run("ip", "link", "delete", "vxlan_web")
    served.nodes["pve2"].run("ifreload", "-a")
    press_apply(served)
    assert filtered(served) == BOTH


def test_a_filter_that_is_gone_is_told_and_the_next_apply_puts_it_back(served: SimulatedCluster) -> None:
    assert served.nodes["pve2"].run("tc", "qdisc", "del", "dev", "vxlan_web", "clsact").returncode == 0
    assert failed(served) == ["pve2: vxlan_web DHCP: crosses"]
    agree(served)
    assert filtered(served) == BOTH
    assert failed(served) == []


@pytest.mark.parametrize("way", sorted(BOTH))
def test_one_direction_is_not_enough(served: SimulatedCluster, way: str) -> None:
    with locked_state(served.nodes["pve2"].root) as state:
        del state.links["vxlan_web"]["filters"][way]
    assert failed(served) == ["pve2: vxlan_web DHCP: crosses"]


def test_another_program_in_its_place_is_not_it(served: SimulatedCluster) -> None:
    with locked_state(served.nodes["pve2"].root) as state:
        state.links["vxlan_web"]["filters"]["egress"] = "1,6 0 0 0"
    assert failed(served) == ["pve2: vxlan_web DHCP: crosses"]
    agree(served)
    assert failed(served) == []


def test_a_node_without_tc_is_not_taken_for_one_without_filters(served: SimulatedCluster) -> None:
    (served.nodes["pve2"].root / "bin/tc").unlink()
    found = verify(read_cluster(world_of(served), has_state=True), Renderer())
    assert found.discrepancies == ()
    assert ("pve2", "what keeps DHCP from crossing VXLAN devices", "tc is not installed") in [
        (item.node, item.what, item.why) for item in found.not_checked
    ]


def test_filters_that_tc_does_not_show_are_not_checked_and_not_called_absent(served: SimulatedCluster) -> None:
    served.nodes["pve2"].break_command("tc", status=2, stderr="RTNETLINK answers: Operation not permitted\n")
    found = verify(read_cluster(world_of(served), has_state=True), Renderer())
    assert found.discrepancies == ()
    (why,) = (item.why for item in found.not_checked if item.node == "pve2" and "DHCP" in item.what)
    assert why.endswith("vxlan_web ingress ended with status 2: RTNETLINK answers: Operation not permitted")


def test_a_device_that_is_gone_with_its_filters_is_told_as_gone(served: SimulatedCluster) -> None:
    served.nodes["pve2"].run("ip", "link", "delete", "vxlan_web")
    found = verify(read_cluster(world_of(served), has_state=True), Renderer())
    assert [item.what for item in found.not_checked if "crossing VXLAN" in item.what] == []
    assert any(line.startswith("pve2: vxlan_web") for line in failed(served))


def test_an_undo_that_is_not_shown_the_filters_says_so_and_is_not_done(cluster: SimulatedCluster) -> None:
    panel(cluster, "set", "zones/lan", dhcp="dnsmasq")
    cluster.nodes["pve2"].break_command("tc", status=2, stderr="RTNETLINK answers: Operation not permitted\n")
    cluster.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    report = apply_to(cluster)
    assert "it could not be checked: tc filter show dev vxlan_web ingress ended with status 2" in str(report)
    assert [filtered(cluster, node) for node in cluster.nodes] == [set(), BOTH, set()]


def test_the_filter_goes_when_dhcp_goes_since_its_device_is_made_anew(served: SimulatedCluster) -> None:
    panel(served, "set", "zones/lan", delete="dhcp")
    (change,) = [
        stanza
        for node in plan_of(served).nodes
        for file in node.files
        for stanza in file.stanzas
        if node.node == "pve2" and stanza.name == "vxlan_web"
    ]
    assert (change.action, change.why) == (
        Action.REPLACE,
        "ifupdown2 leaves the filter that keeps DHCP out on a live device",
    )
    agree(served)
    assert filtered(served) == set()
    assert is_nothing(plan_of(served))


def test_an_apply_that_is_undone_lets_dhcp_cross_as_before(cluster: SimulatedCluster) -> None:
    tap = cluster.plug_guest("pve2", "web", 100)
    panel(cluster, "set", "zones/lan", dhcp="dnsmasq")
    cluster.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    report = apply_to(cluster)
    assert not report.is_good
    assert [filtered(cluster, node) for node in cluster.nodes] == [set()] * 3
    assert links(cluster).links["vxlan_web"]["master"] == links(cluster).links[tap]["master"] == "web"


def test_an_apply_that_is_undone_keeps_dhcp_on_its_node_as_before(served: SimulatedCluster) -> None:
    panel(served, "set", "zones/lan", delete="dhcp")
    served.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    assert not apply_to(served).is_good
    assert [filtered(served, node) for node in served.nodes] == [BOTH] * 3
    assert [line for line in failed(served) if line.startswith("pve")] == []


def test_a_node_without_dnsmasq_is_refused_before_anything_is_touched(cluster: SimulatedCluster) -> None:
    root = cluster.nodes["pve3"].root
    write_json(root, "versions", {k: v for k, v in read_json(root, "versions", {}).items() if k != "dnsmasq"})
    panel(cluster, "set", "zones/lan", dhcp="dnsmasq")
    with pytest.raises(ApplyRefused, match="pve3: dnsmasq is not installed"):
        apply_to(cluster)
    assert [filtered(cluster, node) for node in cluster.nodes] == [set()] * 3


def with_subnet(cluster: SimulatedCluster, vnet: str, cidr: str, **values: str) -> None:
    panel(cluster, "create", f"vnets/{vnet}/subnets", subnet=cidr, type="subnet", **values)


def configured(cluster: SimulatedCluster, vnet: str) -> str | None:
    """What the nodes' dnsmasq serves in a VNet; the same on each."""
    (text,) = {node.read(f"/etc/dnsmasq.d/lan/10-{vnet}.conf") for node in cluster.nodes.values()}
    return text


def test_each_node_serves_the_zone_before_its_interfaces_are_loaded(served: SimulatedCluster) -> None:
    with_subnet(served, "web", "10.0.2.0/24", gateway="10.0.2.1")
    with_subnet(served, "web", "fd00:2::/64", gateway="fd00:2::1", **{"dhcp-dns-server": "fd00:2::53"})
    press_apply(served)
    assert configured(served, "web") == (
        "dhcp-range=set:lan-10.0.2.0-24,10.0.2.0,static,255.255.255.0,infinite\n"
        "dhcp-option=tag:lan-10.0.2.0-24,option:router,10.0.2.1\n"
        "dhcp-range=set:lan-fd00:2::-64,fd00:2::,static,64,infinite\n"
        "dhcp-option=tag:lan-fd00:2::-64,option6:dns-server,fd00:2::53\n"
        "interface=web\n"
    )
    panel(served, "set", "zones/lan", delete="dhcp")
    press_apply(served)
    assert configured(served, "web") is None


def test_a_subnet_without_a_gateway_is_not_served_and_a_vnet_with_no_other_is_not_either(
    served: SimulatedCluster,
) -> None:
    panel(served, "create", "vnets", vnet="db", zone="lan")
    with_subnet(served, "web", "10.0.2.0/24", gateway="10.0.2.1")
    with_subnet(served, "web", "10.0.3.0/24", **{"dhcp-range": "start-address=10.0.3.10,end-address=10.0.3.99"})
    with_subnet(served, "db", "10.0.4.0/24", **{"dhcp-range": "start-address=10.0.4.10,end-address=10.0.4.99"})
    press_apply(served)
    assert "lan-10.0.2.0-24" in (configured(served, "web") or "")
    assert "lan-10.0.3.0-24" not in (configured(served, "web") or "")
    assert configured(served, "db") is None


def test_a_vnet_whose_subnets_have_gone_is_not_served_any_more(served: SimulatedCluster) -> None:
    with_subnet(served, "web", "10.0.2.0/24", gateway="10.0.2.1")
    press_apply(served)
    assert configured(served, "web") is not None
    panel(served, "delete", "vnets/web/subnets/lan-10.0.2.0-24")
    press_apply(served)
    assert configured(served, "web") is None
