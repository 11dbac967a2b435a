"""What a stanza says, option by option: the same of the value as of the text that is printed from it."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import get_args

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.options import options_by_name, options_of_stanzas, options_of_text
from pvesdn.model.files import RenderedFile
from pvesdn.model.ifupdown import L3VniBridge, Stanza, Tunnel, Uplink, VnetBridge, VrfDevice, VxlanPort
from pvesdn.model.pve_ifupdown import (
    PveAddress,
    PveBridgeProtocol,
    PveFabricInterface,
    PveOvsBridge,
    PveOvsPort,
    PveQinqBridge,
    PveVeth,
    PveVlanBridge,
    PveVlanDevice,
    PveVnetBridge,
    PveVrf,
    PveVrfBridge,
    PveVxlanPort,
    SnatRule,
)
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.understand import understand
from tests.unit.compare.printed import VTEP, interfaces

CASES = Path(__file__).parents[2]
SNAPSHOTS = sorted(path for kind in ("golden", "golden_pve") for path in (CASES / kind).glob("*/snapshot"))
WHOLE_TUNNEL = Tunnel(
    VTEP,
    1450,
    remotes=(ip_address("192.168.0.2"), ip_address("192.168.0.3")),
    group=ip_address("225.20.1.1"),
    group6=ip_address("ff05::1"),
    physdev="eno1",
    udp_port=4790,
    is_controlled=True,
    has_arp_nd_suppression=True,
    has_flood=False,
)
SNAT = SnatRule("iptables", "10.0.0.0/24", "vmbr0", "192.168.0.1")
OURS: tuple[Stanza, ...] = (
    VxlanPort("vxlan_web", 3, "zone"),
    VnetBridge("plain", "vxlan_plain", 1500),
    VnetBridge(
        "web",
        "vxlan_web",
        1450,
        addresses=("10.0.0.1/24", "fd00::1/64"),
        hwaddress="02:00:00:00:00:01",
        alias="Web, first floor",
        is_vlan_aware=True,
        has_ip_forward=True,
        has_ip6_forward=True,
        has_arp_accept=True,
        vrf="vrf_zone",
    ),
    VrfDevice("vrf_zone"),
    VrfDevice("vrf_pves", has_unreachable_default=False),
    L3VniBridge("vrfbr_zone", "vrfvx_zone", 1450, "02:00:c0:a8:00:01", "vrf_zone"),
    Uplink("eno2", (ip_interface("172.16.0.1/24"),), "vrf_zone", 7, ("172.16.0.3/32",)),
)
PVES: tuple[Stanza, ...] = (
    PveVxlanPort("vxlan_lan", 9, 1450, "192.168.0.1", ("192.168.0.2",), 4790, True, True),
    PveVxlanPort("vxlan_bare", 10, 1450),
    PveVnetBridge("bare", "none"),
    PveVnetBridge(
        "lan",
        "vxlan_lan",
        (PveAddress("10.0.0.1/24", "10.0.0.9/32", SNAT), PveAddress()),
        "02:00:00:00:00:01",
        True,
        1450,
        "Lan",
        True,
        True,
        True,
        "vrf_lan",
    ),
    PveVrf("vrf_lan", is_exit=False),
    PveVrf("vrf_out", is_exit=True),
    PveVrfBridge("vrfbr_lan", "vrfvx_lan", 1450, "vrf_lan"),
    PveVeth("xvrf_lan", "xvrfp_lan", ("10.255.255.1/30",), 1500, "vrf_lan"),
    PveVlanBridge("vmbr1v10", "eno3.10 pr_lan", 1500),
    PveOvsPort("ln_ovs", "vmbr2", "tag=10", 1500),
    PveOvsBridge("vmbr2", ("ln_ovs", "ln_more")),
    PveQinqBridge("z_qinq", "sv_qinq", "pr_qinq", 1496),
    PveVlanDevice("sv_qinq", "eno3", 20, "802.1ad"),
    PveBridgeProtocol("vmbr3", "802.1ad"),
    PveFabricInterface("dummy_lab", "inet", "172.20.30.1/32", is_dummy=True),
    PveFabricInterface("dummy_lab", "inet6", "fd00::1/128", is_dummy=True),
)


def says_the_same(file: RenderedFile) -> list[str]:
    """Interfaces of which value and text do not say the same."""
    printed = file.interfaces
    assert printed is not None
    named: dict[str, list[Stanza]] = {}
    for stanza in printed.stanzas:
        named.setdefault(stanza.name, []).append(stanza)
    return [
        name
        for name, text in file.stanzas.items()
        if options_of_text(text) != options_of_stanzas(named[name], printed.value)
    ]


def test_every_kind_of_stanza_says_what_is_printed_of_it() -> None:
    assert says_the_same(interfaces(*OURS, tunnel=WHOLE_TUNNEL)) == []
    assert says_the_same(interfaces(*PVES, path="/etc/network/interfaces.d/sdn")) == []
    kinds = {type(stanza) for stanza in (*OURS, *PVES)}
    assert kinds == set(get_args(Stanza))


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda path: path.parent.name)
def test_so_does_every_stanza_of_the_golden_cases(snapshot: Path) -> None:
    for _, files in render_understood(understand(read_snapshot(snapshot)), Renderer()):
        assert [name for file in files if file.interfaces for name in says_the_same(file)] == []


def test_options_are_read_as_ifupdown2_reads_them() -> None:
    text = "auto a\niface a inet static\n\taddress  10.0.0.1/24\n\tbridge_ports   eno1  eno2\n\taddress 10.0.0.2/24\n"
    assert options_of_text(text) == {"address": ("10.0.0.1/24", "10.0.0.2/24"), "bridge-ports": ("eno1 eno2",)}


def test_the_options_of_a_file_are_those_of_each_interface_however_many_stanzas_it_has() -> None:
    text = "iface a inet static\n\taddress 10.0.0.1/24\niface b\n\tmtu 1450\niface a\n\taddress fd00::1/64\n"
    assert options_by_name(text) == {"a": {"address": ("10.0.0.1/24", "fd00::1/64")}, "b": {"mtu": ("1450",)}}
