"""A node with carried VNets that does not read PVE's half of them, which has their addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import apply_to, plan_of, serving
from tests.cluster.test_carried import OURS, agree, failed, panel, verified

FOLDER = "/etc/network/interfaces.d"
OURS_ALONE = f"source {FOLDER}/pvesdn"
OF_OTHERS = f"source {FOLDER}/other"
INTERFACES = "/etc/network/interfaces"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """A zone with a VNet and its gateway is drawn and pending."""
    with serving(tmp_path, OURS) as made:
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        panel(made, "create", "vnets", vnet="web", zone="lan")
        panel(made, "create", "vnets/web/subnets", subnet="10.0.2.0/24", gateway="10.0.2.1", type="subnet")
        yield made


def read_only(cluster: SimulatedCluster, line: str) -> None:
    node = cluster.nodes["pve2"]
    text, count = re.subn(r"^source.*$", line, node.read(INTERFACES) or "", flags=re.MULTILINE)
    assert count == 1
    node.write(INTERFACES, text)


def refusals(cluster: SimulatedCluster) -> list[str]:
    return [str(found) for node in plan_of(cluster).nodes for found in node.obstacles]


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (OURS_ALONE, f"{FOLDER}/sdn; add the line 'source {FOLDER}/sdn' to it"),
        ("", f"{FOLDER}/pvesdn and {FOLDER}/sdn; add the line 'source {FOLDER}/*' to it"),
        (
            OF_OTHERS,
            f"{FOLDER}/pvesdn and {FOLDER}/sdn; add the lines 'source {FOLDER}/pvesdn' and 'source {FOLDER}/sdn' to it",
        ),
    ],
    ids=["ours alone", "neither", "another alone"],
)
def test_a_node_that_does_not_read_pves_half_is_refused_until_it_does(
    cluster: SimulatedCluster, sources: str, said: str
) -> None:
    read_only(cluster, sources)
    assert refusals(cluster) == [f"pve2: {INTERFACES} does not source {said}"]
    assert [str(found) for found in plan_of(cluster).findings if "source" in str(found)] == []
    with pytest.raises(ApplyRefused, match="does not source"):
        apply_to(cluster)
    node = cluster.nodes["pve2"]
    lines = re.findall(r"'(source [^']+)'", said)
    node.write(INTERFACES, "\n".join((node.read(INTERFACES) or "", *lines, "")))
    assert refusals(cluster) == []
    agree(cluster)
    assert failed(cluster) == []


def test_a_gateway_that_is_gone_since_nothing_reads_pves_half_is_told_so(cluster: SimulatedCluster) -> None:
    agree(cluster)
    read_only(cluster, OURS_ALONE)
    cluster.nodes["pve2"].run("ip", "address", "del", "10.0.2.1/24", "dev", "web")
    said = {(item.object, item.trait): (item.cause, item.step) for item in verified(cluster) if item.node == "pve2"}
    assert said["web", "addresses"] == (
        f"{INTERFACES} does not source {FOLDER}/sdn, so nothing reads it",
        "first see to what is said of the file",
    )
    assert said[INTERFACES, "source"][1] == f"add the line 'source {FOLDER}/sdn' to {INTERFACES}, then ifreload -a"
    assert refusals(cluster) == [
        f"pve2: {INTERFACES} does not source {FOLDER}/sdn; add the line 'source {FOLDER}/sdn' to it"
    ]
