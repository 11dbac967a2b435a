"""A network as a picture in text, drawn from the files that pvesdn writes: a box for each node above the underlay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.pages.sample import Sample

_GAP = "   "
_INTERFACES = "/etc/network/interfaces.d/pvesdn"
_FRR = "/etc/frr/frr.conf"

Stanza = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Node:
    """What a node's box shows.

    :param above: what its uplink leads to, and the uplink.
    :param inside: VNets and VRFs.
    :param below: tunnels and their end.
    """

    name: str
    above: tuple[str, ...]
    inside: tuple[str, ...]
    below: tuple[str, ...]


def picture(sample: Sample) -> str:
    """The picture, in lines of at most 120 columns for three nodes."""
    nodes = [_node(sample, node) for node in sample.nodes]
    width = max(len(line) for node in nodes for line in (*node.above, *node.inside, *node.below)) + 2
    columns = [_box(node, nodes, width) for node in nodes]
    rows = [_GAP.join(cells).rstrip() for cells in zip(*columns, strict=True)]
    total = len(nodes) * (width + 2) + (len(nodes) - 1) * len(_GAP)
    rows.append(_rail(len(nodes), width, total))
    rows.append(_underlay(sample).center(total).rstrip())
    return "\n".join(rows)


def _box(node: _Node, nodes: Sequence[_Node], width: int) -> list[str]:
    above = max(len(each.above) for each in nodes)
    inside = max(len(each.inside) for each in nodes)
    below = max(len(each.below) for each in nodes)
    blank = " " * (width + 2)
    rows = [blank] * (above - len(node.above)) + [text.center(width + 2) for text in node.above]
    rows.append(f"┌{_with_joint(node.name, width, '┴' if node.above else '')}┐")
    rows += [f"│ {text:<{width - 1}}│" for text in _padded(node.inside, inside)]
    rows.append(f"├{'─' * width}┤")
    rows += [f"│ {text:<{width - 1}}│" for text in _padded(node.below, below)]
    rows.append(f"└{_with_joint('', width, '┬')}┘")
    return rows


def _with_joint(name: str, width: int, joint: str) -> str:
    """A horizontal edge with a name in it, and where something is joined to it in the middle."""
    edge = f"─ {name} ".ljust(width, "─") if name else "─" * width
    middle = width // 2
    return f"{edge[:middle]}{joint}{edge[middle + 1 :]}" if joint else edge


def _padded(lines: Sequence[str], count: int) -> list[str]:
    return [*lines, *([""] * (count - len(lines)))]


def _rail(count: int, width: int, total: int) -> str:
    """The underlay, joined to the middle of each box."""
    rail = ["═"] * total
    for number in range(count):
        rail[number * (width + 2 + len(_GAP)) + 1 + width // 2] = "╧"
    return "".join(rail)


# --- what is written --------------------------------------------------------------------------------------------------


def _node(sample: Sample, node: str) -> _Node:
    stanzas = _stanzas(sample.text(node, _INTERFACES))
    frr = sample.text(node, _FRR)
    return _Node(
        node,
        tuple(_above(stanzas, frr)),
        tuple(_inside(stanzas)) or ("(nothing)",),
        tuple(_below(stanzas)) or ("(no tunnels)",),
    )


def _stanzas(text: str) -> Mapping[str, Stanza]:
    found: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("iface "):
            current = found.setdefault(line.split()[1], {})
        elif line.startswith("\t"):
            key, _, value = line.strip().partition(" ")
            current.setdefault(key, []).append(value)
    return found


def _is_bridge(name: str, stanza: Stanza) -> bool:
    return "bridge-ports" in stanza and not name.startswith("vrfbr_")


def _above(stanzas: Mapping[str, Stanza], frr: str) -> list[str]:
    routes = re.findall(r"^ ip(?:v6)? route (?:0\.0\.0\.0/0|::/0) (\S+) (\S+)$", frr, re.MULTILINE)
    lines = [f"router {gateway}" for gateway, _ in routes]
    for name in dict.fromkeys(interface for _, interface in routes):
        lines.append("│")
        lines.append(f"{name} {' '.join(stanzas[name]['address'])}")
        lines += [f"VRRP {address.partition('/')[0]}" for address in stanzas[name].get("vrrp-virtual-ip", ())]
        lines += [f"VRRP {words.split()[-1].partition('/')[0]}" for words in stanzas[name].get("vrrp", ())]
    return lines


def _inside(stanzas: Mapping[str, Stanza]) -> list[str]:
    bridges = {name: stanza for name, stanza in stanzas.items() if _is_bridge(name, stanza)}
    lines = []
    for vrf in (*(name for name, stanza in stanzas.items() if "vrf-table" in stanza), None):
        members = {name: stanza for name, stanza in bridges.items() if stanza.get("vrf", [None])[0] == vrf}
        if vrf is not None:
            lines.append(vrf)
        for name, stanza in members.items():
            margin = "  " if vrf else ""
            gateways = "".join(f"  {address}" for address in stanza.get("address", ()))
            lines.append(f"{margin}VNet {name}{gateways}")
    return lines


def _below(stanzas: Mapping[str, Stanza]) -> list[str]:
    tunnels = {name: stanza for name, stanza in stanzas.items() if "vxlan-id" in stanza}
    lines = []
    for name, stanza in tunnels.items():
        vni = stanza["vxlan-id"][0]
        lines.append(f"{name}  {'L3VNI' if name.startswith('vrfvx_') else 'VNI'} {vni}")
    lines += [
        f"VTEP {local}" for local in dict.fromkeys(stanza["vxlan-local-tunnelip"][0] for stanza in tunnels.values())
    ]
    return lines


def _underlay(sample: Sample) -> str:
    """What runs over the underlay, in words."""
    words = []
    texts = [sample.text(node, _INTERFACES) for node in sample.nodes]
    if groups := sorted(set(re.findall(r"vxlan-mcastgrp6? (\S+)", "".join(texts)))):
        words.append(f"flooded to group {', '.join(groups)}")
    if any("vxlan-remoteip" in text for text in texts):
        words.append("flooded to every other VTEP")
    frr = "".join(sample.text(node, _FRR) for node in sample.nodes)
    if "address-family l2vpn evpn" in frr:
        asns = sorted(set(re.findall(r"^router bgp (\d+)$", frr, re.MULTILINE)))
        words.append(f"BGP EVPN, AS {', '.join(asns)}")
    mtus = sorted(
        {mtu for text in texts for stanza in _stanzas(text).values() for mtu in stanza.get("mtu", ())}, key=int
    )
    return "; ".join(("underlay: VXLAN", *words, f"MTU inside {', '.join(mtus)}"))
