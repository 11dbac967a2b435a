"""What is proposed for each way of writing something by hand, and what is said not to be carried over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pvesdn.model.findings import Severity
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.recognise.ids import Ids
from pvesdn.recognise.proposal import recognise
from tests.unit.recognise.kit import hand, hand_written, lost, proposed, refused, section, text

FILE = "/etc/network/interfaces"
FRR = "/etc/frr/frr.conf"
KERNEL_ROUTE = "        post-up ip route add default via 172.16.0.254 dev eno2 vrf vrf1\n"


def with_status(snapshot: Snapshot, **addresses: str) -> Snapshot:
    """The cluster knows its nodes by other addresses."""
    rows: list[dict[str, Any]] = [dict(row) for row in snapshot.api["cluster/status"]]
    for row in rows:
        row["ip"] = addresses.get(row["name"], row.get("ip"))
    return replace(snapshot, api={**snapshot.api, "cluster/status": rows})


def without(snapshot: Snapshot, node: str) -> Snapshot:
    """The node is off."""
    rows = [{**row, "online": 0} if row["name"] == node else row for row in snapshot.api["cluster/status"]]
    nodes = {name: raw for name, raw in snapshot.nodes.items() if name != node}
    return replace(snapshot, api={**snapshot.api, "cluster/status": rows}, nodes=nodes)


def with_frr(snapshot: Snapshot, more: str) -> Snapshot:
    """More lines at the end of every frr.conf."""
    nodes = {
        name: NodeRaw({**raw.files, FRR: raw.files[FRR] + more}, raw.commands) for name, raw in snapshot.nodes.items()
    }
    return replace(snapshot, nodes=nodes)


def with_address(snapshot: Snapshot, node: str, device: str, address: str) -> Snapshot:
    """One more address on a live device."""
    info = {"family": "inet", "local": address.partition("/")[0], "prefixlen": int(address.partition("/")[2])}
    raw = snapshot.nodes[node]
    rows = [
        {**row, "addr_info": [*row["addr_info"], info]} if row["ifname"] == device else row
        for row in raw.commands["ip-addr"]
    ]
    return replace(snapshot, nodes={**snapshot.nodes, node: NodeRaw(raw.files, {**raw.commands, "ip-addr": rows})})


# --- exits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "snapshot",
    [
        pytest.param(hand("one-exit"), id="a kernel route"),
        pytest.param(
            hand(
                "one-exit", node1=[(KERNEL_ROUTE, ""), (" vni 4000\n", " vni 4000\n ip route 0.0.0.0/0 172.16.0.254\n")]
            ),
            id="a static in the block of the VRF",
        ),
        pytest.param(
            hand(
                "one-exit",
                node1=[(KERNEL_ROUTE, ""), ("line vty", "ip route 0.0.0.0/0 172.16.0.254 eno2 vrf vrf1\nline vty")],
            ),
            id="a static that names the VRF",
        ),
        pytest.param(
            hand("one-exit", node1=(KERNEL_ROUTE, "        gateway 172.16.0.254\n        broadcast 172.16.0.255\n")),
            id="ifupdown's own gateway",
        ),
        pytest.param(
            hand(
                "one-exit",
                node1=(KERNEL_ROUTE, f"{KERNEL_ROUTE}        pre-down ip route del default vrf vrf1\n"),
            ),
            id="a kernel route that is taken away again",
        ),
    ],
)
def test_a_default_route_is_found_wherever_it_is_written(snapshot: Snapshot) -> None:
    assert section(snapshot, "exit: vrf1-node1")["gateways"] == "172.16.0.254"
    assert lost(snapshot) == []
    (eno2,) = (out for out in proposed(snapshot).take_outs["node1"] if out.name == "eno2")
    assert eno2.options is None


def test_both_halves_of_a_virtual_router_are_one() -> None:
    old = "        vrrp-id 1\n        vrrp-priority 200\n        vrrp-virtual-ip 172.16.0.10\n"
    halves = hand("vrrp", node1=(old, "        vrrp 1 172.16.0.10/32\n"))
    frr = {**halves.nodes["node1"].files}
    frr[FRR] += "interface eno2\n vrrp 1 version 3\n vrrp 1 priority 200\n vrrp 1 ip 172.16.0.10\n"
    halves = replace(halves, nodes={**halves.nodes, "node1": NodeRaw(frr, halves.nodes["node1"].commands)})
    assert text(halves) == text(hand("vrrp"))
    assert lost(halves) == []


@pytest.mark.parametrize(
    "line",
    [
        "post-up sysctl -q -w net/ipv4/conf/eno2/arp_ignore=1 net/ipv4/conf/eno2/arp_announce=2",
        "up sysctl -w net.ipv4.conf.eno2.arp_ignore=1",
    ],
)
def test_that_a_card_leaves_arp_to_the_virtual_router_is_nothing_to_carry_over(line: str) -> None:
    old = "        vrrp-id 1\n"
    given = hand("vrrp", node1=(old, f"{old}        {line}\n"))
    assert text(given) == text(hand("vrrp"))
    assert lost(given) == []


@pytest.mark.parametrize(
    "line",
    [
        "post-down sysctl -q -w net/ipv4/conf/eno2/arp_ignore=1",
        "post-up sysctl -q -w net/ipv4/conf/eno2/arp_ignore=2",
        "post-up sysctl -q -w net/ipv4/conf/eno3/arp_ignore=1",
    ],
)
def test_what_else_a_command_of_a_card_sets_stays_in_its_stanza(line: str) -> None:
    old = "        vrrp-id 1\n"
    assert len(taken_out(hand("vrrp", node1=(old, f"{old}        {line}\n")))) == len(taken_out(hand("vrrp")))


def taken_out(snapshot: Snapshot) -> frozenset[Any]:
    """The lines that go from the stanza of node1's uplink."""
    (eno2,) = (out for out in proposed(snapshot).take_outs["node1"] if out.name == "eno2")
    assert eno2.options is not None
    return eno2.options


