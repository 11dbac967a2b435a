"""What PVE itself writes for its own zones: `interfaces.d/sdn` byte for byte, frr.conf by structure.

The cases lie beside the project (`../shared/reference-cases`), each a snapshot and the two files that PVE makes of it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.design.cluster import design_node, share
from pvesdn.model.files import FRR_CONF, SDN_INTERFACES
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.understand import understand

CASES = Path(__file__).parents[1] / "../shared/reference-cases"
NODE = "localhost"
HEADER = ("frr version", "frr defaults", "hostname")


def frr_tree(text: str) -> Counter[tuple[str, ...]]:
    """Each line with the blocks it stands in; neither their order nor that of the lines counts."""
    found: Counter[tuple[str, ...]] = Counter()
    blocks: list[tuple[int, str]] = []
    for line in text.splitlines():
        word = line.strip()
        if not word or word.startswith(("!", "exit", *HEADER)):
            continue
        depth = len(line) - len(line.lstrip(" "))
        blocks = [block for block in blocks if block[0] < depth]
        found[(*(name for _, name in blocks), word)] += 1
        blocks.append((depth, word))
    return found


def rendered(case: Path) -> dict[str, str | None]:
    snapshot = read_snapshot(case / "snapshot")
    known = understand(snapshot, intent="running")
    design = design_node(share(known.given, known.vteps), NODE)
    return {file.path: file.text for file in Renderer().render(design, snapshot.nodes[NODE].files)}


ALL = sorted(folder for folder in CASES.iterdir() if (folder / "expected-sdn").exists()) if CASES.is_dir() else []
present = pytest.mark.skipif(not ALL, reason="no reference cases beside the project: ../shared/reference-cases")


@present
def test_there_are_cases_of_each_kind_of_zone() -> None:
    assert {case.name.partition("-")[0] for case in ALL} == {"simple", "vlan", "qinq", "vxlan", "evpn"}


@present
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_interfaces_are_pves_own_byte_for_byte(case: Path) -> None:
    assert rendered(case)[SDN_INTERFACES] == (case / "expected-sdn").read_text()


@present
@pytest.mark.parametrize(
    "case", [case for case in ALL if (case / "expected-frr.conf").exists()], ids=lambda case: case.name
)
def test_frr_is_configured_as_by_pve(case: Path) -> None:
    text = rendered(case)[FRR_CONF]
    assert text is not None
    assert frr_tree(text) == frr_tree((case / "expected-frr.conf").read_text())


def test_the_comparison_of_frr_sees_a_line_in_the_wrong_block() -> None:
    one = "router bgp 1\n !\n address-family ipv4 unicast\n  redistribute connected\n exit-address-family\nexit\n"
    other = one.replace("ipv4", "ipv6")
    assert frr_tree(one) == frr_tree(f"frr version 9\n!\n{one}!\n")
    assert frr_tree(one) != frr_tree(other)
    assert frr_tree(one) != frr_tree(one + one)
