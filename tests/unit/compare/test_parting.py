"""A plan that some nodes carry out and others do not: what is said of it rests on what files were printed from."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from pvesdn.compare.files import compare_node
from pvesdn.compare.parting import parting_findings
from pvesdn.compare.present import NodeNow
from pvesdn.decode.nodes.record import Record
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, SDN_INTERFACES, ChangeSet, NodeChanges, RenderedFile
from pvesdn.model.findings import Severity
from pvesdn.model.flags import PlanFlags
from pvesdn.model.ifupdown import CarriedBridge, Uplink, VnetBridge, VxlanPort
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.pve_ifupdown import PveAddress, PveVnetBridge
from tests.unit.compare.printed import conf, interfaces
from tests.unit.compare.test_not_read_back import illegible

OURS = FileOwners(Writer.PVESDN, Writer.PVESDN)
EXIT = Uplink("eno2", (ip_interface("172.16.0.1/24"),), "vrf_sym")
WEB = (VxlanPort("vxlan_web", 2, "zone"), VnetBridge("web", "vxlan_web", 1500, addresses=("10.0.0.1/24",)))


def node(
    name: str, now: tuple[RenderedFile, ...], then: tuple[RenderedFile, ...], *, owners: FileOwners = OURS
) -> NodeChanges:
    """Its changes from texts that say `now` to texts that nobody can read."""
    facts = NodeFacts(node=name, sources=("/etc/network/interfaces.d/*",), links=(Link("eno2"),))
    texts = {file.path: file.text or "" for file in now}
    given = NodeNow(texts, facts, Record())
    shows_pve = owners.sdn_interfaces is Writer.PVE
    return compare_node(map(illegible, then), given, owners, flags=PlanFlags(overwrite=True), shows_pve=shows_pve)


def said(*nodes: NodeChanges) -> list[tuple[Severity, str]]:
    findings = parting_findings(ChangeSet(nodes), frozenset({"pve1"}))
    return [(finding.severity, f"{finding.where}: {finding.what}") for finding in findings]


def test_an_address_that_the_other_node_still_holds_is_an_error() -> None:
    gets = node("pve1", (interfaces(*WEB),), (interfaces(*WEB, EXIT),))
    gives = node("pve2", (interfaces(*WEB, EXIT),), (interfaces(*WEB),))
    (error,) = said(gets, gives)
    assert error == (
        Severity.ERROR,
        "pve1: eno2 gets 172.16.0.1, which eno2 of pve2 holds until pve2 has its turn",
    )


def test_an_exit_that_goes_before_the_other_comes_is_a_warning() -> None:
    gives = node("pve1", (interfaces(*WEB, EXIT),), (interfaces(*WEB),))
    gets = node("pve2", (interfaces(*WEB),), (interfaces(*WEB, EXIT),))
    (warning,) = said(gives, gets)
    assert warning == (Severity.WARNING, "pve1: the exit of vrf_sym leaves this node before it comes to pve2")


def test_a_gateways_mac_is_told_of_bridges_that_keep_an_address() -> None:
    old, new = (replace(WEB[1], hwaddress=f"02:00:00:00:00:0{n}") for n in (1, 2))
    nodes = [node(name, (interfaces(WEB[0], old),), (interfaces(WEB[0], new),)) for name in ("pve1", "pve2")]
    ((_, what),) = said(*nodes)
    assert what.startswith("pve1: the MAC of the gateway changes here, while pve2 still has the old one")
    bare = [replace(bridge, addresses=()) for bridge in (old, new)]
    assert (
        said(*(node(n, (interfaces(WEB[0], bare[0]),), (interfaces(WEB[0], bare[1]),)) for n in ("pve1", "pve2"))) == []
    )


def test_so_it_is_where_pves_file_has_the_address() -> None:
    old, new = (CarriedBridge("web", "vxlan_web", 1500, ("10.0.0.1/24",), f"02:00:00:00:00:0{n}") for n in (1, 2))
    pves = interfaces(PveVnetBridge("web", "none", (PveAddress("10.0.0.1/24"),)), path=SDN_INTERFACES)
    nodes = [node(name, (interfaces(WEB[0], old), pves), (interfaces(WEB[0], new),)) for name in ("pve1", "pve2")]
    ((_, what),) = said(*nodes)
    assert what.startswith("pve1: the MAC of the gateway changes here, while pve2 still has the old one")


def test_an_as_number_is_told_where_both_change_theirs() -> None:
    nodes = [node(name, (interfaces(*WEB), conf(65000)), (interfaces(*WEB), conf(65001))) for name in ("pve1", "pve2")]
    assert [file.path for file in nodes[0].files if file.as_numbers.before] == [FRR_CONF]
    assert any("the AS number changes here" in what for _, what in said(*nodes))
    stays = node("pve2", (interfaces(*WEB), conf(65000)), (interfaces(*WEB, EXIT), conf(65000)))
    assert OUR_INTERFACES in {file.path for file in stays.files}
    assert not any("AS number" in what for _, what in said(nodes[0], stays))