def test_an_interface_of_the_vrf_without_a_default_route_is_no_exit() -> None:
    snapshot = hand("one-exit", node1=(KERNEL_ROUTE, ""))
    assert "exit:" not in text(snapshot)
    # The kernel's routes are FRR's only where an exit stands for them.
    assert [line for line in lost(snapshot) if "'redistribute kernel'" not in line] == [
        (
            f"node1: {FILE}:22: eno2: is in VRF vrf1 but is not an exit: it has no default route; "
            "its stanza stays: in the edited files write 'vrf vrf_vrf1' in place of 'vrf vrf1'"
        )
    ]
    assert "eno2" not in {out.name for out in proposed(snapshot).take_outs["node1"]}


def test_a_second_exit_on_a_node_is_lost() -> None:
    second = "\nauto eno3\niface eno3\n        address 172.17.0.1/24\n        vrf vrf1\n        gateway 172.17.0.254\n\nsource"
    (found,) = lost(hand("one-exit", node1=("\nsource", second)))
    assert "eno3: is a second exit of VRF vrf1 on the node, next to eno2" in found


def test_a_name_that_pvesdn_cfg_cannot_say_is_no_exit() -> None:
    found = lost(hand("one-exit", node1=("iface eno2", "iface eno~2")))
    assert "'eno~2' is not an interface name" in found[0]
    # It stays with what it says of the VRF, and so do the lines that only an exit stands for.
    assert [line.split(": ")[2] for line in found[1:]] == [
        "'redistribute kernel' (in router bgp 1234 vrf vrf1, address-family ipv4 unicast); apply --overwrite takes it out of frr.conf",
        "eno~2",
    ]


