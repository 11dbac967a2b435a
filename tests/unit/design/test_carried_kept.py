"""VNets that PVE has no more, or elsewhere, while guests are plugged into them: what of them stays, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pvesdn.design.carried.joining import carry
from pvesdn.design.checks.carried import check
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from tests.unit.design.network import facts, given
from tests.unit.design.test_carried import CARRIER, PIN, ZONES, said, table, tags, vni

LEFT = "vnet: db\n\tzone lan\n\n"


def with_a_guest(number: int = 101, node: str = "node2") -> Mapping[str, NodeFacts]:
    """A node whose file has the VNet web, and a guest in it."""
    base = facts(node, f"192.168.0.{node[-1]}/24")
    ours = (
        IfaceStanza("web", "", (("bridge-ports", "vxlan_web"), ("bridge-vlan-aware", "yes"))),
        IfaceStanza("vxlan_web", "", (("vxlan-id", str(number)),)),
    )
    there = (Link("web", 1450, kind="bridge"), Link("vxlan_web", 1450, kind="vxlan", vni=number, master="web"))
    return {node: replace(base, links=(*base.links, *there, Link("tap7i0", 1450, master="web")), own=ours)}


def left(
    own: str = CARRIER, *, vnis: str = "", vnets: str = LEFT, zones: str = ZONES, subnets: str = "", number: int = 101
) -> DesignInput:
    files = {"zones.cfg": zones, "vnets.cfg": vnets, "subnets.cfg": subnets, "pvesdn-vnis.cfg": vnis}
    return given(own, pve=files, instead=with_a_guest(number))


def test_a_vnet_that_is_gone_stays_where_a_guest_is_with_its_vni() -> None:
    made = carry(left(vnis=vni(101, "web")), guest_names={7: "shop"})
    (web,) = (vnet for vnet in made.given.sdn.own.vnets if vnet.id == "web")
    assert (web.tag, web.drawn_in, web.nodes, web.vlanaware) == (101, "lan", frozenset({"node2"}), True)
    assert table(made) == {100: "db", 101: "web"}
    (told,) = said(made)
    assert "vnet 'web' is gone from PVE, and is kept while guests are plugged: tap7i0 of 7 shop on node2" in told


def test_whose_it_was_is_told_by_its_vni_where_nobody_has_written_it_down() -> None:
    assert tags(carry(left())) == {"db": 100, "web": 101}
    assert tags(carry(left(number=9))) == {"db": 100}


def test_it_is_not_kept_for_another_zone_or_where_guests_may_be_detached() -> None:
    assert tags(carry(left(CARRIER + "vxlan: other\n\n", vnis=vni(101, "web", "other")))) == {"db": 100}
    assert tags(carry(left(vnis=vni(101, "web")), detaches_guests=True)) == {"db": 100}


def test_it_is_kept_with_its_vni_by_a_zone_that_has_another_name_now() -> None:
    made = carry(left(vnis=vni(100, "db", "former") + vni(101, "web", "former")))
    (web,) = (vnet for vnet in made.given.sdn.own.vnets if vnet.id == "web")
    assert (web.tag, web.zone) == (101, "prod")


@pytest.mark.parametrize("vnets", [LEFT, f"{LEFT}vnet: web\n\tzone wan\n\tvlanaware 1\n\n"], ids=["deleted", "moved"])
def test_its_pin_is_right_while_it_is_kept(vnets: str) -> None:
    made = carry(
        left(
            CARRIER + PIN,
            vnis=vni(101, "web"),
            vnets=vnets,
            zones=ZONES + "simple: wan\n\tmtu 1450\n\n",
        )
    )
    assert tags(made) == {"db": 100, "web": 7}
    assert [line for line in map(str, check(made.given, {})) if "vnet 'web'" in line] == []


@pytest.mark.parametrize(
    ("zone", "vnet", "is_kept"),
    [
        ("simple: wan\n\tmtu 1450\n\n", "\tvlanaware 1\n", True),
        ("simple: wan\n\tmtu 1450\n\n", "", False),
        ("simple: wan\n\n", "\tvlanaware 1\n", False),
        ("simple: wan\n\tmtu 1450\n\tdhcp dnsmasq\n\n", "\tvlanaware 1\n", False),
        ("vlan: wan\n\tbridge vmbr0\n\tmtu 1450\n\n", "\tvlanaware 1\n\ttag 5\n", False),
    ],
    ids=["alike", "not-vlan-aware", "another-mtu", "with-dhcp", "another-network"],
)
def test_a_vnet_that_moved_is_kept_where_both_stanzas_still_make_one_bridge(
    zone: str, vnet: str, is_kept: bool
) -> None:
    network = left(vnis=vni(101, "web"), zones=ZONES + zone, vnets=f"{LEFT}vnet: web\n\tzone wan\n{vnet}\n")
    found = {item.id: item.drawn_in for item in carry(network).given.sdn.own.vnets}
    assert found == {"db": "lan", **({"web": "wan"} if is_kept else {})}


@pytest.mark.parametrize("line", ["gateway 10.0.9.1", "snat 1", "dhcp-dns-server 10.0.9.1"])
def test_a_vnet_that_moved_and_has_a_subnet_there_is_not_kept(line: str) -> None:
    network = left(
        vnis=vni(101, "web"),
        zones=ZONES + "simple: wan\n\tmtu 1450\n\n",
        vnets=f"{LEFT}vnet: web\n\tzone wan\n\tvlanaware 1\n\n",
        subnets=f"subnet: wan-10.0.9.0-24\n\tvnet web\n\t{line}\n\n",
    )
    assert tags(carry(network)) == {"db": 100}
    assert carry(network).given.sdn.own.subnets == ()


def test_a_subnet_that_outlived_its_vnet_comes_back_with_no_gateway() -> None:
    made = carry(left(vnis=vni(101, "web"), subnets="subnet: lan-10.0.2.0-24\n\tvnet web\n\tgateway 10.0.2.1\n\n"))
    assert tags(made) == {"db": 100, "web": 101}
    assert made.given.sdn.own.subnets == ()
