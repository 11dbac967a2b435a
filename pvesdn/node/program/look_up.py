"""The verb `look_up`: what the kernel would do with a packet, from its tables. Nothing is sent, nothing is changed.

Only what was asked for is told: a node has an entry for each guest of the cluster.
"""

import ipaddress
import json
import re
from typing import Any, Callable, Dict, Iterator, List, Set

from pvesdn.node.program.files import text_of
from pvesdn.node.program.guests import devices_of_guests
from pvesdn.node.program.machine import Machine, Refused, is_there, lacks_ipv6, rows_of, rows_shown, told
from pvesdn.node.program.request import VERBS, Value, checked_address, checked_interface, list_at
from pvesdn.node.program.rules import chains_of_nft, saved_rules
from pvesdn.node.program.settings import setting_now

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_MOST_ASKED = 1000
"""Of each kind in one request: a trace is about two ends."""
_MOST_TOLD = 5000
_OF_AN_ENTRY = ("mac", "ifname", "dst", "vlan", "master", "state", "flags")
_OF_A_NEIGHBOUR = ("dst", "dev", "lladdr", "state")
_OF_A_ROUTE = ("dst", "protocol", "metric", "type", "gateway", "via", "dev", "nexthops", "flags")
_IPAM = "/etc/pve/sdn/pve-ipam-state.json"
_OF_NETFILTER = 10.0
"""Seconds for each question about netfilter."""
_OF_A_CHAIN = ("family", "table", "name", "policy")
_FORWARDING = (
    ("iptables-save", "ip", "net/bridge/bridge-nf-call-iptables"),
    ("ip6tables-save", "ip6", "net/bridge/bridge-nf-call-ip6tables"),
)
"""What tells of a chain FORWARD, and the setting by which frames in bridges go through it too."""
_TRANSLATES = re.compile(r"-A POSTROUTING .*-j (SNAT|MASQUERADE)\b")


def look_up(machine: Machine, arguments: Value) -> Value:
    """``{"guests": [ids], "ports": [devices], "macs": [...], "addresses": [...], "vrfs": [names], "groups": [...]}`` ->
    ``{"cards", "leases", "fdb", "neighbours", "routes", "nat", "nat6", "filters", "groups"}``, each ``{"answer": ...}``
    or ``{"fault": why there is none}``.

    `cards` are the network devices of the guests, and those that are given one of the addresses; `leases` what
    PVE's IPAM has of the guests and the addresses; `fdb` the entries for the MACs, and what was learned from the
    ports; `neighbours` those with one of the addresses or MACs, or a next hop of `routes`; `routes` those that lead
    to an address, in the main table (``""``) and in each VRF; `nat` and `nat6` the rules that translate what
    leaves, as lines of iptables-save; `filters` what may drop what the node forwards, without its rules; `groups`
    the devices that have joined one of the groups.
    """
    for key in ("guests", "ports", "macs", "addresses", "vrfs", "groups"):
        if len(list_at(arguments, key, int if key == "guests" else str)) > _MOST_ASKED:
            raise Refused(f"more than {_MOST_ASKED} {key} in one request")
    guests = set(list_at(arguments, "guests", int))
    ports = {checked_interface(name) for name in list_at(arguments, "ports", str)}
    macs = {_checked_mac(mac) for mac in list_at(arguments, "macs", str)}
    addresses = [checked_address(text) for text in list_at(arguments, "addresses", str)]
    vrfs = ["", *(checked_interface(name) for name in list_at(arguments, "vrfs", str))]
    groups = {checked_address(text) for text in list_at(arguments, "groups", str)}
    routes = _or_why_not(lambda: [row for vrf in vrfs for row in _routes(machine, vrf, addresses)])
    hops = {hop for row in routes.get("answer", []) for hop in _gateways(row)}
    return {
        "cards": _or_why_not(lambda: _cards(machine, guests, set(addresses))),
        "leases": _or_why_not(lambda: _leases(machine, guests, set(addresses))),
        "fdb": _or_why_not(lambda: _entries(machine, macs, ports)),
        "neighbours": _or_why_not(lambda: _neighbours(machine, {*addresses, *hops}, macs)),
        "routes": routes,
        "nat": _or_why_not(lambda: _translations(machine, "iptables-save")),
        "nat6": _or_why_not(lambda: _translations(machine, "ip6tables-save")),
        "filters": _or_why_not(lambda: _filters(machine)),
        "groups": _or_why_not(lambda: _joined(machine, groups)),
    }


