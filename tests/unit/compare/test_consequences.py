"""What a plan means for traffic: of one node, and of the cluster, each thing once."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.compare.consequences import consequences
from pvesdn.compare.files import compare_node
from pvesdn.compare.present import NodeNow
from pvesdn.decode.nodes.record import Record
from pvesdn.model.consequences import AffectedGuest, Consequence, Effect, NodeConsequence
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, OUR_SYSCTL, SDN_INTERFACES, Action, NodeChanges, RenderedFile
from pvesdn.model.flags import PlanFlags
from pvesdn.model.ifupdown import CarriedBridge, L3VniBridge, Stanza, VnetBridge, VrfDevice, VxlanPort
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.pve_ifupdown import PveAddress, PveVnetBridge, PveVxlanPort
from tests.unit.compare.printed import TUNNEL, frr_text, interfaces

PORT = VxlanPort("vxlan_web", 3, "zone")
BRIDGE = VnetBridge("web", "vxlan_web", 1500, ("10.0.0.1/24",), "02:00:00:00:00:01", vrf="vrf_zone")
DEBIANS, PVES = "3.0.0-1.1", "3.3.0-1+pmx11"
OWNERS = FileOwners(Writer.PVESDN, Writer.PVESDN)
FRR = """\
router bgp 65000
 bgp router-id 10.0.0.1
 neighbor VTEP peer-group
 neighbor VTEP remote-as 65000
 neighbor VTEP bfd
 neighbor VTEP update-source 10.0.0.1
 neighbor 10.0.0.2 peer-group VTEP
 neighbor 10.0.0.3 peer-group VTEP
 !
 address-family l2vpn evpn
  neighbor VTEP activate
 exit-address-family
exit
!
vrf vrf_zone
 ip route 0.0.0.0/0 172.16.0.254 eno2
