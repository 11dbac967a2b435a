"""What `[apply] reload = "changed"` leaves is what a whole reload leaves, whatever definitions follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pvesdn.model.flags import PlanFlags
from pvesdn.model.report import ApplyReport
from pvesdn.model.verification import Discrepancy, Subject
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.verify import verify
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import apply_in, errors, plan_of, serving, state_of, world_of
from tests.examples import examples
from tests.laws.definitions import section

NAMES = ("we", "web", "web1", "wex")
"""Some begin as others do."""
ZONES = {"zo": "symmetric", "zon": "symmetric", "zone": "asymmetric", "plain": "unicast", "l2": "none"}
"""Their kinds; a unicast one may flood by multicast as well."""


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Definitions in which little is there, so that two of them have much in common: names, numbers, zones."""
    zones = draw(st.sets(st.sampled_from(sorted(ZONES)), min_size=1))
    sections = [section("evpn-controller", "main", asn=1234)]
    nodes = {}
    for zone in sorted(zones):
        nodes[zone] = draw(st.sampled_from([None, None, "pve1,pve2", "pve2,pve3"]))
        sections.append(_zone(draw, zone, nodes[zone]))
    tags = draw(st.permutations(range(2, 7)))
    for name, tag in zip(draw(st.sets(st.sampled_from(NAMES))), tags, strict=False):
        sections += _vnet(draw, name, draw(st.sampled_from(sorted(zones))), tag)
    if "zo" in zones and nodes["zo"] is None and draw(st.booleans()):
        where = {"node": draw(st.sampled_from(["pve1", "pve3"])), "interface": "eno2"}
        sections.append(section("exit", "out", zone="zo", **where, address="172.16.0.1/24", gateways="172.16.0.254"))
    return "\n".join(sections)


def _zone(draw: st.DrawFn, zone: str, nodes: str | None) -> str:
    kind, mtu = ZONES[zone], draw(st.sampled_from([None, None, 1400]))
    if kind == "unicast":
        group = draw(st.sampled_from([None, None, "225.20.1.1"]))
        return section("vxlan", zone, nodes=nodes, mtu=mtu, multicast_group=group)
    vrf_vxlan = draw(st.sampled_from([4000, 4002] if zone == "zo" else [4001])) if kind == "symmetric" else None
    mac = draw(st.sampled_from([None, "02:00:00:00:00:09"])) if kind != "none" else None
    flood = draw(st.sampled_from([None, None, 0])) if kind != "none" else None
    return section(
        "evpn", zone, nodes=nodes, mtu=mtu, controller="main", irb=kind, vrf_vxlan=vrf_vxlan, mac=mac, flood=flood
    )


def _vnet(draw: st.DrawFn, name: str, zone: str, tag: int) -> Iterator[str]:
    is_aware = ZONES[zone] == "unicast" and draw(st.booleans())
    alias = draw(st.sampled_from([None, "a web"]))
    yield section("vnet", name, zone=zone, tag=tag, alias=alias, vlanaware=1 if is_aware else None)
    if ZONES[zone] in {"symmetric", "asymmetric"}:
        number = NAMES.index(name)
        families = draw(st.sets(st.sampled_from([4, 6])))
        if 4 in families:
            last = draw(st.sampled_from([1, 254]))
            yield section("subnet", f"{zone}-10.0.{number}.0-24", vnet=name, gateway=f"10.0.{number}.{last}")
        if 6 in families:
            yield section("subnet", f"{zone}-2001:db8:{number}::-64", vnet=name, gateway=f"2001:db8:{number}::1")


FLAGS = PlanFlags(detach_guests=True)


def apply_by(way: str, cluster: SimulatedCluster, definitions: str) -> ApplyReport:
    cluster.write_sdn("pvesdn.cfg", definitions)
    return apply_in(replace(world_of(cluster), reloads_changed=way == "changed"), FLAGS)


def settled(cluster: SimulatedCluster) -> dict[str, object]:
    """Without what has the time in it, and without PVE's file, of which a node without any may have an empty one."""
    return {
        f"{name}: {key}": value
        for name, node in state_of(cluster).items()
        for key, value in node.items()  # type: ignore[attr-defined]
        if not key.startswith(("var/lib/pvesdn", "etc/network/interfaces.d/sdn"))
    }


def verified(cluster: SimulatedCluster) -> list[Discrepancy]:
    """But for guests that had to go, as somebody has agreed to."""
    found = verify(read_cluster(world_of(cluster), has_state=True), Renderer()).discrepancies
    return [item for item in found if item.subject is not Subject.GUEST]


def differing(one: dict[str, object], other: dict[str, object]) -> dict[str, tuple[object, object]]:
    return {key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)}


# To make an example smaller would take minutes: it is a walk of two clusters.
@pytest.mark.long
@settings(deadline=None, max_examples=examples(24), phases=(Phase.generate,))
@given(designs=st.lists(networks(), min_size=2, max_size=4), guests=st.sets(st.sampled_from(NAMES)))
def test_what_is_left_is_what_a_whole_reload_leaves(designs: list[str], guests: set[str]) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        clusters = {way: stack.enter_context(serving(folder / way, "")) for way in ("api", "changed")}
        for number, definitions in enumerate(designs):
            for way, cluster in clusters.items():
                report = apply_by(way, cluster, definitions)
                assert report.is_good, (way, errors(report))
                if not number:
                    plug_in(cluster, guests)
            assert differing(settled(clusters["changed"]), settled(clusters["api"])) == {}
            assert plan_of(clusters["changed"]).is_empty
            assert verified(clusters["changed"]) == []


def plug_in(cluster: SimulatedCluster, bridges: set[str]) -> None:
    """A guest on pve2 into each of them that is there."""
    there = cluster.nodes["pve2"].links()
    for vmid, bridge in enumerate(sorted(bridges & there.keys()), 101):
        cluster.plug_guest("pve2", bridge, vmid)
