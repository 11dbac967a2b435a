"""One node: its files as they should be compared with its files as they are, and what blocks it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

import pytest

from pvesdn.compare.conflicts import digest
from pvesdn.compare.differences import daemon_differences, sysctl_differences
from pvesdn.compare.files import compare_node
from pvesdn.compare.frr_words import frr_differences
from pvesdn.compare.prerequisites import doubts
from pvesdn.compare.present import NodeNow
from pvesdn.decode.frr.text import meaning
from pvesdn.decode.nodes.record import Record
from pvesdn.model.execution import Flooding, FrrAction, ReloadNetwork
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    FRR_LOCAL_BEGIN,
    OUR_INTERFACES,
    OUR_SYSCTL,
    SDN_INTERFACES,
    Action,
    NodeChanges,
    RenderedFile,
)
from pvesdn.model.flags import PlanFlags
from pvesdn.model.ifupdown import Uplink, VnetBridge, VxlanPort
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.pve_ifupdown import PveBridgeProtocol, PveVnetBridge, PveVrf, PveVxlanPort
from tests.unit.compare.printed import conf, frr_text, interfaces

PVE_OWNS_SDN = FileOwners(Writer.PVE, Writer.PVESDN, regenerate_frr=False)
PVE_OWNS_BOTH = FileOwners(Writer.PVE, Writer.PVE)
BRIDGE = VnetBridge("web", "vxlan_web", 1500)
PORT = VxlanPort("vxlan_web", 2, "zone")
UPLINK = Uplink("eno2", (ip_interface("172.16.0.1/24"),), "vrf_a")
PVES_BRIDGE = PveVnetBridge("web", "vxlan_web")


def taken_down(changes: NodeChanges) -> tuple[str, ...]:
    swap = changes.execution.put_in_place
    return () if swap is None else swap.ifdown


def deleted_links(changes: NodeChanges) -> tuple[str, ...]:
    swap = changes.execution.put_in_place
    return () if swap is None else swap.delete_links


def compare(
    *rendered: RenderedFile,
    files: dict[str, str] | None = None,
    links: tuple[Link, ...] = (),
    record: dict[str, str] | None = None,
    owners: FileOwners = PVE_OWNS_SDN,
    shows_pve: bool = False,
    flags: PlanFlags | None = None,
    is_unfinished: bool = False,
    meanings: dict[str, str] | None = None,
    flooding: Flooding = (),
    **facts: Any,
) -> NodeChanges:
    given = {"sources": ("/etc/network/interfaces.d/*",), **facts}
    now = NodeNow(
        files=files or {},
        facts=NodeFacts(node="pve1", links=links, **given),
        record=Record(files=record, is_unfinished=is_unfinished, meanings=meanings or {}),
    )
    return compare_node(rendered, now, owners, flags=flags or PlanFlags(), shows_pve=shows_pve, flooding=flooding)


def ours(text: str) -> dict[str, Any]:
    """A node that has `text` as pvesdn wrote it."""
    return {"files": {OUR_INTERFACES: text}, "record": {OUR_INTERFACES: digest(text)}}


def obstacles(changes: NodeChanges) -> list[str]:
    return [str(finding) for finding in changes.obstacles]


def test_files_that_are_as_they_should_be_are_no_change() -> None:
    file = interfaces(BRIDGE, PORT)
    changes = compare(file, **ours(file.text or ""))
    assert changes.is_empty
    assert changes.execution.frr is FrrAction.NONE


def test_a_new_file_adds_its_interfaces_and_expects_nothing_there() -> None:
    (change,) = compare(interfaces(BRIDGE, PORT)).files
    assert change.action is Action.ADD
    assert change.expect is None
    assert [(s.action, s.name) for s in change.stanzas] == [(Action.ADD, "vxlan_web"), (Action.ADD, "web")]


def test_a_change_expects_the_very_text_that_was_read() -> None:
    old = interfaces(BRIDGE, PORT).text or ""
    (change,) = compare(interfaces(PORT), **ours(old)).files
    assert change.expect == digest(old)
    assert change.action is Action.CHANGE


def test_a_file_that_must_go_and_is_absent_is_no_change() -> None:
    assert compare(RenderedFile(OUR_SYSCTL, None), RenderedFile(OUR_INTERFACES, None)).is_empty


def test_a_file_that_must_go_is_removed() -> None:
    old = interfaces(BRIDGE).text or ""
    (change,) = compare(RenderedFile(OUR_INTERFACES, None), **ours(old)).files
    assert change.action is Action.REMOVE
    assert [s.action for s in change.stanzas] == [Action.REMOVE]


def test_frr_conf_is_never_removed() -> None:
    assert compare(RenderedFile(FRR_CONF, None), files={FRR_CONF: "router bgp 1\nexit\n"}).is_empty


def test_frr_is_reloaded_for_its_configuration_and_restarted_for_its_daemons() -> None:
    file, daemons = conf(1), RenderedFile(FRR_DAEMONS, "bgpd=yes\n")
    assert compare(file).execution.frr is FrrAction.RELOAD
    assert compare(file, daemons, files={FRR_DAEMONS: "bgpd=no\n"}).execution.frr is FrrAction.RESTART


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("router bgp 1234\nrouter bgp 1234 vrf vrf_a\n", (1235,), FrrAction.RESTART),
        ("router bgp 1234\nrouter bgp 1234 vrf vrf_a\n", (1234,), FrrAction.RELOAD),
        ("router bgp 1234\n", (), FrrAction.RELOAD),
        ("hostname pve1\n", (1234,), FrrAction.RELOAD),
    ],
)
def test_another_as_number_needs_a_restart(before: str, after: tuple[int, ...], expected: FrrAction) -> None:
    """frr-reload.py cannot remove an instance whose L3VNI stays; then bgpd says "BGP is already
    running; AS is 1234".
    """
    assert compare(conf(*after), files={FRR_CONF: before}).execution.frr is expected


def test_an_as_number_that_an_administrator_has_in_frr_conf_local_counts_as_well() -> None:
    file = conf(1234)
    assert file.frr is not None
    merged = replace(file, frr=replace(file.frr, custom=("router bgp 65001 vrf theirs", "exit", "!")))
    before = "router bgp 1234\nrouter bgp 65001 vrf theirs\n"
    assert compare(merged, files={FRR_CONF: before}).execution.frr is FrrAction.RELOAD
    assert compare(file, files={FRR_CONF: before}).execution.frr is FrrAction.RESTART


def test_pves_file_is_shown_only_when_pve_is_about_to_write_it() -> None:
    file = interfaces(PVES_BRIDGE, path=SDN_INTERFACES)
    assert compare(file).is_empty
    shown = compare(file, shows_pve=True)
    assert [change.by_pve for change in shown.files] == [True]
    assert shown.execution.put_in_place is None


def test_pves_frr_is_shown_when_it_will_say_something_else_not_when_its_lines_are_in_another_order() -> None:
    now = {FRR_CONF: "hostname node1\nrouter bgp 1\n bgp router-id 1.1.1.1\n coalesce-time 1\nexit\n"}
    same = frr_text("hostname node1\nrouter bgp 1\n coalesce-time 1\n bgp router-id 1.1.1.1\nexit\n")
    assert compare(same, files=now, owners=PVE_OWNS_BOTH, shows_pve=True).files == ()
    other = frr_text("hostname node1\nrouter bgp 2\nexit\n")
    shown = compare(other, files=now, owners=PVE_OWNS_BOTH, shows_pve=True)
    assert [(change.path, change.by_pve) for change in shown.files] == [(FRR_CONF, True)]
    assert (shown.execution.put_in_place, shown.execution.frr) == (None, FrrAction.NONE)


def test_without_sdn_endpoints_the_file_is_written_here() -> None:
    (change,) = compare(
        interfaces(PVES_BRIDGE, path=SDN_INTERFACES),
        owners=FileOwners(Writer.PVESDN, Writer.PVESDN),
    ).files
    assert not change.by_pve


def test_an_uplink_that_leaves_is_taken_down_and_devices_of_ours_are_not() -> None:
    links = (Link("eno2"), Link("web", kind="bridge"), Link("vxlan_web", kind="vxlan", vni=2))
    changes = compare(interfaces(PORT), links=links, **ours(interfaces(BRIDGE, PORT, UPLINK).text or ""))
    assert taken_down(changes) == ("eno2",)


def test_an_uplink_that_goes_to_another_vrf_is_taken_down_and_a_bridge_is_not() -> None:
    """Else the VRF would go below it, and its addresses with the VRF."""
    bridge = replace(BRIDGE, vrf="vrf_a")
    links = (Link("eno2", master="vrf_a"), Link("web", kind="bridge"), Link("vrf_a", kind="vrf"))
    old = interfaces(bridge, UPLINK).text or ""
    new = interfaces(replace(bridge, vrf="vrf_b"), replace(UPLINK, vrf="vrf_b"))
    assert taken_down(compare(new, links=links, **ours(old))) == ("eno2",)


def test_an_uplink_that_gets_another_address_stays_up() -> None:
    new = interfaces(replace(UPLINK, addresses=(ip_interface("172.16.0.2/24"),)))
    assert taken_down(compare(new, links=(Link("eno2"),), **ours(interfaces(UPLINK).text or ""))) == ()


def test_an_uplink_that_is_not_there_is_not_taken_down() -> None:
    assert taken_down(compare(interfaces(PORT), **ours(interfaces(PORT, UPLINK).text or ""))) == ()


@pytest.mark.parametrize(("links", "deleted"), [((Link("vxlan_web", kind="vxlan", vni=2),), ("vxlan_web",)), ((), ())])
def test_a_live_device_whose_vni_changes_is_deleted_first(links: tuple[Link, ...], deleted: tuple[str, ...]) -> None:
    changes = compare(interfaces(replace(PORT, vni=3)), links=links, **ours(interfaces(PORT).text or ""))
    assert [s.action for s in changes.files[0].stanzas] == [Action.REPLACE]
    assert deleted_links(changes) == deleted


def test_a_file_edited_by_hand_is_an_obstacle_until_told() -> None:
    file = interfaces(BRIDGE)
    given: dict[str, Any] = {"files": {OUR_INTERFACES: "auto x\niface x\n"}, "record": {OUR_INTERFACES: "0" * 64}}
    (found,) = obstacles(compare(file, **given))
    assert found.startswith("pve1: /etc/network/interfaces.d/pvesdn: it was edited after pvesdn wrote it; ")
    assert "--overwrite" in found
    assert obstacles(compare(file, **given, flags=PlanFlags(overwrite=True))) == []


def test_a_bridge_with_guests_that_goes_is_an_obstacle_that_counts_them() -> None:
    links = (Link("web", kind="bridge"), Link("tap100i0", master="web"), Link("veth101i1", master="web"))
    given = ours(interfaces(BRIDGE, PORT).text or "")
    changes = compare(interfaces(PORT), links=links, **given)
    assert changes.guests == {"web": ("tap100i0", "veth101i1")}
    assert obstacles(changes) == [
        "pve1: web would be removed with 2 guest ports in it (tap100i0, veth101i1); move the guests first, or use --detach-guests"
    ]
    assert obstacles(compare(interfaces(PORT), links=links, **given, flags=PlanFlags(detach_guests=True))) == []


def test_guests_on_a_bridge_of_the_host_stay_where_pves_stanza_for_it_goes() -> None:
    """A qinq zone's `bridge-vlan-protocol` is a stanza for the host's bridge, which outlives it."""
    there = interfaces(PveBridgeProtocol("vmbr0", "802.1ad"), PVES_BRIDGE, path=SDN_INTERFACES).text or ""
    links = (Link("vmbr0", kind="bridge"), Link("web", kind="bridge"))
    guests = (Link("tap100i0", master="vmbr0"), Link("tap101i0", master="web"))
    changes = compare(
        interfaces(path=SDN_INTERFACES),
        files={SDN_INTERFACES: there},
        links=(*links, *guests),
        shows_pve=True,
        stanzas=(IfaceStanza("vmbr0", "inet manual", ()),),
    )
    assert [(s.action, s.name) for s in changes.files[0].stanzas] == [(Action.CHANGE, "vmbr0"), (Action.REMOVE, "web")]
    assert changes.guests == {"web": ("tap101i0",)}


def test_unapplied_edits_of_interfaces_are_an_obstacle_only_where_something_changes() -> None:
    file = interfaces(BRIDGE)
    staged = {"/etc/network/interfaces.new": "auto eno1\n"}
    (found,) = obstacles(compare(file, files=staged))
    assert "interfaces.new" in found
    assert obstacles(compare(file, files=staged, flags=PlanFlags(interfaces_new=True))) == []
    unchanged = ours(file.text or "")
    unchanged["files"] |= staged
    assert obstacles(compare(file, **unchanged)) == []


def test_unapplied_edits_stop_every_reload_also_on_a_node_whose_files_stay_as_they_are() -> None:
    staged = {"/etc/network/interfaces.new": "auto eno1\n"}
    (by_pve,) = obstacles(compare(files=staged, shows_pve=True))
    (again,) = obstacles(compare(files=staged, is_unfinished=True))
    assert "interfaces.new" in by_pve
    assert "interfaces.new" in again
    assert obstacles(compare(files=staged)) == []


@pytest.mark.parametrize(
    "source", ["/etc/network/interfaces.d/*", "interfaces.d/*", "/etc/network/interfaces.d/pvesdn"]
)
def test_an_interfaces_file_that_sources_ours_is_fine(source: str) -> None:
    assert obstacles(compare(interfaces(BRIDGE), sources=(source,))) == []


@pytest.mark.parametrize(("sources", "missing"), [((), "*"), (("/etc/network/interfaces.d/sdn",), "pvesdn")])
def test_an_interfaces_file_that_does_not_source_ours_is_an_obstacle(sources: tuple[str, ...], missing: str) -> None:
    (found,) = obstacles(compare(interfaces(BRIDGE), sources=sources))
    assert f"add the line 'source /etc/network/interfaces.d/{missing}'" in found


@pytest.mark.parametrize("name", ["eno2", "eno2.100"])
def test_an_exit_through_an_interface_that_does_not_exist_is_an_obstacle(name: str) -> None:
    (found,) = obstacles(compare(interfaces(replace(UPLINK, name=name)), links=(Link("eno1"),)))
    assert found.startswith(f"pve1: {name}: the interface does not exist")


@pytest.mark.parametrize("name", ["eno2", "eno2.100"])
def test_an_exit_through_an_interface_that_exists_or_is_made_is_none(name: str) -> None:
    file = interfaces(replace(UPLINK, name=name))
    assert obstacles(compare(file, links=(Link("eno2"),))) == []
    made = IfaceStanza("eno2", "inet manual", ())
    assert obstacles(compare(file, links=(Link("eno1"),), stanzas=(made,))) == []


def test_a_vni_on_a_device_of_another_name_is_an_obstacle() -> None:
    (found,) = obstacles(compare(interfaces(PORT), links=(Link("vxlan2", kind="vxlan", vni=2),)))
    assert "VNI 2 is already on the device vxlan2" in found
    assert found.endswith("take vxlan2 away first, or choose another VNI")


@pytest.mark.parametrize("file", ["/etc/network/interfaces", "/etc/network/interfaces.d/other"])
def test_where_a_stanza_makes_that_device_its_file_is_named(file: str) -> None:
    stanza = IfaceStanza("vxlan2", "", (("vxlan-id", "2"),))
    facts = {"other_stanzas": ((file, "vxlan2"),)} if file.endswith("other") else {"stanzas": (stanza,)}
    (found,) = obstacles(compare(interfaces(PORT), links=(Link("vxlan2", kind="vxlan", vni=2),), **facts))
    assert found.endswith(f"take vxlan2 out of {file}, or choose another VNI")


def test_a_vni_that_moves_between_our_own_devices_is_none() -> None:
    renamed = replace(PORT, name="vxlan_new")
    links = (Link("vxlan_web", kind="vxlan", vni=2),)
    assert obstacles(compare(interfaces(renamed), links=links, **ours(interfaces(PORT).text or ""))) == []


def test_missing_packages_are_obstacles_when_the_versions_are_known() -> None:
    files = (interfaces(BRIDGE), conf(1))
    assert obstacles(compare(*files)) == []
    assert obstacles(compare(*files, versions={"kernel": "6.1"})) == [
        "pve1: ifupdown2 is not installed; apt install ifupdown2",
        "pve1: FRR is not installed; apt install frr frr-pythontools",
    ]
    assert obstacles(compare(*files, versions={"frr": "8.4", "ifupdown2": "3.0"})) == []


def test_a_node_whose_last_reload_was_not_seen_to_its_end_is_reloaded_again() -> None:
    text = interfaces(BRIDGE).text or ""
    now = NodeNow(
        files={OUR_INTERFACES: text, FRR_CONF: "x\n"},
        facts=NodeFacts(node="pve1", sources=("/etc/network/interfaces.d/*",)),
        record=Record(files={OUR_INTERFACES: digest(text), FRR_CONF: digest("x\n")}, is_unfinished=True),
    )
    changes = compare_node([interfaces(BRIDGE), frr_text("x\n")], now, PVE_OWNS_SDN, flags=PlanFlags(), shows_pve=False)
    assert not changes.is_empty
    assert changes.files == ()
    assert changes.execution.frr is FrrAction.RELOAD


def test_what_is_missing_stops_an_apply_though_no_file_changes() -> None:
    file = interfaces(BRIDGE)
    versions = {"kernel": "6.1"}
    changes = compare(file, sources=(), versions=versions, **ours(file.text or ""))
    assert changes.is_empty
    assert obstacles(changes) == [
        (
            "pve1: /etc/network/interfaces does not source /etc/network/interfaces.d/pvesdn; "
            "add the line 'source /etc/network/interfaces.d/*' to it"
        ),
        "pve1: ifupdown2 is not installed; apt install ifupdown2",
    ]


THEIRS = PveVrf("vrf_p", is_exit=False)
TUNNEL = PveVxlanPort("vxlan_v", 9, 1450, local="fd00::1")


def test_pves_evpn_needs_frr() -> None:
    file = interfaces(THEIRS, path=SDN_INTERFACES)
    found = obstacles(
        compare(file, owners=PVE_OWNS_BOTH, shows_pve=True, sources=(), versions={"ifupdown2": "3.3.0-1+pmx11"})
    )
    assert found == ["pve1: FRR is not installed; apt install frr frr-pythontools"]
    assert (
        obstacles(
            compare(
                interfaces(PVES_BRIDGE, path=SDN_INTERFACES),
                owners=PVE_OWNS_BOTH,
                shows_pve=True,
                versions={"ifupdown2": "x"},
            )
        )
        == []
    )


def test_pves_reload_needs_ifupdown2_as_ours_does() -> None:
    found = obstacles(
        compare(
            interfaces(PVES_BRIDGE, path=SDN_INTERFACES),
            owners=PVE_OWNS_BOTH,
            shows_pve=True,
            versions={"kernel": "6.1"},
        )
    )
    assert found == ["pve1: ifupdown2 is not installed; apt install ifupdown2"]


@pytest.mark.parametrize(("version", "is_refused"), [("3.0.0-1.1", True), ("3.3.0-1+pmx11", False)])
def test_an_ifupdown2_that_takes_no_ipv6_tunnel_is_an_obstacle_for_pves_zone(version: str, *, is_refused: bool) -> None:
    versions = {"ifupdown2": version, "frr": "10.4"}
    found = obstacles(
        compare(interfaces(TUNNEL, path=SDN_INTERFACES), owners=PVE_OWNS_BOTH, shows_pve=True, versions=versions)
    )
    assert bool(found) is is_refused
    if is_refused:
        assert found[0].startswith(f"pve1: ifupdown2 {version} refuses the IPv6 tunnel addresses of {SDN_INTERFACES}; ")


def test_pves_files_that_are_not_about_to_be_written_are_pves_affair() -> None:
    file = interfaces(THEIRS, TUNNEL, path=SDN_INTERFACES)
    assert obstacles(compare(file, sources=(), versions={"ifupdown2": "3.0.0"})) == []


def test_a_file_of_pves_that_nothing_sources_is_doubted_where_it_changes() -> None:
    def doubted(sources: tuple[str, ...], *files: RenderedFile) -> list[str]:
        facts = NodeFacts(node="pve1", sources=sources)
        return [
            str(doubt)
            for doubt in doubts(compare(*files, owners=PVE_OWNS_BOTH, shows_pve=True, sources=sources).files, facts)
        ]

    file = interfaces(PVES_BRIDGE, path=SDN_INTERFACES)
    (line,) = doubted((), file)
    assert line.startswith(f"pve1: /etc/network/interfaces does not source {SDN_INTERFACES}; add the line")
    assert doubted((SDN_INTERFACES,), file) == []
    assert doubted(()) == []


def test_what_write_memory_made_of_our_frr_conf_is_no_change_and_without_our_record_somebodys() -> None:
    wanted = "frr defaults datacenter\nhostname pve1\nip forwarding\n!\nrouter bgp 1\n bgp router-id 10.0.0.1\nexit\n"
    written = f"frr version 10.4.1\n{wanted.replace('ip forwarding', '!')}"
    file = frr_text(wanted)
    record = {FRR_CONF: digest(wanted)}
    assert compare(file, files={FRR_CONF: written}, record=record).is_empty
    assert obstacles(compare(file, files={FRR_CONF: written})) == [
        "pve1: /etc/frr/frr.conf: somebody else wrote it; check it with --diff, then use --overwrite to replace it"
    ]
    assert not compare(frr_text(f"{wanted}!\nvrf a\nexit-vrf\n"), files={FRR_CONF: written}, record=record).is_empty


# --- what is done about it --------------------------------------------------------------------------------------------


def reload_of(changes: NodeChanges) -> ReloadNetwork | None:
    return next((step for step in changes.execution.steps if isinstance(step, ReloadNetwork)), None)


def test_the_network_is_reloaded_where_something_changes_unless_pves_commit_does_it() -> None:
    file = interfaces(BRIDGE)
    assert reload_of(compare(file)) == ReloadNetwork(regenerate_frr=False)
    assert reload_of(compare(file, owners=FileOwners(Writer.PVE, Writer.PVESDN, regenerate_frr=True))) == ReloadNetwork(
        regenerate_frr=True
    )
    assert reload_of(compare(file, shows_pve=True)) is None
    assert reload_of(compare(file, **ours(file.text or ""))) is None
    assert reload_of(compare(file, **ours(file.text or ""), is_unfinished=True)) is not None


def test_a_node_is_finished_where_something_was_done_or_left_undone() -> None:
    file = interfaces(BRIDGE)
    there = ours(file.text or "")
    assert compare(file).execution.finishes
    assert compare(file, **there, is_unfinished=True).execution.finishes
    assert not compare(file, **there).execution.finishes


def test_flood_lists_are_looked_after_on_a_node_without_a_change() -> None:
    flooding = (("vxlan_web", (ip_interface("192.168.0.2/32").ip,)),)
    assert compare(flooding=flooding).execution.flooding == flooding


def test_the_devices_of_the_node_go_with_its_changes() -> None:
    links = (Link("eno1"), Link("vmbr0", kind="bridge"))
    assert compare(interfaces(BRIDGE), links=links).links == links


def test_frr_is_reloaded_after_a_run_that_ended_early_only_where_frr_conf_was_written() -> None:
    file = interfaces(BRIDGE)
    text = file.text or ""
    there: dict[str, Any] = {"files": {OUR_INTERFACES: text, FRR_CONF: "x\n"}}
    wrote = {OUR_INTERFACES: digest(text)}
    assert compare(file, **there, record=wrote, is_unfinished=True).execution.frr is FrrAction.NONE
    wrote[FRR_CONF] = digest("x\n")
    assert compare(file, **there, record=wrote, is_unfinished=True).execution.frr is FrrAction.RELOAD
    assert compare(file, **there, record=wrote).execution.frr is FrrAction.NONE


def test_an_uplink_is_taken_down_though_a_device_of_ours_goes_before_it() -> None:
    links = (Link("aaa", kind="bridge"), Link("eno2"))
    old = interfaces(replace(BRIDGE, name="aaa"), PORT, UPLINK)
    assert taken_down(compare(interfaces(PORT), links=links, **ours(old.text or ""))) == ("eno2",)


def test_nothing_of_pves_file_is_taken_down() -> None:
    veth = interfaces(PVES_BRIDGE, path=SDN_INTERFACES)
    there = {SDN_INTERFACES: (veth.text or "") + "\nauto eno2\niface eno2\n\tvrf vrf_a\n"}
    owners = FileOwners(Writer.PVESDN, Writer.PVESDN)
    assert taken_down(compare(veth, files=there, links=(Link("eno2"),), owners=owners)) == ()


# --- what is told -----------------------------------------------------------------------------------------------------


def test_the_stanzas_that_were_printed_go_with_a_change_of_a_file_that_is_there() -> None:
    file = interfaces(BRIDGE, PORT)
    assert compare(file).files[0].printed is None
    assert compare(file, **ours(interfaces(PORT).text or "")).files[0].printed is file.interfaces


def test_an_interface_that_goes_from_pves_file_to_ours_is_one_change() -> None:
    there = interfaces(PVES_BRIDGE, path=SDN_INTERFACES).text or ""
    mine, pves = interfaces(BRIDGE), interfaces(path=SDN_INTERFACES)
    pvesdn_file, sdn_file = compare(mine, pves, files={SDN_INTERFACES: there}, shows_pve=True).files
    assert [(s.action, s.name) for s in pvesdn_file.stanzas] == [(Action.CHANGE, "web")]
    assert pvesdn_file.stanzas[0].why == f"moves here from {SDN_INTERFACES}; the device stays"
    assert sdn_file.stanzas == ()


def test_a_file_without_interfaces_is_told_in_words() -> None:
    old, new = "router bgp 1\n bgp router-id 1.1.1.1\nexit\n", "router bgp 1\n bgp router-id 2.2.2.2\nexit\n"
    for path in (FRR_CONF, FRR_CONF_LOCAL):
        (change,) = compare(RenderedFile(path, new), files={path: old}).files
        assert change.differences == frr_differences(old, new) != ()
    (change,) = compare(RenderedFile(FRR_DAEMONS, "bgpd=yes\n"), files={FRR_DAEMONS: "bgpd=no\n"}).files
    assert change.differences == daemon_differences("bgpd=no\n", "bgpd=yes\n") != ()
    settings, live = (("net.ipv4.ip_forward", "1"),), {"net.ipv4.ip_forward": "0"}
    file = RenderedFile(OUR_SYSCTL, "net.ipv4.ip_forward = 1\n", sysctls=settings)
    (change,) = compare(file, files={OUR_SYSCTL: "net.x = 2\n"}, sysctl=live).files
    assert change.differences == sysctl_differences("net.x = 2\n", settings, live) != ()
    assert len(change.differences) == 2
    (change,) = compare(interfaces(BRIDGE), **ours(interfaces(PORT).text or "")).files
    assert change.differences == ()


def test_a_blank_frr_conf_of_pves_is_no_change_where_there_is_none_and_the_other_way_round() -> None:
    given: dict[str, Any] = {"owners": PVE_OWNS_BOTH, "shows_pve": True}
    assert compare(frr_text("!\n"), **given).files == ()
    assert compare(frr_text(""), files={FRR_CONF: "!\n"}, **given).files == ()


# --- whose text it is -------------------------------------------------------------------------------------------------


def test_what_pve_writes_may_be_somebody_elses() -> None:
    there = {SDN_INTERFACES: "auto theirs\niface theirs\n"}
    (change,) = compare(interfaces(PVES_BRIDGE, path=SDN_INTERFACES), files=there, shows_pve=True).files
    assert change.conflict == ""
    (change,) = compare(
        interfaces(PVES_BRIDGE, path=SDN_INTERFACES), files=there, owners=FileOwners(Writer.PVESDN, Writer.PVESDN)
    ).files
    assert change.conflict == "somebody else wrote it"


@pytest.mark.parametrize("has_block", [True, False])
def test_a_frr_conf_that_pve_merged_with_our_block_is_taken_over_without_a_word(has_block: bool) -> None:
    files = {FRR_CONF: "router bgp 1\nexit\n", FRR_CONF_LOCAL: f"{FRR_LOCAL_BEGIN}\n" if has_block else "vrf x\n"}
    change = next(change for change in compare(conf(2), files=files).files if change.path == FRR_CONF)
    assert change.conflict == ("" if has_block else "somebody else wrote it")


def test_our_block_excuses_no_other_file() -> None:
    files = {OUR_INTERFACES: "auto x\niface x\n", FRR_CONF_LOCAL: f"{FRR_LOCAL_BEGIN}\n"}
    assert compare(interfaces(BRIDGE), files=files, record={}).files[0].conflict != ""


def test_a_frr_conf_that_frr_put_into_its_own_words_is_replaced_without_a_word() -> None:
    ours_then = "router bgp 1\n bgp router-id 1.1.1.1\nexit\n"
    now = f"frr version 10.4.1\n!\n{ours_then}!\n"
    given: dict[str, Any] = {"files": {FRR_CONF: now}, "record": {FRR_CONF: digest(ours_then)}}
    (change,) = compare(conf(2), **given, meanings={FRR_CONF: meaning(ours_then)}).files
    assert change.conflict == ""
    assert compare(conf(2), **given).files[0].conflict == "it was edited after pvesdn wrote it"


def test_a_file_that_is_to_go_needs_no_source_line() -> None:
    gone = RenderedFile(OUR_INTERFACES, None)
    assert obstacles(compare(gone, **ours(interfaces(BRIDGE).text or ""), sources=())) == []


def test_one_guest_is_one_port() -> None:
    links = (Link("web", kind="bridge"), Link("tap100i0", master="web"))
    (found,) = obstacles(compare(interfaces(PORT), links=links, **ours(interfaces(BRIDGE, PORT).text or "")))
    assert found.startswith("pve1: web would be removed with 1 guest port in it (tap100i0); ")


def test_an_obstacle_says_what_to_do_and_on_which_node() -> None:
    (found,) = compare(interfaces(BRIDGE), files={"/etc/network/interfaces.new": "auto eno1\n"}).obstacles
    assert found.node == "pve1"
    assert str(found) == (
        "pve1: /etc/network/interfaces.new holds somebody's unapplied edits, which any reload would apply; "
        "apply or revert them in the node's network panel, or use --with-interfaces-new"
    )
    (found,) = compare(interfaces(replace(UPLINK, name="eno9")), links=(Link("eno1"),)).obstacles
    assert (found.node, found.hint) == ("pve1", "use another one in the exit, or wait until it exists")
    versions = {"ifupdown2": "3.0.0-1.1", "frr": "10.4"}
    file = interfaces(TUNNEL, path=SDN_INTERFACES)
    (found,) = compare(file, owners=PVE_OWNS_BOTH, shows_pve=True, versions=versions).obstacles
    assert found.hint == "install Proxmox's build of ifupdown2, or list IPv4 addresses as the peers in PVE"


def test_a_doubt_knows_its_node() -> None:
    file = interfaces(PVES_BRIDGE, path=SDN_INTERFACES)
    changes = compare(file, owners=PVE_OWNS_BOTH, shows_pve=True, sources=())
    assert [doubt.node for doubt in doubts(changes.files, NodeFacts(node="pve1"))] == ["pve1"]


def test_a_node_whose_devices_were_not_read_lacks_no_uplink() -> None:
    assert obstacles(compare(interfaces(UPLINK))) == []
    assert obstacles(compare(interfaces(BRIDGE), links=(Link("eno1"),))) == []


def test_a_vlan_in_a_vlan_is_made_on_the_device_at_the_bottom() -> None:
    assert obstacles(compare(interfaces(replace(UPLINK, name="eno2.1.2")), links=(Link("eno2"),))) == []
