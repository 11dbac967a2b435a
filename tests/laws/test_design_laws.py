"""What holds for every network of ours, whatever it looks like."""

import random
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pvesdn.design.carried.joining import carry
from pvesdn.design.checks.all_checks import check
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import choose_vteps, seen_now
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.files import FRR_CONF, OUR_SYSCTL
from pvesdn.model.findings import Severity
from pvesdn.model.ifupdown import Tunnel, VnetBridge, VxlanPort
from pvesdn.render.renderer import Renderer
from tests.examples import examples
from tests.unit.design.network import CONTROLLER, UNDERLAY, facts, uplink
from tests.unit.design.network import given as network

NODES = 4
names = st.sampled_from([f"node{number}" for number in range(1, NODES + 1)])
subsets = st.one_of(st.none(), st.lists(names, min_size=1, max_size=NODES, unique=True).map(sorted))
law = settings(deadline=None, max_examples=examples(40))  # each example compiles the templates
KINDS = ("vxlan", "multicast", "none", "asymmetric", "main", "symmetric")
SWITCHES = {"net.ipv4.ip_forward": "no ip forwarding", "net.ipv6.conf.all.forwarding": "no ipv6 forwarding"}


@st.composite
def definitions(draw: st.DrawFn) -> tuple[str, ...]:
    """Sections of a pvesdn.cfg that the checks accept: zones of all kinds, with VNets, gateways and exits."""
    controller = CONTROLLER.strip()
    if draw(st.booleans()):
        controller += "\n\troute-reflectors " + ",".join(draw(st.lists(names, min_size=1, max_size=2, unique=True)))
    sections = [UNDERLAY.strip(), controller]
    free = [f"node{number}" for number in range(1, NODES + 1)]
    vni = 0
    for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))):
        zone, nodes = f"zone{number}", draw(subsets)
        sections.append(_zone(zone, kind, nodes))
        for _ in range(draw(st.integers(0, 3))):
            vni += 1
            sections.append(f"vnet: vnet{vni}\n\tzone {zone}\n\ttag {vni}")
            if kind in KINDS[3:] and draw(st.booleans()):
                sections.append(f"subnet: {zone}-10.0.{vni}.0-24\n\tvnet vnet{vni}\n\tgateway 10.0.{vni}.1")
            if kind in KINDS[3:] and draw(st.booleans()):
                sections.append(f"subnet: {zone}-fd00:{vni}::-64\n\tvnet vnet{vni}\n\tgateway fd00:{vni}::1")
        if kind == "symmetric" and draw(st.booleans()):
            for node in sorted(set(nodes or free) & set(free))[:2]:
                free.remove(node)
                sections.append(uplink(zone=zone, node=node).strip())
    return tuple(sections)


def _zone(zone: str, kind: str, nodes: list[str] | None) -> str:
    where = f"\n\tnodes {','.join(nodes)}" if nodes else ""
    if kind in ("vxlan", "multicast"):
        return f"vxlan: {zone}" + where + ("\n\tmulticast-group 225.20.1.1" if kind == "multicast" else "")
    more = {
        "main": "\n\tirb asymmetric\n\tvrf main",
        "symmetric": f"\n\tirb symmetric\n\tvrf-vxlan {4000 + int(zone[4:])}",
    }
    return f"evpn: {zone}\n\tcontroller main" + more.get(kind, f"\n\tirb {kind}") + where


@st.composite
def routing(draw: st.DrawFn) -> DesignInput:
    """The same with a zone of PVE's that one of ours carries, with gateways of any family, on hosts that forward
    already or do not.
    """
    kind = draw(
        st.sampled_from(["vxlan: prod", *(f"evpn: prod\n\tcontroller main\n\tirb {irb}" for irb in KINDS[2:4])])
    )
    own = draw(st.one_of(st.just((UNDERLAY.strip(), CONTROLLER.strip())), definitions()))
    gateways = {"lan-10.9.0.0-24": "10.9.0.1", "lan-fd00:99::-64": "fd00:99::1"}
    drawn = draw(st.lists(st.sampled_from(sorted(gateways)), unique=True))
    pve = {
        "zones.cfg": "simple: lan\n\tmtu 1450\n\n",
        "vnets.cfg": "vnet: web\n\tzone lan\n\n",
        "subnets.cfg": "".join(f"subnet: {name}\n\tvnet web\n\tgateway {gateways[name]}\n\n" for name in drawn),
        "pvesdn-vnis.cfg": "",
    }
    live = {name: value for name in SWITCHES if (value := draw(st.sampled_from(["0", "1", None]))) is not None}
    nodes = {f"node{n}": facts(f"node{n}", f"192.168.0.{n}/24", sysctl=live) for n in range(1, NODES + 1)}
    sections = (*own, f"{kind}\n\tmac 44:39:39:ff:40:94\n\tcarries lan\n\tvni-range 100-103")
    return carry(network("\n\n".join(sections) + "\n", nodes=NODES, pve=pve, instead=nodes)).given


def built(sections: tuple[str, ...], **more: Any) -> DesignInput:
    made = network("\n\n".join(sections) + "\n", nodes=NODES, **more)
    vteps, findings = choose_vteps(made)
    assert not [f for f in (*findings, *check(made, vteps)) if f.severity is Severity.ERROR]
    return made


