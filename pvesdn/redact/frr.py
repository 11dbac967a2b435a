"""frr.conf and frr.conf.local, line by line: FRR's words, numbers, addresses, and names where FRR's grammar has names.

Words are those of FRR's manual. Nothing is shown of a line that begins with another word, nor what follows another
word: FRR accepts abbreviations (`neighbor X pass …`), and the next version has new words.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pvesdn.decode.secrets.veil import (
    Veil,
    hide_comment,
    is_address,
    is_device,
    is_mac,
    is_name,
    is_number,
    is_path,
    word_set,
)
from pvesdn.model.files import FRR_LOCAL_BEGIN, FRR_LOCAL_END

_WORD = re.compile(r"\S+")
_WORDS = word_set(
    """
    ! multicast-routing agentx srv6 locators locator block-len node-len func-bits level-1-only level-2-only
    exit quit end no default exit-address-family exit-vrf exit-vni frr version defaults
    traditional datacenter hostname domainname service integrated-vtysh-config password-encryption advanced-vty
    terminal-length log syslog file stdout monitor facility record-priority timestamp precision commands
    emergencies alerts critical errors warnings notifications informational debugging daemon local0 local1
    local7 line vty exec-timeout access-class ip ipv6 ipv4 mpls bfd evpn unicast multicast vpn labeled-unicast
    flowspec l2vpn vpnv4 vpnv6 router bgp ospf ospf6 rip ripng isis openfabric eigrp babel pim static kernel
    connected local table vnc nhrp zebra sharp as-notation dot dot+ plain view vrf interface link-params profile
    peer address-family neighbor peer-group remote-as internal external activate update-source ebgp-multihop
    ttl-security hops check-control-plane-failure strict soft-reconfiguration inbound route-reflector-client
    route-server-client next-hop-self force next-hop-unchanged as-override allowas-in origin default-originate
    maximum-prefix maximum-prefix-out warning-only restart send-community both standard extended large all
    remove-private-AS replace-AS weight timers connect advertisement-interval passive shutdown local-as
    no-prepend replace-as capability dynamic extended-nexthop orf prefix-list send receive
    disable-connected-check dont-capability-negotiate override-capability strict-capability-match
    enforce-first-as enforce-multihop addpath-tx-all-paths addpath-tx-bestpath-per-AS graceful-restart
    graceful-restart-helper graceful-restart-disable graceful-shutdown filter-list distribute-list
    unsuppress-map attribute-unchanged as-path next-hop med v6only solo tcp-mss port
    sender-as-path-loop-detection soo router-id cluster-id confederation identifier peers always-compare-med
    deterministic-med bestpath compare-routerid multipath-relax aigp missing-as-worst bandwidth
    log-neighbor-changes fast-external-failover ipv4-unicast ipv6-unicast show-hostname show-nexthop-hostname
    ebgp-requires-policy suppress-duplicates network import-check hard-administrative-reset notification
    rib-stale-time stalepath-time select-defer-time preserve-fw-state restart-time long-lived-graceful-restart
    reject-as-sets suppress-fib-pending listen limit range coalesce-time update-delay min-holdtime tcp-keepalive
    disable-ebgp-connected-route-check use-underlays-nexthop-weight input-queue-limit output-queue-limit
    dampening minimum-holdtime session-dscp read-quanta write-quanta redistribute route-map metric maximum-paths
    ibgp ebgp equal-cluster-length aggregate-address summary-only as-set suppress-map matching-MED-only distance
    backdoor label-index label auto allocation-mode per-vrf per-nexthop export import rd rt route-target nexthop
    advertise-all-vni advertise-default-gw advertise-svi-ip advertise advertise-subnet advertise-pip mac autort
    as rfc8365-compatible vni flooding disable head-end-replication dup-addr-detection max-moves time freeze
    permanent use-es-l3nhg disable-ead-evi-rx disable-ead-evi-tx ead-es-frag ead-es-route-target evi-limit
    mac-vrf sys-mac es-id es-df-pref mh es-sys-mac uplink gateway-ip enable-resolve-overlay-index
    prefix-routes-only route blackhole reject Null0 null0 tag onlink nexthop-vrf segments color multi-hop source
    access-list permit deny seq any exact-match host le ge description remark remove community-list
    extcommunity-list large-community-list expanded additive no-export no-advertise local-AS internet accept-own
    route-filter-v4 llgr-stale no-llgr no-peer none match set call on-match next goto continue address
    prefix-len route-type level-1 level-2 level-1-2 type-1 type-2 source-protocol source-instance source-vrf
    community large-community extcommunity comm-list delete local-preference metric-type originator-id
    aggregator prepend last-as exclude peer-address unchanged prefer-global global sr-te src macip prefix ead es
    igp egp incomplete cumulative num-multipaths non-transitive atomic-aggregate rpki valid invalid notfound
    probability next-hop-list protocol nht resolve-via-default forwarding enable group nexthop-group dplane
    import-table keep retain_mode allow-external-route-update area authentication message-digest null stub
    no-summary nssa translate-always translate-candidate translate-never not-advertise cost substitute
    virtual-link default-cost shortcut in out auto-cost reference-bandwidth log-adjacency-changes detail
    passive-interface default-information originate always default-metric max-metric router-lsa administrative
    on-startup on-shutdown compatible rfc1583 opaque-lsa mpls-te on inter-as abr-type cisco ibm summary-address
    write-multiplier refresh timer throttle spf lsa min-arrival dead-interval minimal hello-multiplier
    hello-interval retransmit-interval transmit-delay priority point-to-point point-to-multipoint non-broadcast
    broadcast delay-reflood mtu-ignore prefix-suppression ldp-sync instance-id ifmtu hello-delay graceful helper
    planned-only supported-grace-time strict-lsa-checking grace-period segment-routing global-block node-msd
    prefix-sid index absolute local-block net is-type metric-style wide narrow transition circuit-type
    csnp-interval psnp-interval hello padding lsp-gen-interval lsp-mtu lsp-refresh-interval max-lsp-lifetime
    spf-interval set-overload-bit set-attached-bit attached-bit ignore spf-delay-ietf init-delay short-delay
    long-delay holddown time-to-learn three-way-handshake fast-reroute topology ipv4-multicast ipv6-mgmt
    overload purge-originator dynamic-hostname fabric-tier tier flood-reduction vrrp
    checksum-with-ipv4-pseudoheader preempt autoconfigure detect-multiplier receive-interval transmit-interval
    echo echo-mode echo-interval minimum-ttl passive-mode local-address multihop log-session-changes key chain
    accept-lifetime send-lifetime infinite duration cryptographic-algorithm md5 hmac-sha-1 hmac-sha-256
    hmac-sha-384 hmac-sha-512 key-chain mode text pbr-map pbr-policy dst-ip src-ip dst-port src-port dscp ecn
    mark vlan pcp fwmark rp ssm join-prune-interval keep-alive-timer packets register-suppress-time
    spt-switchover infinity-and-beyond igmp mld query-interval query-max-response-time join dr-priority
    drpriority use-source sm ecmp rebalance boundary oif rpf-lookup-mode mrib-only mrib-then-urib msdp
    mesh-group member link-detect ldp discovery transport-address transport-connection dual-stack cache tcp
    preference polling_period expire_interval retry_interval split-horizon wired wireless enable-timestamps
    rxcost rtt-decay rtt-min rtt-max channel debug events event updates keepalives neighbor-events packet rib
    fib msgs adj-packets snp-packets update-packets lsp-gen route-events spf-events spf-statistics nd
    ra-interval msec ra-lifetime suppress-ra managed-config-flag other-config-flag rdnss dnssl
    home-agent-config-flag router-preference high medium low reachable-time mtu off-link no-autoconfig
    """
)
_NAMES = word_set(
    """
    vrf view interface neighbor peer-group route-map prefix-list access-list standard expanded community-list
    large-community-list extcommunity-list as-path community large-community extcommunity isis openfabric eigrp
    babel chain profile hostname domainname update-source call import unsuppress-map suppress-map filter-list
    distribute-list nexthop-group pbr-map pbr-policy key-chain access-class source-vrf nexthop-vrf
    passive-interface comm-list match group-list mesh-group peer advertise-map exist-map non-exist-map address
    table nht iif oif next-hop-list bfd-profile default
    """
)
"""Words followed by the name of an object."""
_SECRETS: dict[str, re.Pattern[str]] = {
    word: re.compile(pattern)
    for word, pattern in {
        "password": r"",
        "key-string": r"",
        "authentication-key": r"",
        "message-digest-key": r"[0-9]{1,3}\s+md5\s+",
        "message-digest": r"[0-9]{1,3}\s+md5\s+",  # short for the same
        "area-password": r"(?:md5|clear)\s+",
        "domain-password": r"(?:md5|clear)\s+",
        "isis-password": r"(?:md5|clear)\s+",
        "authentication": r"(?:string|key-string|md5|text)\s+",
        "secret": r"",
        "psk": r"",
    }.items()
}
"""Words followed by a secret up to the end of the line, and what may come between."""
_BEFORE_KEYS = frozenset({"key", "md5", "text", "clear"})
"""Words after which a number may be a secret; only a key chain numbers its keys."""
_WAYS = re.compile(r"message-digest|null|mode\s+(?:md5|text|keyed-crypt)|key-chain\s+[A-Za-z][A-Za-z0-9_.-]{0,62}")
"""Modes of `authentication`, without the key."""
_FREE = frozenset({"description", "remark", "banner", "alias"})
"""Words followed by free text."""
_MARKS = frozenset({FRR_LOCAL_BEGIN, FRR_LOCAL_END})
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~_:-]{0,40}")
_TARGET = re.compile(
    r"(?:\*|[0-9]{1,10}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9]{1,5}\.[0-9]{1,5}):[0-9]{1,10}(?::[0-9]{1,10})?|[0-9]{1,5}\.[0-9]{1,5}"
)
_NET = re.compile(r"[0-9A-Fa-f]{2}(?:\.[0-9A-Fa-f]{4}){1,9}\.[0-9A-Fa-f]{2}")
_AS_PATTERN = re.compile(r"[0-9:_^$.*|()\[\]+?-]{1,60}")
_MAC_OR_ES = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){9}")

_Span = tuple[str, int, int]


def hide_frr(text: str, veil: Veil) -> str:
    """The text of frr.conf or frr.conf.local with every value replaced that is not known to be harmless."""
    return veil.each_line(text.split("\n"), _clean)


def _clean(line: str, veil: Veil) -> str:
    spans: list[_Span] = [(found[0], *found.span()) for found in _WORD.finditer(line)]
    if not spans:
        return line
    first = spans[0][0]
    if first[0] in "!#":
        return line if line.strip() in _MARKS else hide_comment(line, veil)
    is_open = first in _WORDS or first in _SECRETS
    found = [line[: spans[0][1]]]
    before: list[str] = []
    for number, (word, start, end) in enumerate(spans):
        if is_open and (word in _SECRETS or word in _FREE) and number + 1 < len(spans):
            found.append(line[start:end] + _rest(word, line[end:], before, veil))
            break
        is_open = is_open and _is_known(word, before, veil)
        gap = line[end : spans[number + 1][1]] if number + 1 < len(spans) else line[end:]
        found.append((word if is_open else veil.hide(word)) + gap)
        before.append(word)
    return "".join(found)


def _rest(word: str, rest: str, before: list[str], veil: Veil) -> str:
    """What follows a word that announces a secret or free text, as one value."""
    begin = len(rest) - len(rest.lstrip())
    value = rest[begin:].rstrip()
    if word == "authentication" and _WAYS.fullmatch(value):
        return rest
    pattern = _SECRETS.get("isis-password" if word == "password" and before[-1:] == ["isis"] else word)
    between = pattern.match(value) if pattern else None
    start = between.end() if between else 0
    return rest[:begin] + value[:start] + veil.hide(value[start:])


def _is_known(word: str, before: list[str], veil: Veil) -> bool:
    if word in _WORDS or not before:
        return word in _WORDS
    if before[-1] in _BEFORE_KEYS and before not in (["key"], ["no", "key"]):
        return False
    if before[-1] == "isis" and "password".startswith(word) and before[-2:-1] != ["router"]:
        return False
    is_value = veil.passes(word) or any(check(word) for check in _CHECKS)
    return is_value or (before[-1] in _NAMES and is_name(word)) or _is_in_its_place(word, before)


def _is_in_its_place(word: str, before: list[str]) -> bool:
    match before:
        case ["frr", "version"]:
            return _VERSION.fullmatch(word) is not None
        case ["log", "file"]:
            return is_path(word)
        case ["ip" | "ipv6", "route", _, *gateway]:
            return len(gateway) in (0, 1) and is_device(word)
    return False


_CHECKS: tuple[Callable[[str], object], ...] = (
    is_number,
    is_address,
    is_mac,
    _TARGET.fullmatch,
    _NET.fullmatch,
    _AS_PATTERN.fullmatch,
    _MAC_OR_ES.fullmatch,
)
