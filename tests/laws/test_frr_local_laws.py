"""Our block in frr.conf.local: PVE's merge loses no line of it, whatever PVE generates and whatever stands before it."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from pvesdn.decode.frr_local import read_local
from pvesdn.design.merge_local import faults, merge_local
from pvesdn.model.files import FRR_LOCAL_BEGIN, FRR_LOCAL_END
from pvesdn.model.frr import (
    BgpRouter,
    EvpnActivation,
    FrrConfig,
    IsisInterface,
    L2vpnEvpn,
    PeerGroup,
    RouteMapEntry,
    StaticRoute,
    Unicast,
    VniTargets,
    VrfBinding,
    VrrpInterface,
)
from pvesdn.render.engine import environment
from pvesdn.render.frr import frr_conf, frr_conf_local

ENV = environment()
ASN = 65000
VRFS = ("vrf_aa", "vrf_bb", "vrf_cc")
FAMILIES = ("ipv4", "ipv6")
ADMINS = (
    "ip prefix-list A seq 5 permit 10.0.0.0/8\n",
    "router bgp 65000\n bgp bestpath med\n",
    "router bgp 65000 vrf vrf_aa\n address-family ipv6 unicast\n  redistribute static\n exit-address-family\n",
    "exit\nip route 10.0.0.0/8 10.0.0.1\n",
    "route-map x permit 10\n set metric 1\n",
    "interface eno1\n isis metric 9\n",
)
vrfs = st.lists(st.sampled_from(VRFS), unique=True).map(sorted)
families = st.lists(st.sampled_from(FAMILIES), unique=True).map(sorted)


def unicasts(found: list[str], *sources: str) -> tuple[Unicast, ...]:
    return tuple(Unicast(family, sources) for family in found)


@st.composite
def generated(draw):
    """What PVE has on a node."""
    routers = [BgpRouter(ASN, "10.0.0.1", evpn=draw(st.none() | st.just(L2vpnEvpn(advertise_all_vni=True))))]
    for vrf in (names := draw(vrfs)):
        evpn = draw(st.none() | st.just(L2vpnEvpn(default_originate=("ipv4",))))
        routers.append(BgpRouter(ASN, "10.0.0.1", vrf, unicasts=unicasts(draw(families), "connected"), evpn=evpn))
    return FrrConfig(
        "node1",
        version="10.4.1",
        vrfs=tuple(VrfBinding(name, 4000 + number) for number, name in enumerate(names)),
        routers=tuple(routers) if draw(st.booleans()) else (),
        isis_interfaces=draw(st.sampled_from([(), (IsisInterface("eno2", "core"),)])),
        route_maps=(RouteMapEntry("MAP_VTEP_IN", "permit", 1),),
    )


@st.composite
def blocks(draw, pve: FrrConfig):
    """What is ours beside it: routers that PVE has are added to, others are whole."""
    theirs = {router.vrf for router in pve.routers}
    found = []
    for vrf in (None, *draw(vrfs)):
        evpn = L2vpnEvpn(
            activations=(EvpnActivation("RR"),) if vrf is None else (),
            advertise=tuple(draw(families)) if vrf else (),
            vnis=(VniTargets(3, ("65535:65535",), ("65535:3",)),) if vrf is None else (),
        )
        groups = (PeerGroup("RR", str(ASN), ("10.0.0.9",), update_source="10.0.0.1"),) if vrf is None else ()
        is_merged = vrf in theirs
        router_id = None if is_merged else "10.0.0.1"
        spoken = unicasts(draw(families), "connected", "static")
        found.append(BgpRouter(ASN, router_id, vrf, is_merged=is_merged, groups=groups, unicasts=spoken, evpn=evpn))
    routes = (StaticRoute("ip", "0.0.0.0/0", "172.16.0.254", "eno2"),)
    return FrrConfig(
        "node1",
        is_local_block=True,
        vrfs=tuple(VrfBinding(router.vrf, None, routes) for router in found if router.vrf),
        routers=tuple(found),
        vrrp=draw(st.sampled_from([(), (VrrpInterface("eno2", 1, 200, ("172.16.0.10",)),)])),
    )


def tree(text: str) -> Counter[tuple[str, ...]]:
    """Each line with the blocks it stands in, as FRR reads the file."""
    found: Counter[tuple[str, ...]] = Counter()
    blocks: list[tuple[int, str]] = []
    for line in text.splitlines():
        word = line.strip()
        if not word or word.startswith(("!", "exit")):
            continue
        depth = len(line) - len(line.lstrip(" "))
        blocks = [block for block in blocks if block[0] < depth]
        found[(*(name for _, name in blocks), word)] += 1
        blocks.append((depth, word))
    return found


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_every_line_of_our_block_reaches_its_place(data):
    pve = data.draw(generated())
    before = "".join(data.draw(st.lists(st.sampled_from(ADMINS), max_size=3)))
    file = frr_conf_local(ENV, data.draw(blocks(pve)), before)
    assert file is not None
    assert file.text is not None
    lines = read_local(file.text)
    assert [fault for fault in faults(pve, lines) if fault.line.is_ours] == []
    ours = file.text.partition(FRR_LOCAL_BEGIN)[2].partition(FRR_LOCAL_END)[0]
    merged = frr_conf(ENV, merge_local(pve, lines)).text
    assert merged is not None
    assert tree(ours).keys() <= tree(merged).keys()


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_pve_generates_stays_as_it_is(data):
    pve = data.draw(generated())
    text = "".join(data.draw(st.lists(st.sampled_from(ADMINS), max_size=4)))
    before, after = frr_conf(ENV, pve).text, frr_conf(ENV, merge_local(pve, read_local(text))).text
    assert before is not None
    assert after is not None
    assert tree(before) <= tree(after)