def designs(made: DesignInput) -> dict[str, NodeDesign]:
    vteps, _ = choose_vteps(made)
    shared = share(made, vteps)
    return {node: design_node(shared, node) for node in made.facts}


def printed(made: DesignInput) -> dict[str, tuple[object, ...]]:
    renderer = Renderer()
    return {node: renderer.render(design, {}) for node, design in designs(made).items()}


def tunnels(design: NodeDesign) -> dict[str, Tunnel]:
    return {} if design.interfaces is None else dict(design.interfaces.tunnels)


@law
@given(definitions(), st.randoms())
def test_the_order_of_sections_has_no_meaning(sections: tuple[str, ...], chance: random.Random) -> None:
    shuffled = list(sections)
    chance.shuffle(shuffled)
    assert printed(built(tuple(shuffled))) == printed(built(sections))


@law
@given(definitions())
def test_a_renderer_that_has_seen_other_nodes_prints_what_a_fresh_one_prints(sections: tuple[str, ...]) -> None:
    made = built(sections)
    fresh = {node: Renderer().render(design, {}) for node, design in designs(made).items()}
    assert printed(made) == fresh


@law
@given(definitions())
def test_no_node_floods_to_itself_and_flooding_is_mutual(sections: tuple[str, ...]) -> None:
    found = {node: tunnels(design) for node, design in designs(built(sections)).items()}
    for zones in found.values():
        for zone, tunnel in zones.items():
            assert tunnel.local not in tunnel.remotes
            for other in found.values():
                if zone in other and tunnel.remotes and other[zone].local != tunnel.local:
                    assert other[zone].local in tunnel.remotes
                    assert tunnel.local in other[zone].remotes


@law
@given(definitions())
def test_sessions_are_mutual_and_never_with_oneself(sections: tuple[str, ...]) -> None:
    made = built(sections)
    vteps, _ = choose_vteps(made)
    address = {node: str(vtep.address) for node, vtep in vteps.items()}
    peers = {
        node: {n for router in design.frr.routers for group in router.groups for n in group.neighbors}
        for node, design in designs(made).items()
        if design.frr is not None
    }
    for node, found in peers.items():
        assert address[node] not in found
        for other, theirs in peers.items():
            assert (address[other] in found) == (address[node] in theirs)


@law
@given(definitions(), names)
def test_a_member_that_goes_off_changes_nothing_on_the_others(sections: tuple[str, ...], node: str) -> None:
    before = built(sections)
    seen = seen_now(before, choose_vteps(before)[0])
    after = replace(built(sections, offline=[node], seen={n: (str(s.address), s.mtu) for n, s in seen.items()}))
    expected = printed(before)
    del expected[node]
    assert printed(after) == expected


@law
@given(definitions())
def test_devices_have_names_the_kernel_takes_and_vnis_of_their_own(sections: tuple[str, ...]) -> None:
    for design in designs(built(sections)).values():
        stanzas = design.interfaces.stanzas if design.interfaces else ()
        device_names = [stanza.name for stanza in stanzas]
        vnis = [stanza.vni for stanza in stanzas if isinstance(stanza, VxlanPort)]
        assert device_names == sorted(set(device_names))
        assert all(len(name) <= 15 for name in device_names)
        assert len(vnis) == len(set(vnis))


@law
@given(definitions())
def test_every_bridge_has_its_port_and_all_of_them_the_same_mtu(sections: tuple[str, ...]) -> None:
    for design in designs(built(sections)).values():
        stanzas = {stanza.name: stanza for stanza in (design.interfaces.stanzas if design.interfaces else ())}
        for stanza in stanzas.values():
            if isinstance(stanza, VnetBridge):
                port = stanzas[stanza.port]
                assert isinstance(port, VxlanPort)
                assert tunnels(design)[port.tunnel].mtu == stanza.mtu


@law
@given(definitions())
def test_every_vrf_that_is_used_exists_on_the_node(sections: tuple[str, ...]) -> None:
    for design in designs(built(sections)).values():
        stanzas = design.interfaces.stanzas if design.interfaces else ()
        used = {vrf for stanza in stanzas if (vrf := getattr(stanza, "vrf", None)) is not None}
        used |= {router.vrf for router in design.frr.routers if router.vrf} if design.frr else set()
        assert used <= {stanza.name for stanza in stanzas}


@law
@given(routing())
def test_what_our_settings_switch_on_frr_does_not_switch_off(made: DesignInput) -> None:
    """zebra does what frr.conf says when it starts, which at a boot comes after the settings."""
    shared, renderer = share(made, choose_vteps(made)[0]), Renderer()
    for node, holds_our_frr in product(made.facts, (False, True)):
        files = renderer.render(design_node(shared, node, holds_our_frr=holds_our_frr), {})
        lines = {file.path: (file.text or "").splitlines() for file in files}
        switched_on = {name for name in SWITCHES if f"{name} = 1" in lines.get(OUR_SYSCTL, ())}
        assert not [name for name in switched_on if SWITCHES[name] in lines.get(FRR_CONF, ())]
