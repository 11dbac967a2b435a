"""What every agent of nodes does and refuses: the simulated node here, over SSH and within this process, and the
fake that other tests use.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.nodes import LocalTransport, ProgramAgent, SshTransport, Transport
from pvesdn.compare.conflicts import digest
from pvesdn.decode.frr.text import meaning
from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.execution import Checkpoint, FileWrite, FrrAction, PutInPlace, UndoState
from pvesdn.model.looked_up import NextHop, Question
from pvesdn.model.snapshot import NODE_COMMANDS, STATE_COMMANDS
from pvesdn_lab.simulated.commands.state import locked_state, read_json, write_json
from pvesdn_lab.simulated.in_process import InProcessTransport
from pvesdn_lab.simulated.node import SimulatedNode
from tests.fake_nodes import RECORD, FakeNodes
from tests.fakes import fake_node
from tests.noderoot import FRR, OURS, SYSCTL
from tests.sshd import Sshd, running_sshd

NODE = "pve1"
OWN = "/etc/pve/sdn/pvesdn.cfg"
SEEN = "/etc/pve/sdn/pvesdn-seen.json"
FORWARDING = "/proc/sys/net/ipv4/ip_forward"
VERSIONS = {"ifupdown2": "3.3.0-1+pmx11", "frr": "10.4.1-1+pve1"}
SNAT = "-s 10.0.0.0/24 -o vmbr0 -j SNAT --to-source 192.168.0.1"
GROUP = (("vxlan_web", (IPv4Address("192.168.0.2"), IPv4Address("192.168.0.3"))),)


@dataclass(frozen=True)
class Subject:
    """An agent, the folder of its one node, and what a test may do to that node.

    :param near: the same program over the same folder in this process: what a test only needs to be there beforehand
        is done that way, for a process of its own costs a tenth of a second.
    :param uninstall: take commands away.
    :param breaks: make a command fail.
    :param flood_list: VTEPs of a device's all-zero FDB entries.
    :param add_rules: add rules of netfilter; the chain is told as ``iptables nat POSTROUTING``.
    :param rules: those that are there, sorted.
    """

    transport: Transport
    near: Transport
    root: Path
    uninstall: Callable[..., None]
    breaks: Callable[[str], None]
    flood_list: Callable[[str], list[str]]
    add_rules: Callable[[str, list[str]], None]
    rules: Callable[[str], list[str]]

    @property
    def agent(self) -> ProgramAgent:
        return ProgramAgent(self.transport)

    @property
    def beforehand(self) -> ProgramAgent:
        return ProgramAgent(self.near)

    def place(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def text(self, path: str) -> str:
        return self.place(path).read_text("utf-8")

    def write(self, path: str, text: str) -> None:
        self.place(path).write_text(text, "utf-8")

    def remains(self) -> list[str]:
        """Temporaries that somebody forgot."""
        return sorted(path.name for path in self.root.rglob("*pvesdn-*") if path.name.startswith("."))

    def links(self) -> set[str]:
        return {row["ifname"] for row in self.beforehand.observe(NODE).commands["ip-link"]}


def simulated(transport: Transport, node: SimulatedNode) -> Subject:
    """The subject whose node is laid out afresh."""
    shutil.rmtree(node.root, ignore_errors=True)
    node.install(IPv4Interface("192.168.0.1/24"), versions=VERSIONS)
    for folder in ("/etc/pve/sdn", "/etc/pve/priv"):
        node.path(folder).mkdir(parents=True)
    with locked_state(node.root) as state:
        state.add("vxlan_web", "vxlan", info={"id": 2})

    def uninstall(*names: str) -> None:
        for name in names:
            (node.root / "bin" / name).unlink()

    near = InProcessTransport({NODE: node.root})
    return Subject(
        transport,
        near,
        node.root,
        uninstall,
        node.break_command,
        lambda name: node.links()[name]["fdb"],
        lambda chain, rules: write_json(node.root, "netfilter", {chain: [rule.split() for rule in rules]}),
        lambda chain: sorted(" ".join(rule) for rule in read_json(node.root, "netfilter", {})[chain]),
    )


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Path]]:
    folder = tmp_path_factory.mktemp("ssh")
    with running_sshd(folder / "sshd", NODE, {"PVESDN_ROOT": str(folder / NODE)}) as running:
        yield running, folder / NODE


# A process for each call: what each verb answers does not depend on the way there.
STARTED = [pytest.param(name, marks=pytest.mark.wide(3, of=name)) for name in ("local", "ssh")]


@pytest.fixture(params=[*STARTED, "in process", "fake"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    if request.param == "local":
        root = tmp_path / NODE
        return simulated(LocalTransport({NODE: root}, limit=60.0), SimulatedNode(root, NODE))
    if request.param == "in process":
        root = tmp_path / NODE
        return simulated(InProcessTransport({NODE: root}), SimulatedNode(root, NODE))
    if request.param == "ssh":
        running, root = request.getfixturevalue("sshd")
        transport = SshTransport({NODE: running.host()}, limit=60.0, cluster_files=Path("/nonexistent"))
        return simulated(transport, SimulatedNode(root, NODE))
    node = fake_node(NODE, 1)
    node.files[FRR] = "log syslog informational\n"
    node.commands["ip-link"].append({"ifname": "vxlan_web", "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 2}}})
    fake = FakeNodes([node])
    return Subject(
        transport=fake,
        near=fake,
        root=node.root,
        uninstall=lambda *names: node.absent.update(names),
        breaks=node.broken.add,
        flood_list=lambda name: node.flood.get(name, []),
        add_rules=node.rules.__setitem__,
        rules=lambda chain: sorted(node.rules[chain]),
    )


def over(subject: Subject, path: str, text: str | None, **more: Any) -> FileWrite:
    """A write over what is there now."""
    place = subject.place(path)
    expect = hashlib.sha256(place.read_bytes()).hexdigest() if place.exists() else None
    return FileWrite(path, text, expect=expect, **more)


def put_in_place(subject: Subject, *files: FileWrite) -> None:
    assert subject.beforehand.stage(NODE, files) == ()
    subject.beforehand.commit(NODE, PutInPlace(files))


# --- reading ---------------------------------------------------------------------------------------------------------


def test_reads_what_is_there_by_patterns_and_leaves_out_what_is_not(subject: Subject) -> None:
    subject.write(OURS, "# Zürich, 東京 🙂\n\tiface x\r\n".replace("\r", ""))
    subject.write("/etc/network/interfaces.d/.hidden", "no\n")
    subject.place("/etc/network/interfaces.d/folder").mkdir()
    answer = subject.agent.read(NODE, ["/etc/network/interfaces.d/*", "/etc/frr/frr.conf.local", "/etc/absent/*"])
    assert answer == {OURS: "# Zürich, 東京 🙂\n\tiface x\n"}


@pytest.mark.parametrize("path", ["etc/hosts", "/etc/../etc/hosts", "//etc/hosts", "/*/x/hosts", "/etc/a\nb"])
def test_refuses_to_read_what_is_no_plain_path(subject: Subject, path: str) -> None:
    with pytest.raises(NodeFailed):
        subject.agent.read(NODE, [path])


def test_refuses_to_follow_a_link_out_of_its_folder(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("swordfish\n")
    subject.place(OURS).symlink_to(tmp_path / "secret")
    with pytest.raises(NodeFailed, match="leads out of its folder"):
        subject.agent.read(NODE, [OURS])


def test_a_file_that_is_no_text_is_said_to_be_none(subject: Subject) -> None:
    subject.place(OURS).write_bytes(b"a\n\xff\n")
    with pytest.raises(NodeFailed, match="UTF-8"):
        subject.agent.read(NODE, [OURS])


def test_observes_all_that_a_plan_needs(subject: Subject) -> None:
    seen = subject.agent.observe(NODE)
    assert set(seen.commands) == set(NODE_COMMANDS)
    assert {row["ifname"] for row in seen.commands["ip-link"]} >= {"lo", "eno1", "eno2", "vmbr0"}
    assert seen.commands["versions"]["ifupdown2"] == "3.3.0-1+pmx11"
    assert seen.commands["sysctl"]["net.ipv4.ip_forward"] == "0"
    assert "/etc/network/interfaces" in seen.files


def test_observes_the_live_state_in_the_same_call_where_it_counts(subject: Subject) -> None:
    subject.agent.restore_flooding(NODE, GROUP)
    seen = subject.agent.observe(NODE, has_state=True)
    assert set(seen.commands) == {*NODE_COMMANDS, *STATE_COMMANDS}
    entries = seen.commands["fdb"]["answer"]
    assert [(row["ifname"], row["dst"]) for row in entries] == [("vxlan_web", str(vtep)) for vtep in GROUP[0][1]]
    assert seen.commands["settings"]["answer"]["net/ipv4/ip_forward"] == "0"


def test_a_question_without_an_answer_says_why_and_hides_no_other(subject: Subject) -> None:
    subject.uninstall("bridge")
    seen = subject.agent.observe(NODE, has_state=True)
    assert seen.commands["fdb"] == {"fault": "bridge is not installed"}
    assert "answer" in seen.commands["settings"]
    assert {row["ifname"] for row in seen.commands["ip-link"]} >= {"eno1", "vmbr0"}


def test_a_command_that_fails_is_a_question_without_an_answer(subject: Subject) -> None:
    subject.breaks("bridge")
    fault = subject.agent.observe(NODE, has_state=True).commands["fdb"]["fault"]
    assert fault.startswith("bridge -j fdb show ended with status 1")


def test_looks_up_what_the_ends_of_a_trace_need_and_hides_nothing_else_where_something_is_not_answered(
    subject: Subject,
) -> None:
    peer = IPv4Address("192.168.0.2")
    question = Question(guests=frozenset({101}), macs=frozenset({"bc:24:11:00:00:65"}), addresses=frozenset({peer}))
    found = subject.agent.look_up(NODE, question)
    assert (found.cards, found.fdb, found.neighbours, found.unseen) == ((), (), (), {})
    route = (found.routes or {})["", peer]
    assert (str(route.prefix), route.hops) == ("192.168.0.0/24", (NextHop("vmbr0"),))
    subject.uninstall("bridge")
    found = subject.agent.look_up(NODE, question)
    assert (found.fdb, found.unseen) == (None, {"fdb": "bridge is not installed"})
    assert found.routes == {("", peer): route}


# --- staging and putting in place ------------------------------------------------------------------------------------


def test_writes_all_files_after_staging_them_and_remembers_what_it_wrote(subject: Subject) -> None:
    before = subject.text(FRR)
    files = [over(subject, OURS, "auto x\n"), over(subject, FRR, "hostname pve1\n", mode="0640")]
    assert subject.agent.stage(NODE, files) == ()
    assert (subject.place(OURS).exists(), subject.text(FRR)) == (False, before)
    assert subject.agent.read(NODE, ["/etc/network/interfaces.d/*"]) == {}
    subject.agent.commit(NODE, PutInPlace(tuple(files)))
    assert (subject.text(OURS), subject.text(FRR)) == ("auto x\n", "hostname pve1\n")
    assert subject.place(FRR).stat().st_mode & 0o777 == 0o640
    record = json.loads(subject.text(RECORD))
    assert record["files"] == {
        path: hashlib.sha256(subject.place(path).read_bytes()).hexdigest() for path in (OURS, FRR)
    }
    assert (record["meanings"], record["unfinished"]) == ({FRR: meaning("hostname pve1\n")}, True)
    assert subject.remains() == []


def test_an_unfinished_commit_is_finished(subject: Subject) -> None:
    put_in_place(subject, over(subject, OURS, "auto x\n"))
    subject.agent.finish(NODE)
    assert json.loads(subject.text(RECORD))["unfinished"] is False


def test_removes_a_file_and_forgets_it(subject: Subject) -> None:
    put_in_place(subject, over(subject, OURS, "auto x\n"))
    gone = over(subject, OURS, None)
    assert subject.agent.stage(NODE, [gone]) == ()
    subject.agent.commit(NODE, PutInPlace((gone,)))
    assert not subject.place(OURS).exists()
    assert json.loads(subject.text(RECORD))["files"] == {}


def test_refuses_to_commit_what_was_not_staged(subject: Subject) -> None:
    with pytest.raises(NodeFailed, match="not staged as it should be"):
        subject.agent.commit(NODE, PutInPlace((over(subject, OURS, "auto x\n"),)))
    assert not subject.place(OURS).exists()


def test_refuses_to_commit_another_text_than_was_staged(subject: Subject) -> None:
    assert subject.beforehand.stage(NODE, [over(subject, OURS, "auto x\n")]) == ()
    with pytest.raises(NodeFailed, match="not staged as it should be"):
        subject.agent.commit(NODE, PutInPlace((over(subject, OURS, "auto y\n"),)))
    assert not subject.place(OURS).exists()


def test_refuses_to_commit_what_was_discarded(subject: Subject) -> None:
    file = over(subject, OURS, "auto x\n")
    assert subject.beforehand.stage(NODE, [file]) == ()
    subject.agent.discard(NODE, [OURS, SYSCTL])
    assert subject.remains() == []
    with pytest.raises(NodeFailed, match="not staged as it should be"):
        subject.agent.commit(NODE, PutInPlace((file,)))


def test_refuses_to_replace_what_has_changed_since_it_was_read(subject: Subject) -> None:
    file = over(subject, OURS, "auto x\n")
    subject.write(OURS, "mine\n")
    assert subject.agent.stage(NODE, [file]) == (f"{OURS} has changed since it was read",)
    subject.place(OURS).unlink()
    assert subject.agent.stage(NODE, [file]) == ()
    subject.write(OURS, "mine\n")
    with pytest.raises(NodeFailed, match="has changed since it was read"):
        subject.agent.commit(NODE, PutInPlace((file,)))
    assert subject.text(OURS) == "mine\n"


def test_one_problem_and_nothing_stays_staged(subject: Subject) -> None:
    good, bad = over(subject, OURS, "auto x\n"), over(subject, FRR, "hostname pve1\nNo such word\n")
    (problem,) = subject.agent.stage(NODE, [good, bad])
    assert problem.startswith(f"{FRR}: line 2: ")
    assert subject.remains() == []
    with pytest.raises(NodeFailed, match="not staged as it should be"):
        subject.agent.commit(NODE, PutInPlace((good,)))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/network/interfaces", "/etc/network/interfaces.d/other", OURS[1:]]
)
def test_touches_no_file_that_is_not_pvesdns(subject: Subject, path: str) -> None:
    file = FileWrite(path, "root::0:0::/:/bin/sh\n")
    for forbidden in (
        lambda: subject.agent.stage(NODE, [file]),
        lambda: subject.agent.commit(NODE, PutInPlace((file,))),
        lambda: subject.agent.discard(NODE, [path]),
        lambda: subject.agent.put(NODE, path, "root::0:0::/:/bin/sh\n"),
    ):
        with pytest.raises(NodeFailed):
            forbidden()


@pytest.mark.parametrize(
    "more", [{"mode": "644"}, {"mode": "07777"}, {"owner": "root"}, {"owner": "../x:root"}, {"text": "half \ud800"}]
)
def test_refuses_modes_owners_and_texts_that_are_none(subject: Subject, more: dict[str, Any]) -> None:
    with pytest.raises(NodeFailed):
        subject.agent.stage(NODE, [FileWrite(**{"path": OURS, "text": "auto x\n", **more})])
    assert subject.remains() == []


def test_refuses_a_file_that_is_named_twice(subject: Subject) -> None:
    with pytest.raises(NodeFailed, match="named twice"):
        subject.agent.stage(NODE, [FileWrite(OURS, "a\n"), FileWrite(OURS, "b\n")])


# --- devices, kernel settings, FRR, flood lists ----------------------------------------------------------------------


def test_deletes_devices_before_the_swap_and_passes_over_those_that_are_gone(subject: Subject) -> None:
    file = over(subject, OURS, "auto x\n")
    assert subject.beforehand.stage(NODE, [file]) == ()
    subject.agent.commit(NODE, PutInPlace((file,), ifdown=("nothere",), delete_links=("vxlan_web", "nothere")))
    assert "vxlan_web" not in subject.links()
    assert subject.text(OURS) == "auto x\n"


def test_writes_nothing_where_an_interface_cannot_be_taken_down(subject: Subject) -> None:
    subject.breaks("ifdown")
    file = over(subject, OURS, "auto x\n")
    assert subject.beforehand.stage(NODE, [file]) == ()
    with pytest.raises(NodeFailed, match="nothing was written: ifdown"):
        subject.agent.commit(NODE, PutInPlace((file,), ifdown=("eno2",)))
    assert not subject.place(OURS).exists()


def test_refuses_a_device_whose_name_is_none(subject: Subject) -> None:
    file = over(subject, OURS, "auto x\n")
    assert subject.beforehand.stage(NODE, [file]) == ()
    for swap in (PutInPlace((file,), ifdown=("-a",)), PutInPlace((file,), delete_links=("eno2; reboot",))):
        with pytest.raises(NodeFailed, match="is not an interface name"):
            subject.agent.commit(NODE, swap)
    assert not subject.place(OURS).exists()


def test_loads_kernel_settings_and_gives_back_what_was_there_before(subject: Subject) -> None:
    put_in_place(subject, over(subject, SYSCTL, "net.ipv4.ip_forward = 1\n"))
    subject.agent.load_sysctl(NODE)
    assert subject.text(FORWARDING).strip() == "1"
    assert subject.agent.observe(NODE).commands["sysctl"]["net.ipv4.ip_forward"] == "0"
    put_in_place(subject, over(subject, SYSCTL, None))
    subject.agent.load_sysctl(NODE)
    assert subject.text(FORWARDING).strip() == "0"


def test_a_kernel_setting_that_does_not_exist_is_the_nodes_failure(subject: Subject) -> None:
    put_in_place(subject, over(subject, SYSCTL, "net.ipv4.no_such_thing = 1\n"))
    with pytest.raises(NodeFailed, match="no_such_thing"):
        subject.agent.load_sysctl(NODE)


@pytest.mark.parametrize("action", [FrrAction.RELOAD, FrrAction.RESTART])
def test_frr_takes_its_files_and_without_frr_it_says_what_to_install(subject: Subject, action: FrrAction) -> None:
    subject.agent.change_frr(NODE, action)
    subject.uninstall("vtysh", "frr-reload.py")
    with pytest.raises(NodeFailed) as refused:
        subject.agent.change_frr(NODE, action)
    assert str(refused.value) == f"{NODE}: FRR is not installed; apt install frr frr-pythontools"


def test_missing_flood_entries_are_put_back_and_none_is_doubled(subject: Subject) -> None:
    for _ in range(2):
        subject.agent.restore_flooding(NODE, GROUP)
        assert subject.flood_list("vxlan_web") == ["192.168.0.2", "192.168.0.3"]
    subject.agent.restore_flooding(NODE, (("vxlan_off", GROUP[0][1]),))  # what is not there has no list


def test_what_serves_addresses_is_restarted_where_it_is_switched_on(subject: Subject) -> None:
    subject.agent.restart_dhcp(NODE, ["lan", "dmz"])
    subject.agent.restart_dhcp(NODE, [])


def test_nobody_learns_router_macs_anew_where_no_apply_is_under_way(subject: Subject) -> None:
    before = subject.agent.observe(NODE).commands["ip-link"]
    subject.agent.readvertise(NODE)
    assert subject.agent.observe(NODE).commands["ip-link"] == before


def test_surplus_copies_of_pves_rules_are_taken_away_and_the_last_one_stays(subject: Subject) -> None:
    subject.write("/etc/network/interfaces.d/sdn", f"iface web\n\tpost-up iptables -t nat -A POSTROUTING {SNAT}\n")
    other = SNAT.replace("10.0.0", "10.9.9")
    subject.add_rules("iptables nat POSTROUTING", [SNAT, other, SNAT, other, SNAT])
    for _ in range(2):
        subject.agent.drop_surplus_rules(NODE)
        assert subject.rules("iptables nat POSTROUTING") == sorted([SNAT, other, other])
    subject.breaks("iptables")
    with pytest.raises(NodeFailed, match="iptables -w 5 -t nat -S POSTROUTING ended with status 1"):
        subject.agent.drop_surplus_rules(NODE)


# --- the cluster's files ---------------------------------------------------------------------------------------------


def test_writes_our_own_files_for_the_cluster(subject: Subject) -> None:
    for text in ("{}\n", '{"a": 1}\n'):
        subject.agent.put(NODE, SEEN, text)
        assert subject.agent.read(NODE, [SEEN]) == {SEEN: text}
    assert [path.name for path in subject.place(SEEN).parent.iterdir()] == ["pvesdn-seen.json"]


def test_replaces_only_what_it_was_told_to(subject: Subject) -> None:
    def read() -> str | None:
        return subject.beforehand.read(NODE, [OWN]).get(OWN)

    subject.agent.replace(NODE, OWN, "# first\n", expect=None)
    assert read() == "# first\n"
    for expected in (None, digest("# another\n")):
        with pytest.raises(NodeFailed, match="has changed since it was read; plan again"):
            subject.agent.replace(NODE, OWN, "# second\n", expect=expected)
    assert read() == "# first\n"
    for _ in range(2):  # an answer that got lost: it may be said again
        subject.agent.replace(NODE, OWN, "# second\n", expect=digest("# first\n"))
    assert read() == "# second\n"
    assert [path.name for path in subject.place(OWN).parent.iterdir()] == ["pvesdn.cfg"]


@pytest.mark.parametrize("path", ["/etc/pve/sdn/zones.cfg", "/etc/pve/sdn/pvesdn/../zones.cfg", "/etc/pve/user.cfg"])
def test_leaves_pves_files_to_pve(subject: Subject, path: str) -> None:
    with pytest.raises(NodeFailed, match="is not a file that pvesdn may write"):
        subject.agent.put(NODE, path, "simple: x\n")


# --- what no agent asks, and the program refuses all the same --------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("reboot", {}),
        ("sysctl", {"file": "/etc/sysctl.conf"}),
        ("sysctl", {"file": "/etc/sysctl.d/99-other.conf"}),
        ("sysctl", {}),
        ("frr", {"action": "stop"}),
        ("flood", {"ports": {"vxlan_web": ["192.168.0.2; reboot"]}}),
        ("flood", {"ports": {"-x": []}}),
        ("flood", {}),
        ("serve", {"zones": ["../lan"]}),
        ("serve", {"zones": "lan"}),
        ("commit", {"files": [], "ifdown": [{"file": "/etc/network/interfaces", "interface": "vmbr0"}]}),
        ("stage", {"files": "no list"}),
        ("stage", {"files": [{"path": OURS, "text": 7}]}),
        ("read", {"files": [7]}),
        ("observe", {"files": [], "commands": ["reboot"]}),
        ("put", {"path": SEEN}),
        ("put", {"path": SEEN, "text": "{}", "expect": 7}),
    ],
)
def test_refuses_requests_that_make_no_sense(subject: Subject, verb: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NodeFailed) as refused:
        subject.transport.ask(NODE, verb, arguments)
    assert "fault of pvesdn" not in str(refused.value)


def test_a_node_it_knows_nothing_of_is_unreachable(subject: Subject) -> None:
    with pytest.raises(
        NodeUnreachable, match=r"^pve9: .*(run pvesdn on that node|the cluster gives the node no address)"
    ):
        subject.agent.read("pve9", [])


# --- a way back ------------------------------------------------------------------------------------------------------

CHECKPOINT = "/var/lib/pvesdn/checkpoint.json"


def checkpoint(apply_id: str = "one") -> Checkpoint:
    return Checkpoint(apply_id, "pvesdn on pve2", 600, FrrAction.NONE)


def armed(subject: Subject) -> None:
    subject.beforehand.arm(NODE, checkpoint())


def test_what_an_apply_has_written_is_put_back_with_its_bytes_and_mode(subject: Subject) -> None:
    subject.write(OURS, "old\n")
    subject.place(OURS).chmod(0o640)
    files = [over(subject, OURS, "new\n"), over(subject, SYSCTL, "net.ipv4.ip_forward = 1\n"), over(subject, FRR, None)]
    frr = subject.text(FRR)
    assert subject.beforehand.stage(NODE, files) == ()
    armed(subject)
    subject.beforehand.commit(NODE, PutInPlace(tuple(files)))
    subject.beforehand.load_sysctl(NODE)
    assert subject.text(FORWARDING) == "1\n"
    undone = subject.agent.undo(NODE, "one")
    assert (undone.state, undone.left) == (UndoState.RESTORED, ())
    assert subject.text(OURS) == "old\n"
    assert subject.place(OURS).stat().st_mode & 0o777 == 0o640
    assert subject.text(FRR) == frr
    assert not subject.place(SYSCTL).exists()
    assert subject.text(FORWARDING) == "0\n"
    assert not subject.place(RECORD).exists()
    assert not subject.place(CHECKPOINT).exists()
    assert subject.remains() == []


def test_an_undo_is_done_once_and_may_be_asked_for_again(subject: Subject) -> None:
    files = [over(subject, OURS, "new\n")]
    assert subject.beforehand.stage(NODE, files) == ()
    armed(subject)
    subject.beforehand.commit(NODE, PutInPlace(tuple(files)))
    assert [subject.agent.undo(NODE, "one").state for _ in range(2)] == [UndoState.RESTORED, UndoState.NOTHING]
    assert not subject.place(OURS).exists()


def test_an_undo_before_anything_was_begun_takes_what_is_staged_away_and_reloads_nothing(subject: Subject) -> None:
    assert subject.beforehand.stage(NODE, [over(subject, OURS, "new\n")]) == ()
    armed(subject)
    assert subject.agent.undo(NODE, "one").state is UndoState.UNTOUCHED
    assert subject.remains() == []
    assert not subject.place(CHECKPOINT).exists()


def test_what_is_kept_is_not_put_back_any_more(subject: Subject) -> None:
    files = [over(subject, OURS, "new\n")]
    assert subject.beforehand.stage(NODE, files) == ()
    armed(subject)
    subject.beforehand.commit(NODE, PutInPlace(tuple(files)))
    subject.agent.disarm(NODE, "one")
    assert subject.agent.undo(NODE, "one").state is UndoState.NOTHING
    assert subject.text(OURS) == "new\n"


def test_while_an_apply_is_open_no_other_is_let_in_and_none_undoes_it(subject: Subject) -> None:
    armed(subject)
    with pytest.raises(
        NodeFailed, match=r"an apply by pvesdn on pve2, begun \d+ s ago, is still open on this node; wait"
    ):
        subject.agent.arm(NODE, checkpoint("two"))
    with pytest.raises(NodeFailed, match="is still open on this node"):
        subject.agent.stage(NODE, [over(subject, OURS, "theirs\n")])
    with pytest.raises(NodeFailed, match="the checkpoint on this node is of another apply, by pvesdn on pve2"):
        subject.agent.undo(NODE, "two")
    subject.agent.disarm(NODE, "two")
    assert subject.place(CHECKPOINT).exists()


def test_the_next_apply_takes_the_place_of_one_that_is_forgotten(subject: Subject) -> None:
    armed(subject)
    held = json.loads(subject.text(CHECKPOINT))
    subject.write(CHECKPOINT, json.dumps(held | {"deadline": 0}))
    subject.agent.arm(NODE, checkpoint("two"))
    assert json.loads(subject.text(CHECKPOINT))["id"] == "two"


def test_what_somebody_has_written_over_ours_meanwhile_is_kept_beside_the_checkpoint(subject: Subject) -> None:
    files = [over(subject, OURS, "new\n")]
    assert subject.beforehand.stage(NODE, files) == ()
    armed(subject)
    subject.beforehand.commit(NODE, PutInPlace(tuple(files)))
    subject.write(OURS, "somebody's\n")
    undone = subject.agent.undo(NODE, "one")
    assert f"{OURS} had been edited meanwhile: that text is in /var/lib/pvesdn/pvesdn.found" in undone.log
    assert subject.text("/var/lib/pvesdn/pvesdn.found") == "somebody's\n"
    assert not subject.place(OURS).exists()


def test_a_checkpoint_that_is_damaged_is_named_and_nothing_is_touched(subject: Subject) -> None:
    armed(subject)
    subject.write(CHECKPOINT, "{")
    for call in (lambda: subject.agent.arm(NODE, checkpoint()), lambda: subject.agent.undo(NODE, "one")):
        with pytest.raises(NodeFailed, match=r"checkpoint\.json, how the node was .*; keep a copy of it, move it away"):
            call()


def test_what_is_left_alone_is_dealt_with_and_what_is_at_work_is_not(subject: Subject) -> None:
    assert subject.agent.settle(NODE, "one").state is UndoState.NOTHING
    armed(subject)
    with pytest.raises(NodeFailed, match="is still open on this node"):
        subject.agent.settle(NODE, "one")
    held = json.loads(subject.text(CHECKPOINT))
    subject.write(CHECKPOINT, json.dumps(held | {"deadline": 0.0}))
    assert subject.agent.settle(NODE, "two").state is UndoState.NOTHING
    assert subject.agent.settle(NODE, "one").state is UndoState.UNTOUCHED
    assert not subject.place(CHECKPOINT).exists()


def test_the_cluster_lock_is_taken_renewed_and_given_back(subject: Subject) -> None:
    assert subject.agent.lock(NODE, "a1", "somebody") is None
    holder = subject.agent.lock(NODE, "b2", "somebody else")
    assert holder is not None
    assert (holder.id, holder.who) == ("a1", "somebody")
    assert [subject.agent.renew_lock(NODE, run) for run in ("a1", "b2")] == [True, False]
    assert [subject.agent.unlock(NODE, run) for run in ("b2", "a1", "a1")] == [False, True, False]
    assert subject.agent.lock(NODE, "b2", "somebody else") is None


def test_the_program_is_left_on_the_node_and_undoes_by_hand(tmp_path: Path) -> None:
    root = tmp_path / NODE
    subject = simulated(LocalTransport({NODE: root}, limit=60.0), SimulatedNode(root, NODE))
    files = [over(subject, OURS, "new\n")]
    assert subject.agent.stage(NODE, files) == ()
    subject.agent.arm(NODE, checkpoint())
    subject.agent.commit(NODE, PutInPlace(tuple(files)))
    program = subject.place("/var/lib/pvesdn/program.py")
    environment = {"PVESDN_ROOT": str(root), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, str(program), "undo"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "this node is as it was before"
    assert not subject.place(OURS).exists()
    assert not program.exists()


def test_a_node_without_a_network_says_why_it_sends_no_packets(subject: Subject) -> None:
    heard = subject.agent.probe(NODE, [], nonce="0123456789abcdef", seconds=1.0)
    assert (heard.heard, heard.unable) == (frozenset(), "the node is a folder: it has no network")
