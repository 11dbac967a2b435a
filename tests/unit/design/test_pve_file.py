"""Which nodes get `interfaces.d/sdn`, and what stands in it at all."""

from __future__ import annotations

import pytest

from pvesdn.design.pve.interfaces import design_sdn_file, index_pve
from pvesdn.model.pve_ifupdown import PveVnetBridge
from tests.unit.design.pve_values import (
    controller,
    evpn,
    facts,
    given,
    left,
    left_fabric,
    of_kind,
    ours,
    qinq,
    simple,
    stanzas,
    subnet,
    vlan,
    vnet,
    vxlan,
)


def names(*objects, node="node1", nodes=None):
    return list(stanzas(*objects, node=node, nodes=nodes))


def test_the_file_carries_the_version():
    file = design_sdn_file(given(simple(), vnet("guests", "lan"), version=12), "node1")
    assert file is not None
    assert file.version == 12


def test_without_vnets_only_the_version_is_left():
    file = design_sdn_file(given(simple(), evpn(), controller()), "node1")
    assert file is not None
    assert file.stanzas == ()


@pytest.mark.parametrize(
    "unknown",
    [
        pytest.param(given(simple(), vnet("guests", "lan"), version=None), id="nothing was ever committed"),
        pytest.param(given(simple(), vnet("guests", "lan"), nodes=()), id="the node was not seen"),
        pytest.param(
            given(vlan(), vnet("guests", "floor", 5), nodes=(facts(links=()),)), id="the node's bridges were not seen"
        ),
        pytest.param(given(simple(), vnet("guests", "lan"), left_fabric()), id="a fabric left to PVE adds stanzas"),
        pytest.param(given(simple(), vnet("guests", "lan"), left()), id="a zone is left to PVE"),
        pytest.param(given(simple(), vnet("guests", "lan"), left(nodes="node9,node1")), id="a zone of this node is"),
    ],
)
def test_a_file_that_cannot_be_known_is_not_designed(unknown):
    assert design_sdn_file(unknown, "node1") is None


def test_a_zone_left_to_pve_elsewhere_does_not_matter_here():
    assert names(simple(), vnet("guests", "lan"), left(nodes="node2")) == ["guests"]


def test_stanzas_are_sorted_by_name_in_byte_order():
    found = names(
        simple(), vxlan(), evpn("Zed"), evpn("apex", **{"vrf-vxlan": 4001}), controller(),
        vnet("wifi", "lan"), vnet("Zoo", "tunnel", 10), vnet("zoo", "Zed", 11), vnet("v2", "apex", 12), vnet("v10", "apex", 13),
    )  # fmt: skip
    assert found == [
        "Zoo", "v10", "v2",
        "vrf_Zed", "vrf_apex", "vrfbr_Zed", "vrfbr_apex", "vrfvx_Zed", "vrfvx_apex",
        "vxlan_Zoo", "vxlan_v10", "vxlan_v2", "vxlan_zoo",
        "wifi", "zoo",
    ]  # fmt: skip


@pytest.mark.parametrize("zone", [kind("zone", nodes="node2") for kind in (simple, vlan, qinq, vxlan, evpn)])
def test_a_zone_exists_on_its_nodes_only(zone):
    both = (facts("node1", number=1), facts("node2", number=2))
    objects = (zone, controller(), vnet("guests", "zone", 10))
    assert names(*objects, node="node1", nodes=both) == []
    assert "guests" in names(*objects, node="node2", nodes=both)


def test_a_vnet_whose_zone_does_not_exist_is_skipped():
    assert names(simple(), vnet("guests", "lan"), vnet("lost", "nowhere", 5)) == ["guests"]


def test_what_is_defined_in_pvesdn_cfg_does_not_exist_for_pve():
    own = ours(vnet("ours", "lan"))
    foreign = ours(subnet("guests", "lan", "10.9.0.0/24", "10.9.0.1"))
    found = stanzas(simple(), vnet("guests", "lan"), own, foreign)
    assert list(found) == ["guests"]
    assert of_kind(PveVnetBridge, found["guests"]).subnets == ()


@pytest.mark.parametrize("zone", [vxlan("zone"), evpn("zone")])
def test_a_tunnelled_vnet_without_a_tag_is_skipped(zone):
    assert names(zone, controller(), vnet("guests", "zone")) == []


def test_an_evpn_vnet_without_a_controller_is_skipped():
    assert names(evpn(controller="other"), controller(), vnet("guests", "prod", 10)) == []


def test_stanzas_that_do_not_depend_on_the_node_are_one_object_on_all_nodes():
    both = (facts("node1", number=1), facts("node2", number=2))
    cluster = given(evpn(), controller(), vnet("guests", "prod", 10), nodes=both)
    index = index_pve(cluster.sdn.pve)
    one, two = (design_sdn_file(cluster, node, index) for node in ("node1", "node2"))
    assert one is not None
    assert two is not None
    shared = {a.name for a, b in zip(one.stanzas, two.stanzas, strict=True) if a is b}
    assert shared == {"guests", "vrf_prod", "vrfbr_prod"}


@pytest.mark.parametrize("zone", [vlan("zone"), qinq("zone")])
def test_nodes_with_the_same_bridge_share_all_stanzas_that_ride_on_it(zone):
    both = (facts("node1", number=1), facts("node2", number=2))
    cluster = given(zone, vnet("guests", "zone", 10), nodes=both)
    index = index_pve(cluster.sdn.pve)
    one, two = (design_sdn_file(cluster, node, index) for node in ("node1", "node2"))
    assert one is not None
    assert two is not None
    assert one.stanzas
    assert all(a is b for a, b in zip(one.stanzas, two.stanzas, strict=True))


def test_a_given_index_changes_nothing():
    cluster = given(evpn(), controller(), vnet("guests", "prod", 10))
    assert design_sdn_file(cluster, "node1", index_pve(cluster.sdn.pve)) == design_sdn_file(cluster, "node1")
