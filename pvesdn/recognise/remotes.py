"""The lists of remotes of a VNet with head-end replication: every node must name all the others."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.model.primitives import IpAddress
from pvesdn.recognise.nets import Net
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.underlay import UnderlayFacts


def vteps_of(net: Net, ground: UnderlayFacts, book: Notebook) -> frozenset[IpAddress]:
    """All VTEPs of a VNet, those outside the cluster included. Enters each list that is not whole."""
    everybody: set[IpAddress] = set()
    for node, sight in net.sights.items():
        everybody |= {*sight.port.remotes, *_own(node, ground)}
    strange = _strange(net, everybody - ground.owners.keys())
    for node, sight in net.sights.items():
        own, named = _own(node, ground), set(sight.port.remotes)
        place = sight.port.device.all("vxlan-remoteip")[0].place if sight.port.remotes else sight.port.device.place
        faults = [f"names the node itself ({address})" for address in sorted(own & named, key=int)]
        if alone := named & strange:
            faults.append(f"names {_said(alone, ground)}, which no node has and other nodes do not list")
        if missing := everybody - own - named - strange:
            faults.append(f"lacks {_said(missing, ground)}")
        if faults:
            what = f"its list of remotes {', and '.join(faults)}"
            hint = "list every other node" + ("; a host outside the cluster is on every list" if alone else "")
            book.error(node, place, sight.port.device.name, what, hint)
    return frozenset(everybody)


def _strange(net: Net, outside: set[IpAddress]) -> set[IpAddress]:
    """Those that only some nodes list: mistyped there, or forgotten on the others."""
    lists = [set(sight.port.remotes) for sight in net.sights.values()]
    return {address for address in outside if not all(address in named for named in lists)}


def _own(node: str, ground: UnderlayFacts) -> set[IpAddress]:
    return {ground.vteps[node].address} if node in ground.vteps else set()


def _said(found: Iterable[IpAddress], ground: UnderlayFacts) -> str:
    return ", ".join(ground.named(address) for address in sorted(found, key=int))
