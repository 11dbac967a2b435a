"""VTEPs that would lose each other: what brings the routes between them goes with frr.conf, and something has to take
over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pvesdn.model.cluster import UnderlayPath, Vtep
from pvesdn.model.hand_written import FrrRoute, FrrText
from pvesdn.model.ranges import ranges
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.stanza_words import listed

_NAMES = {"ospf": "OSPF", "openfabric": "OpenFabric", "ospf6": "OSPFv3", "isis": "IS-IS", "bgp": "BGP", "rip": "RIP",
          "ripng": "RIPng", "eigrp": "EIGRP", "babel": "Babel"}  # fmt: skip
"""Routing protocols by the word that FRR and the kernel have for them."""
_FABRICS = frozenset({"ospf", "openfabric"})
"""Those that PVE switches off outside of its fabrics (docs/decisions/0016-ospf-by-a-fabric.md)."""
_STATIC = frozenset({"static", "196"})
"""zebra's own number for them, RTPROT_ZSTATIC, has the kernel's word where FRR's list is installed for iproute2."""
_IPV6 = 6

_FABRIC = "have a fabric of PVE take over in the same apply: docs/import.md, 'Where FRR runs the underlay too'"
_ROUTES = "write routes to them into /etc/network/interfaces; then import again"
_KEEP = "write the lines shown for /etc/frr/frr.conf.local there before the apply: docs/import.md, step 5"


def tell_lost_paths(
    frr: Mapping[str, FrrText], vteps: Mapping[str, Vtep], keeps: Collection[str], book: Notebook
) -> None:
    """Enter what brings the routes to the other VTEPs and goes with frr.conf.

    :param frr: by node whose frr.conf is replaced.
    :param keeps: nodes with lines that frr.conf.local keeps in effect.
    """
    found = {node: _protocols(text, vteps[node]) for node, text in sorted(frr.items())}
    for protocol, name in _NAMES.items():
        nodes: dict[str, list[str]] = {}
        for node in (node for node, protocols in found.items() if protocol in protocols):
            hint = _FABRIC if protocol in _FABRICS else _KEEP if node in keeps else _ROUTES
            nodes.setdefault(hint, []).append(node)
        for hint, those in nodes.items():
            what = f"the other VTEPs are reached by {name}, and 'router {protocol}' goes with frr.conf"
            book.warn(ranges(those), what, hint)
    for node, text in sorted(frr.items()):
        if statics := list(_statics(text, vteps[node])):
            _tell_statics(node, statics, book)


def _tell_statics(node: str, found: list[tuple[FrrRoute, UnderlayPath]], book: Notebook) -> None:
    prefixes = listed(list(dict.fromkeys(route.prefix for route, _ in found)))
    what = f"other VTEPs are reached by static routes of frr.conf, which go with it ({prefixes})"
    route, path = found[0]
    way = f"via {route.via}" if route.via not in path.devices else f"dev {route.via}"
    family = "-6 " if path.peer.version == _IPV6 else ""
    device = path.devices[0] if path.devices else "the interface that leads there"
    hint = (
        f"move each to /etc/network/interfaces, as 'up ip {family}route add {route.prefix} {way}' in the stanza of "
        f"{device}; then import again"
    )
    book.warn(node, what, hint)


def _statics(text: FrrText, vtep: Vtep) -> Iterator[tuple[FrrRoute, UnderlayPath]]:
    routes = {route.prefix: route for route in text.routes if route.vrf is None}
    for path in vtep.paths.values():
        if path.protocol in _STATIC and path.route in routes:
            yield routes[path.route], path


def _protocols(text: FrrText, vtep: Vtep) -> frozenset[str]:
    """The routing protocols by which a node reaches other VTEPs, and which its frr.conf runs."""
    used = {_daemon(path) for path in vtep.paths.values()}
    runs = {line.text.split()[1] for line in text.foreign if line.text.startswith("router ")}
    runs |= {"bgp" for router in text.routers if router.vrf is None}
    return frozenset(used & runs)


def _daemon(path: UnderlayPath) -> str:
    """The kernel has one number for both versions of OSPF."""
    return "ospf6" if path.protocol == "ospf" and path.peer.version == _IPV6 else path.protocol
