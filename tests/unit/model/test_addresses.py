"""Addresses that can be printed as they stand."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from pydantic import TypeAdapter, ValidationError

from pvesdn.model.findings import Where
from pvesdn.model.primitives import IpAddress, IpInterface, IpNetwork, IpText
from pvesdn.model.vnets import Subnet


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (IpAddress, "fe80::1%eth0"),
        (IpAddress, "fe80::1%\n\tpost-up reboot"),
        (IpText, "fe80::1%\n\tpost-up reboot"),
        (IpInterface, "fe80::1%\n\tpost-up reboot/64"),
        (IpNetwork, "fe80::%\n\tpost-up reboot/64"),
    ],
)
def test_the_zone_of_an_address_is_refused_since_it_may_hold_any_text(kind, text):
    with pytest.raises(ValidationError, match="has a zone after its %"):
        TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"gateway": "2001:DB8:0::A"}, "2001:DB8:0::A"),
        ({"gateway": ip_address("2001:db8::a")}, "2001:db8::a"),
        ({"gateway": "2001:db8::a", "gateway_text": "2001:DB8::A"}, "2001:DB8::A"),
        ({}, None),
    ],
)
def test_a_subnet_keeps_the_spelling_of_its_gateway(given, kept):
    where = Where(file="subnets.cfg", line=1)
    subnet = Subnet(
        where=where,
        id="lan-2001:db8::-64",
        vnet="guests",
        cidr="2001:db8::/64",
        network=ip_network("2001:db8::/64"),
        **given,
    )
    assert subnet.gateway_text == kept


def test_a_subnet_that_is_one_already_stays_as_it_is():
    where = Where(file="subnets.cfg", line=1)
    subnet = Subnet(
        where=where, id="lan-10.0.0.0-24", vnet="guests", cidr="10.0.0.0/24", network=ip_network("10.0.0.0/24")
    )
    assert Subnet.model_validate(subnet) == subnet
