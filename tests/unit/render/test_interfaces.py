from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES
from pvesdn.model.ifupdown import (
    CarriedBridge,
    InterfacesFile,
    L3VniBridge,
    Stanza,
    Tunnel,
    Uplink,
    VnetBridge,
    VrfDevice,
    VxlanPort,
)
from pvesdn.model.pve_ifupdown import PveVrf
from pvesdn.render.engine import environment
from pvesdn.render.interfaces import InterfacesPrinter

LOCAL = ip_address("192.168.0.1")


def printed(stanza: Stanza, **tunnels: Tunnel) -> list[str]:
    """The lines of a stanza."""
    file = InterfacesPrinter(environment()).ours(InterfacesFile((stanza,), tunnels=tunnels))
    return file.stanzas[stanza.name].splitlines()


def lines(name: str, *options: str) -> list[str]:
    return [f"auto {name}", f"iface {name}", *(f"\t{option}" for option in options)]


def test_the_barest_vxlan_device() -> None:
    assert printed(VxlanPort("vxlan_a", 7, "z"), z=Tunnel(LOCAL, 1450)) == lines(
        "vxlan_a", "vxlan-id 7", "vxlan-local-tunnelip 192.168.0.1", "mtu 1450"
    )


def test_the_fullest_vxlan_device() -> None:
    tunnel = Tunnel(
        local=LOCAL,
        mtu=1450,
        remotes=(ip_address("192.168.0.2"), ip_address("192.168.0.3")),
        group=ip_address("225.20.1.1"),
        group6=ip_address("ff05::1"),
        physdev="vmbr0",
        udp_port=8472,
        is_controlled=True,
        has_arp_nd_suppression=True,
        has_flood=False,
    )
    assert printed(VxlanPort("vxlan_a", 7, "z"), z=tunnel) == lines(
        "vxlan_a",
        "vxlan-id 7",
        "vxlan-local-tunnelip 192.168.0.1",
        "vxlan-remoteip 192.168.0.2",
        "vxlan-remoteip 192.168.0.3",
        "vxlan-mcastgrp 225.20.1.1",
        "vxlan-mcastgrp6 ff05::1",
        "vxlan-physdev vmbr0",
        "vxlan-port 8472",
        "bridge-learning off",
        "bridge-arp-nd-suppress on",
        "bridge-unicast-flood off",
        "bridge-multicast-flood off",
        "mtu 1450",
    )


HASHES = ("bridge-hashel 16", "bridge-hashmax 4096")
CONDONE = "bridge-ports-condone-regex ^(tap|veth|fwpr)[0-9].*"


def test_the_barest_bridge_keeps_its_guests() -> None:
    assert printed(VnetBridge("vmbr2", port="vxlan_vmbr2", mtu=1450)) == lines(
        "vmbr2", "bridge-ports vxlan_vmbr2", "bridge-stp off", "bridge-fd 0", *HASHES, CONDONE, "mtu 1450"
    )


def test_the_fullest_bridge() -> None:
    bridge = VnetBridge(
        name="vmbr2",
        port="vxlan_vmbr2",
        mtu=1450,
        addresses=("10.0.2.254/24", "fd00:2::1/64"),
        hwaddress="44:39:39:FF:40:94",
        alias="guests",
        is_vlan_aware=True,
        has_ip_forward=True,
        has_ip6_forward=True,
        has_arp_accept=True,
        vrf="vrf_z",
    )
    assert printed(bridge) == lines(
        "vmbr2",
        "pre-up [ -e /sys/class/net/vmbr2 ] || ip link add name vmbr2 address 44:39:39:FF:40:94 type bridge",
        "pre-up sysctl -q -w net.ipv6.conf.vmbr2.keep_addr_on_down=1",
        "address 10.0.2.254/24",
        "address fd00:2::1/64",
        "hwaddress 44:39:39:FF:40:94",
        "bridge-ports vxlan_vmbr2",
        "bridge-stp off",
        "bridge-fd 0",
        *HASHES,
        CONDONE,
        "bridge-vlan-aware yes",
        "bridge-vids 2-4094",
        "mtu 1450",
        "alias guests",
        "ip-forward on",
        "ip6-forward on",
        "arp-accept on",
        "vrf vrf_z",
    )


@pytest.mark.parametrize(
    "other",
    [{"vrf": None}, {"hwaddress": None}, {"addresses": ("10.0.2.254/24",)}],
    ids=["in no VRF", "without a MAC", "without an address of IPv6"],
)
def test_ifupdown2_makes_a_bridge_that_loses_nothing_by_it(other: dict[str, Any]) -> None:
    routed = VnetBridge(
        "vmbr2", port="vxlan_vmbr2", mtu=1450, addresses=("fd00:2::1/64",), hwaddress="44:39:39:FF:40:94", vrf="vrf_z"
    )
    assert any("pre-up" in line for line in printed(routed))
    assert not any("pre-up" in line for line in printed(replace(routed, **other)))


