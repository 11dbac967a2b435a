"""Programs used in hooks, and the words of each that carry no secret (from their manual pages)."""

from __future__ import annotations

from dataclasses import dataclass

from pvesdn.decode.secrets.veil import word_set


@dataclass(frozen=True, slots=True)
class Program:
    """What a program's command line may show.

    :param words: verbs, keywords and options.
    :param slots: words before the name of a device, a table or a chain.
    :param pairs: words before the name of a device and one more.
    :param secret: words after which nothing is shown.
    :param has_values: its addresses and numbers are those of a network.
    :param has_settings: its words may be kernel settings with numbers.
    :param has_long_options: the name of a long option is harmless.
    """

    words: frozenset[str] = frozenset()
    slots: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    has_values: bool = False
    has_settings: bool = False
    has_long_options: bool = True


def _program(words: str = "", *, slots: str = "", behind: str = "", has_values: bool = False) -> Program:
    known = frozenset(f"{words} {slots} {behind}".split())
    return Program(
        known, frozenset(slots.split()), frozenset({"link"} & known), frozenset(behind.split()), has_values=has_values
    )


ANY = Program()
"""An unknown program: any argument may be a secret."""

_IP = _program(
    "-4 -6 -d -s -j -br -batch -force -n -netns address addr addrlabel route r rule neigh neighbor neighbour link l maddress "
    "mroute tunnel netns netconf nexthop monitor list flush get save restore append prepend exec macsec xfrm "
    "state policy up down arp multicast allmulticast dynamic promisc trailers on off noarp vxlan bridge vlan bond dummy veth "
    "macvlan macvtap ipvlan ifb gre gretap ip6gre ip6gretap ipip sit vti vti6 ip6tnl geneve wireguard team nlmon vcan vrf_slave "
    "group remote local ttl tos id dstport srcport learning nolearning rsc norsc proxy noproxy l2miss nol2miss l3miss nol3miss "
    "udpcsum noudpcsum gbp gpe external vnifilter ageing maxaddress df inherit inet inet6 any mode type port mtu address "
    "txqueuelen numtxqueues numrxqueues index broadcast scope global site host link nowhere metric preference pref priority via "
    "nexthop weight onlink unicast multicast anycast blackhole prohibit unreachable throw nat default all from to src dst proto "
    "protocol kernel boot static bgp zebra isis ospf advmss hoplimit initcwnd initrwnd rtt window features quickack congctl "
    "lookup goto iif oif fwmark tun_id l3mdev suppress_prefixlength not lladdr nud permanent reachable stale noarp proxy "
    "valid_lft preferred_lft forever noprefixroute home nodad mngtmpaddr autojoin peer vf mac qos 802.1q 802.1ad reorder_hdr "
    "gvrp mvrp loose_binding egress-qos-map ingress-qos-map stp_state forward_delay hello_time max_age ageing_time "
    "vlan_filtering vlan_default_pvid vlan_protocol mcast_snooping mcast_querier mcast_router nf_call_iptables "
    "nf_call_ip6tables nf_call_arptables neigh_suppress isolated flood fastleave guard hairpin cost prio "
    "miimon active-backup 802.3ad balance-rr balance-xor broadcast balance-tlb balance-alb xmit_hash_policy layer2 layer2+3 "
    "layer3+4 lacp_rate slow fast private vepa passthru l2 l3 l3s addrgenmode eui64 none random stable_secret pmtudisc "
    "nopmtudisc seq noseq iseq oseq csum nocsum encap ip6 fou gue sport dport noencap-csum rx tx sa pn sci cipher encrypt "
    "protect replay validate strict check disabled offload phy egress ingress end_station scb xpn ssci salt esp ah comp spi "
    "reqid tunnel transport beet ro in fwd out tmpl sel required use level allow block if_id flag nopmtudisc "
    "main local 254 255 gso_max_size gso_max_segs gro_max_size xdp nomaster noqueue qlen change "
    "property gcm-aes-128 gcm-aes-256 gcm-aes-xpn-128 gcm-aes-xpn-256 macsec icvlen",
    slots="dev name master vrf table add del delete set show replace lookup lan exec physdev peer attach pvid iif oif label altname",
    behind="key ikey okey alias auth enc aead auth-trunc psk password cookie peer_cookie hmac secret token ifalias",
    has_values=True,
)
_IPTABLES = _program(
    "filter nat raw mangle security PREROUTING POSTROUTING INPUT OUTPUT FORWARD BROUTING ACCEPT DROP REJECT RETURN SNAT DNAT "
    "MASQUERADE REDIRECT NETMAP CT MARK CONNMARK NOTRACK TCPMSS TPROXY CLASSIFY DSCP TTL HL LOG NFLOG tcp udp icmp icmpv6 "
    "ipv6-icmp esp ah gre all vrrp ospf ! conntrack state physdev multiport addrtype mark limit tcp hashlimit connmark policy "
    "iprange mac pkttype comment NEW ESTABLISHED RELATED INVALID UNTRACKED LOCAL BROADCAST MULTICAST UNICAST none ipsec "
    "NEW,ESTABLISHED NEW,RELATED RELATED,ESTABLISHED ESTABLISHED,RELATED NEW,ESTABLISHED,RELATED SYN,RST SYN tcp-reset ALL NONE",
    slots="-i -o -t -j -A -I -D -N -F -X -P -g -m --in-interface --out-interface --physdev-in --physdev-out",
    behind="--comment --string --hex-string --log-prefix --nflog-prefix",
    has_values=True,
)
_BRIDGE = _program(
    "-4 -6 -j -d fdb mdb vlan link vni list append replace static dynamic permanent temp local self master sticky router use "
    "extern_learn dst port src_vni state untagged pvid tunnel_info id on off flood mcast_flood neigh_suppress learning "
    "hairpin guard isolated vlan_tunnel cost priority grp vid global group remote",
    slots="dev add del set show via master replace append vrf",
    has_values=True,
)
_ETHTOOL = _program(
    "on off speed duplex full half autoneg rx tx sg tso gso gro lro ufo rxvlan txvlan ntuple rxhash combined other adaptive-rx "
    "adaptive-tx rx-usecs tx-usecs rx-frames tx-frames wol d g p u m b a s advertise port mdix auto rx-checksumming "
    "tx-checksumming generic-receive-offload tcp-segmentation-offload generic-segmentation-offload large-receive-offload "
    "tx-udp_tnl-segmentation tx-udp_tnl-csum-segmentation rx-gro-hw hw-tc-offload rx-udp_tunnel-port-offload highdma "
    "rx-vlan-filter rx-vlan-offload tx-vlan-offload encoding off rs baser",
    slots="-K -k -G -g -A -a -C -c -L -l -s -N -n -S -i -t -p -x -X --offload --features --set-ring --pause --coalesce --change",
    behind="sopass",
    has_values=True,
)
_TC = _program(
    "qdisc class filter action root ingress clsact egress parent handle protocol ip ipv6 arp all prio pref u32 flower matchall "
    "fq fq_codel pfifo pfifo_fast mq noqueue htb tbf cake sfq netem police mirred redirect mirror drop pass ok continue rate "
    "ceil burst latency limit match src dst dport sport default flowid skbedit queue_mapping mark get bpf direct-action "
    "bytecode",
    slots="dev add del replace change show classid",
    has_values=True,
)
_OLD = _program(
    "add del -net -host gw netmask metric default dev up down mtu promisc -promisc arp -arp hw ether inet inet6 broadcast "
    "pointopoint txqueuelen multicast allmulti reject addbr delbr addif delif stp setfd sethello setmaxage setageing "
    "setbridgeprio setpathcost setportprio hairpin on off yes no rem set_flag set_name_type show showmacs showstp",
    slots="dev add del addbr delbr addif delif stp setfd setageing rem hairpin show",
    has_values=True,
)
_WG = _program(
    "set show setconf addconf syncconf showconf up down save strip genkey genpsk pubkey listen-port persistent-keepalive "
    "endpoint allowed-ips fwmark remove off private-key preshared-key peer replace-allowed-ips",
    slots="set show setconf addconf syncconf up down save strip showconf",
    has_values=True,
)
_SYSCTL = Program(frozenset({"-w", "-p", "-q", "-e", "-n", "-a", "--system", "="}), has_values=True, has_settings=True)
_UNITS = _program(
    "start stop restart reload reload-or-restart try-restart enable disable daemon-reload is-active is-enabled mask unmask "
    "status frr networking ssh sshd corosync pveproxy pvedaemon pve-cluster pve-firewall proxmox-firewall openvswitch-switch "
    "ovs-vswitchd dnsmasq nftables netfilter-persistent ifupdown2 systemd-networkd chrony keepalived bird frr.service "
    "networking.service ssh.service corosync.service nftables.service dnsmasq.service openvswitch-switch.service"
)
_TEST = _program("-e -f -d -r -w -x -s -z -n -L -h = == != -eq -ne -lt -gt -le -ge -a -o ! ]", slots="= == !=")
_ECHO = _program("-n -e on off yes no")
_NAMES = _program(
    "bonding 8021q vxlan vrf dummy bridge br_netfilter wireguard macsec openvswitch nf_conntrack ip_gre tun tap mode miimon",
    slots="modprobe",
)
_DEVICES = Program(slots=frozenset({"-i", "-I", "--interface"}), has_values=True)
_SLEEP = Program(has_values=True)

