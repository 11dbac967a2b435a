from dataclasses import replace

from pvesdn.design.merge.frr import merge_frr
from pvesdn.model.design import DesignInput
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
    VrrpInterface,
)
from tests.unit.design.network import (
    CONTROLLER,
    PVE_EVPN,
    SYMMETRIC,
    UNDERLAY,
    UNICAST,
    design,
    findings,
    given,
    uplink,
)

ROUTE = StaticRoute("ip", "0.0.0.0/0", "172.16.0.254", "eno2")
FENCE = VniTargets(2, imports=("65535:65535",), exports=("65535:2",))


def without_sdn(cfg: str, pve: dict[str, str]) -> DesignInput:
    network = given(cfg, pve=pve)
    return replace(network, cluster=network.cluster.model_copy(update={"has_sdn": False}))


def test_what_both_define_holds_the_parts_of_both() -> None:
    theirs = FrrConfig(
        hostname="node1",
        version="10.4.1",
        vrfs=(VrfBinding("vrf_a", 1000),),
        routers=(
            BgpRouter(
                asn=65000,
                router_id="192.168.0.1",
                has_graceful_notifications=False,
                groups=(PeerGroup("VTEP", "65000", ("192.168.0.2",)),),
                unicasts=(Unicast("ipv4", import_vrfs=("vrf_a",)),),
                evpn=L2vpnEvpn(activations=(EvpnActivation("VTEP", route_map_in="IN"),), advertise_all_vni=True),
            ),
            BgpRouter(asn=65000, router_id="192.168.0.1", vrf="vrf_a"),
        ),
    )
    ours = FrrConfig(
        hostname="node1",
        ip_forwarding=True,
        ipv6_forwarding=False,
        vrfs=(VrfBinding("vrf_a", routes=(ROUTE,)),),
        routers=(
            BgpRouter(
                asn=65000,
                router_id=None,
                is_merged=True,
                groups=(
                    PeerGroup("VTEP", "65000", ("192.168.0.2", "192.168.0.3")),
                    PeerGroup("RR", "65000", ("192.0.2.1",)),
                ),
                evpn=L2vpnEvpn(activations=(EvpnActivation("VTEP", is_reflector_client=True),), vnis=(FENCE,)),
            ),
            BgpRouter(
                asn=65000,
                router_id=None,
                vrf="vrf_a",
                is_merged=True,
                unicasts=(Unicast("ipv4", ("static",)),),
                evpn=L2vpnEvpn(advertise=("ipv4",)),
            ),
        ),
        vrrp=(VrrpInterface("eno2", 1, 100),),
    )
    assert merge_frr(theirs, ours) == FrrConfig(
        hostname="node1",
        version="10.4.1",
        ip_forwarding=True,
        ipv6_forwarding=False,
        vrfs=(VrfBinding("vrf_a", 1000, (ROUTE,)),),
        routers=(
            BgpRouter(
                asn=65000,
                router_id="192.168.0.1",
                has_graceful_notifications=False,
                groups=(
                    PeerGroup("RR", "65000", ("192.0.2.1",)),
                    PeerGroup("VTEP", "65000", ("192.168.0.2", "192.168.0.3")),
                ),
                unicasts=(Unicast("ipv4", import_vrfs=("vrf_a",)),),
                evpn=L2vpnEvpn(
                    activations=(EvpnActivation("VTEP", is_reflector_client=True, route_map_in="IN"),),
                    advertise_all_vni=True,
                    vnis=(FENCE,),
                ),
            ),
            BgpRouter(
                asn=65000,
                router_id="192.168.0.1",
                vrf="vrf_a",
                unicasts=(Unicast("ipv4", ("static",)),),
                evpn=L2vpnEvpn(advertise=("ipv4",)),
            ),
        ),
        vrrp=(VrrpInterface("eno2", 1, 100),),
    )


def test_announcements_of_both_are_made() -> None:
    def only(family: Unicast) -> FrrConfig:
        return FrrConfig("node1", routers=(BgpRouter(asn=1, router_id="192.0.2.1", unicasts=(family,)),))

    merged = merge_frr(only(Unicast("ipv4", ("connected",))), only(Unicast("ipv4", ("connected", "static"))))
    assert merged.routers[0].unicasts == (Unicast("ipv4", ("connected", "static")),)


def test_without_pves_sdn_one_file_holds_both_parts() -> None:
    network = without_sdn(UNDERLAY + uplink(zone="theirs") + UNICAST.replace(UNDERLAY, ""), PVE_EVPN)
    made = design(network)
    assert made.frr is not None
    assert not made.frr.is_local_block
    default, vrf = made.frr.routers
    assert (default.asn, str(default.router_id), default.evpn is not None) == (65000, "192.168.0.1", True)
    assert default.evpn is not None
    assert [isolated.vni for isolated in default.evpn.vnis] == [2]
    assert vrf.unicasts == (Unicast("ipv4", ("connected", "static")),)
    assert made.frr.vrfs[0].routes == (ROUTE, StaticRoute("ip", "198.18.0.1/32", "blackhole"))
    assert made.daemons == {"bgpd", "bfdd"}


def test_without_pves_sdn_pves_part_alone_needs_its_daemons_too() -> None:
    made = design(without_sdn(UNDERLAY, PVE_EVPN))
    assert made.frr is None
    assert made.pve_frr is not None
    assert made.daemons == {"bgpd", "bfdd"}
    assert design(given(UNDERLAY, pve=PVE_EVPN)).daemons == frozenset()


def test_what_is_left_to_pve_needs_a_pve_that_does_it() -> None:
    known = "bgp: bgpnode1\n\tasn 1234\n\tnode node1\n\tpeers 10.0.0.1\n"
    bgp = {"controllers.cfg": f"{known}\troute-map-in filter\n\n"}
    assert findings(without_sdn(SYMMETRIC, bgp)) == [
        (
            "cluster: does not have PVE's own SDN, which alone can configure FRR for the controllers bgpnode1; "
            "install libpve-network-perl on every node, or remove them"
        )
    ]
    assert findings(without_sdn(UNICAST, bgp)) == []
    assert findings(without_sdn(SYMMETRIC, {"controllers.cfg": f"{known}\n"})) == []
    wireguard = {"fabrics.cfg": "wireguard_fabric: wg\n\tip_prefix 10.9.0.0/24\n"}
    assert [line.partition(";")[0] for line in findings(without_sdn(SYMMETRIC, wireguard))] == [
        "cluster: does not have PVE's own SDN, which alone can configure FRR for the fabrics wg"
    ]
    assert findings(without_sdn(UNDERLAY + CONTROLLER, {})) == []
