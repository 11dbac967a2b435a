"""An address that one node alone has on a bridge of the overlay is that node's own: it must not go with the bridge, and
nobody is told to give it to another node.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from tests.unit.recognise.kit import by_text, hand, lost, refused, section

FILE = "/etc/network/interfaces"
TEXT = """\
source /etc/network/interfaces.d/*

auto bond1
iface bond1 inet static
	address 10.31.4.{n}/24

auto vtun
iface vtun inet manual
	vxlan-id 4077
	{words}

auto br77
iface br77 inet {method}
	bridge-ports vtun
	bridge-stp off
	bridge-fd 0
"""
EVPN = """\
router bgp 65077
 no bgp default ipv4-unicast
 neighbor 10.31.4.{m} remote-as 65077
 address-family l2vpn evpn
  neighbor 10.31.4.{m} activate
  advertise-all-vni
 exit-address-family
"""
TAKE = "move it to a device of the host's own outside the overlay, or take it off br77 if nothing needs it; then import again"


def with_address(*more: str, method: str = "static", is_evpn: bool = True) -> Snapshot:
    """:param more: lines of the bridge, for both nodes or for each."""
    words = "bridge-learning off" if is_evpn else "vxlan-remoteip 10.31.4.{m}"
    own = TEXT.replace("{words}", words).replace("{method}", method)
    texts = [own + "".join(f"\t{line}\n" for line in lines.splitlines()) for lines in more]
    return by_text(*texts, frr=EVPN if is_evpn else "")


def with_live_address(address: str) -> Snapshot:
    """The kernel has an address on the bridge that no file mentions."""
    snapshot = with_address("", method="manual")
    nodes = {}
    for name, raw in snapshot.nodes.items():
        held = {"family": "inet", "local": address.replace("{n}", name[-1]), "prefixlen": 24}
        nodes[name] = NodeRaw(raw.files, {**raw.commands, "ip-addr": [{"ifname": "br77", "addr_info": [held]}]})
    return replace(snapshot, nodes=nodes)


@pytest.mark.parametrize("is_evpn", [True, False], ids=["EVPN", "unicast"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.88.0.{n}/24", "10.88.0.{m}/24"),
        ("10.88.0.{n}/32", "10.88.0.{m}/32"),
        ("fd00:88::{n}/64", "fd00:88::{m}/64"),
    ],
)
def test_hosts_own_addresses_are_told_as_such(one: str, other: str, is_evpn: bool) -> None:
    said = refused(with_address(f"address {one}", is_evpn=is_evpn))
    for n, m, line in ((1, 2, said[0]), (2, 1, said[1])):
        mine, theirs = (text.replace("{n}", str(n)).replace("{m}", str(m)) for text in (one, other))
        beside = "" if mine.endswith("/32") else f" (node{m} has {theirs} there)"
        assert line.startswith(
            f"node{n}: {FILE}:17: br77: {mine} is the node's own address{beside}, which a VNet cannot have; {TAKE}"
        )
    assert len(said) == 2
    assert "make them the same" not in str(said)


@pytest.mark.parametrize("is_evpn", [True, False], ids=["EVPN", "unicast"])
def test_taken_off_as_it_is_told_the_bridge_is_imported(is_evpn: bool) -> None:
    snapshot = with_address("", method="manual", is_evpn=is_evpn)
    assert section(snapshot, "vnet: br77")["tag"] == "4077"
    adoption = adopt(snapshot, Renderer())
    assert adoption.problems == ()
    assert adoption.plan is not None
    assert [str(found) for node in adoption.plan.nodes for found in node.obstacles] == []


def test_put_on_a_device_of_the_hosts_own_as_it_is_told_it_stays_there() -> None:
    own = TEXT.replace("{words}", "bridge-learning off").replace("{method}", "manual")
    snapshot = by_text(own + "\nauto dummy7\niface dummy7 inet static\n\taddress 10.88.0.{n}/24\n", frr=EVPN)
    adoption = adopt(snapshot, Renderer())
    assert adoption.problems == ()
    for node in adoption.nodes:
        assert "iface dummy7 inet static\n\taddress 10.88.0." in (node.edits[0].new or "")


def test_an_address_of_one_node_alone_is_its_own_too() -> None:
    (said,) = refused(with_address("address 10.88.0.1/24", ""))
    assert said == (
        f"node1: {FILE}:17: br77: 10.88.0.1/24 is the node's own address, which a VNet cannot have; {TAKE}; "
        "if it is meant as the guests' gateway, add it to pvesdn.cfg afterwards"
    )


def test_beside_a_gateway_that_is_the_same_everywhere_only_the_nodes_own_are_told() -> None:
    said = refused(with_address("address 10.88.0.254/24\naddress 10.88.0.{n}/24"))
    assert [line.partition(" is the node's own")[0] for line in said] == [
        f"node1: {FILE}:18: br77: 10.88.0.1/24",
        f"node2: {FILE}:18: br77: 10.88.0.2/24",
    ]


def test_a_gateway_that_is_the_same_everywhere_is_a_gateway() -> None:
    assert section(with_address("address 10.88.0.254/24"), "subnet: asym-10.88.0.0-24")["gateway"] == "10.88.0.254"


@pytest.mark.parametrize("method", ["dhcp", "dhcp\niface br77 inet6 auto"])
def test_an_address_by_dhcp_is_the_nodes_own(method: str) -> None:
    said = refused(with_address("", method=method))
    assert said[0] == (
        f"node1, node2: {FILE}:13: br77: 'inet dhcp' gives the node an address of its own there, which a VNet cannot have; {TAKE}"
    )


def test_an_address_by_a_hook_is_the_nodes_own() -> None:
    said = refused(with_address("post-up ip addr add 10.88.0.{n}/24 dev $IFACE", method="manual"))
    assert said[0].startswith(
        f"node1: {FILE}:17: br77: 10.88.0.1/24 by the hook 'post-up ip addr add 10.88.0.1/24 dev $IFACE' "
        "is the node's own address (node2 has 10.88.0.2/24 there)"
    )


def test_a_gateway_by_a_hook_is_told_with_the_option_that_says_the_same() -> None:
    found = lost(with_address("post-up ip addr add 10.88.0.254/24 dev $IFACE", method="manual"))
    assert found[0] == (
        f"node1: {FILE}:17: br77: post-up ip addr add 10.88.0.254/24 dev $IFACE; to have it imported write "
        "'address 10.88.0.254/24' into the stanza of br77, in place of the hook"
    )


def test_the_bridge_with_the_address_by_which_the_cluster_knows_a_node_stays_as_it_is() -> None:
    said = refused(with_address("address 10.31.4.{n}/24"))
    assert said[1:] == [
        (
            f"node1, node2: {FILE}:13: br77: a bridge with a VXLAN port (vtun) and the address by which the cluster knows "
            "the node: it stays as it is; to have it imported give vtun a bridge of its own"
        )
    ]


def test_so_does_one_that_has_that_address_live_alone() -> None:
    said = refused(with_live_address("10.31.4.{n}"))
    assert said[1].startswith(f"node1, node2: {FILE}:13: br77: a bridge with a VXLAN port (vtun) and the address")


def test_a_gateway_that_was_mistyped_on_one_node_is_still_a_contradiction() -> None:
    (said,) = refused(hand("asymmetric", node2=("10.0.2.254", "10.0.2.253")))
    assert said.endswith(
        "gateway is 10.0.2.253/24, but 10.0.2.254/24 on node1 (/etc/network/interfaces:31); make them the same"
    )


def test_a_gateway_in_cumulus_words_is_told_with_the_options_that_say_the_same() -> None:
    found = lost(with_address("address-virtual 00:00:5e:00:01:1a 10.88.0.254/24", method="manual"))
    assert found[0] == (
        f"node1: {FILE}:17: br77: address-virtual 00:00:5e:00:01:1a 10.88.0.254/24; to have the gateway imported write "
        "'address 10.88.0.254/24' and 'hwaddress 00:00:5e:00:01:1a' on every node, in place of it"
    )
    written = with_address("address 10.88.0.254/24\nhwaddress 00:00:5e:00:01:1a")
    assert section(written, "evpn: asym")["mac"] == "00:00:5e:00:01:1a"
    assert lost(written) == []


def test_an_address_on_the_bridge_of_an_l3vni_is_the_nodes_own() -> None:
    (said,) = refused(
        hand("symmetric", node1=("bridge_ports vxlan4000\n", "bridge_ports vxlan4000\n        address 10.9.9.1/24\n"))
    )
    assert (
        "vmbr4000: 10.9.9.1/24 is the node's own address, which a VNet cannot have; "
        "move it to a device of the host's own outside the overlay, or take it off vmbr4000" in said
    )
