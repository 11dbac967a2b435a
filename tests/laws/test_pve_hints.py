"""Warnings about PVE's definitions: who does to the letter what the hint says is not warned again."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.model.findings import Severity
from tests.examples import examples
from tests.unit.design import network
from tests.unit.design.underlay import routed

HOSTS = st.integers(1, 30)
RANGE = re.compile(r"dhcp-range (start-address=\S+?,end-address=\S+)")
MTU = re.compile(r"set mtu (\d+) on the zone in PVE, or raise the MTU of (\S+) to (\d+)")


def ranges_said(ranges: list[str], gateway: int) -> list[tuple[int, str]]:
    """The lines that are warned of, each as its place among the ranges, with the hint."""
    head = f"subnet: lan-10.0.0.0-24\n\tvnet web\n\tgateway 10.0.0.{gateway}\n"
    text = head + "".join(f"\tdhcp-range {one}\n" for one in ranges) + "\n"
    found = decode_sdn({"subnets.cfg": text}, intent="pending").findings
    return [(int(finding.where.split(":")[1]) - 4, finding.hint) for finding in found]


@given(bounds=st.lists(st.tuples(HOSTS, HOSTS), min_size=1, max_size=4), gateway=HOSTS)
@settings(max_examples=examples(300), deadline=None)
def test_ranges_come_right_by_following_one_hint_after_the_other(bounds: list[tuple[int, int]], gateway: int) -> None:
    ranges = [f"start-address=10.0.0.{start},end-address=10.0.0.{end}" for start, end in bounds]
    for _ in range(20):
        said = ranges_said(ranges, gateway)
        if not said:
            return
        place, hint = said[0]
        instead = RANGE.findall(hint)
        if "one range for both" in hint:
            (whole,) = instead
            start, end = (int(part.rpartition(".")[2]) for part in whole.split(","))
            ranges = [one for one in ranges if not start <= int(one.split(",")[0].rpartition(".")[2]) <= end] + [whole]
        else:
            ranges[place : place + 1] = instead
    raise AssertionError(ranges)


@given(
    mtus=st.lists(st.sampled_from([1280, 1400, 1500, 1550, 9000]), min_size=3, max_size=3),
    zone=st.none() | st.integers(600, 9216),
    does_raise=st.booleans(),
)
@settings(max_examples=examples(100), deadline=None)
def test_an_mtu_comes_right_by_either_half_of_its_hint(mtus: list[int], zone: int | None, does_raise: bool) -> None:
    peers = "10.255.0.1,10.255.0.2,10.255.0.3"

    def said(mtu: int | None, sizes: list[int]) -> list[str]:
        line = "" if mtu is None else f"\tmtu {mtu}\n"
        given = network.given(
            "",
            pve={"zones.cfg": f"vxlan: tun\n\tpeers {peers}\n{line}\n"},
            instead={f"node{n}": routed(f"node{n}", mtu=size) for n, size in enumerate(sizes, 1)},
        )
        return [found for found in network.findings(given, Severity.WARNING) if "bytes of VXLAN" in found]

    for found in said(zone, mtus):
        hint = MTU.search(found)
        assert hint is not None
        if does_raise:
            assert said(zone, [max(size, int(hint[3])) for size in mtus]) == []
        else:
            assert said(int(hint[1]), mtus) == []
