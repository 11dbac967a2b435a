"""BGP EVPN between simulated nodes: who has a session with whom, and what comes of it. The other nodes are the folders
beside a node's own; nothing runs, everything is worked out when it is asked for, from what FRR has taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pvesdn_lab.simulated.commands.state import STATE_FOLDER, State, forget_answers, seen_json
from pvesdn_lab.simulated.commands.together import while_unchanged

_ROUTER = re.compile(r"^router bgp (\d+)\n((?: .*\n|!\n)*)", re.MULTILINE)
_VRF_L3VNI = re.compile(r"^vrf (\S+)\n vni (\d+)$", re.MULTILINE)
_OFF = "off"
"""The file of a node's state that is there while the node is switched off."""
_ISOLATED = re.compile(r"^  ?vni (\d+)$", re.MULTILINE)


class Router(NamedTuple):
    """What a configuration says of BGP: the AS number, 0 without BGP, and each peer with the address that the session
    speaks from.
    """

    asn: int
    peers: Mapping[str, str]


def switch(root: Path, *, is_on: bool) -> None:
    """Switch a node on or off, as those see it that speak BGP with it."""
    mark = root / STATE_FOLDER / _OFF
    forget_answers(root)
    if is_on:
        mark.unlink(missing_ok=True)
    else:
        mark.touch()
    forget_answers(root)


def neighbors(root: Path) -> dict[str, Any]:
    """``show bgp neighbors json``: of the default VRF, by address, as far as pvesdn reads it."""
    found = {}
    router, holders = _router(root), _holders(root)
    for peer, source in router.peers.items():
        is_up = _answers(root, holders.get(peer), peer, source)
        found[peer] = {
            "remoteAs": router.asn,
            "bgpState": "Established" if is_up else "Active",
            "hostLocal": source if is_up else "Unknown",
            "hostForeign": peer if is_up else "Unknown",
            **({} if is_up else {"lastResetDueTo": "Waiting for peer OPEN"}),
            "peerBfdInfo": {"type": "single hop", "status": "Up" if is_up else "Down"},
        }
    return found


def vnis(root: Path) -> list[dict[str, Any]]:
    """``show evpn vni detail json`` of FRR 8.4."""
    if "advertise-all-vni" not in config_of(root):
        return []
    state = State(root)
    l3vnis = {vni: vrf for vrf, vni in l3vnis_of(root).items()}
    floods = flooded(root)
    found: list[dict[str, Any]] = []
    for name, link in state.links.items():
        if link["kind"] != "vxlan":
            continue
        vni, bridge = link["info"]["id"], state.links.get(link["master"] or "")
        vrf = bridge["master"] if bridge and bridge["master"] else "default"
        if vni in l3vnis:
            mac = bridge["address"] if bridge else "None"
            ports = {"vni": vni, "type": "L3", "localVtepIp": link["info"].get("local"), "vxlanIntf": name}
            found.append({**ports, "state": "Up" if bridge else "Down", "vrf": l3vnis[vni], "routerMac": mac})
        else:
            ports = {"vni": vni, "type": "L2", "vrf": vrf, "vxlanInterface": name}
            found.append({**ports, "numMacs": 0, "numRemoteVteps": floods[name]})
    return found


def bgp_vnis(root: Path) -> dict[str, Any]:
    """``show bgp l2vpn evpn vni json`` of FRR 8.4.4, as far as pvesdn reads it."""
    rows = {vni: {"vni": vni, "type": "L2", "inKernel": "True", "originatorIp": vtep} for vni, vtep in _own(root)}
    return {"advertiseAllVnis": "Enabled", "numVnis": len(rows), **{str(vni): row for vni, row in rows.items()}}


def own_routes(root: Path) -> dict[str, Any]:
    """``show bgp l2vpn evpn route vni all vtep VTEP json`` of FRR 8.4.4, of the node's own VTEP."""
    unheard = {int(vni) for vni in seen_json(root, "unannounced", ())}
    return {
        str(vni): {"vni": vni, name: {"prefix": name, "prefixLen": 352}}
        for vni, vtep in _own(root)
        if vni not in unheard
        for name in [f"[3]:[0]:[32]:[{vtep}]"]
    }


def _own(root: Path) -> Iterator[tuple[int, str]]:
    """The VNIs of guests that bgpd has, each with its VTEP."""
    l3vnis = set(l3vnis_of(root).values())
    for link in State(root).links.values() if "advertise-all-vni" in config_of(root) else ():
        if link["kind"] == "vxlan" and link["info"].get("local") and link["info"]["id"] not in l3vnis:
            yield link["info"]["id"], str(link["info"]["local"])


