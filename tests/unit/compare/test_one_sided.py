"""Sessions of BGP that one end alone is configured for, as by a list of peers that forgets a node."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest

from pvesdn.compare.live_evpn import heard_nodes
from pvesdn.compare.live_sessions import OTHER_END, session_discrepancies
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.compare.status_of_node import sessions
from pvesdn.model.expectation import ExpectedDevice, ExpectedSession, ExpectedVni, NodeExpectation
from pvesdn.model.findings import Severity
from pvesdn.model.state import LiveDevice, LiveSession, NodeState
from pvesdn.model.status import Share
from pvesdn.model.verification import Discrepancy

ROUTER = "router bgp 65000\n neighbor VTEP peer-group\n{}exit\n"


def address(number: int, network: str = "192.168.0") -> str:
    return f"{network}.{number}"


def node(
    number: int, *peers: str, up: frozenset[str] = frozenset(), has_vni: bool = True, source: str | None = None
) -> NodeView:
    """One that has a session to each of `peers`, which are down but for those that are `up`."""
    name = f"node{number}"
    speaks_from = None if source is None else ip_address(source)
    vtep = ExpectedDevice("vxlan_web", "", kind="vxlan", vni=10, vtep=ip_address(address(number)), master="web")
    cards = {
        card: LiveDevice(card, addresses=frozenset({ip_interface(f"{address(number, network)}/24")}))
        for card, network in (("eno1", "192.168.0"), ("eno2", "10.7.0"))
    }
    return NodeView(
        NodeExpectation(
            node=name,
            devices=(vtep,) if has_vni else (),
            sessions=tuple(ExpectedSession(peer, speaks_from) for peer in peers),
            vnis=(ExpectedVni(10, "vxlan_web", "default"),) if has_vni else (),
        ),
        NodeState(
            name,
            devices=cards,
            sessions={peer: LiveSession("Established" if peer in up else "Active") for peer in peers},
        ),
    )


def cluster(*views: NodeView) -> ClusterView:
    held = {str(a.ip): v.node for v in views for d in v.state.devices.values() for a in d.addresses}
    return ClusterView({view.node: view for view in views}, held, frozenset())


def told(view: NodeView, *others: NodeView) -> list[Discrepancy]:
    return list(session_discrepancies(view, cluster(view, *others), is_configuration_told=False))


def test_a_session_that_the_other_end_has_no_neighbor_for_is_a_warning() -> None:
    (found,) = told(node(3, address(1)), node(1, address(2)))
    assert (found.severity, found.trait) == (Severity.WARNING, OTHER_END)
    assert found.object == "BGP session to node1 (192.168.0.1)"
    assert found.cause == "the list of peers that node1 has names no address of node3: the session stays down"
    assert "pvesdn apply --sync-peers" in found.step


def test_a_session_that_both_ends_have_is_an_error() -> None:
    (found,) = told(node(3, address(1)), node(1, address(3)))
    assert (found.severity, found.trait) == (Severity.ERROR, "")


def test_a_node_without_vnis_misses_nothing_by_it() -> None:
    assert told(node(3, address(1), has_vni=False), node(1)) == []
    assert len(told(node(3, address(1), has_vni=False), node(1, address(3)))) == 1


def test_the_other_end_has_to_know_the_address_that_the_session_speaks_from() -> None:
    """Not one in another underlay, where the two may have another session."""
    (found,) = told(node(3, address(1)), node(1, address(3, "10.7.0")))
    assert found.trait == OTHER_END
    (found,) = told(node(3, address(1), source=address(3, "10.7.0")), node(1, address(3, "10.7.0")))
    assert found.trait == ""


def test_of_a_session_to_a_loopback_any_address_may_be_known() -> None:
    far = "10.255.0.1"
    one = node(1, address(3, "10.7.0"))
    lo = LiveDevice("lo", addresses=frozenset({ip_interface(f"{far}/32")}))
    one = replace(one, state=replace(one.state, devices={**one.state.devices, "lo": lo}))
    (found,) = told(node(3, far), one)
    assert found.trait == ""


@pytest.mark.parametrize(
    ("line", "is_in_it"),
    [
        (" bgp listen range 192.168.0.0/24 peer-group VTEP\n", True),
        (" neighbor 192.168.0.3 peer-group VTEP\n", True),
        (" bgp listen range 10.9.0.0/16 peer-group VTEP\n", False),
        (" neighbor 192.168.0.4 peer-group VTEP\n", False),
    ],
)
def test_an_administrators_lines_may_take_it_in(line: str, *, is_in_it: bool) -> None:
    one = replace(node(1, address(2)), frr_conf=ROUTER.format(line))
    (found,) = told(node(3, address(1)), one)
    assert (found.severity is Severity.ERROR) is is_in_it


def test_a_line_of_a_vrf_is_none_of_the_default_table() -> None:
    text = ROUTER.format(" neighbor 192.168.0.3 remote-as 65000\n").replace("65000\n", "65000 vrf vrf_a\n", 1)
    (found,) = told(node(3, address(1)), replace(node(1), frr_conf=text))
    assert found.trait == OTHER_END


def test_what_is_established_is_in_order_whatever_is_listed() -> None:
    assert told(node(3, address(1), up=frozenset({address(1)})), node(1)) == []


def test_of_a_node_that_was_not_looked_at_nothing_is_known() -> None:
    view = node(3, address(1))
    alone = ClusterView({"node3": view}, {address(1): "node1"}, frozenset())
    (found,) = session_discrepancies(view, alone, is_configuration_told=False)
    assert (found.severity, found.trait) == (Severity.ERROR, "")


def test_a_neighbor_that_the_other_bgpd_does_not_have_is_named_without_an_update_source_too() -> None:
    one = node(1, address(3))
    forgot = replace(one, state=replace(one.state, sessions={}))
    (found,) = told(node(3, address(1)), forgot)
    assert found.cause == "FRR on node1 does not know node3 as a neighbor"


def test_nothing_is_heard_of_a_node_that_nobody_has_as_a_neighbor() -> None:
    one = node(1, address(2), up=frozenset({address(2)}))
    two = node(2, address(1), up=frozenset({address(1)}))
    new = node(3, address(1), address(2))
    views = cluster(one, two, new)
    assert [other.node for other in heard_nodes(one, views)] == ["node2"]
    assert list(heard_nodes(new, views)) == []


def test_a_session_that_nobody_waits_for_does_not_count() -> None:
    one, new = node(1, address(2), up=frozenset({address(2)})), node(3, address(1), address(2))
    views = cluster(one, node(2, address(1), address(3)), new)
    assert sessions(new, views) == Share(0, 1)
    assert sessions(one, views) == Share(1, 1)
