"""Attributes of ifupdown2 and interfaces(5) whose values are addresses, numbers, names and booleans, and what such a
value looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pvesdn.decode.secrets.veil import is_address, is_device, is_mac, word_set
from pvesdn.model.ifupdown import GUEST_PORTS

WORD = re.compile(r"(?:[^\s\\]|\\(?!\n|\Z))+")
"""A word of an interfaces file; a backslash at the end of a line continues it."""
_RANGES = re.compile(r"[0-9]{1,10}(?:[.,:=-][0-9]{1,10})*")
_PATTERN = re.compile(r"[A-Za-z0-9_.:@+*?^$|()\[\]-]{1,40}")
_DOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
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


def is_ranges(word: str) -> bool:
    """Numbers and ranges of them, such as ``2-4094`` or ``1500``."""
    return _RANGES.fullmatch(word) is not None


def is_choice(word: str) -> bool:
    """A word that some attribute of ifupdown2 may be set to, in any case."""
    return word.lower() in _CHOICES


def _device(word: str) -> bool:
    return is_device(word) or word.isdigit()


def _pair(word: str) -> bool:
    """A boolean or a number for one port, such as ``swp1=off``."""
    port, sign, value = word.partition("=")
    return bool(sign) and is_device(port) and (is_choice(value) or is_ranges(value))


def is_pattern(word: str) -> bool:
    """A name, or a pattern of names."""
    return word == GUEST_PORTS or _PATTERN.fullmatch(word) is not None


def _domain(word: str) -> bool:
    return _DOMAIN.fullmatch(word) is not None


Check = Callable[[str], bool]
"""Whether a value may be shown."""

_KINDS: dict[str, tuple[Check, ...]] = {
    "address": (_address, is_choice),
    "mac": (is_mac, is_choice),
    "number": (is_ranges, is_choice),
    "switch": (is_choice, is_ranges, is_device, _pair),
    "devices": (_device, is_choice, is_pattern),
    "device": (is_device, is_choice),
    "domain": (_domain,),
    "mixed": (_address, is_mac, is_ranges, is_choice),
    "pattern": (is_pattern,),
}
ATTRIBUTES: dict[str, tuple[Check, ...]] = {
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
"""By attribute, with dashes: what each of its words may look like to be shown."""
