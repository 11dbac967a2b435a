"""How addresses are spelled in PVE's frr.conf."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.design.pve.spelling import canonical
from tests.unit.design import pve_values as pve

addresses = st.ip_addresses()


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("192.168.0.1", "192.168.0.1"),
        ("192.168.0.1/24", "192.168.0.1/24"),
        ("FD00:0:0::2", "fd00::2"),
        ("2001:DB8:1::/64", "2001:db8:1::/64"),
        ("2001:db8::1/64", "2001:db8::1/64"),
        ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("::", "::"),
        ("::1", "::1"),
        ("::FFFF:1.2.3.4", "::ffff:1.2.3.4"),
        ("::ffff:102:304", "::ffff:1.2.3.4"),
        ("::ffff:102:304/128", "::ffff:1.2.3.4/128"),
        ("::1.2.3.4", "::102:304"),
    ],
)
def test_an_address_is_printed_as_rust_prints_it(typed: str, printed: str) -> None:
    assert canonical(typed) == printed


@given(address=addresses, mask=st.none() | st.integers(0, 32))
def test_the_canonical_form_means_the_same_and_is_its_own(address, mask) -> None:
    for typed in (str(address), address.exploded, address.exploded.upper()):
        text = typed if mask is None else f"{typed}/{mask}"
        printed = canonical(text)
        assert canonical(printed) == printed
        assert ip_interface(printed) == ip_interface(text)
    assert ip_address(canonical(address.exploded)) == address


def test_every_address_that_pve_generates_is_canonical() -> None:
    node = pve.facts(
        stanzas=(pve.iface("vmbr0", "fd00:0::1/64"), pve.iface("dummy1", "FD00:0:0:9::1/128")),
        links=(pve.Link("vmbr0", mac="bc:24:11:1d:69:60"), pve.Link("dummy1", mac="bc:24:11:1d:69:61")),
    )
    found = pve.frr(
        pve.controller(peers="FD00::2,fd00:0::1"),
        pve.bgp(peers="FD00::FE", loopback="dummy1"),
        pve.evpn("prod", exitnodes="node1", **{"exitnodes-local-routing": True, "exitnodes-primary": "node2"}),
        pve.evpn("test", exitnodes="node1", **{"vrf-vxlan": 4001}),
        pve.vnet("web", "prod", 10),
        pve.vnet("db", "test", 11),
        pve.subnet("web", "prod", "2001:DB8:1::/64", "2001:DB8:1::1"),
        pve.subnet("db", "test", "2001:DB8:0:0:2::5/80"),
        nodes=(node,),
    )
    assert [group.neighbors for group in found.routers[0].groups] == [("fd00::fe",), ("fd00::2", "fd00::1")]
    assert found.routers[0].unicasts[1].networks == ("fd00:0:0:9::1/128",)
    assert [route.prefix for vrf in found.vrfs for route in vrf.routes] == ["2001:db8::2:0:0:5/80", "2001:db8:1::/64"]
    assert [route.prefix for route in found.routes] == ["2001:db8:1::/64"]
    assert [entry.sets for entry in found.route_maps if entry.name == "correct_src"] == [("set src fd00:0:0:9::1",)]
