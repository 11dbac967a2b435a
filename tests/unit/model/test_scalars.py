"""The limits of scalars: what stands in one of these types can be printed as it stands."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from pvesdn.model.primitives import (
    PORT_MAX,
    VNI_MAX,
    Asn,
    ControllerId,
    ExitId,
    IfName,
    Line,
    MacAddress,
    Mtu,
    NodeList,
    NodeName,
    RouteTarget,
    SdnId,
    Vni,
    bounded,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", 0), ("9913", 9913), ("0009913", 9913), ("65535", PORT_MAX), (f"{'0' * 5000}1", 1)),
        *(("65536", None), ("99999", None), ("9" * 5000, None), (f"{'0' * 6}{'9' * 5000}", None), ("0000099999", None)),
        *(("", None), ("-1", None), ("+1", None), (" 1", None), ("1_0", None), ("²", None), ("٣", None)),
    ],
)
def test_a_number_is_read_up_to_its_bound_however_many_digits_it_has(text: str, number: int | None) -> None:
    assert bounded(text, PORT_MAX) == number


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Vni, 1),
        (Vni, VNI_MAX),
        (Asn, 4_294_967_295),
        (Mtu, 552),
        (Mtu, 9216),
        (NodeName, "pve-1"),
        (SdnId, "vmbr2"),
        (SdnId, "eight888"),
        (ControllerId, "main_1"),
        (ExitId, "sym-node1"),
        (IfName, "bond0.100"),
        (MacAddress, "44:39:39:FF:40:94"),
        (Line, "web servers (prod) äöü"),
        (RouteTarget, "65000:100"),
    ],
)
def test_a_good_value_is_kept_as_it_is(kind, value):
    assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Vni, 0, "greater than or equal to 1"),
        (Vni, VNI_MAX + 1, "less than or equal to 16777214"),
        (Asn, 0, "greater than or equal to 1"),
        (Mtu, 551, "greater than or equal to 552"),
        (Mtu, 9217, "less than or equal to 9216"),
        (NodeName, "-pve", "pattern"),
        (NodeName, "pve1\n", "pattern"),
        (SdnId, "ninechars", "at most 8"),
        (SdnId, "2web", "pattern"),
        (SdnId, "we b", "pattern"),
        (ControllerId, "a;b", "pattern"),
        (ExitId, "x" * 33, "at most 32"),
        (IfName, "a" * 16, "at most 15"),
        (IfName, "eth0 eth1", "pattern"),
        (MacAddress, "44:39:39:FF:40", "is not a MAC address"),
        (MacAddress, "44:39:39:FF:40:94\n", "is not a MAC address"),
        (MacAddress, "01:00:5e:00:00:01", "is a multicast MAC address; a gateway needs a unicast one"),
        (Line, "one\ntwo", "contains a line break or a control character"),
        (Line, "bell\x07", "contains a line break or a control character"),
        (Line, "line separator\u2028", "contains a line break or a control character"),
        (Line, "half a pair\ud800", "contains a line break or a control character"),
        (RouteTarget, "65000:100\n", "pattern"),
        (RouteTarget, "65000", "pattern"),
    ],
)
def test_a_value_beyond_its_limits_is_refused_with_the_reason(kind, value, reason):
    with pytest.raises(ValidationError, match=reason):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    "spelling", ["pve1,pve2", "pve1 pve2", "pve1; pve2", {"pve1": 1, "pve2": 1}, ["pve1", "pve2"], "pve2,,pve1,pve1"]
)
def test_a_list_may_be_spelt_in_all_of_pves_ways(spelling):
    assert TypeAdapter(NodeList).validate_python(spelling) == frozenset({"pve1", "pve2"})
