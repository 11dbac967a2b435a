"""Nodes with a routed underlay: devices, addresses and routes as a test needs them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

from pvesdn.model.facts import Link, NodeFacts, Route
from tests.unit.design.network import facts

UNDERLAY = "underlay: cluster\n\tnetwork 10.255.0.0/24\n\n"
PLAIN = UNDERLAY + "vxlan: plain\n\nvnet: vmbr2\n\tzone plain\n\ttag 2\n\n"


def link(text: str) -> Link:
    """`eno1 9000`, `dummy0 1500 dummy`, `vmbr0 1500 bridge`: a name, an MTU, and the kind where it is no NIC."""
    name, mtu, *kind = text.split()
    return Link(name, int(mtu), kind=kind[0] if kind else "")


def route(text: str, *, family: int = 4, flags: Iterable[str] = ()) -> Route:
    """`10.0.0.0/8 via 10.1.0.2 dev eno1 metric 20 proto ospf src 10.2.0.1 mtu 1400`, a kind of route before its
    destination.
    """
    words = text.split()
    kind = words.pop(0) if words[0].isalpha() and words[0] != "default" else "unicast"
    said = dict(zip(words[1::2], words[2::2], strict=True))
    return Route(
        destination=words[0],
        device=said.get("dev", ""),
        source=ip_address(said["src"]) if "src" in said else None,
        gateway=ip_address(said["via"]) if "via" in said else None,
        family=family,
        metric=int(said.get("metric", 0)),
        mtu=int(said["mtu"]) if "mtu" in said else None,
        protocol=said.get("proto", ""),
        kind=kind,
        flags=frozenset(flags),
    )


def node(
    name: str,
    links: Iterable[str],
    addresses: Mapping[str, str | tuple[str, ...]],
    routes: Iterable[str | Route],
    **more: Any,
) -> NodeFacts:
    """A node that has these devices beside `lo`, these addresses by device, and these routes of IPv4."""
    held = [
        (device, ip_interface(text))
        for device, texts in addresses.items()
        for text in ((texts,) if isinstance(texts, str) else texts)
    ]
    return replace(
        facts(name),
        links=(Link("lo", 65536), *map(link, links)),
        addresses=(("lo", ip_interface("127.0.0.1/8")), *held),
        routes=tuple(found if isinstance(found, Route) else route(found) for found in routes),
        tables=frozenset({4, 6}),
        **more,
    )


def routed(name: str, *, nodes: int = 3, mtu: int = 9000, holder: str = "lo", gone: Iterable[str] = ()) -> NodeFacts:
    """A node with its VTEP 10.255.0.N on `holder`, and host routes over eno1 to those of the others
    that are not gone.
    """
    number = int(name[-1])
    others = [n for n in range(1, nodes + 1) if n != number and f"node{n}" not in set(gone)]
    links = [f"eno1 {mtu}", "mgmt0 1500", *(["dummy0 1500 dummy"] if holder == "dummy0" else [])]
    addresses: dict[str, str | tuple[str, ...]] = {
        holder: f"10.255.0.{number}/32",
        "eno1": f"172.16.0.{number}/24",
        "mgmt0": f"192.168.0.{number}/24",
    }
    if holder == "eno1":
        addresses = {"eno1": (f"172.16.0.{number}/24", f"10.255.0.{number}/32"), "mgmt0": f"192.168.0.{number}/24"}
    return node(
        name,
        links,
        addresses,
        (
            "default via 192.168.0.254 dev mgmt0",
            f"172.16.0.0/24 dev eno1 src 172.16.0.{number} proto kernel",
            f"192.168.0.0/24 dev mgmt0 src 192.168.0.{number} proto kernel",
            *(f"10.255.0.{n} via 172.16.0.{n} dev eno1 proto ospf metric 20" for n in others),
        ),
    )
