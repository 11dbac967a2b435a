"""Hints about names and VNIs that a node has already: what is taken out of a node must not be what it lives on."""

from __future__ import annotations

from tests.fakes import FakeCluster
from tests.hints.table import INTERFACES, Row, add_link, change, drop_link
from tests.unit.design.network import PVE_EVPN, SYMMETRIC, UNICAST

NODE1 = f"node1:{INTERFACES}"
BRIDGE = "\nauto {0}\niface {0} inet manual\n\tbridge-ports none\n\tbridge-stp off\n\tbridge-fd 0\n"
RENAMED = (("pvesdn.cfg", "vnet: vmbr2", "vnet: other"), ("pvesdn.cfg", "vnet vmbr2", "vnet other"))
TUNNEL = "\nauto vxlan9\niface vxlan9 inet manual\n\tvxlan-id 2\n"


def bridge(made: FakeCluster, name: str = "vmbr2", address: str = "", vlan: str = "") -> None:
    """A hand-written bridge, with an address, or with a VLAN that has one."""
    text = BRIDGE.format(name) + (f"\taddress {address}\n" if address else "")
    add_link(made, "node1", name, kind="bridge", address=address)
    if vlan:
        text += f"\nauto {name}.7\niface {name}.7 inet static\n\taddress {vlan}\n"
        add_link(made, "node1", f"{name}.7", kind="vlan", address=vlan)
    change(made, NODE1, "", text)


def tunnel(made: FakeCluster, *, over: str = "") -> None:
    """A hand-written VXLAN device with the VNI of ours; `over` is the address of a bridge that has it as a port."""
    change(made, NODE1, "", TUNNEL)
    add_link(made, "node1", "vxlan9", linkinfo={"info_kind": "vxlan", "info_data": {"id": 2}})
    if over:
        change(made, NODE1, "", f"\nauto vmbr9\niface vmbr9 inet static\n\taddress {over}\n\tbridge-ports vxlan9\n")
        add_link(made, "node1", "vmbr9", kind="bridge", address=over)
        add_link(made, "node1", "vxlan9", master="vmbr9")