def test_an_uplink_of_a_vrf_without_l3vni_is_lost() -> None:
    asymmetric = hand("one-exit", (" vni 4000\n", ""), ("        vrf vrf1\n\nsource", "\nsource"))
    found = lost(asymmetric)
    assert "irb asymmetric" in text(asymmetric)
    assert any("eno2: is in VRF vrf1, which has no L3VNI: exits need irb symmetric" in line for line in found)


def test_exits_of_long_names_do_not_share_an_id() -> None:
    ids = Ids(frozenset())
    node = "a" * 40
    assert [ids.exit("sym", node), ids.exit("sym", node), ids.exit("sym", node)] == [
        f"sym-{'a' * 28}",
        "sym-2",
        "sym-3",
    ]


def test_further_addresses_of_an_uplink_are_lost() -> None:
    more = ("        vrf vrf1\n        post-up", "        address 172.16.0.77/24\n        vrf vrf1\n        post-up")
    (found,) = lost(hand("one-exit", node1=more))
    assert "eno2: the additional address 172.16.0.77/24; an exit has one address of each family" in found


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_bridge_that_cannot_keep_its_name_gets_another_and_that_is_said() -> None:
    snapshot = hand("unicast", ("vmbr2", "br-tenant-100"))
    assert section(snapshot, "vnet: brtenant") == {"tag": "2", "zone": "ucast"}
    (finding,) = proposed(snapshot).findings
    assert finding.severity is Severity.WARNING
    assert str(finding).startswith(
        "br-tenant-100: the bridge cannot keep its name as a VNet: it becomes brtenant; after the apply plug its guests"
    )
    becomes = {out.name: out.becomes for out in proposed(snapshot).take_outs["node1"]}
    assert becomes == {
        "vxlan2": "vxlan_brtenant",
        "br-tenant-100": "brtenant",
        "vxlan3": "vxlan_vmbr3",
        "vmbr3": "vmbr3",
    }


@pytest.mark.parametrize(
    ("name", "vnet"), [("all", "all2"), ("2", "vn2"), ("tenant1234567", "tenant12"), ("VMBR3", "VMBR3"), ("-", "vn")]
)
def test_derived_ids_are_valid_and_unique(name: str, vnet: str) -> None:
    assert f"vnet: {vnet}\n" in text(hand("unicast", ("iface vmbr2", f"iface {name}")))


def test_ids_that_pve_has_already_are_not_taken() -> None:
    found = text(hand("unicast"), taken=frozenset({"ucast", "vmbr2"}))
    assert "vxlan: ucast2\n" in found
    assert "vnet: vmbr22\n" in found


def test_an_exit_of_a_node_with_a_long_name_has_an_id_that_fits() -> None:
    snapshot = hand("one-exit")
    name = "a-very-long-node-name-of-this-cluster"
    rows = [{**row, "name": row["name"].replace("node1", name)} for row in snapshot.api["cluster/status"]]
    nodes = {node.replace("node1", name): raw for node, raw in snapshot.nodes.items()}
    snapshot = replace(snapshot, nodes=nodes, api={**snapshot.api, "cluster/status": rows})
    (uplink,) = proposed(snapshot).sdn.own.exits
    assert uplink.id == "vrf1-a-very-long-node-name-of-th"


# --- zones -----------------------------------------------------------------------------------------------------------


def test_vnets_of_two_groups_are_two_zones() -> None:
    snapshot = hand(
        "multicast", ("vxlan-id 3\n        vxlan-svcnodeip 225.20.1.1", "vxlan-id 3\n        vxlan-mcastgrp 225.20.1.3")
    )
    assert section(snapshot, "vxlan: mcast") == {"multicast-group": "225.20.1.1"}
    assert section(snapshot, "vxlan: mcast2") == {"multicast-group": "225.20.1.3"}


