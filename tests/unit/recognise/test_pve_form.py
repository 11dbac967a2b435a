"""A proposal in PVE's own objects, and what stays in pvesdn.cfg because PVE has no words for it."""

from __future__ import annotations

import pytest

from pvesdn.encode.sdn_files import write_sdn
from pvesdn.model.proposal import Proposal
from pvesdn.model.snapshot import Snapshot
from pvesdn.recognise.pve_form import as_pve
from tests.unit.recognise.kit import hand, proposed


def turned(snapshot: Snapshot) -> Proposal:
    return as_pve(proposed(snapshot))


def files(snapshot: Snapshot) -> dict[str, str]:
    return write_sdn(turned(snapshot).sdn)


def test_unicast_becomes_a_zone_with_every_vtep_as_peer() -> None:
    assert files(hand("unicast")) == {
        "zones.cfg": "vxlan: ucast\n\tmtu 1500\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
        "vnets.cfg": "vnet: vmbr2\n\tzone ucast\n\ttag 2\n\nvnet: vmbr3\n\tzone ucast\n\ttag 3\n\n",
    }


def test_pves_own_mtu_is_not_written() -> None:
    assert "mtu" not in files(hand("mtu", ("mtu 1400", "mtu 1450")))["zones.cfg"]


def test_a_vtep_outside_stays_a_peer() -> None:
    more = ("inet manual\n        vxlan-id", "inet manual\n        vxlan-remoteip 192.168.0.9\n        vxlan-id")
    assert "\tpeers 192.168.0.1,192.168.0.2,192.168.0.3,192.168.0.9\n" in files(hand("unicast", more))["zones.cfg"]


def test_symmetric_evpn_becomes_a_zone_and_its_exits_stay_ours() -> None:
    found = files(hand("one-exit"))
    assert found["controllers.cfg"] == "evpn: main\n\tasn 1234\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"
    assert found["zones.cfg"].startswith("evpn: vrf1\n\tcontroller main\n\tvrf-vxlan 4000\n\tadvertise-subnets 1\n")
    assert found["subnets.cfg"].count("subnet: ") == 2
    assert found["pvesdn.cfg"].startswith("exit: vrf1-node1\n")
    assert "\nvnet: " not in found["pvesdn.cfg"]


def test_what_pve_floods_is_said() -> None:
    assert [str(finding) for finding in turned(hand("symmetric")).lost] == [
        "zone 'vrf1': flood 0: PVE's VXLAN ports flood unknown frames"
    ]
    no_switch = ("        bridge-unicast-flood off\n        bridge-multicast-flood off\n", "")
    assert turned(hand("symmetric", no_switch)).lost == ()


def test_reflectors_outside_are_the_peers() -> None:
    nodes = {
        "node1": [
            ("neighbor 192.168.0.2 ", "neighbor 192.168.0.250 "),
            ("neighbor 192.168.0.3 ", "neighbor 192.168.0.251 "),
        ],
        "node2": [
            ("neighbor 192.168.0.1 ", "neighbor 192.168.0.250 "),
            ("neighbor 192.168.0.3 ", "neighbor 192.168.0.251 "),
        ],
        "node3": [
            ("neighbor 192.168.0.1 ", "neighbor 192.168.0.250 "),
            ("neighbor 192.168.0.2 ", "neighbor 192.168.0.251 "),
        ],
    }
    assert "\tpeers 192.168.0.250,192.168.0.251\n" in files(hand("symmetric", on=nodes))["controllers.cfg"]


CLIENTS = "".join(f"  neighbor 192.168.0.{n} route-reflector-client\n" for n in (2, 3))


@pytest.mark.parametrize(
    ("snapshot", "zone", "reason"),
    [
        (hand("multicast"), "mcast", "multicast"),
        (hand("evpn-l2"), "l2", "EVPN without an L3VNI"),
        (hand("asymmetric"), "asym", "EVPN without an L3VNI"),
        (hand("vnet-on-some-nodes"), "vrf1", "VNets that some nodes of a zone lack"),
        (
            hand(
                "symmetric",
                node1=("  advertise-all-vni\n", f"{CLIENTS}  advertise-all-vni\n"),
                node2=[(" neighbor 192.168.0.3 remote-as 1234\n", ""), ("  neighbor 192.168.0.3 activate\n", "")],
                node3=[(" neighbor 192.168.0.2 remote-as 1234\n", ""), ("  neighbor 192.168.0.2 activate\n", "")],
            ),
            "vrf1",
            "members that reflect routes",
        ),
    ],
)
def test_what_pve_has_no_words_for_stays_ours_with_the_reason(snapshot: Snapshot, zone: str, reason: str) -> None:
    assert files(snapshot) == write_sdn(proposed(snapshot).sdn)
    assert f"zone '{zone}': stays in pvesdn.cfg: PVE has no words for {reason}" in map(str, turned(snapshot).findings)
