"""Guests whose VNet comes into a zone of another source: they do not cross into another network unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused
from pvesdn.model.flags import PlanFlags
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import apply_to, errors, plan_of, serving
from tests.cluster.test_carried import SYMMETRIC, agree, is_nothing, links, panel

GIVEN_UP = SYMMETRIC.replace("\tcarries lan\n\tvni-range 10000-10999\n", "")
SECTION = "\nvxlan: plain\n\nvnet: web\n\tzone plain\n\ttag {}\n"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """A zone is carried, with one VNet; another zone is PVE's own."""
    with serving(tmp_path, SYMMETRIC) as made:
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        panel(made, "create", "vnets", vnet="web", zone="lan")
        panel(
            made, "create", "zones", zone="wide", type="vxlan", peers="192.168.0.1,192.168.0.2,192.168.0.3", ipam="pve"
        )
        panel(made, "create", "vnets", vnet="flat", zone="wide", tag="5")
        agree(made)
        yield made


def refused(cluster: SimulatedCluster, tap: str, bridge: str, said: str) -> None:
    """It is an obstacle where the guest is, and nothing is done until guests may be detached."""
    before = links(cluster).links[f"vxlan_{bridge}"]
    obstacles = {node.node: [str(found) for found in node.obstacles] for node in plan_of(cluster).nodes}
    assert obstacles == {"pve1": [], "pve2": [said.format(tap=tap)], "pve3": []}
    with pytest.raises(ApplyRefused, match=r"guests .*are in VNI"):
        apply_to(cluster)
    assert links(cluster).links[f"vxlan_{bridge}"] == before
    report = apply_to(cluster, PlanFlags(detach_guests=True))
    assert report.is_good, errors(report)
    assert is_nothing(plan_of(cluster))


@pytest.mark.parametrize(
    ("ours", "way"),
    [(SYMMETRIC, "draw it in zone 'lan' of PVE's instead"), (GIVEN_UP, "give it tag 10000")],
    ids=["carries", "carries nothing any more"],
)
def test_guests_do_not_cross_into_a_section_of_another_zone(cluster: SimulatedCluster, ours: str, way: str) -> None:
    tap = cluster.plug_guest("pve2", "web", 100)
    panel(cluster, "delete", "vnets/web")
    cluster.write_sdn("pvesdn.cfg", ours + SECTION.format(7))
    said = (
        "pve2: vnet 'web' is in zone 'plain' now, with VNI 7, and its guests are in VNI 10000, which zone 'prod' gave it: "
        f"{{tap}}; unplug them, or keep their VNI: {way}; or use --detach-guests"
    )
    refused(cluster, tap, "web", said)
    assert links(cluster).links["vxlan_web"]["info"]["id"] == 7


def test_guests_stay_in_their_network_as_a_section_with_their_vni(cluster: SimulatedCluster) -> None:
    tap = cluster.plug_guest("pve2", "web", 100)
    panel(cluster, "delete", "vnets/web")
    cluster.write_sdn("pvesdn.cfg", GIVEN_UP + SECTION.format(10000))
    agree(cluster)
    assert links(cluster).links["vxlan_web"]["info"]["id"] == 10000
    assert links(cluster).links[tap]["master"] == "web"


def test_guests_of_a_zone_of_pves_own_do_not_cross_into_one_that_is_carried(cluster: SimulatedCluster) -> None:
    tap = cluster.plug_guest("pve2", "flat", 100)
    panel(cluster, "set", "vnets/flat", zone="lan", delete="tag")
    said = (
        "pve2: vnet 'flat' is in zone 'lan' of PVE's, which zone 'prod' carries now, and its guests are in VNI 5: {tap}; "
        "unplug them, or keep their VNI: 'vnet: flat' in pvesdn.cfg with zone prod and tag 5; or use --detach-guests"
    )
    refused(cluster, tap, "flat", said)


PLAIN = "vxlan: first\n\nvxlan: second\n\nvnet: db\n\tzone first\n\ttag 100\n\nvnet: shop\n\tzone second\n\ttag 200\n"
EXCHANGED = (
    "vxlan: first\n\nvxlan: second\n\nvnet: db\n\tzone second\n\ttag 200\n\nvnet: shop\n\tzone first\n\ttag 100\n"
)


def plain(cluster: SimulatedCluster) -> str:
    """Two VNets of pvesdn.cfg in zones of their own, with a guest in one, then in each other's place."""
    cluster.write_sdn("pvesdn.cfg", SYMMETRIC + PLAIN)
    agree(cluster)
    tap = cluster.plug_guest("pve2", "db", 100)
    cluster.write_sdn("pvesdn.cfg", SYMMETRIC + EXCHANGED)
    return tap


def test_guests_do_not_cross_where_two_sections_change_places(cluster: SimulatedCluster) -> None:
    tap = plain(cluster)
    said = (
        "pve2: guests of vnet 'db' are in VNI 100 ({tap}); with VNI 200 they would come into the network of vnet 'shop'; "
        "unplug them, or keep the VNIs: tag 100 for vnet 'db', tag 200 for vnet 'shop'; or use --detach-guests"
    )
    refused(cluster, tap, "db", said)
    assert links(cluster).links["vxlan_db"]["info"]["id"] == 200


def test_sections_that_change_places_and_keep_their_vnis_take_their_guests_along(cluster: SimulatedCluster) -> None:
    tap = plain(cluster)
    kept = EXCHANGED.replace("200", "300").replace("100", "200").replace("300", "100")
    cluster.write_sdn("pvesdn.cfg", SYMMETRIC + kept)
    agree(cluster)
    assert links(cluster).links["vxlan_db"]["info"]["id"] == 100
    assert links(cluster).links[tap]["master"] == "db"


def test_guests_whose_number_a_new_section_gets_take_along_one_that_is_nobodys(cluster: SimulatedCluster) -> None:
    tap = plain(cluster)
    passed_on = PLAIN.replace("tag 200", "tag 300").replace("tag 100", "tag {}")
    passed_on += "\nvnet: new\n\tzone first\n\ttag 100\n"
    cluster.write_sdn("pvesdn.cfg", SYMMETRIC + passed_on.format(200))
    told = [str(found) for node in plan_of(cluster).nodes for found in node.obstacles]
    said = (
        f"pve2: guests of vnet 'db' are in VNI 100 ({tap}); with VNI 200 they would come into the network of vnet 'shop'; "
        "unplug them, or choose a VNI that no other VNet has; or use --detach-guests"
    )
    assert told == [said]
    cluster.write_sdn("pvesdn.cfg", SYMMETRIC + passed_on.format(7))
    agree(cluster)
    found = links(cluster).links
    assert [found[f"vxlan_{vnet}"]["info"]["id"] for vnet in ("db", "shop", "new")] == [7, 300, 100]
    assert found[tap]["master"] == "db"