def test_a_vrf_does_not_make_one_zone_of_two_groups() -> None:
    in_a_vrf = [
        (f"bridge_ports vxlan{number}\n", f"bridge_ports vxlan{number}\n        vrf vrf1\n") for number in (2, 3)
    ]
    other_group = ("vxlan-id 3\n        vxlan-svcnodeip 225.20.1.1", "vxlan-id 3\n        vxlan-svcnodeip 225.20.1.3")
    snapshot = hand("multicast", *in_a_vrf, other_group)
    assert section(snapshot, "vxlan: mcast") == {"multicast-group": "225.20.1.1"}
    assert section(snapshot, "vxlan: mcast2") == {"multicast-group": "225.20.1.3"}


def test_a_group_joined_elsewhere_names_its_device() -> None:
    assert (
        section(hand("multicast", ("eno1\n\nauto vmbr", "eno3\n\nauto vmbr")), "vxlan: mcast")["multicast-interface"]
        == "eno3"
    )


def test_a_vtep_outside_the_cluster_makes_a_list_of_peers() -> None:
    snapshot = hand(
        "unicast",
        ("inet manual\n        vxlan-id", "inet manual\n        vxlan-remoteip 192.168.0.9\n        vxlan-id"),
    )
    assert section(snapshot, "vxlan: ucast")["peers"] == "192.168.0.1,192.168.0.2,192.168.0.3,192.168.0.9"


def test_a_node_without_any_of_it_is_in_no_zone() -> None:
    snapshot = hand("multicast")
    bare = snapshot.nodes["node3"].files[FILE].split("\nauto vxlan2")[0]
    snapshot = replace(
        snapshot, nodes={**snapshot.nodes, "node3": NodeRaw({FILE: bare}, snapshot.nodes["node3"].commands)}
    )
    assert section(snapshot, "vxlan: mcast")["nodes"] == "node1,node2"
    assert "node3" not in proposed(snapshot).take_outs


def test_a_node_that_is_off_is_taken_to_be_like_the_others() -> None:
    snapshot = without(hand("unicast"), "node3")
    assert section(snapshot, "vxlan: ucast") == {"mtu": "1500"}  # nobody knows the underlay of node3
    assert "node3: was not read (offline)" in str(proposed(snapshot).findings[0])


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (
            (
                "bridge_ports vxlan2\n",
                "bridge_ports vxlan2\n        bridge-vlan-aware yes\n        bridge-vids 2-4094\n",
            ),
            "vlanaware 1",
        ),
        (("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        alias red (1)\n"), "alias red (1)"),
    ],
)
def test_what_a_bridge_says_of_itself_is_kept(exchange: tuple[str, str], expected: str) -> None:
    assert f"\t{expected}\n" in text(hand("unicast", exchange))
    assert lost(hand("unicast", exchange)) == []


def test_an_alias_that_one_node_alone_states_is_the_vnets() -> None:
    snapshot = hand("unicast", node2=("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        alias blue\n"))
    assert section(snapshot, "vnet: vmbr2")["alias"] == "blue"
    assert lost(snapshot) == []


def test_route_targets_and_unannounced_subnets_are_kept() -> None:
    snapshot = hand("symmetric", ("  advertise ipv4 unicast\n", "  route-target import 1234:4000 65000:7\n"))
    found = section(snapshot, "evpn: vrf1")
    assert found["rt-import"] == "65000:7"
    assert lost(snapshot) == []
    assert found["advertise-subnets"] == "0"


def test_an_as_number_of_any_length_is_refused_by_its_line() -> None:
    found = refused(hand("symmetric", ("1234", "9" * 5000)))
    assert found
    assert all(": router bgp 9" in line or ": neighbor " in line for line in found)


def test_route_targets_must_agree() -> None:
    snapshot = hand("symmetric", node2=("  advertise ipv4 unicast\n", "  route-target import 65000:7\n"))
    assert refused(snapshot) == [
        (
            f"node2: {FRR}:17: router bgp 1234 vrf vrf1: imports 65000:7, but nothing on node1; "
            "write the same 'route-target import' lines on every node"
        )
    ]
    wrong = hand("symmetric", node2=("  advertise ipv4 unicast\n", "  route-target import seven\n"))
    assert "'seven' is not a route target" in refused(wrong)[0]


