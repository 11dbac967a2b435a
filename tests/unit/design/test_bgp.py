from dataclasses import replace
from ipaddress import ip_address

import pytest

from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Severity
from pvesdn.model.frr import (
    BgpRouter,
    EvpnActivation,
    FrrConfig,
    L2vpnEvpn,
    PeerGroup,
    StaticRoute,
    Unicast,
    VniTargets,
    VrfBinding,
)
from tests.unit.design.network import (
    CONTROLLER,
    PVE_EVPN,
    SYMMETRIC,
    UNDERLAY,
    UNICAST,
    design,
    evpn_zone,
    facts,
    findings,
    given,
    uplink,
)
from tests.unit.design.underlay import node

L2 = "evpn: l2\n\tcontroller main\n\tirb none\n\nvnet: vmbr3\n\tzone l2\n\ttag 3\n\n"
ANCHOR = StaticRoute("ip", "198.18.0.1/32", "blackhole")
FENCE = VniTargets(2, imports=("65535:65535",), exports=("65535:2",))


def frr(network: DesignInput, node: str = "node1") -> FrrConfig:
    found = design(network, node).frr
    assert found is not None
    return found


def routers(network: DesignInput, node: str = "node1") -> dict[str | None, BgpRouter]:
    return {router.vrf: router for router in frr(network, node).routers}


def sessions(network: DesignInput, node: str) -> dict[str, tuple[str, ...]]:
    return {group.name: group.neighbors for group in routers(network, node)[None].groups}


def sources(network: DesignInput, node: str) -> dict[str, str | None]:
    return {group.name: group.update_source for group in routers(network, node)[None].groups}


