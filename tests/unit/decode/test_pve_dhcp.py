"""DHCP ranges of PVE's subnets: what cannot be meant is a warning with its line, and what to write instead."""

from __future__ import annotations

import json

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.model.findings import Severity

HEAD = "subnet: lan-10.0.0.0-24\n\tvnet web\n\tgateway 10.0.0.1\n"
OUTSIDE = "choose addresses of the subnet"


def told(*ranges: str, head: str = HEAD) -> list[str]:
    text = head + "".join(f"\tdhcp-range {one}\n" for one in ranges) + "\n"
    found = decode_sdn({"subnets.cfg": text}, intent="pending").findings
    assert all(finding.severity is Severity.WARNING for finding in found)
    return [str(finding) for finding in found]


def addresses(start: str, end: str) -> str:
    return f"start-address={start},end-address={end}"


def at(line: int, text: str) -> str:
    return f"subnets.cfg:{line}: subnet 'lan-10.0.0.0-24': {text}"


@pytest.mark.parametrize(
    ("one", "remark"),
    [
        (
            addresses("10.0.1.10", "10.0.1.20"),
            f"dhcp-range 10.0.1.10-10.0.1.20 is not inside the subnet 10.0.0.0/24; {OUTSIDE}",
        ),
        (
            addresses("10.0.0.10", "10.0.1.20"),
            f"dhcp-range 10.0.0.10-10.0.1.20 is not inside the subnet 10.0.0.0/24; {OUTSIDE}",
        ),
        (
            addresses("10.0.1.20", "10.0.1.10"),
            f"dhcp-range 10.0.1.20-10.0.1.10 is not inside the subnet 10.0.0.0/24; {OUTSIDE}",
        ),
        (
            addresses("fd00::1", "fd00::9"),
            f"dhcp-range fd00::1-fd00::9 is not inside the subnet 10.0.0.0/24; {OUTSIDE}",
        ),
        (
            addresses("10.0.0.1", "fd00::9"),
            f"dhcp-range 10.0.0.1-fd00::9 is not inside the subnet 10.0.0.0/24; {OUTSIDE}",
        ),
        (
            addresses("10.0.0.20", "10.0.0.10"),
            (
                "dhcp-range 10.0.0.20-10.0.0.10 ends before it starts; write dhcp-range "
                "start-address=10.0.0.10,end-address=10.0.0.20"
            ),
        ),
        (
            addresses("10.0.0.1", "10.0.0.20"),
            (
                "dhcp-range 10.0.0.1-10.0.0.20 holds the gateway 10.0.0.1; write dhcp-range "
                "start-address=10.0.0.2,end-address=10.0.0.20"
            ),
        ),
        (
            addresses("10.0.0.1", "10.0.0.1"),
            "dhcp-range 10.0.0.1-10.0.0.1 holds the gateway 10.0.0.1; remove it: it has no other address",
        ),
        (
            "10.0.0.10-10.0.0.20",
            "dhcp-range '10.0.0.10-10.0.0.20' is not a range of addresses; write start-address=ADDRESS,end-address=ADDRESS",
        ),
        (
            "start-address=10.0.0.10",
            "dhcp-range 'start-address=10.0.0.10' is not a range of addresses; write start-address=ADDRESS,end-address=ADDRESS",
        ),
        (
            addresses("10.0.0.10", "10.0.0.256"),
            (
                "dhcp-range 'start-address=10.0.0.10,end-address=10.0.0.256' is not a range of addresses; "
                "write start-address=ADDRESS,end-address=ADDRESS"
            ),
        ),
    ],
)
def test_a_range_that_cannot_be_meant_is_told_once(one: str, remark: str) -> None:
    assert told(one) == [at(4, remark)]


@pytest.mark.parametrize(
    "ranges",
    [
        (),
        (addresses("10.0.0.2", "10.0.0.254"),),
        (addresses("10.0.0.10", "10.0.0.10"),),
        (addresses("10.0.0.30", "10.0.0.40"), addresses("10.0.0.10", "10.0.0.29")),
        ("end-address=10.0.0.20,start-address=10.0.0.10",),
    ],
)
def test_ranges_in_order_are_not_spoken_of(ranges: tuple[str, ...]) -> None:
    assert told(*ranges) == []


def test_a_range_without_a_gateway_may_be_the_whole_subnet() -> None:
    assert told(addresses("10.0.0.1", "10.0.0.254"), head=HEAD.replace("\tgateway 10.0.0.1\n", "")) == []


def test_a_reversed_range_over_the_gateway_is_turned_and_cut_at_once() -> None:
    head = HEAD.replace("10.0.0.1\n", "10.0.0.15\n")
    (found,) = told(addresses("10.0.0.20", "10.0.0.10"), head=head)
    assert found.endswith(
        "write dhcp-range start-address=10.0.0.10,end-address=10.0.0.14 and dhcp-range "
        "start-address=10.0.0.16,end-address=10.0.0.20"
    )
    assert told(addresses("10.0.0.10", "10.0.0.14"), addresses("10.0.0.16", "10.0.0.20"), head=head) == []


def test_ranges_that_overlap_are_told_with_the_one_they_make() -> None:
    found = told(addresses("10.0.0.10", "10.0.0.30"), addresses("10.0.0.20", "10.0.0.40"))
    assert found == [
        at(
            5,
            "dhcp-range 10.0.0.20-10.0.0.40 overlaps 10.0.0.10-10.0.0.30; write one range for both: dhcp-range "
            "start-address=10.0.0.10,end-address=10.0.0.40",
        )
    ]
    assert told(addresses("10.0.0.10", "10.0.0.40")) == []


def test_of_three_that_overlap_the_last_advice_is_for_all() -> None:
    found = told(*(addresses(f"10.0.0.{n}0", f"10.0.0.{n + 1}5") for n in (1, 2, 3)))
    assert len(found) == 2
    assert found[-1].endswith("dhcp-range start-address=10.0.0.10,end-address=10.0.0.45")


def test_what_is_committed_is_told_without_a_line() -> None:
    subnet = {"type": "subnet", "vnet": "web", "dhcp-range": [addresses("10.0.0.20", "10.0.0.10")]}
    text = json.dumps({"version": 1, "subnets": {"ids": {"lan-10.0.0.0-24": subnet}}})
    (found,) = decode_sdn({".running-config": text}, intent="running").findings
    assert str(found).startswith(
        ".running-config: subnet 'lan-10.0.0.0-24': dhcp-range 10.0.0.20-10.0.0.10 ends before"
    )


def test_ipv6_ranges_are_judged_alike() -> None:
    head = "subnet: lan-fd00::-64\n\tvnet web\n\tgateway fd00::1\n"
    assert told(addresses("fd00::10", "fd00::ffff"), head=head) == []
    (found,) = told(addresses("fd00::", "fd00::f"), head=head)
    assert found.endswith(
        "write dhcp-range start-address=fd00::,end-address=fd00:: and dhcp-range start-address=fd00::2,end-address=fd00::f"
    )


def test_a_subnet_whose_id_is_no_subnet_is_told_alone() -> None:
    with pytest.raises(Exception, match="id does not have three parts"):
        told(addresses("10.0.0.20", "10.0.0.10"), head=HEAD.replace("lan-10.0.0.0-24", "lan"))
