"""What ifupdown2 makes of one stanza on a simulated node: the link, its settings, its master."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.interfaces_files import Attributes, Interfaces, words
from pvesdn_lab.simulated.commands.state import PHYSICAL, Link, State, read_json

DEFAULT_MTU = 1500
_DEFAULT_PORT = 4789
_GUEST_PORT = re.compile(r"(tap|veth|fwpr)\d")
_MADE_WITH_MAC = re.compile(r"ip link add name \S+ address (?P<mac>\S+) type bridge")
"""Of a `pre-up` line: ifupdown2 finds the bridge there, and has no MAC to give it."""
_KINDS = {"vxlan-id": "vxlan", "vrf-table": "vrf", "bridge-ports": "bridge", "vlan-raw-device": "vlan"}
"""Attributes that say what kind of link a new one is."""
_SWITCHES = {
    "ip-forward": ("ipv4", "forwarding"),
    "ip6-forward": ("ipv6", "forwarding"),
    "arp-accept": ("ipv4", "arp_accept"),
}
"""Attributes that are settings of the kernel; without the line a setting stays what it is (docs/pve.md §13.2)."""
_NOT_THERE = "interface not recognized - please check interface configuration"


class Refusal(Exception):
    """What ifupdown2 prints as an error; the other interfaces go on."""


class Shortfall(Exception):
    """What ifupdown2 prints as a warning only, although the interface is not there: the exit status is 0."""


def kind_of(state: State, name: str, attributes: Attributes) -> str:
    """The kind that the link has, or will have when it is made."""
    if name in state.links:
        return str(state.links[name]["kind"])
    if attributes.get("ovs-type", [""])[0] in {"OVSBridge", "OVSIntPort"}:
        return "openvswitch"
    for sign, kind in _KINDS.items():
        if any(key.startswith(sign) for key in attributes):
            return kind
    return "vlan" if _raw_device(state, name) else attributes.get("link-type", [PHYSICAL])[0]


def configure(state: State, name: str, kind: str, attributes: Attributes) -> list[str]:
    """Make the link as its stanza says, new or live; the result is what is only warned of.

    :raises Refusal: part of it, or all, is not as the stanza says.
    :raises Shortfall: the link does not exist afterwards.
    """
    link = state.links.get(name)
    is_new = link is None
    if kind == "vxlan":
        _check_vtep(state.root, attributes)
    if link is None:
        link = _create(state, name, kind, attributes)
    elif kind == "vxlan" and "vxlan-id" in attributes and link["info"]["id"] != int(attributes["vxlan-id"][0]):
        raise Refusal(f"Cannot change running vxlan id ({link['info']['id']}): Operation not supported")
    warnings: list[str] = []
    # A new one is up as soon as it is in its VRF, and gets addresses and MAC then: seen with the plain build alone.
    is_up_too_soon = is_new and "vrf" in attributes and not _is_proxmoxs(state.root)
    was_up, link["up"] = is_up_too_soon or (not is_new and bool(link["up"])), True
    if name != "lo":
        # Without a line a link loses its addresses and gets the default MTU; MAC and gateway stay what they were.
        link["addresses"] = list(attributes.get("address", []))
        link["mtu"], warnings = _mtu(name, attributes)
    if f"sysctl -q -w net.ipv6.conf.{name}.keep_addr_on_down=1" in attributes.get("pre-up", []):
        state.switch(name, "ipv6", "keep_addr_on_down").write_text("1\n", "utf-8")
    if "hwaddress" in attributes:
        _give_mac(state, name, link, attributes["hwaddress"][0].split()[-1].lower(), was_up=was_up)
    if "gateway" in attributes:
        link["info"]["gateway"] = attributes["gateway"][0]
    _join_vrf(state, link, attributes)
    _switch_on(state, name, attributes)
    if kind == "vxlan":
        warnings += _configure_vxlan(name, link, attributes)
    if kind == "bridge":
        _configure_bridge(state, name, attributes)
    return warnings


def _give_mac(state: State, name: str, link: Link, mac: str, *, was_up: bool) -> None:
    """A live link is taken down for that, after it got its addresses: the kernel then forgets those of IPv6, if nobody
    told it to keep them. It is up again so soon that FRR elsewhere takes a router MAC for one that has changed.
    """
    if was_up and link["address"] != mac:
        if not _keeps_ipv6(state, name):
            link["addresses"] = [address for address in link["addresses"] if ":" not in address]
        link["is_forgotten"] = True
    link["address"] = mac


def _keeps_ipv6(state: State, name: str) -> bool:
    switch = state.switch(name, "ipv6", "keep_addr_on_down")
    return switch.is_file() and switch.read_text("utf-8").strip() == "1"


def _switch_on(state: State, name: str, attributes: Attributes) -> None:
    for key, (family, setting) in _SWITCHES.items():
        if attributes.get(key, [""])[-1] in {"on", "yes", "1"}:
            state.switch(name, family, setting).write_text("1\n", "utf-8")


def _create(state: State, name: str, kind: str, attributes: Attributes) -> Link:
    info: dict[str, Any] = {}
    if kind == PHYSICAL:
        raise Shortfall(_NOT_THERE)
    if kind == "vxlan":
        info["id"] = int(attributes["vxlan-id"][0])
        # The kernel refuses a second one with the same number, and ifupdown2 does not say so.
        if any(link["kind"] == "vxlan" and link["info"]["id"] == info["id"] for link in state.links.values()):
            raise Shortfall(_NOT_THERE)
    if kind == "vrf":
        taken = {link["info"].get("table") for link in state.links.values() if link["kind"] == "vrf"}
        info["table"] = next(table for table in range(1001, 1255) if table not in taken)
    link = state.add(name, kind, info=info)
    for line in attributes.get("pre-up", []):
        if made := _MADE_WITH_MAC.search(line):
            link["address"] = made["mac"].lower()
    return link


def _mtu(name: str, attributes: Attributes) -> tuple[int, list[str]]:
    text = attributes.get("mtu", [str(DEFAULT_MTU)])[0]
    if text.isdigit():
        return int(text), []
    return DEFAULT_MTU, [f"warning: {name}: invalid MTU value: invalid literal for int() with base 10: '{text}'"]


def _check_vtep(root: Path, attributes: Attributes) -> None:
    """Proxmox's build takes an IPv6 address for a tunnel's, the plain one does not (docs/pve.md §13.2)."""
    for address in attributes.get("vxlan-local-tunnelip", [])[-1:]:
        if ":" in address and not _is_proxmoxs(root):
            raise Refusal(f"invalid vxlan-local-tunnelip {address}: Expected 4 octets in '{address}'")


def _configure_vxlan(name: str, link: Link, attributes: Attributes) -> list[str]:
    def last(key: str, default: str = "") -> str:
        return attributes.get(key, [default])[-1]

    info, port = link["info"], int(last("vxlan-port", str(_DEFAULT_PORT)))
    warnings = []
    if info.setdefault("port", port) != port:
        remedy = f"to apply the desired change please run: ifdown {name} && ifup {name}"
        warnings.append(f"warning: {name}: vxlan-port ({info['port']}) cannot be changed - {remedy}")
    info.update(local=last("vxlan-local-tunnelip") or None, group=last("vxlan-mcastgrp") or None)
    # The device for a group stays when the group goes, and so do remote VTEPs when the last of them goes.
    info["link"] = last("vxlan-physdev") or info.get("link")
    info["learning"] = last("vxlan-learning", "on") == "on"
    link["fdb"] = words(attributes, "vxlan-remoteip") or link["fdb"]
    link["port"] = {
        "learning": last("bridge-learning", "on") == "on",
        "flood": last("bridge-unicast-flood", "on") == "on",
        "mcast_flood": last("bridge-multicast-flood", "on") == "on",
        "neigh_suppress": last("bridge-arp-nd-suppress", "off") == "on",
    }
    return warnings


def _configure_bridge(state: State, name: str, attributes: Attributes) -> None:
    ports = [port for port in words(attributes, "bridge-ports") if port != "none"]
    for port in ports:
        if port not in state.links and _raw_device(state, port):
            state.add(port, "vlan")
        if port not in state.links:
            raise Refusal(f"bridge port {port} does not exist")
    condoned = attributes.get("bridge-ports-condone-regex", [""])[0]
    for port, link in state.links.items():
        if port in ports:
            link["master"] = name
        elif link["master"] == name and not _stays_plugged(state.root, port, condoned):
            link["master"] = None
    vlan_aware = attributes.get("bridge-vlan-aware", ["no"])[0] in {"yes", "on", "1"}
    state.links[name]["info"]["vlan_filtering"] = int(vlan_aware)


def _raw_device(state: State, name: str) -> str | None:
    """The link that a VLAN called LINK.NUMBER is made of, as ifupdown2 does it without a stanza;
    None for other names.
    """
    raw, dot, number = name.rpartition(".")
    return raw if dot and number.isdigit() and raw in state.links else None


def forget_vlans(state: State, interfaces: Interfaces) -> None:
    """VLANs that were made for bridges alone go with the last bridge that names them."""
    needed = {port for attributes in interfaces.stanzas.values() for port in words(attributes, "bridge-ports")}
    for name in [name for name, link in state.links.items() if link["kind"] == "vlan"]:
        if name not in needed and name not in interfaces.stanzas:
            state.delete(name)


def _stays_plugged(root: Path, port: str, condoned: str) -> bool:
    """Proxmox's build leaves guests' ports alone; the plain one only what the stanza condones (docs/pve.md §13.2)."""
    if _is_proxmoxs(root) and _GUEST_PORT.match(port):
        return True
    return bool(condoned) and re.match(condoned, port) is not None


def _is_proxmoxs(root: Path) -> bool:
    version = read_json(root, "versions", {}).get("ifupdown2", "")
    return re.search(r"pve|pmx|proxmox", version) is not None


def _join_vrf(state: State, link: Link, attributes: Attributes) -> None:
    master = attributes.get("vrf", [""])[0]
    if master and master not in state.links:
        raise Refusal(f"vrf master ifaceobj {master} not found")
    if master:
        link["master"] = master
    elif link["master"] and state.links[link["master"]]["kind"] == "vrf":
        link["master"] = None