class TestSessions:
    @pytest.mark.parametrize(
        ("node", "others"),
        [
            ("node1", ("192.168.0.2", "192.168.0.3")),
            ("node2", ("192.168.0.1", "192.168.0.3")),
            ("node3", ("192.168.0.1", "192.168.0.2")),
        ],
    )
    def test_every_member_peers_with_every_other(self, node: str, others: tuple[str, ...]) -> None:
        assert sessions(given(UNDERLAY + CONTROLLER + L2), node) == {"VTEP": others}

    def test_sessions_are_in_a_peer_group_with_bfd(self) -> None:
        assert frr(given(UNDERLAY + CONTROLLER + L2)) == FrrConfig(
            hostname="node1",
            ip_forwarding=False,
            ipv6_forwarding=False,
            routers=(
                BgpRouter(
                    asn=1234,
                    router_id=ip_address("192.168.0.1"),
                    groups=(PeerGroup("VTEP", "1234", ("192.168.0.2", "192.168.0.3"), update_source="192.168.0.1"),),
                    evpn=L2vpnEvpn(activations=(EvpnActivation("VTEP"),), advertise_all_vni=True),
                ),
            ),
        )

    def test_a_member_that_is_off_stays_a_neighbour(self) -> None:
        network = given(UNDERLAY + CONTROLLER + L2, offline=["node2"], seen={"node2": ("192.168.0.2", 1550)})
        assert sessions(network, "node1") == {"VTEP": ("192.168.0.2", "192.168.0.3")}

    def test_members_outside_the_zones_are_no_neighbours(self) -> None:
        cfg = UNDERLAY + CONTROLLER + L2.replace("none\n", "none\n\tnodes node1,node3\n")
        assert sessions(given(cfg), "node1") == {"VTEP": ("192.168.0.3",)}
        assert design(given(cfg), "node2").frr is None

    def test_a_list_of_peers_leaves_the_node_itself_out(self) -> None:
        cfg = UNDERLAY + CONTROLLER.rstrip("\n") + "\n\tpeers 192.168.0.9,192.168.0.1\n\n" + L2
        assert sessions(given(cfg), "node1") == {"VTEP": ("192.168.0.9",)}

    def test_a_cluster_of_one_has_nobody_to_talk_to(self) -> None:
        router = routers(given(UNDERLAY + CONTROLLER + L2, nodes=1))[None]
        assert router.groups == ()
        assert router.evpn == L2vpnEvpn(advertise_all_vni=True)

    def test_a_zone_without_vnets_has_its_sessions_already(self) -> None:
        cfg = UNDERLAY + CONTROLLER + "evpn: l2\n\tcontroller main\n\tirb none\n"
        assert sessions(given(cfg), "node1") == {"VTEP": ("192.168.0.2", "192.168.0.3")}

    def test_a_controller_without_zones_does_nothing(self) -> None:
        assert design(given(UNDERLAY + CONTROLLER)).frr is None

    def test_two_controllers_share_the_instance_and_no_neighbour_is_in_two_groups(self) -> None:
        second = "evpn-controller: second\n\tasn 1234\n\tpeers 192.168.0.2,192.168.0.9\n\n"
        zone = "evpn: l3\n\tcontroller second\n\tirb none\n\n"
        assert sessions(given(UNDERLAY + CONTROLLER + second + L2 + zone), "node1") == {
            "VTEP": ("192.168.0.2", "192.168.0.3"),
            "VTEP-second": ("192.168.0.9",),
        }

    def test_a_session_speaks_with_the_vtep_whatever_source_the_kernel_would_choose(self) -> None:
        cfg = UNDERLAY + CONTROLLER.rstrip("\n") + "\n\tpeers 10.9.9.9,192.168.0.2\n\n" + L2
        assert sources(given(cfg), "node1") == {"VTEP": "192.168.0.1"}

    @pytest.mark.parametrize("device", ["lo", "dummy0 dummy", "vmbr1 bridge", "bond0 bond", "eno1.40 vlan"])
    def test_a_session_speaks_with_the_vtep_whatever_device_holds_it(self, device: str) -> None:
        """Behind the device's first address too, from which the kernel would speak."""

        def one(number: int) -> NodeFacts:
            name, *kind = device.split()
            first = () if name in {"lo", "dummy0"} else (f"172.16.40.{number}/24",)
            way = "eno1" if name in {"lo", "dummy0"} else name
            return node(
                f"node{number}",
                ("eno1 9000", *([f"{name} 9000 {kind[0]}"] if kind else [])),
                {name: (*first, f"10.255.0.{number}/24"), "mgmt0": f"192.168.0.{number}/24"},
                [f"10.255.0.{other} dev {way} src 172.16.40.{number}" for other in (1, 2, 3) if other != number],
            )

        cfg = (UNDERLAY + CONTROLLER + L2).replace("192.168.0.0/24", "10.255.0.0/24")
        network = given(cfg, instead={f"node{n}": one(n) for n in (1, 2, 3)})
        for name in ("node1", "node2", "node3"):
            assert sources(network, name) == {"VTEP": f"10.255.0.{name[-1]}"}

    def test_a_peer_of_the_other_family_is_in_a_group_that_has_no_source(self) -> None:
        cfg = UNDERLAY + CONTROLLER.rstrip("\n") + "\n\troute-reflectors node2,192.0.2.1,2001:db8::1\n\n" + L2
        network = given(cfg)
        assert sessions(network, "node1") == {"RR": ("192.0.2.1", "192.168.0.2"), "RR.IPV6": ("2001:db8::1",)}
        assert sources(network, "node1") == {"RR": "192.168.0.1", "RR.IPV6": None}
        evpn = routers(network, "node1")[None].evpn
        assert evpn is not None
        assert evpn.activations == (EvpnActivation("RR"), EvpnActivation("RR.IPV6"))

    def test_no_controller_can_be_called_as_the_group_of_the_other_family(self) -> None:
        first = CONTROLLER.rstrip("\n") + "\n\tpeers 192.168.0.2,2001:db8::1\n\n"
        second = "evpn-controller: IPV6\n\tasn 1234\n\tpeers 192.168.0.9\n\n"
        zone = "evpn: l3\n\tcontroller IPV6\n\tirb none\n\n"
        found = sessions(given(UNDERLAY + first + second + L2 + zone), "node1")
        # Controllers come in the order of their ids: the first one's group has no suffix.
        assert sorted(found.values()) == [("192.168.0.2",), ("192.168.0.9",), ("2001:db8::1",)]


