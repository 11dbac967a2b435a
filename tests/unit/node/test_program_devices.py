"""What is told of devices: asked once, without what nobody looks at, and meaning the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.decode.nodes.live_vxlan import decode_live_vxlans
from pvesdn.decode.nodes.state import decode_state
from pvesdn.model.snapshot import NodeRaw
from pvesdn.node.program.devices import ADDRESSES, LINKS, links_and_addresses
from pvesdn.node.program.machine import CommandResult, Machine, ended

ROOT = Path(__file__).resolve().parents[3]
NODES = sorted(
    path.parent for path in ROOT.glob("tests/golden*/**/cmd/ip-link.json") if path.with_name("ip-addr.json").is_file()
)
KERNELS_WORDS = {"ifindex": 4, "qdisc": "noqueue", "txqlen": 1000, "promiscuity": 1, "num_tx_queues": 1}


class Showing(Machine):
    """A node whose `ip -d address` prints `rows`."""

    def __init__(self, rows: Any) -> None:
        super().__init__()
        self.rows = rows

    def run(self, argv: list[str], limit: float) -> CommandResult:
        assert argv == ["ip", "-j", "-d", "address"]
        return ended(0, json.dumps(self.rows))


def told(*rows: Any) -> dict[str, Any]:
    return links_and_addresses(Showing(list(rows)))


def as_one(links: Any, held: Any) -> list[dict[str, Any]]:
    """The rows of `ip -d address` for a node whose links and addresses were asked apart."""
    addresses = {row["ifname"]: row.get("addr_info", []) for row in held if row}
    return [{**row, **KERNELS_WORDS, "addr_info": addresses.get(row["ifname"], [])} for row in links if row]


@pytest.mark.parametrize("folder", NODES, ids=lambda folder: str(folder.relative_to(ROOT / "tests")))
def test_what_is_told_means_what_the_kernel_has_said(folder: Path) -> None:
    links, held = (json.loads((folder / f"{name}.json").read_text()) for name in (LINKS, ADDRESSES))
    whole, less = (
        NodeRaw(files={}, commands=answers) for answers in ({LINKS: links, ADDRESSES: held}, told(*as_one(links, held)))
    )
    assert decode_facts("node1", less) == decode_facts("node1", whole)
    assert decode_state("node1", less) == decode_state("node1", whole)
    assert decode_live_vxlans(less.commands[LINKS]) == decode_live_vxlans(links)


def test_timers_and_counters_stay_on_the_node() -> None:
    def row(tunnel: dict[str, Any], port: dict[str, Any]) -> dict[str, Any]:
        kinds = {"info_kind": "vxlan", "info_slave_kind": "bridge"}
        return {"ifname": "vxlan_web", "mtu": 1450, "linkinfo": {**kinds, "info_data": tunnel, "info_slave_data": port}}

    kept = {"state": "forwarding", "learning": False}
    whole = row({"id": 9, "ageing": 300}, {**kept, "hold_timer": 0.0, "multicast_router": 1})
    assert told({**whole, **KERNELS_WORDS}) == {LINKS: [row({"id": 9}, kept)], ADDRESSES: []}


def test_an_address_goes_with_its_device_and_without_its_lifetime() -> None:
    address = {"family": "inet", "local": "10.0.0.1", "prefixlen": 24, "scope": "global"}
    assert told({"ifname": "web", "addr_info": [{**address, "valid_life_time": 4294967295}]}) == {
        LINKS: [{"ifname": "web"}],
        ADDRESSES: [{"ifname": "web", "addr_info": [address]}],
    }


@pytest.mark.parametrize("rows", [{}, [1], "web", [[]]])
def test_what_are_no_rows_is_passed_on_for_the_reader_to_name(rows: Any) -> None:
    assert links_and_addresses(Showing(rows)) == {LINKS: rows, ADDRESSES: rows}


@pytest.mark.parametrize(
    ("row", "link"),
    [
        ({"linkinfo": 1}, {"linkinfo": 1}),
        ({"linkinfo": {"info_data": [2]}}, {"linkinfo": {"info_data": [2]}}),
        ({"addr_info": 3}, {}),
        ({}, {}),
    ],
)
def test_what_has_another_shape_is_passed_on_as_it_is(row: dict[str, Any], link: dict[str, Any]) -> None:
    held = [{"addr_info": 3}] if "addr_info" in row else []
    assert told(row) == {LINKS: [link], ADDRESSES: held}


@pytest.mark.skipif(shutil.which("ip") is None, reason="no ip here: apt install iproute2")
def test_ip_address_says_of_links_what_ip_link_says() -> None:
    def rows(what: str) -> list[dict[str, Any]]:
        printed = subprocess.run(["ip", "-j", "-d", what], capture_output=True, check=True, timeout=30).stdout
        found: list[dict[str, Any]] = json.loads(printed or b"[]")
        return found

    def pairs(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        keys = ("ifname", "mtu", "address", "linkinfo", "flags", "master")
        for row in found:
            data = row.get("linkinfo", {}).get("info_data", {})
            for timer in [key for key in data if key.endswith("_timer")]:
                del data[timer]  # it goes on from one call to the next
        return [tuple(row.get(key) for key in keys) for row in found]

    # Whoever makes devices meanwhile is seen by one and not by the other.
    assert any(pairs(rows("link")) == pairs(rows("address")) for _ in range(20))
