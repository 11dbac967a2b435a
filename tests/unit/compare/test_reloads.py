"""How much of a node's network is reloaded for what changes: the interfaces that change, or all, and why."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.compare.conflicts import digest
from pvesdn.compare.files import compare_node
from pvesdn.compare.healing import healed
from pvesdn.compare.present import NodeNow
from pvesdn.compare.reloads import whole
from pvesdn.decode.nodes.record import Record
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES, NodeChanges, RenderedFile
from pvesdn.model.flags import PlanFlags
from pvesdn.model.ifupdown import L3VniBridge, Stanza, Uplink, VnetBridge, VrfDevice, VxlanPort
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.pve_ifupdown import PveVnetBridge
from pvesdn.model.reloads import ChangedInterfaces, ReloadPlan, WholeNetwork
from pvesdn.model.verification import Discrepancy, Subject
from tests.unit.compare.printed import TUNNEL, frr_text, interfaces

OURS = FileOwners(Writer.PVE, Writer.PVESDN, regenerate_frr=False)
PVES = FileOwners(Writer.PVE, Writer.MERGED, Writer.PVESDN)
ALL_FLAGS = PlanFlags(overwrite=True, detach_guests=True, interfaces_new=True)
KINDS = {VrfDevice: "vrf", VxlanPort: "vxlan", VnetBridge: "bridge", L3VniBridge: "bridge", Uplink: ""}
WEB = (VnetBridge("web", "vxlan_web", 1450), VxlanPort("vxlan_web", 2, "zone"))
DB = (VnetBridge("db", "vxlan_db", 1450), VxlanPort("vxlan_db", 3, "zone"))
VRF = (
    VrfDevice("vrf_a"),
    L3VniBridge("vrfbr_a", "vrfvx_a", 1450, "02:00:c0:a8:00:01", "vrf_a"),
    VxlanPort("vrfvx_a", 4000, "zone"),
)
UPLINK = Uplink("eno2", (ip_interface("172.16.0.1/24"),), "vrf_a")


def compared(
    before: tuple[Stanza, ...],
    after: tuple[Stanza, ...],
    *,
    owners: FileOwners = OURS,
    ports: dict[str, str] | None = None,
    in_vrf: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
    besides: tuple[RenderedFile, ...] = (),
    is_unfinished: bool = False,
    after_tunnel: Any = TUNNEL,
    **facts: Any,
) -> NodeChanges:
    """A node that has the stanzas of `before`, their devices and what is plugged into them, and is to have others."""
    text = interfaces(*before).text or ""
    masters = in_vrf or {}
    links = tuple(Link(one.name, kind=KINDS[type(one)], master=masters.get(one.name, ""), mtu=1450) for one in before)
    links += tuple(Link(name, kind="tun", master=bridge, mtu=1450) for name, bridge in (ports or {}).items())
    facts = {"sources": ("/etc/network/interfaces.d/*",), **facts}
    now = NodeNow(
        files={OUR_INTERFACES: text, **(files or {})} if before else files or {},
        facts=NodeFacts(node="pve1", links=links, **facts),
        record=Record(
            files={OUR_INTERFACES: digest(text)} if before else None, is_unfinished=is_unfinished, meanings={}
        ),
    )
    file = interfaces(*after, tunnel=after_tunnel) if after else RenderedFile(OUR_INTERFACES, None)
    return compare_node([file, *besides], now, owners, flags=ALL_FLAGS, shows_pve=False)


def plan(*given: Any, **more: Any) -> ReloadPlan:
    return compared(*given, **more).execution.reload


def test_what_is_new_comes_up_vrfs_before_ports_and_these_before_bridges() -> None:
    assert plan(WEB, (*WEB, *VRF)) == ChangedInterfaces(up=("vrf_a", "vrfvx_a", "vrfbr_a"))


def test_what_goes_is_taken_down_the_other_way_round() -> None:
    assert plan((*WEB, *VRF), WEB) == ChangedInterfaces(down=("vrfbr_a", "vrfvx_a", "vrf_a"))


def test_a_port_that_is_made_anew_takes_its_bridge_along() -> None:
    other = (WEB[0], replace(WEB[1], vni=22))
    assert plan((*WEB, *DB), (*other, *DB)) == ChangedInterfaces(up=("vxlan_web", "web"))


def test_a_port_that_floods_in_another_way_is_made_anew_too() -> None:
    remote = replace(TUNNEL, remotes=(ip_address("192.168.0.2"),))
    changes = compared(WEB, WEB, after_tunnel=remote)
    swap = changes.execution.put_in_place
    assert swap is not None
    assert swap.delete_links == ("vxlan_web",)
    assert changes.execution.reload == ChangedInterfaces(up=("vxlan_web", "web"))


def test_an_mtu_is_changed_in_place_and_touches_no_bridge() -> None:
    assert plan(WEB, WEB, after_tunnel=replace(TUNNEL, mtu=1400)) == ChangedInterfaces(up=("vxlan_web",))


def test_a_bridge_that_is_not_vlan_aware_any_more_takes_its_port_along() -> None:
    aware = (replace(WEB[0], is_vlan_aware=True), WEB[1])
    assert plan((*aware, *DB), (*WEB, *DB)) == ChangedInterfaces(up=("vxlan_web", "web"))
    assert plan((*WEB, *DB), (*aware, *DB)) == ChangedInterfaces(up=("web",))


def test_where_only_frr_changes_no_interface_does() -> None:
    assert plan(WEB, WEB, besides=(frr_text("router bgp 1\n"),)) == ChangedInterfaces()


WHY: dict[str, dict[str, Any]] = {
    "an earlier apply has not come to its end": {"is_unfinished": True},
    "/etc/network/interfaces.new comes into force too": {"files": {"/etc/network/interfaces.new": "auto lo\n"}},
    "db is in another file too": {"stanzas": (IfaceStanza("db", "manual", ()),)},
    "vxlan_db is in another file too": {"other_stanzas": (("/etc/network/interfaces.d/mine", "vxlan_db"),)},
    "PVE merges /etc/frr/frr.conf.local when it reloads": {
        "owners": PVES,
        "besides": (RenderedFile("/etc/frr/frr.conf.local", "!\n"),),
    },
}


@pytest.mark.parametrize("why", WHY)
def test_all_is_reloaded_where_more_comes_into_force_than_our_file(why: str) -> None:
    assert plan(WEB, (*WEB, *DB), **WHY[why]) == WholeNetwork(why)


def test_all_is_reloaded_where_pves_file_has_the_interface_too() -> None:
    pves = interfaces(PveVnetBridge("db", "none"), path=SDN_INTERFACES).text or ""
    assert plan(WEB, (*WEB, *DB), files={SDN_INTERFACES: pves}) == WholeNetwork("db is in another file too")


def test_all_is_reloaded_for_a_card() -> None:
    assert plan((*VRF, UPLINK), VRF) == WholeNetwork("eno2 is there without pvesdn")
    assert plan(VRF, (*VRF, UPLINK)) == WholeNetwork("eno2 is there without pvesdn")


def test_a_bridge_that_has_a_guest_is_left_to_a_whole_reload() -> None:
    assert plan((*WEB, *DB), WEB, ports={"tap101i0": "db"}) == WholeNetwork("tap101i0 is plugged into db")
    assert plan((*WEB, *DB), WEB, ports={"tap101i0": "web"}) == ChangedInterfaces(down=("db", "vxlan_db"))


def test_a_vrf_that_goes_from_above_somebody_elses_device_is_left_to_a_whole_reload() -> None:
    assert plan((*WEB, *VRF), WEB, ports={"eno3": "vrf_a"}) == WholeNetwork("eno3 is in vrf_a, which goes")
    assert plan((*WEB, *VRF), (*WEB, *DB, *VRF), ports={"eno3": "vrf_a"}) == ChangedInterfaces(up=("vxlan_db", "db"))


def test_what_moves_from_a_vrf_that_goes_is_brought_up_elsewhere() -> None:
    moving = (replace(WEB[0], vrf="vrf_a"), WEB[1])
    found = plan((*moving, *VRF), WEB, in_vrf={"web": "vrf_a", "vrfbr_a": "vrf_a"})
    assert found == ChangedInterfaces(down=("vrfbr_a", "vrfvx_a", "vrf_a"), up=("web",))


def test_what_has_gone_wrong_takes_a_whole_reload() -> None:
    found = Discrepancy("pve1", Subject.DEVICE, "web", "it to be there", "nothing", "", "")
    assert isinstance(healed(compared(WEB, (*WEB, *DB)), [found], None).execution.reload, WholeNetwork)


def test_the_first_reason_is_the_one_that_is_told() -> None:
    changes = whole(whole(compared(WEB, (*WEB, *DB)), "the first"), "the second")
    assert changes.execution.reload == WholeNetwork("the first")


NAMES = st.sets(st.sampled_from(["a", "b", "c", "d", "e"]))


def _network(vnets: set[str], vrfs: set[str], shift: int) -> tuple[Stanza, ...]:
    found: list[Stanza] = []
    for number, name in enumerate(sorted(vnets)):
        vrf = f"vrf_{name}" if name in vrfs else None
        found += [VnetBridge(name, f"vx_{name}", 1450, vrf=vrf), VxlanPort(f"vx_{name}", 100 + number + shift, "zone")]
    found += [VrfDevice(f"vrf_{name}") for name in vrfs]
    return tuple(sorted(found, key=lambda stanza: stanza.name))


@given(
    st.tuples(NAMES, NAMES),
    st.tuples(NAMES, NAMES),
    st.sampled_from([0, 50]),
    st.dictionaries(st.just("tap1i0"), st.sampled_from("abcde")),
)
def test_every_interface_once_each_behind_what_it_needs_and_no_bridge_with_guests_down(
    then: tuple[set[str], set[str]], now: tuple[set[str], set[str]], shift: int, guests: dict[str, str]
) -> None:
    old, new = _network(*then, 0), _network(*now, shift)
    changes = compared(old, new, ports=guests)
    found = changes.execution.reload
    if isinstance(found, WholeNetwork):
        assert changes.is_empty or guests
        return
    assert len({*found.down, *found.up}) == len(found.down) + len(found.up)
    kinds = {stanza.name: list(KINDS).index(type(stanza)) for stanza in (*old, *new)}
    assert [kinds[name] for name in found.up] == sorted(kinds[name] for name in found.up)
    assert [kinds[name] for name in found.down] == sorted((kinds[name] for name in found.down), reverse=True)
    assert not set(guests.values()) & set(found.down)
    names, names_then = {stanza.name for stanza in old}, {stanza.name for stanza in new}
    assert set(found.down) == names - names_then
    assert names_then - names <= set(found.up) <= names_then
    changed = {stanza.name for file in changes.files for stanza in file.stanzas}
    ports = {f"vx_{name}" for name in found.up}
    assert changed <= {*found.down, *found.up}
    assert all(name in changed or f"vx_{name}" in changed & ports for name in found.up)
