"""What to do about a line of frr.conf.local that PVE's merge loses. Whoever follows the advice loses nothing."""

from __future__ import annotations

import re

from pvesdn.design.merge.lines import TOP, Fate

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
_STATIC = re.compile(r"ip(v6)? route (?:(\S+/\d+) ([0-9a-f.:]+)|.+)")
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


def instead(fate: Fate, meant: tuple[str, ...]) -> str:
    """What to do about a lost line.

    :param meant: the headings that FRR reads the line below.
    """
    if fate.line.is_skipped:
        is_password = " password " in fate.line.text
        return "choose a password without '!' on both sides" if is_password else "write it without '!'"
    if route := _STATIC.fullmatch(fate.line.text.strip()):
        return _outside_frr(*route.groups())
    for pattern, hint in _OTHERS:
        if pattern.fullmatch(fate.line.text):
            return hint
    if meant == TOP and GLOBAL.fullmatch(fate.line.text.strip()):
        return _NO_PLACE
    if len(meant) == 1 and meant[0].startswith("router bgp ") and fate.home == TOP:
        return f"write it above the address families of '{meant[0]}'"
    return "write it below the 'router', 'vrf' or 'interface' line that it belongs to, or remove it"


def _outside_frr(family: str | None, prefix: str | None, gateway: str | None) -> str:
    """A static route of the main table, which the kernel can have from ifupdown2."""
    way = f"{prefix} via {gateway}" if gateway else "..."
    command = f"up ip{' -6' * bool(family)} route add {way}"
    return f"move it to /etc/network/interfaces: '{command}' in the stanza of the interface that leads there"