def _or_why_not(ask: Callable[[], Any]) -> Value:
    try:
        return {"answer": ask()}
    except Refused as refused:
        return {"fault": refused.error}
    except OSError as error:
        return {"fault": told(error)}


def _checked_mac(text: str) -> str:
    if not _MAC.fullmatch(text):
        raise Refused(f"{text!r} is not a MAC address in lower case")
    return text


def _cards(machine: Machine, guests: Set[int], addresses: Set[str]) -> List[Value]:
    """``[{"guest": 101, "device": 0, "bridge": "web", "mac": "bc:24:11:...", "addresses": ["10.0.0.5"]}]``."""
    if not guests and not addresses:
        return []
    found = []
    for guest, device, words in devices_of_guests(machine):
        own = [words[key] for key in ("ip", "ip6") if words.get(key)]
        if guest in guests or not addresses.isdisjoint(map(_without_prefix, own)):
            macs = [word.lower() for word in words.values() if _MAC.fullmatch(word.lower())]
            row: Value = {"guest": guest, "device": device, "bridge": words.get("bridge", ""), "addresses": own}
            found.append(dict(row, mac=macs[0]) if macs else row)
    return found


def _without_prefix(text: str) -> str:
    """``10.0.0.5`` of ``10.0.0.5/24``, in its canonical spelling; empty for ``dhcp`` and the like."""
    try:
        return str(ipaddress.ip_interface(text).ip)
    except ValueError:
        return ""


def _leases(machine: Machine, guests: Set[int], addresses: Set[str]) -> List[Value]:
    """``[{"address": "10.0.0.5", "guest": 101, "mac": "bc:24:11:..."}]``."""
    try:
        document = json.loads(text_of(machine, _IPAM) or "{}")
    except (ValueError, RecursionError):
        raise Refused(f"{_IPAM} is not JSON") from None
    found = []
    for address, row in _in_subnets(document):
        guest, mac = str(row.get("vmid", "")), str(row.get("mac", "")).lower()
        is_asked = address in addresses or (guest.isdigit() and int(guest) in guests)
        if is_asked and guest.isdigit() and _MAC.fullmatch(mac):
            found.append({"address": address, "guest": int(guest), "mac": mac})
    return found[:_MOST_TOLD]


def _in_subnets(document: Any) -> Iterator[Any]:
    for zone in _values(document, "zones"):
        for subnet in _values(zone, "subnets"):
            ips = subnet.get("ips") if isinstance(subnet, dict) else None
            for address, row in ips.items() if isinstance(ips, dict) else ():
                if isinstance(row, dict):
                    yield address, row


def _values(document: Any, key: str) -> List[Any]:
    found = document.get(key) if isinstance(document, dict) else None
    return list(found.values()) if isinstance(found, dict) else []


def _entries(machine: Machine, macs: Set[str], ports: Set[str]) -> List[Value]:
    rows = rows_shown(machine, ["bridge", "-j", "fdb", "show"])
    asked = [row for row in rows if row.get("mac") in macs or _is_learned(row, ports)]
    return [{key: row[key] for key in _OF_AN_ENTRY if key in row} for row in asked[:_MOST_TOLD]]


def _is_learned(row: Dict[str, Any], ports: Set[str]) -> bool:
    return row.get("ifname") in ports and row.get("state") != "permanent" and "self" not in (row.get("flags") or [])


