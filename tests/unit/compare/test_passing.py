"""A VNI that one VNet gives up and another gets: what is said while not every node has had its turn."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from pvesdn.compare.consequences import consequences
from pvesdn.compare.parting import parting_findings
from pvesdn.compare.passing import doubtful_passing, former_vnis
from pvesdn.model.cluster import SeenVtep
from pvesdn.model.consequences import Effect
from pvesdn.model.facts import Link
from pvesdn.model.files import SDN_INTERFACES, ChangeSet, NodeChanges, RenderedFile
from pvesdn.model.findings import Severity
from pvesdn.model.ifupdown import L3VniBridge, Stanza, VnetBridge, VxlanPort
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.pve_ifupdown import PveVxlanPort
from tests.unit.compare.printed import interfaces
from tests.unit.compare.test_parting import node


def vnet(name: str, vni: int) -> tuple[Stanza, ...]:
    return VxlanPort(f"vxlan_{name}", vni, "zone"), VnetBridge(name, f"vxlan_{name}", 1500)


def l3vni(zone: str, vni: int) -> tuple[Stanza, ...]:
    bridge = L3VniBridge(
        name=f"vrfbr_{zone}", port=f"vrfvx_{zone}", mtu=1500, vrf=f"vrf_{zone}", hwaddress="02:00:00:00:00:01"
    )
    return VxlanPort(f"vrfvx_{zone}", vni, "zone"), bridge


def turn(name: str, now: tuple[Stanza, ...], then: tuple[Stanza, ...], **live: int) -> NodeChanges:
    changes = node(name, (interfaces(*now),), (interfaces(*then),) if now != then else ())
    links = tuple(Link(device, kind="vxlan", vni=vni) for device, vni in live.items())
    return replace(changes, links=(*changes.links, *links))


def refused(*nodes: NodeChanges, only: str = "pve1") -> list[str]:
    findings = parting_findings(ChangeSet(nodes), frozenset({only}))
    return [str(finding) for finding in findings if finding.severity is Severity.ERROR]


BEFORE = (*vnet("db", 100), *vnet("web", 200))
SWAPPED = (*vnet("db", 200), *vnet("web", 100))


def test_two_vnets_that_change_places_do_not_do_so_on_a_part_of_the_nodes() -> None:
    nodes = [turn(name, BEFORE, SWAPPED) for name in ("pve1", "pve2", "pve3")]
    (told,) = refused(*nodes)
    assert told == (
        "pve1: VNet web gets VNI 100, which is VNet db's on pve2, pve3 until they have their turn (likewise 1 more "
        "VNI): the two would be one network; add --node pve2 --node pve3, or apply without --node"
    )


def test_who_names_the_holder_too_gets_through() -> None:
    takes = turn("pve1", (), vnet("db", 100))
    gives = turn("pve2", vnet("web", 100), vnet("web", 300))
    (told,) = refused(takes, gives)
    assert told == (
        "pve1: VNet db gets VNI 100, which is VNet web's on pve2 until it has its turn: the two would be one network; "
        "add --node pve2, or apply without --node"
    )
    assert not parting_findings(ChangeSet((takes, gives)), frozenset({"pve1", "pve2"}))


def test_giving_a_number_up_first_joins_nothing() -> None:
    takes = turn("pve1", (), vnet("db", 100))
    gives = turn("pve2", vnet("web", 100), vnet("web", 300))
    assert refused(takes, gives, only="pve2") == []


def test_an_l3vni_is_a_network_as_well() -> None:
    (told,) = refused(
        turn("pve1", (*l3vni("prod", 4000), *vnet("web", 200)), (*l3vni("prod", 200), *vnet("web", 4000))),
        turn("pve2", vnet("web", 200), vnet("web", 4000)),
    )
    assert told.startswith("pve1: zone prod gets VNI 200, which is VNet web's on pve2 until it has its turn: ")
    (told,) = refused(
        turn("pve1", vnet("web", 200), vnet("web", 4000)),
        turn("pve2", l3vni("prod", 4000), l3vni("prod", 200)),
    )
    assert told.startswith("pve1: VNet web gets VNI 4000, which is zone prod's on pve2 until it has its turn: ")


def test_a_vnet_that_goes_has_its_number_until_it_is_gone() -> None:
    (told,) = refused(turn("pve1", (), vnet("db", 100)), turn("pve2", vnet("web", 100), vnet("db", 100)))
    assert told.startswith("pve1: VNet db gets VNI 100, which is VNet web's on pve2")


def test_what_runs_counts_where_the_files_say_something_else() -> None:
    takes = turn("pve1", (*vnet("db", 1), *vnet("web", 300)), (*vnet("db", 100), *vnet("web", 300)))
    stale = turn("pve2", (), (), vxlan_web=100)
    (told,) = refused(takes, stale)
    assert told.startswith("pve1: VNet db gets VNI 100, which is VNet web's on pve2")


def test_a_device_that_nobody_here_has_named_is_not_taken_for_a_vnets() -> None:
    takes = turn("pve1", (), vnet("db", 100))
    assert refused(takes, turn("pve2", (), vnet("db", 100), vxlan_hand=100)) == []


def test_what_a_node_has_already_is_not_held_against_its_part() -> None:
    more = turn("pve1", vnet("db", 100), (*vnet("db", 100), *vnet("lab", 5)), vxlan_db=100)
    assert refused(more, turn("pve2", vnet("web", 100), vnet("db", 100))) == []


def test_without_their_live_devices_the_numbers_come_still() -> None:
    reloads = turn("pve1", vnet("db", 100), (*vnet("db", 100), *vnet("lab", 5)), vxlan_db=7)
    assert len(refused(reloads, turn("pve2", vnet("web", 100), vnet("db", 100)))) == 1


def mixed(*nodes: NodeChanges) -> list[tuple[tuple[str, ...], tuple[str, ...], list[int]]]:
    found = (one for one in consequences(nodes) if one.effect is Effect.VNI_TAKEN)
    return [(one.nodes, one.objects, [guest.guest for guest in one.guests]) for one in found]


def test_numbers_that_change_places_may_mix_two_networks() -> None:
    nodes = [turn(name, BEFORE, SWAPPED) for name in ("pve1", "pve2")]
    assert mixed(*nodes) == [(("pve1", "pve2"), ("db", "web"), [])]
    assert mixed(nodes[0]) == []
    assert mixed(*(turn(name, BEFORE, (*vnet("db", 100), *vnet("web", 300))) for name in ("pve1", "pve2"))) == []


def test_a_number_that_another_node_gives_up_may_mix_two_networks_with_the_guests_that_are_in_the_one() -> None:
    takes, gives = turn("pve1", vnet("web", 200), vnet("web", 100)), turn("pve2", vnet("db", 100), ())
    takes = replace(takes, links=(*takes.links, Link("web", kind="bridge"), Link("tap105i0", master="web")))
    assert mixed(takes, gives) == [(("pve1",), ("web",), [105])]
    assert mixed(turn("pve1", (), vnet("web", 100)), gives) == [(("pve1",), ("web",), [])]


def test_a_number_that_pves_file_gives_up_or_gets_may_mix_two_networks() -> None:
    def pves(*vnis: int) -> tuple[RenderedFile, ...]:
        stanzas = (PveVxlanPort("vxlan_wide", vni, 1450) for vni in vnis)
        return (interfaces(*stanzas, path=SDN_INTERFACES),)

    def both(now: tuple[RenderedFile, ...], then: tuple[RenderedFile, ...]) -> list[NodeChanges]:
        owners = FileOwners(Writer.PVE, Writer.PVESDN)
        changes = [node(name, now, then, owners=owners) for name in ("pve1", "pve2")]
        assert all(file.by_pve for one in changes for file in one.files if file.path == SDN_INTERFACES)
        return changes

    ours = [(interfaces(*vnet("web", vni)),) for vni in (200, 100, 300)]
    assert mixed(*both((*ours[0], *pves(100)), (*ours[1], *pves(7)))) == [(("pve1", "pve2"), ("web",), [])]
    assert mixed(*both((*ours[0], *pves(100)), (*ours[2], *pves(200)))) == [(("pve1", "pve2"), ("wide",), [])]


def test_an_l3vni_that_is_taken_is_told_of_its_vrf() -> None:
    changes = (*l3vni("prod", 4000), *vnet("web", 200)), (*l3vni("prod", 200), *vnet("web", 4000))
    assert mixed(*(turn(name, *changes) for name in ("pve1", "pve2"))) == [(("pve1", "pve2"), ("vrf_prod", "web"), [])]


def test_a_member_that_is_off_may_come_back_with_a_number_that_passes_on() -> None:
    nodes = [turn(name, BEFORE, SWAPPED) for name in ("pve1", "pve2")]
    assert list(doubtful_passing(nodes, ())) == []
    (told,) = doubtful_passing(nodes, {"pve3"})
    assert told.severity is Severity.WARNING
    assert str(told) == (
        "pve1, pve2: VNet web gets VNI 100, which was VNet db's (likewise 1 more VNI); pve3 did not answer and may "
        "come back with it: the two would be one network until the next apply; bring the node back, or choose another "
        "VNI"
    )
    assert list(doubtful_passing([turn("pve1", BEFORE, (*BEFORE, *vnet("lab", 5)))], {"pve3"})) == []


def test_of_members_that_are_off_those_are_named_that_may_have_a_number_that_was_given_up_before() -> None:
    takes = [turn("pve1", vnet("web", 200), vnet("web", 100))]
    may = SeenVtep(address=ip_address("192.168.0.3"), mtu=1500, former_vnis=((100, "vxlan_db"),))
    may_not = may.model_copy(update={"former_vnis": ((100, "vxlan_web"), (7, "vxlan_db"))})
    assert list(doubtful_passing(takes, {"pve3"}, {"pve3": may_not})) == []
    assert list(doubtful_passing(takes, {"pve4"}, {"pve3": may})) == []
    (told,) = doubtful_passing(takes, {"pve2", "pve3", "pve4"}, {"pve2": may_not, "pve3": may, "pve4": may})
    assert "VNet web gets VNI 100, which was VNet db's; pve3, pve4 did not answer" in told.what


def test_what_is_given_up_is_what_no_device_of_that_name_has_any_more() -> None:
    assert former_vnis([turn("pve1", BEFORE, SWAPPED)]) == {(100, "vxlan_db"), (200, "vxlan_web")}
    assert former_vnis([turn("pve1", BEFORE, vnet("db", 100)), turn("pve2", BEFORE, BEFORE)]) == {(200, "vxlan_web")}
    assert former_vnis([turn("pve1", BEFORE, ())]) == {(100, "vxlan_db"), (200, "vxlan_web")}