exit-vrf
!
"""


def compared(
    *new: RenderedFile,
    now: dict[str, str],
    node: str = "pve1",
    ifupdown2: str = DEBIANS,
    owners: FileOwners = OWNERS,
    shows_pve: bool = False,
    **facts: Any,
) -> NodeChanges:
    given = NodeFacts(
        node=node,
        sources=("/etc/network/interfaces.d/*",),
        versions={"ifupdown2": ifupdown2, "frr": "8.4.4", "kernel": "6.1"},
        **facts,
    )
    flags = PlanFlags(overwrite=True, detach_guests=True)
    return compare_node(new, NodeNow(now, given, Record()), owners, flags=flags, shows_pve=shows_pve)


def of_stanzas(old: tuple[Stanza, ...], new: tuple[Stanza, ...], **given: Any) -> set[NodeConsequence]:
    before, after = given.pop("before", TUNNEL), given.pop("after", TUNNEL)
    there = {OUR_INTERFACES: interfaces(*old, tunnel=before).text or ""}
    return set(compared(interfaces(*new, tunnel=after), now=there, **given).consequences)


def of_frr(new: str, old: str = FRR) -> set[NodeConsequence]:
    return set(compared(frr_text(new), now={FRR_CONF: old}).consequences)


# --- interfaces ------------------------------------------------------------------------------------------------------


def test_a_first_apply_takes_nothing_away() -> None:
    assert consequences([compared(interfaces(PORT, BRIDGE), frr_text(FRR), now={})]) == ()


def test_another_vni_interrupts_a_vnet_between_nodes_for_one_reload() -> None:
    assert of_stanzas((PORT, BRIDGE), (replace(PORT, vni=4), BRIDGE)) == {
        NodeConsequence(Effect.VNET_INTERRUPTED, "web")
    }


def test_an_l3vni_that_is_made_anew_is_said_of_its_vrf() -> None:
    l3vni, bridge = VxlanPort("vrfvx_z", 9, "zone"), L3VniBridge("vrfbr_z", "vrfvx_z", 1500, "02::1", "vrf_z")
    found = of_stanzas((l3vni, bridge), (replace(l3vni, vni=10), bridge))
    assert found == {NodeConsequence(Effect.VNET_INTERRUPTED, "vrf_z")}


def test_a_smaller_mtu_is_what_no_longer_passes_the_narrower_of_bridge_and_device() -> None:
    smaller = of_stanzas((PORT, BRIDGE), (PORT, replace(BRIDGE, mtu=1400)), after=replace(TUNNEL, mtu=1450))
    assert smaller == {NodeConsequence(Effect.MTU_SMALLER, "web", "1500", "1400")}
    assert of_stanzas((PORT, BRIDGE), (PORT, BRIDGE), after=replace(TUNNEL, mtu=9000)) == set()


def test_proxmoxs_ifupdown2_makes_a_changed_vxlan_device_anew_and_debians_does_not() -> None:
    larger = replace(TUNNEL, mtu=9000)
    shortly = {NodeConsequence(Effect.VNET_SHORTLY_INTERRUPTED, "web")}
    assert of_stanzas((PORT, BRIDGE), (PORT, BRIDGE), after=larger, ifupdown2=PVES) == shortly
    assert of_stanzas((PORT, BRIDGE), (PORT, BRIDGE), after=larger, ifupdown2=DEBIANS) == set()
    assert of_stanzas((PORT, BRIDGE), (PORT, replace(BRIDGE, mtu=9000)), ifupdown2=PVES) == set()


def test_a_vtep_that_moves_is_said_with_both_addresses() -> None:
    moved = replace(TUNNEL, local=ip_address("10.99.0.1"))
    assert of_stanzas((PORT, BRIDGE), (PORT, BRIDGE), after=moved) == {
        NodeConsequence(Effect.VTEP_MOVED, "", "192.168.0.1", "10.99.0.1")
    }


def test_a_peer_that_goes_is_said_and_one_that_comes_is_not() -> None:
    two, three = (ip_address("192.168.0.2"),), (ip_address("192.168.0.2"), ip_address("192.168.0.3"))
    fewer, more = replace(TUNNEL, remotes=two), replace(TUNNEL, remotes=three)
    assert of_stanzas((PORT, BRIDGE), (PORT, BRIDGE), before=more, after=fewer) == {
        NodeConsequence(Effect.PEERS_LEFT, "web", "192.168.0.3")
    }
    assert of_stanzas((PORT, BRIDGE), (PORT, BRIDGE), before=fewer, after=more) == set()


def test_a_gateway_that_goes_takes_the_guests_way_out_along() -> None:
    other = replace(BRIDGE, addresses=("10.0.0.254/24",))
    assert of_stanzas((PORT, BRIDGE), (PORT, other)) == {
        NodeConsequence(Effect.GATEWAY_CHANGED, "web", "10.0.0.1/24", "10.0.0.254/24")
    }
    more = replace(BRIDGE, addresses=("10.0.0.1/24", "10.1.0.1/24"))
    assert of_stanzas((PORT, BRIDGE), (PORT, more)) == set()


def test_the_gateways_mac_moves_only_where_the_device_has_another_now() -> None:
    other = replace(BRIDGE, hwaddress="02:00:00:00:00:02")
    moved = {NodeConsequence(Effect.GATEWAY_MAC_MOVED, "web", "02:00:00:00:00:01", "02:00:00:00:00:02")}
    assert of_stanzas((PORT, BRIDGE), (PORT, other)) == moved
    has_it_already = (Link("web", mac="02:00:00:00:00:02", kind="bridge"),)
    assert of_stanzas((PORT, BRIDGE), (PORT, other), links=has_it_already) == set()
    # what goes from the file stays on the device, as ifupdown2 takes no MAC back
    assert of_stanzas((PORT, BRIDGE), (PORT, replace(BRIDGE, hwaddress=None))) == set()
    # without an address before there was no gateway that anybody knows
    silent = replace(BRIDGE, addresses=(), hwaddress=None)
    assert of_stanzas((PORT, silent), (PORT, BRIDGE)) == set()


def test_a_gateway_that_moves_to_another_vrf_is_said() -> None:
    assert of_stanzas((PORT, BRIDGE), (PORT, replace(BRIDGE, vrf=None))) == {
        NodeConsequence(Effect.VRF_CHANGED, "web", "vrf_zone", "")
    }


CARRIED = CarriedBridge("web", "vxlan_web", 1500, BRIDGE.addresses, BRIDGE.hwaddress, vrf="vrf_zone")


def of_carried(new: CarriedBridge, *pves: PveAddress) -> set[NodeConsequence]:
    """Of a VNet of which PVE's file, which stays as it is, has the addresses."""
    there = {
        OUR_INTERFACES: interfaces(PORT, CARRIED).text or "",
        SDN_INTERFACES: interfaces(PveVnetBridge("web", "none", pves), path=SDN_INTERFACES).text or "",
    }
    return set(compared(interfaces(PORT, new), now=there).consequences)


