from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pvesdn.model.files import PendingChange, PendingProperty
from tests.unit.decode.samples import FABRICS, PVE, RUNNING, files, pending_changes

DHCP = "start-address=10.0.0.10,end-address=10.0.0.20,start-address=10.0.0.30,end-address=10.0.0.40"


def changed(kind: str, id_: str, *properties: tuple[str, str | None, str | None]) -> PendingChange:
    return PendingChange(kind, id_, "changed", tuple(PendingProperty(*item) for item in properties))


def new(kind: str, id_: str, *properties: tuple[str, str]) -> PendingChange:
    return PendingChange(kind, id_, "new", tuple(PendingProperty(name, None, value) for name, value in properties))


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
        ("zones_cfg", "mtu 1500", "mtu 9000", changed("zone", "plain", ("mtu", "1500", "9000"))),
        ("zones_cfg", "\tmtu 1500\n", "", changed("zone", "plain", ("mtu", "1500", None))),
        ("zones_cfg", "simple: plain", "vlan: plain", changed("zone", "plain", ("type", "simple", "vlan"))),
        (
            "zones_cfg",
            "nodes node2,node1",
            "nodes node2",
            changed("zone", "stretch", ("nodes", "node1,node2", "node2")),
        ),
        ("vnets_cfg", "\tvlanaware 1\n", "\tvlanaware 0\n", changed("vnet", "lab", ("vlanaware", "1", "0"))),
        (
            "subnets_cfg",
            "10.0.0.30,",
            "10.0.0.31,",
            changed("subnet", "prod-10.0.0.0-24", ("dhcp-range", DHCP, DHCP.replace("0.30", "0.31"))),
        ),
        ("controllers_cfg", "65000", "65001", changed("controller", "evpnctl", ("asn", "65000", "65001"))),
        ("vnets_cfg", PVE["vnets.cfg"].split("\n\n")[0] + "\n\n", "", PendingChange("vnet", "web", "deleted")),
        ("vnets_cfg", "vnet: web", "vnet: more\n\tzone plain\n\nvnet: web", new("vnet", "more", ("zone", "plain"))),
        (
            "fabrics_cfg",
            None,
            FABRICS.split("\n\n")[0],
            new("fabric", "test", ("area", "0"), ("ip_prefix", "172.20.30.0/24")),
        ),
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
        changed(
            "fabric",
            "test_node1",
            ("interfaces", "name=ens19,ip=172.16.3.10/31,name=ens20", "name=ens19,ip=172.16.3.10/31,name=ens21"),
        ),
    )


def test_what_cannot_be_read_counts_as_not_there() -> None:
    assert pending_changes({".running-config": "{", "zones.cfg": "?\n\nsimple: plain\n\tadvertise-subnets x\n"}) == (
        new("zone", "plain", ("advertise-subnets", "x")),
    )


def test_an_unreadable_switch_is_compared_as_it_stands() -> None:
    text = PVE["zones.cfg"].replace("advertise-subnets 1", "advertise-subnets what")
    assert pending_changes(files(zones_cfg=text)) == (changed("zone", "prod", ("advertise-subnets", "1", "what")),)


def test_type_and_vnet_of_something_new_are_not_among_its_pending_properties() -> None:
    (change,) = pending_changes({"subnets.cfg": "subnet: lan-10.0.0.0-24\n\tvnet web\n\tsnat 1\n"})
    assert change == new("subnet", "lan-10.0.0.0-24", ("snat", "1"))


def test_a_definition_that_goes_is_said_to_go_as_a_whole() -> None:
    changes = pending_changes(files(subnets_cfg=""))
    assert {(change.state, change.properties) for change in changes} == {("deleted", ())}


def test_a_property_that_is_added_has_no_running_value() -> None:
    text = PVE["vnets.cfg"].replace("\ttag 100\n", "\ttag 100\n\tisolate-ports 1\n")
    assert pending_changes(files(vnets_cfg=text)) == (changed("vnet", "web", ("isolate-ports", None, "1")),)


def test_without_any_definition_file_nothing_is_pending() -> None:
    """A snapshot of what was committed alone: PVE empties its files, and never takes them all away."""
    assert pending_changes({".running-config": json.dumps(RUNNING)}) == ()
    assert pending_changes({".running-config": json.dumps(RUNNING), "zones.cfg": ""}) != ()


ROUTE_MAP = "route-map-entry: out_10\n\taction permit\n\tmatch key=vni,value=7\n\tmatch key=peer,value=x\n"


@pytest.mark.parametrize(
    ("committed", "expected"),
    [
        ({}, new("route-map", "out_10", ("action", "permit"), ("match", "key=peer,value=x,key=vni,value=7"))),
        ({"action": "permit", "match": ["key=peer,value=x", "key=vni,value=7"]}, None),
        ({"action": "deny", "match": ["key=peer,value=x", "key=vni,value=7"]},
         changed("route-map", "out_10", ("action", "deny", "permit"))),
        ({"action": "deny", "match": [{"key": "vni", "value": {"deep": 7}}]}, None),
    ],
)  # fmt: skip
def test_route_maps_are_compared_as_far_as_they_can_be_read(
    committed: dict[str, Any], expected: PendingChange | None
) -> None:
    ids = {"out_10": {"type": "route-map-entry", **committed}} if committed else {}
    running = json.dumps({"version": 1, "route-maps": {"ids": ids}})
    given = {".running-config": running, "route-maps.cfg": ROUTE_MAP}
    assert pending_changes(given) == (() if expected is None else (expected,))


def test_a_property_without_a_value_is_as_good_as_absent() -> None:
    assert pending_changes(files(zones_cfg=PVE["zones.cfg"].replace("\tmtu 1500\n", "\tmtu\n"))) == (
        changed("zone", "plain", ("mtu", "1500", None)),
    )
