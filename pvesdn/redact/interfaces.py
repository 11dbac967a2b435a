"""interfaces(5) as ifupdown2 and ifupdown read it: the attributes whose values are addresses, numbers, names and
booleans.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pvesdn.decode.nodes.interfaces import begins_something, is_auto
from pvesdn.decode.secrets.veil import (
    Veil,
    hide_comment,
    is_address,
    is_device,
    is_kernel_name,
    is_mac,
    is_number,
    word_set,
)
from pvesdn.model.ifupdown import GUEST_PORTS
from pvesdn.redact.hooks import hide_command

HOOKS = frozenset({"up", "post-up", "pre-up", "down", "post-down", "pre-down"})

_MARKS = re.compile(
    r"#version:[0-9]{1,18}"
    r"|# [Ww]ritten by pvesdn(?: from /etc/pve/sdn/pvesdn\.cfg\. Changes made here are lost: edit that file, then `pvesdn apply`\.)?"
)
_WORD = re.compile(r"(?:[^\s\\]|\\(?!\n|\Z))+")
_CONTINUED = re.compile(r"\\\n")
_BLANKS = re.compile(r"(?:\s|\\\n)+")
_COMMENT = re.compile(r"\s#")
_RANGES = re.compile(r"[0-9]{1,10}(?:[.,:=-][0-9]{1,10})*")
_PATTERN = re.compile(r"[A-Za-z0-9_.:@+*?^$|()\[\]-]{1,40}")
_SOURCE = re.compile(r"[A-Za-z0-9_./*?\[\]@+~-]{1,255}")
_DOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_FAMILY = re.compile(
    r"(?:wpa|wireless|bridge|bond|vxlan|vlan|ovs|ethtool|link|wireguard|wg|macsec|openvpn|tunnel|batman|mstpctl|ppp|dns|xfrm)"
    r"[_-][a-z_-]{1,40}"
)

_METHODS = word_set(
    """
    inet inet6 ipx can static manual dhcp loopback ppp tunnel v4tunnel 6to4 bootp auto wvdial inherits none
    """
)
_SWITCHES = word_set(
    """
    on off yes no true false enable disable enabled disabled auto none all default always never
    """
)
_CHOICES = _SWITCHES | word_set(
    """
    balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb layer2 layer2+3 layer3+4
    encap2+3 encap3+4 slow fast better failure universe global site link host nowhere 802.1q 802.1ad 802.1Q
    dummy veth half full rs baser gre gretap ipip sit vti ip6gre ipip6 ip6ip6 vti6 cdp lacp lldp pvst stp client
    server batman_iv batman_v ether random regex glob rstp automatic temp-queue ovsbridge ovsport ovsintport
    ovsbond ovstunnel ovspatchport vxlan geneve main bridge private vepa passthru source eui64 stable_secret
    """
)


def _address(word: str) -> bool:
    return all(is_address(part) for part in word.split(",") if part)


def _number(word: str) -> bool:
    return _RANGES.fullmatch(word) is not None


def _choice(word: str) -> bool:
    return word.lower() in _CHOICES


def _device(word: str) -> bool:
    return is_device(word) or word.isdigit()


def _pair(word: str) -> bool:
    """A boolean or a number for one port, such as ``swp1=off``."""
    port, sign, value = word.partition("=")
    return bool(sign) and is_device(port) and (_choice(value) or _number(value))


def _pattern(word: str) -> bool:
    return word == GUEST_PORTS or _PATTERN.fullmatch(word) is not None


def _domain(word: str) -> bool:
    return _DOMAIN.fullmatch(word) is not None


_Check = Callable[[str], bool]
_KINDS: dict[str, tuple[_Check, ...]] = {
    "address": (_address, _choice),
    "mac": (is_mac, _choice),
    "number": (_number, _choice),
    "switch": (_choice, _number, is_device, _pair),
    "devices": (_device, _choice, _pattern),
    "device": (is_device, _choice),
    "domain": (_domain,),
    "mixed": (_address, is_mac, _number, _choice),
    "pattern": (_pattern,),
}
_ATTRIBUTES: dict[str, tuple[_Check, ...]] = {
    name: _KINDS[kind]
    for kind, names in {
        "address": "gateway dns-nameservers dns-nameserver pointopoint clagd-vxlan-anycast-ip vrrp-virtual-ip "
        "bridge-igmp-querier-src tunnel-local tunnel-endpoint vxlan-local-tunnelip vxlan-svcnodeip vxlan-svcnodeip6 "
        "vxlan-remoteip vxlan-mcastgrp vxlan-mcastgrp6 endpoint dstaddr local",
        "mixed": "vrrp address netmask network broadcast address-virtual vxlan-mcastgrp-map bridge-mcqv4src vxlan-remoteip-map",
        "mac": "hwaddress bond-ad-sys-mac-addr bond-ad-actor-system es-sys-mac lladdr",
        "number": "mtu metric ttl tos vxlan-id vxlan-port vxlan-ttl vxlan-ageing vxlan-tos vlan-id vrf-table vrrp-id "
        "vrrp-priority preferred-lifetime valid-lifetime accept-ra autoconf dad-attempts dad-interval privext request-prefix "
        "bond-num-grat-arp bond-num-unsol-na bond-miimon bond-min-links bond-ad-sys-priority bond-ad-actor-sys-prio "
        "bond-updelay bond-downdelay bond-arp-interval bridge-bridgeprio bridge-ageing bridge-fd bridge-gcint bridge-hello "
        "bridge-maxage bridge-mclmc bridge-mcsqc bridge-hashel bridge-hashmax bridge-mclmi bridge-mcmi bridge-mcqpi "
        "bridge-mcqi bridge-mcqri bridge-mcsqi bridge-maxwait bridge-vids bridge-pvid bridge-access bridge-port-vids "
        "bridge-port-pvids bridge-igmp-version bridge-mld-version bridge-vlan-vni-map link-speed ovs-mtu ovs-tag "
        "mstpctl-treeprio mstpctl-ageing mstpctl-maxage mstpctl-fdelay mstpctl-maxhops mstpctl-txholdcount mstpctl-hello "
        "tunnel-ttl batman-hop-penalty txqueuelen",
        "switch": "address-purge ip-forward ip6-forward mpls-enable ipv6-addrgen arp-accept address-virtual-ipv6-addrgen "
        "batman-distributed-arp-table batman-gw-mode batman-multicast-mode batman-routing-algo bond-use-carrier "
        "bond-xmit-hash-policy bond-mode bond-lacp-rate bond-lacp-bypass-allow bond-primary-reselect bridge-vlan-aware "
        "bridge-stp bridge-pathcosts bridge-portprios bridge-mcrouter bridge-mcsnoop bridge-mcqifaddr bridge-mcquerier "
        "bridge-portmcrouter bridge-portmcfl bridge-waitport bridge-allow-untagged bridge-learning bridge-unicast-flood "
        "bridge-multicast-flood bridge-broadcast-flood bridge-vlan-protocol bridge-vlan-stats bridge-arp-nd-suppress "
        "bridge-mcstats bridge-l2protocol-tunnel bridge-always-up link-duplex link-autoneg link-fec gro-offload lro-offload "
        "gso-offload tso-offload ufo-offload tx-offload rx-offload link-type link-down mstpctl-stp mstpctl-forcevers "
        "mstpctl-portpathcost mstpctl-portp2p mstpctl-portrestrrole mstpctl-portrestrtcn mstpctl-bpduguard "
        "mstpctl-treeportprio mstpctl-portnetwork mstpctl-portadminedge mstpctl-portautoedge mstpctl-treeportcost "
        "mstpctl-portbpdufilter tunnel-mode vlan-protocol vxlan-learning vxlan-purge-remotes vxlan-vnifilter vxlan-udp-csum "
        "scope mode ovs-type ovs-tunnel-type",
        "devices": "bridge-ports bond-slaves bond-primary mstpctl-ports batman-ifaces ovs-ports ovs-bonds slaves",
        "device": "vrf vxlan-physdev vlan-raw-device tunnel-dev ppp-physdev veth-peer-name ovs-bridge ovs-patch-peer "
        "bond-master xfrm-physdev",
        "domain": "dns-search dns-domain hostname",
        "pattern": "bridge-ports-condone-regex ovs-ports-condone-regex batman-ifaces-ignore-regex",
    }.items()
    for name in names.split()
}
_OVS = frozenset({"ovs-options", "ovs-extra", "ovs-tunnel-options"})
_OVS_WORDS = word_set(
    """
    -- set add remove clear create get list interface port bridge controller manager mirror qos queue netflow
    sflow add-br del-br add-port del-port set-fail-mode set-controller --may-exist --if-exists secure standalone
    """
)
_OVS_SLOTS = word_set(
    """
    interface port bridge controller mirror add-br del-br add-port del-port set-fail-mode
    """
)
_OVS_COLUMN = re.compile(r"[a-z][a-z_:-]{1,40}")
_OVS_KEYS = re.compile(
    r"(?:tag|trunks|vlan_mode|type|bond_mode|lacp|bond_updelay|bond_downdelay|mtu_request|stp_enable|rstp_enable|"
    r"mcast_snooping_enable|fail_mode|protocols|datapath_type|external[_-]ids:iface-id|"
    r"options:(?:remote_ip|local_ip|dst_port|df_default|tos|ttl|csum|peer)|"
    r"other[_-]config:(?:qinq-ethtype|lacp-time|hwaddr|disable-in-band|stp-[a-z-]+|rstp-[a-z-]+|mac-[a-z-]+|bond-[a-z-]+))"
)
_OVS_CHOICES = word_set(
    """
    access trunk native-tagged native-untagged dot1q-tunnel active passive balance-slb balance-tcp active-backup
    internal gre geneve vxlan system netdev patch fast slow OpenFlow10 OpenFlow13 OpenFlow15 802.1q 802.1ad
    """
)


def hide_interfaces(text: str, veil: Veil) -> str:
    """The text of an interfaces file with every value replaced that is not known to be harmless."""
    return veil.each_line(_logical(text), _clean)


def headers(text: str) -> Iterator[str]:
    """The names that an interfaces file gives to devices."""
    for line in text.split("\n"):
        keyword, *rest = line.split() or [""]
        if rest and keyword == "iface":
            rest = rest[:1]
        elif not is_auto(keyword):
            continue
        yield from (name for name in rest if is_kernel_name(name))


def _logical(text: str) -> Iterator[str]:
    """Lines, each with those that continue it."""
    held: list[str] = []
    for line in text.split("\n"):
        held.append(line)
        if not line.endswith("\\"):
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)


def _clean(line: str, veil: Veil) -> str:
    found = _WORD.search(line)
    if found is None:
        return line
    start, end = found.span()
    keyword = found[0]
    if keyword.startswith("#"):
        return line if _MARKS.fullmatch(line.strip()) else _hide_comment_lines(line, veil)
    lead, rest = line[:start], line[end:]
    if begins_something(keyword):
        return lead + _shown_opening(keyword, veil) + _each(rest, lambda word: _is_name(keyword, word), veil)
    return lead + _attribute(keyword, rest, veil)


def _attribute(keyword: str, rest: str, veil: Veil) -> str:
    # ifupdown2 treats underscores in option names as dashes.
    name = keyword.replace("_", "-")
    if name in HOOKS:
        return keyword + hide_command(rest, veil)
    if name == "alias" and rest.strip() in veil.aliases:
        return keyword + rest
    if name in _OVS:
        return keyword + _ovs(rest, veil)
    checks = _ATTRIBUTES.get(name)
    if checks is not None:
        return keyword + _each(rest, lambda word: veil.passes(word) or any(check(word) for check in checks), veil)
    shown = (
        keyword
        if name in {"alias", "script", "map", "description"} or _FAMILY.fullmatch(keyword)
        else veil.hide(keyword)
    )
    return shown + _whole(rest, veil)


def _shown_opening(keyword: str, veil: Veil) -> str:
    allow, sign, which = keyword.partition("allow-")
    if not sign or allow or is_kernel_name(which):
        return keyword
    return sign + veil.hide(which)


def _is_name(keyword: str, word: str) -> bool:
    if keyword.startswith("source"):
        return _SOURCE.fullmatch(word) is not None
    if keyword == "iface" and word in _METHODS:
        return True
    return is_kernel_name(word) or _pattern(word)


def _each(rest: str, is_known: Callable[[str], bool], veil: Veil) -> str:
    """Each word by itself; what looks like a comment at the end of the line is one."""
    rest, comment = _without_comment(rest)
    cleaned = _WORD.sub(lambda found: found[0] if is_known(found[0]) else veil.hide(found[0]), rest)
    return cleaned + hide_comment(comment, veil)


def _without_comment(rest: str) -> tuple[str, str]:
    found = _COMMENT.search(rest)
    return (rest[: found.start() + 1], rest[found.start() + 1 :]) if found and "\n" not in rest else (rest, "")


def _whole(rest: str, veil: Veil) -> str:
    """All words as one value; the lines that continue it stay, empty."""
    lead = _BLANKS.match(rest)
    begin = lead.end() if lead else 0
    value = rest[begin:]
    end = len(value.rstrip(" \t\r\n\\"))
    kept, tail = value[:end], value[end:]
    lines = _CONTINUED.findall(kept)
    return rest[:begin] + veil.hide(" ".join(_WORD.findall(kept)) if lines else kept) + " \\\n" * len(lines) + tail


def _hide_comment_lines(line: str, veil: Veil) -> str:
    first, sign, more = line.partition("\\\n")
    return hide_comment(first, veil) + "".join(
        f"{sign}{hide_comment(part, veil) if part.strip() else part}" for part in (more.split("\\\n") if sign else ())
    )


def _ovs(rest: str, veil: Veil) -> str:
    """Words of ovs-vsctl(8): verbs, names, and ``column=value`` where the column holds no secret."""
    before, is_open, found, end = "", True, [], 0
    for match in _WORD.finditer(rest):
        word = match[0]
        is_open = is_open or word == "--"
        shown = _ovs_word(word, before, veil) if is_open else ""
        # An unknown word may be followed by its value.
        is_open = bool(shown)
        found += [rest[end : match.start()], shown or veil.hide(word)]
        before, end = word, match.end()
    return "".join((*found, rest[end:]))


def _ovs_word(word: str, before: str, veil: Veil) -> str:
    """How a word is shown; empty for an unknown word."""
    key, sign, value = word.partition("=")
    if sign:
        is_known = _OVS_KEYS.fullmatch(key) is not None and _is_ovs_value(value)
        return word if is_known else f"{key}={veil.hide(value)}" if _OVS_COLUMN.fullmatch(key) else ""
    if word.lower() in _OVS_WORDS or veil.passes(word):
        return word
    return word if before.lower() in _OVS_SLOTS and is_device(word) else ""


def _is_ovs_value(value: str) -> bool:
    return (
        value in _OVS_CHOICES
        or _choice(value)
        or is_number(value)
        or _number(value)
        or is_address(value)
        or is_mac(value)
    )
