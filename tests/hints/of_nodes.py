"""Hints about files of a node: what an apply waits for, and what PVE's merge makes of frr.conf.local."""

from __future__ import annotations

from functools import partial

from tests.fakes import FakeCluster
from tests.hints.table import INTERFACES, Row, add_link, change, drop_link
from tests.unit.design.network import PVE_EVPN, SYMMETRIC, UNICAST, uplink

LOCAL = "node1:/etc/frr/frr.conf.local"
ROUTER = "router bgp 65000\n"
NEIGHBOR = " neighbor 192.0.2.9 remote-as 65009\n"
FAMILY = " address-family ipv4 unicast\n  redistribute connected\n exit-address-family\n"


def gone(made: FakeCluster) -> None:
    """The exit's interface was taken out of the machine."""
    drop_link(made, "node1", "eno2")
    change(made, f"node1:{INTERFACES}", "iface eno2 inet manual\n\n", "")
    add_link(made, "node1", "eno3")


def local(made: FakeCluster, text: str) -> None:
    change(made, LOCAL, "", text)


def lost(name: str, said: str, text: str, instead: str) -> Row:
    """A file in which a line does not end up where it was meant to.

    :param said: without node and file.
    :param instead: the file after the hint was followed.
    """
    severity, _, rest = said.partition(":")
    return Row(
        name,
        PVE_EVPN,
        said=f"{severity}: node1: /etc/frr/frr.conf.local:{rest}",
        given=partial(local, text=text),
        followed=((LOCAL, text, instead),),
    )