class TestRouteReflectors:
    CFG = UNDERLAY + "evpn-controller: main\n\tasn 1234\n\troute-reflectors {}\n\n" + L2

    def test_a_member_reflects_for_the_others(self) -> None:
        network = given(self.CFG.format("node1,192.168.0.253"))
        assert sessions(network, "node1") == {"RR": ("192.168.0.253",), "VTEP": ("192.168.0.2", "192.168.0.3")}
        evpn = routers(network, "node1")[None].evpn
        assert evpn is not None
        assert evpn.activations == (EvpnActivation("RR"), EvpnActivation("VTEP", is_reflector_client=True))

    def test_clients_talk_to_reflectors_alone(self) -> None:
        network = given(self.CFG.format("node1,192.168.0.253"))
        assert sessions(network, "node2") == {"RR": ("192.168.0.1", "192.168.0.253")}

    def test_reflectors_are_plain_peers_of_each_other(self) -> None:
        network = given(self.CFG.format("node1,node2"))
        assert sessions(network, "node1") == {"RR": ("192.168.0.2",), "VTEP": ("192.168.0.3",)}

    def test_the_address_of_a_member_is_that_member(self) -> None:
        assert sessions(given(self.CFG.format("192.168.0.1")), "node1") == {"VTEP": ("192.168.0.2", "192.168.0.3")}

    def test_a_member_outside_the_zones_can_reflect(self) -> None:
        network = given(self.CFG.format("node3").replace("none\n", "none\n\tnodes node1,node2\n"))
        assert sessions(network, "node3") == {"VTEP": ("192.168.0.1", "192.168.0.2")}
        assert design(network, "node3").interfaces is None


class TestSymmetricZones:
    def test_connected_subnets_are_announced_from_the_vrf(self) -> None:
        network = given(SYMMETRIC)
        assert frr(network).vrfs == (VrfBinding("vrf_sym", 4000, (ANCHOR,)),)
        assert routers(network)["vrf_sym"] == BgpRouter(
            asn=1234,
            router_id=ip_address("192.168.0.1"),
            vrf="vrf_sym",
            unicasts=(Unicast("ipv4", ("connected", "static")),),
            evpn=L2vpnEvpn(advertise=("ipv4",)),
        )

    def test_every_family_of_the_zone_is_announced(self) -> None:
        cfg = SYMMETRIC + "subnet: sym-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
        assert routers(given(cfg))["vrf_sym"].unicasts == (
            Unicast("ipv4", ("connected", "static")),
            Unicast("ipv6", ("connected", "static")),
        )

    def test_every_node_has_an_anchor_of_its_own_in_every_family(self) -> None:
        cfg = SYMMETRIC + "subnet: sym-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
        assert [frr(given(cfg), node).vrfs[0].routes for node in ("node1", "node2")] == [
            (ANCHOR, StaticRoute("ipv6", "2001:2::c0a8:1/128", "blackhole")),
            (
                StaticRoute("ip", "198.18.0.2/32", "blackhole"),
                StaticRoute("ipv6", "2001:2::c0a8:2/128", "blackhole"),
            ),
        ]

    def test_who_announces_nothing_has_no_anchor(self) -> None:
        cfg = SYMMETRIC.replace("irb symmetric\n", "irb symmetric\n\tadvertise-subnets 0\n")
        assert frr(given(cfg)).vrfs == (VrfBinding("vrf_sym", 4000),)

    def test_nothing_is_announced_where_that_is_switched_off(self) -> None:
        cfg = SYMMETRIC.replace("irb symmetric\n", "irb symmetric\n\tadvertise-subnets 0\n")
        router = routers(given(cfg))["vrf_sym"]
        assert (router.unicasts, router.evpn) == ((), L2vpnEvpn())

    def test_imported_targets_do_not_push_the_zones_own_aside(self) -> None:
        cfg = SYMMETRIC.replace("irb symmetric\n", "irb symmetric\n\trt-import 65001:1000,65002:1000\n")
        evpn = routers(given(cfg))["vrf_sym"].evpn
        assert evpn is not None
        assert evpn.rt_import == ("1234:4000", "65001:1000", "65002:1000")

    def test_the_zones_own_target_has_the_low_bits_of_a_long_as_number(self) -> None:
        cfg = SYMMETRIC.replace("asn 1234", "asn 4200000001").replace(
            "irb symmetric\n", "irb symmetric\n\trt-import 1:1\n"
        )
        evpn = routers(given(cfg))["vrf_sym"].evpn
        assert evpn is not None
        assert evpn.rt_import[0] == f"{4200000001 & 0xFFFF}:4000"

    def test_a_vrf_without_l3vni_is_none_of_bgps(self) -> None:
        network = given(evpn_zone("asymmetric"))
        assert frr(network).vrfs == ()
        assert routers(network).keys() == {None}

    def test_a_node_without_a_vnet_of_the_zone_has_sessions_but_no_vrf(self) -> None:
        network = given(SYMMETRIC.replace("tag 2\n", "tag 2\n\tnodes node1\n"))
        assert frr(network, "node2").vrfs == ()
        assert routers(network, "node2").keys() == {None}


