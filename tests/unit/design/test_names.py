from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from pvesdn.design.shared import names

ZONES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,6}[a-zA-Z0-9]", fullmatch=True)


@given(ZONES)
def test_every_derived_name_fits_the_kernels_fifteen_characters(zone: str) -> None:
    derived = (names.vxlan_port(zone), names.vrf(zone), names.l3vni_port(zone), names.l3vni_bridge(zone))
    assert all(len(name) <= 15 for name in derived)
    assert len(set(derived)) == 4


def test_the_router_mac_is_the_vtep_in_a_locally_administered_address() -> None:
    assert names.router_mac(IPv4Address("192.168.0.1")) == "02:00:c0:a8:00:01"


@given(ZONES)
def test_the_anycast_mac_is_unicast_local_and_never_a_router_mac(zone: str) -> None:
    first = int(names.anycast_mac(zone)[:2], 16)
    assert not first & 1
    assert first & 2
    assert first != 2


def test_the_anycast_mac_of_a_zone_never_changes() -> None:
    assert names.anycast_mac("sym") == "06:2a:f0:c7:d2:d1"
    assert names.anycast_mac("sym") != names.anycast_mac("asym")