def test_so_it_is_where_pves_file_has_the_gateway() -> None:
    mac, gateway = replace(CARRIED, hwaddress="02:00:00:00:00:02"), PveAddress("10.0.0.1/24")
    assert of_carried(mac, gateway) == {
        NodeConsequence(Effect.GATEWAY_MAC_MOVED, "web", "02:00:00:00:00:01", "02:00:00:00:00:02")
    }
    assert of_carried(replace(CARRIED, vrf=None), gateway) == {
        NodeConsequence(Effect.VRF_CHANGED, "web", "vrf_zone", "")
    }
    assert of_carried(mac) == set()


def test_a_vnet_that_goes_is_said_and_not_the_devices_that_carry_it() -> None:
    l3vni = L3VniBridge("vrfbr_z", "vrfvx_z", 1500, "02::1", "vrf_z")
    old = (PORT, BRIDGE, VrfDevice("vrf_z"), l3vni, VxlanPort("vrfvx_z", 9, "zone"))
    assert of_stanzas(old, (VrfDevice("vrf_z"),)) == {NodeConsequence(Effect.VNET_REMOVED, "web")}


def test_a_vnet_that_another_file_has_afterwards_does_not_go_and_its_guests_stay() -> None:
    there = {OUR_INTERFACES: interfaces(PORT, BRIDGE).text or ""}
    gone = RenderedFile(OUR_INTERFACES, None)
    pves = interfaces(PveVnetBridge("web", "vxlan_web"), path=SDN_INTERFACES)
    guests = (Link("tap100i0", master="web"),)
    owners = FileOwners(Writer.PVE, Writer.PVESDN)
    kept = compared(gone, pves, now=there, owners=owners, shows_pve=True, links=guests)
    assert (kept.guests, [one for one in kept.consequences if one.effect is Effect.VNET_REMOVED]) == ({}, [])
    by_host = compared(gone, now=there, stanzas=(IfaceStanza("web", "", ()),), links=guests)
    assert by_host.guests == {}
    lost = compared(gone, now=there, links=guests)
    assert lost.guests == {"web": ("tap100i0",)}


ANYCAST = "02:00:00:00:00:01"
LIVE = Link("web", mac="aa:00:00:00:00:01", kind="bridge")
GUEST = Link("tap100i0", master="web")


def of_merged(ours: RenderedFile, *pves: PveAddress, there: str | None, live: Link) -> NodeChanges:
    """A VNet that PVE's file has and keeps. :param there: our file as it is."""
    texts = {SDN_INTERFACES: interfaces(PveVnetBridge("web", "none", pves), path=SDN_INTERFACES).text or ""}
    texts |= {} if there is None else {OUR_INTERFACES: there}
    return compared(ours, now=texts, links=(live, GUEST))


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (LIVE, {(Effect.GATEWAY_MAC_MOVED, LIVE.mac, ANYCAST), (Effect.VRF_CHANGED, "", "vrf_zone")}),
        (replace(LIVE, mac=ANYCAST), {(Effect.VRF_CHANGED, "", "vrf_zone")}),
        (replace(LIVE, mac=ANYCAST, master="vrf_zone"), set()),
    ],
    ids=["as PVE made it", "with the MAC", "with both"],
)
def test_a_live_vnet_of_pves_that_is_carried_from_now_on_gets_a_mac_and_a_vrf(
    live: Link, said: set[tuple[Effect, str, str]]
) -> None:
    gateway = PveAddress("10.0.0.1/24")
    found = of_merged(interfaces(PORT, CARRIED), gateway, there=None, live=live).consequences
    assert {(one.effect, one.old, one.new) for one in found} == said
    without_gateway = of_merged(interfaces(PORT, CARRIED), there=None, live=live)
    assert without_gateway.consequences == ()


