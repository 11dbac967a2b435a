"""Definitions that go all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_network

import pytest

from pvesdn.compare.falls import falls
from pvesdn.model.consequences import Effect, Fall, NodeConsequence
from pvesdn.model.execution import NodeExecution
from pvesdn.model.files import OUR_INTERFACES, FileChange, NodeChanges, PendingChange
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.vnets import Subnet, Vnet
from tests.unit.design.pve_values import HERE

SOMETHING = OwnSdn(vnets=(Vnet(where=HERE, id="web", zone="zone", tag=1),))


def stanzas(*vnets: str) -> str:
    """A file of ours: bridges, and beside them a port, a VRF and the bridge of an L3VNI, which are no VNets."""
    bridges = "".join(f"\nauto {name}\niface {name}\n\tbridge-ports vxlan_{name}\n" for name in vnets)
    others = "\nauto port\niface port\n\tvxlan-id 1\n\nauto vrfbr_z\niface vrfbr_z\n\tbridge-ports vrfvx_z\n"
    return f"# ours\n{bridges}{others}"


def node(name: str, losing: Iterable[str] = (), *, had: str | None = "x\n", path: str = OUR_INTERFACES) -> NodeChanges:
    change = FileChange(path=path, old=had, new=None, mode="0644", owner="root:root", expect=None)
    gone = tuple(NodeConsequence(Effect.VNET_REMOVED, vnet) for vnet in losing)
    moved = NodeConsequence(Effect.VTEP_MOVED, "other")
    return NodeChanges(node=name, execution=NodeExecution(name), files=(change,), consequences=(*gone, moved))


def fallen(
    *nodes: NodeChanges, own: OwnSdn = SOMETHING, definitions: Iterable[str] = (), **files: str
) -> tuple[Fall, ...]:
    texts = {name: {OUR_INTERFACES: text} for name, text in files.items()}
    return falls(own, set(definitions), nodes, texts, pending=(), running={})


@pytest.mark.parametrize("is_absent", [True, False])
def test_without_definitions_every_vnet_of_ours_that_goes_is_counted(is_absent: bool) -> None:
    nodes = (node("b", ["v1"]), node("a", ["v1", "v2"]), node("c"))
    found = fallen(
        *nodes,
        own=OwnSdn(),
        definitions=() if is_absent else ["pvesdn.cfg"],
        a=stanzas("v1", "v2", "v3"),
        b=stanzas("v1"),
    )
    assert found == (Fall("pvesdn.cfg", is_absent=is_absent, kind="VNet", gone=2, total=3, nodes=("a", "b", "c")),)


def test_where_nothing_of_ours_was_there_nothing_falls() -> None:
    assert fallen(own=OwnSdn()) == ()
    assert fallen(node("a", ["v1"], had=None), own=OwnSdn()) == ()
    assert fallen(node("a", ["v1"], path="/etc/frr/frr.conf"), own=OwnSdn()) == ()


@pytest.mark.parametrize(
    ("there", "going", "is_fall"),
    [
        (["v1", "v2", "v3"], ["v1", "v2", "v3"], True),
        (["v1", "v2", "v3", "v4", "v5", "v6"], ["v1", "v2", "v3"], True),
        (["v1", "v2", "v3", "v4", "v5", "v6", "v7"], ["v1", "v2", "v3"], False),
        (["v1", "v2"], ["v1", "v2"], False),
    ],
)
def test_three_that_are_at_least_half_of_all_are_a_fall(there: list[str], going: list[str], is_fall: bool) -> None:
    expected = Fall("", is_absent=False, kind="VNet", gone=len(going), total=len(there), nodes=("a",))
    assert fallen(node("a", going), node("b"), a=stanzas(*there)) == ((expected,) if is_fall else ())


def test_vnets_that_pve_keeps_lose_their_uplinks_which_is_a_fall_too() -> None:
    vnets = ["v1", "v2", "v3"]
    kept = tuple(NodeConsequence(Effect.VNET_GIVEN_UP, vnet) for vnet in vnets)
    (fall,) = fallen(replace(node("a"), consequences=kept), a=stanzas(*vnets))
    assert str(fall) == "this plan removes all 3 VNet uplinks"


def test_a_vnet_that_stays_on_another_node_is_not_gone() -> None:
    vnets = ["v1", "v2", "v3"]
    assert fallen(node("a", vnets), a=stanzas(*vnets), b=stanzas("v3")) == ()
    assert len(fallen(node("a", vnets), node("b", ["v3"]), a=stanzas(*vnets), b=stanzas("v3"))) == 1


def pves(pending: Iterable[PendingChange], running: Mapping[str, int], *definitions: str) -> tuple[Fall, ...]:
    return falls(SOMETHING, set(definitions), (), {}, pending=pending, running=running)


def rows(kind: str, count: int, state: str = "deleted") -> list[PendingChange]:
    return [PendingChange(kind, f"{kind}{state}{number}", state) for number in range(count)]


@pytest.mark.parametrize(
    ("kind", "file", "said"),
    [
        ("zone", "zones.cfg", "zone"),
        ("vnet", "vnets.cfg", "VNet"),
        ("subnet", "subnets.cfg", "subnet"),
        ("controller", "controllers.cfg", "controller"),
    ],
)
def test_all_of_a_kind_of_pves_is_a_file_that_is_empty_or_absent(kind: str, file: str, said: str) -> None:
    for definitions in ((), (file,)):
        found = pves(rows(kind, 1), {kind: 1}, *definitions)
        assert found == (Fall(file, is_absent=not definitions, kind=said, gone=1, total=1),)


def test_where_new_ones_come_all_that_go_are_a_change() -> None:
    assert pves([*rows("vnet", 2), *rows("vnet", 1, "new")], {"vnet": 2}) == ()
    expected = Fall("", is_absent=False, kind="VNet", gone=3, total=3)
    assert pves([*rows("vnet", 3), *rows("vnet", 1, "new")], {"vnet": 3}) == (expected,)


@pytest.mark.parametrize(("gone", "total", "is_fall"), [(3, 6, True), (3, 7, False), (2, 3, False), (4, 7, True)])
def test_half_of_a_kind_of_pves_is_a_fall(gone: int, total: int, is_fall: bool) -> None:
    pending = [*rows("subnet", gone), *rows("subnet", 9, "changed")]
    expected = Fall("", is_absent=False, kind="subnet", gone=gone, total=total)
    assert pves(pending, {"subnet": total}) == ((expected,) if is_fall else ())


def test_a_kind_of_which_pve_runs_none_cannot_fall_and_keeps_no_other_from_it() -> None:
    assert pves(rows("zone", 3), {}) == pves(rows("zone", 3), {"zone": 0}) == pves((), {"zone": 3}) == ()
    assert [fall.kind for fall in pves([*rows("zone", 3), *rows("vnet", 3)], {"vnet": 3})] == ["VNet"]


def deleted(*ids: str) -> list[PendingChange]:
    """By their kinds and ids."""
    return [PendingChange(kind, name, "deleted") for kind, name in (one.split() for one in ids)]


def test_what_goes_from_pves_definitions_and_is_ours_does_not_fall() -> None:
    ours = OwnSdn(
        vnets=(Vnet(where=HERE, id="web", zone="prod", tag=1), Vnet(where=HERE, id="db", zone="prod", tag=2)),
        subnets=(
            Subnet(
                where=HERE,
                id="prod-10.0.2.0-24",
                vnet="web",
                cidr="10.0.2.0/24",
                network=ip_network("10.0.2.0/24"),
            ),
        ),
    )
    going = deleted("vnet web", "vnet db", "subnet lan-10.0.2.0-24", "zone lan")

    def fall(own: OwnSdn, *more: str, **running: int) -> list[str]:
        found = falls(own, _PVES, (), {}, pending=(*going, *deleted(*more)), running=running)
        return [str(one).partition("so this plan ")[2] for one in found]

    assert fall(ours, vnet=2, subnet=1, zone=1) == []
    assert fall(ours, "vnet lab", "subnet lan-10.0.3.0-24", vnet=3, subnet=2, zone=1) == [
        "removes the only zone",
        "removes the only VNet",
        "removes the only subnet",
    ]
    kept = OwnSdn(vnets=tuple(vnet.model_copy(update={"drawn_in": "lan"}) for vnet in ours.vnets))
    assert fall(kept, vnet=2, subnet=1, zone=1) == [
        "removes the only zone",
        "removes all 2 VNets",
        "removes the only subnet",
    ]


_PVES = ("zones.cfg", "vnets.cfg", "subnets.cfg")