class TestExits:
    def test_an_exit_announces_its_default_route_even_without_subnets(self) -> None:
        cfg = SYMMETRIC.replace("irb symmetric\n", "irb symmetric\n\tadvertise-subnets 0\n") + uplink()
        assert frr(given(cfg)).vrfs == (
            VrfBinding("vrf_sym", 4000, (StaticRoute("ip", "0.0.0.0/0", "172.16.0.254", "eno2"), ANCHOR)),
        )
        router = routers(given(cfg))["vrf_sym"]
        assert router.unicasts == (Unicast("ipv4", ("connected", "static")),)
        assert routers(given(cfg), "node2")["vrf_sym"].unicasts == ()

    def test_several_gateways_are_left_to_the_kernels_own_multipath(self) -> None:
        assert (
            frr(given(SYMMETRIC + uplink("address 172.16.0.1/24", "gateways 172.16.0.254"))).has_plain_multipath
            is False
        )
        several = SYMMETRIC + uplink("address 172.16.0.1/24", "gateways 172.16.0.254,172.16.0.253")
        assert frr(given(several)).has_plain_multipath is True
        assert frr(given(several), "node2").has_plain_multipath is False

    def test_a_virtual_router_needs_its_daemon(self) -> None:
        cfg = SYMMETRIC + uplink(
            "address 172.16.0.1/24",
            "gateways 172.16.0.254",
            "vrrp-id 1",
            "vrrp-priority 200",
            "vrrp-address 172.16.0.10",
        )
        assert design(given(cfg)).daemons == {"bgpd", "bfdd", "vrrpd"}
        assert frr(given(cfg)).vrrp[0].priority == 200
        assert design(given(cfg), "node2").daemons == {"bgpd", "bfdd"}


class TestForwarding:
    def test_is_said_to_be_on_where_a_zone_routes(self) -> None:
        found = frr(given(SYMMETRIC))
        assert (found.ip_forwarding, found.ipv6_forwarding) == (True, False)

    def test_stays_on_where_the_host_forwards_anyway(self) -> None:
        node = facts("node1", "192.168.0.1/24", sysctl={"net.ipv4.ip_forward": "1"})
        found = frr(given(UNDERLAY + CONTROLLER + L2, node1=node))
        assert found.ip_forwarding is True

    def test_is_not_mentioned_where_the_host_was_not_asked(self) -> None:
        node = facts("node1", "192.168.0.1/24", sysctl={})
        found = frr(given(UNDERLAY + CONTROLLER + L2, node1=node))
        assert (found.ip_forwarding, found.ipv6_forwarding) == (None, None)


