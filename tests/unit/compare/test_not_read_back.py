"""What was printed is not read again: everything that is asked of our own files is answered by what they were printed
from.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.diff import unified
from pvesdn.compare.files import compare_node
from pvesdn.compare.present import NodeNow
from pvesdn.decode.nodes.interfaces import split_stanzas
from pvesdn.decode.nodes.record import Record
from pvesdn.model.execution import FrrAction
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, SDN_INTERFACES, Action, NodeChanges, RenderedFile
from pvesdn.model.flags import PlanFlags
from pvesdn.model.ifupdown import Uplink, VnetBridge, VxlanPort
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.pve_ifupdown import PveFabricInterface, PveVrf, PveVxlanPort
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.understand import understand
from tests.unit.compare.printed import conf, interfaces

CASES = Path(__file__).parents[2]
SNAPSHOTS = sorted(path for kind in ("golden", "golden_pve") for path in (CASES / kind).glob("*/snapshot"))
OWNERS = FileOwners(Writer.PVE, Writer.PVESDN)


def illegible(file: RenderedFile) -> RenderedFile:
    """The same file in a script that nobody can read: what it says can only be known from where it comes."""
    if file.interfaces is None:
        return replace(file, text="?\n")
    printed = replace(file.interfaces, texts=tuple(f"? {n}\n" for n, _ in enumerate(file.interfaces.texts)))
    return replace(file, text=printed.text, interfaces=printed)


def compare(*files: RenderedFile, now: dict[str, str], **facts: Any) -> NodeChanges:
    given = NodeFacts(node="pve1", sources=("/etc/network/interfaces.d/*",), **facts)
    flags = PlanFlags(overwrite=True)
    return compare_node(map(illegible, files), NodeNow(now, given, Record()), OWNERS, flags=flags, shows_pve=True)


def test_a_plan_says_the_same_of_files_that_it_cannot_read() -> None:
    ours = interfaces(
        Uplink("eno9", (ip_interface("172.16.0.1/24"),), "vrf_b"),
        VxlanPort("vxlan_old", 7, "zone"),
        VxlanPort("vxlan_web", 3, "zone"),
        VnetBridge("web", "vxlan_web", 1500, addresses=("10.0.0.1/24",), hwaddress="02:00:00:00:00:02"),
        Uplink("eno2", (ip_interface("172.16.1.1/24"),), "vrf_b"),
    )
    pves = interfaces(
        PveVrf("vrf_p", is_exit=False), PveVxlanPort("vxlan_p", 9, 1450, local="fd00::1"), path=SDN_INTERFACES
    )
    there = interfaces(
        VxlanPort("vxlan_web", 2, "zone"),
        VnetBridge("web", "vxlan_web", 1500, addresses=("10.0.0.1/24",), hwaddress="02:00:00:00:00:01"),
        Uplink("eno2", (ip_interface("172.16.1.1/24"),), "vrf_a"),
    )
    changes = compare(
        ours,
        pves,
        conf(65001),
        now={OUR_INTERFACES: there.text or "", FRR_CONF: "router bgp 65000\nexit\n"},
        links=(Link("eno2"), Link("vxlan7", kind="vxlan", vni=7), Link("vxlan_web", kind="vxlan", vni=2)),
        versions={"ifupdown2": "3.0.0-1.1", "kernel": "6.1"},
    )
    found = {file.path: [(s.name, s.action) for s in file.stanzas] for file in changes.files}
    assert found[OUR_INTERFACES] == [
        ("eno2", Action.CHANGE),
        ("eno9", Action.ADD),
        ("vxlan_old", Action.REPLACE),
        ("vxlan_web", Action.REPLACE),
        ("web", Action.CHANGE),
    ]
    assert found[SDN_INTERFACES] == [("vrf_p", Action.ADD), ("vxlan_p", Action.ADD)]
    swap = changes.execution.put_in_place
    assert changes.execution.frr is FrrAction.RESTART
    assert swap is not None
    assert swap.ifdown == ("eno2",)
    assert swap.delete_links == ("vxlan_web",)
    said = [str(obstacle) for obstacle in changes.obstacles]
    for words in (
        "VNI 7 is already on the device vxlan7",
        "eno9: the interface does not exist",
        "refuses the IPv6 tunnel",
    ):
        assert any(words in line for line in said), words
    (other_mac,) = (s.why for file in changes.files for s in file.stanzas if s.name == "web")
    assert "old MAC" in other_mac
    assert [line for line in unified(changes.files[1]) if line.startswith("@@")]


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda path: path.parent.name)
def test_stanzas_lie_where_a_reader_would_find_them(snapshot: Path) -> None:
    for intent in ("pending", "running"):
        for _, files in render_understood(understand(read_snapshot(snapshot), intent=intent), Renderer()):
            for file in files:
                if file.interfaces is not None:
                    read = {name: text for name, text in split_stanzas(file.text or "") if name}
                    assert file.stanzas == read
                    assert list(file.stanzas) == list(read)


def test_so_do_the_stanzas_of_an_interface_that_has_several() -> None:
    first = PveFabricInterface("dummy_lab", "inet", "172.20.30.1/32", is_dummy=True)
    second = replace(first, family="inet6", address="fd00::1/128")
    between = PveFabricInterface("eno1", "inet", "172.20.31.1/31")
    for order in ((first, second, between), (first, between, second)):
        file = interfaces(*order, path=SDN_INTERFACES)
        assert file.stanzas == {name: text for name, text in split_stanzas(file.text or "") if name}
