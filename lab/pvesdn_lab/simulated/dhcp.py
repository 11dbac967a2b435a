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
        _configure(name, zone, running, node)
        for verb in ("enable", "restart"):
            if status := node.run("systemctl", verb, unit_of(name)).returncode:
                return f"command 'systemctl {verb} {unit_of(name)}' failed: exit code {status}"
    return ""


def _configure(name: str, zone: Mapping[str, Any], running: Mapping[str, Any], node: Host) -> None:
    for old in node.path(f"/etc/dnsmasq.d/{name}").glob("10-*.conf"):
        old.unlink()
    for path, text in _texts(name, zone, running).items():
        node.write(path, text)
    if node.read(entries_of(name)) is None:
        node.write(entries_of(name), "")


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
        served = list(_served(vnet, _sections(running, "subnets"))) if section.get("zone") == name else []
        if served:
            found[f"{folder}/10-{vnet}.conf"] = _lines([*served, f"interface={vnet}"])
    return found


def _served(vnet: str, subnets: Sections) -> Iterator[str]:
    """Not a subnet without a gateway; one without `dhcp-range` is there, and IPAM has no address for its guests."""
    for name, subnet in sorted(subnets.items()):
        gateway = subnet.get("gateway")
        if subnet.get("vnet") != vnet or not gateway:
            continue
        _, host, prefix = name.split("-")
        network = ip_network(f"{host}/{prefix}", strict=False)
        is_v6 = network.version == 6  # noqa: PLR2004 - IPv6
        mask, option = (prefix, "option6") if is_v6 else (network.netmask, "option")
        yield f"dhcp-range=set:{name},{host},static,{mask},infinite"
        if not is_v6:
            yield f"dhcp-option=tag:{name},option:router,{gateway}"
        if server := subnet.get("dhcp-dns-server"):
            yield f"dhcp-option=tag:{name},{option}:dns-server,{server}"


def _sections(running: Mapping[str, Any], kind: str) -> Sections:
    found: Sections = running.get(kind, {}).get("ids", {})
    return found


def _lines(lines: Any) -> str:
    return "".join(f"{line}\n" for line in lines)