def test_a_vrf_that_some_nodes_lack_still_holds_every_speaker() -> None:
    snapshot = hand("vnet-on-some-nodes")
    assert "nodes" not in section(snapshot, "evpn: vrf1")
    assert section(snapshot, "vnet: vmbr3")["nodes"] == "node2,node3"


def test_an_l3vni_that_frr_conf_does_not_name_is_pointed_out() -> None:
    snapshot = hand("symmetric", (" vni 4000\n", ""))
    assert "irb asymmetric" in text(snapshot)
    (finding,) = proposed(snapshot).findings
    assert str(finding) == (
        f"node1: {FILE}:70: vmbr4000: is in VRF vrf1 without an address, and is assumed to be a VNet; "
        "if VNI 4000 is the VRF's L3VNI, every node's frr.conf must say 'vni 4000' under 'vrf vrf1'"
    )


# --- mesh ------------------------------------------------------------------------------------------------------------


def test_members_that_reflect_are_named() -> None:
    clients = "".join(f"  neighbor 192.168.0.{n} route-reflector-client\n" for n in (2, 3))
    snapshot = hand(
        "evpn-l2",
        node1=("  advertise-all-vni\n", f"{clients}  advertise-all-vni\n"),
        node2=[(" neighbor 192.168.0.3 remote-as 1234\n", ""), ("  neighbor 192.168.0.3 activate\n", "")],
        node3=[(" neighbor 192.168.0.2 remote-as 1234\n", ""), ("  neighbor 192.168.0.2 activate\n", "")],
    )
    assert section(snapshot, "evpn-controller: main")["route-reflectors"] == "node1"


def test_a_reflector_reflects_for_every_member() -> None:
    snapshot = hand(
        "evpn-l2",
        node1=("  advertise-all-vni\n", "  neighbor 192.168.0.2 route-reflector-client\n  advertise-all-vni\n"),
    )
    assert f"node1: {FRR}:5: neighbor 192.168.0.3: is not a route-reflector-client" in refused(snapshot)[0]
    outside = hand(
        "route-reflectors",
        node1=("  advertise-all-vni\n", "  neighbor 192.168.0.252 route-reflector-client\n  advertise-all-vni\n"),
    )
    assert any(
        "192.168.0.252: is a route-reflector-client, but not a node of the overlay" in line for line in refused(outside)
    )


def test_a_mesh_with_somebody_outside_is_a_list_of_peers() -> None:
    more = (
        (" !\n address-family", " neighbor 192.168.0.9 remote-as internal\n !\n address-family"),
        ("  advertise-all-vni", "  neighbor 192.168.0.9 activate\n  advertise-all-vni"),
    )
    found = section(hand("evpn-l2", *more), "evpn-controller: main")
    assert found["peers"] == "192.168.0.1,192.168.0.2,192.168.0.3,192.168.0.9"


def test_a_peer_that_one_node_alone_has_is_a_contradiction() -> None:
    snapshot = hand("evpn-l2", node1=[("neighbor 192.168.0.3", "neighbor 192.168.0.9")])
    found = refused(snapshot)
    assert any("node2, node3: " in line and "has no session with 192.168.0.9" in line for line in found)


def test_a_neighbour_by_interface_has_no_address() -> None:
    assert (
        "node1: /etc/frr/frr.conf:5: neighbor eno9: is not an address"
        in refused(hand("evpn-l2", node1=("neighbor 192.168.0.3", "neighbor eno9")))[0]
    )


def test_a_session_beside_the_overlay_is_lost() -> None:
    snapshot = hand("evpn-l2", node1=(" !\n address-family", " neighbor 10.9.9.9 remote-as 65000\n !\n address-family"))
    assert lost(snapshot) == [
        (
            f"node1: {FRR}:6: neighbor 10.9.9.9: a session that is not for EVPN; "
            "apply --overwrite takes it out of frr.conf: what is still needed belongs in /etc/frr/frr.conf.local"
        )
    ]


