"""Snapshots of whole clusters, as `pvesdn snapshot` would have taken them: what `pvesdn plan --from` is timed on.

The network is that of `bench/network.py`, defined in `pvesdn.cfg`; PVE's own SDN is there and has nothing to do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.network import ASN, FIRST_SUBNET, FIRST_VTEP, L3VNI, MAC, UNDERLAY_MTU, ZONE
from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.conflicts import digest
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.understand import understand

_PACKAGES = {
    "ifupdown2": "3.3.0-1+pmx11",
    "frr": "10.4.1-1+pve1",
    "libpve-network-perl": "1.3.0",
    "python3": "3.13.5",
    "kernel": "6.14.11-4-pve",
}
_SWITCHES = {"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"}
_API_PATHS = ("vnets", "zones", "controllers", "ipams", "dns", "fabrics")


def write_cluster(folder: Path, nodes: int, vnets: int, state: str) -> None:
    """Write one snapshot.

    :param folder: absent, or an empty one.
    :param state: one of `bench.measured.STATES`: nothing of the network is on the nodes; all of it is; all of it is
        and one VNet then got another VNI.
    """
    addresses = {f"pve{number:03}": FIRST_VTEP + number - 1 for number in range(1, nodes + 1)}
    _write_json(folder / "api/version.json", {"version": "9.1.5", "release": "9.1", "repoid": "0"})
    _write_json(folder / "api/cluster/sdn.json", [{"id": name} for name in _API_PATHS])
    _write_json(folder / "api/cluster/status.json", list(_members(addresses)))
    _write_json(folder / "api/nodes.json", [{"node": name, "status": "online"} for name in addresses])
    definitions = folder / "etc/pve/sdn/pvesdn.cfg"
    _write(definitions, _definitions(vnets, changed=False))
    for name, address in addresses.items():
        _write_node(folder / "nodes" / name, str(address))
    if state == "fresh":
        return
    for name, files in render_understood(understand(read_snapshot(folder)), Renderer()):
        _put_in_place(folder / "nodes" / name, {file.path: file.text or "" for file in files}, vnets)
    if state == "one VNet changed":
        _write(definitions, _definitions(vnets, changed=True))


def _members(addresses: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    yield {"type": "cluster", "id": "cluster", "name": "bench", "nodes": len(addresses), "quorate": 1, "version": 3}
    for number, (name, address) in enumerate(addresses.items(), 1):
        yield {
            "type": "node",
            "id": f"node/{name}",
            "name": name,
            "nodeid": number,
            "ip": str(address),
            "online": 1,
            "local": int(number == 1),
        }


def _definitions(vnets: int, *, changed: bool) -> str:
    parts = [
        "underlay: cluster\n\tnetwork 192.168.0.0/24\n",
        f"evpn-controller: main\n\tasn {ASN}\n",
        f"evpn: {ZONE}\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan {L3VNI}\n\tmac {MAC}\n",
    ]
    for number in range(1, vnets + 1):
        tag = number + 1_000_000 if changed and number == vnets else number
        parts.append(f"vnet: net{number:05}\n\tzone {ZONE}\n\ttag {tag}\n")
        network = FIRST_SUBNET.network_address + number * FIRST_SUBNET.num_addresses
        parts.append(f"subnet: {ZONE}-{network}-24\n\tvnet net{number:05}\n\tgateway {network + 254}\n")
    return "\n".join(parts)


def _write_node(folder: Path, address: str) -> None:
    host = (
        "auto lo\niface lo inet loopback\n\n"
        f"auto eno1\niface eno1 inet static\n\taddress {address}/24\n\tgateway 192.168.0.254\n\tmtu {UNDERLAY_MTU}\n\n"
        "source /etc/network/interfaces.d/*\n"
    )
    _write(folder / "etc/network/interfaces", host)
    _write(folder / "etc/frr/daemons", "bgpd=no\nbfdd=no\nvrrpd=no\n")
    _write_json(folder / "cmd/versions.json", _PACKAGES)
    _write_json(folder / "cmd/sysctl.json", _SWITCHES)
    _write_devices(folder, [device(2, "eno1", UNDERLAY_MTU)], address)


def _write_devices(folder: Path, links: list[dict[str, Any]], address: str) -> None:
    held = [{"family": "inet", "local": address, "prefixlen": 24, "scope": "global"}]
    _write_json(folder / "cmd/ip-link.json", links)
    _write_json(folder / "cmd/ip-addr.json", [{"ifname": "eno1", "addr_info": held}])


def _put_in_place(folder: Path, files: Mapping[str, str], vnets: int) -> None:
    """What an apply would have left on the node."""
    address = json.loads((folder / "cmd/ip-addr.json").read_text())[0]["addr_info"][0]["local"]
    for path, text in files.items():
        _write(folder / path.lstrip("/"), text)
    record = {"format": 1, "files": {path: digest(text) for path, text in files.items()}, "unfinished": False}
    _write_json(folder / "var/lib/pvesdn/written.json", record)
    mtu = UNDERLAY_MTU - 50
    links = [device(2, "eno1", UNDERLAY_MTU), device(3, f"vrf_{ZONE}", 65575, "vrf", {"table": 1001})]
    links.append(device(4, f"vrfbr_{ZONE}", mtu, "bridge", {"vlan_filtering": 0}, master=f"vrf_{ZONE}"))
    links.append(device(5, f"vrfvx_{ZONE}", mtu, "vxlan", {"id": L3VNI, "port": 4789}, master=f"vrfbr_{ZONE}"))
    for number in range(1, vnets + 1):
        bridge, index = f"net{number:05}", 2 * number + 4
        links.append(device(index, bridge, mtu, "bridge", {"vlan_filtering": 0}, master=f"vrf_{ZONE}"))
        links.append(device(index + 1, f"vxlan_{bridge}", mtu, "vxlan", {"id": number, "port": 4789}, master=bridge))
    _write_devices(folder, links, address)


def device(
    index: int, name: str, mtu: int, kind: str = "", data: Mapping[str, int] | None = None, *, master: str = ""
) -> dict[str, Any]:
    """A row of what a node tells of its devices."""
    found: dict[str, Any] = {
        "ifname": name,
        "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        "mtu": mtu,
        "address": f"02:00:00:00:{index >> 8 & 255:02x}:{index & 255:02x}",
    }
    if master:
        found["master"] = master
    if kind:
        found["linkinfo"] = {"info_kind": kind, "info_data": dict(data or {})}
    return found


def _write_json(file: Path, value: object) -> None:
    _write(file, json.dumps(value, indent=1, sort_keys=True) + "\n")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


if __name__ == "__main__":
    write_cluster(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
