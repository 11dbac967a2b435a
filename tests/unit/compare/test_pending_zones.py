"""Whose guests may notice what is pending in PVE's definitions."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from pvesdn.compare.pending_zones import pending_zones
from pvesdn.model.files import PendingChange
from pvesdn.model.findings import Where
from pvesdn.model.pve_sdn import PveSdn
from pvesdn.model.vnets import Subnet, Vnet

WHERE = Where(file="vnets.cfg", line=1)


def vnet(name: str, zone: str) -> Vnet:
    return Vnet(id=name, zone=zone, where=WHERE)


NET = Subnet(id="a-10.0.0.0-24", vnet="web", cidr="10.0.0.0/24", network=ip_network("10.0.0.0/24"), where=WHERE)
RUNNING = PveSdn(vnets=(vnet("gone", "zc"), vnet("web", "za")), subnets=(NET,))
DRAWN = PveSdn(vnets=(vnet("new", "zd"), vnet("web", "zb")))


@pytest.mark.parametrize(
    ("pending", "zones"),
    [
        ([("zone", "zz", "new")], ("zz",)),
        ([("vnet", "new", "new")], ("zd",)),
        ([("vnet", "gone", "deleted")], ("zc",)),
        ([("vnet", "web", "changed")], ("za", "zb")),
        ([("subnet", NET.id, "deleted")], ("za", "zb")),
        ([("vnet", "new", "new"), ("zone", "za", "changed")], ("za", "zd")),
        ([("vnet", "new", "new"), ("controller", "main", "changed")], ()),
        ([("subnet", "nobody's", "new")], ()),
        ([], ()),
    ],
)
def test_what_is_pending_is_of_the_zones_that_have_it_or_will(
    pending: list[tuple[str, str, str]], zones: tuple[str, ...]
) -> None:
    assert pending_zones([PendingChange(*change) for change in pending], (RUNNING, DRAWN)) == zones