def _neighbours(machine: Machine, addresses: Set[str], macs: Set[str]) -> List[Value]:
    # What comes from the routes of EVPN needs no ARP, and is not shown without `nud all`.
    rows = rows_shown(machine, ["ip", "-j", "neighbour", "show", "nud", "all"])
    asked = [row for row in rows if row.get("dst") in addresses or row.get("lladdr") in macs]
    return [{key: row[key] for key in _OF_A_NEIGHBOUR if key in row} for row in asked[:_MOST_TOLD]]


def _routes(machine: Machine, vrf: str, addresses: List[str]) -> List[Value]:
    """The routes of a table whose prefix has one of the addresses, the shorter ones too."""
    try:
        return [row for address in addresses for row in _routes_to(machine, vrf, address)]
    except Refused:
        if not vrf or is_there(machine, vrf):
            raise
        return []  # a VRF that is not there has no routes


def _routes_to(machine: Machine, vrf: str, address: str) -> Iterator[Value]:
    family = "-6" if ipaddress.ip_address(address).version == 6 else "-4"
    if family == "-6" and lacks_ipv6(machine):
        return
    kind, name = ("vrf", vrf) if vrf else ("table", "main")
    for row in rows_shown(machine, ["ip", "-j", family, "route", "show", kind, name, "match", address]):
        yield dict({key: row[key] for key in _OF_A_ROUTE if key in row}, vrf=vrf, address=address)


def _gateways(row: Value) -> Iterator[str]:
    for hop in rows_of(row.get("nexthops")) or [row]:
        via = hop.get("via")
        gateway = hop.get("gateway", via.get("host") if isinstance(via, dict) else None)
        if isinstance(gateway, str):
            yield gateway


def _translations(machine: Machine, command: str) -> List[str]:
    if machine.find(command) is None:
        return []
    lines = saved_rules(machine, command, "nat", _OF_NETFILTER)
    return [line for line in lines if _TRANSLATES.match(line)][:_MOST_TOLD]


def _filters(machine: Machine) -> List[Value]:
    """``[{"by": "iptables", "family": "ip", "chain": "FORWARD", "policy": "DROP", "rules": 2, "bridged": true}, {"by":
    "nft", "family": "bridge", "table": "t", "chain": "c", "policy": "accept"}]``. nftables are asked for their chains
    alone, for the rules of all guests may be in them.
    """
    found: List[Value] = []
    for command, family, switch in _FORWARDING:
        if machine.find(command) is not None:
            lines = saved_rules(machine, command, "filter", _OF_NETFILTER)
            policy = next((line.split()[1] for line in lines if line.startswith(":FORWARD ")), "ACCEPT")
            row: Value = {"by": command[: -len("-save")], "family": family, "chain": "FORWARD", "policy": policy}
            rules = sum(line.startswith("-A FORWARD ") for line in lines)
            found.append({**row, "rules": rules, "bridged": setting_now(machine, switch) == "1"})
    told = {(row["family"], "filter", "FORWARD") for row in found}  # iptables may keep its chains in nftables
    for chain in chains_of_nft(machine) if machine.find("nft") is not None else ():
        if (chain.get("family"), chain.get("table"), chain.get("name")) not in told:
            found.append({"by": "nft", **{key: chain[key] for key in _OF_A_CHAIN if key in chain}})
    return found[:_MOST_TOLD]


def _joined(machine: Machine, groups: Set[str]) -> List[Value]:
    """``[{"ifname": "eno1", "address": "239.1.1.1"}]``."""
    found: List[Value] = []
    for row in rows_shown(machine, ["ip", "-j", "maddress", "show"]) if groups else ():
        addresses = {one.get("address") for one in rows_of(row.get("maddr"))}
        found += [{"ifname": row.get("ifname"), "address": group} for group in sorted(groups) if group in addresses]
    return found[:_MOST_TOLD]


VERBS.update(look_up=look_up)
