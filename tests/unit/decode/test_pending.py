from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pvesdn.decode.pending import pending_changes
from pvesdn.model.files import PendingChange
from tests.unit.decode.samples import FABRICS, PVE, RUNNING, files


def test_what_was_committed_is_not_pending() -> None:
    assert pending_changes(files()) == ()


def test_on_a_fresh_cluster_everything_is_new_and_sorted() -> None:
    changes = pending_changes(dict(reversed(PVE.items())))
    assert [(change.kind, change.id) for change in changes] == [
        ("controller", "evpnctl"),
        ("subnet", "prod-10.0.0.0-24"),
        ("subnet", "prod-2a08:2142:302:3::-64"),
        ("vnet", "lab"),
        ("vnet", "web"),
        ("vnet", "yard"),
        ("zone", "old"),
        ("zone", "plain"),
        ("zone", "prod"),
        ("zone", "stretch"),
    ]
    assert {change.state for change in changes} == {"new"}


@pytest.mark.parametrize(
    ("file", "old", "new", "change"),
    [
        ("zones_cfg", "mtu 1500", "mtu 9000", PendingChange("zone", "plain", "changed")),
        ("zones_cfg", "\tmtu 1500\n", "", PendingChange("zone", "plain", "changed")),
        ("zones_cfg", "simple: plain", "vlan: plain", PendingChange("zone", "plain", "changed")),
        ("zones_cfg", "nodes node2,node1", "nodes node2", PendingChange("zone", "stretch", "changed")),
        ("vnets_cfg", "\tvlanaware 1\n", "\tvlanaware 0\n", PendingChange("vnet", "lab", "changed")),
        ("subnets_cfg", "10.0.0.30,", "10.0.0.31,", PendingChange("subnet", "prod-10.0.0.0-24", "changed")),
        ("controllers_cfg", "65000", "65001", PendingChange("controller", "evpnctl", "changed")),
        ("vnets_cfg", PVE["vnets.cfg"].split("\n\n")[0] + "\n\n", "", PendingChange("vnet", "web", "deleted")),
        ("vnets_cfg", "vnet: web", "vnet: more\n\tzone plain\n\nvnet: web", PendingChange("vnet", "more", "new")),
        ("fabrics_cfg", None, FABRICS.split("\n\n")[0], PendingChange("fabric", "test", "new")),
    ],
)
def test_a_difference_is_named(file: str, old: str | None, new: str, change: PendingChange) -> None:
    text = new if old is None else PVE[file.replace("_cfg", ".cfg")].replace(old, new)
    assert pending_changes(files(**{file: text})) == (change,)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("zones_cfg", "nodes node2,node1", "nodes node1,node2"),
        ("zones_cfg", "nodes node2,node1", "nodes node1 node2"),
        ("zones_cfg", "advertise-subnets 1", "advertise-subnets on"),
        ("zones_cfg", "mtu 1500", "mtu 01500"),
        ("zones_cfg", "mtu 1500\n", "mtu 1500\n\tmtu 9000\n"),
        ("zones_cfg", "\tmtu 1500\n\n", "\n"),
    ],
)
def test_spellings_that_mean_the_same_are_no_difference(file: str, old: str, new: str) -> None:
    given = files(**{file: PVE[file.replace("_cfg", ".cfg")].replace(old, new)})
    if new == "\n":
        document: dict[str, Any] = copy.deepcopy(RUNNING)
        document["zones"]["ids"]["plain"]["mtu"] = None
        given[".running-config"] = json.dumps(document)
    assert pending_changes(given) == ()


def test_fabrics_are_compared_without_the_id_that_only_json_repeats() -> None:
    document: dict[str, Any] = copy.deepcopy(RUNNING)
    document["fabrics"]["ids"] = {
        "test": {"type": "ospf_fabric", "id": "test", "area": 0, "ip_prefix": "172.20.30.0/24"},
        "test_node1": {
            "type": "ospf_node",
            "id": "test_node1",
            "ip": "172.20.30.1",
            "interfaces": ["name=ens20", "name=ens19,ip=172.16.3.10/31"],
        },
    }
    given = files(fabrics_cfg=FABRICS) | {".running-config": json.dumps(document)}
    assert pending_changes(given) == ()
    assert pending_changes(given | {"fabrics.cfg": FABRICS.replace("ens20", "ens21")}) == (
        PendingChange("fabric", "test_node1", "changed"),
    )


def test_what_cannot_be_read_counts_as_not_there() -> None:
    assert pending_changes({".running-config": "{", "zones.cfg": "?\n\nsimple: plain\n\tadvertise-subnets x\n"}) == (
        PendingChange("zone", "plain", "new"),
    )


def test_an_unreadable_switch_is_compared_as_it_stands() -> None:
    text = PVE["zones.cfg"].replace("advertise-subnets 1", "advertise-subnets what")
    assert pending_changes(files(zones_cfg=text)) == (PendingChange("zone", "prod", "changed"),)
