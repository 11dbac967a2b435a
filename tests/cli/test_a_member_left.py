"""A member that pvesdn.cfg names leaves the cluster: what was applied last does not fit any more, and is looked at
nevertheless once the file is mended.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.kit import UCAST, call
from tests.cli.test_metrics import values
from tests.cli.test_verify import healthy
from tests.fakes import FakeCluster, cluster_answers, members_file

OWN = "/etc/pve/sdn/pvesdn.cfg"
WITH_ALL = UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tnodes node1,node2,node3\n")
WITHOUT_THE_THIRD = WITH_ALL.replace(",node3", "")
TOLD = "what apply 1 left: it no longer fits the cluster; the file counts"


@pytest.fixture
def left(settings: Path) -> FakeCluster:
    """The third of three has left since the last apply, and the file still names it."""
    cluster = healthy(settings, WITH_ALL)
    cluster.api.answers |= cluster_answers(("node1", "node2"), (), "9.1.5")
    cluster.nodes.pve_files["/etc/pve/.members"] = members_file(("node1", "node2"))
    return cluster


def test_a_file_that_names_a_member_which_is_gone_has_to_be_mended_first(left: FakeCluster, settings: Path) -> None:
    done = call("--config", settings, "status", cluster=left)
    assert done.status == 2
    assert "nodes names 'node3', which is not a member of the cluster" in done.err


def test_once_it_is_mended_the_network_is_looked_at_before_anybody_applies_it(
    left: FakeCluster, settings: Path
) -> None:
    left.nodes.pve_files[OWN] = WITHOUT_THE_THIRD
    done = call("--config", settings, "status", cluster=left)
    assert (done.status, done.err) == (1, "")
    assert f"not known: {TOLD}\n" in done.out
    assert "pvesdn.cfg is not what was applied last: pvesdn diff 1 tells how\n" in done.out
    document = json.loads(call("--config", settings, "status", "--json", cluster=left).out)
    assert (TOLD in document["unknown"], [zone["nodes"] for zone in document["zones"]]) == (True, [["node1", "node2"]])


def test_metrics_and_the_report_are_made_too(left: FakeCluster, settings: Path) -> None:
    left.nodes.pve_files[OWN] = WITHOUT_THE_THIRD
    found = values(call("--config", settings, "metrics", cluster=left).out)
    assert (found["pvesdn_up",], found["pvesdn_zone_nodes", "ucast"]) == (1, 2)
    done = call("--config", settings, "report", cluster=left)
    assert done.status == 0
    assert TOLD in done.out


def test_a_mistake_that_is_made_by_mending_it_is_what_has_to_be_mended(left: FakeCluster, settings: Path) -> None:
    left.nodes.pve_files[OWN] = WITHOUT_THE_THIRD.replace("tag", "tagg", 1)
    done = call("--config", settings, "status", cluster=left)
    assert done.status == 2
    assert "'tagg'" in done.err
    assert "node3" not in done.err
