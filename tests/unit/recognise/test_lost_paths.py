"""VTEPs on `lo` whose routes come from the frr.conf that an import replaces: what would cut them off is told, and how
to keep them connected.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, ChangeSet
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from tests.hints.imports import Edit, cut_over, edit, with_rows
from tests.unit.recognise.kit import proposed
from tests.unit.recognise.test_sources import by_hand

PEERS = {"node1": ("2", "3"), "node2": ("1", "3"), "node3": ("1", "2")}
SESSION = " neighbor 172.20.0.250 remote-as 64999\n bgp router-id"
"""Of the router that knows the VTEPs."""


def learnt_by(protocol: str, *edits: Edit) -> Snapshot:
    """The set-up of vtep-on-lo, by hand, where the kernel has the routes from this protocol."""

    def learn(rows: list[dict[str, Json]]) -> list[dict[str, Json]]:
        return [row | {"protocol": protocol} if "nhid" in row else row for row in rows]

    return with_rows(edit(by_hand("vtep-on-lo"), edits), "ip-route", learn)


def runs(daemon: str) -> Edit:
    return "* frr", "line vty\n", f"router {daemon}\nexit\n!\nline vty\n"


def warned(snapshot: Snapshot) -> list[str]:
    return [str(finding) for finding in proposed(snapshot).findings if "reached by" in finding.what]


def statics() -> tuple[Edit, ...]:
    return tuple(
        (
            f"{node} frr",
            "!\nvrf vrf_sym",
            "".join(f"ip route 10.255.0.{n}/32 172.20.0.{n}\n" for n in peers) + "!\nvrf vrf_sym",
        )
        for node, peers in PEERS.items()
    )


KEEP = "write the lines shown for /etc/frr/frr.conf.local there before the apply: docs/import.md, step 5"
ROUTES = "write routes to them into /etc/network/interfaces; then import again"


def told(name: str, protocol: str, hint: str) -> list[str]:
    return [f"node1-node3: the other VTEPs are reached by {name}, and 'router {protocol}' goes with frr.conf; {hint}"]


def test_a_protocol_that_is_no_fabrics_is_kept_where_something_of_it_can_be() -> None:
    assert warned(learnt_by("isis", runs("isis CORE"))) == told("IS-IS", "isis", KEEP)


def test_where_nothing_can_be_kept_there_have_to_be_routes() -> None:
    assert warned(learnt_by("bgp")) == told("BGP", "bgp", ROUTES)


def test_the_second_version_of_ospf_does_not_carry_the_routes_of_ipv4() -> None:
    assert warned(learnt_by("ospf", runs("ospf6"))) == []


@pytest.mark.parametrize(
    ("protocol", "name", "added"),
    [("isis", "IS-IS", runs("isis CORE")), ("bgp", "BGP", ("* frr", " bgp router-id", SESSION))],
)
def test_what_brings_the_routes_is_kept_by_the_lines_that_are_shown(protocol: str, name: str, added: Edit) -> None:
    snapshot = learnt_by(protocol, added)
    assert warned(snapshot) == told(name, protocol, KEEP)
    adoption = adopt(snapshot, Renderer())
    nodes = {}
    for node, raw in snapshot.nodes.items():
        lines = "".join(f"{line}\n" for line in adoption.proposal.frr_local[node])
        assert ("router isis CORE" if protocol == "isis" else "neighbor 172.20.0.250 remote-as 64999") in lines
        nodes[node] = NodeRaw({**raw.files, FRR_CONF_LOCAL: lines}, raw.commands)
    passes(cut_over(replace(snapshot, nodes=nodes), adoption, ())[1])


def passes(changes: ChangeSet) -> None:
    """Nothing is in the way of the apply, and nothing of frr.conf.local is lost."""
    assert [finding for node in changes.nodes for finding in node.obstacles] == []
    assert [finding for finding in changes.findings if "frr.conf.local" in str(finding)] == []


def test_statics_are_told_with_the_line_that_says_the_same_in_the_interfaces_file() -> None:
    assert warned(learnt_by("static", *statics()))[0] == (
        "node1: other VTEPs are reached by static routes of frr.conf, which go with it (10.255.0.2/32 and "
        "10.255.0.3/32); move each to /etc/network/interfaces, as 'up ip route add 10.255.0.2/32 via 172.20.0.2' in "
        "the stanza of eno1; then import again"
    )


@pytest.mark.parametrize("protocol", ["static", "bgp"])
def test_who_writes_the_routes_into_the_interfaces_file_is_not_warned_again(protocol: str) -> None:
    given = statics() if protocol == "static" else ()
    snapshot = learnt_by(protocol, *given)
    assert len(warned(snapshot)) == (3 if protocol == "static" else 1)
    moved: tuple[Edit, ...] = tuple(
        (
            node,
            "mtu 9000\n",
            "mtu 9000\n" + "".join(f"\tup ip route add 10.255.0.{n}/32 via 172.20.0.{n}\n" for n in peers),
        )
        for node, peers in PEERS.items()
    )
    gone = tuple((where, new, old) for where, old, new in given)

    def by_hand_now(rows: list[dict[str, Json]]) -> list[dict[str, Json]]:
        return [{key: value for key, value in row.items() if "nhid" not in row or key != "protocol"} for row in rows]

    followed = with_rows(edit(snapshot, (*moved, *gone)), "ip-route", by_hand_now)
    assert warned(followed) == []
    passes(cut_over(followed, adopt(followed, Renderer()), ())[1])


def test_a_static_by_its_device_and_of_ipv6_is_written_so() -> None:
    by_device: tuple[Edit, ...] = tuple(
        (f"{node} frr", "!\nvrf vrf_sym", f"ip route 10.255.0.{peers[0]}/32 eno1\n!\nvrf vrf_sym")
        for node, peers in PEERS.items()
    )
    assert "'up ip route add 10.255.0.2/32 dev eno1'" in warned(learnt_by("196", *by_device))[0]


def test_a_frr_conf_that_only_has_the_overlay_takes_no_path_along() -> None:
    snapshot = by_hand("vtep-on-lo")
    assert all(FRR_CONF in raw.files for raw in snapshot.nodes.values())
    assert warned(snapshot) == []
