"""A routed underlay of any shape, and what becomes of it when a member goes off."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_interface

from hypothesis import given
from hypothesis import strategies as st

from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.design.checks.all_checks import check
from pvesdn.design.ours.vteps import choose_vteps, seen_now
from pvesdn.encode.seen import encode_seen
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.findings import Severity
from pvesdn.model.ifupdown import VnetBridge
from tests.laws.test_design_laws import NODES, definitions, designs, law, names, printed
from tests.unit.design.network import facts
from tests.unit.design.network import given as network
from tests.unit.design.underlay import route

NAMES = tuple(f"node{number}" for number in range(1, NODES + 1))
CARRIERS = ("eno1", "bond0.100", "vmbr0")
Ways = Mapping[tuple[str, str], tuple[str, ...]]
ways = st.fixed_dictionaries(
    {
        (a, b): st.lists(st.sampled_from(CARRIERS), min_size=1, max_size=2, unique=True).map(tuple)
        for a in NAMES
        for b in NAMES
    }
)
sizes = st.fixed_dictionaries(
    {(name, device): st.sampled_from((1500, 1600, 9000)) for name in NAMES for device in CARRIERS}
)
holders = st.fixed_dictionaries(dict.fromkeys(NAMES, st.sampled_from(("lo", "dummy0", "vmbr0"))))


def node(name: str, holder: str, mtus: Mapping[tuple[str, str], int], paths: Ways, *, gone: str = "") -> NodeFacts:
    """A node whose VTEP is on `holder`, with a route to each other that is not gone, and a default
    route for the rest.
    """
    own = NAMES.index(name) + 1
    hops = [
        f"192.168.0.{number} via 172.16.{hop}.{number} dev {device} proto ospf metric 20"
        for number, peer in enumerate(NAMES, 1)
        if peer not in (name, gone)
        for hop, device in enumerate(paths[name, peer])
    ]
    return replace(
        facts(name),
        links=(
            *(Link("lo", 65536), Link("dummy0", 1500, kind="dummy"), Link("eno2", 1500), Link("mgmt0", 1400)),
            *(Link(device, mtus[name, device]) for device in CARRIERS),
        ),
        addresses=((holder, ip_interface(f"192.168.0.{own}/32")), ("mgmt0", ip_interface(f"10.99.0.{own}/24"))),
        routes=tuple(route(text) for text in ("default via 10.99.0.254 dev mgmt0", *hops)),
        tables=frozenset({4, 6}),
    )


def cluster(sections: tuple[str, ...], nodes: Mapping[str, NodeFacts]) -> DesignInput:
    cfg = "\n\n".join(sections).replace("225.20.1.1", "225.20.1.1\n\tmulticast-interface eno1") + "\n"
    return network(cfg, nodes=NODES, offline=set(NAMES) - nodes.keys(), instead=nodes)


def findings(known: DesignInput) -> list[str]:
    vteps, findings = choose_vteps(known)
    return [str(found) for found in (*findings, *check(known, vteps)) if found.severity is not Severity.NOTE]


underlays = st.tuples(holders, sizes)


@law
@given(definitions(), names, ways, ways, underlays)
def test_a_member_that_goes_off_with_its_routes_changes_nothing_on_the_others(
    sections: tuple[str, ...],
    gone: str,
    paths: Ways,
    detours: Ways,
    underlay: tuple[Mapping[str, str], Mapping[tuple[str, str], int]],
) -> None:
    holder, mtus = underlay
    before = cluster(sections, {name: node(name, holder[name], mtus, paths) for name in NAMES})
    seen = decode_seen(encode_seen(seen_now(before, choose_vteps(before)[0])))
    left = {name: node(name, holder[name], mtus, detours, gone=gone) for name in NAMES if name != gone}
    after = replace(cluster(sections, left), seen=seen)

    assert [line for line in findings(after) if line not in findings(before)] == []
    assert seen_now(after, choose_vteps(after)[0]) == seen
    expected = printed(before)
    del expected[gone]
    assert printed(after) == expected


@law
@given(definitions(), ways, underlays)
def test_no_vnet_is_larger_than_what_the_devices_between_its_zones_nodes_take(
    sections: tuple[str, ...], paths: Ways, underlay: tuple[Mapping[str, str], Mapping[tuple[str, str], int]]
) -> None:
    holder, mtus = underlay
    known = cluster(sections, {name: node(name, holder[name], mtus, paths) for name in NAMES})
    zones = {zone.id: zone.nodes or frozenset(NAMES) for zone in known.sdn.own.zones}
    room = {
        vnet.id: min(
            (mtus[a, device] - 50 for a in nodes for b in nodes if a != b for device in paths[a, b]), default=9216
        )
        for vnet in known.sdn.own.vnets
        for nodes in (zones[vnet.zone],)
    }
    for design in designs(known).values():
        for stanza in design.interfaces.stanzas if design.interfaces else ():
            if isinstance(stanza, VnetBridge):
                assert stanza.mtu <= room[stanza.name]