@pytest.mark.parametrize("asn", ["0", "x"])
def test_an_as_number_that_is_none_is_refused(asn: str) -> None:
    assert f"node1: {FRR}:1: router bgp {asn}: " in refused(hand("evpn-l2", ("1234", asn)))[0]


# --- underlay --------------------------------------------------------------------------------------------------------

MANAGEMENT = {"node1": "10.1.1.1", "node2": "10.1.1.2", "node3": "10.1.1.3"}


@pytest.mark.parametrize("model", ["multicast", "unicast", "evpn-l2"])
def test_vteps_that_the_cluster_does_not_know_are_the_underlays(model: str) -> None:
    assert section(with_status(hand(model), **MANAGEMENT), "underlay: cluster") == {"network": "192.168.0.0/24"}


def test_where_the_network_does_not_tell_each_vtep_is_named() -> None:
    snapshot = with_address(with_status(hand("evpn-l2"), **MANAGEMENT), "node2", "vmbr0", "192.168.0.77/24")
    assert section(snapshot, "underlay: cluster") == {"vteps": "node1=192.168.0.1,node2=192.168.0.2,node3=192.168.0.3"}


def test_files_alone_are_enough() -> None:
    assert text(hand("unicast", only_files=True)) == text(hand("unicast"))
    assert text(hand("multicast", only_files=True)) == text(hand("multicast"))


def test_a_stanza_whose_name_is_no_devices_holds_no_vtep() -> None:
    snapshot = hand("unicast", ("vmbr0", "100"), only_files=True)
    assert text(snapshot) == text(hand("unicast"))


# --- MTU -------------------------------------------------------------------------------------------------------------


def test_an_mtu_that_one_bridge_alone_has_and_does_not_fit_is_named_there() -> None:
    snapshot = hand("multicast", node2=("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        mtu 9000\n"))
    (line,) = [line for line in lost(snapshot) if "mtu" in line]
    assert line == (
        "node2: /etc/network/interfaces:26: vmbr2: mtu 9000 does not fit the underlay, which allows 1500; "
        "the zone gets what fits: to keep it raise the underlay's MTU by 7500"
    )


def test_an_mtu_that_does_not_fit_is_not_carried_over() -> None:
    snapshot = hand("mtu", ("mtu 1400", "mtu 1600"))
    assert "mtu" not in section(snapshot, "vxlan: ucast")
    assert (
        "node1: /etc/network/interfaces:22: vxlan2: mtu 1600 does not fit the underlay, which allows 1500"
        in lost(snapshot)[0]
    )


def test_a_zone_gets_the_least_mtu_of_its_vnets() -> None:
    snapshot = hand(
        "symmetric",
        ("vxlan-id 3\n", "vxlan-id 3\n        mtu 1400\n"),
        ("vxlan-id 2\n", "vxlan-id 2\n        mtu 1300\n"),
    )
    assert section(snapshot, "evpn: vrf1")["mtu"] == "1300"
    assert "vmbr3: VNets with MTUs of their own: the zone gets the least, 1300; a zone has one MTU" in lost(snapshot)[0]


