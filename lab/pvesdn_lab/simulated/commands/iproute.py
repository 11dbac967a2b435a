"""iproute2 on a simulated node: `ip` and `bridge`, JSON as iproute2 6.x prints it, from the node's state."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.state import PHYSICAL, Link, State, locked_state
from pvesdn_lab.simulated.commands.streams import complain, say
from pvesdn_lab.simulated.commands.vlans import set_vlans, shown_vlans

ZERO_MAC = "00:00:00:00:00:00"
_SUFFIX = {4: "", 6: "6"}


def ip(root: Path, arguments: Sequence[str]) -> int:
    """``ip [-j] [-d] [-6] link|address|route|rule [show] [dev NAME]``, ``ip link delete|set``,
    ``ip address add|del``, ``ip neighbour show nud all``, ``ip maddress show``, ``ip route show vrf NAME|table main
    match ADDRESS`` and ``ip vrf identify PROCESS``.
    """
    words = _words(arguments)
    what, action = (words[0] if words else ""), (words[1] if len(words) > 1 else "show")
    if "link".startswith(what or "?") and action in {"del", "delete"}:
        return _delete_link(root, words[2:])
    if (what, action) in {("link", "set"), ("address", "add"), ("address", "del"), ("route", "replace")}:
        return _change(root, what, action, words[2:])
    state = State(root)
    if what == "neighbour" or ((what, action) == ("route", "show") and words[2:3] in (["vrf"], ["table"])):
        say(json.dumps(_of_tables(root, state, words[2:], 6 if "-6" in arguments else 4)) + "\n")
        return 0
    if words[2:] and what != "vrf" and words[-1] not in state.links:
        complain(f'Device "{words[-1]}" does not exist.\n')
        return 1
    answer = _shown(state, arguments)
    if answer is None:
        complain(f'Object "{what}" is unknown, try "ip help".\n')
        return 255
    say(answer)
    return 0


def _words(arguments: Sequence[str]) -> list[str]:
    return [word for word in arguments if not word.startswith("-")]


def _shown(state: State, arguments: Sequence[str]) -> str | None:
    """What `ip` prints of these links; None for what it does not know."""
    words = _words(arguments)
    family = 6 if "-6" in arguments else 4 if "-4" in arguments else 0
    name = words[-1] if words[2:] else None
    match words[0] if words else "":
        case "vrf":
            from pvesdn_lab.simulated.commands.dhcp_units import vrf_of  # noqa: PLC0415 - the rest needs none of it

            return f"{vrf_of(state.root, words[-1])}\n"
        case "link" | "l":
            answer = [_link(state, n) for n in state.links if name in {None, n}]
        case "address" | "addr" | "a":
            answer = [_link(state, n) | {"addr_info": _addresses(state.links[n], n, family)} for n in state.links]
            answer = [item for item in answer if name in {None, item["ifname"]}]
        case "route" | "r":
            answer = _routes(state, family or 4)
        case "maddress":
            answer = [{"ifname": name, "maddr": _joined(state, name)} for name in state.links]
        case "rule" | "ru":
            answer = _rules(family or 4)
        case _:
            return None
    return json.dumps(answer) + "\n"


def bridge(root: Path, arguments: Sequence[str]) -> int:
    """``bridge [-j] fdb show [dev NAME]``, ``bridge fdb append|del MAC dev NAME dst ADDRESS``, and VLANs of ports:
    ``bridge -j -compressvlans vlan show`` and ``bridge vlan add|del dev NAME vid FIRST[-LAST] [pvid untagged]``.
    """
    words = [word for word in arguments if not word.startswith("-")]
    if words == ["vlan", "show"]:
        say(json.dumps(shown_vlans(State(root))) + "\n")
        return 0
    if words == ["fdb", "show"]:
        links, heard = State(root).links, _heard(root)
        rows = [row | {"ifname": name} for name in links for row in (*_fdb(links[name]), *heard.get(name, ()))]
        say(json.dumps([*rows, *_learned(root)]) + "\n")
        return 0
    name = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    with locked_state(root) as state:
        link = state.links.get(name)
        if link is None:
            complain(f'Cannot find device "{name}"\n')
            return 1
        match words[:2]:
            case ["vlan", "add" | "del" as action]:
                set_vlans(state, link, action, words[words.index("vid") + 1 :])
            case ["fdb", "show"]:
                say(json.dumps(_fdb(link)) + "\n")
            case ["fdb", "append" | "add" as action] if words[2] == ZERO_MAC:
                address = words[words.index("dst") + 1]
                if action == "add" and address in link["fdb"]:
                    complain("RTNETLINK answers: File exists\n")
                    return 2
                link["fdb"] = [*link["fdb"], address] if address not in link["fdb"] else link["fdb"]
            case ["fdb", "del" | "delete"] if words[2] == ZERO_MAC:
                link["fdb"].remove(words[words.index("dst") + 1])
            case _:
                complain(f"bridge: unknown arguments {' '.join(words)}\n")
                return 255
    return 0


def _change(root: Path, what: str, action: str, words: list[str]) -> int:
    """``link set [dev] NAME [up|down] [nomaster] [KEY VALUE]`` and ``address add|del ADDRESS dev NAME``; routes are
    nobody's business here.
    """
    if what == "link" and words[:1] != ["dev"]:
        words = ["dev", *words]
    name = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    with locked_state(root) as state:
        link = state.links.get(name)
        if link is None:
            complain(f'Cannot find device "{name}"\n')
            return 1
        match what, action, words:
            case "address", "add", [address, *_]:
                link["addresses"].append(address)
            case "address", _, [address, *_]:
                link["addresses"].remove(address)
            case "link", _, [_, _, ("up" | "down") as wanted]:
                link["up"] = wanted == "up"
                link.pop("is_forgotten", None)  # FRR withdraws, and announces anew
            case "link", _, [_, _, "nomaster"]:
                link["master"] = None
                link.pop("vlans", None)
            case "link", _, [_, _, ("mtu" | "address" | "master") as key, value]:
                if key == "address" and link["up"]:
                    link["is_forgotten"] = True
                link[key] = int(value) if key == "mtu" else value
            case "link", _, _:
                complain(f"Error: argument {words[-1]} is wrong.\n")
                return 255
    return 0


def _delete_link(root: Path, words: list[str]) -> int:
    name = words[-1] if words else ""
    with locked_state(root) as state:
        if name not in state.links:
            complain(f'Cannot find device "{name}"\n')
            return 1
        if state.links[name]["kind"] == PHYSICAL:
            complain("RTNETLINK answers: Operation not supported\n")
            return 2
        state.delete(name)
    return 0


def _link(state: State, name: str) -> dict[str, Any]:
    link = state.links[name]
    is_loopback = name == "lo"
    up = ["UP", "LOWER_UP"] if link["up"] else []
    answer: dict[str, Any] = {
        "ifindex": list(state.links).index(name) + 1,
        "ifname": name,
        "flags": ["LOOPBACK", *up] if is_loopback else ["BROADCAST", "MULTICAST", *up],
        "mtu": link["mtu"],
        "qdisc": "noqueue",
        "operstate": "UNKNOWN" if is_loopback else "UP" if link["up"] else "DOWN",
        "linkmode": "DEFAULT",
        "group": "default",
        "link_type": "loopback" if is_loopback else "ether",
        "address": link["address"],
        "promiscuity": 0,
        "min_mtu": 68,
        "max_mtu": 65535,
        "inet6_addr_gen_mode": "eui64",
    }
    if link["master"]:
        answer["master"] = link["master"]
    linkinfo = _linkinfo(state, link)
    return answer | ({"linkinfo": linkinfo} if linkinfo else {})


def _linkinfo(state: State, link: Link) -> dict[str, Any]:
    linkinfo: dict[str, Any] = {}
    if link["kind"] != PHYSICAL:
        data = {key: value for key, value in link["info"].items() if value is not None and key != "gateway"}
        for key in ("local", "group"):
            if ":" in str(data.get(key, "")):
                data[f"{key}6"] = data.pop(key)  # iproute2's names for IPv6 underlays
        linkinfo = {"info_kind": link["kind"], "info_data": data}
    if link["master"]:
        kind = state.links[link["master"]]["kind"]
        data = {"table": state.links[link["master"]]["info"].get("table")} if kind == "vrf" else link["port"]
        linkinfo |= {"info_slave_kind": kind, "info_slave_data": {"state": "forwarding", **data}}
    return linkinfo


def _addresses(link: Link, name: str, family: int) -> list[dict[str, Any]]:
    answer = []
    for text in link["addresses"]:
        address = ipaddress.ip_interface(text)
        if family in {0, address.version}:
            item = {
                "family": f"inet{_SUFFIX[address.version]}",
                "local": str(address.ip),
                "prefixlen": address.network.prefixlen,
                "scope": "host" if address.is_loopback else "link" if address.is_link_local else "global",
            }
            answer.append(item | ({"label": name} if item["family"] == "inet" else {}))
    return answer


def _routes(state: State, family: int) -> list[dict[str, Any]]:
    """The main table: connected networks of what is in no VRF, after the default route."""
    default, connected = [], []
    for name, link in state.links.items():
        in_vrf = link["master"] and state.links[link["master"]]["kind"] == "vrf"
        if in_vrf or name == "lo":
            continue
        gateway = link["info"].get("gateway")
        if gateway and ipaddress.ip_address(gateway).version == family:
            default.append(
                {"dst": "default", "gateway": gateway, "dev": name, "protocol": "kernel", "flags": ["onlink"]}
            )
        for address in map(ipaddress.ip_interface, link["addresses"]):
            if address.version == family and address.network.prefixlen < address.max_prefixlen:
                route = {"dst": str(address.network), "dev": name, "protocol": "kernel", "scope": "link"}
                connected.append(route | {"prefsrc": str(address.ip), "flags": []})
    return default + connected


def _of_tables(root: Path, state: State, words: Sequence[str], family: int) -> list[dict[str, Any]]:
    """Routes of a VRF, ``vrf NAME``; those of a table to an address, ``match ADDRESS``; of all tables but `local`,
    ``table all``; or all neighbours, ``nud all``.
    """
    from pvesdn_lab.simulated.commands import tables  # noqa: PLC0415 - the rest needs none of it
    from pvesdn_lab.simulated.commands.evpn_routes import vrf_routes  # noqa: PLC0415 - the rest needs none of it

    if words[0] == "nud":
        return tables.neighbours(root)
    if "match" in words:
        return tables.matching(root, words, _routes(state, family), family)
    if words[0] == "vrf":
        return vrf_routes(root, words[1], family)
    vrfs = [name for name, link in state.links.items() if link["kind"] == "vrf"]
    own = [row | {"table": name} for name in vrfs for row in vrf_routes(root, name, family)]
    return [*own, *_routes(state, family)]


def _joined(state: State, name: str) -> list[dict[str, Any]]:
    """The groups that the VXLAN devices on a device have joined there."""
    tunnels = [link["info"] for link in state.links.values() if link["kind"] == "vxlan" and link["up"]]
    groups = sorted({str(info["group"]) for info in tunnels if info.get("group") and info.get("link") in {None, name}})
    return [{"family": "inet6" if ":" in group else "inet", "address": group} for group in groups]


def _rules(family: int) -> list[dict[str, Any]]:
    """Those that every kernel has; IPv6 has no table `default`."""
    tables = {"local": 0, "main": 32766} | ({"default": 32767} if family == 4 else {})  # noqa: PLR2004
    return [{"priority": priority, "src": "all", "table": table} for table, priority in tables.items()]


def _learned(root: Path) -> list[dict[str, Any]]:
    from pvesdn_lab.simulated.commands.tables import learned  # noqa: PLC0415 - `ip` needs none of it

    return learned(root)


def _heard(root: Path) -> dict[str, list[dict[str, Any]]]:
    """The entries that zebra has made of type-3 routes, by VXLAN device."""
    from pvesdn_lab.simulated.commands.evpn import flooded  # noqa: PLC0415 - `ip` needs none of it

    entry = {"mac": ZERO_MAC, "flags": ["self"], "state": "permanent"}
    return {name: [{**entry, "dst": vtep} for vtep in vteps] for name, vteps in flooded(root).items()}


def _fdb(link: Link) -> list[dict[str, Any]]:
    master = {"master": link["master"]} if link["master"] else {}
    answer: list[dict[str, Any]] = [{"mac": link["address"], "flags": [], **master, "state": "permanent"}]
    group = link["info"].get("group")
    flooded = [*([group] if group else []), *link["fdb"]]
    return answer + [{"mac": ZERO_MAC, "dst": ip, "flags": ["self"], "state": "permanent"} for ip in flooded]
