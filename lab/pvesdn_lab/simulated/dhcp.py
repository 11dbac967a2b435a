"""DHCP as PVE sets it up on a node at each reload: a dnsmasq for every zone with `dhcp` (docs/pve.md §4.7)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from pvesdn_lab.simulated.host import Host

Sections = Mapping[str, Mapping[str, Any]]
_USUAL_MTU = 1500


def set_up_dhcp(running: Mapping[str, Any], node: Host) -> str:
    """Stop every dnsmasq and switch it off, then write each zone's configuration and start it, before any interface is
    loaded.

    :param running: what was committed.
    :returns: why the reload ends here; empty where it goes on.
    """
    zones = {name: zone for name, zone in _sections(running, "zones").items() if zone.get("dhcp")}
    folders = sorted(node.path("/etc/dnsmasq.d").glob("*/"))
    if zones or folders:
        node.run("systemctl", "stop", "dnsmasq@*")
        node.run("systemctl", "disable", "dnsmasq@")
    for folder in folders:
        if folder.name not in zones:
            shutil.rmtree(folder)
    if zones and node.run("dpkg-query", "-W", "dnsmasq").returncode:
        return "dnsmasq is not installed, and a zone has DHCP"
    for name, zone in zones.items():
        for path, text in _texts(name, zone, running).items():
            node.write(path, text)
        if node.read(entries_of(name)) is None:
            node.write(entries_of(name), "")
        for verb in ("enable", "restart"):
            if status := node.run("systemctl", verb, unit_of(name)).returncode:
                return f"command 'systemctl {verb} {unit_of(name)}' failed: exit code {status}"
    return ""


def enter_guest(node: Host, zone: str, mac: str, addresses: str) -> None:
    """What PVE does on the node where a guest is started: its entry is written there, and on no other node."""
    others = [line for line in (node.read(entries_of(zone)) or "").splitlines() if not line.startswith(f"{mac},")]
    node.write(entries_of(zone), "".join(f"{line}\n" for line in [*others, f"{mac},{addresses}"]))
    node.run("systemctl", "reload", unit_of(zone))


def unit_of(zone: str) -> str:
    """The unit of a zone's dnsmasq."""
    return f"dnsmasq@{zone}.service"


def entries_of(zone: str) -> str:
    """The file of who gets which address."""
    return f"/etc/dnsmasq.d/{zone}/ethers"


def _texts(name: str, zone: Mapping[str, Any], running: Mapping[str, Any]) -> dict[str, str]:
    folder = f"/etc/dnsmasq.d/{name}"
    usual = (
        *("except-interface=lo", "bind-dynamic", f"dhcp-option=26,{zone.get('mtu', _USUAL_MTU)}"),
        *(f"dhcp-hostsfile={entries_of(name)}", "dhcp-ignore=tag:!known"),
        f"dhcp-leasefile=/var/lib/misc/dnsmasq.{name}.leases",
    )
    found = {
        f"/etc/default/dnsmasq.{name}": f"CONFIG_DIR='{folder},*.conf'\nDNSMASQ_OPTS=\"--conf-file=/dev/null\"\n",
        f"{folder}/00-default.conf": _lines(usual),
    }
    for vnet, section in _sections(running, "vnets").items():
        if section.get("zone") == name:
            found[f"{folder}/10-{vnet}.conf"] = _lines(_served(vnet, _sections(running, "subnets")))
    return found


def _served(vnet: str, subnets: Sections) -> Iterator[str]:
    for name, subnet in subnets.items():
        if subnet.get("vnet") == vnet:
            _, host, mask = name.split("-")
            network = ip_network(f"{host}/{mask}", strict=False)
            yield f"dhcp-range=set:{name},{network.network_address},static,{network.netmask},infinite"
            if gateway := subnet.get("gateway"):
                yield f"dhcp-option=tag:{name},option:router,{gateway}"
            if server := subnet.get("dhcp-dns-server"):
                yield f"dhcp-option=tag:{name},option:dns-server,{server}"
    yield f"interface={vnet}"


def _sections(running: Mapping[str, Any], kind: str) -> Sections:
    found: Sections = running.get(kind, {}).get("ids", {})
    return found


def _lines(lines: Any) -> str:
    return "".join(f"{line}\n" for line in lines)