# --- what is lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        pytest.param(
            hand("unicast", node1=("bridge_ports vxlan2\n", "bridge_ports vxlan2 eno3\n")),
            (
                f"node1: {FILE}:25: vmbr2: the port eno3; a VNet's bridge holds its VXLAN port and guests' "
                "ports: take it out first; what is behind it loses the VNet at the cut-over"
            ),
            id="a card in the bridge",
        ),
        pytest.param(
            hand("unicast", node1=("bridge_ports vxlan2\n        bridge_stp off", "bridge_ports vxlan2\n        bridge_stp on")),
            f"node1: {FILE}:26: vmbr2: bridge-stp on",
            id="spanning tree",
        ),
        pytest.param(
            hand("unicast", node1=("        vxlan-id 2\n", "        vxlan-id 2\n        vxlan-ageing 10\n")),
            f"node1: {FILE}:20: vxlan2: vxlan-ageing 10",
            id="an option that pvesdn does not have",
        ),
        pytest.param(
            hand("asymmetric", node1=("40:94\n\nauto vxlan3", "40:94\n        vmbr2\n\nauto vxlan3")),
            f"node1: {FILE}:34: vmbr2: vmbr2",
            id="a stray word",
        ),
        pytest.param(
            hand("evpn-l2", ("        bridge-multicast-flood off\n", "")),
            f"node1: {FILE}:23: vxlan2: bridge-unicast-flood off; write 'bridge-multicast-flood off' too, for flood 0, or take it out",
            id="half of flooding off",
        ),
        pytest.param(
            hand("symmetric", ("vrf-table auto", "vrf-table 1001")),
            f"node1: {FILE}:3: vrf1: vrf-table 1001; the table's number is chosen automatically",
            id="a table by number",
        ),
        pytest.param(
            hand("symmetric", ("vrf-table auto\n", "vrf-table auto\n        post-up echo hello\n")),
            f"node1: {FILE}:4: vrf1: post-up echo hello",
            id="a hook",
        ),
        pytest.param(
            hand("unicast", ("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        address 10.0.2.1/24\n")),
            (
                f"node1: {FILE}:26: vmbr2: the address 10.0.2.1/24; gateways need EVPN with irb asymmetric or "
                "symmetric: give it to a guest or a router first"
            ),
            id="a gateway without EVPN",
        ),
        pytest.param(
            hand("unicast", ("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        vrf red\n")),
            f"node1: {FILE}:26: vmbr2: the VRF red; VRFs need EVPN with irb asymmetric or symmetric: take the line out",
            id="a VRF without EVPN",
        ),
        pytest.param(
            hand(
                "unicast",
                node1=("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        alias red\n"),
                node2=("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        alias blue\n"),
            ),
            f"node2: {FILE}:26: vmbr2: alias blue; a VNet has one alias, 'red' of node1: make them the same",
            id="another alias on another node",
        ),
        pytest.param(
            hand("unicast", ("bridge_ports vxlan2\n", "bridge_ports vxlan2\n        alias a%b\n")),
            f"node1: {FILE}:26: vmbr2: alias 'a%b' cannot be an alias; write at most 256 letters, digits, spaces and "
            "( ) * + , - . / : ; < = > ? @ [ ] ^ _",
            id="an alias that cannot be one",
        ),
        pytest.param(
            hand("symmetric", ("40:94\n        vrf vrf1\n\n#", "40:95\n        vrf vrf1\n\n#")),
            f"node1: {FILE}:56: vmbr3: the gateway's MAC 44:39:39:ff:40:95: the zone's is 44:39:39:ff:40:94; "
            "guests learn the new one when their ARP entry expires",
            id="another MAC for one VNet of a VRF",
        ),
        pytest.param(
            hand("unicast", node1=("bridge_ports vxlan3", "bridge_ports none")),
            (
                f"node1: {FILE}:30: vxlan3: a VXLAN device without a bridge: it stays as it is; to have it "
                "imported write a bridge for it, with 'bridge-ports vxlan3'"
            ),
            id="a device without a bridge",
        ),
        pytest.param(
            hand(
                "unicast",
                ("bridge_ports vxlan3", "bridge_ports vxlan3 vxlan4"),
                ("source", "auto vxlan4\niface vxlan4\n        vxlan-id 4\n        vxlan-mcastgrp 225.1.1.1\n\nsource"),
            ),
            (
                f"node1: {FILE}:36: vmbr3: a bridge with 2 VXLAN ports (vxlan3, vxlan4): it stays as it is; a "
                "VNet has one VNI: to have them imported give each VXLAN device a bridge of its own"
            ),
            id="a bridge of two VNIs",
        ),
    ],
)  # fmt: skip
def test_what_has_no_words_is_named_with_node_and_line(snapshot: Snapshot, message: str) -> None:
    assert message in lost(snapshot)