PROGRAMS: dict[str, Program] = {
    **dict.fromkeys(("ip",), _IP),
    **dict.fromkeys(
        ("iptables", "ip6tables", "iptables-legacy", "iptables-nft", "ip6tables-legacy", "ebtables"), _IPTABLES
    ),
    **dict.fromkeys(("bridge",), _BRIDGE),
    **dict.fromkeys(("ethtool",), _ETHTOOL),
    **dict.fromkeys(("tc",), _TC),
    **dict.fromkeys(("ifconfig", "route", "brctl", "vconfig"), _OLD),
    **dict.fromkeys(("wg", "wg-quick"), _WG),
    **dict.fromkeys(("sysctl",), _SYSCTL),
    **dict.fromkeys(("systemctl", "service", "invoke-rc.d"), _UNITS),
    **dict.fromkeys(("test", "["), _TEST),
    **dict.fromkeys(("echo",), _ECHO),
    **dict.fromkeys(("modprobe",), _NAMES),
    **dict.fromkeys(("arping", "ping", "ping6", "ndisc6", "ifup", "ifdown", "ifquery", "ifreload"), _DEVICES),
    **dict.fromkeys(("sleep", "exit", "return", "timeout", "nice", "ionice", "chrt", "taskset", "renice"), _SLEEP),
    **dict.fromkeys(
        word_set(
            """
            true false : cat tee cp mv ln rm mkdir chmod chown touch printf logger grep egrep sed awk cut tr
            head tail xargs find env export set unset source . read case for in esac local function sh bash dash
            python python3 perl curl wget nc ncat socat ssh scp rsync openssl base64 wpa_supplicant wpa_cli
            wpa_passphrase hostapd iwconfig iw iwpriv rfkill pppd pon poff openvpn strongswan ipsec swanctl
            racoonctl setkey xl2tpd dhclient dhcpcd udhcpc udevadm nmcli nft ipset conntrack arptables vtysh
            birdc keepalived frr-reload.py ovs-vsctl ovs-ofctl ovs-appctl ovn-nbctl ovn-sbctl batctl mstpctl
            lldpcli lldptool vppctl macsec wpa_gui etherwake wakeonlan ether-wake iptables-restore iptables-save
            ip6tables-restore ip6tables-save nft-restore run-parts start-stop-daemon pvesh pvesm qm pct pvecm
            ha-manager date hostname dig host getent nslookup dmidecode lsmod rmmod insmod mount umount screen
            tmux at
            """
        ),
        ANY,
    ),
}
"""By the last component of the path; of any other program not even the name is shown."""
