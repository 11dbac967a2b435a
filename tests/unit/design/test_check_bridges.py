"""What is said of PVE's vlan and qinq zones: it accepts all of it, so everything is a warning."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.findings import Severity
from tests.unit.design.network import UNDERLAY, facts, findings, given


def with_link(*links: Link, name: str = "node1") -> NodeFacts:
    node = facts(name, f"192.168.0.{name[-1]}/24")
    replaced = {link.name for link in links}
    return replace(node, links=(*(link for link in node.links if link.name not in replaced), *links))


def riding(
    zones: str, vnets: str, *, nodes: int = 2, instead: Mapping[str, NodeFacts] | None = None, **named: NodeFacts
) -> list[str]:
    """What is said of PVE's zones on bridges of the host; all of it is a warning."""
    network = given(
        UNDERLAY, pve={"zones.cfg": zones, "vnets.cfg": vnets}, nodes=nodes, instead={**(instead or {}), **named}
    )
    assert findings(network) == []
    return findings(network, Severity.WARNING)


FLOOR = "vlan: floor\n\tbridge vmbr0\n\n"
METRO = "qinq: metro\n\tbridge vmbr0\n\ttag 10\n\n"
GUESTS = "vnet: guests\n\tzone floor\n\ttag 100\n\n"
ONE_WORKS = "PVE accepts this; on a Linux bridge one of the two will not work"


def aware(name: str = "node1", bridge: str = "vmbr0") -> NodeFacts:
    return with_link(Link(bridge, kind="bridge", vlan_filtering=True), name=name)


def test_sound_zones_have_no_remarks() -> None:
    vnets = GUESTS + "vnet: more\n\tzone metro\n\ttag 100\n\nvnet: rest\n\tzone metro\n\n"
    assert riding(FLOOR + METRO, vnets) == []


def test_a_bridge_that_does_not_exist_is_told_once_with_its_nodes() -> None:
    zone = FLOOR.replace("vmbr0", "vmbr9") + METRO.replace("vmbr0", "vmbr9\n\tnodes node2")
    assert riding(zone, GUESTS, nodes=3, node2=aware("node2", "vmbr9")) == [
        (
            "zones.cfg:1: zone 'floor': bridge vmbr9 does not exist on node1, node3; PVE leaves this zone's VNets out there; "
            "create it there, or leave them out of the zone's nodes"
        )
    ]


def test_nothing_is_said_of_nodes_whose_devices_were_not_seen() -> None:
    assert riding(FLOOR.replace("vmbr0", "vmbr9"), GUESTS, nodes=1, node1=NodeFacts("node1")) == []


@pytest.mark.parametrize("tag", [4095, 4096])
def test_a_tag_that_is_no_vlan_is_told(tag: int) -> None:
    hint = "write 1-4094; PVE accepts this, the kernel does not"
    assert riding(FLOOR, GUESTS.replace("100", str(tag))) == [
        f"vnets.cfg:1: vnet 'guests': tag {tag} is not a valid VLAN; {hint}"
    ]
    assert riding(METRO, GUESTS.replace("floor", "metro").replace("100", str(tag))) == [
        f"vnets.cfg:1: vnet 'guests': tag {tag} is not a valid VLAN; {hint}"
    ]
    assert riding(METRO.replace("10", str(tag)), "") == [
        f"zones.cfg:1: zone 'metro': tag {tag} is not a valid VLAN; {hint}"
    ]


def test_a_vnet_of_a_vlan_zone_needs_a_tag() -> None:
    assert riding(FLOOR, GUESTS.replace("\ttag 100\n", "")) == [
        "vnets.cfg:1: vnet 'guests': has no tag, and zone 'floor' is of type vlan; give it one in PVE; until then it is left out"
    ]


def test_a_tag_of_two_zones_on_one_bridge_is_told() -> None:
    zones = FLOOR + FLOOR.replace("floor", "roof")
    vnets = GUESTS + GUESTS.replace("guests", "others").replace("floor", "roof")
    assert riding(zones, vnets) == [
        (
            f"vnets.cfg:5: vnet 'others': tag 100 is also the tag of vnet 'guests' (vnets.cfg:1) on bridge vmbr0; {ONE_WORKS}; "
            "choose another tag in PVE, or another bridge"
        )
    ]


