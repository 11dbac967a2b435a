"""No word is lost in silence: whatever is added to a stanza that goes or to frr.conf changes what is proposed, or is
told, or stands in the list of what pvesdn does anyway.
"""

from __future__ import annotations

import re

import pytest

from pvesdn.errors import SdnConfigError
from pvesdn.model.snapshot import Snapshot
from pvesdn.recognise.anyway import ANYWAY, filled
from tests.unit.recognise.kit import hand, lost, text

PORT = (
    """
vxlan-local-tunnelip 192.168.0.1|vxlan-physdev eno1|vxlan-port 4790|vxlan-ageing 77|vxlan-ttl 9|vxlan-learning off
vxlan-learning on|vxlan-purge-remotes yes|bridge-learning on|bridge-learning off|bridge-access 5|bridge-vids 5-9
bridge-pvid 5|bridge-allow-untagged no|bridge-arp-nd-suppress off|bridge-arp-nd-suppress on
bridge-unicast-flood off|bridge-unicast-flood on|bridge-multicast-flood on
bridge-broadcast-flood off|mstpctl-bpduguard yes|mstpctl-portbpdufilter yes|mtu 1400|hwaddress 02:00:00:00:00:05
alias wire|address 10.7.7.7/24|link-speed 10000|up ip link set $IFACE up|post-up echo up|pre-down echo down
post-up tc qdisc add dev $IFACE root noqueue|ip6-addrgen off|bridge-pathcosts 5|bridge-portprios 5|es-sys-mac 44:38:39:be:ef:aa
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
BRIDGE = (
    """
bridge-stp on|bridge-fd 15|bridge-ageing 20|bridge-hello 5|bridge-maxage 9|bridge-bridgeprio 1|bridge-mcsnoop 0
bridge-mcquerier 1|bridge-hashmax 512|bridge-hashmax 4096|bridge-vids 2-100|bridge-pvid 7|bridge-vlan-protocol 802.1ad|bridge-waitport 0
bridge-vlan-aware yes|bridge-ports-condone-regex ^eno|mtu 1400|alias web|hwaddress 02:00:00:00:00:05|ip-forward on
ip6-forward on|arp-accept on|vrf red|accept-ra 0|ip6-addrgen off|post-up echo up|up ip route add 10.0.0.0/8 via 10.1.1.1
post-up ip link set eno7 master $IFACE|up brctl addif $IFACE eno7|post-up iptables -t nat -A POSTROUTING -j MASQUERADE
address-virtual 00:00:5e:00:01:01 10.9.9.254/24|vrrp 1 10.9.9.254/24|dns-nameservers 10.1.1.1|mpls-enable yes
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
ROUTER = (
    """
bgp router-id 10.9.9.9|bgp cluster-id 10.9.9.9|bgp log-neighbor-changes|bgp graceful-restart|bgp bestpath compare-routerid
no bgp ebgp-requires-policy|no bgp hard-administrative-reset|no bgp graceful-restart notification|coalesce-time 5
timers bgp 3 9|maximum-paths 4|neighbor 192.168.0.2 bfd|neighbor 192.168.0.2 description two|neighbor 192.168.0.2 password x
neighbor 192.168.0.2 timers connect 5|neighbor 192.168.0.2 update-source eno7|neighbor 192.168.0.2 ebgp-multihop 3
neighbor 10.9.9.9 remote-as 65009|neighbor LONELY peer-group|bgp listen range 10.0.0.0/8 peer-group LONELY
no neighbor 192.168.0.2 capability|bgp confederation identifier 5|bgp default show-hostname|distance bgp 20 200 200
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
EVPN = (
    """
advertise ipv4 unicast|advertise ipv6 unicast|advertise-default-gw|advertise-svi-ip|autort rfc8365-compatible
default-originate ipv4|dup-addr-detection disable|route-target import 1:1|route-target export 1:1|rd 1:1|flooding disable
neighbor 192.168.0.2 soft-reconfiguration inbound|neighbor 192.168.0.2 route-map IN in|neighbor 192.168.0.2 next-hop-self
neighbor 192.168.0.2 allowas-in|use-es-l3nhg|ead-es-frag evi-limit 200|enable-resolve-overlay-index|vni 2
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
TOP = (
    """
frr version 9.1|frr defaults traditional|hostname other|domainname example.org|log syslog debugging|log stdout
log file /var/log/frr.log|log timestamp precision 3|service password-encryption|password x|enable password x
no ip forwarding|ip forwarding|ipv6 forwarding|no ipv6 forwarding|no zebra nexthop kernel enable|ip nht resolve-via-default
ip route 10.0.0.0/8 10.1.1.1|ip route 10.0.0.0/8 10.1.1.1 vrf red|ip route 10.0.0.0/8 10.1.1.1 eno7 table 5|debug bgp updates
ip protocol bgp route-map X|access-list a seq 5 permit any|ip prefix-list a seq 5 permit any|bgp as-path access-list a permit 5
bgp community-list standard a permit 1:1|rpki|bfd|router ospf|router ospf6|router isis x|router rip|router openfabric x
route-map x permit 10|key chain x|interface eno7|vrf red|router bgp 65009 vrf red|segment-routing|mpls label bind 1.1.1.1/32 5
nexthop-group x|pbr-map x seq 5|agentx|allow-external-route-update|zebra zapi-packets 5|banner motd line x|line vty|end-of-file
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
NOTHING = {"interface eno7", "vrf red", "line vty"}
"""A block with nothing in it says nothing."""
HAND = {
    "port": (PORT, "unicast", "        vxlan-id 2\n", "        {}\n"),
    "port of EVPN": (PORT, "evpn-l2", "        vxlan-id 2\n", "        {}\n"),
    "bridge": (BRIDGE, "unicast", "        bridge_ports vxlan2\n", "        {}\n"),
    "bridge of EVPN": (BRIDGE, "evpn-l2", "        bridge_ports vxlan2\n", "        {}\n"),
    "bridge with a gateway": (BRIDGE, "asymmetric", "        bridge_ports vxlan2\n", "        {}\n"),
    "bridge of an L3VNI": (BRIDGE, "symmetric", "        bridge_ports vxlan4000\n", "        {}\n"),
    "VXLAN device of an L3VNI": (PORT, "symmetric", "        vxlan-id 4000\n", "        {}\n"),
    "router bgp": (ROUTER, "evpn-l2", " no bgp default ipv4-unicast\n", " {}\n"),
    "router bgp vrf": (ROUTER, "symmetric", "router bgp 1234 vrf vrf1\n!\n", " {}\n"),
    "l2vpn evpn": (EVPN, "evpn-l2", "  advertise-all-vni\n", "  {}\n"),
    "l2vpn evpn of a VRF": (EVPN, "symmetric", "  advertise ipv4 unicast\n", "  {}\n"),
    "top": (TOP, "evpn-l2", "line vty\n", "{}\n"),
}
CASES = [(place, line) for place, (lines, *_) in HAND.items() for line in lines if line not in NOTHING]


WORDED = re.compile(
    r"(?<=password) x$|(?<=neighbor 10\.9\.9\.9) remote-as .*|(?<=neighbor 192\.168\.0\.2) update-source .*"
    r"|(?<=neighbor LONELY) peer-group|^ip (?=route)|(?<= )vrf (?=red)"
)
"""What is told in other words: secrets not at all, sessions by their neighbour, the rest in a sentence."""


def known(line: str) -> bool:
    """Whether the list has it, under whatever condition."""
    names = dict.fromkeys(("name", "node", "vtep", "peer", "plain", "guest_ports"), r"\S+")
    return any(re.fullmatch(filled(entry.words, names), line.replace("$IFACE", "vxlan2")) for entry in ANYWAY)


def is_told(snapshot: Snapshot, line: str) -> bool:
    try:
        found = "\n".join(lost(snapshot))
    except SdnConfigError:
        return True
    return all(word in found for word in WORDED.sub("", line).split())


@pytest.mark.parametrize(("place", "line"), CASES, ids=[f"{place}: {line}" for place, line in CASES])
def test_no_word_is_lost_in_silence(place: str, line: str) -> None:
    _, model, behind, form = HAND[place]
    if line in "\n".join(hand(model).nodes["node1"].files.values()):
        return  # the model has it, and nothing of it is lost
    snapshot = hand(model, (behind, behind + form.format(line)))
    assert is_told(snapshot, line) or text(snapshot) != text(hand(model)) or known(line)
