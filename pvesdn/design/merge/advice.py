"""What to do about a line of frr.conf.local that PVE's merge loses. Whoever follows the advice loses nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address, ip_network

from pvesdn.design.merge.lines import TOP, Fate
from pvesdn.model.frr_local import LocalLine
from pvesdn.model.primitives import bounded

GLOBAL = re.compile(
    r"(no )?(ip|ipv6) (route|prefix-list|protocol|nht|forwarding|import-table|router-id|community-list|as-path)\b.*"
    r"|(no )?(access-list|bfd|log|debug|rpki|hostname|password|enable|service|line|frr|nexthop-group|key chain)\b.*"
    r"|(no )?ipv6 access-list\b.*|(no )?bgp (as-path|community-list|extcommunity-list|large-community-list)\b.*"
)
"""Commands of FRR's own top level that no block has, in the first column."""
INDENTED = re.compile(
    r"\s+(?:router (?:bgp|isis|ospf6?|openfabric|ripng|rip|eigrp|babel|pim6?)\b.*|(?:vrf|interface) \S+"
    r"|route-map \S+ (?:permit|deny) \d+|(?:ip(?:v6)? prefix-list|access-list) \S+ seq \d+ .+|bgp community-list .+)"
)
"""What opens a block or a list to FRR wherever it stands, and to PVE's merge in the first column only."""
_STATIC = re.compile(r"ip(v6)? route (.+)")
_LOST_BLOCK = re.compile(
    r"bfd|rpki|nexthop-group \S+|key chain \S+|segment-routing|mpls ldp|pbr-map \S+ seq \d+|dns|affinity-map"
)
"""What opens a block to FRR, which PVE's merge has no place for."""
_KINDS = {"null0": "blackhole ", "blackhole": "blackhole ", "reject": "unreachable "}
_INTERFACE = re.compile(r"(?!(tag|table|label|nexthop-vrf|vrf|onlink|color|bfd)$)[A-Za-z][\w.@-]{0,14}")
_DISTANCE_MAX = 255
_NO_PLACE = "remove it: PVE's merge has no place for it"
_OTHERS = (
    (INDENTED, "write it in the first column"),
    (
        re.compile(r"ip(v6)? prefix-list \S+ (permit|deny) .+|access-list \S+ (permit|deny) .+"),
        "write 'seq NUMBER' after the name of the list",
    ),
    (re.compile(r"route-map \S+ (permit|deny)"), "write the number of the entry after permit or deny"),
    (GLOBAL, _NO_PLACE),
)


def lost_heads(lines: Iterable[LocalLine]) -> Iterator[LocalLine | None]:
    """For each line the one that opens the block which it goes with, where PVE's merge has no place for that."""
    head: LocalLine | None = None
    for line in lines:
        is_inside = line.text[:1].isspace() or line.is_comment
        if not is_inside:
            head = None
        yield head
        if not is_inside and _LOST_BLOCK.fullmatch(line.text):
            head = line


def instead(fate: Fate, meant: tuple[str, ...]) -> str:
    """What to do about a lost line.

    :param meant: the headings that FRR reads the line below.
    """
    if fate.line.is_skipped:
        is_password = " password " in fate.line.text
        return "choose a password without '!' on both sides" if is_password else "write it without '!'"
    if route := _STATIC.fullmatch(fate.line.text.strip()):
        return _outside_frr(route[1], route[2].split())
    for pattern, hint in _OTHERS:
        if pattern.fullmatch(fate.line.text):
            return hint
    if meant == TOP and GLOBAL.fullmatch(fate.line.text.strip()):
        return _NO_PLACE
    if len(meant) == 1 and meant[0].startswith("router bgp ") and fate.home == TOP:
        return f"write it above the address families of '{meant[0]}'"
    return "write it below the 'router', 'vrf' or 'interface' line that it belongs to, or remove it"


def _outside_frr(family: str | None, words: list[str]) -> str:
    """A static route of the main table, which the kernel can have from ifupdown2.

    :param words: what follows ``ip route``, in the order of FRR's manual: prefix, gateway or interface or both or
        ``Null0``, and perhaps a distance, by which zebra prefers routes as the kernel does by their metric.
    """
    option = " -6" * bool(family)
    where = "in the stanza of the interface that leads there"
    said = "..."
    match words:
        case [prefix, *way, distance] if _is_prefix(prefix) and way and distance.isdecimal():
            metric = bounded(distance, _DISTANCE_MAX)
            if metric is not None and (route := _route(prefix, way)):
                said = f"{route} metric {metric}"
        case [prefix, *way] if _is_prefix(prefix):
            said = _route(prefix, way) or said
        case _:
            pass
    if said.startswith(tuple(_KINDS.values())):
        where = "in the stanza of lo"
    return f"move it to /etc/network/interfaces: 'up ip{option} route add {said}' {where}"


def _route(prefix: str, way: list[str]) -> str:
    """In iproute2's words; empty where they would have to be guessed."""
    match way:
        case [kind] if kind.lower() in _KINDS:
            found = f"{_KINDS[kind.lower()]}{prefix}"
        case [gateway] if _is_address(gateway):
            found = f"{prefix} via {gateway}"
        case [interface] if _INTERFACE.fullmatch(interface):
            found = f"{prefix} dev {interface}"
        case [gateway, interface] if _is_address(gateway) and _INTERFACE.fullmatch(interface):
            found = f"{prefix} via {gateway} dev {interface}"
        case _:
            found = ""
    return found


def _is_prefix(word: str) -> bool:
    return "/" in word and _parses(ip_network, word)


def _is_address(word: str) -> bool:
    return "%" not in word and _parses(ip_address, word)


def _parses(read: Callable[[str], object], word: str) -> bool:
    try:
        read(word)
    except ValueError:
        return False
    return True