def test_a_carried_bridge_is_made_beforehand_where_pves_file_has_its_ipv6_address() -> None:
    bridge = CarriedBridge(
        "web", port="vxlan_web", mtu=1450, addresses=("fd00:2::1/64",), hwaddress="44:39:39:FF:40:94", vrf="vrf_z"
    )
    assert printed(bridge) == lines(
        "web",
        "pre-up [ -e /sys/class/net/web ] || ip link add name web address 44:39:39:FF:40:94 type bridge",
        "pre-up sysctl -q -w net.ipv6.conf.web.keep_addr_on_down=1",
        "hwaddress 44:39:39:FF:40:94",
        "bridge-ports vxlan_web",
        "bridge-stp off",
        "bridge-fd 0",
        CONDONE,
        "mtu 1450",
        "vrf vrf_z",
    )


def test_a_vrf_that_keeps_what_it_has_no_route_for() -> None:
    assert printed(VrfDevice("vrf_z")) == lines(
        "vrf_z",
        "vrf-table auto",
        "post-up ip route replace vrf vrf_z unreachable default metric 4278198272",
        "post-up ip -6 route replace vrf vrf_z unreachable default metric 4278198272",
    )


def test_a_borrowed_vrf() -> None:
    assert printed(VrfDevice("vrf_z", has_unreachable_default=False)) == lines("vrf_z", "vrf-table auto")


def test_an_l3vni_bridge() -> None:
    bridge = L3VniBridge("vrfbr_z", port="vrfvx_z", mtu=1450, hwaddress="02:00:c0:a8:00:01", vrf="vrf_z")
    assert printed(bridge) == lines(
        "vrfbr_z",
        "pre-up [ -e /sys/class/net/vrfbr_z ] || ip link add name vrfbr_z address 02:00:c0:a8:00:01 type bridge",
        "hwaddress 02:00:c0:a8:00:01",
        "bridge-ports vrfvx_z",
        "bridge-stp off",
        "bridge-fd 0",
        *HASHES,
        "mtu 1450",
        "vrf vrf_z",
    )


SILENT = "post-up sysctl -q -w net/ipv4/conf/eno2/arp_ignore=1 net/ipv4/conf/eno2/arp_announce=2"


@pytest.mark.parametrize(
    ("virtual", "more"),
    [
        ((), ()),
        (("172.16.0.10/32", "fd00::10/128"), ("vrrp 1 172.16.0.10/32", "vrrp 1 fd00::10/128", SILENT)),
        (("fd00::10/128",), ("vrrp 1 fd00::10/128",)),
    ],
    ids=["without VRRP", "of both families", "of IPv6"],
)
def test_an_uplink(virtual: tuple[str, ...], more: tuple[str, ...]) -> None:
    uplink = Uplink(
        "eno2",
        addresses=(ip_interface("172.16.0.1/24"), ip_interface("fd00::1/64")),
        vrf="vrf_z",
        vrrp_id=1 if virtual else None,
        vrrp_addresses=virtual,
    )
    assert printed(uplink) == lines("eno2", "address 172.16.0.1/24", "address fd00::1/64", "vrf vrf_z", *more)


def test_our_file_says_whose_it_is_and_has_a_blank_line_before_each_stanza() -> None:
    file = InterfacesPrinter(environment()).ours(InterfacesFile((VrfDevice("vrf_a", has_unreachable_default=False),)))
    assert (file.path, file.mode, file.owner) == (OUR_INTERFACES, "0644", "root:root")
    assert file.text == (
        "# Written by pvesdn from /etc/pve/sdn/pvesdn.cfg. Changes made here are lost: edit that file, then `pvesdn apply`.\n"
        "\nauto vrf_a\niface vrf_a\n\tvrf-table auto\n"
    )


def test_pves_file_begins_with_its_version_and_nothing_else_when_there_is_no_vnet() -> None:
    printer = InterfacesPrinter(environment())
    assert printer.pve(InterfacesFile((), version=7)).text == "#version:7\n"
    file = printer.pve(InterfacesFile((PveVrf("vrf_a", is_exit=True),), version=7))
    assert file.path == SDN_INTERFACES
    assert file.text is not None
    assert file.text.startswith("#version:7\n\nauto vrf_a\niface vrf_a\n")


def test_a_shared_stanza_is_printed_once_and_its_tunnel_on_every_node() -> None:
    printer = InterfacesPrinter(environment())
    port = VxlanPort("vxlan_a", 7, "z")
    first = printer.ours(InterfacesFile((port,), tunnels={"z": Tunnel(LOCAL, 1450)}))
    second = printer.ours(InterfacesFile((port,), tunnels={"z": Tunnel(ip_address("192.168.0.2"), 1450)}))
    assert "192.168.0.1" in first.stanzas["vxlan_a"]
    assert "192.168.0.2" in second.stanzas["vxlan_a"]
    assert "192.168.0.1" not in second.stanzas["vxlan_a"]


def test_equal_names_with_other_contents_are_not_mistaken_for_each_other() -> None:
    printer = InterfacesPrinter(environment())
    texts = [
        printer.ours(InterfacesFile((VnetBridge("vmbr2", port="vxlan_vmbr2", mtu=mtu),))).stanzas["vmbr2"]
        for mtu in range(1400, 1450)
    ]
    assert len(set(texts)) == 50