def l3vnis_of(root: Path) -> dict[str, int]:
    """The L3VNI of each VRF that FRR has one for."""
    return {vrf: int(vni) for vrf, vni in _VRF_L3VNI.findall(config_of(root))}


def flooded(root: Path) -> dict[str, list[str]]:
    """The VTEPs that zebra floods to, by VXLAN device: those of nodes whose type-3 route has come.

    A plain VXLAN has none, which a route target of nobody keeps out of EVPN, nor one without an address of its own, as
    PVE makes it; nor has the L3VNI, which has no flooding.
    """
    vteps: dict[int, list[str]] = {}
    for other in heard_by(root) if "bgpd" in daemons_of(root) else ():
        isolated = _isolated(config_of(other))
        for link in State(other).links.values() if "advertise-all-vni" in config_of(other) else ():
            vni, vtep = link["info"].get("id"), link["info"].get("local")
            if link["kind"] == "vxlan" and link["up"] and vtep and vni not in isolated:
                vteps.setdefault(vni, []).append(str(vtep))
    mine = {name: link["info"]["id"] for name, link in State(root).links.items() if link["kind"] == "vxlan"}
    isolated = _isolated(config_of(root))
    return {name: [] if vni in isolated else sorted(vteps.get(vni, [])) for name, vni in mine.items()}


@lru_cache(maxsize=256)
def _isolated(config: str) -> frozenset[int]:
    return frozenset(map(int, _ISOLATED.findall(config)))


def heard_by(root: Path) -> list[Path]:
    """Other nodes whose routes come: of each peer, and of everybody that a peer reflects."""
    heard: list[Path] = while_unchanged(root, "heard by", lambda: _heard_by(root))
    return heard


def _heard_by(root: Path) -> list[Path]:
    known, todo = {root}, [root]
    while todo:
        here = todo.pop()
        holders = _holders(here)
        for peer, source in _router(here).peers.items():
            other = holders.get(peer)
            if other is not None and other not in known and _answers(here, other, peer, source):
                known.add(other)
                todo.append(other)
    return sorted(known - {root})


def _router(root: Path) -> Router:
    return _router_in(config_of(root))


@lru_cache(maxsize=256)
def _router_in(config: str) -> Router:
    router = _ROUTER.search(config)
    if router is None:
        return Router(0, {})
    sources = dict(re.findall(r"^ neighbor (\S+) update-source (\S+)$", router[2], re.MULTILINE))
    pairs = re.findall(r"^ neighbor (\S+) peer-group (\S+)$", router[2], re.MULTILINE)
    own = re.search(r"^ bgp router-id (\S+)$", router[2], re.MULTILINE)
    usual = own[1] if own else ""
    return Router(int(router[1]), {str(peer): str(sources.get(group, usual)) for peer, group in pairs})


def _answers(root: Path, other: Path | None, peer: str, source: str) -> bool:
    """Both speak BGP with one AS number, know each other, and nothing is between them."""
    if other is None or not all("bgpd" in daemons_of(node) for node in (root, other)):
        return False
    is_free = not {peer, source} & {*_blocked(root), *_blocked(other)}
    here, there = _router(root), _router(other)
    return is_free and here.asn == there.asn and source in there.peers


def _holders(root: Path) -> dict[str, Path]:
    """The other nodes by their addresses; who comes first has an address that two have."""
    holders: dict[str, Path] = while_unchanged(root, "holders", lambda: _found_holders(root))
    return holders


def _found_holders(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for other in nodes_beside(root):
        for link in State(other).links.values():
            for address in link["addresses"]:
                found.setdefault(address.partition("/")[0], other)
    return found


def nodes_beside(root: Path) -> Iterator[Path]:
    """The other nodes that are on."""
    for name in sorted(os.listdir(root.parent)):  # noqa: PTH208 - asked for by most questions about routes
        state = f"{root.parent}/{name}/{STATE_FOLDER}"
        if name != root.name and os.path.isfile(f"{state}/links.json") and not os.path.exists(f"{state}/{_OFF}"):  # noqa: PTH110, PTH113
            yield root.parent / name


def _blocked(root: Path) -> Sequence[str]:
    """Addresses with which the node exchanges no BGP, whatever is in between."""
    blocked: Sequence[str] = seen_json(root, "blocked", ())
    return blocked


def config_of(root: Path) -> str:
    """What FRR has taken of its configuration."""
    return str(seen_json(root, "frr", {}).get("config", ""))


def daemons_of(root: Path) -> Sequence[str]:
    """FRR's daemons that run."""
    daemons: Sequence[str] = seen_json(root, "frr", {}).get("daemons", ())
    return daemons
