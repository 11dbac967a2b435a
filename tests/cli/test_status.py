"""`pvesdn status`: its screens, each a file in `status_screens/`; its document, its exit statuses and its names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.cli.screens.screen import Span
from pvesdn.cli.screens.status import fitted_lines, status_lines
from pvesdn.errors import ApiUnavailable
from pvesdn.model.execution import NodeExecution, ReloadNetwork
from pvesdn.model.files import ChangeSet, NodeChanges
from pvesdn.model.history import Ending, Entry, History
from pvesdn.model.ranges import ranges
from pvesdn.model.status import (
    Beside,
    ClusterStatus,
    Drift,
    Health,
    NodeApply,
    NodeStatus,
    Share,
    ToDo,
    ZoneStatus,
)
from pvesdn.model.verification import Discrepancy, Subject, Verification
from tests.cli.kit import UCAST, Terminal, call
from tests.cli.test_json_docs import DOCUMENTATION, keys
from tests.cli.test_verify import HEALTHY, healthy
from tests.documents import validator
from tests.fakes import FakeCluster, fake_cluster
from tests.golden_verify.damage import damaged, without_quorum
from tests.screens import WIDTHS, hold

SCREENS = Path(__file__).parent / "status_screens"
CASES = Path(__file__).parents[1] / "golden_verify"
HOLDER = "/etc/pve/priv/lock/pvesdn.holder"
ARMED = {"id": "abc", "who": "pvesdn on node1", "seconds": 600, "frr": "none"}
NODES = ("node1", "node2", "node3")


@pytest.fixture
def same(request: pytest.FixtureRequest) -> Callable[[str, int, str], None]:
    """Hold what was printed against the screen of that name and width."""

    def same(case: str, width: int, printed: str) -> None:
        hold(request, SCREENS / case, printed, width)

    return same


@pytest.fixture
def applied(settings: Path) -> FakeCluster:
    """A cluster in which one apply has been carried out, and all is well."""
    cluster = healthy(settings)
    cluster.plug("node1", "vmbr3", "tap100i0")
    cluster.plug("node2", "vmbr3", "tap101i0")
    return cluster


def stored(case: str, folder: Path) -> Path:
    """A snapshot of a cluster in which that has gone wrong."""
    damage = json.loads((CASES / case / "damage.json").read_text())
    write_snapshot(folder / case, damaged(read_snapshot(HEALTHY), damage))
    return folder / case


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("healthy", 0),
        ("session-blocked", 1),
        ("device-deleted", 1),
        ("interfaces-edited", 1),
        ("guest-unplugged", 1),
        ("frr-not-installed", 1),
        ("member-off", 3),
        ("routes-not-seen", 3),
        ("pve-not-applied", 3),
        ("node-not-reached", 4),
    ],
)
def test_a_snapshot_looks_as_it_did_and_ends_as_verify_does(
    case: str, status: int, tmp_path: Path, same: Callable[[str, int, str], None]
) -> None:
    folder = HEALTHY if case == "healthy" else stored(case, tmp_path)
    for width in WIDTHS:
        done = call("status", "--from", folder, environ={"COLUMNS": str(width)})
        assert (done.status, done.err) == (status, "")
        same(case, width, done.out)
    assert call("verify", "--from", folder).status == status


def test_what_nobody_applied_and_an_open_apply_are_on_the_screen(
    applied: FakeCluster, settings: Path, same: Callable[[str, int, str], None]
) -> None:
    for name in NODES:
        applied.nodes.ask(name, "arm", ARMED)
        applied.nodes.ask(name, "hold", {"id": "abc", "waits": 600, "nodes": NODES})
    applied.nodes.pve_files |= {
        "/etc/pve/sdn/pvesdn.cfg": f"{UCAST}vnet: vmbr4\n\tzone ucast\n\ttag 4\n\n",
        "/etc/pve/sdn/zones.cfg": "vxlan: pvx\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
        HOLDER: json.dumps({"id": "ab", "who": "root on node1", "since": applied.clock.now() - 30}),
    }
    for width in WIDTHS:
        done = call("--config", settings, "status", cluster=applied, environ={"COLUMNS": str(width)})
        assert done.status == 3
        # The nodes' own clocks go on.
        still = re.sub(r"begun [0-9]+ s ago", "begun 0 s ago", done.out)
        same("pending-and-open", width, re.sub(r"[0-9]+ min [0-9]+ s left|600 s left", "9 min 59 s left", still))


EDITED = f"{UCAST}vnet: vmbr4\n\tzone ucast\n\ttag 4\n\n"


def test_what_is_edited_and_not_applied_leaves_a_network_well(applied: FakeCluster, settings: Path) -> None:
    before = call("--config", settings, "status", cluster=applied)
    applied.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = EDITED
    done = call("--config", settings, "status", cluster=applied)
    assert (before.status, done.status) == (0, 0)
    assert before.out.splitlines()[0] == "ok: the network is what the definitions say"
    assert done.out.splitlines()[0] == "ok: the network is what apply 1 brought"
    assert "pvesdn.cfg is not what was applied last: pvesdn diff 1 tells how\n" in done.out
    assert "Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.\n" in done.out


def test_a_comment_that_was_edited_is_nothing_that_anybody_has_to_apply(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = f"# of the shop\n{UCAST}"
    assert "No changes. Nodes match" in call("--config", settings, "apply", "--yes", cluster=applied).out
    done = call("--config", settings, "status", cluster=applied)
    assert done.out.splitlines()[0] == "ok: the network is what the definitions say"
    assert "is not what was applied last" not in done.out
    told = call("--config", settings, "metrics", cluster=applied).out
    assert 'pvesdn_cluster_definitions_unapplied{id="cluster/fake"} 0.0\n' in told


def test_a_mistake_in_the_definitions_hides_nothing_of_the_network(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UCAST.replace("tag", "tagg", 1)
    done = call("--config", settings, "status", cluster=applied)
    assert "Cannot be planned: " in done.out
    assert "'tagg'" in done.out
    assert "  ok  node2" in done.out


def test_what_holds_locks_is_told(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files |= {"/etc/pve/sdn/.lock": "a-token", HOLDER: "{"}
    done = call("--config", settings, "status", cluster=applied)
    assert "PVE's SDN is locked: somebody has taken the lock /etc/pve/sdn/.lock\n" in done.out
    assert "Cluster lock: written down as held, by whom is not legible; if that run has died, the next" in done.out
    assert "a-token" not in done.out
    told = {"id": "ab", "who": "root on node1", "since": applied.clock.now() - 300}
    applied.nodes.pve_files[HOLDER] = json.dumps(told)
    done = call("--config", settings, "status", cluster=applied)
    assert "Cluster lock: written down as held by root on node1, 5 min 0 s ago; if that run has died" in done.out


def test_how_open_applies_end_depends_on_their_state(applied: FakeCluster, settings: Path) -> None:
    for name in NODES:
        applied.nodes.ask(name, "arm", ARMED)
    told = call("--config", settings, "status", cluster=applied).out
    assert "its run ends it; if that has died, the nodes put themselves back when the time is up\n" in told
    assert told.splitlines()[0].split(": ", 1)[1].startswith("an apply is at work")
    checkpoint = "/var/lib/pvesdn/checkpoint.json"
    for name in NODES:
        found = json.loads(applied.nodes[name].files[checkpoint])
        applied.nodes[name].files[checkpoint] = json.dumps(found | {"boot": "another"})
    told = call("--config", settings, "status", cluster=applied).out
    assert "once the nodes have put themselves back, pvesdn plan tells what is left to do\n" in told


def test_a_history_that_cannot_be_read_is_told_and_the_rest_is_there(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/pvesdn-history.json"] = "{"
    done = call("--config", settings, "status", cluster=applied)
    assert done.status == 0
    assert "not known: history: " in done.out
    assert "  ok  node1  192.168.0.1  -    1/1   ?        -      -\n" in done.out


def test_a_node_that_does_not_tell_what_is_open_is_named(applied: FakeCluster, settings: Path) -> None:
    applied.nodes["node2"].lost["standing"] = "connection reset"
    assert "not known: open applies on node2: " in call("--config", settings, "status", cluster=applied).out


def test_open_applies_are_not_known_where_every_node_is_silent(applied: FakeCluster, settings: Path) -> None:
    for name in NODES:
        applied.nodes[name].lost["standing"] = "connection reset"
    document = json.loads(call("--config", settings, "status", "--json", cluster=applied).out)
    assert (document["open"], len(document["unknown"])) == (None, 3)
    assert document["is_sdn_locked"] is False


def test_nodes_that_were_not_asked_what_is_open_are_named(applied: FakeCluster, settings: Path) -> None:
    applied.nodes["node3"].off = "no route to host"
    document = json.loads(call("--config", settings, "status", "--json", cluster=applied).out)
    assert document["open"] == []
    assert document["unknown"] == ["open applies on node3: off, or did not answer before"]


def test_a_snapshot_does_not_know_of_locks() -> None:
    document = json.loads(call("status", "--from", HEALTHY, "--json").out)
    assert (document["is_sdn_locked"], document["lock"], document["open"]) == (None, None, None)


def test_pending_definitions_that_are_wrong_do_not_hide_what_runs(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/zones.cfg"] = "vxlan: pvx\n\tnodes nobody\n\tpeers x\n\n"
    done = call("--config", settings, "status", cluster=applied)
    assert "Cannot be planned: zones.cfg:" in done.out
    assert "1/1   1 done   -      ?\n" in done.out
    document = json.loads(call("--config", settings, "status", "--json", cluster=applied).out)
    assert (document["plan"], document["pending"], bool(document["problems"])) == (None, None, True)


def test_what_is_drawn_and_edited_is_told_where_it_cannot_be_planned() -> None:
    status = replace(
        large(1, 1), changes=None, no_plan=("zones.cfg:1: no",), uncarried=("db",), own_differs=True, in_force=41
    )
    shown = printed(status, None)
    assert "Carried by nobody yet: VNets db of PVE's panel\npvesdn.cfg is not what was applied last" in shown
    assert "Cannot be planned: zones.cfg:1: no; see pvesdn plan\n" in shown


def test_the_document_has_every_part_and_every_key_is_documented(applied: FakeCluster, settings: Path) -> None:
    done = call("--config", settings, "status", "--json", cluster=applied)
    document = json.loads(done.out)
    assert (document["kind"], document["exit_status"], done.status) == ("status", 0, 0)
    assert [(zone["id"], zone["guests"], zone["health"]) for zone in document["zones"]] == [("ucast", 2, "ok")]
    node = document["nodes"][0]
    assert (node["vnis"], node["sessions"]) == ({"up": 1, "all": 1}, {"up": 0, "all": 0})
    assert (node["last_apply"], node["to_do"]) == ({"number": 1, "what": "done"}, None)
    assert (document["own_differs"], document["open"], document["lock"]) == (False, [], None)
    text = DOCUMENTATION.read_text()
    assert [key for key in sorted(set(keys(document))) if f"`{key}`" not in text] == []


def test_quiet_leaves_the_verdict(applied: FakeCluster, settings: Path) -> None:
    done = call("--config", settings, "status", "-q", cluster=applied)
    assert done.out == "ok: the network is what the definitions say\n"


def test_another_zone_is_good_and_so_is_another_node(tmp_path: Path) -> None:
    folder = stored("device-deleted", tmp_path)
    for words, status in ((("--zone", "plain"), 0), (("--zone", "prod"), 1), (("--node", "node1"), 0)):
        assert call("status", "--from", folder, *words).status == status
    both = call("status", "--from", folder, "--zone", "plain", "--zone", "mcast", "--node", "node1", "--node", "node3")
    shown = [line.split()[1] for line in both.out.splitlines() if line.startswith("  ok  ")]
    assert (both.status, shown) == (0, ["mcast", "plain", "node1", "node3"])
    assert "VXLAN, unicast              2 of 3" in both.out


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--zone", "prodd"), "there is no zone 'prodd'; did you mean prod? zones are mcast, plain, prod, pvx"),
        (("--node", "nod2"), "there is no node 'nod2'; did you mean node2? members are node1, node2, node3"),
        (("--watch",), "--watch needs a cluster, and --from has none; leave one of them out"),
        (("--watch", "0"), "0 is not in the range 1<=x<=3600"),
    ],
)
def test_what_cannot_be_is_refused(flags: tuple[str, ...], told: str) -> None:
    done = call("status", "--from", HEALTHY, *flags)
    assert (done.status, told in done.err) == (2, True)


def test_where_there_is_no_zone_a_name_is_refused_in_plain_words(settings: Path) -> None:
    done = call("--config", settings, "status", "--zone", "prod", cluster=fake_cluster(""))
    assert "there is no zone 'prod'; there are no zones" in done.err


def test_without_any_node_nothing_could_be_looked_at(tmp_path: Path) -> None:
    gone = {"gone": dict.fromkeys(NODES, "Connection refused")}
    write_snapshot(tmp_path / "gone", damaged(read_snapshot(HEALTHY), gone))
    done = call("status", "--from", tmp_path / "gone")
    assert (done.status, done.out.splitlines()[0]) == (2, "Nothing could be looked at: no node was reached.")


def test_vnets_of_the_panel_that_nobody_carries_are_named() -> None:
    shown = printed(replace(large(1, 1), uncarried=("db", "dmz", "lan", "mail", "web")), None)
    assert "Carried by nobody yet: VNets db, dmz, lan, mail and 1 more of PVE's panel\n" in shown


def test_what_is_not_known_is_told_in_part_on_a_screen() -> None:
    status = replace(
        large(1, 1), beside=Beside(unknown=tuple(f"thing {number}" for number in range(6))), pve_version=""
    )
    shown = printed(status, 80)
    assert "not known: thing 3\nand 2 more that are not known, which --json lists\n" in shown
    assert "PVE's version not known" in shown


# --- looking again and again


def interrupted_after(cluster: FakeCluster, rounds: int) -> None:
    """Somebody presses Ctrl-C when that many looks have been shown."""

    def sleep(seconds: float) -> None:
        passes(seconds)
        if len(cluster.clock.sleeps) == rounds:
            raise KeyboardInterrupt
        if len(cluster.clock.sleeps) == 1:
            cluster.api.errors["cluster/status"] = ApiUnavailable("no answer within 10 s")
        else:
            cluster.api.errors.clear()

    cluster.clock.sleeps.clear()
    passes, cluster.clock.sleep = cluster.clock.sleep, sleep  # type: ignore[method-assign]


def test_elsewhere_than_on_a_terminal_a_look_is_a_line(applied: FakeCluster, settings: Path) -> None:
    interrupted_after(applied, 3)
    done = call("--config", settings, "status", "--watch", cluster=applied)
    assert (done.status, applied.clock.sleeps) == (130, [10.0, 10.0, 10.0])
    assert [line[8:] for line in done.out.splitlines()] == [
        "  ok: the network is what the definitions say",
        "  not known: no answer within 10 s",
        "  ok: the network is what the definitions say",
    ]
    assert "Interrupted: nothing was changed." in done.err


def test_each_line_of_json_is_a_document(applied: FakeCluster, settings: Path) -> None:
    interrupted_after(applied, 3)
    done = call("--config", settings, "status", "--watch", "30", "--json", cluster=applied)
    documents = [json.loads(line) for line in done.out.splitlines()]
    assert [document["kind"] for document in documents] == ["status", "error", "status"]
    for document in documents:
        validator(document["kind"]).validate(document)
    assert (done.status, applied.clock.sleeps[0]) == (130, 30)


def test_on_a_terminal_each_look_takes_the_place_of_the_last_one(applied: FakeCluster, settings: Path) -> None:
    interrupted_after(applied, 3)
    screen = Terminal()
    environ = {"COLUMNS": "80", "LINES": "60", "NO_COLOR": "1", "TERM": "xterm"}
    assert call("--config", settings, "status", "--watch", cluster=applied, environ=environ, out=screen).status == 130
    nothing, *looks = screen.getvalue().split("\x1b[2J\x1b[H")
    assert (nothing, len(looks)) == ("", 3)
    assert "every 10 s; Ctrl-C ends it\nok: the network is" in looks[0]
    assert looks[1].splitlines()[1] == "not known: no answer within 10 s"


def test_a_terminal_that_is_too_small_is_told_what_does_not_fit(applied: FakeCluster, settings: Path) -> None:
    interrupted_after(applied, 1)
    screen = Terminal()
    environ = {"COLUMNS": "80", "LINES": "10", "NO_COLOR": "1", "TERM": "xterm"}
    call("--config", settings, "status", "--watch", cluster=applied, environ=environ, out=screen)
    lines = screen.getvalue().splitlines()
    assert (len(lines), lines[-1]) == (9, "5 more lines do not fit this terminal.")


def test_a_first_look_that_fails_is_told_and_tried_again(applied: FakeCluster, settings: Path) -> None:
    interrupted_after(applied, 2)
    applied.api.errors["cluster/status"] = ApiUnavailable("no answer yet")
    done = call("--config", settings, "status", "--watch", cluster=applied)
    assert (done.status, len(applied.clock.sleeps)) == (130, 2)
    assert [line[10:] for line in done.out.splitlines()] == [
        "not known: no answer yet",
        "not known: no answer within 10 s",
    ]


def test_a_name_that_nothing_has_ends_it(applied: FakeCluster, settings: Path) -> None:
    applied.clock.sleeps.clear()
    done = call("--config", settings, "status", "--watch", "--node", "nod1", cluster=applied)
    assert (done.status, done.out, applied.clock.sleeps) == (2, "", [])
    assert "there is no node 'nod1'" in done.err


def test_a_quiet_watch_prints_the_verdict_alone(applied: FakeCluster, settings: Path) -> None:
    verdicts = ["ok: the network is what the definitions say", "not known: no answer within 10 s"]
    interrupted_after(applied, 2)
    done = call("--config", settings, "status", "--watch", "-q", cluster=applied)
    assert done.out.splitlines() == verdicts


def test_a_quiet_watch_on_a_terminal_has_one_line(applied: FakeCluster, settings: Path) -> None:
    interrupted_after(applied, 1)
    screen = Terminal()
    environ = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm"}
    call("--config", settings, "status", "--watch", "-q", cluster=applied, environ=environ, out=screen)
    assert screen.getvalue() == "\x1b[2J\x1b[Hok: the network is what the definitions say\n"


# --- large clusters


def large(nodes: int, zones: int, *, bad_zones: Iterable[int] = (), off: Iterable[int] = ()) -> ClusterStatus:
    """A cluster with many nodes and zones, of which some are not as they should be."""
    names = tuple(f"pve{number}" for number in range(1, nodes + 1))
    last = NodeApply(41, "done")
    found = tuple(
        Discrepancy(
            f"pve{number}", Subject.DEVICE, f"vxlan_net{number}", "there", "absent", "deleted", "ifup",
            zones=(f"zone{number}",), is_there=True,
        )
        for number in bad_zones
    )  # fmt: skip
    gone = sorted(f"pve{number}" for number in off)
    doubt = f"{ranges(gone)}: off, as the cluster says" if gone else ""
    told = {item.node: f"{item.node}: {item.object}: found absent, expected there" for item in found}
    zone_rows = tuple(
        ZoneStatus(
            f"zone{number}", "EVPN, symmetric IRB", "pvesdn.cfg", names, 4, 12,
            Health.BAD if f"pve{number}" in told else Health.WARNING if gone else Health.OK,
            first=told.get(f"pve{number}", doubt), seen=tuple(name for name in names if name not in gone),
        )
        for number in range(1, zones + 1)
    )  # fmt: skip
    vnis = 5 * zones  # four VNets, and the L3VNI
    node_rows = tuple(
        NodeStatus(
            name,
            Health.BAD if name in told else Health.OK,
            (ip_address(f"10.10.0.{number}"),),
            Share(nodes - 1 - len(gone), nodes - 1),
            Share(vnis - (name in told), vnis),
            last,
            Drift(devices=int(name in told)),
            ToDo(add=1) if name in told else None,
            first=told.get(name, ""),
        )
        for number, name in enumerate(names, 1)
    )
    node_rows = tuple(
        NodeStatus(node.name, Health.OFF, node.vteps, last_apply=last) if node.name in gone else node
        for node in node_rows
    )
    entry = Entry(
        number=41, id="0" * 16, who="root@pam on pve1", began="2026-11-27T10:00:00Z", pvesdn="0.0.9", ending=Ending.DONE
    )
    on = tuple(name for name in names if name not in gone)
    to_heal = {item.node: (item,) for item in found}
    reload = NodeExecution("", steps=(ReloadNetwork(regenerate_frr=False),))
    return ClusterStatus(
        name="prod",
        pve_version="9.1.5",
        members=nodes,
        online=nodes - len(gone),
        verification=Verification(discrepancies=found, nodes=on, offline=tuple(gone)),
        packages={name: "1.2.0" if name == "pve1" else "1.3.0" for name in on},
        beside=Beside(history=History((entry,))),
        last_apply=entry,
        zones=zone_rows,
        nodes=node_rows,
        changes=ChangeSet(
            tuple(
                NodeChanges(name, replace(reload, node=name), drift=to_heal[name])
                if name in to_heal
                else NodeChanges(name, NodeExecution(name))
                for name in on
            ),
            offline=tuple(gone),
        ),
    )


def printed(status: ClusterStatus, width: int | None) -> str:
    lines = status_lines(status, width)
    return "".join("".join(p.text if isinstance(p, Span) else p for p in line) + "\n" for line in lines)


def wide() -> ClusterStatus:
    """A cluster in which everything that can be long is."""
    status = large(3, 2)
    nodes = tuple(
        replace(
            node,
            name=f"hypervisor-rack12-slot{number:02}",
            vteps=(ip_address(f"2001:db8:aaaa:bbbb:cccc:dddd:eeee:{number}"), ip_address(f"192.168.100.{number}")),
            sessions=Share(100, 127),
            vnis=Share(1000, 1200),
            last_apply=NodeApply(123456, "each with an outcome of its own"),
            drift=Drift(files=12, devices=104),
            to_do=ToDo(add=104, change=12, replace=11, remove=999),
        )
        for number, node in enumerate(status.nodes, 1)
    )
    zones = tuple(replace(zone, what=f"{zone.what}, carries customers-of-the-north") for zone in status.zones)
    return replace(status, nodes=nodes, zones=zones)


@pytest.mark.parametrize(
    ("case", "status", "most"),
    [
        ("wide-cells", wide(), 20),
        ("16-nodes", large(16, 20, bad_zones=(3, 7), off=(9,)), 57),
        ("40-nodes-30-zones", large(40, 30, bad_zones=(2, 29), off=(5, 6, 40)), 48),
        ("40-nodes-all-bad", large(40, 30, bad_zones=range(1, 31)), 67),
    ],
)
def test_a_large_cluster_fits_a_screen_and_says_what_it_leaves_out(
    case: str, status: ClusterStatus, most: int, same: Callable[[str, int, str], None]
) -> None:
    for width in WIDTHS:
        same(case, width, printed(status, width))
    assert len(printed(status, 80).splitlines()) <= most


@pytest.mark.parametrize("height", [24, 40])
def test_on_a_small_terminal_the_bad_of_zones_and_of_nodes_are_there_and_the_rest_is_counted(height: int) -> None:
    status = large(40, 30, bad_zones=range(3, 6), off=[7])
    lines = [
        "".join(part if isinstance(part, str) else part.text for part in line)
        for line in fitted_lines(status, 80, height)
    ]
    assert len(lines) <= height
    assert any(line.split()[:1] == ["BAD"] for line in lines)
    assert any("zones more, " in line for line in lines)
    assert [line.split()[0] for line in lines if line.split()[:1] in (["zone"], ["node"])] == ["zone", "node"]
    assert fitted_lines(status, 80, None) == list(status_lines(status, 80))


def test_what_was_asked_for_by_name_is_shown_whole() -> None:
    shown = printed(replace(large(40, 30), only_zones=("zone1",)), 80)
    assert len([line for line in shown.splitlines() if line.startswith("  ok")]) == 70


def test_many_nodes_with_the_same_fault_are_one_row() -> None:
    status = large(20, 1)
    rows = tuple(
        replace(node, health=Health.BAD, first=f"{node.name}: FRR: found not installed, expected bgpd runs")
        for node in status.nodes
    )
    shown = printed(replace(status, nodes=rows), 80).splitlines()
    assert [line for line in shown if "BAD" in line] == [
        "  BAD  pve1-pve20  10.10.0.1-10.10.0.20  19/19  5/5   41 done  -      -"
    ]
    assert "      pve1-pve20: FRR: found not installed, expected bgpd runs" in shown


def test_what_a_large_cluster_says_of_itself_is_possible() -> None:
    status = large(16, 20, bad_zones=(3, 7), off=(9,))
    assert status.changes is not None
    assert {node.name for node in status.nodes if node.to_do} == {
        node.node for node in status.changes.nodes if not node.is_empty
    }
    shown = printed(status, 120)
    assert "Plan: 2 to add, 0 to change, 0 to destroy on 2 of 16 nodes.\n" in shown
    assert "  BAD  pve3   10.10.0.3   14/15  99/100   41 done  1 device  +1\n      see zone zone3\n" in shown


def with_reasons(status: ClusterStatus, reasons: Mapping[str, str]) -> ClusterStatus:
    """The same with nodes that are bad for these reasons."""
    bad = {name: f"{name}: {why}" for name, why in reasons.items()}
    nodes = tuple(
        replace(node, health=Health.BAD, first=bad[node.name]) if node.name in bad else node for node in status.nodes
    )
    return replace(status, nodes=nodes)


def test_a_bad_node_has_its_reason_or_names_the_row_that_has_it() -> None:
    zones = tuple(replace(zone, health=Health.BAD, first="pve1: FRR: found off") for zone in large(3, 1).zones)
    reasons = {"pve1": "FRR: found off", "pve2": "FRR: found off", "pve4": "FRR: found off", "pve3": "clock: behind"}
    status = with_reasons(replace(large(4, 1), zones=zones), reasons)
    _, head, nodes = printed(status, None).partition(" applied  drift  plan\n")
    assert head
    assert [line.strip() for line in nodes.splitlines() if line.startswith("      ")] == [
        *("see zone zone1", "pve2: FRR: found off", "pve3: clock: behind", "see pve2"),
    ]


def test_no_row_points_to_a_reason_that_is_left_out() -> None:
    reasons = {f"pve{number}": f"fault {number % 6}" for number in range(1, 13)}
    shown = printed(with_reasons(large(12, 1), reasons), 80)
    assert "  1 more reason left out: pvesdn verify tells all of them\n" in shown
    assert [line.strip() for line in shown.splitlines() if "see pve" in line] == [f"see pve{n}" for n in range(1, 6)]


def test_a_pipe_gets_whole_lines() -> None:
    long = Discrepancy("pve1", Subject.FILE, "/etc/frr/frr.conf", "as made", "x" * 200, "edited", "pvesdn plan")
    status = replace(large(2, 1), verification=Verification(discrepancies=(long,), nodes=("pve1",)))
    assert "x" * 200 in printed(status, None)
    assert "x" * 200 not in printed(status, 80)


def test_columns_that_are_too_wide_are_shortened_with_a_mark() -> None:
    status = large(2, 1)
    wide = replace(status.nodes[0], name="hypervisor-with-a-long-name.example", vteps=(ip_address("2001:db8::ffff:1"),))
    shown = printed(replace(status, nodes=(wide,)), 80).splitlines()
    assert max(map(len, shown)) <= 80
    assert any("…" in line for line in shown)


def test_a_name_that_is_too_long_keeps_its_end() -> None:
    shown = printed(wide(), 80).splitlines()
    assert [line.split()[1][-2:] for line in shown if "hyp" in line] == ["01", "02", "03"]


def test_reasons_that_are_left_out_are_counted_over_all_rows() -> None:
    shown = printed(large(40, 30, bad_zones=range(1, 31)), 80)
    assert "  25 more reasons left out: pvesdn verify tells all of them\n" in shown


# --- without a quorum


def parted(folder: Path) -> Path:
    """A snapshot of the smaller part of a cluster that fell apart: this part calls the others off."""
    write_snapshot(folder / "parted", without_quorum(damaged(read_snapshot(HEALTHY), {"off": ["node2", "node3"]})))
    return folder / "parted"


@pytest.mark.parametrize("width", WIDTHS)
def test_without_a_quorum_what_runs_is_told_and_that_there_is_none_comes_first(
    width: int, tmp_path: Path, same: Callable[[str, int, str], None]
) -> None:
    done = call("status", "--from", parted(tmp_path), environ={"COLUMNS": str(width)})
    assert done.out.startswith("BAD: no quorum, ")
    assert done.status == 1
    same("no-quorum", width, done.out)


def test_the_document_says_that_there_is_no_quorum(tmp_path: Path) -> None:
    found = json.loads(call("status", "--json", "--from", parted(tmp_path)).out)
    assert (found["cluster"]["is_quorate"], found["exit_status"], found["plan"]) == (False, 1, None)
    assert "the cluster has no quorum, so its membership cannot be trusted" in found["problems"][0]
    healthy = json.loads(call("status", "--json", "--from", HEALTHY).out)
    assert (healthy["cluster"]["is_quorate"], healthy["exit_status"]) == (True, 0)


def test_a_report_says_so_too(tmp_path: Path) -> None:
    done = call("report", "--from", parted(tmp_path))
    assert done.status == 0
    assert '<p class="verdict bad">' in done.out


@pytest.mark.parametrize("words", [("plan",), ("render", "--output")])
def test_without_a_quorum_nothing_is_planned(words: tuple[str, ...], tmp_path: Path) -> None:
    verb, *flags = words
    done = call(verb, "--from", parted(tmp_path), *flags, *[tmp_path / "out" for _ in flags])
    assert done.status == 1
    assert "the cluster has no quorum, so its membership cannot be trusted" in done.err


def test_without_a_quorum_verify_tells_so_of_the_cluster_and_what_runs_of_each_zone(tmp_path: Path) -> None:
    folder = parted(tmp_path)
    found = json.loads(call("verify", "--json", "--from", folder).out)
    told = [item for item in found["findings"] if item["subject"] == "quorum"]
    assert [(item["severity"], item["node"], item["object"]) for item in told] == [("bad", "", "the cluster")]
    assert (found["exit_status"], found["nodes"], found["offline"]) == (1, ["node1"], ["node2", "node3"])
    assert not any(zone["bad"] for zone in found["zones"])
    done = call("verify", "--from", folder)
    assert "bad  the cluster\n  expected: a quorum\n  found: none\n" in done.out
    assert "likely cause: members that are off here may be on\n" in done.out


def test_without_a_quorum_the_way_of_a_packet_is_told_and_that_there_is_none(tmp_path: Path) -> None:
    done = call("trace", "--json", "--from", parted(tmp_path), "10.20.1.1", "10.20.2.1")
    assert [item["subject"] for item in json.loads(done.out)["findings"]] == ["quorum"]


def test_without_a_quorum_show_says_so(tmp_path: Path) -> None:
    done = call("show", "--from", parted(tmp_path))
    assert done.status == 0
    assert "the cluster has no quorum; members that are off here may be on; pvecm status says" in done.err


def test_without_a_quorum_metrics_have_what_runs_and_that_there_is_none(tmp_path: Path) -> None:
    told = call("metrics", "--from", parted(tmp_path)).out
    assert 'pvesdn_cluster_quorate{id="cluster/lab"} 0.0\n' in told
    assert 'pvesdn_node_looked_at{id="node/node1"} 1.0\n' in told
    assert 'pvesdn_cluster_quorate{id="cluster/lab"} 1.0\n' in call("metrics", "--from", HEALTHY).out


# --- a part of it


LIMITED = "vxlan: some\n\tnodes node1\n\nvnet: few\n\tzone some\n\ttag 4711\n\nvxlan: empty\n\n"
ELSEWHERE = {"gone": {"node2": "node2: timed out"}, "off": ["node3"]}


def more_zones(folder: Path, damage: dict[str, Any] | None = None) -> Path:
    """A snapshot with a zone on one node, and one without VNets."""
    healthy = read_snapshot(HEALTHY)
    text = f"{healthy.pve_files['pvesdn.cfg']}\n{LIMITED}"
    write_snapshot(folder / "more", damaged(healthy, {**(damage or {}), "pve_files": {"pvesdn.cfg": text}}))
    return folder / "more"


def test_what_is_pending_in_one_zone_is_not_counted_in_another(tmp_path: Path) -> None:
    folder = stored("pve-not-applied", tmp_path)
    plain, pvx = (call("status", "--from", folder, "--zone", zone) for zone in ("plain", "pvx"))
    assert (plain.status, pvx.status) == (0, 3)
    assert plain.out.startswith("ok: zone plain: ")
    assert "1 warning; PVE's definitions: found vnet old changed, expected applied" in pvx.out.splitlines()[0]


@pytest.mark.parametrize("words", [("status",), ("verify",), ("topology", "--live")])
def test_a_zone_that_is_only_drawn_is_said_to_be_that(words: tuple[str, ...], tmp_path: Path) -> None:
    healthy = read_snapshot(HEALTHY)
    drawn = f"{healthy.pve_files['zones.cfg']}\nvxlan: later\n\tpeers 192.168.0.1\n"
    write_snapshot(tmp_path / "drawn", damaged(healthy, {"pve_files": {"zones.cfg": drawn}}))
    done = call(*words, "--from", tmp_path / "drawn", "--zone", "later")
    told = "zone 'later' is defined and was not applied yet; pvesdn plan shows what comes of it, pvesdn apply does it"
    assert told in done.err
    assert "there is no zone 'never'" in call(*words, "--from", tmp_path / "drawn", "--zone", "never").err


def test_a_zone_that_is_only_in_the_edited_file_is_there_once_it_was_applied(
    applied: FakeCluster, settings: Path
) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = f"{UCAST}vxlan: later\n\nvnet: new\n\tzone later\n\ttag 9\n"
    done = call("--config", settings, "status", "--zone", "later", cluster=applied)
    assert "zone 'later' is defined and was not applied yet" in done.err
    assert done.status == 2
    assert "6 to add" in call("--config", settings, "plan", cluster=applied).out
    assert call("--config", settings, "apply", "--yes", cluster=applied).status == 0
    assert call("--config", settings, "status", "--zone", "later", cluster=applied).status == 0


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--zone", "plain"), "zone plain"),
        (("--zone", "prod", "--zone", "plain"), "zones plain, prod"),
        (("--node", "node2"), "node node2"),
        (("--zone", "plain", "--node", "node1", "--node", "node2"), "zone plain on node1, node2"),
    ],
)
def test_the_verdict_of_a_part_says_that_it_is_about_a_part(words: tuple[str, ...], part: str) -> None:
    done = call("status", "--from", HEALTHY, *words, "-q")
    assert done.out == f"ok: {part}: as the definitions say; nothing else is judged\n"
    assert done.status == 0


def test_what_is_to_be_done_about_a_node_is_told_of_that_node(tmp_path: Path) -> None:
    folder = stored("device-deleted", tmp_path)
    shown = call("status", "--from", folder, "--node", "node2").out
    assert "pvesdn plan --node node2 shows it, pvesdn apply --node node2 carries it out.\n" in shown
    assert "Plan: 1 to add" in call("plan", "--from", folder, "--node", "node2").out
    blocked = call("status", "--from", stored("interfaces-edited", tmp_path), "--node", "node2", "--node", "node1").out
    words = "--node node1 --node node2"
    assert f"`pvesdn apply {words}` would refuse; see pvesdn plan {words}" in " ".join(blocked.split())


def test_the_verdict_of_a_part_has_room_on_80_columns() -> None:
    words = ("--zone", "plain", "--node", "node1", "--node", "node2")
    first = call("status", "--from", HEALTHY, *words, environ={"COLUMNS": "80"}).out.partition("\n")[0]
    assert first == "ok: zone plain on node1, node2: as the definitions say; nothing else is judged"


def test_what_is_bad_in_a_part_is_told_of_that_part(tmp_path: Path) -> None:
    done = call("status", "--from", stored("device-deleted", tmp_path), "--zone", "prod", "-q")
    assert (done.status, done.out.startswith("BAD: zone prod: 1 bad; node2: ")) == (1, True)


def test_nodes_elsewhere_that_are_off_or_do_not_answer_do_not_matter_to_a_part(tmp_path: Path) -> None:
    folder = more_zones(tmp_path, ELSEWHERE)
    done = call("status", "--from", folder, "--zone", "some", "--json")
    document = json.loads(done.out)
    assert (document["unreachable"], document["offline"]) == ({}, [])
    assert {item["node"] for item in document["findings"]} == {"node1"}
    assert done.status == 1  # nobody has applied that zone


def test_guests_are_those_on_the_nodes_that_are_shown(applied: FakeCluster, settings: Path) -> None:
    numbers = []
    for words in ((), ("--node", "node1"), ("--node", "node3")):
        done = call("--config", settings, "status", "--json", *words, cluster=applied)
        numbers += [zone["guests"] for zone in json.loads(done.out)["zones"]]
    assert numbers == [2, 1, 0]


def test_a_zone_of_which_nothing_could_be_looked_at_is_not_ok(tmp_path: Path) -> None:
    gone = more_zones(tmp_path / "gone", {"gone": {"node1": "node1: timed out"}})
    done = call("status", "--from", gone, "--zone", "some", "-q")
    assert (done.status, done.out) == (2, "zone some: nothing could be looked at: no node of it was looked at\n")


def test_of_several_zones_those_that_are_not_on_the_node_are_named(tmp_path: Path) -> None:
    folder = more_zones(tmp_path)
    words = ("status", "--from", folder, "--zone", "some", "--zone", "plain", "--zone", "mcast", "--node", "node2")
    done = call(*words, "-q", environ={"COLUMNS": "120"})
    assert done.out.startswith("ok: zones mcast, plain on node2 (not there: some): as the definitions say")
    document = json.loads(call(*words, "--json").out)
    assert ([zone["id"] for zone in document["zones"]], document["not_there"]) == (["mcast", "plain"], ["some"])
    assert json.loads(call("status", "--from", folder, "--zone", "some", "--json").out)["not_there"] == []


def test_a_zone_that_is_on_none_of_the_nodes_is_refused(tmp_path: Path) -> None:
    done = call("status", "--from", more_zones(tmp_path), "--zone", "some", "--node", "node2")
    assert (done.status, done.out) == (2, "")
    assert "there is nothing of some on node2; leave one of them out" in done.err


def test_a_zone_without_vnets_is_called_empty_which_is_neither_wrong_nor_unknown(tmp_path: Path) -> None:
    whole = call("status", "--from", more_zones(tmp_path))
    assert ["empty", "empty", "VXLAN,", "unicast", "3", "0", "0"] in map(str.split, whole.out.splitlines())
    assert "unchecked" not in whole.out
    part = ("--from", tmp_path / "more", "--zone", "empty")
    assert [call(verb, *part, "-q").status for verb in ("verify", "status")] == [0, 0]
    said = "ok: zone empty: as the definitions say; nothing else is judged\n"
    assert call("status", *part, "-q").out == said


def test_a_zone_without_vnets_whose_nodes_did_not_answer_is_not_ok(tmp_path: Path) -> None:
    gone = more_zones(tmp_path, {"gone": dict.fromkeys(NODES, "timed out")})
    done = call("status", "--from", gone, "--zone", "empty", "-q")
    assert (done.status, done.out) == (2, "zone empty: nothing could be looked at: no node of it was looked at\n")
