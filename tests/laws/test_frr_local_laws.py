"""Our block in frr.conf.local: PVE's merge loses no line of it, whatever PVE generates and
whatever stands before it.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pvesdn.decode.frr.local import read_local
from pvesdn.design.merge.local import merge_local
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
from pvesdn.model.frr_local import LocalKind, LocalLine
from pvesdn.render.engine import environment
from pvesdn.render.frr import frr_conf, frr_conf_local
from tests.examples import examples

ENV = environment()
UNCLOSED = "has no exit"
OPENERS = ("router ", "vrf ", "interface ", "route-map ", "address-family ")
ENDS = (LocalKind.EXIT, LocalKind.END_FAMILY)
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
        vrrp=draw(st.sampled_from([(), (VrrpInterface("eno2", 1, 200, (ip_address("172.16.0.10"),)),)])),
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
@settings(max_examples=examples(150), deadline=None)
def test_every_line_of_our_block_reaches_its_place(data):
    pve = data.draw(generated())
    before = "".join(data.draw(st.lists(st.sampled_from(ADMINS), max_size=3)))
    file = frr_conf_local(ENV, data.draw(blocks(pve)), before)
    assert file is not None
    assert file.text is not None
    lines = read_local(file.text)
    found = merge_local(pve, lines).faults
    assume(not any(UNCLOSED in fault.what for fault in found))
    assert [fault for fault in found if fault.line.is_ours] == []
    ours = file.text.partition(FRR_LOCAL_BEGIN)[2].partition(FRR_LOCAL_END)[0]
    merged = frr_conf(ENV, written(pve, lines)).text
    assert merged is not None
    assert tree(ours).keys() <= tree(merged).keys()


def written(pve: FrrConfig, lines: tuple[LocalLine, ...]) -> FrrConfig:
    """What PVE writes, where it does not fail."""
    config = merge_local(pve, lines).merged
    assume(config is not None)
    assert config is not None
    return config


@given(data=st.data())
@settings(max_examples=examples(100), deadline=None)
def test_what_pve_generates_stays_as_it_is_unless_it_is_said_to_be_cut_short(data):
    pve = data.draw(generated())
    lines = read_local("".join(data.draw(st.lists(st.sampled_from(ADMINS), max_size=4))))
    before, after = frr_conf(ENV, pve).text, frr_conf(ENV, written(pve, lines)).text
    assert before is not None
    assert after is not None
    assert tree(before) <= tree(after)


WORDS = (
    "router bgp 65000", "router bgp 65001", "router bgp 65000 vrf vrf_aa", "router bgp 65000 vrf default", "router ospf",
    "router isis core", "vrf vrf_aa", "vrf vrf_new", "interface eno2", "interface eno9", "route-map x permit 7",
    "route-map MAP_VTEP_IN deny 1", "ip prefix-list A seq 5 permit any", " address-family ipv4 unicast",
    " address-family l2vpn evpn", " exit-address-family", "exit", "exit-vrf", " neighbor 10.0.0.9 shutdown", "bfd",
    "ip route 10.0.0.0/8 10.0.0.1", "# a remark", "! address-family ipv6 unicast", "!", " exit", "quit", "log file x",
    " neighbor 10.0.0.9 description ready!", "ip prefix-list A permit any", "hostname other", "line vty", "end",
)  # fmt: skip
PRINTED_BY_FRR = frozenset({"hostname other", "line vty", "end"})
"""What FRR prints around a configuration: outside of a block it is dropped, and no loss."""


@given(pve=generated(), words=st.lists(st.sampled_from(WORDS), max_size=14))
@settings(max_examples=examples(400), deadline=None)
def test_no_line_is_lost_without_a_word(pve, words):
    lines = read_local("\n".join((*words, "")))
    merge = merge_local(pve, lines)
    found, config = merge.faults, merge.merged
    assert (config is None) is any(fault.is_fatal for fault in found)
    assume(config is not None)
    assert config is not None
    text = frr_conf(ENV, config).text
    assert text is not None
    printed = Counter(line.strip() for line in text.splitlines())
    named = {fault.line.number for fault in found}
    for line in lines:
        is_plain = line.kind in (LocalKind.OTHER, LocalKind.LIST) and not line.is_comment
        is_plain = is_plain and not line.is_hidden_exit and line.text not in PRINTED_BY_FRR
        assert not is_plain or line.number in named or printed[line.text.strip()] > 0
    strays = sum(printed[word] for word in ("exit", "exit-vrf", "exit-address-family"))
    openers = sum(word.startswith(OPENERS) for word in (line.strip() for line in text.splitlines()))
    hidden = sum(line.is_hidden_exit for line in lines)
    if not any(fault.line.kind in ENDS or not fault.is_loss for fault in found):
        assert strays <= openers + hidden


@given(pve=generated(), words=st.lists(st.sampled_from(WORDS), max_size=14))
@settings(max_examples=examples(200), deadline=None)
def test_a_file_in_which_every_block_has_its_end_breaks_none_of_pves(pve, words):
    closed = []
    for word in words:
        if word.startswith(("router", "vrf", "interface", "route-map")):
            closed += [word, " description x", "exit"]
    lines = read_local("\n".join((*closed, "")))
    config = merge_local(pve, lines).merged
    assert config is not None
    assert not any(UNCLOSED in fault.what or fault.is_fatal for fault in merge_local(pve, lines).faults)
