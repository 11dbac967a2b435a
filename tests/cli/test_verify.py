"""`pvesdn verify`: its exit statuses, its document, and the names that it takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.compare.conflicts import digest
from pvesdn.errors import ApiUnavailable
from pvesdn.model.files import RenderedFile
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.cli.kit import UCAST, call
from tests.fakes import FakeCluster, fake_cluster
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


def test_waiting_looks_again_until_nothing_is_bad(settings: Path, tmp_path: Path) -> None:
    cluster = healthy(settings)
    lost = {name: dict(cluster.nodes[name].flood) for name in cluster.nodes.nodes}
    cluster.nodes["node2"].flood.clear()
    looked: list[float] = []

    def comes_back(seconds: float) -> None:
        looked.append(seconds)
        if len(looked) == 3:
            cluster.nodes["node2"].flood.update(lost["node2"])
        sleep(seconds)

    sleep, cluster.clock.sleep = cluster.clock.sleep, comes_back  # type: ignore[method-assign]
    assert call("--config", settings, "verify", "--wait", "30", cluster=cluster).status == 0
    assert looked == [1.0, 1.0, 1.0]


def test_an_api_that_is_silent_for_a_moment_is_asked_again(settings: Path) -> None:
    cluster = healthy(settings)
    cluster.api.errors["cluster/status"] = ApiUnavailable("no answer within 10 s")

    def answers(seconds: float) -> None:
        cluster.api.errors.clear()
        sleep(seconds)

    sleep, cluster.clock.sleep = cluster.clock.sleep, answers  # type: ignore[method-assign]
    assert call("--config", settings, "verify", "--wait", "30", cluster=cluster).status == 0


def test_an_api_that_stays_silent_ends_the_waiting(settings: Path) -> None:
    cluster = fake_cluster(UCAST)
    cluster.api.errors["cluster/status"] = ApiUnavailable("no answer within 10 s")
    done = call("--config", settings, "verify", "--wait", "2.5", cluster=cluster)
    assert (done.status, "no answer within 10 s" in done.err, cluster.clock.sleeps) == (2, True, [1.0, 1.0, 0.5])


def test_waiting_ends_with_what_is_still_bad(settings: Path) -> None:
    cluster = healthy(settings)
    cluster.nodes["node2"].flood.clear()
    done = call("--config", settings, "verify", "--wait", "2.5", cluster=cluster)
    assert (done.status, "node2: vxlan_vmbr3, all-zero entries" in done.out) == (1, True)
    assert cluster.clock.sleeps[-3:] == [1.0, 1.0, 0.5]


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1", "3601", "1e400", "soon"])
def test_waiting_has_an_end(seconds: str, settings: Path) -> None:
    cluster = fake_cluster(UCAST)
    done = call("--config", settings, "verify", f"--wait={seconds}", cluster=cluster)
    assert (done.status, "--wait" in done.err, cluster.clock.sleeps) == (2, True, [])


def test_a_snapshot_does_not_get_better_by_waiting() -> None:
    done = call("verify", "--from", HEALTHY, "--wait", "3")
    assert (done.status, "--wait needs a cluster" in done.err) == (2, True)


def healthy(settings: Path, definitions: str = UCAST, *options: str) -> FakeCluster:
    """A cluster in which definitions have been applied, and all is well. :param options: of that apply."""
    cluster = fake_cluster(definitions)
    assert call("--config", settings, "apply", "--yes", *options, cluster=cluster).status == 0
    heal(cluster)
    return cluster


def heal(cluster: FakeCluster) -> None:
    """Give the fakes what an ifreload gives to real devices, and they do not."""
    for number, name in enumerate(cluster.nodes.nodes, 1):
        node = cluster.nodes[name]
        others = [f"192.168.0.{other}" for other in (1, 2, 3) if other != number]
        node.flood["vxlan_vmbr3"] = others
        for link in node.commands["ip-link"]:
            if link["ifname"] == "vxlan_vmbr3":
                link["master"] = "vmbr3"
                link["linkinfo"]["info_data"] |= {"local": f"192.168.0.{number}", "port": 4789}
            if link["ifname"] == "vmbr3":
                link["linkinfo"]["info_data"] = {"vlan_filtering": 0}


def test_of_many_that_are_alike_a_screen_has_the_first_few_and_the_document_all(tmp_path: Path) -> None:
    defined = "vxlan: ucast\n\n" + "".join(f"vnet: net{n}\n\tzone ucast\n\ttag {n + 100}\n\n" for n in range(20))
    cluster = fake_cluster(defined)
    write_snapshot(tmp_path / "fresh", read_cluster(cluster.world(), has_state=True))
    snapshot = read_snapshot(tmp_path / "fresh")
    rendered = dict(render_understood(understand(snapshot), Renderer()))
    for name, files in rendered.items():
        cluster.nodes[name].files.update({file.path: file.text or "" for file in files})
        cluster.nodes[name].files["/var/lib/pvesdn/written.json"] = record_of(files)
    write_snapshot(tmp_path / "gone", read_cluster(cluster.world(), has_state=True))
    done = call("verify", "--from", tmp_path / "gone", environ={"COLUMNS": "80"})
    assert "bad  node1-node3: net0 (zone ucast)" in done.out
    assert "and 32 more like it, which --json lists" in done.out
    assert len(done.out.splitlines()) < 80
    assert len(json.loads(call("verify", "--json", "--from", tmp_path / "gone").out)["findings"]) == 120


def record_of(files: tuple[RenderedFile, ...]) -> str:
    """What the node program remembers of having written these."""
    digests = {file.path: digest(file.text or "") for file in files}
    return json.dumps({"format": 1, "files": digests, "unfinished": False})