def test_a_vnet_of_pves_that_is_carried_no_more_stays_without_uplink_and_its_gateway_leaves_the_vrf() -> None:
    there, live = interfaces(PORT, CARRIED).text, replace(LIVE, mac=ANYCAST, master="vrf_zone")
    gone = RenderedFile(OUR_INTERFACES, None)
    changes = of_merged(gone, PveAddress("10.0.0.1/24"), there=there, live=live)
    assert set(changes.consequences) == {
        NodeConsequence(Effect.VNET_GIVEN_UP, "web"),
        NodeConsequence(Effect.VRF_CHANGED, "web", "vrf_zone", ""),
    }
    assert changes.guests == {"web": ("tap100i0",)}
    actions = {stanza.name: stanza.action for file in changes.files for stanza in file.stanzas}
    assert actions == {"vxlan_web": Action.REMOVE, "web": Action.CHANGE}
    assert set(of_merged(gone, there=there, live=live).consequences) == {NodeConsequence(Effect.VNET_GIVEN_UP, "web")}


def test_a_vnet_that_pve_carries_from_now_on_is_said_with_pves_port() -> None:
    there = {
        OUR_INTERFACES: interfaces(PORT, CARRIED).text or "",
        SDN_INTERFACES: interfaces(PveVnetBridge("web", "none"), path=SDN_INTERFACES).text or "",
    }
    pves = interfaces(PveVnetBridge("web", "sv_web"), path=SDN_INTERFACES)
    owners = FileOwners(Writer.PVE, Writer.PVESDN)
    gone = RenderedFile(OUR_INTERFACES, None)
    changes = compared(gone, pves, now=there, owners=owners, shows_pve=True, links=(LIVE,))
    assert NodeConsequence(Effect.VNET_GIVEN_UP, "web", new="sv_web") in changes.consequences


def test_of_an_interface_that_moves_to_another_file_what_changes_is_said() -> None:
    there = {OUR_INTERFACES: interfaces(PORT, BRIDGE).text or ""}
    pves = interfaces(
        PveVxlanPort("vxlan_web", 3, 1400, "192.168.0.1"),
        PveVnetBridge(
            "web", "vxlan_web", (PveAddress("10.0.0.254/24"),), "02:00:00:00:00:01", mtu=1400, vrf="vrf_zone"
        ),
        path=SDN_INTERFACES,
    )
    owners = FileOwners(Writer.PVE, Writer.PVESDN)
    found = compared(RenderedFile(OUR_INTERFACES, None), pves, now=there, owners=owners, shows_pve=True)
    assert set(found.consequences) == {
        NodeConsequence(Effect.MTU_SMALLER, "web", "1500", "1400"),
        NodeConsequence(Effect.GATEWAY_CHANGED, "web", "10.0.0.1/24", "10.0.0.254/24"),
    }