def test_what_frr_says_beside_the_overlay_is_lost_line_by_line() -> None:
    more = """\
router ospf
 ospf router-id 1.1.1.1
ip route 10.9.0.0/16 192.168.0.254
vrf other
 vni 9
 ip route 0.0.0.0/0 10.9.9.9
router bgp 1234 vrf other
interface eno9
 vrrp 7
"""
    found = lost(with_frr(hand("evpn-l2"), more))
    assert [line.partition("; apply --overwrite takes it out")[0] for line in found if line.startswith("node1")] == [
        f"node1: {FRR}:15: 'router ospf'",
        f"node1: {FRR}:16: 'ospf router-id 1.1.1.1' (in router ospf)",
        f"node1: {FRR}:17: the static route 10.9.0.0/16 via 192.168.0.254",
        f"node1: {FRR}:20: the static route 0.0.0.0/0 via 10.9.9.9 of VRF other",
        f"node1: {FRR}:23: interface eno9: vrrp 7",
        f"node1: {FRR}:21: router bgp 1234: the instance of VRF other",
        f"node1: {FRR}:18: vrf other: vni 9",
    ]


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ("vrf other\n ip route 0.0.0.0/0 10.9.9.9\n", "belongs in /etc/frr/frr.conf.local"),
        ("ip route 10.9.0.0/16 192.168.0.254\n", "belongs in /etc/network/interfaces"),
        ("ip nht resolve-via-default\n", "must be said outside FRR"),
        ("router ospf\n network 10.9.0.0/16 area 0\n", "ospfd off on a node that is in no OSPF fabric"),
        ("interface eno9\n ip ospf area 0\n", "ospfd off on a node that is in no OSPF fabric"),
        ("router openfabric lab\n", "fabricd off on a node that is in no OpenFabric fabric"),
        ("router ospf6\n", "belongs in /etc/frr/frr.conf.local"),
    ],
)
def test_what_frr_says_beside_the_overlay_is_sent_where_it_works(more: str, hint: str) -> None:
    found = [line for line in lost(with_frr(hand("evpn-l2"), more)) if line.startswith("node1")]
    assert found
    assert [line for line in found if not line.endswith(hint)] == []


def test_a_second_instance_of_bgp_is_lost() -> None:
    found = lost(with_frr(hand("evpn-l2"), "router bgp 65000\n coalesce-time 1\n"))
    assert any("router bgp 65000: an instance without advertise-all-vni" in line for line in found)


def test_frr_of_nodes_without_evpn_is_nobodys_business() -> None:
    snapshot = hand("unicast")
    nodes = {name: NodeRaw({**raw.files, FRR: "router ospf\n"}, raw.commands) for name, raw in snapshot.nodes.items()}
    assert lost(replace(snapshot, nodes=nodes)) == []


def test_where_nothing_was_made_by_hand_there_is_nothing_to_import() -> None:
    snapshot = hand("unicast")
    nodes = {name: NodeRaw({FILE: "auto lo\niface lo inet loopback\n"}, {}) for name in snapshot.nodes}
    assert refused(replace(snapshot, nodes=nodes)) == [
        (
            "nothing to import: no VXLAN device in a bridge was found, neither in the files nor in the kernel "
            "(read: node1, node2, node3)"
        )
    ]


def test_the_order_of_nodes_means_nothing() -> None:
    given = hand_written(hand("vrrp"))
    turned = replace(
        given, nodes=dict(reversed(list(given.nodes.items()))), facts=dict(reversed(list(given.facts.items())))
    )
    assert recognise(turned) == recognise(given)
