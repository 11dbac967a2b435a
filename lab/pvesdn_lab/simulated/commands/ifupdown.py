"""ifupdown2 on a simulated node: reads /etc/network/interfaces and what it sources, and makes the links match."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.state import PHYSICAL, Link, State, below, locked_state, read_json

Attributes = dict[str, list[str]]
"""Attribute name, dashes for underscores, to its values in the order of the lines."""

_GUEST_PORT = re.compile(r"(tap|veth|fwpr)\d")
_SETTINGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "mtu": ("mtu", int),
    "hwaddress": ("address", lambda text: text.split()[-1].lower()),
    "gateway": ("gateway", str),
}
_LOWER = ("bridge-ports", "vlan-raw-device", "ovs-bridge", "vrf")
"""Attributes that name interfaces which must be up before the one that names them."""
_KINDS = {"vxlan-id": "vxlan", "vrf-table": "vrf", "bridge-ports": "bridge", "vlan-raw-device": "vlan"}
"""Attributes that say what kind of link a new one is."""


class Refusal(Exception):
    """What ifupdown2 prints as an error; the other interfaces go on."""


class Interfaces:
    """The configuration of a node: stanzas merged by interface name, as ifupdown2 merges them.

    :param file: absolute path as the node sees it; sourced files are read as well.
    """

    def __init__(self, root: Path, file: str = "/etc/network/interfaces") -> None:
        self.root = root
        self.auto: list[str] = []
        self.stanzas: dict[str, Attributes] = {}
        self.errors: list[str] = []
        self._read(file)

    def _read(self, file: str) -> None:
        stanza: Attributes | None = None
        for number, line in self._lines(file):
            word, _, rest = line.partition(" ")
            match word:
                case "auto" | "allow-auto" | "allow-hotplug":
                    self.auto += [name for name in rest.split() if name not in self.auto]
                    stanza = None
                case "iface":
                    stanza = self.stanzas.setdefault(rest.split()[0], {})
                case "source" | "source-directory":
                    pattern = rest.strip() if word == "source" else f"{rest.strip()}/*"
                    self._source(pattern)
                    stanza = None
                case _ if stanza is not None:
                    stanza.setdefault(word.replace("_", "-"), []).append(rest.strip())
                case _:
                    self.errors.append(f"error: {file}: line{number}: error processing line '{line}'")

    def _lines(self, file: str) -> Iterator[tuple[int, str]]:
        path = below(self.root, file)
        if not path.is_file():
            return
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            text = " ".join(line.split())
            if text and not text.startswith("#"):
                yield number, text

    def _source(self, pattern: str) -> None:
        # Hidden files do not match `*`: a file being staged is not configuration.
        for found in sorted(self.root.glob(pattern.lstrip("/"))):
            if not found.name.startswith("."):
                self._read("/" + str(found.relative_to(self.root)))


def ifreload(root: Path, arguments: Sequence[str]) -> int:
    """``ifreload -a``: what has no stanza any more goes down, the rest comes up as configured."""
    if "-a" not in arguments and "--all" not in arguments:
        sys.stderr.write("error: 'all' or 'currently-up' option is required\n")
        return 1
    if "-s" in arguments:
        return 0  # checks nothing, as the real one
    interfaces = Interfaces(root)
    errors = list(interfaces.errors)
    with locked_state(root) as state:
        for name in [n for n in state.managed if n not in interfaces.auto]:
            _leave(state, name)
        errors += _bring_up(state, interfaces, interfaces.auto)
        _forget_vlans(state, interfaces)
    return _finish(errors)


def ifup(root: Path, arguments: Sequence[str]) -> int:
    """``ifup [-a] [-i FILE] [NAME...]``."""
    file, names = _file_and_names(arguments)
    interfaces = Interfaces(root, file)
    if "-s" in arguments:
        return _finish(interfaces.errors)
    wanted = interfaces.auto if "-a" in arguments else names
    missing = [name for name in wanted if name not in interfaces.stanzas]
    if missing:
        return _finish([f"error: cannot find interfaces: {', '.join(missing)}"])
    with locked_state(root) as state:
        return _finish([*interfaces.errors, *_bring_up(state, interfaces, wanted)])


def ifdown(root: Path, arguments: Sequence[str]) -> int:
    """``ifdown [-i FILE] NAME...``: virtual links go, physical ones lose the addresses and the master of that file."""
    file, names = _file_and_names(arguments)
    interfaces = Interfaces(root, file)
    missing = [name for name in names if name not in interfaces.stanzas]
    if missing:
        return _finish([f"error: cannot find interfaces: {', '.join(missing)} (interface was probably never up ?)"])
    with locked_state(root) as state:
        for name in names:
            _take_down(state, name, interfaces.stanzas[name])
    return 0


def _file_and_names(arguments: Sequence[str]) -> tuple[str, list[str]]:
    file, names = "/etc/network/interfaces", []
    words = iter(arguments)
    for word in words:
        if word in {"-i", "--interfaces"}:
            file = next(words, file)
        elif not word.startswith("-"):
            names.append(word)
    return file, names


def _finish(errors: list[str]) -> int:
    sys.stderr.write("".join(f"{line}\n" for line in errors))
    return 1 if errors else 0


def _leave(state: State, name: str) -> None:
    """A stanza is gone: a virtual link goes too, a physical one keeps its addresses (docs/pve.md §13.2)."""
    state.managed.remove(name)
    link = state.links.get(name)
    if link is not None and link["kind"] != PHYSICAL:
        state.delete(name)


def _take_down(state: State, name: str, attributes: Attributes) -> None:
    if name in state.managed:
        state.managed.remove(name)
    link = state.links.get(name)
    if link is None:
        return
    if link["kind"] != PHYSICAL:
        state.delete(name)
        return
    ours = attributes.get("address", [])
    link["addresses"] = [address for address in link["addresses"] if address not in ours]
    link.update(master=None, up=False)


def _bring_up(state: State, interfaces: Interfaces, names: Sequence[str]) -> list[str]:
    errors = []
    for name in _in_order(names, interfaces.stanzas):
        attributes = interfaces.stanzas.get(name, {})
        try:
            _configure(state, name, _kind(state, name, attributes), attributes)
        except Refusal as refusal:
            errors.append(f"error: {name}: {refusal}")
            continue
        if name not in state.managed:
            state.managed.append(name)
    return errors


def _in_order(names: Sequence[str], stanzas: dict[str, Attributes]) -> list[str]:
    """The names, each after those that it is made of."""
    ordered: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        attributes = stanzas.get(name, {})
        for lower in (name.partition(".")[0], *(word for key in _LOWER for word in _words(attributes, key))):
            visit(lower)
        if name in names:
            ordered.append(name)

    for name in names:
        visit(name)
    return ordered


def _words(attributes: Attributes, key: str) -> list[str]:
    return [word for line in attributes.get(key, []) for word in line.split()]


def _kind(state: State, name: str, attributes: Attributes) -> str:
    if name in state.links:
        return str(state.links[name]["kind"])
    if attributes.get("ovs-type", [""])[0] in {"OVSBridge", "OVSIntPort"}:
        return "openvswitch"
    for sign, kind in _KINDS.items():
        if any(key.startswith(sign) for key in attributes):
            return kind
    return "vlan" if _raw_device(state, name) else attributes.get("link-type", [PHYSICAL])[0]


def _configure(state: State, name: str, kind: str, attributes: Attributes) -> None:
    link = state.links.get(name)
    if link is None:
        if kind == PHYSICAL:
            msg = "interface does not exist"
            raise Refusal(msg)
        link = _create(state, name, kind, attributes)
    elif kind == "vxlan" and "vxlan-id" in attributes and link["info"]["id"] != int(attributes["vxlan-id"][0]):
        msg = f"Cannot change running vxlan id ({link['info']['id']}): Operation not supported"
        raise Refusal(msg)
    link["up"] = True
    link["addresses"] = list(attributes.get("address", []))
    for key, (place, change) in _SETTINGS.items():
        if key in attributes:
            (link["info"] if key == "gateway" else link)[place] = change(attributes[key][0])
    if "vrf" in attributes:
        _enslave(state, link, attributes["vrf"][0])
    elif link["master"] and state.links[link["master"]]["kind"] == "vrf":
        link["master"] = None
    if kind == "vxlan":
        _configure_vxlan(link, attributes)
    if kind == "bridge":
        _configure_bridge(state, name, attributes)


def _create(state: State, name: str, kind: str, attributes: Attributes) -> Link:
    info: dict[str, Any] = {}
    if kind == "vxlan":
        info["id"] = int(attributes["vxlan-id"][0])
        for other, link in state.links.items():
            if link["kind"] == "vxlan" and link["info"]["id"] == info["id"]:
                msg = f"failed to create vxlan ({other} has vni {info['id']}): [Errno 17] File exists"
                raise Refusal(msg)
    if kind == "vrf":
        taken = {link["info"].get("table") for link in state.links.values() if link["kind"] == "vrf"}
        info["table"] = next(table for table in range(1001, 1255) if table not in taken)
    return state.add(name, kind, info=info)


def _configure_vxlan(link: Link, attributes: Attributes) -> None:
    def last(key: str, default: str = "") -> str:
        return attributes.get(key, [default])[-1]

    link["info"].update(local=last("vxlan-local-tunnelip") or None, port=int(last("vxlan-port", "4789")))
    link["info"].update(group=last("vxlan-mcastgrp") or None, link=last("vxlan-physdev") or None)
    link["info"]["learning"] = last("vxlan-learning", "on") == "on"
    link["fdb"] = [ip for line in attributes.get("vxlan-remoteip", []) for ip in line.split()]
    link["port"] = {
        "learning": last("bridge-learning", "on") == "on",
        "flood": last("bridge-unicast-flood", "on") == "on",
        "mcast_flood": last("bridge-multicast-flood", "on") == "on",
        "neigh_suppress": last("bridge-arp-nd-suppress", "off") == "on",
    }


def _configure_bridge(state: State, name: str, attributes: Attributes) -> None:
    ports = [port for port in _words(attributes, "bridge-ports") if port != "none"]
    for port in ports:
        if port not in state.links and _raw_device(state, port):
            state.add(port, "vlan")
        if port not in state.links:
            msg = f"bridge port {port} does not exist"
            raise Refusal(msg)
    condoned = attributes.get("bridge-ports-condone-regex", [""])[0]
    for port, link in state.links.items():
        if port in ports:
            _enslave(state, link, name)
        elif link["master"] == name and not _stays_plugged(state.root, port, condoned):
            link["master"] = None
    vlan_aware = attributes.get("bridge-vlan-aware", ["no"])[0] in {"yes", "on", "1"}
    state.links[name]["info"]["vlan_filtering"] = int(vlan_aware)


def _raw_device(state: State, name: str) -> str | None:
    """The link that a VLAN called LINK.NUMBER is made of, as ifupdown2 does it without a stanza; None for other names."""
    raw, dot, number = name.rpartition(".")
    return raw if dot and number.isdigit() and raw in state.links else None


def _forget_vlans(state: State, interfaces: Interfaces) -> None:
    """VLANs that were made for bridges alone go with the last bridge that names them."""
    needed = {port for attributes in interfaces.stanzas.values() for port in _words(attributes, "bridge-ports")}
    for name in [name for name, link in state.links.items() if link["kind"] == "vlan"]:
        if name not in needed and name not in interfaces.stanzas:
            state.delete(name)


def _stays_plugged(root: Path, port: str, condoned: str) -> bool:
    """Proxmox's build leaves guests' ports alone; the plain one only what the stanza condones (docs/pve.md §13.2)."""
    version = read_json(root, "versions", {}).get("ifupdown2", "")
    if re.search(r"pve|pmx|proxmox", version) and _GUEST_PORT.match(port):
        return True
    return bool(condoned) and re.match(condoned, port) is not None


def _enslave(state: State, link: Link, master: str) -> None:
    if master not in state.links:
        msg = f"master {master} does not exist"
        raise Refusal(msg)
    link["master"] = master