# --- FRR, as tried with FRR 8.4.4 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("bgp router-id 10.0.0.1", "bgp router-id 10.0.0.9", "router-id"),
        ("update-source 10.0.0.1", "update-source 10.0.0.9", "update-source"),
        ("  neighbor VTEP activate\n", "  neighbor VTEP activate\n  neighbor VTEP route-reflector-client\n",
         "route-reflector-client in l2vpn evpn"),
        (" neighbor VTEP remote-as 65000\n", " neighbor VTEP remote-as external\n", "remote-as"),
        (" !\n address-family l2vpn evpn\n", (" address-family ipv4 unicast\n  neighbor VTEP activate\n"
         " exit-address-family\n address-family l2vpn evpn\n"), "address-family ipv4 unicast"),
        ("VTEP bfd\n", "VTEP bfd\n neighbor VTEP password hunter2\n", "password"),
    ],
)  # fmt: skip
def test_what_resets_all_sessions(old: str, new: str, why: str) -> None:
    assert of_frr(FRR.replace(old, new, 1)) == {NodeConsequence(Effect.SESSIONS_RESET, "", why)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" neighbor VTEP bfd\n", ""),
        ("  neighbor VTEP activate\n", "  neighbor VTEP activate\n  neighbor VTEP route-map X in\n"),
        ("  neighbor VTEP activate\n", "  neighbor VTEP activate\n  neighbor VTEP soft-reconfiguration inbound\n"),
        ("neighbor VTEP bfd\n", "neighbor VTEP bfd\n neighbor VTEP timers 3 9\n neighbor VTEP description x\n"),
        ("neighbor 10.0.0.3 peer-group VTEP\n", "neighbor 10.0.0.3 peer-group VTEP\n neighbor 10.0.0.4 peer-group VTEP\n"),
    ],
)  # fmt: skip
def test_what_resets_no_session(old: str, new: str) -> None:
    assert of_frr(FRR.replace(old, new, 1)) == set()


def test_a_session_that_goes_is_said_with_its_neighbor() -> None:
    assert of_frr(FRR.replace(" neighbor 10.0.0.3 peer-group VTEP\n", "")) == {
        NodeConsequence(Effect.SESSIONS_REMOVED, "10.0.0.3")
    }


def test_one_neighbor_alone_is_named() -> None:
    own = FRR.replace("10.0.0.3 peer-group VTEP\n", "10.0.0.3 peer-group VTEP\n neighbor 10.0.0.3 ebgp-multihop 2\n")
    assert of_frr(own) == {NodeConsequence(Effect.SESSIONS_RESET, "10.0.0.3", "ebgp-multihop")}


def test_another_as_number_restarts_frr_and_everything_it_runs() -> None:
    changed = compared(conf_of(65001), now={FRR_CONF: FRR})
    assert NodeConsequence(Effect.FRR_RESTARTED) in changed.consequences
    assert not [one for one in changed.consequences if one.effect is Effect.SESSIONS_RESET]


def conf_of(asn: int) -> RenderedFile:
    from tests.unit.compare.printed import conf

    return replace(conf(asn), text=FRR.replace("65000", str(asn)))


def test_a_restart_of_frr_that_runs_nothing_is_no_loss() -> None:
    daemons = RenderedFile("/etc/frr/daemons", "bgpd=yes\n")
    now = {FRR_CONF: "frr defaults traditional\n", "/etc/frr/daemons": "bgpd=no\n"}
    assert consequences([compared(daemons, frr_text(FRR), now=now)]) == ()
    running = compared(daemons, frr_text("router ospf\nexit\n"), now={**now, FRR_CONF: "router ospf\nexit\n"})
    assert running.consequences == (NodeConsequence(Effect.FRR_RESTARTED),)


def test_a_way_out_that_changes_or_goes_is_said_of_its_vrf() -> None:
    assert of_frr(FRR.replace("172.16.0.254", "172.16.0.253")) == {
        NodeConsequence(Effect.EXIT_CHANGED, "vrf_zone", "172.16.0.254 eno2", "172.16.0.253 eno2")
    }
    assert of_frr(FRR.replace(" ip route 0.0.0.0/0 172.16.0.254 eno2\n", "")) == {
        NodeConsequence(Effect.EXIT_CHANGED, "vrf_zone", "172.16.0.254 eno2")
    }


def test_a_way_out_that_moves_is_said_where_it_goes_and_where_it_comes_and_a_first_one_is_not() -> None:
    without = FRR.replace(" ip route 0.0.0.0/0 172.16.0.254 eno2\n", "")
    gains = compared(frr_text(FRR), now={FRR_CONF: without}, node="pve2")
    loses = compared(frr_text(without), now={FRR_CONF: FRR}, node="pve1")
    assert [(one.nodes, one.old, one.new) for one in consequences([loses, gains])] == [
        (("pve1",), "172.16.0.254 eno2", ""),
        (("pve2",), "", "172.16.0.254 eno2"),
    ]
    assert consequences([gains]) == ()


