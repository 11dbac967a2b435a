from dataclasses import replace
from ipaddress import ip_address, ip_interface

from pvesdn.design.ours.vteps import choose_vteps, seen_now
from pvesdn.model.cluster import SeenVtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link
from tests.unit.design.network import SYMMETRIC, UNDERLAY, cluster, facts, findings, given

ZONE = "vxlan: ucast\n"
VTEPS = "underlay: cluster\n\tnetwork 192.168.0.0/24\n\tvteps {}\n\n"


def chosen(network: DesignInput, node: str = "node1") -> tuple[str, str | None, int | None, str]:
    vtep = choose_vteps(network)[0][node]
    return str(vtep.address), vtep.interface, vtep.mtu, vtep.why


class TestANodeThatAnswered:
    def test_has_its_address_in_the_underlay_network(self) -> None:
        node = facts("node1", "10.0.0.1/24", "192.168.0.7/24")
        assert chosen(given(UNDERLAY + ZONE, node1=node)) == (
            *("192.168.0.7", "vmbr0", 1550),
            "its address in 192.168.0.0/24",
        )

    def test_has_the_address_that_is_named_even_outside_the_network(self) -> None:
        node = facts("node1", "192.168.0.1/24", "10.0.0.1/24")
        network = given(VTEPS.format("node1=10.0.0.1") + ZONE, node1=node)
        assert chosen(network) == ("10.0.0.1", "vmbr0", 1550, "named in underlay: vteps")

    def test_has_the_clusters_address_without_an_underlay(self) -> None:
        assert chosen(given(ZONE)) == ("192.168.0.1", "vmbr0", 1550, "its address in the cluster's status")

    def test_of_several_addresses_the_clusters_is_taken(self) -> None:
        node = facts("node1", "192.168.0.9/24", "192.168.0.1/24")
        assert chosen(given(UNDERLAY + ZONE, node1=node))[0] == "192.168.0.1"

    def test_of_several_addresses_the_one_in_use_stays(self) -> None:
        node = facts("node1", "192.168.0.9/24", "192.168.0.1/24")
        assert chosen(given(UNDERLAY + ZONE, node1=node, seen={"node1": ("192.168.0.9", 1550)}))[0] == "192.168.0.9"

    def test_of_several_addresses_none_is_guessed(self) -> None:
        node = facts("node1", "192.168.0.9/24", "192.168.0.8/24")
        assert findings(given(UNDERLAY + ZONE, node1=node)) == [
            (
                "pvesdn.cfg:2: underlay 'cluster': "
                "network: node1 has several addresses in the underlay network 192.168.0.0/24: 192.168.0.8, 192.168.0.9; "
                "name one of them: add node1=192.168.0.8 to vteps"
            )
        ]

    def test_without_an_address_in_the_network_is_an_error(self) -> None:
        assert findings(given(UNDERLAY + ZONE, node2=facts("node2", "10.0.0.2/24"))) == [
            (
                "pvesdn.cfg:2: underlay 'cluster': "
                "network: node2 has no address in the underlay network 192.168.0.0/24; give it one, add "
                "node2=ADDRESS to vteps, or leave it out of the zones' nodes"
            )
        ]

    def test_must_hold_the_address_that_is_named(self) -> None:
        assert findings(given(VTEPS.format("node1=10.0.0.1") + ZONE)) == [
            (
                "pvesdn.cfg:3: underlay 'cluster': "
                "vteps: node1 has no device with 10.0.0.1 (named in underlay: vteps); name one that it has"
            )
        ]

    def test_without_any_address_in_the_status_is_an_error(self) -> None:
        network = given(ZONE, nodes=1)
        member = network.cluster.members[0].model_copy(update={"address": None})
        network = replace(network, cluster=network.cluster.model_copy(update={"members": (member,)}))
        assert findings(network) == [
            (
                "node1: has no address in the cluster's status; say which address is the VTEP: `network` or `vteps` in "
                "the section underlay"
            )
        ]

    def test_is_of_no_interest_outside_our_zones(self) -> None:
        network = given(UNDERLAY + "vxlan: ucast\n\tnodes node1\n", node2=facts("node2", "10.0.0.2/24"))
        vteps, findings = choose_vteps(network)
        assert vteps.keys() == {"node1", "node3"}
        assert not findings

    def test_is_not_seen_at_its_gateways_uplinks_and_virtual_routers(self) -> None:
        cfg = SYMMETRIC.replace("192.168.0.0/24", "0.0.0.0/0") + (
            "exit: out\n\tzone sym\n\tnode node1\n\tinterface eno2\n\taddress 172.16.0.1/24\n\tgateways 172.16.0.254\n"
        )
        node = facts("node1", "192.168.0.1/24")
        node = replace(
            node,
            links=(*node.links, Link("vrrp4-3-1", kind="macvlan")),
            addresses=(
                ("vmbr2", ip_interface("10.0.2.254/24")),
                ("eno2", ip_interface("172.16.0.1/24")),
                ("vrrp4-3-1", ip_interface("172.16.0.10/32")),
                ("vmbr0", ip_interface("192.168.0.1/24")),
            ),
        )
        assert chosen(given(cfg, node1=node))[:2] == ("192.168.0.1", "vmbr0")


