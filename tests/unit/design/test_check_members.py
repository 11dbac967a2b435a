"""Names in PVE's own definitions that are no members of the cluster: PVE accepts them, so each is a warning."""

from __future__ import annotations

import pytest

from pvesdn.model.findings import Severity
from tests.unit.design.network import PVE_EVPN, findings, given

MEMBERS = "members are node1, node2, node3; remove it in PVE"
ISIS = "isis: is1\n\tisis-domain d\n\tisis-ifaces eno2\n\tisis-net 49.0001.0001.0001.0001.00\n\tnode cedar\n\n"
FABRIC = "ospf_fabric: lab\n\tarea 0\n\tip_prefix 172.20.30.0/24\n\nospf_node: lab_cedar\n\tip 172.20.30.1\n\n"


@pytest.mark.parametrize(
    ("file", "text", "finding"),
    [
        ("zones.cfg", "simple: lan\n\tnodes node1,cedar\n\n", "zones.cfg:2: zone 'lan': nodes"),
        (
            "zones.cfg",
            "faucet: old\n\tdp-id 1\n\tcontroller c\n\tnodes node1,cedar\n\n",
            "zones.cfg:4: zone 'old': nodes",
        ),
        (
            "zones.cfg",
            PVE_EVPN["zones.cfg"].rstrip() + "\n\texitnodes cedar\n\n",
            "zones.cfg:4: zone 'theirs': exitnodes",
        ),
        (
            "zones.cfg",
            PVE_EVPN["zones.cfg"].rstrip() + "\n\texitnodes node1\n\texitnodes-primary cedar\n\n",
            "zones.cfg:5: zone 'theirs': exitnodes-primary",
        ),
        (
            "controllers.cfg",
            PVE_EVPN["controllers.cfg"] + "bgp: b1\n\tasn 65000\n\tnode cedar\n\tpeers 10.0.0.1\n\n",
            "controllers.cfg:7: controller 'b1': node",
        ),
        ("controllers.cfg", PVE_EVPN["controllers.cfg"] + ISIS, "controllers.cfg:9: controller 'is1': node"),
        ("fabrics.cfg", FABRIC, "fabrics.cfg:1: fabric 'lab': a node section"),
    ],
)
def test_a_name_that_is_no_member_is_a_warning_with_its_place(file: str, text: str, finding: str) -> None:
    found = findings(given("", pve={**PVE_EVPN, file: text}), Severity.WARNING)
    cure = MEMBERS.replace("remove it", "remove the controller") if finding.endswith(": node") else MEMBERS
    assert f"{finding} names 'cedar', which is not a member of the cluster; {cure}" in found


def theirs(more: str) -> list[str]:
    """What is said of PVE's zone with these lines more."""
    zones = f"{PVE_EVPN['zones.cfg'].rstrip()}\n{more}\n"
    return findings(given("", pve={**PVE_EVPN, "zones.cfg": zones}), Severity.WARNING)


def test_exit_nodes_that_are_none_are_told_of_members_alone() -> None:
    assert theirs("\texitnodes node1\n\texitnodes-primary node2\n") == [
        "zones.cfg:5: zone 'theirs': exitnodes-primary 'node2' is not one of the exitnodes; add it to exitnodes"
    ]
    assert theirs("\texitnodes node1,node2\n\tnodes node2\n") == [
        "zones.cfg:4: zone 'theirs': exitnodes lists node1, outside the zone's nodes; add them to nodes"
    ]
    for more in ("\texitnodes node1\n\texitnodes-primary cedar\n", "\texitnodes node2,cedar\n\tnodes node2\n"):
        (found,) = theirs(more)
        assert (
            "names 'cedar', which is not a member of the cluster; members are node1, node2, node3; remove it" in found
        )


def test_members_are_not_spoken_of() -> None:
    zones = PVE_EVPN["zones.cfg"].rstrip() + "\n\tnodes node1,node2\n\texitnodes node1\n\texitnodes-primary node1\n\n"
    assert findings(given("", pve={**PVE_EVPN, "zones.cfg": zones}), Severity.WARNING) == []


def test_a_zone_on_no_member_at_all_is_not_to_be_left_without_nodes() -> None:
    """PVE takes no nodes for all of them."""
    (found,) = findings(given("", pve={"zones.cfg": "simple: lan\n\tnodes cedar\n\n"}), Severity.WARNING)
    assert found == (
        "zones.cfg:2: zone 'lan': nodes names 'cedar', which is not a member of the cluster; members are node1, node2, node3; "
        "name one of them instead in PVE, or remove the zone: without nodes it would be on all of them"
    )
    assert findings(given("", pve={"zones.cfg": "simple: lan\n\tnodes node2\n\n"}), Severity.WARNING) == []


def test_a_name_that_is_nearly_a_members_is_told_which_was_meant() -> None:
    (found,) = findings(given("", pve={"zones.cfg": "simple: lan\n\tnodes node1,Node-2\n\n"}), Severity.WARNING)
    assert "did you mean 'node2'? Otherwise members are node1, node2, node3; remove it in PVE" in found
    (found,) = findings(given("", pve={"zones.cfg": "simple: lan\n\tnodes node1,node4\n\n"}), Severity.WARNING)
    assert "did you mean" not in found


def test_each_name_is_told_once_for_each_place_that_has_it() -> None:
    zones = PVE_EVPN["zones.cfg"].rstrip() + "\n\tnodes node1,cedar\n\texitnodes node1,cedar\n\n"
    found = findings(given("", pve={**PVE_EVPN, "zones.cfg": zones}), Severity.WARNING)
    assert [line.partition(" names ")[0] for line in found if "cedar" in line] == [
        "zones.cfg:4: zone 'theirs': nodes",
        "zones.cfg:5: zone 'theirs': exitnodes",
    ]
