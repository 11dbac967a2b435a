"""BGP EVPN between simulated nodes: who has a session with whom, and what comes of it. The other nodes are the folders
beside a node's own; nothing runs, everything is worked out when it is asked for, from what FRR has taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.state import STATE_FOLDER, State, read_json

_ROUTER = re.compile(r"^router bgp (\d+)\n((?: .*\n|!\n)*)", re.MULTILINE)
_VRF_L3VNI = re.compile(r"^vrf (\S+)\n vni (\d+)$", re.MULTILINE)


def off_mark(root: Path) -> Path:
    """The file that is there while a node is switched off."""
    return root / STATE_FOLDER / "off"


def neighbors(root: Path) -> dict[str, Any]:
    """``show bgp neighbors json``: of the default VRF, by address, as far as pvesdn reads it."""
    found = {}
    for peer, source in _configured(root).items():
        is_up = _answers(root, peer, source)
        found[peer] = {
            "remoteAs": _asn(root),
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
            vteps = flooded(root, name)
            found.append({"vni": vni, "type": "L2", "vrf": vrf, "vxlanInterface": name, "numRemoteVteps": vteps})
    return found


def l3vnis_of(root: Path) -> dict[str, int]:
    """The L3VNI of each VRF that FRR has one for."""
    return {vrf: int(vni) for vrf, vni in _VRF_L3VNI.findall(config_of(root))}


def flooded(root: Path, device: str) -> list[str]:
    """The VTEPs that zebra floods to from a VXLAN device: those of nodes whose type-3 route has come."""
    mine = State(root).links[device]
    vni = mine["info"]["id"]
    if _is_isolated(root, vni) or "bgpd" not in daemons_of(root):
        return []
    found = []
    for other in heard_by(root):
        for link in State(other).links.values():
            is_there = link["kind"] == "vxlan" and link["info"].get("id") == vni and link["up"]
            if is_there and not _is_isolated(other, vni) and "advertise-all-vni" in config_of(other):
                found.append(str(link["info"].get("local")))
    return sorted(found)


def _is_isolated(root: Path, vni: int) -> bool:
    """A plain VXLAN, which a route target of nobody keeps out of EVPN; or the L3VNI, which has no flooding."""
    return re.search(rf"^  ?vni {vni}$", config_of(root), re.MULTILINE) is not None


def heard_by(root: Path) -> list[Path]:
    """Other nodes whose routes come: of each peer, and of everybody that a peer reflects."""
    known, todo = {root}, [root]
    while todo:
        here = todo.pop()
        for peer, source in _configured(here).items():
            other = _holder(here, peer)
            if other is not None and other not in known and _answers(here, peer, source):
                known.add(other)
                todo.append(other)
    return sorted(known - {root})


def _configured(root: Path) -> dict[str, str]:
    """Peers with the address that the session speaks from."""
    router = _ROUTER.search(config_of(root))
    if router is None:
        return {}
    sources = dict(re.findall(r"^ neighbor (\S+) update-source (\S+)$", router[2], re.MULTILINE))
    pairs = re.findall(r"^ neighbor (\S+) peer-group (\S+)$", router[2], re.MULTILINE)
    own = re.search(r"^ bgp router-id (\S+)$", router[2], re.MULTILINE)
    usual = own[1] if own else ""
    return {str(peer): str(sources.get(group, usual)) for peer, group in pairs}


def _answers(root: Path, peer: str, source: str) -> bool:
    """Both speak BGP with one AS number, know each other, and nothing is between them."""
    other = _holder(root, peer)
    if other is None or not all("bgpd" in daemons_of(node) for node in (root, other)):
        return False
    is_free = not {peer, source} & {*_blocked(root), *_blocked(other)}
    return is_free and _asn(root) == _asn(other) and source in _configured(other)


def _holder(root: Path, address: str) -> Path | None:
    return next((other for other in nodes_beside(root) if address in _addresses(other)), None)


def nodes_beside(root: Path) -> Iterator[Path]:
    """The other nodes that are on."""
    for other in sorted(root.parent.iterdir()):
        if other != root and (other / STATE_FOLDER / "links.json").is_file() and not off_mark(other).exists():
            yield other


def _addresses(root: Path) -> set[str]:
    return {address.partition("/")[0] for link in State(root).links.values() for address in link["addresses"]}


def _blocked(root: Path) -> list[str]:
    """Addresses with which the node exchanges no BGP, whatever is in between."""
    blocked: list[str] = read_json(root, "blocked", [])
    return blocked


def _asn(root: Path) -> int:
    router = _ROUTER.search(config_of(root))
    return int(router[1]) if router else 0


def config_of(root: Path) -> str:
    """What FRR has taken of its configuration."""
    return str(_frr(root)["config"])


def daemons_of(root: Path) -> list[str]:
    """FRR's daemons that run."""
    daemons: list[str] = _frr(root)["daemons"]
    return daemons


def _frr(root: Path) -> dict[str, Any]:
    return {"daemons": [], "config": "", **read_json(root, "frr", {})}
