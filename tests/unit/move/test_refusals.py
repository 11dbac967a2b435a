"""Zones that stay in PVE, each with the reason; and hints that lead to a zone that can be moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.model.zone_move import Fate
from tests.unit.move.kit import CONTROLLER, EVPN, PEERS, VXLAN, drawn, move, refused

VNET = "vnet: web\n\tzone {zone}\n\ttag 11\n\n"


def test_types_that_pvesdn_has_no_words_for_are_refused_with_what_they_do() -> None:
    bridge = "\tbridge vmbr0\n"
    snapshot = drawn(f"simple: lan\n\nvlan: office\n{bridge}\nqinq: far\n{bridge}\ttag 20\n\n")
    lines = refused(snapshot, "lan", "office", "far")
    assert lines == (
        (
            "zones.cfg:6: zone 'far': stays in PVE: a zone of type qinq puts its VNets on VLANs of the nodes' own bridges,"
            " and pvesdn.cfg has VXLAN and EVPN alone; leave it there: pvesdn works alongside it"
        ),
        (
            "zones.cfg:1: zone 'lan': stays in PVE: a zone of type simple bridges, routes and serves DHCP on single nodes,"
            " and pvesdn.cfg has VXLAN and EVPN alone; leave it there: pvesdn works alongside it"
        ),
        (
            "zones.cfg:3: zone 'office': stays in PVE: a zone of type vlan puts its VNets on VLANs of the nodes' own"
            " bridges, and pvesdn.cfg has VXLAN and EVPN alone; leave it there: pvesdn works alongside it"
        ),
    )


def test_a_zone_that_is_newer_than_what_pvesdn_renders_is_left_to_pve() -> None:
    other = "evpn: ctl2\n\tasn 65001\n\tpeers 192.168.0.9\n\n"
    snapshot = drawn(f"{EVPN}\n", controllers=f"{CONTROLLER}{other}")
    (line,) = refused(snapshot, "prod")
    assert line.startswith("zones.cfg:1: zone 'prod': stays in PVE: ")


def test_a_name_that_is_no_zone_is_told_with_the_one_that_was_meant() -> None:
    snapshot = drawn(f"{VXLAN}\n{EVPN}\n")
    assert refused(snapshot, "prud") == (
        "zone 'prud': PVE has no such zone; did you mean 'prod'? Otherwise PVE's vxlan and evpn zones are prod, wide",
    )


def test_without_any_zone_that_can_be_moved_that_is_said() -> None:
    (line,) = refused(drawn("simple: lan\n\n"), "prod")
    assert line == "zone 'prod': PVE has no such zone; PVE has no vxlan or evpn zone"


def test_a_zone_of_pvesdn_cfg_is_there_already() -> None:
    snapshot = drawn(f"{VXLAN}\n", own="vxlan: ours\n\n")
    assert refused(snapshot, "ours") == ("zone 'ours': is in pvesdn.cfg already; there is nothing to move",)


def test_what_is_drawn_and_not_applied_is_refused_object_by_object() -> None:
    snapshot = drawn(
        f"{VXLAN}\n", VNET.format(zone="wide"), committed={"vnets.cfg": "vnet: old\n\tzone wide\n\ttag 12\n\n"}
    )
    assert refused(snapshot, "wide") == (
        (
            "PVE's SDN: has changes that are not applied: vnet 'old' (deleted), vnet 'web' (new); apply or revert them in"
            " PVE's panel first, then ask again"
        ),
    )


def test_a_vnet_without_a_tag_is_nowhere() -> None:
    (line,) = refused(drawn(f"{VXLAN}\n", "vnet: web\n\tzone wide\n\n"), "wide")
    assert line == (
        "vnets.cfg:1: vnet 'web': has no tag, so no node has it; give it a tag in PVE's panel, or delete it there, and"
        " apply"
    )


def test_exit_nodes_stop_the_move_and_the_hint_leads_to_one_that_passes() -> None:
    zone = f"{EVPN}\texitnodes node1\n\n"
    subnet = "subnet: prod-10.1.0.0-24\n\tvnet web\n\tgateway 10.1.0.1\n\n"
    found = move(drawn(zone, VNET.format(zone="prod"), subnet), "prod")
    (needed,) = [row for row in found.move.properties if row.fate is Fate.NEEDED]
    assert (needed.key, needed.where.line) == ("exitnodes", 5)
    assert found.problems == (
        (
            "zones.cfg:5: zone 'prod': exitnodes node1: pvesdn has no exit through a node's own routing table, so guests"
            " would lose their way out; first give the zone an exit of pvesdn.cfg (docs/reference.md), which PVE's zones"
            " can have too, then remove exitnodes in the panel and apply"
        ),
    )
    assert found.cut_over is None

    # Followed to the letter: an exit of pvesdn.cfg, no exitnodes.
    uplink = (
        "exit: prod-node1\n\tzone prod\n\tnode node1\n\tinterface eno2\n\taddress 172.16.0.1/24\n"
        "\tgateways 172.16.0.254\n\n"
    )
    again = move(drawn(f"{EVPN}\n", VNET.format(zone="prod"), subnet, own=uplink), "prod")
    assert not again.problems
    assert again.cut_over is not None


def test_what_the_checks_refuse_is_a_problem_and_there_is_no_cut_over() -> None:
    subnet = "subnet: prod-10.1.0.1-32\n\tvnet web\n\tgateway 192.0.2.1\n\n"
    found = move(drawn(f"{EVPN}\n", VNET.format(zone="prod"), subnet), "prod")
    assert found.plan is None
    assert found.cut_over is None
    assert "gateway 192.0.2.1 is outside 10.1.0.1/32" in found.problems[0]


def test_a_cluster_without_pves_sdn_has_no_zone_to_give_away() -> None:
    snapshot = drawn(f"{VXLAN}\n")
    files = {name: text for name, text in snapshot.pve_files.items() if not name.endswith(".cfg")}

    (line,) = refused(replace(snapshot, pve_files=files), "wide")
    assert line == "cluster: none of PVE's definition files was read, so there is nothing to move"


def test_peers_are_not_what_a_vxlan_zone_lacks() -> None:
    assert not move(drawn(f"vxlan: wide\n\tpeers {PEERS}\n\n"), "wide").problems


@pytest.mark.parametrize(
    ("zone", "word"),
    [
        (f"{VXLAN}\tmtu 100\n", "mtu 100"),
        (f"{VXLAN}\tvxlan-port 65536\n", "vxlan-port 65536"),
        (EVPN.replace("4000", "16777215"), "vrf-vxlan 16777215"),
    ],
)
def test_a_value_that_no_device_can_have_is_refused_and_the_hint_leads_to_a_move(zone: str, word: str) -> None:
    name = zone.split("\n", maxsplit=1)[0].partition(": ")[2]
    assert refused(drawn(f"{zone}\n"), name) == (
        (
            f"zones.cfg:1: zone '{name}': {word} is none that a device can have; choose another one in PVE's panel and apply"
            " it first"
        ),
    )
    key = word.partition(" ")[0]
    good = {"mtu": "1400", "vxlan-port": "4790", "vrf-vxlan": "4000"}[key]
    assert not move(drawn(f"{zone.replace(word, f'{key} {good}')}\n"), name).problems


def test_a_node_that_cannot_be_reached_stops_the_move_and_one_that_is_off_is_told() -> None:
    whole = drawn(f"{VXLAN}\n", VNET.format(zone="wide"), controllers="")
    rest = {name: raw for name, raw in whole.nodes.items() if name != "node3"}
    found = move(replace(whole, nodes=rest, unreachable={"node3": "node3: connection refused"}), "wide")
    assert found.problems == (
        (
            "node3: cannot be reached (connection refused), and PVE's commit reloads it all the same, with half of the move;"
            " make it reachable by SSH and ask again"
        ),
    )
    status = [
        {**row, "online": 0} if isinstance(row, dict) and row.get("name") == "node3" else row
        for row in whole.api["cluster/status"]
    ]
    found = move(replace(whole, nodes=rest, api={**whole.api, "cluster/status": status}), "wide")
    assert not found.problems
    assert [str(finding) for finding in found.move.findings if finding.node] == [
        (
            "node3: is off, and keeps the devices as they are until it is back; run pvesdn apply as soon as it is back, before"
            " anybody reloads its network"
        ),
    ]