ROWS = (
    Row(
        "a VNet has the name of a bridge that can go",
        {"pvesdn.cfg": SYMMETRIC},
        said=(
            "error: node1: device vmbr2 is also defined in /etc/network/interfaces of node1; remove "
            "it there, or choose another id"
        ),
        given=bridge,
        followed=((NODE1, BRIDGE.format("vmbr2"), ""),),
    ),
    Row(
        "a VNet has the name of a bridge with the gateway, written by hand",
        {"pvesdn.cfg": SYMMETRIC},
        said=(
            "error: node1: device vmbr2 is also defined in /etc/network/interfaces of node1; remove "
            "it there, or choose another id"
        ),
        given=lambda made: bridge(made, address="10.0.2.254/24"),
        followed=((NODE1, BRIDGE.format("vmbr2") + "\taddress 10.0.2.254/24\n", ""),),
        gives_up=frozenset({"10.0.2.254/24"}),
    ),
    Row(
        "a VNet has the name of a bridge that can go, and gets another",
        {"pvesdn.cfg": SYMMETRIC},
        said=(
            "error: node1: device vmbr2 is also defined in /etc/network/interfaces of node1; remove "
            "it there, or choose another id"
        ),
        given=bridge,
        followed=RENAMED,
    ),
    Row(
        "a VNet has the name of a bridge with the host's address",
        {"pvesdn.cfg": SYMMETRIC},
        said=(
            "error: node1: device vmbr2 is also defined in /etc/network/interfaces of node1; rename "
            "the vnet: choose another id"
        ),
        given=lambda made: bridge(made, address="198.51.100.7/24"),
        followed=RENAMED,
    ),
    Row(
        "a VNet has the name of a bridge with a VLAN that has the host's address",
        {"pvesdn.cfg": SYMMETRIC},
        said=(
            "error: node1: device vmbr2 is also defined in /etc/network/interfaces of node1; rename "
            "the vnet: choose another id"
        ),
        given=lambda made: bridge(made, vlan="198.51.100.7/24"),
        followed=RENAMED,
    ),
    Row(
        "a VNet has the name of the bridge that carries the tunnels",
        {"pvesdn.cfg": SYMMETRIC.replace("vmbr2", "vmbr0")},
        said=(
            "error: pvesdn.cfg:12: vnet 'vmbr0': device vmbr0 is also defined in "
            "/etc/network/interfaces of node1, node2, node3; rename the vnet: choose another id"
        ),
        followed=(("pvesdn.cfg", "vnet: vmbr0", "vnet: other"), ("pvesdn.cfg", "vnet vmbr0", "vnet other")),
    ),
    Row(
        "a VNet has the name of a device that no file makes",
        {"pvesdn.cfg": SYMMETRIC},
        said=(
            "error: pvesdn.cfg:12: vnet 'vmbr2': vmbr2 is a device of kind dummy on node1; rename the "
            "vnet: choose another id"
        ),
        given=lambda made: add_link(made, "node1", "vmbr2", kind="dummy"),
        followed=RENAMED,
    ),
    Row(
        "a VNet of PVE's has the name of a bridge that can go",
        PVE_EVPN,
        said=(
            "warning: vnets.cfg:1: vnet 'web': device web is also defined in /etc/network/interfaces "
            "of node1, and ifupdown2 merges both; remove it there, or choose another id in PVE"
        ),
        given=lambda made: bridge(made, "web"),
        followed=((NODE1, BRIDGE.format("web"), ""),),
    ),
    Row(
        "a VNet of PVE's has the name of a bridge with the host's address",
        PVE_EVPN,
        said=(
            "warning: vnets.cfg:1: vnet 'web': device web is also defined in /etc/network/interfaces "
            "of node1, and ifupdown2 merges both; choose another id in PVE"
        ),
        given=lambda made: bridge(made, "web", address="198.51.100.7/24"),
        followed=(("vnets.cfg", "vnet: web", "vnet: other"),),
    ),
    Row(
        "a VNet of PVE's has the name of a bridge with a VLAN that has the host's address",
        PVE_EVPN,
        said=(
            "warning: vnets.cfg:1: vnet 'web': device web is also defined in /etc/network/interfaces "
            "of node1, and ifupdown2 merges both; choose another id in PVE"
        ),
        given=lambda made: bridge(made, "web", vlan="198.51.100.7/24"),
        followed=(("vnets.cfg", "vnet: web", "vnet: other"),),
    ),
    Row(
        "a VNI is on a device written by hand",
        {"pvesdn.cfg": UNICAST},
        said=(
            "error: node1: vxlan_vmbr2: VNI 2 is already on the device vxlan9, and the kernel refuses "
            "a second one; take vxlan9 out of /etc/network/interfaces, or choose another VNI"
        ),
        given=tunnel,
        followed=((NODE1, TUNNEL, ""),),
        deed=lambda made: drop_link(made, "node1", "vxlan9"),
    ),
    Row(
        "a VNI is on a device written by hand, and the VNet gets another",
        {"pvesdn.cfg": UNICAST},
        said=(
            "error: node1: vxlan_vmbr2: VNI 2 is already on the device vxlan9, and the kernel refuses "
            "a second one; take vxlan9 out of /etc/network/interfaces, or choose another VNI"
        ),
        given=tunnel,
        followed=(("pvesdn.cfg", "tag 2", "tag 3"),),
    ),
    Row(
        "a VNI is on the device by which the host has an address",
        {"pvesdn.cfg": UNICAST},
        said=(
            "error: node1: vxlan_vmbr2: VNI 2 is already on the device vxlan9, and the kernel refuses "
            "a second one; choose another VNI: by vxlan9 the node has 198.51.100.7"
        ),
        given=lambda made: tunnel(made, over="198.51.100.7/24"),
        followed=(("pvesdn.cfg", "tag 2", "tag 3"),),
    ),
)
