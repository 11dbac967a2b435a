"""`pvesdn verify`: its exit statuses, its document, and the names that it takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from tests.cli.kit import call
from tests.golden_verify.damage import damaged

HEALTHY = Path(__file__).parents[1] / "golden_verify/healthy"
DELETED = {"devices": {"node2": {"vxlan_web": None}}}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A snapshot of a cluster in which somebody has deleted a device of zone `prod`."""
    write_snapshot(tmp_path / "broken", damaged(read_snapshot(HEALTHY), DELETED))
    return tmp_path / "broken"


def test_a_good_network_is_status_0() -> None:
    done = call("verify", "--from", HEALTHY)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "Verified 4 zones on 3 nodes: as the definitions say."


def test_a_bad_one_is_status_1(broken: Path) -> None:
    assert call("verify", "--from", broken).status == 1


def test_quiet_leaves_findings_and_the_verdict(broken: Path) -> None:
    lines = call("verify", "-q", "--from", broken).out.splitlines()
    assert lines[0] == "bad  node2: vxlan_web (zone prod)"
    assert lines[-1] == "Verified 4 zones on 3 nodes: 1 bad."
    assert not any(line.startswith(("zone", "not checked")) for line in lines)


def test_the_document_has_every_finding_in_parts(broken: Path) -> None:
    done = call("verify", "--json", "--from", broken)
    document = json.loads(done.out)
    assert (document["kind"], document["exit_status"], done.status) == ("verify", 1, 1)
    (found,) = document["findings"]
    assert (found["node"], found["object"], found["subject"]) == ("node2", "vxlan_web", "device")
    assert (found["expected"], found["found"], found["severity"]) == ("there", "absent", "bad")
    assert (found["next"], found["zones"]) == ("on node2: ifup vxlan_web web", ["prod"])
    assert {zone["id"]: zone["bad"] for zone in document["zones"]} == {"mcast": 0, "plain": 0, "prod": 1, "pvx": 0}
    assert document["not_checked"]


def test_another_zone_is_good_and_another_node_too(broken: Path) -> None:
    assert call("verify", "--from", broken, "--zone", "plain").status == 0
    assert call("verify", "--from", broken, "--zone", "prod").status == 1
    assert call("verify", "--from", broken, "--node", "node1").status == 0
    assert call("verify", "--from", broken, "--node", "node1", "--node", "node2").status == 1


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--zone", "prodd"), "there is no zone 'prodd'; did you mean prod? zones are mcast, plain, prod, pvx"),
        (("--node", "nod2"), "there is no node 'nod2'; did you mean node2? members are node1, node2, node3"),
    ],
)
def test_a_name_that_nobody_has_checks_nothing(broken: Path, flags: tuple[str, ...], told: str) -> None:
    done = call("verify", "--from", broken, *flags)
    assert (done.status, told in done.err) == (2, True)


def test_what_cannot_be_read_is_status_2(tmp_path: Path) -> None:
    assert call("verify", "--from", tmp_path / "nowhere").status == 2
    assert call("verify", "--form", tmp_path).status == 2
    wrong = {"pve_files": {"pvesdn.cfg": "vxlan: a\n\tcolour red\n\n"}}
    write_snapshot(tmp_path / "wrong", damaged(read_snapshot(HEALTHY), wrong))
    done = call("verify", "--from", tmp_path / "wrong")
    assert (done.status, "pvesdn.cfg:2" in done.err) == (2, True)


def test_without_any_node_nothing_could_be_checked(tmp_path: Path) -> None:
    gone = {"gone": dict.fromkeys(("node1", "node2", "node3"), "Connection refused")}
    write_snapshot(tmp_path / "gone", damaged(read_snapshot(HEALTHY), gone))
    done = call("verify", "--from", tmp_path / "gone")
    assert (done.status, done.out.splitlines()[-1]) == (2, "Nothing could be checked.")


def test_an_older_snapshot_says_what_it_does_not_hold(tmp_path: Path) -> None:
    snapshot = read_snapshot(HEALTHY)
    for raw in snapshot.nodes.values():
        for name in ("fdb", "settings"):
            del raw.commands[name]  # type: ignore[attr-defined]
    write_snapshot(tmp_path / "older", snapshot)
    done = call("verify", "--from", tmp_path / "older")
    assert (done.status, done.out.count("the snapshot was taken without it")) == (3, 6)
