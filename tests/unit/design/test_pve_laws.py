"""What holds for any definitions of PVE's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pvesdn.design.pve.interfaces import design_pve_frr, design_sdn_file
from tests.examples import examples
from tests.unit.design import pve_values as pve

NODES = tuple(
    replace(pve.facts(f"node{number}", number=number), links=links)
    for number, links in enumerate(
        (
            (pve.Link("eno1", master="vmbr0"), pve.Link("vmbr0", kind="bridge", vlan_filtering=False)),
            (pve.Link("eno1", master="vmbr0"), pve.Link("vmbr0", kind="bridge", vlan_filtering=True)),
            (pve.Link("eno1", master="ovs-system"), pve.Link("vmbr0", kind="openvswitch")),
        ),
        start=1,
    )
)
NAMES = [node.node for node in NODES]
ZONES = ("aa", "Bb", "z1", "z10")
some_nodes = st.none() | st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(",".join)
flags = st.booleans()
mtus = st.none() | st.integers(1000, 9000)


@st.composite
def zones(draw, index):
    id_ = ZONES[index]
    common = {"nodes": draw(some_nodes), "mtu": draw(mtus)}
    kind = draw(st.sampled_from([pve.simple, pve.vlan, pve.qinq, pve.vxlan, pve.evpn]))
    if kind is pve.qinq:
        return kind(id_, **common, **{"tag": 10 + index, "vlan-protocol": draw(st.none() | st.just("802.1ad"))})
    if kind is not pve.evpn:
        return kind(id_, **common)
    return pve.evpn(
        id_,
        **common,
        exitnodes=draw(some_nodes) or "",
        **{
            "vrf-vxlan": 4000 + index,
            "exitnodes-primary": draw(st.none() | st.sampled_from(NAMES)),
            "exitnodes-local-routing": draw(flags),
            "advertise-subnets": draw(flags),
        },
    )


@st.composite
def beside(draw):
    """Controllers and fabrics: EVPN over peers or over a fabric, BGP and IS-IS on some nodes."""
    way = draw(st.sampled_from([{}, {"peers": "", "fabric": "lab"}]))
    objects: list[Any] = [pve.controller(**way)]
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        loopback = draw(st.none() | st.just("lo"))
        objects.append(pve.bgp(draw(st.sampled_from(["b", "z"])) + name, node=name, asn=65001, loopback=loopback))
        objects.append(pve.isis(f"isis{name}", node=name, loopback=loopback))
    members = (pve.member(number, "eno2", f"eno{number}") for number in draw(st.sets(st.sampled_from([1, 2, 3]))))
    return [*objects, pve.fabric("lab", *members, protocol=draw(st.sampled_from(["openfabric", "ospf"])))]


@st.composite
def definitions(draw):
    found = [draw(zones(index)) for index in range(draw(st.integers(1, len(ZONES))))]
    objects = [*draw(beside()), *found]
    for number in range(draw(st.integers(0, 6))):
        zone, id_ = draw(st.sampled_from(found)).id, f"v{number}"
        objects.append(pve.vnet(id_, zone, draw(st.none() | st.just(100 + number)), vlanaware=draw(flags)))
        for third in draw(st.lists(st.integers(0, 3), unique=True, max_size=3)):
            base = draw(st.sampled_from([f"10.{number}.{third}.", f"2001:db8:{number}:{third}::"]))
            cidr = f"{base}0/24" if "." in base else f"{base}/64"
            gateway = draw(st.none() | st.just(f"{base}1"))
            objects.append(pve.subnet(id_, zone, cidr, gateway, snat=draw(flags)))
    return objects


def designs(objects):
    cluster = pve.given(*objects, nodes=NODES)
    return [(design_sdn_file(cluster, node), design_pve_frr(cluster, node)) for node in NAMES]


@given(objects=definitions(), data=st.data())
@settings(max_examples=examples(60), deadline=None)
def test_the_order_of_definitions_has_no_meaning(objects, data):
    assert designs(data.draw(st.permutations(objects))) == designs(objects)


@given(objects=definitions())
@settings(max_examples=examples(60), deadline=None)
def test_stanzas_are_sorted_and_their_names_are_unique(objects):
    for file, _ in designs(objects):
        names = [stanza.name for stanza in file.stanzas]
        assert names == sorted(set(names))


@given(objects=definitions())
@settings(max_examples=examples(60), deadline=None)
def test_no_node_is_its_own_peer(objects):
    for number, (file, frr) in enumerate(designs(objects), start=1):
        own = {f"192.168.0.{number}", f"172.20.30.{number}"}
        assert all(own.isdisjoint(getattr(stanza, "remotes", ())) for stanza in file.stanzas)
        groups = [group for router in frr.routers for group in router.groups if group.name == "VTEP"]
        assert all(own.isdisjoint(group.neighbors) for group in groups)


def named(stanza):
    """The devices that a stanza names, without the VLANs that ifupdown2 makes of their names."""
    found = [getattr(stanza, word, None) for word in ("port", "vrf", "peer", "pair", "uplink")]
    ports = getattr(stanza, "ports", ())
    found += ports.split() if isinstance(ports, str) else [port for line in ports for port in line.split()]
    return {name for name in found if name and name != "none" and "." not in name}


@given(objects=definitions())
@settings(max_examples=examples(60), deadline=None)
def test_every_device_that_a_stanza_names_has_a_stanza(objects):
    for file, _ in designs(objects):
        names = {stanza.name for stanza in file.stanzas}
        for stanza in file.stanzas:
            assert named(stanza) <= names
