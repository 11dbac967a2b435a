"""VNIs of PVE's zones count as taken, whoever renders the zone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.design.carried.joining import carry
from pvesdn.design.checks.vnis import check
from pvesdn.design.shared.pve_vnis import l3vnis, tags
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Severity
from tests.unit.design.network import UNDERLAY, UNICAST, findings, given

LAN = "simple: lan\n\tmtu 1450\n\n"
CONTROLLERS = "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"
EVPN = "evpn: evz\n\tcontroller ctl\n\tvrf-vxlan 9000\n\n"
LEFT = EVPN.replace("\n\n", "\n\tsecondary-controllers two\n\n")
WIREGUARD = "wireguard_fabric: wg\n\tip_prefix 10.9.0.0/24\n\n"
TUN = "vxlan: evz\n\tfabric wg\n\n"
FAUCET = "faucet: evz\n\tcontroller ctl\n\tdp-id 1\n\n"
RANGE = UNDERLAY + "vxlan: plain\n\tcarries lan\n\tvni-range 10000-10999\n\n"
FILES = {"zones.cfg": LAN, "controllers.cfg": CONTROLLERS}


def panel(zone: str, tag: int, own: str = RANGE, **more: str) -> DesignInput:
    """Beside a VNet that is carried, one in a zone of PVE's."""
    vnets = f"vnet: ev1\n\tzone evz\n\ttag {tag}\n\nvnet: web\n\tzone lan\n\n"
    files = FILES | {"zones.cfg": zone + LAN, "vnets.cfg": vnets, "pvesdn-vnis.cfg": ""}
    return given(own, pve=files | {f"{name}.cfg": text for name, text in more.items()})


@pytest.mark.parametrize("zone", [EVPN, LEFT], ids=["rendered", "left to PVE"])
@pytest.mark.parametrize("tag", [10000, 10005])
def test_a_range_meets_a_tag_of_pves(zone: str, tag: int) -> None:
    (told,) = findings(carry(panel(zone, tag)).given)
    assert told == (
        f"pvesdn.cfg:6: zone 'plain': vni-range 10000-10999 holds {tag}, the tag of vnet 'ev1' (vnets.cfg:1); choose "
        "a range without it"
    )


@pytest.mark.parametrize("zone", [EVPN, LEFT], ids=["rendered", "left to PVE"])
def test_a_range_meets_an_l3vni_of_pves(zone: str) -> None:
    (told,) = findings(carry(panel(zone.replace("9000", "10007"), 5)).given)
    assert "vni-range 10000-10999 holds 10007, the vrf-vxlan of zone 'evz' (zones.cfg:" in told


def test_a_zone_over_a_fabric_that_is_left_to_pve_has_vnis_too() -> None:
    network = panel(TUN, 10000, fabrics=WIREGUARD)
    assert [zone.type for zone in network.sdn.pve.unmanaged_zones] == ["vxlan"]
    (told,) = findings(carry(network).given)
    assert "vni-range 10000-10999 holds 10000, the tag of vnet 'ev1'" in told


def test_tags_of_a_zone_that_has_no_tunnels_are_no_vnis_though_it_is_left_to_pve() -> None:
    network = panel(FAUCET, 10000)
    assert [zone.type for zone in network.sdn.pve.unmanaged_zones] == ["faucet"]
    assert findings(carry(network).given) == []
    assert (list(l3vnis(network)), list(tags(network))) == ([], [])


def test_an_l3vni_that_is_left_to_pve_is_nobody_elses() -> None:
    own = UNICAST.replace("tag 2", "tag 9000")
    (told,) = findings(given(own, pve=FILES | {"zones.cfg": LEFT}))
    assert "tag 9000 is also the vrf-vxlan of zone 'evz' (zones.cfg:" in told
    (warning,) = check(panel(LEFT, 9000))
    assert warning.severity is Severity.WARNING
    assert "tag 9000 is also the vrf-vxlan of zone 'evz'" in warning.what


def test_an_l3vni_that_is_left_to_pve_waits_for_a_member_that_may_have_the_number() -> None:
    network = panel(LEFT, 5)
    vnis = "vni: 9000\n\tvnet old\n\tzone plain\n\n"
    files = FILES | {"zones.cfg": LEFT + LAN, "pvesdn-vnis.cfg": vnis}
    network = given(RANGE, pve=files)
    silent = replace(network, facts={name: seen for name, seen in network.facts.items() if name != "node3"})
    (told,) = [found for found in carry(silent).findings if "9000" in found.what]
    assert told.severity is Severity.WARNING
    assert "vrf-vxlan 9000 was the VNI of vnet 'old', and node3 did not answer" in told.what