ROWS = (
    Row(
        "the node's files do not source ours",
        {"pvesdn.cfg": UNICAST},
        said=(
            "error: node1: /etc/network/interfaces does not source /etc/network/interfaces.d/pvesdn; "
            "add the line 'source /etc/network/interfaces.d/*' to it"
        ),
        given=lambda made: change(made, f"node1:{INTERFACES}", "\nsource /etc/network/interfaces.d/*\n", ""),
        followed=((f"node1:{INTERFACES}", "", "\nsource /etc/network/interfaces.d/*\n"),),
    ),
    Row(
        "somebody's edits wait for the next reload",
        {"pvesdn.cfg": UNICAST},
        said=(
            "error: node1: /etc/network/interfaces.new holds somebody's unapplied edits, which any "
            "reload would apply; apply or revert them in the node's network panel, or use "
            "--with-interfaces-new"
        ),
        given=lambda made: change(made, "node1:/etc/network/interfaces.new", "", "auto lo\n"),
        deed=lambda made: made.nodes["node1"].files.pop("/etc/network/interfaces.new"),
    ),
    Row(
        "an uplink is gone, and another takes its place",
        {"pvesdn.cfg": SYMMETRIC + uplink()},
        said=(
            "error: node1: eno2: the interface does not exist, so the reload would fail half-way; check"
            " its name in pvesdn.cfg:23, or wait until it exists"
        ),
        given=gone,
        followed=(("pvesdn.cfg", "interface eno2", "interface eno3"),),
    ),
    lost(
        "an empty block",
        (
            "error:1: in PVE's merge line 'vrf vrf_theirs' opens an empty block, on which PVE fails "
            "and writes no frr.conf; put a line into the block, or remove the block"
        ),
        "vrf vrf_theirs\nexit-vrf\n",
        "",
    ),
    lost(
        "an empty block that gets a line",
        (
            "error:1: in PVE's merge line 'vrf vrf_theirs' opens an empty block, on which PVE fails "
            "and writes no frr.conf; put a line into the block, or remove the block"
        ),
        "vrf vrf_theirs\nexit-vrf\n",
        "vrf vrf_theirs\n ip route 192.0.2.0/24 blackhole\nexit-vrf\n",
    ),
    lost(
        "an end of an address family too many",
        (
            "error:2: in PVE's merge line 'exit-address-family' closes an address family when none is "
            "open, on which PVE fails and writes no frr.conf; remove the line"
        ),
        "router isis core\n exit-address-family\nexit\n",
        "router isis core\nexit\n",
    ),
    lost(
        "an address family outside of any router",
        (
            "warning:1: in PVE's merge line 'address-family ipv4 unicast' is copied outside of any "
            "router, where FRR refuses it; move it, with its lines and its exit-address-family, below "
            "the 'router bgp' it belongs to"
        ),
        f"{FAMILY}",
        f"{ROUTER}{FAMILY}exit\n",
    ),
    lost(
        "a comment that looks like an address family",
        (
            "warning:1: in PVE's merge line '! address-family ipv4 unicast' is a comment that PVE "
            "takes for an address family; reword the comment"
        ),
        "! address-family ipv4 unicast\n",
        "! of IPv4\n",
    ),
    lost(
        "a block without its end",
        (
            "warning:5: in PVE's merge line 'exit' is printed inside PVE's own 'router bgp 65000' and "
            "ends it there, so that FRR reads PVE's address families outside of any router: the block "
            "of line 1, 'vrf other', has no exit; end the block of line 1, 'vrf other', with exit"
        ),
        f"vrf other\n ip route 192.0.2.0/24 blackhole\n{ROUTER}{NEIGHBOR}exit\n",
        f"vrf other\n ip route 192.0.2.0/24 blackhole\nexit\n{ROUTER}{NEIGHBOR}exit\n",
    ),
    lost(
        "a second instance",
        (
            "warning:1: in PVE's merge line 'router bgp 65001' is a second BGP instance next to PVE's "
            "of AS 65000, which FRR refuses; write 'router bgp 65000'"
        ),
        f"router bgp 65001\n{NEIGHBOR}exit\n",
        f"{ROUTER}{NEIGHBOR}exit\n",
    ),
    lost(
        "an exit that is not in the first column",
        (
            "warning:3: in PVE's merge line 'exit' is printed inside PVE's own 'router bgp 65000' and "
            "ends it there, so that FRR reads PVE's address families outside of any router; write "
            "'exit' in the first column instead"
        ),
        f"{ROUTER}{NEIGHBOR} exit\n",
        f"{ROUTER}{NEIGHBOR}exit\n",
    ),
    lost(
        "an address family that is not ended",
        (
            "warning:8: in PVE's merge line 'exit-address-family' is printed inside PVE's own "
            "'address-family l2vpn evpn' and ends it there; end the address family before it with "
            "exit-address-family"
        ),
        f"{ROUTER} address-family ipv6 unicast\n  redistribute static\nexit\n"
        f"{ROUTER} address-family l2vpn evpn\n  advertise-default-gw\n exit-address-family\nexit\n",
        f"{ROUTER} address-family ipv6 unicast\n  redistribute static\n exit-address-family\nexit\n"
        f"{ROUTER} address-family l2vpn evpn\n  advertise-default-gw\n exit-address-family\nexit\n",
    ),
    lost(
        "an address family that exit ends",
        (
            "warning:4: in PVE's merge line 'exit' is printed inside PVE's own 'router bgp 65000' and "
            "ends it there, so that FRR reads PVE's address families outside of any router; write "
            "'exit' in the first column instead"
        ),
        f"{ROUTER} address-family ipv4 unicast\n  redistribute connected\n exit\nexit\n",
        f"{ROUTER} address-family ipv4 unicast\n  redistribute connected\nexit\nexit\n",
    ),
    lost(
        "an address family of PVE's that exit ends",
        (
            "warning:4: in PVE's merge line 'exit' is printed inside PVE's own 'address-family l2vpn "
            "evpn' and ends it there; write exit-address-family instead"
        ),
        f"{ROUTER} address-family l2vpn evpn\n  advertise-default-gw\n  exit\nexit\n",
        f"{ROUTER} address-family l2vpn evpn\n  advertise-default-gw\n exit-address-family\nexit\n",
    ),
    Row(
        "a command of FRR's own top level behind an exit that is not in the first column",
        PVE_EVPN,
        said=(
            (
                "warning: node1: /etc/frr/frr.conf.local:3: in PVE's merge line 'exit' is printed inside "
                "PVE's own 'router bgp 65000' and ends it there, so that FRR reads PVE's address families "
                "outside of any router; write 'exit' in the first column instead"
            ),
            (
                "warning: node1: /etc/frr/frr.conf.local:4: in PVE's merge line 'log file /var/log/bgp' ends up "
                "in 'router bgp 65000'; remove it: PVE's merge has no place for it"
            ),
        ),
        given=partial(local, text=f"{ROUTER}{NEIGHBOR} exit\n log file /var/log/bgp\n"),
        followed=((LOCAL, " exit\n log file /var/log/bgp\n", "exit\n"),),
    ),
    lost(
        "the exit of a VRF that is not in the first column",
        (
            "warning:3: in PVE's merge line 'exit-vrf' is printed inside PVE's own 'vrf vrf_theirs' "
            "and ends it there; write 'exit-vrf' in the first column instead"
        ),
        "vrf vrf_theirs\n ip route 192.0.2.0/24 blackhole\n exit-vrf\n",
        "vrf vrf_theirs\n ip route 192.0.2.0/24 blackhole\nexit-vrf\n",
    ),
    lost(
        "a route map behind PVE's own",
        (
            "warning:1: in PVE's merge line 'route-map MAP_VTEP_IN permit 20' comes after PVE's own "
            "entry, which permits everything; give the map a name of its own, and name that one where "
            "it is to be used"
        ),
        "route-map MAP_VTEP_IN permit 20\n set metric 1\nexit\n",
        "route-map MINE permit 20\n set metric 1\nexit\n",
    ),
    lost(
        "a static route",
        (
            "warning:1: in PVE's merge line 'ip route 198.51.100.0/24 192.168.0.9' is dropped; move "
            "it to /etc/network/interfaces: 'up ip route add 198.51.100.0/24 via 192.168.0.9' in the "
            "stanza of the interface that leads there"
        ),
        "ip route 198.51.100.0/24 192.168.0.9\n",
        "",
    ),
    lost(
        "OSPF without a fabric",
        (
            "warning:1: 'router ospf' does not run: PVE switches ospfd off on a node that is in no "
            "OSPF fabric; put the node into an OSPF fabric in PVE, whose ospfd then reads these lines "
            "too, or let something other than FRR route the underlay"
        ),
        "router ospf\n ospf router-id 192.0.2.1\nexit\n",
        "",
    ),
)