def test_a_router_that_goes_takes_all_its_sessions_along() -> None:
    assert of_frr("frr defaults datacenter\n", FRR[: FRR.index("vrf vrf_zone")]) == {
        NodeConsequence(Effect.SESSIONS_REMOVED)
    }


# --- kernel ----------------------------------------------------------------------------------------------------------


def test_forwarding_that_is_switched_on_is_said_and_what_is_on_already_is_not() -> None:
    on = RenderedFile(OUR_SYSCTL, "net.ipv4.ip_forward = 1\n", sysctls=(("net.ipv4.ip_forward", "1"),))
    found = compared(on, now={}, sysctl={"net.ipv4.ip_forward": "0"}).consequences
    assert found == (NodeConsequence(Effect.FORWARDING_SWITCHED, "net.ipv4.ip_forward", "0", "1"),)
    assert compared(on, now={}, sysctl={"net.ipv4.ip_forward": "1"}).consequences == ()


# --- the cluster -----------------------------------------------------------------------------------------------------


def on_nodes(*names: str, old: tuple[Stanza, ...], new: tuple[Stanza, ...], **given: Any) -> list[NodeChanges]:
    there = {OUR_INTERFACES: interfaces(*old).text or ""}
    return [compared(interfaces(*new), now=there, node=name, **given) for name in names]


def test_the_same_on_several_nodes_and_of_several_vnets_is_said_once_with_their_guests() -> None:
    other = (VxlanPort("vxlan_db", 5, "zone"), VnetBridge("db", "vxlan_db", 1500))
    narrow = replace(other[1], mtu=1400)
    nodes = on_nodes(
        "pve1",
        "pve2",
        old=(PORT, BRIDGE, *other),
        new=(PORT, replace(BRIDGE, mtu=1400), other[0], narrow),
        links=(Link("tap100i0", master="web"), Link("fwpr101p1", master="db"), Link("eno1", master="db")),
    )
    (found,) = consequences(nodes)
    assert replace(found, guests=()) == Consequence(Effect.MTU_SMALLER, ("pve1", "pve2"), ("db", "web"), "1500", "1400")
    assert found.guests == tuple(
        guest
        for node in ("pve1", "pve2")
        for guest in (AffectedGuest(101, node, "fwpr101p1", "db"), AffectedGuest(100, node, "tap100i0", "web"))
    )


def test_peers_that_go_because_their_vtep_moves_are_not_said_again() -> None:
    here, there = ip_address("192.168.0.1"), ip_address("192.168.0.2")
    moved_here, moved_there = ip_address("10.99.0.1"), ip_address("10.99.0.2")
    nodes = []
    for name, old, new in (
        ("pve1", (here, there), (moved_here, moved_there)),
        ("pve2", (there, here), (moved_there, moved_here)),
    ):
        before = replace(TUNNEL, local=old[0], remotes=(old[1],))
        after = replace(TUNNEL, local=new[0], remotes=(new[1],))
        now = {OUR_INTERFACES: interfaces(PORT, BRIDGE, tunnel=before).text or ""}
        nodes.append(compared(interfaces(PORT, BRIDGE, tunnel=after), now=now, node=name, ifupdown2=PVES))
    assert [(one.effect, one.nodes, one.old) for one in consequences(nodes)] == [
        (Effect.VTEP_MOVED, ("pve1",), "192.168.0.1"),
        (Effect.VTEP_MOVED, ("pve2",), "192.168.0.2"),
    ]


def test_the_worst_comes_first() -> None:
    gone, smaller = (VxlanPort("vxlan_db", 5, "zone"), VnetBridge("db", "vxlan_db", 1500)), replace(BRIDGE, mtu=1400)
    nodes = on_nodes("pve1", old=(PORT, BRIDGE, *gone), new=(replace(PORT, vni=7), smaller))
    assert [one.effect for one in consequences(nodes)] == [
        Effect.VNET_REMOVED,
        Effect.VNET_INTERRUPTED,
        Effect.MTU_SMALLER,
    ]