@pytest.mark.parametrize("other", ["bridge vmbr1\n", "bridge vmbr0\n\tnodes node2\n"])
def test_a_tag_of_two_zones_that_do_not_meet_is_nothing(other: str) -> None:
    zones = FLOOR.replace("vmbr0", "vmbr0\n\tnodes node1") + f"vlan: roof\n\t{other}\n"
    vnets = GUESTS + GUESTS.replace("guests", "others").replace("floor", "roof")
    nodes = {name: with_link(Link("vmbr1", kind="bridge"), name=name) for name in ("node1", "node2")}
    assert riding(zones, vnets, instead=nodes) == []


def test_a_service_vlan_meets_the_vlans_of_the_same_protocol() -> None:
    zones = FLOOR + METRO + METRO.replace("metro", "rural").replace("tag 10\n", "tag 10\n\tvlan-protocol 802.1ad\n")
    assert riding(zones, GUESTS.replace("100", "10")) == [
        (
            f"zones.cfg:4: zone 'metro': tag 10 is also the tag of vnet 'guests' (vnets.cfg:1) on bridge vmbr0; {ONE_WORKS}; "
            "choose another tag in PVE, or another bridge"
        )
    ]


def test_a_qinq_zone_has_each_tag_once_and_one_vnet_without() -> None:
    vnets = "".join(
        f"vnet: v{number}\n\tzone metro\n{tag}\n" for number, tag in enumerate(("\ttag 5\n", "\ttag 5\n", "", ""))
    )
    assert riding(METRO, vnets) == [
        (
            f"vnets.cfg:5: vnet 'v1': tag 5 is also used by vnet 'v0' (vnets.cfg:1) in zone 'metro'; {ONE_WORKS}; "
            "choose another tag in PVE"
        ),
        (
            f"vnets.cfg:12: vnet 'v3': has no tag, and neither has vnet 'v2' (vnets.cfg:9) in zone 'metro'; {ONE_WORKS}; "
            "give one of them a tag in PVE"
        ),
    ]


def test_a_vnet_and_a_qinq_zone_of_one_name_are_told() -> None:
    vnets = GUESTS.replace("guests", "metro") + "vnet: inner\n\tzone metro\n\ttag 5\n\n"
    assert riding(FLOOR + METRO, vnets, node2=aware("node2")) == [
        (
            "vnets.cfg:1: vnet 'metro': devices ln_metro and pr_metro are also used by zones.cfg:4: zone 'metro' on node1; "
            "PVE defines only the first; choose another id"
        )
    ]
    assert riding(FLOOR + METRO, vnets, node1=aware(), node2=aware("node2")) == []


def test_a_vlan_aware_bridge_has_one_protocol() -> None:
    zones = METRO + METRO.replace("metro", "rural").replace("tag 10\n", "tag 20\n\tvlan-protocol 802.1ad\n")
    assert riding(zones, "", node2=aware("node2")) == [
        (
            "zones.cfg:5: zone 'rural': has 802.1ad and zones.cfg:1: zone 'metro' has 802.1q: bridge vmbr0 has one "
            "protocol for all VLANs on node2; give both the same vlan-protocol, or a bridge each"
        )
    ]
    assert riding(zones, "") == []


@pytest.mark.parametrize(
    ("links", "name"),
    [
        ((Link("enp129s0f0np0", master="vmbr0"),), "enp129s0f0np0.100"),
        ((Link("vmbr0", kind="bridge"), Link("eno1")), None),
    ],
)
def test_names_that_the_kernel_refuses_are_told_once_a_zone(links: tuple[Link, ...], name: str | None) -> None:
    vnets = GUESTS + GUESTS.replace("guests", "others").replace("100", "101")
    found = riding(FLOOR, vnets, node1=with_link(*links))
    said = (
        f"device {name} has more than 15 characters on node1; the kernel refuses it; give enp129s0f0np0 a name of at most "
        "11 characters, wherever it is named"
    )
    assert found == ([f"zones.cfg:1: zone 'floor': {said}"] if name else [])


def test_a_service_vlan_has_a_name_that_is_too_long_on_a_vlan_aware_bridge() -> None:
    zone = METRO.replace("vmbr0", "vmbr-customer").replace("tag 10", "tag 1000")
    assert riding(zone, "", nodes=1, node1=aware(bridge="vmbr-customer")) == [
        (
            "zones.cfg:1: zone 'metro': device vmbr-customer.1000 has more than 15 characters on node1; "
            "the kernel refuses it; give vmbr-customer a name of at most 10 characters, wherever it is named"
        )
    ]
