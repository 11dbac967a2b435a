"""Sections of pvesdn.cfg that change places: whose guests would come into whose network, and what keeps them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pvesdn.design.carried.joining import carry
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from tests.unit.design.network import facts, given

ZONES = "vxlan: first\n\nvxlan: second\n\nvxlan: third\n\n"
PVES = {
    "zones.cfg": "vxlan: wide\n\tpeers 192.168.0.1,192.168.0.2\n\n",
    "vnets.cfg": "vnet: db\n\tzone wide\n\ttag 9\n\n",
}


def vnets(**places: tuple[str, int]) -> str:
    return "".join(f"vnet: {vnet}\n\tzone {zone}\n\ttag {tag}\n\n" for vnet, (zone, tag) in places.items())


def node(*with_guests: str, vrf: str = "", name: str = "node2", **vnis: int) -> Mapping[str, NodeFacts]:
    """A node with these VNets, by its file and its devices, and a guest in some."""
    base, ours, links = facts(name, f"192.168.0.{name[-1]}/24"), [], []
    for vnet, vni in vnis.items():
        ours += [IfaceStanza(vnet, "", ()), IfaceStanza(f"vxlan_{vnet}", "", (("vxlan-id", str(vni)),))]
        links += [
            Link(vnet, 1450, kind="bridge", master=vrf),
            Link(f"vxlan_{vnet}", 1450, kind="vxlan", vni=vni, master=vnet),
        ]
    taps = [Link(f"tap{number}i0", 1450, master=vnet) for number, vnet in enumerate(with_guests, 100)]
    return {name: replace(base, node=name, links=(*base.links, *links, *taps), own=tuple(ours))}


def told(cfg: str, there: Mapping[str, NodeFacts], pve: Mapping[str, str] | None = None) -> list[str]:
    return [str(found) for found in carry(given(cfg, instead=there, pve=pve)).findings if found.is_nodes_own]


def test_of_three_in_a_circle_each_is_told_the_tags_of_all() -> None:
    cfg = ZONES + vnets(va=("second", 2), vb=("third", 3), vc=("first", 1))
    found = told(cfg, node("va", "vc", va=1, vb=2, vc=3))
    assert [line.partition("keep the VNIs: ")[2] for line in found] == [
        "tag 1 for vnet 'va', tag 3 for vnet 'vc', tag 2 for vnet 'vb'; or use --detach-guests",
        "tag 3 for vnet 'vc', tag 2 for vnet 'vb', tag 1 for vnet 'va'; or use --detach-guests",
    ]


def test_within_one_zone_numbers_change_places_freely() -> None:
    assert told(ZONES + vnets(va=("first", 2), vb=("first", 1)), node("va", "vb", va=1, vb=2)) == []


def test_a_number_that_no_other_vnet_keeps_a_name_for_is_free() -> None:
    assert told(ZONES + vnets(va=("second", 3)), node("va", va=1)) == []
    assert told(ZONES + vnets(va=("second", 2)), node("va", va=1, vb=2)) == []


def test_a_vnet_without_guests_changes_places_freely() -> None:
    assert told(ZONES + vnets(va=("second", 2), vb=("first", 1)), node(va=1, vb=2)) == []


def test_where_a_bridge_has_a_vrf_that_tells_its_former_zone() -> None:
    stays = ZONES + vnets(va=("first", 2), vb=("second", 1))
    assert told(stays, node("va", vrf="vrf_first", va=1, vb=2)) == []
    joins = ZONES + vnets(va=("second", 2), vb=("second", 3))
    assert told(joins, node("va", va=1, vb=2)) == []
    (found,) = told(joins, node("va", vrf="vrf_first", va=1, vb=2))
    assert "with VNI 2 they would come into the network of vnet 'vb'" in found


def test_the_number_of_a_vnet_of_pves_is_another_ones_too() -> None:
    (found,) = told(ZONES + vnets(va=("first", 2)), node("va", va=1, db=2), PVES)
    assert "would come into the network of vnet 'db'" in found
    assert found.endswith("keep the VNIs: tag 1 for vnet 'va'; or use --detach-guests")


def test_a_number_that_a_vnet_of_pves_is_about_to_get_cannot_be_kept() -> None:
    pves = {**PVES, "vnets.cfg": PVES["vnets.cfg"].replace("tag 9", "tag 1")}
    (found,) = told(ZONES + vnets(va=("first", 2)), node("va", va=1, db=2), pves)
    assert found.endswith("unplug them, or choose a VNI that no other VNet has; or use --detach-guests")


def test_a_number_that_a_new_section_gets_cannot_be_kept() -> None:
    (found,) = told(
        ZONES + vnets(va=("second", 2), vb=("first", 3), vc=("first", 1)), node("va", vrf="vrf_first", va=1, vb=2)
    )
    assert found.endswith("unplug them, or choose a VNI that no other VNet has; or use --detach-guests")


@pytest.mark.parametrize(("back", "others"), [("node1", "node2"), ("node2", "node1")])
def test_a_node_that_comes_back_after_an_exchange_joins_the_others_whatever_its_name(back: str, others: str) -> None:
    cfg = ZONES + vnets(va=("second", 2), vb=("first", 1))
    there = {**node("va", name=back, va=1, vb=2), **node(name=others, va=2, vb=1)}
    assert told(cfg, there) == []
    assert len(told(cfg, {**there, **node(name=others, va=1, vb=2)})) == 1


def test_tags_alone_that_change_places_between_zones_without_a_vrf_are_told_as_what_they_are() -> None:
    (found,) = told(ZONES + vnets(va=("first", 2), vb=("second", 1)), node("va", va=1, vb=2))
    assert found == (
        "pvesdn.cfg:9: vnet 'va': guests of vnet 'va' are in VNI 1 (tap100i0); with VNI 2 they would come into the network "
        "of vnet 'vb'; unplug them, or keep the VNIs: tag 1 for vnet 'va', tag 2 for vnet 'vb'; or use --detach-guests"
    )
