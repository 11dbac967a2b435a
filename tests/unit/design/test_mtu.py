from ipaddress import ip_address

import pytest

from pvesdn.design.ours.mtu import inner_mtu, overhead
from pvesdn.model.cluster import Vtep


def vtep(address: str, mtu: int | None) -> Vtep:
    return Vtep(node="node1", address=ip_address(address), interface=None, mtu=mtu, why="")


@pytest.mark.parametrize(("address", "size"), [("192.168.0.1", 50), ("fd00::1", 70)])
def test_the_overhead_depends_on_the_outer_header(address: str, size: int) -> None:
    assert overhead(ip_address(address)) == size


def test_the_least_underlay_decides() -> None:
    assert inner_mtu([vtep("192.168.0.1", 9000), vtep("192.168.0.2", 1550), vtep("192.168.0.3", None)]) == 1500


def test_nothing_is_known_of_an_underlay_nobody_saw() -> None:
    assert inner_mtu([vtep("192.168.0.1", None)]) is None
