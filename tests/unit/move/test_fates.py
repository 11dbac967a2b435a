"""Every property that PVE knows of a zone that can be moved is carried, told as lost, or told as doing nothing."""

from __future__ import annotations

import pytest

from pvesdn.decode.definitions.pve_words import WORDS
from pvesdn.model.zone_move import Fate
from pvesdn.move.fates import FATES, REFUSED
from tests.unit.move.kit import CONTROLLER, PEERS, drawn, move

VALUES = {
    "nodes": "node1,node2",
    "mtu": "1400",
    "vxlan-port": "4790",
    "ipam": "pve",
    "dns": "names",
    "reversedns": "names",
    "dnszone": "example.org",
    "peers": PEERS,
    "controller": "ctl",
    "vrf-vxlan": "4000",
    "mac": "BC:24:11:00:00:01",
    "exitnodes": "node1",
    "exitnodes-primary": "node1",
    "exitnodes-local-routing": "1",
    "advertise-subnets": "1",
    "disable-arp-nd-suppression": "1",
    "bridge-disable-mac-learning": "1",
    "rt-import": "65000:4100",
    "zone": "z1",
    "tag": "11",
    "alias": "Web servers",
    "vlanaware": "1",
    "isolate-ports": "1",
    "vnet": "web",
    "gateway": "10.1.0.1",
    "snat": "1",
    "dnszoneprefix": "web",
    "dhcp-range": "start-address=10.1.0.10,end-address=10.1.0.20",
    "dhcp-dns-server": "10.1.0.2",
}
LEFT_OUT = {"fabric", "secondary-controllers"}
"""Instead of peers, and in newer versions of PVE alone: tests of their own."""
SPELLINGS = {"vlanaware": {"vxlan": "1", "evpn": "0"}}


@pytest.mark.parametrize("kind", sorted(FATES))
@pytest.mark.parametrize("collection", ["zones", "vnets", "subnets"])
def test_the_list_is_pves_own(kind: str, collection: str) -> None:
    section = {"zones": kind, "vnets": "vnet", "subnets": "subnet"}[collection]
    assert FATES[kind][collection].keys() == WORDS[collection][section].keys()


def test_every_type_of_zone_is_moved_or_refused_with_a_reason() -> None:
    assert WORDS["zones"].keys() == FATES.keys() | REFUSED.keys()


@pytest.mark.parametrize("kind", sorted(FATES))
def test_what_is_lost_or_idle_says_so_in_words(kind: str) -> None:
    for rules in FATES[kind].values():
        for name, rule in rules.items():
            assert rule.fate is Fate.CARRIED or rule.what, name


@pytest.mark.parametrize("kind", sorted(FATES))
def test_a_zone_that_uses_all_of_them_is_accounted_for_line_by_line(kind: str) -> None:
    def section(head: str, collection: str, type_: str) -> str:
        words = [name for name in WORDS[collection][type_] if name not in LEFT_OUT]
        lines = [f"\t{name} {SPELLINGS.get(name, {}).get(kind, VALUES[name])}\n" for name in words]
        return f"{head}\n{''.join(lines)}\n"

    snapshot = drawn(
        section(f"{kind}: z1", "zones", kind),
        section("vnet: web", "vnets", "vnet"),
        section("subnet: z1-10.1.0.0-24", "subnets", "subnet"),
        controllers=CONTROLLER,
    )
    told = {(row.where.file, row.where.line) for row in move(snapshot, "z1").move.properties}
    for file in ("zones.cfg", "vnets.cfg", "subnets.cfg"):
        lines = snapshot.pve_files[file].split("\n")
        expected = {number for number, line in enumerate(lines, 1) if line.startswith("\t")}
        assert {line for where, line in told if where == file} == expected


def test_each_line_of_an_array_is_told() -> None:
    snapshot = drawn(
        f"vxlan: z1\n\tpeers {PEERS}\n\n",
        "vnet: web\n\tzone z1\n\ttag 11\n\n",
        "subnet: z1-10.1.0.0-24\n\tvnet web\n"
        "\tdhcp-range start-address=10.1.0.10,end-address=10.1.0.20\n"
        "\tdhcp-range start-address=10.1.0.30,end-address=10.1.0.40\n\n",
    )
    found = move(snapshot, "z1")
    assert [row.where.line for row in found.move.properties if row.key == "dhcp-range"] == [3, 4]
    (subnet,) = [command for command in found.move.enter if "--subnet" in command]
    assert subnet.count("--dhcp-range") == 2


def test_what_is_off_is_not_lost() -> None:
    snapshot = drawn(f"vxlan: z1\n\tpeers {PEERS}\n\n", "vnet: web\n\tzone z1\n\ttag 11\n\tisolate-ports 0\n\n")
    assert all(row.fate is Fate.CARRIED for row in move(snapshot, "z1").move.properties)
