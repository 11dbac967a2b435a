"""Strategies for clusters and for pvesdn.cfg: valid definitions of every model, in any order."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Definitions:
    """Sections of pvesdn.cfg that belong together, for a cluster of node1, node2 and node3."""

    sections: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.sections)


def section(kind: str, name: str, **properties: object) -> str:
    lines = [f"\t{key.replace('_', '-')} {value}" for key, value in properties.items() if value is not None]
    return "\n".join([f"{kind}: {name}", *lines, ""])


@st.composite
def definitions(draw: st.DrawFn, *, largest_vni: int = 16_777_214) -> Definitions:
    """Up to four zones of any kind, each with up to three VNets, and exits where the model has them."""
    kinds = draw(st.lists(st.sampled_from(["unicast", "multicast", "none", "asymmetric", "symmetric"]), max_size=4))
    sections = [section("underlay", "cluster", network="192.168.0.0/24")]
    if set(kinds) & {"none", "asymmetric", "symmetric"}:
        sections.append(section("evpn-controller", "main", asn=draw(st.integers(1, 4_294_967_295))))
    vnis = iter(draw(st.lists(st.integers(1, largest_vni), min_size=16, max_size=16, unique=True)))
    for number, kind in enumerate(kinds):
        zone = f"zone{number}"
        sections += draw(_zone(zone, number, kind, [next(vnis) for _ in range(4)]))
    return Definitions(tuple(draw(st.permutations(sections))))


@st.composite
def _zone(draw: st.DrawFn, zone: str, number: int, kind: str, vnis: list[int]) -> list[str]:
    is_evpn = kind in {"none", "asymmetric", "symmetric"}
    nodes = draw(st.sampled_from([None, "node1,node2", "node2;node3", "node3"]))
    sections = [
        section(
            "evpn" if is_evpn else "vxlan",
            zone,
            nodes=nodes,
            mtu=draw(st.sampled_from([None, 1400])),
            controller="main" if is_evpn else None,
            irb=kind if is_evpn else None,
            vrf_vxlan=vnis[3] if kind == "symmetric" else None,
            multicast_group="225.20.1.1" if kind == "multicast" else None,
            flood=draw(st.sampled_from([None, 0])) if is_evpn else None,
        )
    ]
    for index in range(draw(st.integers(0, 3))):
        vnet = f"v{number}n{index}"
        sections.append(section("vnet", vnet, zone=zone, tag=vnis[index], alias=draw(st.sampled_from([None, "a web"]))))
        if kind in {"asymmetric", "symmetric"} and draw(st.booleans()):
            subnet = f"{zone}-10.{number}.{index}.0-24"
            sections.append(section("subnet", subnet, vnet=vnet, gateway=f"10.{number}.{index}.254"))
    if kind == "symmetric" and draw(st.booleans()):
        node = draw(st.sampled_from((nodes or "node1,node2,node3").replace(";", ",").split(",")))
        sections.append(
            section(
                "exit",
                f"exit{number}",
                zone=zone,
                node=node,
                interface=f"eno2.{100 + number}",
                address=f"172.16.{number}.1/24",
                gateways=draw(st.sampled_from([f"172.16.{number}.254", f"172.16.{number}.254,172.16.{number}.253"])),
            )
        )
    return sections
