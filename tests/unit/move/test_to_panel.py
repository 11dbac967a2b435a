"""Zones of pvesdn.cfg become PVE's: the same ids, VNIs, MACs and MTUs, or a reason why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.decode.definitions.own_grammar import GRAMMAR
from pvesdn.errors import SdnConfigError
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.zone_move import Fate
from pvesdn.move.fates import BACK
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.move import MovePlan, move_to_pve
from tests.unit.move.kit import CONTROLLER, EVPN, PEERS, VXLAN, drawn, move

OWN_EVPN = "evpn: ours\n\tcontroller ctl\n\tirb symmetric\n\tvrf-vxlan 4100\n\n"
OWN_VNET = "vnet: app\n\tzone {}\n\ttag 21\n\n"
OWN_SUBNET = "subnet: ours-10.9.0.0-24\n\tvnet app\n\tgateway 10.9.0.1\n\n"


def back(snapshot: Snapshot, *zones: str) -> MovePlan:
    return move_to_pve(snapshot, Renderer(), zones)


def refused(snapshot: Snapshot, *zones: str) -> tuple[str, ...]:
    with pytest.raises(SdnConfigError) as caught:
        back(snapshot, *zones)
    return caught.value.lines


@pytest.mark.parametrize("kind", sorted(BACK))
def test_the_list_is_the_grammars_own(kind: str) -> None:
    for section, rules in BACK[kind].items():
        assert rules.keys() == GRAMMAR[section].keys()


def test_what_was_moved_comes_back_as_it_was() -> None:
    pve = (f"{VXLAN}\n{EVPN}\tadvertise-subnets 1\n\n", "vnet: web\n\tzone prod\n\ttag 11\n\talias Web\n\n")
    start = drawn(*pve, "subnet: prod-10.1.0.0-24\n\tvnet web\n\tgateway 10.1.0.1\n\n")
    there = move(start, "prod")
    own = there.files["pvesdn.cfg"]
    again = back(drawn(f"{VXLAN}\n", own=own), "prod")
    assert again.cut_over is not None, again.problems
    zone, vnet, subnet, plan = again.cut_over[0].lines[1:]
    mac = "BC:24:11:00:00:01"
    assert sorted(zone.split(" --")[1:]) == sorted(
        ["zone prod", "type evpn", "controller ctl", "vrf-vxlan 4000", f"mac {mac}", "advertise-subnets 1"]
    )
    assert vnet == "pvesh create /cluster/sdn/vnets --vnet web --zone prod --alias Web --tag 11"
    assert subnet.endswith("--type subnet --subnet 10.1.0.0/24 --gateway 10.1.0.1")
    assert plan == "pvesdn plan"
    # What changed on the way there changes back, and nothing else.
    assert [str(finding) for finding in again.wire] == [
        (
            "node1, node2, node3: vrfbr_prod: router MAC 02:00 and the four octets of the VTEP -> the kernel's choice: routed"
            " flows between nodes pause until BGP has told the other nodes"
        )
    ]


def test_a_zone_that_follows_the_members_lists_those_of_today() -> None:
    found = back(drawn("", controllers="", own="vxlan: ours\n\n" + OWN_VNET.format("ours")), "ours")
    assert found.cut_over is not None, found.problems
    assert f"--peers {PEERS}" in found.cut_over[0].lines[1]
    assert "--mtu 1500" in found.cut_over[0].lines[1]
    assert [finding.what for finding in found.move.findings if "PVE" in finding.what] == [
        "follows the members of the cluster; in PVE the peers of today are listed",
        "its MTU follows the underlay; in PVE the one of today is written down",
    ]
    assert not found.wire


def test_the_gateways_mac_stays_though_nobody_named_it() -> None:
    found = back(drawn("", own=OWN_EVPN + OWN_VNET.format("ours") + OWN_SUBNET), "ours")
    assert found.cut_over is not None, found.problems
    assert not any("gateway MAC" in str(finding) for finding in found.wire)
    assert "--mac 06:" in found.cut_over[0].lines[1]


def test_only_the_lines_of_the_zone_go_from_the_file() -> None:
    own = f"# the office\nvxlan: ours\n\t# why\n\tvxlan-port 4790\n\n# next\nvxlan: kept\n\n{OWN_VNET.format('ours')}"
    found = back(drawn("", controllers="", own=own), "ours")
    assert found.cut_over is not None, found.problems
    text = found.cut_over[0].text
    assert "sed '2d;4d;9d;10d;11d' \"$file\"" in text


@pytest.mark.parametrize("irb", ["none", "asymmetric"])
def test_irb_that_pve_does_not_have_stays(irb: str) -> None:
    own = f"evpn: ours\n\tcontroller ctl\n\tirb {irb}\n\n"
    assert refused(drawn("", own=own), "ours") == (
        (
            f"pvesdn.cfg:1: zone 'ours': stays in pvesdn.cfg: PVE's EVPN zones route through an L3VNI, and this one has irb"
            f" {irb}; leave it there: pvesdn works beside PVE's zones"
        ),
    )


@pytest.mark.parametrize("kind", ["vxlan: ours\n", "evpn: ours\n\tcontroller ctl\n\tirb symmetric\n\tvrf-vxlan 77\n"])
def test_a_zone_that_carries_the_panels_vnets_stays(kind: str) -> None:
    own = f"{kind}\tcarries lan\n\tvni-range 100-199\n\n"
    assert refused(drawn("simple: lan\n\tmtu 1400\n\n", own=own), "ours") == (
        (
            "pvesdn.cfg:1: zone 'ours': stays in pvesdn.cfg: it carries PVE's zone 'lan', whose VNets are in the panel"
            " already; leave it there: pvesdn works beside PVE's zones"
        ),
    )


def test_multicast_stops_the_move_and_the_hint_leads_to_one_that_passes() -> None:
    own = "vxlan: ours\n\tmulticast-group 239.1.1.1\n\n"
    found = back(drawn("", controllers="", own=own), "ours")
    assert found.problems == (
        (
            "pvesdn.cfg:2: zone 'ours': multicast-group 239.1.1.1: PVE floods to a list of peers alone; write peers instead,"
            " or leave both out, and apply that first"
        ),
    )
    assert found.cut_over is None
    assert not back(drawn("", controllers="", own="vxlan: ours\n\n"), "ours").problems


def test_a_controller_of_pvesdn_cfg_stops_it_and_the_hint_leads_to_a_move_that_passes() -> None:
    own = "evpn-controller: main\n\tasn 65000\n\n" + OWN_EVPN.replace("ctl", "main")
    (line,) = refused(drawn("", controllers="", own=own), "ours")
    assert line == (
        "pvesdn.cfg:4: zone 'ours': its controller 'main' is one of pvesdn.cfg, and PVE's zones use PVE's; create an EVPN"
        " controller with asn 65000 and the nodes' VTEPs as peers in PVE's panel, name it in the zone, apply, then ask"
        " again"
    )
    named = "evpn-controller: main\n\tasn 65000\n\n" + OWN_EVPN
    assert not back(drawn("", controllers=CONTROLLER, own=named), "ours").problems


def test_a_zone_that_pvesdn_cfg_does_not_have() -> None:
    assert refused(drawn("", controllers="", own="vxlan: ours\n\n"), "our") == (
        "zone 'our': pvesdn.cfg has no such zone; did you mean 'ours'? Otherwise its zones are ours",
    )
    assert refused(drawn(f"{VXLAN}\n", controllers=""), "x1") == (
        "zone 'x1': pvesdn.cfg has no such zone; it has no zone",
    )


def test_vnets_of_some_nodes_and_switched_off_flooding_are_told_as_lost() -> None:
    own = OWN_EVPN.replace("\n\n", "\n\tflood 0\n\n") + "vnet: app\n\tzone ours\n\ttag 21\n\tnodes node1\n\n"
    found = back(drawn("", own=own), "ours")
    lost = {(row.key, row.value) for row in found.move.properties if row.fate is Fate.LOST}
    assert lost == {("flood", "0"), ("nodes", "node1")}


def test_definitions_that_are_pending_stop_it() -> None:
    snapshot = drawn(f"{VXLAN}\n", own="vxlan: ours\n\n")
    files = {**snapshot.pve_files, "zones.cfg": ""}
    (line,) = refused(replace(snapshot, pve_files=files), "ours")
    assert line.startswith("PVE's SDN: has changes that are not applied: zone 'wide' (deleted)")