class TestAMemberThatIsOff:
    def test_is_where_it_was_seen_last(self) -> None:
        network = given(UNDERLAY + ZONE, offline=["node3"], seen={"node3": ("192.168.0.33", 9000)})
        assert chosen(network, "node3") == (
            *("192.168.0.33", None, 9000),
            "as it was last seen; the node could not be asked",
        )

    def test_is_where_it_is_named(self) -> None:
        cfg = VTEPS.format("node3=192.168.0.77") + ZONE
        network = given(cfg, offline=["node3"], seen={"node3": ("192.168.0.33", 9000)})
        assert chosen(network, "node3")[:3] == ("192.168.0.77", None, 9000)

    def test_is_at_the_clusters_address_if_it_was_never_seen(self) -> None:
        for cfg in (ZONE, UNDERLAY + ZONE):
            assert chosen(given(cfg, offline=["node3"]), "node3")[:3] == ("192.168.0.3", None, None)

    def test_is_not_where_it_was_seen_before_the_network_was_changed(self) -> None:
        network = given(UNDERLAY + ZONE, offline=["node3"], seen={"node3": ("10.9.9.3", 9000)})
        assert chosen(network, "node3")[0] == "192.168.0.3"

    def test_is_an_error_where_nothing_is_known(self) -> None:
        network = given(UNDERLAY.replace("192.168.0", "10.0.0") + ZONE, nodes=1, offline=["node1"])
        assert findings(network)[0] == (
            "pvesdn.cfg:2: underlay 'cluster': "
            "network: node1 did not answer and was never seen, so its VTEP is unknown; add node1=ADDRESS to vteps in "
            "the section underlay and set mtu in zone 'ucast', or bring the node up once"
        )


class TestWhatIsRemembered:
    def test_is_what_was_seen_now_and_what_was_known_of_the_others(self) -> None:
        seen = {"node1": ("192.168.0.1", 1500), "node3": ("192.168.0.3", 9000), "gone": ("192.168.0.9", 1500)}
        network = given(UNDERLAY + ZONE, offline=["node3"], seen=seen)
        assert seen_now(network, choose_vteps(network)[0]) == {
            "node1": SeenVtep(address=ip_address("192.168.0.1"), mtu=1550),
            "node2": SeenVtep(address=ip_address("192.168.0.2"), mtu=1550),
            "node3": SeenVtep(address=ip_address("192.168.0.3"), mtu=9000),
        }

    def test_holds_nothing_that_was_only_guessed(self) -> None:
        network = given(UNDERLAY + ZONE, offline=["node3"])
        assert seen_now(network, choose_vteps(network)[0]).keys() == {"node1", "node2"}

    def test_stays_the_same_when_a_member_goes_off(self) -> None:
        before = given(UNDERLAY + ZONE)
        seen = seen_now(before, choose_vteps(before)[0])
        after = replace(given(UNDERLAY + ZONE, offline=["node2"]), seen=seen)
        assert seen_now(after, choose_vteps(after)[0]) == seen
        assert {n: v.address for n, v in choose_vteps(after)[0].items()} == {
            n: v.address for n, v in choose_vteps(before)[0].items()
        }


def test_a_route_reflector_without_a_zone_needs_a_vtep_too() -> None:
    cfg = (
        UNDERLAY + "evpn-controller: main\n\tasn 1234\n\troute-reflectors node3\n\n"
        "evpn: l2\n\tcontroller main\n\tirb none\n\tnodes node1,node2\n"
    )
    assert findings(given(cfg, node3=facts("node3", "10.0.0.3/24"))) != []


def test_nothing_is_asked_of_a_cluster_without_zones_of_ours() -> None:
    assert findings(replace(given(UNDERLAY), cluster=cluster("node1", prefix="10.0.0."))) == []
