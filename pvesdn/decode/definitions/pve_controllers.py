"""PVE's controllers: what pvesdn renders becomes objects, the rest that PVE knows is left to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pvesdn.decode.definitions import addresses, values
from pvesdn.decode.definitions.entries import Entry
from pvesdn.decode.definitions.pve_unsupported import OF_BGP, OF_EVPN
from pvesdn.decode.definitions.source import PveDefinitions, check_id
from pvesdn.decode.definitions.values import integer
from pvesdn.decode.definitions.words import Word, Words
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import PveEvpnController, UnmanagedController

_GREATEST_HOPS = 255

_KNOWN = Word()
_ASN = Word(integer(0, 4_294_967_295), is_required=True)
_NODE = Word(values.node, is_required=True)
_LOOPBACK = Word(values.pve_interface)

CONTROLLERS: Final[Mapping[str, Words]] = {
    "evpn": {
        "asn": _ASN,
        "peers": Word(addresses.pve_addresses),
        "fabric": Word(values.fabric_id),
        **dict.fromkeys(OF_EVPN, _KNOWN),
        "nodes": Word(values.nodes),
    },
    "bgp": {
        "asn": _ASN,
        "node": _NODE,
        "peers": Word(addresses.pve_addresses, is_required=True),
        "ebgp": Word(values.boolean),
        "ebgp-multihop": Word(integer()),
        "loopback": _LOOPBACK,
        "bgp-multipath-as-path-relax": Word(values.boolean),
        **dict.fromkeys(OF_BGP, _KNOWN),
    },
    "isis": {
        "node": _NODE,
        "isis-domain": Word(is_required=True),
        "isis-ifaces": Word(values.pve_interfaces, is_required=True),
        "isis-net": Word(values.isis_net, is_required=True),
        "loopback": _LOOPBACK,
    },
    "faucet": {},
}
"""The properties of controllers.cfg by section type (docs/pve.md §1.8)."""


def read_controllers(found: PveDefinitions) -> None:
    """Fill `found.controllers` from its entries; unsupported ones were found already."""
    for entry in found.of("controller"):
        check_id(entry, values.controller_id)
        kind = entry.section.type
        if kind == "evpn":
            require_peers_or_fabric(entry)
        if kind == "faucet" or entry.section.id in found.unsupported.controllers:
            _leave(entry, found)
        elif controller := entry.build(_KINDS[kind], id=entry.section.id):
            found.controllers.append(controller)
            _doubt_hops(entry)


_KINDS: Mapping[str, Any] = {"evpn": PveEvpnController, "bgp": PveBgpController, "isis": PveIsisController}


def require_peers_or_fabric(entry: Entry) -> None:
    """Exactly one of `peers` and `fabric` says where the other VTEPs are."""
    if not entry.has("peers") and not entry.has("fabric"):
        entry.fail("has neither peers nor fabric", "add peers in PVE")
    elif entry.has("peers") and entry.has("fabric"):
        entry.fail("has both peers and fabric", "remove one of them in PVE", at="fabric")


def _leave(entry: Entry, found: PveDefinitions) -> None:
    entry.values = {name: entry.values[name] for name in ("asn", "node", "nodes") if name in entry.values}
    if left := entry.build(UnmanagedController, id=entry.section.id, type=entry.section.type):
        found.controllers.append(left)


def _doubt_hops(entry: Entry) -> None:
    hops = entry.get("ebgp-multihop")
    if hops is not None and not 0 <= hops <= _GREATEST_HOPS:
        what = f"ebgp-multihop {hops} is out of range for FRR"
        entry.warn(what, f"write 1-{_GREATEST_HOPS}", at="ebgp-multihop")