class TestPlainZonesBesideEvpn:
    def test_their_vnis_are_fenced_off(self) -> None:
        evpn = routers(given(UNICAST + CONTROLLER + L2))[None].evpn
        assert evpn is not None
        assert evpn.vnis == (FENCE,)

    def test_only_where_they_are(self) -> None:
        evpn = routers(given(UNICAST.replace("tag 2\n", "tag 2\n\tnodes node1\n") + CONTROLLER + L2), "node2")[
            None
        ].evpn
        assert evpn is not None
        assert evpn.vnis == ()

    def test_those_of_pve_as_well(self) -> None:
        pve = {
            "zones.cfg": "vxlan: pvxlan\n\tpeers 192.168.0.1,192.168.0.2\n\tnodes node1\n\n",
            "vnets.cfg": "vnet: pvnet\n\tzone pvxlan\n\ttag 77\n\n",
        }
        network = given(UNDERLAY + CONTROLLER + L2, pve=pve)
        evpn = routers(network)[None].evpn
        assert evpn is not None
        assert [isolated.vni for isolated in evpn.vnis] == [77]
        other = routers(network, "node2")[None].evpn
        assert other is not None
        assert other.vnis == ()

    def test_their_flooding_entries_are_looked_after_beside_ours(self) -> None:
        pve = {
            "zones.cfg": "vxlan: pvxlan\n\tpeers 192.168.0.1,192.168.0.2\n\n",
            "vnets.cfg": "vnet: pvnet\n\tzone pvxlan\n\ttag 77\n\n",
        }
        assert design(given(UNICAST + CONTROLLER + L2, pve=pve)).flooding == (
            ("vxlan_pvnet", (ip_address("192.168.0.2"),)),
            ("vxlan_vmbr2", (ip_address("192.168.0.2"), ip_address("192.168.0.3"))),
        )

    def test_beside_pves_evpn_the_fence_is_all_that_is_added(self) -> None:
        found = frr(given(UNICAST, pve=PVE_EVPN))
        assert found.is_local_block
        assert found.routers == (BgpRouter(asn=65000, router_id=None, is_merged=True, evpn=L2vpnEvpn(vnis=(FENCE,))),)

    def test_alone_they_need_no_bgp(self) -> None:
        assert design(given(UNICAST)).frr is None


class TestBesidePve:
    ZONE = SYMMETRIC.replace("controller main", "controller evpnctl")

    def test_a_zone_of_pves_controller_adds_its_vrf_and_no_session(self) -> None:
        found = frr(given(self.ZONE, pve=PVE_EVPN))
        assert found.is_local_block
        assert (found.ip_forwarding, found.ipv6_forwarding) == (None, None)
        assert [(router.vrf, router.asn, router.is_merged) for router in found.routers] == [("vrf_sym", 65000, False)]

    def test_our_controller_with_the_same_as_number_is_merged_into_pves_router(self) -> None:
        found = frr(given(SYMMETRIC.replace("asn 1234", "asn 65000"), pve=PVE_EVPN))
        assert [(router.vrf, router.is_merged) for router in found.routers] == [(None, True), ("vrf_sym", False)]

    def test_pves_sessions_stay_pves_and_ours_are_in_a_group_of_their_own(self) -> None:
        two = PVE_EVPN | {"controllers.cfg": "evpn: evpnctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2\n\n"}
        network = given(SYMMETRIC.replace("asn 1234", "asn 65000"), pve=two)
        assert sessions(network, "node1") == {"VTEP-main": ("192.168.0.3",)}
        assert sources(network, "node1") == {"VTEP-main": "192.168.0.1"}

    def test_an_exit_adds_routes_to_pves_vrf(self) -> None:
        found = frr(given(UNDERLAY + uplink(zone="theirs"), pve=PVE_EVPN))
        assert found.vrfs == (
            VrfBinding("vrf_theirs", routes=(StaticRoute("ip", "0.0.0.0/0", "172.16.0.254", "eno2"), ANCHOR)),
        )
        assert found.routers == (
            BgpRouter(
                asn=65000,
                router_id=None,
                vrf="vrf_theirs",
                is_merged=True,
                unicasts=(Unicast("ipv4", ("connected", "static")),),
                evpn=L2vpnEvpn(advertise=("ipv4",)),
            ),
        )

    def test_an_admins_frr_conf_local_makes_pve_the_writer(self) -> None:
        node = facts("node1", "192.168.0.1/24", has_foreign_frr_local=True)
        found = frr(given(SYMMETRIC, node1=node))
        assert found.is_local_block
        assert not any(router.is_merged for router in found.routers)
        assert not frr(given(SYMMETRIC, node1=node), "node2").is_local_block

    def test_without_sdn_in_the_cluster_frr_is_ours(self) -> None:
        network = given(SYMMETRIC, node1=facts("node1", "192.168.0.1/24", has_foreign_frr_local=True))
        network = replace(network, cluster=network.cluster.model_copy(update={"has_sdn": False}))
        assert not frr(network).is_local_block

    def test_the_as_number_is_that_of_pves_bgp_controller_on_the_node(self) -> None:
        bgp = "bgp: bgpnode1\n\tasn 65100\n\tnode node1\n\tpeers 10.0.0.1\n\n"
        pve = PVE_EVPN | {"controllers.cfg": PVE_EVPN["controllers.cfg"] + bgp}
        network = given(UNDERLAY + uplink(zone="theirs") + uplink(zone="theirs", node="node2"), pve=pve)
        assert frr(network, "node1").routers[0].asn == 65100
        assert frr(network, "node2").routers[0].asn == 65000


