"""What is typed for each screen in `screens/`, and the cluster that it is typed on: `VERB-CASE` by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn_lab.live.scenario import all_scenarios
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cli.desk import Desk
from tests.cli.kit import call, settings_file
from tests.cli.screen_clusters import APPLY, AWAY, DEFINED, MISTAKEN, NODES, PUBLISHED, long_names, running, waiting
from tests.cluster.kit import draw, serving, world_of
from tests.golden_verify.damage import damaged
from tests.unit.move.kit import EVPN, PEERS, VXLAN, drawn
from tests.unit.recognise.kit import MODELS

VERIFY = Path(__file__).parents[1] / "golden_verify"
OWN = "/etc/pve/sdn/pvesdn.cfg"


def check(folder: Path, width: int) -> str:
    (folder / "draft.cfg").write_text(MISTAKEN)
    (folder / "pvesdn.cfg").write_text(DEFINED)
    desk = Desk(settings_file(folder), width)
    desk.types("check draft.cfg")
    desk.types("check pvesdn.cfg")
    return desk.screen


def show(folder: Path, width: int) -> str:
    cluster = running(folder)
    cluster.nodes.pve_files |= {
        "/etc/pve/sdn/zones.cfg": f"vxlan: office\n\tpeers {PEERS}\n\nvlan: floor2\n\tbridge vmbr0\n\n",
        "/etc/pve/sdn/vnets.cfg": "vnet: desks\n\tzone office\n\ttag 900\n\talias Desks on the second floor\n\n",
    }
    cluster.nodes[NODES[2]].off = AWAY
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("show")
    return desk.screen


def verify(folder: Path, width: int) -> str:
    broken = read_snapshot(VERIFY / "healthy")
    for case in ("session-blocked", "device-deleted", "guest-unplugged", "frr-text-edited", "interfaces-edited"):
        broken = damaged(broken, json.loads((VERIFY / case / "damage.json").read_text()))
    write_snapshot(folder / "broken", broken)
    away = json.loads((VERIFY / "node-not-reached" / "damage.json").read_text())
    write_snapshot(folder / "away", damaged(read_snapshot(VERIFY / "healthy"), away))
    desk = Desk(settings_file(folder), width)
    desk.types("verify --from broken")
    desk.types("verify --from away")
    return desk.screen


def confirm(folder: Path, width: int) -> str:
    cluster = running(folder)
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("confirm --status")
    waiting(cluster, *NODES[:1])
    cluster.nodes[NODES[2]].off = AWAY
    desk.types("confirm --status")
    desk.types("confirm")
    cluster.nodes[NODES[2]].off = ""
    for name in NODES[1:]:
        cluster.nodes.ask(name, "hold", {"id": APPLY, "waits": 600, "nodes": NODES})
    desk.types("confirm")
    desk.types(f"confirm {APPLY}")
    return desk.screen


def rollback_of_an_open_one(folder: Path, width: int) -> str:
    cluster = running(folder)
    waiting(cluster, *NODES)
    cluster.nodes[NODES[1]].lost["undo"] = "ssh: connect to host 192.168.0.2 port 22: Connection timed out"
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("rollback")
    cluster.nodes[NODES[1]].lost.clear()
    desk.types("rollback")
    desk.types("rollback")
    return desk.screen


def rollback_to_an_earlier_one(folder: Path, width: int) -> str:
    cluster = running(folder)
    desk = Desk(settings_file(folder), width, cluster)
    cluster.nodes.pve_files[OWN] = DEFINED.replace("tag 100\n", "tag 110\n")
    assert call("--config", settings_file(folder), "apply", "--yes", cluster=cluster).status == 0
    desk.types("rollback 1 --comment 'the firewall outside knows the old VNI'", answers="no\n")
    desk.types("rollback 1 --comment 'the firewall outside knows the old VNI'", answers="yes\n")
    desk.types("rollback 7", answers="yes\n")
    return desk.screen


def apply_that_succeeds(folder: Path, width: int) -> str:
    desk = Desk(settings_file(folder), width, running(folder))
    desk.types("apply")
    cluster = long_names()
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("apply", answers="yes\n")
    desk.types("apply", answers="yes\n")
    return desk.screen


def apply_that_fails(folder: Path, width: int) -> str:
    cluster = running(folder)
    cluster.nodes.pve_files[OWN] = DEFINED.replace("tag 100\n", "tag 110\n")
    cluster.api.exits[NODES[1]] = "command 'ifreload -a' failed: exit code 1"
    cluster.api.logs[NODES[1]] = (
        "error: web: netlink: cannot create vxlan_web: File exists",
        "TASK ERROR: exit code 1",
    )
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("apply", answers="yes\n")
    return desk.screen


def import_by_hand(folder: Path, width: int) -> str:
    desk = Desk(settings_file(folder), width)
    for model in ("several-exits", "unicast"):
        (folder / model).symlink_to(MODELS / model / "snapshot")
        desk.types(f"import --from {model}")
    return desk.screen


def import_from_pve(folder: Path, width: int) -> str:
    web = "vnet: web\n\tzone wide\n\ttag 11\n\talias Office, second floor\n\tisolate-ports 1\n\n"
    write_snapshot(folder / "vxlan", drawn(f"{VXLAN}\tipam pve\n\n", web, controllers=""))
    write_snapshot(folder / "evpn", drawn(f"{EVPN}\texitnodes node1\n\n"))
    desk = Desk(settings_file(folder), width)
    desk.types("import --from-pve wide --from vxlan")
    desk.types("import --from-pve wide --from vxlan --output cut-over -v")
    desk.types("import --from-pve prod --from evpn")
    return desk.screen


def import_to_pve(folder: Path, width: int) -> str:
    own = "vxlan: ours\n\tmtu 1450\n\nvnet: app\n\tzone ours\n\ttag 21\n\talias Office, second floor\n\n"
    write_snapshot(folder / "s", drawn("", controllers="", own=own))
    desk = Desk(settings_file(folder), width)
    desk.types("import --to-pve ours --from s")
    return desk.screen


def publish(folder: Path, width: int) -> str:
    with serving(folder / "cluster", PUBLISHED) as cluster:
        desk = _desk_of(cluster, folder, width)
        assert desk.types("apply --yes") == 0
        cluster.plug_guest("pve2", "web", 100)
        desk.screen = ""
        desk.types("publish prod", answers="no\n")
        local = "/sdn/zones/localnetwork"
        cluster.sim.entries = [
            {"path": f"{local}/web", "type": "user", "ugid": "ann@pve", "roleid": "PVESDNUser", "propagate": 1},
            {"path": f"{local}/db/7", "type": "group", "ugid": "ops", "roleid": "PVESDNUser", "propagate": 0},
            {"path": local, "type": "token", "ugid": "ann@pve!ci", "roleid": "PVESDNAdmin", "propagate": 1},
        ]
        before = cluster.sim.allowed
        cluster.sim.allowed = lambda user, path, right: right == "Permissions.Modify" or before(user, path, right)
        desk.types("publish prod", answers="yes\n")
        desk.types("publish prod", answers="yes\n")
    return desk.screen


def publish_with_the_way_back_by_hand(folder: Path, width: int) -> str:
    """Others have committed since the last apply."""
    with serving(folder / "cluster", PUBLISHED) as cluster:
        desk = _desk_of(cluster, folder, width)
        assert desk.types("apply --yes") == 0
        draw(cluster)
        world_of(cluster).api.apply_sdn()
        cluster.wait_for_tasks(10)
        desk.screen = ""
        desk.types("publish prod", answers="no\n")
    return desk.screen


def _desk_of(cluster: SimulatedCluster, folder: Path, width: int) -> Desk:
    there = SimpleNamespace(world=lambda observer, **_: replace(world_of(cluster), observer=observer))
    return Desk(settings_file(folder), width, there)


def lab_list(folder: Path, width: int) -> str:
    some = [scenario for scenario in all_scenarios() if scenario.name in {"import", "import-ospf", "unicast"}]
    desk = Desk(settings_file(folder), width)
    with (
        patch("pvesdn_lab.live.scenario.all_scenarios", return_value=some),
        patch("pvesdn_lab.live.outside.session.names", return_value=[]),
    ):
        desk.types("lab list")
    return desk.screen


def plan_summary(folder: Path, width: int) -> str:
    cluster = running(folder)
    cluster.nodes.pve_files[OWN] = DEFINED.replace("tag 100\n", "tag 110\n").replace("65000", "65001")
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("plan --summary")
    return desk.screen


def plan_verbose(folder: Path, width: int) -> str:
    cluster = running(folder)
    cluster.nodes.pve_files[OWN] = DEFINED.replace("tag 200\n", "tag 210\n")
    cluster.nodes[NODES[2]].off = AWAY
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("plan -v --diff")
    desk.types("plan --out new.plan")
    return desk.screen


def render(folder: Path, width: int) -> str:
    cluster = long_names()
    cluster.nodes[NODES[2]].off = AWAY
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("render --output files")
    cluster.nodes.pve_files[OWN] = DEFINED.replace("irb symmetric\n", "irb symmetric\n\tmtu 1450\n")
    desk.types("render --output files")
    return desk.screen


def snapshot(folder: Path, width: int) -> str:
    cluster = running(folder)
    cluster.nodes[NODES[0]].files["/etc/frr/frr.conf"] += "password hunter2\n"
    cluster.nodes[NODES[2]].off = AWAY
    desk = Desk(settings_file(folder), width, cluster)
    desk.types("snapshot taken")
    return desk.screen


def watch(folder: Path, width: int) -> str:
    cluster = running(folder)
    settings = settings_file(folder, '[watch]\naction = "apply"\nstate_dir = "state"\n')
    desk = Desk(settings, width, cluster, local_node=NODES[0])
    desk.types("watch --status")
    desk.types("watch --once")
    cluster.nodes.pve_files[OWN] = DEFINED.replace("tag 200\n", "tag 210\n")
    cluster.nodes[NODES[2]].files["/etc/network/interfaces.d/pvesdn"] = "# mine\n"
    desk.types("watch --once")
    desk.types("watch --once")
    desk.types("watch --status")
    return desk.screen


CASES: dict[str, Callable[[Path, int], str]] = {
    "apply-fails": apply_that_fails,
    "apply-succeeds": apply_that_succeeds,
    "check-draft": check,
    "confirm-open": confirm,
    "import-by-hand": import_by_hand,
    "import-from-pve": import_from_pve,
    "import-to-pve": import_to_pve,
    "lab-list": lab_list,
    "plan-summary": plan_summary,
    "plan-verbose": plan_verbose,
    "publish-by-hand-back": publish_with_the_way_back_by_hand,
    "publish-zone": publish,
    "render-files": render,
    "rollback-open": rollback_of_an_open_one,
    "rollback-earlier": rollback_to_an_earlier_one,
    "show-cluster": show,
    "snapshot-taken": snapshot,
    "verify-broken": verify,
    "watch-once": watch,
}


def printed(case: str, folder: Path, width: int) -> str:
    """The screen of a case, without what is different each time: ids, and times on clocks that go on."""
    text = re.sub(r"\b[0-9a-f]{16}\b", APPLY, CASES[case](folder, width))
    text = re.sub(r"(?m) \(([0-9]+ min )?[0-9]+ s\)$", "", text)
    text = re.sub(r"begun [0-9]+ s ago", "begun 0 s ago", text)
    return re.sub(r"[0-9]+ min [0-9]+ s left", "9 min 59 s left", text)
