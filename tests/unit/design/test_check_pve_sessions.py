"""PVE's sessions leave with the address that the kernel chooses; plan says where the peers expect another."""

from ipaddress import ip_interface

import pytest

from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Severity
from tests.unit.design.network import findings, given
from tests.unit.design.underlay import node, routed

LISTED = "evpn: ctl\n\tasn 65000\n\tpeers {}\n\n"
LOOPS = "10.255.0.1,10.255.0.2"
ZONE = {"zones.cfg": "evpn: theirs\n\tcontroller ctl\n\tvrf-vxlan 1000\n\n"}


def told(controllers: str, **nodes: NodeFacts) -> list[str]:
    found = nodes or {name: routed(name, nodes=2) for name in ("node1", "node2")}
    return findings(network(controllers, **found), Severity.WARNING)


def network(controllers: str, **nodes: NodeFacts) -> DesignInput:
    offline = {"node1", "node2"} - nodes.keys()
    return given("", nodes=2, offline=offline, pve=ZONE | {"controllers.cfg": controllers}, instead=nodes)


def test_a_node_that_speaks_from_another_address_than_its_peers_know_is_told() -> None:
    assert told(LISTED.format(LOOPS)) == [
        (
            f"controllers.cfg:1: controller 'ctl': node{one} reaches 10.255.0.{other} from 172.16.0.{one}, but its peers know "
            f"it as 10.255.0.{one}; list 172.16.0.{one} instead of 10.255.0.{one} among the peers, "
            f"or give node{one} a BGP controller with loopback lo"
        )
        for one, other in ((1, 2), (2, 1))
    ]


def test_a_bgp_controller_with_a_loopback_puts_it_right() -> None:
    looped = "".join(
        f"bgp: bgp{n}\n\tasn 65000\n\tnode node{n}\n\tpeers 172.16.0.{3 - n}\n\tloopback lo\n\n" for n in (1, 2)
    )
    assert told(LISTED.format(LOOPS) + looped) == []


def test_a_loopback_that_is_not_the_one_that_is_listed_is_told() -> None:
    looped = "bgp: bgp1\n\tasn 65000\n\tnode node1\n\tpeers 172.16.0.2\n\tloopback mgmt0\n\n"
    first = told(LISTED.format(LOOPS) + looped)[0]
    assert "node1 reaches 10.255.0.2 from 192.168.0.1, but its peers know it as 10.255.0.1" in first


@pytest.mark.parametrize("peers", ["172.16.0.1,172.16.0.2", "192.168.0.1,192.168.0.2"])
def test_addresses_of_the_devices_that_carry_the_sessions_are_fine(peers: str) -> None:
    assert told(LISTED.format(peers)) == []


def test_a_second_address_of_one_network_is_not() -> None:
    held = {"eno1": ("10.34.0.11/24", "10.34.0.111/24")}
    one = node("node1", ("eno1 1500",), held, ("10.34.0.0/24 dev eno1 src 10.34.0.11",))
    two = node("node2", ("eno1 1500",), {"eno1": "10.34.0.112/24"}, ("10.34.0.0/24 dev eno1 src 10.34.0.112",))
    found = told(LISTED.format("10.34.0.111,10.34.0.112"), node1=one, node2=two)
    assert len(found) == 1
    assert "node1 reaches 10.34.0.112 from 10.34.0.11, but its peers know it as 10.34.0.111" in found[0]


def test_the_way_to_a_member_that_is_off_proves_nothing() -> None:
    assert told(LISTED.format(LOOPS), node1=routed("node1", nodes=2, gone=["node2"])) == []


def test_a_device_is_no_loopback_to_name_where_frr_would_choose_its_other_address() -> None:
    """FRR takes the address of the device that is most like the peer's."""
    held = {"eno1": ("10.34.0.11/24", "10.34.0.111/24")}
    one = node("node1", ("eno1 1500",), held, ("10.34.0.0/24 dev eno1 src 10.34.0.11",))
    two = node("node2", ("eno1 1500",), {"eno1": "10.34.0.12/24"}, ("10.34.0.0/24 dev eno1 src 10.34.0.12",))
    (found,) = told(LISTED.format("10.34.0.111,10.34.0.12"), node1=one, node2=two)
    assert found.endswith("know it as 10.34.0.111; list 10.34.0.11 instead of 10.34.0.111 among the peers")
    looped = "bgp: bgp1\n\tasn 65000\n\tnode node1\n\tpeers 10.34.0.250\n\tloopback eno1\n\n"
    (found,) = told(LISTED.format("10.34.0.111,10.34.0.12") + looped, node1=one, node2=two)
    assert found.endswith("know it as 10.34.0.111; list 10.34.0.11 instead of 10.34.0.111 among the peers")


def test_both_hints_are_what_the_next_plan_takes() -> None:
    assert told(LISTED.format("172.16.0.1,172.16.0.2")) == []
    looped = "".join(
        f"bgp: bgp{n}\n\tasn 65000\n\tnode node{n}\n\tpeers 203.0.113.9\n\tloopback lo\n\n" for n in (1, 2)
    )
    assert told(LISTED.format(LOOPS) + looped) == []


def test_two_addresses_of_one_node_are_one_too_many() -> None:
    found = told(LISTED.format(f"{LOOPS},172.16.0.1"))
    assert found == [
        (
            "controllers.cfg:1: controller 'ctl': 10.255.0.1, 172.16.0.1 are all addresses of node1, and FRR refuses a neighbor "
            "that is the node itself; list one address of node1 among the peers"
        ),
        found[-1],
    ]


def test_a_source_behind_a_nexthop_object_is_not_guessed() -> None:
    hidden = {
        n: node(f"node{n}", ("eno1 1500",), {"eno1": f"172.16.0.{n}/24", "lo": f"10.255.0.{n}/32"}, ("default",))
        for n in (1, 2)
    }
    assert told(LISTED.format(LOOPS), node1=hidden[1], node2=hidden[2]) == []


def test_where_no_route_was_read_nothing_is_said() -> None:
    blind = {
        name: NodeFacts(name, addresses=(("lo", ip_interface(f"10.255.0.{name[-1]}/32")),))
        for name in ("node1", "node2")
    }
    assert told(LISTED.format(LOOPS), **blind) == []


def test_a_node_that_is_not_listed_is_somebody_elses_business() -> None:
    assert told(LISTED.format("10.9.9.8,10.9.9.9")) == []