def test_no_address_of_the_nodes_own_is_a_neighbour_whichever_of_them_a_list_names() -> None:
    """bgpd would refuse it, and with it the whole reload."""
    cfg = SYMMETRIC.replace("\tasn 1234\n", "\tasn 1234\n\tpeers 10.0.0.1,192.168.0.2,192.168.0.3\n")
    router = frr(given(cfg, node1=facts("node1", "192.168.0.1/24", "10.0.0.1/32"))).routers[0]
    assert [group.neighbors for group in router.groups] == [("192.168.0.2", "192.168.0.3")]


@pytest.mark.parametrize(
    ("peers", "missing"),
    [
        ("192.168.0.1,192.168.0.2", ["node3"]),
        ("192.168.0.1,192.168.0.2,192.168.0.3", []),
        ("10.0.0.253,10.0.0.254", []),
    ],
)
def test_a_list_of_peers_that_forgets_a_member_is_warned_of(peers: str, missing: list[str]) -> None:
    network = given(SYMMETRIC.replace("\tasn 1234\n", f"\tasn 1234\n\tpeers {peers}\n"))
    told = [line for line in findings(network, Severity.WARNING) if "peers does not list" in line]
    assert [f"the VTEP of {node}," in line for node, line in zip(missing, told, strict=True)] == [True] * len(missing)


class TestAnchorsInSubnets:
    """An anchor leads its address into nothing, whoever else has it."""

    def test_a_subnet_that_holds_one_is_a_warning(self) -> None:
        cfg = SYMMETRIC.replace("10.0.2.", "198.18.0.")
        (line,) = findings(given(cfg), Severity.WARNING)
        assert line == (
            "pvesdn.cfg:16: subnet 'sym-198.18.0.0-24': contains 198.18.0.1, 198.18.0.2, 198.18.0.3, which pvesdn uses as "
            "an anchor: a guest or router with that address cannot be reached; choose a prefix outside 198.18.0.0/15 and 2001:2::/48"
        )

    def test_so_is_the_network_of_an_uplink(self) -> None:
        cfg = SYMMETRIC + uplink("address 198.18.0.9/24", "gateways 198.18.0.1")
        found = [line for line in findings(given(cfg), Severity.WARNING) if "an anchor" in line]
        assert [line.partition(": contains")[0] for line in found] == ["pvesdn.cfg:24: exit 'sym-node1'"]

    def test_in_a_zone_of_pves_the_anchors_are_those_of_its_exits(self) -> None:
        cfg = UNDERLAY + uplink("address 192.168.128.1/24", "gateways 192.168.128.254", zone="theirs")
        near = {**PVE_EVPN, "subnets.cfg": "subnet: theirs-198.18.128.0-24\n\tvnet web\n"}
        far = {**PVE_EVPN, "subnets.cfg": "subnet: theirs-198.18.0.0-24\n\tvnet web\n"}
        assert any("contains 198.18.128.1" in line for line in findings(given(cfg, pve=near), Severity.WARNING))
        assert not any("an anchor" in line for line in findings(given(cfg, pve=far), Severity.WARNING))

    def test_another_subnet_there_is_none(self) -> None:
        assert findings(given(SYMMETRIC.replace("10.0.2.", "198.19.7.")), Severity.WARNING) == []
